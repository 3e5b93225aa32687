/* Grants from the book: the market's row says how much of one is left, its entry what was signed, and both together with the data's owner and the time whether it
 * holds.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/purpose.h"
#include "form/receipt.h"
#include "grant.h"

static const struct { const char *json, *text; } statuses[] = {
#define X(id, json, text) [GRANT_##id] = { json, text },
	GRANT_STATUSES(X)
#undef X
};

static int status_find(struct book *b, struct grant *g, struct err *e)
{
	const struct market_order *o = &g->row;
	struct market_asset a;
	uint64_t left;
	int64_t now;
	int taken = host_cancelled(b, o->id, &left, e), is = host_get(b, MARKET_ROW_ASSET, o->asset, "", &a, e);
	if (taken < 0 || is < 0 || book_time(b, &now, e) < 0)
		return -1;
	if (now < os_time())
		now = os_time();
	g->left = taken ? left : o->volume - o->consumed;
	if (taken)
		g->status = GRANT_REVOKED;
	else if (!g->left)
		g->status = GRANT_USED;
	else if (!is || strcmp(a.owner, o->signer) != 0)
		g->status = GRANT_TRANSFERRED;
	else
		g->status = o->until && o->until <= now ? GRANT_EXPIRED : GRANT_OPEN;
	return 0;
}

static int read_one(struct book *b, const struct market_order *row, uint64_t made, struct grant *g, struct err *e)
{
	g->row = *row;
	g->made = made;
	buf_clear(&g->bytes);
	if (book_entry(b, made, &g->bytes, e) < 0 || entry_decode(&g->en, g->bytes.data, g->bytes.len, NULL, e) < 0)
		return -1;
	if (g->en.type != ENTRY_ORDER_DATA_TYPE)
		return err_set(e, ERR_INVALID, "entry %" PRIu64 " is not the grant %s that the tables say it is", made, row->id);
	return status_find(b, g, e);
}

struct reading { struct book *b; struct grant *g; int (*f)(void *ctx, const struct grant *g, struct err *e); void *ctx; };

static int reading_begin(struct reading *r, struct err *e)
{
	r->g = calloc(1, sizeof *r->g);
	if (!r->g)
		return err_set(e, ERR_LIMIT, "out of memory");
	r->g->bytes = (struct buf)BUF_INIT(ENTRY_BYTES_MAX + 1);
	return 0;
}

static void reading_end(struct reading *r)
{
	if (r->g)
		buf_done(&r->g->bytes);
	free(r->g);
}

static int each_row(void *ctx, const void *row, uint64_t made, struct err *e)
{
	const struct reading *r = ctx;
	const struct market_order *o = row;
	if (o->kind != MARKET_ORDER_DATA)
		return 0;
	return read_one(r->b, o, made, r->g, e) < 0 ? -1 : r->f(r->ctx, r->g, e);
}

int grant_each(struct book *b, const char *data, int (*f)(void *ctx, const struct grant *g, struct err *e), void *ctx, struct err *e)
{
	struct reading r = { b, NULL, f, ctx };
	int got = reading_begin(&r, e) < 0 ? -1 : host_each(b, MARKET_ROW_ORDER, data, -1, each_row, &r, e);
	reading_end(&r);
	return got;
}

int grant_with(struct book *b, const char *which, int (*f)(void *ctx, const struct grant *g, struct err *e), void *ctx, struct err *e)
{
	struct reading r = { b, NULL, f, ctx };
	struct market_order row;
	char id[MARKET_NAME];
	uint64_t made;
	int got = -1;
	if (host_find(b, MARKET_ROW_ORDER, which, id, e) < 0 || host_get(b, MARKET_ROW_ORDER, id, "", &row, e) < 0 || host_entry_find(b, id, &made, e) < 0)
		return -1;
	if (row.kind != MARKET_ORDER_DATA) {
		err_set(e, ERR_INVALID, "%s is no grant: it does not offer data", id);
		return err_hint(e, "enclua order show %s", id);
	}
	if (reading_begin(&r, e) == 0 && read_one(b, &row, made, r.g, e) == 0)
		got = f(ctx, r.g, e);
	reading_end(&r);
	return got;
}

bool grant_admits(struct book *b, const char *restriction, const char *who)
{
	struct market_member row;
	return !restriction[0] || !strcmp(restriction, who) || (who[0] && host_get(b, MARKET_ROW_MEMBER, restriction, who, &row, NULL) == 1 && !row.removed);
}

static void purpose_at(const struct grant *g, size_t i, char out[static MARKET_NAME])
{
	const struct entry_text *t = &g->en.order_data.purpose.at[i];
	(void)snprintf(out, MARKET_NAME, "%.*s", (int)t->len, t->at);
}

bool grant_purpose_fits(const struct grant *g, const char *purpose)
{
	const size_t n = g->en.order_data.purpose.n;
	char one[MARKET_NAME];
	for (size_t i = 0; i < n; i++) {
		purpose_at(g, i, one);
		if (purpose[0] && purpose_includes(one, purpose))
			return true;
	}
	return n == 0;
}

void grant_purposes(const struct grant *g, char *out, size_t size)
{
	char one[MARKET_NAME];
	size_t at = 0;
	out[0] = '\0';
	for (size_t i = 0; i < g->en.order_data.purpose.n && at < size; i++) {
		purpose_at(g, i, one);
		const char *words = purpose_words(one);
		at += (size_t)snprintf(out + at, size - at, "%s%s%s%s%s", i ? ", " : "", cli_safe(one, strlen(one), 2), words ? " (" : "", words ? words : "", words ? ")" : "");
	}
}

int grant_level(const struct grant *g)
{
	const struct entry_text *level = &g->en.order_data.min_assurance;
	return level->len ? assurance_level(level) : 0;
}

/* As JSON and as a line */

void grant_write_terms(struct trade *t, const struct grant *g)
{
	struct json_writer *w = &t->c->out;
	const struct entry_order_data *f = &g->en.order_data;
	char one[MARKET_NAME];
	(void)snprintf(one, sizeof one, "%.*s", (int)f->min_assurance.len, f->min_assurance.len ? f->min_assurance.at : "");
	trade_write(t->c, "policy", f->policy);
	trade_write(t->c, "min_assurance", one);
	json_write_key(w, "purposes");
	json_write_array(w);
	for (size_t i = 0; i < f->purpose.n; i++) {
		purpose_at(g, i, one);
		json_write_text(w, one);
	}
	json_write_array_end(w);
	json_write_key(w, "bulk");
	json_write_bool(w, f->bulk);
}

void grant_write(struct trade *t, const struct grant *g)
{
	struct cli *c = t->c;
	const struct market_order *o = &g->row;
	const struct { const char *key, *value; } names[] = {
		{ "grant", o->id }, { "status", statuses[g->status].json }, { "data", o->asset }, { "owner", o->signer }, { "app", o->restrict_to.app },
		{ "user", o->restrict_to.requester }, { "pool", o->restrict_to.pool },
	};
	const struct { const char *key; uint64_t value; } numbers[] = {
		{ "price", o->price }, { "uses", o->volume }, { "used", o->volume - g->left }, { "left", g->left },
		{ "entry", g->made },
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		trade_write(c, names[i].key, names[i].value);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		trade_write_number(c, numbers[i].key, numbers[i].value);
	trade_write_time(c, "signed", g->en.time);
	trade_write_time(c, "until", o->until);
	grant_write_terms(t, g);
	trade_write_tag(c, o->tag);
}

static const char *left_text(const struct grant *g, char out[static 64])
{
	if (g->row.volume == TRADE_VOLUME_ALL)
		(void)snprintf(out, 64, "any number of uses");
	else
		(void)snprintf(out, 64, "%" PRIu64 " of %" PRIu64 " use%s left", g->left, g->row.volume, g->row.volume == 1 ? "" : "s");
	return out;
}

int grant_print(struct trade *t, const char *before, const struct grant *g, struct err *e)
{
	const struct market_order *o = &g->row;
	const struct entry_order_data *f = &g->en.order_data;
	struct host_policy policy;
	char data[LIMIT_NAME_BYTES + 1], user[LIMIT_NAME_BYTES + 1], app[LIMIT_NAME_BYTES + 1], pool[LIMIT_NAME_BYTES + 1], uses[64], purposes[1024], until[24] = "";
	grant_purposes(g, purposes, sizeof purposes);
	if (o->until)
		entry_time_text(until, o->until);
	const struct { const char *words, *value; } more[] = {
		{ ", for ", purposes }, { ", until ", until }, { ", in ", o->restrict_to.pool[0] ? trade_asset_call(t, o->restrict_to.pool, pool) : "" },
		{ ", by the policy ", f->policy[0] && host_policy_find(t->b, f->policy, &policy, NULL) == 0 ? policy.name : f->policy }, { ", bulk", f->bulk ? " too" : "" },
	};
	if (cli_print(t->c, e, "%s%s  %s  %s: %s with %s, %s, %s", before, o->id, statuses[g->status].text, trade_asset_call(t, o->asset, data),
		o->restrict_to.requester[0] ? trade_call(t, o->restrict_to.requester, user) : "anybody",
		o->restrict_to.app[0] ? trade_asset_call(t, o->restrict_to.app, app) : "any iApp", o->price ? trade_amount(o->price).text : "free", left_text(g, uses)) < 0)
		return -1;
	for (size_t i = 0; i < sizeof more / sizeof *more; i++)
		if (more[i].value[0] && cli_print(t->c, e, "%s%s", more[i].words, more[i].value) < 0)
			return -1;
	if (f->min_assurance.len && cli_print(t->c, e, ", on %.*s or better", (int)f->min_assurance.len, f->min_assurance.at) < 0)
		return -1;
	return cli_print(t->c, e, "\n");
}
