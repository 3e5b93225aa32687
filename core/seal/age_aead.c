/* The construction of RFC 8439 §2.8 from libsodium's parts: block 0 of the key stream is the key of Poly1305, the text begins at block 1, and the
 * authenticator is over the ciphertext, its padding, and both lengths. Short texts and other processors go to libsodium whole.
 */
#include "seal/age_aead.h"

#include <sodium.h>
#include <string.h>

#include "seal/chacha_x86.h"
#include "seal/crypto.h"

static bool is_wide(size_t len)
{
	return len >= CHACHA_X86_STEP && chacha_x86_usable();
}

static void text_xor(uint8_t *out, const uint8_t *in, size_t len, const uint8_t nonce[static AEAD_NONCE], const uint8_t key[static 32])
{
	size_t steps = len / CHACHA_X86_STEP, done = steps * CHACHA_X86_STEP;
	chacha_x86_xor(out, in, steps, 1, nonce, key);
	if (done < len)
		(void)crypto_stream_chacha20_ietf_xor_ic(out + done, in + done, len - done, nonce, (uint32_t)(1 + done / 64), key);
}

static void text_tag(uint8_t tag[static AEAD_TAG], const uint8_t *sealed, size_t len, const uint8_t nonce[static AEAD_NONCE],
	const uint8_t key[static 32])
{
	static const uint8_t zeros[16];
	uint8_t one_time[64], lengths[16] = { 0 };	/* of the associated data, none; of the text; little endian */
	crypto_onetimeauth_poly1305_state h;
	for (int i = 0; i < 8; i++)
		lengths[8 + i] = (uint8_t)((uint64_t)len >> 8 * i);
	(void)crypto_stream_chacha20_ietf(one_time, sizeof one_time, nonce, key);
	(void)crypto_onetimeauth_poly1305_init(&h, one_time);
	(void)crypto_onetimeauth_poly1305_update(&h, sealed, len);
	(void)crypto_onetimeauth_poly1305_update(&h, zeros, (16 - len % 16) % 16);
	(void)crypto_onetimeauth_poly1305_update(&h, lengths, sizeof lengths);
	(void)crypto_onetimeauth_poly1305_final(&h, tag);
	crypto_wipe(one_time, sizeof one_time);
	crypto_wipe(&h, sizeof h);
}

void aead_seal(uint8_t *out, const uint8_t *in, size_t len, const uint8_t nonce[static AEAD_NONCE], const uint8_t key[static 32])
{
	if (is_wide(len)) {
		text_xor(out, in, len, nonce, key);
		text_tag(out + len, out, len, nonce, key);
	} else {
		(void)crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, len, NULL, 0, NULL, nonce, key);
	}
}

int aead_open(uint8_t *out, const uint8_t *in, size_t sealed_len, const uint8_t nonce[static AEAD_NONCE], const uint8_t key[static 32])
{
	uint8_t tag[AEAD_TAG];
	if (sealed_len < AEAD_TAG)
		return -1;
	size_t len = sealed_len - AEAD_TAG;
	if (!is_wide(len))
		return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, in, sealed_len, NULL, 0, nonce, key);
	text_tag(tag, in, len, nonce, key);
	if (!crypto_equal(tag, in + len, AEAD_TAG))
		return -1;
	text_xor(out, in, len, nonce, key);
	return 0;
}
