/* What each type of entry may do, and what it does to the tables: one function for a type, one row in the table at the end. A rule looks at the entry, the tables and book
 * time only, so that a replay decides as the first time; what depends on this machine (is the blob here?) is asked only of what comes in now.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "book/book_inner.h"
#include "form/iapp.h"
#include "form/manifest.h"
#include "form/pdata.h"
#include "seal/age.h"

#define BANK "bank"
#define KITTY "kitty"
#define BOOK_RULES 1

static const uint8_t none[32];

/* A value of an entry as C text. The list of fields bounds it; a room that is smaller is our mistake. */
static void text_copy(char *out, size_t size, const struct entry_text *t)
{
	assert(t->len < size);
	if (t->len)
		memcpy(out, t->at, t->len);
	out[t->len] = '\0';
}

static int signer_get(struct book *b, const struct entry *en, struct store_identity *out, struct err *e)
{
	char by[IDENTITY_TEXT];
	int r = store_identity_find(b->store, en->by, out, e);
	if (r != 0)
		return r < 0 ? -1 : 0;
	identity_text(by, en->by);
	err_set(e, ERR_NOT_FOUND, "%s is not known in this book", by);
	return err_hint(e, "an identity introduces itself first: enclua key register NAME");
}

static int operator_only(const struct book *b, const struct entry *en, const char *what, struct err *e)
{
	if (memcmp(en->by, b->operator, 32) == 0)
		return 0;
	return err_set(e, ERR_DENIED, "only the operator of the book %s", what);
}

/* book, identities */

static int apply_book_open(struct book *b, const struct entry *en, const struct book_applied *at, struct err *e)
{
	if (at->index != 0)
		return err_set(e, ERR_CONFLICT, "a book is opened once, by its first entry");
	if (operator_only(b, en, "opens it", e) < 0)
		return -1;
	if (en->book_open.rules != BOOK_RULES)
		return err_set(e, ERR_INVALID, "the book is kept by rules %llu, and this program knows rules %d", (unsigned long long)en->book_open.rules, BOOK_RULES);
	const struct ledger_backend *l = ledger_rows_backend(b->ledger);
	return ledger_open(l, BANK, LEDGER_NRLC, false, e) < 0 || ledger_open(l, KITTY, LEDGER_NRLC, true, e) < 0 ? -1 : 0;
}

static int apply_identity_register(struct book *b, const struct entry *en, const struct book_applied *at, struct err *e)
{
	const struct entry_identity_register *f = &en->identity_register;
	struct store_identity known, row = { .seq = (int64_t)at->index };
	char by[IDENTITY_TEXT];
	identity_text(by, en->by);
	int is = store_identity_find(b->store, en->by, &known, e);
	if (is)
		return is < 0 ? -1 : err_set(e, ERR_CONFLICT, "%s is in this book already, as %s", by, known.name);
	if (f->role.len && !entry_text_is(&f->role, "worker") && !entry_text_is(&f->role, "keeper"))
		return err_set(e, ERR_INVALID, "the role of an identity is worker, keeper, or left out");
	text_copy(row.name, sizeof row.name, &f->name);
	text_copy(row.role, sizeof row.role, &f->role);
	memcpy(row.key, en->by, 32);
	memcpy(row.age, f->age, 32);
	if (store_name_check(row.name, e) < 0 || store_row_write(b->store, &store_identity_table, &row, e) < 0)
		return -1;
	return ledger_open(ledger_rows_backend(b->ledger), by, LEDGER_NRLC, true, e);
}

/* data */

static int data_fill(struct store_data *d, const struct entry *en, const struct book_applied *at, struct err *e)
{
	const struct entry_data_register *f = &en->data_register;
	d->seq = (int64_t)at->index;
	d->created = en->time;
	entry_id(d->id, ID_DATA, at->text, at->text_len);
	text_copy(d->name, sizeof d->name, &f->name);
	memcpy(d->owner, en->by, 32);
	memcpy(d->blob, f->blob, 32);
	memcpy(d->schema_blob, f->schema_blob, 32);
	d->payload_len = f->size;
	d->ephemeral = f->scope.len > 0;
	if (age_plain_len(&d->plain_len, f->size) < 0)
		return err_set(e, ERR_INVALID, "no age file has a payload of %llu bytes", (unsigned long long)f->size);
	if (entry_bytes(&f->header, &d->header, e) < 0)
		return -1;
	return buf_add(&d->schema, f->schema.at, f->schema.len, e);
}

static int leaf_seen(void *ctx, const char *path, const char *type, struct err *e)
{
	(void)ctx;
	(void)path;
	(void)type;
	(void)e;
	return 0;
}

/* Whoever lists data hands schemas on as JSON: one that is none, or a blob that is not there, would break the list for everybody. */
static int schema_check(struct book *b, const struct entry_data_register *f, bool admit, struct err *e)
{
	struct buf kept = BUF_INIT(LIMIT_SCHEMA_BYTES);
	bool beside = memcmp(f->schema_blob, none, 32) != 0;
	int r = 0;
	if (f->schema.len && beside)
		r = err_set(e, ERR_INVALID, "the schema of data stands in the entry or in a blob, not in both");
	else if (f->schema.len)
		r = pdata_schema_walk(f->schema.at, f->schema.len, leaf_seen, NULL, e);
	else if (beside && admit)
		r = store_blob_read(b->store, f->schema_blob, &kept, e) < 0 ? -1 : pdata_schema_walk(buf_text(&kept), kept.len, leaf_seen, NULL, e);
	buf_done(&kept);
	return r < 0 ? err_wrap(e, "the schema") : 0;
}

static int apply_data_register(struct book *b, const struct entry *en, const struct book_applied *at, struct err *e)
{
	const struct entry_data_register *f = &en->data_register;
	struct store_identity by;
	struct store_data d = { .header = BUF_INIT(KIB(8)), .schema = BUF_INIT(ENTRY_BYTES_MAX) };
	int r = -1;
	if (signer_get(b, en, &by, e) < 0)
		return -1;
	if (f->scope.len && !entry_text_is(&f->scope, "run"))
		return err_set(e, ERR_INVALID, "the scope of data is run, or left out");
	if (schema_check(b, f, at->admit, e) < 0)
		return -1;
	if (data_fill(&d, en, at, e) < 0 || store_name_check(d.name, e) < 0)
		goto out;
	if (!d.ephemeral && d.name[0] && store_data_name_free(b->store, d.name, d.owner, e) < 0)
		goto out;
	if (at->admit && store_blob_check(b->store, d.blob, d.payload_len, e) < 0) {
		err_wrap(e, "data %s", d.id);
		goto out;
	}
	r = store_row_write(b->store, &store_data_table, &d, e);
out:
	store_data_done(&d);
	return r;
}

/* iApps */

/* Not "author <> …": the index of names would be read through all versions of a name, at each registration. */
static int app_rules(struct book *b, const struct store_app *a, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_statement(b->store, &st, "SELECT owner = ?3 AND h1 = ?1 FROM app WHERE h1 = ?1 AND owner = ?3 "
		"UNION ALL SELECT 0 FROM app WHERE name = ?2 AND author < ?4 UNION ALL SELECT 0 FROM app WHERE name = ?2 AND author > ?4 LIMIT 1", e) < 0)
		return -1;
	sqlite3_bind_text(st, 1, a->h1, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, a->name, -1, SQLITE_STATIC);
	sqlite3_bind_blob(st, 3, a->owner, 32, SQLITE_STATIC);
	sqlite3_bind_blob(st, 4, a->author, 32, SQLITE_STATIC);
	int rc = sqlite3_step(st);
	bool mine = rc == SQLITE_ROW && sqlite3_column_int(st, 0);
	(void)sqlite3_reset(st);
	if (rc == SQLITE_DONE)
		return 0;
	if (rc != SQLITE_ROW)
		return store_fail(b->store, rc, e, "read it");
	if (mine)
		return err_set(e, ERR_CONFLICT, "%s %s (%s) is registered by this owner already", a->name, a->version, a->h1);
	err_set(e, ERR_CONFLICT, "the name %s is taken by an iApp of another author", a->name);
	return err_hint(e, "give it another name in iapp.yaml, or sign with the key that signed the first one");
}

/* A name is its first author's, and whoever runs it by its name trusts in that: so the archive itself must say what the entry says of it. */
static int archive_check(struct book *b, const struct store_app *a, struct err *e)
{
	struct buf bytes = BUF_INIT(LIMIT_IAPP_BYTES);
	const struct iapp_expect expect = { .sha256 = a->blob, .h1 = a->h1 };
	struct iapp *app = NULL;
	int r = -1;
	if (store_blob_check(b->store, a->blob, a->size, e) < 0 || store_blob_read(b->store, a->blob, &bytes, e) < 0 ||
		iapp_open(&app, bytes.data, bytes.len, &expect, e) < 0)
		goto out;
	if (strcmp(app->manifest->name, a->name) != 0 || strcmp(app->manifest->version, a->version) != 0)
		err_set(e, ERR_INVALID, "the archive is of %s %s, and the entry says %s %s", app->manifest->name, app->manifest->version, a->name, a->version);
	else if (memcmp(app->signers[0].key.public_key, a->author, 32) != 0)
		err_set(e, ERR_INVALID, "the archive was not signed first by the author that the entry names");
	else
		r = 0;
out:
	iapp_free(app);
	buf_done(&bytes);
	return r < 0 ? err_wrap(e, "iApp %s", a->id) : 0;
}

static int apply_app_register(struct book *b, const struct entry *en, const struct book_applied *at, struct err *e)
{
	const struct entry_app_register *f = &en->app_register;
	struct store_identity by;
	struct store_app a = { .seq = (int64_t)at->index, .size = f->size, .created = en->time };
	uint8_t hash[32];
	if (signer_get(b, en, &by, e) < 0)
		return -1;
	if (f->h1.len != IAPP_H1_TEXT - 1 || memcmp(f->h1.at, "h1:", 3) != 0 || base64_decode(hash, sizeof hash, f->h1.at + 3, f->h1.len - 3) != 32)
		return err_set(e, ERR_INVALID, "h1 is h1: and a SHA-256 in base64");
	if (f->size == 0)
		return err_set(e, ERR_INVALID, "an archive has bytes");
	text_copy(a.name, sizeof a.name, &f->name);
	text_copy(a.version, sizeof a.version, &f->version);
	text_copy(a.h1, sizeof a.h1, &f->h1);
	entry_id(a.id, ID_APP, at->text, at->text_len);
	memcpy(a.owner, en->by, 32);
	memcpy(a.author, f->author, 32);
	memcpy(a.blob, f->blob, 32);
	if (store_name_check(a.name, e) < 0 || app_rules(b, &a, e) < 0)
		return -1;
	if (at->admit && archive_check(b, &a, e) < 0)
		return -1;
	return store_row_write(b->store, &store_app_table, &a, e);
}

/* accounts */

static int transfer(struct book *b, const struct book_applied *at, const char *from, const char *to, uint64_t amount, const char *cause,
	struct err *e)
{
	struct ledger_transfer t = { .kind = LEDGER_POSTED, .amount = amount, .entry = at->index };
	memcpy(t.id, at->id, LEDGER_ID - 4);	/* the last four bytes count the transfers of one entry */
	(void)snprintf(t.debit, sizeof t.debit, "%s", from);
	(void)snprintf(t.credit, sizeof t.credit, "%s", to);
	(void)snprintf(t.cause, sizeof t.cause, "%s", cause);
	return ledger_apply(ledger_rows_backend(b->ledger), &t, 1, at->now, e);
}

static int receiver_text(struct book *b, const uint8_t key[static 32], char out[static IDENTITY_TEXT], struct err *e)
{
	struct store_identity known;
	identity_text(out, key);
	int r = store_identity_find(b->store, key, &known, e);
	return r == 0 ? err_set(e, ERR_NOT_FOUND, "%s has no account: it is not known in this book", out) : r < 0 ? -1 : 0;
}

static int apply_account_deposit(struct book *b, const struct entry *en, const struct book_applied *at, struct err *e)
{
	char to[IDENTITY_TEXT];
	if (operator_only(b, en, "puts money into it", e) < 0 || receiver_text(b, en->account_deposit.to, to, e) < 0)
		return -1;
	return transfer(b, at, BANK, to, en->account_deposit.amount, "deposit", e);
}

static int apply_account_withdraw(struct book *b, const struct entry *en, const struct book_applied *at, struct err *e)
{
	char from[IDENTITY_TEXT];
	identity_text(from, en->by);
	return transfer(b, at, from, BANK, en->account_withdraw.amount, "withdraw", e);
}

static int apply_account_transfer(struct book *b, const struct entry *en, const struct book_applied *at, struct err *e)
{
	char from[IDENTITY_TEXT], to[IDENTITY_TEXT];
	identity_text(from, en->by);
	if (receiver_text(b, en->account_transfer.to, to, e) < 0)
		return -1;
	return transfer(b, at, from, to, en->account_transfer.amount, "transfer", e);
}

static int apply_account_close(struct book *b, const struct entry *en, const struct book_applied *at, struct err *e)
{
	char name[IDENTITY_TEXT];
	struct ledger_account a;
	(void)at;
	identity_text(name, en->by);
	int is = book_account(b, name, &a, e);
	if (is == 1 && a.closed)
		return err_set(e, ERR_CONFLICT, "the account of %s is closed already", name);
	return is < 0 ? -1 : ledger_close(ledger_rows_backend(b->ledger), name, e);
}

int book_apply(struct book *b, const struct entry *en, const struct book_applied *at, struct err *e)
{
	static int (*const rules[ENTRY_TYPE_COUNT])(struct book *, const struct entry *, const struct book_applied *, struct err *) = {
#define X(id, name, type, fields, doc) [ENTRY_##id##_TYPE] = apply_##name,
		ENTRY_BOOK_TYPES(X)
#undef X
	};
	const char *type = entry_info(en->type)->type;
	int r = -1;
	if (at->index == 0 && en->type != ENTRY_BOOK_OPEN_TYPE)
		err_set(e, ERR_INVALID, "the first entry of a book opens it");
	else if (!rules[en->type] && !b->rules)
		err_set(e, ERR_UNAVAILABLE, "this program does not know the rules of such entries");
	else
		r = rules[en->type] ? rules[en->type](b, en, at, e) : 0;
	if (r < 0)
		return err_wrap(e, "%s", type);
	return b->rules ? b->rules->apply(b->rules_ctx, b, en, at, e) : 0;	/* its refusals begin with their own codes */
}
