/* consensus.c, names.c and memory.c of core/market: exact arithmetic up to its edges, names that follow from others, rows by one and by two names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "market/inner.h"
#include "seal/crypto.h"

static const market_wide wide_max = ~(market_wide)0;

static void weight_grows_by_one_for_three_points(void **state)
{
	(void)state;
	static const struct { uint64_t score, weight; } rows[] = { { 0, 2 }, { 8, 2 }, { 11, 2 }, { 12, 3 }, { 14, 3 }, { 15, 4 }, { 17, 4 }, { 18, 5 }, { 100, 32 },
		{ 300, 99 }, { UINT64_MAX, UINT64_MAX / 3 - 1 } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(market_weight(rows[i].score), rows[i].weight);
}

static void log2_is_rounded_down(void **state)
{
	(void)state;
	static const struct { uint64_t weight; unsigned log; } rows[] = { { 1, 0 }, { 2, 1 }, { 3, 1 }, { 4, 2 }, { 7, 2 }, { 8, 3 }, { 32, 5 }, { 99, 6 },
		{ UINT64_MAX, 63 } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(market_log2(rows[i].weight), rows[i].log);
}

/* How many new workers that agree a trust needs: the table of the reference, and 2^n > trust − 1 for every trust up to 1000. */
static void agreeing_workers_meet_trust(void **state)
{
	(void)state;
	for (uint64_t trust = 1; trust <= 1000; trust++) {
		market_wide group = 0, total = 1;
		unsigned n = 0;
		do {
			assert_int_equal(market_group_add(&group, &total, 2), 0);
			n++;
		} while (!market_consensus(group, total, trust));
		assert_true((UINT64_C(1) << n) > trust - 1);
		assert_true(n == 1 || (UINT64_C(1) << (n - 1)) <= trust - 1);
	}
}

/* With b that agree on something else: 2^n > (1 + 2^b)(trust − 1). */
static void dissenters_cost_more_workers(void **state)
{
	(void)state;
	for (unsigned b = 1; b <= 10; b++)
		for (uint64_t trust = 2; trust <= 40; trust++) {
			market_wide group = 0, other = 0, total = 1;
			for (unsigned i = 0; i < b; i++)
				assert_int_equal(market_group_add(&other, &total, 2), 0);
			uint64_t need = (1 + (UINT64_C(1) << b)) * (trust - 1);
			for (unsigned n = 1; n <= 30; n++) {
				assert_int_equal(market_group_add(&group, &total, 2), 0);
				assert_int_equal(market_consensus(group, total, trust), (UINT64_C(1) << n) > need);
			}
		}
}

static void group_that_overflows_is_refused(void **state)
{
	(void)state;
	market_wide group = 0, total = 1;
	for (unsigned i = 1; i <= 127; i++)
		assert_int_equal(market_group_add(&group, &total, 2), 0);
	assert_true(group == (market_wide)1 << 127 && total == group + 1);
	assert_int_equal(market_group_add(&group, &total, 2), -1);
	assert_true(group == (market_wide)1 << 127 && total == group + 1);	/* nothing changed */

	/* the group fits, the total does not */
	group = 0;
	total = wide_max - 1;
	assert_int_equal(market_group_add(&group, &total, 2), -1);
	assert_int_equal(market_group_add(&group, &total, 1), 0);
	assert_true(total == wide_max);
}

/* group · trust and total · (trust − 1) both pass 128 bits here; the answer is exact all the same. */
static void consensus_is_exact_past_128_bits(void **state)
{
	(void)state;
	market_wide half = (market_wide)1 << 127;
	assert_true(market_consensus(half, half + 1, UINT64_MAX));	/* others 1: half > 2^64 − 2 */
	assert_true(market_consensus(half, half + ((market_wide)1 << 63), UINT64_MAX));	/* 2^63 · (2^64 − 2) = 2^127 − 2^64 < 2^127 */
	assert_true(market_consensus(half, half + ((market_wide)1 << 63), UINT64_MAX - 1));
	assert_true(market_consensus(half, half + ((market_wide)1 << 63) + 1, UINT64_MAX));	/* 2^127 − 2 */
	assert_false(market_consensus(half, half + ((market_wide)1 << 63) + 2, UINT64_MAX));
	assert_false(market_consensus(half, wide_max, UINT64_MAX));
	assert_true(market_consensus(1, wide_max, 1));	/* trust 1: the first contribution */
	assert_false(market_consensus(2, 4, 2));	/* 4 = 4: strictly more is needed */
	assert_true(market_consensus(3, 5, 2));
}

static void part_is_floor_of_exact_product(void **state)
{
	(void)state;
	assert_int_equal(market_part(3, 30, 100), 0);
	assert_int_equal(market_part(20000000000, 35, 100), 7000000000);
	assert_int_equal(market_part(LEDGER_AMOUNT_MAX, 99, 100), LEDGER_AMOUNT_MAX / 100 * 99 + LEDGER_AMOUNT_MAX % 100 * 99 / 100);
	assert_int_equal(market_part(UINT64_MAX, UINT64_MAX, UINT64_MAX), UINT64_MAX);
	assert_int_equal(market_part(UINT64_MAX, 3, 2), UINT64_MAX);	/* too large, said so */
}

static void names_are_checked(void **state)
{
	(void)state;
	char longest[MARKET_NAME + 1];
	memset(longest, 'a', sizeof longest);
	longest[MARKET_NAME - 1] = '\0';
	assert_true(market_name_ok(longest));
	longest[MARKET_NAME - 1] = 'a';
	longest[MARKET_NAME] = '\0';
	assert_false(market_name_ok(longest));
	static const char *const bad[] = { "", "bank", "kitty", "a b", "a/b", "a#0", "a\n", "\x7f", "\xc3\xa9" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(market_name_ok(bad[i]));
	assert_true(market_name_ok("enclua1qqqq"));
}

static void ids_depend_on_all_they_name(void **state)
{
	(void)state;
	char a[MARKET_NAME], b[MARKET_NAME];
	market_deal_id(a, "order", 0);
	market_deal_id(b, "order", 1);
	assert_string_not_equal(a, b);
	assert_int_equal(strncmp(a, "deal1", 5), 0);
	market_deal_id(b, "order", 0);
	assert_string_equal(a, b);
	market_task_id(b, a, 0);
	assert_int_equal(strncmp(b, "task1", 5), 0);
	assert_true(market_name_ok(a) && market_name_ok(b));
}

/* A seal binds the worker; and where one name ends and the next begins counts. */
static void hash_and_seal_bind_their_names(void **state)
{
	(void)state;
	uint8_t digest[32] = { 1 }, a[32], b[32];
	market_result_hash(a, "task", digest);
	market_result_hash(b, "task2", digest);
	assert_memory_not_equal(a, b, 32);
	market_result_seal(a, "ab", "c", digest);
	market_result_seal(b, "a", "bc", digest);
	assert_memory_not_equal(a, b, 32);
	market_result_seal(b, "ab", "c", digest);
	assert_memory_equal(a, b, 32);
	market_result_hash(b, "c", digest);
	assert_memory_not_equal(a, b, 32);
}

static void account_names_hold_the_longest_names(void **state)
{
	(void)state;
	char longest[MARKET_NAME], out[LEDGER_NAME];
	memset(longest, 'n', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	market_worker_stake_name(out, longest, longest);
	assert_int_equal(strlen(out), 2 * (MARKET_NAME - 1) + strlen("/stake/"));
	market_worker_stake_name(out, "t", "w");
	assert_string_equal(out, "t/stake/w");
	market_escrow_name(out, "d");
	assert_string_equal(out, "d/escrow");
	market_pool_stake_name(out, "d");
	assert_string_equal(out, "d/stake");
}

static void money_is_written_in_rlc(void **state)
{
	(void)state;
	static const struct { uint64_t amount; const char *text; } rows[] = { { 0, "0 RLC" }, { 1, "0.000000001 RLC" }, { 1500000000, "1.5 RLC" },
		{ 10000000000, "10 RLC" }, { UINT64_MAX, "18446744073.709551615 RLC" } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[40];
		market_money_text(text, rows[i].amount);
		assert_string_equal(text, rows[i].text);
	}
}

static int member_count(void *ctx, const void *row, struct err *e)
{
	(void)e;
	char name[MARKET_NAME];
	size_t *n = ctx;
	market_number_name(name, (*n)++);
	assert_string_equal(((const struct market_member *)row)->who, name);
	return 0;
}

/* Many rows, so that blocks and slots grow; the second name counts as the first does. */
static void memory_keeps_rows_by_name(void **state)
{
	(void)state;
	enum { MANY = 3000 };
	struct market_memory *mem;
	struct err e = { 0 };
	assert_int_equal(market_memory_new(&mem, &e), 0);
	const struct market_backend *b = market_memory_backend(mem);
	struct market_member m = { .list = "list" }, found;
	assert_int_equal(b->get(b->ctx, MARKET_ROW_MEMBER, "list", "0", &found, &e), 0);
	for (unsigned i = 0; i < MANY; i++) {
		market_number_name(m.who, i);
		assert_int_equal(b->put(b->ctx, MARKET_ROW_MEMBER, &m, true, &e), 0);
	}
	for (unsigned i = 0; i < MANY; i++) {
		market_number_name(m.who, i);
		assert_int_equal(b->get(b->ctx, MARKET_ROW_MEMBER, "list", m.who, &found, &e), 1);
		assert_memory_equal(&m, &found, sizeof m);
		assert_int_equal(b->get(b->ctx, MARKET_ROW_MEMBER, "other", m.who, &found, &e), 0);
	}
	assert_int_equal(b->put(b->ctx, MARKET_ROW_MEMBER, &m, true, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(b->put(b->ctx, MARKET_ROW_MEMBER, &m, false, &e), 0);
	market_name_set(m.list, "other");
	assert_int_equal(b->put(b->ctx, MARKET_ROW_MEMBER, &m, false, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	size_t n = 0;
	assert_int_equal(market_memory_each(mem, MARKET_ROW_MEMBER, member_count, &n, &e), 0);
	assert_int_equal(n, MANY);
	market_memory_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weight_grows_by_one_for_three_points),
		cmocka_unit_test(log2_is_rounded_down),
		cmocka_unit_test(agreeing_workers_meet_trust),
		cmocka_unit_test(dissenters_cost_more_workers),
		cmocka_unit_test(group_that_overflows_is_refused),
		cmocka_unit_test(consensus_is_exact_past_128_bits),
		cmocka_unit_test(part_is_floor_of_exact_product),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(ids_depend_on_all_they_name),
		cmocka_unit_test(hash_and_seal_bind_their_names),
		cmocka_unit_test(account_names_hold_the_longest_names),
		cmocka_unit_test(money_is_written_in_rlc),
		cmocka_unit_test(memory_keeps_rows_by_name),
	};
	return crypto_init(NULL) < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
