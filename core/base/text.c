/* Text at the edges: what a person typed becomes a number or is refused, and what a stranger wrote is made safe to show. */
#include "base/text.h"

#include <string.h>

#include "base/buf.h"

/* One code point at p; its length, or 0 when the bytes are not UTF-8 (RFC 3629). */
static size_t utf8_next(const uint8_t *p, size_t n, uint32_t *point)
{
	static const struct { uint8_t mask, lead; uint32_t least; } form[] = {
		{ 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 },
	};
	for (size_t k = 0; k < 4; k++) {
		if ((p[0] & form[k].mask) != form[k].lead)
			continue;
		uint32_t v = p[0] & (uint8_t)~form[k].mask;
		if (k + 1 > n)
			return 0;
		for (size_t i = 1; i <= k; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return 0;
			v = v << 6 | (p[i] & 0x3f);
		}
		if (v < form[k].least || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
			return 0;
		*point = v;
		return k + 1;
	}
	return 0;
}

bool utf8_valid(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	while (n > 0) {
		uint32_t point;
		size_t k = *p < 0x80 ? 1 : utf8_next(p, n, &point);
		if (k == 0)
			return false;
		p += k;
		n -= k;
	}
	return true;
}

struct unit { const char *name; uint64_t factor; };

/* Digits, then one of the units; no sign, no fraction, no space. */
static int text_quantity(const char *text, const struct unit *units, const char *what, const char *example, uint64_t *out,
	struct err *e)
{
	uint64_t v = 0;
	const char *p = text;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return err_set(e, ERR_USAGE, "\"%s\" is too large a %s", text, what);
	for (const struct unit *u = units; p > text && u->name; u++)
		if (!strcmp(p, u->name)) {
			if (__builtin_mul_overflow(v, u->factor, &v))
				return err_set(e, ERR_USAGE, "\"%s\" is too large a %s", text, what);
			*out = v;
			return 0;
		}
	return err_set(e, ERR_USAGE, "\"%s\" is no %s; write it like %s", text, what, example);
}

int text_size(const char *text, uint64_t *bytes, struct err *e)
{
	static const struct unit units[] = {
		{ "", 1 }, { "B", 1 }, { "KiB", 1ull << 10 }, { "MiB", 1ull << 20 }, { "GiB", 1ull << 30 }, { "TiB", 1ull << 40 },
		{ "KB", 1000 }, { "MB", 1000000 }, { "GB", 1000000000 }, { NULL, 0 },
	};
	return text_quantity(text, units, "size", "512, 64KiB, 64MiB or 1GiB", bytes, e);
}

int text_duration_ms(const char *text, uint64_t *ms, struct err *e)
{
	static const struct unit units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { NULL, 0 } };
	return text_quantity(text, units, "duration", "250ms, 10s, 5m or 1h", ms, e);
}

/* Controls, and the marks that reorder or hide text on a terminal (Unicode TR 36: bidi overrides, zero width, BOM). */
static bool point_hidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
		(c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xe0000 && c <= 0xe007f);
}

int text_escape(struct buf *out, const char *text, size_t n, struct err *e)
{
	const uint8_t *p = (const uint8_t *)text;
	while (n > 0) {
		uint32_t point = 0;
		size_t k = utf8_next(p, n, &point);
		int r;
		if (k == 0 || (k == 1 && point_hidden(point)))
			r = buf_addf(out, e, "\\x%02x", *p);
		else if (point_hidden(point))
			r = buf_addf(out, e, "\\u{%04x}", point);
		else
			r = buf_add(out, p, k, e);
		if (r < 0)
			return -1;
		k = k ? k : 1;
		p += k;
		n -= k;
	}
	return 0;
}

#define NEAR_BYTES 48u	/* longer words are not compared: nobody mistypes them by two letters */

/* Optimal string alignment: insert, delete, replace, or swap two neighbours. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
	size_t rows[3][NEAR_BYTES + 1];
	size_t *two = rows[0], *one = rows[1], *now = rows[2];
	for (size_t j = 0; j <= nb; j++)
		one[j] = j;
	for (size_t i = 1; i <= na; i++) {
		now[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t best = one[j - 1] + (a[i - 1] != b[j - 1]);
			if (one[j] + 1 < best)
				best = one[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && two[j - 2] + 1 < best)
				best = two[j - 2] + 1;
			now[j] = best;
		}
		size_t *spare = two;
		two = one;
		one = now;
		now = spare;
	}
	return one[nb];
}

const char *text_nearest(const char *word, const char *const *candidates)
{
	const char *best = NULL;
	size_t len = strlen(word), least = len / 3 + 2;	/* half a short word wrong is another word */
	if (len == 0 || len > NEAR_BYTES)
		return NULL;
	for (; *candidates; candidates++) {
		size_t n = strlen(*candidates);
		size_t d = n > NEAR_BYTES ? least : distance(word, len, *candidates, n);
		if (d < least && d < (len > n ? len : n)) {
			least = d;
			best = *candidates;
		}
	}
	return best;
}
