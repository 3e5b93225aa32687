/* One task from request to stored result. See work.h for what this file may and may not see. */
#include "node/work.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "node/work_args.h"
#include "seal/age.h"
#include "seal/crypto.h"

/* Where the callbacks of a running box keep what they know. */
struct run {
	struct store *store;
	struct keeper_link *keeper;
	struct box_zygote *zygote;
	const struct work *work;
	const char *id;
	uint64_t release_us;
	bool refused;
	char assurance[17];
	int out_fd;
	char out_tmp[512];
	struct sha256 out_hash;
	uint64_t out_size;
};

static struct box_text text_of(const char *s)
{
	return (struct box_text){ .text = s, .len = strlen(s) };
}

/* The seed follows from what is run and what it was asked, so that the same request gives the same result on any machine; so does the salt of a digest that is
 * not published. One that is has the task's secret salt. */
static void seed_and_salt(const struct work *w, uint8_t seed[static 32], uint8_t salt[static 32])
{
	struct sha256 h;
	sha256_init(&h);
	sha256_add(&h, w->app->h1, strlen(w->app->h1) + 1);
	for (size_t i = 0; i < w->n_args; i++) {
		const char *name = w->args[i].name ? w->args[i].name : "";
		sha256_add(&h, name, strlen(name) + 1);
		sha256_add(&h, w->args[i].value, strlen(w->args[i].value) + 1);
	}
	const char *extra = w->seed ? w->seed : "";
	sha256_add(&h, extra, strlen(extra) + 1);
	uint8_t root[32];
	sha256_end(&h, root);
	hkdf256(seed, 32, root, sizeof root, NULL, 0, "enclua/v1/seed", 14);
	if (w->has_salt)
		memcpy(salt, w->salt, 32);
	else
		hkdf256(salt, 32, root, sizeof root, NULL, 0, "enclua/v1/salt", 14);
}

static void request_args(const struct work *w, struct box_request *r)
{
	static const enum box_arg_type types[] = {
		[MANIFEST_STRING] = BOX_ARG_STRING,
		[MANIFEST_NUMBER] = BOX_ARG_NUMBER,
		[MANIFEST_INTEGER] = BOX_ARG_INTEGER,
		[MANIFEST_BOOLEAN] = BOX_ARG_BOOLEAN,
	};
	const struct manifest *m = w->app->manifest;
	for (size_t d = 0; d < m->n_args; d++) {
		const char *value = m->args[d].has_default ? m->args[d].fallback : NULL;
		for (size_t i = 0; i < w->n_args; i++) {
			size_t which = 0;
			if (work_arg_index(w, i, &which, NULL) == 0 && which == d)
				value = w->args[i].value;
		}
		if (value)
			r->args[r->n_args++] = (struct box_arg){ text_of(m->args[d].name), text_of(value), types[m->args[d].type] };
	}
}

int work_request_make(const struct work *w, const char *id, struct box_request *r, struct err *e)
{
	const struct manifest *m = w->app->manifest;
	*r = (struct box_request){
		.task = text_of(id),
		.deal = text_of(w->deal ? w->deal : ""),
		.app_name = text_of(m->name),
		.app_version = text_of(m->version),
		.entry = text_of(m->entry),
		.memory = m->memory,
		.output = m->output,
		.cpu_ms = m->cpu_ms,
		.epsilon_u6 = m->epsilon_u6,
		.logs = w->logs,
		.many = m->data == MANIFEST_DATA_MANY || m->data == MANIFEST_DATA_BULK,
		.deterministic = m->deterministic,
		.n_recipients = 1,
		.app_secret = m->app_secret,
		.callback = w->callback,
		.n_secrets = w->n_secrets,
	};
	memcpy(r->recipients[0], w->beneficiary, 32);
	seed_and_salt(w, r->seed, r->salt);
	r->files = calloc(w->app->n_files + 1, sizeof *r->files);
	r->args = calloc(m->n_args + 1, sizeof *r->args);
	r->inputs = calloc(w->n_data + w->n_files + 1, sizeof *r->inputs);
	if (!r->files || !r->args || !r->inputs)
		return err_set(e, ERR_LIMIT, "out of memory");
	for (size_t i = 0; i < w->app->n_files; i++) {
		const struct iapp_file *f = &w->app->files[i];
		r->files[r->n_files++] = (struct box_file){ text_of(f->path), { (const char *)f->bytes, f->len } };
	}
	request_args(w, r);
	for (size_t i = 0; i < w->n_data; i++)
		r->inputs[r->n_inputs++] = (struct box_input){ BOX_INPUT_DATA, text_of(w->data[i]->id), text_of(w->data[i]->name),
			w->data[i]->payload_len };
	for (size_t i = 0; i < w->n_files; i++)
		r->inputs[r->n_inputs++] = (struct box_input){ BOX_INPUT_FILE, text_of(""), text_of(w->files[i].name), w->files[i].size };
	return 0;
}

void work_request_done(struct box_request *r)
{
	free(r->files);
	free(r->args);
	free(r->inputs);
}

/* age has no sender authentication: what the register says is held against the bytes before any of them is decrypted. */
static int blob_verify(int fd, uint64_t size, const struct store_data *d, struct err *e)
{
	if (size != d->payload_len)
		return err_set(e, ERR_INVALID, "the sealed bytes of %s have the wrong length", d->id);
	struct sha256 h;
	sha256_init(&h);
	uint8_t chunk[1 << 16];
	for (uint64_t at = 0; at < size;) {
		ssize_t n = os_pread(fd, chunk, sizeof chunk, at);
		if (n <= 0)
			return err_sys(e, n < 0 ? errno : EIO, "cannot read the sealed bytes of %s", d->id);
		sha256_add(&h, chunk, (size_t)n);
		at += (uint64_t)n;
	}
	uint8_t got[32];
	sha256_end(&h, got);
	if (memcmp(got, d->blob, sizeof got) != 0) {
		err_set(e, ERR_INVALID, "the sealed bytes of %s are not the ones that were registered", d->id);
		return err_hint(e, "the file was damaged or replaced; restore the home from a backup, or protect the data again");
	}
	return 0;
}

static int inputs_open(struct run *run, int *fds, uint64_t *verify_us, struct err *e)
{
	const struct work *w = run->work;
	uint64_t begun = os_now_us();
	for (size_t i = 0; i < w->n_data; i++) {
		uint64_t size = 0;
		if (store_blob_open(run->store, w->data[i]->blob, &fds[i], &size, e) < 0)
			return -1;
		/* Data that this very run has sealed was hashed while it was written. */
		if (!w->data[i]->ephemeral && blob_verify(fds[i], size, w->data[i], e) < 0)
			return -1;
	}
	*verify_us = os_now_us() - begun;
	return 0;
}

int work_secrets_here(const struct work *w, struct buf *out, struct err *e)
{
	struct box_secret list[LIMIT_BOX_SECRETS + 1];
	size_t n = 0;
	if (w->n_secrets > LIMIT_BOX_SECRETS)
		return err_set(e, ERR_LIMIT, "at most %u secrets", LIMIT_BOX_SECRETS);
	for (size_t i = 0; i < w->n_secrets; i++)
		if (w->secrets[i].value)
			list[n++] = (struct box_secret){ w->secrets[i].index, { w->secrets[i].value, w->secrets[i].len } };
	return n ? boxwire_secrets_encode(out, list, n, e) : 0;
}

bool work_needs_keeper(const struct work *w)
{
	for (size_t i = 0; i < w->n_secrets; i++)
		if (!w->secrets[i].value)
			return true;
	return w->n_data > 0;
}

/* Keys and kept secrets from the keeper; without either, the secrets that are here go to the box from here. */
static int release_make(struct run *run, const uint8_t box_key[static 32], const struct buf *plain, struct keeper_released *out, struct err *e)
{
	const struct work *w = run->work;
	*out = (struct keeper_released){ .secrets = BUF_INIT(LIMIT_BOX_RELEASE_BYTES) };
	if (!work_needs_keeper(w))
		return age_small_seal(box_key, plain->data, plain->len, &out->secrets, e);
	const struct keeper_release_ask ask = { .task = run->id, .worker = w->worker, .box_key = box_key, .measurement = box_measurement(run->zygote), .app = w->app,
		.secrets = plain->len ? plain : NULL };
	uint64_t begun = os_now_us();
	int r = keeper_link_release(run->keeper, &ask, out, &run->refused, e);
	if (r == 0)
		memcpy(run->assurance, out->assurance, sizeof run->assurance);
	run->release_us = os_now_us() - begun;
	if (r == 0 && out->n != w->n_data)
		r = err_set(e, ERR_INTERNAL, "the keeper released %zu keys for %zu data", out->n, w->n_data);
	return r;
}

/* What the box asks for: each header made anew for the key that only this box has. */
static int release(void *ctx, const uint8_t box_key[static 32], struct buf *out, struct err *e)
{
	struct run *run = ctx;
	struct box_text headers[LIMIT_BOX_DATASETS];
	struct box_release rel = { .headers = headers };
	struct buf plain = BUF_INIT(LIMIT_PARCEL_SECRETS_BYTES);
	struct keeper_released keys = { .n = 0 };
	int r = -1;
	if (work_secrets_here(run->work, &plain, e) < 0 || release_make(run, box_key, &plain, &keys, e) < 0)
		goto out;
	for (; rel.n_headers < keys.n; rel.n_headers++)
		headers[rel.n_headers] = (struct box_text){ (const char *)keys.headers[rel.n_headers].data, keys.headers[rel.n_headers].len };
	rel.output = keys.output;
	rel.silent = keys.silent;
	rel.secrets = (struct box_text){ (const char *)keys.secrets.data, keys.secrets.len };
	r = boxwire_release_encode(out, &rel, e);
out:
	keeper_released_done(&keys);
	buf_done(&plain);
	return r;
}

static int result_add(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	struct run *run = ctx;
	if (run->out_fd < 0 && store_blob_begin(run->store, &run->out_fd, run->out_tmp, sizeof run->out_tmp, e) < 0)
		return -1;
	if (os_write(run->out_fd, bytes, n) < 0)
		return err_sys(e, errno, "cannot store the result");
	sha256_add(&run->out_hash, bytes, n);
	run->out_size += n;
	return 0;
}

static void progress(void *ctx, double fraction)
{
	const struct run *run = ctx;
	if (run->work->progress)
		run->work->progress(run->work->ctx, fraction);
}

/* A result counts only when the box said DONE: anything shorter is a torn file. */
static int result_commit(struct run *run, struct work_result *out, struct err *e)
{
	bool whole = out->box.done.status == BOX_OK || out->box.done.status == BOX_FAILED;
	if (run->out_fd < 0)
		return 0;
	if (!whole) {
		store_blob_abort(run->out_fd, run->out_tmp);
		run->out_fd = -1;
		return 0;
	}
	uint64_t begun = os_now_us();
	sha256_end(&run->out_hash, out->blob);
	out->size = run->out_size;
	int fd = run->out_fd;
	run->out_fd = -1;	/* taken */
	if (store_blob_commit(run->store, fd, run->out_tmp, out->blob, e) < 0)
		return -1;
	out->store_us = os_now_us() - begun;
	return 0;
}

int work_run(struct store *s, struct keeper_link *k, struct box_zygote *z, const struct work *w, const char *id,
	struct work_result *out, struct err *e)
{
	struct run run = { .store = s, .keeper = k, .zygote = z, .work = w, .id = id, .out_fd = -1, .assurance = "software" };
	struct box_request request = { .files = NULL };
	int fds[LIMIT_BOX_FDS];
	int r = -1;
	*out = (struct work_result){ .size = 0 };
	for (size_t i = 0; i < LIMIT_BOX_FDS; i++)
		fds[i] = -1;
	sha256_init(&run.out_hash);
	if (work_needs_keeper(w))
		keeper_link_ahead(k);
	if (work_check(w, e) < 0 || work_request_make(w, id, &request, e) < 0 || inputs_open(&run, fds, &out->verify_us, e) < 0)
		goto out;
	for (size_t i = 0; i < w->n_files; i++)
		fds[w->n_data + i] = w->files[i].fd;
	struct box_task task = {
		.request = &request,
		.input_fds = fds,
		.wall_ms = w->app->manifest->wall_ms,
		.release = w->n_data || w->n_secrets ? release : NULL,
		.result = result_add,
		.progress = progress,
		.ctx = &run,
	};
	if (box_run(z, &task, &out->box, e) < 0 || result_commit(&run, out, e) < 0)
		goto out;
	r = 0;
out:
	out->release_us = run.release_us;
	out->refused = run.refused;
	out->callback = w->callback;
	memcpy(out->assurance, run.assurance, sizeof run.assurance);
	if (run.out_fd >= 0)
		store_blob_abort(run.out_fd, run.out_tmp);
	for (size_t i = 0; i < w->n_data; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	work_request_done(&request);
	return r;
}

void work_ending_failed(const char *outcome, const char *reason, const uint8_t salt[static 32], struct work_ending *out)
{
	static const char label[] = "enclua/failed/v1";
	struct hmac256 h;
	*out = (struct work_ending){ .outcome = outcome };
	(void)snprintf(out->reason, sizeof out->reason, "%s", reason);
	hmac256_init(&h, salt, 32);
	hmac256_add(&h, label, sizeof label);
	hmac256_add(&h, out->outcome, strlen(out->outcome) + 1);
	hmac256_add(&h, out->reason, strlen(out->reason) + 1);
	hmac256_end(&h, out->digest);
}

void work_ending_told(struct work_ending *out)
{
	const int n = snprintf((char *)out->callback, sizeof out->callback, "%s: %s", out->outcome, out->reason);
	out->callback_len = (size_t)n;	/* a few words */
	sha256(out->digest, out->callback, out->callback_len);
}

void work_ending(const struct work_result *r, const uint8_t salt[static 32], struct work_ending *out)
{
	static const char *const limits[] = {
		[BOX_LIMIT_NONE] = "no limit", [BOX_LIMIT_MEMORY] = "memory limit", [BOX_LIMIT_CPU] = "cpu limit", [BOX_LIMIT_WALL] = "wall limit",
		[BOX_LIMIT_OUTPUT] = "output limit",
	};
	static const struct { const char *outcome, *reason; } ends[] = {
		[BOX_OK] = { "COMPLETED", "" }, [BOX_FAILED] = { "FAILED", "the iApp raised an error" }, [BOX_LIMIT] = { "LIMIT", "" },
		[BOX_ALARM] = { "FAILED", "the box was ended by signal" }, [BOX_BAD_INPUT] = { "FAILED", "the sealed data could not be opened" },
	};
	const struct box_done *d = &r->box.done;
	char reason[sizeof out->reason];
	(void)snprintf(reason, sizeof reason, "%s", d->status == BOX_LIMIT ? limits[d->limit] : ends[d->status].reason);
	if (d->status == BOX_ALARM && r->box.signal)
		(void)snprintf(reason, sizeof reason, "%s %d", ends[d->status].reason, r->box.signal);
	else if (d->status == BOX_ALARM)
		(void)snprintf(reason, sizeof reason, "the box ended without a result");
	work_ending_failed(ends[d->status].outcome, reason, salt, out);
	if (d->status == BOX_OK)
		memcpy(out->digest, d->digest, 32);
	if (r->callback && d->status != BOX_OK)
		work_ending_told(out);
	else if (r->callback) {
		memcpy(out->callback, r->box.callback, r->box.callback_len);
		out->callback_len = r->box.callback_len;
	}
}

/* A box that passes its own limit of memory ends itself. */
bool work_ended_outside(const struct work_result *r)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	const struct box_done *d = &r->box.done;
	if (r->box.signal == SIGKILL)
		return d->status == BOX_ALARM || (d->status == BOX_LIMIT && d->limit == BOX_LIMIT_MEMORY);
	for (size_t i = 0; d->status == BOX_ALARM && i < sizeof signals / sizeof *signals; i++)
		if (r->box.signal == signals[i])
			return true;
	return false;
}
