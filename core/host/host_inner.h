/* What host.c, host_apply.c and host_task.c share. */
#ifndef ENCLUA_HOST_HOST_INNER_H
#define ENCLUA_HOST_HOST_INNER_H

#include "host/host.h"

struct host {
	struct book *book;
	struct market_backend backend;
	struct market market;
	struct buf row;	/* bytes of the row at hand */
};

struct event {
	struct host *h;
	struct market *m;
	struct book *b;
	const struct entry *en;
	const struct book_applied *at;
	char by[IDENTITY_TEXT];	/* who signed */
	char id[ID_TEXT];	/* of the thing that the entry makes, or "" */
};

extern const struct book_rules host_rules;
int host_apply(void *ctx, struct book *b, const struct entry *en, const struct book_applied *at, struct err *e);

/* host.c */
int host_append(struct book *b, struct entry *en, const struct identity *by, struct err *e);	/* signs */

/* host_apply.c */
void host_name_text(char out[static MARKET_NAME], const struct entry_text *t);
void host_name(char out[static MARKET_NAME], const char *name);
void host_name_identity(char out[static MARKET_NAME], const uint8_t key[static 32]);	/* "" for no key */
int host_record_put(struct event *v, enum host_record kind, const char *a, const char *b2, const char *group, int64_t state, const void *bytes, size_t len,
	struct err *e);
int host_assurance(const struct entry_text *level);	/* levels from the least, 0 for ""; -1: there is none of that name */

/* host_task.c */
int on_task_initialize(struct event *v, struct err *e);
int on_task_assign(struct event *v, struct err *e);
int on_task_contribute(struct event *v, struct err *e);
int on_task_complete(struct event *v, struct err *e);
int on_task_reveal(struct event *v, struct err *e);
int on_task_reopen(struct event *v, struct err *e);
int on_task_finalize(struct event *v, struct err *e);
int on_task_claim(struct event *v, struct err *e);
int on_task_refuse(struct event *v, struct err *e);
int host_task(struct book *b, const char *task, struct market_task *t, struct market_deal *d, struct err *e);
bool host_code_ok(const char *at, size_t n);	/* 1 to 64 of letters, digits, '-', '_', ':', '.' */

/* host_apply.c: orders */
void host_order_begin(struct event *v, struct market_order *o, enum market_order_kind kind, const char *asset, uint64_t price, uint64_t volume, uint64_t tag);
int host_order_end(struct event *v, const struct market_order *o, struct err *e);

/* host_grant.c */
int on_order_data(struct event *v, struct err *e);
int host_request_check(struct event *v, struct err *e);	/* what a request says of grants and secrets */
bool host_number_read(uint64_t *n, const char **at, const char *end);	/* decimal, one spelling; at goes past it */

/* host_budget.c */
#define HOST_VOLUME LEDGER_UNIT_COUNT	/* of one of many: its grant's volume, which is the market's and no account */
int host_reserved(struct book *b, const char *task, const char *order, enum ledger_unit unit, bool *is, struct err *e);
int host_reserve_put(struct event *v, const char *task, const char *order, enum ledger_unit unit, uint64_t amount, struct err *e);
int host_budgets_check(struct book *b, const struct entry_key_release *f, struct err *e);
int host_budgets_reserve(struct event *v, const struct entry_key_release *f, struct err *e);
int host_budgets_settle(struct event *v, const char *task, bool spend, uint64_t bytes, struct err *e);	/* bytes: of the sealed result */

/* host_trust.c */
int on_list_remove(struct event *v, struct err *e);
int on_keeper_appoint(struct event *v, struct err *e);
int on_policy_register(struct event *v, struct err *e);
int on_app_secret(struct event *v, struct err *e);
int on_secret_set(struct event *v, struct err *e);
int host_sealed_own(struct event *v, const uint8_t hash[static 32], const char *code, struct err *e);
int host_header_own(struct event *v, const struct entry_text *header, struct buf *out, struct err *e);	/* out: its bytes */

/* host_release.c */
int on_policy_decision(struct event *v, struct err *e);
int on_key_release(struct event *v, struct err *e);

#endif
