/* core/base/json_writer.c: what the writer writes reads back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "unit/json_tokens.h"

#define ROWS(t) (sizeof (t) / sizeof (t)[0])

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
		cmocka_unit_test(test_writer), cmocka_unit_test(test_doubles), cmocka_unit_test(test_writer_for_terminals),
		cmocka_unit_test(test_writer_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
