/* Identities, data, iApps and tasks as rows. One list of fields for each table gives its INSERT, its SELECT and both conversions; what they do
 * differently is at the end. Rows are written inside a transaction of the book only: by book_apply.c, and tasks by the rules of the market.
 */
#include "book/store.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "book/store_inner.h"

#define ID_PREFIX_MIN 8u	/* characters after the '1': 40 bits, so that a home meets no second one by chance */
#define SUGGEST_MAX 1000u	/* names looked through for a likely one */
#define FIELD(type, member, kind_) { #member, kind_, offsetof(struct type, member), sizeof(((struct type *)0)->member) }

static const struct field identity_fields[] = {
	FIELD(store_identity, seq, FIELD_INT), FIELD(store_identity, key, FIELD_BYTES), FIELD(store_identity, age, FIELD_BYTES),
	FIELD(store_identity, name, FIELD_TEXT), FIELD(store_identity, role, FIELD_TEXT),
};
static const struct field data_fields[] = {
	FIELD(store_data, seq, FIELD_INT), FIELD(store_data, id, FIELD_TEXT), FIELD(store_data, name, FIELD_TEXT),
	FIELD(store_data, owner, FIELD_BYTES), FIELD(store_data, blob, FIELD_BYTES), FIELD(store_data, payload_len, FIELD_INT),
	FIELD(store_data, plain_len, FIELD_INT), FIELD(store_data, header, FIELD_BUF), FIELD(store_data, schema, FIELD_BUF),
	FIELD(store_data, schema_blob, FIELD_BYTES), FIELD(store_data, created, FIELD_INT), FIELD(store_data, ephemeral, FIELD_BOOL),
};
static const struct field app_fields[] = {
	FIELD(store_app, seq, FIELD_INT), FIELD(store_app, id, FIELD_TEXT), FIELD(store_app, h1, FIELD_TEXT), FIELD(store_app, name, FIELD_TEXT),
	FIELD(store_app, version, FIELD_TEXT), FIELD(store_app, owner, FIELD_BYTES), FIELD(store_app, author, FIELD_BYTES),
	FIELD(store_app, blob, FIELD_BYTES), FIELD(store_app, size, FIELD_INT), FIELD(store_app, created, FIELD_INT),
};
static const struct field task_fields[] = {
	FIELD(store_task, seq, FIELD_INT), FIELD(store_task, id, FIELD_TEXT), FIELD(store_task, app, FIELD_TEXT), FIELD(store_task, app_name, FIELD_TEXT),
	FIELD(store_task, requester, FIELD_BYTES), FIELD(store_task, beneficiary, FIELD_BYTES), FIELD(store_task, recipient, FIELD_BYTES),
	FIELD(store_task, data, FIELD_BUF), FIELD(store_task, status, FIELD_TEXT), FIELD(store_task, reason, FIELD_TEXT),
	FIELD(store_task, worker, FIELD_BYTES), FIELD(store_task, digest, FIELD_BYTES), FIELD(store_task, measurement, FIELD_BYTES),
	FIELD(store_task, blob, FIELD_BYTES), FIELD(store_task, result_size, FIELD_INT), FIELD(store_task, missing, FIELD_BUF),
	FIELD(store_task, assurance, FIELD_TEXT), FIELD(store_task, created, FIELD_INT), FIELD(store_task, finished, FIELD_INT),
	FIELD(store_task, finish_seq, FIELD_INT),
};
#define COUNT(a) (sizeof(a) / sizeof *(a))
const struct table store_identity_table = { "identity", "identity", ID_KINDS, identity_fields, COUNT(identity_fields),
	sizeof(struct store_identity), "1" };
const struct table store_data_table = { "data", "data", ID_DATA, data_fields, COUNT(data_fields), sizeof(struct store_data), "ephemeral = 0" };
const struct table store_app_table = { "app", "iApp", ID_APP, app_fields, COUNT(app_fields), sizeof(struct store_app), "1" };
const struct table store_task_table = { "task", "task", ID_TASK, task_fields, COUNT(task_fields), sizeof(struct store_task), NULL };

/* C to row. ? is numbered in the order of the fields. */
static int field_bind(sqlite3_stmt *st, int at, const struct field *f, const void *record)
{
	const char *p = (const char *)record + f->offset;
	const struct buf *b = (const void *)p;
	int64_t v;
	switch (f->kind) {
	case FIELD_TEXT:
		assert(memchr(p, '\0', f->size));
		return sqlite3_bind_text(st, at, p, -1, SQLITE_STATIC);
	case FIELD_BYTES:
		return sqlite3_bind_blob64(st, at, p, f->size, SQLITE_STATIC);
	case FIELD_INT:
		assert(f->size == sizeof v);
		memcpy(&v, p, sizeof v);
		return v < 0 ? SQLITE_RANGE : sqlite3_bind_int64(st, at, v);
	case FIELD_BOOL:
		return sqlite3_bind_int(st, at, *(const bool *)p);
	case FIELD_BUF:
		return b->len ? sqlite3_bind_blob64(st, at, b->data, b->len, SQLITE_STATIC) : sqlite3_bind_zeroblob(st, at, 0);
	}
	return SQLITE_INTERNAL;
}

static int record_bind(struct store *s, sqlite3_stmt *st, const struct table *t, const void *record, struct err *e)
{
	for (size_t i = 0; i < t->n; i++) {
		int rc = field_bind(st, (int)i + 1, &t->fields[i], record);
		if (rc != SQLITE_OK)
			return err_set(e, ERR_INVALID, "the store in %s: %s of a %s cannot be kept", s->home, t->fields[i].name, t->noun);
	}
	return 0;
}

static void record_done(const struct table *t, void *record)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->fields[i].kind == FIELD_BUF)
			buf_done((struct buf *)(void *)((char *)record + t->fields[i].offset));
}

/* Row to C. A value that does not fit its member means that somebody else wrote the file: it is refused, never cut. */
static int field_read(sqlite3_stmt *st, int at, const struct field *f, void *record, struct err *e)
{
	char *p = (char *)record + f->offset;
	struct buf *b = (void *)p;
	const bool number = f->kind == FIELD_INT || f->kind == FIELD_BOOL;	/* asked for its bytes, it would be turned into text */
	const void *bytes = number ? NULL : sqlite3_column_blob(st, at);
	size_t len = number ? 0 : (size_t)sqlite3_column_bytes(st, at);
	int64_t v;
	switch (f->kind) {
	case FIELD_TEXT:
		if (len >= f->size || (len && memchr(bytes, '\0', len)))
			break;
		if (len)
			memcpy(p, bytes, len);
		p[len] = '\0';
		return 0;
	case FIELD_BYTES:
		if (len != f->size)
			break;
		memcpy(p, bytes, len);
		return 0;
	case FIELD_INT:
		v = sqlite3_column_int64(st, at);
		memcpy(p, &v, sizeof v);
		return 0;
	case FIELD_BOOL:
		*(bool *)p = sqlite3_column_int(st, at) != 0;
		return 0;
	case FIELD_BUF:
		*b = (struct buf)BUF_INIT(len);
		return buf_add(b, bytes, len, e);
	}
	return err_set(e, ERR_INVALID, "the store is corrupt: the field %s holds what it cannot hold", f->name);
}

static int record_read(struct store *s, sqlite3_stmt *st, const struct table *t, void *record, struct err *e)
{
	memset(record, 0, t->record_size);
	for (size_t i = 0; i < t->n; i++)
		if (field_read(st, (int)i, &t->fields[i], record, e) < 0 || store_row_read(s, st, e) < 0) {
			record_done(t, record);
			memset(record, 0, t->record_size);
			return -1;
		}
	return 0;
}

static int sql_fields(struct buf *sql, const struct table *t, struct err *e)
{
	for (size_t i = 0; i < t->n; i++)
		if (buf_addf(sql, e, "%s%s", i ? ", " : "", t->fields[i].name) < 0)
			return -1;
	return 0;
}

/* A task's row of the same seq takes the new values, at its end; what it is called stays, and the index of that is not touched. */
static int write_sql(struct buf *sql, const struct table *t, struct err *e)
{
	if (buf_addf(sql, e, "INSERT INTO %s (", t->name) < 0 || sql_fields(sql, t, e) < 0 || buf_add_text(sql, ") VALUES (", e) < 0)
		return -1;
	for (size_t i = 0; i < t->n; i++)
		if (buf_addf(sql, e, "%s?%zu", i ? ", " : "", i + 1) < 0)
			return -1;
	if (buf_add_text(sql, ")", e) < 0)
		return -1;
	for (size_t i = 2; t == &store_task_table && i < t->n; i++)	/* after seq and id */
		if (buf_addf(sql, e, "%s%s = ?%zu", i == 2 ? " ON CONFLICT (seq) DO UPDATE SET " : ", ", t->fields[i].name, i + 1) < 0)
			return -1;
	return 0;
}

int store_row_write(struct store *s, const struct table *t, const void *record, struct err *e)
{
	static const char write[] = "write";
	sqlite3_stmt *st = store_cached(s, write, t);
	if (!st) {
		struct buf sql = BUF_INIT(KIB(4));
		int r = write_sql(&sql, t, e);
		if (r == 0)
			r = store_statement_keep(s, &st, write, t, buf_text(&sql), e);
		buf_done(&sql);
		if (r < 0)
			return -1;
	}
	if (record_bind(s, st, t, record, e) < 0)
		return -1;
	int rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	return rc == SQLITE_DONE ? 0 : store_fail(s, rc, e, "add to it");
}

/* SELECT all fields of a table, with what follows FROM. */
static int select_sql(struct buf *sql, const struct table *t, const char *rest, struct err *e)
{
	return buf_add_text(sql, "SELECT ", e) < 0 || sql_fields(sql, t, e) < 0 || buf_addf(sql, e, " FROM %s %s", t->name, rest) < 0 ? -1 : 0;
}

static int select_prepare(struct store *s, sqlite3_stmt **st, const struct table *t, const char *rest, struct err *e)
{
	struct buf sql = BUF_INIT(KIB(4));
	int r = select_sql(&sql, t, rest, e);
	if (r == 0)
		r = store_prepare(s, st, buf_text(&sql), e);
	buf_done(&sql);
	return r;
}

/* The same, kept prepared under a literal: what follows FROM, or a name for what is the same text for each table. */
static int select_kept(struct store *s, sqlite3_stmt **st, const struct table *t, const char *literal, const char *rest, struct err *e)
{
	struct buf sql = BUF_INIT(KIB(4));
	*st = store_cached(s, literal, t);
	int r = *st ? 0 : select_sql(&sql, t, rest, e);
	if (!*st && r == 0)
		r = store_statement_keep(s, st, literal, t, buf_text(&sql), e);
	buf_done(&sql);
	return r;
}

/* Could it be an id or the beginning of one that is long enough to look for? */
static bool is_id_prefix(const char *text)
{
	const char *one = strchr(text, '1');
	return id_looks_like(text) && one && strlen(one + 1) >= ID_PREFIX_MIN &&
		strspn(one + 1, "qpzry9x8gf2tvdw0s3jn54khce6mua7l") == strlen(one + 1);
}

/* 1 found, 0 not, -1. Two rows are read, so that a prefix of several is seen. */
static int found(struct store *s, sqlite3_stmt *st, const struct table *t, void *out, bool *several, struct err *e)
{
	int rc = sqlite3_step(st), r = 0;
	if (rc == SQLITE_ROW)
		r = record_read(s, st, t, out, e) < 0 ? -1 : 1;
	else if (rc != SQLITE_DONE)
		r = store_fail(s, rc, e, "read it");
	if (r == 1 && (rc = sqlite3_step(st)) != SQLITE_DONE)
		record_done(t, out);
	*several = r == 1 && rc == SQLITE_ROW;
	return r == 1 && rc != SQLITE_DONE && rc != SQLITE_ROW ? store_fail(s, rc, e, "read it") : r;
}

static int find_by(struct store *s, const struct table *t, const char *literal, const char *rest, const char *which, void *out, struct err *e)
{
	sqlite3_stmt *st = NULL;
	bool several;
	if (select_kept(s, &st, t, literal, rest, e) < 0)
		return -1;
	sqlite3_bind_text(st, 1, which, -1, SQLITE_STATIC);
	int r = found(s, st, t, out, &several, e);
	(void)sqlite3_reset(st);
	if (!several)
		return r;
	err_set(e, ERR_CONFLICT, "%s is the beginning of more than one id", which);
	return err_hint(e, "give more of its characters");
}

/* ?1 are bytes (n ≥ 0) or text (n = -1), ?2 is text when there is one. */
static int find_bytes(struct store *s, const struct table *t, const char *rest, const void *value, int n, const char *text, void *out, struct err *e)
{
	sqlite3_stmt *st = NULL;
	bool several;
	if (select_kept(s, &st, t, rest, rest, e) < 0)
		return -1;
	if (n < 0)
		sqlite3_bind_text(st, 1, value, -1, SQLITE_STATIC);
	else
		sqlite3_bind_blob(st, 1, value, n, SQLITE_STATIC);
	if (text)
		sqlite3_bind_text(st, 2, text, -1, SQLITE_STATIC);
	int r = found(s, st, t, out, &several, e);
	(void)sqlite3_reset(st);
	return several ? err_set(e, ERR_INVALID, "the store is corrupt: two rows of %s where one can be", t->name) : r;
}

/* A likely name as the hint of "not found". */
static void suggest(struct store *s, const struct table *t, const char *which, struct err *e)
{
	char sql[160];
	const char *names[SUGGEST_MAX + 1] = { NULL };
	size_t n = 0;
	sqlite3_stmt *st = NULL;
	(void)snprintf(sql, sizeof sql, "SELECT DISTINCT name FROM %s WHERE name <> '' AND %s LIMIT %u", t->name, t->named, SUGGEST_MAX);
	struct err ignored;
	if (store_prepare(s, &st, sql, &ignored) < 0)
		return;
	while (n < SUGGEST_MAX && sqlite3_step(st) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(st, 0);
		if (name && (names[n] = strdup(name)))
			n++;
	}
	sqlite3_finalize(st);
	const char *near = text_nearest(which, names);
	if (near)
		err_hint(e, "did you mean %s?", near);
	for (size_t i = 0; i < n; i++)
		free((char *)names[i]);
}

static int not_found(struct store *s, const struct table *t, const char *which, struct err *e)
{
	struct buf shown = BUF_INIT(KIB(4));
	if (text_escape(&shown, which, strnlen(which, 200), NULL) == 0)
		err_set(e, ERR_NOT_FOUND, "there is no %s %s here", t->noun, buf_text(&shown));
	else
		err_set(e, ERR_NOT_FOUND, "there is no such %s here", t->noun);
	buf_done(&shown);
	err_hint(e, "enclua %s list shows what there is", t == &store_identity_table ? "key" : t->name);
	if (id_looks_like(which) && !is_id_prefix(which))
		err_hint(e, "of an id, at least %u characters after its 1 are needed", ID_PREFIX_MIN);
	if (t->named)
		suggest(s, t, which, e);
	return -1;
}

/* An id that is as long as a whole one must be right, and of this kind. */
static int id_of_kind(const struct table *t, const char *which, struct err *e)
{
	enum id_kind kind = t->kind;
	const char *one = strchr(which, '1');
	if (strlen(one + 1) >= 32 + 6 && id_check(&kind, which, e) < 0)
		return -1;
	if (kind != t->kind || strncmp(which, t->name, (size_t)(one - which)) != 0)
		return err_set(e, ERR_USAGE, "%s is not the id of a %s", which, t->noun);
	return 0;
}

static int find(struct store *s, const struct table *t, const char *which, void *out, struct err *e)
{
	static const char newest[] = "newest of a name", begins[] = "WHERE id >= ?1 AND id < ?1 || '~' LIMIT 2";
	memset(out, 0, t->record_size);
	int r = 0;
	if (t->named && *which) {
		/* The newest of a name: an iApp's versions share it. */
		char rest[128];
		(void)snprintf(rest, sizeof rest, "WHERE name = ?1 AND %s ORDER BY seq DESC LIMIT 1", t->named);
		r = find_by(s, t, newest, rest, which, out, e);
	}
	if (r == 0 && is_id_prefix(which)) {
		if (id_of_kind(t, which, e) < 0)
			return -1;
		/* '~' sorts after every character of an id */
		r = find_by(s, t, begins, begins, which, out, e);
	}
	if (r == 0)
		return not_found(s, t, which, e);
	return r < 0 ? -1 : 0;
}

/* f is called for each row in a record that is ours. */
static int each(struct store *s, const struct table *t, int (*f)(void *ctx, const void *record, struct err *e), void *ctx,
	void *record, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (select_prepare(s, &st, t, "ORDER BY seq", e) < 0)
		return -1;
	int rc, r = 0;
	while (r == 0 && (rc = sqlite3_step(st)) != SQLITE_DONE) {
		if (rc != SQLITE_ROW) {
			r = store_fail(s, rc, e, "read it");
			break;
		}
		r = record_read(s, st, t, record, e);
		if (r == 0)
			r = f(ctx, record, e) < 0 ? -1 : 0;
		record_done(t, record);
	}
	sqlite3_finalize(st);
	return r;
}

int store_name_check(const char *name, struct err *e)
{
	if (!is_id_prefix(name))
		return 0;
	return err_set(e, ERR_INVALID, "the name %s would be taken for an id", name);
}

/* Identities */

int store_identity_find(struct store *s, const uint8_t key[static 32], struct store_identity *out, struct err *e)
{
	return find_bytes(s, &store_identity_table, "WHERE key = ?1", key, 32, NULL, out, e);
}

/* Data */

static int schema_load(struct store *s, struct store_data *d, struct err *e)
{
	static const uint8_t none[32];
	if (memcmp(d->schema_blob, none, sizeof none) == 0 || !s->blobs[0])	/* a replica has none */
		return 0;
	buf_done(&d->schema);
	d->schema = (struct buf)BUF_INIT(LIMIT_SCHEMA_BYTES);
	return store_blob_read(s, d->schema_blob, &d->schema, e) < 0 ? err_wrap(e, "the schema of %s", d->id) : 0;
}

int store_data_name_free(struct store *s, const char *name, const uint8_t owner[static 32], struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_statement(s, &st, "SELECT 1 FROM data WHERE name = ?1 AND owner = ?2 AND name <> '' AND ephemeral = 0", e) < 0)
		return -1;
	sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_blob(st, 2, owner, 32, SQLITE_STATIC);
	int rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	if (rc == SQLITE_DONE)
		return 0;
	if (rc != SQLITE_ROW)
		return store_fail(s, rc, e, "read it");
	err_set(e, ERR_CONFLICT, "the name %s is taken by other data", name);
	return err_hint(e, "give another one with --name; enclua data show %s shows what has it", name);
}

int store_data_find(struct store *s, const char *which, const uint8_t *me, struct store_data *out, struct err *e)
{
	int r = 0;
	memset(out, 0, sizeof *out);
	if (me && *which)
		r = find_bytes(s, &store_data_table, "WHERE owner = ?1 AND name = ?2 AND ephemeral = 0", me, 32, which, out, e);
	if (r == 0)
		r = find(s, &store_data_table, which, out, e) < 0 ? -1 : 1;
	if (r > 0 && schema_load(s, out, e) < 0) {
		err_hint(e, "bring back blobs/ of this home from a copy; enclua data list shows which data are whole");
		r = -1;
	}
	if (r < 0) {
		store_data_done(out);
		return -1;
	}
	return 0;
}

struct data_call { struct store *s; int (*f)(void *ctx, const struct store_data *d, struct err *e); void *ctx; struct store_data *d; };
static int data_one(void *ctx, const void *record, struct err *e)
{
	const struct data_call *c = ctx;
	c->d->schema_damaged = schema_load(c->s, c->d, NULL) < 0;	/* one of many: the others are told all the same */
	if (c->d->schema_damaged)
		buf_clear(&c->d->schema);
	return c->f(c->ctx, record, e);
}
int store_data_each(struct store *s, int (*f)(void *ctx, const struct store_data *d, struct err *e), void *ctx, struct err *e)
{
	struct store_data d;
	struct data_call c = { s, f, ctx, &d };
	return each(s, &store_data_table, data_one, &c, &d, e);
}

void store_data_done(struct store_data *d)
{
	record_done(&store_data_table, d);
}

/* iApps: the same archive may be registered by several; a name belongs to the author who brought it first, and the versions share it. */

int store_app_find(struct store *s, const char *which, struct store_app *out, struct err *e)
{
	return find(s, &store_app_table, which, out, e);
}

int store_app_find_h1(struct store *s, const char *h1, const uint8_t owner[static 32], struct store_app *out, struct err *e)
{
	return find_bytes(s, &store_app_table, "WHERE owner = ?1 AND h1 = ?2", owner, 32, h1, out, e);
}

struct app_call { int (*f)(void *ctx, const struct store_app *a, struct err *e); void *ctx; };
static int app_one(void *ctx, const void *record, struct err *e)
{
	const struct app_call *c = ctx;
	return c->f(c->ctx, record, e);
}
int store_app_each(struct store *s, int (*f)(void *ctx, const struct store_app *a, struct err *e), void *ctx, struct err *e)
{
	struct store_app a;
	struct app_call c = { f, ctx };
	return each(s, &store_app_table, app_one, &c, &a, e);
}

/* Tasks */

int store_task_find(struct store *s, const char *which, struct store_task *out, struct err *e)
{
	return find(s, &store_task_table, which, out, e);
}

struct task_call { int (*f)(void *ctx, const struct store_task *t, struct err *e); void *ctx; };
static int task_one(void *ctx, const void *record, struct err *e)
{
	const struct task_call *c = ctx;
	return c->f(c->ctx, record, e);
}
int store_task_each(struct store *s, int (*f)(void *ctx, const struct store_task *t, struct err *e), void *ctx, struct err *e)
{
	struct store_task t;
	struct task_call c = { f, ctx };
	return each(s, &store_task_table, task_one, &c, &t, e);
}

void store_task_done(struct store_task *t)
{
	record_done(&store_task_table, t);
}

int store_task_put(struct store *s, const struct store_task *t, struct err *e)
{
	return store_row_write(s, &store_task_table, t, e);
}

/* Owners */

static int owner_step(struct store *s, sqlite3_stmt *st, const char *id, const uint8_t owner[static 32], struct err *e)
{
	sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC);
	sqlite3_bind_blob(st, 2, owner, 32, SQLITE_STATIC);
	int rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	if (rc != SQLITE_DONE)
		return store_fail(s, rc, e, "change an owner");
	return sqlite3_changes(s->db) == 1 ? 0 : err_set(e, ERR_NOT_FOUND, "there is no %s in this book", id);
}

int store_app_owner(struct store *s, const char *id, const uint8_t owner[static 32], struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_statement(s, &st, "UPDATE app SET owner = ?2 WHERE id = ?1", e) < 0)
		return -1;
	return owner_step(s, st, id, owner, e);
}

int store_data_owner(struct store *s, const char *id, const uint8_t owner[static 32], const struct buf *header, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_statement(s, &st, "UPDATE data SET owner = ?2, header = ?3, name = CASE WHEN EXISTS (SELECT 1 FROM data AS other WHERE "
		"other.owner = ?2 AND other.name = data.name AND other.id <> data.id AND other.ephemeral = 0) THEN '' ELSE name END WHERE id = ?1", e) < 0)
		return -1;
	sqlite3_bind_blob64(st, 3, header->data, header->len, SQLITE_STATIC);
	return owner_step(s, st, id, owner, e);
}
