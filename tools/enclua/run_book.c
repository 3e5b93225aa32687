/* What a run enters into the book: the iApp, unless it is there; sealed data and the request, by the requester; how it ended, by the worker of this
 * machine. And the receipt of all that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "form/receipt.h"
#include "node/host.h"
#include "result.h"
#include "run_task.h"
#include "seal/crypto.h"

#define ASSURANCE "software"

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

/* 1: it is there, 0, -1 */
static int app_known(struct job *j, struct err *e)
{
	struct store_app known;
	int r = store_app_find_h1(j->store, j->app->h1, j->me.public_key, &known, e);
	if (r == 1)
		(void)snprintf(j->app_id, sizeof j->app_id, "%s", known.id);
	return r;
}

int job_register(struct job *j, struct err *e)
{
	struct signing s = { .en = NULL };
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	uint8_t blob[32];
	int r = app_known(j, e);
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
	entry_id(j->app_id, ID_APP, s.text.data, s.text.len);
	r = book_append_one(j->book, &note, NULL, e);
	if (r < 0 && e->code == ERR_CONFLICT && app_known(j, NULL) == 1)	/* another run was faster */
		r = 0;
out:
	signing_done(&s);
	buf_done(&note);
	return r;
}

static void add(struct sha256 *h, const void *bytes, size_t n)
{
	uint64_t len = n;
	sha256_add(h, &len, sizeof len);
	sha256_add(h, bytes, n);
}

/* What was asked, as a hash that says nothing: the salt comes from the requester's own key and this request's nonce, so that they alone can show later what it
 * was made of. */
static void params_hash(const struct job *j, const struct entry *en, uint8_t out[static 32])
{
	uint8_t salt[32];
	struct sha256 h;
	hkdf256(salt, sizeof salt, identity_seed(j->actor), 32, en->nonce, sizeof en->nonce, "enclua/v1/params", 16);
	sha256_init(&h);
	sha256_add(&h, salt, sizeof salt);
	const struct work *w = &j->work;
	for (size_t i = 0; i < w->n_args; i++) {
		add(&h, w->args[i].name ? w->args[i].name : "", w->args[i].name ? strlen(w->args[i].name) : 0);
		add(&h, w->args[i].value, strlen(w->args[i].value));
	}
	for (size_t i = 0; i < w->n_files; i++) {
		add(&h, w->files[i].name, strlen(w->files[i].name));
		add(&h, &w->files[i].size, sizeof w->files[i].size);
	}
	for (size_t i = 0; i < w->n_secrets; i++) {
		add(&h, &w->secrets[i].index, sizeof w->secrets[i].index);
		add(&h, w->secrets[i].value, w->secrets[i].len);
	}
	add(&h, w->seed, strlen(w->seed));
	sha256_end(&h, out);
	crypto_wipe(salt, sizeof salt);
}

int job_request(struct job *j, struct store_task *t, struct buf *note, struct err *e)
{
	struct signing s = { .en = NULL };
	int r = -1;
	*t = (struct store_task){ .status = "RUNNING", .data = BUF_INIT(KIB(8)), .missing = BUF_INIT(KIB(4)) };
	if (signing_begin(&s, j->book, j->actor, ENTRY_TASK_REQUEST_TYPE, e) < 0)
		goto out;
	struct entry_task_request *f = &s.en->task_request;
	(void)snprintf(f->app, sizeof f->app, "%s", j->app_id);
	for (size_t i = 0; i < j->n_data; i++)
		(void)snprintf(f->data.at[f->data.n++], ID_TEXT, "%s", j->data[i].id);
	memcpy(f->beneficiary, j->beneficiary, 32);
	memcpy(f->recipient, j->work.beneficiary, 32);
	params_hash(j, s.en, f->params);
	if (signing_end(&s, note, e) < 0)
		goto out;
	entry_id(t->id, ID_TASK, s.text.data, s.text.len);
	(void)snprintf(t->app, sizeof t->app, "%s", j->app_id);
	(void)snprintf(t->app_name, sizeof t->app_name, "%s", j->app->manifest->name);
	memcpy(t->requester, j->me.public_key, 32);
	memcpy(t->beneficiary, j->beneficiary, 32);
	memcpy(t->recipient, j->work.beneficiary, 32);
	t->created = s.en->time;
	for (size_t i = 0; i < j->n_data; i++)
		if (buf_addf(&t->data, e, "%s%s", i ? " " : "", j->data[i].id) < 0)
			goto out;
	r = 0;
out:
	signing_done(&s);
	return r;
}

int job_enter(struct job *j, const struct buf *request, struct store_task *t, struct err *e)
{
	struct book_item items[LIMIT_BOX_DATASETS + 1];
	uint64_t at[LIMIT_BOX_DATASETS + 1];
	size_t n = 0;
	for (size_t i = 0; i < j->n_data; i++)
		if (j->entries[i].len)
			items[n++] = (struct book_item){ j->entries[i].data, j->entries[i].len };
	items[n++] = (struct book_item){ request->data, request->len };
	if (book_append(j->book, items, n, at, e) < 0)
		return -1;
	t->seq = (int64_t)at[n - 1];
	return 0;
}

/* The digest tells equal results apart from others, and a result of few values could be guessed from it: the book has it under a salt of the worker's. */
static void digest_hide(const struct identity *worker, const struct store_task *t, uint8_t out[static 32])
{
	uint8_t salt[32];
	hkdf256(salt, sizeof salt, identity_seed(worker), 32, t->id, strlen(t->id), "enclua/v1/digest", 16);
	hmac256(out, salt, sizeof salt, t->digest, 32);
	crypto_wipe(salt, sizeof salt);
}

int job_finish(struct job *j, const struct box_zygote *z, struct store_task *t, struct err *e)
{
	struct identity *worker = NULL;
	struct signing s = { .en = NULL };
	struct buf note = BUF_INIT(ENTRY_BYTES_MAX);
	uint64_t at = 0;
	int r = -1;
	if (book_worker_open(j->book, &worker, e) < 0 || signing_begin(&s, j->book, worker, ENTRY_TASK_FINISH_TYPE, e) < 0)
		goto out;
	struct entry_task_finish *f = &s.en->task_finish;
	(void)snprintf(f->task, sizeof f->task, "%s", t->id);
	f->status = entry_text(t->status);
	f->reason = entry_text(t->reason);
	f->assurance = entry_text(ASSURANCE);
	memcpy(f->measurement, t->measurement, 32);
	static const uint8_t none[32];
	if (memcmp(t->digest, none, sizeof none) != 0)
		digest_hide(worker, t, f->digest);
	memcpy(f->result, t->blob, 32);
	f->size = t->result_size;
	for (unsigned l = 0; l < BOX_LAYER_COUNT; l++)
		if (box_layers_missing(z) >> l & 1)
			f->missing_layer.at[f->missing_layer.n++] = entry_text(box_layer_name((enum box_layer)l));
	if (signing_end(&s, &note, e) < 0 || book_append_one(j->book, &note, &at, e) < 0)
		goto out;
	memcpy(t->worker, identity_public(worker), 32);
	(void)snprintf(t->assurance, sizeof t->assurance, "%s", ASSURANCE);
	t->finished = s.en->time;
	t->finish_seq = (int64_t)at;
	r = 0;
out:
	identity_free(worker);
	signing_done(&s);
	buf_done(&note);
	return r;
}

/* The home's copy can be made again at any time from the book, so that nobody waits for the disk here. */
static int receipt_keep(struct cli *c, const struct store_task *t, const struct buf *text, char *path, size_t size, struct err *e)
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
	if (os_exists(path) && (os_file_read(path, &text, e) < 0 || tlog_policy_parse(&p, buf_text(&text), text.len, e) < 0))
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
