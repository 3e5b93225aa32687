/* X-Wing: expands the seed, runs both encapsulations and hashes both secrets with what of the transcript ML-KEM does not bind already. It owns
 * nothing; keys made from a seed live on the stack and are wiped.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "seal/crypto.h"
#include "seal/keccak.h"
#include "seal/mlkem768.h"
#include "seal/xwing.h"

static_assert(XWING_PUBLIC == MLKEM768_PUBLIC + 32 && XWING_CIPHERTEXT == MLKEM768_CIPHERTEXT + 32, "ML-KEM's part, then X25519's");

struct keys {
	uint8_t public_key[XWING_PUBLIC], mlkem[MLKEM768_SECRET], x25519[32];
};

static void keys_expand(struct keys *k, const uint8_t seed[static XWING_SEED])
{
	uint8_t both[MLKEM768_SEED + 32];
	shake256(both, sizeof both, seed, XWING_SEED);
	mlkem768_keys(k->public_key, k->mlkem, both);
	memcpy(k->x25519, both + MLKEM768_SEED, 32);
	x25519_public(k->public_key + MLKEM768_PUBLIC, k->x25519);
	crypto_wipe(both, sizeof both);
}

/* SHA3-256(ML-KEM's secret || X25519's || share || public key || label), where the label draws a cross of wings. */
static void combine(uint8_t shared[static XWING_SHARED], const uint8_t mlkem[static 32], const uint8_t x25519[static 32],
	const uint8_t share[static 32], const uint8_t public_key[static 32])
{
	static const uint8_t label[6] = { 0x5c, 0x2e, 0x2f, 0x2f, 0x5e, 0x5c };	/* \.//^\ */
	uint8_t in[4 * 32 + sizeof label];
	memcpy(in, mlkem, 32);
	memcpy(in + 32, x25519, 32);
	memcpy(in + 64, share, 32);
	memcpy(in + 96, public_key, 32);
	memcpy(in + 128, label, sizeof label);
	sha3_256(shared, in, sizeof in);
	crypto_wipe(in, sizeof in);
}

void xwing_public(uint8_t public_key[static XWING_PUBLIC], const uint8_t seed[static XWING_SEED])
{
	struct keys k;
	keys_expand(&k, seed);
	memcpy(public_key, k.public_key, XWING_PUBLIC);
	crypto_wipe(&k, sizeof k);
}

int xwing_encapsulate(uint8_t ciphertext[static XWING_CIPHERTEXT], uint8_t shared[static XWING_SHARED],
	const uint8_t public_key[static XWING_PUBLIC], const uint8_t random[static XWING_RANDOM])
{
	const uint8_t *theirs = public_key + MLKEM768_PUBLIC;
	uint8_t mlkem[32], x25519[32], *share = ciphertext + MLKEM768_CIPHERTEXT;
	int r = -1;
	if (mlkem768_encapsulate(ciphertext, mlkem, public_key, random) < 0 ||
		crypto_scalarmult_base(share, random + 32) < 0 || crypto_scalarmult(x25519, random + 32, theirs) < 0)
		goto out;
	combine(shared, mlkem, x25519, share, theirs);
	r = 0;
out:
	crypto_wipe(mlkem, sizeof mlkem);
	crypto_wipe(x25519, sizeof x25519);
	return r;
}

int xwing_decapsulate(uint8_t shared[static XWING_SHARED], const uint8_t seed[static XWING_SEED],
	const uint8_t ciphertext[static XWING_CIPHERTEXT])
{
	const uint8_t *share = ciphertext + MLKEM768_CIPHERTEXT;
	uint8_t mlkem[32], x25519[32];
	struct keys k;
	int r = -1;
	keys_expand(&k, seed);
	if (crypto_scalarmult(x25519, k.x25519, share) < 0)
		goto out;
	mlkem768_decapsulate(mlkem, k.mlkem, ciphertext);
	combine(shared, mlkem, x25519, share, k.public_key + MLKEM768_PUBLIC);
	r = 0;
out:
	crypto_wipe(&k, sizeof k);
	crypto_wipe(mlkem, sizeof mlkem);
	crypto_wipe(x25519, sizeof x25519);
	return r;
}
