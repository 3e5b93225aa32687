/* A log made for tests, without a book: entries of every kind of length, the same at every run, their tree, and a checkpoint with a witness. A log of
 * n entries is the beginning of one of more, so that growth can be tried.
 */
#ifndef ENCLUA_TESTS_MADE_LOG_H
#define ENCLUA_TESTS_MADE_LOG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "book/export.h"
#include "form/tile.h"
#include "form/tlog_proof.h"
#include "seal/crypto.h"

#define MADE_TIME 1700000000u	/* of the cosignature */
#define MADE_PROOF_BYTES TLOG_PROOF_BYTES

struct made_log {
	uint64_t size;
	size_t longest;	/* bytes of an entry */
	struct merkle_hash *levels[MERKLE_LEVELS];	/* [level][index] */
	struct merkle_range range;
	struct merkle_reader reader;
	struct identity *log, *witness;
	struct note_key log_key, witness_key;
	struct buf note;
	struct export_source source;
};

/* What cannot fail in a test ends it. */
static inline void made(int r, const struct err *e)
{
	if (r >= 0)
		return;
	(void)fprintf(stderr, "# a log cannot be made: %s\n", e->msg);
	abort();
}

/* The bytes of an entry into at (longest of them); gives how many. Some are empty, and one in 97 is as long as it may be. */
static inline size_t made_entry(const struct made_log *m, uint64_t index, uint8_t *at)
{
	static const size_t lengths[] = { 0, 1, 2, 31, 32, 33, 55, 56, 63, 64, 65, 100, 127, 128, 200, 255, 256, 257 };
	uint64_t x = (index + 1) * UINT64_C(0x9e3779b97f4a7c15);
	size_t n = index % 97 == 96 ? m->longest : lengths[(x >> 40) % (sizeof lengths / sizeof lengths[0])];
	if (n > m->longest)
		n = m->longest;
	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		at[i] = (uint8_t)(x >> 32);
	}
	return n;
}

static inline int made_entries(void *ctx, uint64_t from, uint64_t to,
	int (*f)(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e), void *f_ctx, struct err *e)
{
	const struct made_log *m = ctx;
	uint8_t *entry = malloc(m->longest + 1);
	int r = entry ? 0 : -1;
	for (uint64_t i = from; i < to && r == 0; i++)
		r = f(f_ctx, i, entry, made_entry(m, i, entry), e);
	free(entry);
	return r;
}

static inline int made_told(void *ctx, unsigned level, uint64_t index, const struct merkle_hash *hash, struct err *e)
{
	struct made_log *m = ctx;
	(void)e;
	m->levels[level][index] = *hash;
	return 0;
}

static inline int made_read(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out, struct err *e)
{
	const struct made_log *m = ctx;
	if (level >= MERKLE_LEVELS || index >= m->size >> level)
		return err_set(e, ERR_INTERNAL, "no hash at level %u, %llu", level, (unsigned long long)index);
	*out = m->levels[level][index];
	return 0;
}

static inline int made_leaf(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	struct made_log *m = ctx;
	struct merkle_hash leaf;
	(void)index;
	merkle_leaf(&leaf, bytes, len);
	return merkle_range_add(&m->range, &leaf, made_told, m, e);
}

static inline struct identity *made_identity(uint8_t byte)
{
	struct identity *id = NULL;
	struct err e = { 0 };
	uint8_t seed[32];
	memset(seed, byte, sizeof seed);
	made(identity_from_seed(&id, seed, &e), &e);
	return id;
}

/* The checkpoint of the first entries, signed by the log and by its witness. */
static inline void made_checkpoint(const struct made_log *m, uint64_t size, struct buf *note)
{
	struct err e = { 0 };
	struct checkpoint c = { .size = size };
	struct buf text = BUF_INIT(CHECKPOINT_TEXT_MAX);
	memcpy(c.origin, m->log_key.name, sizeof c.origin);
	made(merkle_root(&m->reader, size, &c.root, &e), &e);
	made(checkpoint_write(&c, &text, &e), &e);
	made(note_sign(note, buf_text(&text), text.len, m->log_key.name, m->log, &e), &e);
	made(note_cosign(note, buf_text(&text), text.len, m->witness_key.name, m->witness, MADE_TIME, &e), &e);
	buf_done(&text);
}

/* log_byte: which log: its seed is 32 times that byte. Ends with made_done. */
static inline void made_init(struct made_log *m, uint64_t size, size_t longest, uint8_t log_byte)
{
	struct err e = { 0 };
	char name[NOTE_NAME_BYTES + 1];
	made(crypto_init(&e), &e);
	*m = (struct made_log){ .size = size, .longest = longest, .note = BUF_INIT(CHECKPOINT_NOTE_MAX) };
	for (unsigned level = 0; size >> level; level++)
		if (!(m->levels[level] = calloc(size >> level, sizeof(struct merkle_hash))))
			abort();
	m->log = made_identity(log_byte);
	m->witness = made_identity(9);
	checkpoint_origin_make(name, identity_public(m->log));
	made(note_key_make(&m->log_key, name, NOTE_ED25519, identity_public(m->log), &e), &e);
	checkpoint_witness_make(name, identity_public(m->witness));
	made(note_key_make(&m->witness_key, name, NOTE_COSIGNATURE, identity_public(m->witness), &e), &e);
	m->reader = (struct merkle_reader){ .read = made_read, .ctx = m };
	made(made_entries(m, 0, size, made_leaf, m, &e), &e);
	made_checkpoint(m, size, &m->note);
	m->source = (struct export_source){ .note = buf_text(&m->note), .note_len = m->note.len, .hashes = &m->reader, .entries = made_entries, .ctx = m };
}

static inline void made_done(struct made_log *m)
{
	for (unsigned level = 0; level < MERKLE_LEVELS; level++)
		free(m->levels[level]);
	identity_free(m->log);
	identity_free(m->witness);
	buf_done(&m->note);
}

/* A policy that wants this log and this witness. */
static inline void made_policy_text(const struct made_log *m, struct buf *text)
{
	struct err e = { 0 };
	made(buf_add_text(text, "log ", &e), &e);
	made(note_key_text(&m->log_key, text, &e), &e);
	made(buf_add_text(text, "\nwitness w1 ", &e), &e);
	made(note_key_text(&m->witness_key, text, &e), &e);
	made(buf_add_text(text, "\nquorum w1\n", &e), &e);
}

static inline struct tlog_policy *made_policy(const struct made_log *m)
{
	struct err e = { 0 };
	struct tlog_policy *p = NULL;
	struct buf text = BUF_INIT(TLOG_POLICY_BYTES);
	made_policy_text(m, &text);
	made(tlog_policy_parse(&p, buf_text(&text), text.len, &e), &e);
	buf_done(&text);
	return p;
}

/* The proof file of an entry, which is in it. */
static inline void made_proof(const struct made_log *m, uint64_t index, struct buf *out)
{
	struct err e = { 0 };
	struct merkle_proof proof;
	uint8_t *entry = malloc(m->longest + 1);
	if (!entry)
		abort();
	size_t n = made_entry(m, index, entry);
	made(merkle_inclusion_prove(&m->reader, index, m->size, &proof, &e), &e);
	made(tlog_proof_write(out, entry, n, index, &proof, buf_text(&m->note), m->note.len, &e), &e);
	free(entry);
}

#endif
