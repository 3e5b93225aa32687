/* See place.h. Only spells: resolves and reaches nothing. */
#include "base/place.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"
#define SMALL "abcdefghijklmnopqrstuvwxyz"

/* A name of the DNS (RFC 1123 §2.1) in small letters. No address: whatever ends in a number would be read as one. */
static bool host_valid(const char *s, size_t n)
{
	const char *last = s;
	if (n == 0 || n > 253)
		return false;
	for (const char *end = s + n, *dot; s <= end; s = dot + 1) {
		dot = memchr(s, '.', (size_t)(end - s));
		if (!dot)
			dot = end;
		if (dot == s || dot - s > 63 || *s == '-' || dot[-1] == '-')
			return false;
		last = s;
	}
	return !strchr(DIGITS, *last);
}

bool place_valid(const char *s)
{
	bool smtp = !strncmp(s, "smtp:", 5);
	if (!smtp && strncmp(s, "https:", 6) != 0)
		return false;
	s += smtp ? 5 : 6;
	size_t host = strspn(s, SMALL DIGITS ".-");
	if (!host_valid(s, host))
		return false;
	s += host;
	if (*s == '\0')
		return !smtp;
	size_t digits = *s == ':' ? strspn(s + 1, DIGITS) : 0;
	long port = digits && digits < 6 ? strtol(s + 1, NULL, 10) : 0;
	return port > 0 && port < 65536 && s[1] != '0' && s[1 + digits] == '\0';
}
