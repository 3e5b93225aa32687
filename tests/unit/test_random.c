/* random.c: a generator without system calls, for the box. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/seccomp.h>
#include <unistd.h>

#include "seal/age.h"
#include "seal/crypto.h"

static const uint8_t seed[32] = { 1 }, other[32] = { 2 };

static void test_follows_the_seed(void **state)
{
	(void)state;
	uint8_t a[1000], b[1000], c[1000];
	crypto_random_seed(seed);
	crypto_random(a, sizeof a);
	crypto_random_seed(seed);
	crypto_random(b, sizeof b);
	assert_memory_equal(a, b, sizeof a);
	crypto_random_seed(other);
	crypto_random(c, sizeof c);
	assert_memory_not_equal(a, c, 32);
}

/* Keys change with every call: nothing comes twice, not even across pieces of one stream, and no bit is stuck. */
static void test_never_repeats(void **state)
{
	(void)state;
	static uint8_t drawn[2000][16];
	unsigned ones = 0;
	crypto_random_seed(seed);
	for (size_t i = 0; i < 2000; i++)
		crypto_random(drawn[i], 16);
	for (size_t i = 0; i < 2000; i++)
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(drawn[i], drawn[k], 16);
	for (size_t i = 0; i < 2000; i++)
		for (size_t k = 0; k < 16; k++)
			ones += (unsigned)__builtin_popcount(drawn[i][k]);
	assert_in_range(ones, 2000 * 64 - 2000, 2000 * 64 + 2000);
}

static int nothing(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	(void)ctx;
	(void)bytes;
	(void)n;
	(void)e;
	return 0;
}

/* The kernel kills the child at its first other system call. */
static _Noreturn void seal_without_calls(void)
{
	struct age_recipient to = { .kind = AGE_X25519 };
	uint8_t secret[32], text[100] = { 0 };
	struct age_writer *w = NULL;
	crypto_random(secret, sizeof secret);
	x25519_public(to.public_key, secret);
	if (age_writer_new(&w, &to, 1, nothing, NULL, NULL) < 0)	/* once with all calls, so that malloc has its memory */
		_exit(2);
	age_writer_free(w);
	crypto_random_seed(seed);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) < 0)
		_exit(3);
	int r = age_writer_new(&w, &to, 1, nothing, NULL, NULL);
	if (r == 0 && (age_writer_add(w, text, sizeof text, NULL) < 0 || age_writer_end(w, NULL) < 0))
		r = -1;
	(void)syscall(SYS_exit, r == 0 ? 0 : 1);
	__builtin_unreachable();
}

static void test_makes_no_system_call(void **state)
{
	(void)state;
	int status = 0;
#ifdef __SANITIZE_ADDRESS__
	skip();	/* its malloc asks the kernel whenever it likes */
#endif
	pid_t pid = fork();
	if (pid == 0)
		seal_without_calls();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_makes_no_system_call), cmocka_unit_test(test_follows_the_seed), cmocka_unit_test(test_never_repeats),
	};
	return crypto_init(NULL) < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
