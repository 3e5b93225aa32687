/* enclua pool: pools of workers, who is in them, what they cost. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trade.h"
#include "verbs.h"

/* A verb on one pool: it is found, the right key is opened, a draft is made; the caller fills it. */
struct pool_verb { struct trade t; struct identity *by; struct entry *en; char pool[ID_TEXT]; char name[LIMIT_NAME_BYTES + 1]; };

static int pool_begin(struct pool_verb *p, struct cli *c, const char *which, enum entry_type type, struct err *e)
{
	*p = (struct pool_verb){ .en = malloc(sizeof *p->en) };
	if (!p->en)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (trade_open(&p->t, c, e) < 0)
		return -1;
	if (which && (trade_pool(&p->t, which, p->pool, e) < 0 || host_pool_name(p->t.b, p->pool, p->name, e) < 0))
		return -1;
	if ((which ? trade_pool_actor(&p->t, p->pool, &p->by, e) : trade_actor(&p->t, &p->by, e)) < 0)
		return -1;
	return book_draft(p->t.b, p->en, type, e);
}

static void pool_done(struct pool_verb *p)
{
	identity_free(p->by);
	free(p->en);
	trade_done(&p->t);
}

/* create, policy */

static int ratios(const struct args *a, uint64_t *stake, uint64_t *scheduler, struct err *e)
{
	return trade_option_number(a, "stake-ratio", 0, MARKET_STAKE_RATIO_MAX, stake, e) < 0 ? -1 : trade_option_number(a, "scheduler-ratio", 0, 100, scheduler, e);
}

static int ratios_tell(struct cli *c, uint64_t stake, uint64_t scheduler, struct err *e)
{
	trade_write_number(c, "stake_ratio", stake);
	trade_write_number(c, "scheduler_ratio", scheduler);
	return cli_print(c, e, "stake     a worker stakes %" PRIu64 " %% of a task's price\nshare     the pool's owner keeps %" PRIu64 " %% of the rewards\n", stake,
		scheduler);
}

static int run_create(struct cli *c, struct args *a, struct err *e)
{
	struct pool_verb p;
	uint64_t stake = MARKET_POOL_STAKE_RATIO, scheduler = 1, price = 0;
	char id[ID_TEXT], order[ID_TEXT];
	const char *name = a->words[0];
	int r = pool_begin(&p, c, NULL, ENTRY_POOL_CREATE_TYPE, e);
	if (r == 0 && (keystore_name_check(name, e) < 0 || ratios(a, &stake, &scheduler, e) < 0 || trade_option_amount(a, "price", &price, e) < 0))
		r = -1;
	if (r == 0) {
		p.en->pool_create.name = entry_text(name);
		p.en->pool_create.stake_ratio = stake;
		p.en->pool_create.scheduler_ratio = scheduler;
		r = trade_enter(&p.t, p.en, p.by, id, e);
	}
	if (r == 0) {
		trade_write(c, "pool", id);
		trade_write(c, "name", name);
		r = cli_print(c, e, "pool      %s %s\n", name, id) < 0 ? -1 : ratios_tell(c, stake, scheduler, e);
	}
	if (r == 0 && args_has(a, "price")) {
		r = book_draft(p.t.b, p.en, ENTRY_ORDER_POOL_TYPE, e);
		memcpy(p.en->order_pool.pool, id, ID_TEXT);
		p.en->order_pool.price = price;
		p.en->order_pool.volume = TRADE_VOLUME_ALL;
		p.en->order_pool.trust = 1;
		if (r == 0)
			r = trade_append(&p.t, p.en, p.by, order, NULL, e);
		trade_write(c, "order", r == 0 ? order : "");
		if (r == 0)
			r = cli_print(c, e, "order     %s, %s for each task\n", order, trade_amount(price).text);
	}
	if (r == 0)
		r = cli_print(c, e, "next      enclua pool worker add %s WHO\n", name);
	pool_done(&p);
	return r;
}

/* What is not given stays as it is. */
static int run_policy(struct cli *c, struct args *a, struct err *e)
{
	struct pool_verb p;
	struct market_asset now;
	int r = pool_begin(&p, c, a->words[0], ENTRY_POOL_POLICY_TYPE, e);
	if (r == 0)
		r = host_get(p.t.b, MARKET_ROW_ASSET, p.pool, "", &now, e) < 0 || ratios(a, &now.stake_ratio, &now.scheduler_ratio, e) < 0 ? -1 : 0;
	if (r == 0 && (args_has(a, "stake-ratio") || args_has(a, "scheduler-ratio"))) {
		memcpy(p.en->pool_policy.pool, p.pool, ID_TEXT);
		p.en->pool_policy.stake_ratio = now.stake_ratio;
		p.en->pool_policy.scheduler_ratio = now.scheduler_ratio;
		r = trade_enter(&p.t, p.en, p.by, NULL, e);
	}
	if (r == 0) {
		trade_write(c, "pool", p.pool);
		r = ratios_tell(c, now.stake_ratio, now.scheduler_ratio, e);
	}
	pool_done(&p);
	return r;
}

/* worker, transfer */

static int worker_change(struct cli *c, struct args *a, bool in, struct err *e)
{
	struct pool_verb p;
	struct store_identity who;
	char key[IDENTITY_TEXT], called[LIMIT_NAME_BYTES + 1];
	int r = pool_begin(&p, c, a->words[0], in ? ENTRY_POOL_ADMIT_TYPE : ENTRY_POOL_DISMISS_TYPE, e);
	if (r == 0)
		r = trade_who(&p.t, a->words[1], &who, e);
	if (r == 0) {
		memcpy(in ? p.en->pool_admit.pool : p.en->pool_dismiss.pool, p.pool, ID_TEXT);
		memcpy(in ? p.en->pool_admit.worker : p.en->pool_dismiss.worker, who.key, 32);
		r = trade_enter(&p.t, p.en, p.by, NULL, e);
	}
	if (r == 0) {
		identity_text(key, who.key);
		trade_write(c, "pool", p.pool);
		trade_write(c, "worker", key);
		r = cli_print(c, e, "%s %s %s\n", trade_call(&p.t, key, called), in ? "works for" : "does not work any more for", p.name);
	}
	pool_done(&p);
	return r;
}

static int run_worker_add(struct cli *c, struct args *a, struct err *e)
{
	return worker_change(c, a, true, e);
}

static int run_worker_remove(struct cli *c, struct args *a, struct err *e)
{
	return worker_change(c, a, false, e);
}

static int run_transfer(struct cli *c, struct args *a, struct err *e)
{
	struct pool_verb p;
	struct store_identity to;
	int r = pool_begin(&p, c, a->words[0], ENTRY_POOL_TRANSFER_TYPE, e);
	if (r == 0)
		r = trade_who(&p.t, a->words[1], &to, e);
	if (r == 0) {
		memcpy(p.en->pool_transfer.pool, p.pool, ID_TEXT);
		memcpy(p.en->pool_transfer.to, to.key, 32);
		r = trade_enter(&p.t, p.en, p.by, NULL, e);
	}
	if (r == 0)
		r = trade_transfer_tell(&p.t, "pool", p.pool, &to, e);
	pool_done(&p);
	return r;
}

/* offer */

static int run_offer(struct cli *c, struct args *a, struct err *e)
{
	struct pool_verb p;
	char order[ID_TEXT], names[3][MARKET_NAME], tag[96];
	int r = pool_begin(&p, c, a->words[0], ENTRY_ORDER_POOL_TYPE, e);
	struct entry_order_pool *f = r == 0 ? &p.en->order_pool : NULL;
	if (f) {
		memcpy(f->pool, p.pool, ID_TEXT);
		f->volume = TRADE_VOLUME_ALL;
		f->trust = 1;
		if (trade_option_amount(a, "price", &f->price, e) < 0 || trade_option_number(a, "volume", 1, TRADE_VOLUME_ALL, &f->volume, e) < 0 ||
			trade_option_number(a, "trust", 0, LEDGER_AMOUNT_MAX, &f->trust, e) < 0 || trade_option_category(a, &f->category, e) < 0 ||
			trade_option_tag(a, &f->tag, e) < 0 || trade_option_only(&p.t, a, TRADE_ONLY_APP, names[0], &f->only_app, e) < 0 ||
			trade_option_only(&p.t, a, TRADE_ONLY_DATA, names[1], &f->only_data, e) < 0 ||
			trade_option_only(&p.t, a, TRADE_ONLY_REQUESTER, names[2], &f->only_requester, e) < 0 ||
			trade_owner_check(&p.t, p.pool, p.by, e) < 0 || trade_enter(&p.t, p.en, p.by, order, e) < 0)
			r = -1;
	}
	if (r == 0 && f) {
		trade_write(c, "pool", p.pool);
		trade_write(c, "order", order);
		trade_write_number(c, "price", f->price);
		trade_write_number(c, "volume", f->volume);
		trade_write(c, "category", trade_category_text(f->category));
		trade_write_number(c, "trust", f->trust);
		trade_write_tag(c, f->tag);
		trade_tag_text(tag, f->tag);
		r = cli_print(c, e, "offered   %s %s\norder     %s\nprice     %s for each task\ncategory  %s\ntrust     up to %" PRIu64 "\ntag       %s\n", p.name, p.pool,
			order, trade_amount(f->price).text, trade_category_text(f->category), f->trust, tag);
	}
	pool_done(&p);
	return r;
}

/* list, show */

struct list { struct trade t; const char *pool; uint64_t n; };

static int worker_count(void *ctx, const struct book_record *r, struct err *e)
{
	struct list *l = ctx;
	(void)e;
	l->n += r->state == 1;
	return 0;
}

static int offer_line(void *ctx, const void *row, uint64_t made, struct err *e)
{
	struct list *l = ctx;
	struct cli *c = l->t.c;
	const struct market_order *o = row;
	struct market_asset a;
	char tag[96];
	(void)made;
	int is = host_get(l->t.b, MARKET_ROW_ASSET, l->pool, "", &a, e);
	if (is <= 0 || o->kind != MARKET_ORDER_POOL || strcmp(o->signer, a.owner) != 0)
		return is < 0 ? -1 : 0;
	json_write_object(&c->out);
	trade_write(c, "order", o->id);
	trade_write_number(c, "price", o->price);
	trade_write_number(c, "left", o->volume - o->consumed);
	trade_write(c, "category", trade_category_text(o->category));
	trade_write_number(c, "trust", o->trust);
	trade_write_tag(c, o->tag);
	json_write_object_end(&c->out);
	trade_tag_text(tag, o->tag);
	l->n++;
	return cli_print(c, e, "  %s  %-2s  %s  trust %" PRIu64 "  %s\n", o->id, trade_category_text(o->category), trade_amount(o->price).text, o->trust, tag);
}

/* The open object's members, and lines of text. */
static int pool_tell(struct list *l, const struct market_asset *a, struct err *e)
{
	struct cli *c = l->t.c;
	char name[LIMIT_NAME_BYTES + 1], owner[LIMIT_NAME_BYTES + 1];
	l->pool = a->id;
	l->n = 0;
	if (book_records(l->t.b, HOST_WORKER, a->id, -1, worker_count, l, e) < 0)
		return -1;
	uint64_t workers = l->n;
	l->n = 0;
	trade_write(c, "pool", a->id);
	trade_write(c, "name", trade_asset_call(&l->t, a->id, name));
	trade_write(c, "owner", a->owner);
	trade_write_number(c, "stake_ratio", a->stake_ratio);
	trade_write_number(c, "scheduler_ratio", a->scheduler_ratio);
	trade_write_number(c, "workers", workers);
	if (cli_print(c, e, "%s  %s  of %s, %" PRIu64 " worker%s\n", a->id, name, trade_call(&l->t, a->owner, owner), workers, workers == 1 ? "" : "s") < 0)
		return -1;
	json_write_key(&c->out, "offers");
	json_write_array(&c->out);
	int r = host_each(l->t.b, MARKET_ROW_ORDER, a->id, 1, offer_line, l, e);
	json_write_array_end(&c->out);
	return r == 0 && l->n == 0 ? cli_print(c, e, "  no offer\n") : r;
}

static int list_row(void *ctx, const void *row, uint64_t made, struct err *e)
{
	struct list *l = ctx;
	const struct market_asset *a = row;
	(void)made;
	if (a->kind != MARKET_POOL)
		return 0;
	json_write_object(&l->t.c->out);
	int r = pool_tell(l, a, e);
	json_write_object_end(&l->t.c->out);
	return r;
}

static int run_list(struct cli *c, struct args *a, struct err *e)
{
	struct list l;
	(void)a;
	int r = trade_open(&l.t, c, e);
	json_write_key(&c->out, "pools");
	json_write_array(&c->out);
	if (r == 0)
		r = host_each(l.t.b, MARKET_ROW_ASSET, NULL, -1, list_row, &l, e);
	json_write_array_end(&c->out);
	trade_done(&l.t);
	return r;
}

static int worker_line(void *ctx, const struct book_record *row, struct err *e)
{
	struct list *l = ctx;
	struct cli *c = l->t.c;
	struct market_score score;
	struct ledger_account account;
	char called[LIMIT_NAME_BYTES + 1];
	if (row->state != 1)
		return 0;
	int has = host_get(l->t.b, MARKET_ROW_SCORE, row->b, "", &score, e), money = has < 0 ? -1 : book_account(l->t.b, row->b, &account, e);
	if (money < 0)
		return -1;
	json_write_object(&c->out);
	trade_write(c, "worker", row->b);
	trade_write_number(c, "score", has ? score.value : 0);
	trade_write_number(c, "free", money ? ledger_free(&account) : 0);
	json_write_object_end(&c->out);
	return cli_print(c, e, "  worker %s  score %" PRIu64 ", has %s\n", trade_call(&l->t, row->b, called), has ? score.value : 0,
		trade_amount(money ? ledger_free(&account) : 0).text);
}

static int run_show(struct cli *c, struct args *a, struct err *e)
{
	struct list l;
	struct market_asset asset;
	char pool[ID_TEXT];
	int r = trade_open(&l.t, c, e);
	if (r == 0)
		r = trade_pool(&l.t, a->words[0], pool, e);
	if (r == 0)
		r = host_get(l.t.b, MARKET_ROW_ASSET, pool, "", &asset, e) < 0 ? -1 : pool_tell(&l, &asset, e);
	if (r == 0)
		r = cli_print(c, e, "  a worker stakes %" PRIu64 " %% of a task's price; the owner keeps %" PRIu64 " %% of the rewards\n", asset.stake_ratio, asset.scheduler_ratio);
	json_write_key(&c->out, "members");
	json_write_array(&c->out);
	if (r == 0)
		r = book_records(l.t.b, HOST_WORKER, pool, -1, worker_line, &l, e);
	json_write_array_end(&c->out);
	trade_done(&l.t);
	return r;
}

#define RATIO_OPTIONS { "stake-ratio", 0, "N", false, "percent of a task's price that a worker stakes, 0 to 1000" }, \
	{ "scheduler-ratio", 0, "N", false, "percent of the rewards that the pool's owner keeps, 0 to 100" }
static const struct option_row create_options[] = {
	RATIO_OPTIONS, { "price", 0, "N", false, "also offer it to everybody, for XS and trust 1, at this price of a task" }, TRADE_OPTIONS_END,
};
static const struct option_row policy_options[] = { RATIO_OPTIONS, TRADE_OPTIONS_END };
static const struct option_row offer_options[] = {
	TRADE_OPTION_PRICE, TRADE_OPTION_VOLUME, TRADE_OPTION_TAG,
	{ "category", 0, "XS|S|M|L|XL", false, "how long a task may take: 5 min, 20 min, 1 h, 3 h, 10 h; without it, XS" },
	{ "trust", 0, "N", false, "the highest trust it offers: results that are wrong with a chance below 1 in N; without it, 1" },
	{ "only-app", 0, "APP", false, "only for this iApp, or one of a list" },
	{ "only-data", 0, "DATA", false, "only on this data, or one of a list" },
	{ "only-requester", 0, "WHO", false, "only for this identity, or one of a list" },
	TRADE_OPTIONS_END,
};

#define MANAGER_HELP "The pool `local` belongs to this machine's manager, whose key signs here by itself."

const struct command pool_commands[] = {
	{ "pool list", "", "The pools of this book, and what they offer",
	  "Example: enclua pool list\n\nBelow each pool its offers that hold: order, category, price of a task, trust, tags.\n\nJSON: pools, each with pool, name, owner, stake_ratio, "
	  "scheduler_ratio, workers, offers (order, price, left, category, trust, tag).", NULL, 0, 0, run_list },
	{ "pool show", "POOL", "One pool: terms, offers, workers",
	  "Example: enclua pool show local\n\nPOOL is a name, an id or a unique prefix of one. JSON: as of pool list, and members (worker, score, free).", NULL, 1, 1, run_show },
	{ "pool create", "NAME [--stake-ratio N] [--scheduler-ratio N] [--price N]", "Make a pool, and be its scheduler",
	  "Example: enclua pool create mill --scheduler-ratio 5\n\nIts owner decides who works for it, sends workers to tasks and stakes 30 % of the price of each.\n\n"
	  "JSON: pool, name, stake_ratio, scheduler_ratio, order (with --price), entry.", create_options, 1, 1, run_create },
	{ "pool policy", "POOL [--stake-ratio N] [--scheduler-ratio N]", "Change the terms of a pool, for deals from now on",
	  "Example: enclua pool policy mill --stake-ratio 50\n\nWhat is not given stays; without options it only shows them. " MANAGER_HELP "\n\nJSON: pool, stake_ratio, "
	  "scheduler_ratio, entry.", policy_options, 1, 1, run_policy },
	{ "pool worker add", "POOL WHO", "Let an identity work for a pool",
	  "Example: enclua pool worker add mill worker\n\nWHO is a petname, enclua1…, or worker: this machine's own. " MANAGER_HELP "\n\nJSON: pool, worker, entry.", NULL, 2, 2,
	  run_worker_add },
	{ "pool worker remove", "POOL WHO", "Take an identity out of a pool",
	  "Example: enclua pool worker remove mill ben\n\nTasks that it was sent to it may still end. " MANAGER_HELP "\n\nJSON: pool, worker, entry.", NULL, 2, 2, run_worker_remove },
	{ "pool offer", "POOL [--price N] [--volume N] [--category XS|S|M|L|XL] [--trust N] [--tag WORD]…", "Offer a pool's work, under terms",
	  "Example: enclua pool offer mill --price 0.5RLC --trust 5 --category S\n\nA restriction is one of its kind, or the id of a list (list1…). An offer holds until it is used up, "
	  "cancelled\n(enclua order cancel), or the pool gets another owner. " MANAGER_HELP "\n\nJSON: pool, order, price, volume, category, trust, tag, entry.", offer_options, 1,
	  1, run_offer },
	{ "pool transfer", "POOL WHO", "Give a pool of yours to another identity",
	  "Example: enclua pool transfer mill ben\n\nEvery offer of it ends with that; deals that were made go on, and stay yours to schedule.\n\nJSON: pool, to, entry.", NULL, 2, 2,
	  run_transfer },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
