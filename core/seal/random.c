/* Randomness without system calls: a generator that replaces libsodium's own source. ChaCha20 with fast key erasure: each call makes the
 * next key before it gives anything out, so that what was drawn cannot be computed back from what is in memory later.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "seal/crypto.h"

/* The one piece of state of this folder: libsodium's source is a property of the process. */
static uint8_t key[32];

static const char *generator_name(void)
{
	return "enclua-seeded";
}

static void generator_fill(void *const out, const size_t n)
{
	static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
	uint8_t next[32];
	(void)crypto_stream_chacha20(next, sizeof next, nonce, key);
	memset(out, 0, n);
	/* Block 0 was the next key; what is given out begins at block 1. */
	(void)crypto_stream_chacha20_xor_ic(out, out, n, nonce, 1, key);
	memcpy(key, next, sizeof key);
	sodium_memzero(next, sizeof next);
}

static uint32_t generator_word(void)
{
	uint32_t word;
	generator_fill(&word, sizeof word);
	return word;
}

void crypto_random_seed(const uint8_t seed[static 32])
{
	static randombytes_implementation generator = {
		.implementation_name = generator_name, .random = generator_word, .buf = generator_fill
	};
	static_assert(crypto_stream_chacha20_KEYBYTES == sizeof key, "key of the generator");
	memcpy(key, seed, sizeof key);
	(void)randombytes_set_implementation(&generator);
}
