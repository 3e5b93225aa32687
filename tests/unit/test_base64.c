/* core/base/base64.c: RFC 4648's vectors, and every other spelling refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

#define ROWS(t) (sizeof (t) / sizeof (t)[0])

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64_vectors), cmocka_unit_test(test_base64_refused), cmocka_unit_test(test_base64_canonical),
		cmocka_unit_test(test_base64_sizes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
