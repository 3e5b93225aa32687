/* ML-KEM-768, written from FIPS 203; "algorithm n" below is its number there. It is ours because no library of Debian 12 has ML-KEM (libsodium from
 * 1.0.21, OpenSSL from 3.5). Coefficients are whole numbers below q everywhere; reduction is Barrett's, so that no division is needed. It draws
 * nothing random, keeps nothing, and wipes what was secret.
 */
#include <assert.h>
#include <string.h>

#include "seal/crypto.h"
#include "seal/keccak.h"
#include "seal/mlkem768.h"

#define Q 3329u
#define N 256u
#define K 3u	/* rows; η₁ = η₂ = 2 */
#define DU 10u
#define DV 4u
#define POLY_BYTES 384u	/* of a polynomial at 12 bits a coefficient */
#define SECRET_BYTES (K * POLY_BYTES)	/* ŝ, and t̂ */
#define U_BYTES (K * 32 * DU)

static_assert(MLKEM768_PUBLIC == SECRET_BYTES + 32 && MLKEM768_SECRET == SECRET_BYTES + MLKEM768_PUBLIC + 64, "section 8, table 3");
static_assert(MLKEM768_CIPHERTEXT == U_BYTES + 32 * DV, "section 8, table 3");

struct poly { uint16_t c[N]; };	/* in R_q or, with a hat in the paper, in T_q */
struct vector { struct poly p[K]; };

/* ζ^BitRev₇(i) mod q with ζ = 17 (appendix A). */
static const uint16_t zeta[128] = {
	1, 1729, 2580, 3289, 2642, 630, 1897, 848, 1062, 1919, 193, 797, 2786, 3260, 569, 1746,
	296, 2447, 1339, 1476, 3046, 56, 2240, 1333, 1426, 2094, 535, 2882, 2393, 2879, 1974, 821,
	289, 331, 3253, 1756, 1197, 2304, 2277, 2055, 650, 1977, 2513, 632, 2865, 33, 1320, 1915,
	2319, 1435, 807, 452, 1438, 2868, 1534, 2402, 2647, 2617, 1481, 648, 2474, 3110, 1227, 910,
	17, 2761, 583, 2649, 1637, 723, 2288, 1100, 1409, 2662, 3281, 233, 756, 2156, 3015, 3050,
	1703, 1651, 2789, 1789, 1847, 952, 1461, 2687, 939, 2308, 2437, 2388, 733, 2337, 268, 641,
	1584, 2298, 2037, 3220, 375, 2549, 2090, 1645, 1063, 319, 2773, 757, 2099, 561, 2466, 2594,
	2804, 1092, 403, 1026, 1143, 2150, 2775, 886, 1722, 1212, 1874, 1029, 2110, 2935, 885, 2154,
};
#define N_INVERSE 3303u	/* 128⁻¹ mod q */

/* ---- arithmetic modulo q ---- */

/* The compiler may know nothing of this value: else it could see that it is a bit, and branch on it. */
static uint32_t opaque(uint32_t x)
{
	__asm__("" : "+r"(x));
	return x;
}

static uint16_t reduce_once(uint32_t x)	/* below 2q */
{
	uint32_t y = x - Q;
	return (uint16_t)(y + (opaque(y >> 31) & 1) * Q);
}

/* Any x below 2²⁴: the estimated quotient ⌊x · ⌊2²⁴/q⌋ / 2²⁴⌋ is right or one too small. */
static uint16_t reduce(uint32_t x)
{
	return reduce_once(x - (uint32_t)((uint64_t)x * ((1u << 24) / Q) >> 24) * Q);
}

static uint16_t add(uint16_t a, uint16_t b)
{
	return reduce_once((uint32_t)a + b);
}

static uint16_t sub(uint16_t a, uint16_t b)
{
	return reduce_once((uint32_t)a + Q - b);
}

static uint16_t mul(uint32_t a, uint32_t b)
{
	return reduce(a * b);
}

/* Equation 4.7: round(2ᵈ/q · x) mod 2ᵈ. The division is a multiplication by 5160670 = ⌈2³⁴/q⌉, exact for every numerator that occurs. */
static uint16_t compress(uint16_t x, unsigned d)
{
	uint64_t numerator = ((uint64_t)x << d) + Q / 2;
	return (uint16_t)((numerator * 5160670u >> 34) & ((1u << d) - 1));
}

static uint16_t decompress(uint16_t y, unsigned d)	/* equation 4.8 */
{
	return (uint16_t)((opaque(y) * Q + (1u << (d - 1))) >> d);
}

/* ---- polynomials ---- */

static void poly_add(struct poly *to, const struct poly *p)
{
	for (size_t i = 0; i < N; i++)
		to->c[i] = add(to->c[i], p->c[i]);
}

static void poly_ntt(struct poly *p)	/* algorithm 9 */
{
	size_t z = 1;
	for (size_t len = 128; len >= 2; len /= 2)
		for (size_t start = 0; start < N; start += 2 * len, z++)
			for (size_t j = start; j < start + len; j++) {
				uint16_t t = mul(zeta[z], p->c[j + len]);
				p->c[j + len] = sub(p->c[j], t);
				p->c[j] = add(p->c[j], t);
			}
}

static void poly_ntt_inverse(struct poly *p)	/* algorithm 10 */
{
	size_t z = 127;
	for (size_t len = 2; len <= 128; len *= 2)
		for (size_t start = 0; start < N; start += 2 * len, z--)
			for (size_t j = start; j < start + len; j++) {
				uint16_t t = p->c[j];
				p->c[j] = add(t, p->c[j + len]);
				p->c[j + len] = mul(zeta[z], sub(p->c[j + len], t));
			}
	for (size_t i = 0; i < N; i++)
		p->c[i] = mul(p->c[i], N_INVERSE);
}

/* Algorithms 11 and 12: sum += a · b in T_q. Pair i is modulo X² - γ, where γ is ζ[64 + i/2], negated for odd i. */
static void poly_multiply_add(struct poly *sum, const struct poly *a, const struct poly *b)
{
	for (size_t i = 0; i < N / 2; i++) {
		const uint16_t *x = a->c + 2 * i, *y = b->c + 2 * i;
		uint16_t g = zeta[64 + i / 2], gamma = i % 2 ? (uint16_t)(Q - g) : g;
		uint16_t low = add(mul(x[0], y[0]), mul(mul(x[1], y[1]), gamma));
		uint16_t high = add(mul(x[0], y[1]), mul(x[1], y[0]));
		sum->c[2 * i] = add(sum->c[2 * i], low);
		sum->c[2 * i + 1] = add(sum->c[2 * i + 1], high);
	}
}

/* Algorithm 5: d bits a coefficient, little endian. */
static void poly_encode(uint8_t *out, const struct poly *p, unsigned d)
{
	uint32_t bits = 0;
	unsigned have = 0;
	for (size_t i = 0; i < N; i++) {
		bits |= (uint32_t)p->c[i] << have;
		for (have += d; have >= 8; have -= 8, bits >>= 8)
			*out++ = (uint8_t)bits;
	}
}

static void poly_decode(struct poly *p, const uint8_t *in, unsigned d)	/* algorithm 6, without its reduction of 12 bits */
{
	uint32_t bits = 0;
	unsigned have = 0;
	for (size_t i = 0; i < N; i++) {
		for (; have < d; have += 8)
			bits |= (uint32_t)*in++ << have;
		p->c[i] = (uint16_t)(bits & ((1u << d) - 1));
		bits >>= d;
		have -= d;
	}
}

static void poly_encode_compressed(uint8_t *out, const struct poly *p, unsigned d)
{
	struct poly small;
	for (size_t i = 0; i < N; i++)
		small.c[i] = compress(p->c[i], d);
	poly_encode(out, &small, d);
	crypto_wipe(&small, sizeof small);
}

static void poly_decode_compressed(struct poly *p, const uint8_t *in, unsigned d)
{
	poly_decode(p, in, d);
	for (size_t i = 0; i < N; i++)
		p->c[i] = decompress(p->c[i], d);
}

/* Algorithm 7: entry (row, column) of Â from ρ. Public, so it may take as long as it takes. */
static void poly_sample_uniform(struct poly *p, const uint8_t rho[static 32], size_t row, size_t column)
{
	struct keccak k;
	uint8_t index[2] = { (uint8_t)column, (uint8_t)row };
	size_t n = 0;
	shake128_init(&k);
	keccak_add(&k, rho, 32);
	keccak_add(&k, index, sizeof index);
	keccak_end(&k);
	while (n < N) {
		uint8_t b[3];
		keccak_take(&k, b, sizeof b);
		uint16_t one = (uint16_t)(b[0] | (b[1] & 15) << 8), two = (uint16_t)(b[1] >> 4 | b[2] << 4);
		if (one < Q)
			p->c[n++] = one;
		if (two < Q && n < N)
			p->c[n++] = two;
	}
}

/* Algorithm 8 with η = 2 over PRF(seed, number): two bits less two bits. */
static void poly_sample_small(struct poly *p, const uint8_t seed[static 32], unsigned number)
{
	uint8_t in[33], bytes[N / 2];
	memcpy(in, seed, 32);
	in[32] = (uint8_t)number;
	shake256(bytes, sizeof bytes, in, sizeof in);
	for (size_t i = 0; i < N; i++) {
		unsigned four = (unsigned)bytes[i / 2] >> i % 2 * 4;
		p->c[i] = sub((uint16_t)((four & 1) + (four >> 1 & 1)), (uint16_t)((four >> 2 & 1) + (four >> 3 & 1)));
	}
	crypto_wipe(in, sizeof in);
	crypto_wipe(bytes, sizeof bytes);
}

/* ---- vectors ---- */

static void vector_sample_ntt(struct vector *v, const uint8_t seed[static 32], unsigned number)
{
	for (unsigned i = 0; i < K; i++) {
		poly_sample_small(&v->p[i], seed, number + i);
		poly_ntt(&v->p[i]);
	}
}

/* sum += a · b */
static void vector_multiply_add(struct poly *sum, const struct vector *a, const struct vector *b)
{
	for (size_t i = 0; i < K; i++)
		poly_multiply_add(sum, &a->p[i], &b->p[i]);
}

static void vector_encode(uint8_t out[static SECRET_BYTES], const struct vector *v)
{
	for (size_t i = 0; i < K; i++)
		poly_encode(out + i * POLY_BYTES, &v->p[i], 12);
}

/* The check of section 7.2: -1 when a coefficient is not below q. The vector holds 12 bits each, whatever the answer. */
static int vector_decode(struct vector *v, const uint8_t in[static SECRET_BYTES])
{
	uint32_t over = 0;
	for (size_t i = 0; i < K; i++) {
		poly_decode(&v->p[i], in + i * POLY_BYTES, 12);
		for (size_t j = 0; j < N; j++)
			over |= (Q - 1u - v->p[i].c[j]) >> 31;
	}
	return over ? -1 : 0;
}

/* ---- K-PKE ---- */

/* Algorithm 13: ŝ from σ, t̂ = Âŝ + ê. */
static void pke_keys(uint8_t public_key[static MLKEM768_PUBLIC], uint8_t secret[static SECRET_BYTES], const uint8_t d[static 32])
{
	struct vector s, t;
	uint8_t in[33], seeds[64], *rho = seeds, *sigma = seeds + 32;
	memcpy(in, d, 32);
	in[32] = K;
	sha3_512(seeds, in, sizeof in);
	vector_sample_ntt(&s, sigma, 0);
	vector_sample_ntt(&t, sigma, K);
	for (size_t i = 0; i < K; i++)
		for (size_t j = 0; j < K; j++) {
			struct poly a;
			poly_sample_uniform(&a, rho, i, j);
			poly_multiply_add(&t.p[i], &a, &s.p[j]);
		}
	vector_encode(public_key, &t);
	memcpy(public_key + SECRET_BYTES, rho, 32);
	vector_encode(secret, &s);
	crypto_wipe(&s, sizeof s);
	crypto_wipe(&t, sizeof t);
	crypto_wipe(in, sizeof in);
	crypto_wipe(seeds, sizeof seeds);
}

/* Part i of u = NTT⁻¹(Âᵀŷ) + e₁: column i of Â. */
static void pke_u(struct poly *u, const uint8_t rho[static 32], const struct vector *y, const uint8_t seed[static 32], unsigned i)
{
	struct poly a, e;
	memset(u, 0, sizeof *u);
	for (size_t j = 0; j < K; j++) {
		poly_sample_uniform(&a, rho, j, i);
		poly_multiply_add(u, &a, &y->p[j]);
	}
	poly_ntt_inverse(u);
	poly_sample_small(&e, seed, K + i);
	poly_add(u, &e);
	crypto_wipe(&e, sizeof e);
}

/* Algorithm 14. -1, and nothing written, when the key is not reduced. */
static int pke_encrypt(uint8_t out[static MLKEM768_CIPHERTEXT], const uint8_t public_key[static MLKEM768_PUBLIC],
	const uint8_t message[static 32], const uint8_t seed[static 32])
{
	struct vector t, y;
	struct poly w, e;
	if (vector_decode(&t, public_key) < 0)
		return -1;
	vector_sample_ntt(&y, seed, 0);
	for (unsigned i = 0; i < K; i++) {
		pke_u(&w, public_key + SECRET_BYTES, &y, seed, i);
		poly_encode_compressed(out + i * 32 * DU, &w, DU);
	}
	memset(&w, 0, sizeof w);
	vector_multiply_add(&w, &t, &y);
	poly_ntt_inverse(&w);
	poly_sample_small(&e, seed, 2 * K);
	poly_add(&w, &e);
	poly_decode_compressed(&e, message, 1);
	poly_add(&w, &e);
	poly_encode_compressed(out + U_BYTES, &w, DV);
	crypto_wipe(&y, sizeof y);
	crypto_wipe(&w, sizeof w);
	crypto_wipe(&e, sizeof e);
	return 0;
}

/* Algorithm 15: the message is what is left of v - NTT⁻¹(ŝᵀ NTT(u)). */
static void pke_decrypt(uint8_t message[static 32], const uint8_t secret[static SECRET_BYTES],
	const uint8_t ciphertext[static MLKEM768_CIPHERTEXT])
{
	struct vector s, u;
	struct poly v, noise;
	for (size_t i = 0; i < K; i++) {
		poly_decode(&s.p[i], secret + i * POLY_BYTES, 12);	/* reduced, as we wrote it: asking would be a branch on a secret */
		poly_decode_compressed(&u.p[i], ciphertext + i * 32 * DU, DU);
		poly_ntt(&u.p[i]);
	}
	memset(&noise, 0, sizeof noise);
	vector_multiply_add(&noise, &s, &u);
	poly_ntt_inverse(&noise);
	poly_decode_compressed(&v, ciphertext + U_BYTES, DV);
	for (size_t i = 0; i < N; i++)
		v.c[i] = sub(v.c[i], noise.c[i]);
	poly_encode_compressed(message, &v, 1);
	crypto_wipe(&s, sizeof s);
	crypto_wipe(&v, sizeof v);
	crypto_wipe(&noise, sizeof noise);
}

/* ---- ML-KEM ---- */

void mlkem768_keys(uint8_t public_key[static MLKEM768_PUBLIC], uint8_t secret_key[static MLKEM768_SECRET],
	const uint8_t seed[static MLKEM768_SEED])	/* algorithm 16 */
{
	uint8_t *copy = secret_key + SECRET_BYTES, *hash = copy + MLKEM768_PUBLIC;
	pke_keys(public_key, secret_key, seed);
	memcpy(copy, public_key, MLKEM768_PUBLIC);
	sha3_256(hash, public_key, MLKEM768_PUBLIC);
	memcpy(hash + 32, seed + 32, 32);
}

/* G: the shared secret, and what K-PKE draws its randomness from. */
static void secret_derive(uint8_t both[static 64], const uint8_t message[static 32], const uint8_t public_hash[static 32])
{
	uint8_t in[64];
	memcpy(in, message, 32);
	memcpy(in + 32, public_hash, 32);
	sha3_512(both, in, sizeof in);
	crypto_wipe(in, sizeof in);
}

int mlkem768_encapsulate(uint8_t ciphertext[static MLKEM768_CIPHERTEXT], uint8_t shared[static MLKEM768_SHARED],
	const uint8_t public_key[static MLKEM768_PUBLIC], const uint8_t random[static 32])	/* algorithm 17 */
{
	uint8_t hash[32], both[64];
	sha3_256(hash, public_key, MLKEM768_PUBLIC);
	secret_derive(both, random, hash);
	int r = pke_encrypt(ciphertext, public_key, random, both + 32);
	if (r == 0)
		memcpy(shared, both, MLKEM768_SHARED);
	crypto_wipe(both, sizeof both);
	return r;
}

/* J: what comes out for a ciphertext that nobody made. */
static void rejection_derive(uint8_t shared[static MLKEM768_SHARED], const uint8_t z[static 32],
	const uint8_t ciphertext[static MLKEM768_CIPHERTEXT])
{
	struct keccak k;
	shake256_init(&k);
	keccak_add(&k, z, 32);
	keccak_add(&k, ciphertext, MLKEM768_CIPHERTEXT);
	keccak_end(&k);
	keccak_take(&k, shared, MLKEM768_SHARED);
	crypto_wipe(&k, sizeof k);
}

/* Algorithm 18: encrypts again what was decrypted, and lets a mask choose. That the two differ must show nowhere. */
void mlkem768_decapsulate(uint8_t shared[static MLKEM768_SHARED], const uint8_t secret_key[static MLKEM768_SECRET],
	const uint8_t ciphertext[static MLKEM768_CIPHERTEXT])
{
	const uint8_t *public_key = secret_key + SECRET_BYTES, *hash = public_key + MLKEM768_PUBLIC;
	uint8_t message[32], both[64], again[MLKEM768_CIPHERTEXT], rejected[MLKEM768_SHARED];
	uint32_t differ = 0;
	pke_decrypt(message, secret_key, ciphertext);
	secret_derive(both, message, hash);
	rejection_derive(rejected, hash + 32, ciphertext);
	int made = pke_encrypt(again, public_key, message, both + 32);
	assert(made == 0);	/* our own key, by the contract */
	for (size_t i = 0; i < sizeof again; i++)
		differ |= (uint32_t)(again[i] ^ ciphertext[i]);
	uint8_t same = (uint8_t)(opaque(differ - 1) >> 8);	/* 0xff when nothing differs, else 0 */
	for (size_t i = 0; i < MLKEM768_SHARED; i++)
		shared[i] = (uint8_t)(rejected[i] ^ (same & (rejected[i] ^ both[i])));
	crypto_wipe(message, sizeof message);
	crypto_wipe(both, sizeof both);
	crypto_wipe(again, sizeof again);
	crypto_wipe(rejected, sizeof rejected);
}
