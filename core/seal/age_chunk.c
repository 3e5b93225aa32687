/* The payload of an age file, one chunk at a time (C2SP age, "Payload"): pure functions over bytes that the caller owns, so that
 * chunks can go to several processors. The nonce is the chunk's number and whether it is the last: an attacker can neither
 * reorder chunks nor cut the file without being noticed.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "seal/age.h"
#include "seal/crypto.h"

#define NONCE 12u

static_assert(AGE_TAG == crypto_aead_chacha20poly1305_IETF_ABYTES, "the tag of RFC 8439");
static_assert(NONCE == crypto_aead_chacha20poly1305_IETF_NPUBBYTES, "the nonce of RFC 8439");

static void chunk_nonce(uint8_t nonce[static NONCE], uint64_t index, bool last)
{
	memset(nonce, 0, NONCE);
	for (int i = 10; i >= 3; i--, index >>= 8)
		nonce[i] = (uint8_t)index;
	nonce[11] = last;
}

void age_payload_init(struct age_payload *p, const uint8_t file_key[static AGE_FILE_KEY], const uint8_t nonce[static AGE_NONCE])
{
	hkdf256(p->key, sizeof p->key, file_key, AGE_FILE_KEY, nonce, AGE_NONCE, "payload", 7);
}

void age_chunk_seal(const struct age_payload *p, uint8_t *out, const uint8_t *in, size_t len, uint64_t index, bool last)
{
	uint8_t nonce[NONCE];
	assert(last ? len <= AGE_CHUNK : len == AGE_CHUNK);
	assert(len > 0 || index == 0);
	chunk_nonce(nonce, index, last);
	(void)crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, len, NULL, 0, NULL, nonce, p->key);
}

int age_chunk_open(const struct age_payload *p, uint8_t *out, const uint8_t *in, size_t sealed_len, uint64_t index, bool last)
{
	uint8_t nonce[NONCE];
	if (sealed_len < AGE_TAG || sealed_len > AGE_SEALED_CHUNK)
		return -1;
	if (!last && sealed_len != AGE_SEALED_CHUNK)
		return -1;
	/* "The final chunk … MUST NOT be empty unless the whole payload is empty": otherwise a file has two spellings. */
	if (sealed_len == AGE_TAG && index != 0)
		return -1;
	chunk_nonce(nonce, index, last);
	return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, in, sealed_len, NULL, 0, nonce, p->key);
}

uint64_t age_payload_len(uint64_t plain_len)
{
	uint64_t chunks = plain_len ? (plain_len - 1) / AGE_CHUNK + 1 : 1;
	assert(plain_len <= INT64_MAX);	/* no file is longer */
	return AGE_NONCE + plain_len + chunks * AGE_TAG;
}

int age_plain_len(uint64_t *plain_len, uint64_t payload_len)
{
	if (payload_len < AGE_NONCE + AGE_TAG || payload_len > INT64_MAX)
		return -1;
	uint64_t full = (payload_len - AGE_NONCE) / AGE_SEALED_CHUNK, rest = (payload_len - AGE_NONCE) % AGE_SEALED_CHUNK;
	if (rest && (rest < AGE_TAG || (rest == AGE_TAG && full)))
		return -1;
	*plain_len = full * AGE_CHUNK + (rest ? rest - AGE_TAG : 0);
	return 0;
}
