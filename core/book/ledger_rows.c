/* The ledger's backend over SQLite: statements prepared once, rows to structs and back. It owns no transaction and no rule: those of the ledger are in
 * ledger.c, and what the tables refuse by themselves is in ledger_rows.h.
 */
#include "book/ledger_rows.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define ACCOUNT_COLUMNS "name, unit, limited, closed, debits_pending, debits_posted, credits_pending, credits_posted"
#define TRANSFER_COLUMNS "id, kind, debit, credit, amount, pending, expires, entry, cause"
/* The same with the names of its accounts. CROSS: the transfer is looked for, and then its accounts, never the other way round. */
#define TRANSFER_NAMED "SELECT t.id, t.kind, d.name, c.name, t.amount, t.pending, t.expires, t.entry, t.cause, t.seq FROM transfer AS t " \
	"CROSS JOIN account AS d ON d.no = t.debit CROSS JOIN account AS c ON c.no = t.credit "
#define NUMBER(name) "(SELECT no FROM account WHERE name = " name ")"

#define STATEMENTS(X) \
	X(ACCOUNT_GET, "SELECT " ACCOUNT_COLUMNS " FROM account WHERE name = ?1") \
	X(ACCOUNT_ADD, "INSERT INTO account (" ACCOUNT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)") \
	/* Not what an account is, which never changes: that check's list of words would become a table of its own each time. */ \
	X(ACCOUNT_SET, "UPDATE account SET closed = ?4, debits_pending = ?5, debits_posted = ?6, credits_pending = ?7, credits_posted = ?8 " \
		"WHERE name = ?1 AND unit = ?2 AND limited = ?3") \
	X(TRANSFER_GET, TRANSFER_NAMED "WHERE t.id = ?1") \
	X(TRANSFER_ADD, "INSERT INTO transfer (" TRANSFER_COLUMNS ") VALUES (?1, ?2, " NUMBER("?3") ", " NUMBER("?4") ", ?5, ?6, ?7, ?8, ?9)") \
	X(RESOLVED_GET, "SELECT id FROM transfer WHERE pending = ?1")
enum statement {
#define X(id, sql) id,
	STATEMENTS(X)
#undef X
	STATEMENT_COUNT
};

struct ledger_rows {
	struct ledger_backend backend;
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENT_COUNT];
};

static const char *const unit_texts[] = {
#define X(id, text, doc) text,
	LEDGER_UNITS(X)
#undef X
};
static const char *const kind_texts[] = {
#define X(id, text) text,
	LEDGER_KINDS(X)
#undef X
};

static int fail(const struct ledger_rows *r, int rc, struct err *e, const char *doing)
{
	static const struct { int rc; enum err_code code; } codes[] = {
		{ SQLITE_BUSY, ERR_UNAVAILABLE }, { SQLITE_LOCKED, ERR_UNAVAILABLE }, { SQLITE_FULL, ERR_LIMIT }, { SQLITE_NOMEM, ERR_LIMIT },
		{ SQLITE_READONLY, ERR_DENIED }, { SQLITE_CORRUPT, ERR_INVALID }, { SQLITE_NOTADB, ERR_INVALID }, { SQLITE_CONSTRAINT, ERR_CONFLICT },
	};
	enum err_code code = ERR_INTERNAL;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i].rc == (rc & 0xff))
			code = codes[i].code;
	return err_set(e, code, "the accounts of the book: cannot %s: %s", doing, sqlite3_errmsg(r->db));
}

static int corrupt(struct err *e, const char *what)
{
	return err_set(e, ERR_INVALID, "the accounts of the book are corrupt: %s is not what it may be", what);
}

/* Row to C. What does not fit its member was written by somebody else: refused, never cut. */

static int text_read(sqlite3_stmt *st, int at, char *out, size_t size, struct err *e, const char *what)
{
	const void *text = sqlite3_column_text(st, at);
	size_t n = (size_t)sqlite3_column_bytes(st, at);
	if (!text || n >= size || memchr(text, '\0', n))
		return corrupt(e, what);
	memcpy(out, text, n);
	out[n] = '\0';
	return 0;
}

static int word_read(sqlite3_stmt *st, int at, const char *const *words, size_t n, unsigned *out, struct err *e, const char *what)
{
	const char *text = (const char *)sqlite3_column_text(st, at);
	for (*out = 0; text && *out < n; ++*out)
		if (strcmp(words[*out], text) == 0)
			return 0;
	return corrupt(e, what);
}

static int number_read(sqlite3_stmt *st, int at, uint64_t *out, struct err *e, const char *what)
{
	int64_t v = sqlite3_column_int64(st, at);
	*out = (uint64_t)v;
	return sqlite3_column_type(st, at) == SQLITE_INTEGER && v >= 0 ? 0 : corrupt(e, what);
}

/* NULL reads as zeros, which are no id. */
static int id_read(sqlite3_stmt *st, int at, uint8_t out[static LEDGER_ID], struct err *e)
{
	memset(out, 0, LEDGER_ID);
	if (sqlite3_column_type(st, at) == SQLITE_NULL)
		return 0;
	const void *bytes = sqlite3_column_blob(st, at);
	if (!bytes || sqlite3_column_bytes(st, at) != LEDGER_ID)
		return corrupt(e, "the id of a transfer");
	memcpy(out, bytes, LEDGER_ID);
	return 0;
}

static int account_read(sqlite3_stmt *st, struct ledger_account *a, struct err *e)
{
	uint64_t limited, closed;
	unsigned unit;
	memset(a, 0, sizeof *a);
	if (text_read(st, 0, a->name, sizeof a->name, e, "the name of an account") < 0 ||
		word_read(st, 1, unit_texts, LEDGER_UNIT_COUNT, &unit, e, "the unit of an account") < 0 ||
		number_read(st, 2, &limited, e, "the limit of an account") < 0 || number_read(st, 3, &closed, e, "the end of an account") < 0 ||
		number_read(st, 4, &a->debits_pending, e, "a sum") < 0 || number_read(st, 5, &a->debits_posted, e, "a sum") < 0 ||
		number_read(st, 6, &a->credits_pending, e, "a sum") < 0 || number_read(st, 7, &a->credits_posted, e, "a sum") < 0)
		return -1;
	a->unit = (enum ledger_unit)unit;
	a->limited = limited != 0;
	a->closed = closed != 0;
	return 0;
}

static int transfer_read(sqlite3_stmt *st, struct ledger_transfer *t, struct err *e)
{
	uint64_t expires;
	unsigned kind;
	memset(t, 0, sizeof *t);
	if (id_read(st, 0, t->id, e) < 0 || word_read(st, 1, kind_texts, LEDGER_KIND_COUNT, &kind, e, "the kind of a transfer") < 0 ||
		text_read(st, 2, t->debit, sizeof t->debit, e, "the debit of a transfer") < 0 ||
		text_read(st, 3, t->credit, sizeof t->credit, e, "the credit of a transfer") < 0 ||
		number_read(st, 4, &t->amount, e, "an amount") < 0 || id_read(st, 5, t->pending, e) < 0 ||
		number_read(st, 6, &expires, e, "the end of a transfer") < 0 || number_read(st, 7, &t->entry, e, "the entry of a transfer") < 0 ||
		text_read(st, 8, t->cause, sizeof t->cause, e, "the cause of a transfer") < 0)
		return -1;
	t->kind = (enum ledger_kind)kind;
	t->expires = (int64_t)expires;
	return 0;
}

/* One step of a statement that is kept. 1: a row is there to read, 0: done, -1. */
static int step(const struct ledger_rows *r, sqlite3_stmt *st, struct err *e, const char *doing)
{
	int rc = sqlite3_step(st);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : fail(r, rc, e, doing);
}

static int account_get(void *ctx, const char *name, struct ledger_account *out, struct err *e)
{
	struct ledger_rows *r = ctx;
	sqlite3_stmt *st = r->statements[ACCOUNT_GET];
	(void)sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	int is = step(r, st, e, "read them");
	if (is > 0 && account_read(st, out, e) < 0)
		is = -1;
	(void)sqlite3_reset(st);
	return is;
}

static int account_put(void *ctx, const struct ledger_account *a, bool is_new, struct err *e)
{
	struct ledger_rows *r = ctx;
	sqlite3_stmt *st = r->statements[is_new ? ACCOUNT_ADD : ACCOUNT_SET];
	const uint64_t sums[] = { a->debits_pending, a->debits_posted, a->credits_pending, a->credits_posted };
	(void)sqlite3_bind_text(st, 1, a->name, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 2, ledger_unit_text(a->unit), -1, SQLITE_STATIC);
	(void)sqlite3_bind_int(st, 3, a->limited);
	(void)sqlite3_bind_int(st, 4, a->closed);
	for (int i = 0; i < 4; i++)
		(void)sqlite3_bind_int64(st, 5 + i, (int64_t)sums[i]);
	int rc = step(r, st, e, "change one");
	(void)sqlite3_reset(st);
	if (rc == 0 && sqlite3_changes(r->db) != 1)
		return err_set(e, ERR_NOT_FOUND, "the account %s is not there", a->name);
	return rc;
}

static int transfer_get(void *ctx, const uint8_t id[static LEDGER_ID], struct ledger_transfer *out, struct err *e)
{
	struct ledger_rows *r = ctx;
	sqlite3_stmt *st = r->statements[TRANSFER_GET];
	(void)sqlite3_bind_blob(st, 1, id, LEDGER_ID, SQLITE_STATIC);
	int is = step(r, st, e, "read a transfer");
	if (is > 0 && transfer_read(st, out, e) < 0)
		is = -1;
	(void)sqlite3_reset(st);
	return is;
}

static int transfer_put(void *ctx, const struct ledger_transfer *t, struct err *e)
{
	struct ledger_rows *r = ctx;
	sqlite3_stmt *st = r->statements[TRANSFER_ADD];
	(void)sqlite3_bind_blob(st, 1, t->id, LEDGER_ID, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 2, kind_texts[t->kind], -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 3, t->debit, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 4, t->credit, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 5, (int64_t)t->amount);
	if (t->kind == LEDGER_POST || t->kind == LEDGER_VOID)
		(void)sqlite3_bind_blob(st, 6, t->pending, LEDGER_ID, SQLITE_STATIC);
	else
		(void)sqlite3_bind_null(st, 6);
	(void)sqlite3_bind_int64(st, 7, t->expires);
	(void)sqlite3_bind_int64(st, 8, (int64_t)t->entry);
	(void)sqlite3_bind_text(st, 9, t->cause, -1, SQLITE_STATIC);
	int rc = step(r, st, e, "add a transfer");
	(void)sqlite3_reset(st);
	return rc;
}

static int resolved_get(void *ctx, const uint8_t pending[static LEDGER_ID], uint8_t by[static LEDGER_ID], struct err *e)
{
	struct ledger_rows *r = ctx;
	sqlite3_stmt *st = r->statements[RESOLVED_GET];
	(void)sqlite3_bind_blob(st, 1, pending, LEDGER_ID, SQLITE_STATIC);
	int is = step(r, st, e, "read a transfer");
	if (is > 0 && id_read(st, 0, by, e) < 0)
		is = -1;
	(void)sqlite3_reset(st);
	return is;
}

int ledger_rows_open(struct ledger_rows **out, struct sqlite3 *db, struct err *e)
{
	static const char *const sql[] = {
#define X(id, text) text,
		STATEMENTS(X)
#undef X
	};
	*out = NULL;
	struct ledger_rows *r = calloc(1, sizeof *r);
	if (!r)
		return err_set(e, ERR_LIMIT, "out of memory");
	r->db = db;
	r->backend = (struct ledger_backend){ r, account_get, account_put, transfer_get, transfer_put, resolved_get };
	for (size_t i = 0; i < STATEMENT_COUNT; i++) {
		int rc = sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &r->statements[i], NULL);
		if (rc != SQLITE_OK) {
			fail(r, rc, e, "read them");
			ledger_rows_close(r);
			return -1;
		}
	}
	*out = r;
	return 0;
}

void ledger_rows_close(struct ledger_rows *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < STATEMENT_COUNT; i++)
		(void)sqlite3_finalize(r->statements[i]);
	free(r);
}

const struct ledger_backend *ledger_rows_backend(struct ledger_rows *r)
{
	return &r->backend;
}

/* Lists. Their statements are not kept, so that one list can be read while another is. */

static int list(struct ledger_rows *r, const char *sql, const char *name, int (*row)(void *ctx, sqlite3_stmt *st, struct err *e), void *ctx, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(r->db, sql, -1, &st, NULL), is = 0;
	if (rc != SQLITE_OK)
		return fail(r, rc, e, "read them");
	if (name)
		(void)sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	while ((is = step(r, st, e, "read them")) > 0)
		if (row(ctx, st, e) < 0) {
			is = -1;
			break;
		}
	(void)sqlite3_finalize(st);
	return is;
}

struct account_call { int (*f)(void *ctx, const struct ledger_account *a, struct err *e); void *ctx; };
static int account_row(void *ctx, sqlite3_stmt *st, struct err *e)
{
	const struct account_call *c = ctx;
	struct ledger_account a;
	return account_read(st, &a, e) < 0 ? -1 : c->f(c->ctx, &a, e);
}

int ledger_rows_accounts(struct ledger_rows *r, int (*f)(void *ctx, const struct ledger_account *a, struct err *e), void *ctx, struct err *e)
{
	return list(r, "SELECT " ACCOUNT_COLUMNS " FROM account ORDER BY name", NULL, account_row, &(struct account_call){ f, ctx }, e);
}

struct transfer_call { int (*f)(void *ctx, const struct ledger_transfer *t, struct err *e); void *ctx; };
static int transfer_row(void *ctx, sqlite3_stmt *st, struct err *e)
{
	const struct transfer_call *c = ctx;
	struct ledger_transfer t;
	return transfer_read(st, &t, e) < 0 ? -1 : c->f(c->ctx, &t, e);
}

/* Two indexes, merged: no account is on both sides of a transfer. */
#define HISTORY_OF TRANSFER_NAMED "WHERE t.debit = " NUMBER("?1") " UNION ALL " TRANSFER_NAMED "WHERE t.credit = " NUMBER("?1") " ORDER BY entry, seq"

int ledger_rows_history(struct ledger_rows *r, const char *name, int (*f)(void *ctx, const struct ledger_transfer *t, struct err *e), void *ctx,
	struct err *e)
{
	const char *sql = name ? HISTORY_OF : TRANSFER_NAMED "ORDER BY t.entry, t.seq";
	return list(r, sql, name, transfer_row, &(struct transfer_call){ f, ctx }, e);
}

static int account_sum(void *ctx, const struct ledger_account *a, struct err *e)
{
	return ledger_sums_add(ctx, a, e);
}

/* Lists of what must not be: each row names what breaks the rule. */
#define SUM_OF(side, kinds) "(SELECT coalesce(sum(amount), 0) FROM transfer AS t WHERE " side " = a.no AND kind IN (" kinds "))"
#define OPEN_OF(side) "(SELECT coalesce(sum(amount), 0) FROM transfer AS t WHERE " side " = a.no AND kind = 'pending' AND NOT EXISTS " \
	"(SELECT 1 FROM transfer AS d WHERE d.pending = t.id))"
static const char sums_wrong[] = "SELECT name, 'do not follow from its transfers' FROM account AS a WHERE "
	"debits_posted <> " SUM_OF("debit", "'posted', 'post'") " OR credits_posted <> " SUM_OF("credit", "'posted', 'post'") " OR "
	"debits_pending <> " OPEN_OF("debit") " OR credits_pending <> " OPEN_OF("credit");
static const char resolved_wrong[] = "SELECT (SELECT name FROM account WHERE no = t.debit), 'are of a transfer that resolves another wrongly' "
	"FROM transfer AS t LEFT JOIN transfer AS p ON p.id = t.pending WHERE t.pending IS NOT NULL AND (p.id IS NULL OR p.kind <> 'pending' OR p.debit <> t.debit OR p.credit <> t.credit OR "
	"t.amount > p.amount OR p.seq >= t.seq)";

static int wrong_row(void *ctx, sqlite3_stmt *st, struct err *e)
{
	(void)ctx;
	return err_set(e, ERR_INVALID, "the sums of the account %s %s", (const char *)sqlite3_column_text(st, 0), (const char *)sqlite3_column_text(st, 1));
}

int ledger_rows_check(struct ledger_rows *r, struct err *e)
{
	struct ledger_sums s;
	memset(&s, 0, sizeof s);
	if (ledger_rows_accounts(r, account_sum, &s, e) < 0 || ledger_sums_check(&s, e) < 0)
		return -1;
	return list(r, sums_wrong, NULL, wrong_row, NULL, e) < 0 || list(r, resolved_wrong, NULL, wrong_row, NULL, e) < 0 ? -1 : 0;
}
