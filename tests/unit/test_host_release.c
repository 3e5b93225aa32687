/* core/host/host_grant.c, host_release.c: what owners grant, policies decide and keepers release, and what ends with a refusal. Each refusal begins with its
 * code, changes nothing at all, and is the same that host_release_check gives beforehand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/book_rows.h"
#include "unit/release_make.h"

/* Entries as the rules accept them */
static void grant(struct world *w) { draft_order_data(w); en.order_data.tag = MARKET_TAG_GPU; }
static void grant_old(struct world *w) { draft_order_data(w); }
static void request(struct world *w) { draft_request(w, 1, 1); }
static void decision(struct world *w) { decision_draft(w, &x.ruled, "match", "permit"); }
static void decision_key(struct world *w) { decision_draft(w, &x.ruled, "key_release", "deny"); }
static void release(struct world *w) { release_draft(w, &x.plain, W1); }
static void release_done(struct world *w) { release_draft(w, &x.done, W1); }
static void release_twice(struct world *w) { release_draft(w, &x.twice, W1); }
static void release_strict(struct world *w) { release_draft(w, &x.strict, W1); }
static void release_revoked(struct world *w) { release_draft(w, &x.revoked, W1); }
static void release_given(struct world *w) { release_draft(w, &x.given, W1); }
static void release_ruled(struct world *w) { release_draft(w, &x.ruled, W1); }
static void release_many(struct world *w) { bulk_release(w, &x.bulk, W1); }
static void complete_over(struct world *w) { draft_complete(w, x.twice.task, 5); }
/* What is wrong */
static void nothing(struct world *w) { (void)w; }
static void unknown_id(char *out, enum id_kind kind) { id_make(out, kind, "?", 1); }
static void grant_purpose(struct world *w) { (void)w; purpose_add("Research"); }
static void grant_purpose_twice(struct world *w) { (void)w; purpose_add("care"); purpose_add("care"); }
static void grant_code(struct world *w) { (void)w; purpose_add("DUO:0000099"); }
static void grant_policy(struct world *w) { (void)w; unknown_id(en.order_data.policy, ID_POLICY); }
static void grant_none(struct world *w) { (void)w; en.order_data.min_assurance = entry_text("none"); }
static void grant_perfect(struct world *w) { (void)w; en.order_data.min_assurance = entry_text("perfect"); }
static void grant_bulk_priced(struct world *w) { (void)w; en.order_data.bulk = 1; }
static void grant_bulk_two(struct world *w) { (void)w; en.order_data.bulk = 2; en.order_data.price = 0; }
static void grant_dearer(struct world *w) { (void)w; en.order_data.price++; en.order_data.volume++; en.order_data.until = (uint64_t)en.time + 999999; }
static void bulk_name(const char *order) { host_make_id(en.order_request.bulk.at[en.order_request.bulk.n++], order); }
static void bulk_unknown(struct world *w) { (void)w; unknown_id(en.order_request.bulk.at[en.order_request.bulk.n++], ID_ORDER); }
static void bulk_of_app(struct world *w) { bulk_name(w->order[0]); }
static void bulk_single(struct world *w) { bulk_name(w->order[1]); }
static void bulk_twice(struct world *w) { (void)w; bulk_name(x.many[0]); bulk_name(x.many[0]); }
static void secret_line(size_t i, const char *fmt, const char *id)
{
	(void)snprintf(lines[i], sizeof lines[i], fmt, id);
	en.order_request.secret.at[i] = entry_text(lines[i]);
	en.order_request.secret.n = i + 1;
}
static void secret_bare(struct world *w) { (void)w; secret_line(0, "%s", x.secret); }
static void secret_zero(struct world *w) { (void)w; secret_line(0, "0 %s", x.secret); }
static void secret_padded(struct world *w) { (void)w; secret_line(0, "01 %s", x.secret); }
static void secret_twice(struct world *w) { (void)w; secret_line(0, "1 %s", x.secret); secret_line(1, "1 %s", x.secret); }
static void secret_unknown(struct world *w) { (void)w; char id[ID_TEXT]; unknown_id(id, ID_SECRET); secret_line(0, "1 %s", id); }
static void secret_good(struct world *w) { (void)w; secret_line(0, "1 %s", x.secret); en.order_request.data[0] = '\0'; }
static void decision_scope(struct world *w) { (void)w; en.policy_decision.scope = entry_text("breakfast"); }
static void decision_of_task(struct world *w) { (void)w; host_make_id(en.policy_decision.task, x.ruled.task); }
static void decision_no_task(struct world *w) { (void)w; en.policy_decision.task[0] = '\0'; }
static void decision_other_task(struct world *w) { (void)w; host_make_id(en.policy_decision.task, x.plain.task); }
static void decision_task_unknown(struct world *w) { (void)w; unknown_id(en.policy_decision.task, ID_TASK); }
static void decision_effect(struct world *w) { (void)w; en.policy_decision.effect = entry_text("maybe"); }
static void decision_future(struct world *w) { (void)w; en.policy_decision.as_of = 100000; }
static void decision_assurance(struct world *w) { (void)w; en.policy_decision.assurance = entry_text("none"); }
static void decision_grant(struct world *w) { (void)w; unknown_id(en.policy_decision.grant, ID_ORDER); }
static void decision_app(struct world *w) { host_make_id(en.policy_decision.grant, w->order[0]); }
static void decision_plain(struct world *w) { (void)w; host_make_id(en.policy_decision.grant, x.plain.grant); }
static void decision_request(struct world *w) { (void)w; host_make_id(en.policy_decision.request, x.plain.grant); }
static void release_unknown(struct world *w) { (void)w; unknown_id(en.key_release.task, ID_TASK); }
static void release_other(struct world *w) { memcpy(en.key_release.worker, identity_public(w->who[W2]), 32); }
static void release_future(struct world *w) { (void)w; en.key_release.as_of = 100000; }
static void release_none(struct world *w) { (void)w; en.key_release.assurance = entry_text("none"); }
static void release_log(struct world *w) { (void)w; en.key_release.log = entry_text("full"); }
static void release_stranger(struct world *w) { (void)w; host_make_id(en.key_release.grant.at[0], x.done.grant); }
static void release_doubled(struct world *w) { (void)w; host_make_id(en.key_release.grant.at[en.key_release.grant.n++], x.plain.grant); }
static void release_nothing(struct world *w) { (void)w; en.key_release.grant.n = 0; }
static void refused_deal(struct world *w) { (void)w; refused_add(x.plain.grant, "release-revoked"); en.key_release.grant.n = 0; }
static void refused_too(struct world *w) { (void)w; refused_add(x.many[0], "release-used"); }
static void refused_bare(struct world *w) { (void)w; en.key_release.grant.n--; refused_add(x.many[MANY - 1], ""); }
static void refused_words(struct world *w) { (void)w; en.key_release.grant.n--; refused_add(x.many[MANY - 1], "not today"); }
static void refused_twice(struct world *w) { (void)w; en.key_release.grant.n -= 2; refused_add(x.many[MANY - 1], "a"); refused_add(x.many[MANY - 1], "b"); }
static void many_but_one(struct world *w) { (void)w; en.key_release.grant.n--; }
static void many_none(struct world *w)
{
	(void)w;
	en.key_release.grant.n = 0;
	for (size_t i = 0; i < MANY; i++)
		refused_add(x.many[i], "release-policy");
}
static void budget_line(const char *text)
{
	(void)snprintf(lines[0], sizeof lines[0], "%s%s", x.plain.grant, text);
	en.key_release.budget.at[0] = entry_text(lines[0]);
	en.key_release.budget.n = 1;
}
static void budget_bare(struct world *w) { (void)w; budget_line(" uses"); }
static void budget_unit(struct world *w) { (void)w; budget_line(" nRLC 1 2"); }
static void budget_zero(struct world *w) { (void)w; budget_line(" uses 0 2"); }
static void budget_padded(struct world *w) { (void)w; budget_line(" uses 01 2"); }
static void budget_tail(struct world *w) { (void)w; budget_line(" uses 1 2 3"); }
static void budget_huge(struct world *w) { (void)w; budget_line(" uses 1 4611686018427387904"); }
static void budget_wraps(struct world *w) { (void)w; budget_line(" uses 18446744073709551617 2"); }
static void budget_other(struct world *w) { (void)w; budget_add(x.done.grant, "uses", 1, 2); }
static void budget_twice(struct world *w) { (void)w; budget_add(x.plain.grant, "uses", 1, 2); budget_add(x.plain.grant, "uses", 1, 3); }
static void budget_uses(struct world *w) { (void)w; budget_add(x.plain.grant, "uses", 3, 2); }
static void budget_bytes(struct world *w) { (void)w; budget_add(x.plain.grant, "bytes", 65537, 65536); }
static void budget_epsilon(struct world *w) { (void)w; budget_add(x.plain.grant, "epsilon_u6", 1, 0); }
static void complete_claims(struct world *w) { (void)w; en.task_complete.assurance = entry_text("cvm"); }
static void complete_weak(struct world *w) { draft_complete(w, x.strict.task, 5); }
static void refuse_unknown(struct world *w) { (void)w; unknown_id(en.task_refuse.task, ID_TASK); }
static void refuse_done(struct world *w) { (void)w; host_make_id(en.task_refuse.task, x.done.task); }
static void refuse_words(struct world *w) { (void)w; en.task_refuse.code = entry_text("not today"); }

static const struct refusal { void (*type)(struct world *), (*wrong)(struct world *); enum who by; enum err_code code; const char *rule; } refusals[] = {
	{ grant, grant_purpose, BOB, ERR_INVALID, "order-field" }, { grant, grant_purpose_twice, BOB, ERR_INVALID, "order-field" },
	{ grant, grant_code, BOB, ERR_INVALID, "order-field" }, { grant, grant_policy, BOB, ERR_NOT_FOUND, "order-policy" },
	{ grant, grant_none, BOB, ERR_INVALID, "order-field" }, { grant, grant_perfect, BOB, ERR_INVALID, "order-field" },
	{ grant, grant_bulk_priced, BOB, ERR_INVALID, "order-field" }, { grant, grant_bulk_two, BOB, ERR_INVALID, "order-field" },
	{ grant_old, nothing, BOB, ERR_CONFLICT, "grant-twice" }, { grant_old, grant_dearer, BOB, ERR_CONFLICT, "grant-twice" },
	{ request, bulk_unknown, CARL, ERR_NOT_FOUND, "order-bulk" }, { request, bulk_of_app, CARL, ERR_NOT_FOUND, "order-bulk" },
	{ request, bulk_single, CARL, ERR_DENIED, "order-bulk" }, { request, bulk_twice, CARL, ERR_INVALID, "order-bulk" },
	{ request, secret_bare, CARL, ERR_INVALID, "order-secret" }, { request, secret_zero, CARL, ERR_INVALID, "order-secret" },
	{ request, secret_padded, CARL, ERR_INVALID, "order-secret" }, { request, secret_twice, CARL, ERR_INVALID, "order-secret" },
	{ request, secret_unknown, CARL, ERR_NOT_FOUND, "order-secret" }, { request, secret_good, ADA, ERR_DENIED, "order-secret" },

	{ decision, nothing, BOB, ERR_DENIED, "not-keeper" }, { decision, decision_scope, KEEPER, ERR_INVALID, "decision-scope" },
	{ decision, decision_of_task, KEEPER, ERR_INVALID, "decision-task" }, { decision_key, decision_no_task, KEEPER, ERR_INVALID, "decision-task" },
	{ decision_key, decision_other_task, KEEPER, ERR_INVALID, "decision-task" }, { decision_key, decision_task_unknown, KEEPER, ERR_NOT_FOUND, "task-unknown" },
	{ decision, decision_effect, KEEPER, ERR_INVALID, "decision-effect" }, { decision, decision_future, KEEPER, ERR_INVALID, "decision-future" },
	{ decision, decision_assurance, KEEPER, ERR_INVALID, "decision-assurance" }, { decision, decision_grant, KEEPER, ERR_NOT_FOUND, "decision-grant" },
	{ decision, decision_app, KEEPER, ERR_INVALID, "decision-grant" }, { decision, decision_plain, KEEPER, ERR_INVALID, "decision-policy" },
	{ decision, decision_request, KEEPER, ERR_NOT_FOUND, "decision-request" },

	{ release, nothing, W1, ERR_DENIED, "not-keeper" }, { release, nothing, BOB, ERR_DENIED, "not-keeper" },
	{ release, release_unknown, KEEPER, ERR_NOT_FOUND, "task-unknown" }, { release, release_other, KEEPER, ERR_DENIED, "release-unassigned" },
	{ release_twice, nothing, KEEPER, ERR_CONFLICT, "release-twice" }, { release_done, nothing, KEEPER, ERR_CONFLICT, "release-status" },
	{ release, release_future, KEEPER, ERR_INVALID, "release-future" }, { release, release_none, KEEPER, ERR_INVALID, "release-assurance" },
	{ release_strict, nothing, KEEPER, ERR_DENIED, "release-assurance" }, { release, release_log, KEEPER, ERR_INVALID, "release-log" },
	{ release, release_stranger, KEEPER, ERR_INVALID, "release-grant" }, { release, release_doubled, KEEPER, ERR_INVALID, "release-grant" },
	{ release, release_nothing, KEEPER, ERR_INVALID, "release-missing" }, { release_revoked, nothing, KEEPER, ERR_DENIED, "release-revoked" },
	{ release_given, nothing, KEEPER, ERR_DENIED, "release-transferred" }, { release_ruled, nothing, KEEPER, ERR_DENIED, "release-policy" },
	{ release, refused_deal, KEEPER, ERR_INVALID, "release-missing" }, { release_many, refused_too, KEEPER, ERR_INVALID, "release-refused" },
	{ release_many, refused_bare, KEEPER, ERR_INVALID, "release-refused" }, { release_many, refused_words, KEEPER, ERR_INVALID, "release-refused" },
	{ release_many, refused_twice, KEEPER, ERR_INVALID, "release-refused" },
	{ release_many, many_but_one, KEEPER, ERR_INVALID, "release-missing" }, { release_many, many_none, KEEPER, ERR_DENIED, "release-none" },
	{ release, budget_bare, KEEPER, ERR_INVALID, "release-budget" }, { release, budget_unit, KEEPER, ERR_INVALID, "release-budget" },
	{ release, budget_zero, KEEPER, ERR_INVALID, "release-budget" }, { release, budget_padded, KEEPER, ERR_INVALID, "release-budget" },
	{ release, budget_tail, KEEPER, ERR_INVALID, "release-budget" }, { release, budget_huge, KEEPER, ERR_INVALID, "release-budget" },
	{ release, budget_wraps, KEEPER, ERR_INVALID, "release-budget" }, { release, budget_other, KEEPER, ERR_INVALID, "release-budget" },
	{ release, budget_twice, KEEPER, ERR_INVALID, "release-budget" }, { release, budget_uses, KEEPER, ERR_DENIED, "budget-uses" },
	{ release, budget_bytes, KEEPER, ERR_DENIED, "budget-bytes" }, { release, budget_epsilon, KEEPER, ERR_DENIED, "budget-epsilon_u6" },

	{ complete_over, complete_claims, W1, ERR_DENIED, "run-assurance" }, { complete_over, complete_weak, W1, ERR_DENIED, "run-assurance" },
	{ refuse, nothing, W1, ERR_DENIED, "not-keeper" }, { refuse, nothing, PAUL, ERR_DENIED, "not-keeper" },
	{ refuse, refuse_unknown, KEEPER, ERR_NOT_FOUND, "refuse-status" }, { refuse, refuse_done, KEEPER, ERR_CONFLICT, "refuse-status" },
	{ refuse, refuse_words, KEEPER, ERR_INVALID, "refuse-code" },
};

/* The keeper's own question gives what the book would say. */
static void check_agrees(struct world *w, enum who by, const char *code)
{
	struct err e = { .code = ERR_NONE };
	uint64_t size;
	BOOK_MUST(book_size(w->m.b, &size, &e), &e);
	memcpy(en.by, identity_public(w->who[by]), 32);
	int r = host_release_check(w->m.b, &en, false, size, en.time, &e);
	if (code ? r == 0 || !begins(e.msg, code) : r < 0)
		fail_msg("beforehand: %s and not %s", r ? e.msg : "accepted", code ? code : "accepted");
}

static void every_refusal(void **state)
{
	struct world *w = *state;
	uint8_t before[32], after[32];
	book_rows_digest(w->m.path, before);
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		const struct refusal *r = &refusals[i];
		struct err e = { .code = ERR_NONE };
		r->type(w);
		r->wrong(w);
		if (en.type == ENTRY_KEY_RELEASE_TYPE)
			check_agrees(w, r->by, r->rule);
		if (host_make_try(w, r->by, NULL, &e) == 0)
			fail_msg("row %zu (%s by %d, %s) was accepted", i, entry_info(en.type)->type, r->by, r->rule);
		if (e.code != r->code || !begins(e.msg, r->rule))
			fail_msg("row %zu (%s by %d): %s and not %s “%s”: %s", i, entry_info(en.type)->type, r->by, err_name(e.code), err_name(r->code), r->rule, e.msg);
		book_rows_digest(w->m.path, after);
		if (memcmp(before, after, 32) != 0)
			fail_msg("row %zu was refused and has changed the book", i);
	}
	static const struct { void (*type)(struct world *); enum who by; } accepted[] = {
		{ grant, BOB }, { request, CARL }, { decision, KEEPER }, { decision_key, KEEPER }, { release, KEEPER }, { release_many, KEEPER }, { complete_over, W1 },
	};
	for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
		accepted[i].type(w);
		if (en.type == ENTRY_KEY_RELEASE_TYPE)
			check_agrees(w, accepted[i].by, NULL);
		(void)host_make_enter(w, accepted[i].by, NULL);
	}
	request(w);
	secret_good(w);
	(void)host_make_enter(w, CARL, NULL);
	host_make_settled(w);
}

/* A grant is open until it is used up, taken back or over; other terms make another grant; an owner may grant himself again and again. */
static void grants_once(void **state)
{
	struct world *w = *state;
	char first[ID_TEXT], data[ID_TEXT];
	data_enter(w, data);
	grant_draft(w, data);
	en.order_data.until = (uint64_t)en.time + 1000;
	purpose_add("care");
	purpose_add("ads");
	(void)host_make_enter(w, BOB, first);
	grant_draft(w, data);
	purpose_add("ads");
	purpose_add("care");
	refused(w, BOB, "grant-twice");
	grant_draft(w, data);
	purpose_add("ads");
	(void)host_make_enter(w, BOB, NULL);	/* for less */
	grant_draft(w, data);
	en.order_data.only_requester = entry_text(w->name[CARL]);
	(void)host_make_enter(w, BOB, NULL);	/* for one */
	grant_draft(w, data);
	en.order_data.only_requester = entry_text(w->name[CARL]);
	refused(w, BOB, "grant-twice");
	for (size_t i = 0; i < 2; i++) {
		grant_draft(w, data);
		en.order_data.only_requester = entry_text(w->name[BOB]);
		(void)host_make_enter(w, BOB, NULL);
	}
	clock_ahead += 1001;
	grant_draft(w, data);
	purpose_add("ads");
	purpose_add("care");
	(void)host_make_enter(w, BOB, first);	/* the first is over */
	book_make_draft(w->m.b, &en, ENTRY_ORDER_CANCEL_TYPE);
	host_make_id(en.order_cancel.order, first);
	(void)host_make_enter(w, BOB, NULL);
	grant_draft(w, data);
	purpose_add("ads");
	purpose_add("care");
	(void)host_make_enter(w, BOB, NULL);
	host_make_settled(w);
}

/* The latest decision about exactly this grant and request counts, at the match and at the release. */
static void policies_decide(void **state)
{
	struct world *w = *state;
	struct trial t = { .task = "" }, other = { .task = "" };
	struct err e;
	uint64_t index;
	bool permits;
	data_enter(w, t.data);
	grant_draft(w, t.data);
	host_make_id(en.order_data.policy, x.policy);
	trial_ask(w, &t, 1);
	other = t;
	draft_request(w, 1, 1);
	host_make_id(en.order_request.data, t.data);
	(void)host_make_enter(w, CARL, other.request);
	trial_match(w, &t);
	refused(w, CARL, "match-0x70");
	decision_draft(w, &t, "offer", "permit");
	(void)host_make_enter(w, KEEPER, NULL);
	decision_draft(w, &other, "match", "permit");
	(void)host_make_enter(w, KEEPER, NULL);
	trial_match(w, &t);
	refused(w, CARL, "match-0x70");	/* permitted was an offer, and another request */
	decision_draft(w, &t, "match", "permit");
	(void)host_make_enter(w, KEEPER, NULL);
	decision_draft(w, &t, "match", "deny");
	(void)host_make_enter(w, KEEPER, NULL);
	trial_match(w, &t);
	refused(w, CARL, "match-0x70");
	decision_draft(w, &t, "match", "permit");
	uint64_t last = host_make_enter(w, KEEPER, NULL);
	assert_int_equal(host_decision(w->m.b, t.grant, t.request, "", "match", &index, &permits, &e), 1);
	assert_true(permits);
	assert_int_equal(index, last);
	trial_begin(w, &t);
	release_draft(w, &t, W1);
	refused(w, KEEPER, "release-policy");
	decision_draft(w, &t, "run", "permit");
	(void)host_make_enter(w, KEEPER, NULL);
	release_draft(w, &t, W1);
	refused(w, KEEPER, "release-policy");
	decision_draft(w, &t, "key_release", "permit");
	(void)host_make_enter(w, KEEPER, NULL);
	decision_draft(w, &t, "key_release", "deny");
	(void)host_make_enter(w, KEEPER, NULL);
	release_draft(w, &t, W1);
	refused(w, KEEPER, "release-policy");
	decision_draft(w, &t, "key_release", "permit");
	(void)host_make_enter(w, KEEPER, NULL);
	release_enter(w, &t, W1);
	host_make_settled(w);
}

/* What ends between the deal and the release: the grant, the time, its owner's word even when nothing was left of it. */
static void what_ends_before_the_release(void **state)
{
	struct world *w = *state;
	struct trial ends, one;
	uint64_t left;
	struct err e;
	data_enter(w, ends.data);
	grant_draft(w, ends.data);
	en.order_data.until = (uint64_t)en.time + 100;
	trial_ask(w, &ends, 1);
	trial_begin(w, &ends);
	data_enter(w, one.data);
	grant_draft(w, one.data);
	en.order_data.volume = 1;
	trial_ask(w, &one, 1);
	trial_begin(w, &one);
	assert_int_equal(host_cancelled(w->m.b, one.grant, &left, &e), 0);	/* used up is not taken back */
	book_make_draft(w->m.b, &en, ENTRY_ORDER_CANCEL_TYPE);
	host_make_id(en.order_cancel.order, one.grant);
	(void)host_make_enter(w, BOB, NULL);
	assert_int_equal(host_cancelled(w->m.b, one.grant, &left, &e), 1);
	assert_int_equal(left, 0);
	release_draft(w, &one, W1);
	refused(w, KEEPER, "release-revoked");
	clock_ahead += 101;
	release_draft(w, &ends, W1);
	refused(w, KEEPER, "release-expired");
	clock_ahead += 7 * CATEGORY_TIME;
	release(w);
	refused(w, KEEPER, "release-late");
	host_make_settled(w);
}

/* A result is no larger than the owners let out. */
static void results_within_the_limit(void **state)
{
	struct world *w = *state;
	struct entry *found = malloc(sizeof *found);
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	struct err e;
	release(w);
	en.key_release.output = 49;
	(void)host_make_enter(w, KEEPER, NULL);
	assert_int_equal(host_release(w->m.b, x.plain.task, w->name[W1], found, &bytes, &e), 1);
	assert_int_equal(found->key_release.output, 49);
	assert_int_equal(host_release(w->m.b, x.plain.task, w->name[W2], found, &bytes, &e), 0);
	draft_complete(w, x.plain.task, 5);
	refused(w, W1, "run-output");
	draft_complete(w, x.plain.task, 5);
	en.task_complete.size = 49;
	book_make_blob(w->m.b, 49, en.task_complete.result);
	(void)host_make_enter(w, W1, NULL);
	buf_done(&bytes);
	free(found);
	host_make_settled(w);
}

/* The requester's own data beside the deal's need no grant, as long as they are his. */
static void own_data_given_away(void **state)
{
	struct world *w = *state;
	struct trial t;
	data_enter(w, t.data);
	grant_draft(w, t.data);
	(void)host_make_enter(w, BOB, t.grant);
	draft_request(w, 1, 1);
	host_make_id(en.order_request.data, t.data);
	host_make_id(en.order_request.own_data.at[en.order_request.own_data.n++], w->carls);
	(void)host_make_enter(w, CARL, t.request);
	trial_begin(w, &t);
	book_make_draft(w->m.b, &en, ENTRY_DATA_TRANSFER_TYPE);
	host_make_id(en.data_transfer.data, w->carls);
	memcpy(en.data_transfer.to, identity_public(w->who[ADA]), 32);
	en.data_transfer.header = book_make_header();
	(void)host_make_enter(w, CARL, NULL);
	release_draft(w, &t, W1);
	refused(w, KEEPER, "release-transferred");
	host_make_settled(w);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, release_setup, host_make_teardown)
	const struct CMUnitTest tests[] = { TEST(every_refusal), TEST(grants_once), TEST(policies_decide), TEST(what_ends_before_the_release),
		TEST(results_within_the_limit), TEST(own_data_given_away) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
