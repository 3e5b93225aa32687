/* core/form/tile.c: paths in one spelling, widths for each size of a tree, and bundles of entries cut at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "form/tile.h"

static const uint64_t size_max = (UINT64_C(1) << 63) - 1;

static const struct { const char *path; struct tile t; } paths[] = {
	{ "tile/0/000", { 0, 0, 256 } },
	{ "tile/0/x001/x234/067", { 0, 1234067, 256 } },	/* the example of C2SP tlog-tiles */
	{ "tile/0/x001/x234/067.p/8", { 0, 1234067, 8 } },
	{ "tile/entries/000", { TILE_ENTRIES, 0, 256 } },
	{ "tile/entries/x001/000.p/255", { TILE_ENTRIES, 1000, 255 } },
	{ "tile/1/999.p/1", { 1, 999, 1 } },
	{ "tile/7/000.p/127", { 7, 0, 127 } },
	{ "tile/0/x036/x028/x797/x018/x963/967.p/255", { 0, (UINT64_C(1) << 55) - 1, 255 } },
};

static void path_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		char out[TILE_PATH];
		struct tile t;
		tile_path(out, &paths[i].t);
		assert_string_equal(out, paths[i].path);
		assert_int_equal(tile_path_parse(&t, paths[i].path, NULL), 0);
		assert_int_equal(t.level, paths[i].t.level);
		assert_int_equal(t.index, paths[i].t.index);
		assert_int_equal(t.width, paths[i].t.width);
	}
}

static void path_refusals(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/1", "tile/00/000",
		"tile/8/000", "tile/63/000", "tile/-1/000", "tile/x/000", "tile/data/000", "tile/entries", "tile/entries/", "tile/entriesx/000",
		"/tile/0/000", "tile//000", "tile/0/000/", "tile/0/000/001", "tile/0/x000/001", "tile/0/001/x234", "tile/0/x001", "tile/0/x001/",
		"tile/0/x001/x234", "tile/0/X001/234", "tile/0/x001//234", "tile/0/x01/234", "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0",
		"tile/0/000.p/256", "tile/0/000.p/08", "tile/0/000.p/-8", "tile/0/000.p/+8", "tile/0/000.p/8/", "tile/0/000.p/8 ", "tile/0/000.p/4294967304",
		"tile/0/000.P/8", "tile/0/000p/8", "tile/0/0a0", "tile/0/ 00", "tile/0/000\n", "tile/7/001.p/1", "tile/7/000", "tile/7/000.p/128",
		"tile/6/127", "tile/0/x036/x028/x797/x018/x963/967", "tile/0/x036/x028/x797/x018/x963/968.p/1",
		"tile/0/x999/x999/x999/x999/x999/999", "tile/0/x001/x999/x999/x999/x999/x999/999", "../tile/0/000", "tile/0/../000" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct tile t;
		struct err e = { 0 };
		if (tile_path_parse(&t, bad[i], &e) == 0)
			fail_msg("%s was taken", bad[i]);
		assert_int_equal(e.code, ERR_INVALID);
	}
}

/* No other byte at any place of a path gives a path of the same tile, and what is accepted is written the same. */
static void path_spellings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		char path[TILE_PATH], again[TILE_PATH];
		strcpy(path, paths[i].path);
		for (size_t at = 0; path[at] != '\0'; at++) {
			char was = path[at];
			for (int c = 1; c < 256; c++) {
				struct tile t;
				path[at] = (char)c;
				if (tile_path_parse(&t, path, NULL) < 0)
					continue;
				tile_path(again, &t);
				assert_string_equal(again, path);
				if (path[at] != was)
					assert_false(t.level == paths[i].t.level && t.index == paths[i].t.index && t.width == paths[i].t.width);
			}
			path[at] = was;
		}
	}
}

static void many_indices(void **state)
{
	(void)state;
	uint64_t seed = 88172645463325252u;
	for (unsigned i = 0; i < 20000; i++) {
		char path[TILE_PATH];
		struct tile t, got;
		seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
		t.level = (int)(seed % 8) - 1;
		t.index = (seed >> 3) >> (8 + seed % 56);
		t.width = tile_width(t.level, t.index, size_max);
		if (t.width == 0)
			continue;
		tile_path(path, &t);
		assert_int_equal(tile_path_parse(&got, path, NULL), 0);
		assert_true(got.level == t.level && got.index == t.index && got.width == t.width);
	}
}

/* The example of C2SP: 70,000 entries. */
static void widths(void **state)
{
	(void)state;
	static const struct { int level; uint64_t index, size; unsigned width; } rows[] = {
		{ 0, 0, 70000, 256 }, { 0, 272, 70000, 256 }, { 0, 273, 70000, 112 }, { 0, 274, 70000, 0 }, { 1, 0, 70000, 256 }, { 1, 1, 70000, 17 },
		{ 1, 2, 70000, 0 }, { 2, 0, 70000, 1 }, { 2, 1, 70000, 0 }, { 3, 0, 70000, 0 }, { TILE_ENTRIES, 273, 70000, 112 },
		{ TILE_ENTRIES, 274, 70000, 0 }, { 0, 0, 256, 256 }, { 0, 1, 256, 0 }, { 1, 0, 256, 1 }, { 1, 0, 255, 0 }, { 0, 0, 0, 0 },
		{ TILE_ENTRIES, 0, 0, 0 }, { 7, 0, (UINT64_C(1) << 63) - 1, 127 }, { 8, 0, (UINT64_C(1) << 63) - 1, 0 }, { -2, 0, 1000, 0 },
		{ 0, UINT64_MAX, (UINT64_C(1) << 63) - 1, 0 }, { 0, UINT64_C(1) << 56, 1, 0 }, { 0, UINT64_C(1) << 55, (UINT64_C(1) << 63) - 1, 0 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(tile_width(rows[i].level, rows[i].index, rows[i].size), rows[i].width);
}

/* For each size, the tiles of a level hold each complete subtree once, and none is empty. */
static void widths_add_up(void **state)
{
	(void)state;
	for (uint64_t size = 0; size < 200000; size += size < 2000 ? 1 : 997)
		for (int level = TILE_ENTRIES; level < 4; level++) {
			uint64_t sum = 0, want = size >> (8 * (level < 0 ? 0 : level)), index = 0;
			for (unsigned w; (w = tile_width(level, index, size)) > 0; index++) {
				assert_true(w == TILE_WIDTH || tile_width(level, index + 1, size) == 0);
				sum += w;
			}
			assert_int_equal(sum, want);
		}
}

static void bundles(void **state)
{
	(void)state;
	static uint8_t long_one[TILE_ENTRY_BYTES + 1];
	static const struct { const char *text; size_t n; } rows[] = { { "first", 5 }, { "", 0 }, { "\x00\x01\x00", 3 }, { NULL, TILE_ENTRY_BYTES }, { "last", 4 } };
	const size_t count = sizeof rows / sizeof rows[0];
	struct buf b = BUF_INIT(TILE_BUNDLE_BYTES);
	struct err e = { 0 };
	size_t at = 0, i = 0, n;
	const uint8_t *entry;
	memset(long_one, 'l', sizeof long_one);
	for (i = 0; i < count; i++)
		assert_int_equal(tile_bundle_add(&b, rows[i].text ? (const void *)rows[i].text : long_one, rows[i].n, NULL), 0);
	assert_int_equal(b.len, 2 * count + 5 + 3 + TILE_ENTRY_BYTES + 4);
	assert_memory_equal(b.data, "\x00\x05" "first\x00\x00\x00\x03\x00\x01\x00\xff\xff", 16);
	assert_int_equal(tile_bundle_add(&b, long_one, sizeof long_one, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	for (i = 0; tile_bundle_next(b.data, b.len, &at, &entry, &n, NULL) == 1; i++) {
		assert_true(i < count);
		assert_int_equal(n, rows[i].n);
		assert_memory_equal(entry, rows[i].text ? (const void *)rows[i].text : long_one, n);
	}
	assert_int_equal(i, count);
	assert_int_equal(at, b.len);
	assert_int_equal(tile_bundle_next(b.data, b.len, &at, &entry, &n, NULL), 0);
	buf_done(&b);
}

/* A bundle that is cut is either whole up to there or says where it ends. */
static void cut_bundles(void **state)
{
	(void)state;
	struct buf b = BUF_INIT(KIB(1));
	size_t ends[5] = { 0 }, whole = 0;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(tile_bundle_add(&b, "abcdefgh", 2 * i, NULL), 0);
		ends[i + 1] = b.len;
	}
	for (size_t len = 0; len <= b.len; len++) {
		uint8_t *copy = malloc(len ? len : 1);	/* so that a sanitizer sees a byte too far */
		struct err e = { 0 };
		size_t at = 0, n, entries = 0;
		const uint8_t *entry;
		int r;
		assert_non_null(copy);
		memcpy(copy, b.data, len);
		while ((r = tile_bundle_next(copy, len, &at, &entry, &n, &e)) == 1)
			entries++;
		bool clean = false;
		for (size_t i = 0; i < 5; i++)
			clean = clean || ends[i] == len;
		assert_int_equal(r, clean ? 0 : -1);
		assert_int_equal(e.code, clean ? ERR_NONE : ERR_INVALID);
		assert_int_equal(ends[entries], at);
		whole += clean;
		free(copy);
	}
	assert_int_equal(whole, 5);
	buf_done(&b);
}

static void full_bundle(void **state)
{
	(void)state;
	struct buf b = BUF_INIT(12);
	struct err e = { 0 };
	assert_int_equal(tile_bundle_add(&b, "12345", 5, NULL), 0);
	assert_int_equal(tile_bundle_add(&b, "1234", 4, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(b.len, 7);	/* not half an entry */
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_rows),
		cmocka_unit_test(path_refusals),
		cmocka_unit_test(path_spellings),
		cmocka_unit_test(many_indices),
		cmocka_unit_test(widths),
		cmocka_unit_test(widths_add_up),
		cmocka_unit_test(bundles),
		cmocka_unit_test(cut_bundles),
		cmocka_unit_test(full_bundle),
	};
	return cmocka_run_group_tests_name("tile", tests, NULL, NULL);
}
