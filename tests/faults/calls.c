/* Which system calls are failed, and how: one line for a family. */
#include <errno.h>
#include <sys/syscall.h>

#include "inject.h"

const struct call_family call_families[] = {
	{ "open", { SYS_open, SYS_openat, SYS_openat2, -1 }, { EMFILE, EIO }, CALL_CHANGES | CALL_SAYS },
	{ "read", { SYS_read, SYS_readv, -1 }, { EIO }, CALL_SHORT | CALL_EINTR | CALL_SAYS },
	{ "pread", { SYS_pread64, SYS_preadv, -1 }, { EIO }, CALL_SHORT | CALL_EINTR | CALL_SAYS },
	{ "write", { SYS_write, SYS_writev, -1 }, { ENOSPC, EIO }, CALL_SHORT | CALL_EINTR | CALL_CHANGES | CALL_SAYS },
	{ "pwrite", { SYS_pwrite64, SYS_pwritev, -1 }, { ENOSPC, EIO }, CALL_SHORT | CALL_EINTR | CALL_CHANGES | CALL_SAYS },
	{ "fsync", { SYS_fsync, SYS_fdatasync, SYS_sync_file_range, -1 }, { EIO }, CALL_CHANGES | CALL_SAYS },
	{ "close", { SYS_close, -1 }, { EIO }, CALL_AFTER },
	{ "rename", { SYS_rename, SYS_renameat, SYS_renameat2, -1 }, { ENOSPC, EIO }, CALL_CHANGES | CALL_SAYS },
	{ "link", { SYS_link, SYS_linkat, SYS_symlink, SYS_symlinkat, -1 }, { ENOSPC }, CALL_CHANGES | CALL_SAYS },
	{ "mkdir", { SYS_mkdir, SYS_mkdirat, -1 }, { ENOSPC }, CALL_CHANGES | CALL_SAYS },
	{ "unlink", { SYS_unlink, SYS_unlinkat, SYS_rmdir, -1 }, { EIO }, CALL_CHANGES },
	{ "truncate", { SYS_truncate, SYS_ftruncate, SYS_fallocate, -1 }, { ENOSPC }, CALL_CHANGES | CALL_SAYS },
	{ "chmod", { SYS_chmod, SYS_fchmod, SYS_fchmodat, SYS_chown, SYS_fchown, SYS_fchownat, -1 }, { EPERM }, CALL_CHANGES | CALL_SAYS },
	{ "stat", { SYS_stat, SYS_fstat, SYS_lstat, SYS_newfstatat, SYS_statx, SYS_access, SYS_faccessat, SYS_readlink }, { EIO }, CALL_SAYS },
	{ "seek", { SYS_lseek, -1 }, { EIO }, CALL_SAYS },
	{ "list", { SYS_getdents64, -1 }, { EIO }, CALL_SAYS },
	{ "lock", { SYS_flock, -1 }, { ENOLCK }, CALL_EINTR | CALL_CHANGES | CALL_SAYS },
	{ "fcntl", { SYS_fcntl, -1 }, { EIO }, CALL_SAYS },	/* locks only */
	{ "fork", { SYS_fork, SYS_vfork, SYS_clone, SYS_clone3, -1 }, { EAGAIN, ENOMEM }, CALL_CHANGES | CALL_SAYS },
	{ "exec", { SYS_execve, SYS_execveat, -1 }, { ENOMEM }, 0 },
	{ "wait", { SYS_wait4, SYS_waitid, -1 }, { 0 }, CALL_EINTR },
	{ "mmap", { SYS_mmap, SYS_mremap, -1 }, { ENOMEM }, CALL_SAYS },
	{ "mprotect", { SYS_mprotect, SYS_madvise, SYS_mlock, -1 }, { ENOMEM }, 0 },
	{ "memfd", { SYS_memfd_create, -1 }, { EMFILE }, CALL_SAYS },
	{ "socket", { SYS_socket, SYS_socketpair, -1 }, { EMFILE }, CALL_SAYS },
	{ "connect", { SYS_connect, SYS_bind, SYS_listen, -1 }, { ENOBUFS }, 0 },
	{ "accept", { SYS_accept, SYS_accept4, -1 }, { EMFILE }, CALL_EINTR },
	{ "send", { SYS_sendto, SYS_sendmsg, -1 }, { ENOBUFS }, CALL_EINTR | CALL_CHANGES },
	{ "recv", { SYS_recvfrom, SYS_recvmsg, -1 }, { ECONNRESET }, CALL_EINTR },
	{ "pipe", { SYS_pipe, SYS_pipe2, SYS_dup, SYS_dup2, SYS_dup3, -1 }, { EMFILE }, CALL_SAYS },
	{ "poll", { SYS_poll, SYS_ppoll, SYS_select, SYS_pselect6, -1 }, { ENOMEM }, CALL_EINTR },
	{ "sleep", { SYS_nanosleep, SYS_clock_nanosleep, -1 }, { 0 }, CALL_EINTR },
	{ "random", { SYS_getrandom, -1 }, { 0 }, CALL_SHORT | CALL_EINTR },	/* fails on no kernel that has it */
	{ "space", { SYS_unshare, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_setns, SYS_sethostname, SYS_chdir }, { EPERM }, 0 },
	{ "rights", { SYS_seccomp, SYS_capset, 444 /* landlock */, 445, 446, SYS_setuid, SYS_setsid, -1 }, { EPERM }, 0 },
	{ "limits", { SYS_prlimit64, SYS_setrlimit, SYS_timer_create, SYS_timer_settime, 436 /* close_range */, SYS_prctl, -1 }, { EPERM }, 0 },
};

const size_t call_families_n = sizeof call_families / sizeof *call_families;
_Static_assert(sizeof call_families / sizeof *call_families <= CALLS_MAX, "an outcome counts each");
