/* Each rule and each refusal of core/book/ledger.c, as cases that every backend has to pass: test_ledger_memory.c and test_ledger_rows.c run them all. */
#ifndef ENCLUA_TESTS_LEDGER_CASES_H
#define ENCLUA_TESTS_LEDGER_CASES_H

#include "unit/ledger_make.h"

static inline void opening(void **state)
{
	const struct ledger_backend *b = ((struct place *)*state)->b;
	struct err e;
	struct ledger_account a;
	char longest[LEDGER_NAME + 1];
	assert_int_equal(ledger_open(b, "anna", LEDGER_NRLC, true, &e), 0);	/* again: nothing changes */
	SUMS("anna", "0 0 0 1000");
	assert_int_equal(ledger_open(b, "anna", LEDGER_USES, true, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(ledger_open(b, "anna", LEDGER_NRLC, false, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(ledger_open(b, "bank", LEDGER_NRLC, true, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(ledger_open(b, "dora", LEDGER_UNIT_COUNT, true, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	memset(longest, 'x', sizeof longest);
	longest[LEDGER_NAME - 1] = '\0';
	assert_int_equal(ledger_open(b, longest, LEDGER_BYTES, true, &e), 0);
	assert_int_equal(b->account_get(b->ctx, longest, &a, NULL), 1);
	assert_string_equal(a.name, longest);
	assert_int_equal(a.unit, LEDGER_BYTES);
	longest[LEDGER_NAME - 1] = 'x';
	longest[LEDGER_NAME] = '\0';
	static const char *const wrong[] = { "", " ", "a b", "a\n", "\x7f", "\xc3\xa9" };
	assert_int_equal(ledger_open(b, longest, LEDGER_NRLC, true, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	for (size_t i = 0; i < ROWS(wrong); i++) {
		assert_int_equal(ledger_open(b, wrong[i], LEDGER_NRLC, true, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
	}
	assert_int_equal(b->account_get(b->ctx, "dora", &a, NULL), 0);
}

static inline void posted(void **state)
{
	const struct ledger_backend *b = ((struct place *)*state)->b;
	struct ledger_transfer t;
	done(b, move(1, LEDGER_POSTED, "anna", "ben", 400));
	SUMS("bank", "0 1000 0 0");
	SUMS("anna", "0 400 0 1000");
	SUMS("ben", "0 0 0 400");
	done(b, move(2, LEDGER_POSTED, "ben", "bank", 400));	/* to the last unit */
	SUMS("ben", "0 400 0 400");
	SUMS("bank", "0 1000 0 400");
	assert_int_equal(b->transfer_get(b->ctx, (uint8_t[LEDGER_ID]){ 1, 1 }, &t, NULL), 1);
	assert_string_equal(t.debit, "anna");
	assert_string_equal(t.credit, "ben");
	assert_string_equal(t.cause, "test");
	assert_int_equal(t.entry, 7);
	assert_int_equal(t.amount, 400);
	done(b, move(3, LEDGER_POSTED, "bank", "ben", 1000000));	/* the bank owes without end */
	struct ledger_account bank;
	assert_int_equal(b->account_get(b->ctx, "bank", &bank, NULL), 1);
	assert_int_equal(ledger_free(&bank), 0);
	assert_int_equal(ledger_balance(&bank), 0);
}

static inline void funds(void **state)
{
	const struct ledger_backend *b = ((struct place *)*state)->b;
	refused_one(b, move(1, LEDGER_POSTED, "anna", "ben", 1001), ERR_FUNDS, "anna has 1000 nRLC free and needs 1001 nRLC");
	refused_one(b, move(1, LEDGER_POSTED, "ben", "anna", 1), ERR_FUNDS, "ben has 0 RLC free and needs 1 nRLC");
	refused_one(b, move(1, LEDGER_PENDING, "anna", "ben", 1001), ERR_FUNDS, "anna has 1000");
	done(b, move(2, LEDGER_PENDING, "anna", "ben", 600));
	/* what is reserved is not free, neither for its owner nor for whom it may reach */
	refused_one(b, move(1, LEDGER_POSTED, "anna", "cleo", 401), ERR_FUNDS, "anna has 400");
	refused_one(b, move(1, LEDGER_POSTED, "ben", "cleo", 1), ERR_FUNDS, "ben has 0");
	done(b, move(3, LEDGER_POSTED, "anna", "cleo", 400));
	SUMS("anna", "600 400 0 1000");
}

static inline void wrong_shapes(void **state)
{
	const struct ledger_backend *b = ((struct place *)*state)->b;
	struct ledger_transfer t = move(1, LEDGER_POSTED, "anna", "ben", 1);
	refused_one(b, move(1, LEDGER_POSTED, "anna", "ben", 0), ERR_INVALID, "is 0");
	refused_one(b, move(1, LEDGER_PENDING, "anna", "ben", 0), ERR_INVALID, "is 0");
	refused_one(b, move(1, LEDGER_POSTED, "bank", "ben", MAX + 1), ERR_INVALID, "2^62");
	refused_one(b, move(1, LEDGER_POSTED, "bank", "ben", UINT64_MAX), ERR_INVALID, "2^62");
	refused_one(b, move(1, LEDGER_POSTED, "anna", "anna", 1), ERR_CONFLICT, "to itself");
	refused_one(b, move(1, LEDGER_POSTED, "anna", "", 1), ERR_INVALID, "without a name");
	refused_one(b, move(1, LEDGER_POSTED, "an na", "ben", 1), ERR_INVALID, "character");
	refused_one(b, move(1, LEDGER_POSTED, "anna", "nobody", 1), ERR_NOT_FOUND, "nobody");
	refused_one(b, move(1, LEDGER_POSTED, "nobody", "anna", 1), ERR_NOT_FOUND, "nobody");
	refused_one(b, move(1, LEDGER_POSTED, "anna", "uses2", 1), ERR_CONFLICT, "nothing can move between");
	refused_one(b, move(1, LEDGER_PENDING, "uses1", "anna", 1), ERR_CONFLICT, "nothing can move between");
	refused_one(b, move(1, LEDGER_KIND_COUNT, "anna", "ben", 1), ERR_INVALID, "kind");
	refused_one(b, resolve(1, LEDGER_POSTED, 200, "anna", "ben", 1), ERR_INVALID, "resolves another");
	refused_one(b, move(1, LEDGER_POST, "anna", "ben", 1), ERR_INVALID, "resolves nothing");
	refused_one(b, move(1, LEDGER_VOID, "anna", "ben", 0), ERR_INVALID, "resolves nothing");
	memset(t.id, 0, sizeof t.id);
	refused_one(b, t, ERR_INVALID, "without an id");
	t = move(1, LEDGER_POSTED, "anna", "ben", 1);
	memset(t.cause, 'x', sizeof t.cause);
	refused_one(b, t, ERR_INVALID, "cause");
	t = move(1, LEDGER_POSTED, "anna", "ben", 1);
	memset(t.credit, 'x', sizeof t.credit);
	refused_one(b, t, ERR_INVALID, "name");
	t = move(1, LEDGER_POSTED, "anna", "ben", 1);
	t.expires = 500;
	refused_one(b, t, ERR_INVALID, "expire");
	t = move(1, LEDGER_PENDING, "anna", "ben", 1);
	t.expires = -1;
	refused_one(b, t, ERR_INVALID, "expire");
	t.expires = 100;	/* now is 100 */
	refused_one(b, t, ERR_INVALID, "expire");
	t = move(1, LEDGER_POSTED, "anna", "ben", 1);
	t.entry = UINT64_MAX;
	refused_one(b, t, ERR_INVALID, "entry");
	refused(b, &t, 0, 100, ERR_INVALID, "without transfers");
}

static inline void pending_posted(void **state)
{
	const struct ledger_backend *b = ((struct place *)*state)->b;
	uint8_t by[LEDGER_ID];
	done(b, move(1, LEDGER_PENDING, "anna", "ben", 600));
	SUMS("anna", "600 0 0 1000");
	SUMS("ben", "0 0 600 0");
	assert_int_equal(b->resolved_get(b->ctx, (uint8_t[LEDGER_ID]){ 1, 1 }, by, NULL), 0);
	refused_one(b, resolve(2, LEDGER_POST, 1, "anna", "ben", 601), ERR_INVALID, "reserved 600");
	refused_one(b, resolve(2, LEDGER_POST, 1, "anna", "ben", 0), ERR_INVALID, "is 0");
	refused_one(b, resolve(2, LEDGER_POST, 1, "anna", "cleo", 1), ERR_INVALID, "from anna to ben");
	refused_one(b, resolve(2, LEDGER_POST, 1, "ben", "anna", 1), ERR_INVALID, "from anna to ben");
	done(b, resolve(2, LEDGER_POST, 1, "anna", "ben", 250));	/* a part: the rest is free again */
	SUMS("anna", "0 250 0 1000");
	SUMS("ben", "0 0 0 250");
	assert_int_equal(b->resolved_get(b->ctx, (uint8_t[LEDGER_ID]){ 1, 1 }, by, NULL), 1);
	assert_int_equal(by[0], 2);
	refused_one(b, resolve(3, LEDGER_POST, 1, "anna", "ben", 1), ERR_CONFLICT, "resolved before");
	refused_one(b, resolve(3, LEDGER_VOID, 1, "anna", "ben", 0), ERR_CONFLICT, "resolved before");
	refused_one(b, resolve(3, LEDGER_POST, 200, "bank", "anna", 1), ERR_CONFLICT, "is not pending");
	refused_one(b, resolve(3, LEDGER_POST, 2, "anna", "ben", 1), ERR_CONFLICT, "is not pending");
	refused_one(b, resolve(3, LEDGER_POST, 99, "anna", "ben", 1), ERR_NOT_FOUND, "no pending transfer");
}

static inline void pending_voided(void **state)
{
	const struct ledger_backend *b = ((struct place *)*state)->b;
	done(b, move(1, LEDGER_PENDING, "anna", "ben", 1000));
	refused_one(b, resolve(2, LEDGER_VOID, 1, "anna", "ben", 5), ERR_INVALID, "is not 0");
	done(b, resolve(2, LEDGER_VOID, 1, "anna", "ben", 0));
	SUMS("anna", "0 0 0 1000");
	SUMS("ben", "0 0 0 0");
	refused_one(b, resolve(3, LEDGER_VOID, 1, "anna", "ben", 0), ERR_CONFLICT, "resolved before");
	refused_one(b, resolve(3, LEDGER_POST, 1, "anna", "ben", 1), ERR_CONFLICT, "resolved before");
	done(b, move(4, LEDGER_POSTED, "anna", "ben", 1000));
}

static inline void expiry(void **state)
{
	const struct ledger_backend *b = ((struct place *)*state)->b;
	for (uint8_t i = 1; i <= 3; i++) {
		struct ledger_transfer t = move(i, LEDGER_PENDING, "anna", "ben", 100);
		t.expires = 150;
		done(b, t);
	}
	struct ledger_transfer post = resolve(11, LEDGER_POST, 1, "anna", "ben", 100), late = resolve(12, LEDGER_POST, 2, "anna", "ben", 100),
		empty = resolve(13, LEDGER_VOID, 2, "anna", "ben", 0), early = resolve(14, LEDGER_VOID, 3, "anna", "ben", 0);
	assert_int_equal(ledger_apply(b, &post, 1, 149, NULL), 0);
	refused(b, &late, 1, 150, ERR_CONFLICT, "has expired");
	refused(b, &late, 1, INT64_MAX, ERR_CONFLICT, "has expired");
	assert_int_equal(ledger_apply(b, &post, 1, 5000, NULL), 0);	/* a retry that comes late */
	assert_int_equal(ledger_apply(b, &early, 1, 149, NULL), 0);
	assert_int_equal(ledger_apply(b, &empty, 1, 150, NULL), 0);
	SUMS("anna", "0 100 0 1000");
	SUMS("ben", "0 0 0 100");
}

static inline void idempotence(void **state)
{
	const struct ledger_backend *b = ((struct place *)*state)->b;
	struct ledger_transfer pair[2] = { move(1, LEDGER_POSTED, "anna", "ben", 400), move(2, LEDGER_PENDING, "ben", "cleo", 400) }, t, mixed[2];
	pair[1].expires = 200;
	for (int i = 0; i < 3; i++)
		assert_int_equal(ledger_apply(b, pair, 2, i == 2 ? 10000 : 100, NULL), 0);	/* also when the second one has expired */
	SUMS("anna", "0 400 0 1000");
	SUMS("ben", "400 0 0 400");
	assert_int_equal(ledger_apply(b, &pair[1], 1, 100, NULL), 0);
	/* same id, one other field */
#define OTHER(change) do { t = pair[1]; change; refused_one(b, t, ERR_CONFLICT, "another transfer has already"); } while (0)
	OTHER(t.amount = 399);
	OTHER(t.entry = 8);
	OTHER(t.expires = 201);
	OTHER(t.cause[0] = 'X');
	OTHER(t = move(2, LEDGER_PENDING, "ben", "anna", 400); t.expires = 200);
	OTHER(t = move(2, LEDGER_PENDING, "anna", "cleo", 400); t.expires = 200);
	OTHER(t = move(2, LEDGER_POSTED, "ben", "cleo", 400));
	OTHER(t = resolve(2, LEDGER_POST, 2, "ben", "cleo", 400));
	/* a part of it is there */
	mixed[0] = pair[0];
	mixed[1] = move(3, LEDGER_POSTED, "anna", "cleo", 1);
	refused(b, mixed, 2, 100, ERR_CONFLICT, "all or nothing");
	mixed[1] = mixed[0];
	refused(b, mixed, 2, 100, ERR_CONFLICT, "same id");
	mixed[0] = mixed[1] = move(4, LEDGER_POSTED, "anna", "cleo", 1);
	refused(b, mixed, 2, 100, ERR_CONFLICT, "same id");
	done(b, resolve(5, LEDGER_POST, 2, "ben", "cleo", 10));
	done(b, resolve(5, LEDGER_POST, 2, "ben", "cleo", 10));
	SUMS("cleo", "0 0 0 10");
}

static inline void chains(void **state)
{
	const struct ledger_backend *b = ((struct place *)*state)->b;
	/* money that came in by the chain's first transfer goes on by its second */
	struct ledger_transfer pass[3] = { move(1, LEDGER_POSTED, "anna", "ben", 1000), move(2, LEDGER_POSTED, "ben", "cleo", 1000),
		move(3, LEDGER_POSTED, "cleo", "bank", 1000) };
	struct ledger_transfer order[3] = { pass[1], pass[0], pass[2] }, late[3] = { pass[0], pass[1], move(3, LEDGER_POSTED, "cleo", "bank", 1001) };
	refused(b, order, 3, 100, ERR_FUNDS, "transfer 1 of a chain of 3");
	refused(b, late, 3, 100, ERR_FUNDS, "transfer 3 of a chain of 3: the account cleo has 1000");
	assert_int_equal(ledger_apply(b, pass, 3, 100, NULL), 0);
	SUMS("bank", "0 1000 0 1000");
	/* a pending transfer that begins and ends in one chain, and cannot end twice there */
	struct ledger_transfer ends[4] = { move(10, LEDGER_POSTED, "bank", "anna", 50), move(11, LEDGER_PENDING, "anna", "ben", 50),
		resolve(12, LEDGER_POST, 11, "anna", "ben", 20), resolve(13, LEDGER_VOID, 11, "anna", "ben", 0) };
	refused(b, ends, 4, 100, ERR_CONFLICT, "transfer 4 of a chain of 4: the pending transfer of anna was resolved before");
	struct ledger_transfer before[2] = { ends[2], ends[1] };
	refused(b, before, 2, 100, ERR_NOT_FOUND, "no pending transfer");
	struct ledger_transfer itself = resolve(14, LEDGER_POST, 14, "anna", "ben", 20);
	refused(b, &itself, 1, 100, ERR_NOT_FOUND, "no pending transfer");
	assert_int_equal(ledger_apply(b, ends, 3, 100, NULL), 0);
	SUMS("anna", "0 1020 0 1050");
	refused(b, &ends[3], 1, 100, ERR_CONFLICT, "resolved before");
	assert_int_equal(ledger_apply(b, ends, 3, 100, NULL), 0);
}

static inline void longest_chain(void **state)
{
	const struct ledger_backend *b = ((struct place *)*state)->b;
	static struct ledger_transfer chain[LEDGER_CHAIN + 1];
	char name[LEDGER_NAME];
	for (unsigned i = 0; i <= LEDGER_CHAIN; i++) {
		(void)snprintf(name, sizeof name, "worker%u", i);
		assert_int_equal(ledger_open(b, name, LEDGER_NRLC, true, NULL), 0);
		chain[i] = move(1, LEDGER_POSTED, "anna", name, 1);
		chain[i].id[2] = (uint8_t)(i >> 8);
		chain[i].id[3] = (uint8_t)i;
	}
	refused(b, chain, LEDGER_CHAIN + 1, 100, ERR_LIMIT, "at most 512");
	chain[LEDGER_CHAIN - 1].amount = 1000;
	refused(b, chain, LEDGER_CHAIN, 100, ERR_FUNDS, "transfer 512 of a chain of 512: the account anna has 489");
	chain[LEDGER_CHAIN - 1].amount = 1;
	assert_int_equal(ledger_apply(b, chain, LEDGER_CHAIN, 100, NULL), 0);
	assert_int_equal(ledger_apply(b, chain, LEDGER_CHAIN, 100, NULL), 0);
	SUMS("anna", "0 512 0 1000");
	SUMS("worker511", "0 0 0 1");
	SUMS("worker512", "0 0 0 0");
	/* as many accounts as a chain can touch */
	for (unsigned i = 0; i < LEDGER_CHAIN; i++) {
		(void)snprintf(name, sizeof name, "other%u", i);
		assert_int_equal(ledger_open(b, name, LEDGER_NRLC, true, NULL), 0);
		memcpy(chain[i].debit, chain[i].credit, LEDGER_NAME);
		memcpy(chain[i].credit, name, LEDGER_NAME);
		chain[i].id[1] = 2;
	}
	assert_int_equal(ledger_apply(b, chain, LEDGER_CHAIN, 100, NULL), 0);
	SUMS("worker0", "0 1 0 1");
	SUMS("other511", "0 0 0 1");
}

static inline void overflow(void **state)
{
	const struct ledger_backend *b = ((struct place *)*state)->b;
	assert_int_equal(ledger_open(b, "bank2", LEDGER_NRLC, false, NULL), 0);
	done(b, move(1, LEDGER_POSTED, "bank2", "ben", MAX));
	refused_one(b, move(2, LEDGER_POSTED, "bank", "ben", 1), ERR_LIMIT, "ben would count more than 2^62 - 1");
	refused_one(b, move(2, LEDGER_POSTED, "bank2", "cleo", 1), ERR_LIMIT, "bank2 would count");
	done(b, move(3, LEDGER_POSTED, "ben", "cleo", MAX));
	refused_one(b, move(4, LEDGER_POSTED, "anna", "ben", 1), ERR_LIMIT, "ben would count");	/* sums never shrink */
	done(b, move(5, LEDGER_PENDING, "bank", "anna", MAX));
	refused_one(b, move(6, LEDGER_PENDING, "bank", "anna", 1), ERR_LIMIT, "bank would count");
	refused_one(b, move(6, LEDGER_PENDING, "bank2", "anna", 1), ERR_LIMIT, "anna would count");
	refused_one(b, resolve(7, LEDGER_POST, 5, "bank", "anna", MAX), ERR_LIMIT, "would count");	/* anna has 1000 already */
	done(b, resolve(7, LEDGER_POST, 5, "bank", "anna", MAX - 1000));
	SUMS("anna", "0 0 0 4611686018427387903");
	SUMS("bank", "0 4611686018427387903 0 0");
	/* what is pending and what is posted may be as large as a sum, each */
	done(b, move(8, LEDGER_PENDING, "anna", "cleo", MAX));
	refused_one(b, move(9, LEDGER_POSTED, "anna", "cleo", 1), ERR_FUNDS, "has 0");
	refused_one(b, resolve(9, LEDGER_POST, 8, "anna", "cleo", 1), ERR_LIMIT, "cleo would count");
	done(b, resolve(9, LEDGER_VOID, 8, "anna", "cleo", 0));
}

static inline void closing(void **state)
{
	const struct ledger_backend *b = ((struct place *)*state)->b;
	struct err e;
	assert_int_equal(ledger_close(b, "nobody", &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(ledger_close(b, "anna", &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "holds 1000 nRLC"));
	assert_int_equal(ledger_close(b, "bank", &e), -1);
	assert_non_null(strstr(e.msg, "owes 1000 nRLC"));
	done(b, move(1, LEDGER_PENDING, "anna", "ben", 1000));
	assert_int_equal(ledger_close(b, "ben", &e), -1);	/* something may still come */
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(ledger_close(b, "anna", &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	done(b, resolve(2, LEDGER_POST, 1, "anna", "ben", 1000));
	for (int i = 0; i < 2; i++)
		assert_int_equal(ledger_close(b, "anna", &e), 0);
	refused_one(b, move(3, LEDGER_POSTED, "ben", "anna", 1), ERR_CONFLICT, "anna is closed");
	refused_one(b, move(3, LEDGER_POSTED, "anna", "ben", 1), ERR_CONFLICT, "anna is closed");
	done(b, resolve(2, LEDGER_POST, 1, "anna", "ben", 1000));	/* a retry changes nothing here either */
	assert_int_equal(ledger_open(b, "anna", LEDGER_NRLC, true, &e), 0);
	refused_one(b, move(3, LEDGER_POSTED, "ben", "anna", 1), ERR_CONFLICT, "anna is closed");	/* opened again it is still closed */
	assert_int_equal(ledger_close(b, "uses1", &e), 0);	/* nothing ever moved */
}

static inline int sum_account(void *ctx, const struct ledger_account *a, struct err *e)
{
	return ledger_sums_add(ctx, a, e);
}

static inline int each(const struct place *p, int (*f)(void *ctx, const struct ledger_account *a, struct err *e), void *ctx, struct err *e)
{
	return p->rows ? ledger_rows_accounts(p->rows, f, ctx, e) : ledger_memory_each(p->memory, f, ctx, e);
}

static inline int name_next(void *ctx, const struct ledger_account *a, struct err *e)
{
	char *last = ctx;
	(void)e;
	assert_true(strcmp(last, a->name) < 0);
	memcpy(last, a->name, LEDGER_NAME);
	return 0;
}

static inline int stop(void *ctx, const struct ledger_account *a, struct err *e)
{
	(void)a;
	++*(int *)ctx;
	return err_set(e, ERR_TASK, "enough");
}

static inline void all_accounts(void **state)
{
	const struct place *p = *state;
	struct ledger_sums s;
	struct err e;
	char last[LEDGER_NAME] = "";
	int calls = 0;
	done(p->b, move(1, LEDGER_PENDING, "anna", "ben", 10));
	done(p->b, move(2, LEDGER_POSTED, "uses1", "uses2", 3));
	memset(&s, 0, sizeof s);
	assert_int_equal(each(p, sum_account, &s, NULL), 0);
	assert_int_equal(ledger_sums_check(&s, NULL), 0);
	assert_true(s.credits_posted[LEDGER_NRLC] == 1000 && s.debits_pending[LEDGER_NRLC] == 10 && s.credits_posted[LEDGER_USES] == 3);
	assert_int_equal(each(p, name_next, last, NULL), 0);
	assert_string_equal(last, "uses2");
	assert_int_equal(each(p, stop, &calls, &e), -1);
	assert_int_equal(calls, 1);
	assert_int_equal(e.code, ERR_TASK);
}

/* Money as people write it, all else with its unit. */
static inline void messages(void **state)
{
	const struct ledger_backend *b = ((struct place *)*state)->b;
	done(b, move(1, LEDGER_POSTED, "bank", "ben", UINT64_C(1500000000)));
	refused_one(b, move(2, LEDGER_POSTED, "ben", "anna", UINT64_C(2000000001)), ERR_FUNDS, "ben has 1.5 RLC free and needs 2.000000001 RLC");
	refused_one(b, move(2, LEDGER_POSTED, "uses2", "uses1", 5), ERR_FUNDS, "uses2 has 0 uses free and needs 5 uses");
}

#define LEDGER_CASES(X) \
	X(opening), X(posted), X(funds), X(wrong_shapes), X(pending_posted), X(pending_voided), X(expiry), \
	X(idempotence), X(chains), X(longest_chain), X(overflow), X(closing), X(all_accounts), X(messages)

#endif
