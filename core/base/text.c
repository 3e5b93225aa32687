/* Words that people type and read: sizes, durations, amounts of money, text made safe for a terminal, and the nearest known word. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit size_units[] = {
	{ "", 1 }, { "B", 1 },
	{ "KiB", 1ull << 10 }, { "MiB", 1ull << 20 }, { "GiB", 1ull << 30 }, { "TiB", 1ull << 40 },
	{ "KB", 1000ull }, { "MB", 1000000ull }, { "GB", 1000000000ull }, { "TB", 1000000000000ull },
	{ NULL, 0 }
};

static const struct unit duration_units[] = {
	{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }, { NULL, 0 }
};

/* Digits, then one unit of the table. No sign, no leading zero, no space. */
static int quantity(const char *text, const struct unit *units, const char *what, const char *sample, uint64_t *out, struct err *e)
{
	uint64_t v = 0;
	const char *p = text;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return err_set(e, ERR_INVALID, "\"%.40s\" is too large for %s", text, what);
	}
	if (p == text || (text[0] == '0' && p - text > 1))
		goto bad;
	for (; units->name; units++) {
		if (strcmp(units->name, p) != 0)
			continue;
		if (__builtin_mul_overflow(v, units->factor, out))
			return err_set(e, ERR_INVALID, "\"%.40s\" is too large for %s", text, what);
		return 0;
	}
bad:
	return err_set(e, ERR_INVALID, "\"%.40s\" is not %s; write it like %s", text, what, sample);
}

int text_size(const char *text, uint64_t *bytes, struct err *e)
{
	return quantity(text, size_units, "a size", "512, 64KiB, 64MiB or 1GiB", bytes, e);
}

int text_duration_ms(const char *text, uint64_t *ms, struct err *e)
{
	return quantity(text, duration_units, "a duration", "250ms, 10s, 5m, 1h or 2d", ms, e);
}

#define RLC_DECIMALS 9u
#define RLC UINT64_C(1000000000)	/* in nRLC */
#define RLC_SHOWN UINT64_C(1000000)	/* smaller amounts are easier to read in nRLC */

/* Digits at *p, appended to v; how many. A value that does not fit stays at the largest, which is too large for any use of it. */
static size_t digits(const char **p, uint64_t *v)
{
	const char *begin = *p;
	for (; **p >= '0' && **p <= '9'; ++*p)
		if (__builtin_mul_overflow(*v, 10u, v) || __builtin_add_overflow(*v, (uint64_t)(**p - '0'), v))
			*v = UINT64_MAX;
	return (size_t)(*p - begin);
}

int text_amount(const char *text, uint64_t *nrlc, struct err *e)
{
	uint64_t v = 0;
	const char *p = text;
	size_t whole = digits(&p, &v), decimals = 0;
	bool point = *p == '.';
	if (point) {
		p++;
		decimals = digits(&p, &v);
	}
	if (whole == 0 || (text[0] == '0' && whole > 1) || (point && decimals == 0))
		goto bad;
	bool spaced = *p == ' ';
	p += spaced;
	bool rlc = strcmp(p, "RLC") == 0;
	if (!rlc && strcmp(p, "nRLC") != 0 && (*p || spaced))
		goto bad;
	if (!rlc && point) {
		err_set(e, ERR_INVALID, "\"%.40s\" is not an amount: there is nothing smaller than 1 nRLC", text);
		return *p ? -1 : err_hint(e, "in RLC it is written %.40sRLC", text);	/* a number alone counts nRLC */
	}
	if (decimals > RLC_DECIMALS)
		return err_set(e, ERR_INVALID, "\"%.40s\" is not an amount: an RLC has 9 decimals", text);
	for (size_t i = decimals; rlc && i < RLC_DECIMALS; i++)
		if (__builtin_mul_overflow(v, 10u, &v))
			v = UINT64_MAX;
	if (v > TEXT_AMOUNT_MAX)
		return err_set(e, ERR_INVALID, "\"%.40s\" is too large for an amount: the most is 2^62 - 1 nRLC", text);
	*nrlc = v;
	return 0;
bad:
	return err_set(e, ERR_INVALID, "\"%.40s\" is not an amount; write it like 12, 12nRLC or 1.5RLC", text);
}

void text_amount_write(char out[static TEXT_AMOUNT], uint64_t nrlc)
{
	int n = 0;
	if (nrlc && nrlc < RLC_SHOWN) {
		(void)snprintf(out, TEXT_AMOUNT, "%llu nRLC", (unsigned long long)nrlc);
		return;
	}
	n = snprintf(out, TEXT_AMOUNT, "%llu.%09llu", (unsigned long long)(nrlc / RLC), (unsigned long long)(nrlc % RLC));
	while (out[n - 1] == '0')
		n--;
	n -= out[n - 1] == '.';
	memcpy(out + n, " RLC", sizeof " RLC");
}

/* What a terminal or a reader's eye can be misled with, besides the ASCII controls. */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{ 0x80, 0x9f },	/* C1 controls: some terminals obey them */
	{ 0xad, 0xad },	/* soft hyphen */
	{ 0x61c, 0x61c }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x2069 },	/* marks, separators, bidi overrides */
	{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },	/* byte order mark, interlinear marks */
	{ 0xe0000, 0xe007f },	/* tags: invisible ASCII */
};

static bool is_hidden(uint32_t code)
{
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
		if (code >= hidden[i].first && code <= hidden[i].last)
			return true;
	return false;
}

size_t text_plain(const char *text, size_t n)
{
	size_t i = 0, len;
	for (uint32_t code = 0; (len = utf8_next(text + i, n - i, &code)) != 0; i += len)
		if (code < 0x20 || code == 0x7f || is_hidden(code))
			break;
	return i;
}

int text_escape(struct buf *out, const char *text, size_t n, struct err *e)
{
	for (size_t i = 0; i < n;) {
		uint32_t code = 0;
		size_t len = utf8_next(text + i, n - i, &code);
		int r;
		if (len == 0 || code < 0x20 || code == 0x7f) {
			r = buf_addf(out, e, "\\x%02x", (unsigned)(uint8_t)text[i]);
			len = 1;
		} else if (is_hidden(code)) {
			r = buf_addf(out, e, "\\u{%04x}", (unsigned)code);
		} else {
			r = buf_add(out, text + i, len, e);
		}
		if (r < 0)
			return -1;
		i += len;
	}
	return 0;
}

#define NEAREST_WORD_MAX 64u	/* longer words are no typing mistake of a command's name */

/* Edits between a and b: insert, delete, replace, swap of neighbours (optimal string alignment). */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[3][NEAREST_WORD_MAX + 1];
	size_t la = strlen(a), lb = strlen(b);
	if (la > NEAREST_WORD_MAX || lb > NEAREST_WORD_MAX)
		return NEAREST_WORD_MAX + 1;
	for (size_t j = 0; j <= lb; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *now = row[i % 3];
		const unsigned *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned d = last[j - 1] + (a[i - 1] != b[j - 1]);
			if (last[j] + 1 < d)
				d = last[j] + 1;
			if (now[j - 1] + 1 < d)
				d = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < d)
				d = before[j - 2] + 1;
			now[j] = d;
		}
	}
	return row[la % 3][lb];
}

const char *text_nearest(const char *word, const char *const *candidates)
{
	const char *best = NULL;
	unsigned near = (unsigned)(strlen(word) + 2) / 3 + 1;	/* about one slip in three characters */
	for (; *candidates; candidates++) {
		unsigned d = distance(word, *candidates);
		if (d < near && d < strlen(*candidates)) {
			near = d;
			best = *candidates;
		}
	}
	return best;
}
