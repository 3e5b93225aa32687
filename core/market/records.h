/* What the market remembers: plain rows, of fixed size, each beginning with the one or two names that are its key. Money is not here: it lies in accounts
 * (core/book/ledger.h) whose names follow from these rows. All of it follows from the entries of the book, so all of it can be dropped and made again.
 *
 * Names are those of identities (enclua1…), assets (app1…, data1…, pool1…), orders, deals and tasks; "" means none. Amounts are nRLC, times seconds
 * of book time.
 */
#ifndef ENCLUA_MARKET_RECORDS_H
#define ENCLUA_MARKET_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MARKET_NAME 72u	/* an identity has 65 bytes, an id at most 43; and NUL */

#define MARKET_PURPOSES 16u	/* of a grant */
#define MARKET_PURPOSES_TEXT (MARKET_PURPOSES * 65u)

typedef unsigned __int128 market_wide;	/* weights of groups: products of small numbers, soon past 64 bits */

enum market_asset_kind { MARKET_APP, MARKET_DATA, MARKET_POOL };
enum market_order_kind { MARKET_ORDER_APP, MARKET_ORDER_DATA, MARKET_ORDER_POOL, MARKET_ORDER_REQUEST };

/* A duration class. Categories are counted from 0 and never go away. */
struct market_category {
	char id[MARKET_NAME];	/* "0", "1" … */
	uint64_t time;	/* seconds: all deadlines of a task are multiples of it */
};

/* Registered once; only its owner changes and, of a pool, its policy. */
struct market_asset {
	char id[MARKET_NAME];
	char owner[MARKET_NAME];
	enum market_asset_kind kind;
	uint64_t stake_ratio;	/* pool: percent of the price that a worker stakes */
	uint64_t scheduler_ratio;	/* pool: percent of the rewards that the pool's owner keeps, 0 … 100 */
};

/* A list of names that orders can name as a restriction. Names are added; only of a group they may be removed. */
struct market_list { char id[MARKET_NAME]; char owner[MARKET_NAME]; uint64_t members; bool group; };
struct market_member { char list[MARKET_NAME]; char who[MARKET_NAME]; bool removed; };

/* Who is let in: "" anybody, a name that one, "list1…" all members of that list at the time of the match. */
struct market_restrict { char app[MARKET_NAME], data[MARKET_NAME], pool[MARKET_NAME], requester[MARKET_NAME]; };

/* A signed offer of any kind; what does not belong to its kind is zero. `consumed` alone changes. */
struct market_order {
	char id[MARKET_NAME];
	enum market_order_kind kind;
	char signer[MARKET_NAME];	/* whose signature was verified when it came in; the match asks whether that is the owner */
	char asset[MARKET_NAME];	/* what is offered; of a request: the app that is asked for */
	uint64_t price;	/* per task; of a request: the most for the app */
	uint64_t volume;	/* how many tasks it may ever serve */
	uint64_t consumed;	/* ≤ volume */
	uint64_t tag;	/* bits of MARKET_TAG_… */
	struct market_restrict restrict_to;	/* of a request: only `pool` is used */
	uint64_t category, trust;	/* pool: what it offers; request: what it asks */

	/* data: a grant */
	int64_t until;	/* book time from which it no longer holds; 0: never */
	char purposes[MARKET_PURPOSES_TEXT];	/* "" any, or some (base/purpose.h) with spaces between them: the request's must be included in one */
	bool policy;	/* a policy must permit each match */
	bool bulk;

	/* request */
	char data[MARKET_NAME];	/* "": none */
	uint64_t data_price, pool_price;	/* the most for each */
	char requester[MARKET_NAME], beneficiary[MARKET_NAME];
	char payer[MARKET_NAME];	/* who must have signed to pay; "": the requester, or whoever signs to pay when it is matched */
	char purpose[MARKET_NAME];
	bool callback;	/* the result must come with callback data whose hash is its digest */
};

/* Four orders that were matched: terms that nothing changes any more. */
struct market_deal {
	char id[MARKET_NAME];
	char app[MARKET_NAME], data[MARKET_NAME], pool[MARKET_NAME], request[MARKET_NAME];	/* assets; `request` is the order */
	char app_owner[MARKET_NAME], data_owner[MARKET_NAME], pool_owner[MARKET_NAME];
	char requester[MARKET_NAME], beneficiary[MARKET_NAME], payer[MARKET_NAME];
	uint64_t app_price, data_price, pool_price;
	uint64_t pool_stake;	/* of the pool's owner, for each task */
	uint64_t worker_stake;
	uint64_t scheduler_ratio;
	uint64_t trust;	/* ≥ 1 */
	uint64_t category, time;	/* time: the category's, when it was matched */
	uint64_t tag;
	int64_t start;
	uint64_t first, size;	/* tasks first … first + size − 1, counted over all deals of the request */
	bool callback;
};

/* X(ENUM, text) */
#define MARKET_STATUSES(X) \
	X(UNSET, "unset") \
	X(ACTIVE, "active")		/* workers may contribute */ \
	X(REVEALING, "revealing")	/* consensus: the winners show what they computed */ \
	X(COMPLETED, "completed") \
	X(FAILED, "failed")
enum market_status {
#define X(id, text) MARKET_##id,
	MARKET_STATUSES(X)
#undef X
	MARKET_STATUS_COUNT
};

struct market_task {
	char id[MARKET_NAME];
	char deal[MARKET_NAME];
	uint64_t index;
	enum market_status status;
	int64_t contribution_deadline, final_deadline;
	int64_t reveal_deadline;	/* 0 until consensus */
	market_wide total;	/* 1 + the weights of all groups */
	uint64_t contributors;	/* all that ever contributed */
	uint64_t winners, reveals;
	uint8_t winning[32];	/* the result hash of the consensus */
	uint8_t digest[32];	/* of the result, once it was revealed */
};
/* So that a task of a deal begins once, whatever it is called. */
struct market_slot { char deal[MARKET_NAME]; char index[MARKET_NAME]; char task[MARKET_NAME]; };

enum market_contribution_status { MARKET_CONTRIBUTED, MARKET_PROVED, MARKET_REJECTED };
struct market_contribution {
	char task[MARKET_NAME];
	char worker[MARKET_NAME];
	uint8_t hash[32];	/* H(task, digest) */
	uint8_t seal[32];	/* H(worker, task, digest): who copies a neighbour's hash cannot make it */
	enum market_contribution_status status;
	uint64_t weight;	/* ⌊log2⌋ of what it counted in the consensus: its share in the reward */
};
/* The contributors of a task in the order in which they came. */
struct market_entrant { char task[MARKET_NAME]; char number[MARKET_NAME]; char worker[MARKET_NAME]; };
/* The contributions to a task that agree. */
struct market_group { char task[MARKET_NAME]; char hash[MARKET_NAME]; market_wide weight; uint64_t contributed; };
struct market_score { char who[MARKET_NAME]; uint64_t value; };
struct market_state { char id[MARKET_NAME]; uint64_t categories; };	/* one row, id "market" */

/* X(ENUM, struct name, how many names are its key) */
#define MARKET_KINDS(X) \
	X(CATEGORY, market_category, 1) \
	X(ASSET, market_asset, 1) \
	X(LIST, market_list, 1) \
	X(MEMBER, market_member, 2) \
	X(ORDER, market_order, 1) \
	X(DEAL, market_deal, 1) \
	X(TASK, market_task, 1) \
	X(SLOT, market_slot, 2) \
	X(CONTRIBUTION, market_contribution, 2) \
	X(ENTRANT, market_entrant, 2) \
	X(GROUP, market_group, 2) \
	X(SCORE, market_score, 1) \
	X(STATE, market_state, 1)
enum market_kind {
#define X(id, type, keys) MARKET_ROW_##id,
	MARKET_KINDS(X)
#undef X
	MARKET_KIND_COUNT
};

#endif
