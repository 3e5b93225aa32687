/* age: key texts, headers, chunks, the writer, random access. What an attacker may try – flip, cut, grow, swap, mix – is tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/text.h"
#include "seal/age.h"
#include "seal/crypto.h"

#define PLAIN_MAX (4 * AGE_CHUNK)
#define SEALED_MAX (PLAIN_MAX + KIB(8))

/* The pair of the specification: 32 times 0x42. */
static const char spec_identity[] = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
static const char spec_recipient[] = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

static void pair(uint8_t n, struct age_recipient *to, struct age_identity *id)
{
	memset(to, 0, sizeof *to);
	memset(id, 0, sizeof *id);
	memset(id->secret_key, n, 32);
	x25519_public(to->public_key, id->secret_key);
}

static void pattern(uint8_t *p, size_t n)
{
	uint32_t x = 2463534242u;
	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		p[i] = (uint8_t)x;
	}
}

static int to_buf(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	return buf_add(ctx, bytes, n, e);
}

/* Seals in uneven pieces. */
static void seal(struct buf *out, const struct age_recipient *to, size_t count, const uint8_t *plain, size_t n)
{
	struct err e = { 0 };
	struct age_writer *w = NULL;
	assert_int_equal(age_writer_new(&w, to, count, to_buf, out, &e), 0);
	for (size_t at = 0, piece = 1; at < n; piece = piece * 3 % 70001 + 1) {
		size_t take = n - at < piece ? n - at : piece;
		assert_int_equal(age_writer_add(w, plain + at, take, &e), 0);
		at += take;
	}
	assert_int_equal(age_writer_end(w, &e), 0);
	age_writer_free(w);
}

struct memory { const uint8_t *bytes; size_t len; unsigned reads; };

static int from_memory(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	struct memory *m = ctx;
	m->reads++;
	if (offset > m->len || n > m->len - offset)
		return err_set(e, ERR_INTERNAL, "the source was asked for bytes that are not there");
	memcpy(out, m->bytes + offset, n);
	return 0;
}

/* Opens all; the plaintext in out (malloc), or -1. */
static int open_all(const uint8_t *file, size_t len, const struct age_identity *ids, size_t count, uint8_t **out, size_t *out_len,
	struct err *e)
{
	uint8_t key[AGE_FILE_KEY];
	size_t header;
	struct age_file *f = NULL;
	if (age_header_open(key, &header, file, len, ids, count, e) < 0)
		return -1;
	struct memory m = { file + header, len - header, 0 };
	if (age_file_open(&f, key, m.len, from_memory, &m, e) < 0)
		return -1;
	*out_len = (size_t)age_file_size(f);
	*out = malloc(*out_len + 1);
	int r = age_file_read(f, *out, *out_len, 0, e);
	if (r < 0)
		free(*out);
	age_file_free(f);
	return r;
}

static void refused(const uint8_t *file, size_t len, const struct age_identity *id, const char *what, size_t where)
{
	struct err e = { 0 };
	uint8_t *out = NULL;
	size_t n;
	if (open_all(file, len, id, 1, &out, &n, &e) == 0) {
		free(out);
		fail_msg("%s at %zu was accepted", what, where);
	}
	if (e.code != ERR_INVALID && e.code != ERR_DENIED)
		fail_msg("%s at %zu: unexpected error %s: %s", what, where, err_name(e.code), e.msg);
}

static void test_key_texts(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct age_recipient to;
	struct age_identity id;
	char text[AGE_IDENTITY_TEXT], public_text[AGE_RECIPIENT_TEXT];
	uint8_t expected[32], pub[32];
	memset(expected, 0x42, 32);
	assert_int_equal(age_identity_parse(&id, spec_identity, &e), 0);
	assert_memory_equal(id.secret_key, expected, 32);
	age_identity_text(text, id.secret_key);
	assert_string_equal(text, spec_identity);
	x25519_public(pub, id.secret_key);
	age_recipient_text(public_text, pub);
	assert_string_equal(public_text, spec_recipient);
	assert_int_equal(age_recipient_parse(&to, spec_recipient, &e), 0);
	assert_memory_equal(to.public_key, pub, 32);
}

static void test_key_texts_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "age1", "age", "hello", "AGE1ZVKYG2LQZRAA2LNJVQEJ32NKUU0UES2S82HZRYE869XEEXVN73EQUNUJWJ",
		"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwk", "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj ",
		"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73eQunujwj", "ssh-ed25519 AAAA", "age1pq1qqqq",
		"AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEY",
		"AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFQ",
		"age-secret-key-1gfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpq4egaex" };
	struct age_recipient to;
	struct age_identity id;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct err e = { 0 };
		assert_int_equal(age_recipient_parse(&to, bad[i], &e), -1);
		assert_int_not_equal(e.code, ERR_NONE);
		assert_int_equal(age_identity_parse(&id, bad[i], &e), -1);
		assert_null(strstr(e.msg, "GFPYYSJZ"));	/* an error never repeats a secret */
	}
}

static void test_identity_file(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct age_identity ids[2];
	char text[512];
	size_t n = 0;
	(void)snprintf(text, sizeof text, "# created: today\n# public key: %s\n\n%s\r\n%s", spec_recipient, spec_identity, spec_identity);
	assert_int_equal(age_identities_parse(ids, 2, &n, text, &e), 0);
	assert_int_equal(n, 2);
	n = 0;
	assert_int_equal(age_identities_parse(ids, 1, &n, text, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(age_identities_parse(ids, 2, &n, "# nothing\n", &e), -1);
	n = 0;
	(void)snprintf(text, sizeof text, "# x\n%.40s\n", spec_identity);
	assert_int_equal(age_identities_parse(ids, 2, &n, text, &e), -1);
	assert_non_null(strstr(e.msg, "line 2"));
}

static void test_round_trips(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 131072, 3 * 65536 - 1, 3 * 65536, 3 * 65536 + 17 };
	struct age_recipient to;
	struct age_identity id;
	uint8_t *plain = malloc(PLAIN_MAX), *out = NULL;
	pair(1, &to, &id);
	pattern(plain, PLAIN_MAX);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct err e = { 0 };
		struct buf sealed = BUF_INIT(SEALED_MAX);
		size_t n;
		seal(&sealed, &to, 1, plain, sizes[i]);
		assert_int_equal(sealed.len, 168 + age_payload_len(sizes[i]));
		assert_int_equal(open_all(sealed.data, sealed.len, &id, 1, &out, &n, &e), 0);
		assert_int_equal(n, sizes[i]);
		assert_memory_equal(out, plain, n);
		free(out);
		buf_done(&sealed);
	}
	free(plain);
}

static void test_every_bit_flip_is_refused(void **state)
{
	(void)state;
	struct age_recipient to;
	struct age_identity id;
	struct buf sealed = BUF_INIT(SEALED_MAX);
	pair(2, &to, &id);
	seal(&sealed, &to, 1, (const uint8_t *)"attack at dawn", 14);
	for (size_t bit = 0; bit < sealed.len * 8; bit++) {
		sealed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		refused(sealed.data, sealed.len, &id, "bit flip", bit);
		sealed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	buf_done(&sealed);
}

static void test_every_cut_is_refused(void **state)
{
	(void)state;
	struct age_recipient to;
	struct age_identity id;
	struct buf sealed = BUF_INIT(SEALED_MAX);
	uint8_t *plain = malloc(PLAIN_MAX);
	pair(3, &to, &id);
	pattern(plain, PLAIN_MAX);
	seal(&sealed, &to, 1, plain, 40);
	for (size_t len = 0; len < sealed.len; len++)
		refused(sealed.data, len, &id, "cut", len);
	buf_clear(&sealed);
	seal(&sealed, &to, 1, plain, 3 * AGE_CHUNK + 5);
	for (size_t chunk = 0; chunk <= 3; chunk++)
		for (int off = -17; off <= 17; off++) {
			size_t len = 168 + AGE_NONCE + chunk * AGE_SEALED_CHUNK + (size_t)off;
			refused(sealed.data, len, &id, "cut", len);
		}
	static const uint8_t more[17];
	for (size_t n = 1; n <= sizeof more; n++) {
		assert_int_equal(buf_add(&sealed, more, 1, NULL), 0);
		refused(sealed.data, sealed.len, &id, "addition", n);
	}
	buf_done(&sealed);
	free(plain);
}

static void test_swapped_and_repeated_chunks_are_refused(void **state)
{
	(void)state;
	struct age_recipient to;
	struct age_identity id;
	struct buf sealed = BUF_INIT(SEALED_MAX);
	uint8_t *plain = malloc(PLAIN_MAX), *copy = malloc(SEALED_MAX);
	pair(4, &to, &id);
	pattern(plain, PLAIN_MAX);
	seal(&sealed, &to, 1, plain, 4 * AGE_CHUNK);
	uint8_t *first = sealed.data + 168 + AGE_NONCE;
	memcpy(copy, sealed.data, sealed.len);
	memcpy(first, copy + 168 + AGE_NONCE + AGE_SEALED_CHUNK, AGE_SEALED_CHUNK);
	refused(sealed.data, sealed.len, &id, "repeated chunk", 1);
	memcpy(first + AGE_SEALED_CHUNK, copy + 168 + AGE_NONCE, AGE_SEALED_CHUNK);
	refused(sealed.data, sealed.len, &id, "swapped chunks", 0);
	memcpy(sealed.data, copy, sealed.len);	/* without the second: the last one has another number then */
	memmove(first + AGE_SEALED_CHUNK, first + 2 * AGE_SEALED_CHUNK, 2 * AGE_SEALED_CHUNK);
	refused(sealed.data, sealed.len - AGE_SEALED_CHUNK, &id, "missing chunk", 1);
	buf_done(&sealed);
	free(plain);
	free(copy);
}

/* A second spelling of the same plaintext: full last chunk flagged as not last, then an empty one. */
static void test_an_empty_last_chunk_is_refused(void **state)
{
	(void)state;
	uint8_t key[AGE_FILE_KEY] = { 7 }, nonce[AGE_NONCE] = { 9 };
	size_t len = AGE_NONCE + AGE_SEALED_CHUNK + AGE_TAG;
	uint8_t *plain = calloc(1, AGE_CHUNK), *payload = malloc(len);
	struct age_payload p;
	struct age_file *f = NULL;
	struct err e = { 0 };
	memcpy(payload, nonce, sizeof nonce);
	age_payload_init(&p, key, nonce);
	age_chunk_seal(&p, payload + AGE_NONCE, plain, AGE_CHUNK, 0, false);
	uint8_t *tail = payload + AGE_NONCE + AGE_SEALED_CHUNK;
	age_chunk_seal(&p, tail, plain, 0, 0, true);	/* right for number 0 only; number 1 is not let through at all */
	assert_int_equal(age_chunk_open(&p, plain, tail, AGE_TAG, 1, true), -1);
	assert_int_equal(age_chunk_open(&p, plain, tail, AGE_TAG, 0, true), 0);
	struct memory m = { payload, len, 0 };
	assert_int_equal(age_file_open(&f, key, len, from_memory, &m, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	free(plain);
	free(payload);
}

static void test_random_access(void **state)
{
	(void)state;
	struct age_recipient to;
	struct age_identity id;
	struct buf sealed = BUF_INIT(SEALED_MAX);
	struct err e = { 0 };
	size_t size = 3 * AGE_CHUNK + 1234, header;
	uint8_t *plain = malloc(PLAIN_MAX), *out = malloc(PLAIN_MAX), key[AGE_FILE_KEY];
	struct age_file *f = NULL;
	pair(5, &to, &id);
	pattern(plain, PLAIN_MAX);
	seal(&sealed, &to, 1, plain, size);
	assert_int_equal(age_header_open(key, &header, sealed.data, sealed.len, &id, 1, &e), 0);
	struct memory m = { sealed.data + header, sealed.len - header, 0 };
	assert_int_equal(age_file_open(&f, key, m.len, from_memory, &m, &e), 0);
	uint32_t x = 1;
	for (int i = 0; i < 400; i++) {
		x = x * 1664525u + 1013904223u;
		size_t at = x % size, n = (x >> 7) % (size - at + 1);
		if (i % 2)
			n %= 100;
		assert_int_equal(age_file_read(f, out, n, at, &e), 0);
		assert_memory_equal(out, plain + at, n);
	}
	assert_int_equal(age_file_read(f, out, 1, size - 1, &e), 0);
	m.reads = 0;
	for (size_t at = 0; at < size; at += 100)	/* in order: every chunk is fetched and opened once */
		assert_int_equal(age_file_read(f, out, size - at < 100 ? size - at : 100, at, &e), 0);
	assert_int_equal(m.reads, 4);
	assert_int_equal(age_file_read(f, out, 0, size, &e), 0);
	assert_int_equal(age_file_read(f, out, 1, size, &e), -1);
	assert_int_equal(age_file_read(f, out, size + 1, 0, &e), -1);
	assert_int_equal(age_file_read(f, out, 1, UINT64_MAX, &e), -1);
	assert_int_equal(age_file_read(f, out, SIZE_MAX, 2, &e), -1);
	/* A chunk damaged after the open is found when it is read, and does not stay. */
	sealed.data[header + AGE_NONCE + AGE_SEALED_CHUNK + 3] ^= 1;
	assert_int_equal(age_file_read(f, out, 1, 0, &e), 0);
	assert_int_equal(age_file_read(f, out, 1, AGE_CHUNK, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(age_file_read(f, out, 1, AGE_CHUNK, &e), -1);
	sealed.data[header + AGE_NONCE + AGE_SEALED_CHUNK + 3] ^= 1;
	assert_int_equal(age_file_read(f, out, 1, AGE_CHUNK, &e), 0);
	age_file_free(f);
	buf_done(&sealed);
	free(plain);
	free(out);
}

static void test_lengths(void **state)
{
	(void)state;
	uint64_t n;
	for (uint64_t len = 0; len < 3 * AGE_CHUNK; len += 509) {
		assert_int_equal(age_plain_len(&n, age_payload_len(len)), 0);
		assert_int_equal(n, len);
	}
	assert_int_equal(age_payload_len(0), 32);
	assert_int_equal(age_payload_len(AGE_CHUNK), 16 + 65552);
	assert_int_equal(age_payload_len(AGE_CHUNK + 1), 16 + 65552 + 17);
	for (uint64_t len = 0; len < 32; len++)
		assert_int_equal(age_plain_len(&n, len), -1);
	for (uint64_t len = 0; len <= 16; len++)
		assert_int_equal(age_plain_len(&n, 16 + 65552 + len), len == 0 ? 0 : -1);
	assert_int_equal(age_plain_len(&n, UINT64_MAX), -1);
}

static void test_recipients(void **state)
{
	(void)state;
	struct age_recipient to[3];
	struct age_identity id[3], stranger[2] = { { .kind = AGE_X25519, .secret_key = { 99 } }, { .kind = AGE_SCRYPT, .passphrase = "x" } };
	struct buf sealed = BUF_INIT(SEALED_MAX);
	struct err e = { 0 };
	uint8_t *out = NULL;
	size_t n;
	for (uint8_t i = 0; i < 3; i++)
		pair((uint8_t)(10 + i), &to[i], &id[i]);
	seal(&sealed, to, 3, (const uint8_t *)"for three", 9);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(open_all(sealed.data, sealed.len, &id[i], 1, &out, &n, &e), 0);
		assert_memory_equal(out, "for three", 9);
		free(out);
	}
	assert_int_equal(open_all(sealed.data, sealed.len, stranger, 2, &out, &n, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	struct age_identity mixed[2] = { stranger[0], id[2] };
	assert_int_equal(open_all(sealed.data, sealed.len, mixed, 2, &out, &n, &e), 0);
	free(out);
	buf_done(&sealed);
	struct age_writer *w = NULL;
	assert_int_equal(age_writer_new(&w, to, 0, to_buf, &sealed, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	struct age_recipient low = { .kind = AGE_X25519 };	/* the point 0: everybody would know the shared secret */
	assert_int_equal(age_writer_new(&w, &low, 1, to_buf, &sealed, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	buf_done(&sealed);
}

static void test_passphrase(void **state)
{
	(void)state;
	struct age_recipient to = { .kind = AGE_SCRYPT, .passphrase = "correct horse", .work = 10 }, both[2];
	struct age_identity id = { .kind = AGE_SCRYPT, .passphrase = "correct horse" }, key;
	struct buf sealed = BUF_INIT(SEALED_MAX);
	struct err e = { 0 };
	uint8_t *out = NULL;
	size_t n;
	seal(&sealed, &to, 1, (const uint8_t *)"battery staple", 14);
	assert_int_equal(open_all(sealed.data, sealed.len, &id, 1, &out, &n, &e), 0);
	assert_memory_equal(out, "battery staple", 14);
	free(out);
	id.passphrase = "correct horsf";
	assert_int_equal(open_all(sealed.data, sealed.len, &id, 1, &out, &n, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	both[0] = to;
	pair(1, &both[1], &key);
	assert_int_equal(open_all(sealed.data, sealed.len, &key, 1, &out, &n, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_non_null(strstr(e.msg, "passphrase"));
	buf_done(&sealed);
	uint8_t file_key[AGE_FILE_KEY] = { 1 };
	assert_int_equal(age_header_make(&sealed, file_key, both, 2, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	to.work = 23;
	assert_int_equal(age_header_make(&sealed, file_key, &to, 1, &e), -1);
	buf_done(&sealed);
}

/* A header with these stanza lines and a right HMAC, so that nothing but the stanzas can be why it is refused. */
static int open_stanzas(const char *stanzas, const struct age_identity *id, struct err *e)
{
	struct buf h = BUF_INIT(KIB(16));
	uint8_t file_key[AGE_FILE_KEY] = { 5 }, key[32], mac[32];
	char text[BASE64_RAW_LEN(32) + 1];
	size_t len;
	assert_int_equal(buf_addf(&h, NULL, "age-encryption.org/v1\n%s---", stanzas), 0);
	hkdf256(key, 32, file_key, sizeof file_key, NULL, 0, "header", 6);
	hmac256(mac, key, 32, h.data, h.len);
	base64_raw_encode(text, mac, 32);
	assert_int_equal(buf_addf(&h, NULL, " %s\n", text), 0);
	int r = age_header_open(file_key, &len, h.data, h.len, id, 1, e);
	buf_done(&h);
	return r;
}

#define BODY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define SALT "AAAAAAAAAAAAAAAAAAAAAA"
static void test_stanza_forms(void **state)
{
	(void)state;
	static const struct { const char *stanzas; enum err_code code; const char *says; } cases[] = {
		{ "-> grease\n\n", ERR_DENIED, "somebody else" },
		{ "-> a b c d e f g\nAAAA\n", ERR_DENIED, "somebody else" },
		{ "-> scrypt " SALT " 22\n" BODY "\n", ERR_DENIED, "passphrase" },
		{ "-> mlkem768x25519 AAAA\n" BODY "\n", ERR_INVALID, "1120 bytes" },
		{ "-> mlkem768x25519\n" BODY "\n", ERR_INVALID, "one argument" },
		{ "-> mlkem768x25519 AAAA x\n" BODY "\n", ERR_INVALID, "one argument" },
		{ "", ERR_INVALID, "no stanza" },
		{ "-> scrypt " SALT " 23\n" BODY "\n", ERR_INVALID, "work factor" },
		{ "-> scrypt " SALT " 99999999999999999999999\n" BODY "\n", ERR_INVALID, "work factor" },
		{ "-> scrypt " SALT " 0\n" BODY "\n", ERR_INVALID, "work factor" },
		{ "-> scrypt " SALT " 010\n" BODY "\n", ERR_INVALID, "work factor" },
		{ "-> scrypt " SALT " +10\n" BODY "\n", ERR_INVALID, "work factor" },
		{ "-> scrypt " SALT " 10 x\n" BODY "\n", ERR_INVALID, "two arguments" },
		{ "-> scrypt " SALT " 10\n" BODY "\n-> grease\n\n", ERR_INVALID, "only one" },
		{ "-> grease\n\n-> scrypt " SALT " 10\n" BODY "\n", ERR_INVALID, "only one" },
		{ "-> X25519\n" BODY "\n", ERR_INVALID, "one argument" },
		{ "-> X25519 " BODY "\n" BODY "A\n", ERR_INVALID, "body of" },
		{ "-> X25519 " BODY "\nAAAA\n", ERR_INVALID, "3 bytes instead of 32" },
		{ "-> X25519 " BODY "\n" BODY "\n", ERR_INVALID, "low order" },
		{ "-> X25519 " BODY " x\n" BODY "\n", ERR_INVALID, "one argument" },
		{ "-> X25519  " BODY "\n" BODY "\n", ERR_INVALID, "argument that is empty" },
		{ "-> X25519 " BODY " \n" BODY "\n", ERR_INVALID, "argument that is empty" },
		{ "->\n\n", ERR_INVALID, "neither a stanza" },
		{ "-> \n\n", ERR_INVALID, "argument that is empty" },
		{ "-> gr\xc3\xa9""ase\n\n", ERR_INVALID, "plain ASCII" },
		{ "-> tab\tbed\n\n", ERR_INVALID, "plain ASCII" },
		{ "-> grease\nAA==\n", ERR_INVALID, "canonical" },
		{ "-> grease\nAB\n", ERR_INVALID, "canonical" },
		{ "-> grease\r\n\r\n", ERR_INVALID, "plain ASCII" },
		{ "hello\n", ERR_INVALID, "neither a stanza" },
	};
	struct age_identity id = { .kind = AGE_X25519, .secret_key = { 3 } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err e = { 0 };
		assert_int_equal(open_stanzas(cases[i].stanzas, &id, &e), -1);
		if (e.code != cases[i].code || !strstr(e.msg, cases[i].says))
			fail_msg("%s: %s: %s", cases[i].stanzas, err_name(e.code), e.msg);
	}
}

static void test_limits(void **state)
{
	(void)state;
	struct buf many = BUF_INIT(KIB(16));
	struct age_identity id = { .kind = AGE_X25519, .secret_key = { 3 } };
	struct err e = { 0 };
	for (unsigned i = 0; i < LIMIT_AGE_STANZAS; i++)
		assert_int_equal(buf_add_text(&many, "-> x\n\n", NULL), 0);
	assert_int_equal(open_stanzas(buf_text(&many), &id, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_int_equal(buf_add_text(&many, "-> x\n\n", NULL), 0);
	assert_int_equal(open_stanzas(buf_text(&many), &id, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	buf_done(&many);
}

/* `cat header blob` is an age file, and a new header for somebody else goes before the same blob. */
static void test_detached_header_and_new_grant(void **state)
{
	(void)state;
	struct age_recipient to[2];
	struct age_identity id[2];
	struct buf file = BUF_INIT(SEALED_MAX), blob = BUF_INIT(SEALED_MAX);
	struct err e = { 0 };
	struct age_writer *w = NULL;
	uint8_t key[AGE_FILE_KEY], *out = NULL;
	size_t n;
	crypto_random(key, sizeof key);
	assert_int_equal(age_writer_new_detached(&w, key, to_buf, &blob, &e), 0);
	assert_int_equal(age_writer_add(w, "blob", 4, &e), 0);
	assert_int_equal(age_writer_end(w, &e), 0);
	assert_int_equal(age_writer_add(w, "more", 4, &e), -1);	/* the end is the end */
	assert_int_equal(age_writer_end(w, &e), -1);
	age_writer_free(w);
	assert_int_equal(blob.len, age_payload_len(4));
	for (uint8_t i = 0; i < 2; i++) {
		pair((uint8_t)(20 + i), &to[i], &id[i]);
		assert_int_equal(age_header_make(&file, key, &to[i], 1, &e), 0);
		assert_int_equal(buf_add(&file, blob.data, blob.len, &e), 0);
		assert_int_equal(open_all(file.data, file.len, &id[i], 1, &out, &n, &e), 0);
		assert_memory_equal(out, "blob", 4);
		free(out);
		refused(file.data, file.len, &id[!i], "the other's header", 0);
		buf_clear(&file);
	}
	buf_done(&file);
	buf_done(&blob);
}

struct failing { unsigned calls, at; };
static int fails_at(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	struct failing *f = ctx;
	(void)bytes;
	(void)n;
	return ++f->calls == f->at ? err_set(e, ERR_LIMIT, "full") : 0;
}

static void test_a_failing_sink_ends_the_writer(void **state)
{
	(void)state;
	struct age_recipient to;
	struct age_identity id;
	uint8_t *plain = calloc(3, AGE_CHUNK);
	pair(6, &to, &id);
	for (unsigned at = 1; at <= 5; at++) {	/* header, nonce, three chunks */
		struct failing f = { 0, at };
		struct err e = { 0 };
		struct age_writer *w = NULL;
		int r = age_writer_new(&w, &to, 1, fails_at, &f, &e);
		if (r == 0)
			r = age_writer_add(w, plain, 3 * AGE_CHUNK, &e) < 0 || age_writer_end(w, &e) < 0 ? -1 : 0;
		assert_int_equal(r, -1);
		assert_int_equal(e.code, ERR_LIMIT);
		assert_int_equal(f.calls, at);
		if (w)
			assert_int_equal(age_writer_end(w, &e), -1);	/* nothing more goes out */
		assert_int_equal(f.calls, at);
		age_writer_free(w);
	}
	free(plain);
}

/* Small files in memory: back as they were, behind what the buffer held; and nothing of a payload that was touched or cut. */
static void test_small(void **state)
{
	static const size_t sizes[] = { 0, 1, AGE_CHUNK, AGE_CHUNK + 1 };
	static uint8_t plain[AGE_CHUNK + 1];
	struct age_recipient to;
	struct age_identity id;
	uint8_t key[AGE_FILE_KEY];
	struct err e;
	(void)state;
	pair(7, &to, &id);
	pattern(plain, sizeof plain);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct buf sealed = BUF_INIT(SEALED_MAX), back = BUF_INIT(SEALED_MAX);
		size_t header = 0;
		assert_int_equal(buf_add(&back, "before", 6, &e), 0);
		assert_int_equal(age_small_seal(to.public_key, plain, sizes[i], &sealed, &e), 0);
		assert_int_equal(age_header_open(key, &header, sealed.data, sealed.len, &id, 1, &e), 0);
		assert_int_equal(age_small_open(key, sealed.data + header, sealed.len - header, &back, &e), 0);
		assert_int_equal(back.len, 6 + sizes[i]);
		assert_memory_equal(back.data, "before", 6);
		assert_memory_equal(back.data + 6, plain, sizes[i]);
		assert_int_equal(age_small_open(key, sealed.data + header, sealed.len - header - 1, &back, &e), -1);
		sealed.data[sealed.len - 1] ^= 1;
		assert_int_equal(age_small_open(key, sealed.data + header, sealed.len - header, &back, &e), -1);
		assert_int_equal(back.len, 6 + sizes[i]);
		buf_done(&sealed);
		buf_done(&back);
	}
}

static int setup(void **state)
{
	(void)state;
	return crypto_init(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_texts),
		cmocka_unit_test(test_key_texts_refused),
		cmocka_unit_test(test_identity_file),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_every_bit_flip_is_refused),
		cmocka_unit_test(test_every_cut_is_refused),
		cmocka_unit_test(test_swapped_and_repeated_chunks_are_refused),
		cmocka_unit_test(test_an_empty_last_chunk_is_refused),
		cmocka_unit_test(test_random_access),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_passphrase),
		cmocka_unit_test(test_stanza_forms),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_detached_header_and_new_grant),
		cmocka_unit_test(test_a_failing_sink_ends_the_writer),
		cmocka_unit_test(test_small),
	};
	return cmocka_run_group_tests_name("age", tests, setup, NULL);
}
