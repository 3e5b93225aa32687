/* core/base/utf8.c: what is a character, and what only looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

#define ROWS(t) (sizeof (t) / sizeof (t)[0])

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
