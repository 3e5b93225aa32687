/* core/form/tlog_proof.c: proofs written, read and verified offline; one spelling; every bit flipped; proofs of other entries, trees and logs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "form/tlog_proof.h"
#include "seal/crypto.h"

#define LEAVES 11u
#define GOLDEN_NOTE "notebook.local/demo\n5\ntU9cZBcAAPD4KXuFOV+800Cs/OOmWLB81/bUi53Tl7s=\n\n\xe2\x80\x94 notebook.local/demo " \
	"QUIsywv8EhB3jBjZRedcVz2PbgRqIZxh68w9PWCJh3BBIIid4JbCCpOBapwBscPYDUvWfQ+l/nOplZeE9GFZVVS1gAs=\n"
#define GOLDEN_POLICY "log notebook.local/demo+41422ccb+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs\nquorum none\n"

static struct merkle_hash leaves[LEAVES];

static size_t entry_text(char out[static 32], unsigned i)
{
	return (size_t)snprintf(out, 32, "entry %u\n", i);
}

static struct merkle_hash span(uint64_t begin, uint64_t end)
{
	struct merkle_hash l, r;
	uint64_t k = 1;
	if (end - begin == 1)
		return leaves[begin];
	while (k * 2 < end - begin)
		k *= 2;
	l = span(begin, begin + k);
	r = span(begin + k, end);
	merkle_node(&l, &l, &r);
	return l;
}

static int leaf_read(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out, struct err *e)
{
	(void)ctx;
	(void)e;
	assert_true((index + 1) << level <= LEAVES);
	*out = span(index << level, (index + 1) << level);
	return 0;
}

static const struct merkle_reader reader = { leaf_read, NULL };

static struct identity *identity_of(uint8_t byte)
{
	struct identity *id = NULL;
	uint8_t seed[32];
	memset(seed, byte, sizeof seed);
	assert_int_equal(identity_from_seed(&id, seed, NULL), 0);
	return id;
}

/* The log of number 1 at a size, countersigned by the witness of number 2. */
static void note_make(struct buf *out, uint64_t size)
{
	struct identity *log = identity_of(1), *witness = identity_of(2);
	struct checkpoint c = { .size = size };
	struct buf text = BUF_INIT(CHECKPOINT_TEXT_MAX);
	char name[NOTE_NAME_BYTES + 1];
	checkpoint_origin_make(c.origin, identity_public(log));
	c.root = span(0, size);
	assert_int_equal(checkpoint_write(&c, &text, NULL), 0);
	assert_int_equal(note_sign(out, buf_text(&text), text.len, c.origin, log, NULL), 0);
	checkpoint_witness_make(name, identity_public(witness));
	assert_int_equal(note_cosign(out, buf_text(&text), text.len, name, witness, 1700000000, NULL), 0);
	buf_done(&text);
	identity_free(log);
	identity_free(witness);
}

/* With the entry itself as the extra data, as we write them, or without. */
static void proof_make(struct buf *out, unsigned index, uint64_t size, bool with_entry)
{
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct merkle_proof p;
	char entry[32];
	size_t n = entry_text(entry, index);
	note_make(&note, size);
	assert_int_equal(merkle_inclusion_prove(&reader, index, size, &p, NULL), 0);
	assert_int_equal(tlog_proof_write(out, with_entry ? entry : NULL, with_entry ? n : 0, index, &p, buf_text(&note), note.len, NULL), 0);
	buf_done(&note);
}

static enum err_code verify(const char *bytes, size_t len, const void *entry, size_t n, const struct tlog_policy *policy)
{
	struct tlog_proof p;
	struct checkpoint c;
	struct tlog_verdict v;
	struct err e = { 0 };
	int r = tlog_proof_parse(&p, bytes, len, &e);
	if (r == 0) {
		r = tlog_proof_verify(&p, entry, n, policy, &c, &v, &e);
		tlog_proof_done(&p);
	}
	assert_int_equal(r, e.code == ERR_NONE ? 0 : -1);
	return e.code;
}

/* All bytes of one, for the golden log. */
static void golden(void **state)
{
	(void)state;
	static const char want[] = "c2sp.org/tlog-proof@v1\n"
		"extra eyJzZXEiOjMsInR5cGUiOiJkZWFsLm9wZW4ifQ==\n"
		"index 3\n"
		"0uLcXnepr7e1AQuShiakt3tsakbe/6P4pnmIdMZ7Dy0=\n"
		"O37ndaE1abcpYNKrFWIp0nL5IHAA/x9oDphumTWDsZQ=\n"
		"AVqonHfhz5iv6yYF0+HIG2PNP3P0Ya74Daewpae71PM=\n"
		"\n" GOLDEN_NOTE;
	struct merkle_hash d[5];
	struct merkle_proof p = { .n = 3 };
	struct buf out = BUF_INIT(TLOG_PROOF_BYTES);
	struct tlog_policy *policy = NULL;
	char entry[5][64];
	for (int i = 0; i < 5; i++) {
		int n = snprintf(entry[i], sizeof entry[i], "{\"seq\":%d,\"type\":\"deal.open\"}", i);
		merkle_leaf(&d[i], entry[i], (size_t)n);
	}
	p.hashes[0] = d[2];
	merkle_node(&p.hashes[1], &d[0], &d[1]);
	p.hashes[2] = d[4];
	assert_int_equal(tlog_proof_write(&out, entry[3], strlen(entry[3]), 3, &p, GOLDEN_NOTE, strlen(GOLDEN_NOTE), NULL), 0);
	assert_string_equal(buf_text(&out), want);
	assert_int_equal(tlog_policy_parse(&policy, GOLDEN_POLICY, strlen(GOLDEN_POLICY), NULL), 0);
	assert_int_equal(verify(want, strlen(want), entry[3], strlen(entry[3]), policy), ERR_NONE);
	assert_int_equal(verify(want, strlen(want), entry[2], strlen(entry[2]), policy), ERR_INVALID);
	assert_int_equal(verify(want, strlen(want), entry[3], strlen(entry[3]), NULL), ERR_DENIED);
	tlog_policy_free(policy);
	buf_done(&out);
}

/* Each entry in each tree: what is written is read back, holds for its entry, and for no other. */
static void round_trips(void **state)
{
	(void)state;
	for (uint64_t size = 1; size <= LEAVES; size++)
		for (unsigned index = 0; index < size; index++)
			for (int with = 0; with < 2; with++) {
				struct buf b = BUF_INIT(TLOG_PROOF_BYTES), again = BUF_INIT(TLOG_PROOF_BYTES);
				struct tlog_proof p;
				char entry[32];
				size_t n = entry_text(entry, index);
				proof_make(&b, index, size, with);
				assert_int_equal(tlog_proof_parse(&p, buf_text(&b), b.len, NULL), 0);
				assert_int_equal(p.index, index);
				assert_int_equal(p.extra.len, with ? n : 0);
				if (with)
					assert_memory_equal(p.extra.data, entry, n);
				assert_int_equal(tlog_proof_write(&again, p.extra.data, p.extra.len, p.index, &p.proof, p.note, p.note_len, NULL), 0);
				assert_string_equal(buf_text(&again), buf_text(&b));
				tlog_proof_done(&p);
				assert_int_equal(verify(buf_text(&b), b.len, entry, n, NULL), ERR_NONE);
				assert_int_equal(verify(buf_text(&b), b.len, entry, n - 1, NULL), ERR_INVALID);
				n = entry_text(entry, (index + 1) % LEAVES);
				assert_int_equal(verify(buf_text(&b), b.len, entry, n, NULL), ERR_INVALID);
				buf_done(&b);
				buf_done(&again);
			}
}

/* Every bit. What nothing signs is the extra data alone, and no verdict rests on it. */
static void every_bit(void **state)
{
	(void)state;
	char entry[32];
	size_t n = entry_text(entry, 6);
	struct buf b = BUF_INIT(TLOG_PROOF_BYTES);
	proof_make(&b, 6, LEAVES, true);
	const char *from = strstr(buf_text(&b), "extra ") + 6, *to = strchr(from, '\n');
	unsigned in_extra = 0;
	assert_int_equal(verify(buf_text(&b), b.len, entry, n, NULL), ERR_NONE);
	for (size_t at = 0; at < b.len; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			b.data[at] ^= (uint8_t)(1u << bit);
			if (verify(buf_text(&b), b.len, entry, n, NULL) == ERR_NONE) {
				const char *place = buf_text(&b) + at;
				assert_true(place >= from && place < to);
				in_extra++;
				/* Who takes the entry from the proof, as our own verifier does, sees that too. */
				struct tlog_proof p;
				assert_int_equal(tlog_proof_parse(&p, buf_text(&b), b.len, NULL), 0);
				assert_int_equal(verify(buf_text(&b), b.len, p.extra.data, p.extra.len, NULL), ERR_INVALID);
				tlog_proof_done(&p);
			}
			b.data[at] ^= (uint8_t)(1u << bit);
		}
	assert_true(in_extra > 0);
	buf_done(&b);
}

static void cut(void **state)
{
	(void)state;
	char entry[32];
	size_t n = entry_text(entry, 6);
	struct buf b = BUF_INIT(TLOG_PROOF_BYTES);
	proof_make(&b, 6, LEAVES, true);
	const size_t witness_at = (size_t)(strstr(buf_text(&b), "\xe2\x80\x94 enclua.local/witness/") - buf_text(&b));
	for (size_t len = 0; len < b.len; len++) {
		char *copy = malloc(len ? len : 1);
		assert_non_null(copy);
		memcpy(copy, b.data, len);
		assert_int_equal(verify(copy, len, entry, n, NULL) == ERR_NONE, len == witness_at);
		free(copy);
	}
	assert_int_equal(buf_add(&b, "\n", 1, NULL), 0);
	assert_int_equal(verify(buf_text(&b), b.len, entry, n, NULL), ERR_INVALID);
	buf_done(&b);
}

#define HASH "AHtFX8XpKw9YszsG5wHTn0nL2oGjPiT3bNgrHt6ZG/Y=\n"

static void refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "\n", "c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v2\nindex 1\n\nn\n",
		"c2sp.org/tlog-proof@v1 \nindex 1\n\nn\n", "c2sp.org/tlog-proof@v1\r\nindex 1\n\nn\n", " c2sp.org/tlog-proof@v1\nindex 1\n\nn\n",
		"\nc2sp.org/tlog-proof@v1\nindex 1\n\nn\n",
#define AFTER(text) "c2sp.org/tlog-proof@v1\n" text
		AFTER("\n\nn\n"), AFTER("index\n\nn\n"), AFTER("index \n\nn\n"), AFTER("index 01\n\nn\n"), AFTER("index +1\n\nn\n"), AFTER("index -1\n\nn\n"),
		AFTER("index  1\n\nn\n"), AFTER("index 1 \n\nn\n"), AFTER("index\t1\n\nn\n"), AFTER("Index 1\n\nn\n"), AFTER("index 0x1\n\nn\n"),
		AFTER("index 9223372036854775808\n\nn\n"), AFTER("index 18446744073709551617\n\nn\n"), AFTER("index 1\nindex 1\n\nn\n"),
		AFTER("index 1\n"), AFTER("index 1\n\n"), AFTER("index 1\n" HASH), AFTER("index 1\n" HASH "\n"), AFTER("index 1\n" HASH "n\n"),
		AFTER("index 1\n" "AHtF\n" "\nn\n"), AFTER("index 1\n" " " HASH "\nn\n"),
		AFTER("index 1\nAHtFX8XpKw9YszsG5wHTn0nL2oGjPiT3bNgrHt6ZG/Z=\n\nn\n"), AFTER("index 1\nAHtFX8XpKw9YszsG5wHTn0nL2oGjPiT3bNgrHt6ZG/Y\n\nn\n"),
		AFTER("extra \nindex 1\n\nn\n"), AFTER("extra\nindex 1\n\nn\n"), AFTER("extra YQ\nindex 1\n\nn\n"), AFTER("extra YR==\nindex 1\n\nn\n"),
		AFTER("extra YQ== \nindex 1\n\nn\n"), AFTER("extra  YQ==\nindex 1\n\nn\n"), AFTER("extra YQ==\nextra YQ==\nindex 1\n\nn\n"),
		AFTER("index 1\nextra YQ==\n\nn\n"), AFTER("extra YQ=="), AFTER("extra YQ==\n"), AFTER("extra Y-_=\nindex 1\n\nn\n"), AFTER("Extra YQ==\nindex 1\n\nn\n"),
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct tlog_proof p;
		struct err e = { 0 };
		if (tlog_proof_parse(&p, bad[i], strlen(bad[i]), &e) == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(e.code, ERR_INVALID);
	}
}

static void limits(void **state)
{
	(void)state;
	struct buf b = BUF_INIT(2 * TLOG_PROOF_BYTES), out = BUF_INIT(TLOG_PROOF_BYTES);
	struct tlog_proof p;
	struct err e = { 0 };
	struct merkle_proof hashes = { .n = MERKLE_LEVELS };
	static char entry[65535], note[CHECKPOINT_NOTE_MAX + 1];
	memset(entry, 'e', sizeof entry);
	memset(note, 'n', sizeof note);
	/* The largest that there can be fits, and is read. */
	assert_int_equal(tlog_proof_write(&out, entry, sizeof entry, INT64_MAX, &hashes, note, CHECKPOINT_NOTE_MAX, NULL), 0);
	assert_int_equal(tlog_proof_parse(&p, buf_text(&out), out.len, NULL), 0);
	assert_int_equal(p.proof.n, MERKLE_LEVELS);
	assert_int_equal(p.extra.len, sizeof entry);
	assert_int_equal(p.index, INT64_MAX);
	assert_int_equal(p.note_len, CHECKPOINT_NOTE_MAX);
	tlog_proof_done(&p);
	buf_clear(&out);
	assert_int_equal(tlog_proof_write(&out, NULL, 0, UINT64_C(1) << 63, &hashes, note, 1, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_int_equal(tlog_proof_write(&out, NULL, 0, 1, &hashes, note, 0, &e), -1);
	assert_int_equal(tlog_proof_write(&out, NULL, 0, 1, &hashes, note, sizeof note, &e), -1);
	hashes.n++;
	assert_int_equal(tlog_proof_write(&out, NULL, 0, 1, &hashes, note, 1, &e), -1);
	assert_int_equal(out.len, 0);

	assert_int_equal(buf_add_text(&b, "c2sp.org/tlog-proof@v1\nindex 1\n", NULL), 0);
	assert_int_equal(tlog_hashes_write(&b, &hashes, NULL), 0);	/* 64 */
	assert_int_equal(buf_add_text(&b, "note\n", NULL), 0);
	assert_int_equal(tlog_proof_parse(&p, buf_text(&b), b.len, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	buf_clear(&b);
	assert_int_equal(buf_add_text(&b, "c2sp.org/tlog-proof@v1\nindex 1\n\n", NULL), 0);
	assert_int_equal(buf_add(&b, note, sizeof note, NULL), 0);
	assert_int_equal(tlog_proof_parse(&p, buf_text(&b), b.len, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	while (b.len <= TLOG_PROOF_BYTES)
		assert_int_equal(buf_add(&b, note, 1000, NULL), 0);
	assert_int_equal(tlog_proof_parse(&p, buf_text(&b), b.len, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	buf_done(&b);
	buf_done(&out);
}

/* A buffer that is too small by any number of bytes is told, and nothing is left out in silence. */
static void no_room(void **state)
{
	(void)state;
	struct merkle_proof p = { .n = 2 };
	struct buf whole = BUF_INIT(TLOG_PROOF_BYTES);
	assert_int_equal(tlog_proof_write(&whole, "entry", 5, 7, &p, "note\n", 5, NULL), 0);
	for (size_t max = 0; max <= whole.len; max++) {
		struct buf b = BUF_INIT(max);
		struct err e = { 0 };
		assert_int_equal(tlog_proof_write(&b, "entry", 5, 7, &p, "note\n", 5, &e), max == whole.len ? 0 : -1);
		assert_int_equal(e.code, max == whole.len ? ERR_NONE : ERR_LIMIT);
		buf_done(&b);
	}
	buf_done(&whole);
}

/* Proofs put together from true parts that do not belong to one another. */
static void mixed(void **state)
{
	(void)state;
	struct buf small = BUF_INIT(CHECKPOINT_NOTE_MAX), large = BUF_INIT(CHECKPOINT_NOTE_MAX), b = BUF_INIT(TLOG_PROOF_BYTES);
	struct merkle_proof p, none = { 0 };
	struct merkle_hash node;
	uint8_t both[64];
	char entry[32];
	size_t n = entry_text(entry, 2);
	note_make(&small, 4);
	note_make(&large, 8);
	assert_int_equal(merkle_inclusion_prove(&reader, 2, 4, &p, NULL), 0);
	const struct { uint64_t index; const struct merkle_proof *p; const struct buf *note; enum err_code code; } rows[] = {
		{ 2, &p, &small, ERR_NONE }, { 2, &p, &large, ERR_INVALID }, { 3, &p, &small, ERR_INVALID }, { 2, &none, &small, ERR_INVALID },
		{ 4, &p, &small, ERR_INVALID }, { INT64_MAX, &p, &small, ERR_INVALID },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		buf_clear(&b);
		assert_int_equal(tlog_proof_write(&b, NULL, 0, rows[i].index, rows[i].p, buf_text(rows[i].note), rows[i].note->len, NULL), 0);
		assert_int_equal(verify(buf_text(&b), b.len, entry, n, NULL), rows[i].code);
	}
	/* An inner node's two halves, passed off as an entry. */
	memcpy(both, leaves[2].b, 32);
	memcpy(both + 32, leaves[3].b, 32);
	merkle_node(&node, &leaves[0], &leaves[1]);
	struct merkle_proof higher = { .n = 1, .hashes = { node } };
	buf_clear(&b);
	assert_int_equal(tlog_proof_write(&b, NULL, 0, 1, &higher, buf_text(&small), small.len, NULL), 0);
	assert_int_equal(verify(buf_text(&b), b.len, both, sizeof both, NULL), ERR_INVALID);
	buf_done(&small);
	buf_done(&large);
	buf_done(&b);
}

/* The policy is asked: a proof whose checkpoint lacks the quorum is none. */
static void under_policies(void **state)
{
	(void)state;
	char entry[32];
	size_t n = entry_text(entry, 1);
	struct buf b = BUF_INIT(TLOG_PROOF_BYTES), text = BUF_INIT(KIB(4));
	proof_make(&b, 1, 3, true);
	for (uint8_t who = 2; who <= 3; who++) {
		struct identity *witness = identity_of(who);
		struct tlog_policy *policy = NULL;
		struct note_key k;
		char name[NOTE_NAME_BYTES + 1];
		checkpoint_witness_make(name, identity_public(witness));
		assert_int_equal(note_key_make(&k, name, NOTE_COSIGNATURE, identity_public(witness), NULL), 0);
		buf_clear(&text);
		assert_int_equal(buf_add_text(&text, "witness w ", NULL), 0);
		assert_int_equal(note_key_text(&k, &text, NULL), 0);
		assert_int_equal(buf_add_text(&text, "\nquorum w\n", NULL), 0);
		assert_int_equal(tlog_policy_parse(&policy, buf_text(&text), text.len, NULL), 0);
		assert_int_equal(verify(buf_text(&b), b.len, entry, n, policy), who == 2 ? ERR_NONE : ERR_DENIED);
		tlog_policy_free(policy);
		identity_free(witness);
	}
	buf_done(&b);
	buf_done(&text);
}

static int setup(void **state)
{
	(void)state;
	if (crypto_init(NULL) < 0)
		return -1;
	for (unsigned i = 0; i < LEAVES; i++) {
		char entry[32];
		size_t n = entry_text(entry, i);
		merkle_leaf(&leaves[i], entry, n);
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(round_trips),
		cmocka_unit_test(every_bit),
		cmocka_unit_test(cut),
		cmocka_unit_test(refused),
		cmocka_unit_test(limits),
		cmocka_unit_test(no_room),
		cmocka_unit_test(mixed),
		cmocka_unit_test(under_policies),
	};
	return cmocka_run_group_tests_name("tlog_proof", tests, setup, NULL);
}
