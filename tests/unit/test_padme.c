/* core/base/padme.c: a little longer, never shorter, and again itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ustar.h"

static void test_padme(void **state)
{
	(void)state;
	static const uint64_t rows[][2] = { { 0, 0 }, { 1, 1 }, { 2, 2 }, { 7, 7 }, { 8, 8 }, { 9, 10 }, { 16, 16 }, { 17, 18 },
		{ 511, 512 }, { 1000, 1024 }, { 1025, 1088 }, { 1000000, 1015808 } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(padme(rows[i][0]), rows[i][1]);
	uint64_t last = 0;
	for (uint64_t n = 2; n < (1ull << 40); n += n / 7 + 1) {
		uint64_t p = padme(n);
		assert_true(p >= n && p - n <= n * 12 / 100 + 1 && p >= last && padme(p) == p);
		last = p;
	}
	assert_true(padme(UINT64_MAX) == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_padme),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
