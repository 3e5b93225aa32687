/* The primitives over libsodium. Owns no state but what crypto_init learns of the processor; keys live with the caller, and what is
 * derived on the stack is wiped before it goes. Never chooses an algorithm: the formats do.
 */
#include "seal/crypto.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "seal/sha256_x86.h"

/* The header hides libsodium, so the opaque states only promise room. Here the promise is checked. */
static_assert(sizeof(struct sha256) >= sizeof(crypto_hash_sha256_state), "room for libsodium's SHA-256");
static_assert(_Alignof(struct sha256) >= _Alignof(crypto_hash_sha256_state), "aligned for libsodium's SHA-256");
static_assert(sizeof(struct hmac256) >= sizeof(crypto_auth_hmacsha256_state), "room for libsodium's HMAC");
static_assert(_Alignof(struct hmac256) >= _Alignof(crypto_auth_hmacsha256_state), "aligned for libsodium's HMAC");
static_assert(crypto_hash_sha256_BYTES == 32 && crypto_hash_sha512_BYTES == 64, "digest sizes of the header");
static_assert(crypto_sign_BYTES == 64 && crypto_sign_PUBLICKEYBYTES == 32, "Ed25519 sizes");
static_assert(crypto_sign_SEEDBYTES == 32, "the size of a secret Ed25519 key");

static bool sha_instructions;	/* what the processor has; written once, before anything is hashed */

int crypto_init(struct err *e)
{
	int r = sodium_init();
	if (r < 0)
		return err_set(e, ERR_INTERNAL, "libsodium does not start on this machine");
	if (r == 0)	/* the first time only: a box may not ask */
		sha_instructions = sha256_x86_usable();
	return 0;
}

static crypto_hash_sha256_state *sha(struct sha256 *h)
{
	return (crypto_hash_sha256_state *)(void *)h->state;
}

void sha256_init(struct sha256 *h)
{
	(void)crypto_hash_sha256_init(sha(h));
}

/* What waits for more bytes lies in libsodium's own buffer, whoever hashes it: blocks go past its portable code wherever the processor can do it. */
static size_t sha_filled(const crypto_hash_sha256_state *s)
{
	return (s->count >> 3) & 63;
}

void sha256_add(struct sha256 *h, const void *bytes, size_t n)
{
	crypto_hash_sha256_state *s = sha(h);
	const uint8_t *p = bytes;
	size_t filled = sha_filled(s);
	if (n == 0)
		return;
	if (!sha_instructions) {
		(void)crypto_hash_sha256_update(s, p, n);
		return;
	}
	s->count += (uint64_t)n << 3;	/* bits */
	if (filled) {
		size_t head = n < 64 - filled ? n : 64 - filled;
		memcpy(s->buf + filled, p, head);
		if (filled + head < 64)
			return;
		sha256_x86_blocks(s->state, s->buf, 1);
		p += head;
		n -= head;
	}
	sha256_x86_blocks(s->state, p, n / 64);
	memcpy(s->buf, p + n / 64 * 64, n % 64);
}

/* One bit, zeros, and the length: FIPS 180-4 5.1.1. */
static void sha_end_x86(crypto_hash_sha256_state *s, uint8_t out[static 32])
{
	size_t filled = sha_filled(s);
	s->buf[filled++] = 0x80;
	if (filled > 56) {
		memset(s->buf + filled, 0, 64 - filled);
		sha256_x86_blocks(s->state, s->buf, 1);
		filled = 0;
	}
	memset(s->buf + filled, 0, 56 - filled);
	for (unsigned i = 0; i < 8; i++)
		s->buf[56 + i] = (uint8_t)(s->count >> (56 - 8 * i));
	sha256_x86_blocks(s->state, s->buf, 1);
	for (unsigned i = 0; i < 32; i++)
		out[i] = (uint8_t)(s->state[i / 4] >> (24 - 8 * (i % 4)));
	sodium_memzero(s, sizeof *s);
}

void sha256_end(struct sha256 *h, uint8_t out[static 32])
{
	if (sha_instructions)
		sha_end_x86(sha(h), out);
	else
		(void)crypto_hash_sha256_final(sha(h), out);
}

void sha256(uint8_t out[static 32], const void *bytes, size_t n)
{
	struct sha256 h;
	sha256_init(&h);
	sha256_add(&h, bytes, n);
	sha256_end(&h, out);
}

void sha512(uint8_t out[static 64], const void *bytes, size_t n)
{
	(void)crypto_hash_sha512(out, n ? bytes : (const void *)"", n);
}

int blake2b(uint8_t *out, size_t out_len, const void *bytes, size_t n, const void *key, size_t key_len)
{
	return crypto_generichash_blake2b(out, out_len, n ? bytes : (const void *)"", n, key_len ? key : NULL, key_len);
}

static crypto_auth_hmacsha256_state *hmac(struct hmac256 *h)
{
	return (crypto_auth_hmacsha256_state *)(void *)h->state;
}

void hmac256_init(struct hmac256 *h, const void *key, size_t key_len)
{
	(void)crypto_auth_hmacsha256_init(hmac(h), key_len ? key : (const void *)"", key_len);
}

void hmac256_add(struct hmac256 *h, const void *bytes, size_t n)
{
	if (n)
		(void)crypto_auth_hmacsha256_update(hmac(h), bytes, n);
}

void hmac256_end(struct hmac256 *h, uint8_t out[static 32])
{
	(void)crypto_auth_hmacsha256_final(hmac(h), out);
	sodium_memzero(h, sizeof *h);
}

void hmac256(uint8_t out[static 32], const void *key, size_t key_len, const void *bytes, size_t n)
{
	struct hmac256 h;
	hmac256_init(&h, key, key_len);
	hmac256_add(&h, bytes, n);
	hmac256_end(&h, out);
}

/* RFC 5869 §2.3: T(i) = HMAC(PRK, T(i-1) || info || i), the output is the T(i) in a row. */
static void hkdf_expand(uint8_t *out, size_t out_len, const uint8_t prk[static 32], const void *info, size_t info_len)
{
	uint8_t block[32];
	uint8_t index = 1;
	for (size_t done = 0; done < out_len; index++) {
		struct hmac256 h;
		hmac256_init(&h, prk, 32);
		if (index > 1)
			hmac256_add(&h, block, sizeof block);
		hmac256_add(&h, info, info_len);
		hmac256_add(&h, &index, 1);
		hmac256_end(&h, block);
		size_t step = out_len - done < sizeof block ? out_len - done : sizeof block;
		memcpy(out + done, block, step);
		done += step;
	}
	sodium_memzero(block, sizeof block);
}

void hkdf256(uint8_t *out, size_t out_len, const void *key, size_t key_len, const void *salt, size_t salt_len,
	const void *info, size_t info_len)
{
	assert(out_len <= 32u * 255u);
	uint8_t prk[32];
	/* §2.2: a salt that is not given is 32 zero bytes; HMAC pads a short key with zeros, so an empty key is the same. */
	hmac256(prk, salt, salt_len, key, key_len);
	hkdf_expand(out, out_len, prk, info, info_len);
	sodium_memzero(prk, sizeof prk);
}

void crypto_random(void *out, size_t n)
{
	randombytes_buf(out, n);
}

void crypto_wipe(void *p, size_t n)
{
	if (n)
		sodium_memzero(p, n);
}

bool crypto_equal(const void *a, const void *b, size_t n)
{
	return n == 0 || sodium_memcmp(a, b, n) == 0;
}

void *secret_alloc(size_t n)
{
	return sodium_malloc(n);
}

void secret_free(void *p)
{
	sodium_free(p);
}

void ed25519_public(uint8_t pub[static 32], const uint8_t seed[static 32])
{
	uint8_t sk[crypto_sign_SECRETKEYBYTES];
	(void)crypto_sign_seed_keypair(pub, sk, seed);
	sodium_memzero(sk, sizeof sk);
}

void ed25519_sign(uint8_t sig[static 64], const void *msg, size_t n, const uint8_t seed[static 32])
{
	uint8_t pub[32], sk[crypto_sign_SECRETKEYBYTES];
	/* The public half always comes from the seed: signing under a public key that someone handed in gives the secret away. */
	(void)crypto_sign_seed_keypair(pub, sk, seed);
	(void)crypto_sign_detached(sig, NULL, n ? msg : (const void *)"", n, sk);
	sodium_memzero(sk, sizeof sk);
}

/* libsodium refuses S ≥ L, points of small order and non-canonical keys: nobody but the signer can make a second signature
 * out of a first one. */
bool ed25519_verify(const uint8_t sig[static 64], const void *msg, size_t n, const uint8_t pub[static 32])
{
	return crypto_sign_verify_detached(sig, n ? msg : (const void *)"", n, pub) == 0;
}

void x25519_public(uint8_t pub[static 32], const uint8_t secret[static 32])
{
	(void)crypto_scalarmult_base(pub, secret);
}
