/* The noise of a task, lua_dp.c and lua/dp.lua in it: the same for replicas, unknown to whoever knows only what was asked, and never past the
 * budget of the manifest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "worker.h"

static const char noisy[] =
	"local dp = require 'dp' return function(task)\n"
	"    local n, m = {}, {}\n"
	"    for i = 1, 20 do n[i] = dp.geometric(0, 1000, 0.05) m[i] = math.random(0) end\n"
	"    n[21] = dp.laplace(0.5, 1, 0.1) n[22] = dp.gaussian(0.5, 1, 0.1, 1e-6)\n"
	"    task.result:write('noise', table.concat(n, ' ')) task.result:write('random', table.concat(m, ' ')) end";

static void run(uint8_t seed, uint8_t salt, char noise[static 2048], char random[static 2048])
{
	struct end e;
	const struct job j = { .main = noisy, .seed = seed, .salt = salt, .epsilon_u6 = 2000000 };
	job_run(NULL, &j, &e);
	if (e.outcome.done.status != BOX_OK)
		fail_msg("%d %s", (int)e.outcome.done.status, e.bundle ? e.bundle->error : e.why);
	(void)snprintf(noise, 2048, "%s", end_text(&e, "noise"));
	(void)snprintf(random, 2048, "%s", end_text(&e, "random"));
	end_free(&e);
}

static void test_replicas_agree(void **state)
{
	(void)state;
	char a[2048], b[2048], random_a[2048], random_b[2048];
	run(1, 2, a, random_a);
	run(1, 2, b, random_b);
	assert_string_equal(a, b);
	assert_string_equal(random_a, random_b);
}

/* The requester knows the seed, which follows from iApp and arguments: math.random can be worked out, the noise cannot. A guess of the salt that
 * is wrong by one byte gives nothing; and another question under the same salt has other noise. */
static void test_requester_learns_nothing(void **state)
{
	(void)state;
	char a[2048], b[2048], random_a[2048], random_b[2048];
	run(1, 2, a, random_a);
	run(1, 3, b, random_b);
	assert_string_equal(random_a, random_b);
	assert_string_not_equal(a, b);
	assert_true(strncmp(a, b, 8) != 0);
	run(4, 2, b, random_b);
	assert_string_not_equal(a, b);
}

static void ends(uint64_t epsilon_u6, const char *main, const char *error)
{
	struct end e;
	const struct job j = { .main = main, .epsilon_u6 = epsilon_u6 };
	job_run(NULL, &j, &e);
	assert_non_null(e.bundle);
	if (error)
		assert_non_null(strstr(e.bundle->error, error));
	else if (e.outcome.done.status != BOX_OK)
		fail_msg("%s", e.bundle->error);
	end_free(&e);
}

static void test_budget(void **state)
{
	(void)state;
	ends(100000, "local dp = require 'dp' return function() dp.count(1, 0.06) dp.count(1, 0.04) assert(dp.left() == 0) end", NULL);
	ends(100000, "local dp = require 'dp' return function() dp.count(1, 0.06) dp.count(1, 0.05) end",
		"epsilon 0.05 is more than what is left, 0.04 of limits.epsilon 0.1 in iapp.yaml");
	ends(100000, "local dp = require 'dp' return function() dp.spend(0.1) dp.spend(0.000001) end", "is more than what is left, 0 of");
	ends(0, "local dp = require 'dp' return function() dp.count(1, 0.1) end", "iapp.yaml has no limits.epsilon");
	ends(0, "return function() assert(require 'dp'.clamp(7, 0, 5) == 5) end", NULL);
}

/* What is under dp counts as well, and cannot be made to forget: to take less than nothing, or to begin again. */
static void test_budget_around(void **state)
{
	(void)state;
	ends(100000, "local s = require 'dp_source' return function() s.spend(-1) end", "must be at least 1");
	ends(100000, "local s = require 'dp_source' return function() s.below(0) end", "must be at least 1");
	ends(100000, "local s = require 'dp_source' return function() assert(s.spend(100000)) s.budget = nil\n"
		"assert(not s.spend(1)) assert(not s.spend(math.maxinteger)) end", NULL);
}

static int prepare(void **state)
{
	(void)state;
	job_prepare();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replicas_agree), cmocka_unit_test(test_requester_learns_nothing), cmocka_unit_test(test_budget),
		cmocka_unit_test(test_budget_around)
	};
	return cmocka_run_group_tests(tests, prepare, NULL);
}
