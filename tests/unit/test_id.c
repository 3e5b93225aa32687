/* Ids of things in the book. Golden values by a program of its own (Python). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "form/id.h"
#include "seal/crypto.h"

#define ENTRY "enclua/data.register/v1\nby: x\n"
#define ENTRY_ID "data1z3ltjrcr5ruk63c5f4a69ndjkmwq5eh7ctd5sr"

static void golden_ids(void **state)
{
	(void)state;
	char text[ID_TEXT];
	enum id_kind kind;
	id_make(text, ID_DATA, ENTRY, strlen(ENTRY));
	assert_string_equal(text, ENTRY_ID);
	id_make(text, ID_DEAL, NULL, 0);
	assert_string_equal(text, "deal1uwcvgs5clswpfxhm7nyfjmaeysn6us0ykgr6ey");
	for (unsigned k = 0; k < ID_KINDS; k++) {
		id_make(text, (enum id_kind)k, "x", 1);
		assert_int_equal(id_check(&kind, text, NULL), 0);
		assert_int_equal(kind, k);
		assert_true(id_looks_like(text));
	}
	assert_int_equal(id_check(NULL, text, NULL), 0);
}

static void mistyped_ids(void **state)
{
	(void)state;
	enum id_kind kind;
	struct err e;
	char text[] = ENTRY_ID;
	for (size_t i = 0; i + 1 < sizeof text; i++) {
		char was = text[i];
		text[i] = was == 'q' ? 'p' : 'q';
		memset(&e, 0, sizeof e);
		assert_int_equal(id_check(&kind, text, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_true(i < 5 || e.hint[0]);	/* a wrong prefix is no id at all; a wrong rest says what to do */
		text[i] = was;
	}
	for (size_t i = 0; i + 2 < sizeof text; i++) {	/* neighbours swapped */
		char a = text[i], b = text[i + 1];
		text[i] = b;
		text[i + 1] = a;
		assert_int_equal(id_check(&kind, text, &e), a == b ? 0 : -1);
		text[i] = a;
		text[i + 1] = b;
	}
	const char *bad[] = { "", "data", "data1", ENTRY_ID "q", "DATA1Z3LTJRCR5RUK63C5F4A69NDJKMWQ5EH7CTD5SR", "blob1z3ltjrcr5ruk63c5f4a69ndjkmwq5eh7ctd5sr" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(id_check(&kind, bad[i], &e), -1);
}

static void beginnings(void **state)
{
	(void)state;
	assert_true(id_looks_like("data1"));
	assert_true(id_looks_like("task1qqqq"));
	const char *others[] = { "", "data", "contacts", "data-1", "xdata1", "enclua1qqq", "dataset1" };
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_false(id_looks_like(others[i]));
}

/* As they have been since the first deal: other bytes would be other deals. */
static void ids_that_follow(void **state)
{
	(void)state;
	char id[ID_TEXT], other[ID_TEXT];
	id_deal(id, "order1", 0);
	assert_string_equal(id, "deal1gy869qfvftnm0w8lxf0r9a0yj6kugfkezgt8y4");
	id_task(other, id, 7);
	assert_string_equal(other, "task1sj4rj66exxwcg2wkjpg0nhfa3gx4ffzdn3h0rs");
	assert_int_equal(id_check(NULL, id, NULL), 0);
	id_deal(other, "order1", 256);
	assert_string_not_equal(id, other);
	id_deal(other, "order11", 0);
	assert_string_not_equal(id, other);
}

static int setup(void **state)
{
	(void)state;
	return crypto_init(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_ids),
		cmocka_unit_test(mistyped_ids),
		cmocka_unit_test(beginnings),
		cmocka_unit_test(ids_that_follow),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
