/* The tracer. A seccomp filter stops the tree at the calls of the families and nowhere else, so that a command under it is about as fast as without; this reaches static programs,
 * children, and processes that have locked themselves down. Calls of the program loader are not counted: what it says is not ours. A fault in memory is not made here but in the
 * program (shim.c); the command runs untraced then, so that a leak checker may look.
 */
#include "inject.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shim.h"

#define PROCESSES_MAX 64u
#define GRACE_MS 5000u	/* for what outlives the command: a keeper ends when nobody asks it any more */
#define OPTIONS (PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC)

struct process {
	pid_t pid;
	bool counted;	/* past the loader */
	int patch;	/* the call that it is in shall be said to have failed so */
	uintptr_t entry;
	long covered;	/* by the breakpoint at entry */
};

struct tracer {
	const struct fault *f;
	struct outcome *o;
	struct process p[PROCESSES_MAX];
	size_t n;
	uint64_t seen;	/* of the calls that the fault is about */
};

static uint64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

/* The child */

static bool filter_set(void)
{
	struct sock_filter code[2 + CALLS_MAX * CALL_NUMBERS * 2];
	unsigned short n = 0;
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < call_families_n; i++)
		for (size_t j = 0; j < CALL_NUMBERS && call_families[i].numbers[j] >= 0; j++) {
			code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call_families[i].numbers[j], 0, 1);
			code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | (unsigned)i);
		}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_fprog program = { n, code };
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static _Noreturn void child_main(const struct setting *s, bool traced, const char *const argv[], int out, int err)
{
	const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 || chdir(s->dir) < 0)
		_exit(126);
	if (traced && (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0 || raise(SIGSTOP) != 0 || !filter_set()))
		_exit(126);
	if (s->before)
		s->before(s->with);
	(void)execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* The processes that are traced */

static struct process *process_of(struct tracer *t, pid_t pid)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->p[i].pid == pid)
			return &t->p[i];
	if (t->n == PROCESSES_MAX)
		abort();
	t->p[t->n] = (struct process){ .pid = pid, .counted = true };
	return &t->p[t->n++];
}

static void process_gone(struct tracer *t, pid_t pid)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->p[i].pid == pid)
			t->p[i--] = t->p[--t->n];
}

/* A dynamic program counts from its entry point on: a breakpoint stands there until it is reached. */
static void exec_done(struct process *p)
{
	char path[64];
	Elf64_auxv_t a;
	uintptr_t entry = 0, loader = 0;
	(void)snprintf(path, sizeof path, "/proc/%d/auxv", (int)p->pid);
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && read(fd, &a, sizeof a) == (ssize_t)sizeof a && a.a_type != AT_NULL) {
		if (a.a_type == AT_ENTRY)
			entry = a.a_un.a_val;
		if (a.a_type == AT_BASE)
			loader = a.a_un.a_val;
	}
	if (fd >= 0)
		close(fd);
	p->counted = loader == 0;
	if (p->counted || !entry)
		return;
	p->entry = entry;
	p->covered = ptrace(PTRACE_PEEKTEXT, p->pid, (void *)entry, 0);
	(void)ptrace(PTRACE_POKETEXT, p->pid, (void *)entry, (void *)((p->covered & ~0xffL) | 0xcc));
}

static bool entry_reached(struct process *p)
{
	struct user_regs_struct r;
	if (!p->entry || ptrace(PTRACE_GETREGS, p->pid, 0, &r) < 0 || r.rip != p->entry + 1)
		return false;
	(void)ptrace(PTRACE_POKETEXT, p->pid, (void *)p->entry, (void *)p->covered);
	r.rip = p->entry;
	(void)ptrace(PTRACE_SETREGS, p->pid, 0, &r);
	p->entry = 0;
	p->counted = true;
	return true;
}

/* Faults */

/* Letting go of a lock fails on no machine. */
static bool is_lock(pid_t pid, const struct user_regs_struct *r)
{
	const int command = (int)r->rsi;
	const long kind = ptrace(PTRACE_PEEKDATA, pid, (void *)r->rdx, 0) & 0xffff;
	if (kind == F_UNLCK)
		return false;
	return command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW;
}

/* Where a call says how much. */
static unsigned long long *length_of(struct user_regs_struct *r)
{
	return r->orig_rax == SYS_getrandom ? &r->rsi : &r->rdx;
}

static bool may_be_cut(struct user_regs_struct *r)
{
	return r->orig_rax != SYS_readv && r->orig_rax != SYS_writev && r->orig_rax != SYS_preadv && r->orig_rax != SYS_pwritev && *length_of(r) > (r->orig_rax == SYS_getrandom ? 256 : 1);
}

/* What does not wait is not interrupted. */
static bool never_waits(const struct user_regs_struct *r)
{
	switch (r->orig_rax) {
	case SYS_wait4:
		return r->rdx & WNOHANG;
	case SYS_flock:
		return r->rsi & LOCK_NB;
	case SYS_sendto:
	case SYS_recvfrom:
		return r->r10 & MSG_DONTWAIT;
	case SYS_sendmsg:
	case SYS_recvmsg:
		return r->rdx & MSG_DONTWAIT;
	default:
		return false;
	}
}

static bool about(const struct tracer *t, size_t family, struct user_regs_struct *r)
{
	const struct call_family *c = &call_families[family];
	switch (t->f->kind) {
	case FAULT_ERROR:
	case FAULT_FROM:
		return family == t->f->family;
	case FAULT_EINTR:
		return family == t->f->family && !never_waits(r);
	case FAULT_SHORT:
		return family == t->f->family && may_be_cut(r);
	case FAULT_SIGNAL:
		return c->traits & CALL_CHANGES;
	default:
		return false;
	}
}

static void struck(struct tracer *t, const struct process *p, size_t family, const struct user_regs_struct *r)
{
	char path[64];
	if (t->o->fired)
		return;
	t->o->fired = true;
	(void)snprintf(path, sizeof path, "/proc/%d/comm", (int)p->pid);
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	const ssize_t n = fd < 0 ? 0 : read(fd, t->o->program, sizeof t->o->program - 1);
	t->o->program[n > 1 ? n - 1 : 0] = '\0';
	if (fd >= 0)
		close(fd);
	(void)snprintf(t->o->call, sizeof t->o->call, "%s (%llu: %llx, %llx, %llx)", call_families[family].name, r->orig_rax, r->rdi, r->rsi, r->rdx);
}

/* Returns how the process goes on. */
static enum __ptrace_request call_stopped(struct tracer *t, struct process *p, size_t family)
{
	struct user_regs_struct r;
	if (!p->counted || family >= call_families_n || ptrace(PTRACE_GETREGS, p->pid, 0, &r) < 0)
		return PTRACE_CONT;
	if (r.orig_rax == SYS_fcntl && !is_lock(p->pid, &r))
		return PTRACE_CONT;
	t->o->counts[family]++;
	t->o->changes += (call_families[family].traits & CALL_CHANGES) != 0;
	if (!about(t, family, &r))
		return PTRACE_CONT;
	t->seen++;
	if (t->f->kind == FAULT_FROM ? t->seen < t->f->n : t->seen != t->f->n)
		return PTRACE_CONT;
	struck(t, p, family, &r);
	if (t->f->kind == FAULT_SIGNAL) {
		(void)kill(p->pid, t->f->number);
		return PTRACE_CONT;
	}
	if (t->f->kind == FAULT_SHORT) {
		*length_of(&r) /= 2;
		(void)ptrace(PTRACE_SETREGS, p->pid, 0, &r);
		return PTRACE_CONT;
	}
	const int number = t->f->kind == FAULT_EINTR ? EINTR : t->f->number;
	if (call_families[family].traits & CALL_AFTER) {
		p->patch = number;
		return PTRACE_SYSCALL;
	}
	r.orig_rax = (unsigned long long)-1;
	r.rax = (unsigned long long)-number;
	(void)ptrace(PTRACE_SETREGS, p->pid, 0, &r);
	return PTRACE_CONT;
}

static void call_patched(struct process *p)
{
	struct user_regs_struct r;
	if (ptrace(PTRACE_GETREGS, p->pid, 0, &r) < 0)
		return;
	r.rax = (unsigned long long)-p->patch;
	p->patch = 0;
	(void)ptrace(PTRACE_SETREGS, p->pid, 0, &r);
}

static void stopped(struct tracer *t, pid_t pid, int status, bool known)
{
	struct process *p = process_of(t, pid);
	const int signal = WSTOPSIG(status), event = status >> 16;
	unsigned long message = 0;
	enum __ptrace_request how = PTRACE_CONT;
	long pass = 0;
	if (event == PTRACE_EVENT_SECCOMP) {
		(void)ptrace(PTRACE_GETEVENTMSG, pid, 0, &message);
		how = call_stopped(t, p, message);
	} else if (event == PTRACE_EVENT_EXEC)
		exec_done(p);
	else if (signal == SIGTRAP && p->patch)
		call_patched(p);
	else if (!event && !(signal == SIGTRAP && entry_reached(p)) && (known || signal != SIGSTOP))
		pass = signal;
	(void)ptrace(how, pid, 0, pass);
}

/* Waiting */

static void kill_all(const struct tracer *t, pid_t command)
{
	(void)kill(command, SIGKILL);
	for (size_t i = 0; i < t->n; i++)
		(void)kill(t->p[i].pid, SIGKILL);
}

/* Children that nobody waits for come to us (subreaper): of an untraced command these are all that we know. */
static unsigned strays_kill(void)
{
	char path[64], list[4096];
	unsigned n = 0;
	(void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	const ssize_t got = fd < 0 ? 0 : read(fd, list, sizeof list - 1);
	if (fd >= 0)
		close(fd);
	list[got > 0 ? got : 0] = '\0';
	for (char *at = list, *end; strtol(at, &end, 10) > 0; at = end, n++)
		(void)kill((pid_t)strtol(at, NULL, 10), SIGKILL);
	return n;
}

static void watch(struct tracer *t, pid_t command, unsigned limit_ms)
{
	const uint64_t begun = now_ms();
	uint64_t until = begun + limit_ms;
	bool ended = false, killed = false;
	for (;;) {
		int status;
		const pid_t pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno == ECHILD)
			return;
		if (pid < 0 && now_ms() >= until) {
			if (!killed && !ended)
				t->o->late = true;
			const unsigned strays = strays_kill();
			if (!killed && ended)
				t->o->left = strays ? strays : 1;
			kill_all(t, command);
			killed = true;
			until = now_ms() + GRACE_MS;
			continue;
		}
		if (pid < 0)
			continue;
		if (WIFSTOPPED(status)) {
			bool known = false;
			for (size_t i = 0; i < t->n; i++)
				known |= t->p[i].pid == pid;
			stopped(t, pid, status, known);
			continue;
		}
		process_gone(t, pid);
		if (pid == command) {
			t->o->status = WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
			ended = true;
			until = now_ms() + GRACE_MS;
		}
	}
}

static void tick(int signal)
{
	(void)signal;	/* it interrupts waitpid, and that is all */
}

static void said(int fd, char out[static SAID_MAX])
{
	const ssize_t n = pread(fd, out, SAID_MAX - 1, 0);
	out[n > 0 ? n : 0] = '\0';
	close(fd);
}

/* The command has stopped itself and waits for its tracer. */
static bool seize(pid_t pid)
{
	int status;
	return waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) && ptrace(PTRACE_SETOPTIONS, pid, 0, OPTIONS) == 0 && ptrace(PTRACE_CONT, pid, 0, 0) == 0;
}

int inject_run(const struct fault *f, const struct setting *s, const char *const argv[], struct outcome *o)
{
	const bool traced = s->traced || (f->kind != FAULT_NONE && f->kind != FAULT_MALLOC && f->kind != FAULT_HARDSHIP);
	const struct sigaction on_tick = { .sa_handler = tick };
	const struct itimerval every = { { 0, 50000 }, { 0, 50000 } }, never = { { 0, 0 }, { 0, 0 } };
	struct tracer *t = calloc(1, sizeof *t);
	if (!t)
		abort();
	memset(o, 0, sizeof *o);
	t->f = f;
	t->o = o;
	const int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	const pid_t pid = fork();
	if (pid == 0)
		child_main(s, traced, argv, out, err);
	if (pid < 0 || out < 0 || err < 0)
		abort();
	if (traced) {
		if (!seize(pid)) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, NULL, 0);
			free(t);
			return -1;
		}
		process_of(t, pid)->counted = false;
	}
	(void)sigaction(SIGALRM, &on_tick, NULL);
	(void)setitimer(ITIMER_REAL, &every, NULL);
	watch(t, pid, s->limit_ms);
	(void)setitimer(ITIMER_REAL, &never, NULL);
	said(out, o->out);
	said(err, o->err);
	free(t);
	return 0;
}
