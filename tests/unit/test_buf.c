/* core/base/buf.c: bytes are kept, the ceiling holds, and what is given back is wiped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void test_add(void **state)
{
	(void)state;
	struct buf b = BUF_INIT(1 << 20);
	assert_string_equal(buf_text(&b), "");
	assert_int_equal(buf_add(&b, NULL, 0, NULL), 0);
	for (unsigned i = 0; i < 5000; i++) {
		uint8_t c = (uint8_t)(i * 7);
		assert_int_equal(buf_add(&b, &c, 1, NULL), 0);
		assert_int_equal(b.data[b.len], 0);
	}
	assert_int_equal(b.len, 5000);
	for (unsigned i = 0; i < 5000; i++)
		assert_int_equal(b.data[i], (uint8_t)(i * 7));
	buf_clear(&b);
	assert_int_equal(b.len, 0);
	assert_int_equal(buf_add_text(&b, "one ", NULL), 0);
	assert_int_equal(buf_addf(&b, NULL, "%d-%s", 22, "three"), 0);
	assert_int_equal(buf_add_zero(&b, 3, NULL), 0);
	assert_int_equal(b.len, 15);
	assert_memory_equal(b.data, "one 22-three\0\0\0", 16);
	buf_done(&b);
	assert_null(b.data);
	assert_int_equal(buf_add_text(&b, "again", NULL), 0);
	assert_string_equal(buf_text(&b), "again");
	buf_done(&b);
}

static void test_ceiling(void **state)
{
	(void)state;
	struct buf b = BUF_INIT(10);
	struct err e = { 0 };
	assert_int_equal(buf_add_text(&b, "12345678", &e), 0);
	assert_int_equal(buf_add_text(&b, "9ab", &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(buf_addf(&b, &e, "%s", "9ab"), -1);
	assert_int_equal(buf_add_zero(&b, 3, &e), -1);
	assert_int_equal(buf_reserve(&b, SIZE_MAX, &e), -1);
	assert_string_equal(buf_text(&b), "12345678");
	assert_int_equal(buf_add_text(&b, "9a", &e), 0);
	assert_string_equal(buf_text(&b), "123456789a");
	assert_int_equal(buf_add(&b, "", 1, &e), -1);
	buf_done(&b);
	struct buf none = BUF_INIT(0);
	assert_int_equal(buf_add(&none, "", 1, &e), -1);
	assert_int_equal(buf_add(&none, "", 0, &e), 0);
	buf_done(&none);
}

static void test_reserve(void **state)
{
	(void)state;
	struct buf b = BUF_INIT(1000);
	assert_int_equal(buf_reserve(&b, 1000, NULL), 0);
	assert_int_equal(b.len, 0);
	memset(b.data, 'r', 1000);
	b.len = 1000;
	assert_int_equal(strlen(buf_text(&b)), 1000);
	buf_done(&b);
}

/* The memory is looked at while it still belongs to the buffer: after that nobody may. */
static void test_wipe(void **state)
{
	(void)state;
	struct buf b = BUF_INIT(1000);
	static const uint8_t zero[64];
	assert_int_equal(buf_add_text(&b, "a secret that must not stay in memory", NULL), 0);
	buf_clear(&b);
	assert_memory_equal(b.data, zero, 37);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add), cmocka_unit_test(test_ceiling), cmocka_unit_test(test_reserve), cmocka_unit_test(test_wipe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
