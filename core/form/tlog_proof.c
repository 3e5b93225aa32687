/* Proof files of C2SP tlog-proof: one entry's way to a checkpoint, as text. What "extra" holds is its reader's business; here it is only bytes, and proves
 * nothing.
 */
#include "form/tlog_proof.h"

#include <string.h>

#include "base/text.h"

#define HEAD "c2sp.org/tlog-proof@v1"
#define EXTRA "extra "
#define INDEX "index "
#define HASH_CHARS BASE64_LEN(MERKLE_HASH)

static_assert(TLOG_PROOF_BYTES > BASE64_LEN(KIB(64)) + CHECKPOINT_NOTE_MAX + MERKLE_PROOF * (HASH_CHARS + 1) + 64, "the largest entry and checkpoint");

int tlog_hashes_write(struct buf *out, const struct merkle_proof *p, struct err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		char text[HASH_CHARS + 1];
		base64_encode(text, p->hashes[i].b, MERKLE_HASH);
		if (buf_addf(out, e, "%s\n", text) < 0)
			return -1;
	}
	return buf_add(out, "\n", 1, e);
}

static bool line_take(const char **at, const char *end, const char **line, size_t *len)
{
	const char *lf = memchr(*at, '\n', (size_t)(end - *at));
	if (!lf)
		return false;
	*line = *at;
	*len = (size_t)(lf - *at);
	*at = lf + 1;
	return true;
}

/* Lines from *at up to the empty line that ends them, and that too. */
static int hashes_read(struct merkle_proof *out, const char **at, const char *end, struct err *e)
{
	const char *line;
	size_t len;
	for (out->n = 0; ; out->n++) {
		if (!line_take(at, end, &line, &len))
			return err_set(e, ERR_INVALID, "the proof is cut off among its hashes");
		if (len == 0)
			return 0;
		if (out->n == MERKLE_LEVELS)
			return err_set(e, ERR_INVALID, "the proof has more than %u hashes: no tree is so high", MERKLE_LEVELS);
		if (len != HASH_CHARS || base64_decode(out->hashes[out->n].b, MERKLE_HASH, line, len) != MERKLE_HASH)
			return err_set(e, ERR_INVALID, "hash %zu of the proof is not the base64 of %u bytes", out->n + 1, MERKLE_HASH);
	}
}

static int extra_write(struct buf *out, const void *extra, size_t len, struct err *e)
{
	if (len == 0)
		return 0;
	if (buf_add_text(out, EXTRA, e) < 0 || buf_reserve(out, BASE64_LEN(len) + 1, e) < 0)
		return -1;
	base64_encode((char *)out->data + out->len, extra, len);
	out->len += BASE64_LEN(len);
	return buf_add(out, "\n", 1, e);
}

int tlog_proof_write(struct buf *out, const void *extra, size_t extra_len, uint64_t index, const struct merkle_proof *proof, const char *note,
	size_t note_len, struct err *e)
{
	if (index > INT64_MAX || proof->n > MERKLE_LEVELS || note_len == 0 || note_len > CHECKPOINT_NOTE_MAX)
		return err_set(e, ERR_USAGE, "a proof has an index below 2^%u, at most %u hashes, and a checkpoint", MERKLE_LEVELS, MERKLE_LEVELS);
	if (buf_add_text(out, HEAD "\n", e) < 0 || extra_write(out, extra, extra_len, e) < 0 ||
		buf_addf(out, e, INDEX "%llu\n", (unsigned long long)index) < 0 || tlog_hashes_write(out, proof, e) < 0)
		return -1;
	return buf_add(out, note, note_len, e);
}

/* The rest of a line that begins with these words, or NULL. */
static const char *after(const char *words, const char *line, size_t *len)
{
	const size_t n = strlen(words);
	if (*len < n || memcmp(line, words, n) != 0)
		return NULL;
	*len -= n;
	return line + n;
}

static int extra_read(struct buf *out, const char *text, size_t len, struct err *e)
{
	if (buf_reserve(out, len / 4 * 3, e) < 0)
		return -1;
	ptrdiff_t n = base64_decode(out->data, len / 4 * 3, text, len);
	if (n <= 0)
		return err_set(e, ERR_INVALID, "the proof's line \"extra\" is not base64");
	out->len = (size_t)n;
	return 0;
}

static int proof_read(struct tlog_proof *out, const char *at, const char *end, struct err *e)
{
	const char *line, *rest;
	size_t len;
	if (!line_take(&at, end, &line, &len) || len != strlen(HEAD) || memcmp(line, HEAD, len) != 0)
		return err_set(e, ERR_INVALID, "not a proof: its first line is not %s", HEAD);
	if (!line_take(&at, end, &line, &len))
		return err_set(e, ERR_INVALID, "the proof is cut off");
	if ((rest = after(EXTRA, line, &len))) {
		if (extra_read(&out->extra, rest, len, e) < 0)
			return -1;
		if (!line_take(&at, end, &line, &len))
			return err_set(e, ERR_INVALID, "the proof is cut off");
	}
	if (!(rest = after(INDEX, line, &len)) || !checkpoint_number_parse(&out->index, rest, len))
		return err_set(e, ERR_INVALID, "the proof names no index: a line \"index\" with a decimal number is missing");
	if (hashes_read(&out->proof, &at, end, e) < 0)
		return -1;
	out->note = at;
	out->note_len = (size_t)(end - at);
	if (out->note_len == 0)
		return err_set(e, ERR_INVALID, "the proof is cut off: no checkpoint follows its hashes");
	if (out->note_len > CHECKPOINT_NOTE_MAX)
		return err_set(e, ERR_LIMIT, "the proof's checkpoint of %zu bytes is larger than %llu", out->note_len, CHECKPOINT_NOTE_MAX);
	return 0;
}

int tlog_proof_parse(struct tlog_proof *out, const char *bytes, size_t len, struct err *e)
{
	if (len > TLOG_PROOF_BYTES)
		return err_set(e, ERR_LIMIT, "a proof of %zu bytes is larger than %llu", len, TLOG_PROOF_BYTES);
	memset(out, 0, sizeof *out);
	out->extra.max = TLOG_PROOF_BYTES;
	if (proof_read(out, bytes, bytes + len, e) == 0)
		return 0;
	tlog_proof_done(out);
	return -1;
}

void tlog_proof_done(struct tlog_proof *p)
{
	buf_done(&p->extra);
}

int tlog_proof_verify(const struct tlog_proof *p, const void *entry, size_t n, const struct tlog_policy *policy, struct checkpoint *c,
	struct tlog_verdict *v, struct err *e)
{
	struct merkle_hash leaf;
	if (tlog_policy_check(policy, p->note, p->note_len, c, v, e) < 0)
		return -1;
	merkle_leaf(&leaf, entry, n);
	return merkle_inclusion_verify(&leaf, p->index, c->size, &p->proof, &c->root, e);
}
