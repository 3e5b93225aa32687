/* What the files of the market share: refusing, rows, and the chain of transfers that an event makes. Not for other folders. */
#ifndef ENCLUA_MARKET_INNER_H
#define ENCLUA_MARKET_INNER_H

#include "market/market.h"

/* A rule says no: its code, and words that begin with it. */
int market_refuse(struct market *m, enum err_code kind, const char *code, struct err *e, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void market_begin(struct market *m);	/* forgets the last refusal */

/* 1 found, 0 not there, −1 */
int market_get(struct market *m, enum market_kind kind, const char *a, const char *b, void *row, struct err *e);
int market_add(struct market *m, enum market_kind kind, const void *row, struct err *e);
int market_change(struct market *m, enum market_kind kind, const void *row, struct err *e);

void market_name_set(char out[static MARKET_NAME], const char *name);	/* a name that is ok, or "" */
void market_number_name(char out[static MARKET_NAME], uint64_t n);
void market_money_text(char out[static 40], uint64_t amount);	/* "10.5 RLC" */

int market_account(struct market *m, const char *name, struct err *e);	/* opens it unless it is there; refusal "closed" */
int market_account_closed(struct market *m, const char *name, struct err *e);	/* 1, 0, −1 */

/* The transfers of one event: all or nothing. */
struct market_chain { struct ledger_transfer *at; size_t n, max; };
int market_chain_init(struct market_chain *c, size_t max, struct err *e);
void market_chain_done(struct market_chain *c);
void market_chain_add(struct market *m, struct market_chain *c, const char *from, const char *to, uint64_t amount, const char *cause);	/* 0 moves nothing */
int market_chain_apply(struct market *m, const struct market_chain *c, struct err *e);	/* refusals "funds", "overflow" */

/* deal.c: prices of one task of a deal, −1 when they pass what can be counted. */
int market_deal_cost(const struct market_deal *d, uint64_t *cost);
/* rewards.c */
int market_pay_success(struct market *m, const struct market_deal *d, const struct market_task *t, struct err *e);	/* after reveals; scores too */
int market_pay_fast(struct market *m, const struct market_deal *d, const char *worker, struct err *e);
/* pool_pays: the stake of the pool's owner goes to the kitty; else back. */
int market_pay_failure(struct market *m, const struct market_deal *d, const struct market_task *t, bool pool_pays, struct err *e);

#endif
