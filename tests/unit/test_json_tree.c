/* core/base/json_tree.c: a text as a tree, in which a name stands once and no text ends early. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/limits.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nul), cmocka_unit_test(test_tree), cmocka_unit_test(test_duplicates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
