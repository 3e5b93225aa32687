/* SHA-3 and SHAKE (FIPS 202), for ML-KEM: a sponge that takes bytes in pieces and gives them in pieces. Constant time: what it does depends on
 * lengths alone. A sponge holds what it has read, so one that read a secret is wiped by its owner.
 */
#ifndef ENCLUA_SEAL_KECCAK_H
#define ENCLUA_SEAL_KECCAK_H

#include <stddef.h>
#include <stdint.h>

struct keccak {
	uint64_t lane[25];
	size_t rate, at;	/* bytes of a block; how many of them are taken */
	uint8_t suffix;	/* what ends the input: it tells SHA-3 and SHAKE apart */
};

void shake128_init(struct keccak *k);
void shake256_init(struct keccak *k);
void sha3_256_init(struct keccak *k);
void sha3_512_init(struct keccak *k);
void keccak_add(struct keccak *k, const void *bytes, size_t n);
void keccak_end(struct keccak *k);	/* once, after the input and before the output */
void keccak_take(struct keccak *k, void *out, size_t n);	/* SHAKE: as often as wanted. SHA-3: the 32 or 64 bytes once */

void sha3_256(uint8_t out[static 32], const void *bytes, size_t n);
void sha3_512(uint8_t out[static 64], const void *bytes, size_t n);
void shake256(uint8_t *out, size_t out_len, const void *bytes, size_t n);

#endif
