/* The operations: what each types, and what is known once it was confirmed. Which one comes next, and with what, is chosen by the lane's own numbers, so that a seed makes the
 * same choices; what there is to choose from depends on what was confirmed before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/os.h"
#include "load.h"

#define LARGE MIB(1)

static uint64_t chance(struct lane *lane, uint64_t below)
{
	return load_random(&lane->random, below);
}

size_t data_add(struct load *l, const char *id, size_t source, unsigned owner)
{
	if (l->n_data == DATA_MAX)
		return DATA_MAX;
	struct data *d = &l->data[l->n_data];
	*d = (struct data){ .source = source, .owner = owner };
	(void)snprintf(d->id, sizeof d->id, "%s", id);
	return l->n_data++;
}

size_t grant_add(struct load *l, const char *id, const struct grant *g)
{
	if (l->n_grants == GRANTS_MAX)
		return GRANTS_MAX;
	l->grants[l->n_grants] = *g;
	(void)snprintf(l->grants[l->n_grants].id, ID_TEXT, "%s", id);
	return l->n_grants++;
}

void confirm(struct load *l, const struct lane *lane, const char *id, bool completed)
{
	if (l->n_confirmed == l->max_confirmed) {
		l->max_confirmed = l->max_confirmed ? 2 * l->max_confirmed : 4096;
		l->confirmed = realloc(l->confirmed, l->max_confirmed * sizeof *l->confirmed);
		if (!l->confirmed)
			abort();
	}
	struct confirmed *c = &l->confirmed[l->n_confirmed++];
	*c = (struct confirmed){ .op = lane->op, .begun = lane->begun, .completed = completed };
	(void)snprintf(c->id, sizeof c->id, "%s", id);
}

/* What a run needs */

static void as(struct load *l, struct lane *lane, const char *who)
{
	char name[16];
	(void)snprintf(name, sizeof name, "r%u", lane->number);
	call_begin(l, &lane->call, who ? who : name);
}

static void as_owner(struct load *l, struct lane *lane, unsigned owner)
{
	char name[16];
	(void)snprintf(name, sizeof name, "owner%u", owner);
	call_begin(l, &lane->call, name);
}

static void run(struct load *l, struct lane *lane, const char *who, enum load_app app)
{
	as(l, lane, who);
	call_add(&lane->call, "run-task");
	call_add(&lane->call, "%s", l->apps[app]);
	(void)snprintf(lane->dir, sizeof lane->dir, "got/%u.%u", lane->number, lane->runs++);
	lane->data = DATA_MAX;
}

static void delivered(struct lane *lane)
{
	call_add(&lane->call, "-o");
	call_add(&lane->call, "%s", lane->dir);
}

static void costs(struct lane *lane, const char *most)
{
	call_add(&lane->call, "--max-price");
	call_add(&lane->call, "%s", most);
}

/* A grant that may admit this lane: what is revoked is asked for too, now and then. */
static bool granted(struct load *l, struct lane *lane, enum load_app app, bool policy)
{
	const bool any = chance(lane, 8) == 0;
	if (l->n_grants == 0)
		return false;
	size_t first = (size_t)chance(lane, l->n_grants);
	for (size_t i = 0; i < l->n_grants; i++) {
		const struct grant *g = &l->grants[(first + i) % l->n_grants];
		if (g->app != app || g->policy != policy || g->bulk || (g->user != ANYBODY && g->user != lane->number))
			continue;
		if (!any && (g->revoked || l->data[g->data].owner != g->owner || g->used >= g->uses || (g->until && (uint64_t)os_time() >= g->until)))
			continue;
		lane->data = g->data;
		lane->app = app;
		call_add(&lane->call, "--data");
		call_add(&lane->call, "%s", l->data[g->data].id);
		for (size_t j = 0; j < l->n_grants; j++)
			if (l->grants[j].data == g->data && l->grants[j].app == app && !l->grants[j].bulk)
				l->grants[j].tried++;
		return true;
	}
	return false;
}

/* Each: what is typed */

static bool hello(struct load *l, struct lane *lane)
{
	run(l, lane, NULL, APP_HELLO);
	call_add(&lane->call, "--arg");
	call_add(&lane->call, "name=lane %u", lane->number);
	delivered(lane);
	return true;
}

static bool words(struct load *l, struct lane *lane)
{
	run(l, lane, NULL, APP_WORDS);
	costs(lane, "1RLC");
	delivered(lane);
	return granted(l, lane, APP_WORDS, false);
}

static bool cohort(struct load *l, struct lane *lane)
{
	run(l, lane, NULL, APP_COHORT);
	call_add(&lane->call, "--arg");
	call_add(&lane->call, "column=age");
	call_add(&lane->call, "--purpose");
	call_add(&lane->call, "DUO:0000007");
	delivered(lane);
	return granted(l, lane, APP_COHORT, false);
}

static bool policy(struct load *l, struct lane *lane)
{
	run(l, lane, NULL, APP_WORDS);
	costs(lane, "1RLC");
	delivered(lane);
	return granted(l, lane, APP_WORDS, true);
}

static bool deliver(struct load *l, struct lane *lane)
{
	run(l, lane, NULL, APP_DELIVER);
	delivered(lane);
	return granted(l, lane, APP_DELIVER, false);
}

static bool own(struct load *l, struct lane *lane)
{
	run(l, lane, NULL, APP_WORDS);
	costs(lane, "1RLC");
	delivered(lane);
	call_add(&lane->call, "--data");
	call_add(&lane->call, "%s", l->sources[chance(lane, 5)].path);
	return true;
}

/* The secret first, once; then with it. */
static bool secret(struct load *l, struct lane *lane)
{
	if (!lane->told_secret) {
		as(l, lane, NULL);
		call_add(&lane->call, "secret");
		call_add(&lane->call, "set");
		call_add(&lane->call, "token");
		call_add(&lane->call, "%s/token", l->work);
		lane->data = DATA_MAX;
		lane->dir[0] = '\0';
		return true;
	}
	run(l, lane, NULL, APP_TELLER);
	call_add(&lane->call, "--secret-name");
	call_add(&lane->call, "1=token");
	delivered(lane);
	return true;
}

static bool bulk(struct load *l, struct lane *lane)
{
	run(l, lane, NULL, APP_ROLL);
	call_add(&lane->call, "--bulk");
	call_add(&lane->call, "--all");
	call_add(&lane->call, "--per-task");
	call_add(&lane->call, "8");
	delivered(lane);
	return true;
}

static bool pooled(struct load *l, struct lane *lane)
{
	run(l, lane, NULL, APP_HELLO);
	call_add(&lane->call, "--pool");
	call_add(&lane->call, "mill");
	call_add(&lane->call, "--trust");
	call_add(&lane->call, "%u", l->n_workers > 2 ? 3u : 1u);
	costs(lane, "2RLC");
	delivered(lane);
	return true;
}

static bool hand(struct load *l, struct lane *lane)
{
	const bool on_data = chance(lane, 2) == 0;
	run(l, lane, NULL, on_data ? APP_WORDS : APP_HELLO);
	call_add(&lane->call, "--pool");
	call_add(&lane->call, "mill");
	call_add(&lane->call, "--no-wait");
	costs(lane, "2RLC");
	return !on_data || granted(l, lane, APP_WORDS, false);
}

static bool watch(struct load *l, struct lane *lane)
{
	as(l, lane, NULL);
	call_add(&lane->call, "task");
	call_add(&lane->call, "watch");
	call_add(&lane->call, "%s", lane->task);
	call_add(&lane->call, "--timeout");
	call_add(&lane->call, l->kill ? "7m" : "2m");
	return true;
}

static bool result(struct load *l, struct lane *lane)
{
	as(l, lane, NULL);
	call_add(&lane->call, "task");
	call_add(&lane->call, "result");
	call_add(&lane->call, "%s", lane->task);
	delivered(lane);
	return true;
}

static bool travelled(struct load *l, struct lane *lane)
{
	run(l, lane, NULL, APP_TRAVELLER);
	delivered(lane);
	return true;
}

static bool fails(struct load *l, struct lane *lane)
{
	run(l, lane, NULL, APP_FAILS);
	return true;
}

static bool greedy(struct load *l, struct lane *lane)
{
	run(l, lane, NULL, APP_GREEDY);
	return true;
}

static bool poor(struct load *l, struct lane *lane)
{
	run(l, lane, "poor", APP_WORDS);
	costs(lane, "1RLC");
	call_add(&lane->call, "--data");
	call_add(&lane->call, "%s", l->sources[0].path);
	return true;
}

static bool dear(struct load *l, struct lane *lane)
{
	run(l, lane, NULL, APP_WORDS);
	costs(lane, "999");
	call_add(&lane->call, "--data");
	call_add(&lane->call, "%s", l->sources[0].path);
	return true;
}

static bool verify(struct load *l, struct lane *lane)
{
	if (l->n_confirmed == 0)
		return false;
	size_t first = (size_t)chance(lane, l->n_confirmed);
	for (size_t i = 0; i < l->n_confirmed; i++) {
		const struct confirmed *c = &l->confirmed[(first + i) % l->n_confirmed];
		if (!c->receipt[0])
			continue;
		as(l, lane, NULL);
		call_add(&lane->call, "verify");
		call_add(&lane->call, "%s", c->receipt);
		return true;
	}
	return false;
}

static bool protect(struct load *l, struct lane *lane)
{
	/* Large ones are rarer: half have 1 KiB to 16 KiB. */
	lane->grant = (size_t)(chance(lane, 2) ? chance(lane, 3) : chance(lane, SOURCES));
	if (l->n_data == DATA_MAX)
		return false;
	lane->to = (unsigned)chance(lane, OWNERS);
	as_owner(l, lane, lane->to);
	call_add(&lane->call, "protect");
	call_add(&lane->call, "%s", l->sources[lane->grant].path);
	call_add(&lane->call, "--name");
	call_add(&lane->call, "d%u.%u", lane->number, lane->runs++);
	return true;
}

/* A grant of some data to some iApp that fits it; what it says is kept in lane until it is confirmed. */
static bool grant_of(struct load *l, struct lane *lane, bool ends)
{
	size_t d = (size_t)chance(lane, l->n_data);
	const struct data *data = &l->data[d];
	const struct source *s = &l->sources[data->source];
	const uint64_t what = chance(lane, 10);
	const enum load_app app = s->kind == SOURCE_TABLE ? APP_COHORT : what < 6 ? APP_WORDS : what == 6 ? APP_ROLL : what < 9 && s->size <= LARGE ? APP_WORDS : APP_DELIVER;
	const bool policied = app == APP_WORDS && !ends && chance(lane, 3) == 0;
	const bool one = chance(lane, 4) == 0;
	if (data->unsure)
		return false;
	lane->owner = data->owner;
	as_owner(l, lane, data->owner);
	call_add(&lane->call, "grant");
	call_add(&lane->call, "%s", data->id);
	call_add(&lane->call, "--app");
	call_add(&lane->call, "%s", l->apps[app]);
	call_add(&lane->call, "--user");
	lane->to = one ? (unsigned)chance(lane, l->n_lanes) : ANYBODY;
	if (one)
		call_add(&lane->call, "r%u", lane->to);
	else
		call_add(&lane->call, "any");
	call_add(&lane->call, "--uses");
	lane->runs++;
	const uint64_t uses = 1 + chance(lane, 20);
	call_add(&lane->call, "%llu", (unsigned long long)uses);
	if (app == APP_ROLL)
		call_add(&lane->call, "--bulk");
	if (app == APP_COHORT) {
		call_add(&lane->call, "--purpose");
		call_add(&lane->call, "DUO:0000006");
	}
	if (policied) {
		call_add(&lane->call, "--policy");
		call_add(&lane->call, "%s/rules", l->work);
	}
	lane->until = 0;
	if (ends) {
		char time[32];
		lane->until = os_time() + 1 + (int64_t)chance(lane, 3);
		(void)snprintf(time, sizeof time, "+%llus", (unsigned long long)(lane->until - os_time()));
		call_add(&lane->call, "--until");
		call_add(&lane->call, "%s", time);
	}
	lane->data = d;
	return true;
}

static bool grant(struct load *l, struct lane *lane)
{
	return grant_of(l, lane, false);
}

static bool expire(struct load *l, struct lane *lane)
{
	return grant_of(l, lane, true);
}

static bool revoke(struct load *l, struct lane *lane)
{
	if (l->n_grants < 10)
		return false;
	lane->grant = (size_t)chance(lane, l->n_grants);
	struct grant *g = &l->grants[lane->grant];
	const struct data *d = &l->data[g->data];
	if (d->unsure || (g->revoked && chance(lane, 10)) || d->owner != g->owner)
		return false;
	as_owner(l, lane, d->owner);
	call_add(&lane->call, "revoke");
	call_add(&lane->call, "%s", g->id);
	if (!g->revoke_begun)
		g->revoke_begun = os_now_us();
	return true;
}

static bool transfer(struct load *l, struct lane *lane)
{
	lane->data = (size_t)chance(lane, l->n_data);
	struct data *d = &l->data[lane->data];
	if (d->unsure)
		return false;
	lane->to = (d->owner + 1 + (unsigned)chance(lane, OWNERS - 1)) % OWNERS;
	as_owner(l, lane, d->owner);
	call_add(&lane->call, "data");
	call_add(&lane->call, "transfer");
	call_add(&lane->call, "%s", d->id);
	call_add(&lane->call, "owner%u", lane->to);
	d->transfer_begun = os_now_us();
	d->unsure = true;	/* until it is confirmed, or refused */
	return true;
}

static bool app_transfer(struct load *l, struct lane *lane)
{
	if (l->travel_unsure)
		return false;
	lane->to = (l->traveller_owner + 1 + (unsigned)chance(lane, OWNERS - 1)) % OWNERS;
	as_owner(l, lane, l->traveller_owner);
	call_add(&lane->call, "app");
	call_add(&lane->call, "transfer");
	call_add(&lane->call, "%s", l->apps[APP_TRAVELLER]);
	call_add(&lane->call, "owner%u", lane->to);
	l->travel_begun = os_now_us();
	l->travel_unsure = true;
	return true;
}

static bool app_offer(struct load *l, struct lane *lane)
{
	as_owner(l, lane, lane->to);
	call_add(&lane->call, "app");
	call_add(&lane->call, "offer");
	call_add(&lane->call, "%s", l->apps[APP_TRAVELLER]);
	return true;
}

static bool deposit(struct load *l, struct lane *lane)
{
	call_begin(l, &lane->call, NULL);
	call_add(&lane->call, "account");
	call_add(&lane->call, "deposit");
	call_add(&lane->call, "%llu", (unsigned long long)(1 + chance(lane, 1000000)));
	call_add(&lane->call, "--to");
	call_add(&lane->call, "r%u", lane->number);
	return true;
}

static bool look(struct load *l, struct lane *lane)
{
	static const char *const rows[][3] = { { "grants", NULL, NULL }, { "account", "show", NULL }, { "task", "list", NULL }, { "book", "checkpoint", NULL }, { "worker", "status", NULL } };
	const size_t which = (size_t)chance(lane, sizeof rows / sizeof *rows);
	as(l, lane, NULL);
	for (size_t i = 0; i < 3 && rows[which][i]; i++)
		call_add(&lane->call, "%s", rows[which][i]);
	return true;
}

static const struct { unsigned weight; bool (*begin)(struct load *l, struct lane *lane); } table[OP_COUNT] = {
#define X(id, name, weight, begin) { weight, begin },
	LOAD_OPS(X)
#undef X
};
const char *const op_names[OP_COUNT] = {
#define X(id, name, weight, begin) name,
	LOAD_OPS(X)
#undef X
};

bool op_begin(struct load *l, struct lane *lane)
{
	uint64_t all = 0;
	lane->grant = GRANTS_MAX;
	if (lane->then != OP_COUNT) {
		lane->op = lane->then;
		lane->then = OP_COUNT;
		return table[lane->op].begin(l, lane);
	}
	lane->task[0] = lane->dir[0] = '\0';
	for (size_t i = 0; i < OP_COUNT; i++)
		all += l->weights[i];
	uint64_t which = chance(lane, all);
	for (size_t i = 0; i < OP_COUNT; i++) {
		if (which < l->weights[i]) {
			lane->op = (enum load_op)i;
			return table[i].begin(l, lane);
		}
		which -= l->weights[i];
	}
	return false;
}
