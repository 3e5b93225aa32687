/* Policies: any text, and a checkpoint judged under it that a log and three witnesses have signed, with all and with fewer of their lines. A quorum that is met
 * stays met when a witness more countersigns; comments, empty lines and spaces change nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "form/tlog_policy.h"
#include "seal/crypto.h"

#define WITNESSES 3u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static struct identity *identity_of(uint8_t byte)
{
	struct identity *id = NULL;
	uint8_t seed[32];
	memset(seed, byte, sizeof seed);
	require(identity_from_seed(&id, seed, NULL) == 0);
	return id;
}

/* The notes of each set of witnesses. */
static void notes_make(struct buf notes[1u << WITNESSES])
{
	struct identity *id = identity_of(1);
	struct checkpoint c = { .size = 5 };
	struct buf text = BUF_INIT(CHECKPOINT_TEXT_MAX);
	char name[NOTE_NAME_BYTES + 1];
	checkpoint_origin_make(c.origin, identity_public(id));
	require(checkpoint_write(&c, &text, NULL) == 0);
	for (unsigned set = 0; set < 1u << WITNESSES; set++) {
		notes[set] = (struct buf)BUF_INIT(CHECKPOINT_NOTE_MAX);
		require(note_sign(&notes[set], buf_text(&text), text.len, c.origin, id, NULL) == 0);
		for (uint8_t w = 0; w < WITNESSES; w++) {
			struct identity *witness = identity_of((uint8_t)(2 + w));
			checkpoint_witness_make(name, identity_public(witness));
			if (set >> w & 1)
				require(note_cosign(&notes[set], buf_text(&text), text.len, name, witness, 1700000000, NULL) == 0);
			identity_free(witness);
		}
	}
	identity_free(id);
	buf_done(&text);
}

static bool accepts(const struct tlog_policy *p, const struct buf *note, unsigned set)
{
	struct checkpoint c;
	struct tlog_verdict v;
	struct err e = { 0 };
	int r = tlog_policy_check(p, buf_text(note), note->len, &c, &v, &e);
	require(r == 0 ? v.quorum : e.code == ERR_DENIED);	/* nothing in it is forged, whatever the policy says */
	require(v.cosigned + v.unknown <= (unsigned)__builtin_popcount(set));
	return r == 0;
}

static void policy_use(const struct tlog_policy *p, const struct tlog_policy *same)
{
	static struct buf notes[1u << WITNESSES];
	bool met[1u << WITNESSES];
	if (notes[0].len == 0)
		notes_make(notes);
	require(tlog_policy_logs(p) <= TLOG_POLICY_LOGS && tlog_policy_witnesses(p) <= TLOG_POLICY_WITNESSES);
	for (size_t i = 0; i < tlog_policy_witnesses(p); i++) {
		const char *name = NULL;
		require(tlog_policy_witness(p, i, &name)->type == NOTE_COSIGNATURE && name && strlen(name) > 0 && strlen(name) <= TLOG_POLICY_NAME);
	}
	for (unsigned set = 0; set < 1u << WITNESSES; set++) {
		met[set] = accepts(p, &notes[set], set);
		require(accepts(same, &notes[set], set) == met[set]);
		for (unsigned w = 0; w < WITNESSES; w++)
			if (set >> w & 1)
				require(met[set] || !met[set & ~(1u << w)]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tlog_policy *p = NULL, *same = NULL;
	struct buf spaced = BUF_INIT(4 * TLOG_POLICY_BYTES);
	require(crypto_init(NULL) == 0);
	char *text = malloc(size ? size : 1);
	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	if (tlog_policy_parse(&p, text, size, NULL) == 0 && size < TLOG_POLICY_BYTES / 4) {
		require(buf_add_text(&spaced, "# comment\n\n\t", NULL) == 0);
		for (size_t i = 0; i < size; i++)
			require(buf_add_text(&spaced, text[i] == ' ' ? "\t " : text[i] == '\n' ? " \n\t" : "", NULL) == 0 &&
				(text[i] == ' ' || text[i] == '\n' || buf_add(&spaced, text + i, 1, NULL) == 0));
		require(buf_add_text(&spaced, "\n", NULL) == 0);
		require(tlog_policy_parse(&same, buf_text(&spaced), spaced.len, NULL) == 0);
		policy_use(p, same);
	}
	tlog_policy_free(p);
	tlog_policy_free(same);
	buf_done(&spaced);
	free(text);
	return 0;
}
