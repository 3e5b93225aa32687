/* test.lua and its cases. It runs in a box of its own, which reaches nothing: when it wants a run whose result it has not been given, it ends with an answer that says
 * so; the run is made, and test.lua starts again with one result more. Same inputs, same way: it comes to the same place.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/text.h"
#include "iapp_test.h"

struct script {
	struct testing *t;
	struct buf source;	/* test.lua */
	struct buf runs;	/* what became of them: JSON objects with commas between */
	struct buf state, answer;
	struct buf unwell;	/* words on the runs of the case at hand that did not end well */
	size_t prints;	/* told */
};

static struct box_text text_of(const char *s)
{
	return (struct box_text){ s, strlen(s) };
}

/* ---- test.lua's own box ---- */

static int answer_add(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	struct script *s = ctx;
	return buf_add(&s->answer, bytes, n, e);
}

static int state_make(struct script *s, struct err *e)
{
	struct json_writer w;
	buf_clear(&s->state);
	json_write_init(&w, &s->state, e);
	json_write_object(&w);
	if (s->t->filter) {
		json_write_key(&w, "filter");
		json_write_text(&w, s->t->filter);
	}
	json_write_key(&w, "runs");
	json_write_array(&w);
	if (s->runs.len)
		json_write_raw(&w, buf_text(&s->runs), s->runs.len);
	json_write_array_end(&w);
	json_write_object_end(&w);
	return json_write_done(&w);
}

static int refused_by_box(const struct box_outcome *o, struct err *e)
{
	if (o->done.status == BOX_LIMIT && (o->done.limit == BOX_LIMIT_CPU || o->done.limit == BOX_LIMIT_WALL)) {
		err_set(e, ERR_LIMIT, IAPP_TEST_FILE " did not come to its end in %u s of processor time: it seems to loop", LIMIT_TEST_CPU_MS / 1000);
		return err_hint(e, "find the case with --filter NAME");
	}
	if (o->done.status == BOX_LIMIT)
		return err_set(e, ERR_LIMIT, IAPP_TEST_FILE " itself uses more than %llu MiB of %s", (o->done.limit == BOX_LIMIT_MEMORY ? LIMIT_TEST_MEMORY : LIMIT_TEST_ANSWER_BYTES) / MIB(1),
			o->done.limit == BOX_LIMIT_MEMORY ? "memory" : "inputs for a run");
	return err_set(e, ERR_INTERNAL, "the box of " IAPP_TEST_FILE " ended without an answer%s%s", o->alarm ? ": " : "", o->alarm ? o->alarm : "");
}

/* Starts test.lua with what is known. */
static int ask(struct script *s, struct json **answer, struct err *e)
{
	const struct iapp *app = s->t->bench.app;
	struct box_arg arg = { .name = text_of(BOX_TEST_ARG), .type = BOX_ARG_STRING };
	struct box_request r = { .kind = BOX_KIND_TEST, .task = text_of("test"), .app_name = text_of(app->manifest->name), .app_version = text_of(app->manifest->version),
		.entry = text_of(IAPP_TEST_FILE), .memory = LIMIT_TEST_MEMORY, .output = LIMIT_TEST_ANSWER_BYTES, .cpu_ms = LIMIT_TEST_CPU_MS, .deterministic = true,
		.args = &arg, .n_args = 1 };
	const struct box_task task = { .request = &r, .wall_ms = LIMIT_TEST_WALL_MS, .result = answer_add, .ctx = s };
	struct box_outcome outcome;
	if (state_make(s, e) < 0)
		return -1;
	arg.value = (struct box_text){ buf_text(&s->state), s->state.len };
	r.files = calloc(app->n_files + 1, sizeof *r.files);
	if (!r.files)
		return err_set(e, ERR_LIMIT, "out of memory");
	for (size_t i = 0; i < app->n_files; i++)
		r.files[r.n_files++] = (struct box_file){ text_of(app->files[i].path), { (const char *)app->files[i].bytes, app->files[i].len } };
	r.files[r.n_files++] = (struct box_file){ text_of(IAPP_TEST_FILE), { buf_text(&s->source), s->source.len } };
	buf_clear(&s->answer);
	int result = box_run(s->t->bench.zygote, &task, &outcome, e);
	free(r.files);
	if (result < 0)
		return -1;
	if (outcome.done.status != BOX_OK)
		return refused_by_box(&outcome, e);
	return json_parse(answer, buf_text(&s->answer), s->answer.len, e) < 0 ? err_wrap(e, "the answer of " IAPP_TEST_FILE) : 0;
}

/* ---- from what test.lua asks to a trial ---- */

/* Base64 of a member; bytes are followed by a NUL. */
static int bytes_of(const struct json *from, const char *member, struct buf *out, struct err *e)
{
	size_t len = 0;
	const char *text = json_text(json_get(from, member), &len);
	*out = (struct buf)BUF_INIT(LIMIT_TEST_ANSWER_BYTES);
	if (!text || buf_reserve(out, len + 1, e) < 0)
		return err_set(e, ERR_INTERNAL, IAPP_TEST_FILE " asked for a run without its %s", member);
	ptrdiff_t n = base64_decode(out->data, len + 1, text, len);
	if (n < 0)
		return err_set(e, ERR_INTERNAL, IAPP_TEST_FILE " asked for a run whose %s is no base64", member);
	out->len = (size_t)n;
	out->data[n] = '\0';
	return 0;
}

/* One row of a list: takes its parts and hands them to the trial. */
typedef int spec_row(struct script *s, struct trial *t, const struct json *row, struct err *e);

static int arg_row(struct script *s, struct trial *t, const struct json *row, struct err *e)
{
	struct buf name = { .data = NULL }, value = { .data = NULL };
	bool named = json_get(row, "name") != NULL;
	(void)s;
	int r = (named && bytes_of(row, "name", &name, e) < 0) || bytes_of(row, "value", &value, e) < 0 ? -1 : 0;
	if (r == 0)
		r = trial_arg(t, named ? buf_text(&name) : NULL, buf_text(&value), e);
	buf_done(&name);
	buf_done(&value);
	return r;
}

static int file_row(struct script *s, struct trial *t, const struct json *row, struct err *e)
{
	struct buf name = { .data = NULL }, bytes = { .data = NULL };
	(void)s;
	int r = bytes_of(row, "name", &name, e) < 0 || bytes_of(row, "bytes", &bytes, e) < 0 ? -1 : trial_file(t, buf_text(&name), bytes.data, bytes.len, e);
	buf_done(&name);
	buf_done(&bytes);
	return r;
}

static int secret_row(struct script *s, struct trial *t, const struct json *row, struct err *e)
{
	struct buf value = { .data = NULL };
	const char *index = json_text(json_get(row, "index"), NULL);
	(void)s;
	int r = bytes_of(row, "value", &value, e);
	if (r == 0)
		r = trial_secret(t, index ? (unsigned)strtoul(index, NULL, 10) : 0, value.data, value.len, e);
	buf_done(&value);
	return r;
}

static int tree_row(struct pdata *tree, const struct json *row, bool file, struct err *e)
{
	struct buf path = { .data = NULL }, bytes = { .data = NULL };
	const char *type = json_text(json_get(row, "type"), NULL);
	int r = bytes_of(row, file ? "name" : "path", &path, e) < 0 || bytes_of(row, file ? "bytes" : "text", &bytes, e) < 0 ? -1 : 0;
	if (r == 0)
		r = file ? pdata_add_bytes(tree, buf_text(&path), NULL, bytes.data, bytes.len, e) : pdata_add_value(tree, buf_text(&path), type, buf_text(&bytes), e);
	buf_done(&path);
	buf_done(&bytes);
	return r;
}

static int data_row(struct script *s, struct trial *t, const struct json *row, struct err *e)
{
	struct buf name = { .data = NULL };
	struct pdata *tree = NULL;
	int r = 0;
	if (json_get(row, "mock")) {
		r = bytes_of(row, "mock", &name, e) < 0 ? -1 : trial_mock(t, s->t->bench.project, buf_text(&name), e);
		buf_done(&name);
		return r;
	}
	if (pdata_new(&tree, e) < 0)
		return -1;
	for (size_t i = 0; r == 0 && i < json_count(json_get(row, "files")); i++)
		r = tree_row(tree, json_at(json_get(row, "files"), i), true, e);
	for (size_t i = 0; r == 0 && i < json_count(json_get(row, "values")); i++)
		r = tree_row(tree, json_at(json_get(row, "values"), i), false, e);
	if (r < 0) {
		pdata_free(tree);
		return -1;
	}
	return trial_data(t, "data", tree, e);
}

static int trial_fill(struct script *s, struct trial *t, const struct json *spec, struct err *e)
{
	static const struct { const char *name; spec_row *take; } lists[] = {
		{ "args", arg_row }, { "data", data_row }, { "files", file_row }, { "secrets", secret_row }
	};
	struct buf text = { .data = NULL };
	int r = 0;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		const struct json *list = json_get(spec, lists[i].name);
		for (size_t k = 0; r == 0 && k < json_count(list); k++)
			r = lists[i].take(s, t, json_at(list, k), e);
	}
	if (r == 0 && json_get(spec, "app_secret")) {
		r = bytes_of(spec, "app_secret", &text, e) < 0 ? -1 : trial_secret(t, 0, text.data, text.len, e);
		buf_done(&text);
	}
	if (r == 0 && json_get(spec, "seed")) {
		r = bytes_of(spec, "seed", &text, e) < 0 ? -1 : trial_seed(t, buf_text(&text), e);
		buf_done(&text);
	}
	if (r == 0 && json_get(spec, "purpose")) {
		r = bytes_of(spec, "purpose", &text, e) < 0 ? -1 : trial_purpose(t, buf_text(&text), e);
		buf_done(&text);
	}
	return r;
}

/* ---- what became of a run, for test.lua and for its author ---- */

static int bytes_write(struct json_writer *w, const char *key, const void *bytes, size_t n, struct err *e)
{
	char *text = malloc(BASE64_LEN(n) + 1);
	if (!text)
		return err_set(e, ERR_LIMIT, "out of memory");
	base64_encode(text, bytes, n);
	json_write_key(w, key);
	json_write_text(w, text);
	free(text);
	return 0;
}

static int bundle_tell(struct json_writer *w, const struct bundle *b, struct err *e)
{
	struct json *tree = NULL;
	int r = bytes_write(w, "log", b->log, b->log_len, e);
	if (r == 0 && json_parse(&tree, (const char *)b->json, b->json_len, e) == 0 && json_kind(json_get(tree, "callback")) == JSON_STRING) {
		json_write_key(w, "callback");	/* base64 already */
		json_write_text(w, json_text(json_get(tree, "callback"), NULL));
	}
	json_free(tree);
	json_write_key(w, "files");
	json_write_array(w);
	for (size_t i = 0; r == 0 && i < b->n_files; i++) {
		json_write_object(w);
		if (bytes_write(w, "path", b->files[i].path, strlen(b->files[i].path), e) < 0 || bytes_write(w, "bytes", b->files[i].bytes, b->files[i].len, e) < 0)
			r = -1;
		json_write_object_end(w);
	}
	json_write_array_end(w);
	return r;
}

static int result_write(struct script *s, const struct trial_result *r, const struct err *why, struct err *e)
{
	struct json_writer w;
	const char *trace = r->traceback;
	int ret = 0;
	if (s->runs.len && buf_add_text(&s->runs, ",", e) < 0)
		return -1;
	json_write_init(&w, &s->runs, e);
	json_write_object(&w);
	json_write_key(&w, "status");
	json_write_text(&w, r->status);
	if (trial_limit(r)) {
		json_write_key(&w, "limit");
		json_write_text(&w, trial_limit(r));
	}
	json_write_key(&w, "cpu_ms");
	json_write_uint(&w, r->box.cpu_us / 1000);
	json_write_key(&w, "memory");
	json_write_uint(&w, r->box.done.memory_peak);
	if (strcmp(r->status, "ok") != 0) {
		json_write_key(&w, "error");
		json_write_object(&w);
		if (bytes_write(&w, "message", why->msg, strlen(why->msg), e) < 0 || bytes_write(&w, "traceback", trace, strlen(trace), e) < 0)
			ret = -1;
		json_write_object_end(&w);
	}
	if (ret == 0 && r->bundle)
		ret = bundle_tell(&w, r->bundle, e);
	json_write_object_end(&w);
	if (ret < 0 || json_write_done(&w) < 0)
		return e && e->code == ERR_LIMIT ? err_wrap(e, "the results of all runs of " IAPP_TEST_FILE) : -1;
	return 0;
}

static int unwell_keep(struct script *s, const struct trial_result *r, const struct err *why, struct err *e)
{
	if (buf_addf(&s->unwell, e, "run %zu, %s: %s\n", s->t->runs, r->status, why->msg) < 0)
		return -1;
	if (buf_addf(&s->unwell, e, "%s", r->traceback) < 0)
		return -1;
	return why->hint[0] ? buf_addf(&s->unwell, e, "try: %s\n", why->hint) : 0;
}

static int run(struct script *s, const struct json *spec, struct err *e)
{
	struct trial_result result = { .status = "refused" };
	struct err why = { .code = ERR_NONE };
	struct trial *trial = NULL;
	int r = -1;
	if (++s->t->runs > LIMIT_TEST_RUNS)
		return err_set(e, ERR_LIMIT, IAPP_TEST_FILE " asks for more than %u runs", LIMIT_TEST_RUNS);
	if (trial_new(&trial, e) < 0)
		return -1;
	trial_explains(trial);
	if (trial_fill(s, trial, spec, &result.why) == 0 && trial_run(&s->t->bench, trial, &result, e) < 0)
		goto out;
	(void)trial_explain(&s->t->bench, &result, &why);
	const struct bundle *logged = result.bundle ? result.bundle : result.before;
	if (logged && test_lines(s->t, "  | ", (const char *)logged->log, logged->log_len, e) < 0)
		goto out;
	if (why.code != ERR_NONE && unwell_keep(s, &result, &why, e) < 0)
		goto out;
	r = result_write(s, &result, &why, e);
out:
	trial_result_done(&result);
	trial_free(trial);
	return r;
}

/* ---- the story of the cases ---- */

static int prints_tell(struct script *s, const struct json *prints, struct err *e)
{
	for (; s->prints < json_count(prints); s->prints++) {
		struct buf line = BUF_INIT(LIMIT_TEST_ANSWER_BYTES);
		size_t len = 0;
		const char *text = json_text(json_at(prints, s->prints), &len);
		ptrdiff_t n = text && buf_reserve(&line, len + 1, e) == 0 ? base64_decode(line.data, len + 1, text, len) : -1;
		int r = n < 0 ? -1 : test_lines(s->t, "  > ", (const char *)line.data, (size_t)n, e);
		buf_done(&line);
		if (n < 0)
			return err_set(e, ERR_TASK, IAPP_TEST_FILE " printed what is no text");	/* it has answered by itself, past lua/test_shared.lua */
		if (r < 0)
			return -1;
	}
	return 0;
}

static int failure_tell(const struct testing *t, const struct json *of, const char *unwell, struct err *e)
{
	size_t len = 0;
	const char *message = json_text(json_get(of, "message"), &len);
	if (message && test_lines(t, "# ", message, len, e) < 0)
		return -1;
	const char *trace = json_text(json_get(of, "traceback"), &len);
	if (trace && test_lines(t, "#   ", trace, len, e) < 0)
		return -1;
	return test_lines(t, "# ", unwell, strlen(unwell), e);
}

static int cases_tell(struct script *s, const struct json *cases, struct err *e)
{
	struct testing *t = s->t;
	for (; t->told < json_count(cases); t->told++) {
		const struct json *one = json_at(cases, t->told);
		size_t len = 0;
		const char *name = json_text(json_get(one, "name"), &len);
		bool ok = json_kind(json_get(one, "ok")) == JSON_TRUE;
		name = cli_safe(name, len, 0);
		if (test_say(t, e, "%s %zu - %s\n", ok ? "ok" : "not ok", t->told + 1, name) < 0)
			return -1;
		json_write_object(&t->c->out);
		json_write_key(&t->c->out, "name");
		json_write_text(&t->c->out, name);
		json_write_key(&t->c->out, "ok");
		json_write_bool(&t->c->out, ok);
		json_write_object_end(&t->c->out);
		if (!ok) {
			const char *why = json_text(json_get(one, "message"), &len);
			t->failed++;
			if (t->failing.len < 700 && buf_addf(&t->failing, e, "%s%s (%.300s)", t->failing.len ? "; " : "", name, why ? cli_safe(why, len, 1) : "") < 0)
				return -1;
			if (failure_tell(t, one, buf_text(&s->unwell), e) < 0)
				return -1;
		}
		buf_clear(&s->unwell);
	}
	return 0;
}

/* 1: it is done, 0: it goes on, -1. */
static int step(struct script *s, struct json **answer, struct err *e)
{
	if (ask(s, answer, e) < 0 || prints_tell(s, json_get(*answer, "prints"), e) < 0 || cases_tell(s, json_get(*answer, "cases"), e) < 0)
		return -1;
	const struct json *spec = json_get(*answer, "run"), *done = json_get(*answer, "done");
	if (spec)
		return run(s, spec, e);
	if (json_kind(json_get(done, "ok")) == JSON_TRUE)
		return 1;
	size_t len = 0;
	const char *why = json_text(json_get(done, "message"), &len);
	if (failure_tell(s->t, done, buf_text(&s->unwell), e) < 0)
		return -1;
	return err_set(e, ERR_TASK, "%s", why ? cli_safe(why, len, 0) : IAPP_TEST_FILE " gave no answer");
}

static int verdict(struct testing *t, struct err *e)
{
	if (t->failed)
		return err_set(e, ERR_TASK, "%zu of %zu case%s fail%s: %s", t->failed, t->told, t->told == 1 ? "" : "s", t->failed == 1 ? "s" : "", buf_text(&t->failing));
	if (t->told)
		return test_say(t, e, "# %s %s: %zu case%s pass%s, %zu run%s\n", t->bench.app->manifest->name, t->bench.app->manifest->version, t->told, t->told == 1 ? "" : "s",
			t->told == 1 ? "es" : "", t->runs, t->runs == 1 ? "" : "s");
	if (t->filter)
		return err_set(e, ERR_NOT_FOUND, "no case of " IAPP_TEST_FILE " has \"%s\" in its name", t->filter);
	err_set(e, ERR_TASK, IAPP_TEST_FILE " has no case");
	return err_hint(e, "t.case(\"what is expected\", function() … end)");
}

int test_script(struct testing *t, struct err *e)
{
	struct script s = { .t = t, .source = BUF_INIT(LIMIT_IAPP_BYTES), .runs = BUF_INIT(LIMIT_TEST_STATE_BYTES - KIB(64)), .state = BUF_INIT(LIMIT_TEST_STATE_BYTES),
		.answer = BUF_INIT(box_sealed_max(LIMIT_TEST_ANSWER_BYTES)), .unwell = BUF_INIT(MIB(16)) };
	char path[PATH_MAX];
	int r = 0;
	(void)snprintf(path, sizeof path, "%s/" IAPP_TEST_FILE, t->bench.project);	/* it was there a moment ago */
	r = os_plain_read(path, &s.source, e);
	json_write_key(&t->c->out, "cases");
	json_write_array(&t->c->out);
	while (r == 0) {
		struct json *answer = NULL;
		r = step(&s, &answer, e);
		json_free(answer);
	}
	json_write_array_end(&t->c->out);
	json_write_key(&t->c->out, "runs");
	json_write_uint(&t->c->out, t->runs);
	buf_done(&s.source);
	buf_done(&s.runs);
	buf_done(&s.state);
	buf_done(&s.answer);
	buf_done(&s.unwell);
	return r < 0 ? -1 : verdict(t, e);
}
