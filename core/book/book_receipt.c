/* A receipt from the book: which entries a task rests on, each with its proof in one checkpoint. */
#include <stdlib.h>
#include <string.h>

#include "book/book_inner.h"
#include "form/receipt.h"

#define CARRIED 256u	/* what receipt_open takes at most */

struct carried { uint64_t at[CARRIED]; size_t n; };

static int carry(struct carried *c, int64_t index, struct err *e)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->at[i] == (uint64_t)index)
			return 0;
	if (c->n == CARRIED)
		return err_set(e, ERR_LIMIT, "a receipt carries at most %u entries", CARRIED);
	c->at[c->n++] = (uint64_t)index;
	return 0;
}

static int carry_identity(struct book *b, struct carried *c, const uint8_t key[static 32], struct err *e)
{
	struct store_identity known;
	int r = store_identity_find(b->store, key, &known, e);
	return r == 1 ? carry(c, known.seq, e) : r < 0 ? -1 : err_set(e, ERR_INVALID, "an actor of the task is not known in the book");
}

static int carry_data(struct book *b, struct carried *c, const struct store_task *t, struct err *e)
{
	char id[ID_TEXT];
	const char *at = buf_text(&t->data);
	while (*at) {
		size_t n = strcspn(at, " ");
		struct store_data d;
		if (n >= sizeof id)
			return err_set(e, ERR_INVALID, "the task's list of data is corrupt");
		memcpy(id, at, n);
		id[n] = '\0';
		int r = store_row_get(b->store, &store_data_table, "WHERE id = ?1", id, -1, &d, e);
		if (r != 1)
			return r < 0 ? -1 : err_set(e, ERR_INVALID, "the task names data that is not in the book");
		int64_t seq = d.seq;
		store_data_done(&d);
		if (carry(c, seq, e) < 0)
			return -1;
		at += n + (at[n] == ' ');
	}
	return 0;
}

static int by_index(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static int carried_find(struct book *b, const struct store_task *t, struct carried *c, struct err *e)
{
	struct store_app app;
	int r = store_row_get(b->store, &store_app_table, "WHERE id = ?1", t->app, -1, &app, e);
	if (r != 1)
		return r < 0 ? -1 : err_set(e, ERR_INVALID, "the task names an iApp that is not in the book");
	if (carry(c, 0, e) < 0 || carry_identity(b, c, t->requester, e) < 0 || carry_identity(b, c, t->worker, e) < 0 || carry(c, app.seq, e) < 0 ||
		carry_data(b, c, t, e) < 0 || carry(c, t->seq, e) < 0 || carry(c, t->finish_seq, e) < 0)
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

int book_receipt(struct book *b, const struct store_task *t, const struct tlog_policy *p, struct buf *out, struct err *e)
{
	struct carried c = { .n = 0 };
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX), *bytes = NULL;
	struct receipt_entry *entries = NULL;
	uint64_t size = 0;
	int r = -1;
	if (t->finish_seq == 0) {
		err_set(e, ERR_CONFLICT, "task %s has not ended: there is no receipt yet", t->id);
		return err_hint(e, "enclua task show %s", t->id);
	}
	if (carried_find(b, t, &c, e) < 0 || checkpoint_choose(b, t, p, &note, &size, e) < 0)
		goto out;
	entries = calloc(c.n, sizeof *entries);
	bytes = calloc(c.n, sizeof *bytes);
	if (!entries || !bytes) {
		err_set(e, ERR_LIMIT, "out of memory");
		goto out;
	}
	for (size_t i = 0; i < c.n; i++) {
		bytes[i] = (struct buf)BUF_INIT(ENTRY_BYTES_MAX);
		if (book_entry(b, c.at[i], &bytes[i], e) < 0 || merkle_inclusion_prove(&b->reader, c.at[i], size, &entries[i].proof, e) < 0)
			goto out;
		entries[i].index = c.at[i];
		entries[i].bytes = bytes[i].data;
		entries[i].len = bytes[i].len;
	}
	r = receipt_write(out, entries, c.n, buf_text(&note), note.len, e);
out:
	for (size_t i = 0; bytes && i < c.n; i++)
		buf_done(&bytes[i]);
	free(bytes);
	free(entries);
	buf_done(&note);
	return r;
}
