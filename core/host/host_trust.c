/* Keepers, policies, secrets and groups: what the entries that say whom to trust do to the rows, and what can be asked of them. Decisions and releases of keys
 * are in host_release.c.
 *
 * A row of these kinds holds the index of the entry that made it, and what is told of it is read from there: the book is the truth, and the row is its index.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/host_inner.h"
#include "seal/crypto.h"
#include "seal/machine_key.h"

#define KEEPER "keeper"

static void text_set(char *out, size_t size, const struct entry_text *t)
{
	(void)snprintf(out, size, "%.*s", (int)t->len, t->at ? t->at : "");
}

static int index_put(struct event *v, enum host_record kind, const char *a, const char *b2, const char *group, struct err *e)
{
	return host_record_put(v, kind, a, b2, group, 0, &v->at->index, sizeof v->at->index, e);
}

/* 1, 0, -1 */
static int index_get(struct book *b, enum host_record kind, const char *a, const char *b2, uint64_t *index, struct err *e)
{
	struct buf bytes = BUF_INIT(16);
	int r = book_record_get(b, kind, a, b2, &bytes, e);
	if (r == 1 && bytes.len == sizeof *index)
		memcpy(index, bytes.data, sizeof *index);
	else if (r == 1)
		r = err_set(e, ERR_INVALID, "the row of %s is damaged", a);
	buf_done(&bytes);
	return r;
}

/* What was registered must be here when it comes in; later it may be elsewhere. */
static int blob_here(struct event *v, const uint8_t blob[static 32], uint64_t size, const char *code, struct err *e)
{
	if (size == 0)
		return err_set(e, ERR_INVALID, "%s: nothing was stored", code);
	if (v->at->admit && store_blob_check(book_store(v->b), blob, size, e) < 0)
		return err_wrap(e, "%s", code);
	return 0;
}

/* Sealed to the keeper it does not say whose it is, and everybody who has the book has each header of data and the hash of each secret. So they are whose entry brought them first:
 * under another's name the keeper would open them for that one. */
int host_sealed_own(struct event *v, const uint8_t hash[static 32], const char *code, struct err *e)
{
	struct buf who = BUF_INIT(32);
	char name[HEX_LEN(32) + 1];
	hex_encode(name, hash, 32);
	int r = book_record_get(v->b, HOST_SEALED, name, "", &who, e);
	const bool own = r == 1 && who.len == 32 && memcmp(who.data, v->en->by, 32) == 0;
	buf_done(&who);
	if (r == 0)
		return host_record_put(v, HOST_SEALED, name, "", "", 0, v->en->by, 32, e);
	return r < 0 ? -1 : own ? 0 : err_set(e, ERR_DENIED, "%s: what is sealed there came into this book by somebody else's entry", code);
}

int host_header_own(struct event *v, const struct entry_text *header, struct buf *out, struct err *e)
{
	uint8_t hash[32];
	if (entry_bytes(header, out, e) < 0)
		return -1;
	sha256(hash, out->data, out->len);
	return host_sealed_own(v, hash, "data-sealed", e);
}

/* Keepers */

int host_is_keeper(struct book *b, const char *identity, struct err *e)
{
	struct buf bytes = BUF_INIT(64);
	int is = book_record_get(b, HOST_KEEPER, identity, "", &bytes, e);
	buf_done(&bytes);
	return is;
}

int on_keeper_appoint(struct event *v, struct err *e)
{
	const struct entry_keeper_appoint *f = &v->en->keeper_appoint;
	struct store_identity who;
	char keeper[MARKET_NAME];
	uint8_t keys[64];
	host_name_identity(keeper, f->keeper);
	if (memcmp(v->en->by, book_operator(v->b), 32) != 0)
		return err_set(e, ERR_DENIED, "keeper-operator: only the operator of the book appoints its keepers");
	int is = store_identity_find(book_store(v->b), f->keeper, &who, e);
	if (is <= 0)
		return is < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "identity-unknown: %s is not known in this book", keeper);
	if (memcmp(who.age, f->age, 32) != 0)
		return err_set(e, ERR_INVALID, "keeper-age: %s has introduced itself with another age key than this one", keeper);
	is = host_is_keeper(v->b, keeper, e);
	if (is)
		return is < 0 ? -1 : err_set(e, ERR_CONFLICT, "keeper-twice: %s is a keeper of this book already", keeper);
	memcpy(keys, f->keeper, 32);
	memcpy(keys + 32, f->age, 32);
	return host_record_put(v, HOST_KEEPER, keeper, "", "", 0, keys, sizeof keys, e);
}

struct keepers { int (*f)(void *ctx, const struct host_keeper *k, struct err *e); void *ctx; };
static int keeper_one(void *ctx, const struct book_record *r, struct err *e)
{
	const struct keepers *x = ctx;
	struct host_keeper k = { .made = r->made };
	if (r->len != 64)
		return err_set(e, ERR_INVALID, "the row of a keeper is damaged");
	memcpy(k.key, r->bytes, 32);
	memcpy(k.age, (const uint8_t *)r->bytes + 32, 32);
	return x->f(x->ctx, &k, e);
}

int host_keepers(struct book *b, int (*f)(void *ctx, const struct host_keeper *k, struct err *e), void *ctx, struct err *e)
{
	struct keepers x = { f, ctx };
	return book_records(b, HOST_KEEPER, NULL, -1, keeper_one, &x, e);
}

static int keeper_introduce(struct book *b, struct entry *en, const struct identity *keeper, struct err *e)
{
	struct store_identity known;
	int is = store_identity_find(book_store(b), identity_public(keeper), &known, e);
	if (is)
		return is < 0 ? -1 : 0;
	if (book_draft(b, en, ENTRY_IDENTITY_REGISTER_TYPE, e) < 0)
		return -1;
	en->identity_register.name = entry_text(KEEPER);
	en->identity_register.role = entry_text(KEEPER);
	memcpy(en->identity_register.age, identity_age_public(keeper), 32);
	return host_append(b, en, keeper, e);
}

static int keeper_appoint(struct book *b, const struct identity *keeper, const struct identity *operator, struct err *e)
{
	char name[IDENTITY_TEXT];
	struct entry *en;
	identity_text(name, identity_public(keeper));
	int r = host_is_keeper(b, name, e);
	if (r)
		return r < 0 ? -1 : 0;
	if (!(en = malloc(sizeof *en)))
		return err_set(e, ERR_LIMIT, "out of memory");
	r = keeper_introduce(b, en, keeper, e);
	if (r == 0 && (r = book_draft(b, en, ENTRY_KEEPER_APPOINT_TYPE, e)) == 0) {
		memcpy(en->keeper_appoint.keeper, identity_public(keeper), 32);
		memcpy(en->keeper_appoint.age, identity_age_public(keeper), 32);
		r = host_append(b, en, operator, e);
	}
	free(en);
	return r;
}

/* A home without one of the two keys has no keeper of its own to appoint, or may not: no error. */
static int key_maybe(int opened, const struct err *why, struct err *e)
{
	if (opened == 0)
		return 1;
	if (why->code == ERR_NOT_FOUND)
		return 0;
	if (e)
		*e = *why;
	return -1;
}

int host_local_keeper(struct book *b, struct err *e)
{
	struct identity *keeper = NULL, *operator = NULL;
	struct err why = { .code = ERR_NONE };
	int r = key_maybe(machine_key_open(book_home(b), KEEPER, &keeper, &why), &why, e);
	if (r == 1)
		r = key_maybe(book_operator_open(b, &operator, &why), &why, e);
	if (r == 1)
		r = keeper_appoint(b, keeper, operator, e);
	identity_free(keeper);
	identity_free(operator);
	return r;
}

/* Policies */

int on_policy_register(struct event *v, struct err *e)
{
	const struct entry_policy_register *f = &v->en->policy_register;
	char name[LIMIT_NAME_BYTES + 1], h1[MARKET_NAME];
	uint64_t old;
	text_set(name, sizeof name, &f->name);
	text_set(h1, sizeof h1, &f->h1);
	if (id_looks_like(name))
		return err_set(e, ERR_INVALID, "policy-name: %s would be taken for an id", name);
	if (strlen(h1) != 47 || strncmp(h1, "h1:", 3) != 0)
		return err_set(e, ERR_INVALID, "policy-h1: %s is no h1: hash", h1);
	int is = index_get(v->b, HOST_POLICY_H1, h1, v->by, &old, e);
	if (is)
		return is < 0 ? -1 : err_set(e, ERR_CONFLICT, "policy-twice: %s has registered this archive already, in entry %" PRIu64, v->by, old);
	if (blob_here(v, f->blob, f->size, "policy-blob", e) < 0 || index_put(v, HOST_POLICY_H1, h1, v->by, "", e) < 0)
		return -1;
	return index_put(v, HOST_POLICY, v->id, "", name, e);
}

int host_policy_at(struct book *b, uint64_t index, struct host_policy *out, struct err *e)
{
	struct entry *en = malloc(sizeof *en);
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	size_t text_len;
	int r = -1;
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	memset(out, 0, sizeof *out);
	if (book_entry(b, index, &bytes, e) < 0 || entry_decode(en, bytes.data, bytes.len, &text_len, e) < 0)
		goto out;
	if (en->type != ENTRY_POLICY_REGISTER_TYPE) {
		err_set(e, ERR_NOT_FOUND, "entry %" PRIu64 " registers no policy", index);
		goto out;
	}
	const struct entry_policy_register *f = &en->policy_register;
	entry_id(out->id, ID_POLICY, bytes.data, text_len);
	text_set(out->name, sizeof out->name, &f->name);
	text_set(out->version, sizeof out->version, &f->version);
	text_set(out->h1, sizeof out->h1, &f->h1);
	memcpy(out->blob, f->blob, 32);
	memcpy(out->author, f->author, 32);
	memcpy(out->owner, en->by, 32);
	out->size = f->size;
	out->made = index;
	r = 0;
out:
	free(en);
	buf_done(&bytes);
	return r;
}

/* Of one name the newest counts, if all are one owner's: nobody slips a policy of his under the name of another's. */
struct named { struct book *b; struct host_policy *out; size_t n; bool several; };
static int policy_named(void *ctx, const struct book_record *r, struct err *e)
{
	struct named *x = ctx;
	struct host_policy one;
	if (host_policy_at(x->b, r->made, &one, e) < 0)
		return -1;
	x->several = x->several || (x->n && memcmp(one.owner, x->out->owner, 32) != 0);
	*x->out = one;
	x->n++;
	return 0;
}

int host_policy_find(struct book *b, const char *which, struct host_policy *out, struct err *e)
{
	static const char prefix[] = "policy1";
	struct named x = { .b = b, .out = out };
	struct err why = { .code = ERR_NONE };
	char id[MARKET_NAME];
	uint64_t index;
	if (*which && book_records(b, HOST_POLICY, which, -1, policy_named, &x, e) < 0)
		return -1;
	if (x.several) {
		err_set(e, ERR_CONFLICT, "more than one owner has a policy that is called %.100s", which);
		return err_hint(e, "give its id: enclua policy list");
	}
	if (x.n)
		return 0;
	if (strncmp(which, prefix, sizeof prefix - 1) == 0 && strlen(which) >= sizeof prefix - 1 + 8) {
		if (book_record_find(b, HOST_POLICY, which, id, sizeof id, &why) == 0)
			return index_get(b, HOST_POLICY, id, "", &index, e) == 1 ? host_policy_at(b, index, out, e) : -1;
		if (why.code != ERR_NOT_FOUND) {
			if (e)
				*e = why;
			return -1;
		}
	}
	err_set(e, ERR_NOT_FOUND, "there is no policy %.100s in this book", which);
	return err_hint(e, "enclua policy list shows what there is; of an id, at least 8 characters after its 1 are needed");
}

/* Secrets. A row for each version; of an iApp's, the version that holds for a deal is the newest that was there before the deal. */

int on_app_secret(struct event *v, struct err *e)
{
	const struct entry_app_secret *f = &v->en->app_secret;
	struct market_asset a;
	char number[24];
	int is = host_get(v->b, MARKET_ROW_ASSET, f->app, "", &a, e);
	if (is < 0)
		return -1;
	if (!is || a.kind != MARKET_APP)
		return err_set(e, ERR_NOT_FOUND, "secret-unknown: there is no iApp %s in this book", f->app);
	if (strcmp(a.owner, v->by) != 0)
		return err_set(e, ERR_DENIED, "not-owner: %s belongs to %s, not to %s", f->app, a.owner, v->by);
	if (blob_here(v, f->blob, f->size, "secret-blob", e) < 0 || host_sealed_own(v, f->blob, "secret-sealed", e) < 0)
		return -1;
	(void)snprintf(number, sizeof number, "%" PRIu64, v->at->index);
	return index_put(v, HOST_APP_SECRET, f->app, number, f->app, e);
}

int on_secret_set(struct event *v, struct err *e)
{
	const struct entry_secret_set *f = &v->en->secret_set;
	if (blob_here(v, f->blob, f->size, "secret-blob", e) < 0 || host_sealed_own(v, f->blob, "secret-sealed", e) < 0)
		return -1;
	return index_put(v, HOST_SECRET, v->id, "", v->by, e);
}

static int secret_at(struct book *b, uint64_t index, struct host_secret *out, struct err *e)
{
	struct entry *en = malloc(sizeof *en);
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	size_t text_len;
	int r = -1;
	memset(out, 0, sizeof *out);
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (book_entry(b, index, &bytes, e) < 0 || entry_decode(en, bytes.data, bytes.len, &text_len, e) < 0)
		goto out;
	bool app = en->type == ENTRY_APP_SECRET_TYPE;
	memcpy(out->owner, en->by, 32);
	memcpy(out->blob, app ? en->app_secret.blob : en->secret_set.blob, 32);
	out->size = app ? en->app_secret.size : en->secret_set.size;
	out->made = index;
	if (!app) {
		entry_id(out->id, ID_SECRET, bytes.data, text_len);
		text_set(out->name, sizeof out->name, &en->secret_set.name);
	}
	r = 0;
out:
	free(en);
	buf_done(&bytes);
	return r;
}

struct newest { uint64_t before, index; bool found; };
static int secret_before(void *ctx, const struct book_record *r, struct err *e)
{
	struct newest *x = ctx;
	(void)e;
	if (r->made >= x->before)
		return 1;
	x->index = r->made;
	x->found = true;
	return 0;
}

int host_app_secret(struct book *b, const char *app, uint64_t before_index, struct host_secret *out, struct err *e)
{
	struct newest x = { .before = before_index };
	if (book_records(b, HOST_APP_SECRET, app, -1, secret_before, &x, e) < 0)
		return -1;
	return !x.found ? 0 : secret_at(b, x.index, out, e) < 0 ? -1 : 1;
}

int host_secret(struct book *b, const char *id, struct host_secret *out, struct err *e)
{
	uint64_t index;
	int r = index_get(b, HOST_SECRET, id, "", &index, e);
	return r <= 0 ? r : secret_at(b, index, out, e) < 0 ? -1 : 1;
}

struct secrets { struct book *b; int (*f)(void *ctx, const struct host_secret *s, struct err *e); void *ctx; };
static int secret_one(void *ctx, const struct book_record *r, struct err *e)
{
	const struct secrets *x = ctx;
	struct host_secret s;
	return secret_at(x->b, r->made, &s, e) < 0 ? -1 : x->f(x->ctx, &s, e);
}

int host_secrets(struct book *b, const char *owner, int (*f)(void *ctx, const struct host_secret *s, struct err *e), void *ctx, struct err *e)
{
	struct secrets x = { b, f, ctx };
	return book_records(b, HOST_SECRET, owner, -1, secret_one, &x, e);
}

/* Groups */

int on_list_remove(struct event *v, struct err *e)
{
	const struct entry_list_remove *f = &v->en->list_remove;
	char member[MARKET_NAME];
	host_name_text(member, &f->member);
	return market_list_remove(v->m, f->list, v->by, member, e);
}
