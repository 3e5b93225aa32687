/* The events of tasks: begun, sent to workers, ended. What a task may do next, core/market decides; here is kept beside it who is at a task and how its run ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "form/assurance.h"
#include "host/host_inner.h"
#include "seal/crypto.h"

static const uint8_t none[32];

static int bulk_data(struct event *v, const struct entry_ids *bulk, struct buf *data, struct err *e)
{
	for (size_t i = 0; i < bulk->n; i++) {
		struct market_order o;
		int is = host_get(v->b, MARKET_ROW_ORDER, bulk->at[i], "", &o, e);
		if (is <= 0 || buf_addf(data, e, "%s%s", data->len ? " " : "", o.asset) < 0)
			return is == 0 ? err_set(e, ERR_INTERNAL, "the grant %s of a request is gone", bulk->at[i]) : -1;
	}
	return 0;
}

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
	if (bulk_data(v, &q->bulk, &t.data, e) < 0)
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

int host_task(struct book *b, const char *task, struct market_task *t, struct market_deal *d, struct err *e)
{
	int is = host_get(b, MARKET_ROW_TASK, task, "", t, e);
	if (is <= 0)
		return is < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "task-unknown: there is no task %s in this book", task);
	return host_get(b, MARKET_ROW_DEAL, t->deal, "", d, e) < 0 ? -1 : 0;
}

/* The index of the last task.assign that sent this worker. */
static int assigned_last(struct event *v, const char *task, const char *worker, uint64_t *index, struct err *e)
{
	struct buf row = BUF_INIT(16);
	int is = book_record_get(v->b, HOST_ASSIGN, task, worker, &row, e);
	if (is == 1 && row.len == 16)
		memcpy(index, row.data + 8, 8);
	buf_done(&row);
	return is < 0 ? -1 : 0;
}

int on_task_assign(struct event *v, struct err *e)
{
	const struct entry_task_assign *f = &v->en->task_assign;
	struct market_task t;
	struct market_deal d;
	struct market_contribution done;
	char worker[MARKET_NAME];
	host_name_identity(worker, f->worker);
	if (host_task(v->b, f->task, &t, &d, e) < 0)
		return -1;
	if (strcmp(d.pool_owner, v->by) != 0)
		return err_set(e, ERR_DENIED, "not-scheduler: the pool of this task belongs to %s", d.pool_owner);
	int is = host_admitted(v->b, d.pool, worker, e);
	if (is <= 0)
		return is < 0 ? -1 : err_set(e, ERR_DENIED, "assign-stranger: %s does not work for the pool of this task", worker);
	if (t.status != MARKET_ACTIVE || t.contribution_deadline <= v->at->now)
		return err_set(e, ERR_CONFLICT, "assign-status: the task takes no more contributions");
	is = host_get(v->b, MARKET_ROW_CONTRIBUTION, f->task, worker, &done, e);
	if (is)
		return is < 0 ? -1 : err_set(e, ERR_CONFLICT, "assign-twice: %s has contributed to this task", worker);
	uint64_t until = f->until;
	/* Taken back from one that is gone, so that another can be sent now: no question of how many are needed. */
	bool back = (int64_t)until <= v->at->now, was = false;
	if (back && host_assigned(v->b, f->task, worker, &was, e) < 0)
		return -1;
	if (back && !was)
		return err_set(e, ERR_CONFLICT, "assign-past: %s was never sent to this task, so there is nothing to take back", worker);
	int needs = back ? 1 : host_needs(v->b, f->task, v->at->now, e);
	if (needs <= 0)
		return needs < 0 ? -1 : err_set(e, ERR_CONFLICT, "assign-enough: the workers that are at this task can end it");
	/* Only who is sent anew may have the keys anew. */
	uint64_t row[2] = { until, v->at->index };
	if (back && assigned_last(v, f->task, worker, &row[1], e) < 0)
		return -1;
	return host_record_put(v, HOST_ASSIGN, f->task, worker, f->task, (int64_t)until, row, sizeof row, e);
}

static int keeper_there(void *ctx, const struct book_record *r, struct err *e)
{
	(void)r, (void)e;
	*(bool *)ctx = true;
	return 1;
}

/* Does a run of this deal need keys? Those of data, and secrets: of the request, and of the iApp if it had one when the deal was made. */
static int keys_needed(struct event *v, const struct market_deal *d, bool *is, struct err *e)
{
	struct entry *en = malloc(sizeof *en);
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	struct host_secret secret;
	uint64_t made = 0;
	int r = en ? host_request(v->b, d->request, en, &bytes, e) : err_set(e, ERR_LIMIT, "out of memory");
	const struct entry_order_request *q = en ? &en->order_request : NULL;
	*is = r == 0 && (d->data[0] || q->own_data.n || q->bulk.n || q->secret.n);
	if (r == 0 && !*is) {
		r = book_record_made(v->b, MARKET_ROW_DEAL, d->id, "", &made, e) < 0 ? -1 : host_app_secret(v->b, d->app, made, &secret, e);
		*is = r == 1;
	}
	free(en);
	buf_done(&bytes);
	return r < 0 ? -1 : 0;
}

/* In a book that has a keeper nobody can have run what needs keys without them. */
static int keys_given(struct event *v, const struct market_deal *d, const char *task, struct err *e)
{
	struct buf row = BUF_INIT(16);
	bool keeper = false, needed = false;
	if (book_records(v->b, HOST_KEEPER, NULL, -1, keeper_there, &keeper, e) < 0 || (keeper && keys_needed(v, d, &needed, e) < 0))
		return -1;
	int is = needed ? book_record_get(v->b, HOST_RELEASE, task, v->by, &row, e) : 1;
	buf_done(&row);
	return is > 0 ? 0 : is < 0 ? -1 : err_set(e, ERR_DENIED, "run-no-release: no keeper has released the keys of this task to %s", v->by);
}

/* Who the scheduler sent is authorized; that its enclave was attested is the keeper's word, who releases keys to no other. */
static int contribution(struct event *v, const char *task, struct market_contribute *in, char owner[static MARKET_NAME], struct err *e)
{
	struct market_task t;
	struct market_deal d;
	bool is;
	if (host_task(v->b, task, &t, &d, e) < 0 || host_assigned(v->b, task, v->by, &is, e) < 0)
		return -1;
	if (is && keys_given(v, &d, task, e) < 0)
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

/* Of grants that a run used: the most that one of them asks for. */
static int grant_level(struct event *v, const char *order, struct entry *en, int *most, struct err *e)
{
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	int r = host_grant(v->b, order, en, &bytes, e), level = r == 0 ? host_assurance(&en->order_data.min_assurance) : 0;
	if (level > *most)
		*most = level;
	buf_done(&bytes);
	return r;
}

/* A run on a machine that promises less than was asked for is not what is paid for, nor what an owner let have his data; and no run promises more than the keeper saw. */
struct levels { int is, asked, granted, verified; uint64_t output; bool released; };

static int levels_read(struct event *v, const char *task, const char *worker, struct levels *l, struct entry *en, struct entry *grant, struct err *e)
{
	struct market_task t;
	struct market_deal d;
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	char data[ID_TEXT] = "";
	int r = -1, is = 0;
	if (host_task(v->b, task, &t, &d, e) < 0 || host_request(v->b, d.request, en, &bytes, e) < 0)
		goto out;
	l->asked = host_assurance(&en->order_request.min_assurance);
	buf_clear(&bytes);
	if ((d.data[0] && (host_deal_data(v->b, d.id, data, e) < 0 || grant_level(v, data, grant, &l->granted, e) < 0)) ||
		(is = host_release(v->b, task, worker, en, &bytes, e)) < 0)
		goto out;
	l->released = is == 1;
	l->verified = is == 1 ? host_assurance(&en->key_release.assurance) : 0;
	l->output = is == 1 ? en->key_release.output : 0;
	r = 0;
	for (size_t i = 0; is == 1 && r == 0 && i < en->key_release.grant.n; i++)
		r = grant_level(v, en->key_release.grant.at[i], grant, &l->granted, e);
out:
	buf_done(&bytes);
	return r;
}

static const char *level_word(int level)
{
	static const char *const words[] = {
#define X(name, sentence) #name,
		ASSURANCE_TABLE(X)
#undef X
	};
	return words[level];
}

static int release_check(struct event *v, const char *task, const struct ending *x, struct err *e)
{
	struct entry *en = malloc(sizeof *en), *grant = malloc(sizeof *grant);
	struct levels l = { .is = host_assurance(x->assurance) };
	int r = -1;
	if (!en || !grant)
		err_set(e, ERR_LIMIT, "out of memory");
	else if (l.is < 0 || !x->assurance->len)
		err_set(e, ERR_INVALID, "run-assurance: the assurance of a run is none, software, tpm2 or cvm");
	else if (levels_read(v, task, v->by, &l, en, grant, e) == 0) {
		if (l.is < l.asked || l.is < l.granted)
			err_set(e, ERR_DENIED, "run-assurance: the %s asks for %s, and the run had %s", l.is < l.asked ? "request" : "grant",
				level_word(l.is < l.asked ? l.asked : l.granted), level_word(l.is));
		else if (l.released && l.is > l.verified)
			err_set(e, ERR_DENIED, "run-assurance: the keeper saw evidence for %s, and the run claims %s", level_word(l.verified), level_word(l.is));
		else if (l.output && x->size > l.output)
			err_set(e, ERR_DENIED, "run-output: the owners let out %llu bytes, and the sealed result has %llu", (unsigned long long)l.output, (unsigned long long)x->size);
		else
			r = 0;
	}
	free(en);
	free(grant);
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
	if (release_check(v, task, x, e) < 0)
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

/* Callbacks: values for everybody */

/* The bytes of a callback, decoded. Not given: data NULL. */
static int callback_read(const struct entry_text *t, struct buf *bytes, struct market_callback *out, struct err *e)
{
	*out = (struct market_callback){ NULL, 0 };
	if (!t->len)
		return 0;
	if (entry_bytes(t, bytes, e) < 0)
		return -1;
	*out = (struct market_callback){ bytes->data, bytes->len };
	return 0;
}

/* What is shown must be what the end can take: one that lacks its value could keep a task from ending. */
static int callback_shown(struct event *v, const char *task, const uint8_t digest[static 32], const struct entry_text *given, struct err *e)
{
	struct buf bytes = BUF_INIT(LIMIT_CALLBACK_BYTES);
	struct market_callback callback;
	struct market_task t;
	struct market_deal d;
	uint8_t hash[32];
	int r = -1;
	if (host_task(v->b, task, &t, &d, e) < 0 || callback_read(given, &bytes, &callback, e) < 0)
		goto out;
	sha256(hash, bytes.len ? bytes.data : (const uint8_t *)"", bytes.len);
	if (d.callback != (callback.data != NULL))
		err_set(e, ERR_INVALID, "reveal-callback: %s", d.callback ? "the request asks for callback data" : "the request asks for no callback data");
	else if (d.callback && memcmp(hash, digest, sizeof hash) != 0)
		err_set(e, ERR_INVALID, "reveal-callback: the hash of the callback data is not the digest");
	else
		r = 0;
out:
	buf_done(&bytes);
	return r;
}

/* So that the newest value of a name is found without reading every task. made: the entry that has the value. */
static int callback_put(struct event *v, const char *task, const struct entry_text *outcome, uint64_t made, struct err *e)
{
	struct entry *en = malloc(sizeof *en);
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	const uint64_t row[2] = { made, v->at->index };
	struct market_task t;
	struct market_deal d;
	char name[MARKET_NAME];
	int r = en ? 0 : err_set(e, ERR_LIMIT, "out of memory");
	if (r == 0 && host_task(v->b, task, &t, &d, e) < 0)
		r = -1;
	if (r == 0 && d.callback && entry_text_is(outcome, "COMPLETED")) {
		r = host_request(v->b, d.request, en, &bytes, e);
		if (r == 0) {
			host_name_text(name, &en->order_request.callback);
			r = host_record_put(v, HOST_CALLBACK, name, task, name, 0, row, sizeof row, e);
		}
	}
	free(en);
	buf_done(&bytes);
	return r;
}

int on_task_complete(struct event *v, struct err *e)
{
	const struct entry_task_complete *f = &v->en->task_complete;
	const struct ending ending = ENDING(f, v->en->by);
	struct buf bytes = BUF_INIT(LIMIT_CALLBACK_BYTES);
	struct market_callback callback;
	struct market_contribute in;
	char owner[MARKET_NAME];
	int r = -1;
	if (callback_read(&f->callback, &bytes, &callback, e) == 0 && ending_check(v, f->task, &ending, e) == 0 && contribution(v, f->task, &in, owner, e) == 0 &&
		market_contribute_finalize(v->m, &in, f->digest, &callback, e) == 0 && host_budgets_settle(v, f->task, true, f->size, e) == 0 &&
		callback_put(v, f->task, &f->outcome, v->at->index, e) == 0)
		r = task_row_end(v, f->task, &ending, e);
	buf_done(&bytes);
	return r;
}

int on_task_reveal(struct event *v, struct err *e)
{
	const struct entry_task_reveal *f = &v->en->task_reveal;
	const struct ending ending = ENDING(f, v->en->by);
	if (ending_check(v, f->task, &ending, e) < 0 || market_reveal(v->m, f->task, v->by, f->digest, e) < 0 || callback_shown(v, f->task, f->digest, &f->callback, e) < 0)
		return -1;
	return host_record_put(v, HOST_REVEAL, f->task, v->by, f->task, 0, &v->at->index, sizeof v->at->index, e);
}

int on_task_reopen(struct event *v, struct err *e)
{
	return market_reopen(v->m, v->en->task_reopen.task, v->by, e);
}

/* What this worker has revealed of the task, as it was signed. */
static int revealed(struct event *v, const char *task, const char *worker, struct entry *en, uint64_t *made, struct buf *bytes, struct err *e)
{
	struct buf at = BUF_INIT(16);
	int r = book_record_get(v->b, HOST_REVEAL, task, worker, &at, e);
	*made = 0;
	if (r == 1)
		memcpy(made, at.data, sizeof *made);
	buf_done(&at);
	if (r <= 0)
		return r < 0 ? -1 : err_set(e, ERR_INVALID, "finalize-worker: %s has revealed no result of this task", worker);
	return book_entry(v->b, *made, bytes, e) < 0 ? -1 : entry_decode(en, bytes->data, bytes->len, NULL, e);
}

int on_task_finalize(struct event *v, struct err *e)
{
	const struct entry_task_finalize *f = &v->en->task_finalize;
	struct market_callback callback = { NULL, 0 };
	struct entry *en = calloc(1, sizeof *en);
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX), value = BUF_INIT(LIMIT_CALLBACK_BYTES);
	struct err why = { .code = ERR_NONE };
	char worker[MARKET_NAME];
	uint64_t made;
	int r = -1;
	host_name_identity(worker, f->worker);
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	/* The market's own reasons come first; the value that it asks for is the worker's who is named. */
	int is = revealed(v, f->task, worker, en, &made, &bytes, &why);
	if (is == 0)
		is = callback_read(&en->task_reveal.callback, &value, &callback, &why);
	if (market_finalize(v->m, f->task, v->by, &callback, e) == 0) {
		const struct ending ending = ENDING(&en->task_reveal, f->worker);
		if (is < 0 && e)
			*e = why;
		else if (is == 0 && host_budgets_settle(v, f->task, true, ending.size, e) == 0 && callback_put(v, f->task, ending.outcome, made, e) == 0)
			r = task_row_end(v, f->task, &ending, e);
	}
	free(en);
	buf_done(&bytes);
	buf_done(&value);
	return r;
}

static int task_row_fail(struct event *v, const char *task, const char *reason, struct err *e)
{
	struct store_task t;
	if (host_budgets_settle(v, task, false, 0, e) < 0 || store_task_find(book_store(v->b), task, &t, e) < 0)
		return -1;
	(void)snprintf(t.status, sizeof t.status, "FAILED");
	(void)snprintf(t.reason, sizeof t.reason, "%s", reason);
	(void)snprintf(t.assurance, sizeof t.assurance, "none");
	t.finished = v->en->time;
	t.finish_seq = (int64_t)v->at->index;
	int r = store_task_put(book_store(v->b), &t, e);
	store_task_done(&t);
	return r;
}

int on_task_claim(struct event *v, struct err *e)
{
	const char *task = v->en->task_claim.task;
	if (market_claim(v->m, task, e) < 0)
		return -1;
	return task_row_fail(v, task, "nobody finished it in time; the payer has the money back", e);
}

bool host_code_ok(const char *at, size_t n)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:.";
	size_t i = 0;
	while (i < n && memchr(letters, at[i], sizeof letters - 1))
		i++;
	return n && n <= 64 && i == n;
}

int on_task_refuse(struct event *v, struct err *e)
{
	const struct entry_task_refuse *f = &v->en->task_refuse;
	char reason[96];
	if (!host_code_ok(f->code.at, f->code.len))
		return err_set(e, ERR_INVALID, "refuse-code: a refusal says which check did not hold, in one word");
	int is = host_is_keeper(v->b, v->by, e);
	if (is < 0 || market_refuse_task(v->m, f->task, is == 1, e) < 0)
		return -1;
	(void)snprintf(reason, sizeof reason, "no key: %.*s", (int)f->code.len, f->code.at);
	return task_row_fail(v, f->task, reason, e);
}
