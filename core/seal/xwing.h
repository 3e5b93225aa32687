/* X-Wing (draft-connolly-cfrg-xwing-kem; MLKEM768-X25519, 0x647a, of draft-ietf-hpke-pq): ML-KEM-768 and X25519 together, so that the secret holds
 * while either of them does. The secret key is a seed of 32 bytes. Deterministic: what is random comes from the caller, fresh and used once.
 */
#ifndef ENCLUA_SEAL_XWING_H
#define ENCLUA_SEAL_XWING_H

#include <stdint.h>

#define XWING_SEED 32u
#define XWING_PUBLIC 1216u	/* ML-KEM 1184 || X25519 32 */
#define XWING_CIPHERTEXT 1120u	/* ML-KEM 1088 || X25519 ephemeral share 32 */
#define XWING_SHARED 32u
#define XWING_RANDOM 64u	/* for ML-KEM 32 || X25519 ephemeral secret 32 */

void xwing_public(uint8_t public_key[static XWING_PUBLIC], const uint8_t seed[static XWING_SEED]);

/* Both: -1 when the X25519 part of the other side is a point of low order. Encapsulating also when the ML-KEM part is not reduced. A ciphertext that
 * was not made for this key gives a secret that nobody else knows. */
int xwing_encapsulate(uint8_t ciphertext[static XWING_CIPHERTEXT], uint8_t shared[static XWING_SHARED],
	const uint8_t public_key[static XWING_PUBLIC], const uint8_t random[static XWING_RANDOM]);
int xwing_decapsulate(uint8_t shared[static XWING_SHARED], const uint8_t seed[static XWING_SEED],
	const uint8_t ciphertext[static XWING_CIPHERTEXT]);

#endif
