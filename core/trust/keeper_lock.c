/* The keeper gives up what it does not need. Two independent layers: Landlock knows files and addresses, seccomp knows calls; either alone keeps it off the network.
 */
#include "trust/keeper_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Numbers and shapes that the C library's headers may be too old for. */
#define NR_LANDLOCK_CREATE_RULESET 444
#define NR_LANDLOCK_ADD_RULE 445
#define NR_LANDLOCK_RESTRICT_SELF 446
#define LANDLOCK_ABI_QUESTION 1u
#define LANDLOCK_PATH_BENEATH 1
#define LANDLOCK_EXECUTE 1u
struct ruleset { uint64_t fs, net, scoped; };
struct beneath { uint64_t allowed; int32_t fd; } __attribute__((packed));

/* Row i is ABI i + 1: everything that it can deny. */
static const struct { size_t size; struct ruleset all; } abis[] = {
	{ 8, { 0x1fff, 0, 0 } }, { 8, { 0x3fff, 0, 0 } }, { 8, { 0x7fff, 0, 0 } }, { 16, { 0x7fff, 3, 0 } }, { 16, { 0xffff, 3, 0 } }, { 24, { 0xffff, 3, 3 } },
};
#define ABIS (sizeof abis / sizeof *abis)

static int files_only(const char *folder, int bare, struct err *e)
{
	long abi = syscall(NR_LANDLOCK_CREATE_RULESET, NULL, 0, LANDLOCK_ABI_QUESTION);
	if (abi <= 0 && bare)
		return 0;
	if (abi <= 0) {
		err_set(e, ERR_UNAVAILABLE, "this kernel has no Landlock, which keeps the keeper from any file but its own");
		return err_hint(e, "accept the risk: --allow-missing-layer landlock");
	}
	size_t row = (size_t)abi < ABIS ? (size_t)abi - 1 : ABIS - 1;
	int rules = (int)syscall(NR_LANDLOCK_CREATE_RULESET, &abis[row].all, abis[row].size, 0);
	struct beneath own = { .allowed = abis[row].all.fs & ~(uint64_t)LANDLOCK_EXECUTE, .fd = open(folder, O_PATH | O_CLOEXEC | O_DIRECTORY) };
	int r = -1;
	if (rules < 0 || own.fd < 0 || syscall(NR_LANDLOCK_ADD_RULE, rules, LANDLOCK_PATH_BENEATH, &own, 0) < 0 ||
		syscall(NR_LANDLOCK_RESTRICT_SELF, rules, 0) < 0)
		err_sys(e, errno, "the keeper cannot lock itself into %s", folder);
	else
		r = 0;
	if (own.fd >= 0)
		close(own.fd);
	if (rules >= 0)
		close(rules);
	return r;
}

/* Denied: whatever reaches a network, another program or another process. socketpair stays, for it is how a box is spoken to, and accept, for those who come. */
static const int denied[] = {
	SYS_socket, SYS_connect, SYS_bind, SYS_listen, SYS_execve, SYS_execveat, SYS_clone, SYS_ptrace, SYS_process_vm_readv,
	SYS_process_vm_writev, SYS_unshare, SYS_setns, SYS_mount, SYS_pivot_root, SYS_chroot, SYS_open_by_handle_at, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd,
	SYS_keyctl, SYS_add_key, SYS_request_key, SYS_init_module, SYS_finit_module, SYS_kexec_load, SYS_pidfd_getfd, SYS_io_uring_setup, SYS_clone3,
#ifdef SYS_fork
	SYS_fork, SYS_vfork,
#endif
};
#define DENIED (sizeof denied / sizeof *denied)

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "the keeper's filter does not know this processor"
#endif
#define X32_BIT 0x40000000u

static int calls_deny(struct err *e)
{
	struct sock_filter code[DENIED + 8];
	uint16_t n = 0;
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, DENIED + 1, 0);
	for (size_t i = 0; i < DENIED; i++)
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)denied[i], (uint8_t)(DENIED - i), 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	const struct sock_fprog program = { n, code };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
		return err_sys(e, errno, "the keeper cannot lock itself down");
	return 0;
}

int keeper_lock(const char *folder, int bare, struct err *e)
{
	const struct rlimit none = { 0, 0 };
	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, errno, "the keeper cannot keep its memory to itself");
	return files_only(folder, bare, e) < 0 ? -1 : calls_deny(e);
}
