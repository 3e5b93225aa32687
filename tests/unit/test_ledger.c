/* core/book/ledger.c over both of its backends, ledger_memory.c and ledger_rows.c: each rule and each refusal, and that a refusal changes nothing. What the
 * tables of ledger_rows.h refuse by themselves is tried with SQL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "book/ledger.h"
#include "book/ledger_rows.h"

#define ROWS(a) (sizeof(a) / sizeof *(a))
#define MAX LEDGER_AMOUNT_MAX

struct place {
	struct ledger_memory *memory;
	struct ledger_rows *rows;
	sqlite3 *db;
	const struct ledger_backend *b;
};

static void sql(sqlite3 *db, const char *text)
{
	char *why = NULL;
	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
}

/* Every test finds the bank, three people with 1000, 0 and 0, and two accounts that count uses. */
static void people(const struct ledger_backend *b);

static int in_memory(void **state)
{
	struct place *p = *state = calloc(1, sizeof *p);
	assert_int_equal(ledger_memory_new(&p->memory, NULL), 0);
	p->b = ledger_memory_backend(p->memory);
	people(p->b);
	return 0;
}

static int in_rows(void **state)
{
	struct place *p = *state = calloc(1, sizeof *p);
	assert_int_equal(sqlite3_open(":memory:", &p->db), SQLITE_OK);
	sql(p->db, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF");
	sql(p->db, LEDGER_ROWS_SCHEMA);
	struct err e = { .code = ERR_NONE };
	if (ledger_rows_open(&p->rows, p->db, &e) < 0)
		fail_msg("%s", e.msg);
	p->b = ledger_rows_backend(p->rows);
	people(p->b);
	return 0;
}

static int leave(void **state)
{
	struct place *p = *state;
	ledger_memory_free(p->memory);
	ledger_rows_close(p->rows);
	assert_int_equal(sqlite3_close(p->db), SQLITE_OK);
	free(p);
	return 0;
}

static struct ledger_transfer move(uint8_t id, enum ledger_kind kind, const char *debit, const char *credit, uint64_t amount)
{
	struct ledger_transfer t = { .id = { id, 1 }, .kind = kind, .amount = amount, .entry = 7, .cause = "test" };
	(void)snprintf(t.debit, sizeof t.debit, "%s", debit);
	(void)snprintf(t.credit, sizeof t.credit, "%s", credit);
	return t;
}

static struct ledger_transfer resolve(uint8_t id, enum ledger_kind kind, uint8_t pending, const char *debit, const char *credit, uint64_t amount)
{
	struct ledger_transfer t = move(id, kind, debit, credit, amount);
	t.pending[0] = pending;
	t.pending[1] = 1;
	return t;
}

static void done(const struct ledger_backend *b, struct ledger_transfer t)
{
	struct err e = { .code = ERR_NONE };
	if (ledger_apply(b, &t, 1, 100, &e) < 0)
		fail_msg("%s", e.msg);
}

/* The sums of an account as text: what it owes and holds, pending and posted. */
static const char *sums(const struct ledger_backend *b, const char *name)
{
	static char text[128];
	struct ledger_account a;
	assert_int_equal(b->account_get(b->ctx, name, &a, NULL), 1);
	(void)snprintf(text, sizeof text, "%llu %llu %llu %llu", (unsigned long long)a.debits_pending, (unsigned long long)a.debits_posted,
		(unsigned long long)a.credits_pending, (unsigned long long)a.credits_posted);
	return text;
}
#define SUMS(name, want) assert_string_equal(sums(b, name), want)

static void people(const struct ledger_backend *b)
{
	static const char *const names[] = { "anna", "ben", "cleo" };
	assert_int_equal(ledger_open(b, "bank", LEDGER_NRLC, false, NULL), 0);
	for (size_t i = 0; i < ROWS(names); i++)
		assert_int_equal(ledger_open(b, names[i], LEDGER_NRLC, true, NULL), 0);
	assert_int_equal(ledger_open(b, "uses1", LEDGER_USES, false, NULL), 0);
	assert_int_equal(ledger_open(b, "uses2", LEDGER_USES, true, NULL), 0);
	done(b, move(200, LEDGER_POSTED, "bank", "anna", 1000));
}

/* The chain is refused so, and nothing has changed: neither accounts nor transfers. */
static void refused(const struct ledger_backend *b, const struct ledger_transfer *chain, size_t n, int64_t now, enum err_code code, const char *words)
{
	static const char *const names[] = { "bank", "anna", "ben", "cleo", "uses1", "uses2" };
	struct ledger_account before[ROWS(names)], after;
	struct ledger_transfer t;
	struct err e = { .code = ERR_NONE };
	int was[8] = { 0 };
	for (size_t i = 0; i < ROWS(names); i++)
		assert_int_equal(b->account_get(b->ctx, names[i], &before[i], NULL), 1);
	for (size_t i = 0; i < n && i < ROWS(was); i++)
		was[i] = b->transfer_get(b->ctx, chain[i].id, &t, NULL);
	assert_int_equal(ledger_apply(b, chain, n, now, &e), -1);
	if (e.code != code || !strstr(e.msg, words))
		fail_msg("not %s with \"%s\" but %s: %s", err_name(code), words, err_name(e.code), e.msg);
	for (size_t i = 0; i < ROWS(names); i++) {
		assert_int_equal(b->account_get(b->ctx, names[i], &after, NULL), 1);
		assert_memory_equal(&before[i], &after, sizeof after);
	}
	for (size_t i = 0; i < n && i < ROWS(was); i++)
		assert_int_equal(b->transfer_get(b->ctx, chain[i].id, &t, NULL), was[i]);
}

static void refused_one(const struct ledger_backend *b, struct ledger_transfer t, enum err_code code, const char *words)
{
	refused(b, &t, 1, 100, code, words);
}

static void opening(void **state)
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

static void posted(void **state)
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

static void funds(void **state)
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

static void wrong_shapes(void **state)
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

static void pending_posted(void **state)
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

static void pending_voided(void **state)
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

static void expiry(void **state)
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

static void idempotence(void **state)
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

static void chains(void **state)
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

static void longest_chain(void **state)
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

static void overflow(void **state)
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

static void closing(void **state)
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

static int sum_account(void *ctx, const struct ledger_account *a, struct err *e)
{
	return ledger_sums_add(ctx, a, e);
}

static int each(const struct place *p, int (*f)(void *ctx, const struct ledger_account *a, struct err *e), void *ctx, struct err *e)
{
	return p->rows ? ledger_rows_accounts(p->rows, f, ctx, e) : ledger_memory_each(p->memory, f, ctx, e);
}

static int name_next(void *ctx, const struct ledger_account *a, struct err *e)
{
	char *last = ctx;
	(void)e;
	assert_true(strcmp(last, a->name) < 0);
	memcpy(last, a->name, LEDGER_NAME);
	return 0;
}

static int stop(void *ctx, const struct ledger_account *a, struct err *e)
{
	(void)a;
	++*(int *)ctx;
	return err_set(e, ERR_TASK, "enough");
}

static void all_accounts(void **state)
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

/* Money as people write it, all else with its unit. */
static void messages(void **state)
{
	const struct ledger_backend *b = ((struct place *)*state)->b;
	done(b, move(1, LEDGER_POSTED, "bank", "ben", UINT64_C(1500000000)));
	refused_one(b, move(2, LEDGER_POSTED, "ben", "anna", UINT64_C(2000000001)), ERR_FUNDS, "ben has 1.5 RLC free and needs 2.000000001 RLC");
	refused_one(b, move(2, LEDGER_POSTED, "uses2", "uses1", 5), ERR_FUNDS, "uses2 has 0 uses free and needs 5 uses");
}

static void texts(void **state)
{
	(void)state;
	assert_string_equal(ledger_unit_text(LEDGER_NRLC), "nRLC");
	assert_string_equal(ledger_unit_text(LEDGER_EPSILON), "epsilon_u6");
	assert_string_equal(ledger_unit_text(LEDGER_UNIT_COUNT), "?");
}

/* Rows alone */

static int count_row(void *ctx, int n, char **values, char **names)
{
	(void)n;
	(void)values;
	(void)names;
	++*(int *)ctx;
	return 0;
}

static int counted(sqlite3 *db, const char *text)
{
	int n = 0;
	if (sqlite3_exec(db, text, count_row, &n, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	return n;
}

/* Whoever writes past the engine meets the tables' own rules. */
static void tables_refuse(void **state)
{
	const struct place *p = *state;
	done(p->b, move(1, LEDGER_PENDING, "anna", "ben", 600));
	done(p->b, resolve(2, LEDGER_POST, 1, "anna", "ben", 600));
	assert_int_equal(ledger_open(p->b, "gone", LEDGER_NRLC, true, NULL), 0);
	assert_int_equal(ledger_close(p->b, "gone", NULL), 0);
#define NO(name) "(SELECT no FROM account WHERE name = '" name "')"
#define TRANSFER(values) "INSERT INTO transfer (id, kind, debit, credit, amount, pending, expires, entry, cause) VALUES (" values ")"
	static const struct { const char *text, *why; } rows[] = {
		{ "UPDATE transfer SET amount = 1", "never changes" }, { "UPDATE transfer SET cause = 'x' WHERE kind = 'post'", "never changes" },
		{ "DELETE FROM transfer", "never deleted" }, { "DELETE FROM account", "never deleted" },
		{ "UPDATE account SET credits_posted = 1 WHERE name = 'gone'", "closed account" }, { "UPDATE account SET closed = 0 WHERE name = 'gone'", "closed account" },
		{ "UPDATE account SET limited = 0 WHERE name = 'anna'", "never changes" }, { "UPDATE account SET unit = 'uses' WHERE name = 'anna'", "never changes" },
		{ "UPDATE account SET name = 'eve' WHERE name = 'anna'", "" }, { "UPDATE account SET no = 77 WHERE name = 'anna'", "never changes" },
		{ "UPDATE account SET debits_posted = 1001 WHERE name = 'anna'", "CHECK" }, { "UPDATE account SET debits_pending = 401 WHERE name = 'anna'", "CHECK" },
		{ "UPDATE account SET debits_posted = -1 WHERE name = 'bank'", "CHECK" },
		{ "UPDATE account SET debits_posted = 4611686018427387904 WHERE name = 'bank'", "CHECK" },
		{ "UPDATE account SET closed = 1 WHERE name = 'anna'", "CHECK" }, { "UPDATE account SET debits_posted = 1.5 WHERE name = 'bank'", "REAL" },
		{ "UPDATE account SET debits_posted = 'x' WHERE name = 'bank'", "TEXT" },
		{ TRANSFER("zeroblob(16), 'post', " NO("anna") ", " NO("ben") ", 1, (SELECT id FROM transfer WHERE kind = 'pending'), 0, 1, ''"), "UNIQUE" },
		{ TRANSFER("(SELECT id FROM transfer WHERE kind = 'pending'), 'posted', " NO("anna") ", " NO("ben") ", 1, NULL, 0, 1, ''"), "UNIQUE" },
		{ TRANSFER("zeroblob(15), 'posted', " NO("anna") ", " NO("ben") ", 1, NULL, 0, 1, ''"), "CHECK" }, { TRANSFER("zeroblob(16), 'gift', " NO("anna") ", " NO("ben") ", 1, NULL, 0, 1, ''"), "CHECK" },
		{ TRANSFER("zeroblob(16), 'posted', " NO("anna") ", " NO("anna") ", 1, NULL, 0, 1, ''"), "CHECK" }, { TRANSFER("zeroblob(16), 'posted', " NO("anna") ", 77, 1, NULL, 0, 1, ''"), "FOREIGN" },
		{ TRANSFER("zeroblob(16), 'posted', " NO("anna") ", " NO("ben") ", 0, NULL, 0, 1, ''"), "CHECK" }, { TRANSFER("zeroblob(16), 'posted', " NO("anna") ", " NO("ben") ", -1, NULL, 0, 1, ''"), "CHECK" },
		{ TRANSFER("zeroblob(16), 'posted', " NO("anna") ", " NO("ben") ", 4611686018427387904, NULL, 0, 1, ''"), "CHECK" },
		{ TRANSFER("zeroblob(16), 'post', " NO("anna") ", " NO("ben") ", 1, NULL, 0, 1, ''"), "CHECK" }, { TRANSFER("zeroblob(16), 'void', " NO("anna") ", " NO("ben") ", 1, zeroblob(16), 0, 1, ''"), "CHECK" },
		{ TRANSFER("zeroblob(16), 'posted', " NO("anna") ", " NO("ben") ", 1, NULL, 5, 1, ''"), "CHECK" }, { TRANSFER("zeroblob(16), 'posted', " NO("anna") ", " NO("ben") ", 1, NULL, 0, -1, ''"), "CHECK" },
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		char *why = NULL;
		if (sqlite3_exec(p->db, rows[i].text, NULL, NULL, &why) == SQLITE_OK)
			fail_msg("done: %s", rows[i].text);
		if (!strstr(why, rows[i].why))
			fail_msg("%s: not \"%s\" but %s", rows[i].text, rows[i].why, why);
		sqlite3_free(why);
	}
	assert_int_equal(ledger_rows_check(p->rows, NULL), 0);
}

/* Someone with the file and a way around its triggers: the check over all rows notices each of these. */
static void check_notices(void **state)
{
	const struct place *p = *state;
	static const char more_than_reserved[] = "UPDATE transfer SET amount = 60 WHERE kind = 'post'; "
		"UPDATE account SET debits_posted = 60 WHERE name = 'anna'; UPDATE account SET credits_posted = 60 WHERE name = 'ben'";
	static const char *const wrong[] = {
		"UPDATE account SET credits_posted = credits_posted + 1 WHERE name = 'anna'",
		"UPDATE account SET debits_pending = 0 WHERE name = 'anna'; UPDATE account SET credits_pending = 0 WHERE name = 'ben'",
		"UPDATE account SET credits_posted = credits_posted + 1 WHERE name = 'anna'; UPDATE account SET debits_posted = debits_posted + 1 WHERE name = 'bank'",
		"DELETE FROM transfer WHERE kind = 'posted'", "DELETE FROM transfer WHERE kind = 'void'", "UPDATE transfer SET amount = amount + 1 WHERE kind = 'pending'",
		"UPDATE transfer SET credit = " NO("cleo") " WHERE kind = 'posted'", "UPDATE transfer SET pending = (SELECT id FROM transfer WHERE kind = 'posted') WHERE kind = 'void'",
		more_than_reserved,
		"UPDATE transfer SET debit = " NO("ben") ", credit = " NO("cleo") " WHERE kind = 'void'",
		"PRAGMA ignore_check_constraints = ON; UPDATE account SET unit = 'gold' WHERE name = 'cleo'; PRAGMA ignore_check_constraints = OFF",
		"PRAGMA ignore_check_constraints = ON; UPDATE account SET debits_posted = -5 WHERE name = 'bank'; PRAGMA ignore_check_constraints = OFF",
		"PRAGMA ignore_check_constraints = ON; UPDATE account SET closed = 1 WHERE name = 'anna'; PRAGMA ignore_check_constraints = OFF",
	};
	struct err e;
	done(p->b, move(1, LEDGER_PENDING, "anna", "ben", 50));
	done(p->b, move(2, LEDGER_PENDING, "anna", "ben", 30));
	done(p->b, resolve(3, LEDGER_POST, 1, "anna", "ben", 20));
	done(p->b, resolve(4, LEDGER_VOID, 2, "anna", "ben", 0));
	done(p->b, move(5, LEDGER_PENDING, "anna", "ben", 7));
	assert_int_equal(ledger_rows_check(p->rows, NULL), 0);
	sql(p->db, "PRAGMA foreign_keys = OFF; DROP TRIGGER transfer_stays; DROP TRIGGER transfer_lasts; DROP TRIGGER account_stays");
	for (size_t i = 0; i < ROWS(wrong); i++) {
		sql(p->db, "SAVEPOINT before");
		sql(p->db, wrong[i]);
		e.code = ERR_NONE;
		if (ledger_rows_check(p->rows, &e) == 0)
			fail_msg("not noticed: %s", wrong[i]);
		assert_int_equal(e.code, ERR_INVALID);
		sql(p->db, "ROLLBACK TO before; RELEASE before");
		assert_int_equal(ledger_rows_check(p->rows, NULL), 0);
	}
	/* The engine reads no sum that breaks the rules. */
	sql(p->db, "PRAGMA ignore_check_constraints = ON; UPDATE account SET debits_posted = 2000 WHERE name = 'anna'");
	struct ledger_transfer t = move(9, LEDGER_POSTED, "anna", "ben", 1);
	assert_int_equal(ledger_apply(p->b, &t, 1, 100, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.msg, "anna is corrupt"));
}

static int written(void *ctx, const struct ledger_transfer *t, struct err *e)
{
	char *text = ctx;
	(void)e;
	size_t n = strlen(text);
	(void)snprintf(text + n, 256 - n, "%u@%u ", t->id[0], (unsigned)t->entry);
	return 0;
}

static void history(void **state)
{
	const struct place *p = *state;
	static const struct { const char *name, *want; } rows[] = {
		{ "anna", "4@1 200@7 1@7 3@8 " }, { "ben", "1@7 2@7 3@8 " }, { "cleo", "2@7 " }, { "uses1", "" }, { "nobody", "" }, { NULL, "4@1 200@7 1@7 2@7 3@8 " },
	};
	struct ledger_transfer later = resolve(3, LEDGER_POST, 1, "anna", "ben", 4), first = move(4, LEDGER_POSTED, "bank", "anna", 1);
	later.entry = 8;
	first.entry = 1;	/* comes in last */
	struct ledger_transfer pair[2] = { move(1, LEDGER_PENDING, "anna", "ben", 5), move(2, LEDGER_PENDING, "cleo", "ben", 5) };
	sql(p->db, "UPDATE account SET credits_posted = 5 WHERE name = 'cleo'");
	assert_int_equal(ledger_apply(p->b, pair, 2, 100, NULL), 0);
	done(p->b, later);
	done(p->b, first);
	for (size_t i = 0; i < ROWS(rows); i++) {
		char text[256] = "";
		assert_int_equal(ledger_rows_history(p->rows, rows[i].name, written, text, NULL), 0);
		assert_string_equal(text, rows[i].want);
	}
}

/* The caller's transaction decides: what it rolls back never was, and the tables can be made again beside statements that are kept. */
static void callers_transaction(void **state)
{
	const struct place *p = *state;
	const struct ledger_backend *b = p->b;
	sql(p->db, "BEGIN");
	done(b, move(1, LEDGER_POSTED, "anna", "ben", 5));
	SUMS("ben", "0 0 0 5");
	sql(p->db, "ROLLBACK");
	SUMS("ben", "0 0 0 0");
	done(b, move(1, LEDGER_POSTED, "anna", "ben", 6));
	assert_int_equal(sqlite3_get_autocommit(p->db), 1);
	sql(p->db, "BEGIN; DROP TABLE transfer; DROP TABLE account");
	sql(p->db, LEDGER_ROWS_SCHEMA);
	sql(p->db, "COMMIT");
	people(b);
	SUMS("ben", "0 0 0 0");
	assert_int_equal(counted(p->db, "SELECT 1 FROM transfer"), 1);
}

/* No search through all rows, however many there are. */
static void indexed(void **state)
{
	const struct place *p = *state;
	static const char *const queries[] = {
		"SELECT * FROM account WHERE name = ?1", "SELECT * FROM transfer WHERE id = ?1", "SELECT id FROM transfer WHERE pending = ?1",
		"SELECT * FROM transfer WHERE debit = ?1 ORDER BY seq", "SELECT * FROM transfer WHERE credit = ?1 ORDER BY seq",
	};
	for (size_t i = 0; i < ROWS(queries); i++) {
		char text[256];
		sqlite3_stmt *st;
		(void)snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", queries[i]);
		assert_int_equal(sqlite3_prepare_v2(p->db, text, -1, &st, NULL), SQLITE_OK);
		while (sqlite3_step(st) == SQLITE_ROW) {
			const char *plan = (const char *)sqlite3_column_text(st, 3);
			if (strncmp(plan, "SEARCH", 6) != 0)
				fail_msg("%s: %s", queries[i], plan);
		}
		sqlite3_finalize(st);
	}
}

static void no_tables(void **state)
{
	(void)state;
	struct ledger_rows *r;
	struct err e;
	sqlite3 *db;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(ledger_rows_open(&r, db, &e), -1);
	assert_null(r);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	ledger_rows_close(NULL);
	ledger_memory_free(NULL);
}

#define BOTH(f) { #f " in memory", f, in_memory, leave, NULL }, { #f " in rows", f, in_rows, leave, NULL }
#define IN_ROWS(f) { #f, f, in_rows, leave, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(opening), BOTH(posted), BOTH(funds), BOTH(wrong_shapes), BOTH(pending_posted), BOTH(pending_voided), BOTH(expiry), BOTH(idempotence),
		BOTH(chains), BOTH(longest_chain), BOTH(overflow), BOTH(closing), BOTH(all_accounts),
		cmocka_unit_test(sums_notice), cmocka_unit_test(texts), BOTH(messages),
		IN_ROWS(failing_rows), IN_ROWS(tables_refuse), IN_ROWS(check_notices), IN_ROWS(history), IN_ROWS(callers_transaction), IN_ROWS(indexed), cmocka_unit_test(no_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
