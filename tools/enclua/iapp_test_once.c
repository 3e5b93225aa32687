/* One run by flags, as it would be in production: what it printed, what it wrote, what it used of its limits, or why not. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "iapp_test.h"
#include "result.h"

/* "@FILE" is what is in the file, anything else is itself. */
static int value_read(const char *typed, struct buf *out, struct err *e)
{
	return typed[0] == '@' ? os_file_read(typed + 1, out, e) : buf_add_text(out, typed, e);
}

static int args_take(struct trial *t, const struct args *a, struct err *e)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < args_count(a, "arg"); i++) {
		const char *text = args_at(a, "arg", i), *eq = strchr(text, '=');
		char *name = eq && eq != text ? strndup(text, (size_t)(eq - text)) : NULL;
		r = trial_arg(t, name, name ? eq + 1 : text, e);
		free(name);
	}
	return r;
}

/* A path, or the name of something in mock/. */
static int data_take(struct trial *t, const char *project, const struct args *a, struct err *e)
{
	for (size_t i = 0; i < args_count(a, "data"); i++) {
		const char *which = args_at(a, "data", i);
		if ((os_exists(which) ? trial_data_path(t, which, e) : trial_mock(t, project, which, e)) < 0)
			return -1;
	}
	return 0;
}

static int files_take(struct trial *t, const struct args *a, struct err *e)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < args_count(a, "file"); i++) {
		const char *path = args_at(a, "file", i), *slash = strrchr(path, '/');
		struct buf bytes = BUF_INIT(TRIAL_FILE_BYTES);
		r = os_file_read(path, &bytes, e) < 0 ? -1 : trial_file(t, slash ? slash + 1 : path, bytes.data, bytes.len, e);
		buf_done(&bytes);
	}
	return r;
}

static int secret_take(struct trial *t, unsigned index, const char *typed, struct err *e)
{
	struct buf value = BUF_INIT(KIB(64));
	int r = value_read(typed, &value, e) < 0 ? -1 : trial_secret(t, index, value.data, value.len, e);
	buf_done(&value);
	return r;
}

static int secrets_take(struct trial *t, const struct args *a, struct err *e)
{
	for (size_t i = 0; i < args_count(a, "secret"); i++) {
		const char *text = args_at(a, "secret", i);
		size_t digits = strspn(text, "0123456789");
		if (digits == 0 || digits > 2 || text[digits] != '=' || text[0] == '0') {
			err_set(e, ERR_USAGE, "a secret is written N=VALUE or N=@FILE, with N from 1");
			return err_hint(e, "--secret 1=@token.txt keeps it out of the list of processes");
		}
		if (secret_take(t, (unsigned)strtoul(text, NULL, 10), text + digits + 1, e) < 0)
			return -1;
	}
	return args_has(a, "app-secret") ? secret_take(t, 0, args_get(a, "app-secret"), e) : 0;
}

static int used_tell(struct testing *t, const char *name, const char *unit, uint64_t used, uint64_t limit, struct err *e)
{
	json_write_key(&t->c->out, name);
	json_write_object(&t->c->out);
	json_write_key(&t->c->out, "used");
	json_write_uint(&t->c->out, used);
	json_write_key(&t->c->out, "limit");
	json_write_uint(&t->c->out, limit);
	json_write_object_end(&t->c->out);
	return test_say(t, e, "# %-6s %12" PRIu64 " of %" PRIu64 " %s\n", name, used, limit, unit);
}

static int limits_tell(struct testing *t, const struct trial_result *r, struct err *e)
{
	const struct manifest *m = t->bench.app->manifest;
	json_write_key(&t->c->out, "limits");
	json_write_object(&t->c->out);
	int is = used_tell(t, "memory", "bytes", r->box.done.memory_peak, m->memory, e) < 0 || used_tell(t, "cpu", "ms", r->box.cpu_us / 1000, m->cpu_ms, e) < 0 ||
		used_tell(t, "wall", "ms", r->box.run_us / 1000, m->wall_ms, e) < 0 ||
		used_tell(t, "output", "bytes", r->box.done.result_bytes + r->box.done.log_bytes, m->output, e) < 0 ? -1 : 0;
	json_write_object_end(&t->c->out);
	return is;
}

static int files_tell(struct testing *t, const struct bundle *b, struct err *e)
{
	json_write_key(&t->c->out, "files");
	json_write_array(&t->c->out);
	for (size_t i = 0; b && i < b->n_files; i++) {
		const struct bundle_file *f = &b->files[i];
		json_write_object(&t->c->out);
		json_write_key(&t->c->out, "path");
		json_write_text(&t->c->out, f->path);
		json_write_key(&t->c->out, "size");
		json_write_uint(&t->c->out, f->len);
		json_write_object_end(&t->c->out);
		if (test_say(t, e, "%10zu bytes  %s\n", f->len, cli_safe(f->path, strlen(f->path), 0)) < 0)
			return -1;
	}
	json_write_array_end(&t->c->out);
	return 0;
}

static int log_write(struct testing *t, const struct trial_result *r)
{
	json_write_key(&t->c->out, "log");
	json_write_string(&t->c->out, r->bundle && r->bundle->log ? (const char *)r->bundle->log : "", r->bundle ? r->bundle->log_len : 0);
	json_write_key(&t->c->out, "status");
	json_write_text(&t->c->out, r->status);
	return 0;
}

static int tell(struct testing *t, const struct trial_result *r, const char *dir, struct err *e)
{
	const struct bundle *b = r->bundle;
	const struct bundle *logged = b ? b : r->before;
	if (logged && test_lines(t, "  | ", (const char *)logged->log, logged->log_len, e) < 0)
		return -1;
	if (log_write(t, r) < 0 || (strcmp(r->status, "refused") != 0 && limits_tell(t, r, e) < 0))
		return -1;
	if (r->traceback[0] && test_lines(t, "#   ", r->traceback, strlen(r->traceback), e) < 0)
		return -1;
	if (trial_explain(&t->bench, r, e) < 0)
		return -1;
	if (files_tell(t, b, e) < 0)
		return -1;
	if (!dir)
		return b && b->n_files ? test_say(t, e, "# add -o DIR to write them\n") : 0;
	return bundle_write(b, dir, e) < 0 ? -1 : test_say(t, e, "# written to %s\n", dir);
}

int test_once(struct testing *t, const struct args *a, struct err *e)
{
	struct trial_result result = { .status = "refused" };
	struct trial *trial = NULL;
	const char *dir = args_get(a, "output");
	int r = -1;
	if (dir && result_dir_check(dir, e) < 0)
		return -1;
	if (trial_new(&trial, e) < 0)
		return -1;
	trial_explains(trial);
	if (args_take(trial, a, e) < 0 || data_take(trial, t->bench.project, a, e) < 0 || files_take(trial, a, e) < 0 || secrets_take(trial, a, e) < 0 ||
		(args_has(a, "seed") && trial_seed(trial, args_get(a, "seed"), e) < 0))
		goto out;
	if (trial_run(&t->bench, trial, &result, e) == 0)
		r = tell(t, &result, dir, e);
out:
	trial_result_done(&result);
	trial_free(trial);
	return r;
}
