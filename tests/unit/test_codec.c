/* The market's rows as bytes (market/codec.c): one spelling for each row; every other one of the same values is damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/limits.h"
#include "market/codec.h"

static struct market_score row_of(const char *id)
{
	struct market_score row;
	memset(&row, 0, sizeof row);
	memcpy(row.who, id, strlen(id) + 1);
	return row;
}

static int decodes(const void *bytes, size_t len)
{
	struct market_score row;
	struct err e = { .code = ERR_NONE };
	int r = market_row_decode(MARKET_ROW_SCORE, bytes, len, &row, &e);
	if (r < 0)
		assert_int_equal(e.code, ERR_INVALID);
	return r;
}

static void test_back(void **state)
{
	(void)state;
	struct market_score row = row_of("enclua1x"), back;
	struct buf bytes = BUF_INIT(KIB(4));
	row.value = UINT64_MAX;
	assert_int_equal(market_row_encode(MARKET_ROW_SCORE, &row, &bytes, NULL), 0);
	assert_int_equal(market_row_decode(MARKET_ROW_SCORE, bytes.data, bytes.len, &back, NULL), 0);
	assert_memory_equal(&row, &back, sizeof row);
	for (size_t n = 0; n < bytes.len; n++)
		assert_int_equal(decodes(bytes.data, n), -1);
	buf_done(&bytes);
}

/* Once each of these was taken for the row whose shortest spelling it is not. */
static void test_other_spellings(void **state)
{
	(void)state;
	static const struct { const char *bytes; size_t len; int r; } cases[] = {
		{ "\x01" "a" "\x05", 3, 0 },
		{ "\x81\x00" "a" "\x05", 4, -1 },	/* a length with a group of zeros behind it */
		{ "\x01" "a" "\x85\x00", 4, -1 },
		{ "\x01" "a" "\x85\x80\x80\x80\x80\x80\x80\x80\x80\x00", 12, -1 },
		{ "\x01" "a" "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, 0 },	/* 2^64 - 1 */
		{ "\x01" "a" "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x03", 12, -1 },	/* bits beyond */
		{ "\x03" "a\0b" "\x05", 5, -1 },	/* a name that ends before its end */
		{ "\x01" "a" "\x05\x00", 4, -1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(decodes(cases[i].bytes, cases[i].len), cases[i].r);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_back), cmocka_unit_test(test_other_spellings) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
