/* A receipt from the book: which entries a task's story rests on (form/receipt.h), each with its proof in one checkpoint. What it asks of the book is where the entries
 * are; what they must say to one another, receipt_write checks.
 */
#include <stdlib.h>
#include <string.h>

#include "form/receipt.h"
#include "host/host_inner.h"

struct carried {
	struct book *book;
	uint64_t at[RECEIPT_ENTRIES];
	size_t n;
	bool keys;	/* the request says that a run needs keys */
	struct entry en;	/* the entry that was read last, and its bytes */
	struct buf bytes;
};

static const uint8_t none[32];

static int carry(struct carried *c, uint64_t index, struct err *e)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->at[i] == index)
			return 0;
	if (c->n == RECEIPT_ENTRIES)
		return err_set(e, ERR_LIMIT, "the task rests on more than %u entries, more than a receipt carries", RECEIPT_ENTRIES);
	c->at[c->n++] = index;
	return 0;
}

/* Carries the entry and reads it into c->en. */
static int carry_read(struct carried *c, uint64_t index, struct err *e)
{
	buf_clear(&c->bytes);
	if (carry(c, index, e) < 0 || book_entry(c->book, index, &c->bytes, e) < 0)
		return -1;
	return entry_decode(&c->en, c->bytes.data, c->bytes.len, NULL, e);
}

/* The entry that made this record. */
static int carry_made(struct carried *c, unsigned kind, const char *a, const char *b, struct err *e)
{
	uint64_t made;
	int is = book_record_made(c->book, kind, a, b, &made, e);
	if (is <= 0)
		return is < 0 ? -1 : err_set(e, ERR_INVALID, "the book's tables do not say where %s was made", a);
	return carry_read(c, made, e);
}

/* Who is not known, or came in after `before`, is left out. */
static int carry_identity(struct carried *c, const uint8_t key[static 32], uint64_t before, struct err *e)
{
	struct store_identity known;
	int is = store_identity_find(book_store(c->book), key, &known, e);
	return is <= 0 ? is : (uint64_t)known.seq < before ? carry(c, (uint64_t)known.seq, e) : 0;
}

/* Assets. Of each owner the last transfer is the one that counts, so the way from who registered it to who offered it has no turns. */

struct hop { const uint8_t *from; uint64_t after, before; bool found; uint64_t at; uint8_t to[32]; };
static int hop_find(void *ctx, const struct book_record *r, struct err *e)
{
	struct hop *h = ctx;
	if (r->len != 64)
		return err_set(e, ERR_INVALID, "the book's record of a transfer of %s is corrupt", r->a);
	if (r->made <= h->after || r->made >= h->before || memcmp(r->bytes, h->from, 32) != 0)
		return 0;
	h->found = true;	/* oldest first: the last one stays */
	h->at = r->made;
	memcpy(h->to, (const uint8_t *)r->bytes + 32, 32);
	return 0;
}

static int carry_asset(struct carried *c, const char *id, const uint8_t owner[static 32], uint64_t before, struct err *e)
{
	uint8_t who[32];
	uint64_t at;
	if (carry_made(c, MARKET_ROW_ASSET, id, "", e) < 0)
		return -1;
	memcpy(who, c->en.by, 32);
	if (book_record_made(c->book, MARKET_ROW_ASSET, id, "", &at, e) < 0)
		return -1;
	while (memcmp(who, owner, 32) != 0) {
		struct hop h = { .from = who, .after = at, .before = before };
		if (book_records(c->book, HOST_TRANSFER, id, -1, hop_find, &h, e) < 0)
			return -1;
		if (!h.found)
			return err_set(e, ERR_INVALID, "the book's tables do not say how %s got its owner", id);
		if (carry(c, h.at, e) < 0)
			return -1;
		at = h.at;
		memcpy(who, h.to, 32);
	}
	return 0;
}

/* An order, the asset that it offers, and who offers it. */
static int carry_order(struct carried *c, const char *order, uint64_t match, struct err *e)
{
	char asset[ID_TEXT];
	uint8_t by[32];
	if (carry_made(c, MARKET_ROW_ORDER, order, "", e) < 0)
		return -1;
	const char *offered = c->en.type == ENTRY_ORDER_APP_TYPE ? c->en.order_app.app : c->en.type == ENTRY_ORDER_DATA_TYPE ? c->en.order_data.data
		: c->en.order_pool.pool;
	memcpy(asset, offered, ID_TEXT);
	memcpy(by, c->en.by, 32);
	return carry_identity(c, by, match, e) < 0 ? -1 : carry_asset(c, asset, by, match, e);
}

static int carry_request(struct carried *c, const char *order, uint64_t match, struct err *e)
{
	struct entry_order_request q;
	uint8_t by[32];
	char payer[MARKET_NAME];
	uint64_t at;
	int is = book_record_made(c->book, MARKET_ROW_ORDER, order, "", &at, e);
	if (is <= 0 || carry_read(c, at, e) < 0)
		return is == 0 ? err_set(e, ERR_INVALID, "the book's tables lack the request %s", order) : -1;
	q = c->en.order_request;
	c->keys |= q.data[0] || q.own_data.n || q.bulk.n || q.secret.n;
	memcpy(by, c->en.by, 32);
	if (carry_identity(c, by, at, e) < 0 || (memcmp(q.beneficiary, none, 32) != 0 && carry_identity(c, q.beneficiary, at, e) < 0))
		return -1;
	if (memcmp(q.payer, none, 32) != 0 && memcmp(q.payer, by, 32) != 0) {
		host_name_identity(payer, q.payer);
		if (carry_made(c, HOST_SPONSOR, order, payer, e) < 0 || carry_identity(c, q.payer, match, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < q.own_data.n; i++)	/* his when he asked, and when the deal was made */
		if (carry_asset(c, q.own_data.at[i], by, at, e) < 0 || carry_asset(c, q.own_data.at[i], by, match, e) < 0)
			return -1;
	return 0;
}

static int carry_deal(struct carried *c, const char *deal, struct err *e)
{
	uint64_t match;
	int is = book_record_made(c->book, MARKET_ROW_DEAL, deal, "", &match, e);
	if (is <= 0 || carry_read(c, match, e) < 0)
		return is == 0 ? err_set(e, ERR_INVALID, "the book's tables lack the deal %s", deal) : -1;
	const struct entry_deal_match d = c->en.deal_match;
	if (carry_order(c, d.app, match, e) < 0 || (d.data[0] && carry_order(c, d.data, match, e) < 0) || carry_order(c, d.pool, match, e) < 0)
		return -1;
	return carry_request(c, d.request, match, e);
}

/* Who signed the entry that was read last, as a keeper: appointed, and introduced before. */
static int carry_keeper(struct carried *c, struct err *e)
{
	uint8_t by[32];
	char keeper[MARKET_NAME];
	uint64_t at;
	memcpy(by, c->en.by, 32);
	host_name_identity(keeper, by);
	if (carry_made(c, HOST_KEEPER, keeper, "", e) < 0 || book_record_made(c->book, HOST_KEEPER, keeper, "", &at, e) < 0)
		return -1;
	return carry_identity(c, by, at, e);
}

/* What a policy decided of a grant, after and before which entries, and for whom (NULL: anybody). */
struct decided { const char *scope, *grant, *task; uint64_t after, before; const uint8_t *worker; };

static int entry_read(struct carried *c, uint64_t index, struct err *e)
{
	buf_clear(&c->bytes);
	return book_entry(c->book, index, &c->bytes, e) < 0 ? -1 : entry_decode(&c->en, c->bytes.data, c->bytes.len, NULL, e);
}

static bool decided_is(const struct entry *en, const struct decided *d, const char *request)
{
	const struct entry_policy_decision *f = &en->policy_decision;
	return en->type == ENTRY_POLICY_DECISION_TYPE && entry_text_is(&f->scope, d->scope) && strcmp(f->grant, d->grant) == 0 && strcmp(f->request, request) == 0 &&
		strcmp(f->task, d->task) == 0 && (!d->worker || memcmp(f->worker, none, 32) == 0 || memcmp(f->worker, d->worker, 32) == 0);
}

/* The row has the latest; when that came too late, or is about another worker, the one before is looked for in the book itself. There may be none. */
static int carry_decision(struct carried *c, const struct decided *d, const char *request, struct err *e)
{
	char policy[ID_TEXT];
	uint64_t at;
	bool permits;
	int is = host_decision(c->book, d->grant, request, d->task, d->scope, &at, &permits, e);
	if (is <= 0)
		return is;
	for (at = at < d->before ? at : d->before - 1; at > d->after; at--) {
		if (entry_read(c, at, e) < 0)
			return -1;
		if (!decided_is(&c->en, d, request))
			continue;
		memcpy(policy, c->en.policy_decision.policy, ID_TEXT);
		if (carry(c, at, e) < 0 || carry_keeper(c, e) < 0)
			return -1;
		return carry_made(c, HOST_POLICY, policy, "", e);
	}
	return 0;
}

/* One of many: the grant, and whose data it is. */
static int carry_many(struct carried *c, const char *order, uint64_t release, struct err *e)
{
	char data[ID_TEXT];
	uint8_t by[32];
	if (carry_made(c, MARKET_ROW_ORDER, order, "", e) < 0)
		return -1;
	memcpy(data, c->en.order_data.data, ID_TEXT);
	memcpy(by, c->en.by, 32);
	return carry_asset(c, data, by, release, e);
}

/* That there was a keeper, for a run that none of them released keys to: receipt_write then refuses it, by the words that a reader of such a file would hear. */
static int keeper_find(void *ctx, const struct book_record *r, struct err *e)
{
	(void)e;
	*(uint64_t *)ctx = r->made;
	return 1;	/* the oldest */
}

static int carry_unreleased(struct carried *c, uint64_t run, struct err *e)
{
	uint64_t at = UINT64_MAX;
	if (book_records(c->book, HOST_KEEPER, NULL, -1, keeper_find, &at, e) < 0)
		return -1;
	return c->keys && at < run ? carry(c, at, e) : 0;
}

/* The release to this worker, whose run is entry `run`, and what the policies of its grants had decided. */
static int carry_release(struct carried *c, const struct store_task *t, const struct market_deal *deal, const char *data, const char *worker, uint64_t run,
	struct err *e)
{
	struct buf row = BUF_INIT(16);
	struct entry_key_release f;
	uint64_t at = 0;
	int is = book_record_get(c->book, HOST_RELEASE, t->id, worker, &row, e);
	if (is == 1 && row.len == sizeof at)
		memcpy(&at, row.data, sizeof at);
	buf_done(&row);
	if (is < 0)
		return -1;
	if (!is)
		return carry_unreleased(c, run, e);
	if (carry_read(c, at, e) < 0)
		return -1;
	f = c->en.key_release;
	if (carry_keeper(c, e) < 0)
		return -1;
	for (size_t i = 0; i < f.grant.n; i++) {
		const struct decided d = { "key_release", f.grant.at[i], t->id, (uint64_t)t->seq, at, f.worker };
		if ((strcmp(d.grant, data) != 0 && carry_many(c, d.grant, at, e) < 0) || carry_decision(c, &d, deal->request, e) < 0)
			return -1;
	}
	return 0;
}

/* What was decided when the deal was made; and of a task whose keys were refused, when they were. */
static int carry_decisions(struct carried *c, const struct store_task *t, const struct market_deal *deal, const char *data, bool refused, struct err *e)
{
	uint64_t asked, matched;
	if (!data[0])
		return 0;
	if (book_record_made(c->book, MARKET_ROW_ORDER, deal->request, "", &asked, e) < 0 || book_record_made(c->book, MARKET_ROW_DEAL, deal->id, "", &matched, e) < 0)
		return -1;
	const struct decided match = { "match", data, "", asked, matched, NULL },
		key = { "key_release", data, t->id, (uint64_t)t->seq, (uint64_t)t->finish_seq, NULL };
	return carry_decision(c, &match, deal->request, e) < 0 ? -1 : refused ? carry_decision(c, &key, deal->request, e) : 0;
}

/* How it ended, and who ran it. */
static int carry_end(struct carried *c, const struct store_task *t, const struct market_deal *deal, struct err *e)
{
	uint8_t by[32];
	char worker[MARKET_NAME], data[ID_TEXT];
	uint64_t assigned, run = (uint64_t)t->finish_seq;
	if (host_deal_data(c->book, deal->id, data, e) < 0 || carry_read(c, run, e) < 0)
		return -1;
	const bool refused = c->en.type == ENTRY_TASK_REFUSE_TYPE;
	if (refused || c->en.type == ENTRY_TASK_CLAIM_TYPE)
		return (refused && carry_keeper(c, e) < 0) ? -1 : carry_decisions(c, t, deal, data, refused, e);
	memcpy(by, c->en.type == ENTRY_TASK_FINALIZE_TYPE ? c->en.task_finalize.worker : c->en.by, 32);
	host_name_identity(worker, by);
	if (c->en.type == ENTRY_TASK_FINALIZE_TYPE && (carry_made(c, HOST_REVEAL, t->id, worker, e) < 0 ||
		book_record_made(c->book, HOST_REVEAL, t->id, worker, &run, e) < 0))
		return -1;
	if (carry_made(c, HOST_ASSIGN, t->id, worker, e) < 0 || book_record_made(c->book, HOST_ASSIGN, t->id, worker, &assigned, e) < 0 ||
		carry_identity(c, by, assigned, e) < 0)
		return -1;
	return carry_release(c, t, deal, data, worker, run, e) < 0 ? -1 : carry_decisions(c, t, deal, data, false, e);
}

static int by_index(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static int carried_find(struct carried *c, const struct store_task *t, struct err *e)
{
	struct market_task task;
	struct market_deal deal;
	if (host_task(c->book, t->id, &task, &deal, e) < 0)
		return err_wrap(e, "the book's tables");
	if (carry(c, 0, e) < 0 || carry_deal(c, task.deal, e) < 0 || carry(c, (uint64_t)t->seq, e) < 0 || carry_end(c, t, &deal, e) < 0)
		return -1;
	qsort(c->at, c->n, sizeof *c->at, by_index);
	return 0;
}

/* The checkpoint that says most: the newest that the policy accepts, if the task is in it, else the newest there is. */
static int checkpoint_choose(struct book *b, const struct store_task *t, const struct tlog_policy *p, struct buf *note, uint64_t *size, struct err *e)
{
	struct checkpoint c;
	struct note parsed;
	if (p && book_checkpoint_quorum(b, p, note, size, NULL) == 0 && *size > (uint64_t)t->finish_seq)
		return 0;
	buf_clear(note);
	if (book_checkpoint(b, note, e) < 0 || checkpoint_open(&c, &parsed, buf_text(note), note->len, NULL, e) < 0)
		return -1;
	*size = c.size;
	return 0;
}

/* The entries' bytes and proofs, and from them the file. */
static int carried_write(const struct carried *c, const struct buf *note, uint64_t size, struct buf *out, struct err *e)
{
	struct receipt_entry *entries = calloc(c->n, sizeof *entries);
	struct buf *bytes = calloc(c->n, sizeof *bytes);
	int r = -1;
	if (!entries || !bytes) {
		err_set(e, ERR_LIMIT, "out of memory");
		goto out;
	}
	for (size_t i = 0; i < c->n; i++) {
		bytes[i] = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
		if (book_entry(c->book, c->at[i], &bytes[i], e) < 0 || merkle_inclusion_prove(book_reader(c->book), c->at[i], size, &entries[i].proof, e) < 0)
			goto out;
		entries[i].index = c->at[i];
		entries[i].bytes = bytes[i].data;
		entries[i].len = bytes[i].len;
	}
	r = receipt_write(out, entries, c->n, buf_text(note), note->len, e);
out:
	for (size_t i = 0; bytes && i < c->n; i++)
		buf_done(&bytes[i]);
	free(bytes);
	free(entries);
	return r;
}

int host_receipt(struct book *b, const struct store_task *t, const struct tlog_policy *p, struct buf *out, struct err *e)
{
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct carried *c = NULL;
	uint64_t size = 0;
	int r = -1;
	if (t->finish_seq == 0) {
		err_set(e, ERR_CONFLICT, "task %s has not ended: there is no receipt yet", t->id);
		return err_hint(e, "enclua task show %s", t->id);
	}
	c = calloc(1, sizeof *c);
	if (!c)
		return err_set(e, ERR_LIMIT, "out of memory");
	c->book = b;
	c->bytes = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
	if (carried_find(c, t, e) == 0 && checkpoint_choose(b, t, p, &note, &size, e) == 0)
		r = carried_write(c, &note, size, out, e);
	buf_done(&c->bytes);
	buf_done(&note);
	free(c);
	return r;
}
