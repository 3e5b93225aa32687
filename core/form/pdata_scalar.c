/* The scalar types and their one spelling each, which a person can read: bool is true or false; i128 is a decimal integer of
 * −2^127 … 2^127−1; f64 is the fewest digits that read back to the same number, always with a point or an exponent; string is UTF-8.
 * Whatever else names a type is a MIME type, and its bytes are not looked at.
 */
#include "form/pdata.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "form/pdata_inner.h"

#define NUMBER_CHARS_MAX 400u	/* the longest useful spelling of a double, 1074 places, is not one a person writes; 309 digits are */
#define I128_MIN_DIGITS "170141183460469231731687303715884105728"	/* 2^127: with a minus sign the least i128, without it too much */

typedef int scalar_canon(struct buf *out, const char *text, size_t len, struct err *e);

static int bool_canon(struct buf *out, const char *text, size_t len, struct err *e)
{
	if ((len == 4 && memcmp(text, "true", 4) == 0) || (len == 5 && memcmp(text, "false", 5) == 0))
		return buf_add(out, text, len, e);
	return err_set(e, ERR_INVALID, "a bool is true or false");
}

static size_t digits(const char *text, size_t len)
{
	size_t n = 0;
	while (n < len && text[n] >= '0' && text[n] <= '9')
		n++;
	return n;
}

static int i128_canon(struct buf *out, const char *text, size_t len, struct err *e)
{
	bool minus = len > 0 && text[0] == '-';
	const char *d = text + minus;
	size_t n = len - minus;
	if (n == 0 || digits(d, n) != n)
		return err_set(e, ERR_INVALID, "an i128 is a whole number in decimal digits, with - in front when it is negative");
	if (d[0] == '0' && (n > 1 || minus))
		return err_set(e, ERR_INVALID, "an i128 has no zeros in front and no -0");
	int against = n == strlen(I128_MIN_DIGITS) ? memcmp(d, I128_MIN_DIGITS, n) : n < strlen(I128_MIN_DIGITS) ? -1 : 1;
	if (against > 0 || (against == 0 && !minus)) {
		err_set(e, ERR_INVALID, "the number is outside -2^127 … 2^127-1, the range of an i128");
		return err_hint(e, "give it as a string, or as an f64 with a decimal point if its last digits do not matter");
	}
	return buf_add(out, text, len, e);
}

/* The grammar of a JSON number, so that hexadecimal, nan, inf and spaces never reach strtod. */
static bool is_number(const char *t, size_t len)
{
	const char *end = t + len;
	if (t < end && *t == '-')
		t++;
	size_t n = digits(t, (size_t)(end - t));
	if (n == 0 || (n > 1 && *t == '0'))
		return false;
	t += n;
	if (t < end && *t == '.') {
		n = digits(t + 1, (size_t)(end - t - 1));
		if (n == 0)
			return false;
		t += 1 + n;
	}
	if (t < end && (*t == 'e' || *t == 'E')) {
		t++;
		if (t < end && (*t == '+' || *t == '-'))
			t++;
		n = digits(t, (size_t)(end - t));
		if (n == 0)
			return false;
		t += n;
	}
	return t == end;
}

static void f64_text(char out[static 40], double v)
{
	for (int precision = 1; precision <= 17; precision++) {
		(void)snprintf(out, 32, "%.*g", precision, v);
		if (strtod(out, NULL) == v)
			break;
	}
	if (!strpbrk(out, ".e"))
		memcpy(out + strlen(out), ".0", 3);	/* so that no reader takes it for an integer */
}

static int f64_canon(struct buf *out, const char *text, size_t len, struct err *e)
{
	char copy[NUMBER_CHARS_MAX + 1], shortest[40];
	if (len == 0 || len > NUMBER_CHARS_MAX || !is_number(text, len)) {
		err_set(e, ERR_INVALID, "an f64 is a finite decimal number such as 12.5 or -3e10");
		return err_hint(e, "nan and infinities have no place in protected data; give them as strings");
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	errno = 0;
	double v = strtod(copy, NULL);
	if (!isfinite(v) || (errno == ERANGE && v == 0))
		return err_set(e, ERR_INVALID, "the number is outside the range of an f64");
	f64_text(shortest, v);
	return buf_add_text(out, shortest, e);
}

static int string_canon(struct buf *out, const char *text, size_t len, struct err *e)
{
	if (utf8_valid(text, len))
		return buf_add(out, text, len, e);
	err_set(e, ERR_INVALID, "the string is not valid UTF-8");
	return err_hint(e, "protect it as a file: bytes of any kind may be in a file");
}

static const struct { const char *type; scalar_canon *canon; } scalars[] = {
	{ "bool", bool_canon }, { "f64", f64_canon }, { "i128", i128_canon }, { "string", string_canon },
};
#define SCALARS (sizeof scalars / sizeof *scalars)

static scalar_canon *canon_of(const char *type)
{
	for (size_t i = 0; i < SCALARS; i++)
		if (strcmp(type, scalars[i].type) == 0)
			return scalars[i].canon;
	return NULL;
}

bool pdata_type_is_scalar(const char *type)
{
	return canon_of(type) != NULL;
}

static int type_unknown(const char *type, struct err *e)
{
	static const char *const names[] = { "bool", "f64", "i128", "string", NULL };
	static const struct { const char *other, *ours; } habits[] = {
		{ "boolean", "bool" }, { "number", "f64" }, { "float", "f64" }, { "double", "f64" }, { "integer", "i128" },
		{ "int", "i128" }, { "bigint", "i128" }, { "text", "string" },
	};
	struct buf shown = BUF_INIT(KIB(1));
	const char *near = text_nearest(type, names);
	for (size_t i = 0; i < sizeof habits / sizeof *habits; i++)
		if (strcmp(type, habits[i].other) == 0)
			near = habits[i].ours;
	if (text_escape(&shown, type, strnlen(type, 100), e) == 0)
		err_set(e, ERR_INVALID, "there is no type %s; the types of values are bool, f64, i128 and string", buf_text(&shown));
	buf_done(&shown);
	if (near)
		err_hint(e, "did you mean %s?", near);
	return -1;
}

int pdata_scalar_canon(struct buf *out, const char *type, const char *text, size_t len, struct err *e)
{
	scalar_canon *canon = canon_of(type);
	return canon ? canon(out, text, len, e) : type_unknown(type, e);
}

int pdata_scalar_check(const char *type, const char *text, size_t len, struct err *e)
{
	struct buf canon = BUF_INIT(len + 64);
	int r = pdata_scalar_canon(&canon, type, text, len, e);
	if (r == 0 && (canon.len != len || (len && memcmp(canon.data, text, len) != 0)))
		r = err_set(e, ERR_INVALID, "the text of the %s is not the canonical one", type);
	buf_done(&canon);
	return r;
}

/* type "/" subtype, RFC 6838's characters, no parameters. */
static bool is_mime(const char *type)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&-^_.+";
	size_t first = strspn(type, chars);
	if (first == 0 || type[first] != '/')
		return false;
	size_t second = strspn(type + first + 1, chars);
	return second > 0 && type[first + 1 + second] == '\0';
}

int pdata_type_check(const char *type, struct err *e)
{
	if (strlen(type) >= PDATA_TYPE_TEXT)
		return err_set(e, ERR_INVALID, "the type %.40s… is longer than %zu characters", type, PDATA_TYPE_TEXT - 1);
	return pdata_type_is_scalar(type) || is_mime(type) ? 0 : type_unknown(type, e);
}
