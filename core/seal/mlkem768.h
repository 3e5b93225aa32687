/* ML-KEM-768 (FIPS 203): the key encapsulation that no quantum computer is known to break. Deterministic: every random byte comes from the caller,
 * fresh and used once. Constant time in everything secret: no branch, index or division depends on it. What is read from ρ is public and may vary.
 */
#ifndef ENCLUA_SEAL_MLKEM768_H
#define ENCLUA_SEAL_MLKEM768_H

#include <stdint.h>

#define MLKEM768_SEED 64u	/* d || z */
#define MLKEM768_PUBLIC 1184u	/* encapsulation key: t̂ || ρ */
#define MLKEM768_SECRET 2400u	/* decapsulation key: ŝ || public || H(public) || z */
#define MLKEM768_CIPHERTEXT 1088u
#define MLKEM768_SHARED 32u

void mlkem768_keys(uint8_t public_key[static MLKEM768_PUBLIC], uint8_t secret_key[static MLKEM768_SECRET],
	const uint8_t seed[static MLKEM768_SEED]);

/* -1 when the key has a coefficient that is not below q (section 7.2): then nothing is written. */
int mlkem768_encapsulate(uint8_t ciphertext[static MLKEM768_CIPHERTEXT], uint8_t shared[static MLKEM768_SHARED],
	const uint8_t public_key[static MLKEM768_PUBLIC], const uint8_t random[static 32]);

/* Never fails: a ciphertext that encapsulation did not make gives a secret that nobody else knows (implicit rejection). The secret key must be
 * one that mlkem768_keys made: the checks of section 7.3 for keys from elsewhere are not here. */
void mlkem768_decapsulate(uint8_t shared[static MLKEM768_SHARED], const uint8_t secret_key[static MLKEM768_SECRET],
	const uint8_t ciphertext[static MLKEM768_CIPHERTEXT]);

#endif
