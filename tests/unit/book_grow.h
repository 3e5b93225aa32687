/* A book of as many entries as a test wants, and its root computed from the bytes alone. */
#ifndef ENCLUA_TESTS_BOOK_GROW_H
#define ENCLUA_TESTS_BOOK_GROW_H

#include "unit/book_make.h"

#define BOOK_GROW_CHAIN 128u	/* entries of one commit */

/* Money for Ada: of all entries the smallest that leave a row. */
static inline void book_grow(struct book_made *m, uint64_t size)
{
	static struct entry en;
	struct err e;
	uint64_t is;
	BOOK_MUST(book_size(m->b, &is, &e), &e);
	while (is < size) {
		struct buf notes[BOOK_GROW_CHAIN];
		struct book_item items[BOOK_GROW_CHAIN];
		size_t n = 0;
		for (; n < BOOK_GROW_CHAIN && is < size; n++, is++) {
			book_make_money(m->b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, m->ada, 1);
			book_make_sign(&en, m->operator, &notes[n], NULL);
			items[n] = (struct book_item){ notes[n].data, notes[n].len };
		}
		BOOK_MUST(book_append(m->b, items, n, NULL, &e), &e);
		while (n > 0)
			buf_done(&notes[--n]);
	}
}

static inline int book_grow_leaf(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	struct merkle_hash leaf;
	(void)index;
	merkle_leaf(&leaf, bytes, len);
	return merkle_range_add(ctx, &leaf, NULL, NULL, e);
}

static inline void book_grow_root(struct book *b, uint64_t size, struct merkle_hash *root)
{
	struct merkle_range range = { .size = 0 };
	struct err e;
	BOOK_MUST(book_entries(b, 0, size, book_grow_leaf, &range, &e), &e);
	merkle_range_root(&range, root);
}

#endif
