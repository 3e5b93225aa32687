/* See worker.h. */
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/os.h"
#include "enclave/enclave.h"
#include "form/pdata.h"
#include "inside.h"
#include "seal/age.h"
#include "seal/crypto.h"

#define MUST(x) must((x) >= 0, #x)
#define INPUTS_MAX 32

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	printf("Bail out! %s\n", what);
	exit(1);
}

struct running {
	const struct job *job;
	uint8_t file_keys[INPUTS_MAX][AGE_FILE_KEY];
	uint8_t secret[32], public[32];	/* of the beneficiary */
	struct buf sealed;
	struct end *end;
};

static struct box_text text_of(const char *s)
{
	return (struct box_text){ s ? s : "", s ? strlen(s) : 0 };
}

static int to_buf(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	return buf_add(ctx, bytes, n, e);
}

static int memory_file(const void *bytes, size_t n)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	must(fd >= 0 && os_write(fd, bytes, n) == 0, "memfd");
	return fd;
}

static int to_writer(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	return age_writer_add(ctx, bytes, n, e);
}

/* A file of protected data has to come from a file, which is read when the tar is written. */
#define TEMPORARY "/tmp/enclua-test-XXXXXX"
static void add_file(struct pdata *d, const struct leaf_text *leaf, char name[static sizeof TEMPORARY])
{
	memcpy(name, TEMPORARY, sizeof TEMPORARY);
	int fd = mkstemp(name);
	must(fd >= 0 && os_write(fd, leaf->text, strlen(leaf->text)) == 0, "temporary file");
	close(fd);
	MUST(pdata_add_file(d, leaf->path, name, NULL));
}

static int seal_data(struct running *r, size_t i, uint64_t *size)
{
	const struct dataset *set = &r->job->data[i];
	struct buf payload = BUF_INIT(MIB(512));
	struct pdata *d = NULL;
	struct age_writer *w = NULL;
	char names[8][sizeof TEMPORARY] = { "" };
	MUST(pdata_new(&d, NULL));
	for (const struct leaf_text *l = set->leaves; l->path; l++)
		if (l->type)
			MUST(pdata_add_value(d, l->path, l->type, l->text, NULL));
		else
			add_file(d, l, names[l - set->leaves]);
	crypto_random(r->file_keys[i], AGE_FILE_KEY);
	MUST(age_writer_new_detached(&w, r->file_keys[i], to_buf, &payload, NULL));
	MUST(pdata_write(d, to_writer, w, NULL));
	for (size_t k = 0; k < 8; k++)
		if (names[k][0])
			(void)unlink(names[k]);
	MUST(age_writer_end(w, NULL));
	if (i + 1 == r->job->n_data && r->job->flip)
		payload.data[r->job->flip - 1] ^= 1;
	if (i + 1 == r->job->n_data)
		payload.len -= r->job->cut;
	age_writer_free(w);
	pdata_free(d);
	*size = payload.len;
	int fd = memory_file(payload.data, payload.len);
	buf_done(&payload);
	return fd;
}

static void add_secrets(struct running *r, const struct age_recipient *to, struct buf *out)
{
	struct box_secret list[8];
	struct buf plain = BUF_INIT(MIB(1));
	struct age_writer *w = NULL;
	size_t n = 0;
	for (uint32_t i = 0; i < 4; i++)
		if (r->job->secrets[i])
			list[n++] = (struct box_secret){ i + 1, text_of(r->job->secrets[i]) };
	if (r->job->app_secret)
		list[n++] = (struct box_secret){ 0, text_of(r->job->app_secret) };
	if (n == 0)
		return;
	MUST(boxwire_secrets_encode(&plain, list, n, NULL));
	MUST(age_writer_new(&w, to, 1, to_buf, out, NULL));
	MUST(age_writer_add(w, plain.data, plain.len, NULL));
	MUST(age_writer_end(w, NULL));
	age_writer_free(w);
	buf_done(&plain);
}

static int release(void *ctx, const uint8_t box_key[static 32], struct buf *out, struct err *e)
{
	struct running *r = ctx;
	struct age_recipient to = { .kind = AGE_X25519 };
	struct buf headers[INPUTS_MAX], secrets = BUF_INIT(MIB(1));
	struct box_text list[INPUTS_MAX];
	memcpy(to.public_key, box_key, 32);
	for (size_t i = 0; i < r->job->n_data; i++) {
		headers[i] = (struct buf)BUF_INIT(KIB(64));
		if (r->job->wrong_header && i + 1 == r->job->n_data)
			to.public_key[0] ^= 1;
		MUST(age_header_make(&headers[i], r->file_keys[i], &to, 1, NULL));
		list[i] = (struct box_text){ (const char *)headers[i].data, headers[i].len };
	}
	memcpy(to.public_key, box_key, 32);
	add_secrets(r, &to, &secrets);
	struct box_release rel = { .headers = list, .n_headers = r->job->n_data, .secrets = { buf_text(&secrets), secrets.len } };
	int ret = boxwire_release_encode(out, &rel, e);
	for (size_t i = 0; i < r->job->n_data; i++)
		buf_done(&headers[i]);
	buf_done(&secrets);
	return ret;
}

static int result(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	return buf_add(&((struct running *)ctx)->sealed, bytes, n, e);
}

static void progress(void *ctx, double fraction)
{
	struct end *end = ((struct running *)ctx)->end;
	if (end->n_progress < 64)
		end->progress[end->n_progress++] = fraction;
}

static int payload_read(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	(void)e;
	memcpy(out, (const uint8_t *)ctx + offset, n);
	return 0;
}

void result_open_with(struct end *end, const struct buf *sealed, const uint8_t secret[static 32])
{
	struct age_identity me = { .kind = AGE_X25519 };
	uint8_t key[AGE_FILE_KEY];
	size_t header = 0;
	struct err e = { .code = ERR_NONE };
	struct age_file *f = NULL;
	struct buf plain = BUF_INIT(LIMIT_BOX_OUTPUT);
	memcpy(me.secret_key, secret, 32);
	end->sealed_len = sealed->len;
	if (sealed->len == 0)
		return;
	if (age_header_open(key, &header, sealed->data, sealed->len, &me, 1, &e) == 0 &&
		age_file_open(&f, key, sealed->len - header, payload_read, sealed->data + header, &e) == 0 &&
		buf_reserve(&plain, (size_t)age_file_size(f), &e) == 0 &&
		age_file_read(f, plain.data, (size_t)age_file_size(f), 0, &e) == 0) {
		plain.len = (size_t)age_file_size(f);
		(void)bundle_parse(&end->bundle, &plain, &e);
	}
	(void)snprintf(end->why, sizeof end->why, "%.500s", e.msg);
	age_file_free(f);
	buf_done(&plain);
}

static void request_fill(struct box_request *q, const struct job *j, struct box_file *files, struct box_arg *args)
{
	q->task = text_of("task1test");
	q->deal = text_of("deal1test");
	q->app_name = text_of("test");
	q->app_version = text_of("1.0.0");
	q->entry = text_of("main.lua");
	q->files = files;
	q->args = args;
	q->memory = j->memory ? j->memory : MIB(64);
	q->output = j->output ? j->output : MIB(1);
	q->cpu_ms = j->cpu_ms ? j->cpu_ms : 10000;
	q->epsilon_u6 = j->epsilon_u6;
	q->logs = !j->no_logs;
	q->many = j->many;
	q->deterministic = !j->unstable;
	memset(q->seed, j->seed, sizeof q->seed);
	memset(q->salt, j->salt, sizeof q->salt);
	files[q->n_files++] = (struct box_file){ text_of("main.lua"), { j->main, j->main_len ? j->main_len : strlen(j->main) } };
	for (size_t i = 0; i < 8 && j->files[i].path; i++)
		files[q->n_files++] = (struct box_file){ text_of(j->files[i].path), text_of(j->files[i].text) };
	for (size_t i = 0; i < 8 && j->args[i].value; i++)
		args[q->n_args++] = (struct box_arg){ text_of(j->args[i].name), text_of(j->args[i].value), j->args[i].type };
	for (size_t i = 0; i < 4; i++)
		q->n_secrets += j->secrets[i] != NULL;
	q->app_secret = j->app_secret != NULL;
}

void job_prepare(void)
{
	MUST(enclave_prepare());
	MUST(enclave_prepare_policy());
}

void job_run(struct box_zygote *z, const struct job *j, struct end *out)
{
	struct box_file files[9];
	struct box_arg args[8];
	struct box_input inputs[INPUTS_MAX];
	int fds[INPUTS_MAX];
	struct box_request q = { .inputs = inputs, .n_recipients = 1 };
	struct running r = { .job = j, .sealed = BUF_INIT(2 * LIMIT_BOX_OUTPUT), .end = out };
	struct err e = { .code = ERR_NONE };
	memset(out, 0, sizeof *out);
	request_fill(&q, j, files, args);
	crypto_random(r.secret, 32);
	x25519_public(r.public, r.secret);
	memcpy(q.recipients[0], r.public, 32);
	for (size_t i = 0; i < j->n_data; i++) {
		struct box_input *in = &inputs[q.n_inputs];
		*in = (struct box_input){ .kind = BOX_INPUT_DATA, .id = text_of(j->data[i].id), .name = text_of(j->data[i].id) };
		fds[q.n_inputs++] = seal_data(&r, i, &in->size);
	}
	for (size_t i = 0; i < j->n_inputs; i++) {
		size_t n = strlen(j->inputs[i].text);
		inputs[q.n_inputs] = (struct box_input){ BOX_INPUT_FILE, text_of(j->inputs[i].name), text_of(j->inputs[i].name), n };
		fds[q.n_inputs++] = memory_file(j->inputs[i].text, n);
	}
	const struct box_task t = { .request = &q, .input_fds = fds, .wall_ms = j->wall_ms ? j->wall_ms : 30000, .release = release,
		.result = result, .progress = progress, .ctx = &r };
	if ((z ? box_run(z, &t, &out->outcome, &e) : inside_run(&t, &out->outcome, &e)) < 0)
		must(false, e.msg);
	result_open_with(out, &r.sealed, r.secret);
	buf_done(&r.sealed);
	for (size_t i = 0; i < q.n_inputs; i++)
		close(fds[i]);
}

void end_free(struct end *e)
{
	bundle_free(e->bundle);
	e->bundle = NULL;
}

const struct bundle_file *end_file(const struct end *e, const char *path)
{
	for (size_t i = 0; e->bundle && i < e->bundle->n_files; i++)
		if (strcmp(e->bundle->files[i].path, path) == 0)
			return &e->bundle->files[i];
	return NULL;
}

const char *end_text(const struct end *e, const char *path)
{
	static char text[KIB(64)];
	const struct bundle_file *f = end_file(e, path);
	size_t n = f ? f->len < sizeof text ? f->len : sizeof text - 1 : 0;
	if (n)
		memcpy(text, f->bytes, n);
	text[n] = '\0';
	return text;
}
