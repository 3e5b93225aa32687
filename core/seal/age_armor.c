/* Strict reading of armor, line by line: each line is looked at only when it is whole. */
#include "seal/age_armor.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"

#define LINE_BYTES 48u	/* that 64 columns stand for */

static_assert(sizeof AGE_ARMOR_BEGIN - 1 <= AGE_ARMOR_COLUMNS, "the line buffer holds the marks");

void age_armor_init(struct age_armor *a)
{
	memset(a, 0, sizeof *a);
}

bool age_armor_likely(uint8_t first)
{
	return first == '-' || first == ' ' || first == '\t' || first == '\r' || first == '\n';
}

static bool line_is(const struct age_armor *a, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(a->line, text, len) == 0;
}

/* White space around the armor is allowed, but not without end. */
static int space_check(struct age_armor *a, size_t len, const char *where, struct err *e)
{
	a->space += len + 1;
	if (a->space > LIMIT_AGE_ARMOR_SPACE)
		return err_set(e, ERR_INVALID, "more than %u bytes of white space %s the armor", LIMIT_AGE_ARMOR_SPACE, where);
	for (size_t i = 0; i < len; i++)
		if (a->line[i] != ' ' && a->line[i] != '\t' && a->line[i] != '\r')
			return err_set(e, ERR_INVALID, "there is something other than white space %s the armor", where);
	return 0;
}

/* A full line may be followed by another; a shorter one, or one with padding, is the last. */
static int base64_line(struct age_armor *a, size_t len, uint8_t *out, size_t *out_len, struct err *e)
{
	bool shape = len && len <= AGE_ARMOR_COLUMNS && len % 4 == 0;
	ptrdiff_t n = shape ? base64_decode(out + *out_len, LINE_BYTES, a->line, len) : -1;
	if (n <= 0)
		return err_set(e, ERR_INVALID, "a line of the armor is not canonical base64 of at most %u columns", AGE_ARMOR_COLUMNS);
	*out_len += (size_t)n;
	if (n < (ptrdiff_t)LINE_BYTES)
		a->state = ARMOR_LAST;
	return 0;
}

static int line_end(struct age_armor *a, uint8_t *out, size_t *out_len, struct err *e)
{
	size_t len = a->len, bare = len && a->line[len - 1] == '\r' ? len - 1 : len;
	a->len = 0;
	switch (a->state) {
	case ARMOR_BEFORE:
		if (!line_is(a, bare, AGE_ARMOR_BEGIN))
			return space_check(a, len, "before", e);
		a->state = ARMOR_LINES;
		a->space = 0;
		return 0;
	case ARMOR_LINES:
	case ARMOR_LAST:
		if (line_is(a, bare, AGE_ARMOR_END)) {
			a->state = ARMOR_AFTER;
			return 0;
		}
		if (a->state == ARMOR_LAST)
			return err_set(e, ERR_INVALID, "the armor goes on after a short line, or does not end as it should");
		return base64_line(a, bare, out, out_len, e);
	case ARMOR_AFTER:
	default:
		return space_check(a, len, "after", e);
	}
}

int age_armor_add(struct age_armor *a, uint8_t *out, size_t *out_len, const uint8_t *text, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n') {
			if (line_end(a, out, out_len, e) < 0)
				return -1;
		} else if (a->len < sizeof a->line) {
			a->line[a->len++] = (char)text[i];
		} else {
			return err_set(e, ERR_INVALID, "a line of the armor is longer than %u columns", AGE_ARMOR_COLUMNS);
		}
	}
	return 0;
}

int age_armor_end(struct age_armor *a, struct err *e)
{
	uint8_t none[LINE_BYTES];
	size_t n = 0;
	if (a->len && line_end(a, none, &n, e) < 0)
		return -1;
	if (n || a->state != ARMOR_AFTER)
		return err_set(e, ERR_INVALID, "the armor is cut short: its last line \"%s\" is missing", AGE_ARMOR_END);
	return 0;
}
