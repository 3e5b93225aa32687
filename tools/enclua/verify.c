/* enclua verify: a receipt, a proof of one entry, or an exported book, checked with nothing but the file and, when given, a policy. No home is opened, nothing is
 * asked of the network; what cannot be proven is not said.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "book.h"
#include "book/export.h"
#include "form/receipt.h"
#include "form/tlog_proof.h"
#include "seal/age.h"
#include "verbs.h"

#define RECEIPT_LINE "enclua/receipt/v1"
#define PROOF_LINE "c2sp.org/tlog-proof@v1"
#define ENTRY_LINE "enclua/"	/* begins an entry of ours; those of other logs are bytes */

static int line(struct cli *c, const char *key, const char *value, struct err *e)
{
	return cli_print(c, e, "%-12s %s\n", key, value);
}

static void time_json(struct cli *c, const char *key, int64_t at, bool known)
{
	char text[24];
	entry_time_text(text, at);
	book_json_text(c, key, known ? text : NULL);
}

/* ---- what every kind ends with: the book, and who has countersigned it ---- */

static int book_show(struct cli *c, const struct checkpoint *cp, const struct tlog_verdict *v, bool policy, struct err *e)
{
	char newest[24];
	entry_time_text(newest, (int64_t)v->newest);
	json_write_key(&c->out, "book");
	json_write_object(&c->out);
	book_checkpoint_json(c, cp);
	json_write_object_end(&c->out);
	json_write_key(&c->out, "witnesses");
	json_write_object(&c->out);
	book_json_number(c, "cosigned", v->cosigned);
	book_json_number(c, "unknown", v->unknown);
	time_json(c, "newest", (int64_t)v->newest, v->newest != 0);
	json_write_object_end(&c->out);
	json_write_key(&c->out, "policy");
	json_write_bool(&c->out, policy);
	if (cli_print(c, e, "%-12s %s, %llu entries\n", "book", cli_safe(cp->origin, strlen(cp->origin), 0), (unsigned long long)cp->size) < 0)
		return -1;
	if (policy)
		return v->cosigned ? cli_print(c, e, "%-12s %u of the policy countersigned it, the last at %s: the policy accepts it\n", "witnesses", v->cosigned, newest)
			: line(c, "witnesses", "the policy demands none, and accepts it", e);
	if (v->cosigned)
		return cli_print(c, e, "%-12s %u countersigned it, the last at %s; no policy says who they are\n", "witnesses", v->cosigned, newest);
	return line(c, "witnesses", "no policy was given: its operator alone vouches for the book (--policy FILE)", e);
}

/* ---- receipt ---- */

/* What an identity calls itself in this receipt, beside its key: anybody may choose any name. */
static int actor_show(struct cli *c, const struct receipt *r, const char *role, const uint8_t key[static 32], struct err *e)
{
	char text[IDENTITY_TEXT];
	identity_text(text, key);
	for (size_t i = 0; i < receipt_count(r); i++) {
		uint64_t index;
		const struct entry *en = receipt_at(r, i, &index);
		if (en->type == ENTRY_IDENTITY_REGISTER_TYPE && memcmp(en->by, key, 32) == 0)
			return cli_print(c, e, "%-12s %s, who calls itself %s\n", role, text,
				cli_safe(en->identity_register.name.at, en->identity_register.name.len, 0));
	}
	return line(c, role, text, e);
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
	book_json_text(c, key, text);
}

static void hash_text(char out[static HEX_LEN(32) + 8], const uint8_t hash[static 32])
{
	memcpy(out, "sha256:", 8);
	hex_encode(out + 7, hash, 32);
}

static int app_show(struct cli *c, const struct entry *app, struct err *e)
{
	const struct entry_app_register *a = &app->app_register;
	json_write_key(&c->out, "app");
	json_write_object(&c->out);
	text_json(c, "name", &a->name);
	text_json(c, "version", &a->version);
	text_json(c, "h1", &a->h1);
	key_json(c, "author", a->author);
	json_write_object_end(&c->out);
	return cli_print(c, e, "%-12s %s %s %s\n", "app", cli_safe(a->name.at, a->name.len, 0), cli_safe(a->version.at, a->version.len, 1),
		cli_safe(a->h1.at, a->h1.len, 2));
}

static int data_row(struct cli *c, const struct entry *en, struct err *e)
{
	struct buf text = BUF_INIT(ENTRY_BYTES_MAX);
	char id[ID_TEXT], owner[IDENTITY_TEXT];
	int r = entry_encode(en, &text, e);
	if (r == 0) {
		const struct entry_text *name = &en->data_register.name;
		entry_id(id, ID_DATA, text.data, text.len);
		identity_text(owner, en->by);
		json_write_object(&c->out);
		book_json_text(c, "id", id);
		text_json(c, "name", name);
		book_json_text(c, "owner", owner);
		json_write_object_end(&c->out);
		r = cli_print(c, e, "%-12s %s%s%s, of %s\n", "data", id, name->len ? " " : "", cli_safe(name->at, name->len, 0), owner);
	}
	buf_done(&text);
	return r;
}

static int data_show(struct cli *c, const struct receipt *r, struct err *e)
{
	size_t n = 0;
	json_write_key(&c->out, "data");
	json_write_array(&c->out);
	for (size_t i = 0; i < receipt_count(r); i++) {
		uint64_t index;
		const struct entry *en = receipt_at(r, i, &index);
		if (en->type != ENTRY_DATA_REGISTER_TYPE)
			continue;
		if (data_row(c, en, e) < 0)
			return -1;
		n++;
	}
	json_write_array_end(&c->out);
	return n ? 0 : line(c, "data", "none", e);
}

static bool hash_given(const uint8_t hash[static 32])
{
	static const uint8_t zero[32];
	return memcmp(hash, zero, sizeof zero) != 0;
}

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

static int end_show(struct cli *c, const struct entry *finish, struct err *e)
{
	const struct entry_task_finish *f = &finish->task_finish;
	char result[HEX_LEN(32) + 8], measurement[HEX_LEN(32) + 8], at[24];
	const char *means = assurance_text(&f->assurance);
	bool sealed = hash_given(f->result);
	hash_text(result, f->result);
	hash_text(measurement, f->measurement);
	entry_time_text(at, finish->time);
	text_json(c, "status", &f->status);
	text_json(c, "reason", &f->reason);
	book_json_text(c, "finished", at);
	book_json_text(c, "result", sealed ? result : NULL);
	book_json_number(c, "result_size", f->size);
	book_json_text(c, "measurement", measurement);
	text_json(c, "assurance", &f->assurance);
	book_json_text(c, "means", means);
	if (cli_print(c, e, "%-12s %s%s%s at %s\n", "ended", cli_safe(f->status.at, f->status.len, 0), f->reason.len ? ": " : "",
		cli_safe(f->reason.at, f->reason.len, 1), at) < 0 || line(c, "result", sealed ? result : "none", e) < 0 ||
		line(c, "enclave", measurement, e) < 0 || missing_show(c, &f->missing_layer, e) < 0)
		return -1;
	return cli_print(c, e, "%-12s %s: %s\n", "assurance", cli_safe(f->assurance.at, f->assurance.len, 0), means ? means : "an unknown level");
}

/* Who can open the result: an identity, or whoever has the key of an age recipient. */
static int beneficiary_show(struct cli *c, const struct receipt *r, const struct entry_task_request *q, bool sealed, struct err *e)
{
	char age[AGE_RECIPIENT_TEXT];
	age_recipient_text(age, q->recipient);
	book_json_text(c, "recipient", age);
	if (hash_given(q->beneficiary))
		key_json(c, "beneficiary", q->beneficiary);
	else
		book_json_text(c, "beneficiary", NULL);
	if (!sealed)
		return 0;
	return hash_given(q->beneficiary) ? actor_show(c, r, "sealed to", q->beneficiary, e) : line(c, "sealed to", age, e);
}

static int receipt_show(struct cli *c, const struct receipt *r, bool policy, struct err *e)
{
	const struct entry *request = receipt_find(r, ENTRY_TASK_REQUEST_TYPE), *finish = receipt_find(r, ENTRY_TASK_FINISH_TYPE),
		*app = receipt_find(r, ENTRY_APP_REGISTER_TYPE);
	char asked[24];
	if (!request || !finish || !app)
		return err_set(e, ERR_INVALID, "the receipt lacks the request, the end or the iApp of its task");
	entry_time_text(asked, request->time);
	book_json_text(c, "kind", "receipt");
	book_json_text(c, "task", receipt_task(r));
	key_json(c, "requester", request->by);
	key_json(c, "worker", finish->by);
	book_json_text(c, "requested", asked);
	book_json_number(c, "entries", receipt_count(r));
	if (cli_print(c, e, "This receipt proves, by %zu signed entries of one book:\n", receipt_count(r)) < 0 || line(c, "task", receipt_task(r), e) < 0 ||
		line(c, "asked at", asked, e) < 0 || actor_show(c, r, "by", request->by, e) < 0 || app_show(c, app, e) < 0 || data_show(c, r, e) < 0 ||
		actor_show(c, r, "worker", finish->by, e) < 0 || end_show(c, finish, e) < 0 ||
		beneficiary_show(c, r, &request->task_request, hash_given(finish->task_finish.result), e) < 0)
		return -1;
	return book_show(c, receipt_checkpoint(r), receipt_verdict(r), policy, e);
}

static int receipt_verify(struct cli *c, const struct buf *file, const struct tlog_policy *p, struct err *e)
{
	struct receipt *r = NULL;
	int result = receipt_open(&r, file->data, file->len, p, e);
	if (result == 0)
		result = receipt_show(c, r, p != NULL, e);
	receipt_free(r);
	return result;
}

/* ---- proof ---- */

/* An entry of ours is signed by its actor, and for this book: a log that took in anything else proves nothing about it. */
static int entry_show(struct cli *c, const struct buf *bytes, const struct checkpoint *cp, struct err *e)
{
	struct entry en;
	enum id_kind kind;
	char id[ID_TEXT] = "", who[IDENTITY_TEXT], at[24];
	size_t text_len = 0;
	json_write_key(&c->out, "entry");
	if (bytes->len < strlen(ENTRY_LINE) || memcmp(bytes->data, ENTRY_LINE, strlen(ENTRY_LINE)) != 0) {
		json_write_null(&c->out);
		return cli_print(c, e, "%-12s %zu bytes that are no entry of a book of Enclua\n", "entry", bytes->len);
	}
	if (entry_open(&en, bytes->data, bytes->len, &text_len, e) < 0)
		return err_wrap(e, "the entry");
	if (!entry_text_is(&en.book, cp->origin))
		return err_set(e, ERR_INVALID, "the entry was signed for the book %s, and stands in %s", cli_safe(en.book.at, en.book.len, 0), cp->origin);
	if (entry_id_kind(en.type, &kind))
		entry_id(id, kind, bytes->data, text_len);
	identity_text(who, en.by);
	entry_time_text(at, en.time);
	json_write_object(&c->out);
	book_json_text(c, "id", id[0] ? id : NULL);
	(void)entry_json(&en, &c->out);
	json_write_object_end(&c->out);
	return cli_print(c, e, "%-12s %s%s%s\n%-12s %s\n%-12s %s\n", "entry", entry_info(en.type)->type, id[0] ? " " : "", id, "signed by", who, "at", at);
}

static int proof_verify(struct cli *c, const struct buf *file, const struct tlog_policy *p, const char *entry_path, struct err *e)
{
	struct tlog_proof proof = { .index = 0 };
	struct buf given = BUF_INIT(0);
	struct checkpoint cp;
	struct tlog_verdict v;
	int r = -1;
	if (tlog_proof_parse(&proof, (const char *)file->data, file->len, e) < 0 ||
		(entry_path && book_file_read(entry_path, ENTRY_BYTES_MAX, &given, e) < 0))
		goto out;
	const struct buf *entry = entry_path ? &given : &proof.extra;
	if (!entry_path && entry->len == 0) {
		err_set(e, ERR_USAGE, "the proof does not carry its entry");
		err_hint(e, "enclua verify PROOF --entry FILE");
		goto out;
	}
	if (tlog_proof_verify(&proof, entry->data, entry->len, p, &cp, &v, e) < 0)
		goto out;
	book_json_text(c, "kind", "proof");
	book_json_number(c, "index", proof.index);
	if (cli_print(c, e, "This proof shows that entry %llu of a book is:\n", (unsigned long long)proof.index) == 0 && entry_show(c, entry, &cp, e) == 0)
		r = book_show(c, &cp, &v, p != NULL, e);
out:
	buf_done(&given);
	tlog_proof_done(&proof);
	return r;
}

/* ---- an exported book ---- */

static int export_check(struct cli *c, const char *dir, const struct tlog_policy *p, struct err *e)
{
	struct checkpoint cp;
	struct tlog_verdict v;
	if (export_verify(dir, p, &cp, &v, e) < 0)
		return -1;
	book_json_text(c, "kind", "export");
	if (cli_print(c, e, "This folder holds a whole book: every entry is in its tile, every tile leads to the root.\n") < 0)
		return -1;
	return book_show(c, &cp, &v, p != NULL, e);
}

/* ---- */

static bool first_line_is(const struct buf *b, const char *text)
{
	size_t n = strlen(text);
	return b->len > n && memcmp(b->data, text, n) == 0 && b->data[n] == '\n';
}

static int file_verify(struct cli *c, const char *path, const struct tlog_policy *p, const char *entry, struct err *e)
{
	struct buf file;
	int r = book_file_read(path, RECEIPT_BYTES, &file, e);
	if (r == 0 && first_line_is(&file, PROOF_LINE))
		r = proof_verify(c, &file, p, entry, e);
	else if (r == 0 && entry)
		r = err_set(e, ERR_USAGE, "--entry goes with a proof, and %s is none", path);
	else if (r == 0 && first_line_is(&file, RECEIPT_LINE))
		r = receipt_verify(c, &file, p, e);
	else if (r == 0) {
		r = err_set(e, ERR_INVALID, "%s is no receipt, no proof and no exported book", path);
		err_hint(e, "a checkpoint is checked by the book it is of: enclua book verify --against FILE");
	}
	buf_done(&file);
	return r;
}

static int run_verify(struct cli *c, struct args *a, struct err *e)
{
	const char *path = a->words[0];
	struct tlog_policy *p = NULL;
	struct stat st;
	if (args_has(a, "policy") && book_policy_read(&p, args_get(a, "policy"), e) < 0)
		return -1;
	int r = stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? export_check(c, path, p, e) : file_verify(c, path, p, args_get(a, "entry"), e);
	tlog_policy_free(p);
	return r;
}

static const struct option_row verify_options[] = {
	{ "policy", 0, "FILE", false, "whom you trust: logs, witnesses, and how many of them (C2SP tlog-policy)" },
	{ "entry", 0, "FILE", false, "the entry, for a proof that does not carry it" },
	{ NULL, 0, NULL, false, NULL },
};

const struct command verify_commands[] = {
	{ "verify", "FILE|DIR [--policy FILE]", "Check a receipt, a proof or an exported book, without a home and without a network",
	  "Example: enclua verify task.receipt --policy trusted.txt\n\nSays what the file proves: who, what, on which data, how it ended, and what that is worth. A forged file "
	  "ends with 5; one that the policy does not accept with 4. Without a policy the operator of the book alone vouches for it.", verify_options, 1, 1, run_verify },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
