/* Grants: what an owner says of data, and what a request says of grants. The market keeps their price, volume, restrictions and purposes (core/market); here are the
 * policy, the level of the machine, and that the same grant is not open twice. What else an order says is read from its entry.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/host_inner.h"
#include "seal/crypto.h"

static int order_entry(struct book *b, const char *order, enum entry_type type, struct entry *en, struct buf *bytes, struct err *e)
{
	uint64_t index;
	int r = book_record_made(b, MARKET_ROW_ORDER, order, "", &index, e);
	if (r <= 0)
		return r < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "there is no order %s in this book", order);
	if (book_entry(b, index, bytes, e) < 0 || entry_decode(en, bytes->data, bytes->len, NULL, e) < 0)
		return -1;
	return en->type == type ? 0 : err_set(e, ERR_INVALID, "%s is no %s", order, entry_info(type)->type);
}

int host_grant(struct book *b, const char *order, struct entry *en, struct buf *bytes, struct err *e)
{
	return order_entry(b, order, ENTRY_ORDER_DATA_TYPE, en, bytes, e);
}

/* An owner's grants */

static int policy_known(struct event *v, const char *policy, struct err *e)
{
	struct buf bytes = BUF_INIT(16);
	int is = policy[0] ? book_record_get(v->b, HOST_POLICY, policy, "", &bytes, e) : 1;
	buf_done(&bytes);
	return is == 1 ? 0 : is < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "order-policy: there is no policy %s in this book", policy);
}

static int purposes_join(char out[static MARKET_PURPOSES_TEXT], const struct entry_texts *purposes, struct err *e)
{
	size_t at = 0;
	for (size_t i = 0; i < purposes->n; i++) {
		if (at + 1 + purposes->at[i].len >= MARKET_PURPOSES_TEXT)
			return err_set(e, ERR_LIMIT, "order-field: a grant is for at most %u purposes", MARKET_PURPOSES);
		at += (size_t)snprintf(out + at, MARKET_PURPOSES_TEXT - at, "%s%.*s", at ? " " : "", (int)purposes->at[i].len, purposes->at[i].at);
	}
	return 0;
}

static int text_order(const void *a, const void *b)
{
	const struct entry_text *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int r = memcmp(x->at, y->at, n);
	return r ? r : (x->len > y->len) - (x->len < y->len);
}

static void field_hash(struct sha256 *h, const void *at, size_t n)
{
	uint8_t len[2] = { (uint8_t)(n >> 8), (uint8_t)n };
	sha256_add(h, len, sizeof len);
	sha256_add(h, at, n);
}

/* What makes two grants the same: everything but price, volume and end. Purposes in any order. */
static void terms_name(char out[static HEX_LEN(32) + 1], const struct event *v)
{
	const struct entry_order_data *f = &v->en->order_data;
	const struct entry_text *texts[] = { &f->only_app, &f->only_pool, &f->only_requester, &f->min_assurance };
	struct entry_texts purposes = f->purpose;
	struct sha256 h;
	uint8_t hash[32];
	sha256_init(&h);
	sha256_add(&h, "enclua/grant-terms/v1\n", 22);
	sha256_add(&h, v->en->by, 32);
	field_hash(&h, f->data, strlen(f->data));
	field_hash(&h, f->policy, strlen(f->policy));
	field_hash(&h, &f->tag, sizeof f->tag);
	field_hash(&h, &f->bulk, sizeof f->bulk);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		field_hash(&h, texts[i]->len ? texts[i]->at : "", texts[i]->len);
	qsort(purposes.at, purposes.n, sizeof *purposes.at, text_order);
	for (size_t i = 0; i < purposes.n; i++)
		field_hash(&h, purposes.at[i].at, purposes.at[i].len);
	sha256_end(&h, hash);
	hex_encode(out, hash, 32);
}

/* An owner who grants the same twice has most likely forgotten the first, and would believe that revoking one of them is enough. What he grants himself anew for each
 * run harms nobody. */
static int grant_once(struct event *v, const struct market_order *o, struct err *e)
{
	char terms[HEX_LEN(32) + 1];
	struct buf old_id = BUF_INIT(MARKET_NAME);
	struct market_order old = { .volume = 0 };
	if (strcmp(o->restrict_to.requester, v->by) == 0)
		return 0;
	terms_name(terms, v);
	int is = book_record_get(v->b, HOST_TERMS, terms, "", &old_id, e);
	if (is == 1)
		is = host_get(v->b, MARKET_ROW_ORDER, buf_text(&old_id), "", &old, e);
	buf_done(&old_id);
	if (is < 0)
		return -1;
	if (is && old.consumed < old.volume && (old.until == 0 || old.until > v->at->now)) {
		err_set(e, ERR_CONFLICT, "grant-twice: the same was granted by %s, which is still open", old.id);
		return err_hint(e, "enclua revoke %s, then grant anew; or grant with other terms", old.id);
	}
	return host_record_put(v, HOST_TERMS, terms, "", "", 0, o->id, strlen(o->id), e);
}

int on_order_data(struct event *v, struct err *e)
{
	const struct entry_order_data *f = &v->en->order_data;
	struct market_order o;
	host_order_begin(v, &o, MARKET_ORDER_DATA, f->data, f->price, f->volume, f->tag);
	host_name_text(o.restrict_to.app, &f->only_app);
	host_name_text(o.restrict_to.pool, &f->only_pool);
	host_name_text(o.restrict_to.requester, &f->only_requester);
	o.until = (int64_t)f->until;
	o.policy = f->policy[0] != '\0';
	o.bulk = f->bulk != 0;
	if (f->bulk > 1)
		return err_set(e, ERR_INVALID, "order-field: bulk is 1, or left out");
	if (f->min_assurance.len && host_assurance(&f->min_assurance) < 1)
		return err_set(e, ERR_INVALID, "order-field: the assurance that a grant asks for is software, tpm2 or cvm");
	if (purposes_join(o.purposes, &f->purpose, e) < 0 || policy_known(v, f->policy, e) < 0 || host_order_end(v, &o, e) < 0)
		return -1;
	return grant_once(v, &o, e);
}

/* Requests */

/* No grant stands twice in a bulk, and no data: owners ask how many different data there are. */
static int bulk_once(const struct entry_ids *bulk, char (*data)[MARKET_NAME], size_t i, struct err *e)
{
	for (size_t j = 0; j < i; j++) {
		if (strcmp(bulk->at[j], bulk->at[i]) == 0)
			return err_set(e, ERR_INVALID, "order-bulk: %s stands twice in the request", bulk->at[i]);
		if (strcmp(data[j], data[i]) == 0)
			return err_set(e, ERR_INVALID, "order-bulk: %s and %s are grants of the same data, %s", bulk->at[j], bulk->at[i], data[i]);
	}
	return 0;
}

static int bulk_check(struct event *v, const struct entry_ids *bulk, struct err *e)
{
	char (*data)[MARKET_NAME] = calloc(bulk->n + 1, sizeof *data);
	int r = data ? 0 : err_set(e, ERR_LIMIT, "out of memory");
	for (size_t i = 0; r == 0 && i < bulk->n; i++) {
		struct market_order o;
		int is = host_get(v->b, MARKET_ROW_ORDER, bulk->at[i], "", &o, e);
		if (is < 0)
			r = -1;
		else if (!is || o.kind != MARKET_ORDER_DATA)
			r = err_set(e, ERR_NOT_FOUND, "order-bulk: there is no grant %s in this book", bulk->at[i]);
		else if (!o.bulk)
			r = err_set(e, ERR_DENIED, "order-bulk: %s is for a task of its own, not for one of many data", bulk->at[i]);
		else {
			memcpy(data[i], o.asset, sizeof data[i]);
			r = bulk_once(bulk, data, i, e);
		}
	}
	free(data);
	return r;
}

bool host_number_read(uint64_t *n, const char **at, const char *end)
{
	const char *from = *at;
	*n = 0;
	while (*at < end && **at >= '0' && **at <= '9') {
		if (__builtin_mul_overflow(*n, 10u, n) || __builtin_add_overflow(*n, (uint64_t)(**at - '0'), n))
			return false;
		(*at)++;
	}
	return *at > from && (*from != '0' || *at == from + 1);
}

/* "<number> <secret1…>": a secret of the requester's own, under a number that no other has. */
static int secret_check(struct event *v, const struct entry_texts *all, size_t i, struct err *e)
{
	const char *at = all->at[i].at, *end = at + all->at[i].len;
	struct host_secret s;
	char id[ID_TEXT];
	uint64_t number, other;
	if (!host_number_read(&number, &at, end) || number == 0 || at == end || *at++ != ' ' || (size_t)(end - at) >= sizeof id)
		return err_set(e, ERR_INVALID, "order-secret: a secret of a request is a number from 1 on, a space and the secret's id");
	(void)snprintf(id, sizeof id, "%.*s", (int)(end - at), at);
	for (size_t k = 0; k < i; k++) {
		const char *old = all->at[k].at;
		if (host_number_read(&other, &old, old + all->at[k].len) && other == number)
			return err_set(e, ERR_INVALID, "order-secret: two secrets under the number %llu", (unsigned long long)number);
	}
	int is = host_secret(v->b, id, &s, e);
	if (is < 0)
		return -1;
	if (!is)
		return err_set(e, ERR_NOT_FOUND, "order-secret: there is no secret %s in this book", id);
	return memcmp(s.owner, v->en->by, 32) == 0 ? 0 : err_set(e, ERR_DENIED, "order-secret: %s is somebody else's", id);
}

int host_request_check(struct event *v, struct err *e)
{
	const struct entry_order_request *f = &v->en->order_request;
	if (bulk_check(v, &f->bulk, e) < 0)
		return -1;
	for (size_t i = 0; i < f->secret.n; i++)
		if (secret_check(v, &f->secret, i, e) < 0)
			return -1;
	return 0;
}
