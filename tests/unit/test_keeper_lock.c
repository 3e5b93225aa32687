/* core/trust/keeper_lock.c: what a keeper that somebody has taken over could still do. Each attack is first tried in a child that is free, where it must work, or it would show nothing; then
 * in one that has locked itself down as the keeper does, where it must fail. And against each of the two layers alone, where only that one can stop it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"
#include "trust/keeper_lock.h"

struct place {
	char home[PATH_MAX], folder[PATH_MAX], secret[PATH_MAX], socket[PATH_MAX];
	int listening;
	pid_t victim;	/* a process of the same user */
};

static char canary[] = "memory of another process";

/* Each returns whether it worked. */

static bool reads_secret(const struct place *x)
{
	int fd = open(x->secret, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool reads_by_the_way_around(const struct place *x)
{
	char path[PATH_MAX + 16];
	(void)snprintf(path, sizeof path, "%s/../secret", x->folder);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool writes_beside(const struct place *x)
{
	char path[PATH_MAX + 16];
	(void)snprintf(path, sizeof path, "%s/left-behind", x->home);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0 && unlink(path) == 0;
}

static bool links_out(const struct place *x)
{
	char from[PATH_MAX + 16], to[PATH_MAX + 16];
	(void)snprintf(from, sizeof from, "%s/own", x->folder);
	(void)snprintf(to, sizeof to, "%s/linked", x->home);
	return link(from, to) == 0 && unlink(to) == 0;
}

static bool makes_socket(int family, int type)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool talks_tcp(const struct place *x)
{
	(void)x;
	return makes_socket(AF_INET, SOCK_STREAM);
}

static bool talks_udp(const struct place *x)
{
	(void)x;
	return makes_socket(AF_INET, SOCK_DGRAM);
}

static bool talks_netlink(const struct place *x)
{
	(void)x;
	return makes_socket(AF_NETLINK, SOCK_RAW);
}

static bool connects(const struct place *x)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(a.sun_path, sizeof a.sun_path, "%.100s", x->socket);
	bool is = fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof a) == 0;
	if (fd >= 0)
		close(fd);
	return is;
}

static bool forks(const struct place *x)
{
	(void)x;
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return pid > 0 && waitpid(pid, NULL, 0) == pid;
}

/* It does not come back from one that works: the program's status is the answer. */
static bool runs_program(const struct place *x)
{
	char *argv[] = { (char *)(uintptr_t)"true", NULL }, *env[] = { NULL };
	(void)x;
	(void)execve("/bin/true", argv, env);
	return false;
}

static bool reads_memory(const struct place *x)
{
	char got[sizeof canary] = "";
	struct iovec here = { got, sizeof got }, there = { canary, sizeof canary };	/* the victim is a fork: the same place */
	return process_vm_readv(x->victim, &here, 1, &there, 1, 0) == sizeof canary && memcmp(got, canary, sizeof got) == 0;
}

static bool traces(const struct place *x)
{
	return ptrace(PTRACE_SEIZE, x->victim, NULL, NULL) == 0 && ptrace(PTRACE_DETACH, x->victim, NULL, NULL) >= -1;
}

static bool unshares(const struct place *x)
{
	(void)x;
	return syscall(SYS_unshare, 0) == 0;
}

static bool dumps_core(const struct place *x)
{
	struct rlimit now;
	(void)x;
	return prctl(PR_GET_DUMPABLE) != 0 || getrlimit(RLIMIT_CORE, &now) < 0 || now.rlim_max != 0;
}

static bool gains_privileges(const struct place *x)
{
	(void)x;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
}

/* What it must still be able to do. */
static bool uses_its_folder(const struct place *x)
{
	char path[PATH_MAX + 16];
	int pair[2];
	(void)snprintf(path, sizeof path, "%s/own", x->folder);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0;
}

static const struct { const char *name; bool (*attack)(const struct place *x); bool by_files; } attacks[] = {
	{ "read a file of the home", reads_secret, true }, { "read it by ..", reads_by_the_way_around, true }, { "write beside its folder", writes_beside, true },
	{ "link out of its folder", links_out, true }, { "a TCP socket", talks_tcp, false }, { "a UDP socket", talks_udp, false },
	{ "a netlink socket", talks_netlink, false }, { "connect to a service", connects, false }, { "fork", forks, false }, { "run a program", runs_program, false },
	{ "read the memory of another process", reads_memory, false }, { "trace another process", traces, false }, { "new namespaces", unshares, false },
	{ "a core file", dumps_core, false }, { "gain privileges", gains_privileges, false },
};

enum { FREE, LOCKED };

/* Whether the attack worked in a child, locked or not. */
static bool tried(const struct place *x, bool (*attack)(const struct place *x), int how)
{
	pid_t pid = fork();
	if (pid == 0) {
		struct err e = { .code = ERR_NONE };
		const struct rlimit cores = { RLIM_INFINITY, RLIM_INFINITY };
		(void)alarm(20);
		if (how == FREE)
			(void)setrlimit(RLIMIT_CORE, &cores);
		if (how == LOCKED && keeper_lock(x->folder, 1, &e) < 0)
			_exit(99);
		_exit(attack(x) ? 0 : 1);
	}
	int status = -1;
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 99)
		fail_msg("the child ended by %d, status %d", WTERMSIG(status), WEXITSTATUS(status));
	return WEXITSTATUS(status) == 0;
}

static bool landlock_there(void)
{
	return syscall(444, NULL, 0, 1u) > 0;
}

/* Where attacks do not even work in the open (no network namespace has netlink, a container traces nobody) they show nothing, and are told of. */
static void nothing_that_it_does_not_need(void **state)
{
	const struct place *x = *state;
	unsigned shown = 0;
	assert_true(tried(x, uses_its_folder, FREE));
	assert_true(tried(x, uses_its_folder, LOCKED));
	for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
		if (attacks[i].by_files && !landlock_there())
			continue;
		if (!tried(x, attacks[i].attack, FREE)) {
			print_message("not possible in the open here: %s\n", attacks[i].name);
			continue;
		}
		if (tried(x, attacks[i].attack, LOCKED))
			fail_msg("it still can: %s", attacks[i].name);
		shown++;
	}
	assert_true(shown >= 9);
}

/* Without Landlock it does not begin, unless that was allowed; and it does not begin in a folder that is not there. */
static void it_does_not_begin_half_locked(void **state)
{
	const struct place *x = *state;
	char nowhere[PATH_MAX + 16];
	(void)snprintf(nowhere, sizeof nowhere, "%s/nowhere", x->home);
	pid_t pid = fork();
	if (pid == 0) {
		struct err e = { .code = ERR_NONE };
		_exit(keeper_lock(landlock_there() ? nowhere : x->folder, 0, &e) < 0 && e.code != ERR_NONE ? 0 : 1);
	}
	int status = -1;
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void file_make(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static int setup(void **state)
{
	struct place *x = calloc(1, sizeof *x);
	char own[PATH_MAX + 16];
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	assert_non_null(x);
	scratch_make(x->home);
	(void)snprintf(x->folder, sizeof x->folder, "%.4000s/keeper", x->home);
	(void)snprintf(x->secret, sizeof x->secret, "%.4000s/secret", x->home);
	(void)snprintf(x->socket, sizeof x->socket, "%.4000s/s", x->home);
	(void)snprintf(own, sizeof own, "%s/own", x->folder);
	assert_int_equal(mkdir(x->folder, 0700), 0);
	file_make(x->secret);
	file_make(own);
	(void)snprintf(a.sun_path, sizeof a.sun_path, "%.100s", x->socket);
	x->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(x->listening >= 0 && bind(x->listening, (const struct sockaddr *)&a, sizeof a) == 0 && listen(x->listening, 50) == 0);
	x->victim = fork();
	if (x->victim == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void)pause();
	}
	*state = x;
	return x->victim > 0 ? 0 : -1;
}

static int teardown(void **state)
{
	struct place *x = *state;
	(void)kill(x->victim, SIGKILL);
	(void)waitpid(x->victim, NULL, 0);
	close(x->listening);
	scratch_remove(x->home);
	free(x);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_that_it_does_not_need, setup, teardown),
		cmocka_unit_test_setup_teardown(it_does_not_begin_half_locked, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
