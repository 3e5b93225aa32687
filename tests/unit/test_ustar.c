/* core/base/ustar.c: the bytes are libarchive's, and anything else is refused by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "base/ustar.h"

static struct ustar_entry entry(const char *path, uint64_t size, bool executable)
{
	struct ustar_entry en = { .size = size, .executable = executable };
	(void)snprintf(en.path, sizeof en.path, "%s", path);
	return en;
}

/* One header by libarchive's ustar writer; ARCHIVE_OK or what it said. */
static int libarchive_header(uint8_t out[USTAR_BLOCK], const struct ustar_entry *en)
{
	uint8_t mem[4 * USTAR_BLOCK] = { 0 };
	size_t used = 0;
	struct archive *a = archive_write_new();
	struct archive_entry *ae = archive_entry_new();
	assert_int_equal(archive_write_set_format_ustar(a), ARCHIVE_OK);
	archive_write_set_bytes_per_block(a, USTAR_BLOCK);
	assert_int_equal(archive_write_open_memory(a, mem, sizeof mem, &used), ARCHIVE_OK);
	archive_entry_set_pathname(ae, en->path);
	archive_entry_set_size(ae, (int64_t)en->size);
	archive_entry_set_filetype(ae, AE_IFREG);
	archive_entry_set_perm(ae, en->executable ? 0755 : 0644);
	archive_entry_set_mtime(ae, 0, 0);
	int r = archive_write_header(a, ae);
	memcpy(out, mem, USTAR_BLOCK);
	archive_entry_free(ae);
	archive_write_free(a);
	return r;
}

static char *repeat(char *out, char c, size_t n)
{
	memset(out, c, n);
	out[n] = '\0';
	return out;
}

static void same_as_libarchive(const struct ustar_entry *en)
{
	uint8_t ours[USTAR_BLOCK], theirs[USTAR_BLOCK];
	struct ustar_entry back;
	struct err e = { 0 };
	bool end = true;
	assert_int_equal(libarchive_header(theirs, en), ARCHIVE_OK);
	assert_int_equal(ustar_encode(ours, en, &e), 0);
	assert_memory_equal(ours, theirs, USTAR_BLOCK);
	assert_int_equal(ustar_decode(&back, ours, &end, &e), 0);
	assert_false(end);
	assert_string_equal(back.path, en->path);
	assert_int_equal(back.size, en->size);
	assert_int_equal(back.executable, en->executable);
}

static void test_bytes(void **state)
{
	(void)state;
	static const char *const paths[] = { "a", "main.lua", "lib/x.lua", "contacts/email", "a b/c'd\"e", ".hidden", "..a/b.." };
	static const uint64_t sizes[] = { 0, 1, 511, 512, 513, 4096, 123456789, 8589934591 };
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
			struct ustar_entry en = entry(paths[i], sizes[j], (i + j) % 2 == 0);
			same_as_libarchive(&en);
		}
	}
}

/* Every total length and several depths: split where libarchive splits, refused where it refuses. */
static void test_split(void **state)
{
	(void)state;
	static const size_t steps[] = { 2, 3, 7, 20, 60, 99, 100, 101, 140, 155, 156, 254 };
	unsigned good = 0, bad = 0;
	for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
		for (size_t len = 90; len <= LIMIT_PATH_BYTES; len++) {
			char path[LIMIT_PATH_BYTES + 1];
			repeat(path, 'p', len);
			for (size_t i = steps[s]; i + 1 < len; i += steps[s] + 1)
				path[i] = '/';
			struct ustar_entry en = entry(path, len, false);
			uint8_t block[USTAR_BLOCK];
			if (libarchive_header(block, &en) == ARCHIVE_OK) {
				same_as_libarchive(&en);
				good++;
			} else {
				assert_int_equal(ustar_encode(block, &en, NULL), -1);
				bad++;
			}
		}
	}
	assert_true(good > 100 && bad > 100);
}

/* Past 8 GiB libarchive's ustar writer gives up, but its reader takes our base-256. */
static void test_large(void **state)
{
	(void)state;
	static const uint64_t sizes[] = { 8589934592, 68719476736, 1ull << 40, (1ull << 62) - 1 };
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct ustar_entry en = entry("big.bin", sizes[i], false), back;
		uint8_t block[USTAR_BLOCK];
		bool end;
		assert_int_not_equal(libarchive_header(block, &en), ARCHIVE_OK);
		assert_int_equal(ustar_encode(block, &en, NULL), 0);
		assert_int_equal(ustar_decode(&back, block, &end, NULL), 0);
		assert_true(back.size == sizes[i]);
		struct archive *a = archive_read_new();
		struct archive_entry *ae;
		archive_read_support_format_tar(a);
		assert_int_equal(archive_read_open_memory(a, block, sizeof block), ARCHIVE_OK);
		assert_int_equal(archive_read_next_header(a, &ae), ARCHIVE_OK);
		assert_true((uint64_t)archive_entry_size(ae) == sizes[i]);
		archive_read_free(a);
	}
	struct ustar_entry en = entry("big.bin", 1ull << 62, false);
	uint8_t block[USTAR_BLOCK];
	struct err e = { 0 };
	assert_int_equal(ustar_encode(block, &en, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
}

static void test_paths(void **state)
{
	(void)state;
	static const struct { const char *path; size_t len; const char *why; } rows[] = {
		{ "", 0, "empty" }, { "/a", 2, "relative" }, { "a//b", 4, "empty part" }, { "./a", 3, "\".\"" }, { "a/.", 3, "\".\"" },
		{ "..", 2, "\"..\"" }, { "a/../b", 6, "\"..\"" }, { "a/..", 4, "\"..\"" }, { "a\\b", 3, "backslash" }, { "a/", 2, "slash" },
		{ "a\nb", 3, "control" }, { "a\0b", 3, "control" }, { "a\x7f", 2, "control" }, { "a\xc2\x85", 3, "control" },
		{ "a\xff", 2, "UTF-8" }, { "a\xc0\xaf", 3, "UTF-8" }, { "\xed\xa0\x80", 3, "UTF-8" }
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct err e = { 0 };
		assert_int_equal(ustar_path_check(rows[i].path, rows[i].len, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		if (!strstr(e.msg, rows[i].why))
			fail_msg("row %zu: \"%s\" does not say %s", i, e.msg, rows[i].why);
	}
	char path[300];
	struct err e = { 0 };
	assert_int_equal(ustar_path_check(repeat(path, 'x', 100), 100, &e), 0);
	assert_int_equal(ustar_path_check(repeat(path, 'x', 101), 101, &e), -1);
	assert_non_null(strstr(e.msg, "divided"));
	assert_int_equal(ustar_path_check(repeat(path, 'x', 256), 256, &e), -1);
	assert_non_null(strstr(e.msg, "255"));
	assert_int_equal(ustar_path_check("h\xc3\xa9/\xe2\x82\xac", 7, &e), 0);
}

static void checksum_fix(uint8_t block[USTAR_BLOCK])
{
	unsigned sum = 0;
	char text[9];
	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < USTAR_BLOCK; i++)
		sum += block[i];
	(void)snprintf(text, sizeof text, "%06o", sum);
	memcpy(block + 148, text, 7);
}

/* Each change makes a header that some tar would read as the same file, or as something worse. */
static void test_refused(void **state)
{
	(void)state;
	static const struct { size_t at; const char *bytes; size_t n; const char *why; } rows[] = {
		{ 156, "1", 1, "hard link" }, { 156, "2", 1, "symbolic link" }, { 156, "3", 1, "device" }, { 156, "5", 1, "directory" },
		{ 156, "6", 1, "fifo" }, { 156, "x", 1, "pax" }, { 156, "g", 1, "pax" }, { 156, "L", 1, "GNU" }, { 156, "S", 1, "sparse" },
		{ 156, "\0", 1, "before POSIX" }, { 156, "Q", 1, "unknown type" },
		{ 257, "ustar  \0", 8, "magic" }, { 257, "\0\0\0\0\0\0\0\0", 8, "not a ustar header" }, { 263, "01", 2, "version" },
		{ 100, "000600 \0", 8, "mode" }, { 100, "004755 \0", 8, "mode" }, { 100, "0000644\0", 8, "mode" },
		{ 108, "000001 \0", 8, "uid" }, { 116, "000001 \0", 8, "gid" }, { 116, "\x80\0\0\0\0\0\0\0", 8, "gid" },
		{ 124, "\x80\0\0\0\0\0\0\0\0\0\0\x05", 12, "size" }, { 124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12, "large" },
		{ 124, "          5 ", 12, "size" }, { 124, "00000000005\0", 12, "size" }, { 124, "00000000009 ", 12, "size" },
		{ 136, "00000000001 ", 12, "mtime" }, { 157, "x", 1, "link name" }, { 265, "root", 4, "user name" },
		{ 297, "root", 4, "group name" }, { 329, "000001 \0", 8, "device major" }, { 337, "000001 \0", 8, "device minor" },
		{ 345, "x\0y", 3, "name" }, { 345, "x", 1, "name" }, { 345, "..", 2, "\"..\"" }, { 500, "x", 1, "padding" },
		{ 154, " \0", 2, "not canonical: checksum" }, { 0, "a\0z", 3, "name" }, { 0, "/", 1, "relative" }, { 0, "..\0", 3, "\"..\"" }, { 0, "\0\0\0", 3, "empty" }
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ustar_entry en = entry("a.b", 5, false);
		uint8_t block[USTAR_BLOCK];
		struct err e = { 0 };
		bool end;
		assert_int_equal(ustar_encode(block, &en, &e), 0);
		memcpy(block + rows[i].at, rows[i].bytes, rows[i].n);
		if (rows[i].at != 154)
			checksum_fix(block);
		if (ustar_decode(&en, block, &end, &e) == 0)
			fail_msg("row %zu (%s) was accepted", i, rows[i].why);
		if (!strstr(e.msg, rows[i].why))
			fail_msg("row %zu: \"%s\" does not say %s", i, e.msg, rows[i].why);
		assert_string_equal(en.path, "");
	}
}

static void test_any_bit(void **state)
{
	(void)state;
	struct ustar_entry en = entry("main.lua", 77, false), back;
	uint8_t block[USTAR_BLOCK];
	bool end;
	assert_int_equal(ustar_encode(block, &en, NULL), 0);
	for (size_t bit = 0; bit < 8 * USTAR_BLOCK; bit++) {
		block[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(ustar_decode(&back, block, &end, NULL), -1);
		block[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_int_equal(ustar_decode(&back, block, &end, NULL), 0);
}

static void test_end(void **state)
{
	(void)state;
	uint8_t block[USTAR_BLOCK] = { 0 };
	struct ustar_entry en;
	bool end = false;
	assert_int_equal(ustar_decode(&en, block, &end, NULL), 0);
	assert_true(end);
	block[USTAR_BLOCK - 1] = 1;
	assert_int_equal(ustar_decode(&en, block, &end, NULL), -1);
	assert_false(end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes), cmocka_unit_test(test_split), cmocka_unit_test(test_large), cmocka_unit_test(test_paths),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_any_bit), cmocka_unit_test(test_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
