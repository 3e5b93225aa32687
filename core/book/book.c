/* A book opened: its home's store, its operator, its head; drafts of entries, and reading them. It owns <home>/book and <home>/operator.key.
 */
#include "book/book.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/text.h"
#include "book/book_inner.h"
#include "seal/crypto.h"
#include "seal/machine_key.h"

#define OPERATOR "operator"
#define WORKER "worker"

int book_operator_open(struct book *b, struct identity **out, struct err *e)
{
	if (machine_key_open(b->store->home, OPERATOR, out, e) < 0)
		return -1;
	if (b->head.range.size == 0 || memcmp(identity_public(*out), b->operator, 32) == 0)
		return 0;
	/* A checkpoint signed by it would be believed by nobody, and this home would refuse it at the next opening. */
	identity_free(*out);
	*out = NULL;
	err_set(e, ERR_DENIED, "the key %s/" OPERATOR ".key is not that of the operator of this book", b->store->home);
	return err_hint(e, "restore the key with which the book was opened");
}

int book_worker_open(struct book *b, struct identity **out, struct err *e)
{
	return machine_key_open(b->store->home, WORKER, out, e);
}

int book_row_read(struct book *b, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_statement(b->store, &st, "SELECT origin, operator FROM book WHERE one = 1", e) < 0)
		return -1;
	int rc = sqlite3_step(st);
	int r = rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : store_fail(b->store, rc, e, "read the book");
	if (r == 1 && (sqlite3_column_bytes(st, 0) > (int)NOTE_NAME_BYTES || sqlite3_column_bytes(st, 1) != 32))
		r = err_set(e, ERR_INVALID, "the book in %s is corrupt", b->store->home);
	if (r == 1) {
		(void)snprintf(b->origin, sizeof b->origin, "%s", (const char *)sqlite3_column_text(st, 0));
		memcpy(b->operator, sqlite3_column_blob(st, 1), 32);
	}
	(void)sqlite3_reset(st);
	return r;
}

int book_row_write(struct book *b, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_statement(b->store, &st, "INSERT INTO book (one, origin, operator) VALUES (1, ?1, ?2)", e) < 0)
		return -1;
	sqlite3_bind_text(st, 1, b->origin, -1, SQLITE_STATIC);
	sqlite3_bind_blob(st, 2, b->operator, 32, SQLITE_STATIC);
	int rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	return rc == SQLITE_DONE ? 0 : store_fail(b->store, rc, e, "begin the book");
}

/* The first entries: the book itself, and the worker of this machine. */
static int first_entries(struct book *b, const struct identity *operator, struct err *e)
{
	static struct entry en;
	struct identity *worker = NULL;
	struct buf opened = BUF_INIT(ENTRY_BYTES_MAX), known = BUF_INIT(ENTRY_BYTES_MAX);
	int r = -1;
	if (machine_key_make(b->store->home, WORKER, e) < 0 || book_worker_open(b, &worker, e) < 0 || book_draft(b, &en, ENTRY_BOOK_OPEN_TYPE, e) < 0)
		goto out;
	en.book_open.rules = 1;
	if (entry_sign(&en, operator, &opened, e) < 0 || book_draft(b, &en, ENTRY_IDENTITY_REGISTER_TYPE, e) < 0)
		goto out;
	en.identity_register.name = entry_text(WORKER);
	en.identity_register.role = entry_text(WORKER);
	memcpy(en.identity_register.age, identity_age_public(worker), 32);
	if (entry_sign(&en, worker, &known, e) < 0)
		goto out;
	const struct book_item items[] = { { opened.data, opened.len }, { known.data, known.len } };
	r = book_append(b, items, 2, NULL, e);
out:
	identity_free(worker);
	buf_done(&opened);
	buf_done(&known);
	return r;
}

/* Each step can be repeated: two first commands at once, or one that was killed, end in one book. */
static int book_make(struct book *b, struct err *e)
{
	struct identity *operator = NULL;
	if (machine_key_make(b->store->home, OPERATOR, e) < 0 || book_operator_open(b, &operator, e) < 0)
		return -1;
	memcpy(b->operator, identity_public(operator), 32);
	checkpoint_origin_make(b->origin, b->operator);
	int r = store_begin(b->store, e);
	if (r == 0) {
		int is = book_row_read(b, e);
		r = is < 0 ? -1 : is == 0 ? (book_row_write(b, e) < 0 || book_head_store(b, e) < 0 ? -1 : 0) : 0;
		r = store_end(b->store, r, e);
	}
	if (r == 0)
		r = book_head_load(b, e);
	if (r == 0 && b->head.range.size == 0) {
		struct err why = { .code = ERR_NONE };
		r = first_entries(b, operator, &why);
		if (r < 0 && why.code == ERR_CONFLICT)	/* another process was faster */
			r = book_head_load(b, e);
		else if (r < 0 && e)
			*e = why;
	}
	identity_free(operator);
	return r;
}

static int rules_set(struct book *b, const struct book_rules *rules, struct err *e)
{
	if (!rules)
		return 0;
	if (rules->open(b, &b->rules_ctx, e) < 0)
		return -1;
	b->rules = rules;
	return 0;
}

/* What reads the tables, and who keeps this book: 1, 0: there is none yet, -1. */
static int parts_open(struct book *b, const struct book_rules *rules, struct err *e)
{
	if (ledger_rows_open(&b->ledger, b->store->db, e) < 0 || rules_set(b, rules, e) < 0)
		return -1;
	int is = book_row_read(b, e);
	return is == 1 && book_head_load(b, e) < 0 ? -1 : is;
}

/* Tables of an older layout are made again from the entries, by whoever opens the book first. */
static int tables_renew(struct book *b, const struct book_rules *rules, struct err *e)
{
	int is = 0;
	if (store_begin(b->store, e) < 0)
		return -1;
	int older = store_layout_older(b->store, e);
	b->rules = rules;	/* only to be asked for */
	int r = older < 0 || (older && (book_rules_needed(b, e) < 0 || book_tables_clear(b, e) < 0)) ? -1 : 0;
	b->rules = NULL;
	if (r == 0)
		r = is = parts_open(b, rules, e);
	if (r == 1)
		r = older && book_tables_fill(b, e) < 0 ? -1 : 0;
	if (r == 0 && older)
		r = store_layout_done(b->store, e);
	return store_end(b->store, r, e) < 0 ? -1 : is;
}

int book_open(struct book **out, const char *home, bool create, struct err *e)
{
	return book_open_with(out, home, create, NULL, e);
}

int book_open_with(struct book **out, const char *home, bool create, const struct book_rules *rules, struct err *e)
{
	*out = NULL;
	struct book *b = calloc(1, sizeof *b);
	if (!b)
		return err_set(e, ERR_LIMIT, "out of memory");
	b->lock_fd = b->waiting_fd = -1;
	b->reader = (struct merkle_reader){ book_tree_read, b };
	if (snprintf(b->dir, sizeof b->dir, "%s/book", home) >= (int)sizeof b->dir) {
		err_set(e, ERR_INVALID, "the path of the home is too long");
		goto bad;
	}
	if (store_open(&b->store, home, create, e) < 0)
		goto bad;
	b->log = b->store;
	int is = b->store->older ? tables_renew(b, rules, e) : parts_open(b, rules, e);
	if (is < 0)
		goto bad;
	bool empty = is == 0 || b->head.range.size == 0;
	if (book_published_check(b, e) < 0)
		goto bad;
	if (empty && !create) {
		err_set(e, ERR_NOT_FOUND, "the book in %s was never finished", home);
		err_hint(e, "enclua init finishes it");
		goto bad;
	}
	if (empty && book_make(b, e) < 0)
		goto bad;
	*out = b;
	return 0;
bad:
	book_close(b);
	return -1;
}

void book_close(struct book *b)
{
	if (!b)
		return;
	book_replica_finish(b);
	book_queue_close(b);
	if (b->rules)
		b->rules->close(b->rules_ctx);
	ledger_rows_close(b->ledger);
	identity_free(b->signer);
	store_close(b->store);
	book_replica_done(b->replica);
	free(b);
}

int book_bare_open(struct book **out, const char *home, const char *origin, const uint8_t operator[static 32], struct err *e)
{
	struct book *b = calloc(1, sizeof *b);
	*out = b;	/* its caller closes it, whole or not */
	if (!b)
		return err_set(e, ERR_LIMIT, "out of memory");
	b->lock_fd = b->waiting_fd = -1;
	b->reader = (struct merkle_reader){ book_tree_read, b };
	b->store = b->log = calloc(1, sizeof *b->store);
	if (!b->store)
		return err_set(e, ERR_LIMIT, "out of memory");
	(void)snprintf(b->origin, sizeof b->origin, "%s", origin);
	memcpy(b->operator, operator, sizeof b->operator);
	(void)snprintf(b->store->home, sizeof b->store->home, "%s", home);
	return 0;
}

int book_bare_database(struct book *b, const char *path, struct err *e)
{
	int rc = sqlite3_open_v2(path, &b->store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK)
		return store_fail(b->store, rc, e, "open it");
	sqlite3_extended_result_codes(b->store->db, 1);
	return 0;
}

int book_bare_finish(struct book *b, const struct book_rules *rules, struct err *e)
{
	return ledger_rows_open(&b->ledger, b->store->db, e) < 0 ? -1 : rules_set(b, rules, e);
}

void *book_rules_context(const struct book *b)
{
	return b->rules_ctx;
}

const struct ledger_backend *book_ledger(struct book *b)
{
	return ledger_rows_backend(b->ledger);
}

const char *book_home(const struct book *b)
{
	return b->store->home;
}

struct store *book_store(struct book *b)
{
	return b->store;
}

const char *book_origin(const struct book *b)
{
	return b->origin;
}

const uint8_t *book_operator(const struct book *b)
{
	return b->operator;
}

int book_size(struct book *b, uint64_t *size, struct err *e)
{
	if (book_head_load(b, e) < 0)
		return -1;
	*size = b->head.range.size;
	return 0;
}

int book_time(struct book *b, int64_t *time, struct err *e)
{
	if (book_head_load(b, e) < 0)
		return -1;
	*time = b->head.time;
	return 0;
}

int book_draft(struct book *b, struct entry *en, enum entry_type type, struct err *e)
{
	if (book_head_load(b, e) < 0)
		return -1;
	memset(en, 0, sizeof *en);
	en->type = type;
	en->time = os_time();
	/* Not past what the book itself would take: a clock that was ahead once must not shut the book until that day. */
	if (en->time < b->head.time && b->head.time <= en->time + BOOK_CLOCK_S)
		en->time = b->head.time;
	en->book = entry_text(b->origin);
	crypto_random(en->nonce, sizeof en->nonce);
	return 0;
}

int book_append(struct book *b, const struct book_item *items, size_t n, uint64_t *indices, struct err *e)
{
	if (b->replica)
		return err_set(e, ERR_DENIED, "a replica follows the book of somebody else: entries are appended there");
	uint64_t *at = indices ? indices : calloc(n ? n : 1, sizeof *at);
	if (!at)
		return err_set(e, ERR_LIMIT, "out of memory");
	struct book_chain c = { .items = items, .n = n, .indices = at };
	int r = n ? book_queue_submit(b, &c, e) : 0;
	if (r == 0 && c.result < 0) {
		if (e)
			*e = c.why;
		r = -1;
	}
	if (!indices)
		free(at);
	return r;
}

int book_append_one(struct book *b, const struct buf *note, uint64_t *index, struct err *e)
{
	const struct book_item item = { note->data, note->len };
	return book_append(b, &item, 1, index, e);
}

/* Reading */

int book_entries(struct book *b, uint64_t from, uint64_t to, int (*f)(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e), void *ctx,
	struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_prepare(b->log, &st, "SELECT seq, bytes FROM entry WHERE seq >= ?1 AND seq < ?2 ORDER BY seq", e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, from > INT64_MAX ? INT64_MAX : (int64_t)from);
	sqlite3_bind_int64(st, 2, to > INT64_MAX ? INT64_MAX : (int64_t)to);
	int rc = SQLITE_DONE, r = 0;
	while (r == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const void *bytes = sqlite3_column_blob(st, 1);	/* NULL when somebody emptied it */
		r = f(ctx, (uint64_t)sqlite3_column_int64(st, 0), bytes ? bytes : "", (size_t)sqlite3_column_bytes(st, 1), e);
	}
	if (r == 0 && rc != SQLITE_DONE)
		r = store_fail(b->log, rc, e, "read the entries");
	sqlite3_finalize(st);
	return r;
}

int book_entry(struct book *b, uint64_t index, struct buf *bytes, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_statement(b->log, &st, "SELECT bytes FROM entry WHERE seq = ?1", e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, index > INT64_MAX ? INT64_MAX : (int64_t)index);
	int rc = sqlite3_step(st), r = 0;
	const void *blob = rc == SQLITE_ROW ? sqlite3_column_blob(st, 0) : NULL;	/* NULL too when somebody emptied it */
	if (blob)
		r = buf_add(bytes, blob, (size_t)sqlite3_column_bytes(st, 0), e);
	else if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		r = store_fail(b->log, rc, e, "read an entry");
	(void)sqlite3_reset(st);
	if (r < 0 || rc == SQLITE_ROW)
		return r;
	err_set(e, ERR_NOT_FOUND, "the book has no entry %llu", (unsigned long long)index);
	return err_hint(e, "enclua book log shows what it has");
}

/* A decimal number without sign or leading zero. */
static bool number_parse(const char *text, uint64_t *out)
{
	size_t n = strspn(text, "0123456789");
	if (n == 0 || n > 18 || text[n] || (text[0] == '0' && n > 1))
		return false;
	*out = strtoull(text, NULL, 10);
	return true;
}

/* The first 20 bytes of an id's hash lie between these two: what is missing of the text is all q (0) or all l (31). */
static bool id_bounds(const char *which, uint8_t low[static ID_BYTES], uint8_t high[static ID_BYTES])
{
	static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	const char *digits = strchr(which, '1');
	size_t n = digits ? strlen(digits + 1) : 0, whole = ID_BYTES * 8 / 5;
	if (!digits || n < 8 || n > whole + 6)
		return false;
	memset(low, 0, ID_BYTES);
	memset(high, 0xff, ID_BYTES);
	for (size_t i = 0; i < n && i < whole; i++) {
		const char *at = strchr(alphabet, digits[1 + i]);
		if (!at || !*at)
			return false;
		for (unsigned bit = 0; bit < 5; bit++) {
			unsigned on = (unsigned)(at - alphabet) >> (4 - bit) & 1;
			size_t place = i * 5 + bit;
			uint8_t mask = (uint8_t)(0x80u >> place % 8);
			if (on)
				low[place / 8] |= mask;
			else
				high[place / 8] &= (uint8_t)~mask;
		}
	}
	return true;
}

/* All of its hash is given, and perhaps some of its checksum: is that right as far as it goes? */
static bool id_checksum_begins(const char *which, const uint8_t bytes[static ID_BYTES])
{
	char prefix[ID_TEXT], whole[ID_TEXT];
	(void)snprintf(prefix, sizeof prefix, "%.*s", (int)strcspn(which, "1"), which);
	bech32_encode(whole, prefix, bytes, ID_BYTES);
	return strncmp(which, whole, strlen(which)) == 0;
}

int book_find(struct book *b, const char *which, uint64_t *index, struct err *e)
{
	uint8_t low[ID_BYTES], high[ID_BYTES];
	enum id_kind kind;
	if (number_parse(which, index)) {
		if (book_head_load(b, e) < 0)
			return -1;
		if (*index < b->head.range.size)
			return 0;
		err_set(e, ERR_NOT_FOUND, "the book has %llu entries, numbered from 0", (unsigned long long)b->head.range.size);
		return err_hint(e, "enclua book log --from -20 shows the newest");
	}
	if (!id_looks_like(which) || !id_bounds(which, low, high)) {
		err_set(e, ERR_USAGE, "an entry is named by its number, its id, or at least 8 characters of that after the 1");
		return err_hint(e, "enclua book log shows both");
	}
	if (memcmp(low, high, ID_BYTES) == 0 && !id_checksum_begins(which, low))
		return id_check(&kind, which, e) < 0 ? -1 : err_set(e, ERR_INVALID, "%s is mistyped", which);
	sqlite3_stmt *st = NULL;
	if (store_statement(b->store, &st, "SELECT seq FROM entry WHERE id >= ?1 AND id <= ?2 LIMIT 2", e) < 0)
		return -1;
	sqlite3_bind_blob(st, 1, low, ID_BYTES, SQLITE_STATIC);
	sqlite3_bind_blob(st, 2, high, ID_BYTES, SQLITE_STATIC);
	int rc = sqlite3_step(st);
	bool found = rc == SQLITE_ROW;
	if (found)
		*index = (uint64_t)sqlite3_column_int64(st, 0);
	bool several = found && sqlite3_step(st) == SQLITE_ROW;
	(void)sqlite3_reset(st);
	if (several)
		return err_set(e, ERR_CONFLICT, "%s is the beginning of more than one id", which);
	return found ? 0 : rc == SQLITE_DONE ? err_set(e, ERR_NOT_FOUND, "there is no %s in this book", which) : store_fail(b->store, rc, e, "read it");
}

/* Accounts */

int book_account(struct book *b, const char *name, struct ledger_account *out, struct err *e)
{
	const struct ledger_backend *l = ledger_rows_backend(b->ledger);
	return l->account_get(l->ctx, name, out, e);
}

int book_accounts(struct book *b, int (*f)(void *ctx, const struct ledger_account *a, struct err *e), void *ctx, struct err *e)
{
	return ledger_rows_accounts(b->ledger, f, ctx, e);
}

int book_history(struct book *b, const char *name, int (*f)(void *ctx, const struct ledger_transfer *t, struct err *e), void *ctx, struct err *e)
{
	return ledger_rows_history(b->ledger, name, f, ctx, e);
}

int book_money_check(struct book *b, struct err *e)
{
	return ledger_rows_check(b->ledger, e);
}
