/* ML-KEM-768 and X-Wing: the arithmetic against plain division and schoolbook products, NIST's key, the accumulated vectors of Go's crypto/mlkem and
 * of C2SP's CCTV, the vectors of the X-Wing draft, and what an attacker may try: flipped ciphertexts, keys that are not reduced, low-order points.
 */
#include "../../core/seal/mlkem768.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/os.h"
#include "base/text.h"
#include "seal/xwing.h"

static void hex_is(const uint8_t *bytes, size_t n, const char *hex)
{
	char text[2 * XWING_PUBLIC + 1];
	assert_true(n <= XWING_PUBLIC);
	hex_encode(text, bytes, n);
	assert_string_equal(text, hex);
}

/* ---- arithmetic ---- */

static void numbers(void **state)
{
	(void)state;
	for (uint32_t x = 0; x < 1u << 24; x++)
		if (reduce(x) != x % Q)
			fail_msg("%u mod q", x);
	for (uint16_t x = 0; x < Q; x++)
		for (unsigned d = 1; d < 12; d++)
			if (compress(x, d) != (((uint32_t)x << d) + Q / 2) / Q % (1u << d))
				fail_msg("compress %u to %u bits", x, d);
	for (unsigned d = 1; d < 12; d++)
		for (uint16_t y = 0; y < 1u << d; y++)
			assert_int_equal(compress(decompress(y, d), d), y);
}

static void poly_fill(struct poly *p, uint32_t seed)
{
	for (size_t i = 0; i < N; i++)
		p->c[i] = (uint16_t)((seed = seed * 1664525u + 1013904223u) >> 8) % Q;
}

/* NTT⁻¹(NTT(a) · NTT(b)) is a · b modulo X²⁵⁶ + 1. */
static void products(void **state)
{
	(void)state;
	for (uint32_t round = 0; round < 20; round++) {
		struct poly a, b, sum = { { 0 } }, want = { { 0 } };
		poly_fill(&a, round);
		poly_fill(&b, round + 1000);
		for (size_t i = 0; i < N; i++)
			for (size_t j = 0; j < N; j++) {
				uint16_t *to = &want.c[(i + j) % N], x = (uint16_t)((uint32_t)a.c[i] * b.c[j] % Q);
				*to = (uint16_t)((*to + (i + j < N ? x : Q - x)) % Q);
			}
		poly_ntt(&a);
		poly_ntt(&b);
		poly_multiply_add(&sum, &a, &b);
		poly_ntt_inverse(&sum);
		assert_memory_equal(&sum, &want, sizeof want);
	}
}

/* ---- known answers ---- */

/* NIST ACVP, ML-KEM-keyGen-FIPS203, test 26; the keys as their SHA3-256. */
static void nist_key(void **state)
{
	(void)state;
	uint8_t seed[64], hash[32];
	static uint8_t public_key[MLKEM768_PUBLIC], secret_key[MLKEM768_SECRET];
	assert_int_equal(hex_decode(seed, sizeof seed, "a2b4bca315a6ea4600b4a316e09a2578aa1e8bce919c8df3a96c71c843f5b38b"
		"d6bf055cb7b375e3271ed131f1ba31f83fef533a239878a71074578b891265d1", 128), 0);
	mlkem768_keys(public_key, secret_key, seed);
	sha3_256(hash, public_key, sizeof public_key);
	hex_is(hash, 32, "7ca0c2cbbf4fbf28de8c479d4473c339d96b89c34a4e5fcbcf7728bdfb43b945");
	sha3_256(hash, secret_key, sizeof secret_key);
	hex_is(hash, 32, "aeccd54112dbda9b5dabeca6051a06068f09ec719f36cdc59a46e1960f7d3758");
}

static void sponge_is(const struct keccak *so_far, const char *hex)
{
	struct keccak k = *so_far;
	uint8_t out[32];
	keccak_end(&k);
	keccak_take(&k, out, sizeof out);
	hex_is(out, sizeof out, hex);
}

/* SHAKE-128 of nothing gives for each round a seed, the randomness of an encapsulation, and a ciphertext that nobody made. What comes out is hashed:
 * with the secret key (CCTV, 10 000 rounds), and without it (Go's TestAccumulated, 100 and 10 000 rounds). 100 find nearly all; LONG=1 does the rest. */
static void accumulated(void **state)
{
	(void)state;
	static uint8_t public_key[MLKEM768_PUBLIC], secret_key[MLKEM768_SECRET], ct[MLKEM768_CIPHERTEXT], stray[MLKEM768_CIPHERTEXT];
	uint8_t seed[64], random[32], shared[32], opened[32];
	struct keccak draw, go, cctv;
	shake128_init(&draw);
	keccak_end(&draw);
	shake128_init(&go);
	shake128_init(&cctv);
	for (size_t round = 1; round <= 10000; round++) {
		keccak_take(&draw, seed, sizeof seed);
		keccak_take(&draw, random, sizeof random);
		keccak_take(&draw, stray, sizeof stray);
		mlkem768_keys(public_key, secret_key, seed);
		assert_int_equal(mlkem768_encapsulate(ct, shared, public_key, random), 0);
		mlkem768_decapsulate(opened, secret_key, ct);
		assert_memory_equal(opened, shared, 32);
		mlkem768_decapsulate(opened, secret_key, stray);
		keccak_add(&cctv, public_key, sizeof public_key);
		keccak_add(&cctv, secret_key, sizeof secret_key);
		keccak_add(&cctv, ct, sizeof ct);
		keccak_add(&cctv, shared, 32);
		keccak_add(&cctv, opened, 32);
		keccak_add(&go, public_key, sizeof public_key);
		keccak_add(&go, ct, sizeof ct);
		keccak_add(&go, shared, 32);
		keccak_add(&go, opened, 32);
		if (round == 100) {
			sponge_is(&go, "1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415");
			if (!getenv("LONG"))
				return;
		}
	}
	sponge_is(&go, "8a518cc63da366322a8e7a818c7a0d63483cb3528d34a4cf42f35d5ad73f22fc");
	sponge_is(&cctv, "f959d18d3d1180121433bf0e05f11e7908cf9d03edc150b2b07cb90bef5bc1c1");
}

/* ---- attacks ---- */

static uint8_t public_key[MLKEM768_PUBLIC], secret_key[MLKEM768_SECRET], ciphertext[MLKEM768_CIPHERTEXT];

static void keys_make(uint8_t number, uint8_t shared[static 32])
{
	uint8_t seed[64], random[32];
	memset(seed, number, sizeof seed);
	memset(random, number + 1, sizeof random);
	mlkem768_keys(public_key, secret_key, seed);
	assert_int_equal(mlkem768_encapsulate(ciphertext, shared, public_key, random), 0);
}

/* Whatever bit is flipped, the secret is SHAKE-256(z || ciphertext): another one for each ciphertext, and never the right one. */
static void flips(void **state)
{
	(void)state;
	uint8_t shared[32], opened[32], want[32], last[32] = { 0 }, in[32 + MLKEM768_CIPHERTEXT];
	keys_make(3, shared);
	memset(in, 3, 32);	/* z */
	for (size_t bit = 0; bit < 8 * sizeof ciphertext; bit += 13) {
		ciphertext[bit / 8] ^= (uint8_t)(1 << bit % 8);
		mlkem768_decapsulate(opened, secret_key, ciphertext);
		memcpy(in + 32, ciphertext, sizeof ciphertext);
		shake256(want, sizeof want, in, sizeof in);
		assert_memory_equal(opened, want, 32);
		assert_memory_not_equal(opened, shared, 32);
		assert_memory_not_equal(opened, last, 32);
		memcpy(last, opened, 32);
		ciphertext[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	mlkem768_decapsulate(opened, secret_key, ciphertext);
	assert_memory_equal(opened, shared, 32);
}

/* Section 7.2: each coefficient as q, as 4095 and as q - 1. */
static void modulus(void **state)
{
	(void)state;
	static const struct { uint16_t value; int result; } cases[] = { { Q, -1 }, { 4095, -1 }, { Q - 1, 0 } };
	static uint8_t changed[MLKEM768_PUBLIC], ct[MLKEM768_CIPHERTEXT];
	uint8_t shared[32], random[32] = { 9 };
	struct vector t;
	keys_make(4, shared);
	for (size_t i = 0; i < K * N; i++)
		for (size_t c = 0; c < 3; c++) {
			if (cases[c].result == 0 && i % 64)
				continue;	/* those are whole encapsulations */
			assert_int_equal(vector_decode(&t, public_key), 0);
			t.p[i / N].c[i % N] = cases[c].value;
			vector_encode(changed, &t);
			memcpy(changed + SECRET_BYTES, public_key + SECRET_BYTES, 32);
			assert_int_equal(mlkem768_encapsulate(ct, shared, changed, random), cases[c].result);
		}
}

/* ---- X-Wing ---- */

struct xwing_vector { uint8_t seed[32], eseed[64], pk[XWING_PUBLIC], ct[XWING_CIPHERTEXT], ss[32]; };

static const char *field(uint8_t *out, size_t n, const char *at, const char *name)
{
	at += strspn(at, "\n");
	size_t len = strlen(name), line = strcspn(at, "\n");
	assert_memory_equal(at, name, len);
	assert_int_equal(hex_decode(out, n, at + len, line - len), 0);
	return at + line;
}

static void xwing_draft(void **state)
{
	(void)state;
	struct buf file = BUF_INIT(64 * 1024);
	static struct xwing_vector v;
	static uint8_t pk[XWING_PUBLIC], ct[XWING_CIPHERTEXT];
	uint8_t ss[32];
	size_t ran = 0;
	assert_int_equal(os_file_read("tests/vectors/xwing/draft", &file, NULL), 0);
	for (const char *at = buf_text(&file); at[strspn(at, "\n")]; ran++) {
		at = field(v.seed, sizeof v.seed, at, "seed: ");
		at = field(v.eseed, sizeof v.eseed, at, "eseed: ");
		at = field(v.pk, sizeof v.pk, at, "pk: ");
		at = field(v.ct, sizeof v.ct, at, "ct: ");
		at = field(v.ss, sizeof v.ss, at, "ss: ");
		xwing_public(pk, v.seed);
		assert_memory_equal(pk, v.pk, sizeof pk);
		assert_int_equal(xwing_encapsulate(ct, ss, v.pk, v.eseed), 0);
		assert_memory_equal(ct, v.ct, sizeof ct);
		assert_memory_equal(ss, v.ss, sizeof ss);
		memset(ss, 0, sizeof ss);
		assert_int_equal(xwing_decapsulate(ss, v.seed, v.ct), 0);
		assert_memory_equal(ss, v.ss, sizeof ss);
	}
	assert_int_equal(ran, 3);
	buf_done(&file);
}

static void xwing_round_trips(void **state)
{
	(void)state;
	static uint8_t pk[XWING_PUBLIC], ct[XWING_CIPHERTEXT];
	uint8_t seed[32], random[64], sent[32], got[32];
	for (size_t i = 0; i < 100; i++) {
		crypto_random(seed, sizeof seed);
		crypto_random(random, sizeof random);
		xwing_public(pk, seed);
		assert_int_equal(xwing_encapsulate(ct, sent, pk, random), 0);
		assert_int_equal(xwing_decapsulate(got, seed, ct), 0);
		assert_memory_equal(got, sent, 32);
		ct[i * 11 % sizeof ct] ^= 1;	/* in either half */
		assert_int_equal(xwing_decapsulate(got, seed, ct), 0);
		assert_memory_not_equal(got, sent, 32);
	}
}

static void xwing_refused(void **state)
{
	(void)state;
	static uint8_t pk[XWING_PUBLIC], ct[XWING_CIPHERTEXT];
	uint8_t seed[32] = { 1 }, random[64] = { 2 }, ss[32];
	xwing_public(pk, seed);
	assert_int_equal(xwing_encapsulate(ct, ss, pk, random), 0);
	for (uint8_t low = 0; low < 2; low++) {	/* the points 0 and 1 */
		memset(ct + MLKEM768_CIPHERTEXT, 0, 32);
		ct[MLKEM768_CIPHERTEXT] = low;
		assert_int_equal(xwing_decapsulate(ss, seed, ct), -1);
		memset(pk + MLKEM768_PUBLIC, 0, 32);
		pk[MLKEM768_PUBLIC] = low;
		assert_int_equal(xwing_encapsulate(ct, ss, pk, random), -1);
	}
	xwing_public(pk, seed);
	memset(pk, 0xff, 3);
	assert_int_equal(xwing_encapsulate(ct, ss, pk, random), -1);
}

static int setup(void **state)
{
	(void)state;
	return crypto_init(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(products),
		cmocka_unit_test(nist_key),
		cmocka_unit_test(accumulated),
		cmocka_unit_test(flips),
		cmocka_unit_test(modulus),
		cmocka_unit_test(xwing_draft),
		cmocka_unit_test(xwing_round_trips),
		cmocka_unit_test(xwing_refused),
	};
	return cmocka_run_group_tests_name("ML-KEM-768", tests, setup, NULL);
}
