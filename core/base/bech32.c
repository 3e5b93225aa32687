/* bech32 (BIP 173) over whole bytes, without the limit of 90 characters: ids, identities and age keys. Its checksum finds
 * every slip of up to four characters, so a mistyped id never names somebody else's data. People read the errors made here:
 * each says which of prefix, case, length, alphabet or checksum is wrong.
 */
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#include "base/os.h"

#define CHECKSUM_CHARS 6u

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/* The place of each letter in the alphabet, and one more; 0: it never occurs. Books hold many of these texts. */
static const uint8_t places[128] = {
	['q'] = 1, ['p'] = 2, ['z'] = 3, ['r'] = 4, ['y'] = 5, ['9'] = 6, ['x'] = 7, ['8'] = 8, ['g'] = 9, ['f'] = 10, ['2'] = 11, ['t'] = 12, ['v'] = 13,
	['d'] = 14, ['w'] = 15, ['0'] = 16, ['s'] = 17, ['3'] = 18, ['j'] = 19, ['n'] = 20, ['5'] = 21, ['4'] = 22, ['k'] = 23, ['h'] = 24, ['c'] = 25,
	['e'] = 26, ['6'] = 27, ['m'] = 28, ['u'] = 29, ['a'] = 30, ['7'] = 31, ['l'] = 32,
};

static uint32_t polymod_step(uint32_t chk, unsigned v)
{
	static const uint32_t generator[5] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3 };
	uint32_t top = chk >> 25;
	chk = (chk & 0x1ffffff) << 5 ^ v;
	for (unsigned i = 0; i < 5; i++)
		chk ^= generator[i] & (0 - (top >> i & 1));
	return chk;
}

static uint32_t polymod_prefix(const char *hrp)
{
	uint32_t chk = 1;
	for (const char *p = hrp; *p; p++)
		chk = polymod_step(chk, (unsigned char)*p >> 5);
	chk = polymod_step(chk, 0);
	for (const char *p = hrp; *p; p++)
		chk = polymod_step(chk, (unsigned char)*p & 31);
	return chk;
}

void bech32_encode(char *out, const char *hrp, const void *bytes, size_t n)
{
	const uint8_t *in = bytes;
	uint32_t chk = polymod_prefix(hrp), bits = 0;
	unsigned have = 0;
	size_t hrp_len = strlen(hrp);
	memcpy(out, hrp, hrp_len);
	out += hrp_len;
	*out++ = '1';
	for (size_t i = 0; i < n || have > 0;) {
		if (have < 5 && i < n) {
			bits = bits << 8 | in[i++];
			have += 8;
		}
		unsigned v = (have >= 5 ? bits >> (have - 5) : bits << (5 - have)) & 31;
		have = have >= 5 ? have - 5 : 0;
		chk = polymod_step(chk, v);
		*out++ = alphabet[v];
	}
	for (unsigned i = 0; i < CHECKSUM_CHARS; i++)
		chk = polymod_step(chk, 0);
	chk ^= 1;
	for (unsigned i = 0; i < CHECKSUM_CHARS; i++)
		*out++ = alphabet[chk >> (5 * (CHECKSUM_CHARS - 1 - i)) & 31];
	*out = '\0';
	os_wipe(&bits, sizeof bits);	/* the bytes may be a secret key */
}

static int case_check(const char *text, struct err *e)
{
	bool lower = false, upper = false;
	for (const char *p = text; *p; p++) {
		lower |= *p >= 'a' && *p <= 'z';
		upper |= *p >= 'A' && *p <= 'Z';
	}
	if (lower && upper)
		return err_set(e, ERR_INVALID, "upper and lower case are mixed: write it in one case");
	return 0;
}

/* Where the data part begins, or NULL when the text stands under another prefix. */
static const char *prefix_skip(const char *hrp, const char *text, struct err *e)
{
	const char *one = strrchr(text, '1');
	if (!one) {
		err_set(e, ERR_INVALID, "does not start with \"%s1\"", hrp);
		return NULL;
	}
	size_t len = (size_t)(one - text);
	bool same = len == strlen(hrp);
	for (size_t i = 0; same && i < len; i++)
		same = tolower((unsigned char)text[i]) == hrp[i];
	if (same)
		return one + 1;
	bool plain = len > 0 && len <= 32;	/* a prefix that is worth showing */
	for (size_t i = 0; plain && i < len; i++)
		plain = isalnum((unsigned char)text[i]) || text[i] == '-';
	if (plain)
		err_set(e, ERR_INVALID, "wrong prefix: starts with \"%.*s1\", not with \"%s1\"", (int)len, text, hrp);
	else
		err_set(e, ERR_INVALID, "wrong prefix: does not start with \"%s1\"", hrp);
	return NULL;
}

/* The value of the i-th character; the polynomial has taken everything before it. */
static int symbol_value(const char *data, size_t i, struct err *e)
{
	const unsigned char c = (unsigned char)data[i];
	const unsigned place = c < sizeof places ? places[c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c] : 0;
	if (place)
		return (int)place - 1;
	if (isgraph((unsigned char)data[i]))
		return err_set(e, ERR_INVALID, "a typing mistake: '%c' never occurs after the prefix", data[i]);
	return err_set(e, ERR_INVALID, "a typing mistake: a character that never occurs after the prefix");
}

int bech32_decode(uint8_t *out, size_t n, const char *hrp, const char *text, struct err *e)
{
	const char *data = prefix_skip(hrp, text, e);
	if (!data || case_check(text, e) < 0)
		return -1;
	size_t len = strlen(data), want = (n * 8 + 4) / 5 + CHECKSUM_CHARS;
	if (len != want)
		return err_set(e, ERR_INVALID, "wrong length: %zu characters after \"%s1\" where %zu belong%s", len, hrp, want,
			len < want ? "; was it cut off?" : "");
	uint32_t chk = polymod_prefix(hrp), bits = 0;
	unsigned have = 0;
	size_t put = 0;
	int r = -1;
	for (size_t i = 0; i < len; i++) {
		int v = symbol_value(data, i, e);
		if (v < 0)
			goto out;
		chk = polymod_step(chk, (unsigned)v);
		if (i >= len - CHECKSUM_CHARS)
			continue;
		bits = bits << 5 | (uint32_t)v;
		have += 5;
		if (have >= 8) {
			have -= 8;
			out[put++] = (uint8_t)(bits >> have);
		}
	}
	if (chk != 1)
		err_set(e, ERR_INVALID, "the checksum does not fit: a typing mistake");
	else if ((bits & ((1u << have) - 1)) != 0)
		err_set(e, ERR_INVALID, "not canonical: unused bits are set");
	else
		r = 0;
out:
	if (r < 0 && n)
		os_wipe(out, n);
	os_wipe(&bits, sizeof bits);
	return r;
}
