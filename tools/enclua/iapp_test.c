/* enclua iapp test: what an author runs after each change. Cases of test.lua, or one run by flags, in the enclave and under the limits of production; nothing of it
 * reaches a home, a book or a key.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "iapp_project.h"
#include "iapp_test.h"
#include "layers.h"
#include "verbs.h"

int test_say(const struct testing *t, struct err *e, const char *fmt, ...)
{
	char line[8192];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (t->c->json || n < 0)
		return 0;
	return cli_write_stdout(line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1, e);
}

/* Control characters as escapes, but for tabs, which print puts between its values. */
static int line_add(struct buf *out, const char *text, size_t n, struct err *e)
{
	for (size_t part; n > 0; text += part, n -= part) {
		const char *tab = memchr(text, '\t', n);
		part = tab ? (size_t)(tab - text) : n;
		if (text_escape(out, text, part, e) < 0 || (tab && buf_add_text(out, "\t", e) < 0))
			return -1;
		part += tab ? 1 : 0;
	}
	return buf_add_text(out, "\n", e);
}

int test_lines(const struct testing *t, const char *prefix, const char *text, size_t len, struct err *e)
{
	struct buf out = BUF_INIT(MIB(256));
	int r = 0;
	while (r == 0 && len > 0 && !t->c->json) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;
		if (buf_addf(&out, e, "%s%s%s", t->dim ? "\033[2m" : "", prefix, t->dim ? "\033[0m" : "") < 0 || line_add(&out, text, n, e) < 0)
			r = -1;
		n += end ? 1 : 0;
		text += n;
		len -= n;
	}
	if (r == 0 && out.len)
		r = cli_write_stdout(out.data, out.len, e);
	buf_done(&out);
	return r;
}

/* What one run needs of flags; with any of them it is one run that is meant. */
static const char *const run_flags[] = { "data", "arg", "file", "secret", "app-secret", "seed", "output" };

struct round { struct cli *c; const struct args *a; const struct project *project; struct box_zygote *z; };

static bool one_run(const struct round *r)
{
	char path[PATH_MAX];
	bool once = args_has(r->a, "once");
	for (size_t i = 0; i < sizeof run_flags / sizeof *run_flags; i++)
		once = once || args_has(r->a, run_flags[i]);
	return once || project_path(r->project, IAPP_TEST_FILE, path, sizeof path, NULL) < 0 || !os_exists(path);
}

static int round_do(const struct round *r, struct err *e)
{
	const char *colours = getenv("NO_COLOR");
	struct testing t = { .c = r->c, .filter = args_get(r->a, "filter"), .failing = BUF_INIT(KIB(64)),
		.dim = isatty(STDOUT_FILENO) && !(colours && colours[0]) };
	int result = bench_open(&t.bench, r->project->dir, r->z, e);
	if (result == 0) {
		json_write_key(&r->c->out, "name");
		json_write_text(&r->c->out, t.bench.app->manifest->name);
		json_write_key(&r->c->out, "h1");
		json_write_text(&r->c->out, t.bench.app->h1);
		result = one_run(r) ? test_once(&t, r->a, e) : test_script(&t, e);
	}
	bench_done(&t.bench);
	buf_done(&t.failing);
	return result;
}

/* A round that fails is told and waited after; only when nothing can be told any more is it over. */
static int watched_round(void *ctx)
{
	struct round *r = ctx;
	struct err e = { .code = ERR_NONE };
	struct testing t = { .c = r->c };
	int ok = round_do(r, &e);
	if (ok < 0) {
		(void)fprintf(stderr, "enclua: %s\n", cli_safe(e.msg, strlen(e.msg), 0));
		if (e.hint[0])
			(void)fprintf(stderr, "  try: %s\n", cli_safe(e.hint, strlen(e.hint), 0));
	}
	buf_clear(&r->c->object);
	json_write_init(&r->c->out, &r->c->object, NULL);
	json_write_object(&r->c->out);
	return test_say(&t, NULL, "# waiting for a change; Ctrl-C ends\n");
}

static int run_test(struct cli *c, struct args *a, struct err *e)
{
	struct project project = { .manifest = NULL };
	struct box_options options = { .allow_missing = 0 };
	struct round round = { .c = c, .a = a, .project = &project };
	int r = -1;
	if (args_has(a, "watch") && c->json)
		return err_set(e, ERR_USAGE, "--watch has no end, and so no JSON");
	if (args_has(a, "filter") && args_has(a, "once"))
		return err_set(e, ERR_USAGE, "--filter chooses cases of " IAPP_TEST_FILE ", --once makes one run without it");
	if (project_open(&project, a, e) == 0 && layers_allowed(a, &options.allow_missing, e) == 0 && box_zygote_start(&round.z, &options, e) == 0)
		r = args_has(a, "watch") ? test_watch(project.dir, watched_round, &round, e) : round_do(&round, e);
	box_zygote_stop(round.z);
	project_done(&project);
	return r;
}

static const struct option_row test_options[] = {
	{ "watch", 'w', NULL, false, "again whenever a file of the project is saved, until Ctrl-C" },
	{ "filter", 0, "TEXT", false, "only the cases of test.lua that have this in their names" },
	{ "once", 0, NULL, false, "one run with what the flags give, instead of test.lua; so does each of the flags below" },
	{ "data", 0, "DATA", true, "its protected data: a path, or the name of something in mock/" },
	{ "arg", 0, "NAME=VALUE", true, "an argument, as for run-task" },
	{ "file", 0, "PATH", true, "a public input file" },
	{ "secret", 0, "N=VALUE", true, "a secret of the requester; N=@FILE reads it from a file" },
	{ "app-secret", 0, "VALUE", false, "the secret of the author; @FILE reads it from a file" },
	{ "seed", 0, "TEXT", false, "changes what math.random gives" },
	{ "output", 'o', "DIR", false, "write the result files there" },
	PROJECT_OPTION,
	{ "allow-missing-layer", 0, "NAME", true, "run although this machine lacks this isolation layer (see enclua doctor);\nfor tests in containers" },
	{ NULL, 0, NULL, false, NULL },
};

const struct command iapp_test_commands[] = {
	{ "iapp test", "[--watch] [--filter TEXT] | --once [--data DATA]… [--arg NAME=VALUE]…", "Run an iApp's tests in the real box, under its own limits",
	  "Examples: enclua iapp test\n"
	  "          enclua iapp test --watch\n"
	  "          enclua iapp test --data mock/patients.csv --arg column=age\n\n"
	  "In any folder of the project. test.lua says what to run and what is expected; each run is one of production: the same enclave, the same limits of\n"
	  "iapp.yaml, the same checks of what is given, without a home, a book or a price. What the iApp logs is shown behind |, what test.lua prints behind >.\n"
	  "A run that does not end well says why: the limit and its line in iapp.yaml, the error with the author's lines, what is missing and how to give it.\n"
	  "Exit status 8 when a case fails; of one run, that of run-task.\n\n"
	  "JSON: name, h1, cases (name, ok), runs; of one run: name, h1, log, status, limits (used, limit), files.", test_options, 0, 0, run_test },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
