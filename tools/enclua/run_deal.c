/* What a run costs and with whom: open orders are looked for, what is missing is signed by whoever of this home may (the requester for what is his own, the pool's manager
 * for an offer of the local pool), and everything goes into the book as one chain: data, orders, deal, task, and who runs it.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/purpose.h"
#include "base/text.h"
#include "grant.h"
#include "run_task.h"
#include "seal/crypto.h"
#include "trade.h"
#include "trust/protect.h"

#define OFFER_VOLUME ((UINT64_C(1) << 53) - 1)	/* "without end" */
#define OFFER_TRUST 1000u	/* of the local pool: its workers are this home's own affair */
#define LEASE_MARGIN_S 60	/* beyond the iApp's wall clock: fetching, starting, sealing */

const char *const run_categories[] = { "XS", "S", "M", "L", "XL", NULL };

/* The cheapest open order that fits. One that needs what the pool does not offer comes after all others: then the rule about that says what is missing. */
struct search { const struct job *j; enum market_order_kind kind; const char *owner; struct run_order *best; };

static bool fits(const struct search *x, const struct market_order *o)
{
	const struct run_deal *d = &x->j->deal;
	const struct market_restrict *r = &o->restrict_to;
	struct book *b = x->j->book;
	if (o->kind != x->kind || strcmp(o->signer, x->owner) != 0)
		return false;
	if (o->kind == MARKET_ORDER_POOL && (o->category != d->category || o->trust < d->trust))
		return false;
	return grant_admits(b, r->app, x->j->app_id) && grant_admits(b, r->data, d->data) && grant_admits(b, r->pool, d->pool) &&
		grant_admits(b, r->requester, d->requester);
}

static bool better(const struct search *x, const struct market_order *o)
{
	const struct run_order *best = x->best;
	uint64_t lacks = x->kind == MARKET_ORDER_POOL ? 0 : ~x->j->deal.pool_order.tag;
	if (!best->id[0] || !(o->tag & lacks) != !(best->tag & lacks))
		return !best->id[0] || !(o->tag & lacks);
	if (o->price == best->price && x->kind == MARKET_ORDER_POOL)
		return o->tag != best->tag && (o->tag & best->tag) == best->tag;	/* for as much, who offers more */
	return o->price < best->price;
}

static int search_one(void *ctx, const void *row, uint64_t made, struct err *e)
{
	const struct search *x = ctx;
	const struct market_order *o = row;
	(void)made;
	(void)e;
	if (fits(x, o) && better(x, o)) {
		(void)snprintf(x->best->id, sizeof x->best->id, "%.*s", ID_TEXT - 1, o->id);
		x->best->price = o->price;
		x->best->tag = o->tag;
	}
	return 0;
}

static int order_find(const struct job *j, enum market_order_kind kind, const char *asset, const char *owner, struct run_order *out, struct err *e)
{
	struct search x = { j, kind, owner, out };
	*out = (struct run_order){ .id = "" };
	return host_each(j->book, MARKET_ROW_ORDER, asset, 1, search_one, &x, e);
}

static int asset_owner(const struct job *j, const char *asset, char owner[static MARKET_NAME], struct err *e)
{
	struct market_asset a;
	int r = host_get(j->book, MARKET_ROW_ASSET, asset, "", &a, e);
	if (r == 1)
		(void)snprintf(owner, MARKET_NAME, "%s", a.owner);
	return r == 0 ? err_set(e, ERR_NOT_FOUND, "there is no %s in this book", asset) : r < 0 ? -1 : 0;
}

/* App and data: one's own needs no offer of anybody. Without an iApp in the book yet, it will be the requester's own. */
static int side_find(struct job *j, enum market_order_kind kind, const char *asset, struct run_order *out, struct err *e)
{
	char owner[MARKET_NAME];
	*out = (struct run_order){ .sign = true };
	if (!asset[0])
		return 0;
	if (asset_owner(j, asset, owner, e) < 0)
		return -1;
	bool mine = strcmp(owner, j->deal.requester) == 0;
	if (kind == MARKET_ORDER_DATA && mine) {	/* a grant for this one use, so that it can be seen, under the policy that the data has */
		if (protect_policy(j->book, &j->data[0], j->deal.policy, e) < 0)
			return -1;
		out->policy = j->deal.policy[0] != '\0';
		return 0;
	}
	if (kind == MARKET_ORDER_DATA)
		return job_grant_find(j, asset, owner, out, e);
	if (order_find(j, kind, asset, owner, out, e) < 0)
		return -1;
	out->sign = mine && (!out->id[0] || out->price > 0);
	if (out->sign)
		out->price = 0;
	if (out->id[0] || out->sign)
		return 0;
	err_set(e, ERR_FUNDS, "nobody offers this iApp to you: it belongs to %s", owner);
	return err_hint(e, "enclua order list --app %s shows what is offered, and to whom", asset);
}

/* Is the pool's owner somebody of this home? */
static bool owner_here(struct job *j, const char *owner)
{
	uint8_t key[32];
	char dir[PATH_MAX];
	struct keystore_item item;
	return identity_parse(key, owner, NULL) == 0 && cli_keys_dir(j->cli, dir, sizeof dir, NULL) == 0 && keystore_find_public(dir, key, &item, NULL) == 0;
}

/* Whether this home's manager speaks for the pool. A home may have none; but its own pool that nobody here speaks for would be waited for in vain. */
static int manager_look(struct job *j, const char *owner, struct err *e)
{
	struct identity *manager = NULL;
	struct err why = { .code = ERR_NONE };
	char mine[IDENTITY_TEXT] = "";
	if (host_manager_open(j->book, &manager, &why) == 0)
		identity_text(mine, identity_public(manager));
	identity_free(manager);
	j->deal.managed = strcmp(owner, mine) == 0;
	if (mine[0] || (why.code == ERR_NOT_FOUND && (j->deal.pool_typed || owner_here(j, owner))))
		return 0;
	if (e)
		*e = why;
	return why.code == ERR_NOT_FOUND ? err_hint(e, "put it back from a copy of this home; or say who else runs it: --pool POOL") : -1;
}

static int pool_find(struct job *j, struct err *e)
{
	char owner[MARKET_NAME];
	struct run_deal *d = &j->deal;
	if (host_find(j->book, MARKET_ROW_ASSET, d->pool_typed ? d->pool_typed : HOST_LOCAL_POOL, d->pool, e) < 0 || asset_owner(j, d->pool, owner, e) < 0)
		return -1;
	if (manager_look(j, owner, e) < 0)
		return -1;
	if (order_find(j, MARKET_ORDER_POOL, d->pool, owner, &d->pool_order, e) < 0)
		return -1;
	d->pool_order.sign = !d->pool_order.id[0] && d->managed;
	if (d->pool_order.id[0] || d->pool_order.sign)
		return 0;
	err_set(e, ERR_FUNDS, "the pool %s offers nothing of category %s with trust %llu", d->pool, run_categories[d->category], (unsigned long long)d->trust);
	return err_hint(e, "enclua order list --pool %s shows what it offers", d->pool);
}

static int total_check(struct job *j, struct err *e)
{
	struct run_deal *d = &j->deal;
	char costs[TEXT_AMOUNT], most[TEXT_AMOUNT];
	d->total = d->app_order.price + d->data_order.price + d->pool_order.price;	/* each is below 2^62 */
	if (d->total <= d->max_price)
		return 0;
	text_amount_write(costs, d->total);
	text_amount_write(most, d->max_price);
	err_set(e, ERR_FUNDS, "this run costs %s, more than %s%s", costs, most, d->max_given ? "" : ": without --max-price it must be free");
	return err_hint(e, "--max-price %lluRLC would do, if that is what it is worth to you", (unsigned long long)((d->total + 999999999) / 1000000000));
}

/* The shortest class whose time the iApp's wall clock fits into. */
static void category_choose(struct job *j)
{
	struct market_category c;
	for (uint64_t i = 0; run_categories[i]; i++) {
		char id[8];
		(void)snprintf(id, sizeof id, "%llu", (unsigned long long)i);
		j->deal.category = i;
		if (host_get(j->book, MARKET_ROW_CATEGORY, id, "", &c, NULL) == 1 && c.time * 1000 >= j->app->manifest->wall_ms)
			return;
	}
}

int job_price(struct job *j, struct err *e)
{
	struct run_deal *d = &j->deal;
	identity_text(d->requester, j->me.public_key);
	if (d->purpose && purpose_check(d->purpose, e) < 0)
		return err_wrap(e, "--purpose");
	if (job_app_known(j, e) < 0)
		return -1;
	d->data[0] = '\0';
	if (j->n_data == 1 && !j->bulk && !j->trees[0])
		(void)snprintf(d->data, sizeof d->data, "%s", j->data[0].id);
	if (!d->category_given)
		category_choose(j);
	if (pool_find(j, e) < 0 || side_find(j, MARKET_ORDER_APP, j->app_id, &d->app_order, e) < 0 ||
		side_find(j, MARKET_ORDER_DATA, d->data, &d->data_order, e) < 0)
		return -1;
	return total_check(j, e);
}

/* The rule of consensus, as if all that work for the pool gave the same answer. */
struct choir { struct book *b; uint64_t trust; market_wide group, total; bool enough; };

static int sing(void *ctx, const struct book_record *r, struct err *e)
{
	struct choir *x = ctx;
	struct market_score s = { .value = 0 };
	if (host_get(x->b, MARKET_ROW_SCORE, r->b, "", &s, e) < 0)
		return -1;
	if (market_group_add(&x->group, &x->total, market_weight(s.value)) < 0)
		return 1;
	x->enough = x->trust <= 1 || market_consensus(x->group, x->total, x->trust);
	return x->enough;
}

int job_workers_check(const struct job *j, bool *enough, struct err *e)
{
	struct choir x = { .b = j->book, .trust = j->deal.trust, .total = 1 };
	int r = book_records(x.b, HOST_WORKER, j->deal.pool, 1, sing, &x, e);
	*enough = x.enough;
	return r < 0 ? -1 : 0;
}

/* The chain */

struct chain { struct buf *notes; size_t n, max; struct job *j; struct entry *en; struct buf text; struct identity *manager; };

static int chain_open(struct chain *c, struct job *j, size_t max, struct err *e)
{
	*c = (struct chain){ .notes = calloc(max, sizeof *c->notes), .max = max, .j = j, .en = malloc(sizeof *c->en), .text = BUF_INIT(ENTRY_BYTES_MAX) };
	return c->notes && c->en ? 0 : err_set(e, ERR_LIMIT, "out of memory");
}

static void chain_done(struct chain *c)
{
	for (size_t i = 0; i < c->n; i++)
		buf_done(&c->notes[i]);
	free(c->notes);
	free(c->en);
	buf_done(&c->text);
	identity_free(c->manager);
}

static int draft(struct chain *c, enum entry_type type, struct err *e)
{
	return book_draft(c->j->book, c->en, type, e);
}

/* Signs what was drafted and filled; id: of what it makes, or NULL. */
static int sign(struct chain *c, const struct identity *by, enum id_kind kind, char *id, struct err *e)
{
	struct buf *note = &c->notes[c->n];
	*note = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
	c->n++;
	buf_clear(&c->text);
	memcpy(c->en->by, identity_public(by), 32);
	if (entry_encode(c->en, &c->text, e) < 0 || entry_sign(c->en, by, note, e) < 0)
		return -1;
	if (id)
		entry_id(id, kind, c->text.data, c->text.len);
	return 0;
}

static void id_set(char out[static ID_TEXT], const char *id)
{
	(void)snprintf(out, ID_TEXT, "%.*s", ID_TEXT - 1, id);
}

static int app_offer(struct chain *c, struct err *e)
{
	struct run_deal *d = &c->j->deal;
	if (!d->app_order.sign)
		return 0;
	if (draft(c, ENTRY_ORDER_APP_TYPE, e) < 0)
		return -1;
	struct entry_order_app *f = &c->en->order_app;
	id_set(f->app, c->j->app_id);
	f->volume = OFFER_VOLUME;
	f->tag = d->app_order.tag;	/* free for its owner, not free of what it needs */
	f->only_requester = entry_text(d->requester);
	return sign(c, c->j->actor, ID_ORDER, d->app_order.id, e);
}

static int data_grant(struct chain *c, struct err *e)
{
	struct run_deal *d = &c->j->deal;
	if (c->j->n_data != 1 || c->j->bulk || !d->data_order.sign)
		return 0;
	if (draft(c, ENTRY_ORDER_DATA_TYPE, e) < 0)
		return -1;
	struct entry_order_data *f = &c->en->order_data;
	id_set(f->data, c->j->data[0].id);
	f->volume = 1;
	f->only_app = entry_text(c->j->app_id);
	f->only_pool = entry_text(d->pool);
	f->only_requester = entry_text(d->requester);
	id_set(f->policy, d->policy);
	return sign(c, c->j->actor, ID_ORDER, d->data_order.id, e);
}

static int pool_offer(struct chain *c, struct err *e)
{
	struct run_deal *d = &c->j->deal;
	if (!d->pool_order.sign)
		return 0;
	if (draft(c, ENTRY_ORDER_POOL_TYPE, e) < 0)
		return -1;
	struct entry_order_pool *f = &c->en->order_pool;
	id_set(f->pool, d->pool);
	f->volume = OFFER_VOLUME;
	f->category = d->category;
	f->trust = d->trust > OFFER_TRUST ? d->trust : OFFER_TRUST;
	return sign(c, c->manager, ID_ORDER, d->pool_order.id, e);
}

static void add(struct sha256 *h, const void *bytes, size_t n)
{
	uint64_t len = n;
	sha256_add(h, &len, sizeof len);
	sha256_add(h, bytes, n);
}

/* What was asked, as a hash that says nothing: the salt comes from the requester's own key and this request's nonce, so that they alone can show later what it
 * was made of. */
static void params_hash(const struct job *j, const struct entry *en, uint8_t out[static 32])
{
	uint8_t salt[32];
	struct sha256 h;
	hkdf256(salt, sizeof salt, identity_seed(j->actor), 32, en->nonce, sizeof en->nonce, "enclua/v1/params", 16);
	sha256_init(&h);
	sha256_add(&h, salt, sizeof salt);
	const struct work *w = &j->work;
	for (size_t i = 0; i < w->n_args; i++) {
		add(&h, w->args[i].name ? w->args[i].name : "", w->args[i].name ? strlen(w->args[i].name) : 0);
		add(&h, w->args[i].value, strlen(w->args[i].value));
	}
	for (size_t i = 0; i < w->n_files; i++) {
		add(&h, w->files[i].name, strlen(w->files[i].name));
		add(&h, &w->files[i].size, sizeof w->files[i].size);
	}
	for (size_t i = 0; i < w->n_secrets; i++) {
		add(&h, &w->secrets[i].index, sizeof w->secrets[i].index);
		add(&h, w->secrets[i].value ? w->secrets[i].value : "", w->secrets[i].len);
	}
	add(&h, w->seed, strlen(w->seed));
	sha256_end(&h, out);
	crypto_wipe(salt, sizeof salt);
}

static int request(struct chain *c, struct err *e)
{
	struct job *j = c->j;
	struct run_deal *d = &j->deal;
	if (draft(c, ENTRY_ORDER_REQUEST_TYPE, e) < 0)
		return -1;
	struct entry_order_request *f = &c->en->order_request;
	id_set(f->app, j->app_id);
	if (j->n_data == 1 && !j->bulk)
		id_set(f->data, j->data[0].id);
	for (size_t i = 0; j->bulk && i < j->n_bulk; i++) {
		id_set(f->bulk.at[f->bulk.n++], j->bulk[i].grant);
		f->tag |= j->bulk[i].tag;
	}
	for (size_t i = 0; j->n_data > 1 && !j->bulk && i < j->n_data; i++)
		id_set(f->own_data.at[f->own_data.n++], j->data[i].id);
	f->app_price = d->app_order.price;
	f->data_price = d->data_order.price;
	f->pool_price = d->pool_order.price;
	f->only_pool = entry_text(d->pool);
	f->volume = 1;
	f->category = d->category;
	f->trust = d->trust;
	f->purpose = entry_text(d->purpose ? d->purpose : "");
	f->min_assurance = entry_text(d->min_assurance ? d->min_assurance : "");
	if (d->payer)
		memcpy(f->payer, identity_public(d->payer), 32);
	memcpy(f->beneficiary, j->beneficiary, 32);
	memcpy(f->recipient, j->work.beneficiary, 32);
	memcpy(f->parcel, d->parcel, 32);
	for (size_t i = 0; i < d->n_secrets; i++)
		f->secret.at[f->secret.n++] = entry_text(d->secrets[i]);
	f->callback = entry_text(d->callback ? d->callback : "");
	params_hash(j, c->en, f->params);
	return sign(c, j->actor, ID_ORDER, d->request, e);
}

static int sponsor(struct chain *c, struct err *e)
{
	const struct run_deal *d = &c->j->deal;
	if (!d->payer)
		return 0;
	if (draft(c, ENTRY_DEAL_SPONSOR_TYPE, e) < 0)
		return -1;
	id_set(c->en->deal_sponsor.request, d->request);
	return sign(c, d->payer, ID_ORDER, NULL, e);
}

static int match(struct chain *c, struct err *e)
{
	struct run_deal *d = &c->j->deal;
	char deal[MARKET_NAME];
	if (draft(c, ENTRY_DEAL_MATCH_TYPE, e) < 0)
		return -1;
	struct entry_deal_match *f = &c->en->deal_match;
	market_deal_id(deal, d->request, 0);
	id_set(d->id, deal);
	id_set(f->app, d->app_order.id);
	id_set(f->data, c->j->n_data == 1 && !c->j->bulk ? d->data_order.id : "");
	id_set(f->pool, d->pool_order.id);
	id_set(f->request, d->request);
	id_set(f->deal, deal);
	return sign(c, c->j->actor, ID_ORDER, NULL, e);
}

static int initialize(struct chain *c, struct store_task *t, struct err *e)
{
	char task[MARKET_NAME];
	if (draft(c, ENTRY_TASK_INITIALIZE_TYPE, e) < 0)
		return -1;
	market_task_id(task, c->j->deal.id, 0);
	id_set(t->id, task);
	id_set(c->j->deal.task, task);
	id_set(c->en->task_initialize.deal, c->j->deal.id);
	id_set(c->en->task_initialize.task, task);
	t->created = c->en->time;
	return sign(c, c->j->actor, ID_ORDER, NULL, e);
}

/* For as long as the iApp may take; back: no longer than until now. */
static int assign_until(struct chain *c, const struct store_task *t, bool back, struct err *e)
{
	struct identity *worker = NULL;
	int64_t now;
	if (draft(c, ENTRY_TASK_ASSIGN_TYPE, e) < 0 || book_time(c->j->book, &now, e) < 0 || book_worker_open(c->j->book, &worker, e) < 0)
		return -1;
	if (now < c->en->time)	/* after a clock that was ahead, book time is */
		now = c->en->time;
	struct entry_task_assign *f = &c->en->task_assign;
	id_set(f->task, t->id);
	memcpy(f->worker, identity_public(worker), 32);
	f->until = (uint64_t)now + (back ? 0 : c->j->app->manifest->wall_ms / 1000 + LEASE_MARGIN_S);
	identity_free(worker);
	return sign(c, c->manager, ID_ORDER, NULL, e);
}

static int assign(struct chain *c, const struct store_task *t, struct err *e)
{
	return c->j->deal.here ? assign_until(c, t, false, e) : 0;
}

/* The run that was sent is no more: as long as its lease lasts, nobody else could be. */
static int assign_again(struct chain *c, const struct store_task *t, struct err *e)
{
	int64_t now;
	if (!c->j->deal.here)
		return 0;
	if (host_manager_open(c->j->book, &c->manager, e) < 0 || book_time(c->j->book, &now, e) < 0)
		return -1;
	int needs = host_needs(c->j->book, t->id, now, e);
	return needs < 0 || (!needs && assign_until(c, t, true, e) < 0) ? -1 : assign(c, t, e);
}

/* What must stand in the book before a policy can be asked about it. */
static int offers_sign(struct chain *c, struct err *e)
{
	struct job *j = c->j;
	for (size_t i = 0; i < j->n_data; i++)
		if (j->entries[i].len) {
			c->notes[c->n] = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
			if (buf_add(&c->notes[c->n++], j->entries[i].data, j->entries[i].len, e) < 0)
				return -1;
		}
	if (j->deal.managed && host_manager_open(j->book, &c->manager, e) < 0)
		return -1;
	return app_offer(c, e) < 0 || data_grant(c, e) < 0 || pool_offer(c, e) < 0 || request(c, e) < 0 || sponsor(c, e) < 0 ? -1 : 0;
}

static int deal_sign(struct chain *c, struct store_task *t, struct err *e)
{
	return match(c, e) < 0 || initialize(c, t, e) < 0 || assign(c, t, e) < 0 ? -1 : 0;
}

/* All that was signed since the last time, as one chain. */
static int enter(struct chain *c, struct err *e)
{
	struct book_item *items = calloc(c->n + 1, sizeof *items);
	if (!items)
		return err_set(e, ERR_LIMIT, "out of memory");
	for (size_t i = 0; i < c->n; i++)
		items[i] = (struct book_item){ c->notes[i].data, c->notes[i].len };
	int r = book_append(c->j->book, items, c->n, NULL, e) < 0 ? trade_hint(e) : 0;
	for (size_t i = 0; i < c->n; i++)
		buf_done(&c->notes[i]);
	c->n = 0;
	free(items);
	return r;
}

/* A denial stands in the book with its reasons, and the request is taken back: nobody else shall match it. */
static int denied(struct chain *c, const char *reasons, struct err *e)
{
	struct run_deal *d = &c->j->deal;
	if (draft(c, ENTRY_ORDER_CANCEL_TYPE, e) < 0)
		return -1;
	id_set(c->en->order_cancel.order, d->request);
	if (sign(c, c->j->actor, ID_ORDER, NULL, e) < 0 || enter(c, e) < 0)
		return -1;
	err_set(e, ERR_DENIED, "the owner's policy does not permit this run: %s", reasons);
	return err_hint(e, "enclua policy explain --grant %s --request %s says what it would take", d->data_order.id, d->request);
}

/* The grant asks for a policy's word: the keeper asks it, and what it said comes before the match. */
static int policy_ask_match(struct chain *c, struct err *e)
{
	struct run_deal *d = &c->j->deal;
	struct buf reasons = BUF_INIT(KIB(8));
	bool permit = false;
	int r = enter(c, e);
	if (r == 0) {
		struct buf *note = &c->notes[c->n++];
		*note = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
		r = keeper_link_decide(c->j->keeper, "match", d->data_order.id, d->request, c->j->app, note, &permit, &reasons, e);
	}
	if (r == 0 && !permit)
		r = denied(c, buf_text(&reasons), e);
	buf_done(&reasons);
	return r;
}

static void task_fill(const struct job *j, struct store_task *t)
{
	(void)snprintf(t->app, sizeof t->app, "%s", j->app_id);
	(void)snprintf(t->app_name, sizeof t->app_name, "%s", j->app->manifest->name);
	memcpy(t->requester, j->me.public_key, 32);
	memcpy(t->beneficiary, j->beneficiary, 32);
	memcpy(t->recipient, j->work.beneficiary, 32);
}

int job_deal(struct job *j, struct store_task *t, int (*before)(void *ctx, const char *task, struct err *e), void *ctx, struct err *e)
{
	struct chain c;
	int r = -1;
	*t = (struct store_task){ .status = "RUNNING", .data = BUF_INIT(KIB(8)), .missing = BUF_INIT(KIB(4)) };
	if (chain_open(&c, j, LIMIT_BOX_DATASETS + 12, e) < 0 || offers_sign(&c, e) < 0 || (j->deal.data_order.policy && policy_ask_match(&c, e) < 0) ||
		deal_sign(&c, t, e) < 0)
		goto out;
	task_fill(j, t);
	if ((!j->announce || j->announce(j->announce_ctx, t->id, e) == 0) && before(ctx, t->id, e) == 0)
		r = enter(&c, e);
out:
	chain_done(&c);
	return r;
}

static int deal_read_back(struct job *j, const char *task, struct err *e)
{
	struct run_deal *d = &j->deal;
	struct market_task t;
	struct market_deal made;
	int is = host_get(j->book, MARKET_ROW_TASK, task, "", &t, e);
	if (is == 1)
		is = host_get(j->book, MARKET_ROW_DEAL, t.deal, "", &made, e);
	if (is <= 0)
		return is < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "there is no task %s in this book", task);
	id_set(d->id, made.id);
	id_set(d->request, made.request);
	d->app_order.price = made.app_price;
	d->data_order.price = made.data_price;
	d->pool_order.price = made.pool_price;
	d->total = made.app_price + made.data_price + made.pool_price;
	return 0;
}

int job_deal_again(struct job *j, struct store_task *t, int (*before)(void *ctx, const char *task, struct err *e), void *ctx, struct err *e)
{
	struct chain c;
	int r = -1;
	*t = (struct store_task){ .id = "" };
	if (chain_open(&c, j, 2, e) < 0 || deal_read_back(j, j->deal.task, e) < 0 || store_task_find(j->store, j->deal.task, t, e) < 0)
		goto out;
	if (strcmp(t->status, "RUNNING") != 0) {
		r = 0;
		goto out;
	}
	if (before(ctx, t->id, e) < 0 || assign_again(&c, t, e) < 0 || (c.n && enter(&c, e) < 0))
		goto out;
	r = 0;
out:
	chain_done(&c);
	return r;
}
