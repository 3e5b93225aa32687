/* Signed notes: vectors of C2SP and of Go's sumdb/note, a golden checkpoint with a witness, and forgeries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "form/note.h"
#include "seal/crypto.h"

#define DASH "\xe2\x80\x94 "
#define ORIGIN "notebook.local/demo"
#define CHECKPOINT ORIGIN "\n5\ntU9cZBcAAPD4KXuFOV+800Cs/OOmWLB81/bUi53Tl7s=\n"
#define LOG_LINE DASH ORIGIN \
	" QUIsywv8EhB3jBjZRedcVz2PbgRqIZxh68w9PWCJh3BBIIid4JbCCpOBapwBscPYDUvWfQ+l/nOplZeE9GFZVVS1gAs=\n"
#define WITNESS_LINE DASH "witness.local/w1 " \
	"TmTfrQAAAABlU/EAGox8XEMMpIu2OK0Utn9IOaRo5bD3v44jIbFO5+AUQmrGYYKh2NC6zOg1Oy362Nqdbbh55fy2uNEOuZfbw+G0DA==\n"
#define LOG_VKEY "notebook.local/demo+41422ccb+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"

#define PETER_VKEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define PETER_SEED_BASE64 "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"	/* type byte first */
#define PETER_TEXT "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
#define PETER_LINE DASH "PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"

static struct identity *identity_of(uint8_t byte)
{
	struct identity *id = NULL;
	uint8_t seed[32];
	memset(seed, byte, sizeof seed);
	assert_int_equal(identity_from_seed(&id, seed, NULL), 0);
	return id;
}

static struct note_key key_of(const char *vkey)
{
	struct note_key k;
	assert_int_equal(note_key_parse(&k, vkey, NULL), 0);
	return k;
}

static void key_vectors(void **state)
{
	(void)state;
	/* C2SP signed-note; Go x/mod sumdb/note; transparency-dev/formats: base64 with "+", and a cosignature key. */
	const char *vkeys[] = { "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", PETER_VKEY,
		"EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop", "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6",
		"remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2", LOG_VKEY };
	for (size_t i = 0; i < sizeof vkeys / sizeof vkeys[0]; i++) {
		struct note_key k = key_of(vkeys[i]);
		struct buf text = BUF_INIT(KIB(1));
		assert_int_equal(note_key_text(&k, &text, NULL), 0);
		assert_string_equal(buf_text(&text), vkeys[i]);
		buf_done(&text);
	}
}

/* No part of a key is a key, and no changed byte makes another one. */
static void key_manglings(void **state)
{
	(void)state;
	struct note_key k;
	struct err e;
	char text[] = PETER_VKEY, part[sizeof text];
	const size_t n = sizeof text - 1;
	for (size_t from = 0; from <= n; from++)
		for (size_t to = from; to <= n; to++) {
			if (from == 0 && to == n)
				continue;
			memcpy(part, text + from, to - from);
			part[to - from] = '\0';
			assert_int_equal(note_key_parse(&k, part, &e), -1);
			assert_int_equal(e.code, ERR_INVALID);
		}
	for (size_t i = 0; i < n; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			char was = text[i];
			text[i] = (char)(was ^ (1 << bit));
			if (text[i] != '\0')
				assert_int_equal(note_key_parse(&k, text, NULL), -1);
			text[i] = was;
		}
}

static void key_names(void **state)
{
	(void)state;
	struct note_key k;
	uint8_t key[32] = { 1 };
	char longest[NOTE_NAME_BYTES + 2];
	memset(longest, 'n', sizeof longest);
	longest[NOTE_NAME_BYTES + 1] = '\0';
	assert_int_equal(note_key_make(&k, longest, NOTE_ED25519, key, NULL), -1);
	longest[NOTE_NAME_BYTES] = '\0';
	assert_int_equal(note_key_make(&k, longest, NOTE_ED25519, key, NULL), 0);
	assert_int_equal(note_key_make(&k, "\xc3\xa9t\xc3\xa9.example/\xf0\x9f\x94\x91", NOTE_ED25519, key, NULL), 0);
	const char *bad[] = { "", "a b", "a+b", "a\tb", "a\nb", "a\xc2\xa0" "b", "a\xe2\x80\x83" "b", "a\xe3\x80\x80" "b", "a\xc2\x85" "b", "a\xff" "b",
		"a\xe2\x80\xa8" "b", "a\x7f" "b" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(note_key_make(&k, bad[i], NOTE_ED25519, key, NULL), -1);
	assert_int_equal(note_key_make(&k, "a", 0x02, key, NULL), -1);
	assert_int_equal(note_key_make(&k, "a", 0x06, key, NULL), -1);
}

static void go_vector(void **state)
{
	(void)state;
	uint8_t raw[33];
	struct identity *id = NULL;
	struct buf out = BUF_INIT(LIMIT_NOTE_BYTES);
	assert_int_equal(base64_decode(raw, sizeof raw, PETER_SEED_BASE64, strlen(PETER_SEED_BASE64)), 33);
	assert_int_equal(identity_from_seed(&id, raw + 1, NULL), 0);
	assert_int_equal(note_sign(&out, PETER_TEXT, strlen(PETER_TEXT), "PeterNeumann", id, NULL), 0);
	assert_string_equal(buf_text(&out), PETER_TEXT "\n" PETER_LINE);

	struct note n;
	struct note_key k = key_of(PETER_VKEY);
	size_t verified = 0;
	assert_int_equal(note_parse(&n, buf_text(&out), out.len, NULL), 0);
	assert_int_equal(n.text_len, strlen(PETER_TEXT));
	assert_int_equal(note_verify(&n, &k, 1, &verified, NULL), 0);
	assert_int_equal(verified, 1);
	buf_done(&out);
	identity_free(id);
}

static void golden_checkpoint(void **state)
{
	(void)state;
	struct identity *log = identity_of(7), *witness = identity_of(9);
	struct buf out = BUF_INIT(LIMIT_NOTE_BYTES);
	struct note n;
	struct note_key keys[2];
	size_t verified = 0;
	assert_int_equal(note_sign(&out, CHECKPOINT, strlen(CHECKPOINT), ORIGIN, log, NULL), 0);
	assert_int_equal(note_cosign(&out, CHECKPOINT, strlen(CHECKPOINT), "witness.local/w1", witness, 1700000000, NULL), 0);
	assert_string_equal(buf_text(&out), CHECKPOINT "\n" LOG_LINE WITNESS_LINE);

	keys[0] = key_of(LOG_VKEY);
	assert_int_equal(note_key_make(&keys[1], "witness.local/w1", NOTE_COSIGNATURE, identity_public(witness), NULL), 0);
	assert_int_equal(note_parse(&n, buf_text(&out), out.len, NULL), 0);
	assert_int_equal(n.n_sigs, 2);
	assert_int_equal(note_verify(&n, keys, 2, &verified, NULL), 0);
	assert_int_equal(verified, 2);
	/* A key that is listed twice is one signer, or a quorum of two could be had from one. */
	struct note_key twice[2] = { keys[1], keys[1] };
	assert_int_equal(note_verify(&n, twice, 2, &verified, NULL), 0);
	assert_int_equal(verified, 1);
	buf_done(&out);
	identity_free(log);
	identity_free(witness);
}

/* Whatever single bit of a note is flipped: it is never accepted as signed by both. */
static void every_bit_flip(void **state)
{
	(void)state;
	struct identity *witness = identity_of(9);
	struct note_key keys[2] = { key_of(LOG_VKEY) };
	char bytes[] = CHECKPOINT "\n" LOG_LINE WITNESS_LINE;
	static struct note n;
	size_t verified;
	assert_int_equal(note_key_make(&keys[1], "witness.local/w1", NOTE_COSIGNATURE, identity_public(witness), NULL), 0);
	for (size_t bit = 0; bit < 8 * (sizeof bytes - 1); bit++) {
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		if (note_parse(&n, bytes, sizeof bytes - 1, NULL) == 0 && note_verify(&n, keys, 2, &verified, NULL) == 0)
			assert_true(verified < 2);
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
	}
	identity_free(witness);
}

static void bad_signature_of_known_key(void **state)
{
	(void)state;
	struct note_key keys[2] = { key_of(PETER_VKEY), key_of("EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop") };
	static struct note n;
	struct err e = { 0 };
	size_t verified = 99;

	/* Peter's good signature, and one under Enoch's name and id that is not his: the whole note is refused. */
	uint8_t raw[68] = { 0xaf, 0x0c, 0xfe, 0x78, 1 };
	char base64[BASE64_LEN(sizeof raw) + 1], bytes[2048];
	base64_encode(base64, raw, sizeof raw);
	int len = snprintf(bytes, sizeof bytes, PETER_TEXT "\n" PETER_LINE DASH "EnochRoot %s\n", base64);
	assert_int_equal(note_parse(&n, bytes, (size_t)len, NULL), 0);
	assert_int_equal(note_verify(&n, keys, 2, &verified, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(verified, 0);
	/* To someone who does not know Enoch it is an unknown signature: ignored, but counted. */
	assert_int_equal(note_verify(&n, keys, 1, &verified, NULL), 0);
	assert_int_equal(verified, 1);
	assert_int_equal(n.n_sigs, 2);
	/* Nobody known. */
	char none[] = PETER_TEXT "\n" PETER_LINE;
	assert_int_equal(note_parse(&n, none, sizeof none - 1, NULL), 0);
	assert_int_equal(note_verify(&n, keys + 1, 1, &verified, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_int_equal(note_verify(&n, NULL, 0, NULL, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	/* The same signature twice. */
	char repeated[] = PETER_TEXT "\n" PETER_LINE PETER_LINE;
	assert_int_equal(note_parse(&n, repeated, sizeof repeated - 1, NULL), 0);
	assert_int_equal(note_verify(&n, keys, 1, &verified, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
}

/* A cosignature is no log signature and the other way round, even from one key: the types are in the key ids and the messages. */
static void roles_do_not_mix(void **state)
{
	(void)state;
	struct identity *id = identity_of(7);
	struct buf log = BUF_INIT(LIMIT_NOTE_BYTES), witness = BUF_INIT(LIMIT_NOTE_BYTES);
	struct note_key as_log, as_witness;
	static struct note n;
	struct err e;
	assert_int_equal(note_key_make(&as_log, "x", NOTE_ED25519, identity_public(id), NULL), 0);
	assert_int_equal(note_key_make(&as_witness, "x", NOTE_COSIGNATURE, identity_public(id), NULL), 0);
	assert_int_equal(note_sign(&log, CHECKPOINT, strlen(CHECKPOINT), "x", id, NULL), 0);
	assert_int_equal(note_parse(&n, buf_text(&log), log.len, NULL), 0);
	assert_int_equal(note_verify(&n, &as_witness, 1, NULL, &e), -1);
	memcpy(n.sigs[0].id, as_witness.id, 4);
	assert_int_equal(note_verify(&n, &as_witness, 1, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);

	assert_int_equal(buf_addf(&witness, NULL, "%s\n", CHECKPOINT), 0);
	assert_int_equal(note_cosign(&witness, CHECKPOINT, strlen(CHECKPOINT), "x", id, 1, NULL), 0);
	assert_int_equal(note_parse(&n, buf_text(&witness), witness.len, NULL), 0);
	assert_int_equal(note_verify(&n, &as_witness, 1, NULL, NULL), 0);
	assert_int_equal(note_verify(&n, &as_log, 1, NULL, &e), -1);
	/* The time is part of what a witness says. */
	n.sigs[0].sig[7] ^= 1;
	assert_int_equal(note_verify(&n, &as_witness, 1, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	buf_done(&log);
	buf_done(&witness);
	identity_free(id);
}

static void malformed_notes(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"", "\n", "\n\n", "text\n", "text\n\n", "text\n" PETER_LINE, PETER_LINE, "\n" PETER_LINE, "text\n\n" PETER_LINE "\n",
		"text\n\n" DASH "PeterNeumann x08go/ZJ",	/* no LF */
		"text\n\n" DASH "PeterNeumann \n", "text\n\n" DASH "PeterNeumann\n", "text\n\n" DASH " x08go/ZJ\n",
		"text\n\n" DASH "Peter Neumann x08go/ZJ\n", "text\n\n" DASH "Peter+Neumann x08go/ZJ\n",
		"text\n\n" DASH "PeterNeumann x08go/Z\n", "text\n\n" DASH "PeterNeumann x08gow==\n",	/* not base64; no byte after the id */
		"text\n\n" DASH "PeterNeumann x08go/ZJ \n", "text\n\n" DASH "PeterNeumann x08go/ZJ=\n", "text\n\n" DASH "PeterNeumann x08go/Y\n",
		"text\n\n- PeterNeumann x08go/ZJ\n", "text\n\n" "\xe2\x80\x94" "PeterNeumann x08go/ZJ\n", "text\n\n" DASH "P\xc2\xa0N x08go/ZJ\n",
		"te\txt\n\n" PETER_LINE, "text\r\n\n" PETER_LINE, "te\xff" "xt\n\n" PETER_LINE, "text\n\n" PETER_LINE "more\n", "text\n\n" PETER_LINE "more",
	};
	static struct note n;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct err e = { 0 };
		if (note_parse(&n, bad[i], strlen(bad[i]), &e) == 0)
			fail_msg("accepted: %zu \"%s\"", i, bad[i]);
		assert_int_equal(e.code, ERR_INVALID);
	}
	assert_int_equal(note_parse(&n, "a\0b\n\n" DASH "x x08go/ZJ\n", 20, NULL), -1);
	/* Empty lines of the text belong to the text. */
	const char *empty_lines = "a\n\nb\n\n\n" PETER_LINE;
	assert_int_equal(note_parse(&n, empty_lines, strlen(empty_lines), NULL), 0);
	assert_int_equal(n.text_len, 6);
}

static void limits(void **state)
{
	(void)state;
	static struct note n;
	struct err e = { 0 };
	struct buf many = BUF_INIT(2 * LIMIT_NOTE_BYTES);
	assert_int_equal(buf_add_text(&many, "text\n\n", NULL), 0);
	for (unsigned i = 0; i < NOTE_SIGNATURES; i++)
		assert_int_equal(buf_addf(&many, NULL, DASH "name%u x08go/ZJ\n", i), 0);
	assert_int_equal(note_parse(&n, buf_text(&many), many.len, NULL), 0);
	assert_int_equal(n.n_sigs, NOTE_SIGNATURES);
	assert_int_equal(buf_add_text(&many, DASH "name x08go/ZJ\n", NULL), 0);
	assert_int_equal(note_parse(&n, buf_text(&many), many.len, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);

	/* A post-quantum signature (2420 bytes of ML-DSA-44) is unknown, not malformed. */
	buf_clear(&many);
	uint8_t raw[4 + 2420] = { 1, 2, 3, 4 };
	char base64[BASE64_LEN(sizeof raw) + 1];
	base64_encode(base64, raw, sizeof raw);
	assert_int_equal(buf_addf(&many, NULL, "%s\n%s" DASH "pq %s\n", PETER_TEXT, PETER_LINE, base64), 0);
	struct note_key k = key_of(PETER_VKEY);
	assert_int_equal(note_parse(&n, buf_text(&many), many.len, NULL), 0);
	assert_int_equal(n.n_sigs, 2);
	assert_int_equal(n.sigs[1].len, 0);
	assert_int_equal(note_verify(&n, &k, 1, NULL, NULL), 0);

	buf_clear(&many);
	while (many.len <= LIMIT_NOTE_BYTES)
		assert_int_equal(buf_add_text(&many, "a line\n", NULL), 0);
	assert_int_equal(buf_add_text(&many, "\n" PETER_LINE, NULL), 0);
	assert_int_equal(note_parse(&n, buf_text(&many), many.len, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	buf_done(&many);
}

static void what_is_not_signed(void **state)
{
	(void)state;
	struct identity *id = identity_of(7);
	struct buf out = BUF_INIT(LIMIT_NOTE_BYTES);
	const char *bad[] = { "", "no end", "tab\t\n", "cr\r\n", "\xff\n" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(note_sign(&out, bad[i], strlen(bad[i]), "x", id, NULL), -1);
		assert_int_equal(note_cosign(&out, bad[i], strlen(bad[i]), "x", id, 0, NULL), -1);
	}
	assert_int_equal(note_sign(&out, "text\n", 5, "a b", id, NULL), -1);
	assert_int_equal(out.len, 0);
	buf_done(&out);
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
		cmocka_unit_test(key_vectors),
		cmocka_unit_test(key_manglings),
		cmocka_unit_test(key_names),
		cmocka_unit_test(go_vector),
		cmocka_unit_test(golden_checkpoint),
		cmocka_unit_test(every_bit_flip),
		cmocka_unit_test(bad_signature_of_known_key),
		cmocka_unit_test(roles_do_not_mix),
		cmocka_unit_test(malformed_notes),
		cmocka_unit_test(limits),
		cmocka_unit_test(what_is_not_signed),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
