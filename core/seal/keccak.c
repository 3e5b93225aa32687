/* The sponge of FIPS 202 over Keccak-p[1600, 24]. Ours because neither libsodium 1.0.18 nor any other library that this tree links has SHA-3; what
 * needs it is ML-KEM, some fifty permutations a key, so that it is written to be read and not to be fast. It owns nothing and keeps nothing.
 */
#include <assert.h>
#include <string.h>

#include "seal/crypto.h"
#include "seal/keccak.h"

#define ROUNDS 24u
#define SUFFIX_SHA3 0x06u	/* FIPS 202, section 6.1: 01, then the first 1 of the padding */
#define SUFFIX_SHAKE 0x1fu	/* section 6.2: 1111, then the same */

/* Algorithm 5 run ahead: what iota adds in each round. */
static const uint64_t round_constant[ROUNDS] = {
	0x0000000000000001u, 0x0000000000008082u, 0x800000000000808au, 0x8000000080008000u,
	0x000000000000808bu, 0x0000000080000001u, 0x8000000080008081u, 0x8000000000008009u,
	0x000000000000008au, 0x0000000000000088u, 0x0000000080008009u, 0x000000008000000au,
	0x000000008000808bu, 0x800000000000008bu, 0x8000000000008089u, 0x8000000000008003u,
	0x8000000000008002u, 0x8000000000000080u, 0x000000000000800au, 0x800000008000000au,
	0x8000000080008081u, 0x8000000000008080u, 0x0000000080000001u, 0x8000000080008008u,
};

/* rho and pi in one walk that begins at lane 1: lane walk[t - 1] goes to walk[t], turned by turn[t] bits (algorithms 2 and 3). */
static const uint8_t walk[24] = { 10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1 };
static const uint8_t turn[24] = { 1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44 };

static uint64_t rotate(uint64_t x, unsigned bits)	/* 1 to 63 */
{
	return x << bits | x >> (64 - bits);
}

static void theta(uint64_t a[static 25])
{
	uint64_t column[5];
	for (size_t x = 0; x < 5; x++)
		column[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
	for (size_t x = 0; x < 5; x++) {
		uint64_t d = column[(x + 4) % 5] ^ rotate(column[(x + 1) % 5], 1);
		for (size_t y = 0; y < 25; y += 5)
			a[x + y] ^= d;
	}
}

static void rho_pi(uint64_t a[static 25])
{
	uint64_t moving = a[1];
	for (size_t t = 0; t < 24; t++) {
		uint64_t next = a[walk[t]];
		a[walk[t]] = rotate(moving, turn[t]);
		moving = next;
	}
}

static void chi(uint64_t a[static 25])
{
	for (size_t y = 0; y < 25; y += 5) {
		uint64_t row[5];
		memcpy(row, a + y, sizeof row);
		for (size_t x = 0; x < 5; x++)
			a[x + y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
	}
}

static void permute(uint64_t a[static 25])
{
	for (size_t round = 0; round < ROUNDS; round++) {
		theta(a);
		rho_pi(a);
		chi(a);
		a[0] ^= round_constant[round];
	}
}

/* Byte n of the state: lanes are little endian on every machine. */
static void lane_xor(struct keccak *k, size_t n, uint8_t byte)
{
	k->lane[n / 8] ^= (uint64_t)byte << n % 8 * 8;
}

static void keccak_init(struct keccak *k, size_t capacity, uint8_t suffix)
{
	*k = (struct keccak){ .rate = sizeof k->lane - capacity, .suffix = suffix };
}

void shake128_init(struct keccak *k)
{
	keccak_init(k, 32, SUFFIX_SHAKE);
}

void shake256_init(struct keccak *k)
{
	keccak_init(k, 64, SUFFIX_SHAKE);
}

void sha3_256_init(struct keccak *k)
{
	keccak_init(k, 64, SUFFIX_SHA3);
}

void sha3_512_init(struct keccak *k)
{
	keccak_init(k, 128, SUFFIX_SHA3);
}

void keccak_add(struct keccak *k, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	assert(k->suffix);
	for (size_t i = 0; i < n; i++) {
		lane_xor(k, k->at++, p[i]);
		if (k->at == k->rate) {
			permute(k->lane);
			k->at = 0;
		}
	}
}

void keccak_end(struct keccak *k)
{
	assert(k->suffix);
	lane_xor(k, k->at, k->suffix);
	lane_xor(k, k->rate - 1, 0x80);	/* pad10*1, its last 1 */
	k->at = k->rate;	/* the first byte of the output is behind one more permutation */
	k->suffix = 0;
}

void keccak_take(struct keccak *k, void *out, size_t n)
{
	uint8_t *p = out;
	assert(!k->suffix);
	for (size_t i = 0; i < n; i++) {
		if (k->at == k->rate) {
			permute(k->lane);
			k->at = 0;
		}
		p[i] = (uint8_t)(k->lane[k->at / 8] >> k->at % 8 * 8);
		k->at++;
	}
}

/* All at once, into a sponge that has been prepared. */
static void digest(struct keccak *k, void *out, size_t out_len, const void *bytes, size_t n)
{
	keccak_add(k, bytes, n);
	keccak_end(k);
	keccak_take(k, out, out_len);
	crypto_wipe(k, sizeof *k);
}

void sha3_256(uint8_t out[static 32], const void *bytes, size_t n)
{
	struct keccak k;
	sha3_256_init(&k);
	digest(&k, out, 32, bytes, n);
}

void sha3_512(uint8_t out[static 64], const void *bytes, size_t n)
{
	struct keccak k;
	sha3_512_init(&k);
	digest(&k, out, 64, bytes, n);
}

void shake256(uint8_t *out, size_t out_len, const void *bytes, size_t n)
{
	struct keccak k;
	shake256_init(&k);
	digest(&k, out, out_len, bytes, n);
}
