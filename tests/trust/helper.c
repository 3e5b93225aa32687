/* The helper is shut in: what evil evidence could make it do is tried from inside its sandbox (tools/attest-helper/sandbox.c), and the running program is looked at; what is
 * no question is survived. attest_helper.c is included to get at the pipe. It prints TAP.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "../../core/trust/attest_helper.c"
#include "helper.h"

/* Each of these would be a way out, or a way to learn something. 0: it was possible. */
static long open_file(void) { return syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY); }
static long create_file(void) { return syscall(SYS_openat, AT_FDCWD, "/tmp/enclua-attest-helper-was-here", O_RDWR | O_CREAT, 0600); }
static long open_file_2(void) { return syscall(SYS_openat2, AT_FDCWD, "/dev/null", NULL, 0); }
static long make_socket(void) { return socket(AF_INET, SOCK_STREAM, 0); }
static long make_unix(void) { return socket(AF_UNIX, SOCK_STREAM, 0); }
static long make_pair(void) { int p[2]; return socketpair(AF_UNIX, SOCK_STREAM, 0, p); }
static long start_program(void) { return execl("/bin/true", "true", (char *)NULL); }
static long make_process(void) { return fork(); }
static long signal_parent(void) { return kill(getppid(), 0); }
static long read_memory(void) { return syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0); }
static long trace(void) { return syscall(SYS_ptrace, 16, getppid(), 0, 0); }
static long make_memory_file(void) { return memfd_create("x", 0); }
static long run_memory(void) { return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED; }
static long make_runnable(void) { static uint8_t page[8192]; return mprotect((void *)(((uintptr_t)page + 4095) & ~(uintptr_t)4095), 4096, PROT_EXEC); }
static long remove_file(void) { return unlink("/nonexistent"); }
static long look_around(void) { char c[64]; return syscall(SYS_getcwd, c, sizeof c); }
static long ask_ring(void) { return syscall(SYS_io_uring_setup, 1, NULL); }
static long copy_descriptor(void) { return dup(0); }
static long leave_limits(void) { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }
static long send_descriptor(void) { struct msghdr m = { 0 }; return sendmsg(0, &m, 0); }

static const struct { const char *name; long (*act)(void); } acts[] = {
#define A(f) { #f, f }
	A(open_file), A(create_file), A(open_file_2), A(make_socket), A(make_unix), A(make_pair), A(start_program), A(make_process), A(signal_parent), A(read_memory),
	A(trace), A(make_memory_file), A(run_memory), A(make_runnable), A(remove_file), A(look_around), A(ask_ring), A(copy_descriptor), A(leave_limits),
	A(send_descriptor),
};

/* How a child that shuts itself in and then does this ends. */
static int end_of(long (*act)(void))
{
	int status;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const struct rlimit none = { 0, 0 };
		struct err e = { .code = ERR_NONE };
		(void)setrlimit(RLIMIT_CORE, &none);
		if (sandbox_enter(&e) < 0)
			_exit(99);
		if (act)
			(void)act();
		syscall(SYS_exit_group, 0);	/* at once: a sanitizer would tidy up first, with calls of its own */
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void nothing_can_be_reached(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
		int status = end_of(acts[i].act);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("%s: it ended with 0x%x", acts[i].name, status);
	}
}

static long work(void)
{
	volatile uint8_t *p = malloc(1u << 20);
	uint8_t random[16];
	if (p)
		p[1 << 19] = 1;
	if (!p || syscall(SYS_getrandom, random, sizeof random, 0) != sizeof random)
		_exit(98);
	free((void *)p);
	return 0;
}

/* The test of the test: a child that only works is not ended. */
static void work_goes_on(void **state)
{
	(void)state;
	assert_int_equal(end_of(NULL), 0);
	assert_int_equal(end_of(work), 0);
}

static bool status_says(pid_t pid, const char *line)
{
	char path[64];
	struct buf text = BUF_INIT(65536);
	(void)snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
	bool found = os_file_read(path, &text, NULL) == 0 && strstr(buf_text(&text), line);
	buf_done(&text);
	return found;
}

/* The program that is started in earnest, after its first answer: under the filter, without new rights, with the pipe alone. */
static void the_running_one_is_shut_in(void **state)
{
	struct err e = { .code = ERR_NONE };
	struct helper *h = NULL;
	struct helper_field out[HELPER_FIELDS];
	static const struct helper_field in[HELPER_FIELDS];
	char path[64], target[PATH_MAX];
	(void)state;
	(void)setenv("ENCLUA_CANARY", "yellow", 1);
	int stray = open("/dev/zero", O_RDONLY);	/* without O_CLOEXEC: a mistake of ours elsewhere */
	assert_int_equal(helper_start(&h, HELPER_VERIFY, NULL, &e), 0);
	assert_int_equal(helper_ask(h, HELPER_QUOTE_VERIFY, in, out, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_true(status_says(h->pid, "\nSeccomp:\t2\n"));
	assert_true(status_says(h->pid, "\nNoNewPrivs:\t1\n"));
	for (int fd = 0; fd < 16; fd++) {	/* of a process that does not dump, root alone sees them */
		(void)snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)h->pid, fd);
		ssize_t n = readlink(path, target, sizeof target - 1);
		if (n > 0)
			assert_true(fd < 3);
	}
	struct buf environment = BUF_INIT(65536);
	(void)snprintf(path, sizeof path, "/proc/%ld/environ", (long)h->pid);
	if (os_file_read(path, &environment, NULL) == 0)
		assert_null(memmem(environment.data, environment.len, "yellow", 6));
	buf_done(&environment);
	close(stray);
	helper_end(h);
}

/* What is no question is answered with an error or with the end; never with silence. */
static void nonsense_is_survived(void **state)
{
	(void)state;
	static const struct { const char *hex; bool answered; } cases[] = {
		{ "00000000", true }, { "01000000" "ff", true }, { "04000000" "01000000", true }, { "05000000" "01000000" "00", true }, { "05000000" "01000000" "ff", true },
		{ "05000000" "01000000" "04", true },	/* a TPM's question */
		{ "05000000" "ffffffff" "00", true }, { "06000000" "02000000" "0000", true }, { "ffffffff", false }, { "01000400", false }, { "0900", false },
		{ "2d000000" "01000000" "00" "00000000" "00000000" "00000000" "00000000" "00000000" "00000000" "00000000" "00000000" "00000000" "00000000", true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err e = { .code = ERR_NONE };
		struct helper *h = NULL;
		uint8_t bytes[128], answer[64];
		size_t n = strlen(cases[i].hex) / 2;
		assert_int_equal(hex_decode(bytes, n, cases[i].hex, 2 * n), 0);
		assert_int_equal(helper_start(&h, HELPER_VERIFY, NULL, &e), 0);
		assert_int_equal(question_send(h, bytes, n, &e), 0);
		assert_int_equal(shutdown(h->fd, SHUT_WR), 0);
		int r = answer_read(h, answer, 9, os_now_us() + VERIFY_US, &e);
		if ((r == 0) != cases[i].answered)
			fail_msg("case %zu", i);
		if (r == 0)
			assert_int_equal(answer[8], ERR_INVALID);
		helper_end(h);
	}
}

/* A helper that answers nonsense itself, as one would that evidence has taken over: here a script stands in its place. */
static void its_lies_are_survived(void **state)
{
	(void)state;
	static const char *const answers[] = {
		"", "00", "ffffffff", "05000000" "01000000" "00", "05000000" "01000000" "63", "00000000", "0a000000" "01000000" "05" "ffffffff" "00",
		"0e000000" "01000000" "05" "05000000" "1b5b324a0a", "04000000" "ffffffff", "09000000" "01000000" "00" "00000000",
	};
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		struct err e = { .code = ERR_NONE };
		struct helper h = { .pid = -1, .role = HELPER_VERIFY, .answer = BUF_INIT(HELPER_BYTES) };
		static const struct helper_field in[HELPER_FIELDS];
		struct helper_field out[HELPER_FIELDS];
		uint8_t bytes[64];
		int pair[2];
		size_t n = strlen(answers[i]) / 2;
		assert_int_equal(hex_decode(bytes, n, answers[i], 2 * n), 0);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
		h.fd = pair[0];
		assert_int_equal(os_write(pair[1], bytes, n), 0);
		assert_int_equal(shutdown(pair[1], SHUT_WR), 0);
		int r = helper_ask(&h, HELPER_QUOTE_VERIFY, in, out, &e);
		if (i + 1 < sizeof answers / sizeof answers[0])
			assert_int_equal(r, -1);
		else	/* an empty digest, where attest_quote_check wants 32 bytes */
			assert_int_equal(out[0].len, 0);
		assert_null(strchr(e.msg, 0x1b));
		close(pair[0]);
		close(pair[1]);
		buf_done(&h.answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_can_be_reached), cmocka_unit_test(work_goes_on), cmocka_unit_test(the_running_one_is_shut_in),
		cmocka_unit_test(nonsense_is_survived), cmocka_unit_test(its_lies_are_survived),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
