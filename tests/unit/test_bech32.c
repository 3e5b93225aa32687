/* core/base/bech32.c: BIP 173's vectors, and every other spelling refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

#define ROWS(t) (sizeof (t) / sizeof (t)[0])

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bech32_vectors), cmocka_unit_test(test_bech32_errors), cmocka_unit_test(test_bech32_slips),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
