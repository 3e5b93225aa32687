/* A run in memory: data sealed under keys of its own into files that have no name, headers made for the box's key, the result opened with a key that nobody else has. */
#include "iapp_trial.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/purpose.h"
#include "seal/age.h"
#include "seal/crypto.h"

struct sealed_data {
	struct store_data row;	/* as the register would have it */
	struct pdata *tree;
	uint8_t key[AGE_FILE_KEY];
	int fd;
};

struct trial {
	struct sealed_data data[LIMIT_BOX_DATASETS];
	const struct store_data *rows[LIMIT_BOX_DATASETS];
	struct work_arg args[LIMIT_BOX_ARGS];
	struct work_file files[LIMIT_BOX_FILES];
	struct work_secret secrets[LIMIT_BOX_SECRETS];
	size_t n_data, n_args, n_files, n_secrets;
	char *seed;
	bool explain;
};

int bench_open(struct bench *b, const char *project, struct box_zygote *z, struct err *e)
{
	struct buf bytes = BUF_INIT(LIMIT_IAPP_BYTES);
	*b = (struct bench){ .project = project, .zygote = z };
	int r = identity_new(&b->me, e);
	if (r == 0) {
		const struct identity *signers[] = { b->me };
		r = iapp_pack(&bytes, project, signers, 1, e) < 0 || iapp_open(&b->app, bytes.data, bytes.len, NULL, e) < 0 ? -1 : 0;
	}
	buf_done(&bytes);
	if (r < 0)
		bench_done(b);
	return r;
}

void bench_done(struct bench *b)
{
	iapp_free(b->app);
	identity_free(b->me);
	b->app = NULL;
	b->me = NULL;
}

int trial_new(struct trial **out, struct err *e)
{
	*out = calloc(1, sizeof **out);
	return *out ? 0 : err_set(e, ERR_LIMIT, "out of memory");
}

static void secret_drop(const char *value, size_t n)
{
	void *p = (void *)(uintptr_t)value;
	if (p)
		os_wipe(p, n);
	free(p);
}

void trial_free(struct trial *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_data; i++) {
		pdata_free(t->data[i].tree);
		buf_done(&t->data[i].row.schema);
		if (t->data[i].fd >= 0)
			close(t->data[i].fd);
	}
	for (size_t i = 0; i < t->n_args; i++) {
		free((void *)(uintptr_t)t->args[i].name);
		free((void *)(uintptr_t)t->args[i].value);
	}
	for (size_t i = 0; i < t->n_files; i++) {
		free((void *)(uintptr_t)t->files[i].name);
		close(t->files[i].fd);
	}
	for (size_t i = 0; i < t->n_secrets; i++)
		secret_drop(t->secrets[i].value, t->secrets[i].len);
	free(t->seed);
	os_wipe(t, sizeof *t);
	free(t);
}

static int no_memory(struct err *e)
{
	return err_set(e, ERR_LIMIT, "out of memory");
}

int trial_arg(struct trial *t, const char *name, const char *value, struct err *e)
{
	if (t->n_args == LIMIT_BOX_ARGS)
		return err_set(e, ERR_LIMIT, "at most %u arguments", LIMIT_BOX_ARGS);
	struct work_arg *a = &t->args[t->n_args++];
	a->name = name ? strdup(name) : NULL;
	a->value = strdup(value);
	return a->value && (!name || a->name) ? 0 : no_memory(e);
}

int trial_data(struct trial *t, const char *name, struct pdata *tree, struct err *e)
{
	if (t->n_data == LIMIT_BOX_DATASETS) {
		pdata_free(tree);
		return err_set(e, ERR_LIMIT, "at most %u data in one run", LIMIT_BOX_DATASETS);
	}
	struct sealed_data *d = &t->data[t->n_data++];
	d->tree = tree;
	d->fd = -1;
	d->row.schema = (struct buf)BUF_INIT(LIMIT_SCHEMA_BYTES);
	d->row.ephemeral = true;
	(void)snprintf(d->row.name, sizeof d->row.name, "%.*s", (int)LIMIT_NAME_BYTES, name);
	return pdata_schema(tree, &d->row.schema, e);
}

static int nameless_file(const void *bytes, size_t n, struct err *e)
{
	int fd = memfd_create("trial", MFD_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "cannot make a file in memory");
	if (os_write(fd, bytes, n) == 0)
		return fd;
	err_sys(e, errno, "cannot write a file in memory");
	close(fd);
	return -1;
}

int trial_file(struct trial *t, const char *name, const void *bytes, size_t n, struct err *e)
{
	if (t->n_files == LIMIT_BOX_FILES)
		return err_set(e, ERR_LIMIT, "at most %u input files", LIMIT_BOX_FILES);
	int fd = nameless_file(bytes, n, e);
	if (fd < 0)
		return -1;
	struct work_file *f = &t->files[t->n_files++];
	*f = (struct work_file){ .name = strdup(name), .fd = fd, .size = n };
	return f->name ? 0 : no_memory(e);
}

int trial_secret(struct trial *t, unsigned index, const void *bytes, size_t n, struct err *e)
{
	if (t->n_secrets == LIMIT_BOX_SECRETS)
		return err_set(e, ERR_LIMIT, "at most %u secrets", LIMIT_BOX_SECRETS);
	char *value = malloc(n + 1);
	if (!value)
		return no_memory(e);
	if (n)
		memcpy(value, bytes, n);
	value[n] = '\0';
	t->secrets[t->n_secrets++] = (struct work_secret){ .index = index, .value = value, .len = n };
	return 0;
}

void trial_explains(struct trial *t)
{
	t->explain = true;
}

int trial_seed(struct trial *t, const char *seed, struct err *e)
{
	free(t->seed);
	t->seed = strdup(seed);
	return t->seed ? 0 : no_memory(e);
}

int trial_purpose(struct trial *t, const char *purpose, struct err *e)
{
	(void)t;
	return purpose_check(purpose, e);
}

static const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

int trial_data_path(struct trial *t, const char *path, struct err *e)
{
	struct stat st;
	struct pdata *tree = NULL;
	bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
	if (pdata_new(&tree, e) < 0)
		return -1;
	if ((folder ? pdata_add_folder(tree, path, e) : pdata_add_file(tree, path_base(path), path, e)) < 0) {
		pdata_free(tree);
		return -1;
	}
	return trial_data(t, path_base(path), tree, e);
}

int trial_mock(struct trial *t, const char *project, const char *name, struct err *e)
{
	char path[PATH_MAX];
	if (!name[0] || name[0] == '/' || strstr(name, ".."))
		return err_set(e, ERR_USAGE, "the name of a mock is that of something in mock/");
	if (snprintf(path, sizeof path, "%s/mock/%s", project, name) >= (int)sizeof path)
		return err_set(e, ERR_LIMIT, "the path of mock/%s is too long", name);
	if (!os_exists(path)) {
		err_set(e, ERR_NOT_FOUND, "there is no mock/%s in the project", name);
		return err_hint(e, "enclua iapp mock %s --set KEY=VALUE makes one", name);
	}
	return trial_data_path(t, path, e);
}

/* Sealing */

struct sealing { struct age_writer *writer; int fd; };

static int sealed_add(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	const struct sealing *s = ctx;
	return os_write(s->fd, bytes, n) == 0 ? 0 : err_sys(e, errno, "cannot seal data in memory");
}

static int plain_add(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	struct sealing *s = ctx;
	return age_writer_add(s->writer, bytes, n, e);
}

static int data_seal(struct sealed_data *d, struct err *e)
{
	struct sealing s = { .writer = NULL };
	struct stat st;
	if (d->fd >= 0)
		return 0;
	if ((d->fd = nameless_file(NULL, 0, e)) < 0)
		return -1;
	s.fd = d->fd;
	crypto_random(d->key, sizeof d->key);
	id_make(d->row.id, ID_DATA, d->key, sizeof d->key);
	if (pdata_plain_len(d->tree, &d->row.plain_len, e) < 0 || age_writer_new_detached(&s.writer, d->key, sealed_add, &s, e) < 0)
		return -1;
	int r = pdata_write(d->tree, plain_add, &s, e) < 0 || age_writer_end(s.writer, e) < 0 ? -1 : 0;
	age_writer_free(s.writer);
	if (r == 0 && fstat(d->fd, &st) < 0)
		r = err_sys(e, errno, "cannot seal data in memory");
	d->row.payload_len = r == 0 ? (uint64_t)st.st_size : 0;
	return r;
}

/* The run */

struct running { struct trial *trial; const struct work *work; struct buf sealed; };

static int release(void *ctx, const uint8_t box_key[static 32], struct buf *out, struct err *e)
{
	struct running *r = ctx;
	const struct trial *t = r->trial;
	struct box_text headers[LIMIT_BOX_DATASETS];
	struct buf made[LIMIT_BOX_DATASETS], plain = BUF_INIT(LIMIT_PARCEL_SECRETS_BYTES), secrets = BUF_INIT(LIMIT_BOX_RELEASE_BYTES);
	struct age_recipient to = { .kind = AGE_X25519 };
	int ret = 0;
	memcpy(to.public_key, box_key, 32);
	for (size_t i = 0; i < t->n_data; i++)
		made[i] = (struct buf)BUF_INIT(LIMIT_AGE_HEADER_BYTES);
	for (size_t i = 0; ret == 0 && i < t->n_data; i++) {
		ret = age_header_make(&made[i], t->data[i].key, &to, 1, e);
		headers[i] = (struct box_text){ buf_text(&made[i]), made[i].len };
	}
	if (ret == 0 && (work_secrets_here(r->work, &plain, e) < 0 || (plain.len && age_small_seal(box_key, plain.data, plain.len, &secrets, e) < 0)))
		ret = -1;
	const struct box_release rel = { .headers = headers, .n_headers = t->n_data, .secrets = { buf_text(&secrets), secrets.len } };
	if (ret == 0)
		ret = boxwire_release_encode(out, &rel, e);
	for (size_t i = 0; i < t->n_data; i++)
		buf_done(&made[i]);
	buf_done(&plain);
	buf_done(&secrets);
	return ret;
}

static int result_add(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	struct running *r = ctx;
	return buf_add(&r->sealed, bytes, n, e);
}

struct payload { const uint8_t *bytes; size_t len; };

static int payload_read(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	const struct payload *p = ctx;
	if (offset > p->len || n > p->len - offset)
		return err_set(e, ERR_INVALID, "the sealed result is cut short");
	memcpy(out, p->bytes + offset, n);
	return 0;
}

static int result_open(const struct identity *me, const struct buf *sealed, struct bundle **out, struct err *e)
{
	struct buf plain = BUF_INIT(sealed->len + 1);
	struct age_identity key = { .kind = AGE_X25519 };
	struct age_file *file = NULL;
	uint8_t file_key[AGE_FILE_KEY];
	size_t header = 0;
	memcpy(key.secret_key, identity_age_secret(me), 32);
	int r = age_header_open(file_key, &header, sealed->data, sealed->len, &key, 1, e);
	struct payload payload = { sealed->data + header, sealed->len - header };
	if (r == 0)
		r = age_file_open(&file, file_key, payload.len, payload_read, &payload, e);
	if (r == 0)
		r = buf_reserve(&plain, age_file_size(file), e) < 0 ? -1 : age_file_read(file, plain.data, age_file_size(file), 0, e);
	if (r == 0) {
		plain.len = age_file_size(file);
		r = bundle_parse(out, &plain, e);
	}
	age_file_free(file);
	crypto_wipe(&key, sizeof key);
	crypto_wipe(file_key, sizeof file_key);
	buf_done(&plain);
	return r;
}

/* What in production the keeper would find missing. A purpose is a grant's business, and there is none here: only its spelling is checked. */
static int terms_check(const struct bench *b, const struct trial *t, struct err *e)
{
	const struct manifest *m = b->app->manifest;
	bool has = false;
	for (size_t i = 0; i < t->n_secrets; i++)
		has = has || t->secrets[i].index == 0;
	if (!m->app_secret || has)
		return 0;
	err_set(e, ERR_USAGE, "%s reads a secret of its author (inputs.app_secret), and none is given", m->name);
	return err_hint(e, "--app-secret @FILE, or app_secret = … in t.run; when it is deployed: enclua app secret set");
}

static int box(struct bench *b, struct trial *t, const struct work *w, uint64_t steps, struct trial_result *out, struct err *e)
{
	struct running running = { .trial = t, .work = w, .sealed = BUF_INIT(box_sealed_max(b->app->manifest->output)) };
	struct box_request request = { .files = NULL };
	int fds[LIMIT_BOX_FDS], r = -1;
	char id[ID_TEXT];
	id_make(id, ID_TASK, b->app->h1, strlen(b->app->h1));
	for (size_t i = 0; i < t->n_data; i++)
		fds[i] = t->data[i].fd;
	for (size_t i = 0; i < t->n_files; i++)
		fds[t->n_data + i] = t->files[i].fd;
	if (work_request_make(w, id, &request, e) < 0)
		goto out;
	request.steps = steps;
	const struct box_task task = { .request = &request, .input_fds = fds, .wall_ms = b->app->manifest->wall_ms,
		.release = w->n_data || w->n_secrets ? release : NULL, .result = result_add, .ctx = &running };
	if (box_run(b->zygote, &task, &out->box, e) < 0)
		goto out;
	bool whole = running.sealed.len && (out->box.done.status == BOX_OK || out->box.done.status == BOX_FAILED);
	r = whole ? result_open(b->me, &running.sealed, &out->bundle, e) : 0;
out:
	work_request_done(&request);
	buf_done(&running.sealed);
	return r;
}

/* ---- where a limit is reached ---- */

#define STEPS_FIRST 1000u
#define STEPS_EACH_MS 10000u	/* so many of them take a millisecond at the least: far enough on the way to a limit of time */
#define LOOKS_MAX 48u
#define LOOK_US 3000000u	/* longer than that nobody wants to wait for a line */

/* Stops the same run after so many steps. 1: it was stopped, and where is kept; 0: it had ended by itself; -1. */
static int stop_after(struct bench *b, struct trial *t, const struct work *w, uint64_t steps, struct trial_result *keep, struct err *e)
{
	struct trial_result look = { .status = "" };
	int r = box(b, t, w, steps, &look, e);
	bool stopped = r == 0 && look.box.done.status == BOX_FAILED && look.bundle && !strcmp(look.bundle->error, "stopped");
	if (stopped) {
		memcpy(keep->traceback, look.bundle->traceback, sizeof keep->traceback);
		bundle_free(keep->before);
		keep->before = look.bundle;	/* taken */
		look.bundle = NULL;
	}
	trial_result_done(&look);
	return r < 0 ? -1 : stopped;
}

/* A limit of memory or output is reached at one step, always the same: it is found by halving. A limit of time is not, but a look on the way to it says what takes it. */
static int limit_find(struct bench *b, struct trial *t, const struct work *w, struct trial_result *out, struct err *e)
{
	uint64_t low = 0, high = STEPS_FIRST, begun = os_now_us();
	enum box_limit limit = out->box.done.limit;
	unsigned looks = 0;
	int is = 1;
	if (limit == BOX_LIMIT_CPU || limit == BOX_LIMIT_WALL) {
		high = out->box.cpu_us / 1000 * STEPS_EACH_MS;
		out->sampled = true;
		return high == 0 ? 0 : stop_after(b, t, w, high < BOX_STEPS_MAX ? high : BOX_STEPS_MAX, out, e) < 0 ? -1 : 0;
	}
	for (; is > 0 && high < BOX_STEPS_MAX / 4 && looks++ < LOOKS_MAX && os_now_us() - begun < LOOK_US;)
		if ((is = stop_after(b, t, w, high, out, e)) > 0) {
			low = high;
			high *= 4;
		}
	while (is >= 0 && high - low > 1 && looks++ < LOOKS_MAX && os_now_us() - begun < LOOK_US) {
		uint64_t middle = low + (high - low) / 2;
		if ((is = stop_after(b, t, w, middle, out, e)) >= 0)
			*(is ? &low : &high) = middle;
	}
	return is < 0 ? -1 : 0;
}

int trial_run(struct bench *b, struct trial *t, struct trial_result *out, struct err *e)
{
	static const char *const words[] = {
		[BOX_OK] = "ok", [BOX_FAILED] = "failed", [BOX_LIMIT] = "limit", [BOX_ALARM] = "alarm", [BOX_BAD_INPUT] = "alarm"
	};
	struct work w = { .app = b->app, .data = t->rows, .n_data = t->n_data, .args = t->args, .n_args = t->n_args, .files = t->files, .n_files = t->n_files,
		.secrets = t->secrets, .n_secrets = t->n_secrets, .seed = t->seed ? t->seed : "", .worker = b->me, .logs = true };
	char deal[ID_TEXT];
	*out = (struct trial_result){ .status = "refused" };
	id_make(deal, ID_DEAL, b->app->h1, strlen(b->app->h1));
	w.deal = deal;	/* there is none, but an iApp sees one, and it takes memory */
	for (size_t i = 0; i < t->n_data; i++)
		t->rows[i] = &t->data[i].row;
	memcpy(w.beneficiary, identity_age_public(b->me), 32);
	if (work_check(&w, &out->why) < 0 || terms_check(b, t, &out->why) < 0)
		return 0;
	for (size_t i = 0; i < t->n_data; i++)
		if (data_seal(&t->data[i], e) < 0)
			return -1;
	if (box(b, t, &w, 0, out, e) < 0)
		return -1;
	out->status = words[out->box.done.status];
	if (out->bundle)
		memcpy(out->traceback, out->bundle->traceback, sizeof out->traceback);
	return out->box.done.status == BOX_LIMIT && t->explain ? limit_find(b, t, &w, out, e) : 0;
}

void trial_result_done(struct trial_result *r)
{
	bundle_free(r->bundle);
	bundle_free(r->before);
	r->bundle = r->before = NULL;
}
