/* core/book/ledger_rows.c: the rules of the ledger over it, and what is its own: what the tables of ledger_rows.h refuse by themselves (tried with SQL), histories, the
 * check over all rows, the transaction that is the caller's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/ledger_cases.h"

static int count_row(void *ctx, int n, char **values, char **names)
{
	(void)n;
	(void)values;
	(void)names;
	++*(int *)ctx;
	return 0;
}

static int counted(sqlite3 *db, const char *text)
{
	int n = 0;
	if (sqlite3_exec(db, text, count_row, &n, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	return n;
}

/* Whoever writes past the engine meets the tables' own rules. */
static void tables_refuse(void **state)
{
	const struct place *p = *state;
	done(p->b, move(1, LEDGER_PENDING, "anna", "ben", 600));
	done(p->b, resolve(2, LEDGER_POST, 1, "anna", "ben", 600));
	assert_int_equal(ledger_open(p->b, "gone", LEDGER_NRLC, true, NULL), 0);
	assert_int_equal(ledger_close(p->b, "gone", NULL), 0);
#define NO(name) "(SELECT no FROM account WHERE name = '" name "')"
#define TRANSFER(values) "INSERT INTO transfer (id, kind, debit, credit, amount, pending, expires, entry, cause) VALUES (" values ")"
	static const struct { const char *text, *why; } rows[] = {
		{ "UPDATE transfer SET amount = 1", "never changes" }, { "UPDATE transfer SET cause = 'x' WHERE kind = 'post'", "never changes" },
		{ "DELETE FROM transfer", "never deleted" }, { "DELETE FROM account", "never deleted" },
		{ "UPDATE account SET credits_posted = 1 WHERE name = 'gone'", "closed account" }, { "UPDATE account SET closed = 0 WHERE name = 'gone'", "closed account" },
		{ "UPDATE account SET limited = 0 WHERE name = 'anna'", "never changes" }, { "UPDATE account SET unit = 'uses' WHERE name = 'anna'", "never changes" },
		{ "UPDATE account SET name = 'eve' WHERE name = 'anna'", "" }, { "UPDATE account SET no = 77 WHERE name = 'anna'", "never changes" },
		{ "UPDATE account SET debits_posted = 1001 WHERE name = 'anna'", "CHECK" }, { "UPDATE account SET debits_pending = 401 WHERE name = 'anna'", "CHECK" },
		{ "UPDATE account SET debits_posted = -1 WHERE name = 'bank'", "CHECK" },
		{ "UPDATE account SET debits_posted = 4611686018427387904 WHERE name = 'bank'", "CHECK" },
		{ "UPDATE account SET closed = 1 WHERE name = 'anna'", "CHECK" }, { "UPDATE account SET debits_posted = 1.5 WHERE name = 'bank'", "REAL" },
		{ "UPDATE account SET debits_posted = 'x' WHERE name = 'bank'", "TEXT" },
		{ TRANSFER("zeroblob(16), 'post', " NO("anna") ", " NO("ben") ", 1, (SELECT id FROM transfer WHERE kind = 'pending'), 0, 1, ''"), "UNIQUE" },
		{ TRANSFER("(SELECT id FROM transfer WHERE kind = 'pending'), 'posted', " NO("anna") ", " NO("ben") ", 1, NULL, 0, 1, ''"), "UNIQUE" },
		{ TRANSFER("zeroblob(15), 'posted', " NO("anna") ", " NO("ben") ", 1, NULL, 0, 1, ''"), "CHECK" }, { TRANSFER("zeroblob(16), 'gift', " NO("anna") ", " NO("ben") ", 1, NULL, 0, 1, ''"), "CHECK" },
		{ TRANSFER("zeroblob(16), 'posted', " NO("anna") ", " NO("anna") ", 1, NULL, 0, 1, ''"), "CHECK" }, { TRANSFER("zeroblob(16), 'posted', " NO("anna") ", 77, 1, NULL, 0, 1, ''"), "FOREIGN" },
		{ TRANSFER("zeroblob(16), 'posted', " NO("anna") ", " NO("ben") ", 0, NULL, 0, 1, ''"), "CHECK" }, { TRANSFER("zeroblob(16), 'posted', " NO("anna") ", " NO("ben") ", -1, NULL, 0, 1, ''"), "CHECK" },
		{ TRANSFER("zeroblob(16), 'posted', " NO("anna") ", " NO("ben") ", 4611686018427387904, NULL, 0, 1, ''"), "CHECK" },
		{ TRANSFER("zeroblob(16), 'post', " NO("anna") ", " NO("ben") ", 1, NULL, 0, 1, ''"), "CHECK" }, { TRANSFER("zeroblob(16), 'void', " NO("anna") ", " NO("ben") ", 1, zeroblob(16), 0, 1, ''"), "CHECK" },
		{ TRANSFER("zeroblob(16), 'posted', " NO("anna") ", " NO("ben") ", 1, NULL, 5, 1, ''"), "CHECK" }, { TRANSFER("zeroblob(16), 'posted', " NO("anna") ", " NO("ben") ", 1, NULL, 0, -1, ''"), "CHECK" },
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		char *why = NULL;
		if (sqlite3_exec(p->db, rows[i].text, NULL, NULL, &why) == SQLITE_OK)
			fail_msg("done: %s", rows[i].text);
		if (!strstr(why, rows[i].why))
			fail_msg("%s: not \"%s\" but %s", rows[i].text, rows[i].why, why);
		sqlite3_free(why);
	}
	assert_int_equal(ledger_rows_check(p->rows, NULL), 0);
}

/* Someone with the file and a way around its triggers: the check over all rows notices each of these. */
static void check_notices(void **state)
{
	const struct place *p = *state;
	static const char more_than_reserved[] = "UPDATE transfer SET amount = 60 WHERE kind = 'post'; "
		"UPDATE account SET debits_posted = 60 WHERE name = 'anna'; UPDATE account SET credits_posted = 60 WHERE name = 'ben'";
	static const char *const wrong[] = {
		"UPDATE account SET credits_posted = credits_posted + 1 WHERE name = 'anna'",
		"UPDATE account SET debits_pending = 0 WHERE name = 'anna'; UPDATE account SET credits_pending = 0 WHERE name = 'ben'",
		"UPDATE account SET credits_posted = credits_posted + 1 WHERE name = 'anna'; UPDATE account SET debits_posted = debits_posted + 1 WHERE name = 'bank'",
		"DELETE FROM transfer WHERE kind = 'posted'", "DELETE FROM transfer WHERE kind = 'void'", "UPDATE transfer SET amount = amount + 1 WHERE kind = 'pending'",
		"UPDATE transfer SET credit = " NO("cleo") " WHERE kind = 'posted'", "UPDATE transfer SET pending = (SELECT id FROM transfer WHERE kind = 'posted') WHERE kind = 'void'",
		more_than_reserved,
		"UPDATE transfer SET debit = " NO("ben") ", credit = " NO("cleo") " WHERE kind = 'void'",
		"PRAGMA ignore_check_constraints = ON; UPDATE account SET unit = 'gold' WHERE name = 'cleo'; PRAGMA ignore_check_constraints = OFF",
		"PRAGMA ignore_check_constraints = ON; UPDATE account SET debits_posted = -5 WHERE name = 'bank'; PRAGMA ignore_check_constraints = OFF",
		"PRAGMA ignore_check_constraints = ON; UPDATE account SET closed = 1 WHERE name = 'anna'; PRAGMA ignore_check_constraints = OFF",
	};
	struct err e;
	done(p->b, move(1, LEDGER_PENDING, "anna", "ben", 50));
	done(p->b, move(2, LEDGER_PENDING, "anna", "ben", 30));
	done(p->b, resolve(3, LEDGER_POST, 1, "anna", "ben", 20));
	done(p->b, resolve(4, LEDGER_VOID, 2, "anna", "ben", 0));
	done(p->b, move(5, LEDGER_PENDING, "anna", "ben", 7));
	assert_int_equal(ledger_rows_check(p->rows, NULL), 0);
	sql(p->db, "PRAGMA foreign_keys = OFF; DROP TRIGGER transfer_stays; DROP TRIGGER transfer_lasts; DROP TRIGGER account_stays");
	for (size_t i = 0; i < ROWS(wrong); i++) {
		sql(p->db, "SAVEPOINT before");
		sql(p->db, wrong[i]);
		e.code = ERR_NONE;
		if (ledger_rows_check(p->rows, &e) == 0)
			fail_msg("not noticed: %s", wrong[i]);
		assert_int_equal(e.code, ERR_INVALID);
		sql(p->db, "ROLLBACK TO before; RELEASE before");
		assert_int_equal(ledger_rows_check(p->rows, NULL), 0);
	}
	/* The engine reads no sum that breaks the rules. */
	sql(p->db, "PRAGMA ignore_check_constraints = ON; UPDATE account SET debits_posted = 2000 WHERE name = 'anna'");
	struct ledger_transfer t = move(9, LEDGER_POSTED, "anna", "ben", 1);
	assert_int_equal(ledger_apply(p->b, &t, 1, 100, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.msg, "anna is corrupt"));
}

static int written(void *ctx, const struct ledger_transfer *t, struct err *e)
{
	char *text = ctx;
	(void)e;
	size_t n = strlen(text);
	(void)snprintf(text + n, 256 - n, "%u@%u ", t->id[0], (unsigned)t->entry);
	return 0;
}

static void history(void **state)
{
	const struct place *p = *state;
	static const struct { const char *name, *want; } rows[] = {
		{ "anna", "4@1 200@7 1@7 3@8 " }, { "ben", "1@7 2@7 3@8 " }, { "cleo", "2@7 " }, { "uses1", "" }, { "nobody", "" }, { NULL, "4@1 200@7 1@7 2@7 3@8 " },
	};
	struct ledger_transfer later = resolve(3, LEDGER_POST, 1, "anna", "ben", 4), first = move(4, LEDGER_POSTED, "bank", "anna", 1);
	later.entry = 8;
	first.entry = 1;	/* comes in last */
	struct ledger_transfer pair[2] = { move(1, LEDGER_PENDING, "anna", "ben", 5), move(2, LEDGER_PENDING, "cleo", "ben", 5) };
	sql(p->db, "UPDATE account SET credits_posted = 5 WHERE name = 'cleo'");
	assert_int_equal(ledger_apply(p->b, pair, 2, 100, NULL), 0);
	done(p->b, later);
	done(p->b, first);
	for (size_t i = 0; i < ROWS(rows); i++) {
		char text[256] = "";
		assert_int_equal(ledger_rows_history(p->rows, rows[i].name, written, text, NULL), 0);
		assert_string_equal(text, rows[i].want);
	}
}

/* The caller's transaction decides: what it rolls back never was, and the tables can be made again beside statements that are kept. */
static void callers_transaction(void **state)
{
	const struct place *p = *state;
	const struct ledger_backend *b = p->b;
	sql(p->db, "BEGIN");
	done(b, move(1, LEDGER_POSTED, "anna", "ben", 5));
	SUMS("ben", "0 0 0 5");
	sql(p->db, "ROLLBACK");
	SUMS("ben", "0 0 0 0");
	done(b, move(1, LEDGER_POSTED, "anna", "ben", 6));
	assert_int_equal(sqlite3_get_autocommit(p->db), 1);
	sql(p->db, "BEGIN; DROP TABLE transfer; DROP TABLE account");
	sql(p->db, LEDGER_ROWS_SCHEMA);
	sql(p->db, "COMMIT");
	people(b);
	SUMS("ben", "0 0 0 0");
	assert_int_equal(counted(p->db, "SELECT 1 FROM transfer"), 1);
}

/* No search through all rows, however many there are. */
static void indexed(void **state)
{
	const struct place *p = *state;
	static const char *const queries[] = {
		"SELECT * FROM account WHERE name = ?1", "SELECT * FROM transfer WHERE id = ?1", "SELECT id FROM transfer WHERE pending = ?1",
		"SELECT * FROM transfer WHERE debit = ?1 ORDER BY seq", "SELECT * FROM transfer WHERE credit = ?1 ORDER BY seq",
	};
	for (size_t i = 0; i < ROWS(queries); i++) {
		char text[256];
		sqlite3_stmt *st;
		(void)snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", queries[i]);
		assert_int_equal(sqlite3_prepare_v2(p->db, text, -1, &st, NULL), SQLITE_OK);
		while (sqlite3_step(st) == SQLITE_ROW) {
			const char *plan = (const char *)sqlite3_column_text(st, 3);
			if (strncmp(plan, "SEARCH", 6) != 0)
				fail_msg("%s: %s", queries[i], plan);
		}
		sqlite3_finalize(st);
	}
}

static void no_tables(void **state)
{
	(void)state;
	struct ledger_rows *r;
	struct err e;
	sqlite3 *db;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(ledger_rows_open(&r, db, &e), -1);
	assert_null(r);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	ledger_rows_close(NULL);
}

int main(void)
{
#define IN_ROWS(f) cmocka_unit_test_setup_teardown(f, in_rows, leave)
	const struct CMUnitTest tests[] = {
		LEDGER_CASES(IN_ROWS),
		IN_ROWS(tables_refuse), IN_ROWS(check_notices), IN_ROWS(history), IN_ROWS(callers_transaction), IN_ROWS(indexed), cmocka_unit_test(no_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
