/* One task of a deal, from the book to a box to the book: what is run is what the orders say, held against the register by hash. A run that this machine could not
 * do is no result: the task stays for others. One that the iApp or its request made fail is a result like any other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "node/parcel.h"
#include "node/worker_inner.h"
#include "seal/crypto.h"
#include "trust/keeper_task.h"

static const uint8_t none[32];

/* Everything that one run holds; freed in one place. */
struct run {
	struct worker *w;
	const struct worker_task *t;
	int64_t now;
	struct entry *request, *en;
	struct buf request_bytes, note;
	struct iapp *app;
	struct store_data *data;
	const struct store_data **list;
	size_t n_data;
	struct parcel *parcel;
	struct work_secret *secrets;
	struct work work;
	struct work_result result;
	struct work_ending end;
	char callback[BASE64_LEN(LIMIT_CALLBACK_BYTES) + 1];	/* of end, as entries have it */
};

/* Gathering */

static int app_take(struct run *r, struct err *e)
{
	struct store *s = book_store(r->w->book);
	struct buf bytes = BUF_INIT(LIMIT_IAPP_BYTES);
	struct store_app row;
	if (store_app_find(s, r->t->deal.app, &row, e) < 0)
		return -1;
	const struct iapp_expect expect = { .sha256 = row.blob, .h1 = row.h1 };
	int is = store_blob_read(s, row.blob, &bytes, e) < 0 ? -1 : iapp_open(&r->app, bytes.data, bytes.len, &expect, e);
	buf_done(&bytes);
	r->work.app = r->app;
	return is < 0 ? err_wrap(e, "the iApp") : 0;
}

static int data_one(struct run *r, const char *id, struct err *e)
{
	struct store_data *d = &r->data[r->n_data];
	if (store_data_find(book_store(r->w->book), id, NULL, d, e) < 0)
		return -1;
	r->list[r->n_data++] = d;
	return 0;
}

/* Data that was sealed for one run is hashed like any other: it was not this process that sealed it. */
static int data_take(struct run *r, struct err *e)
{
	struct keeper_task t;
	int result = keeper_task_read(&t, r->w->book, r->t->task.id, e);
	if (result == 0) {
		r->data = calloc(t.n_data + 1, sizeof *r->data);
		r->list = calloc(t.n_data + 1, sizeof *r->list);
		if (!r->data || !r->list)
			result = err_set(e, ERR_LIMIT, "out of memory");
	}
	for (size_t i = 0; result == 0 && i < t.n_data; i++)
		result = data_one(r, t.data[i].data, e);
	keeper_task_done(&t);
	for (size_t i = 0; i < r->n_data; i++)
		// NOLINTNEXTLINE(clang-analyzer-core.NullDereference): n_data is 0 where there is no list
		r->data[i].ephemeral = false;
	r->work.data = r->list;
	r->work.n_data = r->n_data;
	return result;
}

/* A log made over data goes to whom the result is sealed: that must be the owner of all of it. */
static int logs_allowed(struct run *r, struct err *e)
{
	r->work.logs = true;
	for (size_t i = 0; i < r->n_data; i++) {
		struct store_identity owner;
		int is = store_identity_find(book_store(r->w->book), r->data[i].owner, &owner, e);
		if (is < 0)
			return -1;
		if (!is || memcmp(owner.age, r->request->order_request.recipient, 32) != 0)
			r->work.logs = false;
	}
	return 0;
}

/* Those of the parcel are here; those that the request names, and the iApp's own, the keeper has. */
static int secrets_take(struct run *r, const struct work *p, struct err *e)
{
	const struct entry_texts *named = &r->request->order_request.secret;
	size_t n = 0;
	r->secrets = calloc(p->n_secrets + named->n + 1, sizeof *r->secrets);
	if (!r->secrets)
		return err_set(e, ERR_LIMIT, "out of memory");
	for (; n < p->n_secrets; n++)
		r->secrets[n] = p->secrets[n];
	for (size_t i = 0; i < named->n; i++, n++) {
		char id[ID_TEXT];
		if (keeper_secret_named(&named->at[i], &r->secrets[n].index, id, e) < 0)
			return -1;
	}
	n += r->app->manifest->app_secret;	/* index 0 */
	r->work.secrets = r->secrets;
	r->work.n_secrets = n;
	return 0;
}

static int parcel_key(void *ctx, int fd, uint8_t key[static 16], uint64_t *header, struct err *e)
{
	const struct run *r = ctx;
	return keeper_link_parcel(r->w->keeper, r->t->task.id, identity_public(r->w->identity), fd, key, header, e);
}

static int parcel_take(struct run *r, struct err *e)
{
	const struct entry_order_request *q = &r->request->order_request;
	const struct parcel_for to = { r->t->deal.requester, r->t->deal.app };
	const struct parcel_opener opener = { parcel_key, r };
	if (parcel_open(&r->parcel, book_store(r->w->book), &opener, &to, q->parcel, e) < 0)
		return -1;
	const struct work *p = &r->parcel->work;
	r->work.args = p->args;
	r->work.n_args = p->n_args;
	r->work.files = p->files;
	r->work.n_files = p->n_files;
	r->work.seed = p->seed;
	return secrets_take(r, p, e);
}

static int gather(struct run *r, struct err *e)
{
	r->request = malloc(sizeof *r->request);
	r->en = malloc(sizeof *r->en);
	if (!r->request || !r->en)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (host_request(r->w->book, r->t->deal.request, r->request, &r->request_bytes, e) < 0)
		return -1;
	memcpy(r->work.beneficiary, r->request->order_request.recipient, 32);
	r->work.deal = r->t->task.deal;
	r->work.seed = "";
	r->work.callback = r->request->order_request.callback.len > 0;
	r->work.progress = r->w->progress;
	r->work.ctx = r->w->ctx;
	r->work.has_salt = true;
	r->work.worker = r->w->identity;
	if (keeper_link_salt(r->w->keeper, r->t->task.id, r->work.salt, e) < 0)
		return -1;
	return app_take(r, e) < 0 || data_take(r, e) < 0 || logs_allowed(r, e) < 0 ? -1 : 0;
}

/* 1: it can run; 0: it has failed for what the request is, as it must with every worker; −1: something is wrong here */
static int request_check(struct run *r, struct err *e)
{
	struct err why = { .code = ERR_NONE };
	bool opened = parcel_take(r, &why) == 0;
	if (opened && work_check(&r->work, &why) == 0)
		return 1;
	if (opened ? why.code != ERR_UNAVAILABLE : why.code == ERR_DENIED) {
		work_ending_failed("FAILED", "the request does not fit the iApp", r->work.salt, &r->end);
		if (r->work.callback)
			work_ending_told(&r->end);
		return 0;
	}
	if (e)
		*e = why;
	return -1;
}

/* The lease */

static int64_t lease_end(const struct run *r)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < r->n_data; i++)
		bytes += r->data[i].payload_len;
	int64_t until = r->now + WORKER_LEASE_MARGIN + (int64_t)(r->app->manifest->wall_ms / 1000 + bytes / WORKER_LEASE_BYTES);
	return until < r->t->task.contribution_deadline ? until : r->t->task.contribution_deadline;
}

/* 1: this worker is expected; 0: it is not, and nobody is needed; −1 */
static int lease_take(struct run *r, struct err *e)
{
	char (*at)[MARKET_NAME] = malloc(sizeof *at * MARKET_CONTRIBUTORS_MAX);
	char me[IDENTITY_TEXT];
	size_t n = 0;
	int is = -1;
	if (!at)
		return err_set(e, ERR_LIMIT, "out of memory");
	identity_text(me, identity_public(r->w->identity));
	if (host_leases(r->w->book, r->t->task.id, r->now, at, MARKET_CONTRIBUTORS_MAX, &n, e) == 0) {
		is = 0;
		for (size_t i = 0; i < n; i++)
			is |= !strcmp(at[i], me);
	}
	free(at);
	if (is)
		return is;
	is = host_needs(r->w->book, r->t->task.id, r->now, e);
	if (is <= 0 || !scheduler_key(r->w, &r->t->deal))
		return is < 0 ? -1 : 0;
	return scheduler_assign(r->w, r->t, identity_public(r->w->identity), lease_end(r), e) < 0 ? -1 : 1;
}

/* Running */

static int box(struct run *r, struct err *e)
{
	if (work_run(book_store(r->w->book), r->w->keeper, r->w->zygote, &r->work, r->t->task.id, &r->result, e) < 0)
		return -1;
	if (work_ended_outside(&r->result))
		return err_set(e, ERR_UNAVAILABLE, "the box was ended by signal %d, not by the iApp", r->result.box.signal);
	work_ending(&r->result, r->work.salt, &r->end);
	if (r->w->ran)
		r->w->ran(r->w->ctx, r->t->task.id, &r->result);
	return 0;
}

/* Entering */

/* task.complete and task.reveal say the same of a run. */
#define ENDING_FILL(f, r) do { \
	worker_id((f)->task, (r)->t->task.id); \
	memcpy((f)->digest, (r)->end.digest, 32); \
	(f)->outcome = entry_text((r)->end.outcome); \
	(f)->reason = entry_text((r)->end.reason); \
	(f)->assurance = entry_text((r)->result.assurance[0] ? (r)->result.assurance : "software"); \
	memcpy((f)->measurement, box_measurement((r)->w->zygote), 32); \
	memcpy((f)->result, (r)->result.blob, 32); \
	(f)->size = (r)->result.size; \
	(f)->callback = entry_text((r)->callback); \
	missing_fill(&(f)->missing_layer, (r)->w->zygote); \
} while (0)

static void missing_fill(struct entry_texts *t, const struct box_zygote *z)
{
	for (unsigned l = 0; l < BOX_LAYER_COUNT; l++)
		if (box_layers_missing(z) >> l & 1)
			t->at[t->n++] = entry_text(box_layer_name((enum box_layer)l));
}

/* Before anything of it is in the book: what is there can be revealed from then on, whatever becomes of this process. */
static int keep(struct run *r, struct err *e)
{
	if (book_draft(r->w->book, r->en, ENTRY_TASK_REVEAL_TYPE, e) < 0)
		return -1;
	ENDING_FILL(&r->en->task_reveal, r);
	return entry_sign(r->en, r->w->identity, &r->note, e) < 0 ? -1 : worker_keep(r->w, r->t->task.id, &r->note, e);
}

static int commit(struct run *r, const uint8_t digest[static 32], struct err *e)
{
	struct entry_task_contribute *f = &r->en->task_contribute;
	char me[IDENTITY_TEXT];
	identity_text(me, identity_public(r->w->identity));
	if (book_draft(r->w->book, r->en, ENTRY_TASK_CONTRIBUTE_TYPE, e) < 0)
		return -1;
	worker_id(f->task, r->t->task.id);
	market_result_hash(f->hash, r->t->task.id, digest);
	market_result_seal(f->seal, me, r->t->task.id, digest);
	return worker_append(r->w, r->en, r->w->identity, e);
}

static int compute(struct run *r, struct err *e)
{
	int is = request_check(r, e);
	if (is < 0 || (is && box(r, e) < 0))
		return -1;
	base64_encode(r->callback, r->end.callback, r->end.callback_len);
	return 0;
}

/* One that was cut short before its contribution was in the book, but had kept it, need not run again. */
static int contribute(struct run *r, struct err *e)
{
	uint8_t digest[32];
	int is = worker_kept(r->w, r->t->task.id, r->en, &r->note, e);
	if (is < 0 || (!is && (compute(r, e) < 0 || keep(r, e) < 0)))
		return -1;
	memcpy(digest, is ? r->en->task_reveal.digest : r->end.digest, 32);
	return commit(r, digest, e);
}

static int complete(struct run *r, struct err *e)
{
	if (compute(r, e) < 0 || book_draft(r->w->book, r->en, ENTRY_TASK_COMPLETE_TYPE, e) < 0)
		return -1;
	ENDING_FILL(&r->en->task_complete, r);
	if (worker_append(r->w, r->en, r->w->identity, e) == 0)
		return 0;
	if (r->result.size)	/* somebody else was faster */
		(void)store_blob_remove(book_store(r->w->book), r->result.blob, NULL);
	return -1;
}

/* Without a parcel the requester has told nobody what to run it with, and runs it alone. */
static int take(struct run *r, struct err *e)
{
	if (memcmp(r->request->order_request.parcel, none, 32) == 0)
		return 0;
	int is = lease_take(r, e);
	if (is <= 0)
		return is;
	return (r->t->deal.trust <= 1 ? complete : contribute)(r, e) < 0 ? -1 : 1;
}

/* What was kept is lost: the same run gives the same digest, and a sealed result as good as the first. */
static int recover(struct run *r, struct err *e)
{
	return compute(r, e) < 0 || keep(r, e) < 0 ? -1 : 1;
}

/* Keys go to a worker once for each time that it is sent. Those that a keeper promised and did not live to hand over it gets when it is sent anew, and not before. */
bool worker_keys_lost(const struct err *e)
{
	return e && (strstr(e->msg, "release-unknown: ") || strstr(e->msg, "release-twice: "));
}

static int run_locked(struct worker *w, const struct worker_task *t, int64_t now, int (*what)(struct run *r, struct err *e), struct err *e)
{
	struct run r = { .w = w, .t = t, .now = now, .request_bytes = BUF_INIT(ENTRY_BYTES_MAX), .note = BUF_INIT(ENTRY_BYTES_MAX) };
	int fd, is = worker_keep_lock(w, t->task.id, &fd, e);
	if (is <= 0)
		return is;
	is = gather(&r, e) < 0 ? -1 : what(&r, e);
	/* Its lock is left as that of one who died: the scheduler takes the lease back, and need not wait for its end. */
	if (is < 0 && worker_keys_lost(e))
		close(fd);
	else
		worker_keep_unlock(w, identity_public(w->identity), t->task.id, fd);
	for (size_t i = 0; i < r.n_data; i++)
		store_data_done(&r.data[i]);
	free(r.data);
	free(r.list);
	free(r.secrets);
	parcel_free(r.parcel);
	iapp_free(r.app);
	buf_done(&r.request_bytes);
	buf_done(&r.note);
	free(r.request);
	free(r.en);
	crypto_wipe(r.work.salt, sizeof r.work.salt);
	return is;
}

int worker_run(struct worker *w, const struct worker_task *t, int64_t now, struct err *e)
{
	return run_locked(w, t, now, take, e);
}

int worker_recover(struct worker *w, const struct worker_task *t, int64_t now, struct err *e)
{
	return run_locked(w, t, now, recover, e);
}
