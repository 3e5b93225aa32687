/* Receipts: written from entries and their proofs, and read back from a file. Both ways make the same checks and the same text: a file is accepted
 * only when it is, byte for byte, what would be written from what it holds. So the reader below need not be strict, and no bit is without meaning.
 */
#include "form/receipt.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "form/receipt_inner.h"

#define HASH_TEXT BASE64_LEN(MERKLE_HASH)

static_assert(RECEIPT_BYTES > RECEIPT_ENTRIES * (ENTRY_BYTES_MAX + MERKLE_PROOF * (HASH_TEXT + 1) + 64), "the largest receipt fits");

static struct receipt *receipt_new(size_t n, struct err *e)
{
	struct receipt *r = calloc(1, sizeof *r);
	struct receipt_item *items = r ? calloc(n, sizeof *items) : NULL;
	if (!items) {
		free(r);
		err_set(e, ERR_LIMIT, "no memory for a receipt of %zu entries", n);
		return NULL;
	}
	r->file.max = RECEIPT_BYTES;
	r->items = items;
	r->n = n;
	return r;
}

void receipt_free(struct receipt *r)
{
	if (!r)
		return;
	buf_done(&r->file);
	free(r->items);
	free(r);
}

static int item_prove(const struct receipt_entry *in, const struct checkpoint *c, struct err *e)
{
	struct merkle_hash leaf;
	if (in->index >= c->size)
		return err_set(e, ERR_INVALID, "the checkpoint has only %" PRIu64 " entries", c->size);
	merkle_leaf(&leaf, in->bytes, in->len);
	return merkle_inclusion_verify(&leaf, in->index, c->size, &in->proof, &c->root, e);
}

static int item_decode(struct receipt_item *it, struct err *e)
{
	enum id_kind kind;
	if (entry_decode(&it->en, it->in.bytes, it->in.len, &it->text_len, e) < 0)
		return -1;
	if (entry_id_kind(it->en.type, &kind))
		entry_id(it->id, kind, it->in.bytes, it->text_len);
	return 0;
}

static int item_check(struct receipt *r, size_t i, struct err *e)
{
	struct receipt_item *it = &r->items[i];
	if (i > 0 && it->in.index <= r->items[i - 1].in.index)
		return err_set(e, ERR_INVALID, "the entries are not in the order of the book");
	if (item_prove(&it->in, &r->checkpoint, e) < 0 || item_decode(it, e) < 0)
		return err_wrap(e, "entry %" PRIu64, it->in.index);
	return 0;
}

/* All but the signatures, which cost a hundred times as much as the rest: damage is found before them. Nothing is believed until signatures_check holds too. */
static int contents_check(struct receipt *r, struct err *e)
{
	struct note n;
	if (checkpoint_read(&r->checkpoint, &n, r->note, r->note_len, e) < 0)
		return err_wrap(e, "the checkpoint");
	for (size_t i = 0; i < r->n; i++)
		if (item_check(r, i, e) < 0)
			return -1;
	return receipt_story_check(r, e);
}

/* The book's own signature, by the key that its origin carries, and each actor's. */
static int signatures_check(struct receipt *r, struct err *e)
{
	struct entry en;
	if (tlog_policy_check(NULL, r->note, r->note_len, &r->checkpoint, &r->verdict, e) < 0)
		return err_wrap(e, "the checkpoint");
	for (size_t i = 0; i < r->n; i++)
		if (entry_open(&en, r->items[i].in.bytes, r->items[i].in.len, NULL, e) < 0)
			return err_wrap(e, "entry %" PRIu64, r->items[i].in.index);
	return 0;
}

/* Writing */

static int line_add(struct buf *out, const char *key, const struct entry_text *value, struct err *e)
{
	return buf_addf(out, e, "%s: %.*s\n", key, (int)value->len, value->at);
}

static int hash_add(struct buf *out, const char *key, const uint8_t hash[static 32], struct err *e)
{
	char hex[HEX_LEN(32) + 1];
	hex_encode(hex, hash, 32);
	return buf_addf(out, e, "%s: sha256:%s\n", key, hex);
}

/* Who let the keys go, and what the owners' policies said of that. */
static int keys_add(const struct receipt *r, struct buf *out, struct err *e)
{
	char keeper[IDENTITY_TEXT];
	if (r->release) {
		identity_text(keeper, r->release->en.by);
		if (buf_addf(out, e, "keeper: %s\n", keeper) < 0 || hash_add(out, "evidence", r->release->en.key_release.evidence, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < r->n; i++) {
		const struct entry_policy_decision *f = &r->items[i].en.policy_decision;
		if (r->items[i].en.type != ENTRY_POLICY_DECISION_TYPE || !entry_text_is(&f->scope, "key_release"))
			continue;
		for (size_t k = 0; k < r->n; k++) {
			const struct entry_text *h1 = &r->items[k].en.policy_register.h1;
			if (strcmp(r->items[k].id, f->policy) == 0 && buf_addf(out, e, "policy: %.*s %s %.*s\n", (int)f->effect.len, f->effect.at, f->policy, (int)h1->len,
				h1->at) < 0)
				return -1;
		}
	}
	return 0;
}

/* What the entries say, for people: each line follows from them. */
static int head_add(const struct receipt *r, struct buf *out, struct err *e)
{
	static const uint8_t none[32];
	const struct entry_app_register *app = &r->app->en.app_register;
	const struct receipt_end *x = &r->end;
	if (buf_addf(out, e, "enclua/receipt/v1\ntask: %s\napp: %.*s %.*s %.*s\n", r->task, (int)app->name.len, app->name.at, (int)app->version.len,
		app->version.at, (int)app->h1.len, app->h1.at) < 0 || line_add(out, "status", &x->outcome, e) < 0)
		return -1;
	if (memcmp(x->result, none, 32) != 0 && hash_add(out, "result", x->result, e) < 0)
		return -1;
	if ((x->by && hash_add(out, "measurement", x->measurement, e) < 0) || keys_add(r, out, e) < 0 || line_add(out, "assurance", &x->assurance, e) < 0)
		return -1;
	return buf_addf(out, e, "means: %s\nentries: %zu\n\n", receipt_means(r), r->n);
}

static int item_add(const struct receipt_entry *in, struct buf *out, struct err *e)
{
	char base64[HASH_TEXT + 1];
	if (buf_addf(out, e, "entry %" PRIu64 " %zu\n", in->index, in->len) < 0 || buf_add(out, in->bytes, in->len, e) < 0 ||
		buf_addf(out, e, "proof %zu\n", in->proof.n) < 0)
		return -1;
	for (size_t i = 0; i < in->proof.n; i++) {
		base64_encode(base64, in->proof.hashes[i].b, MERKLE_HASH);
		if (buf_addf(out, e, "%s\n", base64) < 0)
			return -1;
	}
	return 0;
}

static int receipt_text(const struct receipt *r, struct buf *out, struct err *e)
{
	if (head_add(r, out, e) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (item_add(&r->items[i].in, out, e) < 0)
			return -1;
	if (buf_add_text(out, "checkpoint\n", e) < 0)
		return -1;
	return buf_add(out, r->note, r->note_len, e);
}

static int count_check(size_t n, struct err *e)
{
	if (n == 0 || n > RECEIPT_ENTRIES)
		return err_set(e, ERR_INVALID, "a receipt has 1 to %u entries, this one %zu", RECEIPT_ENTRIES, n);
	return 0;
}

int receipt_write(struct buf *out, const struct receipt_entry *entries, size_t n, const char *note, size_t note_len, struct err *e)
{
	struct buf text = BUF_INIT(RECEIPT_BYTES);
	struct receipt *r = NULL;
	int done = -1;
	if (count_check(n, e) < 0 || !(r = receipt_new(n, e)))
		goto out;
	for (size_t i = 0; i < n; i++)
		r->items[i].in = entries[i];
	r->note = note;
	r->note_len = note_len;
	if (contents_check(r, e) < 0 || signatures_check(r, e) < 0 || receipt_text(r, &text, e) < 0) {
		err_wrap(e, "the receipt cannot be written");
		goto out;
	}
	done = buf_add(out, text.data, text.len, e);
out:
	buf_done(&text);
	receipt_free(r);
	return done;
}

/* Reading */

struct reader { const char *at, *end; };

static bool prefix_take(struct reader *in, const char *prefix)
{
	size_t n = strlen(prefix);
	if ((size_t)(in->end - in->at) < n || memcmp(in->at, prefix, n) != 0)
		return false;
	in->at += n;
	return true;
}

/* Digits, and the one character behind them. */
static bool number_take(struct reader *in, uint64_t *out, char behind)
{
	const char *first = in->at;
	for (*out = 0; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++) {
		if (*out > (ENTRY_NUMBER_MAX - 9) / 10)
			return false;
		*out = *out * 10 + (uint64_t)(*in->at - '0');
	}
	return in->at > first && in->at < in->end && *in->at++ == behind;
}

static bool hash_take(struct reader *in, struct merkle_hash *out)
{
	if ((size_t)(in->end - in->at) < HASH_TEXT + 1 || base64_decode(out->b, MERKLE_HASH, in->at, HASH_TEXT) != MERKLE_HASH)
		return false;
	in->at += HASH_TEXT;
	return *in->at++ == '\n';
}

/* "entry" has been taken. */
static bool item_take(struct reader *in, struct receipt_entry *out)
{
	uint64_t len, n;
	if (!number_take(in, &out->index, ' ') || !number_take(in, &len, '\n') || len > (uint64_t)(in->end - in->at))
		return false;
	out->bytes = (const uint8_t *)in->at;
	out->len = (size_t)len;
	in->at += len;
	if (!prefix_take(in, "proof ") || !number_take(in, &n, '\n') || n > MERKLE_PROOF)
		return false;
	out->proof.n = (size_t)n;
	for (size_t i = 0; i < n; i++)
		if (!hash_take(in, &out->proof.hashes[i]))
			return false;
	return true;
}

/* The head is not read, as it is made again, but for the number of entries: its last line. */
static int head_take(struct reader *in, uint64_t *n, struct err *e)
{
	static const char entries[] = "\nentries: ";
	if (!prefix_take(in, "enclua/receipt/v1\n"))
		return err_set(e, ERR_INVALID, "not a receipt: the first line is no enclua/receipt/v1");
	const char *line = memmem(in->at, (size_t)(in->end - in->at), entries, strlen(entries));
	if (!line)
		return err_set(e, ERR_INVALID, "a receipt that does not say how many entries it has");
	in->at = line + strlen(entries);
	if (!number_take(in, n, '\n') || !prefix_take(in, "\n"))
		return err_set(e, ERR_INVALID, "a receipt with a malformed head");
	return count_check((size_t)*n, e);
}

static int receipt_parse(struct receipt **out, const uint8_t *bytes, size_t len, struct err *e)
{
	uint64_t n;
	if (len > RECEIPT_BYTES)
		return err_set(e, ERR_LIMIT, "a receipt of %zu bytes is larger than %llu", len, RECEIPT_BYTES);
	struct reader in = { (const char *)bytes, (const char *)bytes + len };
	if (head_take(&in, &n, e) < 0)
		return -1;
	size_t items = (size_t)(in.at - (const char *)bytes);
	struct receipt *r = *out = receipt_new((size_t)n, e);
	if (!r || buf_add(&r->file, bytes, len, e) < 0)
		return -1;
	in = (struct reader){ (const char *)r->file.data + items, (const char *)r->file.data + len };
	for (size_t i = 0; i < n; i++)
		if (!prefix_take(&in, "entry ") || !item_take(&in, &r->items[i].in))
			return err_set(e, ERR_INVALID, "entry %zu of the receipt is malformed", i + 1);
	if (!prefix_take(&in, "checkpoint\n"))
		return err_set(e, ERR_INVALID, "the receipt has no checkpoint after %zu entries", r->n);
	r->note = in.at;
	r->note_len = (size_t)(in.end - in.at);
	return 0;
}

/* A receipt has one spelling: what would be written. */
static int spelling_check(const struct receipt *r, struct err *e)
{
	struct buf text = BUF_INIT(RECEIPT_BYTES);
	size_t same = 0, line = 1;
	int done = receipt_text(r, &text, e);
	if (done == 0 && (text.len != r->file.len || memcmp(text.data, r->file.data, text.len) != 0)) {
		for (; same < text.len && same < r->file.len && text.data[same] == r->file.data[same]; same++)
			line += text.data[same] == '\n';
		done = err_set(e, ERR_INVALID, "line %zu of the receipt is not what follows from its entries", line);
	}
	buf_done(&text);
	return done;
}

/* Whether a line under a checkpoint that was accepted has been checked: its name carries its key, or the policy lists it. */
static bool line_checked(const struct note_sig *line, const struct tlog_policy *policy, const char *origin)
{
	struct note_key carried;
	if (checkpoint_name_key(&carried, line->name, NOTE_ED25519))
		return true;
	const struct note_key *log = policy ? tlog_policy_log(policy, origin) : NULL;
	if (log && note_sig_is_of(line, log))
		return true;
	for (size_t i = 0; policy && i < tlog_policy_witnesses(policy); i++)
		if (note_sig_is_of(line, tlog_policy_witness(policy, i, NULL)))
			return true;
	return false;
}

/* Who vouches for the checkpoint, and that nothing in it goes unchecked. */
static int trust_check(struct receipt *r, const struct tlog_policy *policy, struct err *e)
{
	struct note n;
	if (policy && tlog_policy_check(policy, r->note, r->note_len, &r->checkpoint, &r->verdict, e) < 0)
		return err_wrap(e, "the checkpoint");
	if (note_parse(&n, r->note, r->note_len, e) < 0)
		return -1;
	for (size_t i = 0; i < n.n_sigs; i++)
		if (!line_checked(&n.sigs[i], policy, r->checkpoint.origin)) {
			err_set(e, ERR_INVALID, "the signature of %s under the checkpoint cannot be checked: its key is not known", n.sigs[i].name);
			return err_hint(e, "give a policy that lists it as a witness: enclua verify --policy FILE");
		}
	return 0;
}

int receipt_open(struct receipt **out, const uint8_t *bytes, size_t len, const struct tlog_policy *policy, struct err *e)
{
	struct receipt *r = NULL;
	if (receipt_parse(&r, bytes, len, e) < 0 || contents_check(r, e) < 0 || spelling_check(r, e) < 0 || signatures_check(r, e) < 0 ||
		trust_check(r, policy, e) < 0) {
		receipt_free(r);
		return -1;
	}
	*out = r;
	return 0;
}

const struct checkpoint *receipt_checkpoint(const struct receipt *r)
{
	return &r->checkpoint;
}

const struct tlog_verdict *receipt_verdict(const struct receipt *r)
{
	return &r->verdict;
}

size_t receipt_count(const struct receipt *r)
{
	return r->n;
}

const struct entry *receipt_at(const struct receipt *r, size_t i, uint64_t *index)
{
	assert(i < r->n);
	if (index)
		*index = r->items[i].in.index;
	return &r->items[i].en;
}

const char *receipt_id(const struct receipt *r, size_t i)
{
	assert(i < r->n);
	return r->items[i].id;
}

const struct entry *receipt_find(const struct receipt *r, enum entry_type t)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->items[i].en.type == t)
			return &r->items[i].en;
	return NULL;
}

const char *receipt_task(const struct receipt *r)
{
	return r->task;
}

const struct entry *receipt_release(const struct receipt *r, uint64_t *index)
{
	if (r->release && index)
		*index = r->release->in.index;
	return r->release ? &r->release->en : NULL;
}

const struct receipt_end *receipt_end(const struct receipt *r)
{
	return &r->end;
}

const char *receipt_means(const struct receipt *r)
{
	if (r->last->en.type == ENTRY_TASK_REFUSE_TYPE)
		return "nothing is promised: there was no run, as a keeper refused the keys; the payer has the money back";
	return r->end.by ? assurance_text(&r->end.assurance) : "nothing is promised: nobody finished it in time, and the payer has the money back";
}
