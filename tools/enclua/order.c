/* enclua order: the offers, grants and requests of the book, and taking one's own back. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grant.h"
#include "trade.h"
#include "verbs.h"

static const char *const kinds[] = {
	[MARKET_ORDER_APP] = "app", [MARKET_ORDER_DATA] = "data", [MARKET_ORDER_POOL] = "pool", [MARKET_ORDER_REQUEST] = "request",
};

/* Would a match take it, as far as it depends on this order? Why not, if not. */
static int order_state(struct trade *t, const struct market_order *o, const char **state, struct err *e)
{
	struct market_asset a;
	int64_t now;
	int is = o->kind == MARKET_ORDER_REQUEST ? 1 : host_get(t->b, MARKET_ROW_ASSET, o->asset, "", &a, e);
	if (is < 0 || book_time(t->b, &now, e) < 0)
		return -1;
	if (o->consumed >= o->volume)
		*state = "used";
	else if (!is)
		*state = "unregistered";
	else if (o->kind != MARKET_ORDER_REQUEST && strcmp(a.owner, o->signer) != 0)
		*state = "transferred";
	else
		*state = o->until && o->until <= now ? "ended" : "open";
	return 0;
}

/* list */

struct list { struct trade t; bool open; int kind; };	/* kind: the only one wanted, or -1 */

static int list_row(void *ctx, const void *row, uint64_t made, struct err *e)
{
	struct list *l = ctx;
	struct cli *c = l->t.c;
	const struct market_order *o = row;
	const char *state;
	char asset[LIMIT_NAME_BYTES + 1], signer[LIMIT_NAME_BYTES + 1];
	if (order_state(&l->t, o, &state, e) < 0)
		return -1;
	if ((l->open && strcmp(state, "open") != 0) || (l->kind >= 0 && (int)o->kind != l->kind))
		return 0;
	json_write_object(&c->out);
	trade_write(c, "order", o->id);
	trade_write(c, "kind", kinds[o->kind]);
	trade_write(c, "state", state);
	trade_write(c, "asset", o->asset);
	trade_write(c, "signer", o->signer);
	trade_write_number(c, "price", o->price);
	trade_write_number(c, "volume", o->volume);
	trade_write_number(c, "used", o->consumed);
	trade_write_number(c, "entry", made);
	json_write_object_end(&c->out);
	return cli_print(c, e, "%s  %-7s  %-11s  %s  %s  by %s\n", o->id, kinds[o->kind], state, trade_amount(o->price).text, trade_asset_call(&l->t, o->asset, asset),
		trade_call(&l->t, o->signer, signer));
}

/* Of one asset, or all; the name of a kind that is not there is an error. */
static int list_of(struct list *l, const struct args *a, char id[static ID_TEXT], const char **group, struct err *e)
{
	static const struct { const char *option; int (*find)(struct trade *, const char *, char[static ID_TEXT], struct err *); } rows[] = {
		{ "app", trade_app }, { "data", trade_data }, { "pool", trade_pool },
	};
	*group = NULL;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!args_has(a, rows[i].option))
			continue;
		if (*group)
			return err_set(e, ERR_USAGE, "--app, --data and --pool each name what orders are about: one of them");
		if (rows[i].find(&l->t, args_get(a, rows[i].option), id, e) < 0)
			return -1;
		*group = id;
	}
	return 0;
}

static int run_list(struct cli *c, struct args *a, struct err *e)
{
	struct list l = { .open = args_has(a, "open"), .kind = -1 };
	char id[ID_TEXT];
	const char *group = NULL;
	int r = trade_open(&l.t, c, e);
	for (size_t i = 0; r == 0 && args_has(a, "kind") && i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(args_get(a, "kind"), kinds[i]) == 0)
			l.kind = (int)i;
	if (r == 0 && args_has(a, "kind") && l.kind < 0)
		r = err_set(e, ERR_USAGE, "--kind takes app, data, pool or request");
	if (r == 0)
		r = list_of(&l, a, id, &group, e);
	json_write_key(&c->out, "orders");
	json_write_array(&c->out);
	if (r == 0)
		r = host_each(l.t.b, MARKET_ROW_ORDER, group, -1, list_row, &l, e);
	json_write_array_end(&c->out);
	trade_done(&l.t);
	if (r == 0 && !c->text.len)
		cli_note(c, "no such orders; enclua app offer, enclua grant, enclua pool offer make some");
	return r;
}

/* show */

static int numbers_tell(struct cli *c, const struct market_order *o, struct err *e)
{
	bool request = o->kind == MARKET_ORDER_REQUEST, terms = request || o->kind == MARKET_ORDER_POOL;
	const struct { const char *key; uint64_t value; bool shown, money; } rows[] = {
		{ request ? "app_price" : "price", o->price, true, true }, { "data_price", o->data_price, request, true },
		{ "pool_price", o->pool_price, request, true }, { "volume", o->volume, true, false }, { "used", o->consumed, true, false },
		{ "trust", o->trust, terms, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!rows[i].shown)
			continue;
		char n[32];
		(void)snprintf(n, sizeof n, "%" PRIu64, rows[i].value);
		trade_write_number(c, rows[i].key, rows[i].value);
		if (cli_print(c, e, "%-14s %s\n", rows[i].key, rows[i].money ? trade_amount(rows[i].value).text : n) < 0)
			return -1;
	}
	char tag[96], until[24] = "";
	trade_write_tag(c, o->tag);
	trade_tag_text(tag, o->tag);
	trade_write(c, "category", terms ? trade_category_text(o->category) : "");
	trade_write_time(c, "until", o->until);
	if (o->until)
		entry_time_text(until, o->until);
	return cli_print(c, e, "%-14s %s\n%s%s%s%s%s%s", "tag", tag, terms ? "category       " : "", terms ? trade_category_text(o->category) : "", terms ? "\n" : "",
		until[0] ? "until          " : "", until, until[0] ? "\n" : "");
}

static int order_tell(struct trade *t, const struct market_order *o, struct err *e)
{
	struct cli *c = t->c;
	const char *state;
	char name[LIMIT_NAME_BYTES + 1];
	if (order_state(t, o, &state, e) < 0)
		return -1;
	const struct { const char *key, *value; } rows[] = {
		{ "order", o->id }, { "kind", kinds[o->kind] }, { "state", state }, { "asset", o->asset }, { "signer", o->signer },
		{ "only_app", o->restrict_to.app }, { "only_data", o->restrict_to.data }, { "only_pool", o->restrict_to.pool },
		{ "only_requester", o->restrict_to.requester }, { "data", o->data }, { "beneficiary", o->beneficiary }, { "payer", o->payer }, { "purpose", o->purpose },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *value = rows[i].value, *called = strncmp(value, "enclua1", 7) == 0 ? trade_call(t, value, name) : trade_asset_call(t, value, name);
		trade_write(c, rows[i].key, value);
		if (value[0] && cli_print(c, e, "%-14s %s%s%s%s\n", rows[i].key, cli_safe(value, strlen(value), 0), called != value ? " (" : "", called != value ? called : "",
			called != value ? ")" : "") < 0)
			return -1;
	}
	return numbers_tell(c, o, e);
}

/* What an owner has said of a grant beside its price: the market's row does not keep all of it. */
static int grant_tell(void *ctx, const struct grant *g, struct err *e)
{
	struct trade *t = ctx;
	char purposes[1024];
	const struct entry_order_data *f = &g->en.order_data;
	grant_purposes(g, purposes, sizeof purposes);
	grant_write_terms(t, g);
	if ((purposes[0] && cli_print(t->c, e, "%-14s %s\n", "purposes", purposes) < 0) || (f->policy[0] && cli_print(t->c, e, "%-14s %s\n", "policy", f->policy) < 0) ||
		(f->bulk && cli_print(t->c, e, "%-14s may be one of many data in a task\n", "bulk") < 0))
		return -1;
	return f->min_assurance.len ? cli_print(t->c, e, "%-14s %.*s\n", "min_assurance", (int)f->min_assurance.len, f->min_assurance.at) : 0;
}

static int order_find(struct trade *t, const char *which, struct market_order *o, struct err *e)
{
	char id[MARKET_NAME];
	if (host_find(t->b, MARKET_ROW_ORDER, which, id, e) < 0)
		return -1;
	return host_get(t->b, MARKET_ROW_ORDER, id, "", o, e) < 0 ? -1 : 0;
}

static int run_show(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	struct market_order o;
	int r = trade_open(&t, c, e);
	if (r == 0)
		r = order_find(&t, a->words[0], &o, e);
	if (r == 0)
		r = order_tell(&t, &o, e);
	if (r == 0 && o.kind == MARKET_ORDER_DATA)
		r = grant_with(t.b, o.id, grant_tell, &t, e);
	trade_done(&t);
	return r;
}

/* cancel, sponsor */

static int order_sign(struct cli *c, struct args *a, enum entry_type type, const char *done, struct err *e)
{
	struct trade t;
	struct market_order o;
	struct identity *by = NULL;
	struct entry *en = malloc(sizeof *en);
	int r = trade_open(&t, c, e);
	if (!en)
		r = err_set(e, ERR_LIMIT, "out of memory");
	if (r == 0)
		r = order_find(&t, a->words[0], &o, e);
	if (r == 0)
		r = o.kind == MARKET_ORDER_POOL ? trade_pool_actor(&t, o.asset, &by, e) : trade_actor(&t, &by, e);
	if (r == 0)
		r = book_draft(t.b, en, type, e);
	if (r == 0) {
		char *at = type == ENTRY_ORDER_CANCEL_TYPE ? en->order_cancel.order : en->deal_sponsor.request;
		(void)snprintf(at, ID_TEXT, "%.*s", (int)ID_TEXT - 1, o.id);
		r = trade_enter(&t, en, by, NULL, e);
	}
	if (r == 0) {
		trade_write(c, "order", o.id);
		r = cli_print(c, e, "%s %s\n", done, o.id);
	}
	identity_free(by);
	free(en);
	trade_done(&t);
	return r;
}

static int run_cancel(struct cli *c, struct args *a, struct err *e)
{
	return order_sign(c, a, ENTRY_ORDER_CANCEL_TYPE, "cancelled", e);
}

static int run_sponsor(struct cli *c, struct args *a, struct err *e)
{
	return order_sign(c, a, ENTRY_DEAL_SPONSOR_TYPE, "signed to pay for", e);
}

static const struct option_row list_options[] = {
	{ "app", 0, "APP", false, "only orders of this iApp; requests for it too" },
	{ "data", 0, "DATA", false, "only grants of this data" },
	{ "pool", 0, "POOL", false, "only orders of this pool" },
	{ "kind", 0, "app|data|pool|request", false, "only of this kind" },
	{ "open", 0, NULL, false, "only those that could still be matched" },
	TRADE_OPTIONS_END,
};

#define STATES "States: open; used (up, or cancelled); transferred (what it offers has another owner than signed); unregistered; ended (its time is over)."

const struct command order_commands[] = {
	{ "order list", "[--app APP|--data DATA|--pool POOL] [--kind KIND] [--open]", "The orders of this book, oldest first",
	  "Example: enclua order list --app cohort-average --open\n\nColumns: id, kind, state, price, what it is about, who signed. " STATES "\n\n"
	  "JSON: orders, each with order, kind, state, asset, signer, price, volume, used, entry.", list_options, 0, 0, run_list },
	{ "order show", "ORDER", "One order: terms, restrictions, what is left of it",
	  "Example: enclua order show order1qx7…\n\nORDER is an id or a unique prefix of one. " STATES "\n\nJSON: order, kind, state, asset, signer, only_app, only_data, only_pool, "
	  "only_requester, data, beneficiary, payer,\npurpose, price (of a request: app_price, data_price, pool_price), volume, used, trust, tag, category, until; of a grant also\npurposes, policy, min_assurance, bulk (enclua grants tells more).", NULL, 1, 1,
	  run_show },
	{ "order cancel", "ORDER", "Take an order back, for good",
	  "Example: enclua order cancel order1qx7…\n\nThe owner of what it offers does that, or who signed the request; deals that it made go on.\n\nJSON: order, entry.", NULL, 1, 1,
	  run_cancel },
	{ "order sponsor", "ORDER", "Sign to pay for a request that names you as its payer",
	  "Example: enclua --as lab order sponsor order1qx7…\n\nNothing is paid before it is matched, and never more than the request's highest prices.\n\nJSON: order, entry.", NULL, 1, 1,
	  run_sponsor },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
