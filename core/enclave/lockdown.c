/* The steps of the lock-down and their order. Nothing here knows Lua, and nothing here is undone later. */
#include "enclave/lockdown.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/boxctl.h"
#include "enclave/fetch.h"
#include "enclave/landlock.h"
#include "filter.h"

/* Numbers that the C library's headers may be too old for. */
#define PRCTL_SPECULATION 53
#define PRCTL_MDWE 65
#define SPECULATION_FORCE_DISABLE 8ul
#define MDWE_REFUSE_EXEC_GAIN 1ul
#define ARCH_SET_CPUID 0x1012
#define SYS_CLOSE_RANGE 436
#define SYS_RSEQ 334

#define PAGE 4096ul
#define USER_END 0x7ffffffff000ul	/* first address that no 4-level page table gives to a process */
#define STACK_ROOM (64ul << 20)	/* the kernel keeps at least 128 MiB below the stack free of mappings */

/* Ignored and blocked signals pass through exec. A launcher that ignores SIGVTALRM must not switch the
 * processor limit off. */
static int signals_default(struct lock *k)
{
	(void)k;
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	for (int i = 1; i < NSIG; i++)
		if (i != SIGKILL && i != SIGSTOP && i != 32 && i != 33 && i != 34 && sigaction(i, &dfl, NULL) < 0)
			return -1;	/* 32–34 belong to the C library */
	sigset_t none;
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL);
}

static int no_new_privileges(struct lock *k)
{
	(void)k;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* The launcher's death closes the control socket as well, so the zygote needs no check of its parent; a task
 * does: the zygote may have died between the fork and this line. */
static int die_with_parent(struct lock *k)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -1;
	if (k->zygote && getppid() != k->zygote) {
		errno = ESRCH;
		return -1;
	}
	return 0;
}

/* The page past the last byte that the kernel put on the stack: the program's name, as execve left it. */
static uintptr_t stack_end(void)
{
	const char *last = (const char *)environ;
	char **p = environ;
	while (*p)
		p++;
	for (const Elf64_auxv_t *a = (const Elf64_auxv_t *)(p + 1); a->a_type != AT_NULL; a++)
		if (a->a_type == AT_EXECFN)
			last = (const char *)a->a_un.a_val;
	return ((uintptr_t)last + strlen(last) + 8 + PAGE - 1) & ~(PAGE - 1);
}

/* vDSO, vvar and whatever else the kernel maps on its own are clocks that no filter sees. Right after exec a
 * static program has its image, its heap and its stack; all else came from the kernel, so both gaps are swept,
 * wherever this kernel puts things. The C library then must not find the vDSO either: its entry of the
 * auxiliary vector goes. */
static int kernel_pages_unmap(struct lock *k)
{
	(void)k;
	char **p = environ;
	while (*p)
		p++;
	for (Elf64_auxv_t *a = (Elf64_auxv_t *)(p + 1); a->a_type != AT_NULL; a++)
		if (a->a_type == AT_SYSINFO_EHDR)
			a->a_type = AT_IGNORE;
	uintptr_t here = (uintptr_t)__builtin_frame_address(0), above = stack_end();
	uintptr_t heap = ((uintptr_t)syscall(SYS_brk, 0) + PAGE - 1) & ~(PAGE - 1);
	if (heap >= here - STACK_ROOM || above < here || above > USER_END) {
		errno = EFAULT;
		return -1;
	}
	uintptr_t below = (here - STACK_ROOM) & ~(PAGE - 1);
	if (munmap((void *)heap, below - heap) < 0)
		return -1;
	return above == USER_END ? 0 : munmap((void *)above, USER_END - above);
}

/* A registered rseq area is written by the kernel with the number of the processor: a covert channel and a
 * source of differences. musl registers none; that a registration of our own succeeds proves it, and is taken
 * back. */
static int rseq_none(struct lock *k)
{
	(void)k;
	static _Alignas(32) uint32_t area[8];
	const long size = sizeof area, signature = 0x53053053;
	if (syscall(SYS_RSEQ, area, size, 0, signature) < 0)
		return -1;
	return (int)syscall(SYS_RSEQ, area, size, 1, signature);
}

static int memory_never_executable(struct lock *k)
{
	(void)k;
	return prctl(PRCTL_MDWE, MDWE_REFUSE_EXEC_GAIN, 0, 0, 0);
}

/* Best effort, one by one: 0 store bypass, 1 indirect branch, 2 L1D flush. */
static int speculation_off(struct lock *k)
{
	(void)k;
	int r = 0;
	for (unsigned long what = 0; what < 3; what++)
		if (prctl(PRCTL_SPECULATION, what, SPECULATION_FORCE_DISABLE, 0, 0) < 0)
			r = -1;
	return r;
}

static int landlock_zygote(struct lock *k)
{
	k->landlock_abi = landlock_abi();
	if (k->landlock_abi == 0)
		return 0;	/* told to the launcher in READY; it decides */
	int fd = landlock_ruleset(k->landlock_abi);
	if (fd < 0)
		return -1;
	if (fd != LOCK_RULESET_FD && (dup2(fd, LOCK_RULESET_FD) < 0 || close(fd) < 0))
		return -1;
	return landlock_restrict(LOCK_RULESET_FD);
}

/* Again per task: a domain of its own is what keeps a task from the memory and the signals of its siblings. */
static int landlock_task(struct lock *k)
{
	return k->landlock_abi == 0 ? 0 : landlock_restrict(LOCK_RULESET_FD);
}

static int capabilities_none(struct lock *k)
{
	(void)k;
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
	struct __user_cap_data_struct none[2];
	memset(none, 0, sizeof none);
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_capset, &head, none);
}

/* What stays: the channel and the inputs. */
static int descriptors_close(struct lock *k)
{
	if (syscall(SYS_CLOSE_RANGE, 0u, (unsigned)BOX_CHANNEL_FD - 1, 0u) < 0)
		return -1;
	return (int)syscall(SYS_CLOSE_RANGE, (unsigned)BOX_FIRST_INPUT_FD + k->n_inputs, ~0u, 0u);
}

/* Soft equals hard: a process may ignore SIGXCPU, nothing ignores the SIGKILL that follows the hard limit. The
 * timer below is exact and comes first; RLIMIT_CPU, in whole seconds, stands behind it. */
static int limits_set(struct lock *k)
{
	static const int none[] = { RLIMIT_CORE, RLIMIT_FSIZE, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE };
	const struct rlimit zero = { 0, 0 };
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		if (setrlimit(none[i], &zero) < 0)
			return -1;
	const struct rlimit cpu = { k->cpu_ms / 1000 + 2, k->cpu_ms / 1000 + 2 };
	return setrlimit(RLIMIT_CPU, &cpu);
}

static int tsc_off(struct lock *k)
{
	(void)k;
	return prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
}

static int cpuid_off(struct lock *k)
{
	(void)k;
	return (int)syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0);
}

/* SIGVTALRM: its default action is to end the process (SIGXCPU's is to dump core), the hard limit never sends
 * it, and a task can neither catch, block nor raise it. So the launcher, when it sees this signal, knows which
 * limit it was. */
static int cpu_timer(struct lock *k)
{
	if (k->cpu_ms == 0) {
		errno = EINVAL;	/* would disarm the timer */
		return -1;
	}
	struct sigevent end = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGVTALRM };
	int timer;
	if (syscall(SYS_timer_create, CLOCK_PROCESS_CPUTIME_ID, &end, &timer) < 0)
		return -1;
	const struct itimerspec when = { .it_value = { .tv_sec = (time_t)(k->cpu_ms / 1000), .tv_nsec = (long)(k->cpu_ms % 1000) * 1000000 } };
	return (int)syscall(SYS_timer_settime, timer, 0, &when, NULL);
}

/* RLIMIT_CORE does not stop a dump that goes to a pipe; this does. Last of the prctls: exec and changes of ids
 * set it back. */
static int never_dumpable(struct lock *k)
{
	(void)k;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static int seccomp_filter(struct lock *k)
{
	if (k->rights >= BOXCTL_RIGHTS_COUNT) {
		errno = EINVAL;
		return -1;
	}
	struct sock_fprog f = box_filters[k->rights];
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &f);
}

const struct lock_step lock_zygote_steps[] = {
	{ "signals", signals_default, false },
	{ "parent death", die_with_parent, false },
	{ "no new privileges", no_new_privileges, false },
	{ "kernel pages", kernel_pages_unmap, false },
	{ "rseq", rseq_none, false },
	{ "write or execute", memory_never_executable, true },
	{ "landlock", landlock_zygote, false },
	{ "capabilities", capabilities_none, false },
	{ "dumpable", never_dumpable, false },
	{ NULL, NULL, false },
};

const struct lock_step lock_task_steps[] = {
	{ "no new privileges", no_new_privileges, false },
	{ "parent death", die_with_parent, false },
	{ "write or execute", memory_never_executable, true },
	{ "speculation", speculation_off, true },
	{ "landlock", landlock_task, false },
	{ "capabilities", capabilities_none, false },
	{ "keys", fetch_keys, false },
	{ "rseq", rseq_none, false },
	{ "task", fetch_task, false },	/* up to here a process can be ready before its task is known */
	{ "descriptors", descriptors_close, false },
	{ "limits", limits_set, false },
	{ "request", fetch_request, false },
	{ "tsc", tsc_off, true },
	{ "cpuid", cpuid_off, true },
	{ "cpu timer", cpu_timer, false },
	{ "dumpable", never_dumpable, false },
	{ "seccomp", seccomp_filter, false },
	{ NULL, NULL, false },
};

unsigned lock_apply(const struct lock_step *steps, struct lock *k)
{
	for (unsigned i = 0; steps[i].name; i++)
		if (steps[i].apply(k) < 0 && !steps[i].optional)
			return i + 1;
	return 0;
}
