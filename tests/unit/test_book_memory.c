/* core/book: SQLite gets no memory, once at each place at which it asks while an entry comes in. SQLite then ends the transaction by itself, sometimes in the middle of a question whose
 * answer it still gives; the entry is in the book or it is not, and what is in it verifies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "unit/host_make.h"

static sqlite3_mem_methods real;
static uint64_t asked, fail_at;	/* 0: none */

static bool none_left(void)
{
	return fail_at && ++asked == fail_at;
}

static void *memory_get(int n)
{
	return none_left() ? NULL : real.xMalloc(n);
}

static void *memory_grow(void *p, int n)
{
	return none_left() ? NULL : real.xRealloc(p, n);
}

static int setup(void **state)
{
	struct sqlite3_mem_methods mine;
	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) != SQLITE_OK)
		return -1;
	mine = real;
	mine.xMalloc = memory_get;
	mine.xRealloc = memory_grow;
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &mine) != SQLITE_OK)
		return -1;
	return host_make_setup(state);
}

static uint64_t size_of(struct world *w)
{
	struct err e;
	uint64_t size = 0;
	BOOK_MUST(book_size(w->m.b, &size, &e), &e);
	return size;
}

static void verifies(struct world *w, uint64_t n)
{
	struct book_checked checked;
	struct err e = { .code = ERR_NONE };
	if (book_verify(w->m.b, &checked, NULL, NULL, &e) < 0)
		fail_msg("without the %lluth piece of memory: %s", (unsigned long long)n, e.msg);
}

/* Returns whether memory was refused at all. */
static bool enter(struct world *w, uint64_t n)
{
	struct err e = { .code = ERR_NONE };
	const uint64_t before = size_of(w);
	draft_order_app(w);
	asked = 0;
	fail_at = n;
	const int r = host_make_try(w, ADA, NULL, &e);
	fail_at = 0;
	const uint64_t after = size_of(w);
	if (after != before + (r == 0))
		fail_msg("without the %lluth piece of memory: %llu entries, then %llu, and the answer is %s", (unsigned long long)n, (unsigned long long)before,
			(unsigned long long)after, r < 0 ? e.msg : "yes");
	if (r < 0 && (e.code != ERR_LIMIT || !strstr(e.msg, "memory")))
		fail_msg("without the %lluth piece of memory: %s: %s", (unsigned long long)n, err_name(e.code), e.msg);
	return asked >= n;
}

static void statements_are_ready(void **state)
{
	struct world *w = *state;
	uint64_t n = 1;
	for (; enter(w, n); n++)
		verifies(w, n);
	assert_true(n > 20);
}

static void nothing_is_ready(void **state)
{
	struct world *w = *state;
	bool more = true;
	uint64_t n = 1;
	for (; more; n += 5) {
		struct err e;
		book_close(w->m.b);
		BOOK_MUST(host_open(&w->m.b, w->m.path, false, &e), &e);
		w->m.s = book_store(w->m.b);
		more = enter(w, n);
		verifies(w, n);
	}
	assert_true(n > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(statements_are_ready), cmocka_unit_test(nothing_is_ready) };
	return cmocka_run_group_tests(tests, setup, host_make_teardown);
}
