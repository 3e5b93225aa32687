/* A market in a scratch book: people, a pool and its workers, orders of each kind, entries of theirs as the rules accept them. The clock is the test's: link with
 * -Wl,--wrap=os_time and move clock_ahead.
 *
 * Ada owns the iApp, Bob the data, Paul the pool, Carl asks for runs and has the money; six workers are in the pool, a seventh is not; somebody has given itself the role of a worker. Eve is unknown.
 */
#ifndef ENCLUA_TESTS_HOST_MAKE_H
#define ENCLUA_TESTS_HOST_MAKE_H

#include "form/receipt.h"
#include "market/market.h"
#include "host/host.h"
#include "unit/book_make.h"

#define RLC UINT64_C(1000000000)
#define APP_PRICE (1 * RLC)
#define DATA_PRICE (2 * RLC)
#define POOL_PRICE (10 * RLC)
#define CATEGORY_TIME 300	/* XS */

enum who { ADA, BOB, CARL, PAUL, EVE, W1, W2, W3, W4, W5, W6, OUTSIDER, SELF_MADE, OPERATOR, PEOPLE };

struct world {
	struct book_made m;
	struct identity *who[PEOPLE];
	char name[PEOPLE][IDENTITY_TEXT];
	char h1[IAPP_H1_TEXT];
	char app[ID_TEXT], data[ID_TEXT], carls[ID_TEXT], pool[ID_TEXT];	/* assets; carls: Carl's own data */
	char order[4][ID_TEXT];	/* of app, data, pool; and a request that asks for trust 1 and is not matched */
};

static struct entry en;
static int64_t clock_ahead;	/* seconds */

int64_t __real_os_time(void);
int64_t __wrap_os_time(void);
int64_t __wrap_os_time(void)
{
	return __real_os_time() + clock_ahead;
}

static inline int host_make_try(struct world *w, enum who by, char *id, struct err *e)
{
	return book_make_try(w->m.b, &en, w->who[by], NULL, id, e);
}

static inline uint64_t host_make_enter(struct world *w, enum who by, char *id)
{
	return book_make_append(w->m.b, &en, w->who[by], id);
}

static inline void host_make_id(char *out, const char *id)
{
	memcpy(out, id, strlen(id) + 1);
}

static inline void draft_order_app(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_ORDER_APP_TYPE);
	host_make_id(en.order_app.app, w->app);
	en.order_app.price = APP_PRICE;
	en.order_app.volume = 1000;
}

static inline void draft_order_data(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_ORDER_DATA_TYPE);
	host_make_id(en.order_data.data, w->data);
	en.order_data.price = DATA_PRICE;
	en.order_data.volume = 1000;
}

static inline void draft_order_pool(struct world *w)
{
	book_make_draft(w->m.b, &en, ENTRY_ORDER_POOL_TYPE);
	host_make_id(en.order_pool.pool, w->pool);
	en.order_pool.price = POOL_PRICE;
	en.order_pool.volume = 1000;
	en.order_pool.trust = 5;
}

/* Carl's. */
static inline void draft_request(struct world *w, uint64_t trust, uint64_t volume)
{
	book_make_draft(w->m.b, &en, ENTRY_ORDER_REQUEST_TYPE);
	struct entry_order_request *f = &en.order_request;
	host_make_id(f->app, w->app);
	host_make_id(f->data, w->data);
	f->app_price = APP_PRICE;
	f->data_price = DATA_PRICE;
	f->pool_price = POOL_PRICE;
	f->volume = volume;
	f->trust = trust;
	memset(f->recipient, 9, 32);
	memset(f->params, 8, 32);
}

static inline void draft_match(struct world *w, const char *request, uint64_t first)
{
	char deal[MARKET_NAME];
	book_make_draft(w->m.b, &en, ENTRY_DEAL_MATCH_TYPE);
	struct entry_deal_match *f = &en.deal_match;
	host_make_id(f->app, w->order[0]);
	host_make_id(f->data, w->order[1]);
	host_make_id(f->pool, w->order[2]);
	host_make_id(f->request, request);
	f->first = first;
	market_deal_id(deal, request, first);
	host_make_id(f->deal, deal);
}

static inline void draft_initialize(struct world *w, const char *deal, uint64_t index)
{
	char task[MARKET_NAME];
	book_make_draft(w->m.b, &en, ENTRY_TASK_INITIALIZE_TYPE);
	host_make_id(en.task_initialize.deal, deal);
	en.task_initialize.index = index;
	market_task_id(task, deal, index);
	host_make_id(en.task_initialize.task, task);
}

static inline void draft_assign(struct world *w, const char *task, enum who worker)
{
	book_make_draft(w->m.b, &en, ENTRY_TASK_ASSIGN_TYPE);
	host_make_id(en.task_assign.task, task);
	memcpy(en.task_assign.worker, identity_public(w->who[worker]), 32);
	en.task_assign.until = (uint64_t)en.time + 60;
}

static inline void digest_of(uint8_t out[static 32], unsigned result)
{
	memset(out, (int)result, 32);
}

static inline void draft_contribute(struct world *w, const char *task, enum who worker, unsigned result)
{
	uint8_t digest[32];
	digest_of(digest, result);
	book_make_draft(w->m.b, &en, ENTRY_TASK_CONTRIBUTE_TYPE);
	host_make_id(en.task_contribute.task, task);
	market_result_hash(en.task_contribute.hash, task, digest);
	market_result_seal(en.task_contribute.seal, w->name[worker], task, digest);
}

#define DRAFT_RUN(f, w, n) do { \
	(f)->outcome = entry_text("COMPLETED"); \
	(f)->assurance = entry_text("software"); \
	memset((f)->measurement, 7, 32); \
	(f)->size = 50; \
	book_make_blob((w)->m.b, 50, (f)->result); \
	digest_of((f)->digest, n); \
} while (0)

static inline void draft_reveal(struct world *w, const char *task, unsigned result)
{
	book_make_draft(w->m.b, &en, ENTRY_TASK_REVEAL_TYPE);
	host_make_id(en.task_reveal.task, task);
	DRAFT_RUN(&en.task_reveal, w, result);
}

static inline void draft_complete(struct world *w, const char *task, unsigned result)
{
	book_make_draft(w->m.b, &en, ENTRY_TASK_COMPLETE_TYPE);
	host_make_id(en.task_complete.task, task);
	DRAFT_RUN(&en.task_complete, w, result);
}

static inline void draft_finalize(struct world *w, const char *task, enum who worker)
{
	book_make_draft(w->m.b, &en, ENTRY_TASK_FINALIZE_TYPE);
	host_make_id(en.task_finalize.task, task);
	memcpy(en.task_finalize.worker, identity_public(w->who[worker]), 32);
}

static inline void draft_reopen(struct world *w, const char *task)
{
	book_make_draft(w->m.b, &en, ENTRY_TASK_REOPEN_TYPE);
	host_make_id(en.task_reopen.task, task);
}

static inline void draft_claim(struct world *w, const char *task)
{
	book_make_draft(w->m.b, &en, ENTRY_TASK_CLAIM_TYPE);
	host_make_id(en.task_claim.task, task);
}

/* A deal of Carl's and its first task, begun. */
static inline void host_make_deal(struct world *w, uint64_t trust, uint64_t volume, char deal[static ID_TEXT], char task[static ID_TEXT])
{
	char request[ID_TEXT];
	draft_request(w, trust, volume);
	(void)host_make_enter(w, CARL, request);
	draft_match(w, request, 0);
	host_make_id(deal, en.deal_match.deal);
	(void)host_make_enter(w, CARL, NULL);
	draft_initialize(w, deal, 0);
	host_make_id(task, en.task_initialize.task);
	(void)host_make_enter(w, PAUL, NULL);
}

static inline void host_make_send(struct world *w, const char *task, enum who worker)
{
	draft_assign(w, task, worker);
	(void)host_make_enter(w, PAUL, NULL);
}

static inline void host_make_contribute(struct world *w, const char *task, enum who worker, unsigned result)
{
	draft_contribute(w, task, worker, result);
	(void)host_make_enter(w, worker, NULL);
}

static inline void host_make_reveal(struct world *w, const char *task, enum who worker, unsigned result)
{
	draft_reveal(w, task, result);
	(void)host_make_enter(w, worker, NULL);
}

static inline uint64_t free_of(struct world *w, const char *name)
{
	struct ledger_account a;
	struct err e;
	int r = book_account(w->m.b, name, &a, &e);
	BOOK_MUST(r, &e);
	return r ? ledger_free(&a) : 0;
}

static inline void host_make_people(struct world *w)
{
	struct err e;
	for (enum who i = 0; i < PEOPLE; i++) {
		char called[16];
		if (i == OPERATOR)
			BOOK_MUST(book_operator_open(w->m.b, &w->who[i], &e), &e);
		else
			BOOK_MUST(identity_new(&w->who[i], &e), &e);
		identity_text(w->name[i], identity_public(w->who[i]));
		if (i == EVE || i == OPERATOR)
			continue;
		(void)snprintf(called, sizeof called, "person %u", (unsigned)i);
		book_make_identity(w->m.b, &en, w->who[i], called, i == SELF_MADE ? "worker" : "");
		(void)host_make_enter(w, i, NULL);
		book_make_money(w->m.b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, w->who[i], 1000 * RLC);
		(void)book_make_append(w->m.b, &en, w->m.operator, NULL);
	}
}

static inline int host_make_setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct err e;
	clock_ahead = 0;
	BOOK_MUST(crypto_init(&e), &e);
	scratch_make(w->m.path);
	BOOK_MUST(host_open(&w->m.b, w->m.path, true, &e), &e);
	w->m.s = book_store(w->m.b);
	BOOK_MUST(book_operator_open(w->m.b, &w->m.operator, &e), &e);
	host_make_people(w);
	book_make_app(w->m.b, &en, "hello", 1, w->who[ADA], w->h1);
	(void)host_make_enter(w, ADA, w->app);
	book_make_data(w->m.b, &en, "bobs", 100);
	(void)host_make_enter(w, BOB, w->data);
	book_make_data(w->m.b, &en, "carls", 100);
	(void)host_make_enter(w, CARL, w->carls);
	book_make_draft(w->m.b, &en, ENTRY_POOL_CREATE_TYPE);
	en.pool_create.name = entry_text("mill");
	en.pool_create.stake_ratio = 30;
	en.pool_create.scheduler_ratio = 1;
	(void)host_make_enter(w, PAUL, w->pool);
	for (enum who i = W1; i <= W6; i++) {
		book_make_draft(w->m.b, &en, ENTRY_POOL_ADMIT_TYPE);
		host_make_id(en.pool_admit.pool, w->pool);
		memcpy(en.pool_admit.worker, identity_public(w->who[i]), 32);
		(void)host_make_enter(w, PAUL, NULL);
	}
	draft_order_app(w);
	(void)host_make_enter(w, ADA, w->order[0]);
	draft_order_data(w);
	(void)host_make_enter(w, BOB, w->order[1]);
	draft_order_pool(w);
	(void)host_make_enter(w, PAUL, w->order[2]);
	draft_request(w, 1, 1);
	(void)host_make_enter(w, CARL, w->order[3]);
	*state = w;
	return 0;
}

static inline int host_make_teardown(void **state)
{
	struct world *w = *state;
	book_close(w->m.b);
	identity_free(w->m.operator);
	for (enum who i = 0; i < PEOPLE; i++)
		identity_free(w->who[i]);
	scratch_remove(w->m.path);
	free(w);
	return 0;
}

/* Whatever the rules let a task come to, its receipt can be made and opened. */
static inline int host_make_receipt(void *ctx, const struct store_task *t, struct err *e)
{
	struct world *w = ctx;
	struct buf file = BUF_INIT(RECEIPT_BYTES);
	struct receipt *r = NULL;
	if (t->finish_seq == 0)
		return 0;
	BOOK_MUST(host_receipt(w->m.b, t, NULL, &file, e), e);
	BOOK_MUST(receipt_open(&r, file.data, file.len, NULL, e), e);
	receipt_free(r);
	buf_done(&file);
	return 0;
}

/* After anything at all: nothing was made or lost, the book is whole, its tables are those that its entries make, and what ended has a receipt. */
static inline void host_make_settled(struct world *w)
{
	struct err e;
	struct book_checked checked;
	struct book_rebuilt rebuilt;
	BOOK_MUST(book_money_check(w->m.b, &e), &e);
	BOOK_MUST(store_task_each(w->m.s, host_make_receipt, w, &e), &e);
	BOOK_MUST(book_verify(w->m.b, &checked, NULL, NULL, &e), &e);
	BOOK_MUST(book_rebuild(w->m.b, &rebuilt, NULL, NULL, &e), &e);
	if (memcmp(rebuilt.before, rebuilt.after, 32) != 0) {
		(void)fprintf(stderr, "a replay of the entries makes other tables\n");
		abort();
	}
	BOOK_MUST(book_money_check(w->m.b, &e), &e);
}

#endif
