/* Under which grant a run on somebody else's data goes: of those that let it in, one whose needs the pool meets, the cheapest, and for as much one that asks no policy. When
 * none does: what each that still holds asks for, and the command that mends the nearest. The rules decide again when the request is matched.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "form/receipt.h"
#include "grant.h"
#include "run_task.h"

#define SHOWN_MAX 4u	/* grants that a refusal tells of one by one */

struct search {
	struct trade t;
	const struct job *j;
	const char *owner;
	struct run_order *best;
	uint64_t holding, ended;
	size_t misses_least;	/* of the nearest grant … */
	unsigned missed;	/* … which */
	char nearest[MARKET_NAME], app[MARKET_NAME], purpose[MARKET_NAME];	/* its id, the iApp and a purpose that it is for */
	char why[1000];	/* grants that hold, and what they ask for */
};

/* What a grant may ask for that this run is not: one bit each. */
enum { MISS_USER, MISS_APP, MISS_POOL, MISS_PURPOSE, MISS_LEVEL, MISSES };
#define BIT(miss) (1u << (miss))

static const char *stated(const struct job *j)
{
	return j->deal.purpose ? j->deal.purpose : "";
}

/* Without a word on it a run is worth what every machine proves. */
static int level_of(const struct job *j)
{
	const struct entry_text level = entry_text(j->deal.min_assurance ? j->deal.min_assurance : "software"), least = entry_text("software");
	const int asked = assurance_level(&level), always = assurance_level(&least);
	return asked > always ? asked : always;
}

static unsigned misses(const struct job *j, const struct grant *g)
{
	const struct market_restrict *r = &g->row.restrict_to;
	const struct run_deal *d = &j->deal;
	return (grant_admits(j->book, r->requester, d->requester) ? 0 : BIT(MISS_USER)) | (grant_admits(j->book, r->app, j->app_id) ? 0 : BIT(MISS_APP)) |
		(grant_admits(j->book, r->pool, d->pool) ? 0 : BIT(MISS_POOL)) | (grant_purpose_fits(g, stated(j)) ? 0 : BIT(MISS_PURPOSE)) |
		(grant_level(g) <= level_of(j) ? 0 : BIT(MISS_LEVEL));
}

bool job_grant_fits(const struct job *j, const struct grant *g)
{
	return misses(j, g) == 0;
}

static bool better(const struct search *x, const struct grant *g)
{
	const struct run_order *best = x->best;
	const uint64_t lacks = ~x->j->deal.pool_order.tag;
	if (!best->id[0] || !(g->row.tag & lacks) != !(best->tag & lacks))
		return !best->id[0] || !(g->row.tag & lacks);
	if (g->row.price == best->price)
		return best->policy && !g->en.order_data.policy[0];
	return g->row.price < best->price;
}

/* Words on a refusal */

static void say(struct search *x, const char *before, const char *what, const char *after)
{
	const size_t at = strlen(x->why);
	(void)snprintf(x->why + at, sizeof x->why - at, "%s%s%s", before, what, after);
}

static void miss_tell(struct search *x, const struct grant *g, unsigned missed)
{
	const struct market_restrict *r = &g->row.restrict_to;
	char name[LIMIT_NAME_BYTES + 1], purposes[200], level[17];
	if (x->holding > SHOWN_MAX)
		return;
	grant_purposes(g, purposes, sizeof purposes);
	(void)snprintf(level, sizeof level, "%.*s", (int)g->en.order_data.min_assurance.len, g->en.order_data.min_assurance.len ? g->en.order_data.min_assurance.at : "");
	say(x, x->holding > 1 ? "; " : "", g->row.id, " is");
	const char *between = " ";
	for (unsigned i = 0; i < MISSES; i++) {
		if (!(missed & BIT(i)))
			continue;
		say(x, between, "", "");
		between = ", and ";
		if (i == MISS_USER)
			say(x, "for user ", trade_call(&x->t, r->requester, name), "");
		else if (i == MISS_APP)
			say(x, "for the iApp ", trade_asset_call(&x->t, r->app, name), "");
		else if (i == MISS_POOL)
			say(x, "for the pool ", trade_asset_call(&x->t, r->pool, name), "");
		else if (i == MISS_PURPOSE) {
			say(x, "for purpose ", purposes, stated(x->j)[0] ? ", you stated " : ", you stated none (--purpose)");
			say(x, stated(x->j), "", "");
		} else
			say(x, "for machines of level ", level, " or better (--min-assurance)");
	}
}

static size_t count(unsigned bits)
{
	size_t n = 0;
	for (; bits; bits &= bits - 1)
		n++;
	return n;
}

static void remember(struct search *x, const struct grant *g, unsigned missed)
{
	const struct entry_texts *purposes = &g->en.order_data.purpose;
	if (x->holding > 1 && count(missed) >= x->misses_least)
		return;
	x->misses_least = count(missed);
	x->missed = missed;
	memcpy(x->nearest, g->row.id, sizeof x->nearest);
	memcpy(x->app, g->row.restrict_to.app, sizeof x->app);
	if (purposes->n)
		(void)snprintf(x->purpose, sizeof x->purpose, "%.*s", (int)purposes->at[0].len, purposes->at[0].at);
}

static int search_one(void *ctx, const struct grant *g, struct err *e)
{
	struct search *x = ctx;
	(void)e;
	if (g->status != GRANT_OPEN) {
		x->ended++;
		return 0;
	}
	const unsigned missed = misses(x->j, g);
	x->holding++;
	if (missed) {
		miss_tell(x, g, missed);
		remember(x, g, missed);
	} else if (better(x, g)) {
		(void)snprintf(x->best->id, sizeof x->best->id, "%.*s", ID_TEXT - 1, g->row.id);
		x->best->price = g->row.price;
		x->best->tag = g->row.tag;
		x->best->policy = g->en.order_data.policy[0];
	}
	return 0;
}

/* Default deny: data serves its owner alone, and whom its owner has signed for. */
static int refuse(struct search *x, const char *data, struct err *e)
{
	char owner[LIMIT_NAME_BYTES + 1], name[LIMIT_NAME_BYTES + 1], app[LIMIT_NAME_BYTES + 1], more[64] = "";
	const char *whose = trade_call(&x->t, x->owner, owner), *what = trade_asset_call(&x->t, data, name);
	if (x->holding > SHOWN_MAX)
		(void)snprintf(more, sizeof more, "; and %" PRIu64 " more", x->holding - SHOWN_MAX);
	if (!x->holding)
		err_set(e, ERR_DENIED, "no-grant: %s belongs to %s, and nobody else may run on it%s", what, whose,
			x->ended ? "; what was granted is used up, expired, revoked, or signed by a former owner" : "");
	else
		err_set(e, ERR_DENIED, "no-grant: %s belongs to %s; there %s %" PRIu64 " grant%s, but: %s%s", what, whose, x->holding == 1 ? "is" : "are", x->holding,
			x->holding == 1 ? "" : "s", x->why, more);
	if (x->holding && x->missed == BIT(MISS_PURPOSE))
		return err_hint(e, "if that is what it is for: --purpose %s; all grants: enclua grants %s", x->purpose, data);
	if (x->holding && x->missed == BIT(MISS_APP) && !x->j->app_id[0])
		return err_hint(e, "a folder or file becomes an iApp of your own; the one that was granted has a name in the book: enclua run-task %s",
			trade_asset_call(&x->t, x->app, app));
	if (x->holding && x->missed == BIT(MISS_LEVEL))
		return err_hint(e, "enclua doctor shows what this machine can prove; all grants: enclua grants %s", data);
	if (x->holding && x->missed == BIT(MISS_POOL))
		return err_hint(e, "--pool chooses another; enclua order show %s shows which", x->nearest);
	return err_hint(e, "its owner lets you: enclua grant %s --app %s --user %s; all grants: enclua grants %s%s", what,
		x->j->app_id[0] ? trade_asset_call(&x->t, x->j->app_id, app) : "APP", x->j->deal.requester, data, x->holding ? "" : " --all");
}

int job_grant_find(const struct job *j, const char *data, const char *owner, struct run_order *out, struct err *e)
{
	struct search x = { .t = { .c = j->cli, .b = j->book, .me = j->me }, .j = j, .owner = owner, .best = out };
	*out = (struct run_order){ .id = "" };
	if (grant_each(j->book, data, search_one, &x, e) < 0)
		return -1;
	return out->id[0] ? 0 : refuse(&x, data, e);
}

int job_grant_tell(const struct job *j, struct err *e)
{
	const struct run_order *o = &j->deal.data_order;
	struct trade t = { .c = j->cli, .b = j->book, .me = j->me };
	struct market_order row;
	char owner[LIMIT_NAME_BYTES + 1];
	const bool is = j->n_data == 1 && o->id[0];
	json_write_key(&j->cli->out, "grants");
	json_write_array(&j->cli->out);
	if (is)
		json_write_text(&j->cli->out, o->id);
	json_write_array_end(&j->cli->out);
	if (!is)
		return 0;
	if (o->sign)
		return cli_print(j->cli, e, "grant     %s (one use, signed by you)\n", o->id);
	if (host_get(j->book, MARKET_ROW_ORDER, o->id, "", &row, e) < 0)
		return -1;
	return cli_print(j->cli, e, "grant     %s (by %s)\n", o->id, trade_call(&t, row.signer, owner));
}
