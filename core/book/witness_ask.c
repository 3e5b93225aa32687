/* The asking side: the request that a witness gets, and what becomes of its answer. An answer does not say for which size it is: it is tried on every checkpoint
 * that this book has signed, newest first. A line goes into the book only after its signature has been verified.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "book/witness.h"

int witness_request(struct book *b, uint64_t from, struct buf *out, struct err *e)
{
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct merkle_proof proof = { .n = 0 };
	struct checkpoint c;
	struct note n;
	char line[BASE64_LEN(MERKLE_HASH) + 1];
	int r = -1;
	if (book_checkpoint(b, &note, e) < 0 || checkpoint_read(&c, &n, buf_text(&note), note.len, e) < 0)
		goto out;
	if (from > c.size) {
		err_set(e, ERR_USAGE, "this book has %llu entries, so no witness has seen %llu of it", (unsigned long long)c.size, (unsigned long long)from);
		goto out;
	}
	if (from > 0 && merkle_consistency_prove(book_reader(b), from, c.size, &proof, e) < 0)
		goto out;
	if (buf_addf(out, e, "old %llu\n", (unsigned long long)from) < 0)
		goto out;
	for (size_t i = 0; i < proof.n; i++) {
		base64_encode(line, proof.hashes[i].b, MERKLE_HASH);
		if (buf_addf(out, e, "%s\n", line) < 0)
			goto out;
	}
	r = buf_add(out, "\n", 1, e) < 0 ? -1 : buf_add(out, note.data, note.len, e);
out:
	buf_done(&note);
	return r;
}

/* One line of an answer, and the key by which it can be judged. */
struct answer { const char *line; size_t len; struct note_key key; bool known, have; uint64_t size; };	/* size, have: of the checkpoint it fits */

static bool key_of_policy(struct note_key *out, const struct tlog_policy *p, const struct note_sig *sig)
{
	for (size_t i = 0; p && i < tlog_policy_witnesses(p); i++) {
		const struct note_key *k = tlog_policy_witness(p, i, NULL);
		if (memcmp(k->id, sig->id, sizeof k->id) == 0 && strcmp(k->name, sig->name) == 0) {
			*out = *k;
			return true;
		}
	}
	return false;
}

/* A name that carries a key is judged by it whatever the key id says: a changed id must not turn a bad line into an unknown one. */
static bool key_of(struct note_key *out, const struct tlog_policy *p, const struct note_sig *sig)
{
	return key_of_policy(out, p, sig) || checkpoint_name_key(out, sig->name, NOTE_COSIGNATURE);
}

/* The text of a checkpoint with this one line under it, as a note of its own. */
static int single_make(struct buf *out, const struct note *n, const char *line, size_t len, struct err *e)
{
	buf_clear(out);
	if (buf_add(out, n->text, n->text_len, e) < 0 || buf_add(out, "\n", 1, e) < 0)
		return -1;
	return buf_add(out, line, len, e);
}

/* 1: it holds for this checkpoint, 0: it does not, -1. */
static int line_holds(const struct note *n, const struct answer *a, struct err *e)
{
	struct buf bytes = BUF_INIT(LIMIT_NOTE_BYTES);
	struct note single;
	size_t good = 0;
	int r = -1;
	if (single_make(&bytes, n, a->line, a->len, e) == 0)
		r = note_parse(&single, (const char *)bytes.data, bytes.len, NULL) == 0 && note_verify(&single, &a->key, 1, &good, NULL) == 0 && good == 1;
	buf_done(&bytes);
	return r;
}

/* A walk over the checkpoints that this book has signed, newest first: 1 when there is another, 0, -1. note is made empty first. */
static int checkpoint_next(struct book *b, uint64_t below, struct buf *note, struct note *n, uint64_t *size, struct err *e)
{
	struct err why = { .code = ERR_NONE };
	struct checkpoint c;
	buf_clear(note);
	if (book_checkpoint_before(b, below, note, size, &why) < 0) {
		if (why.code != ERR_NOT_FOUND && e)
			*e = why;
		return why.code == ERR_NOT_FOUND ? 0 : -1;
	}
	return checkpoint_read(&c, n, buf_text(note), note->len, e) < 0 ? -1 : 1;
}

static bool note_has(const struct note *n, const struct buf *note, const struct answer *a)
{
	const char *sigs = n->text + n->text_len;
	return memmem(sigs, note->len - (size_t)(sigs - (const char *)note->data), a->line, a->len) != NULL;
}

/* Finds the checkpoint that a line was made for, and whether the line is there already. */
static int answer_place(struct book *b, struct answer *a, struct err *e)
{
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct note n;
	int r, holds = 0;
	for (uint64_t below = INT64_MAX; (r = checkpoint_next(b, below, &note, &n, &a->size, e)) == 1; below = a->size)
		if ((holds = line_holds(&n, a, e)) != 0)
			break;
	a->have = r == 1 && holds == 1 && note_has(&n, &note, a);
	buf_done(&note);
	if (r < 0 || holds < 0)
		return -1;
	return r == 1 ? 0 : err_set(e, ERR_INVALID, "the signature of %s fits no checkpoint that this book has signed: it is forged, damaged, "
		"or for another book", a->key.name);
}

/* The lines as the signatures of a note: the parser of notes is the only judge of how a line is spelled. */
static int answers_parse(struct answer *answers, size_t *n, const struct tlog_policy *p, const char *lines, size_t len, struct err *e)
{
	struct buf bytes = BUF_INIT(LIMIT_NOTE_BYTES);
	struct note note;
	size_t known = 0;
	int r = -1;
	*n = 0;
	if (buf_add_text(&bytes, "-\n\n", e) < 0 || buf_add(&bytes, lines, len, e) < 0 || note_parse(&note, (const char *)bytes.data, bytes.len, e) < 0) {
		err_wrap(e, "a witness's answer is signature lines");
		goto out;
	}
	if (note.text_len != 2) {
		err_set(e, ERR_INVALID, "a witness's answer is signature lines only, without a text before them");
		goto out;
	}
	for (const char *at = lines; *n < note.n_sigs; at += answers[(*n)++].len) {
		const char *lf = memchr(at, '\n', len - (size_t)(at - lines));
		answers[*n] = (struct answer){ .line = at, .len = (size_t)(lf - at) + 1 };
		known += answers[*n].known = key_of(&answers[*n].key, p, &note.sigs[*n]);
	}
	if (known == 0) {
		err_set(e, ERR_DENIED, "nobody here can judge a signature of %s: its name carries no key, and the policy does not list it", note.sigs[0].name);
		err_hint(e, "put the witness into the policy: enclua book witness policy FILE");
		goto out;
	}
	r = 0;
out:
	buf_done(&bytes);
	return r;
}

int witness_add(struct book *b, const struct tlog_policy *policy, const char *lines, size_t len, size_t *added, uint64_t *size, struct err *e)
{
	struct answer *answers = calloc(NOTE_SIGNATURES, sizeof *answers);
	size_t n = 0;
	int r = -1;
	*added = 0;
	*size = 0;
	if (!answers) {
		err_set(e, ERR_LIMIT, "out of memory");
		goto out;
	}
	if (answers_parse(answers, &n, policy, lines, len, e) < 0)
		goto out;
	for (size_t i = 0; i < n; i++)	/* all of them before the first is kept: a bad one refuses the answer */
		if (answers[i].known && answer_place(b, &answers[i], e) < 0)
			goto out;
	for (size_t i = 0; i < n; i++) {
		if (!answers[i].known)
			continue;
		if (!answers[i].have && book_cosign_add(b, answers[i].size, answers[i].line, answers[i].len, e) < 0)
			goto out;
		*added += !answers[i].have;
		*size = answers[i].size > *size ? answers[i].size : *size;
	}
	r = 0;
out:
	free(answers);
	return r;
}
