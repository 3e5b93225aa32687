/* core/base/hex.c, base64.c, bech32.c, utf8.c and text.c: the vectors of their standards, and every other spelling refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/text.h"

#define ROWS(t) (sizeof (t) / sizeof (t)[0])

static void test_hex(void **state)
{
	(void)state;
	static const char *const wrong[] = { "0", "000", "0g", "0A", "FF", " 0", "0x", "\xff\xff", "a" };
	uint8_t in[256], out[256];
	char text[HEX_LEN(256) + 1];
	for (unsigned i = 0; i < 256; i++)
		in[i] = (uint8_t)i;
	hex_encode(text, in, 256);
	assert_int_equal(strlen(text), 512);
	assert_memory_equal(text, "000102030405060708090a0b0c0d0e0f10", 34);
	assert_int_equal(hex_decode(out, 256, text, 512), 0);
	assert_memory_equal(in, out, 256);
	assert_int_equal(hex_decode(out, 255, text, 512), -1);
	assert_int_equal(hex_decode(out, 256, text, 511), -1);
	assert_int_equal(hex_decode(out, 0, "", 0), 0);
	for (size_t i = 0; i < ROWS(wrong); i++)
		assert_int_equal(hex_decode(out, 1, wrong[i], strlen(wrong[i])), -1);
}

/* RFC 4648 section 10 */
static void test_base64_vectors(void **state)
{
	(void)state;
	static const char *const rows[][3] = { { "", "", "" }, { "f", "Zg==", "Zg" }, { "fo", "Zm8=", "Zm8" }, { "foo", "Zm9v", "Zm9v" },
		{ "foob", "Zm9vYg==", "Zm9vYg" }, { "fooba", "Zm9vYmE=", "Zm9vYmE" }, { "foobar", "Zm9vYmFy", "Zm9vYmFy" } };
	for (size_t i = 0; i < ROWS(rows); i++) {
		char text[16];
		uint8_t bytes[16];
		size_t n = strlen(rows[i][0]);
		base64_encode(text, rows[i][0], n);
		assert_string_equal(text, rows[i][1]);
		assert_int_equal(strlen(text), BASE64_LEN(n));
		assert_int_equal(base64_decode(bytes, n, text, strlen(text)), n);
		assert_memory_equal(bytes, rows[i][0], n);
		base64_raw_encode(text, rows[i][0], n);
		assert_string_equal(text, rows[i][2]);
		assert_int_equal(strlen(text), BASE64_RAW_LEN(n));
		assert_int_equal(base64_raw_decode(bytes, n, text, strlen(text)), n);
		assert_memory_equal(bytes, rows[i][0], n);
		if (n)
			assert_int_equal(base64_decode(bytes, n - 1, rows[i][1], strlen(rows[i][1])), -1);
	}
}

static void test_base64_refused(void **state)
{
	(void)state;
	static const char *const padded[] = { "Z", "Zg", "Zg=", "Zg===", "Zg==\n", " Zg==", "Zm9v====", "====", "=", "=g==", "Z===", "Zm=v", "Zg==Zg==",
		"Zh==", "Zo==", "Zm9=", "Zm8=Zm8=", "Zm9-", "Zm9_", "Zm9\xff", "Zm9v\n", "Zm 9", "Zm9v=" };
	static const char *const raw[] = { "Z", "Zg==", "Zm8=", "Zh", "Zm9", "Zm9vY", "Zm9vYh", "Zm9vYmF", "Zg=", "Z-", "Zm\n" };
	uint8_t bytes[16];
	for (size_t i = 0; i < ROWS(padded); i++)
		if (base64_decode(bytes, sizeof bytes, padded[i], strlen(padded[i])) != -1)
			fail_msg("padded \"%s\" was accepted", padded[i]);
	for (size_t i = 0; i < ROWS(raw); i++)
		if (base64_raw_decode(bytes, sizeof bytes, raw[i], strlen(raw[i])) != -1)
			fail_msg("raw \"%s\" was accepted", raw[i]);
}

/* Of all four-character texts over an alphabet with wrong characters, exactly those that encode back are accepted. */
static void test_base64_canonical(void **state)
{
	(void)state;
	static const char set[] = "AQgw9z+/=-_ \n.B\xc3";
	size_t n = sizeof set - 1;
	unsigned accepted = 0;
	for (size_t i = 0; i < n * n * n * n; i++) {
		char text[5] = { set[i % n], set[i / n % n], set[i / n / n % n], set[i / n / n / n], '\0' }, again[5];
		uint8_t bytes[3];
		ptrdiff_t len = base64_decode(bytes, sizeof bytes, text, 4);
		if (len < 0)
			continue;
		base64_encode(again, bytes, (size_t)len);
		assert_string_equal(text, again);
		accepted++;
	}
	assert_true(accepted > 6000 && accepted < 8000);
}

static void test_base64_sizes(void **state)
{
	(void)state;
	uint8_t in[300], out[300];
	char text[BASE64_LEN(300) + 1];
	for (unsigned i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)(i * 37 + i / 7);
	for (size_t n = 0; n <= sizeof in; n++) {
		char *exact = malloc(BASE64_LEN(n) + 1);	/* ASan sees a byte too many */
		base64_encode(exact, in, n);
		assert_int_equal(base64_decode(out, n, exact, strlen(exact)), n);
		assert_memory_equal(in, out, n);
		free(exact);
		base64_raw_encode(text, in, n);
		assert_int_equal(base64_raw_decode(out, n, text, strlen(text)), n);
		assert_memory_equal(in, out, n);
	}
}

/* BIP 173, "Test vectors", those that hold whole bytes. */
static void test_bech32_vectors(void **state)
{
	(void)state;
	static const struct { const char *text, *hrp, *hex; } rows[] = {
		{ "A12UEL5L", "a", "" }, { "a12uel5l", "a", "" }, { "?1ezyfcl", "?", "" },
		{ "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
			"an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio", "" },
		{ "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "abcdef", "00443214c74254b635cf84653a56d7c675be77df" },
		{ "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j", "1",
			"000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" },
		{ "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "split", "c5f38b70305f519bf66d85fb6cf03058f3dde463ecd7918f2dc743918f2d" },
		/* an identity of the age test suite (C2SP/CCTV) */
		{ "AGE-SECRET-KEY-1XMWWC06LY3EE5RYTXM9MFLAZ2U56JJJ36S0MYPDRWSVLUL66MV4QX3S7F6", "age-secret-key-", NULL },
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t want[64] = { 0 }, got[64];
		char text[128], lower[128];
		size_t n = rows[i].hex ? strlen(rows[i].hex) / 2 : 32;
		struct err e = { 0 };
		if (bech32_decode(got, n, rows[i].hrp, rows[i].text, &e) < 0)
			fail_msg("%s: %s", rows[i].text, e.msg);
		if (rows[i].hex) {
			assert_int_equal(hex_decode(want, n, rows[i].hex, 2 * n), 0);
			assert_memory_equal(want, got, n);
		}
		bech32_encode(text, rows[i].hrp, got, n);
		assert_int_equal(strlen(text), BECH32_LEN(strlen(rows[i].hrp), n));
		for (size_t j = 0; j <= strlen(rows[i].text); j++)
			lower[j] = rows[i].text[j] >= 'A' && rows[i].text[j] <= 'Z' ? (char)(rows[i].text[j] + 32) : rows[i].text[j];
		assert_string_equal(text, lower);
	}
}

static void test_bech32_errors(void **state)
{
	(void)state;
	uint8_t id[20] = { 1, 2, 3 }, out[32];
	char good[64], text[80];
	bech32_encode(good, "data", id, sizeof id);
	struct err e = { 0 };
	assert_int_equal(bech32_decode(out, 20, "data", good, &e), 0);
#define REFUSED(n, hrp, t, why) do { \
		assert_int_equal(bech32_decode(out, n, hrp, t, &e), -1); \
		assert_int_equal(e.code, ERR_INVALID); \
		if (!strstr(e.msg, why)) \
			fail_msg("%s: \"%s\" does not say %s", t, e.msg, why); \
	} while (0)
	REFUSED(20, "app", good, "wrong prefix: starts with \"data1\", not with \"app1\"");
	REFUSED(20, "data", "", "does not start with");
	REFUSED(20, "data", "patients", "does not start with");
	REFUSED(20, "data", "\x1b[2J1qqqqqq", "wrong prefix: does not start with \"data1\"");
	REFUSED(20, "data", "1qqqqqq", "wrong prefix");
	REFUSED(32, "data", good, "wrong length: 38 characters after \"data1\" where 58 belong; was it cut off?");
	REFUSED(10, "data", good, "wrong length: 38 characters after \"data1\" where 22 belong");
	(void)snprintf(text, sizeof text, "%s", good);
	text[10] = 'B';
	REFUSED(20, "data", text, "mixed");
	text[10] = 'b';
	REFUSED(20, "data", text, "typing mistake: 'b'");
	text[10] = '\x7f';
	REFUSED(20, "data", text, "typing mistake");
	text[10] = good[10] == 'q' ? 'p' : 'q';
	REFUSED(20, "data", text, "checksum does not fit: a typing mistake");
	(void)snprintf(text, sizeof text, "%s ", good);
	REFUSED(20, "data", text, "length");
	/* One byte takes two symbols and leaves two bits: the same byte with those bits set, under a checksum that fits. */
	assert_int_equal(bech32_decode(out, 1, "x", "x1qy5utz72", &e), 0);
	REFUSED(1, "x", "x1qpxqa3vz", "unused bits");
#undef REFUSED
}

/* BIP 173's promise, checked: no change of up to two characters, and no swap, passes. */
static void test_bech32_slips(void **state)
{
	(void)state;
	static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	uint8_t id[20], out[20];
	char text[64];
	for (unsigned i = 0; i < 20; i++)
		id[i] = (uint8_t)(i * 91);
	bech32_encode(text, "task", id, sizeof id);
	size_t len = strlen(text);
	for (size_t i = 5; i < len; i++) {
		char keep = text[i];
		for (size_t a = 0; a < 32; a++) {
			text[i] = alphabet[a];
			assert_int_equal(bech32_decode(out, 20, "task", text, NULL), text[i] == keep ? 0 : -1);
			if (text[i] == keep)
				continue;
			size_t j = 5 + (i * 7 + a) % (len - 5);
			char other = text[j];
			text[j] = alphabet[(a + 3) % 32];
			if (j != i && text[j] != other)
				assert_int_equal(bech32_decode(out, 20, "task", text, NULL), -1);
			text[j] = other;
		}
		text[i] = keep;
		if (i + 1 < len && text[i + 1] != keep) {
			text[i] = text[i + 1];
			text[i + 1] = keep;
			assert_int_equal(bech32_decode(out, 20, "task", text, NULL), -1);
			text[i + 1] = text[i];
			text[i] = keep;
		}
	}
}

static void test_utf8(void **state)
{
	(void)state;
	static const char *const wrong[] = { "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xf0\x8f\xbf\xbf", "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "eight by\xff", "sixteen bytes ok\xc3" };
	for (size_t i = 0; i < ROWS(wrong); i++)
		assert_false(utf8_valid(wrong[i], strlen(wrong[i])));
	assert_true(utf8_valid("", 0) && utf8_valid(NULL, 0));
	assert_true(utf8_valid("a\0b", 3));
	/* Every scalar value survives; what a pair of surrogates or more than 21 bits would be does not. */
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		char text[4];
		uint32_t back;
		if (c >= 0xd800 && c < 0xe000)
			continue;
		size_t n = utf8_put(text, c);
		assert_int_equal(utf8_next(text, n, &back), n);
		assert_int_equal(back, c);
		assert_int_equal(utf8_next(text, n - 1, NULL), 0);
	}
}

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
		cmocka_unit_test(test_hex), cmocka_unit_test(test_base64_vectors), cmocka_unit_test(test_base64_refused), cmocka_unit_test(test_base64_canonical),
		cmocka_unit_test(test_base64_sizes), cmocka_unit_test(test_bech32_vectors), cmocka_unit_test(test_bech32_errors), cmocka_unit_test(test_bech32_slips),
		cmocka_unit_test(test_utf8), cmocka_unit_test(test_sizes), cmocka_unit_test(test_durations), cmocka_unit_test(test_escape),
		cmocka_unit_test(test_nearest), cmocka_unit_test(test_amounts), cmocka_unit_test(test_amounts_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
