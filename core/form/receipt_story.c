/* What the entries of a receipt say about one another, from the end backwards: what ended is a task of this deal, the deal was made of these orders, the orders are
 * for these assets by their owners, the worker was let at the task by the pool's owner. Whoever asked and whoever ran it had introduced himself before, and
 * nothing is here that nobody needs. Looks at decoded entries only: signatures, proofs and the checkpoint are receipt.c's business.
 */
#include <string.h>

#include "form/receipt_inner.h"

#define AT(member) offsetof(struct entry, member)

static const uint8_t none[32];

static int wrong(const struct receipt_item *it, const char *what, struct err *e)
{
	return err_set(e, ERR_INVALID, "entry %llu, %s: %s", (unsigned long long)it->in.index, entry_info(it->en.type)->type, what);
}

/* The first entry of the book, by the operator, whose key the origin carries. */
static int book_check(struct receipt *r, struct err *e)
{
	struct note_key operator;
	struct receipt_item *open = receipt_item_by(r, ENTRY_BOOK_OPEN_TYPE, NULL);
	if (!checkpoint_name_key(&operator, r->checkpoint.origin, NOTE_ED25519))
		return err_set(e, ERR_INVALID, "the origin %s does not carry the key of its operator", r->checkpoint.origin);
	if (!open || open->in.index != 0)
		return err_set(e, ERR_INVALID, "the first entry of the book, book.open, is not in it");
	if (memcmp(open->en.by, operator.public_key, 32) != 0)
		return err_set(e, ERR_INVALID, "the book was not opened by the operator whose key its origin carries");
	open->needed = true;
	for (size_t i = 0; i < r->n; i++)
		if (!entry_text_is(&r->items[i].en.book, r->checkpoint.origin))
			return err_set(e, ERR_INVALID, "entry %llu is for another book", (unsigned long long)r->items[i].in.index);
	return 0;
}

/* The end */

#define RUN_SET(to, f, run) \
	do { \
		(to)->by = (run); \
		(to)->outcome = (f)->outcome; \
		(to)->reason = (f)->reason; \
		(to)->assurance = (f)->assurance; \
		(to)->missing = &(f)->missing_layer; \
		(to)->measurement = (f)->measurement; \
		(to)->result = (f)->result; \
		(to)->size = (f)->size; \
	} while (0)

/* Which entry ended which task, and the worker's own words about the run, if there are any. */
static int end_find(struct receipt *r, struct err *e)
{
	static const struct entry_texts nothing;
	struct receipt_item *last = r->last = &r->items[r->n - 1];
	const struct entry *en = &last->en;
	r->end = (struct receipt_end){ .outcome = entry_text(RECEIPT_CLAIMED), .assurance = entry_text("none"), .missing = &nothing, .measurement = none,
		.result = none, .time = en->time };
	last->needed = true;
	switch (en->type) {
	case ENTRY_TASK_COMPLETE_TYPE:
		memcpy(r->task, en->task_complete.task, ID_TEXT);
		r->run = last;
		RUN_SET(&r->end, &en->task_complete, en);
		return 0;
	case ENTRY_TASK_FINALIZE_TYPE:
		memcpy(r->task, en->task_finalize.task, ID_TEXT);
		r->run = receipt_item_of(r, ENTRY_TASK_REVEAL_TYPE, AT(task_reveal.task), r->task, AT(by), en->task_finalize.worker);
		if (receipt_need(r->run, last, "the task.reveal of the worker that it names", e) < 0)
			return -1;
		RUN_SET(&r->end, &r->run->en.task_reveal, &r->run->en);
		return 0;
	case ENTRY_TASK_CLAIM_TYPE:
		memcpy(r->task, en->task_claim.task, ID_TEXT);
		return 0;
	case ENTRY_TASK_REFUSE_TYPE:
		memcpy(r->task, en->task_refuse.task, ID_TEXT);
		r->end.outcome = entry_text(RECEIPT_REFUSED);
		r->end.reason = en->task_refuse.code;
		return receipt_keeper_check(r, last, e);
	default:
		return err_set(e, ERR_INVALID, "the last entry is not the end of a task: task.complete, task.finalize, task.claim or task.refuse");
	}
}

static int run_check(const struct receipt *r, struct err *e)
{
	const struct receipt_end *x = &r->end;
	static const struct entry_text nothing;
	const struct entry_text *least = &r->orders[RECEIPT_REQUEST]->en.order_request.min_assurance,
		*granted = r->orders[RECEIPT_DATA] ? &r->orders[RECEIPT_DATA]->en.order_data.min_assurance : &nothing;
	bool completed = entry_text_is(&x->outcome, "COMPLETED"), result = memcmp(x->result, none, 32) != 0;
	if (!r->run)
		return 0;
	if (!completed && !entry_text_is(&x->outcome, "FAILED") && !entry_text_is(&x->outcome, "LIMIT"))
		return wrong(r->run, "a run ends as COMPLETED, FAILED or LIMIT", e);
	if (completed && !result)
		return wrong(r->run, "the run is completed, but there is no result", e);
	if (result != (x->size != 0))
		return wrong(r->run, "a result has a hash and a size, or neither", e);
	int level = assurance_level(&x->assurance), demanded = least->len ? assurance_level(least) : 0;
	if (level < 0)
		return err_set(e, ERR_INVALID, "there is no assurance level %.*s", (int)x->assurance.len, x->assurance.at);
	if (demanded < 0)
		return err_set(e, ERR_INVALID, "there is no assurance level %.*s, which the request demands", (int)least->len, least->at);
	if (level < demanded)
		return err_set(e, ERR_INVALID, "the request demands the assurance %.*s, and the run had %.*s", (int)least->len, least->at, (int)x->assurance.len,
			x->assurance.at);
	if (granted->len && level < assurance_level(granted))
		return err_set(e, ERR_INVALID, "the data are granted for the assurance %.*s, and the run had %.*s", (int)granted->len, granted->at, (int)x->assurance.len,
			x->assurance.at);
	return 0;
}

/* The worker: sent by the pool's owner, and introduced. Who finalizes is the pool's owner, too. */
static int worker_check(struct receipt *r, struct err *e)
{
	const uint8_t *manager = r->orders[RECEIPT_POOL]->en.by;
	if (r->last->en.type == ENTRY_TASK_FINALIZE_TYPE && memcmp(r->last->en.by, manager, 32) != 0)
		return wrong(r->last, "not by who offered the pool", e);
	if (!r->run)
		return 0;
	struct receipt_item *assign = receipt_item_of(r, ENTRY_TASK_ASSIGN_TYPE, AT(task_assign.task), r->task, AT(task_assign.worker), r->run->en.by),
		*worker = receipt_item_by(r, ENTRY_IDENTITY_REGISTER_TYPE, r->run->en.by);
	if (receipt_need(assign, r->run, "the task.assign of its worker", e) < 0 || receipt_need(r->initialize, assign, "the beginning of the task", e) < 0 ||
		receipt_need(worker, assign, "the registration of the worker", e) < 0)
		return -1;
	return memcmp(assign->en.by, manager, 32) == 0 ? 0 : wrong(assign, "not by who offered the pool", e);
}

/* The deal */

static int deal_find(struct receipt *r, struct err *e)
{
	char id[ID_TEXT];
	r->initialize = receipt_item_of(r, ENTRY_TASK_INITIALIZE_TYPE, AT(task_initialize.task), r->task, 0, NULL);
	if (receipt_need(r->initialize, r->last, "the task.initialize of its task", e) < 0)
		return -1;
	const struct entry_task_initialize *t = &r->initialize->en.task_initialize;
	id_task(id, t->deal, t->index);
	if (strcmp(id, t->task) != 0)
		return wrong(r->initialize, "the id of the task does not follow from the deal", e);
	r->match = receipt_item_of(r, ENTRY_DEAL_MATCH_TYPE, AT(deal_match.deal), t->deal, 0, NULL);
	if (receipt_need(r->match, r->initialize, "the deal.match of its deal", e) < 0)
		return -1;
	const struct entry_deal_match *d = &r->match->en.deal_match;
	id_deal(id, d->request, d->first);
	return strcmp(id, d->deal) == 0 ? 0 : wrong(r->match, "the id of the deal does not follow from the request", e);
}

static int orders_find(struct receipt *r, struct err *e)
{
	static const enum entry_type types[RECEIPT_ORDERS] = { ENTRY_ORDER_APP_TYPE, ENTRY_ORDER_DATA_TYPE, ENTRY_ORDER_POOL_TYPE, ENTRY_ORDER_REQUEST_TYPE };
	const struct entry_deal_match *d = &r->match->en.deal_match;
	const char *const ids[RECEIPT_ORDERS] = { d->app, d->data, d->pool, d->request };
	for (unsigned i = 0; i < RECEIPT_ORDERS; i++) {
		if (i == RECEIPT_DATA && !d->data[0])
			continue;
		struct receipt_item *it = r->orders[i] = receipt_item_made(r, ids[i]);
		if (receipt_need(it, r->match, ids[i], e) < 0)
			return -1;
		if (it->en.type != types[i])
			return wrong(it, "the deal names it as an order of another kind", e);
	}
	return 0;
}

/* That the orders are of one mind: the rules of the match that need nothing but them. */
static int terms_check(struct receipt *r, struct err *e)
{
	static const struct entry_order_data no_data;
	const struct entry_order_app *app = &r->orders[RECEIPT_APP]->en.order_app;
	const struct entry_order_data *data = r->orders[RECEIPT_DATA] ? &r->orders[RECEIPT_DATA]->en.order_data : &no_data;
	const struct entry_order_pool *pool = &r->orders[RECEIPT_POOL]->en.order_pool;
	const struct entry_order_request *q = &r->orders[RECEIPT_REQUEST]->en.order_request;
	uint64_t first = r->match->en.deal_match.first, index = r->initialize->en.task_initialize.index, at = index - first;
	const struct { bool holds; const char *why; } terms[] = {
		{ strcmp(q->app, app->app) == 0, "the request is for another iApp" },
		{ strcmp(q->data, data->data) == 0, "the request is for other data" },
		{ app->price <= q->app_price && data->price <= q->data_price && pool->price <= q->pool_price, "an order asks more than the request offers" },
		{ q->category == pool->category, "the pool offers another category" },
		{ q->trust <= pool->trust, "the pool offers less trust than the request asks for" },
		{ r->last->en.type != ENTRY_TASK_COMPLETE_TYPE || q->trust <= 1, "one worker alone ended a task that more than one must agree on" },
		{ index >= first && index < q->volume && at < app->volume && at < pool->volume && (!r->orders[RECEIPT_DATA] || at < data->volume),
			"the deal has no such task" },
	};
	for (size_t i = 0; i < sizeof terms / sizeof *terms; i++)
		if (!terms[i].holds)
			return err_set(e, ERR_INVALID, "the orders do not make this deal: %s", terms[i].why);
	return 0;
}

static int assets_check(struct receipt *r, struct err *e)
{
	const struct receipt_item *request = r->orders[RECEIPT_REQUEST], *app = r->orders[RECEIPT_APP], *data = r->orders[RECEIPT_DATA],
		*pool = r->orders[RECEIPT_POOL];
	const struct entry_ids *own = &request->en.order_request.own_data;
	if (receipt_owned(r, RECEIPT_ASSET_APP, app->en.order_app.app, app->en.by, r->match, &r->app, e) < 0 ||
		receipt_owned(r, RECEIPT_ASSET_POOL, pool->en.order_pool.pool, pool->en.by, r->match, NULL, e) < 0 ||
		(data && receipt_owned(r, RECEIPT_ASSET_DATA, data->en.order_data.data, data->en.by, r->match, NULL, e) < 0))
		return -1;
	for (size_t i = 0; i < own->n; i++)
		if (receipt_owned(r, RECEIPT_ASSET_DATA, own->at[i], request->en.by, request, NULL, e) < 0 ||
			receipt_owned(r, RECEIPT_ASSET_DATA, own->at[i], request->en.by, r->match, NULL, e) < 0)	/* still his when the deal was made */
			return -1;
	return 0;
}

/* The requester has introduced himself; who pays instead has signed for it; and when the result is for an identity that is here, it is sealed to its key. */
static int request_check(struct receipt *r, struct err *e)
{
	const struct receipt_item *request = r->orders[RECEIPT_REQUEST];
	const struct entry_order_request *q = &request->en.order_request;
	if (receipt_need(receipt_item_by(r, ENTRY_IDENTITY_REGISTER_TYPE, request->en.by), request, "the registration of the requester", e) < 0)
		return -1;
	if (memcmp(q->payer, none, 32) != 0 && memcmp(q->payer, request->en.by, 32) != 0 && receipt_need(receipt_item_of(r, ENTRY_DEAL_SPONSOR_TYPE,
		AT(deal_sponsor.request), request->id, AT(by), q->payer), r->match, "the deal.sponsor of who pays", e) < 0)
		return -1;
	struct receipt_item *who = memcmp(q->beneficiary, none, 32) ? receipt_item_by(r, ENTRY_IDENTITY_REGISTER_TYPE, q->beneficiary) : NULL;
	if (!who || who->in.index >= request->in.index)
		return 0;
	who->needed = true;
	return memcmp(who->en.identity_register.age, q->recipient, 32) == 0 ? 0 :
		err_set(e, ERR_INVALID, "the result is for an identity, but sealed to a key that is not that identity's");
}

/* The others may be here or not, as their keys are in what they signed; but whoever is here came before all that it did. The operator opens the book, and appoints its keepers, unannounced. */
static int actors_check(struct receipt *r, struct err *e)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct receipt_item *it = &r->items[i];
		if (it->en.type == ENTRY_BOOK_OPEN_TYPE || it->en.type == ENTRY_IDENTITY_REGISTER_TYPE || it->en.type == ENTRY_KEEPER_APPOINT_TYPE || !it->needed)
			continue;
		struct receipt_item *actor = receipt_item_by(r, ENTRY_IDENTITY_REGISTER_TYPE, it->en.by);
		if (actor && receipt_need(actor, it, "", e) < 0)
			return -1;
	}
	return 0;
}

static int rest_check(const struct receipt *r, struct err *e)
{
	for (size_t i = 0; i < r->n; i++)
		if (!r->items[i].needed)
			return err_set(e, ERR_INVALID, "entry %llu, %s, has nothing to do with the task", (unsigned long long)r->items[i].in.index,
				entry_info(r->items[i].en.type)->type);
	return 0;
}

int receipt_story_check(struct receipt *r, struct err *e)
{
	static int (*const checks[])(struct receipt *r, struct err *e) = { book_check, end_find, deal_find, orders_find, terms_check, assets_check, request_check,
		worker_check, receipt_keys_check, actors_check };
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		if (checks[i](r, e) < 0)
			return -1;
	return run_check(r, e) < 0 ? -1 : rest_check(r, e);
}
