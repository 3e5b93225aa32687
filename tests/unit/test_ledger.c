/* core/book/ledger.c apart from its backends: a backend that fails, the sums over all accounts, names of units. Its rules and refusals are ledger_cases.h, run over
 * each backend: test_ledger_memory.c, test_ledger_rows.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/ledger_make.h"

/* A backend whose call number `at` fails. */
struct failing { const struct ledger_backend *b; unsigned calls, at, puts; };
static int fails(struct failing *f, struct err *e)
{
	return ++f->calls == f->at ? err_set(e, ERR_UNAVAILABLE, "call %u failed", f->at) : 0;
}
static int failing_account_get(void *ctx, const char *name, struct ledger_account *out, struct err *e)
{
	struct failing *f = ctx;
	return fails(f, e) < 0 ? -1 : f->b->account_get(f->b->ctx, name, out, e);
}
static int failing_account_put(void *ctx, const struct ledger_account *a, bool is_new, struct err *e)
{
	struct failing *f = ctx;
	f->puts++;
	return fails(f, e) < 0 ? -1 : f->b->account_put(f->b->ctx, a, is_new, e);
}
static int failing_transfer_get(void *ctx, const uint8_t id[static LEDGER_ID], struct ledger_transfer *out, struct err *e)
{
	struct failing *f = ctx;
	return fails(f, e) < 0 ? -1 : f->b->transfer_get(f->b->ctx, id, out, e);
}
static int failing_transfer_put(void *ctx, const struct ledger_transfer *t, struct err *e)
{
	struct failing *f = ctx;
	f->puts++;
	return fails(f, e) < 0 ? -1 : f->b->transfer_put(f->b->ctx, t, e);
}
static int failing_resolved_get(void *ctx, const uint8_t pending[static LEDGER_ID], uint8_t by[static LEDGER_ID], struct err *e)
{
	struct failing *f = ctx;
	return fails(f, e) < 0 ? -1 : f->b->resolved_get(f->b->ctx, pending, by, e);
}

/* Whichever call to the rows fails, the chain fails with its words; nothing is put before all has been read; a transaction that is rolled back leaves nothing. */
static void failing_rows(void **state)
{
	const struct place *p = *state;
	struct ledger_transfer chain[3] = { resolve(1, LEDGER_POST, 9, "anna", "ben", 30), move(2, LEDGER_POSTED, "ben", "cleo", 20),
		move(3, LEDGER_PENDING, "cleo", "bank", 10) };
	done(p->b, move(9, LEDGER_PENDING, "anna", "ben", 50));
	unsigned at = 1;
	for (;; at++) {
		struct failing f = { .b = p->b, .at = at };
		const struct ledger_backend b = { &f, failing_account_get, failing_account_put, failing_transfer_get, failing_transfer_put, failing_resolved_get };
		struct err e = { .code = ERR_NONE };
		sql(p->db, "BEGIN");
		if (ledger_apply(&b, chain, 3, 100, &e) == 0)
			break;
		assert_int_equal(e.code, ERR_UNAVAILABLE);
		assert_true(f.calls == at);	/* it stops there */
		assert_true(f.puts == 0 || at > 3 + 4 + 2);	/* 3 ids, 4 accounts, the pending one and what resolved it */
		sql(p->db, "ROLLBACK");
		assert_string_equal(sums(p->b, "anna"), "50 0 0 1000");
		assert_string_equal(sums(p->b, "cleo"), "0 0 0 0");
	}
	sql(p->db, "COMMIT");
	assert_int_equal(at, 3 + 4 + 2 + 3 + 4 + 1);	/* and 3 transfers and 4 accounts to put */
	assert_string_equal(sums(p->b, "cleo"), "10 0 0 20");
	assert_int_equal(ledger_rows_check(p->rows, NULL), 0);
}

/* What no chain can make: the sums notice it. */
static void sums_notice(void **state)
{
	(void)state;
	static const struct ledger_account wrong[] = {
		{ .name = "a", .limited = true, .debits_posted = 1 }, { .name = "a", .limited = true, .debits_posted = 5, .debits_pending = 6, .credits_posted = 10 },
		{ .name = "a", .closed = true, .credits_posted = 1 }, { .name = "a", .closed = true, .credits_pending = 1 },
		{ .name = "a", .closed = true, .debits_pending = 1 }, { .name = "a", .credits_posted = MAX + 1 }, { .name = "a", .unit = LEDGER_UNIT_COUNT },
	};
	struct ledger_sums s;
	struct err e;
	memset(&s, 0, sizeof s);
	for (size_t i = 0; i < ROWS(wrong); i++) {
		assert_int_equal(ledger_sums_add(&s, &wrong[i], &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
	}
	assert_int_equal(ledger_sums_check(&s, &e), 0);
	struct ledger_account a = { .name = "a", .unit = LEDGER_EPSILON, .credits_posted = 1 }, d = { .name = "d", .unit = LEDGER_USES, .debits_posted = 1 };
	assert_int_equal(ledger_sums_add(&s, &a, &e), 0);
	assert_int_equal(ledger_sums_add(&s, &d, &e), 0);
	assert_int_equal(ledger_sums_check(&s, &e), -1);	/* the same in sum, but of two units */
	assert_int_equal(e.code, ERR_INVALID);
	memset(&s, 0, sizeof s);
	a = (struct ledger_account){ .name = "a", .debits_pending = 1 };
	assert_int_equal(ledger_sums_add(&s, &a, &e), 0);
	assert_int_equal(ledger_sums_check(&s, &e), -1);
	assert_non_null(strstr(e.msg, "pending"));
	memset(&s, 0, sizeof s);	/* more than 64 bits hold */
	a = (struct ledger_account){ .name = "a", .debits_posted = MAX };
	d = (struct ledger_account){ .name = "d", .credits_posted = MAX };
	for (int i = 0; i < 100; i++) {
		assert_int_equal(ledger_sums_add(&s, &a, &e), 0);
		assert_int_equal(ledger_sums_add(&s, &d, &e), 0);
	}
	assert_int_equal(ledger_sums_check(&s, &e), 0);
	assert_int_equal(ledger_sums_add(&s, &d, &e), 0);
	assert_int_equal(ledger_sums_check(&s, &e), -1);
}

static void texts(void **state)
{
	(void)state;
	assert_string_equal(ledger_unit_text(LEDGER_NRLC), "nRLC");
	assert_string_equal(ledger_unit_text(LEDGER_EPSILON), "epsilon_u6");
	assert_string_equal(ledger_unit_text(LEDGER_UNIT_COUNT), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_notice), cmocka_unit_test(texts), cmocka_unit_test_setup_teardown(failing_rows, in_rows, leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
