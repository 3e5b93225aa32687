/* A book with a market in it, and followers of it: what a test gives them is all that they know of it. */
#ifndef ENCLUA_TESTS_REPLICA_MAKE_H
#define ENCLUA_TESTS_REPLICA_MAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "book/book.h"
#include "host/replica.h"
#include "unit/host_make.h"

#define SIZE 700u	/* entries of the book: more than two full tiles, so that their roots are kept */

struct grown {
	struct world *w;
	char dir[PATH_MAX];	/* of replicas */
	struct buf notes[SIZE];
	struct book_item items[SIZE];
	uint8_t digest[32];	/* of the book's tables */
};

/* The book */

/* A task of one worker, one of two who agree, one that nobody does. */
static inline void market_grow(struct world *w)
{
	char deal[ID_TEXT], task[ID_TEXT];
	host_make_deal(w, 1, 1, deal, task);
	host_make_send(w, task, W1);
	draft_complete(w, task, 3);
	(void)host_make_enter(w, W1, NULL);
	host_make_deal(w, 3, 1, deal, task);
	for (enum who i = W1; i <= W2; i++) {
		host_make_send(w, task, i);
		host_make_contribute(w, task, i, 4);
	}
	host_make_reveal(w, task, W1, 4);
	host_make_reveal(w, task, W2, 4);
	draft_finalize(w, task, W1);
	(void)host_make_enter(w, PAUL, NULL);
	host_make_deal(w, 3, 1, deal, task);
	host_make_send(w, task, W3);
	host_make_contribute(w, task, W3, 5);
	clock_ahead += CATEGORY_TIME * 20;
	draft_claim(w, task);
	(void)host_make_enter(w, CARL, NULL);
}

static inline void money_grow(struct world *w)
{
	struct err e;
	uint64_t size;
	for (BOOK_MUST(book_size(w->m.b, &size, &e), &e); size < SIZE; size++) {
		book_make_money(w->m.b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, w->who[size % 2 ? ADA : BOB], size);
		(void)host_make_enter(w, OPERATOR, NULL);
	}
}

static inline int note_take(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	struct grown *g = ctx;
	g->notes[index] = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
	if (buf_add(&g->notes[index], bytes, len, e) < 0)
		return -1;
	g->items[index] = (struct book_item){ g->notes[index].data, g->notes[index].len };
	return 0;
}

static inline void digest_of_tables(struct book *b, uint8_t out[static 32])
{
	struct book_rebuilt r;
	struct err e;
	BOOK_MUST(book_rebuild(b, &r, NULL, NULL, &e), &e);
	assert_memory_equal(r.before, r.after, 32);
	memcpy(out, r.before, 32);
}

static inline int group_setup(void **state)
{
	struct grown *g = calloc(1, sizeof *g);
	struct err e;
	uint64_t size;
	void *w;
	if (host_make_setup(&w) < 0)
		return -1;
	g->w = w;
	market_grow(g->w);
	money_grow(g->w);
	BOOK_MUST(book_size(g->w->m.b, &size, &e), &e);
	assert_int_equal(size, SIZE);
	BOOK_MUST(book_entries(g->w->m.b, 0, SIZE, note_take, g, &e), &e);
	digest_of_tables(g->w->m.b, g->digest);
	*state = g;
	return 0;
}

static inline int group_teardown(void **state)
{
	struct grown *g = *state;
	void *w = g->w;
	for (size_t i = 0; i < SIZE; i++)
		buf_done(&g->notes[i]);
	free(g);
	return host_make_teardown(&w);
}

static inline int dir_setup(void **state)
{
	scratch_make(((struct grown *)*state)->dir);
	return 0;
}

static inline int dir_teardown(void **state)
{
	scratch_remove(((struct grown *)*state)->dir);
	return 0;
}

/* Following it */

static inline struct book *follower(struct grown *g, const char *dir)
{
	struct book *b;
	struct err e;
	BOOK_MUST(replica_open(&b, dir, book_origin(g->w->m.b), book_operator(g->w->m.b), &e), &e);
	return b;
}

static inline void give(struct grown *g, struct book *b, uint64_t to)
{
	struct err e;
	uint64_t from = replica_size(b);
	assert_true(from <= to);
	BOOK_MUST(replica_add(b, g->items + from, (size_t)(to - from), &e), &e);
	assert_int_equal(replica_size(b), to);
}

/* A checkpoint that an operator signs over any entries at all. */
static inline void checkpoint_make(struct buf *note, const char *origin, const struct identity *by, const struct book_item *items, size_t n)
{
	struct merkle_range range = { .size = 0 };
	struct merkle_hash leaf;
	struct buf text = BUF_INIT(CHECKPOINT_TEXT_MAX);
	struct checkpoint c = { .size = n };
	struct err e;
	for (size_t i = 0; i < n; i++) {
		merkle_leaf(&leaf, items[i].bytes, items[i].len);
		BOOK_MUST(merkle_range_add(&range, &leaf, NULL, NULL, &e), &e);
	}
	merkle_range_root(&range, &c.root);
	(void)snprintf(c.origin, sizeof c.origin, "%s", origin);
	*note = (struct buf)BUF_INIT(CHECKPOINT_NOTE_MAX);
	BOOK_MUST(checkpoint_write(&c, &text, &e), &e);
	BOOK_MUST(note_sign(note, buf_text(&text), text.len, origin, by, &e), &e);
	buf_done(&text);
}

static inline int check_signed(struct grown *g, struct book *b, const struct book_item *items, size_t n, struct err *e)
{
	struct buf note;
	struct merkle_hash root;
	checkpoint_make(&note, book_origin(g->w->m.b), g->w->m.operator, items, n);
	int r = replica_check(b, note.data, note.len, &root, e);
	buf_done(&note);
	return r;
}

static inline void accept_signed(struct grown *g, struct book *b, size_t n)
{
	struct err e;
	BOOK_MUST(check_signed(g, b, g->items, n, &e), &e);
}

static inline void refused(int r, const struct err *e, enum err_code code, const char *words)
{
	if (r == 0)
		fail_msg("accepted, and not refused with “%s”", words);
	if (e->code != code || !strstr(e->msg, words))
		fail_msg("%s and not %s “%s”: %s", err_name(e->code), err_name(code), words, e->msg);
}

static inline void same_as_book(struct grown *g, struct book *b)
{
	uint8_t digest[32];
	struct err e;
	struct book_checked checked;
	BOOK_MUST(book_verify(b, &checked, NULL, NULL, &e), &e);
	digest_of_tables(b, digest);
	assert_memory_equal(digest, g->digest, 32);
}

#endif
