/* The log's own tables: entries with their leaf hashes, the roots of full tiles, and the head, which holds the peaks of the tree. Nothing here knows what an entry
 * says. Subtrees between those levels are computed when they are asked for: at most 255 hashes for each eight levels of a proof.
 */
#include <assert.h>
#include <string.h>

#include "book/book_inner.h"
#include "form/tile.h"

int book_head_load(struct book *b, struct err *e)
{
	sqlite3_stmt *st = NULL;
	struct book_head h = { .range = { .size = 0 } };
	if (store_statement(b->store, &st, "SELECT size, time, peaks FROM head WHERE one = 1", e) < 0)
		return -1;
	int rc = sqlite3_step(st);
	int r = rc == SQLITE_ROW ? 0 : store_fail(b->store, rc, e, "read the head of the book");
	if (r == 0) {
		h.range.size = (uint64_t)sqlite3_column_int64(st, 0);
		h.time = sqlite3_column_int64(st, 1);
		size_t len = (size_t)sqlite3_column_bytes(st, 2);
		h.range.n = (size_t)__builtin_popcountll(h.range.size);
		if (h.range.size > INT64_MAX || len != h.range.n * MERKLE_HASH)
			r = err_set(e, ERR_INVALID, "the head of the book in %s is corrupt", b->store->home);
		else if (len)
			memcpy(h.range.peaks, sqlite3_column_blob(st, 2), len);
	}
	(void)sqlite3_reset(st);
	if (r == 0)
		b->head = h;
	return r;
}

int book_head_store(struct book *b, struct err *e)
{
	sqlite3_stmt *st = NULL;
	const struct book_head *h = &b->head;
	if (store_statement(b->store, &st, "INSERT OR REPLACE INTO head (one, size, time, peaks) VALUES (1, ?1, ?2, ?3)", e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, (int64_t)h->range.size);
	sqlite3_bind_int64(st, 2, h->time);
	sqlite3_bind_blob(st, 3, h->range.n ? (const void *)h->range.peaks : "", (int)(h->range.n * MERKLE_HASH), SQLITE_STATIC);
	int rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	return rc == SQLITE_DONE ? 0 : store_fail(b->store, rc, e, "move the head of the book");
}

/* merkle_range_add tells of each subtree that became complete: the root of a full tile is kept. */
static int node_keep(void *ctx, unsigned level, uint64_t index, const struct merkle_hash *hash, struct err *e)
{
	struct book *b = ctx;
	sqlite3_stmt *st = NULL;
	if (level == 0 || level % TILE_HEIGHT != 0)
		return 0;
	if (store_statement(b->store, &st, "INSERT INTO node (level, at, hash) VALUES (?1, ?2, ?3)", e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, level / TILE_HEIGHT);
	sqlite3_bind_int64(st, 2, (int64_t)index);
	sqlite3_bind_blob(st, 3, hash->b, MERKLE_HASH, SQLITE_STATIC);
	int rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	return rc == SQLITE_DONE ? 0 : store_fail(b->store, rc, e, "add to the tree");
}

int book_entry_insert(struct book *b, const uint8_t id[static ID_BYTES], const void *bytes, size_t len, struct err *e)
{
	sqlite3_stmt *st = NULL;
	struct merkle_hash leaf;
	assert(len <= ENTRY_BYTES_MAX);
	if (store_statement(b->store, &st, "INSERT INTO entry (seq, id, leaf, bytes) VALUES (?1, ?2, ?3, ?4)", e) < 0)
		return -1;
	merkle_leaf(&leaf, bytes, len);
	sqlite3_bind_int64(st, 1, (int64_t)b->head.range.size);
	sqlite3_bind_blob(st, 2, id, ID_BYTES, SQLITE_STATIC);
	sqlite3_bind_blob(st, 3, leaf.b, MERKLE_HASH, SQLITE_STATIC);
	sqlite3_bind_blob(st, 4, bytes, (int)len, SQLITE_STATIC);
	int rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	if (rc != SQLITE_DONE)
		return store_fail(b->store, rc, e, "add an entry");
	return merkle_range_add(&b->head.range, &leaf, node_keep, b, e);
}

int book_entry_count(struct book *b, uint64_t *count, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_statement(b->store, &st, "SELECT ifnull(max(seq) + 1, 0) FROM entry", e) < 0)
		return -1;
	int rc = sqlite3_step(st);
	*count = (uint64_t)sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	return rc == SQLITE_ROW ? 0 : store_fail(b->store, rc, e, "count its entries");
}

int book_entry_known(struct book *b, const uint8_t id[static ID_BYTES], uint64_t *index, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_statement(b->store, &st, "SELECT seq FROM entry WHERE id = ?1", e) < 0)
		return -1;
	sqlite3_bind_blob(st, 1, id, ID_BYTES, SQLITE_STATIC);
	int rc = sqlite3_step(st);
	int r = rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : store_fail(b->store, rc, e, "read an entry");
	if (r == 1)
		*index = (uint64_t)sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	return r;
}

/* The hashes of count subtrees from `at` on, at a level that is stored: leaves, or roots of full tiles. */
static int stored_read(struct book *b, unsigned tiles, uint64_t at, unsigned count, struct merkle_hash *out, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_statement(b->store, &st, tiles ? "SELECT hash FROM node WHERE level = ?3 AND at >= ?1 AND at < ?2 ORDER BY at"
		: "SELECT leaf FROM entry WHERE seq >= ?1 AND seq < ?2 AND ?3 = 0 ORDER BY seq", e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, (int64_t)at);
	sqlite3_bind_int64(st, 2, (int64_t)(at + count));
	sqlite3_bind_int64(st, 3, tiles);
	unsigned n = 0;
	int rc;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW && n < count && sqlite3_column_bytes(st, 0) == (int)MERKLE_HASH)
		memcpy(out[n++].b, sqlite3_column_blob(st, 0), MERKLE_HASH);
	(void)sqlite3_reset(st);
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		return store_fail(b->store, rc, e, "read the tree");
	if (n == count)
		return 0;
	return err_set(e, ERR_INVALID, "the book in %s is damaged: hash %llu of its tree's level %u is missing", b->store->home,
		(unsigned long long)(at + n), tiles * TILE_HEIGHT);
}

int book_tree_read(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out, struct err *e)
{
	struct book *b = ctx;
	struct merkle_hash row[TILE_WIDTH];
	unsigned above = level % TILE_HEIGHT, count = 1u << above;
	if (stored_read(b, level / TILE_HEIGHT, index << above, count, row, e) < 0)
		return -1;
	for (; count > 1; count /= 2)
		for (unsigned i = 0; i < count / 2; i++)
			merkle_node(&row[i], &row[2 * i], &row[2 * i + 1]);
	*out = row[0];
	return 0;
}

const struct merkle_reader *book_reader(struct book *b)
{
	return &b->reader;
}
