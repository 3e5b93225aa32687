/* Identities. The golden texts of the seed 32 × 07 were computed by a program of its own (Python, hashlib only). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "seal/crypto.h"
#include "seal/identity.h"

#define GOLDEN_TEXT "enclua1af9xcclzn3fq40h42pa3xtk9lx25wa4wh6l8hyjzrm4xj9zx6gkq3ylpdf"
#define GOLDEN_SECRET "ENCLUA-SECRET-KEY-1QURSWPC8QURSWPC8QURSWPC8QURSWPC8QURSWPC8QURSWPC8QURS2DNZLS"
#define GOLDEN_PUBLIC "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"
#define GOLDEN_AGE_SECRET "ce6c9d30dc7c712b8036b1a94ace64f1fc76a18748977a5b6368275c50fa089a"
#define GOLDEN_AGE_PUBLIC "b828e97fbc02e76c7e36af39b72e3ccd534e045427d233601f33ba07ce398562"

static void assert_hex(const uint8_t *bytes, const char *want)
{
	char got[65];
	hex_encode(got, bytes, 32);
	assert_string_equal(got, want);
}

static struct identity *golden(void)
{
	struct identity *id = NULL;
	uint8_t seed[32];
	memset(seed, 7, sizeof seed);
	assert_int_equal(identity_from_seed(&id, seed, NULL), 0);
	return id;
}

static void golden_keys(void **state)
{
	(void)state;
	struct identity *id = golden();
	char text[IDENTITY_TEXT], secret[IDENTITY_SECRET_TEXT];
	assert_hex(identity_public(id), GOLDEN_PUBLIC);
	assert_hex(identity_age_secret(id), GOLDEN_AGE_SECRET);
	assert_hex(identity_age_public(id), GOLDEN_AGE_PUBLIC);
	identity_text(text, identity_public(id));
	assert_string_equal(text, GOLDEN_TEXT);
	identity_secret_text(secret, id);
	assert_string_equal(secret, GOLDEN_SECRET);
	identity_free(id);
	identity_free(NULL);
}

static void fresh_ones_differ(void **state)
{
	(void)state;
	struct identity *a = NULL, *b = NULL;
	assert_int_equal(identity_new(&a, NULL), 0);
	assert_int_equal(identity_new(&b, NULL), 0);
	assert_memory_not_equal(identity_seed(a), identity_seed(b), 32);
	assert_memory_not_equal(identity_public(a), identity_public(b), 32);
	assert_memory_not_equal(identity_age_secret(a), identity_seed(a), 32);
	identity_free(a);
	identity_free(b);
}

static void public_text_is_strict(void **state)
{
	(void)state;
	uint8_t key[32];
	struct err e = { 0 };
	assert_int_equal(identity_parse(key, GOLDEN_TEXT, &e), 0);
	assert_hex(key, GOLDEN_PUBLIC);

	/* Every single wrong character is caught. */
	char text[] = GOLDEN_TEXT;
	for (size_t i = 0; i + 1 < sizeof text; i++) {
		char was = text[i];
		text[i] = was == 'q' ? 'p' : 'q';
		assert_int_equal(identity_parse(key, text, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		text[i] = was;
	}
	/* The same value in upper case would be a second spelling of an entry's "by". */
	char upper[] = GOLDEN_TEXT;
	for (char *s = upper; *s; s++)
		*s = (char)(*s >= 'a' && *s <= 'z' ? *s - 32 : *s);
	assert_int_equal(identity_parse(key, upper, &e), -1);

	const char *bad[] = { "", "enclua1", GOLDEN_TEXT "q", " " GOLDEN_TEXT, GOLDEN_TEXT "\n",
		"age1hq5wjlauqtnkcl3k4uumwt3ue4f5upz5ylfrxcqlxwaq0n3es43q4eu844" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(identity_parse(key, bad[i], &e), -1);
}

static void secret_files(void **state)
{
	(void)state;
	struct identity *id = NULL;
	struct err e = { 0 };
	const char *good[] = { GOLDEN_SECRET, GOLDEN_SECRET "\n", "# a comment\n\n" GOLDEN_SECRET "\n# another\n", GOLDEN_SECRET "\r\n" };
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(identity_secret_parse(&id, good[i], &e), 0);
		assert_hex(identity_public(id), GOLDEN_PUBLIC);
		identity_free(id);
	}
	const char *bad[] = { "", "# nothing\n", GOLDEN_SECRET "\n" GOLDEN_SECRET "\n", " " GOLDEN_SECRET, GOLDEN_SECRET " ", GOLDEN_SECRET "Q",
		"ENCLUA-SECRET-KEY-1QURSWPC8QURSWPC8QURSWPC8QURSWPC8QURSWPC8QURSWPC8QURS2DNZLQ",
		"AGE-SECRET-KEY-1EEKF6VXU03CJHQPKKX554NNY7878DGV8FZTH5KMRDQN4C586PZDQV2ULGK", GOLDEN_TEXT };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(identity_secret_parse(&id, bad[i], &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		/* What was nearly a secret does not come back in the message. */
		assert_null(strstr(e.msg, "QURSWPC8"));
		assert_null(strstr(e.hint, "QURSWPC8"));
	}
}

static void signing(void **state)
{
	(void)state;
	struct identity *id = golden();
	uint8_t sig[64];
	identity_sign(sig, id, "abc", 3);
	assert_true(ed25519_verify(sig, "abc", 3, identity_public(id)));
	assert_false(ed25519_verify(sig, "abd", 3, identity_public(id)));
	/* The age key is no signing key of anyone. */
	assert_false(ed25519_verify(sig, "abc", 3, identity_age_public(id)));
	identity_free(id);
}

static int setup(void **state)
{
	(void)state;
	return crypto_init(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_keys),
		cmocka_unit_test(fresh_ones_differ),
		cmocka_unit_test(public_text_is_strict),
		cmocka_unit_test(secret_files),
		cmocka_unit_test(signing),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
