/* core/base/err.c: one table, and messages that survive being wrapped, cut and lacking. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

/* The exit statuses are a contract (CLI): scripts rely on them. */
static void test_table(void **state)
{
	(void)state;
	static const struct { enum err_code code; const char *name; int exit; } rows[] = {
		{ ERR_NONE, "E_NONE", 0 }, { ERR_INTERNAL, "E_INTERNAL", 1 }, { ERR_USAGE, "E_USAGE", 2 }, { ERR_NOT_FOUND, "E_NOT_FOUND", 3 },
		{ ERR_DENIED, "E_DENIED", 4 }, { ERR_INVALID, "E_INVALID", 5 }, { ERR_CONFLICT, "E_CONFLICT", 6 }, { ERR_FUNDS, "E_FUNDS", 7 },
		{ ERR_TASK, "E_TASK", 8 }, { ERR_LIMIT, "E_LIMIT", 9 }, { ERR_UNAVAILABLE, "E_UNAVAILABLE", 10 }
	};
	assert_int_equal(sizeof rows / sizeof rows[0], ERR_COUNT);
	for (size_t i = 0; i < ERR_COUNT; i++) {
		assert_string_equal(err_name(rows[i].code), rows[i].name);
		assert_int_equal(err_exit(rows[i].code), rows[i].exit);
		assert_true(err_http(rows[i].code) >= (i ? 400 : 200));
		assert_true(strlen(err_text(rows[i].code)) > 3);
	}
	assert_string_equal(err_name((enum err_code)99), "E_INTERNAL");
	assert_int_equal(err_exit((enum err_code)99), 1);
}

static void test_set(void **state)
{
	(void)state;
	struct err e = { 0 };
	assert_int_equal(err_set(&e, ERR_DENIED, "no right to %s", "x"), -1);
	assert_int_equal(err_hint(&e, "try %d", 7), -1);
	assert_string_equal(e.msg, "no right to x");
	assert_string_equal(e.hint, "try 7");
	assert_int_equal(err_wrap(&e, "task %s", "t1"), -1);
	assert_string_equal(e.msg, "task t1: no right to x");
	assert_string_equal(e.hint, "try 7");
	assert_int_equal(e.code, ERR_DENIED);
	err_set(&e, ERR_INVALID, "other");
	assert_string_equal(e.hint, "");
}

static void test_sys(void **state)
{
	(void)state;
	static const struct { int errnum; enum err_code code; } rows[] = { { ENOENT, ERR_NOT_FOUND }, { EACCES, ERR_DENIED }, { EEXIST, ERR_CONFLICT },
		{ ENOSPC, ERR_LIMIT }, { ELOOP, ERR_INVALID }, { ECONNREFUSED, ERR_UNAVAILABLE }, { EIO, ERR_INTERNAL } };
	struct err e = { 0 };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(err_sys(&e, rows[i].errnum, "cannot read %s", "f"), -1);
		assert_int_equal(e.code, rows[i].code);
		assert_memory_equal(e.msg, "cannot read f: ", 15);
		assert_string_equal(e.msg + 15, strerror(rows[i].errnum));
	}
}

static void test_cut(void **state)
{
	(void)state;
	struct err e = { 0 };
	char text[4000];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	err_set(&e, ERR_INVALID, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
	err_wrap(&e, "context");
	assert_memory_equal(e.msg, "context: xxx", 12);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
	err_wrap(&e, "%s", text);
	err_sys(&e, EIO, "%s", text);
	err_hint(&e, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
	assert_int_equal(strlen(e.hint), sizeof e.hint - 1);
}

static void test_null(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, ERR_INVALID, "x"), -1);
	assert_int_equal(err_wrap(NULL, "x"), -1);
	assert_int_equal(err_hint(NULL, "x"), -1);
	assert_int_equal(err_sys(NULL, EIO, "x"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table), cmocka_unit_test(test_set), cmocka_unit_test(test_sys), cmocka_unit_test(test_cut), cmocka_unit_test(test_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
