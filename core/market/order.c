/* Orders come in and are cancelled. Whether an order can be used is decided when it is matched, not here: its signer need not own the asset yet, and the
 * asset need not be registered. Here is checked what can never become right.
 */
#include <inttypes.h>
#include <string.h>

#include "base/purpose.h"
#include "market/inner.h"

/* Which names and numbers an order must or may carry: a row for each, with the kinds that may have it. */
#define BIT(kind) (1u << MARKET_ORDER_##kind)
#define ALL (BIT(APP) | BIT(DATA) | BIT(POOL) | BIT(REQUEST))
#define AT(member) offsetof(struct market_order, member)

static const struct { const char *what; size_t offset; unsigned needed, allowed; bool list; } names[] = {
	{ "id", AT(id), ALL, ALL, false },
	{ "signer", AT(signer), ALL, ALL, false },
	{ "asset", AT(asset), ALL, ALL, false },
	{ "restriction to apps", AT(restrict_to.app), 0, BIT(DATA) | BIT(POOL), true },
	{ "restriction to data", AT(restrict_to.data), 0, BIT(APP) | BIT(POOL), true },
	{ "restriction to pools", AT(restrict_to.pool), 0, BIT(APP) | BIT(DATA) | BIT(REQUEST), true },
	{ "restriction to requesters", AT(restrict_to.requester), 0, BIT(APP) | BIT(DATA) | BIT(POOL), true },
	{ "data", AT(data), 0, BIT(REQUEST), false },
	{ "requester", AT(requester), BIT(REQUEST), BIT(REQUEST), false },
	{ "beneficiary", AT(beneficiary), BIT(REQUEST), BIT(REQUEST), false },
	{ "payer", AT(payer), 0, BIT(REQUEST), false },
};

static const struct { const char *what; size_t offset; unsigned allowed; } numbers[] = {
	{ "price", AT(price), ALL },
	{ "volume", AT(volume), ALL },
	{ "category", AT(category), BIT(POOL) | BIT(REQUEST) },
	{ "trust", AT(trust), BIT(POOL) | BIT(REQUEST) },
	{ "highest price of data", AT(data_price), BIT(REQUEST) },
	{ "highest price of a pool", AT(pool_price), BIT(REQUEST) },
};

static int names_check(struct market *m, const struct market_order *o, struct err *e)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *name = (const char *)o + names[i].offset;
		unsigned kind = 1u << o->kind;
		bool ok = market_name_ok(name) || (names[i].list && market_list_name_ok(name));
		if (name[0] ? !(names[i].allowed & kind) || !ok : (names[i].needed & kind) != 0)
			return market_refuse(m, ERR_INVALID, name[0] ? "order-field" : "order-null", e, "this kind of order %s %s",
				!name[0] ? "needs its" : names[i].allowed & kind ? "has no good name as its" : "has no", names[i].what);
	}
	return 0;
}

static int purpose_one(struct market *m, const char *purpose, struct err *e)
{
	struct err why = { .code = ERR_NONE };
	if (purpose_check(purpose, &why) == 0)
		return 0;
	market_refuse(m, ERR_INVALID, "order-field", e, "%s", why.msg);
	return why.hint[0] ? err_hint(e, "%s", why.hint) : -1;
}

/* Of a grant some, each once, with one space between them; of a request one. */
static int purposes_check(struct market *m, const struct market_order *o, struct err *e)
{
	char seen[MARKET_PURPOSES][MARKET_NAME];
	size_t n = 0;
	if ((o->purposes[0] && o->kind != MARKET_ORDER_DATA) || (o->purpose[0] && o->kind != MARKET_ORDER_REQUEST))
		return market_refuse(m, ERR_INVALID, "order-field", e, "this kind of order has no purpose");
	for (const char *at = o->purposes; at && *o->purposes; at = strchr(at, ' ')) {
		at += *at == ' ';
		size_t len = strcspn(at, " ");
		if (n == MARKET_PURPOSES)
			return market_refuse(m, ERR_LIMIT, "order-field", e, "a grant is for at most %u purposes", MARKET_PURPOSES);
		market_name_set(seen[n], "");
		memcpy(seen[n], at, len < MARKET_NAME ? len : MARKET_NAME - 1);
		if (purpose_one(m, seen[n], e) < 0)
			return -1;
		for (size_t i = 0; i < n; i++)
			if (strcmp(seen[i], seen[n]) == 0)
				return market_refuse(m, ERR_INVALID, "order-field", e, "the purpose %s stands twice in the grant", seen[n]);
		n++;
	}
	return o->purpose[0] ? purpose_one(m, o->purpose, e) : 0;
}

static int numbers_check(struct market *m, const struct market_order *o, struct err *e)
{
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		uint64_t n;
		memcpy(&n, (const char *)o + numbers[i].offset, sizeof n);
		if (n > LEDGER_AMOUNT_MAX)
			return market_refuse(m, ERR_LIMIT, "overflow", e, "the %s of an order is at most 2^62 - 1", numbers[i].what);
		if (n && !(numbers[i].allowed & 1u << o->kind))
			return market_refuse(m, ERR_INVALID, "order-field", e, "this kind of order has no %s", numbers[i].what);
	}
	if (o->kind != MARKET_ORDER_DATA && (o->until || o->policy || o->bulk))
		return market_refuse(m, ERR_INVALID, "order-field", e, "only a grant has an end, a policy or bulk");
	if (o->kind != MARKET_ORDER_REQUEST && o->callback)
		return market_refuse(m, ERR_INVALID, "order-field", e, "only a request asks for a callback");
	if (o->until < 0)
		return market_refuse(m, ERR_INVALID, "order-field", e, "a grant cannot end before 1970");
	if (o->bulk && o->price)
		return market_refuse(m, ERR_INVALID, "order-field", e, "data that may be one of many is granted for nothing: its price is 0");
	return 0;
}

int market_order_add(struct market *m, const struct market_order *o, struct err *e)
{
	struct market_order old;
	market_begin(m);
	if (names_check(m, o, e) < 0 || purposes_check(m, o, e) < 0 || numbers_check(m, o, e) < 0)
		return -1;
	if (o->consumed)
		return market_refuse(m, ERR_INVALID, "order-field", e, "a new order is not consumed");
	int r = market_get(m, MARKET_ROW_ORDER, o->id, "", &old, e);
	if (r)
		return r < 0 ? -1 : market_refuse(m, ERR_CONFLICT, "order-twice", e, "the order %s is there already", o->id);
	return market_add(m, MARKET_ROW_ORDER, o, e);
}

/* The one who could sign this order today. An asset that is not registered has no owner, so the one who signed may cancel. */
static int order_owner(struct market *m, const struct market_order *o, char out[static MARKET_NAME], struct err *e)
{
	struct market_asset a;
	if (o->kind == MARKET_ORDER_REQUEST) {
		market_name_set(out, o->requester);
		return 0;
	}
	int r = market_get(m, MARKET_ROW_ASSET, o->asset, "", &a, e);
	market_name_set(out, r > 0 ? a.owner : o->signer);
	return r < 0 ? -1 : 0;
}

/* Cancelled for good: all of its volume counts as used. Deals that it made go on. */
int market_order_cancel(struct market *m, const char *order, const char *by, struct err *e)
{
	struct market_order o;
	char owner[MARKET_NAME];
	market_begin(m);
	int r = market_get(m, MARKET_ROW_ORDER, order, "", &o, e);
	if (r < 0)
		return -1;
	if (r == 0)
		return market_refuse(m, ERR_NOT_FOUND, "cancel-unknown", e, "there is no order %s", order);
	if (order_owner(m, &o, owner, e) < 0)
		return -1;
	if (strcmp(owner, by) != 0)
		return market_refuse(m, ERR_DENIED, "not-owner", e, "the order %s is %s's to cancel, not %s's", order, owner, by);
	o.consumed = o.volume;
	return market_change(m, MARKET_ROW_ORDER, &o, e);
}

int market_order_use(struct market *m, const char *order, uint64_t tasks, struct err *e)
{
	struct market_order o;
	market_begin(m);
	int r = market_get(m, MARKET_ROW_ORDER, order, "", &o, e);
	if (r <= 0)
		return r < 0 ? -1 : market_refuse(m, ERR_NOT_FOUND, "use-unknown", e, "there is no order %s", order);
	if (o.volume - o.consumed < tasks)
		return market_refuse(m, ERR_FUNDS, "use-volume", e, "of %" PRIu64 " tasks of the order %s, %" PRIu64 " are used", o.volume, order, o.consumed);
	o.consumed += tasks;
	return market_change(m, MARKET_ROW_ORDER, &o, e);
}
