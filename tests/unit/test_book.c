/* core/book/book.c, book_commit.c, book_tree.c: opening, chains that hold all or nothing, entries that come again, finding by number and id, proofs of every entry. */
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

/* Chains */

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

/* Proofs */

struct proving { struct book *b; const struct checkpoint *c; uint64_t seen; };

static int prove_one(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	struct proving *p = ctx;
	struct merkle_proof proof;
	struct merkle_hash leaf;
	merkle_leaf(&leaf, bytes, len);
	p->seen++;
	return merkle_inclusion_prove(book_reader(p->b), index, p->c->size, &proof, e) < 0 ||
		merkle_inclusion_verify(&leaf, index, p->c->size, &proof, &p->c->root, e) < 0 ? -1 : 0;
}

/* At sizes around full tiles: each entry in each checkpoint, and each checkpoint in the later ones. Every root is also computed from the bytes alone. */
static void every_entry_is_proven_in_every_checkpoint(void **state)
{
	struct book_made *m = *state;
	static const uint64_t sizes[] = { 4, 255, 256, 257, 511, 512, 513 };
	enum { N = sizeof sizes / sizeof sizes[0] };
	struct checkpoint c[N];
	struct err e;
	for (size_t i = 0; i < N; i++) {
		struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
		struct note parsed;
		book_grow(m, sizes[i]);
		BOOK_MUST(book_checkpoint(m->b, &note, &e), &e);
		BOOK_MUST(checkpoint_open(&c[i], &parsed, buf_text(&note), note.len, NULL, &e), &e);
		assert_int_equal(c[i].size, sizes[i]);
		buf_done(&note);
	}
	for (size_t i = 0; i < N; i++) {
		struct proving p = { m->b, &c[i], 0 };
		struct merkle_hash root;
		book_grow_root(m->b, sizes[i], &root);
		assert_memory_equal(&root, &c[i].root, sizeof root);
		BOOK_MUST(book_entries(m->b, 0, sizes[i], prove_one, &p, &e), &e);
		assert_int_equal(p.seen, sizes[i]);
		for (size_t k = i; k < N; k++) {
			struct merkle_proof proof;
			BOOK_MUST(merkle_consistency_prove(book_reader(m->b), sizes[i], sizes[k], &proof, &e), &e);
			BOOK_MUST(merkle_consistency_verify(sizes[i], &c[i].root, sizes[k], &c[k].root, &proof, &e), &e);
		}
	}
	struct book_checked checked;
	BOOK_MUST(book_verify(m->b, &checked, NULL, NULL, &e), &e);
	assert_int_equal(checked.entries, 513);
	assert_int_equal(checked.checkpoints, N);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, book_make_setup, book_make_teardown)
#define RICH(name) cmocka_unit_test_setup_teardown(name, rich_setup, book_make_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_new_book_is_opened_by_its_operator), cmocka_unit_test(no_book_without_create), TEST(a_book_that_was_cut_short_is_finished),
		TEST(another_operators_key_is_refused), TEST(a_draft_is_never_past_what_is_accepted), RICH(a_chain_is_all_or_nothing),
		TEST(a_chain_rests_on_itself), RICH(chains_have_bounds), RICH(the_same_again_has_the_same_place), RICH(the_same_again_is_never_too_late),
		TEST(entries_are_read_by_their_numbers), TEST(everybody_sees_the_same_book), TEST(ids_are_found_as_a_search_finds_them),
		TEST(what_names_no_entry), TEST(every_entry_is_proven_in_every_checkpoint),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
