/* core/book/book_commit.c: chains hold all or nothing, entries that come again have the same place, who signed and when is checked before any rule is asked, and what was
 * written is read back before it is confirmed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/os.h"
#include "book/book_inner.h"
#include "unit/book_make.h"
#include "unit/book_rows.h"

static struct entry en;

static uint64_t size_of(struct book *b)
{
	uint64_t size;
	struct err e;
	BOOK_MUST(book_size(b, &size, &e), &e);
	return size;
}

static void transfer_note(struct book_made *m, const struct identity *from, const struct identity *to, uint64_t amount, struct buf *note)
{
	book_make_money(m->b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, to, amount);
	book_make_sign(&en, from, note, NULL);
}

/* A book in which Ada and Bob have 100 each. */
static int rich_setup(void **state)
{
	(void)book_make_setup(state);
	struct book_made *m = *state;
	book_make_identity(m->b, &en, m->bob, "bob", "");
	(void)book_make_append(m->b, &en, m->bob, NULL);
	const struct identity *who[] = { m->ada, m->bob };
	for (size_t i = 0; i < 2; i++) {
		book_make_money(m->b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, who[i], 100);
		(void)book_make_append(m->b, &en, m->operator, NULL);
	}
	return 0;
}

static void a_chain_is_all_or_nothing(void **state)
{
	struct book_made *m = *state;
	enum { N = 4 };
	for (size_t bad = 0; bad < N; bad++) {
		struct buf notes[N];
		struct book_item items[N];
		uint64_t at[N], size = size_of(m->b);
		uint8_t before[32], after[32];
		struct err e;
		book_rows_digest(m->path, before);
		for (size_t i = 0; i < N; i++) {	/* the bad one wants more than there is */
			transfer_note(m, m->ada, m->bob, i == bad ? 1000 : 1, &notes[i]);
			items[i] = (struct book_item){ notes[i].data, notes[i].len };
		}
		assert_int_equal(book_append(m->b, items, N, at, &e), -1);
		assert_int_equal(e.code, ERR_FUNDS);
		assert_non_null(strstr(e.msg, "account.transfer"));
		book_rows_digest(m->path, after);
		assert_memory_equal(before, after, 32);
		assert_int_equal(size_of(m->b), size);
		notes[bad].data[notes[bad].len - 4] ^= 1;	/* or is forged */
		assert_int_equal(book_append(m->b, items, N, at, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		buf_done(&notes[bad]);
		transfer_note(m, m->ada, m->bob, 1, &notes[bad]);
		items[bad] = (struct book_item){ notes[bad].data, notes[bad].len };
		BOOK_MUST(book_append(m->b, items, N, at, &e), &e);	/* the refused ones left nothing that is in the way */
		for (size_t i = 0; i < N; i++) {
			struct buf back = BUF_INIT(ENTRY_BYTES_MAX);
			assert_int_equal(at[i], size + i);
			BOOK_MUST(book_entry(m->b, at[i], &back, &e), &e);
			assert_int_equal(back.len, notes[i].len);
			assert_memory_equal(back.data, notes[i].data, back.len);
			buf_done(&back);
			buf_done(&notes[i]);
		}
	}
}

/* Each entry of a chain sees what those before it did. */
static void a_chain_rests_on_itself(void **state)
{
	struct book_made *m = *state;
	struct buf notes[5];
	struct book_item items[5];
	struct err e;
	char h1[IAPP_H1_TEXT], data[ID_TEXT], app[ID_TEXT];
	uint64_t at[5], size = size_of(m->b);
	book_make_identity(m->b, &en, m->bob, "bob", "");
	book_make_sign(&en, m->bob, &notes[0], NULL);
	book_make_data(m->b, &en, "mine", 100);
	book_make_sign(&en, m->bob, &notes[1], data);
	book_make_app(m->b, &en, "hello", 1, m->bob, h1);
	book_make_sign(&en, m->bob, &notes[2], app);
	book_make_money(m->b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, m->bob, 5);
	book_make_sign(&en, m->operator, &notes[3], NULL);
	book_make_money(m->b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, m->ada, 5);
	book_make_sign(&en, m->bob, &notes[4], NULL);
	for (size_t i = 0; i < 5; i++)
		items[i] = (struct book_item){ notes[i].data, notes[i].len };
	const struct book_item backwards[] = { items[1], items[0] };
	assert_int_equal(book_append(m->b, backwards, 2, NULL, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	BOOK_MUST(book_append(m->b, items, 5, at, &e), &e);
	struct store_app known;
	BOOK_MUST(store_app_find(m->s, app, &known, &e), &e);
	assert_int_equal(known.seq, size + 2);
	assert_int_equal(at[4], size + 4);
	for (size_t i = 0; i < 5; i++)
		buf_done(&notes[i]);
}

static void chains_have_bounds(void **state)
{
	struct book_made *m = *state;
	static struct book_item many[1025];
	static uint8_t large[ENTRY_BYTES_MAX + 1];
	struct err e;
	struct buf note;
	uint64_t size = size_of(m->b);
	BOOK_MUST(book_append(m->b, many, 0, NULL, &e), &e);	/* nothing to do is done */
	transfer_note(m, m->ada, m->bob, 1, &note);
	for (size_t i = 0; i < 1025; i++)
		many[i] = (struct book_item){ note.data, note.len };
	assert_int_equal(book_append(m->b, many, 1025, NULL, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	BOOK_MUST(book_append(m->b, many, 1024, NULL, &e), &e);	/* one entry, 1024 times */
	assert_int_equal(size_of(m->b), size + 1);
	memset(large, 'x', sizeof large);
	const struct book_item bad = { large, sizeof large }, empty = { large, 0 };
	assert_int_equal(book_append(m->b, &bad, 1, NULL, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(book_append(m->b, &empty, 1, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	for (size_t i = 0; i < 1024; i++)
		many[i] = (struct book_item){ large, ENTRY_BYTES_MAX };
	assert_int_equal(book_append(m->b, many, 1024, NULL, &e), -1);	/* together more than a request to another process holds */
	assert_int_equal(e.code, ERR_LIMIT);
	buf_done(&note);
}

static void the_same_again_has_the_same_place(void **state)
{
	struct book_made *m = *state;
	struct buf note[3];
	struct book_item items[5];
	struct err e;
	uint64_t at[5] = { 0 }, size = size_of(m->b);
	uint8_t before[32], after[32];
	for (size_t i = 0; i < 3; i++)
		transfer_note(m, m->ada, m->bob, 1, &note[i]);
	items[0] = (struct book_item){ note[0].data, note[0].len };
	items[1] = (struct book_item){ note[1].data, note[1].len };
	BOOK_MUST(book_append(m->b, items, 2, at, &e), &e);
	book_rows_digest(m->path, before);
	for (int i = 0; i < 3; i++) {
		at[0] = at[1] = 0;
		BOOK_MUST(book_append(m->b, items, 2, at, &e), &e);
		assert_int_equal(at[0], size);
		assert_int_equal(at[1], size + 1);
		BOOK_MUST(book_append_one(m->b, &note[1], &at[2], &e), &e);
		assert_int_equal(at[2], size + 1);
	}
	book_rows_digest(m->path, after);
	assert_memory_equal(before, after, 32);
	/* some that are in, one that is new, twice */
	const struct book_item mixed[] = { items[1], { note[2].data, note[2].len }, items[0], { note[2].data, note[2].len }, items[1] };
	const uint64_t want[] = { size + 1, size + 2, size, size + 2, size + 1 };
	BOOK_MUST(book_append(m->b, mixed, 5, at, &e), &e);
	assert_memory_equal(at, want, sizeof want);
	assert_int_equal(size_of(m->b), size + 3);
	for (size_t i = 0; i < 3; i++)
		buf_done(&note[i]);
}

/* Whoever asks again after an hour gets the same answer, though nobody could enter it any more. */
static void the_same_again_is_never_too_late(void **state)
{
	struct book_made *m = *state;
	struct buf note;
	struct err e;
	uint64_t at, again;
	book_make_money(m->b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, m->bob, 1);
	en.time = os_time() - 58;
	book_make_sign(&en, m->ada, &note, NULL);
	BOOK_MUST(book_append_one(m->b, &note, &at, &e), &e);
	while (os_time() - en.time <= 60)
		(void)usleep(100000);
	BOOK_MUST(book_append_one(m->b, &note, &again, &e), &e);
	assert_int_equal(at, again);
	buf_done(&note);
}

/* Any one bit of an entry: its text is another than was signed, or it is no entry at all. */
static void a_forged_entry_is_refused(void **state)
{
	struct book_made *m = *state;
	struct buf note;
	struct err e;
	uint8_t before[32], after[32];
	transfer_note(m, m->ada, m->bob, 1, &note);
	book_rows_digest(m->path, before);
	for (size_t i = 0; i < note.len; i++) {
		note.data[i] ^= (uint8_t)(1u << i % 8);
		if (book_append_one(m->b, &note, NULL, &e) == 0)
			fail_msg("accepted with byte %zu changed", i);
		assert_int_equal(e.code, ERR_INVALID);
		note.data[i] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t cut = 1; cut < note.len; cut += 7) {
		const struct book_item item = { note.data, note.len - cut };
		assert_int_equal(book_append(m->b, &item, 1, NULL, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
	}
	assert_int_equal(buf_add_text(&note, "x", &e), 0);
	assert_int_equal(book_append_one(m->b, &note, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	note.len--;
	book_rows_digest(m->path, after);
	assert_memory_equal(before, after, 32);
	assert_int_equal(book_append_one(m->b, &note, NULL, &e), 0);	/* as it was signed it goes in */
	buf_done(&note);
}

/* Somebody else's signature under Ada's name. */
static void nobody_signs_for_another(void **state)
{
	struct book_made *m = *state;
	struct buf hers, his, mixed = BUF_INIT(ENTRY_BYTES_MAX);
	struct err e;
	book_make_money(m->b, &en, ENTRY_ACCOUNT_WITHDRAW_TYPE, NULL, 1);
	book_make_sign(&en, m->ada, &hers, NULL);
	book_make_sign(&en, m->bob, &his, NULL);
	const uint8_t *text_end = memmem(hers.data, hers.len, "\n\n", 2), *line = memmem(his.data, his.len, "\n\n", 2);
	BOOK_MUST(buf_add(&mixed, hers.data, (size_t)(text_end - hers.data), &e), &e);
	BOOK_MUST(buf_add(&mixed, line, his.len - (size_t)(line - his.data), &e), &e);
	assert_int_equal(book_append_one(m->b, &mixed, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	buf_done(&hers);
	buf_done(&his);
	buf_done(&mixed);
}

static void a_minute_off_is_accepted(void **state)
{
	struct book_made *m = *state;
	struct err e;
	int64_t time;
	book_make_money(m->b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, m->bob, 1);
	en.time = os_time() - 30;
	(void)book_make_append(m->b, &en, m->ada, NULL);
	book_make_money(m->b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, m->bob, 1);
	en.time = os_time() + 60;
	int64_t latest = en.time;
	(void)book_make_append(m->b, &en, m->ada, NULL);
	BOOK_MUST(book_time(m->b, &time, &e), &e);
	assert_int_equal(time, latest);
	book_make_money(m->b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, m->bob, 1);
	assert_int_equal(en.time, latest);	/* a draft is not before the book */
	(void)book_make_append(m->b, &en, m->ada, NULL);
}

/* Some chains in one transaction, as whoever leads commits them: each is judged alone, in its order, and a refused one is in nobody's way. */
static void chains_are_judged_one_by_one(void **state)
{
	struct book_made *m = *state;
	enum { N = 5 };
	static const uint64_t amounts[N] = { 60, 60, 40, 1, 100 };	/* Ada has 100; the last one is Bob's */
	struct buf notes[N];
	struct book_item items[N];
	struct book_chain chains[N];
	uint64_t at[N] = { 0 }, size = size_of(m->b);
	struct err e;
	memset(chains, 0, sizeof chains);
	for (size_t i = 0; i < N; i++) {
		transfer_note(m, i == N - 1 ? m->bob : m->ada, i == N - 1 ? m->ada : m->bob, amounts[i], &notes[i]);
		items[i] = (struct book_item){ notes[i].data, notes[i].len };
		chains[i] = (struct book_chain){ .items = &items[i], .n = 1, .indices = &at[i] };
	}
	BOOK_MUST(book_commit(m->b, chains, N, &e), &e);
	for (size_t i = 0; i < N; i++) {
		bool refused = i == 1 || i == 3;
		assert_int_equal(chains[i].result, refused ? -1 : 0);
		assert_true(!refused || chains[i].why.code == ERR_FUNDS);
		assert_null(chains[i].in);
		buf_done(&notes[i]);
	}
	assert_true(at[0] == size && at[2] == size + 1 && at[4] == size + 2);
	assert_int_equal(size_of(m->b), size + 3);
	struct book_checked checked;
	BOOK_MUST(book_verify(m->b, &checked, NULL, NULL, &e), &e);
}

/* What the database made of an entry is not what was meant: a trigger stands for a disk or a library that spoils it. Nothing of the commit stays. */
static void what_was_written_otherwise_is_not_committed(void **state)
{
	struct book_made *m = *state;
	static const char *const spoil[] = {
		"UPDATE entry SET bytes = CAST(substr(bytes, 1, length(bytes) - 1) || 'x' AS BLOB) WHERE seq = new.seq", "UPDATE entry SET leaf = zeroblob(32) WHERE seq = new.seq",
		"UPDATE entry SET leaf = x'' WHERE seq = new.seq", "DELETE FROM entry WHERE seq = new.seq",
	};
	for (size_t i = 0; i < sizeof spoil / sizeof spoil[0]; i++) {
		char sql[512];
		struct buf note;
		struct err e = { .code = ERR_NONE };
		uint8_t before[32], after[32];
		sqlite3 *db = book_rows_open(m->path);
		(void)snprintf(sql, sizeof sql, "CREATE TRIGGER spoils AFTER INSERT ON entry BEGIN %s; END", spoil[i]);
		assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
		book_rows_digest(m->path, before);
		transfer_note(m, m->ada, m->bob, 1, &note);
		if (book_append_one(m->b, &note, NULL, &e) == 0)
			fail_msg("confirmed in spite of: %s", spoil[i]);
		book_rows_digest(m->path, after);
		assert_memory_equal(before, after, 32);
		assert_int_equal(sqlite3_exec(db, "DROP TRIGGER spoils", NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
		BOOK_MUST(book_append_one(m->b, &note, NULL, &e), &e);
		buf_done(&note);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rich_setup, book_make_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_chain_is_all_or_nothing), cmocka_unit_test_setup_teardown(a_chain_rests_on_itself, book_make_setup, book_make_teardown), TEST(chains_have_bounds),
		TEST(the_same_again_has_the_same_place), TEST(the_same_again_is_never_too_late), TEST(a_forged_entry_is_refused), TEST(nobody_signs_for_another),
		TEST(a_minute_off_is_accepted), TEST(chains_are_judged_one_by_one), TEST(what_was_written_otherwise_is_not_committed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
