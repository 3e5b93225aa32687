/* Most numbers in data have few digits: those are exact in two operations (Clinger, 1990). The rest goes to the C library, which in a
 * musl program has no locale to look at.
 */
#include "enclave/number.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_EXACT 19u	/* 10^19 - 1 fits 64 bits */
#define MANTISSA_EXACT (1ull << 53)
#define POWER_EXACT 22	/* 10^22 is the last power of ten that a double holds */
#define LONG_TEXT 4096u	/* longer ones are refused: nobody measured that */

static const double powers[POWER_EXACT + 1] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
};

static inline bool is_digit(char c)
{
	return (unsigned)(c - '0') < 10;
}

static bool slow_read(double *out, const char *text, size_t len)
{
	char copy[LONG_TEXT];
	if (len >= sizeof copy)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*out = strtod(copy, NULL);
	return isfinite(*out);
}

/* The digits behind at; counts them all, keeps the first 19. */
static size_t digits_take(const char *text, size_t at, size_t len, uint64_t *mantissa, unsigned *kept)
{
	for (; at < len && is_digit(text[at]); at++)
		if (*kept < DIGITS_EXACT) {
			*mantissa = *mantissa * 10 + (uint64_t)(text[at] - '0');
			*kept += *mantissa != 0;	/* leading zeros are free */
		} else {
			*kept = DIGITS_EXACT + 1;
		}
	return at;
}

static bool exponent_take(const char *text, size_t at, size_t len, int *out)
{
	bool minus = false;
	int v = 0;
	if (at < len && (text[at] == '+' || text[at] == '-'))
		minus = text[at++] == '-';
	if (at == len)
		return false;
	for (; at < len; at++) {
		if (!is_digit(text[at]))
			return false;
		if (v < 100000)
			v = v * 10 + (text[at] - '0');
	}
	*out = minus ? -v : v;
	return true;
}

bool number_read(double *out, const char *text, size_t len)
{
	uint64_t mantissa = 0;
	unsigned kept = 0;
	int exponent = 0;
	bool minus = len && text[0] == '-';
	size_t start = minus, at = digits_take(text, start, len, &mantissa, &kept), fraction = 0;
	if (at == start)
		return false;
	if (at < len && text[at] == '.') {
		size_t from = at + 1;
		at = digits_take(text, from, len, &mantissa, &kept);
		fraction = at - from;
		if (fraction == 0)
			return false;
	}
	if (at < len && ((text[at] | 0x20) != 'e' || !exponent_take(text, at + 1, len, &exponent)))
		return false;
	if (kept > DIGITS_EXACT || mantissa > MANTISSA_EXACT || fraction > 1000)
		return slow_read(out, text, len);
	exponent -= (int)fraction;
	if (exponent < -POWER_EXACT || exponent > POWER_EXACT)
		return slow_read(out, text, len);
	double v = exponent < 0 ? (double)mantissa / powers[-exponent] : (double)mantissa * powers[exponent];
	*out = minus ? -v : v;
	return true;
}

bool number_read_integer(long long *out, const char *text, size_t len)
{
	bool minus = len && text[0] == '-';
	uint64_t v = 0, max = (uint64_t)LLONG_MAX + minus;
	size_t at = minus;
	if (at == len)
		return false;
	for (; at < len; at++) {
		unsigned digit = (unsigned)(text[at] - '0');
		if (digit > 9 || v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = minus ? (long long)(0 - v) : (long long)v;
	return true;
}

size_t number_write(char out[static NUMBER_TEXT], double v)
{
	int n = 0;
	/* 15 digits always survive, but in subnormal numbers, which have fewer bits and may be told apart by one. */
	for (int digits = fabs(v) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
		n = snprintf(out, NUMBER_TEXT, "%.*g", digits, v);
		if (strtod(out, NULL) == v)
			break;
	}
	size_t len = (size_t)n;
	if (strpbrk(out, ".e"))
		return len;
	memcpy(out + len, ".0", 3);
	return len + 2;
}
