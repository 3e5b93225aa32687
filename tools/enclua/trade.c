/* What the verbs of the market share: see trade.h. Nothing here decides; the rules do, where the book applies an entry. */
#include "trade.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actor.h"
#include "market/market.h"

int trade_open(struct trade *t, struct cli *c, struct err *e)
{
	*t = (struct trade){ .c = c };
	return host_open(&t->b, c->home, false, e) < 0 || cli_identity_public(c, &t->me, e) < 0 ? -1 : 0;
}

void trade_done(struct trade *t)
{
	book_close(t->b);
}

/* Refusals */

/* What helps, by how the code of a refusal begins; the first that fits. Rules of the market name the order or task that it is about by themselves; `also` is what can
 * be done then. */
static const struct { const char *code, *hint; bool also; } hints[] = {
	{ "match-0x00", "enclua pool list shows which categories pools offer, --category asks for one", true },
	{ "match-0x02", "enclua pool list shows how much trust pools offer, --trust asks for it", true },
	{ "match-0x03", "--max-price offers more", true },
	{ "match-0x04", "--max-price offers more", true },
	{ "match-0x05", "enclua pool list shows other pools, --max-price offers more", true },
	{ "match-0x06", "enclua pool list shows other pools, --pool chooses one", true },
	{ "match-0x12", "--pool names the pool that is wanted; without it, any will do", true },
	{ "match-0x14", "--pool chooses another", true },
	{ "match-0x17", "--pool chooses another", true },
	{ "match-0x19", "enclua pool list shows other pools", true },
	{ "match-0x1a", "enclua pool list shows other pools", true },
	{ "match-0x1b", "enclua pool list shows other pools", true },
	{ "match-0x60", "used up or cancelled meanwhile, perhaps; run-task looks for another one if it is tried again", true },
	{ "match-0x70", "--purpose states what a run is for; enclua grants DATA shows what each grant asks for", true },
	{ "match-0x71", "who is to pay signs first: enclua --as PAYER order sponsor ORDER", true },
	{ "match-first", "somebody else matched it meanwhile; try again", false },
	{ "match-unknown", "enclua order list shows the orders of this book", false },
	{ "match-own", "enclua data show DATA shows to whom it belongs now", false },
	{ "funds", "enclua account deposit N puts money in, as the operator of the book", true },
	{ "not-owner", "act as its owner: enclua --as NAME …; enclua key list shows who can act here", false },
	{ "not-scheduler", "only the owner of the pool, as it was when the deal was made, does that: enclua deal show DEAL", false },
	{ "cancel-unknown", "enclua order list shows the orders of this book", false },
	{ "claim-early", "enclua task watch waits for its last deadline", true },
	{ "initialize-", "enclua deal show DEAL shows its tasks", false },
	{ "pool-name", "enclua pool list shows the names that are taken; choose another", false },
	{ "pool-policy", "enclua pool policy POOL --stake-ratio 0…1000 --scheduler-ratio 0…100", false },
	{ "pool-unknown", "enclua pool list shows the pools of this book", false },
	{ "admit-twice", "enclua pool show POOL shows who works for it", false },
	{ "dismiss-twice", "enclua pool show POOL shows who works for it", false },
	{ "transfer-twice", "enclua app list shows both", false },
	{ "identity-unknown", "it introduces itself on its own machine: enclua key register NAME", false },
	{ "sponsor-other", "enclua order show ORDER shows who is to pay", false },
	{ "sponsor-unknown", "enclua order list shows the orders of this book", false },
	{ "order-policy", "enclua policy list shows the policies of this book", false },
	{ "list-unknown", "enclua list list shows the lists of this book", false },
	{ "list-fixed", "only a group loses members: enclua list new MEMBER… --group makes one", false },
	{ "list-stranger", "enclua list show GROUP shows who is in it", false },
	{ "overflow", "a smaller --volume or --price", false },
	{ "closed", "its account is closed for good; another identity can take its place: enclua key new NAME", false },
	{ "run-assurance", "enclua doctor shows what this machine can promise, --min-assurance asks for less", false },
};

static int hint_also(struct err *e, const char *more)
{
	char named[sizeof e->hint + 4];
	(void)snprintf(named, sizeof named, "%s%s", e->hint, e->hint[0] ? "; " : "");
	return err_hint(e, "%s%s", named, more);
}

int trade_hint(struct err *e)
{
	for (size_t i = 0; e && i < sizeof hints / sizeof *hints; i++) {
		if (strncmp(e->msg, hints[i].code, strlen(hints[i].code)) != 0)
			continue;
		if (e->hint[0] && !hints[i].also)
			return -1;
		return hint_also(e, hints[i].hint);
	}
	return -1;
}

int trade_funds_hint(struct book *b, struct err *e)
{
	struct identity *bank = NULL;
	struct err ignored;
	if (!e || e->code != ERR_FUNDS || book_operator_open(b, &bank, &ignored) < 0)
		return -1;
	identity_free(bank);
	return hint_also(e, "enclua account deposit N puts money in, as the operator of the book");
}

/* Who signs */

int trade_append(struct trade *t, struct entry *en, const struct identity *by, char *id, uint64_t *index, struct err *e)
{
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	enum id_kind kind;
	int r = entry_sign(en, by, &note, e);
	if (r == 0 && book_append_one(t->b, &note, index, e) < 0)
		r = trade_hint(e);
	if (r == 0 && id && entry_id_kind(en->type, &kind)) {
		const char *end = memmem(note.data, note.len, "\n\n", 2);
		entry_id(id, kind, note.data, (size_t)(end + 1 - (const char *)note.data));
	}
	buf_done(&note);
	return r;
}

int trade_enter(struct trade *t, struct entry *en, const struct identity *by, char *id, struct err *e)
{
	uint64_t index;
	if (trade_append(t, en, by, id, &index, e) < 0)
		return -1;
	trade_write_number(t->c, "entry", index);
	return 0;
}

int trade_owner_check(struct trade *t, const char *asset, const struct identity *by, struct err *e)
{
	struct market_asset a;
	char me[IDENTITY_TEXT], mine[LIMIT_NAME_BYTES + 1], owner[LIMIT_NAME_BYTES + 1], name[LIMIT_NAME_BYTES + 1];
	int is = host_get(t->b, MARKET_ROW_ASSET, asset, "", &a, e);
	identity_text(me, identity_public(by));
	if (is <= 0 || strcmp(a.owner, me) == 0)
		return is < 0 ? -1 : 0;
	err_set(e, ERR_DENIED, "not-owner: %s belongs to %s, and you are %s", trade_asset_call(t, asset, name), trade_call(t, a.owner, owner),
		trade_call(t, me, mine));
	return trade_hint(e);
}

int trade_transfer_tell(struct trade *t, const char *key, const char *asset, const struct store_identity *to, struct err *e)
{
	char who[IDENTITY_TEXT], name[LIMIT_NAME_BYTES + 1], called[LIMIT_NAME_BYTES + 1];
	identity_text(who, to->key);
	trade_write(t->c, key, asset);
	trade_write(t->c, "to", who);
	return cli_print(t->c, e, "%s (%s) belongs to %s now\n", trade_asset_call(t, asset, name), asset, trade_call(t, who, called));
}

int trade_actor(struct trade *t, struct identity **out, struct err *e)
{
	return actor_open(t->c, t->b, out, e);
}

int trade_pool_actor(struct trade *t, const char *pool, struct identity **out, struct err *e)
{
	struct market_asset a;
	char me[IDENTITY_TEXT], manager[IDENTITY_TEXT];
	struct err ignored;
	*out = NULL;
	int is = host_get(t->b, MARKET_ROW_ASSET, pool, "", &a, e);
	if (is < 0)
		return -1;
	identity_text(me, t->me.public_key);
	if (is && strcmp(a.owner, me) != 0 && host_manager_open(t->b, out, &ignored) == 0) {
		identity_text(manager, identity_public(*out));
		if (strcmp(a.owner, manager) == 0)
			return 0;
		identity_free(*out);
		*out = NULL;
	}
	return trade_actor(t, out, e);	/* when that is not the owner either, the rule says so */
}

/* Names in */

struct by_h1 { const char *h1; size_t n; char id[ID_TEXT]; };
static int h1_one(void *ctx, const struct store_app *a, struct err *e)
{
	struct by_h1 *x = ctx;
	(void)e;
	if (strcmp(a->h1, x->h1) == 0 && x->n++ == 0)
		memcpy(x->id, a->id, ID_TEXT);
	return 0;
}

/* One archive may be registered by several owners: then the hash alone does not say whose offers are meant. */
static int app_by_h1(struct trade *t, const char *h1, char id[static ID_TEXT], struct err *e)
{
	struct by_h1 x = { .h1 = h1 };
	if (store_app_each(book_store(t->b), h1_one, &x, e) < 0)
		return -1;
	memcpy(id, x.id, ID_TEXT);
	if (x.n == 1)
		return 0;
	if (x.n) {
		err_set(e, ERR_CONFLICT, "%zu registrations have the archive %s", x.n, cli_safe(h1, strlen(h1), 0));
		return err_hint(e, "name one by its id: enclua app list");
	}
	err_set(e, ERR_NOT_FOUND, "no iApp here has the archive %s", cli_safe(h1, strlen(h1), 0));
	return err_hint(e, "enclua app list shows what there is");
}

int trade_app(struct trade *t, const char *which, char id[static ID_TEXT], struct err *e)
{
	struct store_app app;
	if (strncmp(which, "h1:", 3) == 0)
		return app_by_h1(t, which, id, e);
	if (store_app_find(book_store(t->b), which, &app, e) < 0)
		return -1;
	memcpy(id, app.id, ID_TEXT);
	return 0;
}

int trade_data(struct trade *t, const char *which, char id[static ID_TEXT], struct err *e)
{
	struct store_data d;
	if (store_data_find(book_store(t->b), which, t->me.public_key, &d, e) < 0)
		return -1;
	memcpy(id, d.id, ID_TEXT);
	store_data_done(&d);
	return 0;
}

int trade_pool(struct trade *t, const char *which, char id[static ID_TEXT], struct err *e)
{
	char name[MARKET_NAME];
	if (host_find(t->b, MARKET_ROW_ASSET, which, name, e) < 0)
		return -1;
	(void)snprintf(id, ID_TEXT, "%.*s", (int)ID_TEXT - 1, name);
	return 0;
}

int trade_who(struct trade *t, const char *who, struct store_identity *out, struct err *e)
{
	uint8_t key[32], age[32];
	bool age_known;
	if (cli_who(t->c, who, key, age, &age_known, e) < 0)
		return -1;
	int is = store_identity_find(book_store(t->b), key, out, e);
	if (is)
		return is < 0 ? -1 : 0;
	err_set(e, ERR_NOT_FOUND, "%s is not known in this book", cli_safe(who, strlen(who), 0));
	return err_hint(e, "it introduces itself first, on its own machine: enclua key register NAME");
}

/* Names out */

static const char *safe(char name[static LIMIT_NAME_BYTES + 1])
{
	(void)snprintf(name, LIMIT_NAME_BYTES + 1, "%s", cli_safe(name, strlen(name), 3));
	return name;
}

const char *trade_call(struct trade *t, const char *identity, char out[static LIMIT_NAME_BYTES + 1])
{
	struct keystore_item item;
	struct store_identity known;
	uint8_t key[32];
	char keys[4200];
	struct err ignored;
	if (!identity[0] || identity_parse(key, identity, &ignored) < 0)
		return identity;
	if (cli_keys_dir(t->c, keys, sizeof keys, &ignored) == 0 && keystore_find_public(keys, key, &item, &ignored) == 0)
		(void)snprintf(out, LIMIT_NAME_BYTES + 1, "%s", item.name);
	else if (store_identity_find(book_store(t->b), key, &known, &ignored) == 1 && (known.role[0] || !strcmp(known.name, "manager")))
		(void)snprintf(out, LIMIT_NAME_BYTES + 1, "%s", known.name);
	else
		return identity;
	return safe(out);
}

const char *trade_asset_call(struct trade *t, const char *id, char out[static LIMIT_NAME_BYTES + 1])
{
	struct store_app app;
	struct store_data d;
	struct err ignored;
	out[0] = '\0';
	if (strncmp(id, "app1", 4) == 0 && store_app_find(book_store(t->b), id, &app, &ignored) == 0)
		(void)snprintf(out, LIMIT_NAME_BYTES + 1, "%s", app.name);
	else if (strncmp(id, "pool1", 5) == 0)
		(void)host_pool_name(t->b, id, out, &ignored);
	else if (strncmp(id, "data1", 5) == 0 && store_data_find(book_store(t->b), id, NULL, &d, &ignored) == 0) {
		(void)snprintf(out, LIMIT_NAME_BYTES + 1, "%s", d.name);
		store_data_done(&d);
	}
	return out[0] ? safe(out) : id;
}

/* Options */

int trade_option_amount(const struct args *a, const char *option, uint64_t *amount, struct err *e)
{
	const char *text = args_get(a, option);
	return text && text_amount(text, amount, e) < 0 ? err_wrap(e, "--%s", option) : 0;
}

int trade_option_number(const struct args *a, const char *option, uint64_t min, uint64_t max, uint64_t *n, struct err *e)
{
	const char *text = args_get(a, option);
	if (!text)
		return 0;
	size_t digits = strspn(text, "0123456789");
	if (digits > 0 && digits <= 18 && !text[digits])
		*n = strtoull(text, NULL, 10);
	if (digits == 0 || digits > 18 || text[digits] || *n < min || *n > max)
		return err_set(e, ERR_USAGE, "--%s takes a whole number, %" PRIu64 " to %" PRIu64, option, min, max);
	return 0;
}

static const struct { const char *text; uint64_t bit; } tags[] = {
#define X(id, bit, text) { text, UINT64_C(1) << bit },
	MARKET_TAGS(X)
#undef X
};

int trade_option_tag(const struct args *a, uint64_t *tag, struct err *e)
{
	for (size_t i = 0; i < args_count(a, "tag"); i++) {
		const char *word = args_at(a, "tag", i);
		size_t k = 0;
		while (k < sizeof tags / sizeof *tags && strcmp(word, tags[k].text) != 0)
			k++;
		if (k == sizeof tags / sizeof *tags) {
			err_set(e, ERR_USAGE, "there is no tag %s", cli_safe(word, strlen(word), 0));
			return err_hint(e, "tags are tee, scone, gramine, tdx, gpu, tpm2, egress");
		}
		*tag |= tags[k].bit;
	}
	return 0;
}

static const char *const categories[] = { "XS", "S", "M", "L", "XL" };

int trade_option_category(const struct args *a, uint64_t *category, struct err *e)
{
	const char *word = args_get(a, "category");
	for (size_t i = 0; word && i < sizeof categories / sizeof *categories; i++)
		if (strcmp(word, categories[i]) == 0) {
			*category = i;
			return 0;
		}
	return word ? err_set(e, ERR_USAGE, "--category takes XS, S, M, L or XL: a task has 5 min, 20 min, 1 h, 3 h or 10 h") : 0;
}

static int list_known(struct trade *t, const char *id, struct err *e)
{
	struct market_list list;
	int is = host_get(t->b, MARKET_ROW_LIST, id, "", &list, e);
	if (is)
		return is < 0 ? -1 : 0;
	err_set(e, ERR_NOT_FOUND, "there is no list %s in this book", cli_safe(id, strlen(id), 0));
	return err_hint(e, "enclua list list shows what there is; enclua list new WHO… makes one");
}

int trade_restriction(struct trade *t, enum trade_restriction kind, const char *text, char name[static MARKET_NAME], struct err *e)
{
	static int (*const find[])(struct trade *, const char *, char[static ID_TEXT], struct err *) = {
		[TRADE_ONLY_APP] = trade_app, [TRADE_ONLY_DATA] = trade_data, [TRADE_ONLY_POOL] = trade_pool, [TRADE_ONLY_REQUESTER] = NULL,
	};
	struct store_identity who;
	char id[ID_TEXT];
	name[0] = '\0';
	if (trade_is_list(text)) {
		if (list_known(t, text, e) < 0)
			return -1;
		(void)snprintf(name, MARKET_NAME, "%s", text);
	} else if (find[kind]) {
		if (find[kind](t, text, id, e) < 0)
			return -1;
		(void)snprintf(name, MARKET_NAME, "%s", id);
	} else {
		if (trade_who(t, text, &who, e) < 0)
			return -1;
		identity_text(name, who.key);
	}
	return 0;
}

bool trade_is_list(const char *text)
{
	return strncmp(text, MARKET_LIST, sizeof MARKET_LIST - 1) == 0 && strlen(text) < MARKET_NAME;
}

int trade_option_only(struct trade *t, const struct args *a, enum trade_restriction kind, char name[static MARKET_NAME], struct entry_text *out,
	struct err *e)
{
	static const char *const options[] = {
		[TRADE_ONLY_APP] = "only-app", [TRADE_ONLY_DATA] = "only-data", [TRADE_ONLY_POOL] = "only-pool", [TRADE_ONLY_REQUESTER] = "only-requester",
	};
	const char *text = args_get(a, options[kind]);
	if (!text)
		return 0;
	if (trade_restriction(t, kind, text, name, e) < 0)
		return err_wrap(e, "--%s", options[kind]);
	*out = entry_text(name);
	return 0;
}

/* JSON and text */

void trade_write(struct cli *c, const char *key, const char *text)
{
	json_write_key(&c->out, key);
	json_write_text(&c->out, text[0] ? text : NULL);
}

void trade_write_number(struct cli *c, const char *key, uint64_t n)
{
	json_write_key(&c->out, key);
	json_write_uint(&c->out, n);
}

void trade_write_time(struct cli *c, const char *key, int64_t at)
{
	char text[24] = "";
	if (at)
		entry_time_text(text, at);
	trade_write(c, key, text);
}

void trade_write_tag(struct cli *c, uint64_t tag)
{
	json_write_key(&c->out, "tag");
	json_write_array(&c->out);
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (tag & tags[i].bit)
			json_write_text(&c->out, tags[i].text);
	json_write_array_end(&c->out);
}

void trade_tag_text(char out[static 96], uint64_t tag)
{
	size_t at = 0;
	(void)snprintf(out, 96, "-");
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (tag & tags[i].bit)
			at += (size_t)snprintf(out + at, 96 - at, "%s%s", at ? " " : "", tags[i].text);
}

const char *trade_category_text(uint64_t category)
{
	return category < sizeof categories / sizeof *categories ? categories[category] : "?";
}

struct trade_amount trade_amount(uint64_t nrlc)
{
	struct trade_amount a;
	text_amount_write(a.text, nrlc);
	return a;
}
