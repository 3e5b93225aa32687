/* The scheduler's entries: each is signed with the key of the pool's owner, who alone may send workers and end tasks. Whether one is due is decided in worker.c; the book
 * decides again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/worker_inner.h"

int worker_append(const struct worker *w, struct entry *en, const struct identity *by, struct err *e)
{
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	int r = entry_sign(en, by, &note, e);
	if (r == 0)
		r = book_append_one(w->book, &note, NULL, e);
	buf_done(&note);
	return r;
}

void worker_id(char out[static ID_TEXT], const char *name)
{
	(void)snprintf(out, ID_TEXT, "%.*s", ID_TEXT - 1, name);
}

const struct identity *scheduler_key(const struct worker *w, const struct market_deal *d)
{
	for (size_t i = 0; i < w->n_owners; i++) {
		char name[IDENTITY_TEXT];
		identity_text(name, identity_public(w->owners[i]));
		if (!strcmp(name, d->pool_owner))
			return w->owners[i];
	}
	return NULL;
}

/* Several in one append: they stand in the book together or not at all. */
int scheduler_begin_tasks(const struct worker *w, const struct market_deal *d, uint64_t from, uint64_t n, struct err *e)
{
	const struct identity *by = scheduler_key(w, d);
	struct entry *en = malloc(sizeof *en);
	struct buf notes[WORKER_OPEN_MAX];
	struct book_item items[WORKER_OPEN_MAX];
	size_t made = 0;
	int r = -1;
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	for (; made < n && made < WORKER_OPEN_MAX; made++) {
		char task[MARKET_NAME];
		notes[made] = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
		if (book_draft(w->book, en, ENTRY_TASK_INITIALIZE_TYPE, e) < 0)
			goto out;
		market_task_id(task, d->id, from + made);
		worker_id(en->task_initialize.deal, d->id);
		worker_id(en->task_initialize.task, task);
		en->task_initialize.index = from + made;
		if (entry_sign(en, by, &notes[made], e) < 0) {
			buf_done(&notes[made]);
			goto out;
		}
		items[made] = (struct book_item){ notes[made].data, notes[made].len };
	}
	r = book_append(w->book, items, made, NULL, e);
out:
	for (size_t i = 0; i < made; i++)
		buf_done(&notes[i]);
	free(en);
	return r;
}

/* Entries of one line each: drafted, filled, signed. */
static int enter(const struct worker *w, const struct worker_task *t, enum entry_type type, const struct identity *by,
	void (*fill)(struct entry *en, const struct worker_task *t, const void *ctx), const void *ctx, struct err *e)
{
	struct entry *en = malloc(sizeof *en);
	int r = -1;
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (book_draft(w->book, en, type, e) == 0) {
		fill(en, t, ctx);
		r = worker_append(w, en, by, e);
	}
	free(en);
	return r;
}

struct lease { const uint8_t *worker; int64_t until; };

static void fill_assign(struct entry *en, const struct worker_task *t, const void *ctx)
{
	const struct lease *l = ctx;
	worker_id(en->task_assign.task, t->task.id);
	memcpy(en->task_assign.worker, l->worker, 32);
	en->task_assign.until = (uint64_t)l->until;
}

int scheduler_assign(const struct worker *w, const struct worker_task *t, const uint8_t who[static 32], int64_t until, struct err *e)
{
	const struct lease lease = { who, until };
	return enter(w, t, ENTRY_TASK_ASSIGN_TYPE, scheduler_key(w, &t->deal), fill_assign, &lease, e);
}

static int first_revealed(void *ctx, const struct book_record *r, struct err *e)
{
	return identity_parse(ctx, r->b, e) < 0 ? -1 : 1;
}

static void fill_finalize(struct entry *en, const struct worker_task *t, const void *ctx)
{
	worker_id(en->task_finalize.task, t->task.id);
	memcpy(en->task_finalize.worker, ctx, 32);
}

/* The beneficiary gets the result of whoever revealed first. */
int scheduler_finalize(const struct worker *w, const struct worker_task *t, struct err *e)
{
	uint8_t worker[32] = { 0 };
	if (book_records(w->book, HOST_REVEAL, t->task.id, -1, first_revealed, worker, e) < 0)
		return -1;
	return enter(w, t, ENTRY_TASK_FINALIZE_TYPE, scheduler_key(w, &t->deal), fill_finalize, worker, e);
}

static void fill_reopen(struct entry *en, const struct worker_task *t, const void *ctx)
{
	(void)ctx;
	worker_id(en->task_reopen.task, t->task.id);
}

int scheduler_reopen(const struct worker *w, const struct worker_task *t, struct err *e)
{
	return enter(w, t, ENTRY_TASK_REOPEN_TYPE, scheduler_key(w, &t->deal), fill_reopen, NULL, e);
}

static void fill_claim(struct entry *en, const struct worker_task *t, const void *ctx)
{
	(void)ctx;
	worker_id(en->task_claim.task, t->task.id);
}

/* Anybody may. */
int scheduler_claim(const struct worker *w, const struct worker_task *t, struct err *e)
{
	const struct identity *by = w->identity ? w->identity : scheduler_key(w, &t->deal);
	return enter(w, t, ENTRY_TASK_CLAIM_TYPE, by, fill_claim, NULL, e);
}
