/* core/book/book_record.c, and rules of a layer above: they see every entry once, their rows come and go with the entry, and nobody who has not their rules writes beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>


#include "unit/book_make.h"
#include "unit/book_rows.h"

/* Rules of a test: a tally of the entries of each signer, group by type; the seventh entry of anybody is refused; and they take lists of the market. */
enum { TALLY = 1, LISTED = 2, MOST = 6 };
struct tally { struct book *b; unsigned admitted, replayed; };

static unsigned opened, closed;

static int tally_open(struct book *b, void **ctx, struct err *e)
{
	struct tally *t = calloc(1, sizeof *t);
	if (!t)
		return err_set(e, ERR_LIMIT, "out of memory");
	t->b = b;
	*ctx = t;
	opened++;
	return 0;
}

static void tally_close(void *ctx)
{
	free(ctx);
	closed++;
}

static int tally_apply(void *ctx, struct book *b, const struct entry *en, const struct book_applied *at, struct err *e)
{
	struct tally *t = ctx;
	char by[IDENTITY_TEXT], index[24];
	struct buf bytes = BUF_INIT(16);
	uint8_t n = 0;
	assert_ptr_equal(b, t->b);
	assert_true(at->now >= en->time);
	identity_text(by, en->by);
	int is = book_record_get(b, TALLY, by, "", &bytes, e);
	if (is == 1)
		n = bytes.data[0];
	buf_done(&bytes);
	if (is < 0)
		return -1;
	*(at->admit ? &t->admitted : &t->replayed) += 1;
	n++;
	struct book_record row = { .kind = TALLY, .a = by, .b = "", .group = entry_info(en->type)->type, .state = n, .made = at->index, .bytes = &n, .len = 1 };
	if (book_record_put(b, &row, !is, e) < 0)
		return -1;
	(void)snprintf(index, sizeof index, "at%04llu", (unsigned long long)at->index);
	struct book_record place = { .kind = LISTED, .a = index, .b = by, .group = "", .state = 0, .made = at->index, .bytes = at->id, .len = ID_BYTES };
	if (book_record_put(b, &place, true, e) < 0)
		return -1;
	return n <= MOST ? 0 : err_set(e, ERR_LIMIT, "tally: %s has entered %u", by, n);	/* after both rows were written */
}

static const struct book_rules rules = { tally_open, tally_close, tally_apply, NULL };

static struct entry en;

static int setup(void **state)
{
	struct book_made *m = calloc(1, sizeof *m);
	struct err e;
	BOOK_MUST(crypto_init(&e), &e);
	scratch_make(m->path);
	BOOK_MUST(book_open_with(&m->b, m->path, true, &rules, &e), &e);
	m->s = book_store(m->b);
	BOOK_MUST(identity_new(&m->ada, &e), &e);
	book_make_identity(m->b, &en, m->ada, "ada", "");
	(void)book_make_append(m->b, &en, m->ada, NULL);
	*state = m;
	return 0;
}

static void enter(struct book *b, const struct identity *by)
{
	book_make_data(b, &en, "", 100);
	(void)book_make_append(b, &en, by, NULL);
}

static int seen(void *ctx, const struct book_record *r, struct err *e)
{
	struct buf *all = ctx;
	return buf_addf(all, e, "%s%s=%u@%llu ", r->group, r->a[0] == 'a' ? r->a : "", r->len == 1 ? *(const uint8_t *)r->bytes : 0, (unsigned long long)r->made);
}

static void listed(struct book *b, unsigned kind, const char *group, int64_t state, const char *want)
{
	struct buf all = BUF_INIT(KIB(4));
	struct err e;
	BOOK_MUST(book_records(b, kind, group, state, seen, &all, &e), &e);
	assert_string_equal(buf_text(&all), want);
	buf_done(&all);
}

static int first_only(void *ctx, const struct book_record *r, struct err *e)
{
	(void)r;
	(void)e;
	++*(unsigned *)ctx;
	return 1;
}

static int fails(void *ctx, const struct book_record *r, struct err *e)
{
	(void)ctx;
	return err_set(e, ERR_TASK, "enough of %s", r->a);
}

struct twice { struct book *b; unsigned outer, inner; };
static int again(void *ctx, const struct book_record *r, struct err *e)
{
	struct twice *t = ctx;
	t->outer++;
	return book_records(t->b, r->kind, NULL, -1, first_only, &t->inner, e);
}

/* Whoever lists may list the same while a row of it is at hand, and stop early: both see all that is theirs. */
static void a_list_is_read_within_itself(void **state)
{
	struct book_made *m = *state;
	struct twice t = { m->b, 0, 0 };
	struct err e;
	unsigned n = 0;
	BOOK_MUST(book_records(m->b, LISTED, NULL, -1, first_only, &n, &e), &e);
	for (unsigned i = 0; i < 3; i++)
		enter(m->b, m->ada);
	BOOK_MUST(book_records(m->b, LISTED, NULL, -1, again, &t, &e), &e);
	assert_int_equal(t.outer, BOOK_MAKE_ENTRIES + 3);
	assert_int_equal(t.inner, t.outer);
	assert_true(book_records(m->b, LISTED, NULL, -1, fails, NULL, &e) < 0);
	t = (struct twice){ m->b, 0, 0 };
	BOOK_MUST(book_records(m->b, LISTED, NULL, -1, again, &t, &e), &e);
	assert_int_equal(t.outer, BOOK_MAKE_ENTRIES + 3);
}

static void rows_are_kept_found_and_listed(void **state)
{
	struct book_made *m = *state;
	struct tally *t = book_rules_context(m->b);
	struct err e;
	char a[160];
	unsigned n = 0;
	assert_int_equal(t->admitted, 3);
	assert_int_equal(t->replayed, 0);
	enter(m->b, m->ada);
	listed(m->b, TALLY, NULL, -1, "book.open=1@0 identity.register=1@1 data.register=2@2 ");	/* of an old row `made` stays */
	listed(m->b, TALLY, "data.register", -1, "data.register=2@2 ");
	listed(m->b, TALLY, "data.register", 2, "data.register=2@2 ");
	listed(m->b, TALLY, "data.register", 1, "");
	listed(m->b, TALLY, NULL, 1, "book.open=1@0 identity.register=1@1 ");
	listed(m->b, LISTED, NULL, 0, "at0000=0@0 at0001=0@1 at0002=0@2 at0003=0@3 ");
	listed(m->b, LISTED, "", -1, "");	/* no group is no group */
	listed(m->b, 77, NULL, -1, "");
	BOOK_MUST(book_records(m->b, LISTED, NULL, -1, first_only, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_int_equal(book_records(m->b, LISTED, NULL, -1, fails, NULL, &e), -1);
	assert_int_equal(e.code, ERR_TASK);
	BOOK_MUST(book_record_find(m->b, LISTED, "at0003", a, sizeof a, &e), &e);
	assert_string_equal(a, "at0003");
	assert_int_equal(book_record_find(m->b, LISTED, "at000", a, sizeof a, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(book_record_find(m->b, LISTED, "at0009", a, sizeof a, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	struct book_record none = { .kind = 9, .a = "no", .b = "", .group = "", .bytes = "x", .len = 1 };
	assert_int_equal(book_record_put(m->b, &none, false, &e), -1);	/* there is nothing to change */
}

static void a_refusal_takes_their_rows_with_it(void **state)
{
	struct book_made *m = *state;
	struct buf notes[3];
	struct book_item items[3];
	struct err e;
	uint8_t before[32], after[32];
	uint64_t size;
	for (unsigned i = 1; i < MOST - 1; i++)
		enter(m->b, m->ada);
	book_rows_digest(m->path, before);
	for (size_t i = 0; i < 3; i++) {	/* the first would be good, the second is one too many */
		book_make_data(m->b, &en, "", 100);
		book_make_sign(&en, m->ada, &notes[i], NULL);
		items[i] = (struct book_item){ notes[i].data, notes[i].len };
	}
	assert_int_equal(book_append(m->b, items, 3, NULL, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_memory_equal(e.msg, "tally: ", 7);	/* in its own words */
	book_rows_digest(m->path, after);
	assert_memory_equal(before, after, 32);
	BOOK_MUST(book_append(m->b, items, 1, NULL, &e), &e);
	BOOK_MUST(book_append(m->b, items, 1, NULL, &e), &e);	/* again: they are not asked a second time */
	assert_int_equal(book_append(m->b, items + 1, 1, NULL, &e), -1);
	BOOK_MUST(book_size(m->b, &size, &e), &e);
	assert_int_equal(size, 2 + MOST);
	for (size_t i = 0; i < 3; i++)
		buf_done(&notes[i]);
}

static void their_rows_are_checked_and_made_again(void **state)
{
	struct book_made *m = *state;
	struct book_checked checked;
	struct book_rebuilt sound, out;
	struct err e;
	static const char *const changes[] = {
		"UPDATE record SET bytes = x'09' WHERE kind = 1", "UPDATE record SET state = state + 1", "UPDATE record SET grp = 'g'", "UPDATE record SET made = made + 1",
		"DELETE FROM record WHERE kind = 2 AND a = 'at0001'", "DELETE FROM record", "INSERT INTO record VALUES (99, 4, 3, 'order1q', '', 'g', 1, 5, x'00')",
	};
	enter(m->b, m->ada);
	BOOK_MUST(book_verify(m->b, &checked, NULL, NULL, &e), &e);
	BOOK_MUST(book_rebuild(m->b, &sound, NULL, NULL, &e), &e);
	assert_memory_equal(sound.before, sound.after, 32);
	assert_int_equal(((struct tally *)book_rules_context(m->b))->replayed, 4);
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		book_rows_change(m->path, changes[i]);
		assert_int_equal(book_verify(m->b, &checked, NULL, NULL, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_non_null(strstr(e.msg, "the table record "));
		BOOK_MUST(book_rebuild(m->b, &out, NULL, NULL, &e), &e);
		assert_memory_equal(out.after, sound.after, 32);
		BOOK_MUST(book_verify(m->b, &checked, NULL, NULL, &e), &e);
	}
}

/* Whoever opens the book without them reads, and neither writes, nor commits for one who has them, nor makes tables without their rows. */
static void nobody_writes_without_the_rules(void **state)
{
	struct book_made *m = *state;
	struct book_checked checked;
	struct book_rebuilt out;
	struct err e;
	uint64_t size;
	uint8_t before[32], after[32];
	struct book *plain = book_make_again(m);
	book_rows_digest(m->path, before);
	BOOK_MUST(book_size(plain, &size, &e), &e);
	assert_int_equal(size, 3);
	book_make_data(plain, &en, "", 100);
	assert_int_equal(book_make_try(plain, &en, m->ada, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_int_equal(book_rebuild(plain, &out, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_int_equal(book_verify(plain, &checked, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	book_rows_digest(m->path, after);
	assert_memory_equal(before, after, 32);
	book_close(plain);
	enter(m->b, m->ada);
}

/* Without rules a book takes what it knows itself, and no more. */
static void types_that_nobody_knows_are_refused(void **state)
{
	(void)state;
	struct book_made m;
	struct err e;
	book_make_open(&m);
	book_make_draft(m.b, &en, ENTRY_LIST_ADD_TYPE);
	char member[IDENTITY_TEXT];
	identity_text(member, identity_public(m.bob));
	en.list_add.member = entry_text(member);
	assert_int_equal(book_make_try(m.b, &en, m.ada, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	book_make_close(&m);
}

static int teardown(void **state)
{
	struct book_made *m = *state;
	book_make_close(m);
	free(m);
	assert_int_equal(opened, closed);	/* also those that verifying makes for itself */
	return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(rows_are_kept_found_and_listed), TEST(a_refusal_takes_their_rows_with_it), TEST(their_rows_are_checked_and_made_again),
		TEST(a_list_is_read_within_itself), TEST(nobody_writes_without_the_rules), cmocka_unit_test(types_that_nobody_knows_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
