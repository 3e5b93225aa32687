/* core/form/checkpoint.c: the golden checkpoint, its one spelling, names that carry keys, and every way to damage a signature line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "form/checkpoint.h"
#include "seal/crypto.h"

#define DASH "\xe2\x80\x94 "
#define ORIGIN "notebook.local/demo"
#define GOLDEN_ROOT "tU9cZBcAAPD4KXuFOV+800Cs/OOmWLB81/bUi53Tl7s="
#define GOLDEN_TEXT ORIGIN "\n5\n" GOLDEN_ROOT "\n"
#define GOLDEN_LOG_LINE DASH ORIGIN \
	" QUIsywv8EhB3jBjZRedcVz2PbgRqIZxh68w9PWCJh3BBIIid4JbCCpOBapwBscPYDUvWfQ+l/nOplZeE9GFZVVS1gAs=\n"
#define GOLDEN_WITNESS_LINE DASH "witness.local/w1 " \
	"TmTfrQAAAABlU/EAGox8XEMMpIu2OK0Utn9IOaRo5bD3v44jIbFO5+AUQmrGYYKh2NC6zOg1Oy362Nqdbbh55fy2uNEOuZfbw+G0DA==\n"
#define GOLDEN_VKEY "notebook.local/demo+41422ccb+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"

static struct identity *identity_of(uint8_t byte)
{
	struct identity *id = NULL;
	uint8_t seed[32];
	memset(seed, byte, sizeof seed);
	assert_int_equal(identity_from_seed(&id, seed, NULL), 0);
	return id;
}

static struct checkpoint sample(const char *origin)
{
	struct checkpoint c = { .size = 5 };
	(void)snprintf(c.origin, sizeof c.origin, "%s", origin);
	memset(c.root.b, 0xab, sizeof c.root.b);
	return c;
}

/* A note of these three signers under names of their own: log, and witnesses at two times. */
static void ours_make(struct buf *note, struct checkpoint *c, uint8_t log, const uint8_t *witnesses, size_t n)
{
	struct identity *id = identity_of(log);
	char name[NOTE_NAME_BYTES + 1];
	struct buf text = BUF_INIT(CHECKPOINT_TEXT_MAX);
	checkpoint_origin_make(name, identity_public(id));
	*c = sample(name);
	assert_int_equal(checkpoint_write(c, &text, NULL), 0);
	assert_int_equal(note_sign(note, buf_text(&text), text.len, name, id, NULL), 0);
	identity_free(id);
	for (size_t i = 0; i < n; i++) {
		id = identity_of(witnesses[i]);
		checkpoint_witness_make(name, identity_public(id));
		assert_int_equal(note_cosign(note, buf_text(&text), text.len, name, id, 1700000000 + i, NULL), 0);
		identity_free(id);
	}
	buf_done(&text);
}

static enum err_code open_code(const char *bytes, size_t len, const struct note_key *log)
{
	static struct note parsed;
	struct checkpoint c;
	struct err e = { 0 };
	int r = checkpoint_open(&c, &parsed, bytes, len, log, &e);
	assert_int_equal(r, e.code == ERR_NONE ? 0 : -1);
	return e.code;
}

/* From the seeds and entries that the value is published with to its bytes. */
static void golden(void **state)
{
	(void)state;
	struct identity *log = identity_of(7), *witness = identity_of(9);
	struct merkle_range range = { 0 };
	struct checkpoint c = { .origin = ORIGIN, .size = 5 }, got;
	struct buf text = BUF_INIT(CHECKPOINT_TEXT_MAX), note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct note parsed;
	struct note_key key;
	for (int i = 0; i < 5; i++) {
		char entry[64];
		struct merkle_hash leaf;
		int n = snprintf(entry, sizeof entry, "{\"seq\":%d,\"type\":\"deal.open\"}", i);
		merkle_leaf(&leaf, entry, (size_t)n);
		assert_int_equal(merkle_range_add(&range, &leaf, NULL, NULL, NULL), 0);
	}
	merkle_range_root(&range, &c.root);
	assert_int_equal(checkpoint_write(&c, &text, NULL), 0);
	assert_string_equal(buf_text(&text), GOLDEN_TEXT);
	assert_int_equal(note_sign(&note, buf_text(&text), text.len, ORIGIN, log, NULL), 0);
	assert_int_equal(note_cosign(&note, buf_text(&text), text.len, "witness.local/w1", witness, 1700000000, NULL), 0);
	assert_string_equal(buf_text(&note), GOLDEN_TEXT "\n" GOLDEN_LOG_LINE GOLDEN_WITNESS_LINE);

	assert_int_equal(note_key_parse(&key, GOLDEN_VKEY, NULL), 0);
	assert_int_equal(checkpoint_open(&got, &parsed, buf_text(&note), note.len, &key, NULL), 0);
	assert_string_equal(got.origin, ORIGIN);
	assert_int_equal(got.size, 5);
	assert_true(merkle_equal(&got.root, &c.root));
	assert_int_equal(parsed.n_sigs, 2);
	assert_int_equal(note_sig_time(&parsed.sigs[1]), 1700000000);
	/* The origin carries no key, so without one nothing is known. */
	assert_int_equal(open_code(buf_text(&note), note.len, NULL), ERR_DENIED);
	buf_done(&text);
	buf_done(&note);
	identity_free(log);
	identity_free(witness);
}

/* The example of C2SP tlog-checkpoint; its key is not published. */
static void public_text(void **state)
{
	(void)state;
	const char text[] = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
	struct checkpoint c;
	struct buf again = BUF_INIT(CHECKPOINT_TEXT_MAX);
	assert_int_equal(checkpoint_parse(&c, text, strlen(text), NULL), 0);
	assert_string_equal(c.origin, "example.com/behind-the-sofa");
	assert_int_equal(c.size, 20852163);
	assert_int_equal(checkpoint_write(&c, &again, NULL), 0);
	assert_string_equal(buf_text(&again), text);
	buf_done(&again);
}

static void texts_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "\n", "\n\n\n", "o\n", "o\n5\n", "o\n5\n" GOLDEN_ROOT, "o\n5\n" GOLDEN_ROOT "\n\n", "o\n5\n" GOLDEN_ROOT "\nmore\n",
		"\n5\n" GOLDEN_ROOT "\n", "o o\n5\n" GOLDEN_ROOT "\n", "o+\n5\n" GOLDEN_ROOT "\n", "o\xff\n5\n" GOLDEN_ROOT "\n", "o\xc2\xa0\n5\n" GOLDEN_ROOT "\n",
		"o\n\n" GOLDEN_ROOT "\n", "o\n05\n" GOLDEN_ROOT "\n", "o\n00\n" GOLDEN_ROOT "\n", "o\n+5\n" GOLDEN_ROOT "\n", "o\n-5\n" GOLDEN_ROOT "\n",
		"o\n 5\n" GOLDEN_ROOT "\n", "o\n5 \n" GOLDEN_ROOT "\n", "o\n0x5\n" GOLDEN_ROOT "\n", "o\n5\r\n" GOLDEN_ROOT "\n", "o\n5.0\n" GOLDEN_ROOT "\n",
		"o\n9223372036854775808\n" GOLDEN_ROOT "\n", "o\n18446744073709551616\n" GOLDEN_ROOT "\n", "o\n99999999999999999999999\n" GOLDEN_ROOT "\n",
		"o\n5\n\n", "o\n5\ntU9c\n", "o\n5\ntU9cZBcAAPD4KXuFOV+800Cs/OOmWLB81/bUi53Tl7s\n", "o\n5\ntU9cZBcAAPD4KXuFOV+800Cs/OOmWLB81/bUi53Tl7t=\n",
		"o\n5\ntU9cZBcAAPD4KXuFOV-800Cs_OOmWLB81_bUi53Tl7s=\n", "o\n5\n " GOLDEN_ROOT "\n", "o\n5\n" GOLDEN_ROOT " \n", "o\n5\n" GOLDEN_ROOT "=\n",
		"o\n5\ntU9cZBcAAPD4KXuFOV+800Cs/OOmWLB81/bUi53Tl7vAAA==\n" };
	struct checkpoint c;
	char text[CHECKPOINT_TEXT_MAX + 64];
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct err e = { 0 };
		if (checkpoint_parse(&c, bad[i], strlen(bad[i]), &e) == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(e.code, ERR_INVALID);
	}
	assert_int_equal(checkpoint_parse(&c, "o\0p\n5\n" GOLDEN_ROOT "\n", strlen(GOLDEN_ROOT) + 7, NULL), -1);
	assert_int_equal(checkpoint_parse(&c, "o\n9223372036854775807\n" GOLDEN_ROOT "\n", 23 + strlen(GOLDEN_ROOT), NULL), 0);
	assert_int_equal(checkpoint_parse(&c, "o\n0\n" GOLDEN_ROOT "\n", 5 + strlen(GOLDEN_ROOT), NULL), 0);
	for (unsigned n = NOTE_NAME_BYTES; n <= NOTE_NAME_BYTES + 1; n++) {
		memset(text, 'o', n);
		(void)snprintf(text + n, sizeof text - n, "\n5\n%s\n", GOLDEN_ROOT);
		assert_int_equal(checkpoint_parse(&c, text, strlen(text), NULL), n == NOTE_NAME_BYTES ? 0 : -1);
	}
}

/* Whatever byte stands where: what is accepted is written the same again. */
static void one_spelling(void **state)
{
	(void)state;
	char text[] = GOLDEN_TEXT;
	for (size_t at = 0; at < sizeof text - 1; at++) {
		char was = text[at];
		for (int byte = 0; byte < 256; byte++) {
			struct checkpoint c;
			struct buf again = BUF_INIT(CHECKPOINT_TEXT_MAX);
			text[at] = (char)byte;
			if (checkpoint_parse(&c, text, sizeof text - 1, NULL) == 0) {
				assert_int_equal(checkpoint_write(&c, &again, NULL), 0);
				assert_int_equal(again.len, sizeof text - 1);
				assert_memory_equal(again.data, text, again.len);
			}
			buf_done(&again);
		}
		text[at] = was;
	}
}

static void not_written(void **state)
{
	(void)state;
	struct buf out = BUF_INIT(CHECKPOINT_TEXT_MAX);
	struct err e = { 0 };
	struct checkpoint c = sample("a b");
	assert_int_equal(checkpoint_write(&c, &out, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	c = sample("a\nb");
	assert_int_equal(checkpoint_write(&c, &out, &e), -1);
	c = sample("");
	assert_int_equal(checkpoint_write(&c, &out, &e), -1);
	c = sample("o");
	c.size = UINT64_C(1) << 63;
	assert_int_equal(checkpoint_write(&c, &out, &e), -1);
	assert_int_equal(out.len, 0);
	c.size--;
	assert_int_equal(checkpoint_write(&c, &out, NULL), 0);
	buf_done(&out);
}

static void names(void **state)
{
	(void)state;
	struct identity *id = identity_of(3);
	char origin[NOTE_NAME_BYTES + 1], witness[NOTE_NAME_BYTES + 1], identity[IDENTITY_TEXT], want[NOTE_NAME_BYTES + 1], name[NOTE_NAME_BYTES + 40];
	struct note_key k, same;
	identity_text(identity, identity_public(id));
	checkpoint_origin_make(origin, identity_public(id));
	checkpoint_witness_make(witness, identity_public(id));
	(void)snprintf(want, sizeof want, "enclua.local/%s", identity);
	assert_string_equal(origin, want);
	(void)snprintf(want, sizeof want, "enclua.local/witness/%s", identity);
	assert_string_equal(witness, want);
	assert_true(checkpoint_name_key(&k, witness, NOTE_COSIGNATURE));
	assert_int_equal(note_key_make(&same, witness, NOTE_COSIGNATURE, identity_public(id), NULL), 0);
	assert_memory_equal(k.id, same.id, sizeof k.id);
	assert_memory_equal(k.public_key, identity_public(id), 32);
	assert_int_equal(k.type, NOTE_COSIGNATURE);
	assert_string_equal(k.name, witness);
	assert_true(checkpoint_name_key(&k, identity, NOTE_ED25519));
	assert_true(checkpoint_name_key(&k, origin, NOTE_ED25519));
	assert_false(checkpoint_name_key(&k, origin, 0x06));

	static const char *const around[][2] = { { "", "/" }, { "", "/x" }, { "x", "" }, { "a/x", "" }, { "", "q" }, { "a b/", "" }, { "a+b/", "" } };
	for (size_t i = 0; i < sizeof around / sizeof around[0]; i++) {
		(void)snprintf(name, sizeof name, "%s%s%s", around[i][0], identity, around[i][1]);
		assert_false(checkpoint_name_key(&k, name, NOTE_ED25519));
	}
	assert_false(checkpoint_name_key(&k, "", NOTE_ED25519));
	assert_false(checkpoint_name_key(&k, "example.com/log", NOTE_ED25519));
	memset(name, 'a', 100);
	(void)snprintf(name + 100, sizeof name - 100, "/%s", identity);	/* too long for a note's key */
	assert_false(checkpoint_name_key(&k, name, NOTE_ED25519));
	for (size_t i = 0; identity[i] != '\0'; i++)	/* a mistyped identity is none */
		for (unsigned bit = 0; bit < 7; bit++) {
			char was = identity[i];
			identity[i] = (char)(was ^ 1 << bit);
			(void)snprintf(name, sizeof name, "enclua.local/%s", identity);
			assert_false(checkpoint_name_key(&k, name, NOTE_ED25519));
			identity[i] = was;
		}
	identity_free(id);
}

static void opens_ours(void **state)
{
	(void)state;
	struct checkpoint c, got;
	struct note parsed;
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct note_key key;
	ours_make(&note, &c, 1, (const uint8_t[]){ 2, 3 }, 2);
	assert_int_equal(checkpoint_open(&got, &parsed, buf_text(&note), note.len, NULL, NULL), 0);
	assert_int_equal(parsed.n_sigs, 3);
	assert_int_equal(got.size, c.size);
	assert_true(merkle_equal(&got.root, &c.root));
	assert_true(checkpoint_name_key(&key, c.origin, NOTE_ED25519));
	assert_int_equal(open_code(buf_text(&note), note.len, &key), ERR_NONE);
	/* Another key under that name: the line names the log's own key, and that is not the one which is asked for. */
	struct identity *other = identity_of(8);
	assert_int_equal(note_key_make(&key, c.origin, NOTE_ED25519, identity_public(other), NULL), 0);
	assert_int_equal(open_code(buf_text(&note), note.len, &key), ERR_DENIED);
	assert_int_equal(note_key_make(&key, "example.com/log", NOTE_ED25519, identity_public(other), NULL), 0);
	assert_int_equal(open_code(buf_text(&note), note.len, &key), ERR_DENIED);
	identity_free(other);
	buf_done(&note);
}

/* The log and two witnesses whose names carry their keys: no policy, no key is given, and still no bit can change. */
static void every_bit_of_ours(void **state)
{
	(void)state;
	struct checkpoint c;
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	ours_make(&note, &c, 1, (const uint8_t[]){ 2, 3 }, 2);
	assert_int_equal(open_code(buf_text(&note), note.len, NULL), ERR_NONE);
	for (size_t at = 0; at < note.len; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			note.data[at] ^= (uint8_t)(1u << bit);
			if (open_code(buf_text(&note), note.len, NULL) == ERR_NONE)
				fail_msg("byte %zu, bit %u: accepted:\n%s", at, bit, buf_text(&note));
			note.data[at] ^= (uint8_t)(1u << bit);
		}
	assert_int_equal(open_code(buf_text(&note), note.len, NULL), ERR_NONE);
	buf_done(&note);
}

/* Any other byte at any place, too; without the signatures' insides, which the flips have shown and which take long. */
static void every_byte_of_a_name(void **state)
{
	(void)state;
	struct checkpoint c;
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	ours_make(&note, &c, 1, (const uint8_t[]){ 2 }, 1);
	char *line = strstr(buf_text(&note), "local/witness/") - strlen(DASH "enclua.");
	assert_memory_equal(line, DASH, strlen(DASH));
	char *end = strchr(line + strlen(DASH), ' ') + 1 + 6;	/* and the key id */
	for (char *at = line; at < end; at++) {
		char was = *at;
		for (int byte = 0; byte < 256; byte++) {
			*at = (char)byte;
			if (*at != was)
				assert_int_not_equal(open_code(buf_text(&note), note.len, NULL), ERR_NONE);
		}
		*at = was;
	}
	assert_int_equal(open_code(buf_text(&note), note.len, NULL), ERR_NONE);
	buf_done(&note);
}

static void line_add(struct buf *note, const char *name, const char *id, const char *sig, size_t len)
{
	uint8_t raw[128];
	char base64[BASE64_LEN(sizeof raw) + 1];
	memcpy(raw, id, 4);
	memcpy(raw + 4, sig, len);
	base64_encode(base64, raw, 4 + len);
	assert_int_equal(buf_addf(note, NULL, DASH "%s %s\n", name, base64), 0);
}

/* Strangers are ignored, names that pretend to carry a key are not. */
static void strangers_and_damaged(void **state)
{
	(void)state;
	static const struct { const char *name; enum err_code code; } rows[] = {
		{ "example.com/witness", ERR_NONE },
		{ "w", ERR_NONE },
		{ "witness.example/a-rather-long-name-that-says-nothing-at-all-of-any-key-whatsoever", ERR_NONE },
		{ "enclua.example/w", ERR_NONE },
		{ "enclua1.example/w", ERR_NONE },	/* not in its last part */
		{ "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", ERR_NONE },
		{ "enclua.local/witness/enclua!!!!qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", ERR_INVALID },	/* four characters off */
		{ "enclua.local/witness/enclua!!!!!qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", ERR_NONE },
		{ "enclua1", ERR_INVALID },
		{ "example.com/enclua1", ERR_INVALID },
		{ "example.com/ENCLUA1x", ERR_INVALID },
		{ "example.com/my-enclua1-witness", ERR_INVALID },
		{ "enclua.local/witness/enclua1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", ERR_INVALID },
		{ "enclua.local/witness/enclub1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", ERR_INVALID },
		{ "enclua.local/witness/enclua!qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", ERR_INVALID },
	};
	const char zeros[72] = { 0 };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (size_t len = 64; len <= 72; len += 8) {
			struct checkpoint c;
			struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
			ours_make(&note, &c, 1, NULL, 0);
			line_add(&note, rows[i].name, "\1\2\3\4", zeros, len);
			if (open_code(buf_text(&note), note.len, NULL) != rows[i].code)
				fail_msg("%s", rows[i].name);
			buf_done(&note);
		}
}

/* Rebuilds the note with other words in one of its lines. */
static enum err_code relabelled(const struct buf *note, const struct note_sig *s, const char *name, const uint8_t id[static 4], const struct note_key *log)
{
	static struct note parsed;
	struct buf out = BUF_INIT(CHECKPOINT_NOTE_MAX);
	assert_int_equal(note_parse(&parsed, buf_text(note), note->len, NULL), 0);
	assert_int_equal(buf_add(&out, parsed.text, parsed.text_len, NULL), 0);
	assert_int_equal(buf_add(&out, "\n", 1, NULL), 0);
	for (size_t i = 0; i < parsed.n_sigs; i++) {
		const struct note_sig *t = &parsed.sigs[i];
		bool it = t->len == s->len && memcmp(t->sig, s->sig, s->len) == 0;
		line_add(&out, it ? name : t->name, (const char *)(it ? id : t->id), (const char *)t->sig, t->len);
	}
	enum err_code code = open_code(buf_text(&out), out.len, log);
	buf_done(&out);
	return code;
}

/* The log's own signature under a stranger's name is not a stranger's line. */
static void relabelled_log(void **state)
{
	(void)state;
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct note_key key;
	struct note parsed;
	const uint8_t other_id[4] = { 9, 9, 9, 9 };
	struct identity *log = identity_of(7);
	assert_int_equal(note_key_parse(&key, GOLDEN_VKEY, NULL), 0);
	assert_int_equal(note_sign(&note, GOLDEN_TEXT, strlen(GOLDEN_TEXT), ORIGIN, log, NULL), 0);
	assert_int_equal(note_parse(&parsed, buf_text(&note), note.len, NULL), 0);
	const struct note_sig *s = &parsed.sigs[0];
	assert_int_equal(relabelled(&note, s, ORIGIN, key.id, &key), ERR_NONE);
	assert_int_equal(relabelled(&note, s, "example.com/w", other_id, &key), ERR_INVALID);
	assert_int_equal(relabelled(&note, s, ORIGIN, other_id, &key), ERR_INVALID);
	assert_int_equal(relabelled(&note, s, "notebook.local/demp", key.id, &key), ERR_INVALID);
	identity_free(log);
	buf_done(&note);
}

static void twice(void **state)
{
	(void)state;
	struct checkpoint c;
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	const char zeros[72] = { 0 };
	ours_make(&note, &c, 1, (const uint8_t[]){ 2, 2 }, 2);
	assert_int_equal(open_code(buf_text(&note), note.len, NULL), ERR_INVALID);
	buf_clear(&note);
	ours_make(&note, &c, 1, NULL, 0);
	line_add(&note, "w", "\1\2\3\4", zeros, 72);
	line_add(&note, "w", "\1\2\3\4", zeros, 72);	/* strangers may do as they like */
	assert_int_equal(open_code(buf_text(&note), note.len, NULL), ERR_NONE);
	struct note parsed;
	assert_int_equal(note_parse(&parsed, buf_text(&note), note.len, NULL), 0);
	line_add(&note, c.origin, (const char *)parsed.sigs[0].id, (const char *)parsed.sigs[0].sig, 64);
	assert_int_equal(open_code(buf_text(&note), note.len, NULL), ERR_INVALID);
	buf_done(&note);
}

/* Witnesses cannot stand in for the log, nor one kind of signature for the other. */
static void log_is_missing(void **state)
{
	(void)state;
	struct checkpoint c;
	struct identity *log = identity_of(1), *other = identity_of(2);
	struct buf text = BUF_INIT(CHECKPOINT_TEXT_MAX), note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	char origin[NOTE_NAME_BYTES + 1], name[NOTE_NAME_BYTES + 1];
	checkpoint_origin_make(origin, identity_public(log));
	checkpoint_witness_make(name, identity_public(other));
	c = sample(origin);
	assert_int_equal(checkpoint_write(&c, &text, NULL), 0);
	assert_int_equal(buf_add(&note, text.data, text.len, NULL), 0);
	assert_int_equal(buf_add(&note, "\n", 1, NULL), 0);
	assert_int_equal(note_cosign(&note, buf_text(&text), text.len, name, other, 1, NULL), 0);
	assert_int_equal(open_code(buf_text(&note), note.len, NULL), ERR_DENIED);
	/* A cosignature by the log's own key says something else than its signature. */
	assert_int_equal(note_cosign(&note, buf_text(&text), text.len, origin, log, 1, NULL), 0);
	assert_int_equal(open_code(buf_text(&note), note.len, NULL), ERR_DENIED);
	struct note_key cosigner;
	assert_true(checkpoint_name_key(&cosigner, origin, NOTE_COSIGNATURE));
	assert_int_equal(open_code(buf_text(&note), note.len, &cosigner), ERR_DENIED);
	/* The log's line may stand anywhere. */
	struct buf signature = BUF_INIT(KIB(4));
	assert_int_equal(note_sign(&signature, buf_text(&text), text.len, origin, log, NULL), 0);
	assert_int_equal(buf_add_text(&note, strstr(buf_text(&signature), DASH), NULL), 0);
	assert_int_equal(open_code(buf_text(&note), note.len, NULL), ERR_NONE);
	buf_done(&signature);
	/* The checkpoint of one log signed by another. */
	buf_clear(&note);
	checkpoint_origin_make(name, identity_public(other));
	assert_int_equal(note_sign(&note, buf_text(&text), text.len, name, other, NULL), 0);
	assert_int_equal(open_code(buf_text(&note), note.len, NULL), ERR_DENIED);
	buf_clear(&note);
	assert_int_equal(note_sign(&note, buf_text(&text), text.len, origin, other, NULL), 0);
	assert_int_equal(open_code(buf_text(&note), note.len, NULL), ERR_INVALID);
	/* An origin with a mistyped identity is not just any name. */
	buf_clear(&note);
	buf_clear(&text);
	c.origin[strlen(c.origin) - 1] ^= 1;
	assert_int_equal(checkpoint_write(&c, &text, NULL), 0);
	assert_int_equal(note_sign(&note, buf_text(&text), text.len, c.origin, log, NULL), 0);
	assert_int_equal(open_code(buf_text(&note), note.len, NULL), ERR_INVALID);
	identity_free(log);
	identity_free(other);
	buf_done(&text);
	buf_done(&note);
}

/* tlog-cosignature: a time is at most 2^63 - 1. */
static void times(void **state)
{
	(void)state;
	struct identity *witness = identity_of(2);
	char name[NOTE_NAME_BYTES + 1];
	checkpoint_witness_make(name, identity_public(witness));
	for (unsigned i = 0; i < 2; i++) {
		struct checkpoint c;
		struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
		ours_make(&note, &c, 1, NULL, 0);
		size_t len = (size_t)(strstr(buf_text(&note), "\n\n") - buf_text(&note)) + 1;
		assert_int_equal(note_cosign(&note, buf_text(&note), len, name, witness, (uint64_t)INT64_MAX + i, NULL), 0);
		assert_int_equal(open_code(buf_text(&note), note.len, NULL), i == 0 ? ERR_NONE : ERR_INVALID);
		buf_done(&note);
	}
	identity_free(witness);
}

static void cut_and_too_long(void **state)
{
	(void)state;
	struct checkpoint c;
	struct buf note = BUF_INIT(2 * CHECKPOINT_NOTE_MAX);
	ours_make(&note, &c, 1, (const uint8_t[]){ 2 }, 1);
	const char *witness_line = strstr(strstr(buf_text(&note), DASH) + 1, DASH);
	for (size_t len = 0; len < note.len; len++) {
		char *copy = malloc(len ? len : 1);
		assert_non_null(copy);
		memcpy(copy, buf_text(&note), len);
		bool whole = len == (size_t)(witness_line - buf_text(&note));	/* a line fewer is a note as well */
		assert_int_equal(open_code(copy, len, NULL) == ERR_NONE, whole);
		free(copy);
	}
	char long_sig[80] = { 0 };
	for (unsigned i = 0; note.len <= CHECKPOINT_NOTE_MAX; i++) {
		char name[130];
		(void)snprintf(name, sizeof name, "%0120u", i);
		line_add(&note, name, "\1\2\3\4", long_sig, sizeof long_sig);
	}
	assert_int_equal(open_code(buf_text(&note), note.len, NULL), ERR_LIMIT);
	buf_done(&note);
}

static int setup(void **state)
{
	(void)state;
	return crypto_init(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(public_text),
		cmocka_unit_test(texts_refused),
		cmocka_unit_test(one_spelling),
		cmocka_unit_test(not_written),
		cmocka_unit_test(names),
		cmocka_unit_test(opens_ours),
		cmocka_unit_test(every_bit_of_ours),
		cmocka_unit_test(every_byte_of_a_name),
		cmocka_unit_test(strangers_and_damaged),
		cmocka_unit_test(relabelled_log),
		cmocka_unit_test(twice),
		cmocka_unit_test(log_is_missing),
		cmocka_unit_test(times),
		cmocka_unit_test(cut_and_too_long),
	};
	return cmocka_run_group_tests_name("checkpoint", tests, setup, NULL);
}
