/* core/book/witness_ask.c: the request that a witness gets from a book, and what of its answer is kept: each line for the checkpoint that it was made for, nothing that nobody
 * can judge, and nothing of an answer with one bad line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "book/witness.h"
#include "unit/book_grow.h"
#include "unit/book_make.h"

#define TIME 1795256430

struct asked { struct book_made *m; char home[PATH_MAX]; struct store *s; struct identity *key; };	/* a book, and a witness in another home */

static void witness_make(struct asked *a)
{
	struct err e;
	scratch_make(a->home);
	BOOK_MUST(store_open(&a->s, a->home, true, &e), &e);
	BOOK_MUST(witness_open(a->home, &a->key, &e), &e);
}

static void witness_end(struct asked *a)
{
	identity_free(a->key);
	store_close(a->s);
	scratch_remove(a->home);
}

static int setup(void **state)
{
	struct asked *a = calloc(1, sizeof *a);
	void *m;
	(void)book_make_setup(&m);
	a->m = m;
	witness_make(a);
	*state = a;
	return 0;
}

static int teardown(void **state)
{
	struct asked *a = *state;
	void *m = a->m;
	witness_end(a);
	free(a);
	return book_make_teardown(&m);
}

static void request(struct asked *a, uint64_t from, struct buf *out)
{
	struct err e;
	*out = (struct buf)BUF_INIT(WITNESS_REQUEST_BYTES);
	BOOK_MUST(witness_request(a->m->b, from, out, &e), &e);
}

/* The line of this witness for the book as it is. */
static void answer(struct asked *a, uint64_t from, struct buf *line)
{
	struct buf asked;
	struct err e;
	request(a, from, &asked);
	BOOK_MUST(witness_sign(a->s, a->key, NULL, buf_text(&asked), asked.len, TIME, line, NULL, &e), &e);
	buf_done(&asked);
}

static size_t added(struct asked *a, const struct buf *lines, uint64_t want)
{
	size_t n;
	uint64_t size;
	struct err e;
	BOOK_MUST(witness_add(a->m->b, NULL, buf_text(lines), lines->len, &n, &size, &e), &e);
	assert_int_equal(size, want);
	return n;
}

static void refused(struct asked *a, const char *lines, size_t len, enum err_code code, const char *words)
{
	struct buf before = BUF_INIT(CHECKPOINT_NOTE_MAX), after = BUF_INIT(CHECKPOINT_NOTE_MAX);
	size_t n = 7;
	uint64_t size = 7;
	struct err e = { .code = ERR_NONE };
	BOOK_MUST(book_checkpoint(a->m->b, &before, &e), &e);
	assert_int_equal(witness_add(a->m->b, NULL, lines, len, &n, &size, &e), -1);
	if (e.code != code || !strstr(e.msg, words))
		fail_msg("%s and not %s \"%s\": %s", err_name(e.code), err_name(code), words, e.msg);
	assert_true(n == 0 && size == 0);
	BOOK_MUST(book_checkpoint(a->m->b, &after, &e), &e);
	assert_int_equal(after.len, before.len);
	assert_memory_equal(after.data, before.data, before.len);
	buf_done(&before);
	buf_done(&after);
}

/* Its proof leads from what the witness has seen to the book's newest checkpoint, wherever it starts. */
static void a_request_proves_what_came_since(void **state)
{
	struct asked *a = *state;
	static const uint64_t sizes[] = { 4, 9, 256, 300 };
	struct buf none = BUF_INIT(WITNESS_REQUEST_BYTES), line = BUF_INIT(KIB(1));
	struct err e;
	uint64_t from = 0;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		char head[40];
		struct buf asked;
		book_grow(a->m, sizes[i]);
		request(a, from, &asked);
		(void)snprintf(head, sizeof head, "old %llu\n", (unsigned long long)from);
		assert_memory_equal(asked.data, head, strlen(head));
		buf_clear(&line);
		answer(a, from, &line);	/* the witness checks the proof */
		from = sizes[i];
		buf_done(&asked);
	}
	assert_int_equal(witness_request(a->m->b, from + 1, &none, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_int_equal(none.len, 0);
	buf_done(&line);
}

/* It does not say for which checkpoint it is: one that comes late is put where it belongs, and the same again adds nothing. */
static void a_line_is_kept_where_it_belongs(void **state)
{
	struct asked *a = *state;
	struct buf early = BUF_INIT(KIB(1)), late = BUF_INIT(KIB(1)), note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct err e;
	uint64_t size;
	book_grow(a->m, 5);
	answer(a, 0, &early);
	book_grow(a->m, 9);
	answer(a, 5, &late);
	assert_int_equal(added(a, &late, 9), 1);
	assert_int_equal(added(a, &early, 5), 1);
	assert_int_equal(added(a, &early, 5), 0);
	assert_int_equal(added(a, &late, 9), 0);
	BOOK_MUST(book_checkpoint_before(a->m->b, 9, &note, &size, &e), &e);
	assert_int_equal(size, 5);
	assert_non_null(strstr(buf_text(&note), buf_text(&early)));
	assert_null(strstr(buf_text(&note), buf_text(&late)));
	buf_done(&note);
	buf_done(&early);
	buf_done(&late);
}

/* Every bit of a line: it is no line any more, or one that fits nothing. And an answer is kept whole or not at all. */
static void a_bad_line_refuses_the_answer(void **state)
{
	struct asked *a = *state;
	struct asked other = { .m = a->m };
	struct buf both = BUF_INIT(KIB(2));
	struct err e;
	size_t n;
	uint64_t size;
	answer(a, 0, &both);
	const size_t first = both.len;
	assert_int_equal(added(a, &both, BOOK_MAKE_ENTRIES), 1);
	witness_make(&other);
	answer(&other, 0, &both);
	for (size_t i = first; i + 1 < both.len; i += 5) {
		both.data[i] ^= 2;
		e.code = ERR_NONE;
		if (witness_add(a->m->b, NULL, buf_text(&both), both.len, &n, &size, &e) == 0 && n != 0)	/* under a name that nobody can judge it is passed over */
			fail_msg("kept with byte %zu changed", i - first);
		both.data[i] ^= 2;
	}
	both.data[both.len - 9] ^= 1;	/* within the signature */
	refused(a, buf_text(&both), both.len, ERR_INVALID, "fits no checkpoint");
	both.data[both.len - 9] ^= 1;
	witness_end(&other);
	buf_done(&both);
}

static void what_is_no_answer_is_refused(void **state)
{
	struct asked *a = *state;
	struct asked stranger = { .m = a->m };
	struct book_made elsewhere;
	struct buf line = BUF_INIT(KIB(1)), asked;
	static const char nobody[] = "\xe2\x80\x94 example.com/w AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
	refused(a, "", 0, ERR_INVALID, "signature lines");
	refused(a, "hello\n", 6, ERR_INVALID, "signature lines");
	refused(a, nobody, sizeof nobody - 1, ERR_DENIED, "nobody here can judge");
	book_make_open(&elsewhere);	/* signed well, for another book */
	stranger.m = &elsewhere;
	witness_make(&stranger);
	answer(&stranger, 0, &line);
	refused(a, buf_text(&line), line.len, ERR_INVALID, "fits no checkpoint");
	witness_end(&stranger);
	book_make_close(&elsewhere);
	request(a, 0, &asked);	/* a whole note is no answer either */
	const char *text = strstr(buf_text(&asked), "\n\n") + 2;
	refused(a, text, strlen(text), ERR_INVALID, "signature lines");
	buf_done(&asked);
	buf_done(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(a_request_proves_what_came_since), T(a_line_is_kept_where_it_belongs), T(a_bad_line_refuses_the_answer), T(what_is_no_answer_is_refused),
#undef T
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
