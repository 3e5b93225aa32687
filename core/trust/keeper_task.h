/* What a key is asked for: a task with its deal, its request and its data, each with the grant and the policy under which it is used. Read from a book or a replica alike, so that
 * asker and keeper come to the same.
 */
#ifndef ENCLUA_TRUST_KEEPER_TASK_H
#define ENCLUA_TRUST_KEEPER_TASK_H

#include "host/host.h"
#include "trust/attest.h"

struct keeper_data { char data[ID_TEXT], grant[ID_TEXT], policy[ID_TEXT]; };	/* no grant: the requester's own, beside what was sold. No policy: none */
struct keeper_task {
	struct market_task task;
	struct market_deal deal;
	uint64_t deal_index;	/* of its deal.match */
	struct entry *request;	/* the order.request */
	struct buf bytes;	/* what it borrows from */
	struct keeper_data *data;	/* in the order of the task: what was sold, the requester's own, a bulk */
	size_t n_data;
};
/* ERR_NOT_FOUND: "task-unknown: …". keeper_task_done also after a failure. */
int keeper_task_read(struct keeper_task *out, struct book *b, const char *task, struct err *e);
void keeper_task_done(struct keeper_task *t);

/* "<number> secret1…", as a request names a secret. */
int keeper_secret_named(const struct entry_text *text, unsigned *number, char id[static ID_TEXT], struct err *e);

/* The fields of evidence that follow from the book. */
int keeper_task_subject(const struct keeper_task *t, struct book *b, struct attest_subject *out, struct err *e);	/* task, app, policy */

#endif
