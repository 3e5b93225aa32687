/* Other programs, run in silence: a tool that is missing fails the test and is named. */
#ifndef ENCLUA_TESTS_RUN_QUIET_H
#define ENCLUA_TESTS_RUN_QUIET_H

#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

extern char **environ;

/* In the current folder; its exit status. */
static inline int run_quiet(const char *const *argv)
{
	posix_spawn_file_actions_t quiet;
	pid_t pid;
	int status = -1;
	assert_int_equal(posix_spawn_file_actions_init(&quiet), 0);
	for (int fd = 0; fd < 3; fd++)
		assert_int_equal(posix_spawn_file_actions_addopen(&quiet, fd, "/dev/null", O_RDWR, 0), 0);
	int bad = posix_spawnp(&pid, argv[0], &quiet, NULL, (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawn_file_actions_destroy(&quiet);
	if (bad)
		fail_msg("cannot run %s (%s): this test needs it, see tools/deps", argv[0], strerror(bad));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
		fail_msg("%s did not run: status %d", argv[0], status);
	return WEXITSTATUS(status);
}
#define RUN(...) run_quiet((const char *const[]) { __VA_ARGS__, NULL })

#endif
