/* The tables against the entries: a replay decides each entry again, without its signature or what depends on this machine, and must come to the same rows. Rebuilding
 * replays into the book itself, verifying into a database in memory; both compare digests over all rows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "book/book_inner.h"
#include "book/store_schema.h"
#include "seal/crypto.h"

#define TOLD_EVERY 1024u	/* entries between two calls of progress */

static const struct { const char *name, *order; } tables[] = {
#define X(name, order) { #name, order },
	BOOK_TABLES(X)
#undef X
};
#define TABLES (sizeof tables / sizeof tables[0])

/* Every value of every row: its type, its length, its bytes. */
static int rows_digest(struct store *s, const char *sql, uint8_t out[static 32], uint64_t *rows, struct err *e)
{
	sqlite3_stmt *st = NULL;
	struct sha256 h;
	if (store_prepare(s, &st, sql, e) < 0)
		return -1;
	sha256_init(&h);
	const int columns = sqlite3_column_count(st);
	int rc;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		(*rows)++;
		for (int i = 0; i < columns; i++) {
			int type = sqlite3_column_type(st, i);	/* asked first: reading a value may convert it */
			const void *bytes = type == SQLITE_TEXT ? (const void *)sqlite3_column_text(st, i) : sqlite3_column_blob(st, i);
			uint64_t head[2] = { (uint64_t)type, (uint64_t)sqlite3_column_bytes(st, i) };
			sha256_add(&h, head, sizeof head);
			sha256_add(&h, bytes ? bytes : "", (size_t)head[1]);
		}
		if (store_row_read(s, st, e) < 0) {
			sqlite3_finalize(st);
			return -1;
		}
	}
	sqlite3_finalize(st);
	sha256_end(&h, out);
	return rc == SQLITE_DONE ? 0 : store_fail(s, rc, e, "read its tables");
}

static int tables_digest(struct store *s, uint8_t each[static TABLES * 32], uint8_t out[static 32], uint64_t *rows, struct err *e)
{
	*rows = 0;
	for (size_t i = 0; i < TABLES; i++) {
		char sql[128];
		(void)snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY %s", tables[i].name, tables[i].order);
		if (rows_digest(s, sql, each + 32 * i, rows, e) < 0)
			return -1;
	}
	sha256(out, each, TABLES * 32);
	return 0;
}

struct replay {
	struct book *from, *to;	/* the same, or `to` has its tables in memory */
	struct entry *en;
	bool verify;	/* signatures, and the tree */
	struct merkle_range range;
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *ctx;
	uint64_t total;
};

static int replay_one(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	struct replay *r = ctx;
	uint8_t id[ID_BYTES];
	size_t text_len;
	int is = r->verify ? entry_open(r->en, bytes, len, &text_len, e) : entry_decode(r->en, bytes, len, &text_len, e);
	if (is == 0 && r->verify && !entry_text_is(&r->en->book, r->from->origin))
		is = err_set(e, ERR_INVALID, "it is for another book");
	if (is == 0 && index != r->range.size)
		is = err_set(e, ERR_INVALID, "it stands where entry %llu should", (unsigned long long)r->range.size);
	if (is == 0) {
		struct merkle_hash leaf;
		merkle_leaf(&leaf, bytes, len);
		entry_hash(id, bytes, text_len);
		const struct book_applied at = { .index = index, .text = bytes, .text_len = text_len, .id = id,
			.now = r->en->time > r->to->head.time ? r->en->time : r->to->head.time };
		if (merkle_range_add(&r->range, &leaf, NULL, NULL, e) < 0 || book_apply(r->to, r->en, &at, e) < 0)
			is = -1;
	}
	if (is < 0)
		return err_wrap(e, "entry %llu", (unsigned long long)index);
	if (r->en->time > r->to->head.time)
		r->to->head.time = r->en->time;
	if (r->progress && index % TOLD_EVERY == 0)
		r->progress(r->ctx, index, r->total);
	return 0;
}

static int replay(struct replay *r, struct err *e)
{
	struct merkle_hash is, should;
	r->en = calloc(1, sizeof *r->en);
	if (!r->en)
		return err_set(e, ERR_LIMIT, "out of memory");
	r->total = r->from->head.range.size;
	const struct merkle_range head = r->from->head.range;
	r->to->head.time = 0;
	int result = book_entries(r->from, 0, r->total, replay_one, r, e);
	free(r->en);
	if (result < 0)
		return -1;
	merkle_range_root(&r->range, &is);
	merkle_range_root(&head, &should);
	if (r->range.size != head.size || !merkle_equal(&is, &should))
		return err_set(e, ERR_INVALID, "the entries of the book do not give the tree that its head states");
	return 0;
}

static int tables_make_again(struct book *b, struct err *e)
{
	char sql[64];
	for (size_t i = 0; i < TABLES; i++) {
		(void)snprintf(sql, sizeof sql, "DROP TABLE %s", tables[i].name);
		if (store_exec(b->store, sql, e) < 0)
			return -1;
	}
	return store_exec(b->store, TABLES_SCHEMA, e);
}

/* A row is not searched for the one that it names, which the ledger has just looked up. */
#define BULK_BEGIN "PRAGMA foreign_keys = OFF"
#define BULK_END "PRAGMA foreign_keys = ON"

int book_tables_clear(struct book *b, struct err *e)
{
	return tables_make_again(b, e);
}

int book_tables_fill(struct book *b, struct err *e)
{
	struct replay again = { .from = b, .to = b };
	const struct book_head head = b->head;
	int r = replay(&again, e);
	b->head = head;
	return r;
}

int book_rebuild(struct book *b, struct book_rebuilt *out, void (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx, struct err *e)
{
	uint8_t each[TABLES * 32];
	memset(out, 0, sizeof *out);
	if (book_replica_settle(b, e) < 0 || store_exec(b->store, BULK_BEGIN, e) < 0)
		return -1;
	if (store_begin(b->store, e) < 0) {
		(void)store_exec(b->store, BULK_END, NULL);
		return -1;
	}
	int r = book_rules_needed(b, e) < 0 || book_head_load(b, e) < 0 ? -1 : 0;
	const struct book_head head = b->head;
	struct replay again = { .from = b, .to = b, .progress = progress, .ctx = ctx };
	if (r == 0)
		r = tables_digest(b->store, each, out->before, &out->rows, e);
	if (r == 0)
		r = tables_make_again(b, e);
	if (r == 0)
		r = replay(&again, e);
	if (r == 0)
		r = tables_digest(b->store, each, out->after, &out->rows, e);
	out->entries = head.range.size;
	b->head = head;
	r = store_end(b->store, r, e);
	return store_exec(b->store, BULK_END, r == 0 ? e : NULL) < 0 ? -1 : r;
}

/* Verify */

/* The same book with empty tables, in memory. */
static int shadow_open(const struct book *b, struct book **out, struct err *e)
{
	if (book_bare_open(out, b->store->home, b->origin, b->operator, e) < 0 || book_bare_database(*out, ":memory:", e) < 0 ||
		store_exec((*out)->store, BOOK_SCHEMA TABLES_SCHEMA, e) < 0)
		return -1;
	(*out)->log = b->store;
	return book_bare_finish(*out, b->rules, e);
}

/* Tables, indexes and triggers themselves: one more trigger could change what is written from now on, one less would no longer refuse it. */
static int layout_compare(struct book *b, struct book *shadow, struct err *e)
{
	static const char sql[] = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type <> 'index' OR sql IS NOT NULL ORDER BY type, name";
	uint8_t is[32], should[32];
	uint64_t rows = 0;
	if (rows_digest(b->store, sql, is, &rows, e) < 0 || rows_digest(shadow->store, sql, should, &rows, e) < 0)
		return -1;
	if (memcmp(is, should, 32) == 0)
		return 0;
	return err_set(e, ERR_INVALID, "the tables and triggers of the database in %s are not those that this program makes", b->store->home);
}

static int tables_compare(struct book *b, struct book *shadow, uint64_t *rows, struct err *e)
{
	uint8_t is[TABLES * 32], should[TABLES * 32], whole[32];
	uint64_t ignored;
	if (tables_digest(b->store, is, whole, rows, e) < 0 || tables_digest(shadow->store, should, whole, &ignored, e) < 0)
		return -1;
	for (size_t i = 0; i < TABLES; i++)
		if (memcmp(is + 32 * i, should + 32 * i, 32) != 0) {
			err_set(e, ERR_INVALID, "the table %s of the book in %s is not what its entries make it", tables[i].name, b->store->home);
			return err_hint(e, "enclua book rebuild makes it again from the entries");
		}
	return 0;
}

/* As many roots of full tiles as follow from the head: one too many would keep an entry out one day. */
static int nodes_count(struct book *b, struct err *e)
{
	sqlite3_stmt *st = NULL;
	uint64_t should = 0;
	for (unsigned level = 8; level < 64; level += 8)
		should += b->head.range.size >> level;
	if (store_prepare(b->store, &st, "SELECT count(*) FROM node", e) < 0)
		return -1;
	int rc = sqlite3_step(st);
	uint64_t is = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(st, 0) : 0;
	sqlite3_finalize(st);
	if (rc != SQLITE_ROW)
		return store_fail(b->store, rc, e, "count its rows");
	return is == should ? 0 : err_set(e, ERR_INVALID, "the book has %llu hashes of full tiles, and from its entries follow %llu", (unsigned long long)is,
		(unsigned long long)should);
}

/* Every stored root of a full tile, against the one below it. Leaves were checked against the entries. */
static int nodes_check(struct book *b, struct err *e)
{
	if (nodes_count(b, e) < 0)
		return -1;
	for (unsigned level = 8; level < 64 && b->head.range.size >> level; level += 8)
		for (uint64_t i = 0; i < b->head.range.size >> level; i++) {
			struct merkle_hash half[2], is, kept;
			if (book_tree_read(b, level - 1, 2 * i, &half[0], e) < 0 || book_tree_read(b, level - 1, 2 * i + 1, &half[1], e) < 0 ||
				book_tree_read(b, level, i, &kept, e) < 0)
				return -1;
			merkle_node(&is, &half[0], &half[1]);
			if (!merkle_equal(&is, &kept))
				return err_set(e, ERR_INVALID, "hash %llu of level %u of the book's tree is wrong", (unsigned long long)i, level);
		}
	return 0;
}

static bool column_is(sqlite3_stmt *st, int at, const uint8_t *should, size_t n)
{
	return (size_t)sqlite3_column_bytes(st, at) == n && memcmp(sqlite3_column_blob(st, at), should, n) == 0;
}

static int leaves_check(struct book *b, struct err *e)
{
	sqlite3_stmt *st = NULL;
	uint64_t next = 0;
	if (store_prepare(b->store, &st, "SELECT seq, id, leaf, bytes FROM entry ORDER BY seq", e) < 0)
		return -1;
	int rc = SQLITE_DONE, r = 0;
	while (r == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct merkle_hash leaf;
		const uint8_t *bytes = sqlite3_column_blob(st, 3);
		size_t len = (size_t)sqlite3_column_bytes(st, 3);
		uint8_t id[ID_BYTES];
		if (!bytes)
			bytes = (const uint8_t *)"";
		const char *end = len ? memmem(bytes, len, "\n\n", 2) : NULL;
		merkle_leaf(&leaf, bytes, len);
		entry_hash(id, bytes, end ? (size_t)(end + 1 - (const char *)bytes) : 0);
		if (next >= b->head.range.size || (uint64_t)sqlite3_column_int64(st, 0) != next)
			break;
		if (!column_is(st, 2, leaf.b, MERKLE_HASH) || !column_is(st, 1, id, ID_BYTES))
			r = err_set(e, ERR_INVALID, "entry %llu is not the one that was hashed when it came in", (unsigned long long)next);
		next++;
	}
	if (r == 0 && rc != SQLITE_DONE && rc != SQLITE_ROW)
		r = store_fail(b->store, rc, e, "read the entries");
	else if (r == 0 && next < b->head.range.size)
		r = err_set(e, ERR_INVALID, "entry %llu is missing", (unsigned long long)next);
	else if (r == 0 && rc == SQLITE_ROW)	/* they would keep the next one out */
		r = err_set(e, ERR_INVALID, "there are entries beyond the %llu that the book has", (unsigned long long)b->head.range.size);
	sqlite3_finalize(st);
	return r;
}

static int checkpoints_check(struct book *b, struct book_checked *out, struct err *e)
{
	struct checkpoint c;
	struct note note;
	struct merkle_hash root;
	for (uint64_t below = INT64_MAX, size;; below = size) {
		struct buf bytes = BUF_INIT(CHECKPOINT_NOTE_MAX);
		struct err why = { .code = ERR_NONE };
		int r = book_checkpoint_before(b, below, &bytes, &size, &why);
		if (r < 0) {
			buf_done(&bytes);
			if (why.code != ERR_NOT_FOUND && e)
				*e = why;
			return why.code == ERR_NOT_FOUND ? 0 : -1;
		}
		r = checkpoint_open(&c, &note, buf_text(&bytes), bytes.len, NULL, e);
		if (r == 0 && (c.size != size || strcmp(c.origin, b->origin) != 0 || size > b->head.range.size))
			r = err_set(e, ERR_INVALID, "it is not of this book, or of more entries than there are");
		if (r == 0)
			r = merkle_root(&b->reader, size, &root, e);
		if (r == 0 && !merkle_equal(&root, &c.root))
			r = err_set(e, ERR_INVALID, "its root is not that of the entries");
		if (r == 0) {
			out->checkpoints++;
			out->cosignatures += note.n_sigs - 1;
		}
		buf_done(&bytes);
		if (r < 0)
			return err_wrap(e, "the checkpoint of %llu entries", (unsigned long long)size);
	}
}

int book_verify(struct book *b, struct book_checked *out, void (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx, struct err *e)
{
	struct book *shadow = NULL;
	struct replay again = { .from = b, .verify = true, .progress = progress, .ctx = ctx };
	memset(out, 0, sizeof *out);
	/* One transaction, so that what others append meanwhile is not half seen. */
	if (book_replica_settle(b, e) < 0 || store_exec(b->store, "BEGIN", e) < 0)
		return -1;
	int r = book_rules_needed(b, e) < 0 || book_head_load(b, e) < 0 ? -1 : 0;
	out->entries = b->head.range.size;
	if (r == 0)
		r = shadow_open(b, &shadow, e);
	again.to = shadow;
	if (r == 0)
		r = leaves_check(b, e);
	if (r == 0)
		r = replay(&again, e);
	if (r == 0 && shadow->head.time != b->head.time)
		r = err_set(e, ERR_INVALID, "the head of the book in %s states a time that is not the latest of its entries", b->store->home);
	if (r == 0)
		r = nodes_check(b, e);
	if (r == 0)
		r = checkpoints_check(b, out, e);
	if (r == 0)
		r = layout_compare(b, shadow, e);
	if (r == 0)
		r = tables_compare(b, shadow, &out->rows, e);
	if (r == 0)
		r = book_money_check(b, e);
	if (store_exec(b->store, "ROLLBACK", r == 0 ? e : NULL) < 0)
		r = -1;
	if (shadow)
		book_close(shadow);
	return r;
}
