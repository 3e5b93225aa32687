/* A box whose inside is wholly in the attacker's hands: native code where Lua would be. The request's entry says
 * "<mask> <attack> [argument]": which steps of the real lock-down to take (bit i = lock_task_steps[i]), and what
 * to try then. The answer is a RESULT: "worked" or an errno; a process that dies answers by its signal. Built
 * twice: with the zygote's own list, and (-DBARE) with a zygote that gives up next to nothing, so that one layer
 * can be seen alone.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <unistd.h>

#include "base/os.h"
#include "enclave/enclave.h"
#include "enclave/fetch.h"
#include "enclave/landlock.h"
#include "enclave/serve.h"
#include "seal/crypto.h"

static char command[32], argument[128];
static uint32_t n_inputs;
static uintptr_t vdso;
static uint8_t end_bytes[256];
static size_t end_len;
static volatile long secret_of_a_sibling = 42;	/* at the same address in every task */

/* Before lock-down is over there is malloc; after it there is what was prepared here. */
static int choose(struct lock *k)
{
	static struct lock_step chosen[32];
	struct box_request q;
	struct box_done done = { .status = BOX_OK };
	struct buf end = BUF_INIT(sizeof end_bytes);
	unsigned long mask = 0;
	char text[192];
	if (fetch_request(k) < 0 || boxwire_request_decode(&q, k->start.request, k->start.request_len, NULL) < 0)
		return -1;
	(void)snprintf(text, sizeof text, "%.*s", (int)q.entry.len, q.entry.text);
	if (sscanf(text, "%lx %31s %127[^\n]", &mask, command, argument) < 2)
		return -1;
	n_inputs = (uint32_t)q.n_inputs;
	if (boxwire_done_encode(&end, &done, NULL) < 0)
		return -1;
	memcpy(end_bytes, end.data, end.len);
	end_len = end.len;
	size_t n = 0;
	for (size_t i = 0; lock_task_steps[i].name; i++)
		if ((mask >> i & 1) && lock_task_steps[i].apply != fetch_request && lock_task_steps[i].apply != fetch_task)
			chosen[n++] = lock_task_steps[i];
	return lock_apply(chosen, k) == 0 ? 0 : -1;
}

int enclave_prepare_policy(void)
{
	return 0;
}

void enclave_own_policy(void)
{
}

int enclave_prepare(void)
{
	return crypto_init(NULL);
}

static void frame(enum box_frame kind, const void *payload, size_t n)
{
	static uint8_t bytes[BOX_FRAME_HEADER + 256];
	boxwire_header_encode(bytes, kind, (uint32_t)n);
	memcpy(bytes + BOX_FRAME_HEADER, payload, n);
	(void)os_write(BOX_CHANNEL_FD, bytes, BOX_FRAME_HEADER + n);
}

static _Noreturn void answer(const char *text)
{
	frame(BOX_RESULT, text, strlen(text));
	(void)os_write(BOX_CHANNEL_FD, end_bytes, end_len);
	_exit(BOX_EXIT_DONE);
}

/* An attack returns below 0, with errno, when it was stopped. */

static long file_open(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static struct sockaddr_in loopback(void)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argument)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static long tcp_connect(void)
{
	struct sockaddr_in to = loopback();
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&to, sizeof to);
}

static long udp_send(void)
{
	struct sockaddr_in to = loopback();
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	return fd < 0 ? -1 : sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof to);
}

static long abstract_connect(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = strlen(argument);
	memcpy(to.sun_path + 1, argument, n);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n));
}

static long vsock_open(void)
{
	return socket(40 /* AF_VSOCK */, SOCK_STREAM, 0);
}

static long process_fork(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		_exit(0);
	return pid;
}

static long program_exec(void)
{
	char *argv[] = { (char *)(uintptr_t)"true", NULL };
	return execve("/bin/true", argv, NULL);
}

static long sibling_ptrace(void)
{
	return ptrace(PTRACE_SEIZE, atoi(argument), NULL, NULL);
}

static long sibling_read(void)
{
	long got = 0;
	struct iovec here = { &got, sizeof got }, there = { (void *)(uintptr_t)&secret_of_a_sibling, sizeof got };
	return process_vm_readv(atoi(argument), &here, 1, &there, 1, 0) == sizeof got && got == 42 ? 0 : -1;
}

static long sibling_kill(void)
{
	return kill(atoi(argument), SIGURG);
}

static long inherited_fd(void)
{
	for (int fd = 0; fd < 1024; fd++)
		if ((fd < BOX_CHANNEL_FD || fd >= BOX_FIRST_INPUT_FD + (int)n_inputs) && fcntl(fd, F_GETFD) >= 0)
			return fd;
	return -1;
}

static long sysv_shm(void)
{
	int id = shmget((key_t)atoi(argument), 4096, 0);
	void *p = id < 0 ? (void *)-1 : shmat(id, NULL, 0);
	return p == (void *)-1 ? -1 : 0;
}

static long write_execute(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? -1 : mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static long user_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

static long keyring_add(void)
{
	return syscall(SYS_add_key, "user", "enclua-test", "x", 1ul, -2l /* process keyring */);
}

static long keyring_search(void)
{
	return syscall(SYS_keyctl, 10l /* search */, -3l /* session keyring */, "user", argument, 0l);
}

static long io_uring(void)
{
	static char params[120];
	return syscall(SYS_io_uring_setup, 4l, params);
}

static long userfaultfd(void)
{
	return syscall(SYS_userfaultfd, 1l /* user mode only */);
}

static long memfd(void)
{
	return memfd_create("x", 0);
}

static long tsc_read(void)
{
	unsigned low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return 0;
}

static long cpuid_read(void)
{
	unsigned a = 0, b, c = 0, d;
	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return 0;
}

static _Noreturn long core_dump(void)
{
	__builtin_trap();
}

static long vdso_read(void)
{
	return *(volatile unsigned char *)vdso;
}

static long vvar_read(void)
{
	return *(volatile unsigned char *)(vdso - 4096ul * (unsigned long)atoi(argument));
}

static long vsyscall_call(void)
{
	long (*time_at)(long *) = (long (*)(long *))0xffffffffff600400ul;
	return time_at(NULL);
}

static long recurse(long depth)
{
	volatile char here[4096];
	here[0] = (char)depth;
	return depth < 0 ? 0 : recurse(depth + 1) + here[0];
}

static long stack_overflow(void)
{
	return recurse(1);
}

static _Noreturn long spin(void)
{
	for (;;)
		__asm__ volatile("" ::: "memory");
}

static long wait_here(void)
{
	char pid[32];
	(void)snprintf(pid, sizeof pid, "%ld", syscall(SYS_getpid));
	frame(BOX_RESULT, pid, strlen(pid));
	pause();
	return 0;
}

static long any_syscall(void)
{
	static long number, first;
	(void)sscanf(argument, "%ld %ld", &number, &first);
	return syscall(number, first, 0l, 0l, 0l, 0l, 0l);
}

static long any_int80(void)
{
	static long number, first;
	(void)sscanf(argument, "%ld %ld", &number, &first);
	long r = number;
	__asm__ volatile("int $0x80" : "+a"(r) : "b"(first), "c"(0l), "d"(0l), "S"(0l), "D"(0l) : "memory", "r8", "r9", "r10", "r11");
	return 0;
}

/* What the launcher must refuse. */

static long say_out_of_turn(void)
{
	frame(BOX_KEY, command, 32);
	return 0;
}

static _Noreturn long say_huge(void)
{
	uint8_t head[BOX_FRAME_HEADER] = { BOX_RESULT, 0xff, 0xff, 0xff, 0x7f };
	(void)os_write(BOX_CHANNEL_FD, head, sizeof head);
	spin();
}

static _Noreturn long say_much(void)
{
	static uint8_t bytes[BOX_FRAME_HEADER + 65536];
	boxwire_header_encode(bytes, BOX_RESULT, 65536);
	for (;;)
		(void)os_write(BOX_CHANNEL_FD, bytes, sizeof bytes);
}

static _Noreturn long say_nothing(void)
{
	_exit(0);
}

static const struct { const char *name; long (*attack)(void); } attacks[] = {
	{ "file", file_open }, { "tcp", tcp_connect }, { "udp", udp_send }, { "abstract", abstract_connect }, { "vsock", vsock_open },
	{ "fork", process_fork }, { "exec", program_exec }, { "ptrace", sibling_ptrace }, { "read-sibling", sibling_read },
	{ "kill-sibling", sibling_kill }, { "inherited-fd", inherited_fd }, { "shm", sysv_shm }, { "write-execute", write_execute },
	{ "userns", user_namespace }, { "keyring", keyring_add }, { "session-key", keyring_search }, { "io_uring", io_uring },
	{ "userfaultfd", userfaultfd }, { "memfd", memfd }, { "rdtsc", tsc_read }, { "cpuid", cpuid_read }, { "core", core_dump },
	{ "vdso", vdso_read }, { "vvar", vvar_read }, { "vsyscall", vsyscall_call }, { "stack", stack_overflow }, { "spin", spin },
	{ "wait", wait_here }, { "syscall", any_syscall }, { "int80", any_int80 }, { "out-of-turn", say_out_of_turn }, { "huge", say_huge },
	{ "much", say_much }, { "nothing", say_nothing },
};

/* No C library function between the lock-down and an attack that may call the kernel on its own. */
_Noreturn void task_main(const struct task_start *s)
{
	frame(BOX_KEY, s->box_public, sizeof s->box_public);
	for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
		if (strcmp(attacks[i].name, command) != 0)
			continue;
		errno = 0;
		if (attacks[i].attack() >= 0)
			answer("worked");
		char text[16] = "errno ";
		char *p = text + 6;
		for (int unit = 100; unit; unit /= 10)
			*p++ = (char)('0' + errno / unit % 10);
		answer(text);
	}
	answer("unknown attack");
}

#ifdef BARE
/* Opens the ruleset that a task may want, and does not apply it. */
static int ruleset_only(struct lock *k)
{
	k->landlock_abi = landlock_abi();
	int fd = k->landlock_abi ? landlock_ruleset(k->landlock_abi) : -1;
	return fd < 0 ? 0 : dup2(fd, LOCK_RULESET_FD) < 0 || close(fd) < 0 ? -1 : 0;
}
#endif

int main(void)
{
	static const struct lock_step task[] = { { "task", fetch_task, false }, { "choose", choose, false }, { NULL, NULL, false } };
	vdso = getauxval(AT_SYSINFO_EHDR);
#ifdef BARE
	static struct lock_step zygote[] = { { NULL, NULL, false }, { "ruleset", ruleset_only, false }, { NULL, NULL, false } };
	static _Alignas(32) uint32_t rseq_area[8];
	zygote[0] = lock_zygote_steps[0];	/* signals */
	(void)syscall(334 /* rseq */, rseq_area, sizeof rseq_area, 0, 0x53053053);	/* as glibc does; every fork inherits it */
	return serve(zygote, task);
#else
	return serve(lock_zygote_steps, task);
#endif
}
