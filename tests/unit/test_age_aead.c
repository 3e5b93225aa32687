/* ChaCha20-Poly1305 of age_aead.c and chacha_x86.c against libsodium's own: every length around a step, any alignment, in place, every bit of the tag. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sodium.h>

#include "seal/age_aead.h"
#include "seal/chacha_x86.h"
#include "seal/crypto.h"

#define MAX (66 * 1024u)

static uint8_t plain[MAX], ours[MAX + 64], theirs[MAX + 64], back[MAX + 64];

static void compare(size_t len, size_t shift)
{
	uint8_t key[32], nonce[12];
	randombytes_buf(key, sizeof key);
	randombytes_buf(nonce, sizeof nonce);
	(void)crypto_aead_chacha20poly1305_ietf_encrypt(theirs, NULL, plain + shift, len, NULL, 0, NULL, nonce, key);
	aead_seal(ours + shift, plain + shift, len, nonce, key);
	assert_memory_equal(ours + shift, theirs, len + AEAD_TAG);
	assert_int_equal(aead_open(back + 2 * shift, theirs, len + AEAD_TAG, nonce, key), 0);
	assert_memory_equal(back + 2 * shift, plain + shift, len);
	memcpy(back + shift, plain + shift, len);	/* in place */
	aead_seal(back + shift, back + shift, len, nonce, key);
	assert_memory_equal(back + shift, theirs, len + AEAD_TAG);
	assert_int_equal(aead_open(back + shift, back + shift, len + AEAD_TAG, nonce, key), 0);
	assert_memory_equal(back + shift, plain + shift, len);
}

static void test_every_length_around_a_step(void **state)
{
	(void)state;
	for (size_t len = 0; len < 2200; len++)
		compare(len, len % 17);
	for (size_t len = 65536 - 70; len <= 65536 + 70; len++)
		compare(len, len % 13);
}

static void test_every_bit_counts(void **state)
{
	(void)state;
	static const size_t lengths[] = { 0, 100, 1024, 3000 };
	uint8_t key[32] = { 1 }, nonce[12] = { 2 };
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		size_t len = lengths[i];
		aead_seal(ours, plain, len, nonce, key);
		for (size_t bit = 0; bit < (len + AEAD_TAG) * 8; bit += bit < len * 8 ? 7 : 1) {
			ours[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_int_equal(aead_open(back, ours, len + AEAD_TAG, nonce, key), -1);
			ours[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		assert_int_equal(aead_open(back, ours, len + AEAD_TAG, nonce, key), 0);
		for (size_t cut = 0; cut < AEAD_TAG; cut++)
			assert_int_equal(aead_open(back, ours, cut, nonce, key), -1);
	}
}

/* The block counter goes beyond 32 bits in no chunk of age, but a wrong carry would show here. */
static void test_counters(void **state)
{
	(void)state;
	static const uint32_t counters[] = { 0, 1, 15, 16, 0x7ffffff8u, 0xffffff00u };
	uint8_t key[32] = { 3 }, nonce[12] = { 4 };
	if (!chacha_x86_usable())
		skip();
	for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
		chacha_x86_xor(ours, plain, 4, counters[i], nonce, key);
		(void)crypto_stream_chacha20_ietf_xor_ic(theirs, plain, (size_t)4 * CHACHA_X86_STEP, nonce, counters[i], key);
		assert_memory_equal(ours, theirs, 4 * CHACHA_X86_STEP);
	}
}

static int setup(void **state)
{
	(void)state;
	if (crypto_init(NULL) < 0)
		return -1;
	randombytes_buf(plain, sizeof plain);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length_around_a_step),
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_counters),
	};
	return cmocka_run_group_tests_name("age aead", tests, setup, NULL);
}
