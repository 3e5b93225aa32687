/* Policies by name, id or path; by path they are packed, and registered where the book has to know them. */
#include "policy_find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "base/os.h"

static bool path_meant(const struct cli *c, const char *which, bool known)
{
	if (known && !strchr(which, '/')) {
		if (os_exists(which))
			cli_note(c, "taking %s of this home, not the file here; write ./%s for that", which, which);
		return false;
	}
	return os_exists(which);
}

static int unknown(const char *which, struct err *e)
{
	err_set(e, ERR_NOT_FOUND, "there is no file or folder %s, and no policy of that name", cli_safe(which, strlen(which), 0));
	return err_hint(e, "give a folder with policy.yaml, a .policy file, or a name from: enclua policy list");
}

/* ERR_NOT_FOUND is 0; what fits several is an error when no path is meant instead. */
static int registered(struct trade *t, const char *which, struct host_policy *out, struct err *e)
{
	struct err why = { .code = ERR_NONE };
	if (strchr(which, '/') && os_exists(which))
		return 0;
	if (host_policy_find(t->b, which, out, &why) == 0)
		return 1;
	if (why.code == ERR_NOT_FOUND)
		return 0;
	if (e)
		*e = why;
	return -1;
}

static int archive_from_path(const char *path, const struct identity *by, struct iapp **out, struct err *e)
{
	struct buf bytes = BUF_INIT(LIMIT_IAPP_BYTES);
	int r = archive_bytes(path, IAPP_POLICY, by, &bytes, e);
	if (r == 0 && iapp_open(out, bytes.data, bytes.len, &(struct iapp_expect){ .kind = IAPP_POLICY }, e) < 0)
		r = err_wrap(e, "%s", cli_safe(path, strlen(path), 0));
	buf_done(&bytes);
	return r;
}

int policy_archive(struct book *b, const struct host_policy *row, struct iapp **out, struct err *e)
{
	const struct iapp_expect expect = { .kind = IAPP_POLICY, .sha256 = row->blob, .h1 = row->h1 };
	struct buf bytes = BUF_INIT(LIMIT_IAPP_BYTES);
	int r = store_blob_read(book_store(b), row->blob, &bytes, e) < 0 || iapp_open(out, bytes.data, bytes.len, &expect, e) < 0 ? -1 : 0;
	if (r < 0)
		err_wrap(e, "policy %s", row->id);
	buf_done(&bytes);
	return r;
}

int policy_open(struct trade *t, const char *which, struct iapp **out, struct host_policy *row, struct err *e)
{
	struct host_policy found;
	struct identity *nobody = NULL;
	int is = t ? registered(t, which, &found, e) : 0;
	if (row)
		memset(row, 0, sizeof *row);
	if (is < 0)
		return -1;
	if (is && !path_meant(t->c, which, true)) {
		if (row)
			*row = found;
		return policy_archive(t->b, &found, out, e);
	}
	if (!os_exists(which))
		return unknown(which, e);
	/* Of a folder h1 is what counts: it is signed by a key that nobody keeps, which is no signer to tell of. */
	int r = identity_new(&nobody, e) < 0 ? -1 : archive_from_path(which, nobody, out, e);
	if (r == 0 && !memcmp((*out)->signers[0].key.public_key, identity_public(nobody), 32))
		(*out)->n_signers = 0;
	identity_free(nobody);
	return r;
}

static int own(struct book *b, const char *h1, const struct identity *by, struct host_policy *out, struct err *e)
{
	char me[IDENTITY_TEXT];
	uint64_t made;
	identity_text(me, identity_public(by));
	int is = book_record_made(b, HOST_POLICY_H1, h1, me, &made, e);
	return is == 1 && host_policy_at(b, made, out, e) < 0 ? -1 : is;
}

int policy_ensure(struct trade *t, const struct iapp *archive, const struct identity *by, struct host_policy *out, bool *is_new, struct err *e)
{
	int is = own(t->b, archive->h1, by, out, e);
	if (is_new)
		*is_new = is == 0;
	if (is)
		return is < 0 ? -1 : 0;
	struct entry *en = malloc(sizeof *en);
	uint8_t blob[32];
	uint64_t index;
	int r = -1;
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (store_blob_add(book_store(t->b), archive->bytes, archive->len, blob, e) < 0 || book_draft(t->b, en, ENTRY_POLICY_REGISTER_TYPE, e) < 0)
		goto out;
	struct entry_policy_register *f = &en->policy_register;
	f->name = entry_text(archive->manifest->name);
	f->version = entry_text(archive->manifest->version);
	f->h1 = entry_text(archive->h1);
	f->size = archive->len;
	memcpy(f->blob, blob, 32);
	memcpy(f->author, archive->signers[0].key.public_key, 32);
	r = trade_append(t, en, by, NULL, &index, e);
	if (r == 0)
		r = host_policy_at(t->b, index, out, e);
	else if (e && e->code == ERR_CONFLICT && own(t->b, archive->h1, by, out, NULL) == 1)	/* another command was faster */
		r = 0;
out:
	free(en);
	return r;
}

int policy_find(struct trade *t, const char *which, struct host_policy *out, struct err *e)
{
	struct identity *by = NULL;
	struct iapp *archive = NULL;
	int is = registered(t, which, out, e);
	if (is < 0 || (is && !path_meant(t->c, which, true)))
		return is < 0 ? -1 : 0;
	if (!os_exists(which))
		return unknown(which, e);
	int r = trade_actor(t, &by, e) < 0 || archive_from_path(which, by, &archive, e) < 0 ? -1 : policy_ensure(t, archive, by, out, NULL, e);
	iapp_free(archive);
	identity_free(by);
	return r;
}

struct each { struct book *b; int (*f)(void *ctx, const struct host_policy *row, struct err *e); void *ctx; };
static int record(void *ctx, const struct book_record *r, struct err *e)
{
	const struct each *x = ctx;
	struct host_policy row;
	return host_policy_at(x->b, r->made, &row, e) < 0 ? -1 : x->f(x->ctx, &row, e);
}

int policy_each(struct book *b, int (*f)(void *ctx, const struct host_policy *row, struct err *e), void *ctx, struct err *e)
{
	struct each x = { b, f, ctx };
	return book_records(b, HOST_POLICY, NULL, -1, record, &x, e);
}
