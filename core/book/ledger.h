/* Double entry (PROTOCOL "Accounts"; the model is TigerBeetle's): accounts with debits and credits, pending and posted; immutable transfers with ids
 * made by the caller; chains that hold all or nothing; a pending transfer resolves at most once. Pure: rows come and go through a backend, of which
 * there are two: memory (market-replay, tests) and the book's database. Integers only; every sum is checked.
 *
 * A limited account never spends what it has not: debits_pending + debits_posted ≤ credits_posted. Its free balance is what remains of that.
 */
#ifndef ENCLUA_BOOK_LEDGER_H
#define ENCLUA_BOOK_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define LEDGER_NAME 160u	/* "task1…/stake/enclua1…" and NUL */
#define LEDGER_ID 16u
#define LEDGER_CHAIN 512u	/* transfers of one chain: rewards of the largest task */
#define LEDGER_AMOUNT_MAX ((UINT64_C(1) << 62) - 1)	/* of one transfer, and of each of the four sums */

/* X(ENUM, text, doc): what is counted. A transfer stays inside one unit. */
#define LEDGER_UNITS(X) \
	X(NRLC, "nRLC", "money: 10^-9 RLC") \
	X(USES, "uses", "uses of a grant") \
	X(BYTES, "bytes", "output bytes of a grant") \
	X(EPSILON, "epsilon_u6", "privacy budget, in millionths")
enum ledger_unit {
#define X(id, text, doc) LEDGER_##id,
	LEDGER_UNITS(X)
#undef X
	LEDGER_UNIT_COUNT
};
const char *ledger_unit_text(enum ledger_unit u);

struct ledger_account {
	char name[LEDGER_NAME];
	enum ledger_unit unit;
	bool limited;	/* false: the bank, which may owe without end */
	bool closed;
	uint64_t debits_pending, debits_posted, credits_pending, credits_posted;
};

/* X(ENUM, text) */
#define LEDGER_KINDS(X) \
	X(POSTED, "posted")	/* moves at once */ \
	X(PENDING, "pending")	/* reserves: counted in both accounts as pending */ \
	X(POST, "post")		/* resolves a pending transfer: amount of it moves (≤ its own), the rest is free again */ \
	X(VOID, "void")		/* resolves a pending transfer: nothing moves; amount is 0 */
enum ledger_kind {
#define X(id, text) LEDGER_##id,
	LEDGER_KINDS(X)
#undef X
	LEDGER_KIND_COUNT
};

struct ledger_transfer {
	uint8_t id[LEDGER_ID];
	enum ledger_kind kind;
	char debit[LEDGER_NAME], credit[LEDGER_NAME];	/* from, to. POST, VOID: as in the pending transfer */
	uint64_t amount;
	uint8_t pending[LEDGER_ID];	/* POST, VOID: which */
	int64_t expires;	/* PENDING: book time from which it can be voided but not posted; 0: never */
	uint64_t entry;	/* index of the entry that caused it */
	char cause[24];	/* a word for the history: "deposit", "escrow", "reward app" … */
};

/* How rows are kept. get: 1 found, 0 not there, -1. put: 0 or -1. Rows are put only when the whole chain holds. */
struct ledger_backend {
	void *ctx;
	int (*account_get)(void *ctx, const char *name, struct ledger_account *out, struct err *e);
	int (*account_put)(void *ctx, const struct ledger_account *a, bool is_new, struct err *e);
	int (*transfer_get)(void *ctx, const uint8_t id[static LEDGER_ID], struct ledger_transfer *out, struct err *e);
	int (*transfer_put)(void *ctx, const struct ledger_transfer *t, struct err *e);
	/* The transfer that resolved this pending one: 1 and its id, 0 when it is open, -1. */
	int (*resolved_get)(void *ctx, const uint8_t pending[static LEDGER_ID], uint8_t by[static LEDGER_ID], struct err *e);
};

/* Opening again with the same unit and limit changes nothing; with others ERR_CONFLICT. */
int ledger_open(const struct ledger_backend *b, const char *name, enum ledger_unit unit, bool limited, struct err *e);
/* ERR_CONFLICT unless the four sums leave nothing free and nothing pending. Closed for good; closing again changes nothing. */
int ledger_close(const struct ledger_backend *b, const char *name, struct err *e);

/* A chain, at book time `now`: all or nothing. A transfer whose id is there already with the same fields changes nothing; with other fields ERR_CONFLICT; a
 * chain of which some are there and some not is ERR_CONFLICT. Refusals: ERR_FUNDS (names account, what it has and needs), ERR_NOT_FOUND (account, pending),
 * ERR_CONFLICT (closed, resolved already, expired, other unit, same account on both sides), ERR_LIMIT (overflow), ERR_INVALID (amount 0 or too large). */
int ledger_apply(const struct ledger_backend *b, const struct ledger_transfer *chain, size_t n, int64_t now, struct err *e);

uint64_t ledger_free(const struct ledger_account *a);	/* credits_posted − debits_posted − debits_pending; 0 for an account without limit */
uint64_t ledger_balance(const struct ledger_account *a);	/* credits_posted − debits_posted, 0 for an account without limit */

/* What must hold at every moment: added account by account, asked at the end. */
struct ledger_sums { unsigned __int128 debits_pending[LEDGER_UNIT_COUNT], debits_posted[LEDGER_UNIT_COUNT], credits_pending[LEDGER_UNIT_COUNT],
	credits_posted[LEDGER_UNIT_COUNT]; };
int ledger_sums_add(struct ledger_sums *s, const struct ledger_account *a, struct err *e);	/* ERR_INVALID: a limited account below zero, a closed one with money */
int ledger_sums_check(const struct ledger_sums *s, struct err *e);	/* ERR_INVALID: Σ debits ≠ Σ credits, of a unit, pending or posted */

/* A backend in memory. */
struct ledger_memory;
int ledger_memory_new(struct ledger_memory **out, struct err *e);
void ledger_memory_free(struct ledger_memory *m);
const struct ledger_backend *ledger_memory_backend(struct ledger_memory *m);
int ledger_memory_each(struct ledger_memory *m, int (*f)(void *ctx, const struct ledger_account *a, struct err *e), void *ctx, struct err *e);	/* by name */

#endif
