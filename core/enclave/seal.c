/* The bundle is written straight into the age writer, whose chunks become RESULT frames: what leaves is ciphertext of a padded length,
 * and nothing of it is held twice.
 */
#include "enclave/seal.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/ustar.h"
#include "seal/age.h"
#include "seal/crypto.h"

/* result.json: a row of at most 500 bytes per file (every byte of a path may need six), the callback, and an error. */
#define RESULT_JSON_MAX (LIMIT_BOX_RESULT_FILES * 2048ull + 2 * LIMIT_BOX_OUTPUT)
#define MESSAGE_MAX 1000u
#define TRACEBACK_MAX 4000u

struct bundle_out { struct age_writer *writer; uint64_t at; };

static int frame_sink(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	(void)e;
	while (n) {
		size_t step = n < LIMIT_BOX_FRAME_BYTES ? n : (size_t)LIMIT_BOX_FRAME_BYTES;
		channel_add(ctx, BOX_RESULT, bytes, step);
		bytes += step;
		n -= step;
	}
	return 0;
}

static int put(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	struct bundle_out *o = ctx;
	o->at += n;
	return age_writer_add(o->writer, bytes, n, e);
}

static int put_zeros(struct bundle_out *o, uint64_t n, struct err *e)
{
	static const uint8_t zeros[KIB(4)];
	for (; n; n -= n < sizeof zeros ? n : sizeof zeros)
		if (put(o, zeros, n < sizeof zeros ? (size_t)n : sizeof zeros, e) < 0)
			return -1;
	return 0;
}

static int put_header(struct bundle_out *o, const char *path, uint64_t size, struct err *e)
{
	struct ustar_entry entry = { .size = size };
	uint8_t block[USTAR_BLOCK];
	memcpy(entry.path, path, strlen(path) + 1);
	return ustar_encode(block, &entry, e) < 0 ? -1 : put(o, block, sizeof block, e);
}

static int put_pile(struct bundle_out *o, const char *path, const struct pile *p, struct err *e)
{
	if (put_header(o, path, p->size, e) < 0 || pile_walk(p, put, o, e) < 0)
		return -1;
	return put_zeros(o, USTAR_PAD(p->size), e);
}

/* Cut at a whole character. */
static size_t text_cut(const char *text, size_t max)
{
	size_t n = strlen(text);
	if (n <= max)
		return n;
	for (n = max; n && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
		;
	return n;
}

static void write_file(struct json_writer *w, const struct result_file *f, bool deterministic)
{
	char hex[HEX_LEN(32) + 1];
	hex_encode(hex, f->sha256, 32);
	json_write_object(w);
	json_write_key(w, "path");
	json_write_text(w, f->path);
	json_write_key(w, "size");
	json_write_uint(w, f->bytes.size);
	json_write_key(w, "sha256");
	json_write_text(w, hex);
	json_write_key(w, "deterministic");
	json_write_bool(w, deterministic && !f->is_volatile);
	json_write_object_end(w);
}

static void write_used(struct json_writer *w, const char *name, uint64_t used, uint64_t limit)
{
	json_write_key(w, name);
	json_write_object(w);
	json_write_key(w, "used");
	json_write_uint(w, used);
	json_write_key(w, "limit");
	json_write_uint(w, limit);
	json_write_object_end(w);
}

static int callback_add(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	return buf_add(ctx, bytes, n, e);
}

static int write_callback(struct json_writer *w, const struct result *r)
{
	json_write_key(w, "callback");
	if (!r->has_callback) {
		json_write_null(w);
		return 0;
	}
	struct buf bytes = BUF_INIT(LIMIT_BOX_OUTPUT);
	int ret = pile_walk(&r->callback, callback_add, &bytes, w->e);
	char *text = ret == 0 ? malloc(BASE64_LEN(bytes.len) + 1) : NULL;
	if (text) {
		base64_encode(text, buf_text(&bytes), bytes.len);
		json_write_text(w, text);
	}
	ret = text ? 0 : -1;
	free(text);
	buf_done(&bytes);
	return ret;
}

static void write_failure(struct json_writer *w, const struct failure *f)
{
	json_write_key(w, "error");
	json_write_object(w);
	json_write_key(w, "message");
	json_write_string(w, f->message, text_cut(f->message, MESSAGE_MAX));
	json_write_key(w, "traceback");
	json_write_string(w, f->traceback, text_cut(f->traceback, TRACEBACK_MAX));
	json_write_object_end(w);
}

static int result_json_make(struct buf *out, const struct task *t, enum box_status status, const struct failure *f, struct err *e)
{
	const struct result *r = &t->result;
	struct json_writer w;
	json_write_init(&w, out, e);
	json_write_object(&w);
	json_write_key(&w, "status");
	json_write_text(&w, status == BOX_OK ? "ok" : "failed");
	if (f && t->request.logs)
		write_failure(&w, f);
	json_write_key(&w, "files");
	json_write_array(&w);
	for (size_t i = 0; i < r->n; i++)
		write_file(&w, r->files[i], t->request.deterministic);
	json_write_array_end(&w);
	json_write_key(&w, "limits");
	json_write_object(&w);
	write_used(&w, "memory", t->memory->peak, t->request.memory);
	write_used(&w, "output", r->spent, r->limit);
	json_write_object_end(&w);
	json_write_key(&w, "log_bytes");
	json_write_uint(&w, r->log_bytes);
	if (write_callback(&w, r) < 0)
		return err_set(e, ERR_LIMIT, "out of memory");
	json_write_object_end(&w);
	return json_write_done(&w) < 0 ? -1 : buf_add_text(out, "\n", e);
}

static int bundle_put(struct bundle_out *o, const struct task *t, const struct buf *json, struct err *e)
{
	const struct result *r = &t->result;
	if (put_header(o, "result.json", json->len, e) < 0 || put(o, json->data, json->len, e) < 0 ||
		put_zeros(o, USTAR_PAD(json->len), e) < 0)
		return -1;
	if (r->log.size && put_pile(o, "log.txt", &r->log, e) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (put_pile(o, r->files[i]->path, &r->files[i]->bytes, e) < 0)
			return -1;
	return put_zeros(o, padme(o->at + 2ull * USTAR_BLOCK) - o->at, e);
}

static int bundle_send(struct task *t, enum box_status status, const struct failure *f, struct err *e)
{
	struct age_recipient to[4];
	struct buf json = BUF_INIT(RESULT_JSON_MAX);
	struct bundle_out o = { .at = 0 };
	memset(to, 0, sizeof to);
	for (size_t i = 0; i < t->request.n_recipients; i++) {
		to[i].kind = AGE_X25519;
		memcpy(to[i].public_key, t->request.recipients[i], sizeof to[i].public_key);
	}
	int r = -1;
	if (result_json_make(&json, t, status, f, e) < 0)
		goto out;
	if (age_writer_new(&o.writer, to, t->request.n_recipients, frame_sink, t->channel, e) < 0)
		goto out;
	if (bundle_put(&o, t, &json, e) < 0 || age_writer_end(o.writer, e) < 0)
		goto out;
	r = 0;
out:
	buf_done(&json);
	return r;	/* the writer stays: to wipe its 128 KiB would first bring in pages that were never used, and the process ends now */
}

/* What everybody is to see is sent in the clear, and needs no salt: the book's rule asks that the digest be its hash. */
static int callback_out(struct task *t, uint8_t digest[static 32], struct err *e)
{
	struct buf bytes = BUF_INIT(LIMIT_CALLBACK_BYTES);
	if (pile_walk(&t->result.callback, callback_add, &bytes, e) < 0)
		return -1;
	channel_add(t->channel, BOX_CALLBACK, bytes.data, (uint32_t)bytes.len);
	memcpy(digest, t->result.callback_sha256, 32);
	buf_done(&bytes);
	return 0;
}

/* HMAC(salt, list of the deterministic files as sha256sum writes it): equal for equal results, of no use to whoever does not have the
 * salt. The callback is part of the result. */
static void digest_make(uint8_t out[static 32], const struct task *t)
{
	const struct result *r = &t->result;
	char hex[HEX_LEN(32) + 1];
	struct hmac256 h;
	hmac256_init(&h, t->request.salt, sizeof t->request.salt);
	for (size_t i = 0; i < r->n && t->request.deterministic; i++) {
		const struct result_file *f = r->files[i];
		if (f->is_volatile)
			continue;
		hex_encode(hex, f->sha256, 32);
		hmac256_add(&h, hex, HEX_LEN(32));
		hmac256_add(&h, "  ", 2);
		hmac256_add(&h, f->path, strlen(f->path));
		hmac256_add(&h, "\n", 1);
	}
	if (r->has_callback) {	/* no file has such a path */
		static const char name[] = "  /callback\n";
		hex_encode(hex, r->callback_sha256, 32);
		hmac256_add(&h, hex, HEX_LEN(32));
		hmac256_add(&h, name, sizeof name - 1);
	}
	hmac256_end(&h, out);
}

static _Noreturn void done_send(struct task *t, struct box_done *d)
{
	struct buf frame = BUF_INIT(KIB(4));
	d->memory_peak = t->memory->peak;
	d->log_bytes = t->result.log_bytes;
	if (boxwire_done_encode(&frame, d, NULL) < 0)
		task_broken(t, BOX_EXIT_BROKEN);
	channel_add_frame(t->channel, frame.data, frame.len);
	channel_end(t->channel, BOX_EXIT_DONE);
}

_Noreturn void seal_and_end(struct task *t, enum box_status status, const struct failure *failure)
{
	struct err e = { .code = ERR_NONE };
	struct box_done d = { .status = status };
	static const struct failure none_given = { "the request asks for a callback, and the iApp gave none: task.result:callback(text)", "" };
	if (status == BOX_OK && t->request.callback && !t->result.has_callback) {
		d.status = status = BOX_FAILED;
		failure = &none_given;
	}
	result_finish(&t->result);
	if (bundle_send(t, status, failure, &e) < 0)
		task_broken(t, e.code == ERR_LIMIT ? BOX_EXIT_MEMORY : BOX_EXIT_BROKEN);
	if (status == BOX_OK && t->request.callback) {
		if (callback_out(t, d.digest, &e) < 0)
			task_broken(t, BOX_EXIT_MEMORY);
	} else if (status == BOX_OK) {
		digest_make(d.digest, t);
	}
	d.result_files = t->result.n;
	d.result_bytes = t->result.file_bytes;
	done_send(t, &d);
}

_Noreturn void answer_and_end(struct task *t, const char *answer, size_t len)
{
	struct box_done d = { .status = BOX_OK, .result_bytes = len };
	(void)frame_sink(t->channel, (const uint8_t *)answer, len, NULL);
	done_send(t, &d);
}

_Noreturn void end_without_result(struct task *t, enum box_status status, enum box_limit limit)
{
	struct box_done d = { .status = status, .limit = limit };
	done_send(t, &d);
}
