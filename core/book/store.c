/* The database of a home: opened, checked, and its transactions. It owns <home>/store.db and never runs SQL that came from outside.
 * Rows are in store_rows.c, blobs in store_blob.c.
 */
#include "book/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "book/store_inner.h"
#include "book/store_schema.h"

#define BUSY_MS 15000	/* how long one process waits for the transaction of another: many times the slowest fsync */
/* What a savepoint keeps stays in memory up to here. SQLite 3.40 writes it out as one piece when it grows past that, and its file system layer takes 0x1ffff bytes at most in
 * one piece: a larger value turns a long chain into "disk is full". */
#define SAVEPOINT_BYTES KIB(127)
static_assert(SAVEPOINT_BYTES <= 0x1ffff, "a piece that SQLite's file system layer writes whole");
#define CACHE_KIB "-32768"	/* of pages, in KiB; a rebuild writes out what does not fit, again and again */
#define PAGE_BYTES "2048"	/* most of what an entry changes is one row here and one there: the write-ahead log takes a page for each */
#define STORE_FILE "store.db"

/* SQLite calls a page that the disk does not give malformed, and remembers for each of its two files why. */
static int disk_failed(sqlite3 *db)
{
	sqlite3_file *log = NULL;
	int why = 0;
	(void)sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &why);
	if (!why && sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK && log && log->pMethods)
		(void)log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &why);
	return why;
}

int store_fail(struct store *s, int rc, struct err *e, const char *doing)
{
	static const struct { int rc; enum err_code code; } codes[] = {
		{ SQLITE_BUSY, ERR_UNAVAILABLE }, { SQLITE_LOCKED, ERR_UNAVAILABLE }, { SQLITE_FULL, ERR_LIMIT },
		{ SQLITE_NOMEM, ERR_LIMIT }, { SQLITE_TOOBIG, ERR_LIMIT }, { SQLITE_READONLY, ERR_DENIED },
		{ SQLITE_PERM, ERR_DENIED }, { SQLITE_AUTH, ERR_DENIED }, { SQLITE_CANTOPEN, ERR_DENIED },
		{ SQLITE_CORRUPT, ERR_INVALID }, { SQLITE_NOTADB, ERR_INVALID }, { SQLITE_CONSTRAINT, ERR_CONFLICT },
	};
	enum err_code code = ERR_INTERNAL;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i].rc == (rc & 0xff))
			code = codes[i].code;
	s->damaged |= code == ERR_INVALID;
	if (s->inside && sqlite3_get_autocommit(s->db) && rc != SQLITE_NOMEM && (rc & 0xff) != SQLITE_IOERR && (rc & 0xff) != SQLITE_FULL)
		return err_set(e, ERR_LIMIT, "the store in %s: cannot %s: the change was given up on the way, for lack of memory or disk", s->home, doing);
	const int disk = s->db && (rc & 0xff) == SQLITE_CORRUPT ? disk_failed(s->db) : 0;
	if (disk)
		return err_sys(e, disk, "the store in %s: cannot %s", s->home, doing);
	if ((rc & 0xff) == SQLITE_READONLY)
		return err_set(e, code, "the store in %s: cannot %s: one of its files could only be opened for reading", s->home, doing);
	return err_set(e, code, "the store in %s: cannot %s: %s", s->home, doing, s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc));
}

int store_row_read(struct store *s, sqlite3_stmt *st, struct err *e)
{
	return sqlite3_errcode(sqlite3_db_handle(st)) == SQLITE_NOMEM ? store_fail(s, SQLITE_NOMEM, e, "read it") : 0;
}

int store_exec(struct store *s, const char *sql, struct err *e)
{
	int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : store_fail(s, rc, e, "change it");
}

int store_prepare(struct store *s, sqlite3_stmt **st, const char *sql, struct err *e)
{
	int rc = sqlite3_prepare_v2(s->db, sql, -1, st, NULL);
	return rc == SQLITE_OK ? 0 : store_fail(s, rc, e, "read it");
}

sqlite3_stmt *store_cached(struct store *s, const char *literal, const struct table *t)
{
	for (size_t i = 0; i < s->n_statements; i++)
		if (s->statements[i].key == literal && s->statements[i].table == t) {
			sqlite3_stmt *st = s->statements[i].st;
			(void)sqlite3_reset(st);
			(void)sqlite3_clear_bindings(st);
			return st;
		}
	return NULL;
}

bool store_busy(const struct store *s, const char *literal)
{
	for (size_t i = 0; i < s->n_statements; i++)
		if (s->statements[i].key == literal && !s->statements[i].table)
			return sqlite3_stmt_busy(s->statements[i].st) != 0;
	return false;
}

int store_statement_keep(struct store *s, sqlite3_stmt **st, const char *literal, const struct table *t, const char *sql, struct err *e)
{
	assert(s->n_statements < STORE_STATEMENTS);
	int rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
	if (rc != SQLITE_OK)
		return store_fail(s, rc, e, "read it");
	s->statements[s->n_statements].key = literal;
	s->statements[s->n_statements].table = t;
	s->statements[s->n_statements++].st = *st;
	return 0;
}

int store_statement(struct store *s, sqlite3_stmt **st, const char *sql, struct err *e)
{
	*st = store_cached(s, sql, NULL);
	return *st ? 0 : store_statement_keep(s, st, sql, NULL, sql, e);
}

int store_run(struct store *s, const char *sql, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_statement(s, &st, sql, e) < 0)
		return -1;
	int rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	return rc == SQLITE_DONE ? 0 : store_fail(s, rc, e, "change it");
}

void store_statements_end(struct store *s)
{
	while (s->n_statements > 0)
		(void)sqlite3_finalize(s->statements[--s->n_statements].st);
}

/* Out of memory or disk, SQLite ends the whole transaction by itself, also while it only reads; whoever does not notice writes on, each statement a transaction of its own.
 * So nothing is committed but by store_end. */
static int commit_refuse(void *store)
{
	const struct store *s = store;
	return s->inside && !s->committing;
}

int store_begin(struct store *s, struct err *e)
{
	int rc = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	s->inside = rc == SQLITE_OK;
	if (s->inside)
		return 0;
	store_fail(s, rc, e, "begin a change");
	if ((rc & 0xff) == SQLITE_BUSY)
		err_hint(e, "another enclua holds the store; try again when it has ended");
	return -1;
}

int store_end(struct store *s, int result, struct err *e)
{
	int rc = SQLITE_OK;
	s->committing = true;
	if (result == 0)
		rc = sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
	s->committing = s->inside = false;
	if (result == 0 && rc == SQLITE_OK)
		return 0;
	if (rc != SQLITE_OK)
		store_fail(s, rc, e, "commit");
	(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	/* What a sync could not write, a kernel may call clean all the same: the next process would read a log of which the disk knows nothing, and build on it.
	 * This one still knows what was committed, so it folds that in and empties the log. */
	if ((rc & 0xff) == SQLITE_IOERR)
		(void)sqlite3_exec(s->db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
	return -1;
}

static int pragma_read(struct store *s, const char *sql, int64_t *out, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_prepare(s, &st, sql, e) < 0)
		return -1;
	int rc = sqlite3_step(st);
	int r = rc == SQLITE_ROW ? 0 : store_fail(s, rc, e, "read it");
	if (r == 0)
		*out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return r;
}

/* In a transaction: another process may be making the tables at this moment. */
static int layout_check(struct store *s, bool *empty, struct err *e)
{
	int64_t version, application, tables;
	if (pragma_read(s, "PRAGMA user_version", &version, e) < 0 ||
		pragma_read(s, "PRAGMA application_id", &application, e) < 0 ||
		pragma_read(s, "SELECT count(*) FROM sqlite_schema", &tables, e) < 0)
		return -1;
	*empty = version == 0 && application == 0 && tables == 0;
	if (*empty)
		return 0;
	if (application != STORE_APPLICATION_ID)
		return err_set(e, ERR_INVALID, "%s/%s is a database of another program", s->home, STORE_FILE);
	s->older = version >= STORE_OLDEST && version < STORE_VERSION;
	if (version == STORE_VERSION || s->older)
		return 0;
	err_set(e, ERR_INVALID, "the store in %s has layout %lld and this program knows layout %d only", s->home, (long long)version,
		STORE_VERSION);
	return err_hint(e, version > STORE_VERSION ? "it was written by a newer enclua: use that one, or another --home"
		: "it was written by an older enclua: use that one, or another --home");
}

int store_layout_older(struct store *s, struct err *e)
{
	bool empty;
	return layout_check(s, &empty, e) < 0 ? -1 : s->older;
}

int store_layout_done(struct store *s, struct err *e)
{
	char pragma[48];
	(void)snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", STORE_VERSION);
	s->older = false;
	return store_exec(s, pragma, e);
}

static int layout_look(struct store *s, bool *empty, struct err *e)
{
	if (store_exec(s, "BEGIN", e) < 0)
		return -1;
	int r = layout_check(s, empty, e);
	return store_end(s, r, e);
}

/* The change to WAL wants the file to itself and does not always wait for it, so a process that comes second tries again. */
static int wal_enable(struct store *s, struct err *e)
{
	const uint64_t until = os_now_us() + BUSY_MS * 1000u;
	int rc = SQLITE_BUSY;
	while (rc != SQLITE_OK && os_now_us() < until) {	/* each try may wait as long by itself: not a number of them */
		rc = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
		if ((rc & 0xff) != SQLITE_BUSY)
			break;
		sqlite3_sleep(20);
	}
	return rc == SQLITE_OK ? 0 : store_fail(s, rc, e, "turn on its write-ahead log");
}

static int layout_make(struct store *s, struct err *e)
{
	if (store_exec(s, "PRAGMA page_size = " PAGE_BYTES, e) < 0 || wal_enable(s, e) < 0 || store_begin(s, e) < 0)
		return -1;
	bool empty = false;	/* another process may have been faster */
	int r = layout_check(s, &empty, e);
	if (r == 0 && empty) {
		char pragmas[128];
		(void)snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d", STORE_APPLICATION_ID,
			STORE_VERSION);
		r = store_exec(s, BOOK_SCHEMA TABLES_SCHEMA, e) < 0 || store_exec(s, pragmas, e) < 0 ? -1 : 0;
	}
	return store_end(s, r, e);
}

/* SQLite deletes the log of a database that has no bytes; most of a book may be in it. It writes the first page before it makes a log. */
static int log_guard(const struct store *s, const char *path, off_t size, struct err *e)
{
	char log[PATH_MAX + 8];
	struct stat st;
	(void)snprintf(log, sizeof log, "%s-wal", path);
	if (size > 0 || stat(log, &st) < 0 || st.st_size == 0)
		return 0;
	err_set(e, ERR_INVALID, "the store in %s is empty, but not the log beside it: " STORE_FILE " was lost", s->home);
	return err_hint(e, "keep %s, and put " STORE_FILE " back from a copy of this home", log);
}

static int database_open(struct store *s, bool create, struct err *e)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof path, "%s/" STORE_FILE, s->home) >= (int)sizeof path)
		return err_set(e, ERR_INVALID, "the path of the home %.200s… is too long", s->home);
	/* Made here and not by SQLite, so that nobody else can read it from its first moment on. */
	int fd = open(path, create ? O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK : O_RDWR | O_CLOEXEC | O_NONBLOCK, 0600);
	struct stat st = { .st_mode = 0 };
	if (fd < 0 && errno == ENOENT) {
		err_set(e, ERR_NOT_FOUND, "there is no home in %s", s->home);
		return err_hint(e, "enclua init makes one; --home or ENCLUA_HOME names another");
	}
	if (fd < 0)
		return err_sys(e, errno, "cannot open the store %s", path);
	const int why = fstat(fd, &st) < 0 ? errno : 0;
	close(fd);
	if (why)
		return err_sys(e, why, "cannot look at the store %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID, "the store %s is not a plain file", path);
	if (log_guard(s, path, st.st_size, e) < 0)
		return -1;
	/* What a savepoint keeps to undo a chain stays in memory up to here: a file in /tmp for each would cost more than the chain. Refused, and not needed, once SQLite runs. */
	(void)sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, SAVEPOINT_BYTES);
	int rc = store_wal_open(&s->wal, path, &s->db);
	if (rc != SQLITE_OK)
		return store_fail(s, rc, e, "open it");
	sqlite3_extended_result_codes(s->db, 1);
	if (sqlite3_db_readonly(s->db, "main") == 1)	/* it was there to be written a moment ago; SQLite does with less when it cannot have a file */
		return err_set(e, ERR_UNAVAILABLE, "the store %s could only be opened for reading", path);
	(void)sqlite3_commit_hook(s->db, commit_refuse, s);
	sqlite3_busy_timeout(s->db, BUSY_MS);
	/* The write-ahead log stays for the next command: folding it in at every close would cost three more waits for the disk than the change
	 * itself. SQLite still folds it in every 1000 pages. */
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	bool empty;
	if (store_exec(s, "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA cache_size = " CACHE_KIB, e) < 0 ||
		layout_look(s, &empty, e) < 0)
		return -1;
	if (!empty)
		return 0;
	if (create)
		return layout_make(s, e);
	if (snprintf(path, sizeof path, "%s/book/checkpoint", s->home) < (int)sizeof path && os_exists(path)) {
		err_set(e, ERR_INVALID, "the store in %s is empty, although its book was published: the database, or " STORE_FILE "-wal beside it, was lost", s->home);
		return err_hint(e, "put both back from one copy of this home");
	}
	err_set(e, ERR_NOT_FOUND, "the store in %s was never finished", s->home);
	return err_hint(e, "enclua init finishes it");
}

int store_open(struct store **out, const char *home, bool create, struct err *e)
{
	*out = NULL;
	struct store *s = calloc(1, sizeof *s);
	if (!s)
		return err_set(e, ERR_LIMIT, "out of memory");
	int n = snprintf(s->home, sizeof s->home, "%s", home);
	if (n < 0 || (size_t)n >= sizeof s->home) {
		err_set(e, ERR_INVALID, "the path of the home is too long");
		goto bad;
	}
	if (create && os_dir_make(home, 0700, e) < 0)
		goto bad;
	if ((os_exists(home) && os_dir_guard(home, e) < 0) || database_open(s, create, e) < 0 || store_blobs_prepare(s, e) < 0)
		goto bad;
	store_blobs_sweep(s);
	*out = s;
	return 0;
bad:
	store_close(s);
	return -1;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	store_statements_end(s);
	(void)sqlite3_close_v2(s->db);
	free(s);
}
