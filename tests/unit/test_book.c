/* core/book/book.c: opening, drafts, reading by number, finding by number and id, and that all who have the book open see the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/os.h"
#include "seal/machine_key.h"
#include "unit/book_grow.h"
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

/* Opening */

static void a_new_book_is_opened_by_its_operator(void **state)
{
	struct book_made *m = *state;
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	struct err e;
	char origin[NOTE_NAME_BYTES + 1];
	assert_memory_equal(book_operator(m->b), identity_public(m->operator), 32);
	checkpoint_origin_make(origin, identity_public(m->operator));
	assert_string_equal(book_origin(m->b), origin);
	assert_int_equal(size_of(m->b), BOOK_MAKE_ENTRIES);
	BOOK_MUST(book_entry(m->b, 0, &bytes, &e), &e);
	BOOK_MUST(entry_open(&en, bytes.data, bytes.len, NULL, &e), &e);
	assert_int_equal(en.type, ENTRY_BOOK_OPEN_TYPE);
	assert_memory_equal(en.by, identity_public(m->operator), 32);
	buf_clear(&bytes);
	BOOK_MUST(book_entry(m->b, 1, &bytes, &e), &e);
	BOOK_MUST(entry_open(&en, bytes.data, bytes.len, NULL, &e), &e);
	assert_memory_equal(en.by, identity_public(m->worker), 32);
	assert_true(entry_text_is(&en.identity_register.role, "worker"));
	buf_done(&bytes);
	struct book *again;
	BOOK_MUST(book_open(&again, m->path, true, &e), &e);	/* create: nothing is there to be made */
	assert_int_equal(size_of(again), BOOK_MAKE_ENTRIES);
	assert_string_equal(book_origin(again), origin);
	book_close(again);
}

static void no_book_without_create(void **state)
{
	(void)state;
	char home[PATH_MAX];
	struct book *b;
	struct store *s;
	struct err e;
	assert_int_equal(book_open(&b, "/nonexistent/enclua", false, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_null(b);
	scratch_make(home);
	BOOK_MUST(store_open(&s, home, true, &e), &e);	/* tables, and then somebody pulled the plug */
	store_close(s);
	assert_int_equal(book_open(&b, home, false, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.hint, "enclua init"));
	BOOK_MUST(book_open(&b, home, true, &e), &e);
	assert_int_equal(size_of(b), 2);
	book_close(b);
	scratch_remove(home);
}

/* Begun, and its first entries never came: the next one finishes it. */
static void a_book_that_was_cut_short_is_finished(void **state)
{
	struct book_made *m = *state;
	struct err e;
	struct book *b;
	book_rows_change(m->path, "DROP TRIGGER account_lasts; DELETE FROM entry; DELETE FROM identity; DELETE FROM account; "
		"UPDATE head SET size = 0, time = 0, peaks = x''");
	assert_int_equal(book_open(&b, m->path, false, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	BOOK_MUST(book_open(&b, m->path, true, &e), &e);
	assert_int_equal(size_of(b), 2);
	assert_memory_equal(book_operator(b), identity_public(m->operator), 32);
	book_close(b);
}

static void another_operators_key_is_refused(void **state)
{
	struct book_made *m = *state;
	struct identity *operator;
	struct book *b;
	struct err e;
	char key[PATH_MAX + 16];
	(void)snprintf(key, sizeof key, "%s/operator.key", m->path);
	assert_int_equal(unlink(key), 0);
	assert_int_equal(book_operator_open(m->b, &operator, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	BOOK_MUST(machine_key_make(m->path, "operator", &e), &e);
	b = book_make_again(m);	/* reading needs no key */
	assert_int_equal(book_operator_open(b, &operator, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_null(operator);
	assert_int_equal(book_checkpoint(b, NULL, &e), -1);	/* it would sign what nobody believes, this home included */
	assert_int_equal(e.code, ERR_DENIED);
	book_close(b);
	b = book_make_again(m);
	book_close(b);
}

/* A machine whose clock was a year ahead, once, can still enter things: with its clock, not with the book's. */
static void a_draft_is_never_past_what_is_accepted(void **state)
{
	struct book_made *m = *state;
	char sql[96];
	int64_t now = os_time();
	(void)snprintf(sql, sizeof sql, "UPDATE head SET time = %lld", (long long)now + 30);
	book_rows_change(m->path, sql);
	book_make_draft(m->b, &en, ENTRY_ACCOUNT_CLOSE_TYPE);
	assert_int_equal(en.time, now + 30);
	(void)snprintf(sql, sizeof sql, "UPDATE head SET time = %lld", (long long)now + 31536000);
	book_rows_change(m->path, sql);
	book_make_draft(m->b, &en, ENTRY_ACCOUNT_CLOSE_TYPE);
	assert_in_range(en.time, now, now + 30);
	(void)book_make_append(m->b, &en, m->ada, NULL);
}

/* Reading */

static int index_next(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	uint64_t *next = ctx;
	(void)bytes;
	if (index != *next || len == 0)
		return err_set(e, ERR_INTERNAL, "out of order");
	++*next;
	return 0;
}

static void entries_are_read_by_their_numbers(void **state)
{
	struct book_made *m = *state;
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	struct err e;
	uint64_t size = size_of(m->b), next = 2;
	static const uint64_t beyond[] = { 0, 1, UINT64_C(1) << 62, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX };
	BOOK_MUST(book_entries(m->b, 2, UINT64_MAX, index_next, &next, &e), &e);
	assert_int_equal(next, size);
	next = 1;
	BOOK_MUST(book_entries(m->b, 1, 3, index_next, &next, &e), &e);
	assert_int_equal(next, 3);
	for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
		uint64_t index = beyond[i] < size ? size + beyond[i] : beyond[i];
		assert_int_equal(book_entry(m->b, index, &bytes, &e), -1);
		assert_int_equal(e.code, ERR_NOT_FOUND);
	}
	assert_int_equal(bytes.len, 0);
}

/* What one process enters, another that has the book open sees. */
static void everybody_sees_the_same_book(void **state)
{
	struct book_made *m = *state;
	struct book *other = book_make_again(m);
	uint64_t before = size_of(other);
	book_make_data(m->b, &en, "", 100);
	(void)book_make_append(m->b, &en, m->ada, NULL);
	assert_int_equal(size_of(other), before + 1);
	book_make_data(other, &en, "", 100);
	assert_int_equal(book_make_append(other, &en, m->ada, NULL), before + 1);
	assert_int_equal(size_of(m->b), before + 2);
	book_close(other);
}

/* Finding */

struct named { size_t n; char id[ENTRY_TYPE_COUNT * 64][ID_TEXT]; };

static int name_all(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	struct named *all = ctx;
	size_t text_len;
	assert_int_equal(index, all->n);
	BOOK_MUST(entry_decode(&en, bytes, len, &text_len, e), e);
	entry_id(all->id[all->n++], ID_DATA, bytes, text_len);
	return 0;
}

/* The naive way: how many ids begin so, and which is the first. */
static size_t search(const struct named *all, const char *prefix, uint64_t *first)
{
	size_t hits = 0;
	for (size_t i = all->n; i-- > 0;)
		if (strncmp(all->id[i], prefix, strlen(prefix)) == 0) {
			*first = i;
			hits++;
		}
	return hits;
}

static void ids_are_found_as_a_search_finds_them(void **state)
{
	struct book_made *m = *state;
	static struct named all;
	static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	struct err e;
	book_grow(m, 200);
	all.n = 0;
	BOOK_MUST(book_entries(m->b, 0, UINT64_MAX, name_all, &all, &e), &e);
	assert_int_equal(all.n, 200);
	for (unsigned round = 0; round < 4000; round++) {
		char which[ID_TEXT];
		uint8_t dice[4];
		uint64_t want = 0, got = UINT64_MAX;
		crypto_random(dice, sizeof dice);
		(void)snprintf(which, sizeof which, "%s", all.id[dice[0] % all.n]);
		size_t len = 5 + 8 + dice[1] % 31;
		which[len] = '\0';
		if (dice[2] % 2)	/* mistyped */
			which[5 + dice[2] / 2 % (len - 5)] = alphabet[dice[3] % 32];
		size_t hits = search(&all, which, &want);
		int r = book_find(m->b, which, &got, &e);
		if ((r == 0) != (hits == 1) || (r == 0 && got != want))
			fail_msg("%s: found %llu, and a search finds %zu, the first %llu", which, (unsigned long long)got, hits, (unsigned long long)want);
		if (r < 0 && e.code != ERR_NOT_FOUND && (e.code != ERR_INVALID || len < 5 + 33))
			fail_msg("%s: %s %s", which, err_name(e.code), e.msg);
	}
	for (uint64_t i = 0; i < all.n; i++) {	/* by number, and by an id of whatever kind */
		char number[24], as_task[ID_TEXT];
		uint64_t got;
		(void)snprintf(number, sizeof number, "%llu", (unsigned long long)i);
		BOOK_MUST(book_find(m->b, number, &got, &e), &e);
		assert_int_equal(got, i);
		(void)snprintf(as_task, sizeof as_task, "task1%.20s", all.id[i] + 5);
		BOOK_MUST(book_find(m->b, as_task, &got, &e), &e);
		assert_int_equal(got, i);
	}
}

static void what_names_no_entry(void **state)
{
	struct book_made *m = *state;
	static const struct { const char *which; enum err_code code; } cases[] = {
		{ "3", ERR_NOT_FOUND }, { "999999999999999999", ERR_NOT_FOUND }, { "03", ERR_USAGE }, { "-1", ERR_USAGE }, { "+1", ERR_USAGE }, { " 1", ERR_USAGE },
		{ "1x", ERR_USAGE }, { "9999999999999999999", ERR_USAGE }, { "", ERR_USAGE }, { "data", ERR_USAGE }, { "data1", ERR_USAGE },
		{ "data1qqqqqqq", ERR_USAGE }, { "data1qqqqqqqq", ERR_NOT_FOUND }, { "data1QQQQQQQQ", ERR_USAGE }, { "data1bbbbbbbb", ERR_USAGE },
		{ "data1qqqqqqqq ", ERR_USAGE }, { "enclua1qqqqqqqq", ERR_USAGE }, { "contacts", ERR_USAGE },
		{ "data1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", ERR_USAGE },
	};
	struct err e;
	uint64_t got;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		e.code = ERR_NONE;
		assert_int_equal(book_find(m->b, cases[i].which, &got, &e), -1);
		if (e.code != cases[i].code)
			fail_msg("%s: %s %s", cases[i].which, err_name(e.code), e.msg);
	}
	book_rows_change(m->path, "UPDATE entry SET id = CAST(x'0000000000' || substr(id, 6) AS BLOB)");	/* which no two hashes do */
	assert_int_equal(book_find(m->b, "data1qqqqqqqq", &got, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, book_make_setup, book_make_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_new_book_is_opened_by_its_operator), cmocka_unit_test(no_book_without_create), TEST(a_book_that_was_cut_short_is_finished),
		TEST(another_operators_key_is_refused), TEST(a_draft_is_never_past_what_is_accepted), TEST(entries_are_read_by_their_numbers),
		TEST(everybody_sees_the_same_book), TEST(ids_are_found_as_a_search_finds_them), TEST(what_names_no_entry),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
