/* ChaCha20-Poly1305 (RFC 8439) without associated data, as age seals its chunks: libsodium's, with the cipher itself by wider registers where the
 * processor has them. out may be in, or a place of its own; never overlapping otherwise.
 */
#ifndef ENCLUA_SEAL_AGE_AEAD_H
#define ENCLUA_SEAL_AGE_AEAD_H

#include <stddef.h>
#include <stdint.h>

#define AEAD_NONCE 12u
#define AEAD_TAG 16u

void aead_seal(uint8_t *out, const uint8_t *in, size_t len, const uint8_t nonce[static AEAD_NONCE], const uint8_t key[static 32]);
/* -1 when it does not verify; then nothing of it was decrypted. */
int aead_open(uint8_t *out, const uint8_t *in, size_t sealed_len, const uint8_t nonce[static AEAD_NONCE], const uint8_t key[static 32]);

#endif
