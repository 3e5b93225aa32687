/* A home with the market's rules: a pool, an iApp on offer, money for everybody, and requests that become deals and tasks. */
#ifndef ENCLUA_TESTS_MARKET_MAKE_H
#define ENCLUA_TESTS_MARKET_MAKE_H

#include "host/host.h"
#include "node/parcel.h"
#include "trust/keeper.h"
#include "trust/keeper_link.h"
#include "unit/book_make.h"

#define RLC UINT64_C(1000000000)
#define MARKET_APP_PRICE (2 * RLC)
#define MARKET_POOL_PRICE (10 * RLC)

/* What the argument `what` asks for it does; `turns` makes it take its time. */
static const char market_main[] =
	"return function(task)\n"
	"    local what, n = task.args.what, 0\n"
	"    if what == 'fail' then error('asked to', 0) end\n"
	"    if what == 'memory' then local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end end\n"
	"    for i = 1, task.args.turns do n = (n * 31 + i) % 1000003 end\n"
	"    task.result:write('sum.txt', what .. n .. '\\n')\n"
	"end\n";
#define MARKET_WALL 20	/* seconds, as it says */
static const char market_manifest[] =
	"api: 1\nname: sum\nversion: 1.0.0\nentry: main.lua\n"
	"inputs:\n  data: none\n  args:\n    - {name: what, type: string, default: sum}\n    - {name: turns, type: integer, default: 10}\n"
	"limits: {memory: 8MiB, cpu: 20s, wall: 20s, output: 64KiB}\noutputs: {deterministic: true}\n";

struct market_made {
	char home[PATH_MAX];
	struct book *b;
	struct keeper *keeper;
	struct keeper_link *link;
	char keeper_program[256], enclave[256];
	struct identity *operator, *manager, *worker, *requester, *author;	/* worker: the machine's own, admitted */
	char pool[MARKET_NAME], app[ID_TEXT], app_order[ID_TEXT], pool_order[ID_TEXT];
};

static inline void market_make_money(struct market_made *m, const struct identity *to, uint64_t amount)
{
	static struct entry en;
	book_make_money(m->b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, to, amount);
	(void)book_make_append(m->b, &en, m->operator, NULL);
}

/* Known in the book, in the pool, and with money for stakes. */
static inline void market_make_worker(struct market_made *m, const struct identity *who, const char *name, bool known)
{
	static struct entry en;
	if (!known) {
		book_make_identity(m->b, &en, who, name, "");
		(void)book_make_append(m->b, &en, who, NULL);
	}
	book_make_draft(m->b, &en, ENTRY_POOL_ADMIT_TYPE);
	(void)snprintf(en.pool_admit.pool, ID_TEXT, "%.*s", ID_TEXT - 1, m->pool);
	memcpy(en.pool_admit.worker, identity_public(who), 32);
	(void)book_make_append(m->b, &en, m->manager, NULL);
	market_make_money(m, who, 100 * RLC);
}

static inline void market_make_app(struct market_made *m, const char *manifest, const char *script, char app_id[static ID_TEXT])
{
	static struct entry en;
	struct buf archive = BUF_INIT(LIMIT_IAPP_BYTES);
	const struct identity *signers[] = { m->author };
	struct iapp *app;
	char dir[PATH_MAX];
	struct err e;
	scratch_make(dir);
	scratch_file(dir, "iapp.yaml", manifest, strlen(manifest));
	scratch_file(dir, "main.lua", script, strlen(script));
	BOOK_MUST(iapp_pack(&archive, dir, signers, 1, &e), &e);
	BOOK_MUST(iapp_open(&app, archive.data, archive.len, NULL, &e), &e);
	book_make_draft(m->b, &en, ENTRY_APP_REGISTER_TYPE);
	BOOK_MUST(store_blob_add(book_store(m->b), archive.data, archive.len, en.app_register.blob, &e), &e);
	en.app_register.name = entry_text(app->manifest->name);
	en.app_register.version = entry_text(app->manifest->version);
	en.app_register.h1 = entry_text(app->h1);
	en.app_register.size = archive.len;
	memcpy(en.app_register.author, identity_public(m->author), 32);
	(void)book_make_append(m->b, &en, m->author, app_id);
	iapp_free(app);
	buf_done(&archive);
	scratch_remove(dir);
}

static inline void market_make_orders(struct market_made *m)
{
	static struct entry en;
	book_make_draft(m->b, &en, ENTRY_ORDER_APP_TYPE);
	memcpy(en.order_app.app, m->app, ID_TEXT);
	en.order_app.price = MARKET_APP_PRICE;
	en.order_app.volume = 100000;
	(void)book_make_append(m->b, &en, m->author, m->app_order);
	book_make_draft(m->b, &en, ENTRY_ORDER_POOL_TYPE);
	(void)snprintf(en.order_pool.pool, ID_TEXT, "%.*s", ID_TEXT - 1, m->pool);
	en.order_pool.price = MARKET_POOL_PRICE;
	en.order_pool.volume = 100000;
	en.order_pool.trust = 1000;
	(void)book_make_append(m->b, &en, m->manager, m->pool_order);
}

static inline int market_make_order_find(void *ctx, const void *row, uint64_t made, struct err *e)
{
	struct market_made *m = ctx;
	const struct market_order *o = row;
	(void)made;
	(void)e;
	if (o->kind == MARKET_ORDER_APP) {
		(void)snprintf(m->app, ID_TEXT, "%.*s", ID_TEXT - 1, o->asset);
		(void)snprintf(m->app_order, ID_TEXT, "%.*s", ID_TEXT - 1, o->id);
	} else if (o->kind == MARKET_ORDER_POOL) {
		(void)snprintf(m->pool_order, ID_TEXT, "%.*s", ID_TEXT - 1, o->id);
	}
	return 0;
}

/* home NULL: a scratch folder. One that was made so before is found again. */
static inline void market_make_open(struct market_made *m, const char *home)
{
	static struct entry en;
	static const uint8_t requester[32] = "the requester of all these tests", author[32] = "the author whose iApp they all r";
	struct err e;
	BOOK_MUST(crypto_init(&e), &e);
	if (home)
		(void)snprintf(m->home, sizeof m->home, "%s", home);
	else
		scratch_make(m->home);
	BOOK_MUST(keeper_make(m->home, &e), &e);
	BOOK_MUST(keeper_open(&m->keeper, m->home, &e), &e);
	BOOK_MUST(host_open(&m->b, m->home, true, &e), &e);
	const char *build = getenv("BUILD");
	(void)snprintf(m->keeper_program, sizeof m->keeper_program, "%s/keeper", build ? build : "build");
	(void)snprintf(m->enclave, sizeof m->enclave, "%s/enclave", build ? build : "build");
	const struct keeper_link_options options = { .home = m->home, .program = m->keeper_program, .enclave = m->enclave, .allow_missing = ~0u };
	BOOK_MUST(keeper_link_new(&m->link, &options, m->b, &e), &e);
	BOOK_MUST(host_local_pool(m->b, &e), &e);
	BOOK_MUST(host_find(m->b, MARKET_ROW_ASSET, HOST_LOCAL_POOL, m->pool, &e), &e);
	BOOK_MUST(book_operator_open(m->b, &m->operator, &e), &e);
	BOOK_MUST(book_worker_open(m->b, &m->worker, &e), &e);
	BOOK_MUST(host_manager_open(m->b, &m->manager, &e), &e);
	BOOK_MUST(identity_from_seed(&m->requester, requester, &e), &e);
	BOOK_MUST(identity_from_seed(&m->author, author, &e), &e);
	m->app_order[0] = '\0';
	BOOK_MUST(host_each(m->b, MARKET_ROW_ORDER, NULL, -1, market_make_order_find, m, &e), &e);
	if (m->app_order[0])
		return;
	book_make_identity(m->b, &en, m->requester, "requester", "");
	(void)book_make_append(m->b, &en, m->requester, NULL);
	book_make_identity(m->b, &en, m->author, "author", "");
	(void)book_make_append(m->b, &en, m->author, NULL);
	market_make_app(m, market_manifest, market_main, m->app);
	market_make_orders(m);
	market_make_money(m, m->requester, 100000 * RLC);
	market_make_money(m, m->manager, 100000 * RLC);
	market_make_money(m, m->worker, 100 * RLC);
}

static inline void market_make_close(struct market_made *m)
{
	book_close(m->b);
	keeper_link_free(m->link);
	keeper_close(m->keeper);
	identity_free(m->operator);
	identity_free(m->manager);
	identity_free(m->worker);
	identity_free(m->requester);
	identity_free(m->author);
}

/* A deal of n tasks of this trust, none of them begun; what NULL: no parcel at all. */
static inline void market_make_deal(struct market_made *m, uint64_t trust, uint64_t n, const char *what, const char *turns, char deal[static MARKET_NAME])
{
	static struct entry en;
	const struct work_arg args[] = { { "what", what }, { "turns", turns } };
	const struct work w = { .args = args, .n_args = 2, .seed = "" };
	char me[IDENTITY_TEXT], request[ID_TEXT];
	struct err e;
	identity_text(me, identity_public(m->requester));
	const struct parcel_for to = { me, m->app };
	book_make_draft(m->b, &en, ENTRY_ORDER_REQUEST_TYPE);
	memcpy(en.order_request.app, m->app, ID_TEXT);
	en.order_request.app_price = MARKET_APP_PRICE;
	en.order_request.pool_price = MARKET_POOL_PRICE;
	en.order_request.volume = n;
	en.order_request.trust = trust;
	memcpy(en.order_request.recipient, identity_age_public(m->requester), 32);
	memset(en.order_request.params, 1, 32);
	if (what)
		BOOK_MUST(parcel_seal(book_store(m->b), keeper_recipient(m->keeper), &to, &w, en.order_request.parcel, &e), &e);
	(void)book_make_append(m->b, &en, m->requester, request);
	market_deal_id(deal, request, 0);
	book_make_draft(m->b, &en, ENTRY_DEAL_MATCH_TYPE);
	memcpy(en.deal_match.app, m->app_order, ID_TEXT);
	memcpy(en.deal_match.pool, m->pool_order, ID_TEXT);
	memcpy(en.deal_match.request, request, ID_TEXT);
	(void)snprintf(en.deal_match.deal, ID_TEXT, "%.*s", ID_TEXT - 1, deal);
	(void)book_make_append(m->b, &en, m->requester, NULL);
}

static inline struct market_task market_make_task(struct book *b, const char *task)
{
	struct market_task t;
	struct err e;
	memset(&t, 0, sizeof t);
	BOOK_MUST(host_get(b, MARKET_ROW_TASK, task, "", &t, &e), &e);
	return t;
}

static inline uint64_t market_make_balance(struct book *b, const struct identity *who)
{
	struct ledger_account a;
	char name[IDENTITY_TEXT];
	struct err e;
	identity_text(name, identity_public(who));
	memset(&a, 0, sizeof a);
	BOOK_MUST(book_account(b, name, &a, &e), &e);
	return ledger_balance(&a);
}

#endif
