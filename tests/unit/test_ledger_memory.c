/* core/book/ledger_memory.c: the rules of the ledger over it, and what is its own: it finds everything however much it has grown, and trusts nothing once memory ran out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "book/ledger_memory.c"
#include "unit/ledger_cases.h"

#define MANY 5000u

static void id_of(uint8_t id[static LEDGER_ID], unsigned i)
{
	memset(id, 0, LEDGER_ID);
	memcpy(id, &i, sizeof i);
	id[LEDGER_ID - 1] = 1;
}

/* Both tables are made anew several times on the way; what was there before is found after. */
static void all_is_found_after_growth(void **state)
{
	const struct place *p = *state;
	const struct ledger_backend *b = p->b;
	char name[LEDGER_NAME];
	struct err e;
	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof name, "worker%u", i);
		assert_int_equal(ledger_open(b, name, LEDGER_NRLC, true, &e), 0);
		struct ledger_transfer t = move(1, LEDGER_POSTED, "bank", name, i + 1);
		id_of(t.id, i);
		done(b, t);
	}
	assert_true(p->memory->accounts.size > 4 * ROWS_FIRST && p->memory->transfers.size > 4 * ROWS_FIRST);
	for (unsigned i = 0; i < MANY; i++) {
		struct ledger_account a;
		struct ledger_transfer t;
		uint8_t id[LEDGER_ID], other[LEDGER_ID];
		(void)snprintf(name, sizeof name, "worker%u", i);
		id_of(id, i);
		id_of(other, i + MANY);
		assert_int_equal(b->account_get(b->ctx, name, &a, &e), 1);
		assert_int_equal(a.credits_posted, i + 1);
		assert_int_equal(b->transfer_get(b->ctx, id, &t, &e), 1);
		assert_string_equal(t.credit, name);
		assert_int_equal(t.amount, i + 1);
		assert_int_equal(b->transfer_get(b->ctx, other, &t, &e), 0);
		(void)snprintf(name, sizeof name, "worker%u", i + MANY);
		assert_int_equal(b->account_get(b->ctx, name, &a, &e), 0);
	}
}

static int ignore(void *ctx, const struct ledger_account *a, struct err *e)
{
	(void)ctx;
	(void)a;
	(void)e;
	return 0;
}

/* It may hold half of a chain from then on: no call says anything but that. Tables that may not grow stand for the memory that ran out. */
static void nothing_is_said_once_memory_ran_out(void **state)
{
	const struct place *p = *state;
	const struct ledger_backend *b = p->b;
	struct ledger_transfer t = move(1, LEDGER_POSTED, "anna", "ben", 1), chain[2] = { t, move(2, LEDGER_POSTED, "anna", "cleo", 1) };
	struct ledger_account a;
	uint8_t by[LEDGER_ID];
	struct err e;
	struct table *rows = &p->memory->transfers;
	const uint32_t n = rows->n, size = rows->size;
	rows->n = rows->size = ROWS_MAX;	/* as full as it gets; nothing reads a place of it, nor before the rows are put */
	assert_int_equal(b->transfer_put(b->ctx, &t, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	rows->n = n;
	rows->size = size;
	for (int again = 0; again < 2; again++) {
		const int r[] = { b->account_get(b->ctx, "anna", &a, &e), b->account_put(b->ctx, &a, false, &e), b->transfer_get(b->ctx, t.id, &t, &e),
			b->transfer_put(b->ctx, &chain[0], &e), b->resolved_get(b->ctx, t.id, by, &e), ledger_apply(b, chain, 2, 100, &e),
			ledger_open(b, "dora", LEDGER_NRLC, true, &e), ledger_memory_each(p->memory, ignore, NULL, &e) };
		for (size_t i = 0; i < ROWS(r); i++)
			assert_int_equal(r[i], -1);
		assert_int_equal(e.code, ERR_LIMIT);
		assert_non_null(strstr(e.msg, "memory"));
	}
}

/* What the engine never does is refused here too, as the tables of the other backend do. */
static void rows_are_put_once(void **state)
{
	const struct ledger_backend *b = ((struct place *)*state)->b;
	struct ledger_transfer pending = move(1, LEDGER_PENDING, "anna", "ben", 5);
	struct ledger_account anna, nobody = { .name = "nobody" };
	uint8_t by[LEDGER_ID];
	struct err e;
	done(b, pending);
	done(b, resolve(2, LEDGER_POST, 1, "anna", "ben", 5));
	const struct { struct ledger_transfer t; enum err_code code; } rows[] = {
		{ pending, ERR_CONFLICT }, { resolve(3, LEDGER_VOID, 1, "anna", "ben", 0), ERR_CONFLICT }, { resolve(3, LEDGER_POST, 9, "anna", "ben", 5), ERR_NOT_FOUND },
		{ move(3, LEDGER_POSTED, "nobody", "ben", 5), ERR_NOT_FOUND }, { move(3, LEDGER_POSTED, "anna", "nobody", 5), ERR_NOT_FOUND },
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_int_equal(b->transfer_put(b->ctx, &rows[i].t, &e), -1);
		assert_int_equal(e.code, rows[i].code);
	}
	assert_int_equal(b->resolved_get(b->ctx, pending.id, by, &e), 1);
	assert_int_equal(by[0], 2);
	assert_int_equal(b->account_get(b->ctx, "anna", &anna, &e), 1);
	assert_int_equal(b->account_put(b->ctx, &anna, true, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(b->account_put(b->ctx, &nobody, false, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void nothing_is_freed(void **state)
{
	(void)state;
	ledger_memory_free(NULL);
}

int main(void)
{
#define IN_MEMORY(f) cmocka_unit_test_setup_teardown(f, in_memory, leave)
	const struct CMUnitTest tests[] = {
		LEDGER_CASES(IN_MEMORY),
		IN_MEMORY(all_is_found_after_growth), IN_MEMORY(nothing_is_said_once_memory_ran_out),
		IN_MEMORY(rows_are_put_once), cmocka_unit_test(nothing_is_freed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
