/* A task as the keeper and those who ask it see it.
 */
#include "trust/keeper_task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "seal/crypto.h"

static void id_set(char out[static ID_TEXT], const char *id)
{
	(void)snprintf(out, ID_TEXT, "%.*s", ID_TEXT - 1, id);
}

/* An entry decoded where it is big: on the heap. what: to copy out of it. */
static int entry_at(struct book *b, uint64_t index, enum entry_type type, struct buf *bytes, struct entry *en, struct err *e)
{
	buf_clear(bytes);
	if (book_entry(b, index, bytes, e) < 0 || entry_decode(en, bytes->data, bytes->len, NULL, e) < 0)
		return -1;
	return en->type == type ? 0 : err_set(e, ERR_INTERNAL, "entry %llu is a %s", (unsigned long long)index, entry_info(en->type)->type);
}

/* Which data order was matched: the deal's row names the data alone. */
static int grant_of_deal(struct keeper_task *t, struct book *b, struct entry *en, char grant[static ID_TEXT], struct err *e)
{
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	int r = host_entry_find(b, t->deal.id, &t->deal_index, e);
	if (r == 0)
		r = entry_at(b, t->deal_index, ENTRY_DEAL_MATCH_TYPE, &bytes, en, e);
	if (r == 0)
		id_set(grant, en->deal_match.data);
	buf_done(&bytes);
	return r;
}

/* What the order says of data and policy stands in its entry. */
static int data_granted(struct keeper_data *d, struct book *b, const char *grant, struct entry *en, struct err *e)
{
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	uint64_t index;
	int r = host_entry_find(b, grant, &index, e);
	if (r == 0)
		r = entry_at(b, index, ENTRY_ORDER_DATA_TYPE, &bytes, en, e);
	if (r == 0) {
		id_set(d->data, en->order_data.data);
		id_set(d->policy, en->order_data.policy);
		id_set(d->grant, grant);
	}
	buf_done(&bytes);
	return r;
}

static int data_list(struct keeper_task *t, struct book *b, struct entry *en, struct err *e)
{
	const struct entry_order_request *q = &t->request->order_request;
	char grant[ID_TEXT] = "";
	if (grant_of_deal(t, b, en, grant, e) < 0)
		return -1;
	t->data = calloc(1 + q->own_data.n + q->bulk.n, sizeof *t->data);
	if (!t->data)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (t->deal.data[0] && data_granted(&t->data[t->n_data++], b, grant, en, e) < 0)
		return -1;
	for (size_t i = 0; i < q->own_data.n; i++)
		id_set(t->data[t->n_data++].data, q->own_data.at[i]);
	for (size_t i = 0; i < q->bulk.n; i++)
		if (data_granted(&t->data[t->n_data++], b, q->bulk.at[i], en, e) < 0)
			return -1;
	return 0;
}

int keeper_task_read(struct keeper_task *t, struct book *b, const char *task, struct err *e)
{
	struct entry *en = malloc(sizeof *en);
	int r = -1;
	memset(t, 0, sizeof *t);
	t->bytes = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
	t->request = malloc(sizeof *t->request);
	if (!en || !t->request) {
		err_set(e, ERR_LIMIT, "out of memory");
		goto out;
	}
	int is = host_get(b, MARKET_ROW_TASK, task, "", &t->task, e);
	if (is == 0)
		err_set(e, ERR_NOT_FOUND, "task-unknown: the book has no task %s", task);
	if (is <= 0 || host_get(b, MARKET_ROW_DEAL, t->task.deal, "", &t->deal, e) < 0 || host_request(b, t->deal.request, t->request, &t->bytes, e) < 0)
		goto out;
	r = data_list(t, b, en, e);
out:
	free(en);
	return r;
}

void keeper_task_done(struct keeper_task *t)
{
	free(t->request);
	free(t->data);
	buf_done(&t->bytes);
	memset(t, 0, sizeof *t);
}

int keeper_secret_named(const struct entry_text *text, unsigned *number, char id[static ID_TEXT], struct err *e)
{
	size_t i = 0;
	enum id_kind kind;
	*number = 0;
	for (; i < text->len && i < 2 && text->at[i] >= '0' && text->at[i] <= '9'; i++)
		*number = *number * 10 + (unsigned)(text->at[i] - '0');
	if (i == 0 || text->at[0] == '0' || *number > LIMIT_BOX_SECRETS || i == text->len || text->at[i] != ' ' || text->len - i - 1 >= ID_TEXT)
		return err_set(e, ERR_INVALID, "\"%.*s\" names no secret: it should be a number, a space and secret1…", (int)text->len, text->at);
	memcpy(id, text->at + i + 1, text->len - i - 1);
	id[text->len - i - 1] = '\0';
	return id_check(&kind, id, e) < 0 ? -1 : kind == ID_SECRET ? 0 : err_set(e, ERR_INVALID, "%s is not the id of a secret", id);
}

static int h1_hash(const char *h1, uint8_t out[static 32], struct err *e)
{
	if (strncmp(h1, "h1:", 3) != 0 || base64_decode(out, 32, h1 + 3, strlen(h1 + 3)) != 32)
		return err_set(e, ERR_INVALID, "%s is no h1", h1);
	return 0;
}

int keeper_task_subject(const struct keeper_task *t, struct book *b, struct attest_subject *out, struct err *e)
{
	struct store_app app;
	struct sha256 all;
	bool any = false;
	if (store_app_find(book_store(b), t->deal.app, &app, e) < 0 || h1_hash(app.h1, out->app, e) < 0)
		return -1;
	sha256(out->task, t->task.id, strlen(t->task.id));
	sha256_init(&all);
	for (size_t i = 0; i < t->n_data; i++) {
		struct host_policy policy;
		if (!t->data[i].policy[0])
			continue;
		if (host_policy_find(b, t->data[i].policy, &policy, e) < 0)
			return -1;
		sha256_add(&all, policy.h1, strlen(policy.h1));
		any = true;
	}
	memset(out->policy, 0, sizeof out->policy);
	if (any)
		sha256_end(&all, out->policy);
	return 0;
}
