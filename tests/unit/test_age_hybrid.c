/* Post-quantum recipients of age: their texts, headers in both directions, what may not stand beside what, and files of another implementation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/os.h"
#include "base/text.h"
#include "seal/age.h"
#include "seal/crypto.h"
#include "seal/xwing.h"

#define HYBRID_HEADER 1627u	/* with one stanza; so does age 1.3 */

static const uint8_t file_key[AGE_FILE_KEY] = { 1, 2, 3 };

static void pair(uint8_t n, struct age_recipient *to, struct age_identity *id)
{
	*to = (struct age_recipient){ .kind = AGE_HYBRID };
	*id = (struct age_identity){ .kind = AGE_HYBRID };
	memset(id->secret_key, n, 32);
	xwing_public(to->hybrid_key, id->secret_key);
}

static void text_read(char *out, size_t max, const char *path)
{
	struct buf b = BUF_INIT(max - 1);
	assert_int_equal(os_file_read(path, &b, NULL), 0);
	memcpy(out, b.data, b.len);
	out[b.len] = '\0';
	out[strcspn(out, "\n")] = '\0';
	buf_done(&b);
}

/* The example of C2SP's age.md: the recipient follows from the identity, and both come back as they were written. */
static void texts(void **state)
{
	(void)state;
	char identity[AGE_HYBRID_IDENTITY_TEXT + 1], recipient[AGE_HYBRID_RECIPIENT_TEXT + 1], again[AGE_HYBRID_RECIPIENT_TEXT];
	struct age_identity id;
	struct age_recipient to;
	uint8_t public_key[XWING_PUBLIC];
	text_read(identity, sizeof identity, "tests/vectors/hybrid/identity");
	text_read(recipient, sizeof recipient, "tests/vectors/hybrid/recipient");
	assert_int_equal(age_identity_parse(&id, identity, NULL), 0);
	assert_int_equal(id.kind, AGE_HYBRID);
	assert_int_equal(age_recipient_parse(&to, recipient, NULL), 0);
	assert_int_equal(to.kind, AGE_HYBRID);
	xwing_public(public_key, id.secret_key);
	assert_memory_equal(public_key, to.hybrid_key, XWING_PUBLIC);
	bech32_encode(again, "age1pq", public_key, XWING_PUBLIC);
	assert_string_equal(again, recipient);
	assert_int_equal(strlen(again), AGE_HYBRID_RECIPIENT_TEXT - 1);
	recipient[1000] = recipient[1000] == 'q' ? 'p' : 'q';
	assert_int_equal(age_recipient_parse(&to, recipient, NULL), -1);
}

static void texts_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "age1pq1", "age1pq1qqqq", "AGE-SECRET-KEY-PQ-1", "age-secret-key-pq-1xx76jralnlxdmew0crk45qmcch4x06se84un3vpm33w6hwdx0h3sk3zqfr",
		"AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFQ",
		"AGE-SECRET-KEY-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR" };
	struct age_recipient to;
	struct age_identity id;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct err e = { 0 };
		assert_int_equal(age_recipient_parse(&to, bad[i], &e), -1);
		assert_int_equal(age_identity_parse(&id, bad[i], &e), -1);
		assert_null(strstr(e.msg, "76JR"));	/* an error never repeats a secret */
	}
}

static int header_open(const struct buf *h, const struct age_identity *ids, size_t n, struct err *e)
{
	uint8_t key[AGE_FILE_KEY];
	size_t len;
	int r = age_header_open(key, &len, h->data, h->len, ids, n, e);
	if (r == 0) {
		assert_int_equal(len, h->len);
		assert_memory_equal(key, file_key, sizeof key);
	}
	return r;
}

static void headers(void **state)
{
	(void)state;
	struct age_recipient to[3];
	struct age_identity id[3], stranger[2] = { { .kind = AGE_HYBRID, .secret_key = { 99 } }, { .kind = AGE_X25519, .secret_key = { 99 } } };
	struct buf h = BUF_INIT(LIMIT_AGE_HEADER_BYTES);
	struct err e = { 0 };
	for (uint8_t i = 0; i < 3; i++)
		pair((uint8_t)(i + 1), &to[i], &id[i]);
	assert_int_equal(age_header_make(&h, file_key, to, 1, &e), 0);
	assert_int_equal(h.len, HYBRID_HEADER);
	buf_clear(&h);
	assert_int_equal(age_header_make(&h, file_key, to, 3, &e), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(header_open(&h, &id[i], 1, &e), 0);
	assert_int_equal(header_open(&h, stranger, 1, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_int_equal(header_open(&h, stranger + 1, 1, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_non_null(strstr(e.msg, "AGE-SECRET-KEY-PQ-1"));
	struct age_identity mixed[3] = { stranger[0], stranger[1], id[2] };
	assert_int_equal(header_open(&h, mixed, 3, &e), 0);
	buf_done(&h);
}

/* One stanza of each kind in a header, as some other program might write it: each identity opens its own. */
static void mixed_are_read(void **state)
{
	(void)state;
	struct age_recipient to[2] = { { 0 }, { .kind = AGE_X25519 } };
	struct age_identity id[2] = { { 0 }, { .kind = AGE_X25519, .secret_key = { 7 } } };
	struct buf h = BUF_INIT(LIMIT_AGE_HEADER_BYTES), other = BUF_INIT(LIMIT_AGE_HEADER_BYTES);
	uint8_t key[32], mac[32];
	char text[BASE64_RAW_LEN(32) + 1];
	pair(1, &to[0], &id[0]);
	x25519_public(to[1].public_key, id[1].secret_key);
	assert_int_equal(age_header_make(&h, file_key, &to[0], 1, NULL), 0);
	assert_int_equal(age_header_make(&other, file_key, &to[1], 1, NULL), 0);
	h.len = (size_t)(strstr(buf_text(&h), "---") - buf_text(&h));
	const char *stanza = strstr(buf_text(&other), "-> "), *end = strstr(stanza, " ");
	end = strstr(end, "\n---") + 4;
	assert_int_equal(buf_add(&h, stanza, (size_t)(end - stanza), NULL), 0);
	hkdf256(key, 32, file_key, sizeof file_key, NULL, 0, "header", 6);
	hmac256(mac, key, 32, h.data, h.len);
	base64_raw_encode(text, mac, 32);
	assert_int_equal(buf_addf(&h, NULL, " %s\n", text), 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(header_open(&h, &id[i], 1, NULL), 0);
	buf_done(&h);
	buf_done(&other);
}

/* … but not written, in any order: the file would be as weak as the X25519 stanza. Nothing may come out. */
static void mixed_are_not_written(void **state)
{
	(void)state;
	struct age_recipient hybrid, x25519 = { .kind = AGE_X25519 }, scrypt = { .kind = AGE_SCRYPT, .passphrase = "p", .work = 10 };
	struct age_identity id, other = { .kind = AGE_X25519, .secret_key = { 7 } };
	pair(1, &hybrid, &id);
	x25519_public(x25519.public_key, other.secret_key);
	struct age_recipient to[][3] = { { hybrid, x25519, x25519 }, { x25519, hybrid, hybrid }, { hybrid, hybrid, x25519 }, { hybrid, scrypt, hybrid } };
	for (size_t i = 0; i < sizeof to / sizeof *to; i++)
		for (size_t n = i == 2 ? 3 : 2; n <= 3; n++) {
			struct buf h = BUF_INIT(LIMIT_AGE_HEADER_BYTES);
			struct err e = { 0 };
			assert_int_equal(age_header_make(&h, file_key, to[i], n, &e), -1);
			assert_int_equal(e.code, ERR_USAGE);
			assert_int_equal(h.len, 0);
			buf_done(&h);
		}
}

static void bad_keys(void **state)
{
	(void)state;
	struct age_recipient to;
	struct age_identity id;
	struct buf h = BUF_INIT(LIMIT_AGE_HEADER_BYTES);
	struct err e = { 0 };
	pair(1, &to, &id);
	memset(to.hybrid_key + XWING_PUBLIC - 32, 0, 32);	/* the point 0 */
	assert_int_equal(age_header_make(&h, file_key, &to, 1, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	pair(1, &to, &id);
	memset(to.hybrid_key, 0xff, 3);	/* coefficients over q */
	assert_int_equal(age_header_make(&h, file_key, &to, 1, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	buf_done(&h);
}

/* As many as fit into a header that anybody reads, and one more. */
static void too_many(void **state)
{
	(void)state;
	enum { MANY = 674 };
	struct age_recipient *to = calloc(MANY, sizeof *to);
	struct age_identity id;
	struct buf h = BUF_INIT(LIMIT_AGE_HEADER_BYTES);
	struct err e = { 0 };
	for (size_t i = 0; i < MANY; i++)
		i ? (void)(to[i] = to[0]) : pair(1, &to[0], &id);
	assert_int_equal(age_header_make(&h, file_key, to, MANY, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	buf_done(&h);
	assert_int_equal(age_header_make(&h, file_key, to, MANY - 1, &e), 0);
	assert_int_equal(header_open(&h, &id, 1, &e), 0);
	buf_done(&h);
	free(to);
}

static void file_of_typage(void **state)
{
	(void)state;
	char identity[AGE_HYBRID_IDENTITY_TEXT + 1];
	struct age_identity id;
	struct age_payload p;
	struct buf f = BUF_INIT(KIB(4));
	uint8_t key[AGE_FILE_KEY], out[64];
	size_t len;
	text_read(identity, sizeof identity, "tests/vectors/hybrid/identity");
	assert_int_equal(age_identity_parse(&id, identity, NULL), 0);
	assert_int_equal(os_file_read("tests/vectors/hybrid/typage.age", &f, NULL), 0);
	assert_int_equal(age_header_open(key, &len, f.data, f.len, &id, 1, NULL), 0);
	age_payload_init(&p, key, f.data + len);
	len += AGE_NONCE;
	assert_int_equal(age_chunk_open(&p, out, f.data + len, f.len - len, 0, true), 0);
	assert_memory_equal(out, "made by typage 0.3.1\n", f.len - len - AGE_TAG);
	buf_done(&f);
}

static int setup(void **state)
{
	(void)state;
	return crypto_init(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(texts_refused),
		cmocka_unit_test(headers),
		cmocka_unit_test(mixed_are_read),
		cmocka_unit_test(mixed_are_not_written),
		cmocka_unit_test(bad_keys),
		cmocka_unit_test(too_many),
		cmocka_unit_test(file_of_typage),
	};
	return cmocka_run_group_tests_name("age hybrid", tests, setup, NULL);
}
