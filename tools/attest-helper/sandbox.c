/* The helper shuts itself in with a filter of system calls: allowed are reading, writing and waiting on what is open, and memory that cannot be run. Everything else,
 * opening a file or a socket above all, ends the process. It is written as BPF by hand: the filter is forty lines, and no library has to be initialised.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "helper.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "name this processor's AUDIT_ARCH"
#endif

#define CPU_SECONDS 60u
#define FILTER_MAX 64u

static const unsigned allowed[] = {
	__NR_read, __NR_write, __NR_ppoll, __NR_brk, __NR_munmap, __NR_mremap, __NR_madvise, __NR_futex, __NR_getrandom, __NR_clock_gettime,
	__NR_getpid, __NR_gettid, __NR_rt_sigprocmask, __NR_rt_sigreturn, __NR_restart_syscall, __NR_exit, __NR_exit_group,
#ifdef __NR_poll
	__NR_poll,
#endif
};

/* Memory, but none that comes from a file and none that can be run: argument 2 is prot, of both. */
static const unsigned memory[] = { __NR_mmap, __NR_mprotect };

#define LOAD(field) (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, field))
#define RETURN(what) (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what)
#define IF_EQUAL(v, yes, no) (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, v, yes, no)
#define IF_SET(v, yes, no) (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, v, yes, no)

static unsigned short filter_write(struct sock_filter f[static FILTER_MAX])
{
	unsigned short n = 0;
	f[n++] = LOAD(arch);
	f[n++] = IF_EQUAL(ARCH, 1, 0);
	f[n++] = RETURN(SECCOMP_RET_KILL_PROCESS);
	f[n++] = LOAD(nr);
	for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
		f[n++] = IF_EQUAL(allowed[i], 0, 1);
		f[n++] = RETURN(SECCOMP_RET_ALLOW);
	}
	for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++) {
		f[n++] = IF_EQUAL(memory[i], 0, 4);
		f[n++] = LOAD(args[2]);	/* low half, little endian */
		f[n++] = IF_SET(PROT_EXEC, 1, 0);
		f[n++] = RETURN(SECCOMP_RET_ALLOW);
		f[n++] = RETURN(SECCOMP_RET_KILL_PROCESS);
	}
	f[n++] = RETURN(SECCOMP_RET_KILL_PROCESS);
	return n;
}

int sandbox_enter(struct err *e)
{
	struct sock_filter filter[FILTER_MAX];
	struct sock_fprog program = { .len = filter_write(filter), .filter = filter };
	const struct rlimit none = { 0, 0 }, cpu = { CPU_SECONDS, CPU_SECONDS };
	if (setrlimit(RLIMIT_CORE, &none) < 0 || setrlimit(RLIMIT_CPU, &cpu) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		return err_set(e, ERR_UNAVAILABLE, "the attest-helper cannot shut itself in: %s", strerror(errno));
	return 0;
}
