/* core/book/book_tree.c: every hash of the tree is read as it follows from the entries, around full tiles too; every entry is proven in every checkpoint; a damaged head
 * or a missing hash is said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "book/book_inner.h"
#include "unit/book_grow.h"
#include "unit/book_make.h"
#include "unit/book_rows.h"

static struct entry en;

/* Every hash of the tree, at each level, is the one that follows from the leaves below it; a hash beyond the last full subtree is not there. */
static void every_subtree_is_read(void **state)
{
	struct book_made *m = *state;
	static struct merkle_hash row[513];
	struct merkle_hash got;
	struct err e;
	book_grow(m, 513);
	for (size_t i = 0; i < 513; i++)
		BOOK_MUST(book_tree_read(m->b, 0, i, &row[i], &e), &e);
	for (unsigned level = 1; level <= 9; level++) {
		const uint64_t n = 513u >> level;
		for (uint64_t i = 0; i < n; i++) {
			merkle_node(&row[i], &row[2 * i], &row[2 * i + 1]);
			BOOK_MUST(book_tree_read(m->b, level, i, &got, &e), &e);
			assert_memory_equal(&got, &row[i], sizeof got);
		}
		assert_int_equal(book_tree_read(m->b, level, n, &got, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_non_null(strstr(e.msg, "is missing"));
	}
}

/* A hash that is gone, or is none, is said with its place; it is never taken for another. */
static void a_missing_hash_is_named(void **state)
{
	struct book_made *m = *state;
	static const struct { const char *sql, *words; unsigned level; uint64_t at; } rows[] = {
		{ "UPDATE entry SET leaf = x'00' WHERE seq = 7", "hash 7 of its tree's level 0", 0, 7 },
		{ "UPDATE entry SET leaf = x'00' WHERE seq = 9", "hash 7 of its tree's level 0", 4, 0 },	/* the first one that is missing */
		{ "DELETE FROM node WHERE level = 1 AND at = 1", "hash 1 of its tree's level 8", 9, 0 },
	};
	struct merkle_hash got;
	struct err e;
	book_grow(m, 513);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		book_rows_change(m->path, rows[i].sql);
		assert_int_equal(book_tree_read(m->b, rows[i].level, rows[i].at, &got, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		if (!strstr(e.msg, rows[i].words))
			fail_msg("not “%s”: %s", rows[i].words, e.msg);
	}
}

/* As many peaks as its size has bits, or it is corrupt: and then what was known before stays. */
static void a_corrupt_head_is_refused(void **state)
{
	struct book_made *m = *state;
	static const char *const wrong[] = {
		"UPDATE head SET peaks = x''", "UPDATE head SET size = size + 1", "UPDATE head SET peaks = CAST(peaks || x'00' AS BLOB)", "UPDATE head SET size = -1", "DELETE FROM head",
	};
	struct err e;
	BOOK_MUST(book_head_load(m->b, &e), &e);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		const struct book_head before = m->b->head;
		book_rows_change(m->path, wrong[i]);
		if (book_head_load(m->b, &e) == 0)
			fail_msg("loaded: %s", wrong[i]);
		assert_memory_equal(&before, &m->b->head, sizeof before);
		BOOK_MUST(book_head_store(m->b, &e), &e);
		BOOK_MUST(book_head_load(m->b, &e), &e);
		assert_int_equal(m->b->head.range.size, BOOK_MAKE_ENTRIES);
	}
}

/* By the hash of its text, and by nothing else; the count goes by the last one. */
static void entries_are_known_and_counted(void **state)
{
	struct book_made *m = *state;
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	uint8_t id[ID_BYTES];
	uint64_t at = 99, count;
	size_t text_len;
	struct err e;
	for (uint64_t i = 0; i < BOOK_MAKE_ENTRIES; i++) {
		buf_clear(&bytes);
		BOOK_MUST(book_entry(m->b, i, &bytes, &e), &e);
		BOOK_MUST(entry_decode(&en, bytes.data, bytes.len, &text_len, &e), &e);
		entry_hash(id, bytes.data, text_len);
		assert_int_equal(book_entry_known(m->b, id, &at, &e), 1);
		assert_int_equal(at, i);
		id[0] ^= 1;
		assert_int_equal(book_entry_known(m->b, id, &at, &e), 0);
	}
	BOOK_MUST(book_entry_count(m->b, &count, &e), &e);
	assert_int_equal(count, BOOK_MAKE_ENTRIES);
	buf_done(&bytes);
}

struct proving { struct book *b; const struct checkpoint *c; uint64_t seen; };

static int prove_one(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	struct proving *p = ctx;
	struct merkle_proof proof;
	struct merkle_hash leaf;
	merkle_leaf(&leaf, bytes, len);
	p->seen++;
	return merkle_inclusion_prove(book_reader(p->b), index, p->c->size, &proof, e) < 0 ||
		merkle_inclusion_verify(&leaf, index, p->c->size, &proof, &p->c->root, e) < 0 ? -1 : 0;
}

/* At sizes around full tiles: each entry in each checkpoint, and each checkpoint in the later ones. Every root is also computed from the bytes alone. */
static void every_entry_is_proven_in_every_checkpoint(void **state)
{
	struct book_made *m = *state;
	static const uint64_t sizes[] = { 4, 255, 256, 257, 511, 512, 513 };
	enum { N = sizeof sizes / sizeof sizes[0] };
	struct checkpoint c[N];
	struct err e;
	for (size_t i = 0; i < N; i++) {
		struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
		struct note parsed;
		book_grow(m, sizes[i]);
		BOOK_MUST(book_checkpoint(m->b, &note, &e), &e);
		BOOK_MUST(checkpoint_open(&c[i], &parsed, buf_text(&note), note.len, NULL, &e), &e);
		assert_int_equal(c[i].size, sizes[i]);
		buf_done(&note);
	}
	for (size_t i = 0; i < N; i++) {
		struct proving p = { m->b, &c[i], 0 };
		struct merkle_hash root;
		book_grow_root(m->b, sizes[i], &root);
		assert_memory_equal(&root, &c[i].root, sizeof root);
		BOOK_MUST(book_entries(m->b, 0, sizes[i], prove_one, &p, &e), &e);
		assert_int_equal(p.seen, sizes[i]);
		for (size_t k = i; k < N; k++) {
			struct merkle_proof proof;
			BOOK_MUST(merkle_consistency_prove(book_reader(m->b), sizes[i], sizes[k], &proof, &e), &e);
			BOOK_MUST(merkle_consistency_verify(sizes[i], &c[i].root, sizes[k], &c[k].root, &proof, &e), &e);
		}
	}
	struct book_checked checked;
	BOOK_MUST(book_verify(m->b, &checked, NULL, NULL, &e), &e);
	assert_int_equal(checked.entries, 513);
	assert_int_equal(checked.checkpoints, N);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, book_make_setup, book_make_teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_subtree_is_read), TEST(a_missing_hash_is_named), TEST(a_corrupt_head_is_refused), TEST(entries_are_known_and_counted),
		TEST(every_entry_is_proven_in_every_checkpoint),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
