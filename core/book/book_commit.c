/* A commit: chains of entries, each all or nothing, in one transaction and one wait for the disk. In this order: signatures, by who brings them, before anything is
 * locked; spelling; the rules of each entry and its rows; what was written, read back and hashed again against the new head; commit.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "book/book_inner.h"

/* An entry on its way in. */
struct book_incoming { struct entry en; size_t text_len; uint8_t id[ID_BYTES]; };

void book_chain_open(struct book_chain *c)
{
	c->in = calloc(c->n ? c->n : 1, sizeof *c->in);
	c->result = c->in ? 0 : err_set(&c->why, ERR_LIMIT, "out of memory");
	for (size_t i = 0; c->result == 0 && i < c->n; i++) {
		const struct book_item *item = &c->items[i];
		struct book_incoming *in = &c->in[i];
		c->result = (c->signed_well ? entry_decode : entry_open)(&in->en, item->bytes, item->len, &in->text_len, &c->why);
		if (c->result == 0)
			entry_hash(in->id, item->bytes, in->text_len);
	}
	c->signed_well = c->result == 0;
}

void book_chain_done(struct book_chain *c)
{
	free(c->in);
	c->in = NULL;
}

static int incoming_check(const struct book *b, const struct book_incoming *in, struct err *e)
{
	if (entry_text_is(&in->en.book, b->origin))
		return 0;
	err_set(e, ERR_DENIED, "the entry is for the book %.*s, and this one is %s", (int)in->en.book.len, in->en.book.at, b->origin);
	return err_hint(e, "an entry is signed for one book; make it again for this one");
}

static int entry_admit(struct book *b, const struct book_incoming *in, const struct book_item *item, int64_t now, uint64_t *index, struct err *e)
{
	const int64_t off = in->en.time - now;
	int known = book_entry_known(b, in->id, index, e);
	if (known)
		return known < 0 ? -1 : 0;	/* again, however late: nothing changes, the same answer */
	if (off > BOOK_CLOCK_S || off < -BOOK_CLOCK_S)
		return err_set(e, ERR_INVALID, "the entry's time is %lld s away from the clock of this book, more than %d s", (long long)off, BOOK_CLOCK_S);
	*index = b->head.range.size;
	const struct book_applied at = { .index = *index, .text = item->bytes, .text_len = in->text_len, .id = in->id, .admit = true,
		.now = in->en.time > b->head.time ? in->en.time : b->head.time };
	if (book_apply(b, &in->en, &at, e) < 0 || book_entry_insert(b, in->id, item->bytes, item->len, e) < 0)
		return -1;
	if (in->en.time > b->head.time)
		b->head.time = in->en.time;
	return 0;
}

static int chain_admit(struct book *b, struct book_chain *c, int64_t now)
{
	for (size_t i = 0; i < c->n; i++)
		if (entry_admit(b, &c->in[i], &c->items[i], now, &c->indices[i], &c->why) < 0)
			return -1;
	return 0;
}

/* A refused chain leaves nothing behind; an error of the store ends the whole transaction. */
static int chain_try(struct book *b, struct book_chain *c, int64_t now, struct err *e)
{
	struct book_head before = b->head;
	if (store_run(b->store, "SAVEPOINT chain", e) < 0)
		return -1;
	c->result = chain_admit(b, c, now);
	if (c->result < 0) {
		b->head = before;
		if (store_run(b->store, "ROLLBACK TO chain", e) < 0)
			return -1;
	}
	return store_run(b->store, "RELEASE chain", e);
}

/* What the disk will hold, and not what we meant to write, must give the new head. */
static int read_back(struct book *b, const struct book_head *before, struct err *e)
{
	sqlite3_stmt *st = NULL;
	struct merkle_range range = before->range;
	struct merkle_hash leaf, is, should;
	if (store_statement(b->store, &st, "SELECT leaf, bytes FROM entry WHERE seq >= ?1 ORDER BY seq", e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, (int64_t)before->range.size);
	int rc = SQLITE_ROW, r = 0;
	while (r == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		merkle_leaf(&leaf, sqlite3_column_blob(st, 1), (size_t)sqlite3_column_bytes(st, 1));
		if (sqlite3_column_bytes(st, 0) != (int)MERKLE_HASH || memcmp(leaf.b, sqlite3_column_blob(st, 0), MERKLE_HASH) != 0)
			r = err_set(e, ERR_INTERNAL, "an entry was not written as it was meant");
		else
			r = merkle_range_add(&range, &leaf, NULL, NULL, e);
	}
	if (r == 0 && rc != SQLITE_DONE)
		r = store_fail(b->store, rc, e, "read back what was written");
	(void)sqlite3_reset(st);
	merkle_range_root(&range, &is);
	merkle_range_root(&b->head.range, &should);
	if (r == 0 && (range.size != b->head.range.size || !merkle_equal(&is, &should)))
		r = err_set(e, ERR_INTERNAL, "the entries that were written do not give the tree that was meant");
	return r;
}

static int transaction(struct book *b, struct book_chain *chains, size_t n, int64_t now, struct err *e)
{
	if (store_begin(b->store, e) < 0)
		return -1;
	int r = book_rules_needed(b, e) < 0 || book_head_load(b, e) < 0 ? -1 : 0;
	struct book_head before = b->head;
	for (size_t i = 0; r == 0 && i < n; i++)
		if (chains[i].result == 0)
			r = chain_try(b, &chains[i], now, e);
	if (r == 0 && b->head.range.size != before.range.size && (book_head_store(b, e) < 0 || read_back(b, &before, e) < 0))
		r = -1;
	if (store_end(b->store, r, e) < 0) {
		b->head = before;
		return -1;
	}
	return 0;
}

int book_commit(struct book *b, struct book_chain *chains, size_t n, struct err *e)
{
	bool given[BOOK_CHAINS];	/* read before, and not ours to free */
	assert(n <= BOOK_CHAINS);
	for (size_t i = 0; i < n; i++) {
		struct book_chain *c = &chains[i];
		given[i] = c->in != NULL;
		if (!given[i])
			book_chain_open(c);
		for (size_t k = 0; c->result == 0 && k < c->n; k++)
			c->result = incoming_check(b, &c->in[k], &c->why);
	}
	int r = transaction(b, chains, n, os_time(), e);
	for (size_t i = 0; i < n; i++)
		if (!given[i])
			book_chain_done(&chains[i]);
	return r;
}
