/* tools/enclua/iapp_trial_tell.c: what an author is told of endings that no Lua can bring about, and the line of iapp.yaml that holds a limit, however it is written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

#include "../../tools/enclua/iapp_trial_tell.c"
#include "unit/scratch.h"

static struct manifest manifest = { .name = "sum", .memory = MIB(8), .output = 1500, .cpu_ms = 1500, .wall_ms = 2000 };
static struct iapp app = { .manifest = &manifest };

static void told(const struct trial_result *r, enum err_code code, const char *words, const char *hint)
{
	const struct bench b = { .project = "/nowhere", .app = &app };
	struct err e = { .code = ERR_NONE };
	assert_int_equal(trial_explain(&b, r, &e), -1);
	assert_int_equal(e.code, code);
	if (!strstr(e.msg, words) || !strstr(e.hint, hint))
		fail_msg("%s; %s", e.msg, e.hint);
}

static void endings_told(void **state)
{
	(void)state;
	struct trial_result r = { .status = "alarm", .box = { .done = { .status = BOX_ALARM }, .signal = SIGSYS, .alarm = "a forbidden system call (SIGSYS)" } };
	told(&r, ERR_TASK, "sum asked the kernel for something that no iApp may ask for (SIGSYS", "enclua doctor");
	r.box.signal = SIGSEGV;
	r.box.alarm = "a memory or instruction fault";
	told(&r, ERR_TASK, "the box of sum was ended by signal 11: a memory or instruction fault", "enclua doctor");
	r.box.signal = 0;
	r.box.alarm = "a frame out of turn";
	told(&r, ERR_TASK, "the box of sum ended without saying how: a frame out of turn", "enclua doctor");
	r.box.alarm = NULL;
	told(&r, ERR_TASK, "no reason is known", "enclua doctor");
	r.box.done.status = BOX_BAD_INPUT;
	told(&r, ERR_INVALID, "does not open in the box", "enclua doctor");
	r = (struct trial_result){ .status = "failed", .box = { .done = { .status = BOX_FAILED } } };
	told(&r, ERR_TASK, "the iApp failed without a word", "");
	r = (struct trial_result){ .status = "limit", .box = { .cpu_us = 1501000, .done = { .status = BOX_LIMIT, .limit = BOX_LIMIT_CPU } } };
	told(&r, ERR_LIMIT, "sum passed limits.cpu (the default): it may have 1.500 s of processor time; it used 1501 ms", "raise limits.cpu");
	r.box.done.limit = BOX_LIMIT_OUTPUT;
	r.box.done.log_bytes = 9;
	told(&r, ERR_LIMIT, "it may have 1500 bytes of output; its log alone had 9 bytes", "raise limits.output");
	r = (struct trial_result){ .status = "refused" };
	err_set(&r.why, ERR_USAGE, "sum needs the argument x");
	err_hint(&r.why, "add --arg x=…");
	told(&r, ERR_USAGE, "sum needs the argument x", "--arg x");
	r.status = "ok";
	const struct bench b = { .project = "/nowhere", .app = &app };
	assert_int_equal(trial_explain(&b, &r, NULL), 0);
}

static void lines_found(void **state)
{
	(void)state;
	static const struct { const char *text; unsigned memory, wall; } rows[] = {
		{ "api: 1\nlimits: {memory: 1MiB, wall: 5s}\n", 2, 2 },
		{ "limits:\n  memory: 1MiB\n\n  wall: 5s\n", 2, 4 },
		{ "# limits: {memory: 1}\nlimits: # memory: 7\n  wall: 5s\noutputs:\n  memory: 3\n", 0, 3 },
		{ "summary: memory: much\n", 0, 0 },
		{ "", 0, 0 },
	};
	char dir[PATH_MAX];
	scratch_make(dir);
	const struct bench b = { .project = dir, .app = &app };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		scratch_file(dir, "iapp.yaml", rows[i].text, strlen(rows[i].text));
		assert_int_equal(manifest_line(&b, "memory"), rows[i].memory);
		assert_int_equal(manifest_line(&b, "wall"), rows[i].wall);
	}
	scratch_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(endings_told), cmocka_unit_test(lines_found) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
