/* From a decision back to its question. The book's own tables are those of now; a question is about the book as it was. */
#include "policy_past.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/question.h"
#include "host/replica.h"

#define KEPT 8u	/* archives at hand: decisions of a book are about few iApps and fewer policies */

struct found { uint64_t as_of, index; };

struct kept { char id[ID_TEXT]; struct iapp *archive; };

struct looking {
	struct trade *t;
	const struct past_filter *x;
	struct found *at;
	size_t n, max;
	struct entry *en;
	struct buf bytes;	/* that en borrows */

	struct book *replica;
	struct kept apps[KEPT], policies[KEPT];
	size_t n_apps, n_policies;	/* ever: the oldest gives way */
};

/* What is there */

static bool wanted(const struct past_filter *x, uint64_t index, const struct entry_policy_decision *f)
{
	return (!x->one || x->index == index) && (!x->policy || !strcmp(x->policy, f->policy)) && (!x->task || !strcmp(x->task, f->task)) &&
		(!x->request || !strcmp(x->request, f->request));
}

static int look(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	static const char word[] = "policy.decision";
	struct looking *l = ctx;
	size_t text_len;
	if (!memmem(bytes, len < 128 ? len : 128, word, sizeof word - 1))	/* the type stands in the first line: most entries need not be read */
		return 0;
	if (entry_decode(l->en, bytes, len, &text_len, e) < 0)
		return err_wrap(e, "entry %" PRIu64, index);
	if (l->en->type != ENTRY_POLICY_DECISION_TYPE || !wanted(l->x, index, &l->en->policy_decision))
		return 0;
	if (l->n == l->max) {
		size_t max = l->max ? 2 * l->max : 256;
		struct found *at = reallocarray(l->at, max, sizeof *at);
		if (!at)
			return err_set(e, ERR_LIMIT, "out of memory");
		l->at = at;
		l->max = max;
	}
	l->at[l->n++] = (struct found){ l->en->policy_decision.as_of, index };
	return 0;
}

static int found_compare(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	if (x->as_of != y->as_of)
		return x->as_of < y->as_of ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Archives */

int past_app(struct book *b, const char *app, struct iapp **out, struct err *e)
{
	struct store_app row;
	struct buf bytes = BUF_INIT(LIMIT_IAPP_BYTES);
	int r = store_app_find(book_store(b), app, &row, e);
	const struct iapp_expect expect = { .sha256 = row.blob, .h1 = row.h1 };
	if (r == 0)
		r = store_blob_read(book_store(b), row.blob, &bytes, e) < 0 || iapp_open(out, bytes.data, bytes.len, &expect, e) < 0 ? -1 : 0;
	buf_done(&bytes);
	return r;
}

static int policy_of(struct book *b, const char *policy, struct iapp **out, struct err *e)
{
	struct host_policy row;
	return host_policy_find(b, policy, &row, e) < 0 ? -1 : policy_archive(b, &row, out, e);
}

static int keep(struct book *b, struct kept *kept, size_t *n, const char *id, int (*open)(struct book *, const char *, struct iapp **, struct err *),
	const struct iapp **out, struct err *e)
{
	struct iapp *archive = NULL;
	for (size_t i = 0; i < KEPT; i++)
		if (kept[i].archive && !strcmp(kept[i].id, id)) {
			*out = kept[i].archive;
			return 0;
		}
	if (open(b, id, &archive, e) < 0)
		return -1;
	struct kept *k = &kept[(*n)++ % KEPT];
	iapp_free(k->archive);
	k->archive = archive;
	(void)snprintf(k->id, sizeof k->id, "%s", id);
	*out = archive;
	return 0;
}

int past_request_app(struct book *b, const char *request, char app[static ID_TEXT], struct err *e)
{
	struct market_order o;
	int is = host_get(b, MARKET_ROW_ORDER, request, "", &o, e);
	if (is <= 0 || o.kind != MARKET_ORDER_REQUEST)
		return is < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "there is no request %s in this book", request);
	(void)snprintf(app, ID_TEXT, "%.*s", (int)ID_TEXT - 1, o.asset);
	return 0;
}

/* Then */

static int give(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	const struct book_item item = { bytes, len };
	return replica_add(ctx, &item, 1, e) < 0 ? err_wrap(e, "entry %" PRIu64, index) : 0;
}

static void text_copy(char *out, size_t size, const struct entry_text *t)
{
	(void)snprintf(out, size, "%.*s", (int)t->len, t->at ? t->at : "");
}

static bool zero(const uint8_t key[static 32])
{
	static const uint8_t none[32];
	return !memcmp(key, none, 32);
}

static int question_again(struct looking *l, const struct entry_policy_decision *f, struct buf *out, struct err *e)
{
	char app[ID_TEXT], scope[17], assurance[17];
	const struct iapp *archive = NULL;
	if (past_request_app(l->replica, f->request, app, e) < 0 || keep(l->t->b, l->apps, &l->n_apps, app, past_app, &archive, e) < 0)
		return -1;
	text_copy(scope, sizeof scope, &f->scope);
	text_copy(assurance, sizeof assurance, &f->assurance);
	const struct host_question q = { .scope = scope, .grant = f->grant, .request = f->request, .task = f->task, .assurance = assurance,
		.worker = zero(f->worker) ? NULL : f->worker, .app = archive->manifest };
	return host_question(l->replica, &q, out, e);
}

static int one(struct looking *l, const struct found *at, int (*f)(void *ctx, const struct past *p, struct err *e), void *ctx, struct err *e)
{
	struct buf question = BUF_INIT(MIB(1));
	struct err why = { .code = ERR_NONE };
	size_t text_len;
	int r = -1;
	buf_clear(&l->bytes);
	if (replica_size(l->replica) < at->as_of && book_entries(l->t->b, replica_size(l->replica), at->as_of, give, l->replica, e) < 0)
		return -1;
	if (book_entry(l->t->b, at->index, &l->bytes, e) < 0 || entry_decode(l->en, l->bytes.data, l->bytes.len, &text_len, e) < 0)
		return -1;
	struct past p = { .index = at->index, .f = &l->en->policy_decision, .question = &question, .why = why.msg };
	if (at->as_of > at->index)
		err_set(&why, ERR_INVALID, "it says that it was made from %" PRIu64 " entries, and is entry %" PRIu64 " itself", at->as_of, at->index);
	else if (question_again(l, p.f, &question, &why) < 0)
		buf_clear(&question);
	else
		(void)keep(l->t->b, l->policies, &l->n_policies, p.f->policy, policy_of, &p.policy, &why);
	r = f(ctx, &p, e);
	buf_done(&question);
	return r;
}

static int all(struct looking *l, int (*f)(void *ctx, const struct past *p, struct err *e), void *ctx, struct err *e)
{
	int r = replica_open(&l->replica, NULL, book_origin(l->t->b), book_operator(l->t->b), e);
	for (size_t i = 0; r == 0 && i < l->n; i++) {
		r = one(l, &l->at[i], f, ctx, e);
		cli_progress(l->t->c, "decisions", i + 1, l->n);
	}
	cli_progress_end(l->t->c);
	if (l->replica)
		replica_close(l->replica);
	return r < 0 ? -1 : 0;
}

int past_each(struct trade *t, const struct past_filter *x, int (*begin)(void *ctx, uint64_t n, struct err *e),
	int (*f)(void *ctx, const struct past *p, struct err *e), void *ctx, struct err *e)
{
	struct looking l = { .t = t, .x = x, .en = malloc(sizeof *l.en), .bytes = BUF_INIT(ENTRY_BYTES_MAX) };
	uint64_t size = 0;
	int r = -1;
	if (!l.en)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (book_size(t->b, &size, e) < 0 || book_entries(t->b, x->one ? x->index : 0, x->one && x->index < size ? x->index + 1 : size, look, &l, e) < 0)
		goto out;
	if (l.n)
		qsort(l.at, l.n, sizeof *l.at, found_compare);
	if (begin && begin(ctx, l.n, e) < 0)
		goto out;
	r = l.n ? all(&l, f, ctx, e) : 0;
out:
	for (size_t i = 0; i < KEPT; i++) {
		iapp_free(l.apps[i].archive);
		iapp_free(l.policies[i].archive);
	}
	buf_done(&l.bytes);
	free(l.at);
	free(l.en);
	return r;
}
