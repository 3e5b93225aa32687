/* core/host/host_receipt.c: the receipts of tasks that were really played in a book, of each ending, and of assets that changed hands. receipt_write checks the story, so
 * that a receipt comes out at all says that all of it, and no more, is in it; here each is opened again and looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "form/receipt.h"
#include "unit/host_make.h"

static struct store_task row_of(struct world *w, const char *task)
{
	struct store_task t;
	struct err e;
	BOOK_MUST(store_task_find(w->m.s, task, &t, &e), &e);
	buf_done(&t.data);
	buf_done(&t.missing);
	return t;
}

static struct receipt *receipt_of(struct world *w, const char *task)
{
	struct store_task t = row_of(w, task);
	struct buf file = BUF_INIT(RECEIPT_BYTES);
	struct receipt *r = NULL;
	struct err e;
	BOOK_MUST(host_receipt(w->m.b, &t, NULL, &file, &e), &e);
	BOOK_MUST(receipt_open(&r, file.data, file.len, NULL, &e), &e);
	assert_string_equal(receipt_task(r), task);
	assert_int_equal(receipt_end(r)->time, t.finished);
	assert_memory_equal(receipt_end(r)->result, t.blob, 32);
	buf_done(&file);
	return r;
}

static unsigned count(const struct receipt *r, enum entry_type type)
{
	unsigned n = 0;
	for (size_t i = 0; i < receipt_count(r); i++)
		n += receipt_at(r, i, NULL)->type == type;
	return n;
}

static bool introduced(struct world *w, const struct receipt *r, enum who who)
{
	for (size_t i = 0; i < receipt_count(r); i++) {
		const struct entry *at = receipt_at(r, i, NULL);
		if (at->type == ENTRY_IDENTITY_REGISTER_TYPE && memcmp(at->by, identity_public(w->who[who]), 32) == 0)
			return true;
	}
	return false;
}

static void completed(struct world *w, const char *task, enum who worker)
{
	draft_complete(w, task, 5);
	(void)host_make_enter(w, worker, NULL);
}

static void of_a_completed_task(void **state)
{
	struct world *w = *state;
	char deal[ID_TEXT], task[ID_TEXT];
	host_make_deal(w, 1, 1, deal, task);
	host_make_send(w, task, W1);
	struct store_task t = row_of(w, task);
	struct buf file = BUF_INIT(RECEIPT_BYTES);
	struct err e;
	assert_int_equal(host_receipt(w->m.b, &t, NULL, &file, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	clock_ahead += 61;	/* its lease ends, and it gets another: the first is enough */
	host_make_send(w, task, W1);
	completed(w, task, W1);
	draft_request(w, 1, 1);	/* what comes after is not in it */
	(void)host_make_enter(w, CARL, NULL);
	struct receipt *r = receipt_of(w, task);
	/* book, Ada, Bob, Carl, Paul, W1, iApp, data, pool, four orders, deal, begun, sent, end */
	assert_int_equal(receipt_count(r), 17);
	assert_true(introduced(w, r, CARL) && introduced(w, r, W1) && introduced(w, r, PAUL) && introduced(w, r, ADA) && introduced(w, r, BOB));
	assert_true(entry_text_is(&receipt_end(r)->outcome, "COMPLETED"));
	assert_memory_equal(receipt_end(r)->by->by, identity_public(w->who[W1]), 32);
	assert_int_equal(receipt_find(r, ENTRY_ORDER_POOL_TYPE)->order_pool.price, POOL_PRICE);
	receipt_free(r);
	buf_done(&file);
}

static void of_a_finalized_task(void **state)
{
	struct world *w = *state;
	char deal[ID_TEXT], task[ID_TEXT];
	host_make_deal(w, 3, 1, deal, task);
	host_make_send(w, task, W1);
	host_make_send(w, task, W2);
	host_make_contribute(w, task, W1, 5);
	host_make_contribute(w, task, W2, 5);
	host_make_reveal(w, task, W1, 5);
	host_make_reveal(w, task, W2, 5);
	draft_finalize(w, task, W2);
	(void)host_make_enter(w, PAUL, NULL);
	struct receipt *r = receipt_of(w, task);
	assert_int_equal(receipt_count(r), 18);
	assert_int_equal(count(r, ENTRY_TASK_REVEAL_TYPE), 1);
	assert_memory_equal(receipt_end(r)->by->by, identity_public(w->who[W2]), 32);
	assert_true(introduced(w, r, W2) && !introduced(w, r, W1));
	receipt_free(r);
}

static void of_a_claimed_task(void **state)
{
	struct world *w = *state;
	char deal[ID_TEXT], task[ID_TEXT];
	host_make_deal(w, 1, 1, deal, task);
	host_make_send(w, task, W1);
	clock_ahead += 10 * CATEGORY_TIME;
	draft_claim(w, task);
	(void)host_make_enter(w, W5, NULL);
	struct receipt *r = receipt_of(w, task);
	assert_int_equal(receipt_count(r), 15);
	assert_null(receipt_end(r)->by);
	assert_true(entry_text_is(&receipt_end(r)->outcome, RECEIPT_CLAIMED));
	assert_non_null(strstr(receipt_means(r), "the payer has the money back"));
	receipt_free(r);
}

static void of_a_refused_task(void **state)
{
	struct world *w = *state;
	char deal[ID_TEXT], task[ID_TEXT];
	struct err e;
	host_make_deal(w, 1, 1, deal, task);
	book_make_draft(w->m.b, &en, ENTRY_TASK_REFUSE_TYPE);
	host_make_id(en.task_refuse.task, task);
	en.task_refuse.code = entry_text("release-revoked");
	assert_int_equal(host_make_try(w, OUTSIDER, NULL, &e), -1);	/* no keeper */
	book_make_draft(w->m.b, &en, ENTRY_KEEPER_APPOINT_TYPE);
	memcpy(en.keeper_appoint.keeper, identity_public(w->who[OUTSIDER]), 32);
	memcpy(en.keeper_appoint.age, identity_age_public(w->who[OUTSIDER]), 32);
	(void)host_make_enter(w, OPERATOR, NULL);
	book_make_draft(w->m.b, &en, ENTRY_TASK_REFUSE_TYPE);
	host_make_id(en.task_refuse.task, task);
	en.task_refuse.code = entry_text("release-revoked");
	(void)host_make_enter(w, OUTSIDER, NULL);
	struct receipt *r = receipt_of(w, task);
	assert_int_equal(receipt_count(r), 17);	/* the keeper was appointed, and had introduced itself */
	assert_null(receipt_end(r)->by);
	assert_true(entry_text_is(&receipt_end(r)->outcome, RECEIPT_REFUSED));
	assert_true(entry_text_is(&receipt_end(r)->reason, "release-revoked"));
	assert_non_null(strstr(receipt_means(r), "a keeper refused the keys"));
	assert_int_equal(free_of(w, w->name[CARL]), 1000 * RLC);
	receipt_free(r);
	struct store_task t;
	BOOK_MUST(store_task_find(w->m.s, task, &t, &e), &e);
	assert_string_equal(t.status, "FAILED");
	assert_string_equal(t.reason, "no key: release-revoked");
	store_task_done(&t);
}

/* More data of the requester's, somebody who pays, and a result that is for somebody else. */
static void of_all_that_a_request_can_name(void **state)
{
	struct world *w = *state;
	char request[ID_TEXT], more[ID_TEXT], deal[ID_TEXT], task[ID_TEXT];
	struct err e;
	book_make_data(w->m.b, &en, "more", 100);
	(void)host_make_enter(w, CARL, more);
	draft_request(w, 1, 2);
	host_make_id(en.order_request.own_data.at[en.order_request.own_data.n++], w->carls);
	host_make_id(en.order_request.own_data.at[en.order_request.own_data.n++], more);
	memcpy(en.order_request.payer, identity_public(w->who[OUTSIDER]), 32);
	memcpy(en.order_request.beneficiary, identity_public(w->who[W6]), 32);
	if (host_make_try(w, CARL, NULL, &e) == 0 || !strstr(e.msg, "sealed to a key that is not"))
		fail_msg("%s", e.msg);
	memcpy(en.order_request.recipient, identity_age_public(w->who[W6]), 32);
	(void)host_make_enter(w, CARL, request);
	book_make_draft(w->m.b, &en, ENTRY_DEAL_SPONSOR_TYPE);
	host_make_id(en.deal_sponsor.request, request);
	(void)host_make_enter(w, OUTSIDER, NULL);
	draft_match(w, request, 0);
	host_make_id(deal, en.deal_match.deal);
	(void)host_make_enter(w, CARL, NULL);
	draft_initialize(w, deal, 1);
	host_make_id(task, en.task_initialize.task);
	(void)host_make_enter(w, PAUL, NULL);
	host_make_send(w, task, W1);
	completed(w, task, W1);
	struct receipt *r = receipt_of(w, task);
	assert_int_equal(receipt_count(r), 17 + 2 + 1 + 2);
	assert_int_equal(count(r, ENTRY_DATA_REGISTER_TYPE), 3);
	assert_true(introduced(w, r, OUTSIDER) && introduced(w, r, W6));
	assert_int_equal(receipt_find(r, ENTRY_TASK_INITIALIZE_TYPE)->task_initialize.index, 1);
	receipt_free(r);
}

static void without_data(void **state)
{
	struct world *w = *state;
	char request[ID_TEXT], deal[ID_TEXT], task[ID_TEXT];
	draft_request(w, 1, 1);
	en.order_request.data[0] = '\0';
	(void)host_make_enter(w, CARL, request);
	draft_match(w, request, 0);
	en.deal_match.data[0] = '\0';
	host_make_id(deal, en.deal_match.deal);
	(void)host_make_enter(w, CARL, NULL);
	draft_initialize(w, deal, 0);
	host_make_id(task, en.task_initialize.task);
	(void)host_make_enter(w, PAUL, NULL);
	host_make_send(w, task, W1);
	completed(w, task, W1);
	struct receipt *r = receipt_of(w, task);
	assert_int_equal(receipt_count(r), 14);
	assert_int_equal(count(r, ENTRY_DATA_REGISTER_TYPE) + count(r, ENTRY_ORDER_DATA_TYPE), 0);
	receipt_free(r);
}

static void give(struct world *w, enum entry_type type, const char *asset, enum who from, enum who to)
{
	book_make_draft(w->m.b, &en, type);
	char *id = type == ENTRY_APP_TRANSFER_TYPE ? en.app_transfer.app : type == ENTRY_POOL_TRANSFER_TYPE ? en.pool_transfer.pool : en.data_transfer.data;
	uint8_t *key = type == ENTRY_APP_TRANSFER_TYPE ? en.app_transfer.to : type == ENTRY_POOL_TRANSFER_TYPE ? en.pool_transfer.to : en.data_transfer.to;
	host_make_id(id, asset);
	memcpy(key, identity_public(w->who[to]), 32);
	if (type == ENTRY_DATA_TRANSFER_TYPE)
		en.data_transfer.header = book_make_header();
	(void)host_make_enter(w, from, NULL);
}

/* The shortest way from who registered it to who offered it; what happened later, and what was taken back, is left out. */
static void of_assets_that_changed_hands(void **state)
{
	struct world *w = *state;
	char request[ID_TEXT], deal[ID_TEXT], task[ID_TEXT];
	give(w, ENTRY_APP_TRANSFER_TYPE, w->app, ADA, BOB);
	give(w, ENTRY_APP_TRANSFER_TYPE, w->app, BOB, ADA);
	give(w, ENTRY_APP_TRANSFER_TYPE, w->app, ADA, W2);
	give(w, ENTRY_APP_TRANSFER_TYPE, w->app, W2, W3);
	draft_order_app(w);
	(void)host_make_enter(w, W3, w->order[0]);
	give(w, ENTRY_DATA_TRANSFER_TYPE, w->data, BOB, ADA);	/* and back: as if it had not been */
	give(w, ENTRY_DATA_TRANSFER_TYPE, w->data, ADA, BOB);
	draft_order_pool(w);
	(void)host_make_enter(w, W4, w->order[2]);	/* who does not own it yet */
	give(w, ENTRY_DATA_TRANSFER_TYPE, w->carls, CARL, BOB);
	give(w, ENTRY_DATA_TRANSFER_TYPE, w->carls, BOB, W5);
	give(w, ENTRY_DATA_TRANSFER_TYPE, w->carls, W5, CARL);
	draft_request(w, 1, 1);
	host_make_id(en.order_request.own_data.at[en.order_request.own_data.n++], w->carls);
	(void)host_make_enter(w, CARL, request);
	give(w, ENTRY_POOL_TRANSFER_TYPE, w->pool, PAUL, W4);
	draft_match(w, request, 0);
	host_make_id(deal, en.deal_match.deal);
	(void)host_make_enter(w, CARL, NULL);
	draft_initialize(w, deal, 0);
	host_make_id(task, en.task_initialize.task);
	(void)host_make_enter(w, CARL, NULL);
	give(w, ENTRY_POOL_TRANSFER_TYPE, w->pool, W4, PAUL);
	give(w, ENTRY_DATA_TRANSFER_TYPE, w->carls, CARL, BOB);
	draft_assign(w, task, W1);
	(void)host_make_enter(w, W4, NULL);	/* the deal is still his */
	completed(w, task, W1);
	struct receipt *r = receipt_of(w, task);
	assert_int_equal(count(r, ENTRY_APP_TRANSFER_TYPE), 2);
	assert_int_equal(count(r, ENTRY_DATA_TRANSFER_TYPE), 0);
	assert_int_equal(count(r, ENTRY_POOL_TRANSFER_TYPE), 1);
	receipt_free(r);
	host_make_settled(w);
	r = receipt_of(w, task);	/* the same from tables that were made again */
	assert_int_equal(count(r, ENTRY_APP_TRANSFER_TYPE), 2);
	receipt_free(r);
}

/* The requester's own when he asked, and again when the deal was made: by two transfers, if it was away between. */
static void of_data_that_came_back(void **state)
{
	struct world *w = *state;
	char request[ID_TEXT], deal[ID_TEXT], task[ID_TEXT];
	give(w, ENTRY_DATA_TRANSFER_TYPE, w->data, BOB, CARL);
	draft_request(w, 1, 1);
	en.order_request.data[0] = '\0';
	host_make_id(en.order_request.own_data.at[en.order_request.own_data.n++], w->data);
	host_make_id(en.order_request.own_data.at[en.order_request.own_data.n++], w->data);	/* twice is once */
	(void)host_make_enter(w, CARL, request);
	give(w, ENTRY_DATA_TRANSFER_TYPE, w->data, CARL, BOB);
	give(w, ENTRY_DATA_TRANSFER_TYPE, w->data, BOB, CARL);
	draft_match(w, request, 0);
	en.deal_match.data[0] = '\0';
	host_make_id(deal, en.deal_match.deal);
	(void)host_make_enter(w, CARL, NULL);
	draft_initialize(w, deal, 0);
	host_make_id(task, en.task_initialize.task);
	(void)host_make_enter(w, CARL, NULL);
	host_make_send(w, task, W1);
	completed(w, task, W1);
	struct receipt *r = receipt_of(w, task);
	assert_int_equal(count(r, ENTRY_DATA_REGISTER_TYPE), 1);
	assert_int_equal(count(r, ENTRY_DATA_TRANSFER_TYPE), 2);
	receipt_free(r);
}

/* Ids that follow from others are of no entry's text; they lead to the entry all the same. */
static void entries_of_deals_and_tasks(void **state)
{
	struct world *w = *state;
	char deal[ID_TEXT], task[ID_TEXT], part[20];
	uint64_t begun, matched, at;
	struct err e;
	host_make_deal(w, 1, 1, deal, task);
	BOOK_MUST(book_size(w->m.b, &begun, &e), &e);
	begun--;
	matched = begun - 1;
	BOOK_MUST(host_entry_find(w->m.b, task, &at, &e), &e);
	assert_int_equal(at, begun);
	BOOK_MUST(host_entry_find(w->m.b, deal, &at, &e), &e);
	assert_int_equal(at, matched);
	(void)snprintf(part, sizeof part, "%.14s", task);
	BOOK_MUST(host_entry_find(w->m.b, part, &at, &e), &e);
	assert_int_equal(at, begun);
	BOOK_MUST(host_entry_find(w->m.b, w->app, &at, &e), &e);
	BOOK_MUST(host_entry_find(w->m.b, "0", &at, &e), &e);
	assert_int_equal(at, 0);
	assert_int_equal(host_entry_find(w->m.b, "task1qqqqqqqqqqqq", &at, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(host_entry_find(w->m.b, "task1", &at, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	task[30] = task[30] == 'q' ? 'p' : 'q';
	assert_int_equal(host_entry_find(w->m.b, task, &at, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, host_make_setup, host_make_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_a_completed_task), TEST(of_a_finalized_task), TEST(of_a_claimed_task), TEST(of_a_refused_task), TEST(of_all_that_a_request_can_name), TEST(without_data),
		TEST(of_assets_that_changed_hands), TEST(of_data_that_came_back), TEST(entries_of_deals_and_tasks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
