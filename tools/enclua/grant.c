/* enclua grant: the owner of data lets an iApp of a user's run on it, under terms. Data serves nobody without one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/purpose.h"
#include "form/receipt.h"
#include "grant.h"
#include "policy_find.h"
#include "trust/protect.h"
#include "verbs.h"

struct terms {
	char data[ID_TEXT], app[MARKET_NAME], user[MARKET_NAME], pool[MARKET_NAME], policy[ID_TEXT];
	uint64_t price, uses, until;
	const char *level;
	bool bulk;
};

/* Who and what: both are asked for, so that "anybody" is said and never forgotten. */
static int parties_read(struct trade *t, const struct args *a, struct terms *x, struct err *e)
{
	const char *app = args_get(a, "app"), *list = args_get(a, "app-list"), *user = args_get(a, "user"), *pool = args_get(a, "pool");
	if (!app == !list) {
		err_set(e, ERR_USAGE, "a grant names one iApp (--app) or a list of them (--app-list)");
		return err_hint(e, "enclua app list shows iApps; enclua list new APP… --kind app makes a list");
	}
	if (!user) {
		err_set(e, ERR_USAGE, "a grant says for whom it is: --user WHO, a group, or any");
		return err_hint(e, "enclua key list shows whom this home knows by name");
	}
	if (trade_is_list(app ? app : list) != !app)
		return err_set(e, ERR_USAGE, app ? "--app takes one iApp; a list goes with --app-list" : "--app-list takes the id of a list: list1…");
	if (trade_restriction(t, TRADE_ONLY_APP, app ? app : list, x->app, e) < 0)
		return err_wrap(e, app ? "--app" : "--app-list");
	if (strcmp(user, "any") != 0 && trade_restriction(t, TRADE_ONLY_REQUESTER, user, x->user, e) < 0)
		return err_wrap(e, "--user");
	return pool && trade_restriction(t, TRADE_ONLY_POOL, pool, x->pool, e) < 0 ? err_wrap(e, "--pool") : 0;
}

/* RFC 3339, or +30d: from now on. */
static int until_read(const char *text, uint64_t *until, struct err *e)
{
	const int64_t now = os_time();
	uint64_t ms;
	int64_t at = 0;
	if (text[0] == '+') {
		if (text_duration_ms(text + 1, &ms, e) < 0)
			return err_wrap(e, "--until");
		at = ms / 1000 > (uint64_t)(ENTRY_TIME_MAX - now) ? ENTRY_TIME_MAX : now + (int64_t)(ms / 1000);
	} else if (entry_time_parse(&at, text, strlen(text), e) < 0) {
		err_wrap(e, "--until");
		return err_hint(e, "or from now on: --until +30d");
	}
	if (at <= now)
		return err_set(e, ERR_USAGE, "--until: that time is over; such a grant would never hold");
	*until = (uint64_t)at;
	return 0;
}

static int level_read(const char *text, const char **level, struct err *e)
{
	const struct entry_text t = entry_text(text);
	if (assurance_level(&t) <= 0)
		return err_set(e, ERR_USAGE, "--min-assurance takes software, tpm2 or cvm");
	*level = text;
	return 0;
}

/* After all else: a policy that is given by path goes into the book. */
static int policy_read(struct trade *t, const struct args *a, const char *data, char id[static ID_TEXT], struct err *e)
{
	struct host_policy p;
	struct store_data d;
	if (!args_has(a, "policy")) {	/* as its owner protected it */
		if (store_data_find(book_store(t->b), data, NULL, &d, e) < 0)
			return -1;
		int r = protect_policy(t->b, &d, id, e);
		store_data_done(&d);
		return r;
	}
	if (!strcmp(args_get(a, "policy"), "none"))
		return 0;
	if (policy_find(t, args_get(a, "policy"), &p, e) < 0)
		return err_wrap(e, "--policy");
	memcpy(id, p.id, ID_TEXT);
	return 0;
}

static int terms_read(struct trade *t, const struct args *a, struct terms *x, struct err *e)
{
	const char *until = args_get(a, "until"), *level = args_get(a, "min-assurance");
	*x = (struct terms){ .uses = TRADE_VOLUME_ALL, .bulk = args_has(a, "bulk") };
	for (size_t i = 0; i < args_count(a, "purpose"); i++)
		if (purpose_check(args_at(a, "purpose", i), e) < 0)
			return err_wrap(e, "--purpose");
	if (trade_option_amount(a, "price", &x->price, e) < 0 || trade_option_number(a, "uses", 1, TRADE_VOLUME_ALL, &x->uses, e) < 0)
		return -1;
	if (x->bulk && x->price)
		return err_set(e, ERR_USAGE, "a grant for bulk is free: leave --price or --bulk out");
	if (args_count(a, "purpose") > ENTRY_MANY_MAX)
		return err_set(e, ERR_USAGE, "a grant names at most %u purposes; a broader one may include many", ENTRY_MANY_MAX);
	if ((until && until_read(until, &x->until, e) < 0) || (level && level_read(level, &x->level, e) < 0))
		return -1;
	return trade_data(t, a->words[0], x->data, e) < 0 ? -1 : parties_read(t, a, x, e);
}

static int draft(struct trade *t, const struct args *a, const struct terms *x, struct entry *en, struct err *e)
{
	if (book_draft(t->b, en, ENTRY_ORDER_DATA_TYPE, e) < 0)
		return -1;
	struct entry_order_data *f = &en->order_data;
	memcpy(f->data, x->data, ID_TEXT);
	f->price = x->price;
	f->volume = x->uses;
	f->only_app = entry_text(x->app);
	f->only_pool = entry_text(x->pool);
	f->only_requester = entry_text(x->user);
	f->until = x->until;
	for (size_t i = 0; i < args_count(a, "purpose"); i++)
		f->purpose.at[f->purpose.n++] = entry_text(args_at(a, "purpose", i));
	memcpy(f->policy, x->policy, ID_TEXT);
	f->min_assurance = entry_text(x->level ? x->level : "");
	f->bulk = x->bulk;
	return 0;
}

static int granted(void *ctx, const struct grant *g, struct err *e)
{
	grant_write(ctx, g);
	return grant_print(ctx, "", g, e);
}

static int run_grant(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	struct terms x;
	struct identity *by = NULL;
	struct entry *en = malloc(sizeof *en);
	char id[ID_TEXT];
	int r = trade_open(&t, c, e);
	if (!en)
		r = err_set(e, ERR_LIMIT, "out of memory");
	if (r == 0 && (terms_read(&t, a, &x, e) < 0 || trade_actor(&t, &by, e) < 0 || trade_owner_check(&t, x.data, by, e) < 0 ||
		policy_read(&t, a, x.data, x.policy, e) < 0 || draft(&t, a, &x, en, e) < 0 || trade_append(&t, en, by, id, NULL, e) < 0))
		r = -1;
	if (r == 0)
		r = grant_with(t.b, id, granted, &t, e);
	identity_free(by);
	free(en);
	trade_done(&t);
	return r;
}

static const struct option_row grant_options[] = {
	{ "app", 0, "APP", false, "the iApp that may read it: a name, an id, or the h1:… of its archive" },
	{ "app-list", 0, "LIST", false, "any iApp of a list (list1…)" },
	{ "user", 0, "WHO|any", false, "who may run it: an identity, a group (list1…), or any" },
	{ "pool", 0, "POOL", false, "only in this pool, or one of a list; without it, in any" },
	{ "price", 0, "N", false, "for each use: 12, 12nRLC or 1.5RLC; without it, nothing" },
	{ "uses", 0, "N", false, "how many runs; without it, any number" },
	{ "until", 0, "T", false, "2027-01-31T00:00:00Z, or +30d from now; without it, until it is revoked" },
	{ "purpose", 0, "P", true, "what for: DUO:0000006, or a word of your own; narrower purposes are included; without it, anything" },
	{ "policy", 0, "POLICY", false, "its policy must permit each use: a name, an id, or a path, which is registered then; none: no policy, although it was protected with one" },
	{ "min-assurance", 0, "software|tpm2|cvm", false, "the least that the machine must prove" },
	{ "bulk", 0, NULL, false, "may also be one of many data in a task; such a grant is free" },
	TRADE_OPTIONS_END,
};

const struct command grant_commands[] = {
	{ "grant", "DATA --app APP|--app-list LIST --user WHO|any [--purpose P]… [--uses N] [--until T] [--price N] [--pool POOL] [--policy POLICY] "
	  "[--min-assurance LEVEL] [--bulk]", "Let an iApp of somebody's run on data of yours, under terms",
	  "Example: enclua grant patients --app cohort-average --user ben --purpose DUO:0000006 --uses 10 --until +30d\n\nData serves nobody whom its owner did not grant it; your own "
	  "runs sign a grant for one use each. A grant holds from the next entry\nof the book on, until it is used up, expires, is revoked (enclua revoke), or the data gets another owner. "
	  "Groups are asked at each\nmatch, so whoever was removed from one (enclua list remove) is out from then on. What you granted already, to the same under the\nsame terms, is not granted twice.\n\n"
	  "JSON: grant, status, data, owner, app, user, pool, policy, min_assurance, price, uses (9007199254740991: any number), used, left,\nentry, signed, until, purposes, bulk, tag; null: "
	  "any, or none.", grant_options, 1, 1, run_grant },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
