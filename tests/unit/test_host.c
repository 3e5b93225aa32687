/* core/host/host.c and host_apply.c: whole lives of tasks through signed entries, to the last unit of money; after each the book verifies, and a replay of its entries
 * makes the same tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/host_make.h"

#define STAKE (POOL_PRICE * 30 / 100)
#define COST (APP_PRICE + DATA_PRICE + POOL_PRICE)

static void refused(struct world *w, enum who by, enum err_code code, const char *words)
{
	struct err e = { .code = ERR_NONE };
	if (host_make_try(w, by, NULL, &e) == 0)
		fail_msg("%s was accepted, and not refused with “%s”", entry_info(en.type)->type, words);
	if (e.code != code || !strstr(e.msg, words))
		fail_msg("%s: %s and not %s “%s”: %s", entry_info(en.type)->type, err_name(e.code), err_name(code), words, e.msg);
}

static struct store_task row_of(struct world *w, const char *task)
{
	struct store_task t;
	struct err e;
	BOOK_MUST(store_task_find(w->m.s, task, &t, &e), &e);
	buf_done(&t.data);
	buf_done(&t.missing);
	return t;
}

static struct market_task task_of(struct world *w, const char *task)
{
	struct market_task t;
	struct err e;
	assert_int_equal(host_get(w->m.b, MARKET_ROW_TASK, task, "", &t, &e), 1);
	return t;
}

static uint64_t score_of(struct world *w, enum who who)
{
	struct market_score s;
	struct err e;
	return host_get(w->m.b, MARKET_ROW_SCORE, w->name[who], "", &s, &e) == 1 ? s.value : 0;
}

static uint64_t money(struct world *w, enum who who)
{
	return free_of(w, w->name[who]);
}

static uint64_t escrow(struct world *w, const char *deal)
{
	char name[LEDGER_NAME];
	market_escrow_name(name, deal);
	return free_of(w, name);
}

/* One worker, trusted as it is. */
static void one_worker_completes(void **state)
{
	struct world *w = *state;
	char deal[ID_TEXT], task[ID_TEXT];
	host_make_deal(w, 1, 1, deal, task);
	assert_int_equal(escrow(w, deal), COST);
	assert_int_equal(money(w, CARL), 1000 * RLC - COST);
	assert_int_equal(money(w, PAUL), 1000 * RLC - STAKE);
	struct store_task t = row_of(w, task);
	assert_string_equal(t.status, "RUNNING");
	assert_string_equal(t.app, w->app);
	assert_memory_equal(t.requester, identity_public(w->who[CARL]), 32);
	host_make_send(w, task, W1);
	draft_complete(w, task, 5);
	en.task_complete.missing_layer.at[en.task_complete.missing_layer.n++] = entry_text("landlock");
	uint64_t at = host_make_enter(w, W1, NULL);
	t = row_of(w, task);
	assert_string_equal(t.status, "COMPLETED");
	assert_string_equal(t.assurance, "software");
	assert_int_equal(t.finish_seq, at);
	assert_int_equal(t.result_size, 50);
	assert_memory_equal(t.worker, identity_public(w->who[W1]), 32);
	assert_memory_equal(t.digest, en.task_complete.digest, 32);
	assert_memory_equal(t.blob, en.task_complete.result, 32);
	assert_int_equal(task_of(w, task).status, MARKET_COMPLETED);
	assert_int_equal(escrow(w, deal), 0);
	assert_int_equal(money(w, ADA), 1000 * RLC + APP_PRICE);
	assert_int_equal(money(w, BOB), 1000 * RLC + DATA_PRICE);
	assert_int_equal(money(w, W1), 1000 * RLC + POOL_PRICE * 99 / 100);
	assert_int_equal(money(w, PAUL), 1000 * RLC + POOL_PRICE / 100);
	assert_int_equal(score_of(w, W1), 0);
	host_make_settled(w);
}

/* A failed run is a result, and it is paid: the worker did what it was asked. */
static void an_app_that_fails_is_paid(void **state)
{
	struct world *w = *state;
	char deal[ID_TEXT], task[ID_TEXT];
	host_make_deal(w, 1, 1, deal, task);
	host_make_send(w, task, W1);
	draft_complete(w, task, 5);
	en.task_complete.outcome = entry_text("FAILED");
	en.task_complete.reason = entry_text("error");
	en.task_complete.size = 0;
	memset(en.task_complete.result, 0, 32);
	(void)host_make_enter(w, W1, NULL);
	assert_string_equal(row_of(w, task).status, "FAILED");
	assert_string_equal(row_of(w, task).reason, "error");
	assert_int_equal(task_of(w, task).status, MARKET_COMPLETED);
	assert_int_equal(money(w, W1), 1000 * RLC + POOL_PRICE * 99 / 100);
	host_make_settled(w);
}

static void several_workers_agree_and_a_liar_pays(void **state)
{
	struct world *w = *state;
	char deal[ID_TEXT], task[ID_TEXT];
	host_make_deal(w, 3, 2, deal, task);
	host_make_send(w, task, W1);
	host_make_send(w, task, W2);
	draft_assign(w, task, W3);
	refused(w, PAUL, ERR_CONFLICT, "assign-enough");	/* W1 and W2 can end it */
	host_make_contribute(w, task, W1, 5);
	draft_contribute(w, task, W1, 5);
	refused(w, W1, ERR_CONFLICT, "contribute-twice");
	draft_assign(w, task, W1);
	refused(w, PAUL, ERR_CONFLICT, "assign-twice");
	host_make_contribute(w, task, W2, 6);	/* lies */
	host_make_send(w, task, W3);	/* so more are needed: 4 of 7 is not enough, 8 of 11 is */
	host_make_send(w, task, W4);
	draft_assign(w, task, W5);
	refused(w, PAUL, ERR_CONFLICT, "assign-enough");
	host_make_contribute(w, task, W3, 5);
	assert_int_equal(task_of(w, task).status, MARKET_ACTIVE);
	draft_reveal(w, task, 5);
	refused(w, W1, ERR_CONFLICT, "reveal-status");
	host_make_contribute(w, task, W4, 5);
	assert_int_equal(task_of(w, task).status, MARKET_REVEALING);
	assert_int_equal(task_of(w, task).winners, 3);
	assert_int_equal(money(w, W2), 1000 * RLC - STAKE);
	draft_contribute(w, task, W5, 5);
	refused(w, W5, ERR_CONFLICT, "contribute-status");
	draft_assign(w, task, W5);
	refused(w, PAUL, ERR_CONFLICT, "assign-status");
	draft_reveal(w, task, 6);
	refused(w, W2, ERR_DENIED, "reveal-loser");
	draft_reveal(w, task, 6);
	refused(w, W1, ERR_INVALID, "reveal-hash");
	draft_reveal(w, task, 5);
	refused(w, W5, ERR_DENIED, "reveal-stranger");
	host_make_reveal(w, task, W1, 5);
	uint8_t result[32];
	memcpy(result, en.task_reveal.result, 32);
	draft_reveal(w, task, 5);
	refused(w, W1, ERR_CONFLICT, "reveal-twice");
	draft_finalize(w, task, W1);
	refused(w, PAUL, ERR_CONFLICT, "finalize-early");
	host_make_reveal(w, task, W3, 5);
	host_make_reveal(w, task, W4, 5);
	draft_finalize(w, task, W2);
	refused(w, PAUL, ERR_INVALID, "finalize-worker");	/* the liar has no result to give */
	assert_string_equal(row_of(w, task).status, "RUNNING");
	draft_finalize(w, task, W1);
	refused(w, W1, ERR_DENIED, "not-scheduler");
	draft_finalize(w, task, W1);
	(void)host_make_enter(w, PAUL, NULL);
	assert_string_equal(row_of(w, task).status, "COMPLETED");
	assert_memory_equal(row_of(w, task).blob, result, 32);
	assert_memory_equal(row_of(w, task).worker, identity_public(w->who[W1]), 32);
	uint64_t all = POOL_PRICE + STAKE, part = all * 99 / 100 / 3;
	for (enum who i = W1; i <= W4; i++)
		assert_int_equal(money(w, i), i == W2 ? 1000 * RLC - STAKE : 1000 * RLC + part);
	assert_int_equal(money(w, PAUL), 1000 * RLC - STAKE + all - 3 * part);	/* the other task still holds his stake */
	assert_int_equal(score_of(w, W1), 1);
	assert_int_equal(score_of(w, W2), 0);
	assert_int_equal(escrow(w, deal), COST);
	draft_finalize(w, task, W1);
	refused(w, PAUL, ERR_CONFLICT, "finalize-status");
	draft_claim(w, task);
	refused(w, CARL, ERR_CONFLICT, "claim-status");
	host_make_settled(w);
}

/* Winners that keep silent are rejected when their time is over; others end the task. */
static void a_task_is_opened_again(void **state)
{
	struct world *w = *state;
	char deal[ID_TEXT], task[ID_TEXT];
	host_make_deal(w, 3, 1, deal, task);
	for (enum who i = W1; i <= W2; i++) {
		host_make_send(w, task, i);
		host_make_contribute(w, task, i, 5);
	}
	assert_int_equal(task_of(w, task).status, MARKET_REVEALING);
	draft_reopen(w, task);
	refused(w, PAUL, ERR_CONFLICT, "reopen-early");
	clock_ahead += 2 * CATEGORY_TIME;
	draft_reopen(w, task);
	refused(w, CARL, ERR_DENIED, "not-scheduler");
	draft_reveal(w, task, 5);
	refused(w, W1, ERR_CONFLICT, "reveal-late");
	draft_finalize(w, task, W1);
	refused(w, PAUL, ERR_CONFLICT, "finalize-early");
	draft_reopen(w, task);
	(void)host_make_enter(w, PAUL, NULL);
	assert_int_equal(task_of(w, task).status, MARKET_ACTIVE);
	draft_reveal(w, task, 5);
	refused(w, W1, ERR_CONFLICT, "reveal-status");
	draft_assign(w, task, W1);
	refused(w, PAUL, ERR_CONFLICT, "assign-twice");
	for (enum who i = W3; i <= W4; i++) {
		host_make_send(w, task, i);
		host_make_contribute(w, task, i, 5);
	}
	assert_int_equal(task_of(w, task).winners, 2);
	draft_reveal(w, task, 5);
	refused(w, W2, ERR_CONFLICT, "reveal-rejected");
	host_make_reveal(w, task, W3, 5);
	clock_ahead += 2 * CATEGORY_TIME;	/* W4 keeps silent: one is enough then */
	draft_reopen(w, task);
	refused(w, PAUL, ERR_CONFLICT, "reopen-revealed");
	draft_finalize(w, task, W4);
	refused(w, PAUL, ERR_INVALID, "finalize-worker");
	draft_finalize(w, task, W3);
	(void)host_make_enter(w, PAUL, NULL);
	assert_string_equal(row_of(w, task).status, "COMPLETED");
	assert_int_equal(money(w, W1), 1000 * RLC - STAKE);
	assert_int_equal(money(w, W4), 1000 * RLC - STAKE);
	assert_int_equal(money(w, W3), 1000 * RLC + (POOL_PRICE + 3 * STAKE) * 99 / 100);
	host_make_settled(w);
}

/* A worker whose lease is over has lost its place, and not its right: whoever is first is taken. */
static void a_lease_ends(void **state)
{
	struct world *w = *state;
	char deal[ID_TEXT], task[ID_TEXT];
	host_make_deal(w, 1, 1, deal, task);
	host_make_send(w, task, W1);
	draft_assign(w, task, W2);
	refused(w, PAUL, ERR_CONFLICT, "assign-enough");
	draft_complete(w, task, 5);
	refused(w, W2, ERR_DENIED, "unauthorized");
	clock_ahead += 61;
	host_make_send(w, task, W2);
	draft_complete(w, task, 5);
	(void)host_make_enter(w, W1, NULL);
	draft_complete(w, task, 5);
	refused(w, W2, ERR_CONFLICT, "contributeAndFinalize-status");
	host_make_settled(w);
}

/* Taken back from one that is gone: another is sent at once, and who comes back late may still be first. */
static void a_lease_is_taken_back(void **state)
{
	struct world *w = *state;
	char deal[ID_TEXT], task[ID_TEXT];
	host_make_deal(w, 1, 1, deal, task);
	host_make_send(w, task, W1);
	draft_assign(w, task, W1);
	en.task_assign.until = (uint64_t)en.time;
	refused(w, W1, ERR_DENIED, "not-scheduler");
	draft_assign(w, task, W1);
	en.task_assign.until = (uint64_t)en.time;
	(void)host_make_enter(w, PAUL, NULL);
	host_make_send(w, task, W2);
	draft_assign(w, task, W3);
	refused(w, PAUL, ERR_CONFLICT, "assign-enough");
	draft_complete(w, task, 5);
	(void)host_make_enter(w, W2, NULL);
	host_make_settled(w);
}

/* Who was sent may end it, dismissed or not, and under the scheduler that sent it, whoever has the pool now. */
static void a_dismissed_worker_ends_what_it_was_sent_to(void **state)
{
	struct world *w = *state;
	char deal[ID_TEXT], task[ID_TEXT];
	host_make_deal(w, 1, 2, deal, task);
	host_make_send(w, task, W1);
	book_make_draft(w->m.b, &en, ENTRY_POOL_DISMISS_TYPE);
	host_make_id(en.pool_dismiss.pool, w->pool);
	memcpy(en.pool_dismiss.worker, identity_public(w->who[W1]), 32);
	(void)host_make_enter(w, PAUL, NULL);
	book_make_draft(w->m.b, &en, ENTRY_POOL_TRANSFER_TYPE);
	host_make_id(en.pool_transfer.pool, w->pool);
	memcpy(en.pool_transfer.to, identity_public(w->who[ADA]), 32);
	(void)host_make_enter(w, PAUL, NULL);
	draft_complete(w, task, 5);
	(void)host_make_enter(w, W1, NULL);
	draft_initialize(w, deal, 1);
	host_make_id(task, en.task_initialize.task);
	(void)host_make_enter(w, BOB, NULL);
	draft_assign(w, task, W1);
	refused(w, PAUL, ERR_DENIED, "assign-stranger");
	draft_assign(w, task, W2);
	refused(w, ADA, ERR_DENIED, "not-scheduler");
	host_make_send(w, task, W2);
	host_make_settled(w);
}

static void what_nobody_finished_is_claimed(void **state)
{
	struct world *w = *state;
	char deal[ID_TEXT], task[ID_TEXT];
	host_make_deal(w, 3, 2, deal, task);
	host_make_send(w, task, W1);
	host_make_contribute(w, task, W1, 5);
	draft_claim(w, task);
	refused(w, CARL, ERR_CONFLICT, "claim-early");
	clock_ahead += 7 * CATEGORY_TIME;
	draft_assign(w, task, W2);
	refused(w, PAUL, ERR_CONFLICT, "assign-status");
	clock_ahead += 3 * CATEGORY_TIME;
	draft_claim(w, task);
	(void)host_make_enter(w, W5, NULL);	/* anybody */
	assert_int_equal(task_of(w, task).status, MARKET_FAILED);
	assert_string_equal(row_of(w, task).status, "FAILED");
	assert_string_equal(row_of(w, task).assurance, "none");
	assert_int_equal(money(w, W1), 1000 * RLC);
	assert_int_equal(money(w, CARL), 1000 * RLC - COST);
	assert_int_equal(free_of(w, MARKET_KITTY), STAKE);
	draft_claim(w, task);
	refused(w, CARL, ERR_CONFLICT, "claim-status");
	draft_initialize(w, deal, 1);	/* the one that never began */
	host_make_id(task, en.task_initialize.task);
	(void)host_make_enter(w, CARL, NULL);
	draft_assign(w, task, W2);
	refused(w, PAUL, ERR_CONFLICT, "assign-status");
	draft_claim(w, task);
	(void)host_make_enter(w, CARL, NULL);
	assert_int_equal(money(w, CARL), 1000 * RLC);
	assert_int_equal(money(w, PAUL), 1000 * RLC - 2 * STAKE);
	assert_int_equal(escrow(w, deal), 0);
	host_make_settled(w);
}

/* Two deals of one request: each is named after what there was before, and whoever comes second is told so. */
static void a_request_is_served_by_two_deals(void **state)
{
	struct world *w = *state;
	char request[ID_TEXT], small[ID_TEXT], all[ID_TEXT];
	draft_request(w, 1, 3);
	(void)host_make_enter(w, CARL, request);
	host_make_id(all, w->order[2]);
	draft_order_pool(w);
	en.order_pool.volume = 1;
	(void)host_make_enter(w, PAUL, small);
	host_make_id(w->order[2], small);
	draft_match(w, request, 0);
	(void)host_make_enter(w, CARL, NULL);
	host_make_id(w->order[2], all);
	draft_match(w, request, 0);
	refused(w, CARL, ERR_CONFLICT, "match-first");
	draft_match(w, request, 1);
	char deal[ID_TEXT];
	host_make_id(deal, en.deal_match.deal);
	(void)host_make_enter(w, BOB, NULL);	/* anybody may match */
	draft_initialize(w, deal, 0);
	refused(w, PAUL, ERR_INVALID, "initialize-index");
	draft_initialize(w, deal, 2);
	(void)host_make_enter(w, PAUL, NULL);
	draft_match(w, request, 3);
	refused(w, CARL, ERR_FUNDS, "match-0x60");
	host_make_settled(w);
}

/* Somebody else pays, but only who said so. */
static void a_payer_signs_for_a_request(void **state)
{
	struct world *w = *state;
	char request[ID_TEXT];
	draft_request(w, 1, 1);
	memcpy(en.order_request.payer, identity_public(w->who[OUTSIDER]), 32);
	(void)host_make_enter(w, CARL, request);
	draft_match(w, request, 0);
	refused(w, CARL, ERR_DENIED, "match-0x71");
	book_make_draft(w->m.b, &en, ENTRY_DEAL_SPONSOR_TYPE);
	host_make_id(en.deal_sponsor.request, request);
	refused(w, BOB, ERR_DENIED, "sponsor-other");
	draft_match(w, request, 0);
	refused(w, CARL, ERR_DENIED, "match-0x71");
	book_make_draft(w->m.b, &en, ENTRY_DEAL_SPONSOR_TYPE);
	host_make_id(en.deal_sponsor.request, request);
	(void)host_make_enter(w, OUTSIDER, NULL);
	draft_match(w, request, 0);
	(void)host_make_enter(w, CARL, NULL);
	assert_int_equal(money(w, OUTSIDER), 1000 * RLC - COST);
	assert_int_equal(money(w, CARL), 1000 * RLC);
	host_make_settled(w);
}

static void order_only(struct world *w, const char *pool, enum who by)
{
	draft_order_app(w);
	en.order_app.only_pool = entry_text(pool);
	(void)host_make_enter(w, by, w->order[0]);
}

/* A list lets in whom its owner added, from then on. */
static void a_list_restricts_an_order(void **state)
{
	struct world *w = *state;
	char list[ID_TEXT];
	book_make_draft(w->m.b, &en, ENTRY_LIST_ADD_TYPE);
	en.list_add.member = entry_text(w->app);
	(void)host_make_enter(w, ADA, list);
	assert_memory_equal(list, "list1", 5);
	order_only(w, list, ADA);
	draft_match(w, w->order[3], 0);
	refused(w, CARL, ERR_DENIED, "match-0x14");
	book_make_draft(w->m.b, &en, ENTRY_LIST_ADD_TYPE);
	host_make_id(en.list_add.list, list);
	en.list_add.member = entry_text(w->pool);
	refused(w, PAUL, ERR_DENIED, "not-owner");
	book_make_draft(w->m.b, &en, ENTRY_LIST_ADD_TYPE);
	host_make_id(en.list_add.list, list);
	en.list_add.member = entry_text(w->pool);
	(void)host_make_enter(w, ADA, NULL);
	draft_match(w, w->order[3], 0);
	(void)host_make_enter(w, CARL, NULL);
	host_make_settled(w);
}

/* A transfer makes what the old owner signed void; deals that were made go on, and pay who owned it then. */
static void assets_change_hands(void **state)
{
	struct world *w = *state;
	char deal[ID_TEXT], task[ID_TEXT], old_app[ID_TEXT];
	struct store_app app;
	struct store_data data;
	uint64_t left, again;
	struct err e;
	host_make_deal(w, 1, 1, deal, task);
	host_make_send(w, task, W1);
	book_make_draft(w->m.b, &en, ENTRY_APP_TRANSFER_TYPE);
	host_make_id(en.app_transfer.app, w->app);
	memcpy(en.app_transfer.to, identity_public(w->who[CARL]), 32);
	(void)host_make_enter(w, ADA, NULL);
	BOOK_MUST(store_app_find(w->m.s, w->app, &app, &e), &e);
	assert_memory_equal(app.owner, identity_public(w->who[CARL]), 32);
	draft_match(w, w->order[3], 0);
	refused(w, CARL, ERR_DENIED, "match-0x21");
	host_make_id(old_app, w->order[0]);
	draft_order_app(w);
	(void)host_make_enter(w, CARL, w->order[0]);
	book_make_draft(w->m.b, &en, ENTRY_DATA_TRANSFER_TYPE);
	host_make_id(en.data_transfer.data, w->data);
	memcpy(en.data_transfer.to, identity_public(w->who[CARL]), 32);
	en.data_transfer.header = entry_text("//79");
	(void)host_make_enter(w, BOB, NULL);
	BOOK_MUST(store_data_find(w->m.s, w->data, NULL, &data, &e), &e);
	assert_memory_equal(data.owner, identity_public(w->who[CARL]), 32);
	assert_int_equal(data.header.len, 3);
	assert_memory_equal(data.header.data, "\xff\xfe\xfd", 3);
	assert_string_equal(data.name, "bobs");
	store_data_done(&data);
	draft_match(w, w->order[3], 0);
	refused(w, CARL, ERR_DENIED, "match-0x31");
	draft_order_data(w);
	(void)host_make_enter(w, CARL, w->order[1]);
	book_make_draft(w->m.b, &en, ENTRY_POOL_TRANSFER_TYPE);
	host_make_id(en.pool_transfer.pool, w->pool);
	memcpy(en.pool_transfer.to, identity_public(w->who[ADA]), 32);
	(void)host_make_enter(w, PAUL, NULL);
	draft_match(w, w->order[3], 0);
	refused(w, CARL, ERR_DENIED, "match-0x41");
	book_make_draft(w->m.b, &en, ENTRY_ORDER_CANCEL_TYPE);
	host_make_id(en.order_cancel.order, old_app);
	refused(w, ADA, ERR_DENIED, "not-owner");	/* it is the new owner's to cancel */
	assert_int_equal(host_cancelled(w->m.b, old_app, &left, NULL), 0);
	(void)host_make_enter(w, CARL, NULL);
	assert_int_equal(host_cancelled(w->m.b, old_app, &left, NULL), 1);
	assert_true(left > 0);
	book_make_draft(w->m.b, &en, ENTRY_ORDER_CANCEL_TYPE);
	host_make_id(en.order_cancel.order, old_app);
	(void)host_make_enter(w, CARL, NULL);	/* again: nothing is left that could be taken back, and what was stays known */
	assert_int_equal(host_cancelled(w->m.b, old_app, &again, NULL), 1);
	assert_int_equal(again, left);
	draft_complete(w, task, 5);
	(void)host_make_enter(w, W1, NULL);
	assert_int_equal(money(w, ADA), 1000 * RLC + APP_PRICE);
	assert_int_equal(money(w, BOB), 1000 * RLC + DATA_PRICE);
	host_make_settled(w);
}

/* A name that the new owner has in use is not the transferred data's any more; its own it keeps, even when it is given to whom it belongs. */
static void names_of_transferred_data(void **state)
{
	struct world *w = *state;
	struct store_data data;
	struct err e;
	char again[ID_TEXT];
	for (unsigned i = 0; i < 2; i++) {
		book_make_draft(w->m.b, &en, ENTRY_DATA_TRANSFER_TYPE);
		host_make_id(en.data_transfer.data, w->data);
		memcpy(en.data_transfer.to, identity_public(w->who[BOB]), 32);
		en.data_transfer.header = book_make_header();
		(void)host_make_enter(w, BOB, NULL);
		BOOK_MUST(store_data_find(w->m.s, w->data, NULL, &data, &e), &e);
		assert_string_equal(data.name, "bobs");
		store_data_done(&data);
	}
	book_make_data(w->m.b, &en, "carls", 100);
	(void)host_make_enter(w, BOB, again);
	book_make_draft(w->m.b, &en, ENTRY_DATA_TRANSFER_TYPE);
	host_make_id(en.data_transfer.data, again);
	memcpy(en.data_transfer.to, identity_public(w->who[CARL]), 32);
	en.data_transfer.header = book_make_header();
	(void)host_make_enter(w, BOB, NULL);
	BOOK_MUST(store_data_find(w->m.s, again, NULL, &data, &e), &e);
	assert_string_equal(data.name, "");
	store_data_done(&data);
	host_make_settled(w);
}

/* Data that the requester adds to a run is his own when the deal is made, not only when he asked for it. */
static void own_data_that_was_given_away(void **state)
{
	struct world *w = *state;
	char request[ID_TEXT];
	draft_request(w, 1, 2);
	host_make_id(en.order_request.own_data.at[en.order_request.own_data.n++], w->carls);
	(void)host_make_enter(w, CARL, request);
	book_make_draft(w->m.b, &en, ENTRY_DATA_TRANSFER_TYPE);
	host_make_id(en.data_transfer.data, w->carls);
	memcpy(en.data_transfer.to, identity_public(w->who[BOB]), 32);
	en.data_transfer.header = book_make_header();
	(void)host_make_enter(w, CARL, NULL);
	draft_match(w, request, 0);
	refused(w, CARL, ERR_DENIED, "match-own");
	host_make_settled(w);
}

/* Without the rules of the market, a program can read such a book and add nothing of the market's to it. */
static void a_program_without_rules(void **state)
{
	struct world *w = *state;
	struct book *plain;
	struct err e;
	BOOK_MUST(book_open(&plain, w->m.path, false, &e), &e);
	draft_order_app(w);
	assert_int_equal(book_make_try(plain, &en, w->who[ADA], NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	book_close(plain);
}

static void the_machines_own_pool(void **state)
{
	struct world *w = *state;
	char pool[MARKET_NAME], again[MARKET_NAME], name[LIMIT_NAME_BYTES + 1], worker[IDENTITY_TEXT];
	struct identity *manager, *its;
	struct market_asset a;
	struct err e;
	uint64_t before, after;
	BOOK_MUST(host_local_pool(w->m.b, &e), &e);
	BOOK_MUST(host_find(w->m.b, MARKET_ROW_ASSET, HOST_LOCAL_POOL, pool, &e), &e);
	BOOK_MUST(book_size(w->m.b, &before, &e), &e);
	BOOK_MUST(host_local_pool(w->m.b, &e), &e);
	BOOK_MUST(book_size(w->m.b, &after, &e), &e);
	assert_int_equal(before, after);
	BOOK_MUST(host_find(w->m.b, MARKET_ROW_ASSET, pool, again, &e), &e);
	assert_string_equal(pool, again);
	BOOK_MUST(host_pool_name(w->m.b, pool, name, &e), &e);
	assert_string_equal(name, "local");
	BOOK_MUST(host_manager_open(w->m.b, &manager, &e), &e);
	BOOK_MUST(book_worker_open(w->m.b, &its, &e), &e);
	identity_text(worker, identity_public(manager));
	assert_int_equal(host_get(w->m.b, MARKET_ROW_ASSET, pool, "", &a, &e), 1);
	assert_string_equal(a.owner, worker);
	identity_text(worker, identity_public(its));
	assert_int_equal(host_admitted(w->m.b, pool, worker, &e), 1);
	identity_free(manager);
	identity_free(its);
	host_make_settled(w);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, host_make_setup, host_make_teardown)
	const struct CMUnitTest tests[] = {
		TEST(one_worker_completes), TEST(an_app_that_fails_is_paid), TEST(several_workers_agree_and_a_liar_pays), TEST(a_task_is_opened_again),
		TEST(a_lease_ends), TEST(a_lease_is_taken_back), TEST(a_dismissed_worker_ends_what_it_was_sent_to),
		TEST(what_nobody_finished_is_claimed), TEST(a_request_is_served_by_two_deals), TEST(a_payer_signs_for_a_request),
		TEST(a_list_restricts_an_order), TEST(assets_change_hands), TEST(names_of_transferred_data), TEST(own_data_that_was_given_away),
		TEST(a_program_without_rules), TEST(the_machines_own_pool),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
