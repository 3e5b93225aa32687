/* The ledger's rows in the book's database: the tables `account` and `transfer`. They follow from the entries and can be dropped (transfer first) and made
 * again. The database holds the rules a second time, as far as SQL can say them: sums below zero or past their limit, a pending transfer resolved twice,
 * a transfer changed or deleted, a closed account that moves are refused there too, whoever writes.
 *
 * Accounts are numbered as they are opened, and transfers name them by number: what moves money lies together then, and not all over the tables.
 *
 * Everything runs inside the caller's transaction; nothing here begins or commits one.
 */
#ifndef ENCLUA_BOOK_LEDGER_ROWS_H
#define ENCLUA_BOOK_LEDGER_ROWS_H

#include "book/ledger.h"

/* 4611686018427387903 is LEDGER_AMOUNT_MAX. */
#define LEDGER_ROWS_SUM(name) name " INTEGER NOT NULL CHECK (" name " BETWEEN 0 AND 4611686018427387903),"
#define LEDGER_ROWS_SCHEMA \
	"CREATE TABLE account (" \
	"	no INTEGER PRIMARY KEY," \
	"	name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 159)," \
	"	unit TEXT NOT NULL CHECK (unit IN ('nRLC', 'uses', 'bytes', 'epsilon_u6'))," \
	"	limited INTEGER NOT NULL CHECK (limited IN (0, 1))," \
	"	closed INTEGER NOT NULL CHECK (closed IN (0, 1))," \
	LEDGER_ROWS_SUM("debits_pending") LEDGER_ROWS_SUM("debits_posted") LEDGER_ROWS_SUM("credits_pending") LEDGER_ROWS_SUM("credits_posted") \
	"	CHECK (limited = 0 OR debits_pending + debits_posted <= credits_posted)," \
	"	CHECK (closed = 0 OR (debits_pending = 0 AND credits_pending = 0 AND debits_posted = credits_posted))" \
	") STRICT;" \
	"CREATE TABLE transfer (" \
	"	seq INTEGER PRIMARY KEY," \
	"	id BLOB NOT NULL UNIQUE CHECK (length(id) = 16)," \
	"	kind TEXT NOT NULL CHECK (kind IN ('posted', 'pending', 'post', 'void'))," \
	"	debit INTEGER NOT NULL REFERENCES account (no)," \
	"	credit INTEGER NOT NULL REFERENCES account (no)," \
	LEDGER_ROWS_SUM("amount") \
	"	pending BLOB REFERENCES transfer (id)," \
	"	expires INTEGER NOT NULL CHECK (expires >= 0)," \
	"	entry INTEGER NOT NULL CHECK (entry >= 0)," \
	"	cause TEXT NOT NULL CHECK (length(cause) <= 23)," \
	"	CHECK (debit <> credit)," \
	"	CHECK ((kind IN ('post', 'void')) = (pending IS NOT NULL))," \
	"	CHECK ((kind = 'void') = (amount = 0))," \
	"	CHECK (expires = 0 OR kind = 'pending')" \
	") STRICT;" \
	"CREATE UNIQUE INDEX transfer_pending ON transfer (pending) WHERE pending IS NOT NULL;" \
	"CREATE INDEX transfer_debit ON transfer (debit);" \
	"CREATE INDEX transfer_credit ON transfer (credit);" \
	"CREATE TRIGGER transfer_stays BEFORE UPDATE ON transfer BEGIN SELECT RAISE(ABORT, 'a transfer never changes'); END;" \
	"CREATE TRIGGER transfer_lasts BEFORE DELETE ON transfer BEGIN SELECT RAISE(ABORT, 'a transfer is never deleted'); END;" \
	"CREATE TRIGGER account_lasts BEFORE DELETE ON account BEGIN SELECT RAISE(ABORT, 'an account is never deleted'); END;" \
	"CREATE TRIGGER account_stays BEFORE UPDATE ON account WHEN OLD.closed = 1 OR NEW.no <> OLD.no OR NEW.name <> OLD.name OR NEW.unit <> OLD.unit OR" \
	"	NEW.limited <> OLD.limited BEGIN SELECT RAISE(ABORT, 'a closed account, and what an account is, never changes'); END;"

struct sqlite3;
struct ledger_rows;
int ledger_rows_open(struct ledger_rows **out, struct sqlite3 *db, struct err *e);	/* the tables are there; db is borrowed */
void ledger_rows_close(struct ledger_rows *r);	/* before the database is closed */
const struct ledger_backend *ledger_rows_backend(struct ledger_rows *r);

int ledger_rows_accounts(struct ledger_rows *r, int (*f)(void *ctx, const struct ledger_account *a, struct err *e), void *ctx, struct err *e);	/* by name */
/* Transfers of an account, oldest first: by entry, then as they came in. name NULL: all there are. */
int ledger_rows_history(struct ledger_rows *r, const char *name, int (*f)(void *ctx, const struct ledger_transfer *t, struct err *e), void *ctx,
	struct err *e);
/* Every invariant over all rows: each account by its rules, Σ debits = Σ credits, and the four sums of each account against those of its transfers. */
int ledger_rows_check(struct ledger_rows *r, struct err *e);

#endif
