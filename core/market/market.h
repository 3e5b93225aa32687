/* The market's rules (PROTOCOL): orders, deals, tasks, consensus, rewards. Pure: book time comes in, rows come and go through a backend, money moves through
 * the ledger as one chain for each event; no clock, no randomness, no I/O. core/market/RULES.md says where the rules differ from PoCo's.
 *
 * Every function gives 0, or −1 with words in e. When it is a rule that says no, market_code() is the rule's code ("match-0x05", "reveal-late", "funds"),
 * which also stands at the beginning of the message, and no row has changed (an empty account may have been opened). When the backend fails it is "",
 * and the caller takes back what was done.
 */
#ifndef ENCLUA_MARKET_MARKET_H
#define ENCLUA_MARKET_MARKET_H

#include "book/ledger.h"
#include "market/records.h"

/* PoCo's constants */
#define MARKET_CONTRIBUTION_RATIO 7	/* deadlines, in times of the category, after the start of the deal … */
#define MARKET_FINAL_RATIO 10
#define MARKET_REVEAL_RATIO 2	/* … and after consensus */
#define MARKET_POOL_STAKE_RATIO 30	/* percent of the pool's price */
#define MARKET_KITTY_RATIO 10	/* percent that a successful task draws, at least … */
#define MARKET_KITTY_MIN UINT64_C(1000000000)	/* … 1 RLC, at most all */
/* Ours */
#define MARKET_CONTRIBUTORS_MAX 240u	/* of one task: its rewards are one chain of the ledger, two transfers each and six */
#define MARKET_STAKE_RATIO_MAX 1000u	/* percent: PoCo has no bound */
#define MARKET_TIME_MAX (UINT64_C(1) << 40)	/* of a category, in seconds: its tenfold must fit after any date */
#define MARKET_CODE 40u

#define MARKET_BANK "bank"
#define MARKET_KITTY "kitty"
#define MARKET_LIST "list1"	/* as ids of lists begin */

/* X(ENUM, bit, text) */
#define MARKET_TAGS(X) X(TEE, 0, "tee") X(SCONE, 1, "scone") X(GRAMINE, 2, "gramine") X(TDX, 3, "tdx") X(GPU, 8, "gpu") X(TPM2, 16, "tpm2") \
	X(EGRESS, 17, "egress")
enum market_tag {
#define X(id, bit, text) MARKET_TAG_##id = 1 << bit,
	MARKET_TAGS(X)
#undef X
};
#define MARKET_TAG_FRAMEWORKS ((uint64_t)(MARKET_TAG_SCONE | MARKET_TAG_GRAMINE | MARKET_TAG_TDX))

/* How rows are kept: by kind and the one or two names that are its key (b is "" for one). get: 1 found, 0 not there, −1. put: 0 or −1. */
struct market_backend {
	void *ctx;
	int (*get)(void *ctx, enum market_kind kind, const char *a, const char *b, void *row, struct err *e);
	int (*put)(void *ctx, enum market_kind kind, const void *row, bool is_new, struct err *e);
};

struct market {
	const struct market_backend *rows;
	const struct ledger_backend *money;
	char keeper[MARKET_NAME];	/* who authorizes attested workers instead of the pool's owner; "": nobody */
	/* of the event at hand: set by the caller */
	int64_t now;	/* book time */
	uint64_t entry;	/* index of its entry; the ids of its transfers follow from it */
	uint32_t moved;	/* transfers that this entry has made so far: 0 with each new entry */
	char code[MARKET_CODE];	/* set by each call */
};

int market_init(struct market *m, const struct market_backend *rows, const struct ledger_backend *money, struct err *e);	/* opens bank and kitty */
const char *market_code(const struct market *m);	/* of the last refusal, or "" */
/* 1 to MARKET_NAME − 1 printable characters without space, '/' and '#'; neither the bank, nor the kitty, nor a list. */
bool market_name_ok(const char *name);
bool market_list_name_ok(const char *name);	/* the same, but beginning with MARKET_LIST: so nobody can make a list under another's name */

/* Money in and out: "deposit", "withdraw" in the history. Amount 0 is no error. */
int market_deposit(struct market *m, const char *who, uint64_t amount, struct err *e);
int market_withdraw(struct market *m, const char *who, uint64_t amount, struct err *e);

/* Registries (registry.c) */
int market_category_add(struct market *m, uint64_t time, uint64_t *number, struct err *e);
int market_asset_add(struct market *m, const struct market_asset *a, struct err *e);
int market_asset_transfer(struct market *m, const char *asset, const char *by, const char *to, struct err *e);
int market_pool_policy(struct market *m, const char *pool, const char *by, uint64_t stake_ratio, uint64_t scheduler_ratio, struct err *e);
/* The first to add owns it, and says whether it is a group; later `group` is not read. */
int market_list_add(struct market *m, const char *list, const char *by, const char *who, bool group, struct err *e);
int market_list_remove(struct market *m, const char *list, const char *by, const char *who, struct err *e);	/* of a group */
int market_score_set(struct market *m, const char *who, uint64_t value, struct err *e);	/* for setting up a scenario only */
int market_score_get(struct market *m, const char *who, uint64_t *value, struct err *e);

/* Orders. The signature was verified before: o->signer made it. */
int market_order_add(struct market *m, const struct market_order *o, struct err *e);
int market_order_cancel(struct market *m, const char *order, const char *by, struct err *e);	/* by: the owner now, or the requester */
int market_order_use(struct market *m, const char *order, uint64_t tasks, struct err *e);	/* of a grant, without a match: one of many data in a task */

bool market_purpose_granted(const struct market_order *grant, const char *purpose);
/* Is who admitted by this restriction now? 1, 0, -1. */
int market_admits(struct market *m, const char *restriction, const char *who, struct err *e);

/* match.c, deal.c: the table of rules, then the deal. Orders by id; data may be "". */
struct market_match {
	const char *app, *data, *pool, *request;
	const char *payer;	/* who signed to pay for this request, besides the requester; "": nobody */
	const char *deal;	/* its id; "": market_deal_id */
	bool permits;	/* the verdict of the grant's policy, when it has one */
};
int market_match(struct market *m, const struct market_match *in, struct market_deal *out, struct err *e);
/* Why would these orders not match? Every rule is asked, also after one that does not hold; then, if all hold, the money of both that must lock some ("funds").
 * out: the deal as it would be. Changes nothing. 0, or −1 with a code when an order is not there, without one when the backend failed. */
struct market_verdict {
	const char *code, *words;	/* "match-0x05", and the rule */
	bool holds;
	const char *why;	/* it does not hold: the values that it compared */
};
int market_explain(struct market *m, const struct market_match *in, struct market_deal *out, void (*f)(void *ctx, const struct market_verdict *v), void *ctx,
	struct err *e);
/* The i-th rule of the table, for documents and tests; false past its end. */
bool market_rule(size_t i, unsigned *code, const char **words);

/* Tasks (task.c). `by` signed the event. */
int market_initialize(struct market *m, const char *deal, uint64_t index, const char *task, struct err *e);	/* task: its id; "": market_task_id */
struct market_contribute {
	const char *task, *worker;
	const uint8_t *hash, *seal;	/* 32 bytes each */
	const char *authorized_by;	/* whose signature over (worker, task, box key) was verified; "": nobody's */
	bool attested;	/* there is a box key, and it signed hash and seal */
};
int market_contribute(struct market *m, const struct market_contribute *in, bool *consensus, struct err *e);
struct market_callback { const void *data; size_t len; };	/* data NULL: none given */
/* in->hash and in->seal are not read: they follow from the digest. */
int market_contribute_finalize(struct market *m, const struct market_contribute *in, const uint8_t digest[static 32], const struct market_callback *callback,
	struct err *e);
int market_reveal(struct market *m, const char *task, const char *worker, const uint8_t digest[static 32], struct err *e);
int market_reopen(struct market *m, const char *task, const char *by, struct err *e);
int market_finalize(struct market *m, const char *task, const char *by, const struct market_callback *callback, struct err *e);
int market_claim(struct market *m, const char *task, struct err *e);
int market_refuse_task(struct market *m, const char *task, bool by_keeper, struct err *e);	/* by_keeper: a keeper of the book signed it */

/* Names that follow from others (names.c) */
void market_deal_id(char out[static MARKET_NAME], const char *request, uint64_t first);
void market_task_id(char out[static MARKET_NAME], const char *deal, uint64_t index);
void market_result_hash(uint8_t out[static 32], const char *task, const uint8_t digest[static 32]);
void market_result_seal(uint8_t out[static 32], const char *worker, const char *task, const uint8_t digest[static 32]);
void market_escrow_name(char out[static LEDGER_NAME], const char *deal);	/* "<deal>/escrow": what the payer locked */
void market_pool_stake_name(char out[static LEDGER_NAME], const char *deal);	/* "<deal>/stake" */
void market_worker_stake_name(char out[static LEDGER_NAME], const char *task, const char *worker);	/* "<task>/stake/<worker>" */
const char *market_status_text(enum market_status s);

/* Exact arithmetic (consensus.c) */
uint64_t market_weight(uint64_t score);	/* max(⌊score/3⌋, 3) − 1 */
unsigned market_log2(uint64_t weight);	/* ⌊log2⌋, weight ≥ 1 */
/* group and total with one more contribution of this weight; −1 on overflow. */
int market_group_add(market_wide *group, market_wide *total, uint64_t weight);
bool market_consensus(market_wide group, market_wide total, uint64_t trust);	/* group · trust > total · (trust − 1), exact for all values */
uint64_t market_part(uint64_t amount, uint64_t times, uint64_t of);	/* ⌊amount · times / of⌋; UINT64_MAX when that is more */

/* Rows in memory (memory.c). */
struct market_memory;
int market_memory_new(struct market_memory **out, struct err *e);
void market_memory_free(struct market_memory *mem);
const struct market_backend *market_memory_backend(struct market_memory *mem);
/* All rows of a kind in the order in which they came; row is borrowed. */
int market_memory_each(struct market_memory *mem, enum market_kind kind, int (*f)(void *ctx, const void *row, struct err *e), void *ctx, struct err *e);

#endif
