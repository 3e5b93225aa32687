/* Entries become events of the market: one function for a type. What an event may do, core/market decides; here an entry's values are handed over, and what the market
 * does not keep (names of pools, who is at a task, how a run ended) is written beside it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "node/host_inner.h"
#include "seal/crypto.h"

/* PoCo's classes of duration: XS, S, M, L, XL */
static const uint64_t category_times[] = { 300, 1200, 3600, 10800, 36000 };
#define VOLUME_MAX ((UINT64_C(1) << 53) - 1)	/* "without end", as PoCo's clients write it */

static const uint8_t none[32];

struct event {
	struct host *h;
	struct market *m;
	struct book *b;
	const struct entry *en;
	const struct book_applied *at;
	char by[IDENTITY_TEXT];	/* who signed */
	char id[ID_TEXT];	/* of the thing that the entry makes, or "" */
};

static void name_set(char out[static MARKET_NAME], const char *name)
{
	memset(out, 0, MARKET_NAME);
	memcpy(out, name, strnlen(name, MARKET_NAME - 1));
}

static void name_text(char out[static MARKET_NAME], const struct entry_text *t)
{
	memset(out, 0, MARKET_NAME);
	memcpy(out, t->at ? t->at : "", t->len < MARKET_NAME ? t->len : MARKET_NAME - 1);
}

static void name_identity(char out[static MARKET_NAME], const uint8_t key[static 32])
{
	char text[IDENTITY_TEXT];
	identity_text(text, key);
	name_set(out, memcmp(key, none, 32) == 0 ? "" : text);
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
	return err_set(e, ERR_NOT_FOUND, "%s is not known in this book", text);
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
	name_set(a.id, v->id);
	name_set(a.owner, v->by);
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
	return asset_add(v, MARKET_DATA, 0, 0, e);
}

/* Assets change hands */

static int on_app_transfer(struct event *v, struct err *e)
{
	const struct entry_app_transfer *f = &v->en->app_transfer;
	char to[MARKET_NAME];
	name_identity(to, f->to);
	if (known(v, f->to, e) < 0 || market_asset_transfer(v->m, f->app, v->by, to, e) < 0)
		return -1;
	return store_app_owner(book_store(v->b), f->app, f->to, e);
}

static int on_data_transfer(struct event *v, struct err *e)
{
	const struct entry_data_transfer *f = &v->en->data_transfer;
	struct buf header = BUF_INIT(KIB(8));
	char to[MARKET_NAME];
	name_identity(to, f->to);
	int r = -1;
	if (known(v, f->to, e) == 0 && market_asset_transfer(v->m, f->data, v->by, to, e) == 0 && entry_bytes(&f->header, &header, e) == 0)
		r = store_data_owner(book_store(v->b), f->data, f->to, &header, e);
	buf_done(&header);
	return r;
}

static int on_pool_transfer(struct event *v, struct err *e)
{
	const struct entry_pool_transfer *f = &v->en->pool_transfer;
	char to[MARKET_NAME];
	name_identity(to, f->to);
	return known(v, f->to, e) < 0 ? -1 : market_asset_transfer(v->m, f->pool, v->by, to, e);
}

/* Pools */

static int record(struct event *v, enum host_record kind, const char *a, const char *b2, const char *group, int64_t state, const void *bytes, size_t len,
	struct err *e)
{
	struct buf old = BUF_INIT(KIB(1));
	const struct book_record r = { .kind = kind, .a = a, .b = b2, .group = group, .state = state, .made = v->at->index, .bytes = bytes, .len = len };
	int is = book_record_get(v->b, kind, a, b2, &old, e);
	buf_done(&old);
	return is < 0 ? -1 : book_record_put(v->b, &r, is == 0, e);
}

static int on_pool_create(struct event *v, struct err *e)
{
	const struct entry_pool_create *f = &v->en->pool_create;
	char name[LIMIT_NAME_BYTES + 1];
	(void)snprintf(name, sizeof name, "%.*s", (int)f->name.len, f->name.at);
	if (asset_add(v, MARKET_POOL, f->stake_ratio, f->scheduler_ratio, e) < 0)
		return -1;
	return record(v, HOST_POOL, v->id, "", name, 0, name, strlen(name), e);
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
		return err_set(e, ERR_NOT_FOUND, "there is no pool %s in this book", pool);
	return strcmp(a.owner, v->by) == 0 ? 0 : err_set(e, ERR_DENIED, "not-owner: the pool belongs to %s, not to %s", a.owner, v->by);
}

static int admission(struct event *v, const char *pool, const uint8_t worker[static 32], bool in, struct err *e)
{
	const uint8_t state = in;
	char name[MARKET_NAME];
	name_identity(name, worker);
	if (pool_owned(v, pool, e) < 0 || known(v, worker, e) < 0)
		return -1;
	if (host_admitted(v->b, pool, name) == in)
		return err_set(e, ERR_CONFLICT, in ? "%s works for this pool already" : "%s does not work for this pool", name);
	return record(v, HOST_WORKER, pool, name, pool, in, &state, 1, e);
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
	name_text(member, &f->member);
	if (f->list[0]) {
		int is = host_get(v->b, MARKET_ROW_LIST, f->list, "", &list, e);
		if (is <= 0)
			return is < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "there is no list %s in this book", f->list);
	}
	return market_list_add(v->m, f->list[0] ? f->list : v->id, v->by, member, e);
}

static void order_begin(struct event *v, struct market_order *o, enum market_order_kind kind, const char *asset, uint64_t price, uint64_t volume, uint64_t tag)
{
	memset(o, 0, sizeof *o);
	name_set(o->id, v->id);
	name_set(o->signer, v->by);
	name_set(o->asset, asset);
	o->kind = kind;
	o->price = price;
	o->volume = volume;
	o->tag = tag;
}

static int order_end(struct event *v, const struct market_order *o, struct err *e)
{
	if (o->volume == 0 || o->volume > VOLUME_MAX)
		return err_set(e, ERR_INVALID, "order-field: the volume of an order is 1 to 2^53 - 1");
	return market_order_add(v->m, o, e);
}

static int on_order_app(struct event *v, struct err *e)
{
	const struct entry_order_app *f = &v->en->order_app;
	struct market_order o;
	order_begin(v, &o, MARKET_ORDER_APP, f->app, f->price, f->volume, f->tag);
	name_text(o.restrict_to.data, &f->only_data);
	name_text(o.restrict_to.pool, &f->only_pool);
	name_text(o.restrict_to.requester, &f->only_requester);
	return order_end(v, &o, e);
}

static int on_order_data(struct event *v, struct err *e)
{
	const struct entry_order_data *f = &v->en->order_data;
	struct market_order o;
	order_begin(v, &o, MARKET_ORDER_DATA, f->data, f->price, f->volume, f->tag);
	name_text(o.restrict_to.app, &f->only_app);
	name_text(o.restrict_to.pool, &f->only_pool);
	name_text(o.restrict_to.requester, &f->only_requester);
	o.until = (int64_t)f->until;
	return order_end(v, &o, e);
}

static int on_order_pool(struct event *v, struct err *e)
{
	const struct entry_order_pool *f = &v->en->order_pool;
	struct market_order o;
	order_begin(v, &o, MARKET_ORDER_POOL, f->pool, f->price, f->volume, f->tag);
	name_text(o.restrict_to.app, &f->only_app);
	name_text(o.restrict_to.data, &f->only_data);
	name_text(o.restrict_to.requester, &f->only_requester);
	o.category = f->category;
	o.trust = f->trust;
	return order_end(v, &o, e);
}

/* More data than one can be sold in one deal only as a bulk; the requester's own needs nobody's leave. */
static int own_data(struct event *v, const struct entry_ids *ids, struct err *e)
{
	for (size_t i = 0; i < ids->n; i++) {
		struct market_asset a;
		int is = host_get(v->b, MARKET_ROW_ASSET, ids->at[i], "", &a, e);
		if (is < 0)
			return -1;
		if (!is || a.kind != MARKET_DATA)
			return err_set(e, ERR_NOT_FOUND, "there is no data %s in this book", ids->at[i]);
		if (strcmp(a.owner, v->by) != 0)
			return err_set(e, ERR_DENIED, "%s belongs to %s: with more than one data in a task, all must be the requester's own", ids->at[i], a.owner);
	}
	return 0;
}

static int on_order_request(struct event *v, struct err *e)
{
	const struct entry_order_request *f = &v->en->order_request;
	struct market_order o;
	order_begin(v, &o, MARKET_ORDER_REQUEST, f->app, f->app_price, f->volume, f->tag);
	name_set(o.data, f->data);
	o.data_price = f->data_price;
	o.pool_price = f->pool_price;
	o.category = f->category;
	o.trust = f->trust;
	name_text(o.restrict_to.pool, &f->only_pool);
	name_set(o.requester, v->by);
	name_identity(o.beneficiary, memcmp(f->beneficiary, none, 32) == 0 ? v->en->by : f->beneficiary);
	name_identity(o.payer, f->payer);
	name_text(o.purpose, &f->purpose);
	if (own_data(v, &f->own_data, e) < 0 || order_end(v, &o, e) < 0)
		return -1;
	return record(v, HOST_REQUEST, v->id, "", "", 0, &v->at->index, sizeof v->at->index, e);
}

static int on_order_cancel(struct event *v, struct err *e)
{
	return market_order_cancel(v->m, v->en->order_cancel.order, v->by, e);
}

/* Deals */

static int on_deal_sponsor(struct event *v, struct err *e)
{
	const char *request = v->en->deal_sponsor.request;
	struct market_order o;
	int is = host_get(v->b, MARKET_ROW_ORDER, request, "", &o, e);
	if (is <= 0 || o.kind != MARKET_ORDER_REQUEST)
		return is < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "there is no request %s in this book", request);
	return record(v, HOST_SPONSOR, request, v->by, request, 1, "", 0, e);
}

/* Who has signed to pay: the one that the request names. */
static int payer_find(struct event *v, const struct market_order *request, char out[static MARKET_NAME], struct err *e)
{
	struct buf bytes = BUF_INIT(16);
	name_set(out, "");
	int is = request->payer[0] ? book_record_get(v->b, HOST_SPONSOR, request->id, request->payer, &bytes, e) : 0;
	buf_done(&bytes);
	if (is == 1)
		name_set(out, request->payer);
	return is < 0 ? -1 : 0;
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
	market_deal_id(deal, f->request, request.consumed);
	if (f->first != request.consumed || strcmp(f->deal, deal) != 0) {
		err_set(e, ERR_CONFLICT, "match-first: deals of this request have %llu tasks by now, not %llu", (unsigned long long)request.consumed,
			(unsigned long long)f->first);
		return err_hint(e, "somebody else matched it meanwhile; try again");
	}
	if (payer_find(v, &request, payer, e) < 0)
		return -1;
	const struct market_match in = { .app = f->app, .data = f->data, .pool = f->pool, .request = f->request, .payer = payer, .deal = "", .permits = true };
	return market_match(v->m, &in, &made, e);
}

/* Tasks */

static int task_row_begin(struct event *v, const struct market_deal *d, const char *task, struct err *e)
{
	struct store_app app;
	struct entry *en = malloc(sizeof *en);
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	struct store_task t = { .seq = (int64_t)v->at->index, .created = v->en->time, .status = "RUNNING", .data = BUF_INIT(KIB(8)), .missing = BUF_INIT(KIB(4)) };
	int r = -1;
	if (!en) {
		err_set(e, ERR_LIMIT, "out of memory");
		goto out;
	}
	if (host_request(v->b, d->request, en, &bytes, e) < 0 || store_app_find(book_store(v->b), d->app, &app, e) < 0)
		goto out;
	const struct entry_order_request *q = &en->order_request;
	(void)snprintf(t.id, sizeof t.id, "%.*s", ID_TEXT - 1, task);
	(void)snprintf(t.app, sizeof t.app, "%.*s", ID_TEXT - 1, d->app);
	(void)snprintf(t.app_name, sizeof t.app_name, "%s", app.name);
	memcpy(t.requester, en->by, 32);
	memcpy(t.beneficiary, q->beneficiary, 32);
	memcpy(t.recipient, q->recipient, 32);
	if (buf_add_text(&t.data, d->data, e) < 0)
		goto out;
	for (size_t i = 0; i < q->own_data.n; i++)
		if (buf_addf(&t.data, e, "%s%s", t.data.len ? " " : "", q->own_data.at[i]) < 0)
			goto out;
	r = store_task_put(book_store(v->b), &t, e);
out:
	free(en);
	buf_done(&bytes);
	store_task_done(&t);
	return r;
}

static int on_task_initialize(struct event *v, struct err *e)
{
	const struct entry_task_initialize *f = &v->en->task_initialize;
	char task[MARKET_NAME];
	struct market_deal d;
	market_task_id(task, f->deal, f->index);
	if (strcmp(task, f->task) != 0)
		return err_set(e, ERR_INVALID, "initialize-id: the id of this task is %s", task);
	if (market_initialize(v->m, f->deal, f->index, "", e) < 0)
		return -1;
	int is = host_get(v->b, MARKET_ROW_DEAL, f->deal, "", &d, e);
	return is < 0 ? -1 : task_row_begin(v, &d, task, e);
}

static int task_get(struct event *v, const char *task, struct market_task *t, struct market_deal *d, struct err *e)
{
	int is = host_get(v->b, MARKET_ROW_TASK, task, "", t, e);
	if (is <= 0)
		return is < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "there is no task %s in this book", task);
	return host_get(v->b, MARKET_ROW_DEAL, t->deal, "", d, e) < 0 ? -1 : 0;
}

static int on_task_assign(struct event *v, struct err *e)
{
	const struct entry_task_assign *f = &v->en->task_assign;
	struct market_task t;
	struct market_deal d;
	struct market_contribution done;
	char worker[MARKET_NAME];
	name_identity(worker, f->worker);
	if (task_get(v, f->task, &t, &d, e) < 0)
		return -1;
	if (strcmp(d.pool_owner, v->by) != 0)
		return err_set(e, ERR_DENIED, "not-scheduler: the pool of this task belongs to %s", d.pool_owner);
	if (!host_admitted(v->b, d.pool, worker))
		return err_set(e, ERR_DENIED, "assign-stranger: %s does not work for the pool of this task", worker);
	if (t.status != MARKET_ACTIVE || t.contribution_deadline <= v->at->now)
		return err_set(e, ERR_CONFLICT, "assign-status: the task takes no more contributions");
	int is = host_get(v->b, MARKET_ROW_CONTRIBUTION, f->task, worker, &done, e);
	if (is)
		return is < 0 ? -1 : err_set(e, ERR_CONFLICT, "assign-twice: %s has contributed to this task", worker);
	int needs = host_needs(v->b, &t, v->at->now, e);
	if (needs <= 0)
		return needs < 0 ? -1 : err_set(e, ERR_CONFLICT, "assign-enough: the workers that are at this task can end it");
	uint64_t until = f->until;
	return record(v, HOST_ASSIGN, f->task, worker, f->task, (int64_t)until, &until, sizeof until, e);
}

/* Who the scheduler sent is authorized; there are no enclaves to attest yet. */
static int contribution(struct event *v, const char *task, struct market_contribute *in, char owner[static MARKET_NAME], struct err *e)
{
	struct market_task t;
	struct market_deal d;
	bool is;
	if (task_get(v, task, &t, &d, e) < 0 || host_assigned(v->b, task, v->by, &is, e) < 0)
		return -1;
	name_set(owner, is ? d.pool_owner : "");
	*in = (struct market_contribute){ .task = task, .worker = v->by, .authorized_by = owner };
	return 0;
}

static int on_task_contribute(struct event *v, struct err *e)
{
	const struct entry_task_contribute *f = &v->en->task_contribute;
	struct market_contribute in;
	char owner[MARKET_NAME];
	bool consensus;
	if (contribution(v, f->task, &in, owner, e) < 0)
		return -1;
	in.hash = f->hash;
	in.seal = f->seal;
	return market_contribute(v->m, &in, &consensus, e);
}

/* How the run ended, for the row of the task. */
struct ending {
	const struct entry_text *outcome, *reason, *assurance;
	const struct entry_texts *missing;
	const uint8_t *measurement, *result;
	uint64_t size;
	const uint8_t *worker;
};
#define ENDING(f, by) { &(f)->outcome, &(f)->reason, &(f)->assurance, &(f)->missing_layer, (f)->measurement, (f)->result, (f)->size, by }

static void text_set(char *out, size_t size, const struct entry_text *t)
{
	(void)snprintf(out, size, "%.*s", (int)t->len, t->at ? t->at : "");
}

static int ending_check(struct event *v, const struct ending *x, struct err *e)
{
	bool result = memcmp(x->result, none, 32) != 0;
	if (!entry_text_is(x->outcome, "COMPLETED") && !entry_text_is(x->outcome, "FAILED") && !entry_text_is(x->outcome, "LIMIT"))
		return err_set(e, ERR_INVALID, "a run ends as COMPLETED, FAILED or LIMIT");
	if (entry_text_is(x->outcome, "COMPLETED") && !result)
		return err_set(e, ERR_INVALID, "a completed run has a result");
	if (result != (x->size != 0))
		return err_set(e, ERR_INVALID, "a result has a hash and a size, or neither");
	if (v->at->admit && result && store_blob_check(book_store(v->b), x->result, x->size, e) < 0)
		return err_wrap(e, "the result");
	return 0;
}

static int task_row_end(struct event *v, const char *task, const struct ending *x, struct err *e)
{
	struct store_task t;
	if (store_task_find(book_store(v->b), task, &t, e) < 0)
		return -1;
	int r = 0;
	text_set(t.status, sizeof t.status, x->outcome);
	text_set(t.reason, sizeof t.reason, x->reason);
	text_set(t.assurance, sizeof t.assurance, x->assurance);
	memcpy(t.worker, x->worker, 32);
	memcpy(t.measurement, x->measurement, 32);
	memcpy(t.blob, x->result, 32);
	t.result_size = x->size;
	t.finished = v->en->time;
	t.finish_seq = (int64_t)v->at->index;
	t.missing.max = KIB(4);
	for (size_t i = 0; r == 0 && i < x->missing->n; i++)
		r = buf_addf(&t.missing, e, "%s%.*s", t.missing.len ? " " : "", (int)x->missing->at[i].len, x->missing->at[i].at);
	struct market_task m;
	if (r == 0)
		r = host_get(v->b, MARKET_ROW_TASK, task, "", &m, e) < 0 ? -1 : 0;
	if (r == 0) {
		memcpy(t.digest, m.digest, 32);
		r = store_task_put(book_store(v->b), &t, e);
	}
	store_task_done(&t);
	return r;
}

static int on_task_complete(struct event *v, struct err *e)
{
	const struct entry_task_complete *f = &v->en->task_complete;
	const struct ending ending = ENDING(f, v->en->by);
	const struct market_callback callback = { NULL, 0 };
	struct market_contribute in;
	char owner[MARKET_NAME];
	if (ending_check(v, &ending, e) < 0 || contribution(v, f->task, &in, owner, e) < 0)
		return -1;
	if (market_contribute_finalize(v->m, &in, f->digest, &callback, e) < 0)
		return -1;
	return task_row_end(v, f->task, &ending, e);
}

static int on_task_reveal(struct event *v, struct err *e)
{
	const struct entry_task_reveal *f = &v->en->task_reveal;
	const struct ending ending = ENDING(f, v->en->by);
	if (ending_check(v, &ending, e) < 0 || market_reveal(v->m, f->task, v->by, f->digest, e) < 0)
		return -1;
	return record(v, HOST_REVEAL, f->task, v->by, f->task, 0, &v->at->index, sizeof v->at->index, e);
}

static int on_task_reopen(struct event *v, struct err *e)
{
	return market_reopen(v->m, v->en->task_reopen.task, v->by, e);
}

/* What this worker has revealed of the task, as it was signed. */
static int revealed(struct event *v, const char *task, const char *worker, struct entry *en, struct buf *bytes, struct err *e)
{
	struct buf at = BUF_INIT(16);
	uint64_t index = 0;
	int r = book_record_get(v->b, HOST_REVEAL, task, worker, &at, e);
	if (r == 1)
		memcpy(&index, at.data, sizeof index);
	buf_done(&at);
	if (r <= 0)
		return r < 0 ? -1 : err_set(e, ERR_INVALID, "finalize-worker: %s has revealed no result of this task", worker);
	return book_entry(v->b, index, bytes, e) < 0 ? -1 : entry_decode(en, bytes->data, bytes->len, NULL, e);
}

static int on_task_finalize(struct event *v, struct err *e)
{
	const struct entry_task_finalize *f = &v->en->task_finalize;
	const struct market_callback callback = { NULL, 0 };
	struct entry *en = malloc(sizeof *en);
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	char worker[MARKET_NAME];
	int r = -1;
	name_identity(worker, f->worker);
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (market_finalize(v->m, f->task, v->by, &callback, e) == 0 && revealed(v, f->task, worker, en, &bytes, e) == 0) {
		const struct ending ending = ENDING(&en->task_reveal, f->worker);
		r = task_row_end(v, f->task, &ending, e);
	}
	free(en);
	buf_done(&bytes);
	return r;
}

static int on_task_claim(struct event *v, struct err *e)
{
	const char *task = v->en->task_claim.task;
	struct store_task t;
	if (market_claim(v->m, task, e) < 0 || store_task_find(book_store(v->b), task, &t, e) < 0)
		return -1;
	(void)snprintf(t.status, sizeof t.status, "FAILED");
	(void)snprintf(t.reason, sizeof t.reason, "nobody finished it in time; the payer has the money back");
	(void)snprintf(t.assurance, sizeof t.assurance, "none");
	t.finished = v->en->time;
	t.finish_seq = (int64_t)v->at->index;
	int r = store_task_put(book_store(v->b), &t, e);
	store_task_done(&t);
	return r;
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
	if (en->type != ENTRY_BOOK_OPEN_TYPE && known(&v, en->by, e) < 0)
		return -1;
	return events[en->type](&v, e);
}
