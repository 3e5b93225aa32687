/* The commands of a scenario: each turns its fields into one call of the market. Signatures are taken as good: `signer` is who signed an order, `payer` who
 * signed to pay, `authorization` who authorized a worker (the pool's owner when it is absent).
 */
#include <stdio.h>
#include <string.h>

#include "replay.h"
#include "seal/crypto.h"

#define NUMBER_OR(c, id, absent) command_number(c, F_##id, absent)
#define NAME_OF(c, id) command_name(c, F_##id)

/* Names of the scenario into rows; one that is too long stays too long, so that the market refuses it. */
static void name_put(char out[static MARKET_NAME], const char *name)
{
	size_t n = strnlen(name, MARKET_NAME);
	memset(out, 0, MARKET_NAME);
	memcpy(out, n < MARKET_NAME ? name : "too/long", n < MARKET_NAME ? n : 8);
}

static int refuse_name(struct replay *r, const char *name, struct err *e)
{
	snprintf(r->market.code, sizeof r->market.code, "invalid");
	return err_set(e, ERR_INVALID, "invalid: there is no %s", name[0] ? name : "such name");
}

static int category_run(struct replay *r, const struct command *c, struct err *e)
{
	uint64_t number;
	return market_category_add(&r->market, NUMBER_OR(c, CATEGORY_TIME, 0), &number, e);
}

static int deposit_run(struct replay *r, const struct command *c, struct err *e)
{
	return market_deposit(&r->market, NAME_OF(c, WHO), NUMBER_OR(c, AMOUNT, 0), e);
}

static int withdraw_run(struct replay *r, const struct command *c, struct err *e)
{
	return market_withdraw(&r->market, NAME_OF(c, WHO), NUMBER_OR(c, AMOUNT, 0), e);
}

static int asset_run(struct replay *r, const struct command *c, enum market_asset_kind kind, struct err *e)
{
	struct market_asset a = { .kind = kind };
	name_put(a.id, NAME_OF(c, ID));
	name_put(a.owner, NAME_OF(c, OWNER));
	if (kind == MARKET_POOL) {
		a.stake_ratio = NUMBER_OR(c, STAKE_RATIO, 30);
		a.scheduler_ratio = NUMBER_OR(c, SCHEDULER_RATIO, 1);
	}
	return market_asset_add(&r->market, &a, e);
}

static int app_run(struct replay *r, const struct command *c, struct err *e)
{
	return asset_run(r, c, MARKET_APP, e);
}

static int data_run(struct replay *r, const struct command *c, struct err *e)
{
	return asset_run(r, c, MARKET_DATA, e);
}

static int pool_run(struct replay *r, const struct command *c, struct err *e)
{
	return asset_run(r, c, MARKET_POOL, e);
}

/* 1, 0 or −1; b is "" for all that are read here. */
static int row_read(struct replay *r, enum market_kind kind, const char *id, void *row, struct err *e)
{
	const struct market_backend *b = market_memory_backend(r->rows);
	return b->get(b->ctx, kind, id, "", row, e);
}

/* `by`, or the owner of the asset when nobody is named. */
static int by_or_owner(struct replay *r, const struct command *c, const char *asset, char out[static MARKET_NAME], struct err *e)
{
	struct market_asset a;
	name_put(out, NAME_OF(c, BY));
	if (out[0])
		return 0;
	int found = row_read(r, MARKET_ROW_ASSET, asset, &a, e);
	if (found > 0)
		name_put(out, a.owner);
	return found < 0 ? -1 : 0;
}

static int transfer_run(struct replay *r, const struct command *c, struct err *e)
{
	char by[MARKET_NAME];
	if (by_or_owner(r, c, NAME_OF(c, ASSET), by, e) < 0)
		return -1;
	return market_asset_transfer(&r->market, NAME_OF(c, ASSET), by, NAME_OF(c, TO), e);
}

static int policy_run(struct replay *r, const struct command *c, struct err *e)
{
	char by[MARKET_NAME];
	if (by_or_owner(r, c, NAME_OF(c, POOL), by, e) < 0)
		return -1;
	return market_pool_policy(&r->market, NAME_OF(c, POOL), by, NUMBER_OR(c, STAKE_RATIO, 30), NUMBER_OR(c, SCHEDULER_RATIO, 1), e);
}

static int list_add(struct replay *r, const char *list, const char *by, bool group, const struct value *v, const char *const *names, struct err *e)
{
	for (size_t i = 0; i < v->count; i++)
		if (market_list_add(&r->market, list, by, names[v->first + i], group, e) < 0)
			return -1;
	return 0;
}

static int list_run(struct replay *r, const struct command *c, struct err *e)
{
	const char *owner = c->given & FIELD(OWNER) ? NAME_OF(c, OWNER) : "scenario";
	return list_add(r, NAME_OF(c, ID), owner, c->given & FIELD(GROUP) && c->at[F_GROUP].flag, &c->at[F_MEMBERS], c->names, e);
}

static int list_remove_run(struct replay *r, const struct command *c, struct err *e)
{
	const struct value *v = &c->at[F_MEMBERS];
	for (size_t i = 0; i < v->count; i++)
		if (market_list_remove(&r->market, NAME_OF(c, ID), c->given & FIELD(OWNER) ? NAME_OF(c, OWNER) : "scenario", c->names[v->first + i], e) < 0)
			return -1;
	return 0;
}

/* One name as it is; several become a list of their own. */
static int restriction_put(struct replay *r, const struct command *c, enum field f, char out[static MARKET_NAME], struct err *e)
{
	const struct value *v = &c->at[f];
	if (!(c->given & UINT64_C(1) << f) || v->count == 0)
		return 0;
	if (v->count == 1) {
		name_put(out, c->names[v->first]);
		return 0;
	}
	snprintf(out, MARKET_NAME, MARKET_LIST "%llu.%d", (unsigned long long)r->line, (int)f);
	return list_add(r, out, "scenario", false, v, c->names, e);
}

static void purposes_put(const struct command *c, char out[static MARKET_PURPOSES_TEXT])
{
	const struct value *v = &c->at[F_PURPOSES];
	size_t at = 0;
	for (size_t i = 0; i < v->count && c->given & FIELD(PURPOSES) && at < MARKET_PURPOSES_TEXT; i++)
		at += (size_t)snprintf(out + at, MARKET_PURPOSES_TEXT - at, "%s%s", at ? " " : "", c->names[v->first + i]);
}

static int order_names(struct replay *r, const struct command *c, struct market_order *o, struct err *e)
{
	static const enum field assets[] = { F_APP, F_DATA, F_POOL, F_APP };
	name_put(o->id, NAME_OF(c, ID));
	name_put(o->signer, NAME_OF(c, SIGNER));
	name_put(o->asset, command_name(c, assets[o->kind]));
	if (o->kind == MARKET_ORDER_REQUEST) {
		const char *requester = NAME_OF(c, REQUESTER)[0] ? NAME_OF(c, REQUESTER) : o->signer;
		name_put(o->data, NAME_OF(c, DATA));
		name_put(o->requester, requester);
		name_put(o->beneficiary, NAME_OF(c, BENEFICIARY)[0] ? NAME_OF(c, BENEFICIARY) : o->requester);
		name_put(o->payer, NAME_OF(c, PAYER));
		name_put(o->purpose, NAME_OF(c, PURPOSE));
		name_put(o->restrict_to.pool, NAME_OF(c, POOL));
		if (restriction_put(r, c, F_POOL, o->restrict_to.pool, e) < 0)
			return -1;
	}
	if (restriction_put(r, c, F_TO_APP, o->restrict_to.app, e) < 0 || restriction_put(r, c, F_TO_DATA, o->restrict_to.data, e) < 0 ||
		restriction_put(r, c, F_TO_POOL, o->restrict_to.pool, e) < 0)
		return -1;
	purposes_put(c, o->purposes);
	return restriction_put(r, c, F_TO_REQUESTER, o->restrict_to.requester, e);
}

static int order_run(struct replay *r, const struct command *c, struct err *e)
{
	static const char *const kinds[] = { "app", "data", "pool", "request" };
	struct market_order o;
	unsigned kind = 0;
	while (kind < 4 && strcmp(kinds[kind], NAME_OF(c, KIND)) != 0)
		kind++;
	if (kind == 4)
		return refuse_name(r, "kind of order of that name: app, data, pool or request", e);
	memset(&o, 0, sizeof o);
	o.kind = (enum market_order_kind)kind;
	if (order_names(r, c, &o, e) < 0)
		return -1;
	o.price = NUMBER_OR(c, PRICE, 0) + NUMBER_OR(c, APP_MAX, 0);
	if (kind == MARKET_ORDER_REQUEST ? (c->given & FIELD(PRICE)) != 0 : (c->given & FIELD(APP_MAX)) != 0)
		return refuse_name(r, kind == MARKET_ORDER_REQUEST ? "price in a request, but maxAppPrice" : "maxAppPrice in an offer, but price", e);
	o.data_price = NUMBER_OR(c, DATA_MAX, 0);
	o.pool_price = NUMBER_OR(c, POOL_MAX, 0);
	o.volume = NUMBER_OR(c, VOLUME, 1);
	o.tag = NUMBER_OR(c, TAG, 0);
	o.category = NUMBER_OR(c, CATEGORY, 0);
	o.trust = NUMBER_OR(c, TRUST, 0);
	o.until = (int64_t)NUMBER_OR(c, UNTIL, 0);
	o.policy = c->given & FIELD(POLICY) && c->at[F_POLICY].flag;
	o.bulk = c->given & FIELD(BULK) && c->at[F_BULK].flag;
	o.callback = c->given & FIELD(CALLBACK) && c->at[F_CALLBACK].flag;
	return market_order_add(&r->market, &o, e);
}

static int cancel_run(struct replay *r, const struct command *c, struct err *e)
{
	struct market_order o;
	char by[MARKET_NAME];
	int found = row_read(r, MARKET_ROW_ORDER, NAME_OF(c, ORDER), &o, e);
	if (found < 0)
		return -1;
	if (found == 0 || o.kind == MARKET_ORDER_REQUEST)
		name_put(by, NAME_OF(c, BY)[0] || !found ? NAME_OF(c, BY) : o.requester);
	else if (by_or_owner(r, c, o.asset, by, e) < 0)
		return -1;
	return market_order_cancel(&r->market, NAME_OF(c, ORDER), found && !by[0] ? o.signer : by, e);
}

static struct market_match match_of(const struct command *c)
{
	return (struct market_match){ .app = NAME_OF(c, APP), .data = NAME_OF(c, DATA), .pool = NAME_OF(c, POOL), .request = NAME_OF(c, REQUEST),
		.payer = NAME_OF(c, PAYER), .deal = NAME_OF(c, DEAL), .permits = c->given & FIELD(PERMITS) && c->at[F_PERMITS].flag };
}

static int match_run(struct replay *r, const struct command *c, struct err *e)
{
	struct market_deal d;
	const struct market_match in = match_of(c);
	if (market_match(&r->market, &in, &d, e) < 0)
		return -1;
	json_write_key(&r->result, "deal");
	json_write_text(&r->result, d.id);
	json_write_key(&r->result, "volume");
	json_write_uint(&r->result, d.size);
	return 0;
}

/* Which rules do these orders break? Changes nothing. */
static void broken_write(void *ctx, const struct market_verdict *v)
{
	if (!v->holds)
		json_write_text(ctx, v->code);
}

static int explain_run(struct replay *r, const struct command *c, struct err *e)
{
	struct market_deal d;
	const struct market_match in = match_of(c);
	json_write_key(&r->result, "broken");
	json_write_array(&r->result);
	int done = market_explain(&r->market, &in, &d, broken_write, &r->result, e);
	json_write_array_end(&r->result);
	return done;
}

static int initialize_run(struct replay *r, const struct command *c, struct err *e)
{
	return market_initialize(&r->market, NAME_OF(c, DEAL), NUMBER_OR(c, INDEX, 0), NAME_OF(c, TASK), e);
}

/* A digest is 64 digits of hex; any other text stands for its SHA-256, so that callback data "x" is what belongs to the digest "x". */
static void digest_of(uint8_t out[static 32], const struct command *c)
{
	const struct value *v = &c->at[F_DIGEST];
	if (v->len != 64 || hex_decode(out, 32, v->text, 64) < 0)
		sha256(out, v->text, v->len);
}

/* Who authorizes a worker when the command does not say: the one whom the rule expects. */
static int authorizer_find(struct replay *r, const char *task, bool attested, char out[static MARKET_NAME], struct err *e)
{
	struct market_task t;
	struct market_deal d;
	memset(out, 0, MARKET_NAME);
	if (attested && r->market.keeper[0]) {
		name_put(out, r->market.keeper);
		return 0;
	}
	int found = row_read(r, MARKET_ROW_TASK, task, &t, e);
	if (found > 0)
		found = row_read(r, MARKET_ROW_DEAL, t.deal, &d, e);
	if (found > 0)
		name_put(out, d.pool_owner);
	return found < 0 ? -1 : 0;
}

struct contribution { struct market_contribute in; char authorizer[MARKET_NAME]; uint8_t digest[32], hash[32], seal[32]; };

static int contribution_read(struct replay *r, const struct command *c, struct contribution *k, struct err *e)
{
	const char *worker = NAME_OF(c, WORKER), *task = NAME_OF(c, TASK);
	bool attested = c->given & FIELD(ENCLAVE) && c->at[F_ENCLAVE].flag;
	name_put(k->authorizer, NAME_OF(c, AUTHORIZATION));
	if (!(c->given & FIELD(AUTHORIZATION)) && authorizer_find(r, task, attested, k->authorizer, e) < 0)
		return -1;
	digest_of(k->digest, c);
	market_result_hash(k->hash, task, k->digest);
	market_result_seal(k->seal, c->given & FIELD(SEAL_OF) ? NAME_OF(c, SEAL_OF) : worker, task, k->digest);
	k->in = (struct market_contribute){ .task = task, .worker = worker, .hash = k->hash, .seal = k->seal, .authorized_by = k->authorizer,
		.attested = attested };
	return 0;
}

static int contribute_run(struct replay *r, const struct command *c, struct err *e)
{
	struct contribution k;
	bool consensus;
	if (contribution_read(r, c, &k, e) < 0 || market_contribute(&r->market, &k.in, &consensus, e) < 0)
		return -1;
	json_write_key(&r->result, "consensus");
	json_write_bool(&r->result, consensus);
	return 0;
}

static struct market_callback callback_of(const struct command *c)
{
	const struct value *v = &c->at[F_CALLBACK_DATA];
	return c->given & FIELD(CALLBACK_DATA) ? (struct market_callback){ v->text, v->len } : (struct market_callback){ NULL, 0 };
}

static int contribute_finalize_run(struct replay *r, const struct command *c, struct err *e)
{
	struct contribution k;
	struct market_callback callback = callback_of(c);
	if (contribution_read(r, c, &k, e) < 0 || market_contribute_finalize(&r->market, &k.in, k.digest, &callback, e) < 0)
		return -1;
	json_write_key(&r->result, "consensus");
	json_write_bool(&r->result, true);
	return 0;
}

static int reveal_run(struct replay *r, const struct command *c, struct err *e)
{
	uint8_t digest[32];
	digest_of(digest, c);
	return market_reveal(&r->market, NAME_OF(c, TASK), NAME_OF(c, WORKER), digest, e);
}

static int reopen_run(struct replay *r, const struct command *c, struct err *e)
{
	return market_reopen(&r->market, NAME_OF(c, TASK), NAME_OF(c, BY), e);
}

static int finalize_run(struct replay *r, const struct command *c, struct err *e)
{
	struct market_callback callback = callback_of(c);
	return market_finalize(&r->market, NAME_OF(c, TASK), NAME_OF(c, BY), &callback, e);
}

static int claim_run(struct replay *r, const struct command *c, struct err *e)
{
	return market_claim(&r->market, NAME_OF(c, TASK), e);
}

static int refuse_run(struct replay *r, const struct command *c, struct err *e)
{
	return market_refuse_task(&r->market, NAME_OF(c, TASK), r->market.keeper[0] && strcmp(r->market.keeper, NAME_OF(c, BY)) == 0, e);
}

static int score_run(struct replay *r, const struct command *c, struct err *e)
{
	return market_score_set(&r->market, NAME_OF(c, WHO), NUMBER_OR(c, VALUE, 0), e);
}

static int keeper_run(struct replay *r, const struct command *c, struct err *e)
{
	(void)e;
	name_put(r->market.keeper, NAME_OF(c, WHO));
	return 0;
}

#define ORDER_FIELDS (FIELD(APP) | FIELD(DATA) | FIELD(POOL) | FIELD(REQUESTER) | FIELD(BENEFICIARY) | FIELD(PAYER) | FIELD(PURPOSE) | FIELD(PRICE) | \
	FIELD(VOLUME) | FIELD(TAG) | FIELD(CATEGORY) | FIELD(TRUST) | FIELD(APP_MAX) | FIELD(DATA_MAX) | FIELD(POOL_MAX) | FIELD(UNTIL) | FIELD(POLICY) | \
	FIELD(BULK) | FIELD(CALLBACK) | FIELD(PURPOSES) | FIELD(TO_APP) | FIELD(TO_DATA) | FIELD(TO_POOL) | FIELD(TO_REQUESTER) | FIELD(PARAMS) | \
	FIELD(ASSURANCE) | FIELD(NOW))
#define WORK (FIELD(TASK) | FIELD(WORKER) | FIELD(DIGEST) | FIELD(NOW))

static const struct replay_op ops[] = {
	{ "category", category_run, FIELD(CATEGORY_TIME), 0 },
	{ "deposit", deposit_run, FIELD(WHO) | FIELD(AMOUNT), FIELD(NOW) },
	{ "withdraw", withdraw_run, FIELD(WHO) | FIELD(AMOUNT), FIELD(NOW) },
	{ "app", app_run, FIELD(ID) | FIELD(OWNER), FIELD(NOW) },
	{ "data", data_run, FIELD(ID) | FIELD(OWNER), FIELD(NOW) },
	{ "pool", pool_run, FIELD(ID) | FIELD(OWNER), FIELD(STAKE_RATIO) | FIELD(SCHEDULER_RATIO) | FIELD(NOW) },
	{ "policy", policy_run, FIELD(POOL), FIELD(BY) | FIELD(STAKE_RATIO) | FIELD(SCHEDULER_RATIO) | FIELD(NOW) },
	{ "transfer", transfer_run, FIELD(ASSET) | FIELD(TO), FIELD(BY) | FIELD(NOW) },
	{ "list", list_run, FIELD(ID) | FIELD(MEMBERS), FIELD(OWNER) | FIELD(GROUP) | FIELD(NOW) },
	{ "listRemove", list_remove_run, FIELD(ID) | FIELD(MEMBERS), FIELD(OWNER) | FIELD(NOW) },
	{ "order", order_run, FIELD(ID) | FIELD(KIND) | FIELD(SIGNER), ORDER_FIELDS },
	{ "cancel", cancel_run, FIELD(ORDER), FIELD(BY) | FIELD(NOW) },
	{ "match", match_run, FIELD(APP) | FIELD(POOL) | FIELD(REQUEST) | FIELD(NOW), FIELD(DATA) | FIELD(PAYER) | FIELD(DEAL) | FIELD(PERMITS) },
	{ "explain", explain_run, FIELD(APP) | FIELD(POOL) | FIELD(REQUEST) | FIELD(NOW), FIELD(DATA) | FIELD(PAYER) | FIELD(DEAL) | FIELD(PERMITS) },
	{ "initialize", initialize_run, FIELD(DEAL) | FIELD(INDEX), FIELD(TASK) | FIELD(NOW) },
	{ "contribute", contribute_run, WORK, FIELD(ENCLAVE) | FIELD(AUTHORIZATION) | FIELD(SEAL_OF) },
	{ "contributeAndFinalize", contribute_finalize_run, WORK, FIELD(ENCLAVE) | FIELD(AUTHORIZATION) | FIELD(CALLBACK_DATA) },
	{ "reveal", reveal_run, WORK, 0 },
	{ "reopen", reopen_run, FIELD(TASK) | FIELD(BY) | FIELD(NOW), 0 },
	{ "finalize", finalize_run, FIELD(TASK) | FIELD(BY) | FIELD(NOW), FIELD(CALLBACK_DATA) },
	{ "claim", claim_run, FIELD(TASK) | FIELD(NOW), FIELD(BY) },
	{ "refuse", refuse_run, FIELD(TASK) | FIELD(BY) | FIELD(NOW), 0 },
	{ "score", score_run, FIELD(WHO) | FIELD(VALUE), 0 },
	{ "keeper", keeper_run, FIELD(WHO), 0 },
	{ "dump", replay_dump, 0, FIELD(NOW) },
};

const struct replay_op *replay_op_find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
		if (strlen(ops[i].name) == len && memcmp(ops[i].name, name, len) == 0)
			return &ops[i];
	return NULL;
}
