/* core/book/book_rebuild.c: whatever somebody who can write the database changes in it, verifying finds; and the tables come out of the entries again, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/os.h"
#include "unit/book_grow.h"
#include "unit/book_make.h"
#include "unit/book_rows.h"

#define ENTRIES 300u	/* one full tile and a part of the next */

/* A book with a bit of everything, closed, and its database as it was. */
struct world { struct book_made m; struct buf pristine; char data[ID_TEXT], task[ID_TEXT]; uint64_t transfer; };

static struct entry en;

static void database_path(const struct world *w, const char *end, char out[static PATH_MAX + 16])
{
	(void)snprintf(out, PATH_MAX + 16, "%s/store.db%s", w->m.path, end);
}

static void restore(struct world *w)
{
	char path[PATH_MAX + 16];
	database_path(w, "-wal", path);
	(void)unlink(path);
	database_path(w, "-shm", path);
	(void)unlink(path);
	scratch_file(w->m.path, "store.db", w->pristine.data, w->pristine.len);
}

/* Rules of a layer above, by which a task begins and ends: the only rows that are not core/book's own doing. */
static int rules_open(struct book *b, void **ctx, struct err *e)
{
	(void)b;
	(void)e;
	*ctx = NULL;
	return 0;
}

static void rules_close(void *ctx)
{
	(void)ctx;
}

static int rules_apply(void *ctx, struct book *b, const struct entry *by, const struct book_applied *at, struct err *e)
{
	struct store_task t = { .seq = (int64_t)at->index, .created = by->time, .status = "RUNNING", .app_name = "hello", .data = BUF_INIT(KIB(1)),
		.missing = BUF_INIT(KIB(1)) };
	int r = 0;
	(void)ctx;
	if (by->type == ENTRY_TASK_INITIALIZE_TYPE) {
		memcpy(t.id, by->task_initialize.task, ID_TEXT);
		memcpy(t.requester, by->by, 32);
		r = store_task_put(book_store(b), &t, e);
		store_task_done(&t);
	} else if (by->type == ENTRY_TASK_CLAIM_TYPE && store_task_find(book_store(b), by->task_claim.task, &t, e) == 0) {
		(void)snprintf(t.status, sizeof t.status, "COMPLETED");
		t.finished = by->time;
		t.finish_seq = (int64_t)at->index;
		t.missing.max = KIB(1);
		r = buf_add_text(&t.missing, "seccomp", e) < 0 ? -1 : store_task_put(book_store(b), &t, e);
		store_task_done(&t);
	}
	return r;
}

static const struct book_rules rules = { rules_open, rules_close, rules_apply, NULL };

static void reopen(struct world *w)
{
	struct err e;
	BOOK_MUST(book_open_with(&w->m.b, w->m.path, false, &rules, &e), &e);
	w->m.s = book_store(w->m.b);
}

static void fill(struct world *w)
{
	struct book_made *m = &w->m;
	struct err e;
	char h1[IAPP_H1_TEXT], line[NOTE_NAME_BYTES + 1];
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX), cosigned = BUF_INIT(KIB(1));
	struct note parsed;
	book_make_data(m->b, &en, "contacts", 100);
	(void)book_make_append(m->b, &en, m->ada, w->data);
	book_make_app(m->b, &en, "hello", 1, m->ada, h1);
	(void)book_make_append(m->b, &en, m->ada, NULL);
	id_make(w->task, ID_TASK, "task", 4);
	book_make_draft(m->b, &en, ENTRY_TASK_INITIALIZE_TYPE);
	id_make(en.task_initialize.deal, ID_DEAL, "deal", 4);
	memcpy(en.task_initialize.task, w->task, ID_TEXT);
	(void)book_make_append(m->b, &en, m->ada, NULL);
	book_make_draft(m->b, &en, ENTRY_TASK_CLAIM_TYPE);
	memcpy(en.task_claim.task, w->task, ID_TEXT);
	(void)book_make_append(m->b, &en, m->worker, NULL);
	book_make_identity(m->b, &en, m->bob, "bob", "");
	(void)book_make_append(m->b, &en, m->bob, NULL);
	book_make_money(m->b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, m->ada, 100);
	(void)book_make_append(m->b, &en, m->operator, NULL);
	book_make_money(m->b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, m->bob, 40);
	w->transfer = book_make_append(m->b, &en, m->ada, NULL);
	BOOK_MUST(book_checkpoint(m->b, NULL, &e), &e);
	book_grow(m, ENTRIES);
	BOOK_MUST(book_checkpoint(m->b, &note, &e), &e);
	checkpoint_witness_make(line, identity_public(m->bob));
	BOOK_MUST(note_parse(&parsed, buf_text(&note), note.len, &e), &e);
	BOOK_MUST(note_cosign(&cosigned, parsed.text, parsed.text_len, line, m->bob, 1795256430, &e), &e);
	BOOK_MUST(book_cosign_add(m->b, ENTRIES, buf_text(&cosigned), cosigned.len, &e), &e);
	buf_done(&note);
	buf_done(&cosigned);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct err e;
	char path[PATH_MAX + 32];
	book_make_open(&w->m);
	book_close(w->m.b);
	reopen(w);
	fill(w);
	book_close(w->m.b);
	w->m.b = NULL;
	(void)snprintf(path, sizeof path, "%s/book/checkpoint", w->m.path);
	assert_int_equal(unlink(path), 0);	/* whoever changes the database removes this first */
	sqlite3 *db = book_rows_open(w->m.path);
	assert_int_equal(sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	w->pristine = (struct buf)BUF_INIT(MIB(64));
	database_path(w, "", path);
	BOOK_MUST(os_file_read(path, &w->pristine, &e), &e);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	buf_done(&w->pristine);
	book_make_close(&w->m);
	free(w);
	return 0;
}

static int verify(struct world *w, struct err *e)
{
	struct book *b;
	struct book_checked checked;
	e->msg[0] = e->hint[0] = '\0';
	if (book_open_with(&b, w->m.path, false, &rules, e) < 0)
		return -1;
	int r = book_verify(b, &checked, NULL, NULL, e);
	book_close(b);
	return r;
}

static void rebuilt(struct world *w, struct book_rebuilt *out)
{
	struct err e;
	reopen(w);
	BOOK_MUST(book_rebuild(w->m.b, out, NULL, NULL, &e), &e);
	book_close(w->m.b);
	w->m.b = NULL;
}

static void found(struct world *w, const char *what, const char *words)
{
	struct err e;
	if (verify(w, &e) == 0)
		fail_msg("not found: %s", what);
	if (e.code != ERR_INVALID || !strstr(e.msg, words))
		fail_msg("%s: %s and not “%s”: %s", what, err_name(e.code), words, e.msg);
}

struct told { uint64_t n, last, total; };
static void tell(void *ctx, uint64_t done, uint64_t total)
{
	struct told *t = ctx;
	t->n++;
	t->last = done;
	t->total = total;
}

static void a_sound_book_is_counted(void **state)
{
	struct world *w = *state;
	struct book_checked c;
	struct told told = { 0, 0, 0 };
	struct err e;
	uint8_t before[32], after[32];
	book_rows_digest(w->m.path, before);
	reopen(w);
	BOOK_MUST(book_verify(w->m.b, &c, tell, &told, &e), &e);
	assert_int_equal(c.entries, ENTRIES);
	assert_int_equal(c.checkpoints, 2);
	assert_int_equal(c.cosignatures, 1);
	assert_true(c.rows > ENTRIES - 20);
	assert_true(told.n > 0);
	assert_int_equal(told.total, ENTRIES);
	book_make_data(w->m.b, &en, "", 100);	/* and it goes on */
	(void)book_make_append(w->m.b, &en, w->m.ada, NULL);
	book_close(w->m.b);
	w->m.b = NULL;
	restore(w);
	book_rows_digest(w->m.path, after);
	assert_memory_equal(before, after, 32);
}

static void what_is_changed_in_the_log_is_found(void **state)
{
	struct world *w = *state;
	static const struct { const char *sql, *words; } rows[] = {
		{ "UPDATE entry SET bytes = CAST(replace(bytes, 'name: ada', 'name: eve') AS BLOB) WHERE seq = 2", "entry 2 is not the one" },
		{ "UPDATE entry SET bytes = CAST(replace(bytes, 'enclua/account.transfer', 'enclua/account.withdraw') AS BLOB) WHERE seq = 9", "entry 9 is not the one" },
		{ "UPDATE entry SET bytes = CAST(bytes || x'0a' AS BLOB) WHERE seq = 299", "entry 299 is not the one" },
		{ "UPDATE entry SET bytes = x'' WHERE seq = 17", "entry 17 is not the one" },
		{ "UPDATE entry SET bytes = (SELECT bytes FROM entry WHERE seq = 30) WHERE seq = 31", "entry 31 is not the one" },
		{ "UPDATE entry SET leaf = zeroblob(32) WHERE seq = 7", "entry 7 is not the one" },
		{ "UPDATE entry SET leaf = x'' WHERE seq = 7", "entry 7 is not the one" },
		{ "UPDATE entry SET id = randomblob(20) WHERE seq = 0", "entry 0 is not the one" },
		{ "UPDATE entry SET id = x'' WHERE seq = 0", "entry 0 is not the one" },
		{ "DELETE FROM entry WHERE seq = 299", "entry 299 is missing" },
		{ "DELETE FROM entry WHERE seq = 12", "entry 12 is missing" },
		{ "INSERT INTO entry SELECT 300, randomblob(20), leaf, bytes FROM entry WHERE seq = 299", "beyond the 300" },
		{ "UPDATE entry SET seq = 1000 WHERE seq = 12", "entry 12 is missing" },
		{ "UPDATE entry SET seq = 1000 WHERE seq = 299", "entry 299 is missing" },
		{ "UPDATE entry SET seq = -1 WHERE seq = 0", "entry 0 is missing" },
		{ "UPDATE entry SET seq = -1 WHERE seq = 20; UPDATE entry SET seq = 20 WHERE seq = 21; UPDATE entry SET seq = 21 WHERE seq = -1", "tree" },
		{ "UPDATE node SET hash = zeroblob(32)", "hash 0 of level 8" },
		{ "UPDATE node SET at = 1", "hash 0 of its tree's level 8 is missing" },
		{ "UPDATE node SET level = 2", "hash 0 of its tree's level 8 is missing" },
		{ "DELETE FROM node", "hashes of full tiles" },
		{ "INSERT INTO node VALUES (1, 1, zeroblob(32))", "hashes of full tiles" },
		{ "INSERT INTO node VALUES (2, 0, zeroblob(32))", "hashes of full tiles" },
		{ "UPDATE head SET size = 299", "corrupt" },	/* another number of peaks */
		{ "UPDATE head SET size = 284", "beyond the 284" },	/* as many peaks */
		{ "UPDATE head SET size = 540", "entry 300 is missing" },
		{ "UPDATE head SET size = -1, peaks = zeroblob(2048)", "corrupt" },
		{ "UPDATE head SET time = time + 1", "time" },
		{ "UPDATE head SET time = 0", "time" },
		{ "UPDATE head SET peaks = zeroblob(128)", "do not give the tree" },
		{ "UPDATE head SET peaks = zeroblob(32)", "corrupt" },
		{ "UPDATE book SET operator = (SELECT key FROM identity WHERE name = 'ada')", "entry 0" },
		{ "UPDATE book SET operator = x''", "corrupt" },
		{ "UPDATE book SET origin = 'enclua.local/somebody'", "entry 0: it is for another book" },
		{ "UPDATE book SET origin = printf('%.*c', 500, 'x')", "corrupt" },
		{ "UPDATE checkpoint SET note = CAST(replace(note, char(10) || '300' || char(10), char(10) || '299' || char(10)) AS BLOB) WHERE size = 300", "300" },
		{ "UPDATE checkpoint SET note = x'' WHERE size = 300", "the checkpoint of 300 entries" },
		{ "UPDATE checkpoint SET note = zeroblob(100000) WHERE size = 300", "" },
		{ "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 300) WHERE size < 300", "not of this book, or of more" },
		{ "UPDATE checkpoint SET size = 150 WHERE size = 300", "the checkpoint of 150 entries" },
		{ "UPDATE checkpoint SET note = CAST(substr(note, 1, length(note) - 20) || 'AAAA' || substr(note, length(note) - 15) AS BLOB) WHERE size = 300", "300" },
		{ "DROP TRIGGER transfer_lasts; UPDATE book SET one = 1", "triggers" },
		{ "CREATE TRIGGER more AFTER INSERT ON transfer BEGIN UPDATE account SET credits_posted = credits_posted + 1 WHERE name = NEW.credit; END; "
			"UPDATE book SET one = 1", "triggers" },
		{ "DROP INDEX entry_id; UPDATE book SET one = 1", "triggers" },
		{ "CREATE TABLE mine (a); UPDATE book SET one = 1", "triggers" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		book_rows_change(w->m.path, rows[i].sql);
		struct err e;
		if (verify(w, &e) == 0)
			fail_msg("not found: %s", rows[i].sql);
		if (!strstr(e.msg, rows[i].words))
			fail_msg("%s: not “%s”: %s", rows[i].sql, rows[i].words, e.msg);
		restore(w);
	}
}

/* An attacker who knows the format: puts bytes in an entry's place and makes leaf, id, nodes and head fit. */
static int node_again(void *ctx, unsigned level, uint64_t index, const struct merkle_hash *hash, struct err *e)
{
	sqlite3_stmt *st;
	(void)e;
	if (level == 0 || level % 8 != 0)
		return 0;
	assert_int_equal(sqlite3_prepare_v2(ctx, "INSERT OR REPLACE INTO node VALUES (?1, ?2, ?3)", -1, &st, NULL), SQLITE_OK);
	sqlite3_bind_int64(st, 1, level / 8);
	sqlite3_bind_int64(st, 2, (int64_t)index);
	sqlite3_bind_blob(st, 3, hash->b, 32, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(st), SQLITE_DONE);
	sqlite3_finalize(st);
	return 0;
}

static void replace_and_make_fit(struct world *w, uint64_t seq, const uint8_t *bytes, size_t len)
{
	sqlite3 *db = book_rows_open(w->m.path);
	sqlite3_stmt *st;
	struct merkle_hash leaf;
	struct merkle_range range = { .size = 0 };
	uint8_t id[ID_BYTES];
	const uint8_t *end = memmem(bytes, len, "\n\n", 2);
	merkle_leaf(&leaf, bytes, len);
	entry_hash(id, bytes, (size_t)(end + 1 - bytes));
	assert_int_equal(sqlite3_prepare_v2(db, "UPDATE entry SET id = ?1, leaf = ?2, bytes = ?3 WHERE seq = ?4", -1, &st, NULL), SQLITE_OK);
	sqlite3_bind_blob(st, 1, id, ID_BYTES, SQLITE_STATIC);
	sqlite3_bind_blob(st, 2, leaf.b, 32, SQLITE_STATIC);
	sqlite3_bind_blob(st, 3, bytes, (int)len, SQLITE_STATIC);
	sqlite3_bind_int64(st, 4, (int64_t)seq);
	assert_int_equal(sqlite3_step(st), SQLITE_DONE);
	sqlite3_finalize(st);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT leaf FROM entry ORDER BY seq", -1, &st, NULL), SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		memcpy(leaf.b, sqlite3_column_blob(st, 0), 32);
		assert_int_equal(merkle_range_add(&range, &leaf, node_again, db, NULL), 0);
	}
	sqlite3_finalize(st);
	assert_int_equal(sqlite3_prepare_v2(db, "UPDATE head SET peaks = ?1, time = max(time, ?2)", -1, &st, NULL), SQLITE_OK);
	sqlite3_bind_blob(st, 1, range.peaks, (int)(range.n * 32), SQLITE_STATIC);
	assert_int_equal(entry_decode(&en, bytes, len, NULL, NULL), 0);
	sqlite3_bind_int64(st, 2, en.time);
	assert_int_equal(sqlite3_step(st), SQLITE_DONE);
	sqlite3_finalize(st);
	sqlite3_close(db);
}

static void a_history_rewritten_with_care_is_found(void **state)
{
	struct world *w = *state;
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX), note;
	struct err e;
	reopen(w);
	BOOK_MUST(book_entry(w->m.b, w->transfer, &bytes, &e), &e);
	char *amount = memmem(bytes.data, bytes.len, "amount: 40\n", 11);
	assert_non_null(amount);
	amount[8] = '9';	/* 90 instead of 40: not what Ada signed */
	book_make_money(w->m.b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, w->m.bob, 90);
	struct book_rebuilt out;
	book_make_sign(&en, w->m.ada, &note, NULL);
	book_close(w->m.b);
	w->m.b = NULL;
	replace_and_make_fit(w, w->transfer, bytes.data, bytes.len);
	rebuilt(w, &out);
	char words[32];
	(void)snprintf(words, sizeof words, "entry %llu", (unsigned long long)w->transfer);
	found(w, "an entry with another amount", words);
	restore(w);
	/* or it is what she signs now: then the checkpoints of before do not hold */
	replace_and_make_fit(w, w->transfer, note.data, note.len);
	rebuilt(w, &out);
	found(w, "an entry that was signed later", "its root is not that of the entries");
	reopen(w);
	assert_int_equal(book_checkpoint(w->m.b, NULL, &e), 0);	/* of 300 entries one is signed: the same, not a second */
	book_make_data(w->m.b, &en, "", 100);
	(void)book_make_append(w->m.b, &en, w->m.ada, NULL);
	assert_int_equal(book_checkpoint(w->m.b, NULL, &e), -1);	/* and none is signed that does not contain it */
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.msg, "fork"));
	book_close(w->m.b);
	w->m.b = NULL;
	restore(w);
	char path[PATH_MAX + 32];
	(void)snprintf(path, sizeof path, "%s/book/checkpoint", w->m.path);
	(void)unlink(path);
	buf_done(&bytes);
	buf_done(&note);
}

/* Triggers out of the way, the change, and the triggers as they were. */
static void change_past_the_triggers(struct world *w, const char *change)
{
	static const char *const names[] = { "transfer_stays", "transfer_lasts", "account_lasts", "account_stays" };
	char *made[4], sql[600];
	sqlite3 *db = book_rows_open(w->m.path);
	for (size_t i = 0; i < 4; i++) {
		sqlite3_stmt *st;
		(void)snprintf(sql, sizeof sql, "SELECT sql FROM sqlite_schema WHERE name = '%s'", names[i]);
		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(st), SQLITE_ROW);
		made[i] = strdup((const char *)sqlite3_column_text(st, 0));
		sqlite3_finalize(st);
		(void)snprintf(sql, sizeof sql, "DROP TRIGGER %s", names[i]);
		assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	}
	book_rows_change(w->m.path, change);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(sqlite3_exec(db, made[i], NULL, NULL, NULL), SQLITE_OK);
		free(made[i]);
	}
	sqlite3_close(db);
}

/* another: what makes of a copy of a row one that may stand beside it. */
static const struct { const char *name, *key, *another; } tables[] = {
	{ "identity", "seq", "seq = seq + 1000, key = zeroblob(32)" }, { "data", "seq", "seq = seq + 1000, id = 'x', name = ''" },
	{ "app", "seq", "seq = seq + 1000, id = 'x', h1 = 'x'" }, { "task", "seq", "seq = seq + 1000, id = 'x'" },
	{ "account", "no", "no = no + 1000, name = 'x'" }, { "transfer", "seq", "seq = seq + 1000, id = zeroblob(16)" },
};

/* Every column of every table in its oldest or newest row, a row less, a row more: found, and named; and made again from the entries. */
static void what_is_changed_in_a_table_is_found_and_made_again(void **state)
{
	struct world *w = *state;
	struct book_rebuilt sound, out;
	unsigned changes = 0;
	struct err e;
	rebuilt(w, &sound);
	assert_memory_equal(sound.before, sound.after, 32);
	restore(w);
	for (size_t i = 0; i < 6; i++) {
		const char *table = tables[i].name, *key = tables[i].key;
		char sql[500], words[32];
		sqlite3 *db = book_rows_open(w->m.path);
		sqlite3_stmt *st;
		char column[40][32], type[40][8];
		unsigned n = 0;
		(void)snprintf(sql, sizeof sql, "SELECT name, type FROM pragma_table_info('%s')", table);
		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
		for (; sqlite3_step(st) == SQLITE_ROW; n++) {
			(void)snprintf(column[n], sizeof column[n], "%s", (const char *)sqlite3_column_text(st, 0));
			(void)snprintf(type[n], sizeof type[n], "%s", (const char *)sqlite3_column_text(st, 1));
		}
		sqlite3_finalize(st);
		sqlite3_close(db);
		assert_true(n >= 5);
		(void)snprintf(words, sizeof words, "the table %s ", table);
		for (unsigned c = 0; c < n + 2; c++) {
			const char *col = column[c], *row = c % 2 ? "max" : "min";
			if (c < n)
				(void)snprintf(sql, sizeof sql, "UPDATE %s SET %s = CAST(coalesce(%s, '') %s AS %s) WHERE %s = (SELECT %s(%s) FROM %s)", table, col, col,
					type[c][0] == 'I' ? "+ 1000000" : "|| 'x'", type[c], key, row, key, table);
			else if (c == n)
				(void)snprintf(sql, sizeof sql, "DELETE FROM %s WHERE %s = (SELECT max(%s) FROM %s)", table, key, key, table);
			else
				(void)snprintf(sql, sizeof sql, "CREATE TEMP TABLE t AS SELECT * FROM %s LIMIT 1; UPDATE t SET %s; INSERT INTO %s SELECT * FROM t", table,
					tables[i].another, table);
			change_past_the_triggers(w, sql);
			found(w, sql, words);
			if (c >= n) {	/* making again does not look at what is there: some of them tell */
				rebuilt(w, &out);
				if (memcmp(out.before, sound.before, 32) == 0 || memcmp(out.after, sound.after, 32) != 0)
					fail_msg("not made again: %s", sql);
			}
			restore(w);
			changes++;
		}
	}
	assert_true(changes > 70);
	change_past_the_triggers(w, "DELETE FROM transfer; DELETE FROM account; DELETE FROM task; DELETE FROM app; DELETE FROM data; DELETE FROM identity");
	rebuilt(w, &out);
	assert_memory_equal(out.after, sound.after, 32);
	if (verify(w, &e) < 0)
		fail_msg("not sound after it was made again: %s", e.msg);
	restore(w);
}

/* Money moved in the sums and nowhere else, so that debits and credits still agree; a transfer forgotten together with what it did. */
static void money_that_no_entry_moved_is_found(void **state)
{
	struct world *w = *state;
	change_past_the_triggers(w, "UPDATE account SET credits_posted = credits_posted + 7 WHERE name = (SELECT a.name FROM transfer JOIN account AS a ON a.no = credit WHERE cause = 'deposit'); "
		"UPDATE account SET debits_posted = debits_posted + 7 WHERE name = 'bank'");
	found(w, "money from the bank", "the table account");
	restore(w);
	change_past_the_triggers(w, "UPDATE account SET debits_posted = 0 WHERE name = (SELECT a.name FROM transfer JOIN account AS a ON a.no = debit WHERE cause = 'transfer'); "
		"UPDATE account SET credits_posted = 0 WHERE name = (SELECT a.name FROM transfer JOIN account AS a ON a.no = credit WHERE cause = 'transfer'); DELETE FROM transfer WHERE cause = 'transfer'");
	found(w, "a transfer undone", "the table transfer");
	struct err e;
	reopen(w);
	BOOK_MUST(book_money_check(w->m.b, &e), &e);	/* by itself the ledger looks sound */
	book_close(w->m.b);
	w->m.b = NULL;
	restore(w);
}

/* Without dropping them first, nobody gets past the triggers. */
static void triggers_refuse(void **state)
{
	struct world *w = *state;
	static const char *const changes[] = { "DELETE FROM transfer", "UPDATE transfer SET amount = 1", "DELETE FROM account", "UPDATE account SET limited = 0",
		"UPDATE account SET name = name || 'x'", "UPDATE account SET debits_posted = credits_posted + 1 WHERE limited = 1" };
	sqlite3 *db = book_rows_open(w->m.path);
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
		if (sqlite3_exec(db, changes[i], NULL, NULL, NULL) == SQLITE_OK)
			fail_msg("%s was carried out", changes[i]);
	sqlite3_close(db);
}

static void the_tables_of_a_damaged_log_stay(void **state)
{
	struct world *w = *state;
	static const char *const changes[] = {
		"UPDATE entry SET bytes = CAST(bytes || x'0a' AS BLOB) WHERE seq = 299",
		"UPDATE entry SET bytes = CAST(replace(bytes, 'name: ada', 'name: eve') AS BLOB) WHERE seq = 2",
		"DELETE FROM entry WHERE seq = 299", "DELETE FROM entry WHERE seq = 40", "UPDATE head SET peaks = zeroblob(128)",
	};
	struct book_rebuilt out;
	struct err e;
	uint8_t before[32], after[32];
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		book_rows_change(w->m.path, changes[i]);
		book_rows_digest(w->m.path, before);
		reopen(w);
		if (book_rebuild(w->m.b, &out, NULL, NULL, &e) == 0)
			fail_msg("made tables again out of: %s", changes[i]);
		assert_int_equal(e.code, ERR_INVALID);
		book_close(w->m.b);
		w->m.b = NULL;
		book_rows_digest(w->m.path, after);
		assert_memory_equal(before, after, 32);
		restore(w);
	}
}

static void a_book_goes_on_after_it_was_made_again(void **state)
{
	struct world *w = *state;
	struct book_rebuilt out;
	struct book_checked checked;
	struct told told = { 0, 0, 0 };
	struct store_task t;
	struct err e;
	reopen(w);
	BOOK_MUST(book_rebuild(w->m.b, &out, tell, &told, &e), &e);
	assert_int_equal(out.entries, ENTRIES);
	assert_int_equal(told.total, ENTRIES);
	assert_memory_equal(out.before, out.after, 32);
	BOOK_MUST(store_task_find(w->m.s, w->task, &t, &e), &e);
	assert_string_equal(t.status, "COMPLETED");
	assert_string_equal(buf_text(&t.missing), "seccomp");
	store_task_done(&t);
	book_make_money(w->m.b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, w->m.bob, 60);
	assert_int_equal(book_make_append(w->m.b, &en, w->m.ada, NULL), ENTRIES);
	BOOK_MUST(book_rebuild(w->m.b, &out, NULL, NULL, &e), &e);
	BOOK_MUST(book_verify(w->m.b, &checked, NULL, NULL, &e), &e);
	book_close(w->m.b);
	w->m.b = NULL;
	restore(w);
}

static void a_new_book_can_be_made_again(void **state)
{
	(void)state;
	struct book_made m;
	struct book_rebuilt out;
	struct book_checked checked;
	struct err e;
	book_make_open(&m);
	BOOK_MUST(book_rebuild(m.b, &out, NULL, NULL, &e), &e);
	assert_int_equal(out.entries, BOOK_MAKE_ENTRIES);
	assert_memory_equal(out.before, out.after, 32);
	BOOK_MUST(book_verify(m.b, &checked, NULL, NULL, &e), &e);
	assert_int_equal(checked.checkpoints, 0);
	book_make_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_book_is_counted), cmocka_unit_test(what_is_changed_in_the_log_is_found), cmocka_unit_test(a_history_rewritten_with_care_is_found),
		cmocka_unit_test(what_is_changed_in_a_table_is_found_and_made_again), cmocka_unit_test(money_that_no_entry_moved_is_found),
		cmocka_unit_test(triggers_refuse), cmocka_unit_test(the_tables_of_a_damaged_log_stay), cmocka_unit_test(a_book_goes_on_after_it_was_made_again),
		cmocka_unit_test(a_new_book_can_be_made_again),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
