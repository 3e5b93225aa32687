/* The parts of `enclua iapp test`: test.lua and its cases (iapp_test_script.c), one run by flags (iapp_test_once.c), again at each save (iapp_test_watch.c). */
#ifndef ENCLUA_TOOLS_IAPP_TEST_H
#define ENCLUA_TOOLS_IAPP_TEST_H

#include "cli.h"
#include "iapp_trial.h"

#define IAPP_TEST_FILE "test.lua"

struct testing {
	struct cli *c;
	struct bench bench;
	const char *filter;	/* cases whose names have it, or NULL */
	bool dim;	/* stdout is a terminal with colours */
	size_t told, failed, runs;
	struct buf failing;	/* names, for the one message at the end */
};

int test_script(struct testing *t, struct err *e);	/* 0: all cases pass */
int test_once(struct testing *t, const struct args *a, struct err *e);
int test_watch(const char *project, int (*once)(void *ctx), void *ctx, struct err *e);	/* never 0 */

/* A line as soon as it is known; with --json there is one object at the end, and nothing before. */
int test_say(const struct testing *t, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Text of a script, line by line, each behind a prefix. */
int test_lines(const struct testing *t, const char *prefix, const char *text, size_t len, struct err *e);

#endif
