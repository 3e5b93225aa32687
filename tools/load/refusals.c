/* Refusals: each must be one that was to be expected at that moment, from what was begun and what was confirmed. What is not is told with its words, and the load has failed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

void refusal_count(struct load *l, const char *what, bool expected)
{
	struct counted *c = l->refusals;
	while (c && (c->expected != expected || strcmp(c->what, what) != 0))
		c = c->next;
	if (!c) {
		c = calloc(1, sizeof *c);
		if (!c)
			abort();
		(void)snprintf(c->what, sizeof c->what, "%s", what);
		c->expected = expected;
		c->next = l->refusals;
		l->refusals = c;
	}
	c->n++;
	l->unexpected += !expected;
}

/* Over for certain before this was asked. */
static bool dead(const struct load *l, const struct grant *g, uint64_t begun)
{
	const struct data *d = &l->data[g->data];
	return (g->revoked && g->revoked < begun) || (d->owner != g->owner && d->transfer_begun < d->transferred && d->transferred < begun);
}

/* There for certain from its beginning to now, with a use left whoever else took one. */
static bool alive(const struct load *l, const struct grant *g, uint64_t begun)
{
	const struct data *d = &l->data[g->data];
	return g->made < begun && !g->revoke_begun && !g->until && d->owner == g->owner && (!d->transfer_begun || d->transferred > d->transfer_begun) &&
		d->transferred < begun &&
		g->tried <= (g->policy && g->uses > 5 ? 5 : g->uses);
}

/* Must a grant have admitted this run? Whichever is taken: then all that are not over must hold. */
static bool held(const struct load *l, const struct lane *lane)
{
	bool some = false;
	if (lane->data == DATA_MAX)
		return true;
	for (size_t i = 0; i < l->n_grants; i++) {
		const struct grant *g = &l->grants[i];
		if (g->data != lane->data || g->app != lane->app || g->bulk || (g->user != ANYBODY && g->user != lane->number) || dead(l, g, lane->begun))
			continue;
		if (!alive(l, g, lane->begun))
			return false;
		some = true;
	}
	return some && !l->data[lane->data].unsure;
}

static bool always(const struct load *l, const struct lane *lane)
{
	(void)l, (void)lane;
	return true;
}

static bool not_held(const struct load *l, const struct lane *lane)
{
	return !held(l, lane);
}

/* With --kill whatever a command needs may be gone: the keeper, a worker, the leader of a commit. */
static bool while_killing(const struct load *l, const struct lane *lane)
{
	(void)lane;
	return l->kill;
}

static bool travels(const struct load *l, const struct lane *lane)
{
	return l->travel_unsure || l->travel_offered > lane->begun;
}

static bool same_grant(const struct load *l, const struct lane *lane)
{
	if (l->kill)
		return true;	/* a killed command's may be there */
	for (size_t i = 0; i < l->n_grants; i++)
		if (l->grants[i].data == lane->data && !dead(l, &l->grants[i], lane->begun))
			return true;
	/* Another lane is making one. */
	for (unsigned i = 0; i < l->n_lanes; i++)
		if (&l->lanes[i] != lane && (l->lanes[i].op == OP_GRANT || l->lanes[i].op == OP_EXPIRE) && l->lanes[i].data == lane->data)
			return true;
	return false;
}

static bool data_moves(const struct load *l, const struct lane *lane)
{
	const size_t d = lane->op == OP_REVOKE ? l->grants[lane->grant].data : lane->data;
	return d < l->n_data && (l->data[d].unsure || l->data[d].transferred > lane->begun);
}

static bool revoked_before(const struct load *l, const struct lane *lane)
{
	const struct grant *g = &l->grants[lane->grant];
	return g->revoked || g->revoke_begun < lane->begun || g->used >= g->uses || g->tried >= g->uses || g->until || g->policy || g->bulk || data_moves(l, lane);
}

#define BIT(op) (1u << OP_##op)
#define ON_DATA (BIT(WORDS) | BIT(COHORT) | BIT(POLICY) | BIT(DELIVER) | BIT(HAND))
#define ANY_OP (~0u)

static const struct { uint32_t ops; int status; const char *words; bool (*when)(const struct load *l, const struct lane *lane); const char *what; } rows[] = {
	{ BIT(FAILS), 8, "fails failed: no", always, "the iApp ended with an error" },
	{ BIT(GREEDY), 9, "memory", always, "the iApp passed its memory" },
	{ BIT(GREEDY), 9, "wall clock", always, "the machine was too busy for it to come so far" },
	{ BIT(POOR), 7, "funds: ", always, "no money" },
	{ BIT(DEAR), 7, "more than", always, "dearer than offered" },
	{ BIT(BULK), 4, "", always, "nothing was granted as one of many, or no longer" },
	{ BIT(BULK), 7, "", always, "all of the many were used up meanwhile" },
	{ ON_DATA, 4, "no-grant: ", not_held, "no grant" },
	{ ON_DATA, 4, "is for user", not_held, "a grant for somebody else" },
	{ ON_DATA, 4, "match-0x", not_held, "taken back between the search and the match" },
	{ ON_DATA, 4, "release-", not_held, "taken back between the deal and the key" },
	{ ON_DATA, 4, "policy", not_held, "the policy does not permit" },
	{ ON_DATA, 4, "budget", not_held, "the policy's budget is used" },
	{ ON_DATA, 6, "match-0x", not_held, "taken back between the search and the match" },
	{ ON_DATA, 7, "match-0x60", not_held, "used up between the search and the match" },
	{ BIT(TRAVELLED), 4, "", travels, "the iApp has changed hands" },
	{ BIT(TRAVELLED), 7, "", travels, "the iApp has changed hands" },
	{ BIT(TRAVELLED), 6, "", travels, "the iApp has changed hands" },
	{ BIT(GRANT) | BIT(EXPIRE), 6, "grant-twice", same_grant, "granted already under the same terms" },
	{ BIT(GRANT) | BIT(EXPIRE) | BIT(REVOKE) | BIT(TRANSFER), 4, "", data_moves, "the data has changed hands" },
	{ BIT(REVOKE), 6, "", revoked_before, "revoked, used up or ended before" },
	{ BIT(REVOKE), 4, "", revoked_before, "revoked, used up or ended before" },
	{ ANY_OP, 10, "", while_killing, "something that it needs was killed" },
};

static void unsure_end(struct load *l, struct lane *lane)
{
	/* A refusal is certain: whose it was, it still is. */
	if (lane->op == OP_TRANSFER)
		l->data[lane->data].unsure = false;
	if (lane->op == OP_APP_TRANSFER)
		l->travel_unsure = false;
}

void op_refused(struct load *l, struct lane *lane, int status, const struct json *answer)
{
	const char *message = json_text(json_get(json_get(answer, "error"), "message"), NULL);
	char what[400], said[300];
	message = message ? message : "(no words)";
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!(rows[i].ops >> lane->op & 1) || rows[i].status != status || !strstr(message, rows[i].words) || !rows[i].when(l, lane))
			continue;
		(void)snprintf(what, sizeof what, "%s: %s", op_names[lane->op], rows[i].what);
		refusal_count(l, what, true);
		if (status != 10)
			unsure_end(l, lane);
		return;
	}
	call_text(&lane->call, said, sizeof said);
	(void)fprintf(stderr, "load: not expected: %s\n  exit %d: %s\n", said, status, message);
	(void)snprintf(what, sizeof what, "%s, exit %d: %.100s", op_names[lane->op], status, message);
	refusal_count(l, what, false);
}
