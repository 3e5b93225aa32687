/* Names of layers, the probes, and what is said where layers are missing: hosts without user namespaces,
 * Landlock or seccomp are made with a filter of our own in a child (N23). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "box/parts.h"

static const char *program(void)
{
	static char path[512];
	const char *build = getenv("BUILD");
	(void)snprintf(path, sizeof path, "%s/box/hello", build ? build : "build");
	return path;
}

static void names(void **state)
{
	enum box_layer l;
	struct err e;
	(void)state;
	for (int i = 0; i < BOX_LAYER_COUNT; i++) {
		assert_int_equal(box_layer_parse(&l, box_layer_name((enum box_layer)i), &e), 0);
		assert_int_equal(l, i);
		assert_true(strlen(box_layer_text(l)) > 0);
	}
	assert_int_equal(box_layer_parse(&l, "seccomp", &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_non_null(strstr(e.hint, "landlock"));
	assert_int_equal(box_layer_parse(&l, "", &e), -1);
}

/* What a start says on a host where `call` (with a first argument that has `flag`) fails. */
struct answer { int r; uint32_t missing; enum err_code code; char msg[600], hint[400]; };

static void start_without(const int *calls, const uint64_t *flags, size_t n, uint32_t allow, struct answer *a)
{
	int result[2];
	assert_int_equal(pipe(result), 0);
	pid_t pid = fork();
	if (pid == 0) {
		scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
		for (size_t i = 0; i < n; i++)
			if (flags[i])
				(void)seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), calls[i], 1, SCMP_A0(SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
			else
				(void)seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), calls[i], 0);
		if (seccomp_load(f) < 0)
			_exit(1);
		struct err e = { .code = ERR_NONE };
		struct box_zygote *z = NULL;
		struct box_options o = { .enclave = program(), .allow_missing = allow };
		struct answer out = { .r = box_zygote_start(&z, &o, &e) };
		out.missing = z ? box_layers_missing(z) : 0;
		out.code = e.code;
		(void)snprintf(out.msg, sizeof out.msg, "%.590s", e.msg);
		(void)snprintf(out.hint, sizeof out.hint, "%.390s", e.hint);
		box_zygote_stop(z);
		_exit(write(result[1], &out, sizeof out) == sizeof out ? 0 : 1);
	}
	close(result[1]);
	assert_int_equal(read(result[0], a, sizeof *a), sizeof *a);
	close(result[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void no_landlock(void **state)
{
	const int call = SCMP_SYS(landlock_create_ruleset);
	const uint64_t any = 0;
	struct answer a;
	(void)state;
	start_without(&call, &any, 1, 0, &a);
	assert_int_equal(a.r, -1);
	assert_int_equal(a.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(a.msg, "landlock"));
	assert_null(strstr(a.msg, "pidns"));
	assert_non_null(strstr(a.hint, "--allow-missing-layer landlock"));
	start_without(&call, &any, 1, LAYER_BIT(landlock), &a);
	assert_int_equal(a.r, 0);
	assert_int_equal(a.missing, LAYER_BIT(landlock));
	start_without(&call, &any, 1, LAYER_BIT(pid_ns), &a);
	assert_int_equal(a.r, -1);
}

static void no_user_namespaces(void **state)
{
	const int call = SCMP_SYS(clone);
	const uint64_t flag = CLONE_NEWUSER;
	struct answer a;
	(void)state;
	start_without(&call, &flag, 1, 0, &a);
	assert_int_equal(a.r, -1);
	assert_int_equal(a.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(a.msg, "userns"));
	assert_non_null(strstr(a.hint, "--allow-missing-layer userns"));
	uint32_t missing = geteuid() == 0 ? LAYER_BIT(user_ns) : LAYERS_ALL & ~LAYER_BIT(landlock);
	start_without(&call, &flag, 1, missing, &a);
	assert_int_equal(a.r, 0);
	assert_int_equal(a.missing, missing);
}

static void no_network_namespace(void **state)
{
	const int call = SCMP_SYS(clone);
	const uint64_t flag = CLONE_NEWNET;
	struct answer a;
	(void)state;
	start_without(&call, &flag, 1, 0, &a);
	assert_int_equal(a.r, -1);
	assert_non_null(strstr(a.msg, "netns (keeps an iApp from reaching any network)"));
	assert_null(strstr(a.msg, "userns"));
}

static void no_seccomp(void **state)
{
	const int call = SCMP_SYS(seccomp);
	const uint64_t any = 0;
	struct answer a;
	(void)state;
	start_without(&call, &any, 1, LAYERS_ALL, &a);
	assert_int_equal(a.r, -1);
	assert_int_equal(a.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(a.msg, "seccomp"));
}

static void probe_leaves_nothing(void **state)
{
	(void)state;
	uint32_t first = box_layers_probe();
	assert_int_equal(box_layers_probe(), first);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_true(box_seccomp_probe());
}

int main(void)
{
	if (box_layers_probe() != LAYERS_ALL) {
		printf("1..0 # SKIP this machine lacks layers itself\n");
		return 0;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names), cmocka_unit_test(no_landlock), cmocka_unit_test(no_user_namespaces),
		cmocka_unit_test(no_network_namespace), cmocka_unit_test(no_seccomp), cmocka_unit_test(probe_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
