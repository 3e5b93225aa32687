/* The frames of boxwire.h as bytes. Each message is walked by one function for both directions, so encoder and decoder cannot
 * disagree on order or width. Integers are little endian; a flag or an enum is one byte; text and lists are a 4-byte count and
 * what it counts. Used by the worker against a hostile box and by the box itself: needs nothing but malloc.
 */
#include "base/boxwire.h"

#include <stdlib.h>
#include <string.h>

#include "base/os.h"

#define COUNTER_MAX (1ull << 53)	/* what every JSON reader still holds exactly */
#define DONE_BYTES (2u + 32 + 4 * 8)
#define INPUTS_MAX (LIMIT_BOX_DATASETS + LIMIT_BOX_FILES)
#define SECRETS_MAX (LIMIT_BOX_SECRETS + 1)	/* and the app's own */

/* Encodes when out is set, else decodes from next to end. After the first failure every step does nothing. */
struct wire {
	struct buf *out;
	const uint8_t *next, *end;
	struct err *e;
	bool failed;
};

static struct wire wire_over(const uint8_t *bytes, size_t len, struct err *e)
{
	static const uint8_t none[1];
	struct wire w = { .next = len ? bytes : none, .e = e };
	w.end = w.next + len;
	return w;
}

static void wire_fail(struct wire *w, const char *what, const char *why)
{
	if (!w->failed)
		err_set(w->e, ERR_INVALID, "box channel: %s %s", what, why);
	w->failed = true;
}

static void wire_bytes(struct wire *w, void *bytes, size_t n, const char *what)
{
	if (w->failed)
		return;
	if (w->out) {
		w->failed = buf_add(w->out, bytes, n, w->e) < 0;
	} else if ((size_t)(w->end - w->next) < n) {
		wire_fail(w, what, "is cut off");
	} else {
		memcpy(bytes, w->next, n);
		w->next += n;
	}
}

/* width bytes, value at most max. */
static void wire_uint(struct wire *w, uint64_t *v, size_t width, uint64_t max, const char *what)
{
	uint8_t b[8] = { 0 };
	for (size_t i = 0; w->out && i < width; i++)
		b[i] = (uint8_t)(*v >> 8 * i);
	if (w->out && *v > max)
		wire_fail(w, what, "is past its limit");
	wire_bytes(w, b, width, what);
	if (w->out || w->failed)
		return;
	*v = 0;
	for (size_t i = 0; i < width; i++)
		*v |= (uint64_t)b[i] << 8 * i;
	if (*v > max)
		wire_fail(w, what, "is past its limit");
}

static void wire_size(struct wire *w, size_t *n, uint64_t max, const char *what)
{
	uint64_t v = *n;
	wire_uint(w, &v, 4, max, what);
	if (!w->out)	/* what is encoded may be read-only */
		*n = w->failed ? 0 : (size_t)v;
}

static unsigned wire_enum(struct wire *w, unsigned v, unsigned max, const char *what)
{
	uint64_t wide = v;
	wire_uint(w, &wide, 1, max, what);
	if (w->out)
		return v;
	return w->failed ? 0 : (unsigned)wide;
}

static void wire_flag(struct wire *w, bool *v, const char *what)
{
	*v = wire_enum(w, *v, 1, what) != 0;
}

static void wire_text(struct wire *w, struct box_text *t, uint64_t max, const char *what)
{
	size_t len = t->len;
	wire_size(w, &len, max, what);
	if (w->out) {
		if (!w->failed)
			w->failed = buf_add(w->out, t->text, len, w->e) < 0;
		return;
	}
	if (!w->failed && (size_t)(w->end - w->next) < len)
		wire_fail(w, what, "is cut off");
	if (w->failed)
		len = 0;
	t->text = (const char *)w->next;
	t->len = len;
	w->next += len;
}

/* The count of a list, and when decoding its memory: never more items than the remaining bytes can hold. */
static void *wire_list(struct wire *w, void *items, size_t *n, size_t item_size, size_t least, uint64_t max, const char *what)
{
	wire_size(w, n, max, what);
	if (w->out)
		return items;
	if (!w->failed && *n > (size_t)(w->end - w->next) / least)
		wire_fail(w, what, "are cut off");
	if (w->failed || *n == 0) {
		*n = 0;
		return NULL;
	}
	void *made = calloc(*n, item_size);
	if (!made) {
		*n = 0;
		err_set(w->e, ERR_LIMIT, "out of memory for the %s of a box", what);
		w->failed = true;
	}
	return made;
}

static void wire_end(struct wire *w, const char *what)
{
	if (!w->failed && !w->out && w->next != w->end)
		wire_fail(w, what, "has bytes after its end");
}

static void files_walk(struct wire *w, struct box_request *r)
{
	r->files = wire_list(w, r->files, &r->n_files, sizeof *r->files, 8, LIMIT_IAPP_FILES, "files");
	for (size_t i = 0; i < r->n_files && !w->failed; i++) {
		wire_text(w, &r->files[i].path, LIMIT_PATH_BYTES, "file path");
		wire_text(w, &r->files[i].bytes, LIMIT_IAPP_BYTES, "file");
	}
}

static void args_walk(struct wire *w, struct box_request *r)
{
	r->args = wire_list(w, r->args, &r->n_args, sizeof *r->args, 9, LIMIT_BOX_ARGS, "arguments");
	for (size_t i = 0; i < r->n_args && !w->failed; i++) {
		struct box_arg *a = &r->args[i];
		wire_text(w, &a->name, LIMIT_NAME_BYTES, "argument name");
		wire_text(w, &a->value, LIMIT_BOX_REQUEST_BYTES, "argument");
		a->type = (enum box_arg_type)wire_enum(w, a->type, BOX_ARG_BOOLEAN, "argument type");
	}
}

/* Data first, then files: descriptor numbers depend on it. */
static void inputs_walk(struct wire *w, struct box_request *r)
{
	unsigned last = BOX_INPUT_DATA;
	r->inputs = wire_list(w, r->inputs, &r->n_inputs, sizeof *r->inputs, 17, INPUTS_MAX, "inputs");
	for (size_t i = 0; i < r->n_inputs && !w->failed; i++) {
		struct box_input *in = &r->inputs[i];
		in->kind = (enum box_input_kind)wire_enum(w, in->kind, BOX_INPUT_FILE, "input kind");
		wire_text(w, &in->id, LIMIT_PATH_BYTES, "input id");
		wire_text(w, &in->name, LIMIT_PATH_BYTES, "input name");
		wire_uint(w, &in->size, 8, INT64_MAX, "input size");
		if (in->kind < last)
			wire_fail(w, "inputs", "do not have data first, then files");
		last = in->kind;
	}
}

/* What has one argument must not have anything else, and cannot be sent it. An iApp's result needs somebody to be sealed to, but that is the box's to say. */
static void kind_check(struct wire *w, const struct box_request *r)
{
	static const struct { const char *what, *arg, *says; } kinds[] = {
		[BOX_KIND_POLICY] = { "a policy", BOX_POLICY_ARG, "has one argument, its question" },
		[BOX_KIND_TEST] = { "a test", BOX_TEST_ARG, "has one argument, its state" },
	};
	if (w->failed || r->kind == BOX_KIND_APP)
		return;
	const char *what = kinds[r->kind].what, *arg = kinds[r->kind].arg;
	// NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): only an iApp, which is gone by here, has none
	bool alone = r->n_args == 1 && r->args[0].type == BOX_ARG_STRING && r->args[0].name.len == strlen(arg) &&
		memcmp(r->args[0].name.text, arg, strlen(arg)) == 0;
	if (!alone)
		wire_fail(w, what, kinds[r->kind].says);
	if (r->n_inputs || r->n_secrets || r->app_secret || r->n_recipients || r->logs || r->many || r->callback || r->steps)
		wire_fail(w, what, "has neither inputs nor secrets nor recipients nor a log nor a number of steps");
}

static void request_walk(struct wire *w, struct box_request *r)
{
	r->kind = (enum box_kind)wire_enum(w, r->kind, BOX_KIND_TEST, "kind of task");
	wire_text(w, &r->task, LIMIT_PATH_BYTES, "task");
	wire_text(w, &r->deal, LIMIT_PATH_BYTES, "deal");
	wire_text(w, &r->app_name, LIMIT_NAME_BYTES, "iApp name");
	wire_text(w, &r->app_version, LIMIT_NAME_BYTES, "iApp version");
	wire_text(w, &r->entry, LIMIT_PATH_BYTES, "entry path");
	wire_bytes(w, r->seed, sizeof r->seed, "seed");
	wire_bytes(w, r->salt, sizeof r->salt, "salt");
	wire_uint(w, &r->memory, 8, LIMIT_BOX_MEMORY, "memory limit");
	wire_uint(w, &r->output, 8, LIMIT_BOX_OUTPUT, "output limit");
	wire_uint(w, &r->cpu_ms, 8, COUNTER_MAX, "cpu limit");
	wire_uint(w, &r->steps, 8, BOX_STEPS_MAX, "number of steps");
	wire_uint(w, &r->epsilon_u6, 8, LIMIT_EPSILON_U6, "epsilon limit");
	wire_flag(w, &r->logs, "logs flag");
	wire_flag(w, &r->many, "many flag");
	wire_flag(w, &r->deterministic, "deterministic flag");
	wire_size(w, &r->n_recipients, sizeof r->recipients / sizeof r->recipients[0], "number of recipients");
	wire_bytes(w, r->recipients, r->n_recipients * sizeof r->recipients[0], "recipients");
	files_walk(w, r);
	args_walk(w, r);
	inputs_walk(w, r);
	wire_size(w, &r->n_secrets, LIMIT_BOX_SECRETS, "number of secrets");
	wire_flag(w, &r->app_secret, "app secret flag");
	wire_flag(w, &r->callback, "callback flag");
	kind_check(w, r);
	wire_end(w, "request");
}

static void release_walk(struct wire *w, struct box_release *r)
{
	r->headers = wire_list(w, r->headers, &r->n_headers, sizeof *r->headers, 4, LIMIT_BOX_DATASETS, "headers");
	for (size_t i = 0; i < r->n_headers && !w->failed; i++)
		wire_text(w, &r->headers[i], LIMIT_BOX_RELEASE_BYTES, "header");
	wire_text(w, &r->secrets, LIMIT_BOX_RELEASE_BYTES, "secrets");
	wire_uint(w, &r->output, 8, LIMIT_BOX_OUTPUT, "output limit");
	wire_flag(w, &r->silent, "silence");
	wire_end(w, "release");
}

static void secrets_walk(struct wire *w, struct box_secret **list, size_t *n)
{
	*list = wire_list(w, *list, n, sizeof **list, 8, SECRETS_MAX, "secrets");
	for (size_t i = 0; i < *n && !w->failed; i++) {
		struct box_secret *s = &(*list)[i];
		uint64_t index = s->index;
		wire_uint(w, &index, 4, UINT32_MAX, "index of a secret");
		if (!w->out)
			s->index = (uint32_t)index;
		wire_text(w, &s->value, LIMIT_BOX_RELEASE_BYTES, "secret");
		for (size_t j = 0; j < i && !w->failed; j++)
			if ((*list)[j].index == s->index)
				wire_fail(w, "a secret", "stands twice in the list");
	}
	wire_end(w, "list of secrets");
}

static void done_walk(struct wire *w, struct box_done *d)
{
	static const uint8_t zero[sizeof d->digest];
	d->status = (enum box_status)wire_enum(w, d->status, BOX_BAD_INPUT, "status");
	d->limit = (enum box_limit)wire_enum(w, d->limit, BOX_LIMIT_OUTPUT, "limit");
	wire_bytes(w, d->digest, sizeof d->digest, "digest");
	wire_uint(w, &d->memory_peak, 8, COUNTER_MAX, "memory peak");
	wire_uint(w, &d->result_files, 8, COUNTER_MAX, "number of result files");
	wire_uint(w, &d->result_bytes, 8, COUNTER_MAX, "result bytes");
	wire_uint(w, &d->log_bytes, 8, COUNTER_MAX, "log bytes");
	wire_end(w, "end of the task");
	if ((d->status == BOX_LIMIT) != (d->limit != BOX_LIMIT_NONE))
		wire_fail(w, "status", "and limit do not belong together");
	if (d->status != BOX_OK && memcmp(d->digest, zero, sizeof zero) != 0)
		wire_fail(w, "a digest", "comes with a task that did not end well");
}

/* Room for the header, which is written when the length is known. */
static struct wire frame_begin(struct buf *out, struct err *e)
{
	struct wire w = { .out = out, .e = e };
	w.failed = buf_add_zero(out, BOX_FRAME_HEADER, e) < 0;
	return w;
}

/* Half a frame must never be sent: on failure the buffer is as it was. */
static int frame_finish(struct wire *w, size_t start, enum box_frame kind, uint64_t max)
{
	struct buf *out = w->out;
	size_t len = out->len - start;
	if (!w->failed && len - BOX_FRAME_HEADER > max)
		wire_fail(w, "a frame", "is larger than its kind may be");
	if (w->failed) {
		if (len)
			os_wipe(out->data + start, len);
		out->len = start;
		return -1;
	}
	boxwire_header_encode(out->data + start, kind, (uint32_t)(len - BOX_FRAME_HEADER));
	return 0;
}

int boxwire_request_encode(struct buf *out, const struct box_request *r, struct err *e)
{
	struct box_request copy = *r;
	size_t start = out->len;
	struct wire w = frame_begin(out, e);
	request_walk(&w, &copy);
	os_wipe(&copy, sizeof copy);
	return frame_finish(&w, start, BOX_REQUEST, LIMIT_BOX_REQUEST_BYTES);
}

int boxwire_request_decode(struct box_request *r, const uint8_t *payload, size_t len, struct err *e)
{
	struct wire w = wire_over(payload, len, e);
	memset(r, 0, sizeof *r);
	request_walk(&w, r);
	if (w.failed)
		boxwire_request_done(r);
	return w.failed ? -1 : 0;
}

void boxwire_request_done(struct box_request *r)
{
	free(r->files);
	free(r->args);
	free(r->inputs);
	os_wipe(r, sizeof *r);
}

int boxwire_release_encode(struct buf *out, const struct box_release *r, struct err *e)
{
	struct box_release copy = *r;
	size_t start = out->len;
	struct wire w = frame_begin(out, e);
	release_walk(&w, &copy);
	return frame_finish(&w, start, BOX_RELEASE, LIMIT_BOX_RELEASE_BYTES);
}

int boxwire_release_decode(struct box_release *r, const uint8_t *payload, size_t len, struct err *e)
{
	struct wire w = wire_over(payload, len, e);
	memset(r, 0, sizeof *r);
	release_walk(&w, r);
	if (w.failed)
		boxwire_release_done(r);
	return w.failed ? -1 : 0;
}

void boxwire_release_done(struct box_release *r)
{
	free(r->headers);
	memset(r, 0, sizeof *r);
}

int boxwire_secrets_encode(struct buf *out, const struct box_secret *s, size_t n, struct err *e)
{
	struct wire w = { .out = out, .e = e };
	struct box_secret *list = (struct box_secret *)(uintptr_t)s;	/* an encoding walk only reads */
	size_t start = out->len, count = n;
	secrets_walk(&w, &list, &count);
	if (w.failed && out->len > start) {
		os_wipe(out->data + start, out->len - start);
		out->len = start;
	}
	return w.failed ? -1 : 0;
}

int boxwire_secrets_decode(struct box_secret **s, size_t *n, const uint8_t *bytes, size_t len, struct err *e)
{
	struct wire w = wire_over(bytes, len, e);
	*s = NULL;
	*n = 0;
	secrets_walk(&w, s, n);
	if (w.failed) {
		free(*s);
		*s = NULL;
		*n = 0;
	}
	return w.failed ? -1 : 0;
}

int boxwire_done_encode(struct buf *out, const struct box_done *d, struct err *e)
{
	struct box_done copy = *d;
	size_t start = out->len;
	struct wire w = frame_begin(out, e);
	done_walk(&w, &copy);
	return frame_finish(&w, start, BOX_DONE, DONE_BYTES);
}

int boxwire_done_decode(struct box_done *d, const uint8_t *payload, size_t len, struct err *e)
{
	struct wire w = wire_over(payload, len, e);
	memset(d, 0, sizeof *d);
	done_walk(&w, d);
	if (w.failed)
		memset(d, 0, sizeof *d);
	return w.failed ? -1 : 0;
}

/* Each kind of frame has one length, or a range; a box that announces another is not believed. */
static const struct {
	uint64_t least, most;
} frame_lengths[] = {
	[BOX_REQUEST] = { 1, LIMIT_BOX_REQUEST_BYTES },
	[BOX_KEY] = { 32, 32 },
	[BOX_RELEASE] = { 8, LIMIT_BOX_RELEASE_BYTES },
	[BOX_PROGRESS] = { 8, 8 },
	[BOX_RESULT] = { 1, LIMIT_BOX_FRAME_BYTES },
	[BOX_DONE] = { DONE_BYTES, DONE_BYTES },
	[BOX_CALLBACK] = { 1, LIMIT_CALLBACK_BYTES },
};

void boxwire_header_encode(uint8_t out[static BOX_FRAME_HEADER], enum box_frame kind, uint32_t len)
{
	out[0] = (uint8_t)kind;
	for (size_t i = 0; i < 4; i++)
		out[1 + i] = (uint8_t)(len >> 8 * i);
}

int boxwire_header_decode(enum box_frame *kind, uint32_t *len, const uint8_t in[static BOX_FRAME_HEADER], struct err *e)
{
	uint32_t n = (uint32_t)in[1] | (uint32_t)in[2] << 8 | (uint32_t)in[3] << 16 | (uint32_t)in[4] << 24;
	if (in[0] < BOX_REQUEST || in[0] > BOX_CALLBACK)
		return err_set(e, ERR_INVALID, "box channel: a frame of unknown kind %u", (unsigned)in[0]);
	if (n < frame_lengths[in[0]].least || n > frame_lengths[in[0]].most)
		return err_set(e, ERR_INVALID, "box channel: a frame of kind %u cannot have %u bytes", (unsigned)in[0], (unsigned)n);
	*kind = (enum box_frame)in[0];
	*len = n;
	return 0;
}
