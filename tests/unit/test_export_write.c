/* core/book/export_write.c: exports of all sizes, what they write again and what they keep, and that nothing is written which would not verify. Exports that break off are
 * test_export_fault.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/export_make.h"

static void write_fails(const struct made_log *m, const char *dir, const char *words)
{
	struct err e = { 0 };
	assert_int_equal(export_to(m, dir, NULL, &e), -1);
	if (e.code != ERR_INVALID || !strstr(e.msg, words))
		fail_msg("%s, not \"%s\": %s", err_name(e.code), words, e.msg);
}

/* Sizes around the edges of tiles, each into a folder of its own, and one after another into one folder: the same checkpoints and counts. */
static void sizes(void **state)
{
	(void)state;
	static const uint64_t list[] = { 0, 1, 2, 255, 256, 257, 512, 700 };
	char grown[PATH_MAX], fresh[PATH_MAX];
	scratch_make(grown);
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
		struct made_log m;
		struct export_count count = { 0 }, again = { 0 };
		struct buf a = BUF_INIT(MIB(1)), b = BUF_INIT(MIB(1));
		made_init(&m, list[i], TILE_ENTRY_BYTES, LOG);
		struct tlog_policy *p = made_policy(&m);
		scratch_make(fresh);
		write_ok(&m, fresh, &count);
		uint64_t tiles = (list[i] + 255) / 256, full = i > 0 ? list[i - 1] / 256 : 0;
		assert_int_equal(count.bundles, tiles);
		assert_int_equal(count.tiles, tiles + (list[i] >= 256));
		assert_int_equal(count.kept, 0);
		verify_ok(fresh, p, list[i]);
		verify_ok(fresh, NULL, list[i]);
		write_ok(&m, fresh, &again);
		assert_int_equal(again.kept, count.bundles + count.tiles + 1);
		assert_int_equal(again.bytes, count.bytes);
		write_ok(&m, grown, &again);
		assert_int_equal(again.kept, 2 * full + (full > 0 && list[i] / 256 == full));	/* full tiles and bundles, and level 1 while it is as wide */
		verify_ok(grown, p, list[i]);
		file_get(fresh, "checkpoint", &a);
		file_get(grown, "checkpoint", &b);
		assert_string_equal(buf_text(&a), buf_text(&b));
		buf_done(&a);
		buf_done(&b);
		scratch_remove(fresh);
		tlog_policy_free(p);
		made_done(&m);
	}
	scratch_remove(grown);
}

/* Progress comes once for each bundle and ends at the end. */
static void progress_seen(void *ctx, uint64_t done, uint64_t total)
{
	uint64_t *last = ctx;
	assert_int_equal(total, 700);
	assert_true(done > *last && done <= total);
	*last = done;
}

static void progress(void **state)
{
	(void)state;
	char dir[PATH_MAX];
	struct made_log m;
	uint64_t last = 0;
	scratch_make(dir);
	made_init(&m, 700, SMALL, LOG);
	assert_int_equal(export_write(&m.source, dir, NULL, progress_seen, &last, NULL), 0);
	assert_int_equal(last, 700);
	made_done(&m);
	scratch_remove(dir);
}

/* The writer goes on only with the same book, and writes nothing that would not verify. */
static void refusals(void **state)
{
	struct flips *f = *state;
	struct made_log other, fork, older;
	struct buf tile = BUF_INIT(MIB(1));
	made_init(&other, FLIP_SIZE, SMALL, OTHER_LOG);
	write_fails(&other, f->dir, "not of this book");
	made_init(&fork, FLIP_SIZE + 1, SMALL + 1, LOG);
	write_fails(&fork, f->dir, "contradicts the tree");
	made_init(&older, FLIP_SIZE - 1, SMALL, LOG);
	write_fails(&older, f->dir, "rolled back");
	verify_ok(f->dir, f->policy, FLIP_SIZE);

	file_get(f->dir, "tile/0/000", &tile);
	tile.data[5] ^= 1;
	scratch_file(f->dir, "tile/0/000", tile.data, tile.len);
	write_fails(&f->m, f->dir, "tile/0/000");
	scratch_file(f->dir, "tile/0/000", tile.data, tile.len - 1);
	write_fails(&f->m, f->dir, "tile/0/000");
	file_remove(f->dir, "tile/0/000");
	write_ok(&f->m, f->dir, NULL);	/* what is missing comes back */
	verify_ok(f->dir, f->policy, FLIP_SIZE);

	char dir[PATH_MAX];
	scratch_make(dir);
	struct merkle_hash right = f->m.levels[0][3];
	f->m.levels[0][3].b[0] ^= 1;	/* a stored hash that has decayed: the root above it has not */
	write_fails(&f->m, dir, "entry 3 is not the one in the tree");
	f->m.levels[0][3] = right;
	f->m.levels[8][0].b[0] ^= 1;
	write_fails(&f->m, dir, "contradicts the tree");
	f->m.levels[8][0].b[0] ^= 1;
	scratch_remove(dir);
	buf_done(&tile);
	made_done(&other);
	made_done(&fork);
	made_done(&older);
}

int main(void)
{
#define FLIP(name) cmocka_unit_test_setup_teardown(name, flips_setup, flips_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes), cmocka_unit_test(progress), FLIP(refusals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
