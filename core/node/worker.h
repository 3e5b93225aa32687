/* A worker of a pool, and its scheduler when the key of the pool's owner is at hand: it sends itself, and those of this home that have no such key. What is to be done next follows from the book alone, so that one that dies at any
 * point is replaced by one that looks again: itself, started anew, or another of the pool once its lease has run out.
 *
 * Beside the book a worker keeps, in <home>/running, how a run ended that it has committed to but not yet revealed: the bytes of a sealed result are never the same
 * twice. When that is lost too, it runs the task again.
 */
#ifndef ENCLUA_NODE_WORKER_H
#define ENCLUA_NODE_WORKER_H

#include "host/host.h"
#include "node/work.h"

#define WORKER_OWNERS 4u
#define WORKER_LEASE_MARGIN 10	/* seconds beyond what a task may take: to start a box, to store a result */
#define WORKER_LEASE_BYTES MIB(32)	/* of data that are hashed in one more second */
#define WORKER_OPEN_MAX 64u	/* tasks of one deal that are begun and not ended: no more are begun */

struct worker {	/* all borrowed */
	struct book *book;	/* opened by host_open */
	struct keeper_link *keeper;
	const struct identity *identity;	/* who works; admitted to the pools that it works for. NULL: scheduler only */
	const struct identity *owners[WORKER_OWNERS];	/* of pools: for those it is the scheduler */
	size_t n_owners;
	struct box_zygote *zygote;	/* NULL: it takes no tasks; what it committed to before it reveals */
	const char *pool, *task;	/* only this one, or NULL */
	void (*say)(void *ctx, const char *task, const struct err *why);	/* what went wrong and will be tried again; may be NULL */
	void (*ran)(void *ctx, const char *task, const struct work_result *r);	/* a box has ended; may be NULL */
	void (*progress)(void *ctx, double fraction);	/* may be NULL */
	void *ctx;
	struct worker_state *state;	/* made by worker_begin */
};

int worker_begin(struct worker *w, struct err *e);
void worker_end(struct worker *w);

/* Looks at the book once and does what is to be done now: begins tasks, finalizes, opens again, claims, reveals; and runs one task. did: something was, so look
 * again; else *due is the book time at which there may be something, or 0, and before that only if the book has grown. */
int worker_step(struct worker *w, bool *did, int64_t *due, struct err *e);

#endif
