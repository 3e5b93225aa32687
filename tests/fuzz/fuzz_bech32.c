/* bech32 against a second reader, written from BIP 173 as slowly as it reads: both take the same texts for the same bytes. The input is a text, or, when its first byte is
 * even, bytes that are encoded and then have some symbols changed: up to four changes are always seen.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOM 1024u

static void require(int condition)
{
	if (!condition)
		abort();
}

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/* The remainder of a polynomial over GF(32), symbol by symbol, its generator's coefficients from BIP 173. */
static uint32_t remainder_of(const uint8_t *symbols, size_t n)
{
	static const uint32_t generator[5] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3 };
	uint32_t c = 1;
	for (size_t i = 0; i < n; i++) {
		uint32_t top = c >> 25;
		c = (c & 0x1ffffff) << 5 ^ symbols[i];
		for (unsigned k = 0; k < 5; k++)
			if (top >> k & 1)
				c ^= generator[k];
	}
	return c;
}

/* 1 and the bytes, or 0. */
static int slow_decode(uint8_t *out, size_t n, const char *hrp, const char *text)
{
	uint8_t symbols[ROOM], bits[5 * ROOM];
	size_t h = strlen(hrp), len = strlen(text), at = 0, n_bits = 0;
	int lower = 0, upper = 0;
	if (len < h + 7 || len > ROOM - h - 2 || text[h] != '1')
		return 0;
	for (size_t i = 0; i < len; i++) {
		lower |= text[i] >= 'a' && text[i] <= 'z';
		upper |= text[i] >= 'A' && text[i] <= 'Z';
	}
	if (lower && upper)
		return 0;
	for (size_t i = 0; i < h; i++) {
		char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
		if (c != hrp[i])
			return 0;
		symbols[at++] = (uint8_t)(c >> 5);
	}
	symbols[at++] = 0;
	for (size_t i = 0; i < h; i++)
		symbols[at++] = (uint8_t)(hrp[i] & 31);
	for (size_t i = h + 1; i < len; i++) {
		char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
		const char *place = strchr(alphabet, c);
		if (!place)
			return 0;
		symbols[at++] = (uint8_t)(place - alphabet);
		for (unsigned k = 5; k-- > 0 && i < len - 6;)
			bits[n_bits++] = symbols[at - 1] >> k & 1;
	}
	if (remainder_of(symbols, at) != 1 || n_bits / 8 != n || n_bits - 8 * n > 4)
		return 0;
	for (size_t i = 0; i < n_bits; i++)
		if (i >= 8 * n) {
			if (bits[i])
				return 0;
		} else {
			out[i / 8] = (uint8_t)(out[i / 8] << 1 | bits[i]);
		}
	return 1;
}

static int same(const char *hrp, const char *text, size_t n)
{
	uint8_t fast[ROOM], slow[ROOM];
	memset(fast, 0x55, sizeof fast);
	memset(slow, 0, sizeof slow);
	int r = bech32_decode(fast, n, hrp, text, NULL) == 0;
	require(r == slow_decode(slow, n, hrp, text));
	require(!r || memcmp(fast, slow, n) == 0);
	for (size_t i = n; i < sizeof fast; i++)
		require(fast[i] == 0x55);
	return r;
}

static const char *const prefixes[] = { "data", "app", "enclua", "age", "age-secret-key-", "a" };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 400)
		return 0;
	const char *hrp = prefixes[data[0] / 2 % (sizeof prefixes / sizeof *prefixes)];
	char text[ROOM];
	if (data[0] & 1) {
		memcpy(text, data + 1, size - 1);
		text[size - 1] = '\0';
		size_t len = strlen(text), h = strlen(hrp), n = len > h + 7 ? (len - h - 7) * 5 / 8 : 0;
		(void)same(hrp, text, n);
		(void)same(hrp, text, n + 1);
		return 0;
	}
	size_t changes = data[1] % 5, n = size - 2 > 2 * changes ? size - 2 - 2 * changes : 0;
	const uint8_t *where = data + 2, *bytes = where + (n ? 2 * changes : 0);
	bech32_encode(text, hrp, bytes, n);
	require(same(hrp, text, n));
	size_t first = strlen(hrp) + 1, len = strlen(text), changed = 0;
	if (!n || len > 89)	/* the promise of BIP 173 is for texts up to 90 characters */
		return 0;
	char before[ROOM];
	memcpy(before, text, sizeof before);
	for (size_t i = 0; i < changes; i++) {
		size_t at = first + where[2 * i] % (len - first);
		text[at] = alphabet[where[2 * i + 1] & 31];
	}
	for (size_t i = 0; i < len; i++)
		changed += text[i] != before[i];
	require(same(hrp, text, n) == (changed == 0));
	return 0;
}
