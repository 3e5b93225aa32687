/* Coverage and mutants of a policy's cases. What a policy is made of is learnt from its own answers. */
#include "policy_cover.h"

#include <stdio.h>
#include <string.h>

static struct cover_rule *rule_of(struct cover *c, const char *id)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->rules[i].id, id))
			return &c->rules[i];
	if (c->n == COVER_RULES)
		return NULL;
	(void)snprintf(c->rules[c->n].id, sizeof c->rules[c->n].id, "%s", id);
	return &c->rules[c->n++];
}

static struct cover_part *condition_of(struct cover_rule *r, const char *name)
{
	for (size_t i = 0; i < r->n_conditions; i++)
		if (!strcmp(r->conditions[i].name, name))
			return &r->conditions[i];
	if (r->n_conditions == COVER_PARTS)
		return NULL;
	(void)snprintf(r->conditions[r->n_conditions].name, sizeof r->conditions[0].name, "%s", name);
	return &r->conditions[r->n_conditions++];
}

static const char *text_of(const struct json *j, const char *key)
{
	const char *text = json_text(json_get(j, key), NULL);
	return text ? text : "";
}

static int row_add(struct cover *c, const struct json *row, struct err *e)
{
	struct cover_rule *r = rule_of(c, text_of(row, "rule"));
	const struct json *conditions = json_get(row, "conditions");
	if (!r)
		return err_set(e, ERR_LIMIT, "more than %u rules", COVER_RULES);
	r->permit = !strcmp(text_of(row, "effect"), "permit");
	for (size_t i = 0; i < json_count(conditions); i++) {
		const struct json *one = json_at(conditions, i);
		struct cover_part *p = condition_of(r, text_of(one, "name"));
		if (!p)
			return err_set(e, ERR_LIMIT, "more than %u conditions in %s", COVER_PARTS, r->id);
		*(json_kind(json_get(one, "holds")) == JSON_TRUE ? &p->held : &p->failed) += 1;
	}
	return 0;
}

int cover_add(struct cover *c, const struct policy_decision *d, struct err *e)
{
	const struct json *rows = json_get(d->tree, "conditions");
	for (size_t i = 0; i < json_count(rows); i++)
		if (row_add(c, json_at(rows, i), e) < 0)
			return -1;
	for (size_t i = 0; i < d->n_rules; i++) {
		struct cover_rule *r = rule_of(c, d->rules[i]);
		if (r)
			r->decided++;
	}
	return 0;
}

int cover_obligations(struct cover *c, const struct policy_decision *d, struct err *e)
{
	const struct json *rows = json_get(d->tree, "conditions");
	for (size_t i = 0; i < json_count(rows); i++) {
		const struct json *row = json_at(rows, i), *oblige = json_get(row, "oblige");
		struct cover_rule *r = rule_of(c, text_of(row, "rule"));
		if (!r || json_count(oblige) > COVER_PARTS)
			return err_set(e, ERR_LIMIT, "more rules or obligations than a policy can have");
		r->n_obligations = json_count(oblige);
		for (size_t k = 0; k < r->n_obligations; k++)
			(void)snprintf(r->obligations[k], sizeof r->obligations[k], "oblige.%s", json_key_at(oblige, k));
	}
	return 0;
}

int cover_gaps(const struct cover *c, int (*f)(void *ctx, const char *gap, struct err *e), void *ctx, struct err *e)
{
	char gap[256];
	if (!c->n && f(ctx, "the policy has no rules", e) < 0)
		return -1;
	for (size_t i = 0; i < c->n; i++) {
		const struct cover_rule *r = &c->rules[i];
		(void)snprintf(gap, sizeof gap, "%s %s has decided no case", r->permit ? "permit" : "forbid", r->id);
		if (!r->decided && f(ctx, gap, e) < 0)
			return -1;
		for (size_t k = 0; k < r->n_conditions; k++) {
			(void)snprintf(gap, sizeof gap, "%s of %s %s was never false", r->conditions[k].name, r->permit ? "permit" : "forbid", r->id);
			if (!r->conditions[k].failed && f(ctx, gap, e) < 0)
				return -1;
		}
	}
	return 0;
}

/* Mutants */

struct mutating {
	struct box_zygote *z;
	const struct iapp *policy;
	const struct cases *cases;
	int (*f)(void *ctx, const char *mutant, size_t caught_by, struct err *e);
	void *ctx;
};

/* 1 when the case notices. */
static int case_notices(const struct mutating *m, const struct policy_without *w, size_t i, struct err *e)
{
	struct buf question = BUF_INIT(CASES_BYTES), why = BUF_INIT(KIB(64));
	struct policy_decision d;
	int met = -1;
	if (case_question(m->cases, i, &question, e) == 0 && policy_box_ask_without(m->z, m->policy, &question, w, &d, e) == 0) {
		met = case_met(m->cases, i, &d, &why, e);
		policy_decision_done(&d);
	}
	buf_done(&question);
	buf_done(&why);
	return met < 0 ? -1 : !met;
}

static int mutant(const struct mutating *m, const char *rule, const char *part, struct err *e)
{
	const struct policy_without w = { .rule = rule, .parts = &part, .n = part ? 1 : 0 };
	char words[128];
	size_t i = 0;
	for (; i < m->cases->n; i++) {
		int notices = case_notices(m, &w, i, e);
		if (notices < 0)
			return -1;
		if (notices)
			break;
	}
	if (part)
		(void)snprintf(words, sizeof words, "%s without %s", rule, part);
	else
		(void)snprintf(words, sizeof words, "without %s", rule);
	return m->f(m->ctx, words, i, e);
}

int cover_mutants(const struct cover *c, struct box_zygote *z, const struct iapp *policy, const struct cases *cases,
	int (*f)(void *ctx, const char *mutant, size_t caught_by, struct err *e), void *ctx, struct err *e)
{
	const struct mutating m = { z, policy, cases, f, ctx };
	for (size_t i = 0; i < c->n; i++) {
		const struct cover_rule *r = &c->rules[i];
		if (mutant(&m, r->id, NULL, e) < 0)
			return -1;
		for (size_t k = 0; k < r->n_conditions; k++)
			if (mutant(&m, r->id, r->conditions[k].name, e) < 0)
				return -1;
		for (size_t k = 0; k < r->n_obligations; k++)
			if (mutant(&m, r->id, r->obligations[k], e) < 0)
				return -1;
	}
	return 0;
}
