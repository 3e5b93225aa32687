/* The life of zygotes and tasks: limits, faults, hostile manners, a worker that is killed, and 10,000 tasks that
 * leave nothing behind. LONG=1 soaks for ten minutes on both cores. Ids in brackets are those of the list of
 * hostile input.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "outside.h"

#define TASKS 10000
#define LONG_US 600000000u
#define RSS_BUDGET_KIB 64	/* what a zygote may grow by in 10,000 tasks: a few pages of page tables and stack */
#define ARCH_GET_CPUID 0x1011
#define ARCH_SET_CPUID 0x1012

static void ends(struct box_zygote *z, const struct attack *a, enum box_status status, enum box_limit limit, int signal, const char *what)
{
	struct reply r;
	attack_run(z, a, &r);
	bool right = r.outcome.done.status == status && r.outcome.done.limit == limit && (signal < 0 || r.outcome.signal == signal);
	tap(right, "%s", what);
	if (!right)
		printf("# status %d, limit %d, signal %d, %s, said \"%s\"\n", r.outcome.done.status, r.outcome.done.limit, r.outcome.signal,
			r.outcome.alarm ? r.outcome.alarm : "no alarm", r.text);
}

#define VVAR_PAGES 8	/* more than any kernel has */

static const char *page_number(int i)
{
	static char text[8];
	(void)snprintf(text, sizeof text, "%d", i + 1);
	return text;
}

static bool cpuid_can_fault(void)
{
	bool can = syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0) == 0;
	return can && syscall(SYS_arch_prctl, ARCH_SET_CPUID, 1) == 0;
}

static void faults_and_limits(struct box_zygote *z)
{
	const uint32_t all = LOCK_ALL;
#define A(...) &(struct attack){ .mask = all, __VA_ARGS__ }
	ends(z, A(.name = "vdso"), BOX_ALARM, BOX_LIMIT_NONE, SIGSEGV, "the vDSO is gone [N07]");
	for (int i = 0; i < VVAR_PAGES; i++)
		ends(z, A(.name = "vvar", .argument = page_number(i)), BOX_ALARM, BOX_LIMIT_NONE, SIGSEGV, "no page before the vDSO is left [N07]");
	ends(z, A(.name = "rdtsc"), BOX_ALARM, BOX_LIMIT_NONE, SIGSEGV, "no time stamp counter");
	ends(z, A(.name = "stack"), BOX_ALARM, BOX_LIMIT_NONE, SIGSEGV, "a stack overflow meets the guard [N13]");
	ends(z, A(.name = "out-of-turn"), BOX_ALARM, BOX_LIMIT_NONE, -1, "a frame out of turn is the end");
	ends(z, A(.name = "huge"), BOX_ALARM, BOX_LIMIT_NONE, SIGKILL, "an announced 2 GiB frame is the end");
	ends(z, A(.name = "nothing"), BOX_ALARM, BOX_LIMIT_NONE, 0, "an exit without an end is an alarm");
	ends(z, A(.name = "much", .output = MIB(1)), BOX_LIMIT, BOX_LIMIT_OUTPUT, -1, "endless output is cut off [N05]");
	ends(z, A(.name = "spin", .cpu_ms = 30), BOX_LIMIT, BOX_LIMIT_CPU, SIGVTALRM, "processor time is limited by the timer");
	ends(z, A(.name = "spin", .cpu_ms = 60000, .wall_ms = 30), BOX_LIMIT, BOX_LIMIT_WALL, -1, "wall time is limited by the worker");
	ends(z, &(struct attack){ .mask = all & ~lock_bit("cpu timer"), .name = "spin", .cpu_ms = 10, .wall_ms = 20000 }, BOX_LIMIT,
		BOX_LIMIT_CPU, SIGKILL, "behind the timer stands RLIMIT_CPU, soft equal to hard [N19]");
	if (cpuid_can_fault())
		ends(z, A(.name = "cpuid"), BOX_ALARM, BOX_LIMIT_NONE, SIGSEGV, "cpuid faults [N09]");
	else
		tap_skip("this processor or kernel cannot make cpuid fault", "cpuid faults [N09]");
	struct reply r;
	attack_run(z, A(.name = "write-execute"), &r);
	tap(r.outcome.signal == SIGSYS, "and the next task is as well as the first");
#undef A
}

/* The same without the steps that stop them: the reads above were real. */
static void controls(void)
{
	static const char *const names[] = { "vdso", "rdtsc", "cpuid" };
	unsigned vvar = 0;
	struct box_zygote *z = zygote_with("attacker-bare", 0);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct reply r;
		attack_run(z, &(struct attack){ .mask = lock_bit("keys"), .name = names[i] }, &r);
		tap(strcmp(r.text, "worked") == 0, "%s: works where nothing was given up", names[i]);
	}
	struct reply registered;	/* the bare zygote did what a C library may do */
	attack_run(z, &(struct attack){ .mask = lock_bit("keys") | lock_bit("rseq"), .name = "rdtsc" }, &registered);
	tap(strstr(registered.refused, "could not lock a box down") && registered.text[0] == '\0', "a registered rseq area stops the lock-down [N11]");
	for (int i = 0; i < VVAR_PAGES; i++) {
		struct reply r;
		attack_run(z, &(struct attack){ .mask = lock_bit("keys"), .name = "vvar", .argument = page_number(i) }, &r);
		vvar += strcmp(r.text, "worked") == 0;
	}
	tap(vvar > 0, "vvar: works where nothing was given up");
	box_zygote_stop(z);
}

static bool status_has(const char *status, const char *line)
{
	const char *at = strstr(status, line);
	return at && at[strlen(line)] == '\n';
}

static void zygote_rights(const struct box_zygote *z)
{
	static const char *const lines[] = { "CapInh:\t0000000000000000", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000",
		"CapBnd:\t0000000000000000", "CapAmb:\t0000000000000000", "NoNewPrivs:\t1" };
	char path[64];
	struct buf status = BUF_INIT(65536);
	(void)snprintf(path, sizeof path, "/proc/%d/status", (int)z->pid);
	if (os_file_read(path, &status, NULL) < 0)
		tap(false, "reading %s", path);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		tap(status_has(buf_text(&status), lines[i]), "the zygote has %s", lines[i]);
	tap(geteuid() != 0 || strstr(buf_text(&status), "Uid:\t65534\t65534\t65534\t65534"), "started by root it is nobody");
	buf_done(&status);
}

static bool setting_write(const char *path, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, bytes, n) == (ssize_t)n;
	if (fd >= 0)
		close(fd);
	return written;
}

/* [N25] A core that goes to a pipe ignores RLIMIT_CORE; only a process that is not dumpable is safe from it.
 * The pattern is a setting of the whole machine, so this runs only where PIPED_CORE=1 says that it may be
 * changed for a moment. */
static void piped_core(void)
{
	const char *pattern = "/proc/sys/kernel/core_pattern", *mark = "/tmp/enclua-piped-core";
	char helper[128];
	struct buf old = BUF_INIT(4096);
	if (!getenv("PIPED_CORE") || os_file_read(pattern, &old, NULL) < 0) {
		tap_skip("PIPED_CORE=1 allows it", "a core piped to a helper [N25]");
		return;
	}
	(void)snprintf(helper, sizeof helper, "|/usr/bin/tee %s.%%p", mark);
	static const struct { const char *program; uint32_t layers, mask; bool core; const char *what; } rows[] = {
		{ "attacker-bare", 0, 0, true, "nothing given up: the helper is called" },
		{ "attacker", LAYERS_ALL, LOCK_ALL, false, "a locked box: it is not" },
	};
	for (size_t i = 0; i < 2; i++) {
		struct reply r;
		struct box_zygote *z = zygote_with(rows[i].program, rows[i].layers);
		bool set = setting_write(pattern, helper, strlen(helper));
		attack_run(z, &(struct attack){ .mask = rows[i].mask | lock_bit("keys"), .name = "core" }, &r);
		usleep(300000);
		bool called = system("ls /tmp/enclua-piped-core.* >/dev/null 2>&1") == 0;
		set = setting_write(pattern, old.data, old.len) && set;
		set = system("rm -f /tmp/enclua-piped-core.*") == 0 && set;
		tap(set && called == rows[i].core && r.outcome.signal == SIGILL, "%s [N25]", rows[i].what);
		box_zygote_stop(z);
	}
	buf_done(&old);
}

/* The launcher's session keyring holds a key; a box finds it only where no keyring of its own was made. */
static void session_key(void)
{
	long key = syscall(SYS_add_key, "user", "enclua-life", "x", 1ul, -3l);
	if (key < 0) {
		tap_skip("this kernel keeps no keys", "the launcher's keys are not the box's");
		return;
	}
	tap(syscall(SYS_keyctl, 10l, -3l, "user", "enclua-life", 0l) == key, "the launcher finds a key of its session");
	struct box_zygote *z = zygote_with("attacker-bare", 0);
	struct reply r;
	attack_run(z, &(struct attack){ .mask = lock_bit("keys"), .name = "session-key", .argument = "enclua-life" }, &r);
	tap(strncmp(r.text, "errno", 5) == 0, "the launcher's session keyring is not the box's");
	box_zygote_stop(z);
	(void)syscall(SYS_keyctl, 9l /* unlink */, key, -3l);
}

/* Descendants of a process, by /proc. */
static size_t descendants(pid_t of, pid_t *out, size_t max)
{
	size_t n = 0;
	DIR *d = opendir("/proc");
	for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
		char path[300], line[512];
		int parent;
		pid_t pid = (pid_t)atoi(e->d_name);
		if (pid <= 0)
			continue;
		(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t got = fd < 0 ? 0 : read(fd, line, sizeof line - 1);
		if (fd >= 0)
			close(fd);
		line[got > 0 ? got : 0] = '\0';
		char *close_paren = strrchr(line, ')');
		if (!close_paren || sscanf(close_paren + 2, "%*c %d", &parent) != 1 || parent != of || n == max)
			continue;
		out[n++] = pid;
		n += descendants(pid, out + n, max - n);
	}
	if (d)
		closedir(d);
	return n;
}

static size_t alive(const pid_t *pids, size_t n)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += kill(pids[i], 0) == 0 || errno == EPERM;
	return count;
}

/* A worker with a busy task, an idle one and a spare is killed; within a second nothing of it is left [N21].
 * Orphans come to us: we are the subreaper. */
static void killed_worker(uint32_t layers, const char *what)
{
	int ready[2];
	char c;
	pid_t pids[16];
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (pipe(ready) < 0)
		return;
	pid_t worker = fork();
	if (worker == 0) {
		struct reply busy, idle;
		struct box_zygote *z = zygote_with("attacker", layers);
		uint32_t mask = LOCK_ALL & ~lock_bit("seccomp");
		(void)attack_start(z, &(struct attack){ .mask = LOCK_ALL, .name = "spin", .cpu_ms = 60000, .wall_ms = 60000 }, &busy);
		struct box_job *j = attack_start(z, &(struct attack){ .mask = mask, .name = "wait", .wall_ms = 60000 }, &idle);
		while (idle.text[0] == '\0')
			attack_step(j);
		if (write(ready[1], "", 1) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	tap(read(ready[0], &c, 1) == 1, "%s: the worker runs", what);
	close(ready[0]);
	size_t n = descendants(worker, pids, 16);
	(void)kill(worker, SIGKILL);
	uint64_t begun = os_now_us();
	while (os_now_us() - begun < 1000000 && alive(pids, n) > 0) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		usleep(2000);
	}
	size_t left = alive(pids, n);
	tap(n == 4 && left == 0, "%s: a killed worker leaves nothing after 1 s (%zu processes, %zu left) [N21]", what, n, left);
	for (size_t i = 0; i < n && left; i++)
		(void)kill(pids[i], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* Ignored and blocked signals pass through exec: a worker that was started so must not have boxes without a limit. */
static void deaf_worker(void)
{
	sigset_t all, before;
	sigfillset(&all);
	void (*old)(int) = signal(SIGVTALRM, SIG_IGN);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	struct box_zygote *z = zygote_with("attacker", LAYERS_ALL);
	ends(z, &(struct attack){ .mask = LOCK_ALL, .name = "spin", .cpu_ms = 30 }, BOX_LIMIT, BOX_LIMIT_CPU, SIGVTALRM,
		"a worker that ignores and blocks every signal has boxes that do not");
	box_zygote_stop(z);
	(void)signal(SIGVTALRM, old);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

struct footprint { size_t our_fds, zygote_fds, processes, rss_kib; };

static size_t entries(const char *path)
{
	size_t n = 0;
	DIR *d = opendir(path);
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static struct footprint footprint(const struct box_zygote *z)
{
	char path[64], text[256] = "";
	pid_t pids[64];
	usleep(50000);	/* the zygote closes a report after we have it */
	(void)snprintf(path, sizeof path, "/proc/%d/fd", (int)z->pid);
	struct footprint f = { .our_fds = entries("/proc/self/fd"), .zygote_fds = entries(path), .processes = descendants(getpid(), pids, 64) };
	(void)snprintf(path, sizeof path, "/proc/%d/statm", (int)z->pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, text, sizeof text - 1) > 0)
		(void)sscanf(text, "%*u %zu", &f.rss_kib);
	if (fd >= 0)
		close(fd);
	f.rss_kib *= 4;
	return f;
}

static bool one_task(struct box_zygote *z)
{
	struct reply r;
	attack_run(z, &(struct attack){ .mask = LOCK_ALL, .name = "syscall", .argument = "1 3" }, &r);
	return r.outcome.done.status == BOX_OK;
}

/* Every kind of end, so that whatever any of them leaks adds up. */
static unsigned long soak_run(struct box_zygote *z, unsigned long tasks, uint64_t until_us)
{
	static const struct attack bad[] = {
		{ .mask = LOCK_ALL, .name = "stack" }, { .mask = LOCK_ALL, .name = "huge" }, { .mask = LOCK_ALL, .name = "memfd" },
		{ .mask = LOCK_ALL, .name = "nothing" }, { .mask = LOCK_ALL, .name = "spin", .cpu_ms = 60000, .wall_ms = 1 },
	};
	unsigned long wrong = 0;
	for (unsigned long i = 0; tasks ? i < tasks : os_now_us() < until_us; i++) {
		struct reply r;
		wrong += !one_task(z);
		if (i % 50 == 0)
			attack_run(z, &bad[i / 50 % (sizeof bad / sizeof *bad)], &r);
	}
	return wrong;
}

static void soak(void)
{
	bool is_long = getenv("LONG") != NULL;
	uint64_t until = os_now_us() + LONG_US;
	struct box_zygote *z = zygote_with("attacker", LAYERS_ALL);
	(void)soak_run(z, 100, 0);
	struct footprint before = footprint(z);
	pid_t second = is_long ? fork() : -1;	/* the other core */
	if (second == 0) {
		struct box_zygote *other = zygote_with("attacker", LAYERS_ALL);
		unsigned long wrong = soak_run(other, 0, until);
		box_zygote_stop(other);
		_exit(wrong != 0);
	}
	unsigned long wrong = soak_run(z, is_long ? 0 : TASKS, until);
	int status = 0;
	if (second > 0)
		(void)waitpid(second, &status, 0);
	struct footprint after = footprint(z);
	printf("# before: %zu+%zu fds, %zu processes, %zu KiB; after: %zu+%zu fds, %zu processes, %zu KiB\n", before.our_fds, before.zygote_fds,
		before.processes, before.rss_kib, after.our_fds, after.zygote_fds, after.processes, after.rss_kib);
	tap(wrong == 0 && status == 0, "%s: every good one is well among the bad [N27]", is_long ? "ten minutes on two cores" : "10,000 tasks");
	tap(after.our_fds == before.our_fds && after.zygote_fds == before.zygote_fds, "no descriptor is left");
	tap(after.processes == before.processes, "no process and no zombie is left");
	tap(after.rss_kib <= before.rss_kib + RSS_BUDGET_KIB, "the zygote has not grown");
	box_zygote_stop(z);
}

/* A namespace lives as long as a process, a descriptor or a mount holds it; we made no mount. */
static void zygotes_go(void)
{
	pid_t pids[64];
	size_t fds = entries("/proc/self/fd"), processes = descendants(getpid(), pids, 64);
	for (int i = 0; i < 20; i++) {
		struct box_zygote *z = zygote_with("attacker", LAYERS_ALL);
		(void)one_task(z);
		box_zygote_stop(z);
	}
	tap(entries("/proc/self/fd") == fds && descendants(getpid(), pids, 64) == processes, "20 zygotes later nothing holds a namespace");
}

int main(void)
{
	struct box_zygote *z = zygote_with("attacker", LAYERS_ALL);
	zygote_rights(z);
	faults_and_limits(z);
	box_zygote_stop(z);
	controls();
	piped_core();
	session_key();
	deaf_worker();
	killed_worker(LAYERS_ALL, "with every layer");
	killed_worker(LAYER_BIT(landlock), "without a pid namespace");
	soak();
	zygotes_go();
	return tap_end();
}
