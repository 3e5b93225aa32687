/* core/base/place.c: one spelling for each place, and no address in any disguise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/place.h"

static void valid(void **state)
{
	static const char *const places[] = { "https:api.example.org", "https:api.example.org:8443", "smtp:mail.example.org:587", "https:localhost",
		"https:xn--bcher-kva.example:1", "https:a.b:65535", "https:1a.b2c" };
	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (!place_valid(places[i]))
			fail_msg("%s", places[i]);
}

static void refused(void **state)
{
	static const char *const places[] = { "", "https", "https:", "https:.", "https:a.", "https:.a", "https:a..b", "https:-a.b", "https:a-.b", "https:A.b", "HTTPS:a.b",
		"http:a.b", "ftp:a.b", "smtp:a.b", "smtp:a.b:", "https:a.b:", "https:a.b:0", "https:a.b:0443", "https:a.b:65536", "https:a.b:100000", "https:a.b:44x",
		"https:a.b/x", "https:a.b ", " https:a.b", "https:u@a.b", "https:127.0.0.1", "https:1", "https:0x7f.1", "https:[::1]", "https:a.b:443:1",
		"https:a_b.c", "https:b\xc3\xbc.c",
		"https:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b" };
	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (place_valid(places[i]))
			fail_msg("%s", places[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(valid), cmocka_unit_test(refused) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
