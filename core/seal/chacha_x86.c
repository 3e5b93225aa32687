/* Each of the sixteen words of ChaCha's state is a register that holds that word of sixteen blocks; at the end they are transposed, so that a
 * register is one block. Checked against libsodium's by tests/unit/test_age_aead.c.
 */
#include "seal/chacha_x86.h"

#ifdef __x86_64__

#include <immintrin.h>
#include <string.h>

#define WORDS 16
#define DOUBLE_ROUNDS 10

bool chacha_x86_usable(void)
{
	return __builtin_cpu_supports("avx512f");
}

#define QUARTER(a, b, c, d) do { \
	(a) = _mm512_add_epi32(a, b); (d) = _mm512_rol_epi32(_mm512_xor_si512(d, a), 16); \
	(c) = _mm512_add_epi32(c, d); (b) = _mm512_rol_epi32(_mm512_xor_si512(b, c), 12); \
	(a) = _mm512_add_epi32(a, b); (d) = _mm512_rol_epi32(_mm512_xor_si512(d, a), 8); \
	(c) = _mm512_add_epi32(c, d); (b) = _mm512_rol_epi32(_mm512_xor_si512(b, c), 7); \
} while (0)

/* Four rows of four words each become, within each 128-bit lane, four words of one block. */
#define TRANSPOSE4(a, b, c, d) do { \
	__m512i ab_lo = _mm512_unpacklo_epi32(a, b), ab_hi = _mm512_unpackhi_epi32(a, b); \
	__m512i cd_lo = _mm512_unpacklo_epi32(c, d), cd_hi = _mm512_unpackhi_epi32(c, d); \
	(a) = _mm512_unpacklo_epi64(ab_lo, cd_lo); (b) = _mm512_unpackhi_epi64(ab_lo, cd_lo); \
	(c) = _mm512_unpacklo_epi64(ab_hi, cd_hi); (d) = _mm512_unpackhi_epi64(ab_hi, cd_hi); \
} while (0)

/* Now a, b, c, d hold words 0–3, 4–7, 8–11, 12–15 of the blocks i, i+4, i+8, i+12, one in each lane. */
#define XOR4(out, in, i, a, b, c, d) do { \
	__m512i ab_02 = _mm512_shuffle_i32x4(a, b, 0x88), ab_13 = _mm512_shuffle_i32x4(a, b, 0xdd); \
	__m512i cd_02 = _mm512_shuffle_i32x4(c, d, 0x88), cd_13 = _mm512_shuffle_i32x4(c, d, 0xdd); \
	xor_block(out, in, (i), _mm512_shuffle_i32x4(ab_02, cd_02, 0x88)); \
	xor_block(out, in, (i) + 4, _mm512_shuffle_i32x4(ab_13, cd_13, 0x88)); \
	xor_block(out, in, (i) + 8, _mm512_shuffle_i32x4(ab_02, cd_02, 0xdd)); \
	xor_block(out, in, (i) + 12, _mm512_shuffle_i32x4(ab_13, cd_13, 0xdd)); \
} while (0)

__attribute__((target("avx512f"), always_inline))
static inline void xor_block(uint8_t *out, const uint8_t *in, int i, __m512i key_stream)
{
	_mm512_storeu_si512(out + 64 * i, _mm512_xor_si512(key_stream, _mm512_loadu_si512(in + 64 * i)));
}

__attribute__((target("avx512f")))
static void sixteen_blocks(uint8_t *out, const uint8_t *in, const uint32_t s[static WORDS])
{
	const __m512i numbers = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
	__m512i x[WORDS];
	for (int i = 0; i < WORDS; i++)
		x[i] = _mm512_set1_epi32((int)s[i]);
	x[12] = _mm512_add_epi32(x[12], numbers);
	for (int i = 0; i < DOUBLE_ROUNDS; i++) {
		QUARTER(x[0], x[4], x[8], x[12]);
		QUARTER(x[1], x[5], x[9], x[13]);
		QUARTER(x[2], x[6], x[10], x[14]);
		QUARTER(x[3], x[7], x[11], x[15]);
		QUARTER(x[0], x[5], x[10], x[15]);
		QUARTER(x[1], x[6], x[11], x[12]);
		QUARTER(x[2], x[7], x[8], x[13]);
		QUARTER(x[3], x[4], x[9], x[14]);
	}
	for (int i = 0; i < WORDS; i++)
		x[i] = _mm512_add_epi32(x[i], _mm512_set1_epi32((int)s[i]));
	x[12] = _mm512_add_epi32(x[12], numbers);
	TRANSPOSE4(x[0], x[1], x[2], x[3]);
	TRANSPOSE4(x[4], x[5], x[6], x[7]);
	TRANSPOSE4(x[8], x[9], x[10], x[11]);
	TRANSPOSE4(x[12], x[13], x[14], x[15]);
	XOR4(out, in, 0, x[0], x[4], x[8], x[12]);
	XOR4(out, in, 1, x[1], x[5], x[9], x[13]);
	XOR4(out, in, 2, x[2], x[6], x[10], x[14]);
	XOR4(out, in, 3, x[3], x[7], x[11], x[15]);
}

void chacha_x86_xor(uint8_t *out, const uint8_t *in, size_t steps, uint32_t counter, const uint8_t nonce[static 12],
	const uint8_t key[static 32])
{
	uint32_t s[WORDS] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };	/* "expand 32-byte k" */
	memcpy(s + 4, key, 32);
	s[12] = counter;
	memcpy(s + 13, nonce, 12);
	for (; steps > 0; steps--, in += CHACHA_X86_STEP, out += CHACHA_X86_STEP, s[12] += WORDS)
		sixteen_blocks(out, in, s);
	explicit_bzero(s, sizeof s);
}

#else

bool chacha_x86_usable(void)
{
	return false;
}

void chacha_x86_xor(uint8_t *out, const uint8_t *in, size_t steps, uint32_t counter, const uint8_t nonce[static 12],
	const uint8_t key[static 32])
{
	(void)out, (void)in, (void)steps, (void)counter, (void)nonce, (void)key;
	__builtin_trap();	/* never usable here */
}

#endif
