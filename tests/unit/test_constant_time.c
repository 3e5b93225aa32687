/* That mlkem768.c takes no branch and uses no index that depends on a secret: under valgrind the secrets are "not initialised", and memcheck reports
 * every jump and address that comes from such bytes. A planted branch has to be noticed. A missing valgrind
 * is a failure that says what to run, not a skipped test; only a sanitizer, which valgrind cannot run, is an excuse.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

#include "seal/crypto.h"
#include "seal/mlkem768.h"

#if __has_include(<valgrind/memcheck.h>) && !defined(__SANITIZE_ADDRESS__)
#include <valgrind/memcheck.h>
#define USABLE 1
#else
#define USABLE 0
#define VALGRIND_MAKE_MEM_UNDEFINED(at, n) ((void)(at), (void)(n))
#define VALGRIND_MAKE_MEM_DEFINED(at, n) ((void)(at), (void)(n))
#endif

#define FOUND 9	/* exit status of valgrind when it has something to report */
#define VECTOR_BYTES 1152u	/* ŝ, at the front of the secret key; z is at its end */

static uint8_t public_key[MLKEM768_PUBLIC], secret_key[MLKEM768_SECRET], ciphertext[MLKEM768_CIPHERTEXT];

static void secret(void *at, size_t n)
{
	VALGRIND_MAKE_MEM_UNDEFINED(at, n);
}

static void published(void *at, size_t n)
{
	VALGRIND_MAKE_MEM_DEFINED(at, n);
}

/* Key generation is not watched as a whole, because ρ comes from the seed; its parts that touch secrets are those of the other two. */
static int watched(int plant)
{
	uint8_t seed[MLKEM768_SEED] = { 1 }, random[32] = { 2 }, sent[32], opened[32];
	if (crypto_init(NULL) < 0)
		return 1;
	mlkem768_keys(public_key, secret_key, seed);
	secret(secret_key, VECTOR_BYTES);
	secret(secret_key + MLKEM768_SECRET - 32, 32);
	secret(random, sizeof random);
	if (mlkem768_encapsulate(ciphertext, sent, public_key, random) < 0)
		return 1;
	published(ciphertext, sizeof ciphertext);
	mlkem768_decapsulate(opened, secret_key, ciphertext);
	if (plant && opened[0] > 127)
		(void)!write(STDERR_FILENO, "", 0);
	ciphertext[700] ^= 1;
	mlkem768_decapsulate(sent, secret_key, ciphertext);	/* the other outcome */
	return 0;
}

static int status_of(const char *word)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	int status = 0;
	assert_true(n > 0);
#ifdef __SANITIZE_ADDRESS__
	skip();
#endif
	if (!USABLE)
		fail_msg("built without valgrind/memcheck.h: run make deps, then remove this program and build it again");
	self[n] = '\0';
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		execlp("valgrind", "valgrind", "-q", "--log-file=/dev/null", "--error-exitcode=9", self, word, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 127)
		fail_msg("no valgrind here: run make deps");
	return WEXITSTATUS(status);
}

static void no_branch_on_secrets(void **state)
{
	(void)state;
	assert_int_equal(status_of("watch"), 0);
}

static void a_planted_branch_is_noticed(void **state)
{
	(void)state;
	assert_int_equal(status_of("plant"), FOUND);
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return watched(strcmp(argv[1], "plant") == 0);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_branch_on_secrets),
		cmocka_unit_test(a_planted_branch_is_noticed),
	};
	return cmocka_run_group_tests_name("constant time", tests, NULL, NULL);
}
