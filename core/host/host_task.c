/* The events of tasks: begun, sent to workers, ended. What a task may do next, core/market decides; here is kept beside it who is at a task and how its run ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host_inner.h"
#include "seal/crypto.h"

static const uint8_t none[32];

static int task_row_begin(struct event *v, const struct market_deal *d, const char *task, struct err *e)
{
	struct store_app app;
	struct entry *en = malloc(sizeof *en);
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	struct store_task t = { .seq = (int64_t)v->at->index, .created = v->en->time, .status = "RUNNING", .data = BUF_INIT(KIB(8)), .missing = BUF_INIT(KIB(4)) };
	int r = -1;
	if (!en) {
		err_set(e, ERR_LIMIT, "out of memory");
		goto out;
	}
	if (host_request(v->b, d->request, en, &bytes, e) < 0 || store_app_find(book_store(v->b), d->app, &app, e) < 0)
		goto out;
	const struct entry_order_request *q = &en->order_request;
	(void)snprintf(t.id, sizeof t.id, "%.*s", ID_TEXT - 1, task);
	(void)snprintf(t.app, sizeof t.app, "%.*s", ID_TEXT - 1, d->app);
	(void)snprintf(t.app_name, sizeof t.app_name, "%s", app.name);
	memcpy(t.requester, en->by, 32);
	memcpy(t.beneficiary, q->beneficiary, 32);
	memcpy(t.recipient, q->recipient, 32);
	if (buf_add_text(&t.data, d->data, e) < 0)
		goto out;
	for (size_t i = 0; i < q->own_data.n; i++)
		if (buf_addf(&t.data, e, "%s%s", t.data.len ? " " : "", q->own_data.at[i]) < 0)
			goto out;
	r = store_task_put(book_store(v->b), &t, e);
out:
	free(en);
	buf_done(&bytes);
	store_task_done(&t);
	return r;
}

int on_task_initialize(struct event *v, struct err *e)
{
	const struct entry_task_initialize *f = &v->en->task_initialize;
	char task[MARKET_NAME];
	struct market_deal d;
	market_task_id(task, f->deal, f->index);
	if (strcmp(task, f->task) != 0)
		return err_set(e, ERR_INVALID, "initialize-id: the id of this task is %s", task);
	if (market_initialize(v->m, f->deal, f->index, "", e) < 0)
		return -1;
	int is = host_get(v->b, MARKET_ROW_DEAL, f->deal, "", &d, e);
	return is < 0 ? -1 : task_row_begin(v, &d, task, e);
}

static int task_get(struct event *v, const char *task, struct market_task *t, struct market_deal *d, struct err *e)
{
	int is = host_get(v->b, MARKET_ROW_TASK, task, "", t, e);
	if (is <= 0)
		return is < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "task-unknown: there is no task %s in this book", task);
	return host_get(v->b, MARKET_ROW_DEAL, t->deal, "", d, e) < 0 ? -1 : 0;
}

int on_task_assign(struct event *v, struct err *e)
{
	const struct entry_task_assign *f = &v->en->task_assign;
	struct market_task t;
	struct market_deal d;
	struct market_contribution done;
	char worker[MARKET_NAME];
	host_name_identity(worker, f->worker);
	if (task_get(v, f->task, &t, &d, e) < 0)
		return -1;
	if (strcmp(d.pool_owner, v->by) != 0)
		return err_set(e, ERR_DENIED, "not-scheduler: the pool of this task belongs to %s", d.pool_owner);
	if (!host_admitted(v->b, d.pool, worker))
		return err_set(e, ERR_DENIED, "assign-stranger: %s does not work for the pool of this task", worker);
	if (t.status != MARKET_ACTIVE || t.contribution_deadline <= v->at->now)
		return err_set(e, ERR_CONFLICT, "assign-status: the task takes no more contributions");
	int is = host_get(v->b, MARKET_ROW_CONTRIBUTION, f->task, worker, &done, e);
	if (is)
		return is < 0 ? -1 : err_set(e, ERR_CONFLICT, "assign-twice: %s has contributed to this task", worker);
	uint64_t until = f->until;
	/* Taken back from one that is gone, so that another can be sent now: no question of how many are needed. */
	bool back = (int64_t)until <= v->at->now, was = false;
	if (back && host_assigned(v->b, f->task, worker, &was, e) < 0)
		return -1;
	if (back && !was)
		return err_set(e, ERR_CONFLICT, "assign-past: %s was never sent to this task, so there is nothing to take back", worker);
	int needs = back ? 1 : host_needs(v->b, &t, v->at->now, e);
	if (needs <= 0)
		return needs < 0 ? -1 : err_set(e, ERR_CONFLICT, "assign-enough: the workers that are at this task can end it");
	return host_record_put(v, HOST_ASSIGN, f->task, worker, f->task, (int64_t)until, &until, sizeof until, e);
}

/* Who the scheduler sent is authorized; there are no enclaves to attest yet. */
static int contribution(struct event *v, const char *task, struct market_contribute *in, char owner[static MARKET_NAME], struct err *e)
{
	struct market_task t;
	struct market_deal d;
	bool is;
	if (task_get(v, task, &t, &d, e) < 0 || host_assigned(v->b, task, v->by, &is, e) < 0)
		return -1;
	host_name(owner, is ? d.pool_owner : "");
	*in = (struct market_contribute){ .task = task, .worker = v->by, .authorized_by = owner };
	return 0;
}

int on_task_contribute(struct event *v, struct err *e)
{
	const struct entry_task_contribute *f = &v->en->task_contribute;
	struct market_contribute in;
	char owner[MARKET_NAME];
	bool consensus;
	if (contribution(v, f->task, &in, owner, e) < 0)
		return -1;
	in.hash = f->hash;
	in.seal = f->seal;
	return market_contribute(v->m, &in, &consensus, e);
}

/* How the run ended, for the row of the task. */
struct ending {
	const struct entry_text *outcome, *reason, *assurance;
	const struct entry_texts *missing;
	const uint8_t *measurement, *result;
	uint64_t size;
	const uint8_t *worker;
};
#define ENDING(f, by) { &(f)->outcome, &(f)->reason, &(f)->assurance, &(f)->missing_layer, (f)->measurement, (f)->result, (f)->size, by }

static void text_set(char *out, size_t size, const struct entry_text *t)
{
	(void)snprintf(out, size, "%.*s", (int)t->len, t->at ? t->at : "");
}

/* A run on a machine that promises less than was asked for is not what is paid for. */
static int assurance_check(struct event *v, const char *task, const struct ending *x, struct err *e)
{
	struct market_task t;
	struct market_deal d;
	struct entry *en = malloc(sizeof *en);
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	int is = host_assurance(x->assurance), r = -1;
	if (!en)
		err_set(e, ERR_LIMIT, "out of memory");
	else if (is < 0 || !x->assurance->len)
		err_set(e, ERR_INVALID, "run-assurance: the assurance of a run is none, software, tpm2 or cvm");
	else if (task_get(v, task, &t, &d, e) == 0 && host_request(v->b, d.request, en, &bytes, e) == 0) {
		const struct entry_text *least = &en->order_request.min_assurance;
		r = host_assurance(least) <= is ? 0 : err_set(e, ERR_DENIED, "run-assurance: the request asks for %.*s, and the run had %.*s", (int)least->len,
			least->at, (int)x->assurance->len, x->assurance->at);
	}
	free(en);
	buf_done(&bytes);
	return r;
}

static int ending_check(struct event *v, const char *task, const struct ending *x, struct err *e)
{
	bool result = memcmp(x->result, none, 32) != 0;
	if (!entry_text_is(x->outcome, "COMPLETED") && !entry_text_is(x->outcome, "FAILED") && !entry_text_is(x->outcome, "LIMIT"))
		return err_set(e, ERR_INVALID, "run-outcome: a run ends as COMPLETED, FAILED or LIMIT");
	if (entry_text_is(x->outcome, "COMPLETED") && !result)
		return err_set(e, ERR_INVALID, "run-result: a completed run has a result");
	if (result != (x->size != 0))
		return err_set(e, ERR_INVALID, "run-result: a result has a hash and a size, or neither");
	if (assurance_check(v, task, x, e) < 0)
		return -1;
	if (v->at->admit && result && store_blob_check(book_store(v->b), x->result, x->size, e) < 0)
		return err_wrap(e, "run-result");
	return 0;
}

static int task_row_end(struct event *v, const char *task, const struct ending *x, struct err *e)
{
	struct store_task t;
	if (store_task_find(book_store(v->b), task, &t, e) < 0)
		return -1;
	int r = 0;
	text_set(t.status, sizeof t.status, x->outcome);
	text_set(t.reason, sizeof t.reason, x->reason);
	text_set(t.assurance, sizeof t.assurance, x->assurance);
	memcpy(t.worker, x->worker, 32);
	memcpy(t.measurement, x->measurement, 32);
	memcpy(t.blob, x->result, 32);
	t.result_size = x->size;
	t.finished = v->en->time;
	t.finish_seq = (int64_t)v->at->index;
	t.missing.max = KIB(4);
	for (size_t i = 0; r == 0 && i < x->missing->n; i++)
		r = buf_addf(&t.missing, e, "%s%.*s", t.missing.len ? " " : "", (int)x->missing->at[i].len, x->missing->at[i].at);
	struct market_task m;
	if (r == 0)
		r = host_get(v->b, MARKET_ROW_TASK, task, "", &m, e) < 0 ? -1 : 0;
	if (r == 0) {
		memcpy(t.digest, m.digest, 32);
		r = store_task_put(book_store(v->b), &t, e);
	}
	store_task_done(&t);
	return r;
}

int on_task_complete(struct event *v, struct err *e)
{
	const struct entry_task_complete *f = &v->en->task_complete;
	const struct ending ending = ENDING(f, v->en->by);
	const struct market_callback callback = { NULL, 0 };
	struct market_contribute in;
	char owner[MARKET_NAME];
	if (ending_check(v, f->task, &ending, e) < 0 || contribution(v, f->task, &in, owner, e) < 0)
		return -1;
	if (market_contribute_finalize(v->m, &in, f->digest, &callback, e) < 0)
		return -1;
	return task_row_end(v, f->task, &ending, e);
}

int on_task_reveal(struct event *v, struct err *e)
{
	const struct entry_task_reveal *f = &v->en->task_reveal;
	const struct ending ending = ENDING(f, v->en->by);
	if (ending_check(v, f->task, &ending, e) < 0 || market_reveal(v->m, f->task, v->by, f->digest, e) < 0)
		return -1;
	return host_record_put(v, HOST_REVEAL, f->task, v->by, f->task, 0, &v->at->index, sizeof v->at->index, e);
}

int on_task_reopen(struct event *v, struct err *e)
{
	return market_reopen(v->m, v->en->task_reopen.task, v->by, e);
}

/* What this worker has revealed of the task, as it was signed. */
static int revealed(struct event *v, const char *task, const char *worker, struct entry *en, struct buf *bytes, struct err *e)
{
	struct buf at = BUF_INIT(16);
	uint64_t index = 0;
	int r = book_record_get(v->b, HOST_REVEAL, task, worker, &at, e);
	if (r == 1)
		memcpy(&index, at.data, sizeof index);
	buf_done(&at);
	if (r <= 0)
		return r < 0 ? -1 : err_set(e, ERR_INVALID, "finalize-worker: %s has revealed no result of this task", worker);
	return book_entry(v->b, index, bytes, e) < 0 ? -1 : entry_decode(en, bytes->data, bytes->len, NULL, e);
}

int on_task_finalize(struct event *v, struct err *e)
{
	const struct entry_task_finalize *f = &v->en->task_finalize;
	const struct market_callback callback = { NULL, 0 };
	struct entry *en = malloc(sizeof *en);
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	char worker[MARKET_NAME];
	int r = -1;
	host_name_identity(worker, f->worker);
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (market_finalize(v->m, f->task, v->by, &callback, e) == 0 && revealed(v, f->task, worker, en, &bytes, e) == 0) {
		const struct ending ending = ENDING(&en->task_reveal, f->worker);
		r = task_row_end(v, f->task, &ending, e);
	}
	free(en);
	buf_done(&bytes);
	return r;
}

int on_task_claim(struct event *v, struct err *e)
{
	const char *task = v->en->task_claim.task;
	struct store_task t;
	if (market_claim(v->m, task, e) < 0 || store_task_find(book_store(v->b), task, &t, e) < 0)
		return -1;
	(void)snprintf(t.status, sizeof t.status, "FAILED");
	(void)snprintf(t.reason, sizeof t.reason, "nobody finished it in time; the payer has the money back");
	(void)snprintf(t.assurance, sizeof t.assurance, "none");
	t.finished = v->en->time;
	t.finish_seq = (int64_t)v->at->index;
	int r = store_task_put(book_store(v->b), &t, e);
	store_task_done(&t);
	return r;
}
