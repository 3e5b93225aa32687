/* The cryptographic primitives that the rest of the tree may use: a thin, typed face of libsodium (this folder is its only
 * door). Secrets have their own types so that they are easy to find and to wipe.
 */
#ifndef ENCLUA_SEAL_CRYPTO_H
#define ENCLUA_SEAL_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

int crypto_init(struct err *e);	/* once per process, before anything else here */

struct sha256 { _Alignas(8) uint8_t state[104]; };
void sha256_init(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *bytes, size_t n);
void sha256_end(struct sha256 *h, uint8_t out[static 32]);
void sha256(uint8_t out[static 32], const void *bytes, size_t n);

void sha512(uint8_t out[static 64], const void *bytes, size_t n);
int blake2b(uint8_t *out, size_t out_len, const void *bytes, size_t n, const void *key, size_t key_len);	/* 1–64 bytes out, key ≤ 64; -1 when not */

struct hmac256 { _Alignas(8) uint8_t state[208]; };
void hmac256_init(struct hmac256 *h, const void *key, size_t key_len);
void hmac256_add(struct hmac256 *h, const void *bytes, size_t n);
void hmac256_end(struct hmac256 *h, uint8_t out[static 32]);
void hmac256(uint8_t out[static 32], const void *key, size_t key_len, const void *bytes, size_t n);

/* HKDF-SHA-256 (RFC 5869) of up to 32 × 255 bytes; salt may be NULL with length 0. */
void hkdf256(uint8_t *out, size_t out_len, const void *key, size_t key_len, const void *salt, size_t salt_len,
	const void *info, size_t info_len);

void crypto_random(void *out, size_t n);
/* From here on everything random in this process, crypto_random and what libsodium draws for itself, comes from a generator that starts at
 * this seed: for a box, which may make no system call. The seed must be fresh and used once. */
void crypto_random_seed(const uint8_t seed[static 32]);
void crypto_wipe(void *p, size_t n);
bool crypto_equal(const void *a, const void *b, size_t n);	/* in constant time */

/* Memory for keys: guard pages, locked where the system allows, wiped by the free, left out of core dumps. */
void *secret_alloc(size_t n);	/* NULL when there is none */
void secret_free(void *p);

void ed25519_public(uint8_t pub[static 32], const uint8_t seed[static 32]);
void ed25519_sign(uint8_t sig[static 64], const void *msg, size_t n, const uint8_t seed[static 32]);
bool ed25519_verify(const uint8_t sig[static 64], const void *msg, size_t n, const uint8_t pub[static 32]);
void x25519_public(uint8_t pub[static 32], const uint8_t secret[static 32]);

#endif
