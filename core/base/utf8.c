/* UTF-8 as RFC 3629 has it: no overlong form, no surrogate, nothing past U+10FFFF. One sequence at a time, and whole texts. */
#include "base/text.h"

#include <string.h>

static bool is_continuation(uint8_t c)
{
	return (c & 0xc0) == 0x80;
}

size_t utf8_next(const void *bytes, size_t n, uint32_t *code)
{
	const uint8_t *p = bytes;
	uint32_t c = 0;
	size_t len = 0;
	if (n == 0)
		return 0;
	if (p[0] < 0x80) {
		c = p[0];
		len = 1;
	} else if (p[0] >= 0xc2 && p[0] < 0xe0) {
		if (n < 2 || !is_continuation(p[1]))
			return 0;
		c = (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
		len = 2;
	} else if (p[0] >= 0xe0 && p[0] < 0xf0) {
		if (n < 3 || !is_continuation(p[1]) || !is_continuation(p[2]))
			return 0;
		c = (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
		if (c < 0x800 || (c >= 0xd800 && c < 0xe000))
			return 0;
		len = 3;
	} else if (p[0] >= 0xf0 && p[0] < 0xf5) {
		if (n < 4 || !is_continuation(p[1]) || !is_continuation(p[2]) || !is_continuation(p[3]))
			return 0;
		c = (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
		if (c < 0x10000 || c > 0x10ffff)
			return 0;
		len = 4;
	}
	if (code)
		*code = c;
	return len;
}

size_t utf8_put(char out[static 4], uint32_t code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

bool utf8_valid(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;	/* may be NULL when n is 0 */
	for (size_t at = 0, len; at < n; at += len) {
		uint64_t eight;
		for (; n - at >= 8; at += 8) {	/* most text is ASCII: pass over it by the word */
			memcpy(&eight, p + at, 8);
			if ((eight & 0x8080808080808080u) != 0)
				break;
		}
		if (at == n)
			break;
		len = utf8_next(p + at, n - at, NULL);
		if (len == 0)
			return false;
	}
	return true;
}
