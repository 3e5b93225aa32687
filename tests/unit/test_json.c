/* core/base/json_reader.c, json_tree.c and json_writer.c: what RFC 8259 allows is read exactly, the rest is refused with line and
 * column, and what the writer writes reads back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/limits.h"

#define ROWS(t) (sizeof (t) / sizeof (t)[0])

/* The tokens of a text in one line: brackets as they are, k:key s:string n:number i:integer and words; "!message" at the end of a
 * refused one. The text is copied to a block of exactly its size, so that ASan sees a byte read past it.
 */
static const char *tokens(char *out, size_t room, const char *text, size_t len)
{
	char *exact = malloc(len + 1);
	struct json_reader *r;
	struct json_token t;
	struct err e = { 0 };
	size_t n = 0;
	memcpy(exact, text, len);
	exact = realloc(exact, len ? len : 1);
	assert_int_equal(json_reader_new(&r, exact, len, &e), 0);
	out[0] = '\0';
	for (;;) {
		static const char *const names[] = { "", "null", "false", "true", "n", "s", "k", "[", "]", "{", "}" };
		if (json_next(r, &t, &e) < 0) {
			(void)snprintf(out + n, room - n, "!%s", e.msg);
			assert_int_equal(e.code, ERR_INVALID);
			assert_int_equal(json_next(r, &t, &e), -1);	/* refused stays refused */
			break;
		}
		if (t.kind == JSON_END) {
			assert_int_equal(json_next(r, &t, &e), 0);
			assert_int_equal(t.kind, JSON_END);
			break;
		}
		n += (size_t)snprintf(out + n, room - n, "%s%s", n ? " " : "", t.kind == JSON_NUMBER && t.is_integer ? "i" : names[t.kind]);
		if (t.kind == JSON_NUMBER || t.kind == JSON_STRING || t.kind == JSON_KEY)
			n += (size_t)snprintf(out + n, room - n, ":%.*s", (int)t.len, t.text);
		assert_true(n < room);
	}
	json_reader_free(r);
	free(exact);
	return out;
}

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

static void test_nul(void **state)
{
	(void)state;
	static const char text[] = "[\"a\\u0000b\"]";
	struct json *j;
	struct err e = { 0 };
	size_t len;
	assert_int_equal(json_parse(&j, text, strlen(text), &e), 0);
	const char *s = json_text(json_at(j, 0), &len);
	assert_int_equal(len, 3);
	assert_memory_equal(s, "a\0b", 4);
	json_free(j);
	static const char key[] = "{\"a\\u0000b\":1}";
	assert_int_equal(json_parse(&j, key, strlen(key), &e), -1);
	assert_non_null(strstr(e.msg, "NUL"));
}

static void test_tree(void **state)
{
	(void)state;
	static const char text[] = "{\"name\":\"contacts\",\"n\":[1,2.0,-3],\"deep\":{\"x\":{\"y\":[[],{}]}},\"ok\":true,\"none\":null,\"e\":\"\"}";
	struct json *j;
	struct err e = { 0 };
	size_t len;
	assert_int_equal(json_parse(&j, text, strlen(text), &e), 0);
	assert_int_equal(json_kind(j), JSON_OBJECT);
	assert_int_equal(json_count(j), 6);
	assert_string_equal(json_key_at(j, 0), "name");
	assert_string_equal(json_key_at(j, 5), "e");
	assert_string_equal(json_text(json_get(j, "name"), &len), "contacts");
	assert_int_equal(len, 8);
	const struct json *n = json_get(j, "n");
	assert_int_equal(json_kind(n), JSON_ARRAY);
	assert_int_equal(json_count(n), 3);
	assert_string_equal(json_text(json_at(n, 1), NULL), "2.0");
	assert_false(json_is_integer(json_at(n, 1)));
	assert_true(json_is_integer(json_at(n, 2)));
	const struct json *y = json_get(json_get(json_get(j, "deep"), "x"), "y");
	assert_int_equal(json_count(y), 2);
	assert_int_equal(json_kind(json_at(y, 0)), JSON_ARRAY);
	assert_int_equal(json_kind(json_at(y, 1)), JSON_OBJECT);
	assert_int_equal(json_kind(json_get(j, "ok")), JSON_TRUE);
	assert_int_equal(json_kind(json_get(j, "none")), JSON_NULL);
	assert_string_equal(json_text(json_get(j, "e"), &len), "");
	/* What is not there, or is something else, answers without a crash. */
	assert_null(json_get(j, "nam"));
	assert_null(json_get(n, "name"));
	assert_null(json_get(NULL, "name"));
	assert_null(json_at(n, 3));
	assert_null(json_at(json_get(j, "name"), 0));
	assert_null(json_key_at(n, 0));
	assert_null(json_key_at(j, 6));
	assert_null(json_text(n, &len));
	assert_int_equal(len, 0);
	assert_int_equal(json_kind(NULL), JSON_END);
	assert_int_equal(json_count(json_get(j, "name")), 0);
	json_free(j);
	json_free(NULL);
}

static void test_duplicates(void **state)
{
	(void)state;
	struct json *j;
	struct err e = { 0 };
	static const char same[] = "{\"x\":{},\n \"y\":{\"a\":1,\"b\":2,\"\\u0061\":3}}";
	assert_int_equal(json_parse(&j, same, strlen(same), &e), -1);
	assert_string_equal(e.msg, "line 2, column 19: the key stands twice in one object: \"a\"");
	static const char apart[] = "{\"a\":{\"a\":[{\"a\":1},{\"a\":1}]},\"A\":1}";
	assert_int_equal(json_parse(&j, apart, strlen(apart), &e), 0);
	json_free(j);
	struct buf b = BUF_INIT(MIB(8));
	buf_add_text(&b, "{", NULL);
	for (unsigned i = 0; i < 100000; i++)	/* their square would take minutes */
		buf_addf(&b, NULL, "\"key%u\":%u,", i * 7919 % 100003, i);
	buf_add_text(&b, "\"key7919\":0}", NULL);
	assert_int_equal(json_parse(&j, (const char *)b.data, b.len, &e), -1);
	assert_non_null(strstr(e.msg, "\"key7919\""));
	buf_done(&b);
}

static void test_writer(void **state)
{
	(void)state;
	struct buf b = BUF_INIT(4096);
	struct err e = { 0 };
	struct json_writer w;
	json_write_init(&w, &b, &e);
	json_write_object(&w);
	json_write_key(&w, "text");
	json_write_string(&w, "q\" b\\ n\n u\x01 e\xc3\xa9 \x7f bad\xff\xc3", 23);
	json_write_key(&w, "a\tb");
	json_write_array(&w);
	json_write_int(&w, INT64_MIN);
	json_write_int(&w, 0);
	json_write_uint(&w, UINT64_MAX);
	json_write_bool(&w, true);
	json_write_bool(&w, false);
	json_write_null(&w);
	json_write_text(&w, NULL);
	json_write_text(&w, "");
	json_write_array(&w);
	json_write_array_end(&w);
	json_write_object(&w);
	json_write_object_end(&w);
	json_write_raw(&w, "[1]", 3);
	json_write_array_end(&w);
	json_write_key(&w, "last");
	json_write_int(&w, -7);
	json_write_object_end(&w);
	assert_int_equal(json_write_done(&w), 0);
	assert_string_equal(buf_text(&b), "{\"text\":\"q\\\" b\\\\ n\\n u\\u0001 e\xc3\xa9 \\u007f bad\xef\xbf\xbd\xef\xbf\xbd\",\"a\\tb\":"
		"[-9223372036854775808,0,18446744073709551615,true,false,null,null,\"\",[],{},[1]],\"last\":-7}");
	struct json *j;
	assert_int_equal(json_parse(&j, (const char *)b.data, b.len, &e), 0);
	json_free(j);
	buf_done(&b);
}

static const char *double_text(char *out, size_t room, double v)
{
	struct buf b = BUF_INIT(64);
	struct json_writer w;
	json_write_init(&w, &b, NULL);
	json_write_double(&w, v);
	(void)snprintf(out, room, "%s", buf_text(&b));
	buf_done(&b);
	return out;
}

static void test_doubles(void **state)
{
	(void)state;
	static const struct { double v; const char *want; } rows[] = {
		{ 0, "0" }, { -0.0, "-0" }, { 1, "1" }, { -42, "-42" }, { 0.1, "0.1" }, { 1.0 / 3, "0.3333333333333333" }, { 5e-324, "4.94065645841247e-324" },
		{ 1e300, "1e+300" }, { 9007199254740991.0, "9007199254740991" }, { 123456789012345680.0, "1.2345678901234568e+17" },
		{ 0.1 + 0.2, "0.30000000000000004" }, { 1e-7, "1e-07" },
	};
	char got[64], token[128];
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_string_equal(double_text(got, sizeof got, rows[i].v), rows[i].want);
	assert_string_equal(double_text(got, sizeof got, NAN), "null");
	assert_string_equal(double_text(got, sizeof got, -INFINITY), "null");
	uint64_t seed = 88172645463325252u;
	for (unsigned i = 0; i < 20000; i++) {	/* any bits at all read back as themselves, through our own reader */
		double v;
		seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
		memcpy(&v, &seed, sizeof v);
		if (!isfinite(v))
			continue;
		double_text(got, sizeof got, v);
		assert_true(strtod(got, NULL) == v);
		tokens(token, sizeof token, got, strlen(got));
		assert_null(strchr(token, '!'));
	}
}

/* Escaped though JSON would let it stand: DEL, C1, bidirectional overrides, what is invisible. It reads back as it was. */
static void test_writer_for_terminals(void **state)
{
	(void)state;
	static const char evil[] = "\x7f \xc2\x9b" "2J \xe2\x80\xae \xe2\x80\x8b \xf3\xa0\x81\x81 \xf0\x9f\x92\xa9";
	struct buf b = BUF_INIT(256);
	struct err e = { 0 };
	struct json_writer w;
	struct json *j;
	size_t len;
	json_write_init(&w, &b, &e);
	json_write_text(&w, evil);
	assert_int_equal(json_write_done(&w), 0);
	assert_string_equal(buf_text(&b), "\"\\u007f \\u009b2J \\u202e \\u200b \\udb40\\udc41 \xf0\x9f\x92\xa9\"");
	assert_int_equal(json_parse(&j, (const char *)b.data, b.len, &e), 0);
	assert_string_equal(json_text(j, &len), evil);
	json_free(j);
	buf_done(&b);
}

/* Full is full: the first failure is kept and the writer goes quiet. */
static void test_writer_full(void **state)
{
	(void)state;
	for (size_t max = 0; max < 23; max++) {
		struct buf b = BUF_INIT(max);
		struct err e = { 0 };
		struct json_writer w;
		json_write_init(&w, &b, &e);
		json_write_object(&w);
		json_write_key(&w, "key");
		json_write_array(&w);
		json_write_double(&w, 0.5);
		json_write_string(&w, "a\nb", 3);
		json_write_int(&w, -1);
		json_write_array_end(&w);
		json_write_object_end(&w);
		assert_int_equal(json_write_done(&w), -1);
		assert_int_equal(e.code, ERR_LIMIT);
		assert_true(b.len <= max);
		buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted), cmocka_unit_test(test_refused), cmocka_unit_test(test_cut), cmocka_unit_test(test_depth),
		cmocka_unit_test(test_nul), cmocka_unit_test(test_tree), cmocka_unit_test(test_duplicates), cmocka_unit_test(test_writer),
		cmocka_unit_test(test_doubles), cmocka_unit_test(test_writer_full), cmocka_unit_test(test_writer_for_terminals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
