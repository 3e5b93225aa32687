/* core/host/host_receipt.c of tasks that needed keys: releases, the words of policies, one of many data. That a receipt comes out says that all of the story is in it, and no more
 * (receipt_write checks it); here each is opened again and looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/book_rows.h"
#include "unit/release_make.h"

static int receipt_try(struct world *w, const char *task, struct buf *file, struct err *e)
{
	struct store_task t;
	BOOK_MUST(store_task_find(w->m.s, task, &t, e), e);
	int r = host_receipt(w->m.b, &t, NULL, file, e);
	store_task_done(&t);
	return r;
}

static struct receipt *receipt_of(struct world *w, const char *task)
{
	struct buf file = BUF_INIT(RECEIPT_BYTES);
	struct receipt *r = NULL;
	struct err e;
	BOOK_MUST(receipt_try(w, task, &file, &e), &e);
	BOOK_MUST(receipt_open(&r, file.data, file.len, NULL, &e), &e);
	assert_string_equal(receipt_task(r), task);
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

static void ended(struct world *w, const struct trial *t, enum who worker)
{
	draft_complete(w, t->task, 5);
	(void)host_make_enter(w, worker, NULL);
}

static void released(void **state)
{
	struct world *w = *state;
	struct receipt *r = receipt_of(w, x.done.task);
	uint64_t index;
	const struct entry *release = receipt_release(r, &index);
	assert_non_null(release);
	assert_memory_equal(release->by, identity_public(w->who[KEEPER]), 32);
	assert_string_equal(release->key_release.task, x.done.task);
	assert_int_equal(count(r, ENTRY_KEEPER_APPOINT_TYPE), 1);
	assert_int_equal(count(r, ENTRY_KEY_RELEASE_TYPE), 1);
	assert_int_equal(count(r, ENTRY_POLICY_DECISION_TYPE) + count(r, ENTRY_POLICY_REGISTER_TYPE), 0);
	receipt_free(r);
}

/* What the policy said later, or of another worker, is not what the deal and the release rest on. */
static void under_a_policy(void **state)
{
	struct world *w = *state;
	uint64_t at, index = 0;
	decision_draft(w, &x.ruled, "match", "deny");
	(void)host_make_enter(w, KEEPER, NULL);
	decision_draft(w, &x.ruled, "key_release", "permit");
	memcpy(en.policy_decision.worker, identity_public(w->who[W1]), 32);
	at = host_make_enter(w, KEEPER, NULL);
	decision_draft(w, &x.ruled, "key_release", "permit");
	memcpy(en.policy_decision.worker, identity_public(w->who[W2]), 32);
	(void)host_make_enter(w, KEEPER, NULL);
	release_enter(w, &x.ruled, W1);
	decision_draft(w, &x.ruled, "key_release", "deny");
	(void)host_make_enter(w, KEEPER, NULL);
	ended(w, &x.ruled, W1);
	struct receipt *r = receipt_of(w, x.ruled.task);
	assert_int_equal(count(r, ENTRY_POLICY_DECISION_TYPE), 2);
	assert_int_equal(count(r, ENTRY_POLICY_REGISTER_TYPE), 1);
	for (size_t i = 0; i < receipt_count(r); i++) {
		const struct entry *it = receipt_at(r, i, &index);
		if (it->type != ENTRY_POLICY_DECISION_TYPE)
			continue;
		assert_true(entry_text_is(&it->policy_decision.effect, "permit"));
		if (it->policy_decision.task[0])
			assert_int_equal(index, at);
	}
	receipt_free(r);
}

/* No keys at all: the policy's word is told when it was asked. */
static void refused_by_a_policy(void **state)
{
	struct world *w = *state;
	decision_draft(w, &x.ruled, "key_release", "deny");
	(void)host_make_enter(w, KEEPER, NULL);
	book_make_draft(w->m.b, &en, ENTRY_TASK_REFUSE_TYPE);
	host_make_id(en.task_refuse.task, x.ruled.task);
	en.task_refuse.code = entry_text("policy-denied");
	(void)host_make_enter(w, KEEPER, NULL);
	struct receipt *r = receipt_of(w, x.ruled.task);
	assert_true(entry_text_is(&receipt_end(r)->outcome, RECEIPT_REFUSED));
	assert_null(receipt_release(r, NULL));
	assert_int_equal(count(r, ENTRY_POLICY_DECISION_TYPE), 2);
	receipt_free(r);
}

static void one_of_many_refused(void **state)
{
	struct world *w = *state;
	bulk_release(w, &x.bulk, W1);
	en.key_release.grant.n--;
	refused_add(x.many[MANY - 1], "release-revoked");
	(void)host_make_enter(w, KEEPER, NULL);
	ended(w, &x.bulk, W1);
	struct receipt *r = receipt_of(w, x.bulk.task);
	assert_int_equal(count(r, ENTRY_ORDER_DATA_TYPE), MANY - 1);
	assert_int_equal(count(r, ENTRY_DATA_REGISTER_TYPE), MANY - 1);
	assert_int_equal(receipt_release(r, NULL)->key_release.refused.n, 1);
	receipt_free(r);
}

/* A release that the tables have lost is not left out: there is no receipt without it. */
static void passed_by(void **state)
{
	struct world *w = *state;
	struct buf file = BUF_INIT(RECEIPT_BYTES);
	struct err e = { .code = ERR_NONE };
	char sql[200];
	(void)snprintf(sql, sizeof sql, "DELETE FROM record WHERE a = '%s' AND kind = %d", x.done.task, (int)HOST_RELEASE);
	book_rows_change(w->m.path, sql);
	assert_int_equal(receipt_try(w, x.done.task, &file, &e), -1);
	assert_int_equal(file.len, 0);
	if (!strstr(e.msg, "the book had a keeper before the run"))
		fail_msg("%s", e.msg);
}

/* The most that a request can name, each of them somebody's under a policy. */
static void a_hundred(void **state)
{
	struct world *w = *state;
	static char many[ENTRY_MANY_MAX][ID_TEXT], data[ID_TEXT];
	struct trial t;
	memset(&t, 0, sizeof t);
	for (size_t i = 0; i < ENTRY_MANY_MAX; i++) {
		data_enter(w, data);
		grant_draft(w, data);
		en.order_data.price = 0;
		en.order_data.bulk = 1;
		host_make_id(en.order_data.policy, x.policy);
		(void)host_make_enter(w, BOB, many[i]);
	}
	draft_request(w, 1, 1);
	en.order_request.data[0] = '\0';
	for (size_t i = 0; i < ENTRY_MANY_MAX; i++)
		host_make_id(en.order_request.bulk.at[en.order_request.bulk.n++], many[i]);
	(void)host_make_enter(w, CARL, t.request);
	trial_begin(w, &t);
	for (size_t i = 0; i < ENTRY_MANY_MAX; i++) {
		host_make_id(t.grant, many[i]);
		decision_draft(w, &t, "key_release", "permit");
		(void)host_make_enter(w, KEEPER, NULL);
	}
	t.grant[0] = '\0';
	release_draft(w, &t, W1);
	for (size_t i = 0; i < ENTRY_MANY_MAX; i++)
		host_make_id(en.key_release.grant.at[en.key_release.grant.n++], many[i]);
	(void)host_make_enter(w, KEEPER, NULL);
	ended(w, &t, W1);
	struct receipt *r = receipt_of(w, t.task);
	assert_int_equal(count(r, ENTRY_POLICY_DECISION_TYPE), ENTRY_MANY_MAX);
	assert_true(receipt_count(r) > 3 * ENTRY_MANY_MAX && receipt_count(r) < RECEIPT_ENTRIES);
	receipt_free(r);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, release_setup, host_make_teardown)
	const struct CMUnitTest tests[] = { TEST(released), TEST(under_a_policy), TEST(refused_by_a_policy), TEST(one_of_many_refused), TEST(passed_by), TEST(a_hundred) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
