/* tools/enclua/iapp_debug.c: what a task waits for at each point of its life, which no test can wait for itself, and that every ending leads to a next command.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../tools/enclua/iapp_debug.c"

/* What debug needs of the program around it. */
static const char *life = "WAITING";
const char *task_status(const struct cli *c, struct book *b, const struct store_task *t)
{
	(void)c, (void)b, (void)t;
	return life;
}
int cli_print(struct cli *c, struct err *e, const char *fmt, ...)
{
	(void)c, (void)e, (void)fmt;
	return 0;
}
const char *cli_safe(const char *text, size_t len, unsigned slot)
{
	(void)len, (void)slot;
	return text;
}
int cli_identity_open(struct cli *c, struct identity **out, struct err *e)
{
	(void)c, (void)out;
	return err_set(e, ERR_INTERNAL, "not here");
}
int project_open(struct project *p, const struct args *a, struct err *e)
{
	(void)p, (void)a;
	return err_set(e, ERR_INTERNAL, "not here");
}
void project_done(struct project *p)
{
	(void)p;
}
int result_open(struct store *s, const struct store_task *t, const struct identity *id, struct bundle **out, struct err *e)
{
	(void)s, (void)t, (void)id, (void)out;
	return err_set(e, ERR_INTERNAL, "not here");
}

/* Deadlines: contributing ends at 100, everything at 200. */
static void waits(const char *status, int64_t now, uint64_t contributors, bool revealing, const char *stage, const char *cause, const char *words, const char *next)
{
	struct debugged d = { .now = now, .market = { .contribution_deadline = 100, .final_deadline = 200, .contributors = contributors, .winners = 2, .reveals = 1 },
		.deal = { .trust = 3, .pool = "pool1x" }, .t = { .id = "task1x", .status = "RUNNING" } };
	char why[256] = "", what[512];
	d.market.status = revealing ? MARKET_REVEALING : MARKET_ACTIVE;
	life = status;
	const struct ending *x = waiting_of(&d, why);
	next_make(&d, x, what);
	assert_string_equal(x->stage, stage);
	assert_string_equal(x->cause, cause);
	if (!strstr(why, words) || !strstr(what, next))
		fail_msg("%s: %s; %s", cause, why, what);
}

static void waiting(void **state)
{
	(void)state;
	waits("WAITING", 10, 0, false, "start", "INITIALIZED", "it waits for a worker of the pool pool1x", "enclua task watch task1x");
	waits("RUNNING", 10, 0, false, "compute", "RUNNING", "a worker is at it", "enclua task watch task1x");
	waits("INTERRUPTED", 10, 0, false, "compute", "RUNNING_FAILED", "it can be claimed after 1970-01-01T00:03:20Z", "enclua task claim task1x");
	waits("WAITING", 100, 1, false, "contribute", "RUNNING", "1 contributed, and that is not enough for the trust of 3", "enclua task watch task1x");
	waits("WAITING", 101, 1, false, "contribute", "CONTRIBUTION_TIMEOUT", "with 1 of them and no agreement", "enclua task claim");
	waits("RUNNING", 101, 2, true, "reveal", "CONSENSUS_REACHED", "for the 2 that agree to reveal their results; 1 have", "enclua task watch task1x");
	waits("WAITING", 200, 2, true, "reveal", "CONSENSUS_REACHED", "reveal", "enclua task watch task1x");
	waits("WAITING", 201, 2, true, "finalize", "FINAL_DEADLINE_REACHED", "nobody finished it", "enclua task claim task1x");
	waits("INTERRUPTED", 201, 0, false, "finalize", "FINAL_DEADLINE_REACHED", "nobody finished it", "enclua task claim task1x");
}

/* Each row can be reached: none stands behind one that takes its reasons. And each has all its words. */
static void endings_reached(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		struct debugged d = { .t = { .id = "task1x", .app = "app1x", .status = "FAILED" } };
		char next[512];
		(void)snprintf(d.t.reason, sizeof d.t.reason, "%s", endings[i].begins);
		const struct ending *x = ending_of(&d.t);
		assert_ptr_equal(x, &endings[i]);
		next_make(&d, x, next);
		assert_true(x->stage[0] && x->cause[0] && x->words[0] && next[0]);
		assert_null(strchr(next, '%'));
		const char *about = x->about == NEXT_DATA ? "DATA" : x->about == NEXT_APP ? "app1x" : "task1x";
		assert_true(!strstr(x->next, "%s") || strstr(next, about));
	}
	struct store_task t = { .status = "COMPLETED", .reason = "" };
	assert_string_equal(ending_of(&t)->cause, "COMPLETED");
	(void)snprintf(t.status, sizeof t.status, "FAILED");
	(void)snprintf(t.reason, sizeof t.reason, "no key: something-new");
	assert_string_equal(ending_of(&t)->cause, "DATASET_KEY_REFUSED");
	(void)snprintf(t.reason, sizeof t.reason, "words of a later version");
	assert_string_equal(ending_of(&t)->stage, "compute");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(waiting), cmocka_unit_test(endings_reached) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
