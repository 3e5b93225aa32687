/* The zygote's loop. One process is always ahead: the spare, forked and locked down as far as it can be without
 * knowing its task, waits on a socket of its own, so that most of what a task costs has been paid when the task
 * arrives. Each spare serves one task. Descriptors, here and in a spare: 0 is the socket to listen on, 1 a
 * signalfd for ended tasks, 2 Landlock's ruleset; so what comes with a task lands at 3, 4, …, where the task wants
 * it. The zygote holds no key (a spare draws its own) and reads no byte that a task wrote.
 */
#include "enclave/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/boxctl.h"
#include "base/limits.h"
#include "enclave/fetch.h"

#define SIGNAL_FD 1
#define KEPT_FD_FIRST 256	/* reports and the spare's socket: above every descriptor of a task */
#define KEPT_FDS (LIMIT_BOX_RUNNING + 8u)	/* and a few that are open for a moment */
#define SYS_CLOSE_RANGE 436
#define MAP_AT_FREE_ADDRESS 0x100000	/* MAP_FIXED_NOREPLACE */

/* A task runs on a stack of its own at a fixed address: the kernel's differs from run to run, and its size from
 * host to host. */
#define STACK_AT 0x610000000000ul
#define STACK_BYTES MIB(1)
#define STACK_GUARD MIB(1)

struct running { pid_t pid; int report; uint64_t serial; };

struct zygote {
	const struct lock_step *steps;
	struct lock lock;	/* as a spare finds it */
	struct { pid_t pid; int socket; } spare;	/* socket -1: there is none */
	struct running tasks[LIMIT_BOX_RUNNING];
	size_t n_tasks;
	bool policies;	/* one was asked: those that come find their state made */
};

static int stack_map(void)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_AT_FREE_ADDRESS;
	char *p = mmap((void *)(STACK_AT - STACK_GUARD), STACK_GUARD + STACK_BYTES, PROT_NONE, flags, -1, 0);
	if (p == MAP_FAILED || mprotect(p + STACK_GUARD, STACK_BYTES, PROT_READ | PROT_WRITE) < 0)
		return -1;
	if (madvise(p, STACK_GUARD + STACK_BYTES, MADV_DONTDUMP) < 0)
		return -1;
	(void)madvise(p, STACK_GUARD + STACK_BYTES, MADV_NOHUGEPAGE);	/* a kernel without huge pages refuses */
	return 0;
}

/* The first function of a task. Never returns. The socket takes the control socket's place; of the rest only 1
 * and 2 stay for a while. */
struct birth { const struct zygote *z; int socket; };

static int task_begin(void *arg)
{
	const struct birth *b = arg;
	static struct lock lock;
	lock = b->z->lock;
	if (dup2(b->socket, BOXCTL_FD) < 0 || syscall(SYS_CLOSE_RANGE, (unsigned)BOX_CHANNEL_FD, ~0u, 0u) < 0)
		_exit(BOX_EXIT_LOCK);
	if (b->z->policies)
		enclave_own_policy();
	unsigned failed = lock_apply(b->z->steps, &lock);
	if (failed)
		_exit((int)(BOX_EXIT_LOCK + failed));
	task_main(&lock.start);
}

static int spare_make(struct zygote *z)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	struct birth birth = { .z = z, .socket = pair[1] };
	z->spare.socket = fcntl(pair[0], F_DUPFD_CLOEXEC, KEPT_FD_FIRST);
	z->spare.pid = z->spare.socket < 0 ? -1 : clone(task_begin, (void *)(STACK_AT + STACK_BYTES), SIGCHLD, &birth);
	int saved = errno;
	close(pair[0]);
	close(pair[1]);
	if (z->spare.pid < 0 && z->spare.socket >= 0) {
		close(z->spare.socket);
		z->spare.socket = -1;
	}
	errno = saved;
	return z->spare.socket < 0 ? -1 : 0;
}

static void report_send(int fd, const struct boxctl_report *r)
{
	(void)send(fd, r, sizeof *r, MSG_NOSIGNAL | MSG_DONTWAIT);	/* fails only when the launcher no longer wants to know */
	close(fd);
}

/* The spare gets the message as it is, with the channel and the inputs. */
static int spare_send(struct zygote *z, const struct boxctl *m)
{
	union { struct cmsghdr align; char room[CMSG_SPACE(BOXCTL_FDS_MAX * sizeof(int))]; } rights;
	struct iovec v = { .iov_base = (void *)(uintptr_t)m, .iov_len = sizeof *m };
	size_t n = m->u.task.n_inputs + 1;
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = (socklen_t)CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = (socklen_t)CMSG_LEN(n * sizeof(int));
	for (size_t i = 0; i < n; i++) {
		int fd = BOX_CHANNEL_FD + (int)i;
		memcpy(CMSG_DATA(c) + i * sizeof fd, &fd, sizeof fd);
	}
	ssize_t sent = sendmsg(z->spare.socket, &h, MSG_NOSIGNAL);
	int saved = errno;
	close(z->spare.socket);
	z->spare.socket = -1;
	errno = saved;
	return sent == (ssize_t)sizeof *m ? 0 : -1;
}

/* A spare that died while it waited (the kernel may take one when memory is short) is replaced once. */
static void task_start(struct zygote *z, const struct boxctl *m, int report)
{
	struct boxctl_report refused = { .serial = m->u.task.serial, .never_ran = EAGAIN };
	bool given = false;
	for (int attempt = 0; !given && attempt < 2 && z->n_tasks < LIMIT_BOX_RUNNING; attempt++) {
		if (z->spare.socket < 0 && spare_make(z) < 0)
			break;
		given = spare_send(z, m) == 0;
	}
	if (!given) {
		if (z->n_tasks < LIMIT_BOX_RUNNING)
			refused.never_ran = (uint32_t)errno;
		report_send(report, &refused);
		return;
	}
	z->tasks[z->n_tasks++] = (struct running){ .pid = z->spare.pid, .report = report, .serial = m->u.task.serial };
}

static void task_kill(const struct zygote *z, uint64_t serial)
{
	for (size_t i = 0; i < z->n_tasks; i++)
		if (z->tasks[i].serial == serial)
			(void)kill(z->tasks[i].pid, SIGKILL);
}

static uint64_t time_us(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000u + (uint64_t)t->tv_usec;
}

/* As first process of its pid namespace the zygote reaps everything; only its own tasks have a report. */
static void tasks_reap(struct zygote *z)
{
	struct signalfd_siginfo seen;
	int status;
	struct rusage used;
	pid_t pid;
	(void)read(SIGNAL_FD, &seen, sizeof seen);
	while ((pid = (pid_t)syscall(SYS_wait4, -1, &status, WNOHANG, &used)) > 0) {
		size_t i = 0;
		while (i < z->n_tasks && z->tasks[i].pid != pid)
			i++;
		if (i == z->n_tasks)
			continue;
		struct boxctl_report r = { .serial = z->tasks[i].serial, .status = status,
			.cpu_us = time_us(&used.ru_utime) + time_us(&used.ru_stime), .memory_peak_kib = (uint64_t)used.ru_maxrss };
		report_send(z->tasks[i].report, &r);
		z->tasks[i] = z->tasks[--z->n_tasks];
	}
}

static int task_message(struct zygote *z, struct msghdr *h, const struct boxctl *m)
{
	uint32_t n = m->u.task.n_inputs;
	if (n > BOXCTL_FDS_MAX - 2 || !fetch_descriptors_right(h, n + 2))
		return -1;
	int last = BOX_FIRST_INPUT_FD + (int)n, report = fcntl(last, F_DUPFD_CLOEXEC, KEPT_FD_FIRST);
	if (report < 0 || close(last) < 0)
		return -1;
	task_start(z, m, report);
	z->policies = z->policies || m->u.task.policy;
	return (int)syscall(SYS_CLOSE_RANGE, (unsigned)BOX_CHANNEL_FD, (unsigned)last, 0u);
}

/* 1: go on, 0: the launcher is gone, -1: it says what it must not. */
static int message(struct zygote *z)
{
	struct boxctl m;
	union { struct cmsghdr align; char room[CMSG_SPACE(BOXCTL_FDS_MAX * sizeof(int))]; } control;
	struct iovec v = { .iov_base = &m, .iov_len = sizeof m };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	ssize_t n = recvmsg(BOXCTL_FD, &h, 0);
	if (n <= 0)
		return n < 0 && errno == EINTR ? 1 : 0;
	if (n != (ssize_t)sizeof m)
		return -1;
	if (m.kind == BOXCTL_TASK)
		return task_message(z, &h, &m) < 0 ? -1 : 1;
	if (m.kind != BOXCTL_KILL)
		return -1;
	task_kill(z, m.u.kill.serial);
	return 1;
}

/* Opened first, for its number; blocked after the step that sets every signal back. */
static int ended_tasks_open(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC) == SIGNAL_FD ? 0 : -1;
}

static int ended_tasks_block(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	return sigprocmask(SIG_BLOCK, &set, NULL);
}

static void fault_send(const char *step)
{
	struct boxctl m = { .kind = BOXCTL_FAULT, .u.fault.errnum = errno };
	(void)strncpy(m.u.fault.step, step, sizeof m.u.fault.step - 1);
	(void)send(BOXCTL_FD, &m, sizeof m, MSG_NOSIGNAL);
}

static int start(struct zygote *z, const struct lock_step *zygote_steps)
{
	const struct rlimit files = { KEPT_FD_FIRST + KEPT_FDS, KEPT_FD_FIRST + KEPT_FDS };
	unsigned failed = 0;
	const char *step = "descriptors";
	if (ended_tasks_open() < 0 || dup2(BOXCTL_FD, LOCK_RULESET_FD) < 0 || setrlimit(RLIMIT_NOFILE, &files) < 0)
		goto fault;
	failed = lock_apply(zygote_steps, &z->lock);
	step = failed ? zygote_steps[failed - 1].name : "preparing the task stack";
	if (failed || ended_tasks_block() < 0 || stack_map() < 0)
		goto fault;
	step = "preparing Lua";
	if (enclave_prepare() < 0)
		goto fault;
	z->lock.zygote = getpid();
	struct boxctl ready = { .kind = BOXCTL_READY, .u.ready = { BOXCTL_VERSION, z->lock.landlock_abi } };
	ssize_t n;
	do
		n = send(BOXCTL_FD, &ready, sizeof ready, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof ready ? 0 : -1;
fault:
	fault_send(step);
	return -1;
}

/* The spare is made when there is nothing better to do. */
static int events_wait(struct zygote *z, struct pollfd wait[static 2])
{
	int n = poll(wait, 2, z->spare.socket < 0 ? 0 : -1);
	if (n == 0) {
		if (z->policies)
			(void)enclave_prepare_policy();	/* when it cannot, the task says so */
		(void)spare_make(z);	/* when it cannot, the task that needs it hears why */
		n = poll(wait, 2, -1);
	}
	return n;
}

int serve(const struct lock_step *zygote_steps, const struct lock_step *task_steps)
{
	static struct zygote z = { .spare = { .pid = -1, .socket = -1 } };	/* too large for a stack; the process's only object */
	z.steps = task_steps;
	if (start(&z, zygote_steps) < 0)
		return BOX_EXIT_BROKEN;
	struct pollfd wait[] = { { .fd = BOXCTL_FD, .events = POLLIN }, { .fd = SIGNAL_FD, .events = POLLIN } };
	for (;;) {
		if (events_wait(&z, wait) < 0) {
			if (errno == EINTR)
				continue;
			return BOX_EXIT_BROKEN;
		}
		if (wait[1].revents)
			tasks_reap(&z);
		int go = wait[0].revents ? message(&z) : 1;
		if (go <= 0)
			return go < 0 ? BOX_EXIT_BROKEN : 0;
	}
}
