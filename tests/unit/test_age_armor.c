/* Armor: strict lines, and the same result however the text is split. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "seal/age_armor.h"

#define BEGIN AGE_ARMOR_BEGIN "\n"
#define END AGE_ARMOR_END "\n"
#define FULL "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"	/* 48 times A */

static int decode(const char *text, size_t step, uint8_t *out, size_t *out_len, struct err *e)
{
	struct age_armor a;
	age_armor_init(&a);
	*out_len = 0;
	for (size_t at = 0, n = strlen(text); at < n; at += step)
		if (age_armor_add(&a, out, out_len, (const uint8_t *)text + at, n - at < step ? n - at : step, e) < 0)
			return -1;
	return age_armor_end(&a, e);
}

static void test_good_armor(void **state)
{
	(void)state;
	static const struct { const char *text; size_t len; } good[] = {
		{ BEGIN "QQ==\n" END, 1 },
		{ BEGIN "QUI=\n" END, 2 },
		{ BEGIN "QUFB\n" END, 3 },
		{ BEGIN FULL "\n" END, 48 },
		{ BEGIN FULL "\n" FULL "\nQQ==\n" END, 97 },
		{ BEGIN "QUFB\n" AGE_ARMOR_END, 3 },
		{ "\n \t\r\n" BEGIN "QUFB\n" END "\n \t\r\n  ", 3 },
		{ AGE_ARMOR_BEGIN "\r\n" FULL "\r\nQUFB\r\n" AGE_ARMOR_END "\r\n", 51 },
	};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		for (size_t step = 1; step < 80; step++) {
			struct err e = { 0 };
			uint8_t out[400];
			size_t n;
			if (decode(good[i].text, step, out, &n, &e) < 0)
				fail_msg("case %zu, step %zu: %s", i, step, e.msg);
			assert_int_equal(n, good[i].len);
			for (size_t k = 0; k < n; k++)
				assert_true(out[k] == 'A' || (n == 2 && k == 1 && out[k] == 'B'));
		}
}

static void test_bad_armor(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "\n", "hello", BEGIN, BEGIN "QUFB\n", BEGIN "QUFB\n-----END AGE ENCRYPTED FILE----",
		BEGIN "QUFB\n\n" END, BEGIN "\nQUFB\n" END, BEGIN FULL "\n\n" END, BEGIN "QQ\n" END, BEGIN "QQ=\n" END, BEGIN "QR==\n" END,
		BEGIN "QQ==\nQQ==\n" END, BEGIN "QUFB\nQUFB\n" END, BEGIN FULL "QUFB\n" END, BEGIN " QUFB\n" END, BEGIN "QUFB \n" END,
		BEGIN "QU FB\n" END, BEGIN "QU-_\n" END, BEGIN "QUFB\n" END "x", BEGIN "QUFB\n" END BEGIN "QUFB\n" END, "x\n" BEGIN "QUFB\n" END,
		" " BEGIN "QUFB\n" END, BEGIN "QUFB\n" AGE_ARMOR_END " -", BEGIN "Version: 1\n\nQUFB\n" END, BEGIN "QUFB" AGE_ARMOR_END,
		"-----begin age encrypted file-----\nQUFB\n" END, BEGIN "QUFB\r\r\n" END, BEGIN "QUFB\n=abcd\n" END,
		BEGIN "QUFB\n-----END AGE ENCRYPTED FILE-----\f\n" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		for (size_t step = 1; step < 200; step += 7) {
			struct err e = { 0 };
			uint8_t out[400];
			size_t n;
			if (decode(bad[i], step, out, &n, &e) == 0)
				fail_msg("case %zu was accepted: %s", i, bad[i]);
			assert_int_equal(e.code, ERR_INVALID);
		}
}

static void test_white_space_has_an_end(void **state)
{
	(void)state;
	struct age_armor a;
	struct err e = { 0 };
	uint8_t out[64];
	size_t n = 0, fed = 0;
	age_armor_init(&a);
	while (fed < 1000000 && age_armor_add(&a, out, &n, (const uint8_t *)"\n", 1, &e) == 0)
		fed++;
	assert_int_equal(e.code, ERR_INVALID);
	assert_true(fed < 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_armor),
		cmocka_unit_test(test_bad_armor),
		cmocka_unit_test(test_white_space_has_an_end),
	};
	return cmocka_run_group_tests_name("age armor", tests, NULL, NULL);
}
