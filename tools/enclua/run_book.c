/* What a run enters into the book: the iApp, unless it is there; sealed data and the request, by the requester; how it ended, by the worker of this
 * machine. And the receipt of all that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "form/receipt.h"
#include "host/host.h"
#include "result.h"
#include "run_task.h"
#include "seal/crypto.h"

/* A draft, filled by `fill`, signed; its text is given back for the id. */
struct signing { struct book *book; const struct identity *by; struct entry *en; struct buf text; };

static int signing_begin(struct signing *s, struct book *b, const struct identity *by, enum entry_type type, struct err *e)
{
	*s = (struct signing){ .book = b, .by = by, .en = malloc(sizeof *s->en), .text = BUF_INIT(ENTRY_BYTES_MAX) };
	if (!s->en)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (book_draft(b, s->en, type, e) < 0)
		return -1;
	memcpy(s->en->by, identity_public(by), 32);
	return 0;
}

static int signing_end(struct signing *s, struct buf *note, struct err *e)
{
	return entry_encode(s->en, &s->text, e) < 0 ? -1 : entry_sign(s->en, s->by, note, e);
}

static void signing_done(struct signing *s)
{
	free(s->en);
	buf_done(&s->text);
}

int job_app_known(struct job *j, struct err *e)
{
	struct store_app known;
	if (j->app_id[0])
		return 1;
	int r = store_app_find_h1(j->store, j->app->h1, j->me.public_key, &known, e);
	if (r != 1)
		return r < 0 ? -1 : 0;	/* somebody else's is theirs to sell: what was given by path is registered as one's own */
	memcpy(j->app_id, known.id, sizeof j->app_id);
	return 1;
}

int job_register(struct job *j, struct err *e)
{
	struct signing s = { .en = NULL };
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	uint8_t blob[32];
	int r = job_app_known(j, e);
	if (r)
		return r < 0 ? -1 : 0;
	r = -1;
	if (store_blob_add(j->store, j->app->bytes, j->app->len, blob, e) < 0 || signing_begin(&s, j->book, j->actor, ENTRY_APP_REGISTER_TYPE, e) < 0)
		goto out;
	struct entry_app_register *f = &s.en->app_register;
	f->name = entry_text(j->app->manifest->name);
	f->version = entry_text(j->app->manifest->version);
	f->h1 = entry_text(j->app->h1);
	f->size = j->app->len;
	memcpy(f->blob, blob, 32);
	memcpy(f->author, j->app->signers[0].key.public_key, 32);
	if (signing_end(&s, &note, e) < 0)
		goto out;
	r = book_append_one(j->book, &note, NULL, e);
	if (r == 0)
		entry_id(j->app_id, ID_APP, s.text.data, s.text.len);
	if (r < 0 && e->code == ERR_CONFLICT && job_app_known(j, NULL) == 1)	/* another run was faster */
		r = 0;
out:
	signing_done(&s);
	buf_done(&note);
	return r;
}

int job_complete(struct job *j, const struct box_zygote *z, struct store_task *t, struct err *e)
{
	struct identity *worker = NULL;
	struct signing s = { .en = NULL };
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	int r = -1;
	if (book_worker_open(j->book, &worker, e) < 0 || signing_begin(&s, j->book, worker, ENTRY_TASK_COMPLETE_TYPE, e) < 0)
		goto out;
	struct entry_task_complete *f = &s.en->task_complete;
	(void)snprintf(f->task, sizeof f->task, "%s", t->id);
	f->outcome = entry_text(t->status);
	f->reason = entry_text(t->reason);
	f->assurance = entry_text(t->assurance);
	memcpy(f->measurement, t->measurement, 32);
	memcpy(f->digest, t->digest, 32);
	memcpy(f->result, t->blob, 32);
	f->size = t->result_size;
	f->callback = entry_text(j->callback);
	for (unsigned l = 0; l < BOX_LAYER_COUNT; l++)
		if (box_layers_missing(z) >> l & 1)
			f->missing_layer.at[f->missing_layer.n++] = entry_text(box_layer_name((enum box_layer)l));
	if (signing_end(&s, &note, e) < 0 || book_append_one(j->book, &note, NULL, e) < 0)
		goto out;
	r = 0;
out:
	identity_free(worker);
	signing_done(&s);
	buf_done(&note);
	return r;
}

/* The home's copy can be made again at any time from the book, so that nobody waits for the disk here. */
int receipt_keep(struct cli *c, const struct store_task *t, const struct buf *text, char *path, size_t size, struct err *e)
{
	char name[ID_TEXT + 32];
	if (cli_home_path(c, "receipts", path, size, e) < 0 || os_dir_make(path, 0700, e) < 0)
		return -1;
	(void)snprintf(name, sizeof name, "receipts/%s.receipt", t->id);
	return cli_home_path(c, name, path, size, e) < 0 ? -1 : os_file_publish(path, 0644, text->data, text->len, false, e);
}

int receipt_of(struct cli *c, struct book *b, const struct store_task *t, struct buf *out, struct err *e)
{
	char path[4400];
	struct buf text = BUF_INIT(TLOG_POLICY_BYTES);
	struct tlog_policy *p = NULL;
	int r = -1;
	if (cli_home_path(c, "book/policy", path, sizeof path, e) < 0)
		return -1;
	if (os_exists(path) && (os_plain_read(path, &text, e) < 0 || tlog_policy_parse(&p, buf_text(&text), text.len, e) < 0))
		err_wrap(e, "the home's policy");
	else
		r = host_receipt(b, t, p, out, e);
	tlog_policy_free(p);
	buf_done(&text);
	return r;
}

int job_receipt(struct cli *c, struct job *j, const struct store_task *t, bool keep, struct buf *out, char *path, size_t size, struct err *e)
{
	if (receipt_of(c, j->book, t, out, e) < 0)
		return -1;
	return keep ? receipt_keep(c, t, out, path, size, e) : 0;
}
