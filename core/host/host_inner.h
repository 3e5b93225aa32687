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

/* host_trust.c */
int on_list_remove(struct event *v, struct err *e);
int on_keeper_appoint(struct event *v, struct err *e);
int on_policy_register(struct event *v, struct err *e);
int on_app_secret(struct event *v, struct err *e);
int on_secret_set(struct event *v, struct err *e);

/* host_release.c */
int on_policy_decision(struct event *v, struct err *e);
int on_key_release(struct event *v, struct err *e);
int on_task_refuse(struct event *v, struct err *e);

#endif
