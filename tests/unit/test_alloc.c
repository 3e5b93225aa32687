/* Memory runs out at every allocation in turn: json, boxwire, buf and the ledger in memory answer with an error, leak nothing, and touch nothing freed.
 * The linker puts these functions before malloc's (-Wl,--wrap).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/boxwire.h"
#include "base/json.h"
#include "book/ledger.h"

static unsigned long countdown;	/* 0: never; else the allocation that fails, counted from now */

static int fails_now(void)
{
	return countdown > 0 && --countdown == 0;
}

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_malloc(size_t n)
{
	return fails_now() ? NULL : __real_malloc(n);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return fails_now() ? NULL : __real_calloc(n, size);
}

void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n)
{
	return fails_now() ? NULL : __real_realloc(p, n);
}

/* Runs work with the 1st, 2nd, … allocation failing until it gets through. */
static void until_done(int (*work)(struct err *e), unsigned least)
{
	for (unsigned n = 1;; n++) {
		struct err e = { 0 };
		countdown = n;
		int r = work(&e);
		unsigned long left = countdown;
		countdown = 0;
		if (r == 0 && left > 0) {
			assert_true(n > least);	/* it did meet as many failures as it has allocations */
			return;
		}
		assert_int_equal(r, -1);
		assert_int_equal(e.code, ERR_LIMIT);
		assert_non_null(strstr(e.msg, "memory"));
	}
}

static int parse(struct err *e)
{
	static char text[20000];
	static const char head[] = "{\"a\":[1,{\"b\\n\":2,\"c\":\"x\\u00e9\"},[]],\"long\":\"";
	memset(text, 'x', sizeof text);
	memcpy(text, head, sizeof head - 1);
	memcpy(text + sizeof text - 2, "\"}", 2);
	struct json *j = NULL;
	int r = json_parse(&j, text, sizeof text, e);
	json_free(j);
	return r;
}

static int many(struct err *e)
{
	char text[401];
	struct json *j = NULL;
	text[0] = '[';
	for (size_t i = 1; i < sizeof text; i += 2)
		memcpy(text + i, "1,", 2);
	text[sizeof text - 1] = ']';
	int r = json_parse(&j, text, sizeof text, e);
	json_free(j);
	return r;
}

static int write_json(struct err *e)
{
	struct buf b = BUF_INIT(1 << 20);
	struct json_writer w;
	json_write_init(&w, &b, e);
	json_write_array(&w);
	for (int i = 0; i < 1000; i++)
		json_write_double(&w, i + 0.5);
	json_write_array_end(&w);
	buf_done(&b);
	return json_write_done(&w);
}

static int wire(struct err *e)
{
	struct box_file file = { { "main.lua", 8 }, { "return 1", 8 } };
	struct box_arg arg = { { "n", 1 }, { "1", 1 }, BOX_ARG_INTEGER };
	struct box_input input = { BOX_INPUT_DATA, { "d", 1 }, { "n", 1 }, 5 };
	struct box_request r = { .files = &file, .n_files = 1, .args = &arg, .n_args = 1, .inputs = &input, .n_inputs = 1 }, out = { .n_files = 0 };
	struct buf b = BUF_INIT(LIMIT_BOX_REQUEST_BYTES);
	int ret = boxwire_request_encode(&b, &r, e);
	if (ret == 0)
		ret = boxwire_request_decode(&out, b.data + BOX_FRAME_HEADER, b.len - BOX_FRAME_HEADER, e);
	else
		assert_int_equal(b.len, 0);
	boxwire_request_done(&out);
	buf_done(&b);
	return ret;
}

static void test_parse(void **state)
{
	(void)state;
	until_done(parse, 6);
}

static void test_many(void **state)
{
	(void)state;
	until_done(many, 5);
}

static void test_write(void **state)
{
	(void)state;
	until_done(write_json, 4);
}

static void test_wire(void **state)
{
	(void)state;
	until_done(wire, 3);
}

#define LEDGER_ACCOUNTS 130	/* the tables grow from 64 to 256 rows */

static int accounts_open(const struct ledger_backend *b, char names[][LEDGER_NAME], struct err *e)
{
	for (unsigned i = 0; i < LEDGER_ACCOUNTS; i++) {
		(void)snprintf(names[i], LEDGER_NAME, "account%u", i);
		if (ledger_open(b, names[i], LEDGER_NRLC, i > 0, e) < 0)
			return -1;
	}
	return 0;
}

/* A chain that meets the end of memory either leaves nothing or a ledger that answers no more: never half of itself. */
static int ledger_chain(struct err *e)
{
	static char names[LEDGER_ACCOUNTS][LEDGER_NAME];
	static struct ledger_transfer chain[LEDGER_ACCOUNTS - 1];
	struct ledger_memory *m = NULL;
	struct ledger_account a;
	struct err why;
	int r = -1;
	if (ledger_memory_new(&m, e) < 0)
		return -1;
	const struct ledger_backend *b = ledger_memory_backend(m);
	if (accounts_open(b, names, e) < 0)
		goto out;
	for (unsigned i = 0; i + 1 < LEDGER_ACCOUNTS; i++) {
		chain[i] = (struct ledger_transfer){ .id = { 1, (uint8_t)i }, .amount = 5, .cause = "test" };
		memcpy(chain[i].debit, names[0], LEDGER_NAME);
		memcpy(chain[i].credit, names[i + 1], LEDGER_NAME);
	}
	r = ledger_apply(b, chain, LEDGER_ACCOUNTS - 1, 0, e);
	for (unsigned i = 1; i < LEDGER_ACCOUNTS; i++) {
		int is = b->account_get(b->ctx, names[i], &a, &why);
		if (r == 0 || is > 0)
			assert_true(is == 1 && a.credits_posted == (r == 0 ? 5 : 0));
		else
			assert_non_null(strstr(why.msg, "memory"));
	}
	/* half of it would be a conflict with the whole */
	if (r < 0 && ledger_apply(b, chain, LEDGER_ACCOUNTS - 1, 0, &why) < 0)
		assert_non_null(strstr(why.msg, "memory"));
out:
	ledger_memory_free(m);
	return r;
}

static void test_ledger(void **state)
{
	(void)state;
	until_done(ledger_chain, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse), cmocka_unit_test(test_many), cmocka_unit_test(test_write), cmocka_unit_test(test_wire), cmocka_unit_test(test_ledger),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
