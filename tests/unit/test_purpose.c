/* core/base/purpose.c: every pair of codes against the tree written out here, words by their parts, and what is no purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/purpose.h"

static const char *const codes[] = { "DUO:0000001", "DUO:0000004", "DUO:0000006", "DUO:0000007", "DUO:0000011", "DUO:0000012", "DUO:0000015", "DUO:0000016", "DUO:0000017",
	"DUO:0000018", "DUO:0000019", "DUO:0000020", "DUO:0000021", "DUO:0000022", "DUO:0000024", "DUO:0000025", "DUO:0000026", "DUO:0000027", "DUO:0000028", "DUO:0000029",
	"DUO:0000042", "DUO:0000043", "DUO:0000044", "DUO:0000045", "DUO:0000046" };
#define CODES (sizeof codes / sizeof *codes)

/* Besides itself, each includes: */
static const char *const includes[][6] = {
	{ "DUO:0000001", "DUO:0000004", "DUO:0000042", "DUO:0000006", "DUO:0000007", "DUO:0000011" },
	{ "DUO:0000004", "DUO:0000042", "DUO:0000006", "DUO:0000007", "DUO:0000011" },
	{ "DUO:0000042", "DUO:0000006", "DUO:0000007", "DUO:0000011" },
	{ "DUO:0000006", "DUO:0000007" },
};

static bool expected(const char *broad, const char *narrow)
{
	if (strcmp(broad, narrow) == 0)
		return true;
	for (size_t i = 0; i < sizeof includes / sizeof *includes; i++)
		for (size_t k = 1; k < 6 && strcmp(includes[i][0], broad) == 0; k++)
			if (includes[i][k] && strcmp(includes[i][k], narrow) == 0)
				return true;
	return false;
}

static void every_pair_of_codes(void **state)
{
	(void)state;
	assert_int_equal(CODES, 23 + 2);
	for (size_t i = 0; i < CODES; i++) {
		assert_int_equal(purpose_check(codes[i], NULL), 0);
		assert_non_null(purpose_words(codes[i]));
		for (size_t k = 0; k < CODES; k++)
			if (purpose_includes(codes[i], codes[k]) != expected(codes[i], codes[k]))
				fail_msg("%s and %s", codes[i], codes[k]);
	}
	assert_string_equal(purpose_words("DUO:0000006"), "health or medical or biomedical research");
	assert_null(purpose_words("research"));
	assert_null(purpose_words("DUO:0000005"));	/* obsolete */
}

static void words_by_their_parts(void **state)
{
	static const struct { const char *broad, *narrow; bool is; } rows[] = {
		{ "research", "research", true }, { "research", "research/cancer", true }, { "research", "research/cancer/lung", true },
		{ "research/cancer", "research/cancer/lung", true }, { "research/cancer", "research", false }, { "research", "researching", false },
		{ "research/can", "research/cancer", false }, { "a.b-c_d", "a.b-c_d/0", true }, { "care", "research", false },
		{ "DUO:0000004", "research/cancer", true }, { "DUO:0000042", "research", false }, { "research", "DUO:0000006", false }, { "DUO:0000004", "DUO:0000018", false },
		{ "", "", false }, { "", "research", false }, { "research", "", false }, { "Research", "Research", false }, { "research/", "research/", false },
		{ "research", "research/", false }, { "research", "research//x", false }, { "research", "research/Cancer", false }, { "DUO:0000004", "two words", false },
		{ "DUO:0000099", "DUO:0000099", false }, { "DUO:0000004", "DUO:0000099", false }, { "DUO:0000004", "", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (purpose_includes(rows[i].broad, rows[i].narrow) != rows[i].is)
			fail_msg("“%s” and “%s”", rows[i].broad, rows[i].narrow);
}

static void what_is_no_purpose(void **state)
{
	static const struct { const char *text, *hint; } rows[] = {
		{ "DUO:0000066", "DUO:0000006" }, { "DUO:6", "" }, { "duo:0000006", "DUO:0000006" }, { "GRU", "DUO:0000042 is general research use" },
		{ "hmb", NULL }, { "Disease specific research", "DUO:0000007" }, { "Research", "research would be one" }, { "two words", "two-words would be one" },
		{ "", "research/cancer" }, { "/research", "research/cancer" }, { "research/", "research/cancer" }, { "a//b", "research/cancer" }, { "caf\xc3\xa9", "" },
		{ "a23456789012345678901234567890123456789012345678901234567890123.", NULL },
		{ "a23456789012345678901234567890123456789012345678901234567890123.5", "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct err e = { .code = ERR_NONE };
		int r = purpose_check(rows[i].text, &e);
		if (r != (rows[i].hint ? -1 : 0))
			fail_msg("“%s” gave %d", rows[i].text, r);
		if (rows[i].hint && (e.code != ERR_INVALID || !strstr(e.hint, rows[i].hint)))
			fail_msg("“%s”: hint “%s” and not “%s”", rows[i].text, e.hint, rows[i].hint);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_pair_of_codes), cmocka_unit_test(words_by_their_parts), cmocka_unit_test(what_is_no_purpose) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
