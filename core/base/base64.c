/* base64 (RFC 4648 §4), padded and raw. Decoding accepts only what the encoder writes: no white space, no url alphabet, no
 * missing or extra padding, and unused bits must be zero, so that two spellings of one value cannot both be signed.
 * Megabytes pass through here (iApps read and write base64), hence the tables and the steps of four characters.
 */
#include "base/text.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The top bit marks what is not of the alphabet, so that a whole group can be checked by one or. */
#define XX 0x80
static const uint8_t value[128] = {
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, 62, XX, XX, XX, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, XX, XX, XX, XX, XX, XX,
	XX, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, XX, XX, XX, XX, XX,
	XX, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, XX, XX, XX, XX, XX,
};


static inline uint32_t sextet(char c)
{
	return value[c & 0x7f] | ((uint32_t)(uint8_t)c & 0x80);
}

/* The text of n bytes without padding; the number of characters written. */
static size_t groups_encode(char *out, const uint8_t *in, size_t n)
{
	char *p = out;
	for (; n >= 3; n -= 3, in += 3, p += 4) {
		uint32_t v = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
		p[0] = alphabet[v >> 18];
		p[1] = alphabet[v >> 12 & 63];
		p[2] = alphabet[v >> 6 & 63];
		p[3] = alphabet[v & 63];
	}
	if (n > 0) {
		uint32_t v = (uint32_t)in[0] << 16 | (n > 1 ? (uint32_t)in[1] << 8 : 0);
		*p++ = alphabet[v >> 18];
		*p++ = alphabet[v >> 12 & 63];
		if (n > 1)
			*p++ = alphabet[v >> 6 & 63];
	}
	return (size_t)(p - out);
}

void base64_encode(char *out, const void *bytes, size_t n)
{
	size_t len = groups_encode(out, bytes, n);
	while (len % 4 != 0)
		out[len++] = '=';
	out[len] = '\0';
}

void base64_raw_encode(char *out, const void *bytes, size_t n)
{
	out[groups_encode(out, bytes, n)] = '\0';
}

/* The last two or three characters; what they hold beyond whole bytes must be zero. */
static int tail_decode(uint8_t *out, const char *text, size_t len)
{
	uint32_t a = sextet(text[0]), b = sextet(text[1]), c = len == 3 ? sextet(text[2]) : 0;
	uint32_t v = a << 18 | b << 12 | c << 6;
	if (((a | b | c) & 0x80) != 0 || (v & (len == 3 ? 0xffu : 0xffffu)) != 0)
		return -1;
	out[0] = (uint8_t)(v >> 16);
	if (len == 3)
		out[1] = (uint8_t)(v >> 8);
	return 0;
}

ptrdiff_t base64_raw_decode(uint8_t *out, size_t max, const char *text, size_t len)
{
	size_t tail = len % 4, n = len / 4 * 3 + (tail ? tail - 1 : 0);
	if (tail == 1 || n > max)
		return -1;
	uint32_t bad = 0;
	for (const char *end = text + (len - tail); text < end; text += 4, out += 3) {
		uint32_t a = sextet(text[0]), b = sextet(text[1]), c = sextet(text[2]), d = sextet(text[3]);
		uint32_t v = a << 18 | b << 12 | c << 6 | d;
		bad |= a | b | c | d;
		out[0] = (uint8_t)(v >> 16);
		out[1] = (uint8_t)(v >> 8);
		out[2] = (uint8_t)v;
	}
	if ((bad & 0x80) != 0 || (tail && tail_decode(out, text, tail) < 0))
		return -1;
	return (ptrdiff_t)n;
}

ptrdiff_t base64_decode(uint8_t *out, size_t max, const char *text, size_t len)
{
	if (len % 4 != 0)
		return -1;
	if (len > 0 && text[len - 1] == '=')
		len -= text[len - 2] == '=' ? 2 : 1;
	return base64_raw_decode(out, max, text, len);
}
