/* Entries become events of the market: one function for a type. What an event may do, core/market decides; here an entry's values are handed over, and what the market
 * does not keep (names of pools, who is at a task, how a run ended) is written beside it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "form/receipt.h"
#include "host/host_inner.h"
#include "seal/crypto.h"

/* PoCo's classes of duration: XS, S, M, L, XL */
static const uint64_t category_times[] = { 300, 1200, 3600, 10800, 36000 };
#define VOLUME_MAX ((UINT64_C(1) << 53) - 1)	/* "without end", as PoCo's clients write it */

static const uint8_t none[32];

void host_name(char out[static MARKET_NAME], const char *name)
{
	memset(out, 0, MARKET_NAME);
	memcpy(out, name, strnlen(name, MARKET_NAME - 1));
}

void host_name_text(char out[static MARKET_NAME], const struct entry_text *t)
{
	memset(out, 0, MARKET_NAME);
	memcpy(out, t->at ? t->at : "", t->len < MARKET_NAME ? t->len : MARKET_NAME - 1);
}

void host_name_identity(char out[static MARKET_NAME], const uint8_t key[static 32])
{
	char text[IDENTITY_TEXT];
	identity_text(text, key);
	host_name(out, memcmp(key, none, 32) == 0 ? "" : text);
}

/* Whoever acts or is given something has introduced itself. */
static int known(struct event *v, const uint8_t key[static 32], struct err *e)
{
	struct store_identity row;
	char text[IDENTITY_TEXT];
	int r = store_identity_find(book_store(v->b), key, &row, e);
	if (r != 0)
		return r < 0 ? -1 : 0;
	identity_text(text, key);
	err_set(e, ERR_NOT_FOUND, "identity-unknown: %s is not known in this book", text);
	return err_hint(e, "who acts or is given something introduces itself first: any command of its own that writes does that");
}

/* Beside what the book itself keeps */

static int on_book_open(struct event *v, struct err *e)
{
	if (market_init(v->m, &v->h->backend, book_ledger(v->b), e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof category_times / sizeof *category_times; i++) {
		uint64_t number;
		if (market_category_add(v->m, category_times[i], &number, e) < 0)
			return -1;
	}
	return 0;
}

static int asset_add(struct event *v, enum market_asset_kind kind, uint64_t stake, uint64_t scheduler, struct err *e)
{
	struct market_asset a;
	memset(&a, 0, sizeof a);
	host_name(a.id, v->id);
	host_name(a.owner, v->by);
	a.kind = kind;
	a.stake_ratio = stake;
	a.scheduler_ratio = scheduler;
	return market_asset_add(v->m, &a, e);
}

static int on_app_register(struct event *v, struct err *e)
{
	return asset_add(v, MARKET_APP, 0, 0, e);
}

static int on_data_register(struct event *v, struct err *e)
{
	const char *policy = v->en->data_register.policy;
	struct host_policy known_policy;
	if (policy[0] && host_policy_find(v->b, policy, &known_policy, e) < 0)
		return err_wrap(e, "data-policy");
	struct buf header = BUF_INIT(KIB(8));
	int r = host_header_own(v, &v->en->data_register.header, &header, e) < 0 ? -1 : asset_add(v, MARKET_DATA, 0, 0, e);
	buf_done(&header);
	return r;
}

/* Assets change hands */

/* An archive has one owner's mark once: app_h1 of the tables. */
static int app_once(struct event *v, const char *id, const uint8_t to[static 32], struct err *e)
{
	struct store_app app, his;
	if (store_app_find(book_store(v->b), id, &app, e) < 0)
		return -1;
	int is = store_app_find_h1(book_store(v->b), app.h1, to, &his, e);
	if (is <= 0 || memcmp(his.owner, to, 32) != 0 || strcmp(his.id, id) == 0)
		return is < 0 ? -1 : 0;
	return err_set(e, ERR_CONFLICT, "transfer-twice: the new owner has registered the same archive, as %s", his.id);
}

/* Kept for receipts, which show how who signed an order came by what it offers. */
static int transferred(struct event *v, const char *asset, const uint8_t to[static 32], struct err *e)
{
	uint8_t keys[64];
	char number[24];
	memcpy(keys, v->en->by, 32);
	memcpy(keys + 32, to, 32);
	(void)snprintf(number, sizeof number, "%llu", (unsigned long long)v->at->index);
	return host_record_put(v, HOST_TRANSFER, asset, number, asset, 0, keys, sizeof keys, e);
}

static int on_app_transfer(struct event *v, struct err *e)
{
	const struct entry_app_transfer *f = &v->en->app_transfer;
	char to[MARKET_NAME];
	host_name_identity(to, f->to);
	if (known(v, f->to, e) < 0 || market_asset_transfer(v->m, f->app, v->by, to, e) < 0 || app_once(v, f->app, f->to, e) < 0)
		return -1;
	return store_app_owner(book_store(v->b), f->app, f->to, e) < 0 ? -1 : transferred(v, f->app, f->to, e);
}

static int on_data_transfer(struct event *v, struct err *e)
{
	const struct entry_data_transfer *f = &v->en->data_transfer;
	struct buf header = BUF_INIT(KIB(8));
	char to[MARKET_NAME];
	host_name_identity(to, f->to);
	int r = -1;
	if (known(v, f->to, e) == 0 && market_asset_transfer(v->m, f->data, v->by, to, e) == 0 && host_header_own(v, &f->header, &header, e) == 0)
		r = store_data_owner(book_store(v->b), f->data, f->to, &header, e) < 0 ? -1 : transferred(v, f->data, f->to, e);
	buf_done(&header);
	return r;
}

static int on_pool_transfer(struct event *v, struct err *e)
{
	const struct entry_pool_transfer *f = &v->en->pool_transfer;
	char to[MARKET_NAME];
	host_name_identity(to, f->to);
	if (known(v, f->to, e) < 0 || market_asset_transfer(v->m, f->pool, v->by, to, e) < 0)
		return -1;
	return transferred(v, f->pool, f->to, e);
}

/* Pools */

int host_record_put(struct event *v, enum host_record kind, const char *a, const char *b2, const char *group, int64_t state, const void *bytes, size_t len,
	struct err *e)
{
	struct buf old = BUF_INIT(KIB(1));
	const struct book_record r = { .kind = kind, .a = a, .b = b2, .group = group, .state = state, .made = v->at->index, .bytes = bytes, .len = len };
	int is = book_record_get(v->b, kind, a, b2, &old, e);
	buf_done(&old);
	return is < 0 ? -1 : book_record_put(v->b, &r, is == 0, e);
}

/* A name means one pool, or nobody could make runs go astray by a second `local`; and it is none that an id could have. */
static int taken(void *ctx, const struct book_record *r, struct err *e)
{
	(void)ctx;
	return err_set(e, ERR_CONFLICT, "pool-name: %s is called so already", r->a);
}

static int pool_name_check(struct event *v, const char *name, struct err *e)
{
	if (id_looks_like(name))
		return err_set(e, ERR_INVALID, "pool-name: %s would be taken for an id", name);
	return book_records(v->b, HOST_POOL, name, -1, taken, NULL, e);
}

static int on_pool_create(struct event *v, struct err *e)
{
	const struct entry_pool_create *f = &v->en->pool_create;
	char name[LIMIT_NAME_BYTES + 1];
	(void)snprintf(name, sizeof name, "%.*s", (int)f->name.len, f->name.at);
	if (pool_name_check(v, name, e) < 0)
		return -1;
	if (asset_add(v, MARKET_POOL, f->stake_ratio, f->scheduler_ratio, e) < 0)
		return -1;
	return host_record_put(v, HOST_POOL, v->id, "", name, 0, name, strlen(name), e);
}

static int on_pool_policy(struct event *v, struct err *e)
{
	const struct entry_pool_policy *f = &v->en->pool_policy;
	return market_pool_policy(v->m, f->pool, v->by, f->stake_ratio, f->scheduler_ratio, e);
}

static int pool_owned(struct event *v, const char *pool, struct err *e)
{
	struct market_asset a;
	int r = host_get(v->b, MARKET_ROW_ASSET, pool, "", &a, e);
	if (r < 0)
		return -1;
	if (r == 0 || a.kind != MARKET_POOL)
		return err_set(e, ERR_NOT_FOUND, "pool-unknown: there is no pool %s in this book", pool);
	return strcmp(a.owner, v->by) == 0 ? 0 : err_set(e, ERR_DENIED, "not-owner: the pool belongs to %s, not to %s", a.owner, v->by);
}

static int admission(struct event *v, const char *pool, const uint8_t worker[static 32], bool in, struct err *e)
{
	const uint8_t state = in;
	char name[MARKET_NAME];
	host_name_identity(name, worker);
	if (pool_owned(v, pool, e) < 0 || known(v, worker, e) < 0)
		return -1;
	int is = host_admitted(v->b, pool, name, e);
	if (is < 0 || (is == 1) == in)
		return is < 0 ? -1 : err_set(e, ERR_CONFLICT, in ? "admit-twice: %s works for this pool already" : "dismiss-twice: %s does not work for this pool", name);
	return host_record_put(v, HOST_WORKER, pool, name, pool, in, &state, 1, e);
}

static int on_pool_admit(struct event *v, struct err *e)
{
	return admission(v, v->en->pool_admit.pool, v->en->pool_admit.worker, true, e);
}

static int on_pool_dismiss(struct event *v, struct err *e)
{
	return admission(v, v->en->pool_dismiss.pool, v->en->pool_dismiss.worker, false, e);
}

/* Orders */

static int on_list_add(struct event *v, struct err *e)
{
	const struct entry_list_add *f = &v->en->list_add;
	struct market_list list;
	char member[MARKET_NAME];
	host_name_text(member, &f->member);
	if (f->group > 1 || (f->group && f->list[0]))
		return err_set(e, ERR_INVALID, "list-group: a list is a group or not from its first member on: 1, or left out");
	if (f->list[0]) {
		int is = host_get(v->b, MARKET_ROW_LIST, f->list, "", &list, e);
		if (is <= 0)
			return is < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "list-unknown: there is no list %s in this book", f->list);
	}
	return market_list_add(v->m, f->list[0] ? f->list : v->id, v->by, member, f->group != 0, e);
}

void host_order_begin(struct event *v, struct market_order *o, enum market_order_kind kind, const char *asset, uint64_t price, uint64_t volume, uint64_t tag)
{
	memset(o, 0, sizeof *o);
	host_name(o->id, v->id);
	host_name(o->signer, v->by);
	host_name(o->asset, asset);
	o->kind = kind;
	o->price = price;
	o->volume = volume;
	o->tag = tag;
}

int host_order_end(struct event *v, const struct market_order *o, struct err *e)
{
	if (o->volume == 0 || o->volume > VOLUME_MAX)
		return err_set(e, ERR_INVALID, "order-field: the volume of an order is 1 to 2^53 - 1");
	return market_order_add(v->m, o, e);
}

static int on_order_app(struct event *v, struct err *e)
{
	const struct entry_order_app *f = &v->en->order_app;
	struct market_order o;
	host_order_begin(v, &o, MARKET_ORDER_APP, f->app, f->price, f->volume, f->tag);
	host_name_text(o.restrict_to.data, &f->only_data);
	host_name_text(o.restrict_to.pool, &f->only_pool);
	host_name_text(o.restrict_to.requester, &f->only_requester);
	return host_order_end(v, &o, e);
}

static int on_order_pool(struct event *v, struct err *e)
{
	const struct entry_order_pool *f = &v->en->order_pool;
	struct market_order o;
	host_order_begin(v, &o, MARKET_ORDER_POOL, f->pool, f->price, f->volume, f->tag);
	host_name_text(o.restrict_to.app, &f->only_app);
	host_name_text(o.restrict_to.data, &f->only_data);
	host_name_text(o.restrict_to.requester, &f->only_requester);
	o.category = f->category;
	o.trust = f->trust;
	return host_order_end(v, &o, e);
}

/* More data than one can be sold in one deal only as a bulk; the requester's own needs nobody's leave. */
static int own_data(struct event *v, const struct entry_ids *ids, const char *requester, const char *code, struct err *e)
{
	for (size_t i = 0; i < ids->n; i++) {
		struct market_asset a;
		int is = host_get(v->b, MARKET_ROW_ASSET, ids->at[i], "", &a, e);
		if (is < 0)
			return -1;
		if (!is || a.kind != MARKET_DATA)
			return err_set(e, ERR_NOT_FOUND, "%s-own: there is no data %s in this book", code, ids->at[i]);
		if (strcmp(a.owner, requester) != 0)
			return err_set(e, ERR_DENIED, "%s-own: %s belongs to %s: with more than one data in a task, all but one must be the requester's own", code, ids->at[i],
				a.owner);
	}
	return 0;
}

/* When the result is for somebody who is known here, it is sealed to that one's key, or no receipt could tell whose it is. */
static int recipient_check(struct event *v, const struct entry_order_request *f, struct err *e)
{
	struct store_identity who;
	int is = memcmp(f->beneficiary, none, 32) ? store_identity_find(book_store(v->b), f->beneficiary, &who, e) : 0;
	if (is <= 0 || memcmp(who.age, f->recipient, 32) == 0)
		return is < 0 ? -1 : 0;
	return err_set(e, ERR_INVALID, "order-field: the result is for %s, and sealed to a key that is not that identity's", who.name);
}

/* "" asks for nothing. */
int host_assurance(const struct entry_text *level)
{
	return level->len ? assurance_level(level) : 0;
}

static bool callback_name_ok(const struct entry_text *t)
{
	for (size_t i = 0; i < t->len; i++) {
		const char c = t->at[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' || c == '/'))
			return false;
	}
	return true;
}

static int on_order_request(struct event *v, struct err *e)
{
	const struct entry_order_request *f = &v->en->order_request;
	struct market_order o;
	host_order_begin(v, &o, MARKET_ORDER_REQUEST, f->app, f->app_price, f->volume, f->tag);
	host_name(o.data, f->data);
	o.data_price = f->data_price;
	o.pool_price = f->pool_price;
	o.category = f->category;
	o.trust = f->trust;
	host_name_text(o.restrict_to.pool, &f->only_pool);
	host_name(o.requester, v->by);
	host_name_identity(o.beneficiary, memcmp(f->beneficiary, none, 32) == 0 ? v->en->by : f->beneficiary);
	host_name_identity(o.payer, f->payer);
	host_name_text(o.purpose, &f->purpose);
	o.callback = f->callback.len > 0;
	if (!callback_name_ok(&f->callback))
		return err_set(e, ERR_INVALID, "order-field: the name of a callback has letters, digits and . _ - / only");
	if (host_assurance(&f->min_assurance) < 0)
		return err_set(e, ERR_INVALID, "order-field: the assurance that a request asks for is none, software, tpm2 or cvm");
	if (recipient_check(v, f, e) < 0 || own_data(v, &f->own_data, v->by, "order", e) < 0 || host_request_check(v, e) < 0 || host_order_end(v, &o, e) < 0)
		return -1;
	if (memcmp(f->parcel, none, sizeof f->parcel) != 0 && host_sealed_own(v, f->parcel, "parcel-sealed", e) < 0)
		return -1;
	return host_record_put(v, HOST_REQUEST, v->id, "", "", 0, &v->at->index, sizeof v->at->index, e);
}

/* To the market an order that was taken back is used up; people want to know which. */
static int on_order_cancel(struct event *v, struct err *e)
{
	const char *order = v->en->order_cancel.order;
	struct market_order o = { .volume = 0 };
	if (host_get(v->b, MARKET_ROW_ORDER, order, "", &o, e) < 0 || market_order_cancel(v->m, order, v->by, e) < 0)
		return -1;
	const uint64_t left = o.volume - o.consumed;
	uint64_t before;
	int is = host_cancelled(v->b, order, &before, e);	/* again: what was stays known */
	return is ? (is < 0 ? -1 : 0) : host_record_put(v, HOST_CANCEL, order, "", o.asset, 0, &left, sizeof left, e);
}

/* Deals */

static int on_deal_sponsor(struct event *v, struct err *e)
{
	const char *request = v->en->deal_sponsor.request;
	struct market_order o;
	int is = host_get(v->b, MARKET_ROW_ORDER, request, "", &o, e);
	if (is <= 0 || o.kind != MARKET_ORDER_REQUEST)
		return is < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "sponsor-unknown: there is no request %s in this book", request);
	if (strcmp(o.payer, v->by) != 0)
		return err_set(e, ERR_DENIED, "sponsor-other: the request is to be paid by %s, not by %s", o.payer[0] ? o.payer : o.requester, v->by);
	return host_record_put(v, HOST_SPONSOR, request, v->by, request, 1, "", 0, e);
}

/* Who has signed to pay: the one that the request names. */
static int payer_find(struct event *v, const struct market_order *request, char out[static MARKET_NAME], struct err *e)
{
	struct buf bytes = BUF_INIT(16);
	host_name(out, "");
	int is = request->payer[0] ? book_record_get(v->b, HOST_SPONSOR, request->id, request->payer, &bytes, e) : 0;
	buf_done(&bytes);
	if (is == 1)
		host_name(out, request->payer);
	return is < 0 ? -1 : 0;
}

/* What the request asks beside its order must hold when the deal is made, as the rest of it does: its data may have got another owner meanwhile. */
static int request_holds(struct event *v, const struct market_order *request, struct err *e)
{
	struct entry *en = malloc(sizeof *en);
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	int r = host_request(v->b, request->id, en, &bytes, e);
	if (r == 0)
		r = own_data(v, &en->order_request.own_data, request->requester, "match", e);
	free(en);
	buf_done(&bytes);
	return r;
}

static int on_deal_match(struct event *v, struct err *e)
{
	const struct entry_deal_match *f = &v->en->deal_match;
	char payer[MARKET_NAME], deal[MARKET_NAME];
	struct market_order request;
	struct market_deal made;
	int is = host_get(v->b, MARKET_ROW_ORDER, f->request, "", &request, e);
	if (is <= 0)
		return is < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "match-unknown: there is no order %s", f->request);
	if (request.kind != MARKET_ORDER_REQUEST)
		return err_set(e, ERR_INVALID, "match-kind: %s is not a request order", f->request);
	market_deal_id(deal, f->request, request.consumed);
	if (f->first != request.consumed || strcmp(f->deal, deal) != 0) {
		err_set(e, ERR_CONFLICT, "match-first: deals of this request have %llu tasks by now, not %llu", (unsigned long long)request.consumed,
			(unsigned long long)f->first);
		return err_hint(e, "somebody else matched it meanwhile; try again");
	}
	bool permits = true;
	uint64_t decided;
	if (request_holds(v, &request, e) < 0 || payer_find(v, &request, payer, e) < 0)
		return -1;
	if (f->data[0] && host_decision(v->b, f->data, f->request, "", "match", &decided, &permits, e) < 0)
		return -1;
	const struct market_match in = { .app = f->app, .data = f->data, .pool = f->pool, .request = f->request, .payer = payer, .deal = "", .permits = permits };
	return market_match(v->m, &in, &made, e);
}

/* The table: what the market does with each type. The others are the book's alone. */
static int (*const events[ENTRY_TYPE_COUNT])(struct event *v, struct err *e) = {
	[ENTRY_BOOK_OPEN_TYPE] = on_book_open, [ENTRY_APP_REGISTER_TYPE] = on_app_register, [ENTRY_DATA_REGISTER_TYPE] = on_data_register,
#define X(id, name, type, fields, doc) [ENTRY_##id##_TYPE] = on_##name,
	ENTRY_MARKET_TYPES(X)
#undef X
};

int host_apply(void *ctx, struct book *b, const struct entry *en, const struct book_applied *at, struct err *e)
{
	struct host *h = ctx;
	struct event v = { .h = h, .m = &h->market, .b = b, .en = en, .at = at };
	enum id_kind kind;
	if (!events[en->type])
		return 0;
	h->market.now = at->now;
	h->market.entry = at->index;
	h->market.moved = 0;
	identity_text(v.by, en->by);
	if (entry_id_kind(en->type, &kind))
		entry_id(v.id, kind, at->text, at->text_len);
	/* The book is its operator's word from its first entry on. */
	bool opens = en->type == ENTRY_BOOK_OPEN_TYPE || (en->type == ENTRY_KEEPER_APPOINT_TYPE && memcmp(en->by, book_operator(b), 32) == 0);
	if (!opens && known(&v, en->by, e) < 0)
		return -1;
	return events[en->type](&v, e);
}
