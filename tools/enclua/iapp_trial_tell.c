/* Why a run did not end well, in words for the author: what was reached or missing, where, and what to change. */
#include "iapp_trial.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/os.h"

static const char *const limit_names[] = {
	[BOX_LIMIT_NONE] = NULL, [BOX_LIMIT_MEMORY] = "memory", [BOX_LIMIT_CPU] = "cpu", [BOX_LIMIT_WALL] = "wall", [BOX_LIMIT_OUTPUT] = "output"
};

const char *trial_limit(const struct trial_result *r)
{
	return strcmp(r->status, "limit") == 0 ? limit_names[r->box.done.limit] : NULL;
}

/* "64 MiB", "1500 bytes", "1.5 s". */
static void amount(char out[static 48], enum box_limit limit, uint64_t v)
{
	if (limit == BOX_LIMIT_CPU || limit == BOX_LIMIT_WALL)
		(void)snprintf(out, 48, v % 1000 ? "%" PRIu64 ".%03" PRIu64 " s" : "%" PRIu64 " s", v / 1000, v % 1000);
	else if (v >= MIB(1) && v % MIB(1) == 0)
		(void)snprintf(out, 48, "%" PRIu64 " MiB", (uint64_t)(v / MIB(1)));
	else if (v >= KIB(1) && v % KIB(1) == 0)
		(void)snprintf(out, 48, "%" PRIu64 " KiB", (uint64_t)(v / KIB(1)));
	else
		(void)snprintf(out, 48, "%" PRIu64 " bytes", v);
}

/* The line of iapp.yaml that names the limit, or 0: it is the default. */
static unsigned manifest_line(const struct bench *b, const char *limit)
{
	struct buf text = BUF_INIT(LIMIT_YAML_BYTES);
	char path[PATH_MAX];
	unsigned line = 1, found = 0;
	bool below = false;
	if (snprintf(path, sizeof path, "%s/" MANIFEST_FILE, b->project) >= (int)sizeof path || os_plain_read(path, &text, NULL) < 0)
		return 0;
	for (const char *p = buf_text(&text); *p && !found; line++) {
		size_t n = strcspn(p, "\n");
		const char *comment = memchr(p, '#', n), *at = p;
		size_t len = comment ? (size_t)(comment - p) : n;
		if (len && *p != ' ')
			below = len > 6 && !strncmp(p, "limits", 6);
		for (; below && at + strlen(limit) < p + len && !found; at++)
			if (!strncmp(at, limit, strlen(limit)) && at[strlen(limit)] == ':')
				found = line;
		p += n + (p[n] == '\n');
	}
	buf_done(&text);
	return found;
}

static int limit_explain(const struct bench *b, const struct trial_result *r, struct err *e)
{
	const struct manifest *m = b->app->manifest;
	const struct box_done *d = &r->box.done;
	const uint64_t allowed[] = { [BOX_LIMIT_MEMORY] = m->memory, [BOX_LIMIT_CPU] = m->cpu_ms, [BOX_LIMIT_WALL] = m->wall_ms, [BOX_LIMIT_OUTPUT] = m->output };
	static const char *const words[] = {
		[BOX_LIMIT_MEMORY] = "live memory", [BOX_LIMIT_CPU] = "processor time", [BOX_LIMIT_WALL] = "wall clock", [BOX_LIMIT_OUTPUT] = "output"
	};
	const char *name = limit_names[d->limit];
	char most[48], used[64] = "", place[64] = "", at[200] = "";
	unsigned line = manifest_line(b, name);
	amount(most, d->limit, allowed[d->limit]);
	if (d->limit == BOX_LIMIT_MEMORY && d->memory_peak)
		(void)snprintf(used, sizeof used, "; it had %" PRIu64 " bytes when it asked for more", d->memory_peak);
	else if (d->limit == BOX_LIMIT_CPU)
		(void)snprintf(used, sizeof used, "; it used %" PRIu64 " ms", r->box.cpu_us / 1000);
	else if (d->limit == BOX_LIMIT_WALL)
		(void)snprintf(used, sizeof used, "; it used %" PRIu64 " ms of processor time in it", r->box.cpu_us / 1000);
	else if (d->limit == BOX_LIMIT_OUTPUT && d->log_bytes)
		(void)snprintf(used, sizeof used, "; its log alone had %" PRIu64 " bytes, and counts", d->log_bytes);
	(void)snprintf(place, sizeof place, line ? " (" MANIFEST_FILE ":%u)" : " (the default)", line);
	if (r->traceback[0])
		(void)snprintf(at, sizeof at, r->sampled ? " and was at %.*s on the way there" : " at %.*s", (int)strcspn(r->traceback, "\n"), r->traceback);
	err_set(e, ERR_LIMIT, "%s passed limits.%s%s%s: it may have %s of %s%s", m->name, name, place, at, most, words[d->limit], used);
	return err_hint(e, "raise limits.%s in " MANIFEST_FILE ", or give it less to do; in production it ends the same way", name);
}

static int alarm_explain(const struct bench *b, const struct trial_result *r, struct err *e)
{
	const char *name = b->app->manifest->name;
	if (r->box.signal == SIGSYS)
		err_set(e, ERR_TASK, "%s asked the kernel for something that no iApp may ask for (SIGSYS: its filter of system calls ended it)", name);
	else if (r->box.done.status == BOX_BAD_INPUT)
		err_set(e, ERR_INVALID, "the data of this test does not open in the box");
	else if (r->box.signal)
		err_set(e, ERR_TASK, "the box of %s was ended by signal %d%s%s", name, r->box.signal, r->box.alarm ? ": " : "", r->box.alarm ? r->box.alarm : "");
	else
		err_set(e, ERR_TASK, "the box of %s ended without saying how: %s", name, r->box.alarm ? r->box.alarm : "no reason is known");
	return err_hint(e, "Lua cannot do that by itself; keep the input that did it and report it; enclua doctor shows what isolates boxes here");
}

int trial_explain(const struct bench *b, const struct trial_result *r, struct err *e)
{
	if (!strcmp(r->status, "ok"))
		return 0;
	if (!strcmp(r->status, "refused")) {
		if (e)
			*e = r->why;
		return -1;
	}
	if (!strcmp(r->status, "limit"))
		return limit_explain(b, r, e);
	if (strcmp(r->status, "failed") != 0)
		return alarm_explain(b, r, e);
	err_set(e, ERR_TASK, "%s", r->bundle && r->bundle->error[0] ? r->bundle->error : "the iApp failed without a word");
	return e && strstr(e->msg, "limits.memory") ? err_hint(e, "raise limits.memory in " MANIFEST_FILE ", or read and write in pieces") : -1;
}
