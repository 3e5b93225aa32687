/* Scripts that mean harm, straight over the launcher: those of hostile.lua beside this file, and the lines of the shared list
 * ($SHARED/vectors/hostile.jsonl, when it is there) that must be the same everywhere, in two boxes of two zygotes, to the byte and to the peak
 * of memory. tests/hostile/iapps.sh runs the rest of that list, and more, through the whole command.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/os.h"
#include "outside.h"
#include "worker.h"

#define SOURCE_MAX MIB(4)
#define SECRET "SECRET-AAAAAAAAAA"

struct script { const char *id, *title, *expect, *body; size_t body_len; };

/* What the script returned is the result; a value that is no text is what an iApp must not return. */
static const char before[] = "secret = 'topsecret'\nreturn function(task)\nlocal value = (function() ";
static const char after[] = "\nend)()\nif value ~= nil then if type(value) == 'table' then error('no text') end task.result:write('value', tostring(value)) end\nend\n";

static const char *enclave(void)
{
	static char path[512];
	const char *build = getenv("BUILD");
	(void)snprintf(path, sizeof path, "%s/enclave", build ? build : "build");
	return path;
}

static struct box_zygote *zygote(void)
{
	struct err e = { .code = ERR_NONE };
	struct box_zygote *z = NULL;
	const struct box_options o = { .enclave = enclave(), .allow_missing = getenv("ENCLUA_ALLOW_MISSING_LAYER") ? UINT32_MAX : 0 };
	if (box_zygote_start(&z, &o, &e) < 0) {
		printf("Bail out! %s\n", e.msg);
		exit(1);
	}
	return z;
}

static void script_run(struct box_zygote *z, const struct script *s, struct end *out)
{
	struct buf main = BUF_INIT(SOURCE_MAX);
	(void)buf_add_text(&main, before, NULL);
	(void)buf_add(&main, s->body, s->body_len, NULL);
	(void)buf_add_text(&main, after, NULL);
	bool waits = strcmp(s->expect, "LIMIT") == 0 || strcmp(s->expect, "LIMIT cpu") == 0;	/* for its processor time: do not wait long */
	struct job j = { .main = buf_text(&main), .main_len = main.len, .memory = MIB(64), .output = MIB(1), .cpu_ms = waits ? 100 : 8000,
		.wall_ms = 60000 };
	job_run(z, &j, out);
	buf_done(&main);
}

static const char *const limit_names[] = { "none", "memory", "cpu", "wall", "output" };

/* OK, OK "text", FAIL, LIMIT, LIMIT memory. */
static bool expected(const struct end *e, const char *want)
{
	size_t n = strlen(want);
	enum box_status status = e->outcome.done.status;
	const struct bundle_file *f = end_file(e, "value");
	if (strcmp(want, "FAIL") == 0)	/* no result: an error, or a limit that is the script's own doing */
		return status == BOX_FAILED || (status == BOX_LIMIT && e->outcome.done.limit != BOX_LIMIT_WALL);
	if (strncmp(want, "LIMIT ", 6) == 0)
		return status == BOX_LIMIT && strcmp(limit_names[e->outcome.done.limit], want + 6) == 0;
	if (strcmp(want, "LIMIT") == 0)
		return status == BOX_LIMIT;
	if (n < 2 || strncmp(want, "OK", 2) != 0 || status != BOX_OK)
		return false;
	if (n == 2)
		return true;
	return f && f->len == n - 5 && memcmp(f->bytes, want + 4, f->len) == 0;
}

static bool same(const struct end *a, const struct end *b)
{
	const struct bundle_file *f = end_file(a, "value"), *g = end_file(b, "value");
	return a->outcome.done.status == b->outcome.done.status && a->outcome.done.limit == b->outcome.done.limit &&
		a->outcome.done.memory_peak == b->outcome.done.memory_peak && !f == !g &&
		(!f || (f->len == g->len && memcmp(f->bytes, g->bytes, f->len) == 0));
}

static void report(bool ok, const struct script *s, const struct end *e)
{
	tap(ok, "%s: %s → %s", s->id, s->title, s->expect);
	if (!ok)
		printf("# status %d, limit %s, signal %d, \"%.60s\", %.200s\n", (int)e->outcome.done.status, limit_names[e->outcome.done.limit],
			e->outcome.signal, end_text(e, "value"), e->bundle ? e->bundle->error : e->why);
}

static void script_try(struct box_zygote *z, struct box_zygote *other, const struct script *s)
{
	struct end e, again;
	script_run(z, s, &e);
	if (strncmp(s->expect, "SAME", 4) == 0) {
		script_run(other, s, &again);
		report(same(&e, &again), s, &e);
		end_free(&again);
	} else {
		report(expected(&e, s->expect), s, &e);
	}
	end_free(&e);
}

static void shared_line(struct box_zygote *z, struct box_zygote *other, const char *line, size_t len)
{
	struct json *j = NULL;
	if (json_parse(&j, line, len, NULL) < 0) {
		tap(false, "the shared list is JSON");
		return;
	}
	struct script s = { json_text(json_get(j, "id"), NULL), json_text(json_get(j, "title"), NULL), json_text(json_get(j, "expect"), NULL),
		NULL, 0 };
	const struct json *script = json_get(j, "script");
	if (strncmp(s.expect, "SAME", 4) == 0 && json_kind(script) == JSON_STRING) {
		s.body = json_text(script, &s.body_len);
		script_try(z, other, &s);
	}
	json_free(j);
}

static void shared_list(struct box_zygote *z, struct box_zygote *other)
{
	const char *shared = getenv("SHARED");
	char path[512];
	struct buf text = BUF_INIT(MIB(1));
	(void)snprintf(path, sizeof path, "%s/vectors/hostile.jsonl", shared ? shared : "../shared");
	if (os_file_read(path, &text, NULL) < 0) {
		tap_skip("it is not there", "the shared list of hostile scripts");
		return;
	}
	for (const char *p = buf_text(&text), *end; (end = strchr(p, '\n')); p = end + 1)
		shared_line(z, other, p, (size_t)(end - p));
	buf_done(&text);
}

/* "-- case: title", "-- expect: …", then the body up to the next case. */
static void own_list(struct box_zygote *z, struct box_zygote *other)
{
	static char title[200], expect[200], id[16];
	struct buf text = BUF_INIT(MIB(1));
	if (os_file_read("tests/box/hostile.lua", &text, NULL) < 0) {
		tap(false, "tests/box/hostile.lua");
		return;
	}
	int n = 0;
	for (const char *p = strstr(buf_text(&text), "-- case: "), *next; p; p = next) {
		int used = 0;
		next = strstr(p + 1, "-- case: ");
		if (sscanf(p, "-- case: %199[^\n]\n-- expect: %199[^\n]\n%n", title, expect, &used) != 2 || used == 0) {
			tap(false, "a case has a title and an expectation: %.40s", p);
			continue;
		}
		(void)snprintf(id, sizeof id, "O%02d", ++n);
		const char *body = p + used;
		script_try(z, other, &(struct script){ id, title, expect, body, next ? (size_t)(next - body) : strlen(body) });
	}
	buf_done(&text);
}

static int descriptors(void)
{
	int n = 0;
	DIR *d = opendir("/proc/self/fd");
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void special(struct box_zygote *z)
{
	struct end e, f;
	struct job j = { .main = "return function() error('SECRET-' .. ('A'):rep(10)) end", .no_logs = true };
	job_run(z, &j, &e);
	tap(e.outcome.done.status == BOX_FAILED && e.bundle && !memmem(e.bundle->plain.data, e.bundle->plain.len, SECRET, strlen(SECRET)),
		"an error's words stay inside where the owners allow no logs");
	end_free(&e);
	j = (struct job){ .main = "return function(task) task.result:write('v', ('x'):rep(100)) end" };
	job_run(z, &j, &e);
	j.main = "return function(task) task.result:write('v', ('x'):rep(110)) end";
	job_run(z, &j, &f);
	tap(e.sealed_len == f.sealed_len && e.sealed_len > 0, "results of 100 and 110 bytes are as long when they are sealed");
	end_free(&e);
	end_free(&f);
}

int main(void)
{
	struct box_zygote *z = zygote(), *other = zygote();
	struct end e;
	int before_fds = descriptors();
	shared_list(z, other);
	own_list(z, other);
	special(z);
	job_run(z, &(struct job){ .main = "return function(task) task.result:write('value', 'fine') end" }, &e);
	tap(strcmp(end_text(&e, "value"), "fine") == 0, "after all of them the next task is fine");
	end_free(&e);
	tap(descriptors() == before_fds, "no descriptor is left open");
	box_zygote_stop(z);
	box_zygote_stop(other);
	return tap_end();
}
