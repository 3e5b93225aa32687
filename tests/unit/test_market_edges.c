/* Where the market's numbers and stores end: sums that cannot be counted, the most contributors, accounts that were closed, a store that fails at its N-th
 * call; and the words by which the history names each movement. task.c, deal.c, rewards.c, rows.c of core/market. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "market/inner.h"
#include "seal/crypto.h"

#define TIME 300

/* A market in memory, with a store that can be told to fail. */
struct world {
	struct market m;
	struct market_memory *rows;
	struct ledger_memory *money;
	struct market_backend failing;
	int fails_in;	/* calls until one fails; below 0: never */
	struct err e;
};

static int failing_get(void *ctx, enum market_kind kind, const char *a, const char *b, void *row, struct err *e)
{
	struct world *w = ctx;
	const struct market_backend *rows = market_memory_backend(w->rows);
	if (w->fails_in >= 0 && w->fails_in-- == 0)
		return err_set(e, ERR_UNAVAILABLE, "the store is gone");
	return rows->get(rows->ctx, kind, a, b, row, e);
}

static int failing_put(void *ctx, enum market_kind kind, const void *row, bool is_new, struct err *e)
{
	struct world *w = ctx;
	const struct market_backend *rows = market_memory_backend(w->rows);
	if (w->fails_in >= 0 && w->fails_in-- == 0)
		return err_set(e, ERR_UNAVAILABLE, "the store is gone");
	return rows->put(rows->ctx, kind, row, is_new, e);
}

static void world_open(struct world *w)
{
	memset(w, 0, sizeof *w);
	w->fails_in = -1;
	assert_int_equal(market_memory_new(&w->rows, &w->e), 0);
	assert_int_equal(ledger_memory_new(&w->money, &w->e), 0);
	w->failing = (struct market_backend){ w, failing_get, failing_put };
	assert_int_equal(market_init(&w->m, &w->failing, ledger_memory_backend(w->money), &w->e), 0);
}

static void world_close(struct world *w)
{
	market_memory_free(w->rows);
	ledger_memory_free(w->money);
}

static void ok(struct world *w, int r)
{
	if (r != 0)
		fail_msg("%s", w->e.msg);
	w->m.entry++;
	w->m.moved = 0;
}

static void refused(struct world *w, int r, const char *code)
{
	assert_int_equal(r, -1);
	assert_string_equal(market_code(&w->m), code);
	assert_int_equal(strncmp(w->e.msg, code, strlen(code)), 0);
	assert_int_equal(w->e.msg[strlen(code)], ':');
	w->m.entry++;
	w->m.moved = 0;
}

static uint64_t has(struct world *w, const char *name)
{
	struct ledger_account a;
	const struct ledger_backend *b = ledger_memory_backend(w->money);
	return b->account_get(b->ctx, name, &a, &w->e) > 0 ? ledger_balance(&a) : 0;
}

static int sums_add(void *ctx, const struct ledger_account *a, struct err *e)
{
	return ledger_sums_add(ctx, a, e);
}

static void books_balance(struct world *w)
{
	struct ledger_sums sums = { 0 };
	assert_int_equal(ledger_memory_each(w->money, sums_add, &sums, &w->e), 0);
	assert_int_equal(ledger_sums_check(&sums, &w->e), 0);
}

/* Prices and trust of one deal of `volume` tasks. */
struct terms { uint64_t app, data, pool, volume, trust; };

static int orders_add(struct world *w, const struct terms *t)
{
	struct market_order o[] = {
		{ .id = "a", .kind = MARKET_ORDER_APP, .signer = "author", .asset = "app", .price = t->app, .volume = t->volume },
		{ .id = "d", .kind = MARKET_ORDER_DATA, .signer = "owner", .asset = "data", .price = t->data, .volume = t->volume },
		{ .id = "p", .kind = MARKET_ORDER_POOL, .signer = "scheduler", .asset = "pool", .price = t->pool, .volume = t->volume, .trust = t->trust },
		{ .id = "r", .kind = MARKET_ORDER_REQUEST, .signer = "alice", .requester = "alice", .beneficiary = "alice", .asset = "app", .data = "data",
			.price = t->app, .data_price = t->data, .pool_price = t->pool, .volume = t->volume, .trust = t->trust },
	};
	for (size_t i = 0; i < 4; i++)
		if (market_order_add(&w->m, &o[i], &w->e) < 0)
			return -1;
	return 0;
}

static void assets_add(struct world *w, uint64_t stake_ratio)
{
	uint64_t number;
	struct market_asset app = { .id = "app", .owner = "author", .kind = MARKET_APP }, data = { .id = "data", .owner = "owner", .kind = MARKET_DATA },
		pool = { .id = "pool", .owner = "scheduler", .kind = MARKET_POOL, .stake_ratio = stake_ratio, .scheduler_ratio = 1 };
	ok(w, market_category_add(&w->m, TIME, &number, &w->e));
	ok(w, market_asset_add(&w->m, &app, &w->e));
	ok(w, market_asset_add(&w->m, &data, &w->e));
	ok(w, market_asset_add(&w->m, &pool, &w->e));
}

static int match(struct world *w)
{
	struct market_deal d;
	struct market_match in = { .app = "a", .data = "d", .pool = "p", .request = "r", .payer = "", .deal = "deal" };
	return market_match(&w->m, &in, &d, &w->e);
}

static int contribute(struct world *w, const char *worker, uint8_t digit)
{
	uint8_t digest[32] = { digit }, hash[32], seal[32];
	bool consensus;
	market_result_hash(hash, "t", digest);
	market_result_seal(seal, worker, "t", digest);
	struct market_contribute in = { .task = "t", .worker = worker, .hash = hash, .seal = seal, .authorized_by = "scheduler" };
	return market_contribute(&w->m, &in, &consensus, &w->e);
}

static int reveal(struct world *w, const char *worker, uint8_t digit)
{
	uint8_t digest[32] = { digit };
	return market_reveal(&w->m, "t", worker, digest, &w->e);
}

static int finalize(struct world *w)
{
	struct market_callback none = { NULL, 0 };
	return market_finalize(&w->m, "t", "scheduler", &none, &w->e);
}

/* A deal, its task "t", and money for all. */
static void task_begin(struct world *w, const struct terms *t, uint64_t stake_ratio)
{
	world_open(w);
	assets_add(w, stake_ratio);
	ok(w, market_deposit(&w->m, "alice", 1000000, &w->e));
	ok(w, market_deposit(&w->m, "scheduler", 1000000, &w->e));
	ok(w, orders_add(w, t));
	ok(w, match(w));
	ok(w, market_initialize(&w->m, "deal", 0, "t", &w->e));
}

static const struct terms usual = { .app = 10, .data = 20, .pool = 100, .volume = 1, .trust = 3 };

static void cost_that_cannot_be_counted_is_refused(void **state)
{
	(void)state;
	const uint64_t most = LEDGER_AMOUNT_MAX;	/* also what all identities together can have */
	static const struct { struct terms t; const char *code; } rows[] = {
		{ { LEDGER_AMOUNT_MAX, 1, 0, 1, 1 }, "overflow" },	/* one task: the sum */
		{ { LEDGER_AMOUNT_MAX, LEDGER_AMOUNT_MAX, LEDGER_AMOUNT_MAX, 1, 1 }, "overflow" },
		{ { 0, 0, 1, LEDGER_AMOUNT_MAX, 1 }, "funds" },	/* the product just fits, the money is not there */
		{ { 0, 0, 2, LEDGER_AMOUNT_MAX, 1 }, "overflow" },
		{ { LEDGER_AMOUNT_MAX / 2 + 1, 0, 0, 2, 1 }, "overflow" },
		{ { LEDGER_AMOUNT_MAX, 0, 0, 1, 1 }, NULL },	/* all the money that there can be */
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct world w;
		world_open(&w);
		assets_add(&w, 30);
		ok(&w, market_deposit(&w.m, "alice", i == 5 ? most : 1000, &w.e));
		ok(&w, orders_add(&w, &rows[i].t));
		if (rows[i].code)
			refused(&w, match(&w), rows[i].code);
		else
			ok(&w, match(&w));
		assert_int_equal(has(&w, "deal/escrow"), rows[i].code ? 0 : most);
		books_balance(&w);
		world_close(&w);
	}
}

/* The most that a worker can be asked to stake is ten times a price that is itself near the end. */
static void stake_that_cannot_be_counted_is_refused(void **state)
{
	(void)state;
	struct world w;
	world_open(&w);
	assets_add(&w, MARKET_STAKE_RATIO_MAX);
	ok(&w, market_deposit(&w.m, "alice", LEDGER_AMOUNT_MAX / 2, &w.e));
	ok(&w, market_deposit(&w.m, "scheduler", LEDGER_AMOUNT_MAX / 2, &w.e));
	struct terms t = { .pool = LEDGER_AMOUNT_MAX / 10 + 1, .volume = 1 };
	ok(&w, orders_add(&w, &t));
	refused(&w, match(&w), "overflow");
	world_close(&w);
}

static void time_that_ends_is_refused(void **state)
{
	(void)state;
	struct world w;
	world_open(&w);
	assets_add(&w, 30);
	ok(&w, market_deposit(&w.m, "alice", 1000, &w.e));
	ok(&w, market_deposit(&w.m, "scheduler", 1000, &w.e));
	ok(&w, orders_add(&w, &usual));
	w.m.now = INT64_MAX - MARKET_FINAL_RATIO * TIME + 1;
	refused(&w, match(&w), "overflow");
	w.m.now = -1;
	refused(&w, match(&w), "overflow");
	w.m.now = INT64_MAX - MARKET_FINAL_RATIO * TIME;
	ok(&w, match(&w));
	world_close(&w);
}

static void worker_name(char out[static MARKET_NAME], unsigned i)
{
	memset(out, 0, MARKET_NAME);
	snprintf(out, MARKET_NAME, "worker%u", i);
}

/* All the workers that a task takes, each with a result of its own, then two that agree with one of them: the largest chain that a task can make. */
static void largest_task_is_paid_in_one_chain(void **state)
{
	(void)state;
	struct world w;
	char name[MARKET_NAME];
	struct terms t = { .app = 10, .data = 20, .pool = 1000, .volume = 1, .trust = 3 };
	task_begin(&w, &t, 30);
	unsigned n = 0;
	for (; n < MARKET_CONTRIBUTORS_MAX; n++) {
		worker_name(name, n);
		ok(&w, market_deposit(&w.m, name, 300, &w.e));
		/* others grow by 2 each, so the group of digit 0 needs 10 of them at the end */
		ok(&w, contribute(&w, name, n < MARKET_CONTRIBUTORS_MAX - 9 ? (uint8_t)n : 0));
	}
	ok(&w, market_deposit(&w.m, "late", 300, &w.e));
	struct market_task task;
	assert_int_equal(market_get(&w.m, MARKET_ROW_TASK, "t", "", &task, &w.e), 1);
	assert_int_equal(task.status, MARKET_REVEALING);
	assert_int_equal(task.contributors, MARKET_CONTRIBUTORS_MAX);
	for (unsigned i = 0; i < n; i++)
		if (i == 0 || i >= MARKET_CONTRIBUTORS_MAX - 9) {
			worker_name(name, i);
			ok(&w, reveal(&w, name, 0));
		}
	ok(&w, finalize(&w));
	uint64_t pot = 1000 + (MARKET_CONTRIBUTORS_MAX - 10) * UINT64_C(300), share = pot * 99 / 100 / 10;
	assert_int_equal(has(&w, "worker0"), 300 + share);
	assert_int_equal(has(&w, "worker1"), 0);
	assert_int_equal(has(&w, "scheduler"), 1000000 + pot - 10 * share);
	assert_int_equal(has(&w, "deal/escrow"), 0);
	assert_int_equal(has(&w, "deal/stake"), 0);
	books_balance(&w);
	world_close(&w);
}

static void one_worker_too_many_is_refused(void **state)
{
	(void)state;
	struct world w;
	char name[MARKET_NAME];
	struct terms t = { .volume = 1, .trust = LEDGER_AMOUNT_MAX };
	task_begin(&w, &t, 30);
	for (unsigned i = 0; i <= MARKET_CONTRIBUTORS_MAX; i++) {
		worker_name(name, i);
		if (i < MARKET_CONTRIBUTORS_MAX)
			ok(&w, contribute(&w, name, (uint8_t)(i / 20)));
		else
			refused(&w, contribute(&w, name, 0), "contribute-full");
	}
	/* and the task can still be claimed */
	w.m.now = MARKET_FINAL_RATIO * TIME;
	ok(&w, market_claim(&w.m, "t", &w.e));
	books_balance(&w);
	world_close(&w);
}

/* 60 new workers have 2^60; two with the highest score that there is have more than 2^122, so they win at a trust of 2^62 − 1. */
static void highest_scores_count_exactly(void **state)
{
	(void)state;
	struct world w;
	char name[MARKET_NAME];
	struct terms t = { .pool = 100, .volume = 1, .trust = LEDGER_AMOUNT_MAX };
	struct market_task task;
	task_begin(&w, &t, 0);
	for (unsigned i = 0; i < 60; i++) {
		worker_name(name, i);
		ok(&w, contribute(&w, name, 1));
	}
	ok(&w, market_score_set(&w.m, "strong", UINT64_MAX, &w.e));
	ok(&w, market_score_set(&w.m, "giant", UINT64_MAX, &w.e));
	ok(&w, contribute(&w, "strong", 2));
	assert_int_equal(market_get(&w.m, MARKET_ROW_TASK, "t", "", &task, &w.e), 1);
	assert_int_equal(task.status, MARKET_ACTIVE);
	ok(&w, contribute(&w, "giant", 2));
	assert_int_equal(market_get(&w.m, MARKET_ROW_TASK, "t", "", &task, &w.e), 1);
	assert_int_equal(task.status, MARKET_REVEALING);
	assert_int_equal(task.winners, 2);
	world_close(&w);
}

/* Two camps of workers that count 4 keep each other from winning, until a group would be 4^64. */
static void group_past_128_bits_is_refused(void **state)
{
	(void)state;
	struct world w;
	char name[MARKET_NAME];
	struct terms t = { .pool = 100, .volume = 1, .trust = LEDGER_AMOUNT_MAX };
	task_begin(&w, &t, 30);
	for (unsigned i = 0; i <= 2 * 63; i++) {
		worker_name(name, i);
		ok(&w, market_deposit(&w.m, name, 30, &w.e));
		ok(&w, market_score_set(&w.m, name, 15, &w.e));
		if (i < 2 * 63)
			ok(&w, contribute(&w, name, (uint8_t)(i % 2)));
		else
			refused(&w, contribute(&w, name, 0), "overflow");
	}
	assert_int_equal(has(&w, name), 30);	/* the stake of the last one was not taken */
	books_balance(&w);
	world_close(&w);
}

/* Whoever closes an account while a task runs cannot keep it from ending. */
static void closed_accounts_stop_nobody(void **state)
{
	(void)state;
	struct world w;
	task_begin(&w, &usual, 30);
	ok(&w, market_deposit(&w.m, "w1", 30, &w.e));
	ok(&w, market_deposit(&w.m, "w2", 30, &w.e));
	ok(&w, contribute(&w, "w1", 1));
	ok(&w, contribute(&w, "w2", 1));
	ok(&w, reveal(&w, "w1", 1));
	ok(&w, reveal(&w, "w2", 1));
	static const char *const closing[] = { "author", "w1" };
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(ledger_close(ledger_memory_backend(w.money), closing[i], &w.e), 0);
	ok(&w, finalize(&w));
	assert_int_equal(has(&w, "author"), 0);
	assert_int_equal(has(&w, "w1"), 0);
	assert_int_equal(has(&w, "w2"), 30 + 49);
	assert_int_equal(has(&w, MARKET_KITTY), 10 + 30 + 49);
	books_balance(&w);

	refused(&w, market_deposit(&w.m, "w1", 1, &w.e), "closed");
	world_close(&w);
}

static void closed_account_cannot_pay(void **state)
{
	(void)state;
	struct world w;
	world_open(&w);
	assets_add(&w, 30);
	ok(&w, market_deposit(&w.m, "alice", 0, &w.e));
	ok(&w, orders_add(&w, &usual));
	assert_int_equal(ledger_close(ledger_memory_backend(w.money), "alice", &w.e), 0);
	refused(&w, match(&w), "closed");
	world_close(&w);
}

/* A store that fails is no refusal: no code, its own words; and with it mended the same event goes through, wherever it failed before the money moved. */
static void failing_store_is_no_refusal(void **state)
{
	(void)state;
	for (int n = 0;; n++) {
		struct world w;
		world_open(&w);
		assets_add(&w, 30);
		ok(&w, market_deposit(&w.m, "alice", 1000, &w.e));
		ok(&w, market_deposit(&w.m, "scheduler", 1000, &w.e));
		ok(&w, orders_add(&w, &usual));
		w.fails_in = n;
		int r = match(&w);
		bool failed = w.fails_in < 0 && r < 0;
		w.fails_in = -1;
		if (failed) {
			assert_string_equal(market_code(&w.m), "");
			assert_int_equal(w.e.code, ERR_UNAVAILABLE);
		}
		world_close(&w);
		if (!failed) {
			assert_int_equal(r, 0);
			assert_true(n > 10);
			return;
		}
	}
}

static void failing_store_in_a_task(void **state)
{
	(void)state;
	for (int n = 0, failures = 0;; n++) {
		struct world w;
		task_begin(&w, &usual, 30);
		ok(&w, market_deposit(&w.m, "w1", 30, &w.e));
		ok(&w, market_deposit(&w.m, "w2", 30, &w.e));
		w.fails_in = n;
		int r = contribute(&w, "w1", 1) < 0 || contribute(&w, "w2", 1) < 0 || reveal(&w, "w1", 1) < 0 || reveal(&w, "w2", 1) < 0 ||
			finalize(&w) < 0;
		bool failed = w.fails_in < 0;
		w.fails_in = -1;
		if (failed) {
			failures++;
			assert_int_equal(r, 1);
			assert_string_equal(market_code(&w.m), "");
		}
		books_balance(&w);
		world_close(&w);
		if (!failed) {
			assert_int_equal(r, 0);
			assert_true(failures > 30);
			return;
		}
	}
}

/* The history of a task, word for word. */
struct history { struct ledger_backend real, spy; char text[4096]; size_t at; };

static int history_put(void *ctx, const struct ledger_transfer *t, struct err *e)
{
	struct history *h = ctx;
	h->at += (size_t)snprintf(h->text + h->at, sizeof h->text - h->at, "%s: %s > %s %llu\n", t->cause, t->debit, t->credit, (unsigned long long)t->amount);
	return h->real.transfer_put(h->real.ctx, t, e);
}
static int history_account_get(void *ctx, const char *name, struct ledger_account *out, struct err *e)
{
	struct history *h = ctx;
	return h->real.account_get(h->real.ctx, name, out, e);
}
static int history_account_put(void *ctx, const struct ledger_account *a, bool is_new, struct err *e)
{
	struct history *h = ctx;
	return h->real.account_put(h->real.ctx, a, is_new, e);
}
static int history_get(void *ctx, const uint8_t id[static LEDGER_ID], struct ledger_transfer *out, struct err *e)
{
	struct history *h = ctx;
	return h->real.transfer_get(h->real.ctx, id, out, e);
}
static int history_resolved(void *ctx, const uint8_t pending[static LEDGER_ID], uint8_t by[static LEDGER_ID], struct err *e)
{
	struct history *h = ctx;
	return h->real.resolved_get(h->real.ctx, pending, by, e);
}

static void history_begin(struct history *h, struct world *w)
{
	memset(h, 0, sizeof *h);
	h->real = *ledger_memory_backend(w->money);
	h->spy = (struct ledger_backend){ h, history_account_get, history_account_put, history_get, history_put, history_resolved };
	w->m.money = &h->spy;
}

static void each_movement_has_its_cause(void **state)
{
	(void)state;
	struct world w;
	struct history h;
	world_open(&w);
	history_begin(&h, &w);
	assets_add(&w, 30);
	ok(&w, market_deposit(&w.m, "alice", 1000, &w.e));
	ok(&w, market_deposit(&w.m, "scheduler", 1000, &w.e));
	ok(&w, market_deposit(&w.m, "w1", 100, &w.e));
	ok(&w, market_deposit(&w.m, "w2", 100, &w.e));
	ok(&w, market_deposit(&w.m, "w3", 100, &w.e));
	ok(&w, market_deposit(&w.m, "w4", 100, &w.e));
	h.at = 0;
	ok(&w, orders_add(&w, &usual));
	ok(&w, match(&w));
	ok(&w, market_initialize(&w.m, "deal", 0, "t", &w.e));
	ok(&w, contribute(&w, "w1", 9));
	ok(&w, contribute(&w, "w2", 1));
	ok(&w, contribute(&w, "w3", 1));
	ok(&w, contribute(&w, "w4", 1));
	ok(&w, reveal(&w, "w2", 1));
	ok(&w, reveal(&w, "w3", 1));
	ok(&w, reveal(&w, "w4", 1));
	ok(&w, finalize(&w));
	ok(&w, market_withdraw(&w.m, "alice", 870, &w.e));
	assert_string_equal(h.text,
		"escrow: alice > deal/escrow 130\n"
		"pool stake: scheduler > deal/stake 30\n"
		"stake: w1 > t/stake/w1 30\n"
		"stake: w2 > t/stake/w2 30\n"
		"stake: w3 > t/stake/w3 30\n"
		"stake: w4 > t/stake/w4 30\n"
		"reward app: deal/escrow > author 10\n"
		"reward data: deal/escrow > owner 20\n"
		"pool stake back: deal/stake > scheduler 30\n"
		"stake lost: t/stake/w1 > deal/escrow 30\n"
		"stake back: t/stake/w2 > w2 30\n"
		"reward worker: deal/escrow > w2 42\n"
		"stake back: t/stake/w3 > w3 30\n"
		"reward worker: deal/escrow > w3 42\n"
		"stake back: t/stake/w4 > w4 30\n"
		"reward worker: deal/escrow > w4 42\n"
		"reward pool: deal/escrow > scheduler 4\n"
		"withdraw: alice > bank 870\n");
	world_close(&w);
}

static void each_loss_has_its_cause(void **state)
{
	(void)state;
	struct world w;
	struct history h;
	task_begin(&w, &usual, 30);
	ok(&w, market_deposit(&w.m, "w1", 30, &w.e));
	ok(&w, contribute(&w, "w1", 1));
	history_begin(&h, &w);
	w.m.now = MARKET_FINAL_RATIO * TIME;
	ok(&w, market_claim(&w.m, "t", &w.e));
	assert_string_equal(h.text, "refund: deal/escrow > alice 130\npool stake lost: deal/stake > kitty 30\nstake back: t/stake/w1 > w1 30\n");
	world_close(&w);
}

/* The same entry applied twice moves nothing twice: the ids of its transfers follow from it. */
static void entry_moves_money_once(void **state)
{
	(void)state;
	struct world w;
	world_open(&w);
	w.m.entry = 7;
	assert_int_equal(market_deposit(&w.m, "alice", 5, &w.e), 0);
	w.m.moved = 0;
	assert_int_equal(market_deposit(&w.m, "alice", 5, &w.e), 0);
	assert_int_equal(has(&w, "alice"), 5);
	w.m.moved = 0;
	assert_int_equal(market_deposit(&w.m, "alice", 6, &w.e), -1);	/* not the same entry at all */
	assert_string_equal(market_code(&w.m), "");
	world_close(&w);
}

/* Every term of a deal, and that later changes of what it was made of do not reach it. */
static void deal_freezes_all_terms(void **state)
{
	(void)state;
	struct world w;
	struct market_deal d, kept;
	struct market_order grant = { .id = "d", .kind = MARKET_ORDER_DATA, .signer = "owner", .asset = "data", .price = 20, .volume = 9,
		.tag = MARKET_TAG_TEE | MARKET_TAG_SCONE | MARKET_TAG_GPU },
		app = { .id = "a", .kind = MARKET_ORDER_APP, .signer = "author", .asset = "app", .price = 10, .volume = 9, .tag = MARKET_TAG_TEE },
		pool = { .id = "p", .kind = MARKET_ORDER_POOL, .signer = "scheduler", .asset = "pool", .price = 77, .volume = 4, .trust = 5, .category = 1,
			.tag = MARKET_TAG_TEE | MARKET_TAG_GPU | MARKET_TAG_TPM2 },
		request = { .id = "r", .kind = MARKET_ORDER_REQUEST, .signer = "alice", .requester = "alice", .beneficiary = "bob", .payer = "carol", .asset = "app",
			.data = "data", .price = 10, .data_price = 20, .pool_price = 80, .volume = 6, .category = 1, .tag = MARKET_TAG_TPM2, .callback = true };
	const struct market_order *const orders[] = { &app, &grant, &pool, &request };
	const struct market_match in = { .app = "a", .data = "d", .pool = "p", .request = "r", .payer = "carol", .deal = "" };
	uint64_t number;
	world_open(&w);
	assets_add(&w, 30);
	ok(&w, market_category_add(&w.m, 1200, &number, &w.e));
	ok(&w, market_deposit(&w.m, "carol", 1000, &w.e));
	ok(&w, market_deposit(&w.m, "scheduler", 1000, &w.e));
	for (size_t i = 0; i < 4; i++)
		ok(&w, market_order_add(&w.m, orders[i], &w.e));
	w.m.now = 5000;
	ok(&w, market_match(&w.m, &in, &d, &w.e));
	struct market_deal terms = { .app = "app", .data = "data", .pool = "pool", .request = "r", .app_owner = "author", .data_owner = "owner",
		.pool_owner = "scheduler", .requester = "alice", .beneficiary = "bob", .payer = "carol", .app_price = 10, .data_price = 20, .pool_price = 77,
		.pool_stake = 23, .worker_stake = 23, .scheduler_ratio = 1, .trust = 1, .category = 1, .time = 1200,
		.tag = MARKET_TAG_TEE | MARKET_TAG_GPU | MARKET_TAG_TPM2, .start = 5000, .first = 0, .size = 4, .callback = true };
	market_deal_id(terms.id, "r", 0);
	assert_memory_equal(&d, &terms, offsetof(struct market_deal, callback) + 1);
	assert_int_equal(has(&w, "carol"), 1000 - 4 * 107);
	assert_int_equal(has(&w, "scheduler"), 1000 - 4 * 23);

	ok(&w, market_asset_transfer(&w.m, "app", "author", "mallory", &w.e));
	ok(&w, market_asset_transfer(&w.m, "pool", "scheduler", "mallory", &w.e));
	ok(&w, market_pool_policy(&w.m, "pool", "mallory", 99, 99, &w.e));
	ok(&w, market_order_cancel(&w.m, "d", "owner", &w.e));
	assert_int_equal(market_get(&w.m, MARKET_ROW_DEAL, d.id, "", &kept, &w.e), 1);
	assert_memory_equal(&kept, &terms, offsetof(struct market_deal, callback) + 1);
	world_close(&w);
}

/* What explain says of a rule that does not hold is what a match says when it is refused for it. */
static void explained(void *ctx, const struct market_verdict *v)
{
	char *text = ctx;
	assert_true(v->holds == (v->why[0] == '\0'));
	if (!v->holds)
		snprintf(text + strlen(text), 1000 - strlen(text), "%s: %s\n", v->code, v->why);
}

static void explanation_is_the_refusal(void **state)
{
	(void)state;
	struct world w;
	char text[1000] = "", refusal[1600];
	struct market_deal d;
	struct market_match in = { .app = "a", .data = "d", .pool = "p", .request = "r", .payer = "", .deal = "" };
	struct market_order dear = { .id = "dear", .kind = MARKET_ORDER_POOL, .signer = "scheduler", .asset = "pool", .price = 10000000000, .volume = 1, .trust = 3 };
	world_open(&w);
	assets_add(&w, 30);
	ok(&w, orders_add(&w, &usual));
	ok(&w, market_order_add(&w.m, &dear, &w.e));
	in.pool = "dear";
	ok(&w, market_explain(&w.m, &in, &d, explained, text, &w.e));
	assert_string_equal(text, "match-0x05: the pool asks 10 RLC, the request offers at most 0.0000001 RLC\n");
	refused(&w, market_match(&w.m, &in, &d, &w.e), "match-0x05");
	snprintf(refusal, sizeof refusal, "%s\n", w.e.msg);
	assert_string_equal(refusal, text);
	assert_string_equal(w.e.hint, "enclua order show dear");
	in.pool = "p";
	text[0] = '\0';
	ok(&w, market_explain(&w.m, &in, &d, explained, text, &w.e));
	assert_string_equal(text, "funds: alice has 0 RLC free, this needs 0.00000013 RLC\nfunds: scheduler has 0 RLC free, this needs 0.00000003 RLC\n");
	refused(&w, market_match(&w.m, &in, &d, &w.e), "funds");
	assert_string_equal(w.e.hint, "enclua account show alice");
	world_close(&w);
}

/* Who must change an order is told what is missing by its name; a bit that has none, by its number. */
static void what_the_pool_does_not_offer_is_named(void **state)
{
	(void)state;
	struct world w;
	struct market_deal d;
	const struct market_match in = { .app = "a", .data = "d", .pool = "p", .request = "needs", .payer = "", .deal = "" };
	const struct market_order needs = { .id = "needs", .kind = MARKET_ORDER_REQUEST, .signer = "alice", .requester = "alice", .beneficiary = "alice",
		.asset = "app", .data = "data", .price = usual.app, .data_price = usual.data, .pool_price = usual.pool, .volume = usual.volume,
		.trust = usual.trust, .tag = MARKET_TAG_GPU | MARKET_TAG_TPM2 | UINT64_C(1) << 40 };
	world_open(&w);
	assets_add(&w, 30);
	ok(&w, orders_add(&w, &usual));
	ok(&w, market_order_add(&w.m, &needs, &w.e));
	refused(&w, market_match(&w.m, &in, &d, &w.e), "match-0x06");
	assert_non_null(strstr(w.e.msg, "the orders need what the pool does not offer: gpu, tpm2, bits 0x10000000000"));
	world_close(&w);
}

static void refused_task_says_where_to_look(void **state)
{
	(void)state;
	struct world w;
	task_begin(&w, &usual, 30);
	refused(&w, market_claim(&w.m, "t", &w.e), "claim-early");
	assert_string_equal(w.e.msg, "claim-early: the time for the task ends in 3000 s");
	assert_string_equal(w.e.hint, "enclua task show t");
	world_close(&w);
}

static void rules_stand_in_the_order_of_their_codes(void **state)
{
	(void)state;
	unsigned code, last = 0;
	const char *words;
	size_t n = 0;
	for (; market_rule(n, &code, &words); n++) {
		assert_true(n == 0 || code > last);
		assert_true(strlen(words) > 10);
		last = code;
	}
	assert_int_equal(n, 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cost_that_cannot_be_counted_is_refused),
		cmocka_unit_test(stake_that_cannot_be_counted_is_refused),
		cmocka_unit_test(time_that_ends_is_refused),
		cmocka_unit_test(largest_task_is_paid_in_one_chain),
		cmocka_unit_test(one_worker_too_many_is_refused),
		cmocka_unit_test(highest_scores_count_exactly),
		cmocka_unit_test(group_past_128_bits_is_refused),
		cmocka_unit_test(closed_accounts_stop_nobody),
		cmocka_unit_test(closed_account_cannot_pay),
		cmocka_unit_test(failing_store_is_no_refusal),
		cmocka_unit_test(failing_store_in_a_task),
		cmocka_unit_test(each_movement_has_its_cause),
		cmocka_unit_test(each_loss_has_its_cause),
		cmocka_unit_test(entry_moves_money_once),
		cmocka_unit_test(deal_freezes_all_terms),
		cmocka_unit_test(explanation_is_the_refusal), cmocka_unit_test(what_the_pool_does_not_offer_is_named),
		cmocka_unit_test(refused_task_says_where_to_look),
		cmocka_unit_test(rules_stand_in_the_order_of_their_codes),
	};
	return crypto_init(NULL) < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
