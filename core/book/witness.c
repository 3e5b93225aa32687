/* The countersigning side: reads a request strictly, holds its checkpoint against what was countersigned before, remembers the new one, and only then signs. It
 * never signs two histories of one book: of two requests at once, one finds the other's size and is told to ask again.
 */
#include "book/witness.h"

#include <string.h>

#include "base/text.h"

#define OLD "old "
#define PROOF_LINES 63u	/* C2SP tlog-witness */
#define HASH_BASE64 BASE64_LEN(MERKLE_HASH)

struct request { uint64_t old; struct merkle_proof proof; const char *note; size_t note_len; };	/* borrows from its bytes */

/* A decimal of one spelling that fits an SQL integer. */
static bool size_parse(uint64_t *out, const char *text, size_t len)
{
	uint64_t v = 0;
	if (len == 0 || len > 19 || (text[0] == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(text[i] - '0');
	}
	*out = v;
	return v <= INT64_MAX;
}

static int old_take(struct request *q, const char **at, const char *end, struct err *e)
{
	const size_t word = strlen(OLD);
	const char *lf = memchr(*at, '\n', (size_t)(end - *at));
	if (!lf || (size_t)(lf - *at) < word || memcmp(*at, OLD, word) != 0 || !size_parse(&q->old, *at + word, (size_t)(lf - *at) - word))
		return err_set(e, ERR_INVALID, "not a request to a witness: its first line is no \"" OLD "<size>\"");
	*at = lf + 1;
	return 0;
}

static int proof_take(struct request *q, const char **at, const char *end, struct err *e)
{
	while (*at < end && **at != '\n') {
		const char *lf = memchr(*at, '\n', (size_t)(end - *at));
		if (q->proof.n == PROOF_LINES)
			return err_set(e, ERR_INVALID, "the request's proof has more than %u lines", PROOF_LINES);
		if (!lf || (size_t)(lf - *at) != HASH_BASE64 ||
			base64_decode(q->proof.hashes[q->proof.n].b, MERKLE_HASH, *at, HASH_BASE64) != (ptrdiff_t)MERKLE_HASH)
			return err_set(e, ERR_INVALID, "line %zu of the request's proof is no hash in base64", q->proof.n + 1);
		q->proof.n++;
		*at = lf + 1;
	}
	if (*at == end)
		return err_set(e, ERR_INVALID, "the request ends before its checkpoint");
	(*at)++;
	return 0;
}

static int request_parse(struct request *q, const char *bytes, size_t len, struct err *e)
{
	const char *at = bytes, *end = bytes + len;
	memset(q, 0, sizeof *q);
	if (len > WITNESS_REQUEST_BYTES)
		return err_set(e, ERR_INVALID, "a request to a witness has at most %llu bytes", WITNESS_REQUEST_BYTES);
	if (old_take(q, &at, end, e) < 0 || proof_take(q, &at, end, e) < 0)
		return -1;
	q->note = at;
	q->note_len = (size_t)(end - at);
	return 0;
}

static bool key_same(const struct note_key *a, const struct note_key *b)
{
	return a->type == b->type && memcmp(a->public_key, b->public_key, sizeof a->public_key) == 0 && strcmp(a->name, b->name) == 0;
}

/* The one key by which this book may sign: remembered, carried by its origin, or given. Where two of them are known they are the same. */
static int key_choose(struct note_key *out, const char *origin, const struct note_key *log, const struct book_seen *seen, struct err *e)
{
	bool carried = checkpoint_name_key(out, origin, NOTE_ED25519);
	if (seen)
		*out = seen->log;
	else if (!carried && !log) {
		err_set(e, ERR_DENIED, "the book %s is not known here, and its origin carries no key", origin);
		return err_hint(e, "get its key from its operator, then: enclua book witness sign REQUEST --log KEY");
	} else if (!carried)
		*out = *log;
	if (log && strcmp(log->name, origin) != 0)
		return err_set(e, ERR_DENIED, "the request is of the book %s, and the key that was given is of %s", origin, log->name);
	if (log && !key_same(log, out))
		return err_set(e, ERR_DENIED, "the key that was given for %s is not the one %s", origin, seen ? "that this witness remembers" :
			"that the origin carries");
	return out->type == NOTE_ED25519 ? 0 : err_set(e, ERR_DENIED, "the key of a book is an Ed25519 key (type 1)");
}

/* Two signed statements that cannot both be true are the evidence, so both have to be kept. */
static int evidence_hint(struct err *e, const char *origin)
{
	return err_hint(e, "keep both as evidence, the request and what was countersigned before: enclua book witness seen %s", origin);
}

static void root_text(char out[static HASH_BASE64 + 1], const struct merkle_hash *root)
{
	base64_encode(out, root->b, MERKLE_HASH);
}

static int say_fork(const struct checkpoint *c, const struct book_seen *seen, const char *why, struct err *e)
{
	char is[HASH_BASE64 + 1], was[HASH_BASE64 + 1], at[24];
	root_text(is, &c->root);
	root_text(was, &seen->root);
	entry_time_text(at, seen->time);
	err_set(e, ERR_INVALID, "fork: %s now has %llu entries and root %s; %s, size %llu and root %s, countersigned at %s", c->origin,
		(unsigned long long)c->size, is, why, (unsigned long long)seen->size, was, at);
	return evidence_hint(e, c->origin);
}

static int say_rollback(const struct checkpoint *c, const struct book_seen *seen, struct err *e)
{
	char is[HASH_BASE64 + 1], was[HASH_BASE64 + 1], at[24];
	root_text(is, &c->root);
	root_text(was, &seen->root);
	entry_time_text(at, seen->time);
	err_set(e, ERR_INVALID, "rollback: %s now has %llu entries (root %s), and had %llu (root %s) when it was countersigned at %s; a book never gets shorter",
		c->origin, (unsigned long long)c->size, is, (unsigned long long)seen->size, was, at);
	return err_hint(e, "if the request is only an old file: enclua book witness request --from %llu; else keep it as evidence, with: "
		"enclua book witness seen %s", (unsigned long long)seen->size, c->origin);
}

/* Does this checkpoint contain all that was countersigned before? What contradicts it is named before a mere misunderstanding is. */
static int history_check(const struct request *q, const struct checkpoint *c, const struct book_seen *seen, struct err *e)
{
	struct merkle_hash empty;
	uint64_t had = seen ? seen->size : 0;
	merkle_empty(&empty);
	if (seen && c->size < seen->size)
		return say_rollback(c, seen, e);
	if (seen && c->size == seen->size && !merkle_equal(&c->root, &seen->root))
		return say_fork(c, seen, "at the same size it had another root", e);
	if (q->old > c->size)
		return err_set(e, ERR_INVALID, "the request starts from %llu entries, and its checkpoint has only %llu", (unsigned long long)q->old,
			(unsigned long long)c->size);
	if (q->old != had) {
		err_set(e, ERR_CONFLICT, "the request starts from %llu entries, and this witness countersigned %llu of %s last", (unsigned long long)q->old,
			(unsigned long long)had, c->origin);
		return err_hint(e, "ask again with: enclua book witness request --from %llu", (unsigned long long)had);
	}
	struct err why = { .code = ERR_NONE };
	if (merkle_consistency_verify(had, seen ? &seen->root : &empty, c->size, &c->root, &q->proof, &why) == 0)
		return 0;
	if (why.code != ERR_INVALID || !seen)
		return err_set(e, why.code, "the proof from %llu to %llu entries: %s", (unsigned long long)had, (unsigned long long)c->size, why.msg);
	return say_fork(c, seen, "the proof does not show that it contains what it had before", e);
}

/* The log's signature, by which the checkpoint can be shown again later. */
static int signature_keep(struct book_seen *next, const struct note *n, struct err *e)
{
	for (size_t i = 0; i < n->n_sigs; i++)
		if (n->sigs[i].len == sizeof next->signature && memcmp(n->sigs[i].id, next->log.id, sizeof next->log.id) == 0 &&
			strcmp(n->sigs[i].name, next->log.name) == 0) {
			memcpy(next->signature, n->sigs[i].sig, sizeof next->signature);
			return 0;
		}
	return err_set(e, ERR_DENIED, "the book %s has not signed its checkpoint", next->origin);
}

static int line_make(struct buf *out, const struct note *n, const struct identity *witness, int64_t time, struct err *e)
{
	char name[NOTE_NAME_BYTES + 1];
	checkpoint_witness_make(name, identity_public(witness));
	return note_cosign(out, n->text, n->text_len, name, witness, (uint64_t)time, e);
}

int witness_sign(struct store *s, const struct identity *witness, const struct note_key *log, const char *request, size_t len, int64_t now, struct buf *line,
	struct book_seen *seen, struct err *e)
{
	struct request q;
	struct note n;
	struct checkpoint c;
	struct book_seen before, next = { .size = 0 };
	if (request_parse(&q, request, len, e) < 0 || checkpoint_read(&c, &n, q.note, q.note_len, e) < 0)
		return -1;
	int known = book_seen_get(s, c.origin, &before, e);
	if (known < 0 || key_choose(&next.log, c.origin, log, known ? &before : NULL, e) < 0)
		return -1;
	if (checkpoint_open(&c, &n, q.note, q.note_len, &next.log, e) < 0 || history_check(&q, &c, known ? &before : NULL, e) < 0)
		return -1;
	memcpy(next.origin, c.origin, sizeof next.origin);
	next.size = c.size;
	next.root = c.root;
	next.time = known && before.time > now ? before.time : now;	/* a clock that was set back makes no later statement older */
	struct buf made = BUF_INIT(KIB(1));
	int r = -1;
	if (next.time < 0)
		err_set(e, ERR_INVALID, "the clock stands before 1970");
	else if (signature_keep(&next, &n, e) == 0 && line_make(&made, &n, witness, next.time, e) == 0 &&
		book_seen_put(s, &next, known ? before.size : 0, e) == 0)
		r = buf_add(line, made.data, made.len, e);
	buf_done(&made);
	if (r == 0 && seen)
		*seen = next;
	return r;
}

int witness_seen_note(const struct book_seen *seen, struct buf *out, struct err *e)
{
	struct checkpoint c = { .size = seen->size, .root = seen->root };
	uint8_t raw[sizeof seen->log.id + sizeof seen->signature];
	char base64[BASE64_LEN(sizeof raw) + 1];
	memcpy(c.origin, seen->origin, sizeof c.origin);
	memcpy(raw, seen->log.id, sizeof seen->log.id);
	memcpy(raw + sizeof seen->log.id, seen->signature, sizeof seen->signature);
	base64_encode(base64, raw, sizeof raw);
	if (checkpoint_write(&c, out, e) < 0)
		return -1;
	return buf_addf(out, e, "\n\xe2\x80\x94 %s %s\n", seen->origin, base64);
}
