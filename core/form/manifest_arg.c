/* Does the text of an argument fit the type that the manifest declares? */
#include "form/manifest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define DIGITS "0123456789"

/* Decimal, optional sign, fraction and exponent; what Lua would read, less hexadecimal, spaces, nan and inf. */
static bool number_valid(const char *s)
{
	s += *s == '-';
	size_t whole = strspn(s, DIGITS), part = 0;
	s += whole;
	if (*s == '.')
		s += 1 + (part = strspn(s + 1, DIGITS));
	if (whole + part == 0)
		return false;
	if (*s == 'e' || *s == 'E') {
		s += 1 + (s[1] == '-' || s[1] == '+');
		size_t digits = strspn(s, DIGITS);
		if (digits == 0)
			return false;
		s += digits;
	}
	return *s == '\0';
}

static bool integer_valid(const char *s)
{
	int64_t v = 0;
	bool minus = *s == '-';
	s += minus;
	if (*s == '\0')
		return false;
	for (; *s; s++)
		if (*s < '0' || *s > '9' || __builtin_mul_overflow(v, 10, &v) ||
		    (minus ? __builtin_sub_overflow(v, *s - '0', &v) : __builtin_add_overflow(v, *s - '0', &v)))
			return false;
	return true;
}

int manifest_arg_check(const struct manifest_arg *a, const char *text, struct err *e)
{
	switch (a->type) {
	case MANIFEST_STRING:
		if (!utf8_valid(text, strlen(text)))
			return err_set(e, ERR_USAGE, "the argument %s is not UTF-8 text", a->name);
		return 0;
	case MANIFEST_NUMBER:
		if (number_valid(text) && isfinite(strtod(text, NULL)))
			return 0;
		return err_set(e, ERR_USAGE, "the argument %s must be a number, not \"%s\"", a->name, text);
	case MANIFEST_INTEGER:
		if (integer_valid(text))
			return 0;
		return err_set(e, ERR_USAGE, "the argument %s must be an integer of 64 bits, not \"%s\"", a->name, text);
	case MANIFEST_BOOLEAN:
		if (!strcmp(text, "true") || !strcmp(text, "false"))
			return 0;
		return err_set(e, ERR_USAGE, "the argument %s must be true or false, not \"%s\"", a->name, text);
	}
	return err_set(e, ERR_INTERNAL, "an argument of no type");
}
