/* core/host/host_grant.c, host_release.c, host_budget.c: what owners grant, policies decide and keepers release, and what ends with a refusal. Each refusal begins with its
 * code, changes nothing at all, and is the same that host_release_check gives beforehand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/os.h"
#include "unit/book_rows.h"
#include "unit/host_make.h"

#define KEEPER OUTSIDER	/* appointed by the operator */
#define MANY 5u

/* Deals of Carl's, each of other data of Bob's, with a task at which W1 is. */
struct trial { char data[ID_TEXT], grant[ID_TEXT], request[ID_TEXT], deal[ID_TEXT], task[ID_TEXT]; };
static struct { struct trial plain, done, strict, revoked, given, ruled, twice; char policy[ID_TEXT], many[MANY][ID_TEXT], many_data[MANY][ID_TEXT], single[ID_TEXT],
	secret[ID_TEXT]; struct trial bulk; } x;
static char lines[8][160];

static void keeper_enter(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_KEEPER_APPOINT_TYPE);
	memcpy(en.keeper_appoint.keeper, identity_public(w->who[KEEPER]), 32);
	memcpy(en.keeper_appoint.age, identity_age_public(w->who[KEEPER]), 32);
	(void)host_make_enter(w, OPERATOR, NULL);
}

static void policy_enter(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_POLICY_REGISTER_TYPE);
	en.policy_register.name = entry_text("research-only");
	en.policy_register.version = entry_text("1.0.0");
	en.policy_register.h1 = entry_text("h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
	en.policy_register.size = 60;
	book_make_blob(w->m.b, 60, en.policy_register.blob);
	(void)host_make_enter(w, BOB, x.policy);
}

static void data_enter(struct world *w, char id[static ID_TEXT])
{
	static unsigned n;
	char name[24];
	(void)snprintf(name, sizeof name, "data-%u", n++);
	book_make_data(w->m.b, &en, name, 100);
	(void)host_make_enter(w, BOB, id);
}

static void grant_draft(struct world *w, const char *data)
{
	draft_order_data(w);
	host_make_id(en.order_data.data, data);
}

static void decision_draft(struct world *w, const struct trial *t, const char *scope, const char *effect)
{
	book_make_draft(w->m.b, &en, ENTRY_POLICY_DECISION_TYPE);
	struct entry_policy_decision *f = &en.policy_decision;
	f->scope = entry_text(scope);
	host_make_id(f->grant, t->grant);
	host_make_id(f->request, t->request);
	host_make_id(f->policy, x.policy);
	if (strcmp(scope, "match") != 0 && strcmp(scope, "offer") != 0)
		host_make_id(f->task, t->task);
	memset(f->engine, 1, 32);
	memset(f->question, 2, 32);
	memset(f->answer, 3, 32);
	f->as_of = 1;
	f->effect = entry_text(effect);
}

/* The grant is drafted in en; the request's purpose is care/heart. */
static void trial_ask(struct world *w, struct trial *t, uint64_t trust)
{
	(void)host_make_enter(w, BOB, t->grant);
	draft_request(w, trust, 1);
	host_make_id(en.order_request.data, t->data);
	en.order_request.purpose = entry_text("care/heart");
	(void)host_make_enter(w, CARL, t->request);
}

static void trial_match(struct world *w, struct trial *t)
{
	draft_match(w, t->request, 0);
	host_make_id(en.deal_match.data, t->grant);
	if (!t->grant[0])
		en.deal_match.data[0] = '\0';
	host_make_id(t->deal, en.deal_match.deal);
}

static void trial_begin(struct world *w, struct trial *t)
{
	trial_match(w, t);
	(void)host_make_enter(w, CARL, NULL);
	draft_initialize(w, t->deal, 0);
	host_make_id(t->task, en.task_initialize.task);
	(void)host_make_enter(w, PAUL, NULL);
	host_make_send(w, t->task, W1);
}

static void release_draft(struct world *w, const struct trial *t, enum who worker)
{
	book_make_draft(w->m.b, &en, ENTRY_KEY_RELEASE_TYPE);
	struct entry_key_release *f = &en.key_release;
	host_make_id(f->task, t->task);
	memcpy(f->worker, identity_public(w->who[worker]), 32);
	memset(f->box, 9, 32);
	memset(f->evidence, 4, 32);
	memset(f->measurement, 7, 32);
	f->assurance = entry_text("software");
	f->as_of = 1;
	if (t->grant[0])
		host_make_id(f->grant.at[f->grant.n++], t->grant);
}

static void budget_add(const char *order, const char *unit, uint64_t amount, uint64_t max)
{
	struct entry_texts *b = &en.key_release.budget;
	(void)snprintf(lines[b->n], sizeof lines[0], "%s %s %llu %llu", order, unit, (unsigned long long)amount, (unsigned long long)max);
	b->at[b->n] = entry_text(lines[b->n]);
	b->n++;
}

static void trial_make(struct world *w, struct trial *t)
{
	data_enter(w, t->data);
	grant_draft(w, t->data);
	trial_ask(w, t, 1);
	trial_begin(w, t);
}

static void release_enter(struct world *w, const struct trial *t, enum who worker)
{
	release_draft(w, t, worker);
	(void)host_make_enter(w, KEEPER, NULL);
}

static void bulk_grant(struct world *w, size_t i)
{
	data_enter(w, x.many_data[i]);
	grant_draft(w, x.many_data[i]);
	en.order_data.price = 0;
	en.order_data.bulk = 1;
	en.order_data.volume = 2;
	en.order_data.purpose.at[en.order_data.purpose.n++] = entry_text("care");
	(void)host_make_enter(w, BOB, x.many[i]);
}

static void bulk_ask(struct world *w, struct trial *t, uint64_t trust)
{
	memset(t, 0, sizeof *t);
	draft_request(w, trust, 1);
	en.order_request.data[0] = '\0';
	en.order_request.purpose = entry_text("care/heart");
	for (size_t i = 0; i < MANY; i++)
		host_make_id(en.order_request.bulk.at[en.order_request.bulk.n++], x.many[i]);
	(void)host_make_enter(w, CARL, t->request);
	trial_begin(w, t);
}

static void bulk_release(struct world *w, const struct trial *t, enum who worker)
{
	release_draft(w, t, worker);
	for (size_t i = 0; i < MANY; i++)
		host_make_id(en.key_release.grant.at[en.key_release.grant.n++], x.many[i]);
}

static int setup(void **state)
{
	memset(&x, 0, sizeof x);
	if (host_make_setup(state) < 0)
		return -1;
	struct world *w = *state;
	keeper_enter(w);
	policy_enter(w);
	trial_make(w, &x.plain);
	trial_make(w, &x.done);
	release_enter(w, &x.done, W1);
	draft_complete(w, x.done.task, 5);
	(void)host_make_enter(w, W1, NULL);
	trial_make(w, &x.twice);
	release_enter(w, &x.twice, W1);
	data_enter(w, x.strict.data);
	grant_draft(w, x.strict.data);
	en.order_data.min_assurance = entry_text("tpm2");
	trial_ask(w, &x.strict, 1);
	trial_begin(w, &x.strict);
	trial_make(w, &x.revoked);
	book_make_draft(w->m.b, &en, ENTRY_ORDER_CANCEL_TYPE);
	host_make_id(en.order_cancel.order, x.revoked.grant);
	(void)host_make_enter(w, BOB, NULL);
	trial_make(w, &x.given);
	book_make_draft(w->m.b, &en, ENTRY_DATA_TRANSFER_TYPE);
	host_make_id(en.data_transfer.data, x.given.data);
	memcpy(en.data_transfer.to, identity_public(w->who[ADA]), 32);
	en.data_transfer.header = entry_text("//79");
	(void)host_make_enter(w, BOB, NULL);
	data_enter(w, x.ruled.data);
	grant_draft(w, x.ruled.data);
	host_make_id(en.order_data.policy, x.policy);
	trial_ask(w, &x.ruled, 1);
	decision_draft(w, &x.ruled, "match", "permit");
	(void)host_make_enter(w, KEEPER, NULL);
	trial_begin(w, &x.ruled);
	for (size_t i = 0; i < MANY; i++)
		bulk_grant(w, i);
	bulk_ask(w, &x.bulk, 1);
	book_make_draft(w->m.b, &en, ENTRY_SECRET_SET_TYPE);
	en.secret_set.name = entry_text("mail");
	en.secret_set.size = 40;
	book_make_blob(w->m.b, 40, en.secret_set.blob);
	(void)host_make_enter(w, CARL, x.secret);
	return 0;
}

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
static void refuse(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_TASK_REFUSE_TYPE);
	host_make_id(en.task_refuse.task, x.plain.task);
	en.task_refuse.code = entry_text("release-revoked");
}

/* What is wrong */
static void nothing(struct world *w) { (void)w; }
static void unknown_id(char *out, enum id_kind kind) { id_make(out, kind, "?", 1); }
static void purpose_add(const char *p) { en.order_data.purpose.at[en.order_data.purpose.n++] = entry_text(p); }
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
static void refused_add(const char *order, const char *code)
{
	struct entry_texts *f = &en.key_release.refused;
	(void)snprintf(lines[f->n], sizeof lines[0], "%s%s%s", order, *code ? " " : "", code);
	f->at[f->n] = entry_text(lines[f->n]);
	f->n++;
}
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

static bool begins(const char *msg, const char *code)
{
	size_t n = strlen(code);
	return strncmp(msg, code, n) == 0 && strncmp(msg + n, ": ", 2) == 0;
}

/* The keeper's own question gives what the book would say. */
static void check_agrees(struct world *w, enum who by, const char *code)
{
	struct err e = { .code = ERR_NONE };
	uint64_t size;
	BOOK_MUST(book_size(w->m.b, &size, &e), &e);
	memcpy(en.by, identity_public(w->who[by]), 32);
	int r = host_release_check(w->m.b, &en, size, en.time, &e);
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

static void refused(struct world *w, enum who by, const char *code)
{
	struct err e = { .code = ERR_NONE };
	if (host_make_try(w, by, NULL, &e) == 0 || !begins(e.msg, code))
		fail_msg("%s and not %s", e.code == ERR_NONE ? "accepted" : e.msg, code);
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
	release_many(w);
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
	en.data_transfer.header = entry_text("//79");
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
	en.data_transfer.header = entry_text("//79");
	(void)host_make_enter(w, CARL, NULL);
	release_draft(w, &t, W1);
	refused(w, KEEPER, "release-transferred");
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, host_make_teardown)
	const struct CMUnitTest tests[] = { TEST(every_refusal), TEST(grants_once), TEST(policies_decide), TEST(what_ends_before_the_release),
		TEST(exactly_as_many_as_there_are), TEST(one_use_for_all_workers), TEST(results_within_the_limit), TEST(many_data_in_one_task),
		TEST(own_data_given_away), TEST(budgets_in_random_lives) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
