/* minisign signatures: the golden file, and every forgery that we could think of. What the stock tools say is test_minisign_interop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "form/note.h"
#include "seal/crypto.h"
#include "seal/minisign.h"

#define MESSAGE "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  iapp.yaml\n"
#define COMMENT "iapp=demo version=1.0.0 h1=h1:abc"
#define KEY_LINE "RWQ2tLJ0SmQaQepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"

/* Made by minisign 0.11 itself (-S and -S -l) over "hello\n". */
#define STOCK_KEY "untrusted comment: minisign public key FE3133E2E2921A96\n" \
	"RWSWGpLi4jMx/sAUTBFtv8hlyAV0OOQtKjhe68LNBcjcYYFPssql/Hvk\n"
#define STOCK_LEGACY "untrusted comment: signature from minisign secret key\n" \
	"RWSWGpLi4jMx/jDOE0o2EaUuelzTkWZI7xAkMcglAmmJmOEMdgbOnYVvG/CH5aUZvWwHNHfPCNRxCH8FMEJFb5rkZBehxjqIeA0=\n" \
	"trusted comment: timestamp:1795264681\tfile:m\n" \
	"qIwx157YdCb8g1ZXgHvgWLRznr7kUkn1S3izOcp7fU43GlmO2vFgq1Yt4y6jSW39ylzAWdEB8KL0FT+dIBoUDw==\n"
#define STOCK_PREHASHED "untrusted comment: signature from minisign secret key\n" \
	"RUSWGpLi4jMx/r5QLR5UTX/OsaBloo9SdfwKHpa86G+4ErqIcDeULJSLYwhQcbD5ySXRe3oE/mW0mG6Ni3qVI3TOKW2U5NJq9wA=\n" \
	"trusted comment: timestamp:1795264681\tfile:m\thashed\n" \
	"MbP1jYz1lthxHwZNxw5hox40vGFpOjt8CAH+Wdty5Nneo4XN8/vl+fGZhRxliSq9ed0qSYrszGBCoa7WkIm6CQ==\n"

static struct identity *identity_of(uint8_t byte)
{
	struct identity *id = NULL;
	uint8_t seed[32];
	memset(seed, byte, sizeof seed);
	assert_int_equal(identity_from_seed(&id, seed, NULL), 0);
	return id;
}

static struct minisign_key key_of(const struct identity *id)
{
	struct minisign_key k;
	minisign_key_of(&k, identity_public(id));
	return k;
}

static int verify(const char *sig, size_t len, const struct minisign_key *key, const char *msg, size_t n, struct err *e)
{
	struct minisign_sig parsed;
	if (minisign_parse(&parsed, sig, len, e) < 0)
		return -1;
	return minisign_verify(&parsed, key, msg, n, e);
}

static void sign_demo(struct buf *out, const struct identity *id)
{
	assert_int_equal(minisign_sign(out, id, MESSAGE, strlen(MESSAGE), "signature by demo", COMMENT, NULL), 0);
}

static void our_own(void **state)
{
	(void)state;
	struct identity *id = identity_of(7);
	struct minisign_key k = key_of(id);
	struct minisign_sig parsed;
	struct buf sig = BUF_INIT(KIB(8));
	char line[57];
	minisign_key_line(line, &k);
	assert_string_equal(line, KEY_LINE);
	sign_demo(&sig, id);
	assert_int_equal(minisign_parse(&parsed, buf_text(&sig), sig.len, NULL), 0);
	assert_false(parsed.prehashed);
	assert_string_equal(parsed.trusted_comment, COMMENT);
	assert_int_equal(minisign_verify(&parsed, &k, MESSAGE, strlen(MESSAGE), NULL), 0);

	struct buf again = BUF_INIT(KIB(8));
	sign_demo(&again, id);	/* Ed25519 is deterministic: the same archive is the same bytes */
	assert_string_equal(buf_text(&sig), buf_text(&again));
	buf_done(&sig);
	buf_done(&again);
	identity_free(id);
}

static void stock_vectors(void **state)
{
	(void)state;
	struct minisign_key k;
	struct err e = { 0 };
	assert_int_equal(minisign_key_parse(&k, STOCK_KEY, NULL), 0);
	assert_int_equal(verify(STOCK_LEGACY, strlen(STOCK_LEGACY), &k, "hello\n", 6, &e), 0);
	assert_int_equal(verify(STOCK_PREHASHED, strlen(STOCK_PREHASHED), &k, "hello\n", 6, &e), 0);
	assert_int_equal(verify(STOCK_LEGACY, strlen(STOCK_LEGACY), &k, "Hello\n", 6, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(verify(STOCK_PREHASHED, strlen(STOCK_PREHASHED), &k, "Hello\n", 6, &e), -1);
}

static void key_files(void **state)
{
	(void)state;
	struct minisign_key k;
	struct err e = { 0 };
	const char *good[] = { KEY_LINE, KEY_LINE "\n", "untrusted comment: \n" KEY_LINE, "untrusted comment: minisign public key\n" KEY_LINE "\n" };
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(minisign_key_parse(&k, good[i], NULL), 0);
		char line[57];
		minisign_key_line(line, &k);
		assert_string_equal(line, KEY_LINE);
	}
	const char *bad[] = { "", "\n", "untrusted comment: x", "untrusted comment: x\n", KEY_LINE "\n\n", KEY_LINE "\n" KEY_LINE, KEY_LINE "A",
		" " KEY_LINE, KEY_LINE " ", KEY_LINE "\r\n", "comment\n" KEY_LINE "\n", "untrusted comment: a\x01\n" KEY_LINE "\n",
		"untrusted comment: a\n\n" KEY_LINE "\n", "RUQ2tLJ0SmQaQepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (minisign_key_parse(&k, bad[i], &e) == 0)
			fail_msg("accepted: %zu \"%s\"", i, bad[i]);
		assert_int_equal(e.code, ERR_INVALID);
	}
}

/* Only the untrusted comment may change, and that is what its name says. */
static void every_bit_flip(void **state)
{
	(void)state;
	struct identity *id = identity_of(7);
	struct minisign_key k = key_of(id);
	struct buf sig = BUF_INIT(KIB(8));
	char msg[] = MESSAGE;
	sign_demo(&sig, id);
	const size_t untrusted_end = (size_t)(strchr(buf_text(&sig), '\n') - buf_text(&sig));
	const size_t untrusted_begin = strlen("untrusted comment: ");
	for (size_t bit = 0; bit < 8 * sig.len; bit++) {
		size_t at = bit / 8;
		sig.data[at] ^= (uint8_t)(1u << bit % 8);
		int r = verify((const char *)sig.data, sig.len, &k, msg, strlen(msg), NULL);
		if (at < untrusted_begin || at >= untrusted_end)
			assert_int_equal(r, -1);
		sig.data[at] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * strlen(MESSAGE); bit++) {
		msg[bit / 8] = (char)(msg[bit / 8] ^ 1 << bit % 8);
		assert_int_equal(verify(buf_text(&sig), sig.len, &k, msg, strlen(MESSAGE), NULL), -1);
		msg[bit / 8] = (char)(msg[bit / 8] ^ 1 << bit % 8);
	}
	assert_int_equal(verify(buf_text(&sig), sig.len, &k, msg, strlen(MESSAGE), NULL), 0);
	buf_done(&sig);
	identity_free(id);
}

/* Cut anywhere, or with anything after it, a signature file is none. */
static void every_length(void **state)
{
	(void)state;
	struct identity *id = identity_of(7);
	struct minisign_key k = key_of(id);
	struct buf sig = BUF_INIT(KIB(8));
	sign_demo(&sig, id);
	for (size_t len = 0; len < sig.len; len++)
		assert_int_equal(verify(buf_text(&sig), len, &k, MESSAGE, strlen(MESSAGE), NULL), -1);
	assert_int_equal(buf_add(&sig, "\n", 1, NULL), 0);
	assert_int_equal(verify(buf_text(&sig), sig.len, &k, MESSAGE, strlen(MESSAGE), NULL), -1);
	buf_done(&sig);
	identity_free(id);
}

/* A file made by hand of given parts. */
static int verify_parts(const char *algorithm, const struct minisign_key *k, const uint8_t *signature, const uint8_t *global,
	const char *comment, const char *msg, struct err *e)
{
	uint8_t raw[74];
	char line[BASE64_LEN(74) + 1], global_line[BASE64_LEN(64) + 1], file[2048];
	memcpy(raw, algorithm, 2);
	memcpy(raw + 2, k->number, 8);
	memcpy(raw + 10, signature, 64);
	base64_encode(line, raw, sizeof raw);
	base64_encode(global_line, global, 64);
	int len = snprintf(file, sizeof file, "untrusted comment: x\n%s\ntrusted comment: %s\n%s\n", line, comment, global_line);
	return verify(file, (size_t)len, k, msg, strlen(msg), e);
}

static void forgeries(void **state)
{
	(void)state;
	struct identity *alice = identity_of(7), *mallory = identity_of(8);
	struct minisign_key k = key_of(alice), other = key_of(mallory), disguised = other;
	struct minisign_sig a, b, m;
	struct buf first = BUF_INIT(KIB(8)), second = BUF_INIT(KIB(8)), forged = BUF_INIT(KIB(8));
	struct err e = { 0 };
	sign_demo(&first, alice);
	assert_int_equal(minisign_sign(&second, alice, "other\n", 6, "x", "policy=other version=2.0.0", NULL), 0);
	sign_demo(&forged, mallory);
	assert_int_equal(minisign_parse(&a, buf_text(&first), first.len, NULL), 0);
	assert_int_equal(minisign_parse(&b, buf_text(&second), second.len, NULL), 0);
	assert_int_equal(minisign_parse(&m, buf_text(&forged), forged.len, NULL), 0);
	assert_int_equal(verify_parts("Ed", &k, a.signature, a.global, COMMENT, MESSAGE, &e), 0);	/* the parts are put together rightly */

	/* By another key, also when it borrows the key number. */
	assert_int_equal(minisign_verify(&m, &k, MESSAGE, strlen(MESSAGE), &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(verify_parts("Ed", &k, m.signature, m.global, COMMENT, MESSAGE, &e), -1);
	memcpy(disguised.number, k.number, 8);
	assert_int_equal(minisign_verify(&a, &disguised, MESSAGE, strlen(MESSAGE), &e), -1);

	/* The trusted comment of another signature, alone and with its own global signature. */
	assert_int_equal(verify_parts("Ed", &k, a.signature, a.global, "policy=other version=2.0.0", MESSAGE, &e), -1);
	assert_int_equal(verify_parts("Ed", &k, a.signature, b.global, "policy=other version=2.0.0", MESSAGE, &e), -1);
	/* Good comment and global signature around another signature of the same key. */
	assert_int_equal(verify_parts("Ed", &k, b.signature, a.global, COMMENT, "other\n", &e), -1);
	/* Legacy declared prehashed. */
	assert_int_equal(verify_parts("ED", &k, a.signature, a.global, COMMENT, MESSAGE, &e), -1);
	/* Mallory signs the comment herself. */
	assert_int_equal(verify_parts("Ed", &k, a.signature, m.global, COMMENT, MESSAGE, &e), -1);
	buf_done(&first);
	buf_done(&second);
	buf_done(&forged);
	identity_free(alice);
	identity_free(mallory);
}

/* What is signed as a note is no file signature, and a note's text cannot be had signed as a file. */
static void domains_do_not_mix(void **state)
{
	(void)state;
	struct identity *id = identity_of(7);
	struct minisign_key k = key_of(id);
	const char *entry = "enclua/app.deploy/v1\nby: x\n";
	struct buf note = BUF_INIT(KIB(8)), sig = BUF_INIT(KIB(8));
	static struct note parsed;
	struct err e = { 0 };
	assert_int_equal(note_sign(&note, entry, strlen(entry), "x", id, NULL), 0);
	assert_int_equal(note_parse(&parsed, buf_text(&note), note.len, NULL), 0);
	/* The bare signature is the legacy one of minisign; without a global signature it is worth nothing. */
	assert_int_equal(verify_parts("Ed", &k, parsed.sigs[0].sig, parsed.sigs[0].sig, "x", entry, &e), -1);

	const char *refused[] = { entry, "cosignature/v1\ntime 1\nx\n1\nx\n" };
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(minisign_sign(&sig, id, refused[i], strlen(refused[i]), "x", "y", &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_int_equal(sig.len, 0);
	}
	buf_done(&note);
	buf_done(&sig);
	identity_free(id);
}

static void comments(void **state)
{
	(void)state;
	struct identity *id = identity_of(7);
	struct minisign_key k = key_of(id);
	struct buf sig = BUF_INIT(KIB(8));
	char longest[MINISIGN_COMMENT + 1];
	memset(longest, 'c', sizeof longest);
	longest[MINISIGN_COMMENT] = '\0';
	const char *bad[] = { "a\nb", "a\rb", "a\x1b[31mb", "\xff", "a\x7f", longest };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(minisign_sign(&sig, id, "m", 1, bad[i], "ok", NULL), -1);
		assert_int_equal(minisign_sign(&sig, id, "m", 1, "ok", bad[i], NULL), -1);
	}
	longest[MINISIGN_COMMENT - 1] = '\0';
	assert_int_equal(minisign_sign(&sig, id, "m", 1, longest, longest, NULL), 0);
	assert_int_equal(verify(buf_text(&sig), sig.len, &k, "m", 1, NULL), 0);
	buf_clear(&sig);
	assert_int_equal(minisign_sign(&sig, id, NULL, 0, "", "", NULL), 0);	/* nothing at all can be signed too */
	assert_int_equal(verify(buf_text(&sig), sig.len, &k, NULL, 0, NULL), 0);
	buf_done(&sig);
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
		cmocka_unit_test(our_own),
		cmocka_unit_test(stock_vectors),
		cmocka_unit_test(key_files),
		cmocka_unit_test(every_bit_flip),
		cmocka_unit_test(every_length),
		cmocka_unit_test(forgeries),
		cmocka_unit_test(domains_do_not_mix),
		cmocka_unit_test(comments),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
