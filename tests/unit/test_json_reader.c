/* core/base/json_reader.c: what RFC 8259 allows is read exactly, the rest is refused with line and column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/limits.h"
#include "unit/json_tokens.h"

#define ROWS(t) (sizeof (t) / sizeof (t)[0])

static void test_accepted(void **state)
{
	(void)state;
	static const struct { const char *text, *want; } rows[] = {
		{ "null", "null" }, { " true ", "true" }, { "false", "false" }, { "0", "i:0" }, { "-0", "i:-0" }, { "-0.0e-0", "n:-0.0e-0" },
		{ "9007199254740993", "i:9007199254740993" }, { "170141183460469231731687303715884105727", "i:170141183460469231731687303715884105727" },
		{ "1e400", "n:1e400" }, { "1E+2", "n:1E+2" }, { "0.10", "n:0.10" },
		{ "[]", "[ ]" }, { "{}", "{ }" }, { "[ ]", "[ ]" }, { "[1, 2.5,-3]", "[ i:1 n:2.5 i:-3 ]" },
		{ "{\"a\":{\"b\":[null,true]},\"c\":\"\"}", "{ k:a { k:b [ null true ] } k:c s: }" },
		{ "\t\r\n[\n{\t}\r]\n", "[ { } ]" }, { "\"\"", "s:" }, { "\"plain\"", "s:plain" }, { "\"eight888\"", "s:eight888" },
		{ "\"a longer string than eight bytes\"", "s:a longer string than eight bytes" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "s:\"\\/\b\f\n\r\t" }, { "\"x\\u0041y\\u00e9z\\u20ac\"", "s:xAy\xc3\xa9z\xe2\x82\xac" },
		{ "\"\\ud83d\\ude00\"", "s:\xf0\x9f\x98\x80" }, { "\"\\uD83D\\uDE00!\"", "s:\xf0\x9f\x98\x80!" },
		{ "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"", "s:\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f" },
		{ "{\"k\\u0041\" : 1}", "{ k:kA i:1 }" }, { "{\"a\":1,\"a\":2}", "{ k:a i:1 k:a i:2 }" },	/* the tree refuses this one */
	};
	char got[512];
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_string_equal(tokens(got, sizeof got, rows[i].text, strlen(rows[i].text)), rows[i].want);
}

static void test_refused(void **state)
{
	(void)state;
	static const struct { const char *text, *why; } rows[] = {
		{ "", "1, column 1: the JSON text ends early" }, { "  ", "ends early" }, { "[", "ends early" }, { "{", "ends early" },
		{ "[1,", "ends early" }, { "{\"a\":", "ends early" }, { "{\"a\"", "colon" }, { "{\"a\":1", "ends early" },
		{ "[1] x", "1, column 5: text after the end" }, { "1 2", "text after" }, { "{}{}", "text after" }, { "nullnull", "text after" },
		{ "01", "leading zeros" }, { "-01", "leading zeros" }, { "00", "leading zeros" }, { "-", "minus" }, { "--1", "minus" },
		{ "1.", "decimal point" }, { "1.e1", "decimal point" }, { ".5", "begin with a digit" }, { "+1", "begin with +" },
		{ "1e", "exponent" }, { "1e+", "exponent" }, { "0x10", "text after" }, { "1_000", "text after" },
		{ "NaN", "NaN" }, { "nan", "value is expected" }, { "Infinity", "Infinity" }, { "-Infinity", "minus" }, { "tru", "value is expected" },
		{ "True", "value is expected" }, { "nul", "value is expected" }, { "'a'", "double quotes" }, { "/* */1", "comments" },
		{ "[1,]", "missing before ]" }, { "[,1]", "missing before the comma" }, { "{\"a\":1,}", "key in double quotes" }, { "{\"a\":}", "missing before }" },
		{ "{a:1}", "key in double quotes" }, { "{1:1}", "key in double quotes" }, { "{\"a\" 1}", "colon" }, { "{\"a\":1 \"b\":2}", "comma or }" },
		{ "[1 2]", "comma or ]" }, { "[1}", "comma or ]" }, { "{\"a\":1]", "comma or }" }, { "]", "missing before ]" },
		{ "\"abc", "ends inside a string" }, { "\"abc\\", "ends inside a string" }, { "\"eight888", "ends inside" },
		{ "\"a\nb\"", "control character" }, { "\"tab\there, far\"", "control character" }, { "\"a\x1f\"", "control character" },
		{ "\"\\x41\"", "no such escape" }, { "\"\\'\"", "no such escape" }, { "\"\\U0041\"", "no such escape" },
		{ "\"\\u12\"", "four hex" }, { "\"\\u12g4\"", "four hex" }, { "\"\\u+123\"", "four hex" }, { "\"\\u", "four hex" },
		{ "\"\\ud800\"", "lone high" }, { "\"\\ud800x\"", "lone high" }, { "\"\\ud800\\n\"", "lone high" }, { "\"\\ud800\\u0041\"", "lone high" },
		{ "\"\\ud800\\ud800\"", "lone high" }, { "\"\\udc00\"", "lone low" }, { "\"\\ude00\\ud83d\"", "lone low" },
		{ "\"\xff\"", "UTF-8" }, { "\"\xc0\xaf\"", "UTF-8" }, { "\"\xe0\x80\x80\"", "UTF-8" }, { "\"\xed\xa0\x80\"", "UTF-8" },
		{ "\"\xf4\x90\x80\x80\"", "UTF-8" }, { "\"\xf8\x88\x80\x80\x80\"", "UTF-8" }, { "\"\xc3\"", "UTF-8" }, { "\"\xe2\x82", "UTF-8" },
		{ "\xef\xbb\xbf{}", "byte order mark" }, { "\xc2\xa0" "1", "value is expected" }, { "\f1", "value is expected" }, { "\v1", "value is expected" },
		{ "[\n  1,\n  \"\xc3\xa9\", x]", "line 3, column 8: a value" },
	};
	char got[2048];
	for (size_t i = 0; i < ROWS(rows); i++) {
		tokens(got, sizeof got, rows[i].text, strlen(rows[i].text));
		char *bang = strrchr(got, '!');
		if (!bang || !strstr(bang, rows[i].why) || strncmp(bang, "!line ", 6) != 0)
			fail_msg("row %zu: %s => %s, not: %s", i, rows[i].text, got, rows[i].why);
	}
	tokens(got, sizeof got, "1\0", 2);
	assert_non_null(strstr(got, "text after"));
	tokens(got, sizeof got, "\"\0\"", 3);
	assert_non_null(strstr(got, "control character"));
}

/* Every beginning of a valid text is refused, unless it is a number that goes on. */
static void test_cut(void **state)
{
	(void)state;
	static const char text[] = "{\"key\\n\":[1.5e3,\"v\\u00e9\\ud83d\\ude00 and \xe2\x82\xac\",true,null,{}]}";
	char got[2048];
	for (size_t n = 0; n < sizeof text - 1; n++)
		assert_non_null(strchr(tokens(got, sizeof got, text, n), '!'));
	assert_null(strchr(tokens(got, sizeof got, text, sizeof text - 1), '!'));
}

static void test_depth(void **state)
{
	(void)state;
	size_t deep = 100000;
	char *text = malloc(2 * deep);
	struct json *j;
	struct err e = { 0 };
	memset(text, '[', LIMIT_JSON_DEPTH);
	memset(text + LIMIT_JSON_DEPTH, ']', LIMIT_JSON_DEPTH);
	assert_int_equal(json_parse(&j, text, 2 * LIMIT_JSON_DEPTH, &e), 0);
	json_free(j);
	memset(text, '[', deep);
	memset(text + deep, ']', deep);
	assert_int_equal(json_parse(&j, text, 2 * deep, &e), -1);
	assert_string_equal(e.msg, "line 1, column 201: nested too deeply");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted), cmocka_unit_test(test_refused), cmocka_unit_test(test_cut), cmocka_unit_test(test_depth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
