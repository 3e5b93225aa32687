/* Who gets what when a task ends: one chain of transfers, so that all of it happens or nothing. What is divided is rounded down for each, and what is left over
 * of it goes to the pool's owner, so that not one nRLC is made or lost. Scores follow the money.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "market/inner.h"

#define FIXED_TRANSFERS 6u	/* app, data, pool's stake, kitty, the worker of the fast way, the rest */
_Static_assert(2 * MARKET_CONTRIBUTORS_MAX + FIXED_TRANSFERS <= LEDGER_CHAIN, "the rewards of the largest task are one chain");

/* A settlement while its chain is built. */
struct settle {
	struct market *m;
	const struct market_deal *d;
	char escrow[LEDGER_NAME], pool_stake[LEDGER_NAME];
	struct market_contribution *at;	/* of the task, in order */
	size_t n;
	struct market_chain chain;
};

static int contributions_read(struct settle *s, const struct market_task *t, struct err *e)
{
	struct market_entrant entrant;
	char number[MARKET_NAME];
	if (t->contributors > MARKET_CONTRIBUTORS_MAX)
		return err_set(e, ERR_INTERNAL, "the task %s has more contributors than there can be", t->id);
	s->n = (size_t)t->contributors;
	s->at = calloc(s->n ? s->n : 1, sizeof *s->at);
	if (!s->at)
		return err_set(e, ERR_LIMIT, "out of memory");
	for (size_t i = 0; i < s->n; i++) {
		market_number_name(number, i);
		int r = market_get(s->m, MARKET_ROW_ENTRANT, t->id, number, &entrant, e);
		if (r > 0)
			r = market_get(s->m, MARKET_ROW_CONTRIBUTION, t->id, entrant.worker, &s->at[i], e);
		if (r <= 0)
			return r < 0 ? -1 : err_set(e, ERR_INTERNAL, "a contribution to the task %s is gone", t->id);
	}
	return 0;
}

static int settle_begin(struct settle *s, struct market *m, const struct market_deal *d, const struct market_task *t, struct err *e)
{
	*s = (struct settle){ .m = m, .d = d };
	market_escrow_name(s->escrow, d->id);
	market_pool_stake_name(s->pool_stake, d->id);
	if (t && contributions_read(s, t, e) < 0)
		return -1;
	return market_chain_init(&s->chain, 2 * s->n + FIXED_TRANSFERS, e);
}

static void settle_done(struct settle *s)
{
	market_chain_done(&s->chain);
	free(s->at);
}

/* Who closed the account has renounced: what would go there goes to the kitty, so that nobody can keep a task from ending. */
static int pay(struct settle *s, const char *from, const char *to, uint64_t amount, const char *cause, struct err *e)
{
	int closed = amount ? market_account_closed(s->m, to, e) : 0;
	if (closed < 0)
		return -1;
	market_chain_add(s->m, &s->chain, from, closed ? MARKET_KITTY : to, amount, cause);
	return 0;
}

/* k = min(max(⌊kitty·10/100⌋, 1 RLC), kitty) */
static uint64_t kitty_share(uint64_t kitty)
{
	uint64_t part = market_part(kitty, MARKET_KITTY_RATIO, 100);
	if (part < MARKET_KITTY_MIN)
		part = MARKET_KITTY_MIN;
	return part < kitty ? part : kitty;
}

/* What every success pays: app, data, the pool's own stake, and something of the kitty. */
static int success_work(struct settle *s, struct err *e)
{
	const struct market_deal *d = s->d;
	struct ledger_account kitty;
	int r = s->m->money->account_get(s->m->money->ctx, MARKET_KITTY, &kitty, e);
	if (r <= 0)
		return r < 0 ? -1 : err_set(e, ERR_INTERNAL, "there is no kitty");
	if (pay(s, s->escrow, d->app_owner, d->app_price, "reward app", e) < 0 || pay(s, s->escrow, d->data_owner, d->data_price, "reward data", e) < 0 ||
		pay(s, s->pool_stake, d->pool_owner, d->pool_stake, "pool stake back", e) < 0)
		return -1;
	r = market_account_closed(s->m, d->pool_owner, e);
	if (r == 0)
		market_chain_add(s->m, &s->chain, MARKET_KITTY, d->pool_owner, kitty_share(ledger_balance(&kitty)), "kitty share");
	return r < 0 ? -1 : 0;
}

/* R = pool price + the stakes of all that proved nothing; W = ⌊R·(100 − ratio)/100⌋ for those that did, by weight; the rest to the pool's owner. */
static int rewards_share(struct settle *s, struct err *e)
{
	const struct market_deal *d = s->d;
	char stake[LEDGER_NAME];
	uint64_t weights = 0, losers = 0, pot;
	for (size_t i = 0; i < s->n; i++)
		*(s->at[i].status == MARKET_PROVED ? &weights : &losers) += s->at[i].status == MARKET_PROVED ? s->at[i].weight : 1;
	if (__builtin_mul_overflow(d->worker_stake, losers, &pot) || __builtin_add_overflow(pot, d->pool_price, &pot) || pot > LEDGER_AMOUNT_MAX)
		return market_refuse(s->m, ERR_LIMIT, "overflow", e, "the rewards of this task pass what can be counted");
	uint64_t for_workers = market_part(pot, 100 - d->scheduler_ratio, 100), rest = pot;
	for (size_t i = 0; i < s->n; i++) {
		market_worker_stake_name(stake, s->at[i].task, s->at[i].worker);
		if (s->at[i].status != MARKET_PROVED)
			market_chain_add(s->m, &s->chain, stake, s->escrow, d->worker_stake, "stake lost");
	}
	for (size_t i = 0; i < s->n; i++) {
		if (s->at[i].status != MARKET_PROVED)
			continue;
		uint64_t share = market_part(for_workers, s->at[i].weight, weights);
		market_worker_stake_name(stake, s->at[i].task, s->at[i].worker);
		if (pay(s, stake, s->at[i].worker, d->worker_stake, "stake back", e) < 0 ||
			pay(s, s->escrow, s->at[i].worker, share, "reward worker", e) < 0)
			return -1;
		rest -= share;
	}
	return pay(s, s->escrow, d->pool_owner, rest, "reward pool", e);
}

/* Who proved the result gains a point, unless nobody could have disagreed; who did not keeps two thirds. */
static int scores_update(struct settle *s, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		uint64_t score;
		bool proved = s->at[i].status == MARKET_PROVED;
		if (proved && s->n == 1)
			continue;
		if (market_score_get(s->m, s->at[i].worker, &score, e) < 0)
			return -1;
		if (market_score_set(s->m, s->at[i].worker, proved ? score + (score < UINT64_MAX) : market_part(score, 2, 3), e) < 0)
			return -1;
	}
	return 0;
}

int market_pay_success(struct market *m, const struct market_deal *d, const struct market_task *t, struct err *e)
{
	struct settle s;
	int r = -1;
	if (settle_begin(&s, m, d, t, e) == 0 && success_work(&s, e) == 0 && rewards_share(&s, e) == 0 && market_chain_apply(m, &s.chain, e) == 0)
		r = scores_update(&s, e);
	settle_done(&s);
	return r;
}

int market_pay_fast(struct market *m, const struct market_deal *d, const char *worker, struct err *e)
{
	struct settle s;
	int r = -1;
	uint64_t share = market_part(d->pool_price, 100 - d->scheduler_ratio, 100);
	if (settle_begin(&s, m, d, NULL, e) == 0 && success_work(&s, e) == 0 && pay(&s, s.escrow, worker, share, "reward worker", e) == 0 &&
		pay(&s, s.escrow, d->pool_owner, d->pool_price - share, "reward pool", e) == 0)
		r = market_chain_apply(m, &s.chain, e);
	settle_done(&s);
	return r;
}

static int failure_work(struct settle *s, uint64_t cost, bool pool_pays, struct err *e)
{
	const struct market_deal *d = s->d;
	char stake[LEDGER_NAME];
	if (pay(s, s->escrow, d->payer, cost, "refund", e) < 0)
		return -1;
	if (pool_pays)
		market_chain_add(s->m, &s->chain, s->pool_stake, MARKET_KITTY, d->pool_stake, "pool stake lost");
	else if (pay(s, s->pool_stake, d->pool_owner, d->pool_stake, "pool stake back", e) < 0)
		return -1;
	for (size_t i = 0; i < s->n; i++) {
		market_worker_stake_name(stake, s->at[i].task, s->at[i].worker);
		if (pay(s, stake, s->at[i].worker, d->worker_stake, "stake back", e) < 0)
			return -1;
	}
	return 0;
}

/* The payer has the price of the task again; the pool's owner, who answers for the failure, loses the stake of it to the kitty; workers lose nothing, even
 * those that were wrong: without a result nobody can say who was. When a keeper gave no key, the pool's owner could do nothing about it, and has the stake back. */
int market_pay_failure(struct market *m, const struct market_deal *d, const struct market_task *t, bool pool_pays, struct err *e)
{
	struct settle s;
	uint64_t cost;
	int r = -1;
	if (market_deal_cost(d, &cost) < 0)
		return err_set(e, ERR_INTERNAL, "the deal %s costs more than can be counted", d->id);
	if (settle_begin(&s, m, d, t, e) == 0 && failure_work(&s, cost, pool_pays, e) == 0)
		r = market_chain_apply(m, &s.chain, e);
	settle_done(&s);
	return r;
}
