/* Bech32 (BIP 173) without its limit of 90 characters, as age uses it. The checksum finds any four wrong letters; the error says which kind
 * of mistake it was, because a person typed it.
 */
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

#define CHECKSUM 6u

static const char letters[33] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static uint32_t polymod(uint32_t check, uint8_t value)
{
	static const uint32_t generator[5] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3 };
	uint32_t top = check >> 25;
	check = (check & 0x1ffffff) << 5 ^ value;
	for (unsigned i = 0; i < 5; i++)
		if (top >> i & 1)
			check ^= generator[i];
	return check;
}

static uint32_t polymod_hrp(const char *hrp, size_t len)
{
	uint32_t check = 1;
	for (size_t i = 0; i < len; i++)
		check = polymod(check, (uint8_t)hrp[i] >> 5);
	check = polymod(check, 0);
	for (size_t i = 0; i < len; i++)
		check = polymod(check, (uint8_t)hrp[i] & 31);
	return check;
}

void bech32_encode(char *out, const char *hrp, const void *bytes, size_t n)
{
	const uint8_t *in = bytes;
	size_t hrp_len = strlen(hrp);
	uint32_t check = polymod_hrp(hrp, hrp_len);
	memcpy(out, hrp, hrp_len);
	out += hrp_len;
	*out++ = '1';
	uint32_t bits = 0, held = 0;
	for (size_t i = 0; i < n; i++) {
		held = (held << 8 | in[i]) & 0xfff;
		for (bits += 8; bits >= 5; bits -= 5) {
			uint8_t v = held >> (bits - 5) & 31;
			check = polymod(check, v);
			*out++ = letters[v];
		}
	}
	if (bits > 0) {
		uint8_t v = held << (5 - bits) & 31;
		check = polymod(check, v);
		*out++ = letters[v];
	}
	for (unsigned i = 0; i < CHECKSUM; i++)
		check = polymod(check, 0);
	check ^= 1;
	for (unsigned i = 0; i < CHECKSUM; i++)
		*out++ = letters[check >> 5 * (5 - i) & 31];
	*out = '\0';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* One case throughout; a letter of neither case takes no side. */
static bool case_mixed(const char *text, size_t len)
{
	bool small = false, capital = false;
	for (size_t i = 0; i < len; i++) {
		small |= text[i] >= 'a' && text[i] <= 'z';
		capital |= text[i] >= 'A' && text[i] <= 'Z';
	}
	return small && capital;
}

int bech32_decode(uint8_t *out, size_t n, const char *hrp, const char *text, struct err *e)
{
	size_t hrp_len = strlen(hrp), len = strlen(text);
	size_t want = BECH32_LEN(hrp_len, n);
	if (case_mixed(text, len))
		return err_set(e, ERR_INVALID, "upper and lower case are mixed in the text that should start with %s1", hrp);
	for (size_t i = 0; i <= hrp_len; i++)
		if (i >= len || lower(text[i]) != (i < hrp_len ? hrp[i] : '1'))
			return err_set(e, ERR_INVALID, "the text does not start with %s1", hrp);
	if (len != want)
		return err_set(e, ERR_INVALID, "a text that starts with %s1 has %zu characters, this one has %zu", hrp, want, len);
	uint32_t check = polymod_hrp(hrp, hrp_len), bits = 0, held = 0;
	size_t got = 0;
	for (size_t i = hrp_len + 1; i < len; i++) {
		const char *at = memchr(letters, lower(text[i]), 32);
		if (!at)
			return err_set(e, ERR_INVALID, "character %zu of the text that starts with %s1 is not allowed there", i + 1, hrp);
		uint8_t v = (uint8_t)(at - letters);
		check = polymod(check, v);
		if (i >= len - CHECKSUM)
			continue;
		held = (held << 5 | v) & 0xfff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			out[got++] = (uint8_t)(held >> bits);
		}
	}
	if (check != 1)
		return err_set(e, ERR_INVALID, "the checksum is wrong: there is a typing mistake in the text that starts with %s1", hrp);
	if (got != n || held & ((1u << bits) - 1))
		return err_set(e, ERR_INVALID, "the text that starts with %s1 is not in its only spelling", hrp);
	return 0;
}
