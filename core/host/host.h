/* The host (ARCHITECTURE): the market's rules on the book. Entries become events of core/market, its rows lie in the book as records, its money in the book's
 * accounts. Everything here follows from the entries; nothing is decided twice.
 *
 * Also the machine's own pool: `local`, kept by the key <home>/manager.key, with the machine's worker in it.
 */
#ifndef ENCLUA_HOST_HOST_H
#define ENCLUA_HOST_HOST_H

#include "book/book.h"
#include "market/market.h"

#define HOST_LOCAL_POOL "local"

/* Kinds of records beside the market's own. X(ENUM, what) */
#define HOST_RECORDS(X) \
	X(POOL, "a pool's name: a its id, group the name") \
	X(WORKER, "pool, worker: state 1 while admitted") \
	X(ASSIGN, "task, worker: state is until when the scheduler waits; the same as a number, and the index of the last task.assign that sent it") \
	X(SPONSOR, "request, payer: signed to pay") \
	X(REQUEST, "what a request asks beside its order: the index of its entry") \
	X(REVEAL, "task, worker: the index of its task.reveal") \
	X(TRANSFER, "asset, index of its entry: from whom and to whom, 32 bytes each") \
	X(CANCEL, "order: how much of it was left when it was taken back") \
	X(TERMS, "SHA-256 of a grant's terms: the last grant with these") \
	X(DECISION, "grant, request/task/scope: the index of the latest decision and, in one byte, whether it permits; group the policy") \
	X(RELEASE, "task, worker: the index of its key.release") \
	X(RESERVE, "task, grant/unit: the unit in a byte, and the amount that the task reserved; group the task") \
	X(KEEPER, "a keeper: its key and its age key, 32 bytes each") \
	X(POLICY, "a policy: the index of its entry; group its name") \
	X(POLICY_H1, "h1, owner: the index of the policy's entry") \
	X(APP_SECRET, "iApp, index of the entry of a version: that index") \
	X(SECRET, "a requester's secret: the index of its entry; group its owner") \
	X(CALLBACK, "name, task: the index of the entry with the value, and of the one that ended the task; group the name") \
	X(SEALED, "SHA-256 of a header of data or of a sealed secret: who brought it first")
enum host_record {
	HOST_FIRST = 100,
#define X(id, what) HOST_##id,
	HOST_RECORDS(X)
#undef X
};

/* Says what keeps this user out of a home before anything is looked for in it: ERR_DENIED with the one whose it is, ERR_CONFLICT when it is no folder. What is not
 * there keeps nobody out. */
int host_home_guard(const char *home, struct err *e);

/* A book with the market's rules. Every program that appends opens it so. */
int host_open(struct book **out, const char *home, bool create, struct err *e);
/* The pool `local`, its manager and its worker, and the home's keeper, unless they are there. */
int host_local_pool(struct book *b, struct err *e);
/* The home's own keeper introduced and appointed, unless it is. A home that has no keeper's or no operator's key is left as it is. */
int host_local_keeper(struct book *b, struct err *e);
int host_manager_open(struct book *b, struct identity **out, struct err *e);

/* Rows of the market: 1, 0, -1. */
int host_get(struct book *b, enum market_kind kind, const char *a, const char *b2, void *row, struct err *e);
/* group NULL: any; state -1: any (codec.h says what they are). f may stop by returning 1. made: index of the entry that made the row. */
int host_each(struct book *b, enum market_kind kind, const char *group, int64_t state, int (*f)(void *ctx, const void *row, uint64_t made, struct err *e),
	void *ctx, struct err *e);
/* A whole id or a unique prefix of one, of order, deal, task or pool; of a pool also its name. ERR_NOT_FOUND, ERR_CONFLICT. */
int host_find(struct book *b, enum market_kind kind, const char *which, char id[static MARKET_NAME], struct err *e);
/* The entry that is meant by a number, by an id of any kind (of a deal its deal.match, of a task its task.initialize), or by a unique prefix of one. */
int host_entry_find(struct book *b, const char *which, uint64_t *index, struct err *e);
int host_pool_name(struct book *b, const char *pool, char name[static LIMIT_NAME_BYTES + 1], struct err *e);

/* Was the order taken back? 1, 0, -1; left: how much of it there still was (0: it was used up before). */
int host_cancelled(struct book *b, const char *order, uint64_t *left, struct err *e);
/* A request's entry, as it was signed: bytes keeps what en borrows. */
int host_request(struct book *b, const char *order, struct entry *en, struct buf *bytes, struct err *e);

/* The receipt of a task that has ended (form/receipt.h), in the newest checkpoint that p accepts and that has the task in it, else in the newest. */
int host_receipt(struct book *b, const struct store_task *t, const struct tlog_policy *p, struct buf *out, struct err *e);

/* Whom the book trusts (host_trust.c). Identities as text. */
struct host_keeper { uint8_t key[32], age[32]; uint64_t made; };
int host_is_keeper(struct book *b, const char *identity, struct err *e);	/* 1, 0, −1 */
int host_keepers(struct book *b, int (*f)(void *ctx, const struct host_keeper *k, struct err *e), void *ctx, struct err *e);	/* oldest first; f may stop by 1 */

struct host_policy {
	char id[ID_TEXT], name[LIMIT_NAME_BYTES + 1], version[65], h1[48];
	uint8_t blob[32], author[32], owner[32];
	uint64_t size, made;
};
/* An id, a unique prefix of one, or a name: the newest of that name, when all are one owner's. ERR_NOT_FOUND, ERR_CONFLICT. */
int host_policy_find(struct book *b, const char *which, struct host_policy *out, struct err *e);
int host_policy_at(struct book *b, uint64_t index, struct host_policy *out, struct err *e);	/* by its entry */

struct host_secret { char id[ID_TEXT], name[LIMIT_NAME_BYTES + 1]; uint8_t owner[32], blob[32]; uint64_t size, made; };	/* id, name: "" of an iApp's */
/* The version of an iApp's secret that holds for a deal whose entry is before_index. 1, 0 (there is none), -1. */
int host_app_secret(struct book *b, const char *app, uint64_t before_index, struct host_secret *out, struct err *e);
int host_secret(struct book *b, const char *id, struct host_secret *out, struct err *e);	/* a whole id: 1, 0, -1 */
/* Every version of every secret of this owner, oldest first; f may stop by 1. */
int host_secrets(struct book *b, const char *owner, int (*f)(void *ctx, const struct host_secret *s, struct err *e), void *ctx, struct err *e);

/* Grants, decisions, releases (host_grant.c, host_release.c). bytes keeps what en borrows. */
int host_grant(struct book *b, const char *order, struct entry *en, struct buf *bytes, struct err *e);	/* order.data as it was signed */
int host_deal_data(struct book *b, const char *deal, char order[static ID_TEXT], struct err *e);	/* the deal's data order, or "" */
/* The latest decision about the same; task "" before key_release. 1, 0 (none: permits is false), -1. */
int host_decision(struct book *b, const char *grant, const char *request, const char *task, const char *scope, uint64_t *index, bool *permits, struct err *e);
int host_release(struct book *b, const char *task, const char *worker, struct entry *en, struct buf *bytes, struct err *e);	/* key.release: 1, 0, -1 */
/* May this key.release come in, in a book of `size` entries at book time `now`? en with `by`, unsigned: for a keeper on its replica, and the rule itself. Changes
 * nothing. -1: the message begins with the code. */
int host_release_check(struct book *b, const struct entry *en, bool undecided, uint64_t size, int64_t now, struct err *e);	/* undecided: who asks has asked the policies himself, and
	the book does not know yet */
int host_release_task(struct book *b, const struct entry *en, int64_t now, struct err *e);	/* the same for task, worker and level alone */
/* The same for the key of one grant alone, whether it is in en->key_release.grant or not: task and assurance of en are read. Not its budgets, nor what its policy decides. */
int host_release_item(struct book *b, const struct entry *en, const char *order, int64_t now, struct err *e);
/* What is used and reserved under a grant, and of how much: 1, 0 (no budget of this unit was ever touched), -1. */
int host_budget(struct book *b, const char *grant, enum ledger_unit unit, uint64_t *used, uint64_t *max, struct err *e);

/* Who is at a task: leases that the scheduler still waits for, at book time `now`. */
int host_assigned(struct book *b, const char *task, const char *worker, bool *is, struct err *e);
int host_leases(struct book *b, const char *task, int64_t now, char (*workers)[MARKET_NAME], size_t max, size_t *n, struct err *e);
int host_admitted(struct book *b, const char *pool, const char *worker, struct err *e);	/* 1, 0, −1 */
/* Does the task need one more worker, if all that are at it agree with the best group? 1, 0, -1. All rows are of one moment: those of a task that goes on meanwhile would
 * not fit each other. */
int host_needs(struct book *b, const char *task, int64_t now, struct err *e);

#endif
