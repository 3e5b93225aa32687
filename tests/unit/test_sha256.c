/* SHA-256 by the processor's instructions against libsodium's portable code: every length around a block, in every split. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <sodium.h>

#include "seal/crypto.h"
#include "seal/sha256_x86.h"

static void every_length_and_split(void **state)
{
	(void)state;
	uint8_t bytes[400], got[32], want[32];
	struct err e;
	assert_int_equal(crypto_init(&e), 0);
	if (!sha256_x86_usable())
		print_message("this processor has no SHA instructions: libsodium is held against itself\n");
	crypto_random(bytes, sizeof bytes);
	for (size_t n = 0; n <= sizeof bytes; n++) {
		crypto_hash_sha256(want, bytes, n);
		for (size_t split = 0; split <= n; split++) {
			struct sha256 h;
			sha256_init(&h);
			sha256_add(&h, bytes, split);
			sha256_add(&h, bytes + split, n - split);
			sha256_end(&h, got);
			assert_memory_equal(got, want, 32);
		}
	}
}

static void long_input_in_odd_pieces(void **state)
{
	(void)state;
	enum { LONG = 3 << 20 };
	uint8_t *bytes = malloc(LONG), got[32], want[32];
	struct sha256 h;
	crypto_random(bytes, LONG);
	crypto_hash_sha256(want, bytes, LONG);
	sha256_init(&h);
	for (size_t at = 0, piece = 1; at < LONG; at += piece, piece = piece * 5 % 70001 + 1) {
		if (piece > LONG - at)
			piece = LONG - at;
		sha256_add(&h, bytes + at, piece);
	}
	sha256_end(&h, got);
	assert_memory_equal(got, want, 32);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_and_split),
		cmocka_unit_test(long_input_in_odd_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
