/* core/base/hex.c: bytes as digits and back, and every other spelling refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hex),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
