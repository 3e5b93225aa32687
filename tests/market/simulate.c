/* The whole market in one process: requesters, owners, pools and workers that lie, crash, withhold what they computed or come too late; owners who transfer,
 * revoke and change their terms. The clock and all chance come from a seed. After every step money is conserved, no account is below zero, each deal's escrow
 * and stake are what its open tasks are worth, a task takes only steps that it may, and is settled once; at the end the log of all events, played again
 * into an empty market, gives the same rows and accounts to the last byte. Looks at core/market (codec.c gives
 * those bytes) and core/book/ledger.c.
 *
 * simulate [STEPS [SEED]]; without a seed one that is always the same. A failure names the step, and STEPS and SEED that lead to it.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "market/codec.h"
#include "market/market.h"
#include "seal/crypto.h"

#if defined(__SANITIZE_ADDRESS__)
#define STEPS 50000u	/* each is checked by the sanitizers as well */
#else
#define STEPS 1000000u
#endif
#define ACTS_PER_STEP 8u	/* at most: a deal that is refused and its new offers */
#define SEED UINT64_C(20261121)
#define LIVE_MAX 256u
#define APPS 4u
#define DATA 4u
#define POOLS 3u
#define WORKERS 24u
#define PEOPLE 12u	/* owners and requesters */
#define RICH UINT64_C(1000000000)
#define SUMS_EVERY 50000u	/* steps between two looks at every account */

enum kind { DEPOSIT, REGISTER, TRANSFER, POLICY, ORDER, CANCEL, MATCH, INITIALIZE, CONTRIBUTE, CONTRIBUTE_FINALIZE, REVEAL, REOPEN, FINALIZE, CLAIM, REFUSE, KINDS };
static const char *const kind_words[] = { "deposit", "register", "transfer", "policy", "order", "cancel", "match", "initialize", "contribute",
	"contributeAndFinalize", "reveal", "reopen", "finalize", "claim", "refuse" };

/* One event: all that is needed to do it again. What a, b, c mean depends on the kind; names follow from numbers. */
struct act { enum kind kind; uint32_t a, b, c, d; uint64_t x, y; int64_t now; };

struct accounts { unsigned __int128 debits, credits; };

struct world {
	struct market m;
	struct market_memory *rows;
	struct ledger_memory *money;
	struct ledger_backend watched;	/* money, with sums that are kept as rows go by */
	struct accounts sums;
	const char *broken;	/* what no longer holds */
	struct err e;
};

struct live { uint32_t task, deal; uint64_t index; bool dead; };	/* dead: its scheduler crashed */

struct simulation {
	struct world w;
	uint64_t chance, step, steps, seed;
	int64_t now;
	struct act *log;
	size_t n_log;
	struct live live[LIVE_MAX];
	size_t n_live;
	uint32_t n_orders, n_deals, n_tasks;
	uint32_t app_order[APPS], data_order[DATA], pool_order[POOLS];	/* the newest of each, plus one */
	uint8_t *deal_open;	/* tasks of a deal that are not settled; grows with n_deals */
	uint64_t done[KINDS], refused[KINDS];
};

static _Noreturn void fail(const struct simulation *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static _Noreturn void fail(const struct simulation *s, const char *fmt, ...)
{
	va_list ap;
	printf("not ok 1 - a market of %" PRIu64 " steps, seed %" PRIu64 "\n1..1\n# at step %" PRIu64 ": ", s->steps, s->seed, s->step);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n# again: simulate %" PRIu64 " %" PRIu64 "\n", s->step + 1, s->seed);
	exit(1);
}

/* splitmix64 */
static uint64_t chance(struct simulation *s)
{
	uint64_t z = s->chance += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint32_t below(struct simulation *s, uint32_t n)
{
	return (uint32_t)(chance(s) % n);
}

static bool percent(struct simulation *s, uint32_t p)
{
	return below(s, 100) < p;
}

/* Accounts as they go by */

static int watched_get(void *ctx, const char *name, struct ledger_account *out, struct err *e)
{
	const struct ledger_backend *b = ledger_memory_backend(((struct world *)ctx)->money);
	return b->account_get(b->ctx, name, out, e);
}

static int watched_put(void *ctx, const struct ledger_account *a, bool is_new, struct err *e)
{
	struct world *w = ctx;
	const struct ledger_backend *b = ledger_memory_backend(w->money);
	struct ledger_account old = { .debits_posted = 0 };
	if (!is_new && b->account_get(b->ctx, a->name, &old, e) <= 0)
		return -1;
	w->sums.debits += a->debits_posted - old.debits_posted;
	w->sums.credits += a->credits_posted - old.credits_posted;
	if (a->limited && a->debits_posted > a->credits_posted)
		w->broken = "an account is below zero";
	return b->account_put(b->ctx, a, is_new, e);
}

static int watched_transfer_get(void *ctx, const uint8_t id[static LEDGER_ID], struct ledger_transfer *out, struct err *e)
{
	(void)ctx, (void)id, (void)out, (void)e;
	return 0;
}

static int watched_transfer_put(void *ctx, const struct ledger_transfer *t, struct err *e)
{
	(void)ctx, (void)t, (void)e;
	return 0;
}

static void world_open(struct world *w)
{
	uint64_t number;
	memset(w, 0, sizeof *w);
	if (market_memory_new(&w->rows, &w->e) < 0 || ledger_memory_new(&w->money, &w->e) < 0)
		abort();
	w->watched = (struct ledger_backend){ w, watched_get, watched_put, watched_transfer_get, watched_transfer_put, NULL };
	if (market_init(&w->m, market_memory_backend(w->rows), &w->watched, &w->e) < 0 || market_category_add(&w->m, 300, &number, &w->e) < 0 ||
		market_category_add(&w->m, 1200, &number, &w->e) < 0)
		abort();
}

static void world_close(struct world *w)
{
	market_memory_free(w->rows);
	ledger_memory_free(w->money);
}

static uint64_t balance(struct simulation *s, const char *name)
{
	struct ledger_account a;
	return watched_get(&s->w, name, &a, &s->w.e) > 0 ? ledger_balance(&a) : 0;
}

/* Names */

struct name { char text[MARKET_NAME]; };

static struct name name_of(const char *prefix, uint32_t n)
{
	struct name name;
	memset(&name, 0, sizeof name);
	snprintf(name.text, sizeof name.text, "%s%" PRIu32, prefix, n);
	return name;
}

static const char *const asset_words[] = { "app", "data", "pool" };

/* Digests: what an honest worker finds, what liars agree on, and nonsense of one's own. */
static void digest_of(uint8_t out[static 32], uint32_t which, uint32_t task)
{
	memset(out, 0, 32);
	memcpy(out, &task, sizeof task);
	memcpy(out + 8, &which, sizeof which);
}

/* Events. 0, or −1 as the market gives it. */

static int do_register(struct world *w, const struct act *a)
{
	struct market_asset asset;
	memset(&asset, 0, sizeof asset);
	memcpy(asset.id, name_of(asset_words[a->a], a->b).text, MARKET_NAME);
	memcpy(asset.owner, name_of("p", a->c).text, MARKET_NAME);
	asset.kind = (enum market_asset_kind)a->a;
	if (asset.kind == MARKET_POOL) {
		asset.stake_ratio = 30;
		asset.scheduler_ratio = 1 + a->b;
	}
	return market_asset_add(&w->m, &asset, &w->e);
}

/* a: kind, b: asset, c: signer, d: trust and category; x: price, y: volume. The id is the number of the order, in the high half of d. */
static int do_order(struct world *w, const struct act *a)
{
	struct market_order o;
	memset(&o, 0, sizeof o);
	memcpy(o.id, name_of("o", a->d >> 8).text, MARKET_NAME);
	memcpy(o.signer, name_of("p", a->c).text, MARKET_NAME);
	o.kind = (enum market_order_kind)a->a;
	o.volume = a->y;
	o.price = a->x;
	if (o.kind == MARKET_ORDER_REQUEST) {
		memcpy(o.asset, name_of("app", a->b % APPS).text, MARKET_NAME);
		if (a->b / APPS % 2)
			memcpy(o.data, name_of("data", a->b / APPS / 2 % DATA).text, MARKET_NAME);
		memcpy(o.requester, o.signer, MARKET_NAME);
		memcpy(o.beneficiary, o.signer, MARKET_NAME);
		o.price = o.data_price = 1000;
		o.pool_price = a->x;
	} else
		memcpy(o.asset, name_of(asset_words[a->a], a->b).text, MARKET_NAME);
	if (o.kind == MARKET_ORDER_POOL || o.kind == MARKET_ORDER_REQUEST) {
		o.trust = a->d & 63;
		o.category = a->d >> 7 & 1;
	}
	return market_order_add(&w->m, &o, &w->e);
}

/* a: app order, b: data order, c: pool order, d: request; x: deal, y: the payer's number plus one. */
static int do_match(struct world *w, const struct act *a)
{
	struct market_deal d;
	const struct name app = name_of("o", a->a), data = name_of("o", a->b), pool = name_of("o", a->c), request = name_of("o", a->d),
		deal = name_of("d", (uint32_t)a->x), payer = name_of("p", (uint32_t)a->y);
	const struct market_match in = { .app = app.text, .data = a->b ? data.text : "", .pool = pool.text, .request = request.text, .deal = deal.text,
		.payer = a->y ? payer.text : "" };
	return market_match(&w->m, &in, &d, &w->e);
}

/* a: task, b: worker, c: which digest, d: who authorizes (a person's number). */
static int do_contribute(struct world *w, const struct act *a)
{
	uint8_t digest[32], hash[32], seal[32];
	bool consensus;
	const struct name task = name_of("t", a->a), worker = name_of("w", a->b), by = name_of("p", a->d);
	digest_of(digest, a->c, a->a);
	market_result_hash(hash, task.text, digest);
	market_result_seal(seal, worker.text, task.text, digest);
	const struct market_contribute in = { .task = task.text, .worker = worker.text, .hash = hash, .seal = seal, .authorized_by = by.text };
	const struct market_callback none = { NULL, 0 };
	return a->kind == CONTRIBUTE ? market_contribute(&w->m, &in, &consensus, &w->e) :
		market_contribute_finalize(&w->m, &in, digest, &none, &w->e);
}

static int do_reveal(struct world *w, const struct act *a)
{
	uint8_t digest[32];
	digest_of(digest, a->c, a->a);
	return market_reveal(&w->m, name_of("t", a->a).text, name_of("w", a->b).text, digest, &w->e);
}

static int act_do(struct world *w, const struct act *a)
{
	const struct market_callback none = { NULL, 0 };
	w->m.now = a->now;
	w->m.entry++;
	w->m.moved = 0;
	switch (a->kind) {
	case DEPOSIT: return market_deposit(&w->m, name_of(a->a ? "w" : "p", a->b).text, a->x, &w->e);
	case REGISTER: return do_register(w, a);
	case TRANSFER: return market_asset_transfer(&w->m, name_of(asset_words[a->a], a->b).text, name_of("p", a->c).text, name_of("p", a->d).text, &w->e);
	case POLICY: return market_pool_policy(&w->m, name_of("pool", a->a).text, name_of("p", a->b).text, a->x, a->y, &w->e);
	case ORDER: return do_order(w, a);
	case CANCEL: return market_order_cancel(&w->m, name_of("o", a->a).text, name_of("p", a->b).text, &w->e);
	case MATCH: return do_match(w, a);
	case INITIALIZE: return market_initialize(&w->m, name_of("d", a->a).text, a->x, name_of("t", a->b).text, &w->e);
	case CONTRIBUTE:
	case CONTRIBUTE_FINALIZE: return do_contribute(w, a);
	case REVEAL: return do_reveal(w, a);
	case REOPEN: return market_reopen(&w->m, name_of("t", a->a).text, name_of("p", a->b).text, &w->e);
	case FINALIZE: return market_finalize(&w->m, name_of("t", a->a).text, name_of("p", a->b).text, &none, &w->e);
	case CLAIM: return market_claim(&w->m, name_of("t", a->a).text, &w->e);
	case REFUSE: return market_refuse_task(&w->m, name_of("t", a->a).text, a->x == 1, &w->e);
	case KINDS: break;
	}
	abort();
}

static int sums_add(void *ctx, const struct ledger_account *a, struct err *e)
{
	return ledger_sums_add(ctx, a, e);
}

/* Every account once more, by the ledger's own sums. */
static void sums_check(struct simulation *s)
{
	struct ledger_sums sums;
	memset(&sums, 0, sizeof sums);
	if (ledger_memory_each(s->w.money, sums_add, &sums, &s->w.e) < 0 || ledger_sums_check(&sums, &s->w.e) < 0)
		fail(s, "%s", s->w.e.msg);
}

/* true: it happened; false: a rule said no. */
static bool act(struct simulation *s, struct act a)
{
	a.now = s->now;
	int r = act_do(&s->w, &a);
	if (r < 0 && !market_code(&s->w.m)[0])
		fail(s, "the market failed at a %s: %s", kind_words[a.kind], s->w.e.msg);
	if (s->n_log == s->steps * ACTS_PER_STEP + 100)
		abort();
	s->log[s->n_log++] = a;
	if (s->w.broken)
		fail(s, "after a %s: %s", kind_words[a.kind], s->w.broken);
	if (s->w.sums.debits != s->w.sums.credits)
		fail(s, "after a %s debits and credits differ", kind_words[a.kind]);
	(r == 0 ? s->done : s->refused)[a.kind]++;
	return r == 0;
}

static int row(struct simulation *s, enum market_kind kind, const char *id, void *out)
{
	const struct market_backend *b = market_memory_backend(s->w.rows);
	return b->get(b->ctx, kind, id, "", out, &s->w.e);
}

/* What a deal holds is what its open tasks are worth. */
static void deal_check(struct simulation *s, uint32_t deal)
{
	struct market_deal d;
	char name[LEDGER_NAME];
	if (row(s, MARKET_ROW_DEAL, name_of("d", deal).text, &d) <= 0)
		fail(s, "deal %" PRIu32 " is gone", deal);
	market_escrow_name(name, d.id);
	uint64_t open = s->deal_open[deal], price = d.app_price + d.data_price + d.pool_price;
	if (balance(s, name) != open * price)
		fail(s, "%s holds %" PRIu64 ", its %" PRIu64 " open tasks cost %" PRIu64, name, balance(s, name), open, open * price);
	market_pool_stake_name(name, d.id);
	if (balance(s, name) != open * d.pool_stake)
		fail(s, "%s holds %" PRIu64 ", not %" PRIu64, name, balance(s, name), open * d.pool_stake);
}

/* What a task may become of what it was. */
static const unsigned after[] = {
	[MARKET_UNSET] = 1u << MARKET_ACTIVE,
	[MARKET_ACTIVE] = 1u << MARKET_ACTIVE | 1u << MARKET_REVEALING | 1u << MARKET_COMPLETED | 1u << MARKET_FAILED,
	[MARKET_REVEALING] = 1u << MARKET_REVEALING | 1u << MARKET_ACTIVE | 1u << MARKET_COMPLETED | 1u << MARKET_FAILED,
	[MARKET_COMPLETED] = 0,
	[MARKET_FAILED] = 0,
};

/* Each worker of a task that is over has its stake back, or lost it. */
static void stakes_check(struct simulation *s, const struct market_task *t)
{
	char name[LEDGER_NAME];
	for (uint32_t i = 0; i < WORKERS; i++) {
		market_worker_stake_name(name, t->id, name_of("w", i).text);
		if (balance(s, name) != 0)
			fail(s, "%s still holds money of a task that is %s", name, market_status_text(t->status));
	}
}

/* An event of a task: it may, and what it leaves is right. Returns the task as it is then. */
static struct market_task task_act(struct simulation *s, struct live *l, struct act a)
{
	struct market_task before, now;
	memset(&before, 0, sizeof before);
	const struct name id = name_of("t", l->task);
	row(s, MARKET_ROW_TASK, id.text, &before);
	bool happened = act(s, a);
	if (row(s, MARKET_ROW_TASK, id.text, &now) <= 0)
		memset(&now, 0, sizeof now);
	if (!happened && memcmp(&before, &now, sizeof now) != 0)
		fail(s, "a %s that was refused changed task %" PRIu32, kind_words[a.kind], l->task);
	if (happened && !(after[before.status] & 1u << now.status))
		fail(s, "a %s made a task %s that was %s", kind_words[a.kind], market_status_text(now.status), market_status_text(before.status));
	if (now.reveals > now.winners || now.winners > now.contributors || (now.status == MARKET_COMPLETED && now.reveals == 0))
		fail(s, "task %" PRIu32 " has %" PRIu64 " reveals of %" PRIu64 " winners", l->task, now.reveals, now.winners);
	if (happened && (now.status == MARKET_COMPLETED || now.status == MARKET_FAILED)) {
		if (s->deal_open[l->deal]-- == 0)
			fail(s, "task %" PRIu32 " was settled twice", l->task);
		stakes_check(s, &now);
	}
	deal_check(s, l->deal);
	return now;
}

/* People */

static void deposit_if_poor(struct simulation *s, bool worker, uint32_t n)
{
	if (balance(s, name_of(worker ? "w" : "p", n).text) < RICH / 10)
		act(s, (struct act){ .kind = DEPOSIT, .a = worker, .b = n, .x = RICH });
}

static uint32_t owner_of(struct simulation *s, uint32_t kind, uint32_t n)
{
	struct market_asset a;
	if (row(s, MARKET_ROW_ASSET, name_of(asset_words[kind], n).text, &a) <= 0)
		fail(s, "an asset is gone");
	return (uint32_t)strtoul(a.owner + 1, NULL, 10);
}

/* A new order for an asset, in place of the one that there was; now and then by somebody who does not own it. */
static void order_make(struct simulation *s, uint32_t kind, uint32_t n)
{
	uint32_t number = ++s->n_orders, *const newest[] = { s->app_order, s->data_order, s->pool_order };
	uint32_t signer = percent(s, 97) ? owner_of(s, kind, n) : below(s, PEOPLE);
	uint64_t price = kind == MARKET_POOL ? 100 + below(s, 2000) : below(s, 1000);
	act(s, (struct act){ .kind = ORDER, .a = kind, .b = n, .c = signer, .d = number << 8 | (percent(s, 95) ? 0 : 128) | 63, .x = price, .y = 1 + below(s, 40) });
	newest[kind][n] = number;
}

/* A request, and a match with the newest offers. What does not fit is left alone: a new offer comes. */
static void deal_make(struct simulation *s)
{
	uint32_t number = ++s->n_orders, requester = below(s, PEOPLE), wanted = below(s, APPS * 2 * DATA), pool = below(s, POOLS);
	uint32_t app = wanted % APPS, data = wanted / APPS % 2 ? 1 + wanted / APPS / 2 % DATA : 0;
	uint32_t trust = percent(s, 40) ? below(s, 2) : below(s, 12);
	deposit_if_poor(s, false, requester);
	deposit_if_poor(s, false, owner_of(s, MARKET_POOL, pool));
	act(s, (struct act){ .kind = ORDER, .a = MARKET_ORDER_REQUEST, .b = wanted, .c = requester, .d = number << 8 | trust, .x = 3000, .y = 1 + below(s, 4) });
	if (!s->app_order[app])
		order_make(s, MARKET_APP, app);
	if (data && !s->data_order[data - 1])
		order_make(s, MARKET_DATA, data - 1);
	if (!s->pool_order[pool])
		order_make(s, MARKET_POOL, pool);
	uint32_t deal = s->n_deals;
	struct market_deal d;
	if (!act(s, (struct act){ .kind = MATCH, .a = s->app_order[app], .b = data ? s->data_order[data - 1] : 0, .c = s->pool_order[pool], .d = number,
			.x = deal, .y = percent(s, 10) ? 1 + below(s, PEOPLE - 1) : 0 })) {
		order_make(s, MARKET_APP, app);
		order_make(s, MARKET_POOL, pool);
		if (data)
			order_make(s, MARKET_DATA, data - 1);
		return;
	}
	s->n_deals++;
	if (row(s, MARKET_ROW_DEAL, name_of("d", deal).text, &d) <= 0 || d.size > 4)
		fail(s, "a deal is not there, or too large");
	s->deal_open[deal] = (uint8_t)d.size;
	deal_check(s, deal);
	for (uint64_t i = 0; i < d.size && s->n_live < LIVE_MAX; i++)
		s->live[s->n_live++] = (struct live){ .task = s->n_tasks++, .deal = deal, .index = d.first + i, .dead = percent(s, 3) };
}

/* Owners: transfer, revoke, change terms. */
static void owners_act(struct simulation *s)
{
	uint32_t kind = below(s, 3), n = below(s, kind == MARKET_POOL ? POOLS : APPS), owner = owner_of(s, kind, n);
	uint32_t *const newest[] = { s->app_order, s->data_order, s->pool_order };
	switch (below(s, 4)) {
	case 0: act(s, (struct act){ .kind = TRANSFER, .a = kind, .b = n, .c = percent(s, 90) ? owner : below(s, PEOPLE), .d = below(s, PEOPLE) }); break;
	case 1:
		if (newest[kind][n])
			act(s, (struct act){ .kind = CANCEL, .a = newest[kind][n], .b = percent(s, 90) ? owner : below(s, PEOPLE) });
		break;
	case 2:
		n = below(s, POOLS);
		act(s, (struct act){ .kind = POLICY, .a = n, .b = owner_of(s, MARKET_POOL, n), .x = below(s, 120), .y = below(s, 105) });
		break;
	default: order_make(s, kind, n);
	}
}

/* Workers: five of eight are honest, one lies as its friends do, one lies alone, one forgets. */
static uint32_t worker_digest(struct simulation *s, uint32_t worker)
{
	switch (worker % 8) {
	case 5: return percent(s, 70) ? 1 : 0;
	case 6: return percent(s, 50) ? 100 + worker : 0;
	default: return percent(s, 1) ? 200 : 0;
	}
}

static bool worker_forgets(struct simulation *s, uint32_t worker)
{
	return percent(s, worker % 8 == 7 ? 60 : 3);
}

static uint32_t scheduler_of(const struct market_deal *d)
{
	return (uint32_t)strtoul(d->pool_owner + 1, NULL, 10);
}

/* One worker comes to a task that is active. */
static struct act worker_comes(struct simulation *s, const struct live *l, const struct market_deal *d)
{
	uint32_t worker = below(s, WORKERS);
	deposit_if_poor(s, true, worker);
	bool fast = d->trust == 1 && percent(s, 50);
	return (struct act){ .kind = fast ? CONTRIBUTE_FINALIZE : CONTRIBUTE, .a = l->task, .b = worker, .c = worker_digest(s, worker),
		.d = percent(s, 98) ? scheduler_of(d) : below(s, PEOPLE) };
}

/* One worker that contributed, or any, reveals what it said. */
static bool worker_reveals(struct simulation *s, const struct live *l, struct act *a)
{
	uint32_t from = below(s, WORKERS);
	const struct market_backend *b = market_memory_backend(s->w.rows);
	const struct name task = name_of("t", l->task);
	for (uint32_t i = 0; i < WORKERS; i++) {
		struct market_contribution c;
		uint32_t worker = (from + i) % WORKERS;
		if (b->get(b->ctx, MARKET_ROW_CONTRIBUTION, task.text, name_of("w", worker).text, &c, &s->w.e) <= 0 || c.status != MARKET_CONTRIBUTED)
			continue;
		if (worker_forgets(s, worker))
			return false;
		/* which digest it was: try those that there are */
		static const uint32_t known[] = { 0, 1, 200 };
		uint32_t which = 100 + worker;
		for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
			uint8_t digest[32], hash[32];
			digest_of(digest, known[k], l->task);
			market_result_hash(hash, task.text, digest);
			if (memcmp(hash, c.hash, 32) == 0)
				which = known[k];
		}
		*a = (struct act){ .kind = REVEAL, .a = l->task, .b = worker, .c = which };
		return true;
	}
	return false;
}

/* What a scheduler does with its task now, or a worker, or, when it is too late, the requester. false: nothing. */
static bool task_next(struct simulation *s, const struct live *l, const struct market_task *t, const struct market_deal *d, struct act *a)
{
	*a = (struct act){ .a = l->task, .b = scheduler_of(d) };
	if (t->final_deadline <= s->now)
		return a->kind = CLAIM, true;
	if (t->status == MARKET_ACTIVE) {
		if (t->contribution_deadline <= s->now && percent(s, 90))
			return false;
		if (percent(s, 1))
			*a = (struct act){ .kind = REFUSE, .a = l->task, .x = 1 };	/* a keeper gives no key */
		else
			*a = worker_comes(s, l, d);
		return true;
	}
	bool late = t->reveal_deadline <= s->now;
	if (t->reveals == t->winners || (t->reveals && late))
		return a->kind = FINALIZE, !l->dead;
	if (late)
		return a->kind = REOPEN, !l->dead;
	return worker_reveals(s, l, a);
}

/* Something that makes no sense, or comes from the wrong one. */
static struct act nonsense(struct simulation *s, const struct live *l)
{
	static const enum kind kinds[] = { CONTRIBUTE, CONTRIBUTE_FINALIZE, REVEAL, REOPEN, FINALIZE, CLAIM, REFUSE };
	return (struct act){ .kind = kinds[below(s, 7)], .a = l->task, .b = below(s, PEOPLE), .c = below(s, 2), .d = below(s, PEOPLE) };
}

static void task_step(struct simulation *s, size_t i)
{
	struct live *l = &s->live[i];
	struct market_task t;
	struct market_deal d;
	struct act a;
	if (row(s, MARKET_ROW_DEAL, name_of("d", l->deal).text, &d) <= 0)
		fail(s, "a deal is gone");
	if (row(s, MARKET_ROW_TASK, name_of("t", l->task).text, &t) <= 0) {
		if (percent(s, 5))
			act(s, (struct act){ .kind = INITIALIZE, .a = l->deal, .b = l->task, .x = l->index + d.size });
		if (!act(s, (struct act){ .kind = INITIALIZE, .a = l->deal, .b = l->task, .x = l->index }))
			fail(s, "task %" PRIu32 " of deal %" PRIu32 " cannot begin: %s", l->task, l->deal, s->w.e.msg);
		if (act(s, (struct act){ .kind = INITIALIZE, .a = l->deal, .b = l->task, .x = l->index }))
			fail(s, "task %" PRIu32 " began twice", l->task);
		return;
	}
	if (percent(s, 8))
		a = nonsense(s, l);
	else if (!task_next(s, l, &t, &d, &a))
		return;
	t = task_act(s, l, a);
	if (t.status == MARKET_COMPLETED || t.status == MARKET_FAILED) {
		/* whatever comes after the end is refused */
		task_act(s, l, nonsense(s, l));
		s->live[i] = s->live[--s->n_live];
	}
}

static void begin(struct simulation *s)
{
	for (uint32_t i = 0; i < PEOPLE; i++)
		act(s, (struct act){ .kind = DEPOSIT, .a = 0, .b = i, .x = RICH });
	for (uint32_t i = 0; i < APPS; i++) {
		act(s, (struct act){ .kind = REGISTER, .a = MARKET_APP, .b = i, .c = i });
		act(s, (struct act){ .kind = REGISTER, .a = MARKET_DATA, .b = i, .c = 4 + i });
	}
	for (uint32_t i = 0; i < POOLS; i++)
		act(s, (struct act){ .kind = REGISTER, .a = MARKET_POOL, .b = i, .c = 8 + i });
}

static void run(struct simulation *s)
{
	begin(s);
	for (s->step = 0; s->step < s->steps; s->step++) {
		s->now += percent(s, 30) ? below(s, 5) : 0;
		if (s->n_live < LIVE_MAX - 4 && (s->n_live == 0 || percent(s, 12)))
			deal_make(s);
		else if (percent(s, 2))
			owners_act(s);
		else if (s->n_live)
			task_step(s, below(s, (uint32_t)s->n_live));
		if (s->step % SUMS_EVERY == 0)
			sums_check(s);
	}
	sums_check(s);
}

/* A hash of every account, by name, and of every row, in the order in which they came. */
static int account_hash(void *ctx, const struct ledger_account *a, struct err *e)
{
	(void)e;
	sha256_add(ctx, a->name, strlen(a->name) + 1);
	sha256_add(ctx, &a->debits_posted, sizeof a->debits_posted);
	sha256_add(ctx, &a->credits_posted, sizeof a->credits_posted);
	return 0;
}

struct row_hash { struct sha256 *h; enum market_kind kind; struct buf bytes; };

/* As the book would keep it: what lies between the members of a struct does not count. */
static int row_add(void *ctx, const void *r, struct err *e)
{
	struct row_hash *rh = ctx;
	buf_clear(&rh->bytes);
	if (market_row_encode(rh->kind, r, &rh->bytes, e) < 0)
		return -1;
	sha256_add(rh->h, rh->bytes.data, rh->bytes.len);
	return 0;
}

static void world_hash(struct world *w, uint8_t out[static 32])
{
	struct sha256 h;
	sha256_init(&h);
	if (ledger_memory_each(w->money, account_hash, &h, &w->e) < 0)
		abort();
	for (unsigned k = 0; k < MARKET_KIND_COUNT; k++) {
		struct row_hash rh = { .h = &h, .kind = (enum market_kind)k, .bytes = BUF_INIT(KIB(4)) };
		if (market_memory_each(w->rows, rh.kind, row_add, &rh, &w->e) < 0)
			abort();
		buf_done(&rh.bytes);
	}
	sha256_end(&h, out);
}

/* The first market is gone when the second one begins: together they would be large. */
static bool replays_the_same(struct simulation *s)
{
	struct world again;
	uint8_t first[32], second[32];
	world_hash(&s->w, first);
	world_close(&s->w);
	world_open(&again);
	for (size_t i = 0; i < s->n_log; i++)
		act_do(&again, &s->log[i]);
	world_hash(&again, second);
	world_close(&again);
	return memcmp(first, second, 32) == 0;
}

/* In a life that is long enough each kind of event has happened: else the rest says little. */
static bool everything_happened(const struct simulation *s)
{
	bool all = true;
	for (unsigned k = 0; k < KINDS; k++) {
		printf("# %8" PRIu64 " %s, %" PRIu64 " refused\n", s->done[k], kind_words[k], s->refused[k]);
		all &= s->done[k] > 0;
	}
	return all || s->steps < 50000;
}

int main(int argc, char **argv)
{
	static struct simulation s;	/* large */
	s.steps = argc > 1 ? strtoull(argv[1], NULL, 10) : STEPS;
	s.chance = s.seed = argc > 2 ? strtoull(argv[2], NULL, 10) : SEED;
	s.now = 1000000;
	s.log = malloc((s.steps * ACTS_PER_STEP + 100) * sizeof *s.log);
	s.deal_open = calloc(s.steps + 1, 1);
	if (!s.log || !s.deal_open || crypto_init(NULL) < 0)
		return 1;
	world_open(&s.w);
	run(&s);
	printf("ok 1 - a market of %" PRIu64 " steps, seed %" PRIu64 ": every invariant after every step\n", s.steps, s.seed);
	bool happened = everything_happened(&s), same = replays_the_same(&s);
	printf("%s 2 - every kind of event happened\n", happened ? "ok" : "not ok");
	printf("%s 3 - the %zu events of its log give the same rows and accounts\n1..3\n", same ? "ok" : "not ok", s.n_log);
	free(s.log);
	free(s.deal_open);
	return happened && same ? 0 : 1;
}
