/* A deal: the terms that are frozen when orders were matched, and the money that is locked for them. Nothing here judges; match.c did. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "market/match.h"

static int sum(uint64_t *out, uint64_t a, uint64_t b)
{
	return __builtin_add_overflow(a, b, out) || *out > LEDGER_AMOUNT_MAX ? -1 : 0;
}

static int product(uint64_t *out, uint64_t a, uint64_t b)
{
	return __builtin_mul_overflow(a, b, out) || *out > LEDGER_AMOUNT_MAX ? -1 : 0;
}

int market_deal_cost(const struct market_deal *d, uint64_t *cost)
{
	return sum(cost, d->app_price, d->data_price) < 0 ? -1 : sum(cost, *cost, d->pool_price);
}

static int orders_read(struct match *c, struct err *e)
{
	static const char *const words[] = { "an app", "a data", "a pool", "a request" };
	const char *const ids[] = { c->in->app, c->in->data, c->in->pool, c->in->request };
	c->has_data = c->in->data[0] != '\0';
	memset(&c->orders[DATA], 0, sizeof c->orders[DATA]);
	memset(c->assets, 0, sizeof c->assets);
	for (unsigned i = 0; i < ORDERS; i++) {
		if (i == DATA && !c->has_data)
			continue;
		int r = market_get(c->m, MARKET_ROW_ORDER, ids[i], "", &c->orders[i], e);
		if (r < 0)
			return -1;
		if (r == 0)
			return market_refuse(c->m, ERR_NOT_FOUND, "match-unknown", e, "there is no order %s", ids[i]);
		if ((unsigned)c->orders[i].kind != i)
			return market_refuse(c->m, ERR_INVALID, "match-kind", e, "%s is not %s order", ids[i], words[i]);
	}
	return 0;
}

/* Prices and owners as they are now. Stakes are rounded down for one task, then taken as often as there are tasks. */
static void deal_freeze(const struct match *c, struct market_deal *d)
{
	const struct market_order *o = c->orders, *request = &c->orders[REQUEST];
	memset(d, 0, sizeof *d);
	if (c->in->deal[0])
		market_name_set(d->id, c->in->deal);
	else
		market_deal_id(d->id, request->id, request->consumed);
	memcpy(d->app, o[APP].asset, MARKET_NAME);
	memcpy(d->data, o[DATA].asset, MARKET_NAME);
	memcpy(d->pool, o[POOL].asset, MARKET_NAME);
	memcpy(d->request, request->id, MARKET_NAME);
	memcpy(d->app_owner, c->assets[APP].owner, MARKET_NAME);
	memcpy(d->data_owner, c->assets[DATA].owner, MARKET_NAME);
	memcpy(d->pool_owner, c->assets[POOL].owner, MARKET_NAME);
	memcpy(d->requester, request->requester, MARKET_NAME);
	memcpy(d->beneficiary, request->beneficiary, MARKET_NAME);
	market_name_set(d->payer, c->payer);
	d->app_price = o[APP].price;
	d->data_price = o[DATA].price;
	d->pool_price = o[POOL].price;
	d->pool_stake = market_part(d->pool_price, MARKET_POOL_STAKE_RATIO, 100);
	d->worker_stake = market_part(d->pool_price, c->assets[POOL].stake_ratio, 100);
	d->scheduler_ratio = c->assets[POOL].scheduler_ratio;
	d->trust = request->trust ? request->trust : 1;
	d->category = request->category;
	d->time = c->category.time;
	d->tag = o[APP].tag | (o[DATA].tag & ~MARKET_TAG_FRAMEWORKS) | request->tag;
	d->start = c->m->now;
	d->first = request->consumed;
	d->size = c->volume;
	d->callback = request->callback;
}

/* What a deal says must be able to be counted to its end: money, stakes, dates. */
static int deal_check(struct match *c, const struct market_deal *d, uint64_t *cost, uint64_t *stake, struct err *e)
{
	struct market_deal old;
	int64_t end;
	*cost = *stake = 0;
	if (market_deal_cost(d, cost) < 0 || product(cost, *cost, d->size) < 0 || product(stake, d->pool_stake, d->size) < 0 ||
		d->worker_stake > LEDGER_AMOUNT_MAX)
		return market_refuse(c->m, ERR_LIMIT, "overflow", e, "%" PRIu64 " tasks at this price cost more than can be counted", d->size);
	if (d->start < 0 || __builtin_add_overflow(d->start, (int64_t)(MARKET_FINAL_RATIO * d->time), &end))
		return market_refuse(c->m, ERR_LIMIT, "overflow", e, "the last deadline is after the end of time");
	int r = market_get(c->m, MARKET_ROW_DEAL, d->id, "", &old, e);
	return r <= 0 ? r : market_refuse(c->m, ERR_CONFLICT, "match-deal", e, "the deal %s is there already", d->id);
}

static int deal_lock(struct market *m, const struct market_deal *d, uint64_t cost, uint64_t stake, struct err *e)
{
	char escrow[LEDGER_NAME], pool_stake[LEDGER_NAME];
	struct market_chain c;
	market_escrow_name(escrow, d->id);
	market_pool_stake_name(pool_stake, d->id);
	const char *const opened[] = { d->payer, d->pool_owner, escrow, pool_stake };
	for (size_t i = 0; i < sizeof opened / sizeof *opened; i++)
		if (market_account(m, opened[i], e) < 0)
			return -1;
	if (market_chain_init(&c, 2, e) < 0)
		return -1;
	market_chain_add(m, &c, d->payer, escrow, cost, "escrow");
	market_chain_add(m, &c, d->pool_owner, pool_stake, stake, "pool stake");
	int r = market_chain_apply(m, &c, e);
	market_chain_done(&c);
	return r;
}

int market_match(struct market *m, const struct market_match *in, struct market_deal *out, struct err *e)
{
	struct match c;
	uint64_t cost, stake;
	c.m = m;
	c.in = in;
	market_begin(m);
	if (orders_read(&c, e) < 0 || match_check(&c, e) < 0)
		return -1;
	if (!market_name_ok(c.payer) || (in->deal[0] && !market_name_ok(in->deal)))
		return market_refuse(m, ERR_INVALID, "match-null", e, "a deal needs a payer and an id");
	deal_freeze(&c, out);
	if (deal_check(&c, out, &cost, &stake, e) < 0 || deal_lock(m, out, cost, stake, e) < 0)
		return -1;
	for (unsigned i = 0; i < ORDERS; i++) {
		if (i == DATA && !c.has_data)
			continue;
		c.orders[i].consumed += c.volume;
		if (market_change(m, MARKET_ROW_ORDER, &c.orders[i], e) < 0)
			return -1;
	}
	return market_add(m, MARKET_ROW_DEAL, out, e);
}

/* Has who as much free as a deal would lock? */
static int funds_explain(struct market *m, const char *who, uint64_t amount, const char *words, void (*f)(void *ctx, const struct market_verdict *v), void *ctx,
	struct err *e)
{
	struct ledger_account a;
	char why[200], needs[40], has[40];
	int r = m->money->account_get(m->money->ctx, who, &a, e);
	if (r < 0)
		return -1;
	uint64_t there = r ? ledger_free(&a) : 0;
	market_money_text(needs, amount);
	market_money_text(has, there);
	snprintf(why, sizeof why, "%s has %s free, this needs %s", who, has, needs);
	f(ctx, &(struct market_verdict){ "funds", words, there >= amount, there >= amount ? "" : why });
	return 0;
}

int market_explain(struct market *m, const struct market_match *in, struct market_deal *out, void (*f)(void *ctx, const struct market_verdict *v), void *ctx,
	struct err *e)
{
	struct match c;
	uint64_t cost, stake;
	size_t broken;
	memset(&c, 0, sizeof c);
	c.m = m;
	c.in = in;
	market_begin(m);
	if (orders_read(&c, e) < 0 || match_explain(&c, f, ctx, &broken, e) < 0)
		return -1;
	deal_freeze(&c, out);
	if (broken || market_deal_cost(out, &cost) < 0 || product(&cost, cost, out->size) < 0 || product(&stake, out->pool_stake, out->size) < 0)
		return 0;
	if (funds_explain(m, out->payer, cost, "the payer has what the tasks cost", f, ctx, e) < 0)
		return -1;
	return funds_explain(m, out->pool_owner, stake, "the pool's owner has the stake", f, ctx, e);
}
