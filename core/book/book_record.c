/* Rows of rules that live above the book. Their bytes mean nothing here.
 */
#include <stdio.h>
#include <string.h>

#include "book/book_inner.h"

/* Where rows of a kind lie: with others of their first name, or with their kind. */
static bool is_near(const struct book *b, unsigned kind)
{
	return b->rules && b->rules->near && b->rules->near(kind);
}

static int64_t place(const struct book *b, unsigned kind)
{
	return is_near(b, kind) ? 0 : (int64_t)kind + 1;
}

/* The one row that is named so, for its caller to read and reset: 1, 0, -1. literal asks for kind, a, b and place in this order. */
static int record_select(struct book *b, sqlite3_stmt **st, const char *literal, unsigned kind, const char *a, const char *b2, struct err *e)
{
	if (store_statement(b->store, st, literal, e) < 0)
		return -1;
	sqlite3_bind_int64(*st, 1, kind);
	sqlite3_bind_text(*st, 2, a, -1, SQLITE_STATIC);
	sqlite3_bind_text(*st, 3, b2, -1, SQLITE_STATIC);
	sqlite3_bind_int64(*st, 4, place(b, kind));
	int rc = sqlite3_step(*st);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : store_fail(b->store, rc, e, "read its records");
}

int book_record_get(struct book *b, unsigned kind, const char *a, const char *b2, struct buf *bytes, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int r = record_select(b, &st, "SELECT bytes FROM record WHERE place = ?4 AND a = ?2 AND kind = ?1 AND b = ?3", kind, a, b2, e);
	if (r == 1 && buf_add(bytes, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0), e) < 0)
		r = -1;
	(void)sqlite3_reset(st);
	return r;
}

int book_record_made(struct book *b, unsigned kind, const char *a, const char *b2, uint64_t *made, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int r = record_select(b, &st, "SELECT made FROM record WHERE place = ?4 AND a = ?2 AND kind = ?1 AND b = ?3", kind, a, b2, e);
	if (r == 1)
		*made = (uint64_t)sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	return r;
}

/* How many rows it changed, or -1. */
static int record_write(struct book *b, const struct book_record *r, const char *literal, bool is_new, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_statement(b->store, &st, literal, e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, r->kind);
	sqlite3_bind_text(st, 2, r->a, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 3, r->b, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 4, r->group, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 5, r->state);
	sqlite3_bind_blob(st, 6, r->bytes, (int)r->len, SQLITE_STATIC);
	sqlite3_bind_int64(st, 7, place(b, r->kind));
	if (is_new)
		sqlite3_bind_int64(st, 8, (int64_t)r->made);
	int rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	return rc == SQLITE_DONE ? sqlite3_changes(b->store->db) : store_fail(b->store, rc, e, "keep a record");
}

#define NAMED " WHERE place = ?7 AND a = ?2 AND kind = ?1 AND b = ?3"

/* Mostly group and state stay as they were: then the indexes over them are not touched. */
int book_record_put(struct book *b, const struct book_record *r, bool is_new, struct err *e)
{
	int n = is_new ? record_write(b, r, "INSERT INTO record (kind, a, b, grp, state, bytes, place, made) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", true, e)
		: record_write(b, r, "UPDATE record SET bytes = ?6" NAMED " AND grp = ?4 AND state = ?5", false, e);
	if (n == 0)
		n = record_write(b, r, "UPDATE record SET grp = ?4, state = ?5, bytes = ?6" NAMED, false, e);
	return n == 0 ? err_set(e, ERR_INTERNAL, "there is no record %s to change", r->a) : n < 0 ? -1 : 0;
}

int book_rules_needed(struct book *b, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (b->rules)
		return 0;
	if (store_statement(b->store, &st, "SELECT EXISTS (SELECT 1 FROM record)", e) < 0)
		return -1;
	int rc = sqlite3_step(st);
	int r = rc == SQLITE_ROW ? sqlite3_column_int(st, 0) : store_fail(b->store, rc, e, "read its records");
	(void)sqlite3_reset(st);
	if (r <= 0)
		return r;
	err_set(e, ERR_UNAVAILABLE, "the book in %s is kept by rules that this program does not have", b->store->home);
	return err_hint(e, "use the program that has written it");
}

int book_look_begin(struct book *b, bool *begun, struct err *e)
{
	*begun = sqlite3_get_autocommit(b->store->db) != 0;
	return *begun ? store_exec(b->store, "BEGIN", e) : 0;
}

void book_look_end(struct book *b, bool begun)
{
	if (begun)
		(void)store_exec(b->store, "COMMIT", NULL);	/* nothing was written */
}

static void record_row(sqlite3_stmt *st, struct book_record *r)
{
	*r = (struct book_record){ .kind = (unsigned)sqlite3_column_int64(st, 0), .a = (const char *)sqlite3_column_text(st, 1),
		.b = (const char *)sqlite3_column_text(st, 2), .group = (const char *)sqlite3_column_text(st, 3), .state = sqlite3_column_int64(st, 4),
		.made = (uint64_t)sqlite3_column_int64(st, 5), .bytes = sqlite3_column_blob(st, 6), .len = (size_t)sqlite3_column_bytes(st, 6) };
}

/* The statement that is kept, or, while that one is being read further out, one of its own: f may list as well. */
static int listing(struct store *s, sqlite3_stmt **st, const char *literal, bool *own, struct err *e)
{
	*own = store_busy(s, literal);
	return *own ? store_prepare(s, st, literal, e) : store_statement(s, st, literal, e);
}

/* One text for each way to ask, so that each finds its index. The rows of a group that is their own first name lie beside it, and need none. */
#define FIELDS "SELECT kind, a, b, grp, state, made, bytes FROM record WHERE kind = ?1 AND "
#define ORDERED " ORDER BY made, a, b"
#define GROUPED(more) FIELDS "place = ?4 AND a = ?2 AND grp = ?2 " more " UNION ALL " FIELDS "grp = ?2 AND grp <> '' AND grp <> a " more ORDERED
enum way { BY_GROUP, BY_GROUP_STATE, BY_STATE, BY_KIND, BY_KIND_NEAR };
static const char *const ways[] = {
	[BY_GROUP] = GROUPED(""), [BY_GROUP_STATE] = GROUPED("AND state = ?3"),
	[BY_STATE] = FIELDS "state = ?3 AND state > 0 AND state < 3" ORDERED,
	[BY_KIND] = FIELDS "place = ?4 AND (?3 < 0 OR state = ?3)" ORDERED,
	[BY_KIND_NEAR] = FIELDS "grp <> '' AND grp <> a AND (?3 < 0 OR state = ?3)" ORDERED,
};

int book_records(struct book *b, unsigned kind, const char *group, int64_t state, int (*f)(void *ctx, const struct book_record *r, struct err *e), void *ctx,
	struct err *e)
{
	sqlite3_stmt *st = NULL;
	const enum way way = group ? (state >= 0 ? BY_GROUP_STATE : BY_GROUP) : state == 1 || state == 2 ? BY_STATE : is_near(b, kind) ? BY_KIND_NEAR : BY_KIND;
	bool own;
	if (listing(b->store, &st, ways[way], &own, e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, kind);
	if (group)
		sqlite3_bind_text(st, 2, group, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, state);
	sqlite3_bind_int64(st, 4, place(b, kind));
	int rc = SQLITE_DONE, r = 0;
	while (r == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct book_record record;
		record_row(st, &record);
		r = f(ctx, &record, e);
	}
	if (r == 0 && rc != SQLITE_DONE)
		r = store_fail(b->store, rc, e, "read its records");
	(void)(own ? sqlite3_finalize(st) : sqlite3_reset(st));
	return r < 0 ? -1 : 0;
}

int book_record_find(struct book *b, unsigned kind, const char *prefix, char *a, size_t size, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_statement(b->store, &st, "SELECT a FROM record WHERE place = ?3 AND a >= ?2 AND a < ?2 || '~' AND kind = ?1 LIMIT 2", e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, kind);
	sqlite3_bind_text(st, 2, prefix, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, place(b, kind));
	int rc = sqlite3_step(st);
	bool found = rc == SQLITE_ROW, whole = false;
	if (found) {
		(void)snprintf(a, size, "%s", (const char *)sqlite3_column_text(st, 0));
		whole = strcmp(a, prefix) == 0;
	}
	bool several = found && !whole && sqlite3_step(st) == SQLITE_ROW;
	(void)sqlite3_reset(st);
	if (several) {
		err_set(e, ERR_CONFLICT, "%s is the beginning of more than one id", prefix);
		return err_hint(e, "give more of its characters");
	}
	if (found)
		return 0;
	return rc == SQLITE_DONE ? err_set(e, ERR_NOT_FOUND, "there is no %s in this book", prefix) : store_fail(b->store, rc, e, "read its records");
}
