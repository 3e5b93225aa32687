/* What the files of the worker share. */
#ifndef ENCLUA_NODE_WORKER_INNER_H
#define ENCLUA_NODE_WORKER_INNER_H

#include <limits.h>

#include "node/worker.h"

/* One task as a step sees it. */
struct worker_task { struct market_task task; struct market_deal deal; };

/* Signed by `by` and appended. */
int worker_append(const struct worker *w, struct entry *en, const struct identity *by, struct err *e);
void worker_id(char out[static ID_TEXT], const char *name);	/* a name of the market in the shape of an entry */

/* scheduler.c: key of the owner of this pool, or NULL */
const struct identity *scheduler_key(const struct worker *w, const struct market_deal *d);
int scheduler_begin_tasks(const struct worker *w, const struct market_deal *d, uint64_t from, uint64_t n, struct err *e);
int scheduler_assign(const struct worker *w, const struct worker_task *t, const uint8_t who[static 32], int64_t until, struct err *e);	/* until past: taken back */
int scheduler_finalize(const struct worker *w, const struct worker_task *t, struct err *e);
int scheduler_reopen(const struct worker *w, const struct worker_task *t, struct err *e);
int scheduler_claim(const struct worker *w, const struct worker_task *t, struct err *e);

/* worker_run.c. 1: done; 0: nobody is needed, or another process of this worker is at it; -1 */
int worker_run(struct worker *w, const struct worker_task *t, int64_t now, struct err *e);
bool worker_keys_lost(const struct err *e);	/* it went wrong since the keys of this sending are gone: it must be sent anew */
int worker_recover(struct worker *w, const struct worker_task *t, int64_t now, struct err *e);	/* makes again what was kept */

/* worker_keep.c: what was committed to, until it is revealed: a task.reveal, signed. */
int worker_keep_lock(const struct worker *w, const char *task, int *fd, struct err *e);	/* 1: it is ours; 0: somebody else's; -1 */
void worker_keep_unlock(const struct worker *w, const uint8_t who[static 32], const char *task, int fd);
/* 1: it died at the task in this home, and *fd holds its lock now; 0; -1 */
int worker_keep_abandoned(const struct worker *w, const uint8_t who[static 32], const char *task, int *fd, struct err *e);
int worker_keep(const struct worker *w, const char *task, const struct buf *note, struct err *e);
int worker_kept(const struct worker *w, const char *task, struct entry *en, struct buf *note, struct err *e);	/* 1, 0, -1 */
int worker_keep_sweep(const struct worker *w, struct err *e);	/* of tasks that have ended: with the results that nobody chose */

/* presence.c: which workers of this home wait for somebody to send them. */
struct presence { int fd; char path[PATH_MAX + 128]; };
struct present { char worker[IDENTITY_TEXT]; unsigned slots; };
int presence_enter(struct presence *p, const struct worker *w, struct err *e);
void presence_leave(struct presence *p);
int presence_list(const struct worker *w, const char *owner, struct present **list, size_t *n, struct err *e);	/* those that have no key of this owner */

#endif
