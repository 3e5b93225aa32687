/* What the files of the store share, and nobody else sees: the open database, and how a C struct lies in a row. */
#ifndef ENCLUA_BOOK_STORE_INNER_H
#define ENCLUA_BOOK_STORE_INNER_H

#include <limits.h>
#include <sqlite3.h>

#include "book/store.h"
#include "book/store_wal.h"

#define STORE_STATEMENTS 128u	/* prepared once and kept: every fixed text of SQL of this folder */

struct table;
struct store {
	sqlite3 *db;
	struct store_wal wal;
	char home[PATH_MAX];
	char blobs[PATH_MAX];	/* <home>/blobs */
	char tmp[PATH_MAX];	/* <home>/blobs/tmp: each file is locked by its writer while that lives */
	struct { const void *key; const struct table *table; sqlite3_stmt *st; } statements[STORE_STATEMENTS];
	size_t n_statements;
	bool damaged;	/* SQLite has said so */
	bool inside;	/* between store_begin and store_end: nothing may be written for good, but by the commit */
	bool committing;
	bool older;	/* of a layout whose tables have to be made again before anything is read of them */
};

/* How one member of a struct is kept. The list of a table gives its INSERT, its SELECT, and both conversions. */
enum field_kind {
	FIELD_TEXT,	/* char[size], NUL ended */
	FIELD_BYTES,	/* uint8_t[size], exactly */
	FIELD_INT,	/* int64_t or uint64_t; an unsigned value over INT64_MAX is refused */
	FIELD_BOOL,
	FIELD_BUF	/* struct buf, as BLOB; empty is allowed */
};
struct field { const char *name; enum field_kind kind; size_t offset, size; };
struct table {
	const char *name, *noun;
	enum id_kind kind;
	const struct field *fields;
	size_t n;
	size_t record_size;
	const char *named;	/* SQL condition under which a row answers to its name; NULL: it has no name */
};

int store_fail(struct store *s, int rc, struct err *e, const char *doing);	/* SQLite's result as an error; -1 */
/* After the columns of a row were read: SQLite turns a value into another type, or ends a text, in memory that it may not get, and then gives a value that is not the row's. */
int store_row_read(struct store *s, sqlite3_stmt *st, struct err *e);
int store_exec(struct store *s, const char *sql, struct err *e);
int store_prepare(struct store *s, sqlite3_stmt **st, const char *sql, struct err *e);
/* A statement that stays prepared: the text is its key, so it must be a literal. Reset, with no bindings; never finalize it. */
int store_statement(struct store *s, sqlite3_stmt **st, const char *sql, struct err *e);
/* The same for SQL that is put together: named by a literal and a table. cached: NULL when it is not there yet. */
sqlite3_stmt *store_cached(struct store *s, const char *literal, const struct table *t);
int store_statement_keep(struct store *s, sqlite3_stmt **st, const char *literal, const struct table *t, const char *sql, struct err *e);
bool store_busy(const struct store *s, const char *literal);	/* is it being read just now? then it must not be taken */
int store_run(struct store *s, const char *sql, struct err *e);	/* one of those, without values or rows */
int store_layout_older(struct store *s, struct err *e);	/* still? in a transaction, asked of the file: 1, 0, -1 */
int store_layout_done(struct store *s, struct err *e);	/* its tables are those of this program */
void store_statements_end(struct store *s);	/* before the tables change, and at the end */
int store_begin(struct store *s, struct err *e);	/* takes the write lock, waiting for others */
int store_end(struct store *s, int result, struct err *e);	/* commits when result is 0, else rolls back; passes -1 on */

extern const struct table store_identity_table, store_data_table, store_app_table, store_task_table;
int store_row_write(struct store *s, const struct table *t, const void *record, struct err *e);	/* inside a transaction */
int store_name_check(const char *name, struct err *e);	/* ERR_INVALID: it looks like an id */

int store_blobs_prepare(struct store *s, struct err *e);	/* makes the folders, removes what dead writers left */
void store_blobs_sweep(struct store *s);	/* once a day: blobs that no lasting row has named for a day */

#endif
