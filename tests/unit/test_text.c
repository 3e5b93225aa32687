/* core/base/text.c: sizes, durations, amounts and names as people type them, and what is written for them to read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/text.h"

#define ROWS(t) (sizeof (t) / sizeof (t)[0])

static void test_sizes(void **state)
{
	(void)state;
	static const struct { const char *text; uint64_t want; } good[] = { { "0", 0 }, { "512", 512 }, { "1B", 1 }, { "64KiB", 65536 }, { "64MiB", 67108864 },
		{ "1GiB", 1073741824 }, { "2TiB", 2199023255552 }, { "1KB", 1000 }, { "3MB", 3000000 }, { "1GB", 1000000000 }, { "18446744073709551615", UINT64_MAX } };
	static const char *const wrong[] = { "", "KiB", "-1", "+1", " 1", "1 KiB", "1kib", "1K", "1.5MiB", "007", "0x10", "1KiBs", "18446744073709551616", "99999999999TiB" };
	uint64_t v;
	struct err e = { 0 };
	for (size_t i = 0; i < ROWS(good); i++) {
		assert_int_equal(text_size(good[i].text, &v, &e), 0);
		assert_true(v == good[i].want);
	}
	for (size_t i = 0; i < ROWS(wrong); i++)
		if (text_size(wrong[i], &v, &e) != -1)
			fail_msg("the size \"%s\" was accepted", wrong[i]);
	assert_int_equal(text_size("1.5MiB", &v, &e), -1);
	assert_string_equal(e.msg, "\"1.5MiB\" is not a size; write it like 512, 64KiB, 64MiB or 1GiB");
}

static void test_durations(void **state)
{
	(void)state;
	static const struct { const char *text; uint64_t want; } good[] = { { "250ms", 250 }, { "0s", 0 }, { "10s", 10000 }, { "5m", 300000 }, { "1h", 3600000 },
		{ "2d", 172800000 } };
	static const char *const wrong[] = { "", "10", "s", "1.5s", "-1s", "1S", "1 s", "01s", "1h30m", "99999999999999999999s", "999999999999999999h" };
	uint64_t v;
	for (size_t i = 0; i < ROWS(good); i++) {
		assert_int_equal(text_duration_ms(good[i].text, &v, NULL), 0);
		assert_true(v == good[i].want);
	}
	for (size_t i = 0; i < ROWS(wrong); i++)
		if (text_duration_ms(wrong[i], &v, NULL) != -1)
			fail_msg("the duration \"%s\" was accepted", wrong[i]);
}

static void test_amounts(void **state)
{
	(void)state;
	static const struct { const char *text; uint64_t want; } good[] = {
		{ "0", 0 }, { "12", 12 }, { "12nRLC", 12 }, { "12 nRLC", 12 }, { "0nRLC", 0 }, { "0RLC", 0 }, { "0.0RLC", 0 }, { "1RLC", 1000000000 }, { "1.5RLC", 1500000000 },
		{ "1.50 RLC", 1500000000 }, { "0.000000001RLC", 1 }, { "1.000000001RLC", 1000000001 }, { "0.1RLC", 100000000 }, { "0.3RLC", 300000000 },
		{ "10RLC", UINT64_C(10000000000) }, { "4611686018427387903", TEXT_AMOUNT_MAX }, { "4611686018.427387903RLC", TEXT_AMOUNT_MAX },
		{ "4611686018RLC", UINT64_C(4611686018000000000) }, { "9007199254740993", UINT64_C(9007199254740993) },	/* 2^53 + 1: no double holds it */
	};
	static const char *const wrong[] = {
		"", " ", "RLC", "nRLC", "-1", "+1", "01", "00RLC", ".5RLC", "1.RLC", "1.", "1.5", "1.5nRLC", "1.0000000001RLC", "1.0000000000RLC", "1e9", "1,5RLC", "0x10", "1rlc",
		"1 ", "1  RLC", " 1", "1RLC ", "1 RLC2", "1.5.5RLC", "1.5 R", "4611686018427387904", "4611686018.427387904RLC", "4611686019RLC", "9223372036854775808",
		"18446744073709551616", "18446744073709551617", "18446744074RLC", "99999999999999999999999999RLC", "36893488147419103232", "1\n", "nan", "inf", "1\xc2\xa0RLC",
		"18446744073.709551616RLC", "18446744073.709551617RLC",
	};
	uint64_t v = 0;
	for (size_t i = 0; i < ROWS(good); i++) {
		if (text_amount(good[i].text, &v, NULL) != 0 || v != good[i].want)
			fail_msg("the amount \"%s\" is %llu", good[i].text, (unsigned long long)v);
	}
	for (size_t i = 0; i < ROWS(wrong); i++) {
		struct err e;
		if (text_amount(wrong[i], &v, &e) != -1 || e.code != ERR_INVALID)
			fail_msg("the amount \"%s\" was accepted", wrong[i]);
	}
}

static void test_amounts_written(void **state)
{
	(void)state;
	static const struct { uint64_t v; const char *want; } rows[] = {
		{ 0, "0 RLC" }, { 1, "1 nRLC" }, { 999999, "999999 nRLC" }, { 1000000, "0.001 RLC" }, { 1000001, "0.001000001 RLC" }, { 100000000, "0.1 RLC" },
		{ 999999999, "0.999999999 RLC" }, { 1000000000, "1 RLC" }, { 1500000000, "1.5 RLC" }, { UINT64_C(100000000000), "100 RLC" },
		{ TEXT_AMOUNT_MAX, "4611686018.427387903 RLC" }, { UINT64_MAX, "18446744073.709551615 RLC" },
	};
	char out[TEXT_AMOUNT];
	for (size_t i = 0; i < ROWS(rows); i++) {
		text_amount_write(out, rows[i].v);
		assert_string_equal(out, rows[i].want);
	}
	uint64_t v = 88172645463325252, back;	/* xorshift64 */
	for (int i = 0; i < 100000; i++) {
		v ^= v << 13;
		v ^= v >> 7;
		v ^= v << 17;
		uint64_t amount = (v & TEXT_AMOUNT_MAX) >> (v >> 58 & 63) % 62;
		text_amount_write(out, amount);
		if (text_amount(out, &back, NULL) != 0 || back != amount)
			fail_msg("%llu is written as \"%s\"", (unsigned long long)amount, out);
	}
}

static void test_escape(void **state)
{
	(void)state;
	static const struct { const char *text; size_t len; const char *want; } rows[] = {
		{ "plain text, h\xc3\xa9!", 16, "plain text, h\xc3\xa9!" }, { "a\nb\tc", 5, "a\\x0ab\\x09c" }, { "\x1b[31mred", 8, "\\x1b[31mred" },
		{ "a\0b", 3, "a\\x00b" }, { "\x7f", 1, "\\x7f" }, { "\xff\xc3(", 3, "\\xff\\xc3(" }, { "\xc2\x9b" "2J", 4, "\\u{009b}2J" },
		{ "evil\xe2\x80\xae" "txt.exe", 14, "evil\\u{202e}txt.exe" }, { "\xe2\x81\xa6", 3, "\\u{2066}" }, { "\xef\xbb\xbf", 3, "\\u{feff}" },
		{ "\xf3\xa0\x81\x81", 4, "\\u{e0041}" }, { "\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80" }, { "", 0, "" },
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct buf b = BUF_INIT(256);
		assert_int_equal(text_escape(&b, rows[i].text, rows[i].len, NULL), 0);
		assert_string_equal(buf_text(&b), rows[i].want);
		size_t same = 0;	/* text_plain and text_escape agree on where the first character to escape is */
		while (same < rows[i].len && rows[i].text[same] == rows[i].want[same])
			same++;
		assert_int_equal(text_plain(rows[i].text, rows[i].len), same);
		buf_done(&b);
	}
	struct buf small = BUF_INIT(3);
	assert_int_equal(text_escape(&small, "a\n", 2, NULL), -1);
	buf_done(&small);
}

static void test_nearest(void **state)
{
	(void)state;
	static const char *const words[] = { "protect", "grant", "grants", "revoke", "run-task", "book", "data", NULL };
	static const char *const rows[][2] = { { "protcet", "protect" }, { "grnat", "grant" }, { "gransts", "grants" }, { "revok", "revoke" }, { "runtask", "run-task" },
		{ "bok", "book" }, { "dta", "data" }, { "data", "data" }, { "boook", "book" } };
	static const char *const far[] = { "", "x", "zzzzzz", "xylophone", "ab" };
	static const char *const nobody[] = { NULL };
	char huge[5000];
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_string_equal(text_nearest(rows[i][0], words), rows[i][1]);
	for (size_t i = 0; i < ROWS(far); i++)
		assert_null(text_nearest(far[i], words));
	assert_null(text_nearest("data", nobody));
	memset(huge, 'a', sizeof huge - 1);
	huge[sizeof huge - 1] = '\0';
	assert_null(text_nearest(huge, words));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes), cmocka_unit_test(test_durations), cmocka_unit_test(test_amounts),
		cmocka_unit_test(test_amounts_written), cmocka_unit_test(test_escape), cmocka_unit_test(test_nearest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
