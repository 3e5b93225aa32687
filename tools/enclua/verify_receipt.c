/* What a receipt proves, as a story in words: who asked for what, on whose data and for how much, who ran it, how it ended, and what that is worth. Everything said
 * follows from the receipt's entries (form/receipt.h); names that people gave themselves or their things are shown beside keys and ids, never alone.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "book.h"
#include "form/receipt.h"
#include "seal/age.h"
#include "verify.h"

static bool given(const uint8_t bytes[static 32])
{
	static const uint8_t zero[32];
	return memcmp(bytes, zero, sizeof zero) != 0;
}

/* What an identity calls itself in this receipt, beside its key: anybody may choose any name. */
static int actor_show(struct cli *c, const struct receipt *r, const char *role, const uint8_t key[static 32], struct err *e)
{
	char text[IDENTITY_TEXT];
	identity_text(text, key);
	for (size_t i = 0; i < receipt_count(r); i++) {
		const struct entry *en = receipt_at(r, i, NULL);
		if (en->type == ENTRY_IDENTITY_REGISTER_TYPE && memcmp(en->by, key, 32) == 0)
			return cli_print(c, e, "%-12s %s, who calls itself %s\n", role, text,
				cli_safe(en->identity_register.name.at, en->identity_register.name.len, 0));
	}
	return verify_line(c, role, text, e);
}

static void text_json(struct cli *c, const char *key, const struct entry_text *t)
{
	json_write_key(&c->out, key);
	if (t->len)
		json_write_string(&c->out, t->at, t->len);
	else
		json_write_null(&c->out);
}

static void key_json(struct cli *c, const char *key, const uint8_t public_key[static 32])
{
	char text[IDENTITY_TEXT];
	identity_text(text, public_key);
	book_json_text(c, key, given(public_key) ? text : NULL);
}

static void hash_text(char out[static HEX_LEN(32) + 8], const uint8_t hash[static 32])
{
	memcpy(out, "sha256:", 8);
	hex_encode(out + 7, hash, 32);
}

/* Who asked, and for what */

static int request_show(struct cli *c, const struct receipt *r, struct err *e)
{
	const struct entry *request = receipt_find(r, ENTRY_ORDER_REQUEST_TYPE);
	const struct entry_order_request *q = &request->order_request;
	char at[24];
	entry_time_text(at, request->time);
	key_json(c, "requester", request->by);
	book_json_text(c, "requested", at);
	text_json(c, "purpose", &q->purpose);
	if (verify_line(c, "asked at", at, e) < 0 || actor_show(c, r, "by", request->by, e) < 0)
		return -1;
	return q->purpose.len ? cli_print(c, e, "%-12s %s\n", "purpose", cli_safe(q->purpose.at, q->purpose.len, 0)) : 0;
}

static int app_show(struct cli *c, const struct receipt *r, struct err *e)
{
	const struct entry_app_register *a = &receipt_find(r, ENTRY_APP_REGISTER_TYPE)->app_register;
	const struct entry *order = receipt_find(r, ENTRY_ORDER_APP_TYPE);
	json_write_key(&c->out, "app");
	json_write_object(&c->out);
	book_json_text(c, "id", order->order_app.app);
	text_json(c, "name", &a->name);
	text_json(c, "version", &a->version);
	text_json(c, "h1", &a->h1);
	key_json(c, "author", a->author);
	key_json(c, "owner", order->by);
	json_write_object_end(&c->out);
	if (cli_print(c, e, "%-12s %s %s %s\n", "app", cli_safe(a->name.at, a->name.len, 0), cli_safe(a->version.at, a->version.len, 1),
		cli_safe(a->h1.at, a->h1.len, 2)) < 0)
		return -1;
	return actor_show(c, r, "offered by", order->by, e);
}

/* The name that it was registered by. */
static const struct entry_text *data_name(const struct receipt *r, const char *id)
{
	static const struct entry_text none;
	for (size_t i = 0; i < receipt_count(r); i++)
		if (strcmp(receipt_id(r, i), id) == 0)
			return &receipt_at(r, i, NULL)->data_register.name;
	return &none;
}

/* owner: as of the deal, whoever registered it. */
static int data_row(struct cli *c, const struct receipt *r, const char *id, const uint8_t owner[static 32], struct err *e)
{
	const struct entry_text *name = data_name(r, id);
	char who[IDENTITY_TEXT];
	identity_text(who, owner);
	json_write_object(&c->out);
	book_json_text(c, "id", id);
	text_json(c, "name", name);
	book_json_text(c, "owner", who);
	json_write_object_end(&c->out);
	return cli_print(c, e, "%-12s %s%s%s, of %s\n", "data", id, name->len ? " " : "", cli_safe(name->at, name->len, 0), who);
}

/* Of a bulk what was released, each by the grant of its owner. */
static int bulk_rows(struct cli *c, const struct receipt *r, const struct entry *matched, size_t *n, struct err *e)
{
	const struct entry *release = receipt_release(r, NULL);
	for (size_t i = 0; release && i < release->key_release.grant.n; i++)
		for (size_t k = 0; k < receipt_count(r); k++) {
			const struct entry *grant = receipt_at(r, k, NULL);
			if (grant == matched || strcmp(receipt_id(r, k), release->key_release.grant.at[i]) != 0)
				continue;
			if (data_row(c, r, grant->order_data.data, grant->by, e) < 0)
				return -1;
			(*n)++;
		}
	return 0;
}

static int data_show(struct cli *c, const struct receipt *r, struct err *e)
{
	const struct entry *grant = receipt_find(r, ENTRY_ORDER_DATA_TYPE), *request = receipt_find(r, ENTRY_ORDER_REQUEST_TYPE);
	const struct entry_ids *own = &request->order_request.own_data;
	size_t bulk = 0;
	int done = 0;
	json_write_key(&c->out, "data");
	json_write_array(&c->out);
	if (grant)
		done = data_row(c, r, grant->order_data.data, grant->by, e);
	for (size_t i = 0; done == 0 && i < own->n; i++)
		done = data_row(c, r, own->at[i], request->by, e);
	if (done == 0)
		done = bulk_rows(c, r, grant, &bulk, e);
	json_write_array_end(&c->out);
	return done < 0 ? -1 : grant || own->n || bulk ? 0 : verify_line(c, "data", "none", e);
}

/* For how much: what one task of the deal costs when it ends well. */
static int price_show(struct cli *c, const struct receipt *r, struct err *e)
{
	static const char *const words[] = { "app", "data", "pool", "total" };
	const struct entry *grant = receipt_find(r, ENTRY_ORDER_DATA_TYPE), *request = receipt_find(r, ENTRY_ORDER_REQUEST_TYPE);
	uint64_t amounts[4] = { receipt_find(r, ENTRY_ORDER_APP_TYPE)->order_app.price, grant ? grant->order_data.price : 0,
		receipt_find(r, ENTRY_ORDER_POOL_TYPE)->order_pool.price };
	const uint8_t *payer = given(request->order_request.payer) ? request->order_request.payer : request->by;
	char text[4][TEXT_AMOUNT];
	amounts[3] = amounts[0] + amounts[1] + amounts[2];	/* 64 bits hold three of 62 */
	json_write_key(&c->out, "price");
	json_write_object(&c->out);
	for (size_t i = 0; i < 4; i++) {
		text_amount_write(text[i], amounts[i]);
		book_json_number(c, words[i], amounts[i]);
	}
	json_write_object_end(&c->out);
	key_json(c, "payer", payer);
	if (amounts[3] == 0)
		return verify_line(c, "price", "nothing", e);
	if (cli_print(c, e, "%-12s %s%s: iApp %s, data %s, pool %s\n", "price", text[3], receipt_end(r)->by ? "" : ", paid back", text[0], text[1], text[2]) < 0)
		return -1;
	return memcmp(payer, request->by, 32) == 0 ? 0 : actor_show(c, r, "paid by", payer, e);
}

/* Who ran it */

static int pool_show(struct cli *c, const struct receipt *r, struct err *e)
{
	const struct entry_text *name = &receipt_find(r, ENTRY_POOL_CREATE_TYPE)->pool_create.name;
	const struct entry *order = receipt_find(r, ENTRY_ORDER_POOL_TYPE);
	json_write_key(&c->out, "pool");
	json_write_object(&c->out);
	book_json_text(c, "id", order->order_pool.pool);
	text_json(c, "name", name);
	key_json(c, "owner", order->by);
	json_write_object_end(&c->out);
	if (cli_print(c, e, "%-12s %s %s\n", "pool", order->order_pool.pool, cli_safe(name->at, name->len, 0)) < 0)
		return -1;
	return actor_show(c, r, "kept by", order->by, e);
}

static int worker_show(struct cli *c, const struct receipt *r, struct err *e)
{
	static const uint8_t nobody[32];
	const struct entry *by = receipt_end(r)->by;
	uint64_t trust = receipt_find(r, ENTRY_ORDER_REQUEST_TYPE)->order_request.trust;
	key_json(c, "worker", by ? by->by : nobody);
	book_json_number(c, "trust", trust ? trust : 1);
	if (!by)
		return verify_line(c, "worker", entry_text_is(&receipt_end(r)->outcome, RECEIPT_REFUSED) ? "none: a keeper refused the keys" : "none: nobody finished the task", e);
	if (actor_show(c, r, "worker", by->by, e) < 0)
		return -1;
	return trust > 1 ? cli_print(c, e, "%-12s with other workers, as the owner of the pool says (trust %llu)\n", "agreed", (unsigned long long)trust) : 0;
}

/* How it ended */

/* What the worker's machine did not have of the box's walls, by its own word. */
static int missing_show(struct cli *c, const struct entry_texts *layers, struct err *e)
{
	json_write_key(&c->out, "missing_layers");
	json_write_array(&c->out);
	for (size_t i = 0; i < layers->n; i++) {
		json_write_string(&c->out, layers->at[i].at, layers->at[i].len);
		if (cli_print(c, e, "%-12s the isolation layer %s\n", "without", cli_safe(layers->at[i].at, layers->at[i].len, 0)) < 0)
			return -1;
	}
	json_write_array_end(&c->out);
	return 0;
}

static int end_show(struct cli *c, const struct receipt *r, struct err *e)
{
	const struct receipt_end *x = receipt_end(r);
	char result[HEX_LEN(32) + 8], measurement[HEX_LEN(32) + 8], at[24];
	bool sealed = given(x->result);
	hash_text(result, x->result);
	hash_text(measurement, x->measurement);
	entry_time_text(at, x->time);
	text_json(c, "status", &x->outcome);
	text_json(c, "reason", &x->reason);
	book_json_text(c, "finished", at);
	book_json_text(c, "result", sealed ? result : NULL);
	book_json_number(c, "result_size", x->size);
	book_json_text(c, "measurement", x->by ? measurement : NULL);
	text_json(c, "assurance", &x->assurance);
	book_json_text(c, "means", receipt_means(r));
	if (cli_print(c, e, "%-12s %s%s%s at %s\n", "ended", cli_safe(x->outcome.at, x->outcome.len, 0), x->reason.len ? ": " : "",
		cli_safe(x->reason.at, x->reason.len, 1), at) < 0 || verify_line(c, "result", sealed ? result : "none", e) < 0 ||
		(x->by && verify_line(c, "enclave", measurement, e) < 0) || missing_show(c, x->missing, e) < 0)
		return -1;
	return cli_print(c, e, "%-12s %s: %s\n", "assurance", cli_safe(x->assurance.at, x->assurance.len, 0), receipt_means(r));
}

/* Who can open the result: an identity, or whoever has the key of an age recipient. */
static int beneficiary_show(struct cli *c, const struct receipt *r, struct err *e)
{
	const struct entry_order_request *q = &receipt_find(r, ENTRY_ORDER_REQUEST_TYPE)->order_request;
	char age[AGE_RECIPIENT_TEXT];
	age_recipient_text(age, q->recipient);
	book_json_text(c, "recipient", age);
	key_json(c, "beneficiary", q->beneficiary);
	if (!given(receipt_end(r)->result))
		return 0;
	return given(q->beneficiary) ? actor_show(c, r, "sealed to", q->beneficiary, e) : verify_line(c, "sealed to", age, e);
}

static int receipt_show(struct cli *c, const struct receipt *r, bool policy, struct err *e)
{
	static int (*const parts[])(struct cli *c, const struct receipt *r, struct err *e) = { request_show, app_show, data_show, price_show, pool_show, worker_show,
		verify_keys, end_show, beneficiary_show };
	const char *deal = receipt_find(r, ENTRY_DEAL_MATCH_TYPE)->deal_match.deal;
	book_json_text(c, "kind", "receipt");
	book_json_text(c, "task", receipt_task(r));
	book_json_text(c, "deal", deal);
	book_json_number(c, "entries", receipt_count(r));
	if (cli_print(c, e, "This receipt proves, by %zu signed entries of one book:\n", receipt_count(r)) < 0 || verify_line(c, "task", receipt_task(r), e) < 0 ||
		verify_line(c, "of the deal", deal, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i](c, r, e) < 0)
			return -1;
	return verify_book_show(c, receipt_checkpoint(r), receipt_verdict(r), policy, e);
}

int verify_receipt(struct cli *c, const struct buf *file, const struct tlog_policy *p, struct err *e)
{
	struct receipt *r = NULL;
	int result = receipt_open(&r, file->data, file->len, p, e);
	if (result == 0)
		result = receipt_show(c, r, p != NULL, e);
	receipt_free(r);
	return result;
}
