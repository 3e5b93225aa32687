/* Asking the keeper to judge: decisions of policies, and the keys of a task. Each of its answers is an entry, and stands in the book before anything is done with it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seal/crypto.h"
#include "trust/keeper_link_inner.h"
#include "trust/keeper_task.h"

#define RELEASE_TRIES 20u	/* while others use the same grants, or tell the keeper of entries */

/* Decisions before there is a task */

static int policy_add(struct keeper_link *l, const char *id, const void *tag, size_t tag_len, struct err *e)
{
	struct host_policy policy;
	struct buf archive = BUF_INIT(LIMIT_IAPP_BYTES + 1);
	int r = -1;
	if (host_policy_find(l->book, id, &policy, e) == 0 && buf_add(&archive, tag, tag_len, e) == 0 &&
		store_blob_read(book_store(l->book), policy.blob, &archive, e) == 0)
		r = keeper_link_add(l, archive.data, archive.len, e);
	else
		err_wrap(e, "the policy %s", id);
	buf_done(&archive);
	return r;
}

static int policy_of_grant(struct keeper_link *l, const char *grant, char policy[static ID_TEXT], struct err *e)
{
	struct entry *en = malloc(sizeof *en);
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	uint64_t index;
	int r = -1;
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (host_entry_find(l->book, grant, &index, e) == 0 && book_entry(l->book, index, &bytes, e) == 0 &&
		entry_decode(en, bytes.data, bytes.len, NULL, e) == 0) {
		r = en->type == ENTRY_ORDER_DATA_TYPE ? 0 : err_set(e, ERR_INVALID, "%s is no grant", grant);
		memcpy(policy, en->order_data.policy, ID_TEXT);
	}
	free(en);
	buf_done(&bytes);
	return r;
}

int keeper_link_decide(struct keeper_link *l, const char *scope, const char *grant, const char *request, const struct iapp *app, struct buf *note, bool *permit,
	struct buf *why, struct err *e)
{
	char policy[ID_TEXT];
	uint8_t is;
	if (policy_of_grant(l, grant, policy, e) < 0 || keeper_link_show(l, e) < 0 || keeper_link_begin(l, KEEPER_DECIDE, e) < 0 ||
		keeper_link_add(l, scope, strlen(scope), e) < 0 || keeper_link_add(l, grant, strlen(grant), e) < 0 ||
		keeper_link_add(l, request, strlen(request), e) < 0 || keeper_link_add(l, "", 0, e) < 0 || keeper_link_add_app(l, app, e) < 0 ||
		policy_add(l, policy, "", 0, e) < 0 || keeper_link_ask_shown(l, -1, 3, e) < 0 || keeper_link_item(l, 0, &is, 1, e) < 0)
		return -1;
	*permit = is == 1;
	if (buf_add(note, l->in.items[1].at, l->in.items[1].len, e) < 0)
		return -1;
	return buf_add(why, l->in.items[2].at, l->in.items[2].len, e);
}

/* Keys */

static int secret_add(struct keeper_link *l, const uint8_t blob[static 32], struct err *e)
{
	struct buf sealed = BUF_INIT(LIMIT_PARCEL_SECRETS_BYTES);
	int r = buf_add(&sealed, "s", 1, e);
	if (r == 0)
		r = store_blob_read(book_store(l->book), blob, &sealed, e) < 0 ? err_wrap(e, "a sealed secret") : keeper_link_add(l, sealed.data, sealed.len, e);
	buf_done(&sealed);
	return r;
}

/* The versions that this deal has: of the iApp's own secret the one when the deal was made, of the requester's those that the request names. */
static int secrets_add(struct keeper_link *l, const struct keeper_task *t, const struct iapp *app, struct err *e)
{
	const struct entry_texts *named = &t->request->order_request.secret;
	struct host_secret secret;
	int is = app->manifest->app_secret ? host_app_secret(l->book, t->deal.app, t->deal_index, &secret, e) : 0;
	if (is < 0 || (is == 1 && secret_add(l, secret.blob, e) < 0))
		return -1;
	for (size_t i = 0; i < named->n; i++) {
		char id[ID_TEXT];
		unsigned number;
		if (keeper_secret_named(&named->at[i], &number, id, e) < 0)
			return -1;
		is = host_secret(l->book, id, &secret, e);
		if (is <= 0)
			return is < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "the book has no secret %s", id);
		if (secret_add(l, secret.blob, e) < 0)
			return -1;
	}
	return 0;
}

static int policies_add(struct keeper_link *l, const struct keeper_task *t, struct err *e)
{
	for (size_t i = 0; i < t->n_data; i++) {
		bool before = !t->data[i].policy[0];
		for (size_t j = 0; j < i; j++)
			before |= strcmp(t->data[i].policy, t->data[j].policy) == 0;
		if (!before && policy_add(l, t->data[i].policy, "p", 1, e) < 0)
			return -1;
	}
	return 0;
}

static int evidence_make(struct keeper_link *l, const struct keeper_release_ask *ask, const struct keeper_task *t, struct buf *evidence, struct err *e)
{
	struct attest_subject s;
	memset(&s, 0, sizeof s);
	if (keeper_link_nonce(l, s.nonce, e) < 0 || keeper_task_subject(t, l->book, &s, e) < 0)
		return -1;
	memcpy(s.worker, identity_public(ask->worker), 32);
	memcpy(s.box, ask->box_key, 32);
	memcpy(s.measurement, ask->measurement, 32);
	memcpy(s.checkpoint, l->root, 32);
	return attest_evidence(ask->provider, &s, ask->worker, evidence, e);
}

static int release_ask(struct keeper_link *l, const struct keeper_release_ask *ask, const struct keeper_task *t, struct err *e)
{
	struct buf evidence = BUF_INIT(KIB(64));
	int r = evidence_make(l, ask, t, &evidence, e);
	if (r == 0 && (keeper_link_begin(l, KEEPER_RELEASE, e) < 0 || keeper_link_add(l, ask->task, strlen(ask->task), e) < 0 ||
		keeper_link_add(l, identity_public(ask->worker), 32, e) < 0 || keeper_link_add(l, ask->box_key, 32, e) < 0 ||
		keeper_link_add(l, ask->measurement, 32, e) < 0 || keeper_link_add(l, evidence.data, evidence.len, e) < 0 ||
		keeper_link_add_app(l, ask->app, e) < 0 ||
		keeper_link_add(l, ask->secrets ? ask->secrets->data : NULL, ask->secrets ? ask->secrets->len : 0, e) < 0 || policies_add(l, t, e) < 0 ||
		secrets_add(l, t, ask->app, e) < 0))
		r = -1;
	buf_done(&evidence);
	return r < 0 ? -1 : keeper_link_ask(l, -1, 1, e);
}

/* The entries of the answer, as one chain. */
static int entries_append(struct keeper_link *l, size_t from, struct err *e)
{
	struct book_item items[KEEPER_ITEMS_MAX];
	size_t n = 0;
	for (size_t i = from; i < l->in.n; i++)
		items[n++] = (struct book_item){ l->in.items[i].at, l->in.items[i].len };
	return n ? book_append(l->book, items, n, NULL, e) : 0;
}

/* The refusal stands; what the keeper decided goes into the book with it. */
static void refusal_append(struct keeper_link *l, bool *ended)
{
	struct entry *en = malloc(sizeof *en);
	if (l->in.kind != KEEPER_NO || l->in.n <= 3 || !en) {
		free(en);
		return;
	}
	const struct keeper_item *last = &l->in.items[l->in.n - 1];
	bool refuses = entry_decode(en, last->at, last->len, NULL, NULL) == 0 && en->type == ENTRY_TASK_REFUSE_TYPE;
	if (entries_append(l, 3, NULL) == 0 && ended)
		*ended = refuses;
	free(en);
}

static int take(struct keeper_link *l, const uint8_t hash[static 32], size_t n_data, struct keeper_released *out, struct err *e)
{
	if (keeper_link_show(l, e) < 0 || keeper_link_begin(l, KEEPER_TAKE, e) < 0 || keeper_link_add(l, hash, 32, e) < 0 ||
		keeper_link_ask_shown(l, -1, 3 + n_data, e) < 0)
		return -1;
	uint8_t silent;
	if (keeper_link_item(l, 0, &out->output, sizeof out->output, e) < 0 || keeper_link_item(l, 1, &silent, 1, e) < 0)
		return -1;
	out->silent = silent != 0;
	out->headers = calloc(n_data + 1, sizeof *out->headers);
	if (!out->headers)
		return err_set(e, ERR_LIMIT, "out of memory");
	out->secrets = (struct buf)BUF_INIT(LIMIT_BOX_RELEASE_BYTES);
	if (buf_add(&out->secrets, l->in.items[2].at, l->in.items[2].len, e) < 0)
		return -1;
	while (out->n < n_data) {
		const struct keeper_item *header = &l->in.items[3 + out->n];
		struct buf *to = &out->headers[out->n++];
		*to = (struct buf)BUF_INIT(LIMIT_AGE_HEADER_BYTES);
		if (buf_add(to, header->at, header->len, e) < 0)
			return -1;
	}
	return 0;
}

/* What the key.release says of the machine. */
static int level_of(const struct keeper_item *entry, char out[static 17], struct err *e)
{
	struct entry *en = malloc(sizeof *en);
	int r = en ? entry_decode(en, entry->at, entry->len, NULL, e) : err_set(e, ERR_LIMIT, "out of memory");
	if (r == 0 && en->type != ENTRY_KEY_RELEASE_TYPE)
		r = err_set(e, ERR_INTERNAL, "the keeper's answer is no key.release");
	if (r == 0)
		(void)snprintf(out, 17, "%.*s", (int)en->key_release.assurance.len, en->key_release.assurance.at);
	free(en);
	return r;
}

/* 1: released, and in the book. 0: no, but the book has grown since it was asked, or while it was: the same question may have another answer now. */
static int release_once(struct keeper_link *l, const struct keeper_release_ask *ask, const struct keeper_task *t, struct keeper_released *out, bool *ended, struct err *e)
{
	uint8_t hash[32];
	if (!l->ahead)
		keeper_link_ahead(l);
	if ((!l->ahead || keeper_link_answers(l, NULL) < 0) && keeper_link_follow(l, e) < 0)
		return -1;
	l->ahead = false;
	if (release_ask(l, ask, t, e) < 0) {
		if (keeper_link_unshown(l, e) || l->socket < 0)	/* it died before we had its word: nothing of it is in the book */
			return 0;
		refusal_append(l, ended);
		return -1;
	}
	const struct keeper_item *entry = &l->in.items[l->in.n - 1];
	if (level_of(entry, out->assurance, e) < 0)
		return -1;
	sha256(hash, entry->at, entry->len);
	if (entries_append(l, 0, e) < 0)
		return e->code == ERR_DENIED || e->code == ERR_CONFLICT || e->code == ERR_FUNDS ? 0 : -1;
	return take(l, hash, t->n_data, out, e) < 0 ? -1 : 1;
}

int keeper_link_release(struct keeper_link *l, const struct keeper_release_ask *ask, struct keeper_released *out, bool *ended, struct err *e)
{
	struct err why = { .code = ERR_NONE };
	struct keeper_task t;
	bool refused = false;
	int is = -1;
	*out = (struct keeper_released){ .n = 0 };
	if (keeper_task_read(&t, l->book, ask->task, &why) == 0)
		is = 0;
	for (unsigned i = 0; is == 0 && i < RELEASE_TRIES; i++) {
		why = (struct err){ .code = ERR_NONE };
		is = release_once(l, ask, &t, out, &refused, &why);
	}
	keeper_task_done(&t);
	if (ended)
		*ended = refused;
	if (is == 1)
		return 0;
	keeper_released_done(out);
	if (e)
		*e = why;
	return -1;
}

void keeper_released_done(struct keeper_released *r)
{
	for (size_t i = 0; i < r->n; i++)
		buf_done(&r->headers[i]);
	free(r->headers);
	buf_done(&r->secrets);
	*r = (struct keeper_released){ .n = 0 };
}
