/* Do four orders fit together? A table of rules, tried in the order in which they stand; the first that does not hold is the refusal. Only reads rows.
 * Each function gives 1 when its rule holds, 0 and words with the values it compared when not, −1 when a row cannot be read.
 */
#include "market/match.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/purpose.h"

static const char *const order_words[] = { "app", "data", "pool", "request" };
static const char *const asset_words[] = { "app", "data", "pool", "requester" };

static int no(struct match *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int no(struct match *c, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(c->why, sizeof c->why, fmt, ap);
	va_end(ap);
	return 0;
}

static const char *named(const char *name)
{
	return name[0] ? name : "none";
}

static int category_same(struct match *c, const struct match_rule *r, struct err *e)
{
	(void)r, (void)e;
	uint64_t asked = c->orders[REQUEST].category, offered = c->orders[POOL].category;
	return asked == offered || no(c, "the request asks for category %" PRIu64 ", the pool offers %" PRIu64, asked, offered);
}

static int category_known(struct match *c, const struct match_rule *r, struct err *e)
{
	(void)r;
	char name[MARKET_NAME];
	market_number_name(name, c->orders[REQUEST].category);
	int found = market_get(c->m, MARKET_ROW_CATEGORY, name, "", &c->category, e);
	return found ? found : no(c, "there is no category %s", name);
}

static int trust_offered(struct match *c, const struct match_rule *r, struct err *e)
{
	(void)r, (void)e;
	uint64_t asked = c->orders[REQUEST].trust, offered = c->orders[POOL].trust;
	return asked <= offered || no(c, "the request asks for trust %" PRIu64 ", the pool offers at most %" PRIu64, asked, offered);
}

static int price_fits(struct match *c, const struct match_rule *r, struct err *e)
{
	(void)e;
	const struct market_order *request = &c->orders[REQUEST];
	uint64_t most[] = { request->price, request->data_price, request->pool_price }, price = c->orders[r->by].price;
	char asks[40], offers[40];
	if (price <= most[r->by])
		return 1;
	market_money_text(asks, price);
	market_money_text(offers, most[r->by]);
	return no(c, "the %s asks %s, the request offers at most %s", order_words[r->by], asks, offers);
}

/* What a task needs: frameworks are the app's and the request's business, so a grant's are left out. */
static uint64_t tag_union(const struct match *c)
{
	return c->orders[APP].tag | (c->orders[DATA].tag & ~MARKET_TAG_FRAMEWORKS) | c->orders[REQUEST].tag;
}

static const char *tag_words(char out[static 96], uint64_t tag)
{
	static const struct { const char *text; uint64_t bit; } tags[] = {
#define X(id, bit, text) { text, UINT64_C(1) << bit },
		MARKET_TAGS(X)
#undef X
	};
	size_t at = 0;
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (tag & tags[i].bit) {
			at += (size_t)snprintf(out + at, 96 - at, "%s%s", at ? ", " : "", tags[i].text);
			tag &= ~tags[i].bit;
		}
	if (tag)
		snprintf(out + at, 96 - at, "%sbits %#" PRIx64, at ? ", " : "", tag);
	return out;
}

static int tag_offered(struct match *c, const struct match_rule *r, struct err *e)
{
	(void)r, (void)e;
	uint64_t missing = tag_union(c) & ~c->orders[POOL].tag;
	char words[96];
	return missing == 0 || no(c, "the orders need what the pool does not offer: %s", tag_words(words, missing));
}

static int tag_tee(struct match *c, const struct match_rule *r, struct err *e)
{
	(void)r, (void)e;
	return ((tag_union(c) ^ c->orders[APP].tag) & MARKET_TAG_TEE) == 0 || no(c, "the request or the grant needs an enclave, the app is not made for one");
}

static int asset_wanted(struct match *c, const struct match_rule *r, struct err *e)
{
	(void)e;
	const char *wanted = r->by == APP ? c->orders[REQUEST].asset : c->orders[REQUEST].data, *offered = c->orders[r->by].asset;
	return strcmp(wanted, offered) == 0 || no(c, "the request wants the %s %s, offered is %s", order_words[r->by], named(wanted), named(offered));
}

/* The order r->by restricts who may stand at r->of. */
static int restriction_admits(struct match *c, const struct match_rule *r, struct err *e)
{
	const struct market_restrict *restrict_to = &c->orders[r->by].restrict_to;
	const char *const restrictions[] = { restrict_to->app, restrict_to->data, restrict_to->pool, restrict_to->requester };
	const char *const whos[] = { c->orders[APP].asset, c->orders[DATA].asset, c->orders[POOL].asset, c->orders[REQUEST].requester };
	if (r->by == DATA && !c->has_data)
		return 1;
	int ok = market_admits(c->m, restrictions[r->of], whos[r->of], e);
	return ok ? ok : no(c, "the %s order admits as %s only %s, not %s", order_words[r->by], asset_words[r->of], restrictions[r->of], named(whos[r->of]));
}

static int asset_registered(struct match *c, const struct match_rule *r, struct err *e)
{
	static const enum market_asset_kind kinds[] = { MARKET_APP, MARKET_DATA, MARKET_POOL };
	if (r->by == DATA && !c->has_data)
		return 1;
	struct market_asset *a = &c->assets[r->by];
	int found = market_get(c->m, MARKET_ROW_ASSET, c->orders[r->by].asset, "", a, e);
	if (found < 0)
		return -1;
	return (found && a->kind == kinds[r->by]) || no(c, "%s is not registered as %s", c->orders[r->by].asset, asset_words[r->by]);
}

static int order_by_owner(struct match *c, const struct match_rule *r, struct err *e)
{
	(void)e;
	if (r->by == DATA && !c->has_data)
		return 1;
	const char *owner = r->by == REQUEST ? c->orders[REQUEST].requester : c->assets[r->by].owner, *signer = c->orders[r->by].signer;
	return strcmp(signer, owner) == 0 || no(c, "the %s order is signed by %s, not by %s", order_words[r->by], signer, owner);
}

static int volume_left(struct match *c, const struct match_rule *r, struct err *e)
{
	(void)r, (void)e;
	c->volume = UINT64_MAX;
	for (unsigned i = 0; i < ORDERS; i++) {
		const struct market_order *o = &c->orders[i];
		if (i == DATA && !c->has_data)
			continue;
		if (o->volume - o->consumed < c->volume)
			c->volume = o->volume - o->consumed;
		if (c->volume == 0)
			return no(c, "nothing is left of the %s order: %" PRIu64 " of %" PRIu64 " tasks are used or cancelled", order_words[i], o->consumed,
				o->volume);
	}
	return 1;
}

static bool purpose_granted(const char *purposes, const char *purpose)
{
	for (const char *at = purposes; at && *purpose; at = strchr(at, ' ')) {
		char one[MARKET_NAME] = "";
		at += *at == ' ';
		size_t len = strcspn(at, " ");
		memcpy(one, at, len < MARKET_NAME ? len : MARKET_NAME - 1);
		if (purpose_includes(one, purpose))
			return true;
	}
	return false;
}

bool market_purpose_granted(const struct market_order *grant, const char *purpose)
{
	return !grant->purposes[0] || purpose_granted(grant->purposes, purpose);
}

static int grant_admits(struct match *c, const struct match_rule *r, struct err *e)
{
	(void)r, (void)e;
	const struct market_order *grant = &c->orders[DATA];
	if (!c->has_data)
		return 1;
	if (grant->until && grant->until <= c->m->now)
		return no(c, "the grant ended %" PRId64 " s ago", c->m->now - grant->until);
	if (!market_purpose_granted(grant, c->orders[REQUEST].purpose))
		return no(c, "the grant is for the purpose %.200s, the request states %s", grant->purposes, named(c->orders[REQUEST].purpose));
	return !grant->policy || c->in->permits || no(c, "the policy of the grant does not permit this match");
}

/* Whoever the request names as its payer must have signed to pay; if it names nobody, whoever did sign pays, else the requester. */
static int payer_signed(struct match *c, const struct match_rule *r, struct err *e)
{
	(void)r, (void)e;
	const struct market_order *request = &c->orders[REQUEST];
	const char *signer = c->in->payer[0] ? c->in->payer : request->requester;
	c->payer = request->payer[0] ? request->payer : signer;
	if (strcmp(c->payer, signer) != 0 && strcmp(c->payer, request->requester) != 0)
		return no(c, "the request is to be paid by %s, who did not sign; %s did", c->payer, signer);
	return 1;
}

/* The last three say which command helps: what it does, and with which name of which order. */
static const struct match_rule rules[] = {
	{ 0x00, ERR_DENIED, "request.category = pool.category", category_same, 0, 0, "order show", ORDER, POOL },
	{ 0x01, ERR_NOT_FOUND, "the category exists", category_known, 0, 0, "run-task --category XS|S|M|L|XL", NOTHING, 0 },
	{ 0x02, ERR_DENIED, "request.trust ≤ pool.trust", trust_offered, 0, 0, "order show", ORDER, POOL },
	{ 0x03, ERR_FUNDS, "request's highest price ≥ price of the app", price_fits, APP, 0, "order show", ORDER, APP },
	{ 0x04, ERR_FUNDS, "request's highest price ≥ price of the data", price_fits, DATA, 0, "order show", ORDER, DATA },
	{ 0x05, ERR_FUNDS, "request's highest price ≥ price of the pool", price_fits, POOL, 0, "order show", ORDER, POOL },
	{ 0x06, ERR_DENIED, "app.tag ∪ data.tag without frameworks ∪ request.tag ⊆ pool.tag", tag_offered, 0, 0, "order show", ORDER, POOL },
	{ 0x07, ERR_DENIED, "tee in that union ⇒ tee in app.tag", tag_tee, 0, 0, "app show", ASSET, APP },
	{ 0x10, ERR_DENIED, "request.app = app", asset_wanted, APP, 0, "order show", ORDER, REQUEST },
	{ 0x11, ERR_DENIED, "request.data = data, or none", asset_wanted, DATA, 0, "order show", ORDER, REQUEST },
	{ 0x12, ERR_DENIED, "request admits the pool", restriction_admits, REQUEST, POOL, "order show", ORDER, REQUEST },
	{ 0x13, ERR_DENIED, "app order admits the data", restriction_admits, APP, DATA, "order show", ORDER, APP },
	{ 0x14, ERR_DENIED, "app order admits the pool", restriction_admits, APP, POOL, "order show", ORDER, APP },
	{ 0x15, ERR_DENIED, "app order admits the requester", restriction_admits, APP, REQUEST, "order show", ORDER, APP },
	{ 0x16, ERR_DENIED, "data order admits the app", restriction_admits, DATA, APP, "order list --data", ASSET, DATA },
	{ 0x17, ERR_DENIED, "data order admits the pool", restriction_admits, DATA, POOL, "order list --data", ASSET, DATA },
	{ 0x18, ERR_DENIED, "data order admits the requester", restriction_admits, DATA, REQUEST, "order list --data", ASSET, DATA },
	{ 0x19, ERR_DENIED, "pool order admits the app", restriction_admits, POOL, APP, "order show", ORDER, POOL },
	{ 0x1a, ERR_DENIED, "pool order admits the data", restriction_admits, POOL, DATA, "order show", ORDER, POOL },
	{ 0x1b, ERR_DENIED, "pool order admits the requester", restriction_admits, POOL, REQUEST, "order show", ORDER, POOL },
	{ 0x20, ERR_NOT_FOUND, "app registered", asset_registered, APP, 0, "app list", NOTHING, 0 },
	{ 0x21, ERR_DENIED, "app order signed by the app's owner", order_by_owner, APP, 0, "order list --app", ASSET, APP },
	{ 0x30, ERR_NOT_FOUND, "data registered", asset_registered, DATA, 0, "data list", NOTHING, 0 },
	{ 0x31, ERR_DENIED, "data order signed by the data's owner", order_by_owner, DATA, 0, "order list --data", ASSET, DATA },
	{ 0x40, ERR_NOT_FOUND, "pool registered", asset_registered, POOL, 0, "pool list", NOTHING, 0 },
	{ 0x41, ERR_DENIED, "pool order signed by the pool's owner", order_by_owner, POOL, 0, "pool show", ASSET, POOL },
	{ 0x50, ERR_DENIED, "request order signed by the requester", order_by_owner, REQUEST, 0, "order show", ORDER, REQUEST },
	{ 0x60, ERR_FUNDS, "something is left of each order", volume_left, 0, 0, "order list", NOTHING, 0 },
	{ 0x70, ERR_DENIED, "grant not ended, purpose admitted, policy permits", grant_admits, 0, 0, "order list --data", ASSET, DATA },
	{ 0x71, ERR_DENIED, "payer signed for this request", payer_signed, 0, 0, "order show", ORDER, REQUEST },
};

bool market_rule(size_t i, unsigned *code, const char **words)
{
	if (i >= sizeof rules / sizeof *rules)
		return false;
	*code = rules[i].code;
	*words = rules[i].words;
	return true;
}

int match_explain(struct match *c, void (*f)(void *ctx, const struct market_verdict *v), void *ctx, size_t *broken, struct err *e)
{
	*broken = 0;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		char code[MARKET_CODE];
		int ok = rules[i].holds(c, &rules[i], e);
		if (ok < 0)
			return -1;
		snprintf(code, sizeof code, "match-0x%02x", rules[i].code);
		*broken += !ok;
		f(ctx, &(struct market_verdict){ code, rules[i].words, ok, ok ? "" : c->why });
	}
	return 0;
}

int match_check(struct match *c, struct err *e)
{
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		int ok = rules[i].holds(c, &rules[i], e);
		if (ok > 0)
			continue;
		if (ok < 0)
			return -1;
		char code[MARKET_CODE];
		snprintf(code, sizeof code, "match-0x%02x", rules[i].code);
		market_refuse(c->m, rules[i].kind, code, e, "%s", c->why);
		const struct market_order *o = &c->orders[rules[i].help_of];
		return err_hint(e, "enclua %s%s%s", rules[i].help, rules[i].help_with == NOTHING ? "" : " ", rules[i].help_with == ORDER ? o->id :
			rules[i].help_with == ASSET ? o->asset : "");
	}
	return 0;
}
