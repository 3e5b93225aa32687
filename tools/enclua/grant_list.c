/* enclua grants, revoke: which grants there are, whom they let in, and taking them back. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grant.h"
#include "verbs.h"

#define CHAIN_MAX 1000u	/* grants that are revoked at once; more go in several chains */

/* Which are meant. Names are found before anything is listed, so that a mistyped one is an error and not an empty list. */
struct filter {
	struct trade *t;
	char app[MARKET_NAME], user[MARKET_NAME];
	bool by_app, by_user;
	bool exact;	/* only those that name them so; else also those that let them in: anybody's, and those of a list that they are in */
	bool all, bulk;
};

static int filter_read(struct trade *t, const struct args *a, struct filter *x, struct err *e)
{
	const char *app = args_get(a, "app"), *user = args_get(a, "user");
	x->t = t;
	x->by_app = app != NULL;
	x->by_user = user != NULL;
	if (app && trade_restriction(t, TRADE_ONLY_APP, app, x->app, e) < 0)
		return err_wrap(e, "--app");
	if (user && strcmp(user, "any") != 0 && trade_restriction(t, TRADE_ONLY_REQUESTER, user, x->user, e) < 0)
		return err_wrap(e, "--user");
	if (user && !x->user[0])
		x->exact = true;	/* "any" is nobody whom a list could have in it */
	return 0;
}

static bool side_meant(const struct filter *x, const char *restriction, const char *name)
{
	return strcmp(restriction, name) == 0 || (!x->exact && grant_admits(x->t->b, restriction, name));
}

static bool parties_meant(const struct filter *x, const struct grant *g)
{
	return (!x->by_app || side_meant(x, g->row.restrict_to.app, x->app)) && (!x->by_user || side_meant(x, g->row.restrict_to.requester, x->user));
}

static bool meant(const struct filter *x, const struct grant *g)
{
	return (x->all || g->status == GRANT_OPEN) && (!x->bulk || g->en.order_data.bulk) && parties_meant(x, g);
}

/* grants */

struct listing { struct filter f; uint64_t n; };

static int list_one(void *ctx, const struct grant *g, struct err *e)
{
	struct listing *l = ctx;
	if (!meant(&l->f, g))
		return 0;
	l->n++;
	json_write_object(&l->f.t->c->out);
	grant_write(l->f.t, g);
	json_write_object_end(&l->f.t->c->out);
	return grant_print(l->f.t, "", g, e);
}

static int run_grants(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	struct listing l = { .f = { .exact = args_has(a, "strict"), .all = args_has(a, "all"), .bulk = args_has(a, "bulk") } };
	char data[ID_TEXT];
	int r = trade_open(&t, c, e);
	if (r == 0 && ((a->n_words && trade_data(&t, a->words[0], data, e) < 0) || filter_read(&t, a, &l.f, e) < 0))
		r = -1;
	json_write_key(&c->out, "grants");
	json_write_array(&c->out);
	if (r == 0)
		r = grant_each(t.b, a->n_words ? data : NULL, list_one, &l, e);
	json_write_array_end(&c->out);
	trade_write_number(c, "count", l.n);
	trade_done(&t);
	if (r == 0 && !l.n)
		cli_note(c, "no such grants%s; enclua grant makes one", l.f.all ? "" : " are open (--all shows the others, too)");
	return r;
}

/* revoke */

struct chosen { char id[MARKET_NAME]; };
struct revoking {
	struct filter f;
	struct chosen *at;
	size_t n, max;
	char data[MARKET_NAME];
	uint64_t others;	/* grants of the same data that still hold */
};

static int choose(struct revoking *x, const struct grant *g, struct err *e)
{
	if (x->n == x->max) {
		size_t max = x->max ? 2 * x->max : 16;
		struct chosen *at = realloc(x->at, max * sizeof *at);
		if (!at)
			return err_set(e, ERR_LIMIT, "out of memory");
		x->at = at;
		x->max = max;
	}
	memcpy(x->at[x->n++].id, g->row.id, MARKET_NAME);
	memcpy(x->data, g->row.asset, MARKET_NAME);
	return 0;
}

static int choose_all(void *ctx, const struct grant *g, struct err *e)
{
	struct revoking *x = ctx;
	return meant(&x->f, g) ? choose(x, g, e) : 0;
}

/* A grant that is used up may have runs that have not ended: their keys may not be released yet, and will not be once it is revoked. */

static int ended_one(void *ctx, const void *row, uint64_t made, struct err *e)
{
	const struct market_task *t = row;
	(void)made;
	(void)e;
	*(uint64_t *)ctx += t->status == MARKET_COMPLETED || t->status == MARKET_FAILED;
	return 0;
}

/* The grant of a deal with this data whose tasks have not all ended, in order; "" of any other deal. */
static int waiting_under(struct book *b, const struct market_deal *d, const char *data, char order[static ID_TEXT], struct err *e)
{
	uint64_t ended = 0;
	order[0] = '\0';
	if (strcmp(d->data, data) != 0 || host_each(b, MARKET_ROW_TASK, d->id, -1, ended_one, &ended, e) < 0)
		return strcmp(d->data, data) == 0 ? -1 : 0;
	return ended < d->size ? host_deal_data(b, d->id, order, e) : 0;
}

struct waiting { struct book *b; const struct grant *g; bool found; };
static int waiting_one(void *ctx, const void *row, uint64_t made, struct err *e)
{
	struct waiting *w = ctx;
	char order[ID_TEXT];
	(void)made;
	if (waiting_under(w->b, row, w->g->row.asset, order, e) < 0)
		return -1;
	w->found = strcmp(order, w->g->row.id) == 0;
	return w->found;
}

/* What has ended cannot be taken back. One that a former owner signed can: it would hold again if the data came back. */
static int choose_one(void *ctx, const struct grant *g, struct err *e)
{
	struct revoking *x = ctx;
	struct waiting w = { x->f.t->b, g, false };
	char until[24] = "";
	if (g->status == GRANT_USED && host_each(w.b, MARKET_ROW_DEAL, NULL, -1, waiting_one, &w, e) < 0)
		return -1;
	if (g->status == GRANT_OPEN || g->status == GRANT_TRANSFERRED || w.found)
		return choose(x, g, e);
	if (g->row.until)
		entry_time_text(until, g->row.until);
	if (g->status == GRANT_REVOKED)
		err_set(e, ERR_CONFLICT, "%s was revoked already", g->row.id);
	else if (g->status == GRANT_USED)
		err_set(e, ERR_CONFLICT, "%s is used up: nothing is left of its %" PRIu64 " use%s", g->row.id, g->row.volume, g->row.volume == 1 ? "" : "s");
	else
		err_set(e, ERR_CONFLICT, "%s expired at %s", g->row.id, until);
	return err_hint(e, "enclua grants %s shows which grants still hold", g->row.asset);
}

static int choose_used(void *ctx, const struct grant *g, struct err *e)
{
	struct revoking *x = ctx;
	for (size_t i = 0; i < x->n; i++)
		if (strcmp(x->at[i].id, g->row.id) == 0)
			return 0;
	return g->status == GRANT_USED && parties_meant(&x->f, g) ? choose(x, g, e) : 0;
}

static int choose_waiting(void *ctx, const void *row, uint64_t made, struct err *e)
{
	struct revoking *x = ctx;
	char order[ID_TEXT];
	(void)made;
	if (waiting_under(x->f.t->b, row, x->data, order, e) < 0)
		return -1;
	return order[0] ? grant_with(x->f.t->b, order, choose_used, x, e) : 0;
}

static int cancel_sign(struct trade *t, const struct identity *by, const char *id, struct entry *en, struct buf *note, struct err *e)
{
	*note = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
	if (book_draft(t->b, en, ENTRY_ORDER_CANCEL_TYPE, e) < 0)
		return -1;
	(void)snprintf(en->order_cancel.order, ID_TEXT, "%.*s", (int)ID_TEXT - 1, id);
	return entry_sign(en, by, note, e);
}

static int chain_enter(struct trade *t, const struct identity *by, const struct chosen *at, size_t n, struct err *e)
{
	struct buf *notes = calloc(n, sizeof *notes);
	struct book_item *items = calloc(n, sizeof *items);
	struct entry *en = malloc(sizeof *en);
	int r = notes && items && en ? 0 : err_set(e, ERR_LIMIT, "out of memory");
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = cancel_sign(t, by, at[i].id, en, &notes[i], e);
		items[i] = (struct book_item){ notes[i].data, notes[i].len };
	}
	if (r == 0 && book_append(t->b, items, n, NULL, e) < 0)
		r = trade_hint(e);
	for (size_t i = 0; notes && i < n; i++)
		buf_done(&notes[i]);
	free(notes);
	free(items);
	free(en);
	return r;
}

static int tell_one(void *ctx, const struct grant *g, struct err *e)
{
	struct trade *t = ctx;
	json_write_object(&t->c->out);
	grant_write(t, g);
	json_write_object_end(&t->c->out);
	return grant_print(t, "", g, e);
}

static int count_open(void *ctx, const struct grant *g, struct err *e)
{
	struct revoking *x = ctx;
	(void)e;
	x->others += g->status == GRANT_OPEN;
	return 0;
}

static int revoked_tell(struct trade *t, struct revoking *x, struct err *e)
{
	struct cli *c = t->c;
	char name[LIMIT_NAME_BYTES + 1];
	int r = 0;
	json_write_key(&c->out, "revoked");
	json_write_array(&c->out);
	for (size_t i = 0; r == 0 && i < x->n; i++)
		r = grant_with(t->b, x->at[i].id, tell_one, t, e);
	json_write_array_end(&c->out);
	if (r < 0 || grant_each(t->b, x->data, count_open, x, e) < 0)
		return -1;
	trade_write(c, "data", x->data);
	trade_write_number(c, "count", x->n);
	trade_write_number(c, "open", x->others);
	const char *called = trade_asset_call(t, x->data, name);
	if (cli_print(c, e, "%zu grant%s of %s revoked, from the next entry of the book on\n", x->n, x->n == 1 ? "" : "s", called) < 0)
		return -1;
	if (x->n)
		cli_note(c, "a key that was released stays released: this stops the next use; only protecting the data again, under a new key, undoes the past");
	if (x->others)
		cli_note(c, "%" PRIu64 " other grant%s of %s still hold%s: enclua grants %s", x->others, x->others == 1 ? "" : "s", called, x->others == 1 ? "s" : "", called);
	return 0;
}

static int which_read(struct revoking *x, struct trade *t, const struct args *a, struct err *e)
{
	const char *all = args_get(a, "all");
	x->f.t = t;
	if (!all == !a->n_words) {
		err_set(e, ERR_USAGE, "revoke takes one grant, or --all DATA");
		return err_hint(e, "enclua grants shows those that hold");
	}
	if (!all && (args_has(a, "app") || args_has(a, "user")))
		return err_set(e, ERR_USAGE, "--app and --user choose among all grants of data: they go with --all DATA");
	if (all && (trade_data(t, all, x->data, e) < 0 || filter_read(t, a, &x->f, e) < 0))
		return -1;
	x->f.exact = true;	/* to take back what names one person must not take what names everybody */
	if (!all)
		return grant_with(t->b, a->words[0], choose_one, x, e);
	return grant_each(t->b, x->data, choose_all, x, e) < 0 ? -1 : host_each(t->b, MARKET_ROW_DEAL, NULL, -1, choose_waiting, x, e);
}

static int run_revoke(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	struct revoking x = { .n = 0 };
	struct identity *by = NULL;
	int r = trade_open(&t, c, e);
	if (r == 0 && (which_read(&x, &t, a, e) < 0 || trade_actor(&t, &by, e) < 0 || trade_owner_check(&t, x.data, by, e) < 0))
		r = -1;
	for (size_t i = 0; r == 0 && i < x.n; i += CHAIN_MAX)
		r = chain_enter(&t, by, x.at + i, x.n - i < CHAIN_MAX ? x.n - i : CHAIN_MAX, e);
	if (r == 0)
		r = revoked_tell(&t, &x, e);
	free(x.at);
	identity_free(by);
	trade_done(&t);
	return r;
}

static const struct option_row grants_options[] = {
	{ "app", 0, "APP|LIST", false, "only those under which this iApp may run" },
	{ "user", 0, "WHO|any", false, "only those that let this one in: by name, by a group, or as anybody; any: only those for anybody" },
	{ "strict", 0, NULL, false, "with --app, --user: only those that name them, or that list, themselves" },
	{ "bulk", 0, NULL, false, "only those for bulk" },
	{ "all", 0, NULL, false, "those that no longer hold, too" },
	TRADE_OPTIONS_END,
};

static const struct option_row revoke_options[] = {
	{ "all", 0, "DATA", false, "all grants of this data that are open, or used up by runs that have not ended" },
	{ "app", 0, "APP|LIST", false, "with --all: only those that name this iApp, or this list" },
	{ "user", 0, "WHO|any", false, "with --all: only those that name this user, this group, or anybody (any)" },
	TRADE_OPTIONS_END,
};

const struct command grant_list_commands[] = {
	{ "grants", "[DATA] [--app APP] [--user WHO|any] [--strict] [--bulk] [--all]", "Who may run what on which data",
	  "Example: enclua grants patients --user ben\n\nOldest first, those that hold; with --all also what is used up, revoked, expired, or signed by a former owner of the data.\n\n"
	  "JSON: count; grants, each with grant, status (open, used, revoked, expired, transferred), data, owner, app, user, pool, policy,\nmin_assurance, price, uses, used, left, entry, "
	  "signed, until, purposes, bulk, tag.", grants_options, 0, 1, run_grants },
	{ "revoke", "GRANT | --all DATA [--app APP] [--user WHO|any]", "Take grants back",
	  "Examples:\n  enclua revoke order1qx7…\n  enclua revoke --all patients --user ben\n\nHolds from the next entry of the book on; runs that were matched before and have no key yet get none, so a grant that is used up\n"
	  "can be revoked while one of its runs has not ended. A key that was released stays released.\nSeveral are revoked together: all of them or none (a thousand at a time).\n\nJSON: revoked (as grants lists them), data, count, open: how many grants of the data still hold.",
	  revoke_options, 0, 1, run_revoke },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
