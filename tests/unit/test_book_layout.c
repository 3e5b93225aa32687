/* A home of an older layout: whoever opens it first makes its tables again from the entries, once, whole or not at all; who has not the rules of its rows does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/wait.h>

#include "unit/book_rows.h"
#include "unit/host_make.h"

/* What layout 3 had that is otherwise now, with rows that no entry made. */
static const char aged[] =
	"DROP TABLE record; DROP TABLE transfer; DROP TABLE account;"
	"CREATE TABLE account (name TEXT PRIMARY KEY, unit TEXT NOT NULL, limited INTEGER NOT NULL, closed INTEGER NOT NULL, debits_pending INTEGER NOT NULL,"
	"	debits_posted INTEGER NOT NULL, credits_pending INTEGER NOT NULL, credits_posted INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE transfer (seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, debit TEXT NOT NULL REFERENCES account (name),"
	"	credit TEXT NOT NULL REFERENCES account (name), amount INTEGER NOT NULL, pending BLOB REFERENCES transfer (id), expires INTEGER NOT NULL,"
	"	entry INTEGER NOT NULL, cause TEXT NOT NULL) STRICT;"
	"CREATE INDEX transfer_entry ON transfer (entry);"
	"CREATE TRIGGER transfer_lasts BEFORE DELETE ON transfer BEGIN SELECT RAISE(ABORT, 'a transfer is never deleted'); END;"
	"CREATE TABLE record (kind INTEGER NOT NULL, a TEXT NOT NULL, b TEXT NOT NULL, grp TEXT NOT NULL, state INTEGER NOT NULL, made INTEGER NOT NULL,"
	"	bytes BLOB NOT NULL, PRIMARY KEY (kind, a, b)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX record_state ON record (kind, state, made) WHERE state <> 0;"
	"INSERT INTO account VALUES ('bank', 'nRLC', 0, 0, 0, 5, 0, 0), ('eve', 'nRLC', 1, 0, 0, 0, 0, 5);"
	"INSERT INTO transfer VALUES (1, zeroblob(16), 'posted', 'bank', 'eve', 5, NULL, 0, 1, 'none');"
	"INSERT INTO record VALUES (4, 'order1', '', '', 1, 1, x'00');"
	"PRAGMA user_version = 3";

static int64_t version(const char *home)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = book_rows_open(home);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

/* A deal, a task and its end, and the book closed. */
static void life(struct world *w)
{
	char request[ID_TEXT], deal[ID_TEXT], task[ID_TEXT];
	for (enum who i = CARL; i <= PAUL; i++) {
		book_make_money(w->m.b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, w->who[i], 1000 * RLC);
		(void)book_make_append(w->m.b, &en, w->m.operator, NULL);
	}
	draft_request(w, 1, 1);
	(void)host_make_enter(w, CARL, request);
	draft_match(w, request, 0);
	host_make_id(deal, en.deal_match.deal);
	(void)host_make_enter(w, CARL, NULL);
	draft_initialize(w, deal, 0);
	host_make_id(task, en.task_initialize.task);
	(void)host_make_enter(w, PAUL, NULL);
	draft_assign(w, task, W1);
	(void)host_make_enter(w, PAUL, NULL);
	book_close(w->m.b);
	w->m.b = NULL;
}

static void opened(struct world *w)
{
	struct book_checked checked;
	struct err e;
	BOOK_MUST(host_open(&w->m.b, w->m.path, false, &e), &e);
	BOOK_MUST(book_verify(w->m.b, &checked, NULL, NULL, &e), &e);
	BOOK_MUST(book_money_check(w->m.b, &e), &e);
	book_close(w->m.b);
	w->m.b = NULL;
	assert_true(version(w->m.path) > 3);
}

static void made_again(void **state)
{
	struct world *w = *state;
	uint8_t before[32], after[32];
	life(w);
	book_rows_digest(w->m.path, before);
	book_rows_change(w->m.path, aged);
	opened(w);
	book_rows_digest(w->m.path, after);
	assert_memory_equal(before, after, 32);
}

static void by_several_at_once(void **state)
{
	struct world *w = *state;
	uint8_t before[32], after[32];
	pid_t pids[4];
	life(w);
	book_rows_digest(w->m.path, before);
	book_rows_change(w->m.path, aged);
	for (size_t i = 0; i < 4; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(host_open(&w->m.b, w->m.path, false, NULL) == 0 ? 0 : 1);
	}
	for (size_t i = 0; i < 4; i++) {
		int status = -1;
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	opened(w);
	book_rows_digest(w->m.path, after);
	assert_memory_equal(before, after, 32);
}

static void refused(struct world *w, bool rules, enum err_code code)
{
	struct err e;
	int r = rules ? host_open(&w->m.b, w->m.path, false, &e) : book_open(&w->m.b, w->m.path, false, &e);
	assert_int_equal(r, -1);
	assert_int_equal(e.code, code);
	assert_int_equal(version(w->m.path), 3);
	sqlite3 *db = book_rows_open(w->m.path);
	assert_int_equal(sqlite3_exec(db, "INSERT INTO record (kind, a, b, grp, state, made, bytes) VALUES (5, 'x', '', '', 1, 1, x'00'); DELETE FROM record WHERE a = 'x'", NULL, NULL, NULL),
		SQLITE_OK);	/* its tables are those that it had */
	sqlite3_close(db);
}

static void not_without_the_rules(void **state)
{
	struct world *w = *state;
	life(w);
	book_rows_change(w->m.path, aged);
	refused(w, false, ERR_UNAVAILABLE);
	opened(w);
}

static void not_from_entries_that_are_damaged(void **state)
{
	struct world *w = *state;
	life(w);
	book_rows_change(w->m.path, aged);
	book_rows_change(w->m.path, "UPDATE entry SET bytes = CAST(replace(bytes, 'amount: 1', 'amount: 2') AS BLOB)");
	refused(w, true, ERR_INVALID);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, host_make_setup, host_make_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(made_again), TEST(by_several_at_once), TEST(not_without_the_rules), TEST(not_from_entries_that_are_damaged) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
