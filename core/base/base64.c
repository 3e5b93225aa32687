/* Base64 (RFC 4648 §4), canonical both ways: the unused bits of the last letter are zero, padding is all there or, in the raw form, all
 * absent, and nothing is skipped. Decoding therefore accepts exactly what encoding can write.
 */
#include "base/text.h"

static const char letters[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Value of a letter plus one; 0 for what is no letter. */
static const uint8_t values[256] = {
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6, ['G'] = 7, ['H'] = 8, ['I'] = 9, ['J'] = 10, ['K'] = 11,
	['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
	['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31,
	['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41,
	['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49, ['x'] = 50, ['y'] = 51,
	['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61,
	['9'] = 62, ['+'] = 63, ['/'] = 64,
};

void base64_raw_encode(char *out, const void *bytes, size_t n)
{
	const uint8_t *in = bytes;
	for (; n >= 3; n -= 3, in += 3, out += 4) {
		uint32_t v = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
		out[0] = letters[v >> 18];
		out[1] = letters[v >> 12 & 63];
		out[2] = letters[v >> 6 & 63];
		out[3] = letters[v & 63];
	}
	if (n > 0) {
		uint32_t v = (uint32_t)in[0] << 16 | (n == 2 ? (uint32_t)in[1] << 8 : 0);
		*out++ = letters[v >> 18];
		*out++ = letters[v >> 12 & 63];
		if (n == 2)
			*out++ = letters[v >> 6 & 63];
	}
	*out = '\0';
}

void base64_encode(char *out, const void *bytes, size_t n)
{
	base64_raw_encode(out, bytes, n);
	size_t len = BASE64_RAW_LEN(n);
	for (; len < BASE64_LEN(n); len++)
		out[len] = '=';
	out[len] = '\0';
}

ptrdiff_t base64_raw_decode(uint8_t *out, size_t max, const char *text, size_t len)
{
	size_t tail = len % 4, n = len / 4 * 3 + (tail ? tail - 1 : 0);
	const uint8_t *in = (const uint8_t *)text;
	if (tail == 1 || n > max)
		return -1;
	for (size_t i = 0; i < len / 4; i++, in += 4, out += 3) {
		uint32_t a = values[in[0]], b = values[in[1]], c = values[in[2]], d = values[in[3]];
		if (!a || !b || !c || !d)
			return -1;
		uint32_t v = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);
		out[0] = (uint8_t)(v >> 16);
		out[1] = (uint8_t)(v >> 8);
		out[2] = (uint8_t)v;
	}
	if (tail) {
		uint32_t a = values[in[0]], b = values[in[1]], c = tail == 3 ? values[in[2]] : 1;
		if (!a || !b || !c)
			return -1;
		uint32_t v = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6;
		if (v & (tail == 3 ? 0xffu : 0xffffu))	/* unused bits: a second spelling of the same bytes */
			return -1;
		*out++ = (uint8_t)(v >> 16);
		if (tail == 3)
			*out++ = (uint8_t)(v >> 8);
	}
	return (ptrdiff_t)n;
}

ptrdiff_t base64_decode(uint8_t *out, size_t max, const char *text, size_t len)
{
	if (len % 4 != 0)
		return -1;
	size_t raw = len;
	while (raw > 0 && len - raw < 2 && text[raw - 1] == '=')
		raw--;
	return base64_raw_decode(out, max, text, raw);
}
