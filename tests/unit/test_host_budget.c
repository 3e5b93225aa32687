/* core/host/host_budget.c, and bulk grants of host_release.c: what tasks reserve and use up, of all that there may be, and nothing beyond it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/release_make.h"

static void uses_are(struct world *w, const char *grant_id, enum ledger_unit unit, uint64_t used, uint64_t max)
{
	uint64_t is, of;
	struct err e;
	assert_int_equal(host_budget(w->m.b, grant_id, unit, &is, &of, &e), 1);
	if (is != used || of != max)
		fail_msg("%s of %s: %llu of %llu and not %llu of %llu", ledger_unit_text(unit), grant_id, (unsigned long long)is, (unsigned long long)of,
			(unsigned long long)used, (unsigned long long)max);
}

/* Of 64 tasks under one grant exactly as many get the key as its budget has uses; what ends without a run is free again, what ran is spent. */
static void exactly_as_many_as_there_are(void **state)
{
	enum { TASKS = 64, USES = 20 };
	struct world *w = *state;
	static struct trial t[TASKS];
	bool got[TASKS];
	size_t n = 0, spent = 0;
	struct err e;
	data_enter(w, t[0].data);
	grant_draft(w, t[0].data);
	trial_ask(w, &t[0], 1);
	trial_begin(w, &t[0]);
	for (size_t i = 1; i < TASKS; i++) {
		t[i] = t[0];
		draft_request(w, 1, 1);
		host_make_id(en.order_request.data, t[0].data);
		(void)host_make_enter(w, CARL, t[i].request);
		trial_begin(w, &t[i]);
	}
	for (size_t i = 0; i < TASKS; i++) {
		release_draft(w, &t[i], W1);
		budget_add(t[0].grant, "uses", 1, USES);
		budget_add(t[0].grant, "bytes", 1000, 1000 * TASKS);
		n += got[i] = host_make_try(w, KEEPER, NULL, &e) == 0;
		assert_true(got[i] || begins(e.msg, "budget-uses"));
	}
	assert_int_equal(n, USES);
	uses_are(w, t[0].grant, LEDGER_USES, USES, USES);
	uses_are(w, t[0].grant, LEDGER_BYTES, USES * 1000, 1000 * TASKS);
	for (size_t i = 0; i < TASKS; i++) {
		if (got[i] && i % 2) {
			draft_complete(w, t[i].task, 5);
			(void)host_make_enter(w, W1, NULL);
			spent++;
		} else if (i % 4 == 0) {
			refuse(w);
			host_make_id(en.task_refuse.task, t[i].task);
			(void)host_make_enter(w, KEEPER, NULL);
			n -= got[i];
		}
	}
	assert_true(spent > 0 && n > spent && n < USES);
	uses_are(w, t[0].grant, LEDGER_USES, n, USES);
	uses_are(w, t[0].grant, LEDGER_BYTES, spent * 50 + (n - spent) * 1000, 1000 * TASKS);	/* the sealed results have 50 */
	for (size_t i = 0; i < TASKS; i++) {	/* the others now: what was freed is given, and not more */
		release_draft(w, &t[i], W1);
		budget_add(t[0].grant, "uses", 1, USES + 1);
		n += !got[i] && host_make_try(w, KEEPER, NULL, &e) == 0;
	}
	assert_int_equal(n, USES + 1);
	uses_are(w, t[0].grant, LEDGER_USES, USES + 1, USES + 1);
	clock_ahead += 10 * CATEGORY_TIME;
	for (size_t i = 0; i < TASKS; i++) {
		draft_claim(w, t[i].task);
		(void)host_make_try(w, CARL, NULL, &e);
	}
	uses_are(w, t[0].grant, LEDGER_USES, spent, USES + 1);	/* what nobody finished is free */
	host_make_settled(w);
}

/* Several workers of one task use a grant once. The budget of a lower limit holds from then on. */
static void one_use_for_all_workers(void **state)
{
	struct world *w = *state;
	struct trial t;
	data_enter(w, t.data);
	grant_draft(w, t.data);
	trial_ask(w, &t, 3);
	trial_begin(w, &t);
	host_make_send(w, t.task, W2);
	for (enum who i = W1; i <= W2; i++) {
		release_draft(w, &t, i);
		budget_add(t.grant, "uses", 1, 1);
		budget_add(t.grant, "epsilon_u6", 500000, 900000);
		(void)host_make_enter(w, KEEPER, NULL);
		uses_are(w, t.grant, LEDGER_USES, 1, 1);
	}
	host_make_contribute(w, t.task, W1, 5);
	host_make_contribute(w, t.task, W2, 5);
	host_make_reveal(w, t.task, W1, 5);
	host_make_reveal(w, t.task, W2, 5);
	uses_are(w, t.grant, LEDGER_EPSILON, 500000, 900000);
	draft_finalize(w, t.task, W2);
	(void)host_make_enter(w, PAUL, NULL);
	uses_are(w, t.grant, LEDGER_USES, 1, 1);
	uses_are(w, t.grant, LEDGER_EPSILON, 500000, 900000);
	struct trial more = t;
	draft_request(w, 1, 1);
	host_make_id(en.order_request.data, t.data);
	(void)host_make_enter(w, CARL, more.request);
	trial_begin(w, &more);
	release_draft(w, &more, W1);
	budget_add(t.grant, "epsilon_u6", 1, 500000);	/* the owner allows less by now */
	refused(w, KEEPER, "budget-epsilon_u6");
	release_draft(w, &more, W1);
	budget_add(t.grant, "epsilon_u6", 400000, 900000);
	(void)host_make_enter(w, KEEPER, NULL);
	uses_are(w, t.grant, LEDGER_EPSILON, 900000, 900000);
	host_make_settled(w);
}

static uint64_t left_of(struct world *w, const char *order)
{
	struct market_order o;
	struct err e;
	assert_int_equal(host_get(w->m.b, MARKET_ROW_ORDER, order, "", &o, &e), 1);
	return o.volume - o.consumed;
}

/* One of many is used once by a task, whatever its workers are; each item is asked by itself. */
static void many_data_in_one_task(void **state)
{
	static const char *const codes[MANY] = { NULL, "release-revoked", "release-transferred", "release-restricted", "release-purpose" };
	struct world *w = *state;
	struct trial t, last;
	struct store_task row;
	char list[ID_TEXT];
	struct err e = { .code = ERR_NONE };
	BOOK_MUST(store_task_find(w->m.s, x.bulk.task, &row, &e), &e);
	for (size_t i = 0; i < MANY; i++)
		assert_non_null(strstr(buf_text(&row.data), x.many_data[i]));
	store_task_done(&row);
	bulk_release(w, &x.bulk, W1);
	(void)host_make_enter(w, KEEPER, NULL);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(left_of(w, x.many[i]), 1);
	book_make_draft(w->m.b, &en, ENTRY_LIST_ADD_TYPE);
	en.list_add.member = entry_text(w->name[CARL]);
	en.list_add.group = 1;
	(void)host_make_enter(w, BOB, list);
	grant_draft(w, x.many_data[3]);	/* for members of a group, which Carl leaves; for another purpose */
	en.order_data.price = 0;
	en.order_data.bulk = 1;
	en.order_data.only_requester = entry_text(list);
	(void)host_make_enter(w, BOB, x.many[3]);
	grant_draft(w, x.many_data[4]);
	en.order_data.price = 0;
	en.order_data.bulk = 1;
	purpose_add("DUO:0000042");
	(void)host_make_enter(w, BOB, x.many[4]);
	bulk_ask(w, &t, 3);
	host_make_send(w, t.task, W2);
	book_make_draft(w->m.b, &en, ENTRY_ORDER_CANCEL_TYPE);
	host_make_id(en.order_cancel.order, x.many[1]);
	(void)host_make_enter(w, BOB, NULL);
	book_make_draft(w->m.b, &en, ENTRY_DATA_TRANSFER_TYPE);
	host_make_id(en.data_transfer.data, x.many_data[2]);
	memcpy(en.data_transfer.to, identity_public(w->who[ADA]), 32);
	en.data_transfer.header = book_make_header();
	(void)host_make_enter(w, BOB, NULL);
	book_make_draft(w->m.b, &en, ENTRY_LIST_REMOVE_TYPE);
	host_make_id(en.list_remove.list, list);
	en.list_remove.member = entry_text(w->name[CARL]);
	(void)host_make_enter(w, BOB, NULL);
	for (enum who worker = W1; worker <= W2; worker++) {
		release_draft(w, &t, worker);
		for (size_t i = 0; i < MANY; i++) {
			int r = host_release_item(w->m.b, &en, x.many[i], en.time, &e);
			if (codes[i] ? r == 0 || !begins(e.msg, codes[i]) : r < 0)
				fail_msg("item %zu: %s", i, r ? e.msg : "may be released");
			if (r < 0)
				refused_add(x.many[i], codes[i]);
			else
				host_make_id(en.key_release.grant.at[en.key_release.grant.n++], x.many[i]);
		}
		(void)host_make_enter(w, KEEPER, NULL);
		assert_int_equal(left_of(w, x.many[0]), 0);
	}
	bulk_ask(w, &last, 1);
	release_draft(w, &last, W1);
	assert_int_equal(host_release_item(w->m.b, &en, x.many[0], en.time, &e), -1);
	assert_true(begins(e.msg, "release-used"));
	host_make_settled(w);
}

/* Random lives of some grants: after every step what is used and reserved is what the tasks say, and never more than allowed. */
#define LIVES 24u
#define GRANTS 3u
#define STEPS 400u
enum life { NOT_YET, WAITING, RESERVED, SPENT, FREED };
static struct { struct trial t; enum life life; uint64_t bytes, size; } lives[LIVES];

static uint32_t chance(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % below;
}

static size_t denied;
static void lives_denied(const struct err *e)
{
	assert_true(begins(e->msg, "budget-uses") || begins(e->msg, "budget-bytes"));
	denied++;
}

static void life_step(struct world *w, size_t i, const struct trial *grants, uint64_t *seed, uint64_t uses_max, uint64_t bytes_max)
{
	struct trial *t = &lives[i].t;
	struct err e = { .code = ERR_NONE };
	if (lives[i].life == NOT_YET) {
		*t = grants[i % GRANTS];
		draft_request(w, 1, 1);
		host_make_id(en.order_request.data, t->data);
		(void)host_make_enter(w, CARL, t->request);
		trial_begin(w, t);
		lives[i].life = WAITING;
	} else if (lives[i].life == WAITING && chance(seed, 3)) {
		lives[i].bytes = 1 + chance(seed, 400);
		release_draft(w, t, W1);
		budget_add(t->grant, "uses", 1, uses_max);
		budget_add(t->grant, "bytes", lives[i].bytes, bytes_max);
		if (host_make_try(w, KEEPER, NULL, &e) == 0)
			lives[i].life = RESERVED;
		else
			lives_denied(&e);
	} else if (lives[i].life == RESERVED && chance(seed, 2)) {
		draft_complete(w, t->task, 5);
		lives[i].size = en.task_complete.size = 33 + chance(seed, 400);
		book_make_blob(w->m.b, lives[i].size, en.task_complete.result);
		(void)host_make_enter(w, W1, NULL);
		lives[i].life = SPENT;
	} else if (lives[i].life <= RESERVED && chance(seed, 3) == 0) {
		refuse(w);
		host_make_id(en.task_refuse.task, t->task);
		(void)host_make_enter(w, KEEPER, NULL);
		lives[i].life = FREED;
	}
}

static void budgets_hold(struct world *w, const struct trial *grants, uint64_t uses_max, uint64_t bytes_max)
{
	struct err e;
	for (size_t g = 0; g < GRANTS; g++) {
		uint64_t uses = 0, bytes = 0, is, of;
		for (size_t i = g; i < LIVES; i += GRANTS) {
			bool holds = lives[i].life == RESERVED || lives[i].life == SPENT;
			uses += holds;
			bytes += !holds ? 0 : lives[i].life == SPENT && lives[i].size < lives[i].bytes ? lives[i].size : lives[i].bytes;
		}
		assert_true(host_budget(w->m.b, grants[g].grant, LEDGER_USES, &is, &of, &e) >= 0 && is == uses && is <= uses_max);
		assert_true(host_budget(w->m.b, grants[g].grant, LEDGER_BYTES, &is, &of, &e) >= 0 && is == bytes && is <= bytes_max);
	}
}

static void budgets_in_random_lives(void **state)
{
	struct world *w = *state;
	struct trial grants[GRANTS];
	uint64_t seed = 20261121, uses_max = 3, bytes_max = 600;
	size_t ends[FREED + 1] = { 0 };
	struct err e;
	denied = 0;
	memset(lives, 0, sizeof lives);
	for (size_t g = 0; g < GRANTS; g++) {
		data_enter(w, grants[g].data);
		grant_draft(w, grants[g].data);
		(void)host_make_enter(w, BOB, grants[g].grant);
	}
	for (unsigned step = 0; step < STEPS; step++) {
		if (step == STEPS / 2) {	/* the owner allows more by now */
			uses_max = 5;
			bytes_max = 1000;
		}
		life_step(w, chance(&seed, LIVES), grants, &seed, uses_max, bytes_max);
		budgets_hold(w, grants, uses_max, bytes_max);
	}
	BOOK_MUST(book_money_check(w->m.b, &e), &e);
	for (size_t i = 0; i < LIVES; i++)
		ends[lives[i].life]++;
	assert_true(ends[SPENT] > 3 && ends[FREED] > 3 && denied > 3);
	host_make_settled(w);
}

/* A grant of one of many may also be the deal's: then it is named once, and its volume was used by the match. */
static void one_of_many_is_the_deals(void **state)
{
	struct world *w = *state;
	struct trial t = { .task = "" };
	memcpy(t.grant, x.many[0], ID_TEXT);
	draft_request(w, 1, 1);
	host_make_id(en.order_request.data, x.many_data[0]);
	en.order_request.purpose = entry_text("care");
	for (size_t i = 0; i < 2; i++)
		host_make_id(en.order_request.bulk.at[en.order_request.bulk.n++], x.many[i]);
	(void)host_make_enter(w, CARL, t.request);
	trial_begin(w, &t);
	release_draft(w, &t, W1);
	refused(w, KEEPER, "release-missing");
	release_draft(w, &t, W1);
	host_make_id(en.key_release.grant.at[en.key_release.grant.n++], x.many[1]);
	(void)host_make_enter(w, KEEPER, NULL);
	assert_int_equal(left_of(w, x.many[0]), 1);
	assert_int_equal(left_of(w, x.many[1]), 1);
	host_make_settled(w);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, release_setup, host_make_teardown)
	const struct CMUnitTest tests[] = { TEST(exactly_as_many_as_there_are), TEST(one_use_for_all_workers), TEST(many_data_in_one_task), TEST(one_of_many_is_the_deals),
		TEST(budgets_in_random_lives) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
