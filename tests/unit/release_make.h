/* For tests of releases: a market with a keeper, a policy, and deals of Carl's with data of Bob's, each with a task at which W1 is. */
#ifndef ENCLUA_TESTS_RELEASE_MAKE_H
#define ENCLUA_TESTS_RELEASE_MAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/host_make.h"

#define KEEPER OUTSIDER	/* appointed by the operator */
#define MANY 5u

/* Deals of Carl's, each of other data of Bob's, with a task at which W1 is. */
struct trial { char data[ID_TEXT], grant[ID_TEXT], request[ID_TEXT], deal[ID_TEXT], task[ID_TEXT]; };
static struct { struct trial plain, done, strict, revoked, given, ruled, twice; char policy[ID_TEXT], many[MANY][ID_TEXT], many_data[MANY][ID_TEXT], single[ID_TEXT],
	secret[ID_TEXT]; struct trial bulk; } x;
static char lines[8][160];

static inline void keeper_enter(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_KEEPER_APPOINT_TYPE);
	memcpy(en.keeper_appoint.keeper, identity_public(w->who[KEEPER]), 32);
	memcpy(en.keeper_appoint.age, identity_age_public(w->who[KEEPER]), 32);
	(void)host_make_enter(w, OPERATOR, NULL);
}

static inline void policy_enter(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_POLICY_REGISTER_TYPE);
	en.policy_register.name = entry_text("research-only");
	en.policy_register.version = entry_text("1.0.0");
	en.policy_register.h1 = entry_text("h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
	en.policy_register.size = 60;
	book_make_blob(w->m.b, 60, en.policy_register.blob);
	(void)host_make_enter(w, BOB, x.policy);
}

static inline void data_enter(struct world *w, char id[static ID_TEXT])
{
	static unsigned n;
	char name[24];
	(void)snprintf(name, sizeof name, "data-%u", n++);
	book_make_data(w->m.b, &en, name, 100);
	(void)host_make_enter(w, BOB, id);
}

static inline void grant_draft(struct world *w, const char *data)
{
	draft_order_data(w);
	host_make_id(en.order_data.data, data);
}

static inline void decision_draft(struct world *w, const struct trial *t, const char *scope, const char *effect)
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
static inline void trial_ask(struct world *w, struct trial *t, uint64_t trust)
{
	(void)host_make_enter(w, BOB, t->grant);
	draft_request(w, trust, 1);
	host_make_id(en.order_request.data, t->data);
	en.order_request.purpose = entry_text("care/heart");
	(void)host_make_enter(w, CARL, t->request);
}

static inline void trial_match(struct world *w, struct trial *t)
{
	draft_match(w, t->request, 0);
	host_make_id(en.deal_match.data, t->grant);
	if (!t->grant[0])
		en.deal_match.data[0] = '\0';
	host_make_id(t->deal, en.deal_match.deal);
}

static inline void trial_begin(struct world *w, struct trial *t)
{
	trial_match(w, t);
	(void)host_make_enter(w, CARL, NULL);
	draft_initialize(w, t->deal, 0);
	host_make_id(t->task, en.task_initialize.task);
	(void)host_make_enter(w, PAUL, NULL);
	host_make_send(w, t->task, W1);
}

static inline void release_draft(struct world *w, const struct trial *t, enum who worker)
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

static inline void budget_add(const char *order, const char *unit, uint64_t amount, uint64_t max)
{
	struct entry_texts *b = &en.key_release.budget;
	(void)snprintf(lines[b->n], sizeof lines[0], "%s %s %llu %llu", order, unit, (unsigned long long)amount, (unsigned long long)max);
	b->at[b->n] = entry_text(lines[b->n]);
	b->n++;
}

static inline void trial_make(struct world *w, struct trial *t)
{
	data_enter(w, t->data);
	grant_draft(w, t->data);
	trial_ask(w, t, 1);
	trial_begin(w, t);
}

static inline void release_enter(struct world *w, const struct trial *t, enum who worker)
{
	release_draft(w, t, worker);
	(void)host_make_enter(w, KEEPER, NULL);
}

static inline void bulk_grant(struct world *w, size_t i)
{
	data_enter(w, x.many_data[i]);
	grant_draft(w, x.many_data[i]);
	en.order_data.price = 0;
	en.order_data.bulk = 1;
	en.order_data.volume = 2;
	en.order_data.purpose.at[en.order_data.purpose.n++] = entry_text("care");
	(void)host_make_enter(w, BOB, x.many[i]);
}

static inline void bulk_ask(struct world *w, struct trial *t, uint64_t trust)
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

static inline void bulk_release(struct world *w, const struct trial *t, enum who worker)
{
	release_draft(w, t, worker);
	for (size_t i = 0; i < MANY; i++)
		host_make_id(en.key_release.grant.at[en.key_release.grant.n++], x.many[i]);
}

static inline int release_setup(void **state)
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
	en.data_transfer.header = book_make_header();
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

static inline bool begins(const char *msg, const char *code)
{
	size_t n = strlen(code);
	return strncmp(msg, code, n) == 0 && strncmp(msg + n, ": ", 2) == 0;
}

static inline void refused(struct world *w, enum who by, const char *code)
{
	struct err e = { .code = ERR_NONE };
	if (host_make_try(w, by, NULL, &e) == 0 || !begins(e.msg, code))
		fail_msg("%s and not %s", e.code == ERR_NONE ? "accepted" : e.msg, code);
}

static inline void purpose_add(const char *p) { en.order_data.purpose.at[en.order_data.purpose.n++] = entry_text(p); }

static inline void refused_add(const char *order, const char *code)
{
	struct entry_texts *f = &en.key_release.refused;
	(void)snprintf(lines[f->n], sizeof lines[0], "%s%s%s", order, *code ? " " : "", code);
	f->at[f->n] = entry_text(lines[f->n]);
	f->n++;
}
static inline void refuse(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_TASK_REFUSE_TYPE);
	host_make_id(en.task_refuse.task, x.plain.task);
	en.task_refuse.code = entry_text("release-revoked");
}

#endif
