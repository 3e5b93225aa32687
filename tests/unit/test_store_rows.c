/* core/book/store_rows.c: identities, data, iApps and tasks are found by id, prefix, name and key as they were entered; what is ambiguous, of another kind or corrupt is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>

#include "unit/book_make.h"
#include "unit/book_rows.h"

static struct entry en;	/* too large for the stack of a careful program */

static void data_add(struct book_made *h, const struct identity *by, const char *name, size_t n, char id[ID_TEXT])
{
	book_make_data(h->b, &en, name, n);
	(void)book_make_append(h->b, &en, by, id);
}

static void data_round_trip(void **state)
{
	struct book_made *h = *state;
	struct store_data got;
	struct err e;
	char id[ID_TEXT], prefix[ID_TEXT];
	uint8_t blob[32];
	book_make_data(h->b, &en, "contacts", 1000);
	memcpy(blob, en.data_register.blob, 32);
	const struct entry_text sealed = en.data_register.header;
	char header[BASE64_LEN(9) + 1];
	int64_t created = en.time;
	uint64_t index = book_make_append(h->b, &en, h->ada, id);
	(void)snprintf(prefix, sizeof prefix, "%.13s", id);	/* data1 and 8 characters */
	const char *names[] = { id, "contacts", prefix };
	for (size_t i = 0; i < 3; i++) {
		BOOK_MUST(store_data_find(h->s, names[i], NULL, &got, &e), &e);
		assert_string_equal(got.id, id);
		assert_int_equal(got.seq, index);
		assert_string_equal(got.name, "contacts");
		assert_memory_equal(got.owner, identity_public(h->ada), 32);
		assert_memory_equal(got.blob, blob, 32);
		assert_int_equal(got.payload_len, 1000);
		assert_int_equal(got.plain_len, 1000 - 32);
		assert_int_equal(got.created, created);
		assert_int_equal(got.header.len, 9);
		base64_encode(header, got.header.data, got.header.len);
		assert_true(strlen(header) == sealed.len && memcmp(header, sealed.at, sealed.len) == 0);
		assert_string_equal(buf_text(&got.schema), "{\"a\":\"string\"}");
		assert_false(got.ephemeral);
		store_data_done(&got);
	}
	prefix[12] = '\0';
	assert_int_equal(store_data_find(h->s, prefix, NULL, &got, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.hint, "at least 8"));
}

static void what_is_not_there_is_said(void **state)
{
	struct book_made *h = *state;
	struct store_data got;
	struct err e;
	data_add(h, h->ada, "contacts", 100, NULL);
	assert_int_equal(store_data_find(h->s, "contact", NULL, &got, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.hint, "contacts"));
	assert_int_equal(store_data_find(h->s, "", NULL, &got, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

/* A name is one owner's: the same of two owners is that of whoever asks, else the newest. */
static void my_data_come_first(void **state)
{
	struct book_made *h = *state;
	struct store_data got;
	struct err e;
	char hers[ID_TEXT], his[ID_TEXT];
	book_make_identity(h->b, &en, h->bob, "bob", "");
	(void)book_make_append(h->b, &en, h->bob, NULL);
	data_add(h, h->ada, "contacts", 100, hers);
	data_add(h, h->bob, "contacts", 100, his);
	const struct { const struct identity *me; const char *id; } cases[] = { { h->ada, hers }, { h->bob, his }, { NULL, his }, { h->worker, his } };
	for (size_t i = 0; i < 4; i++) {
		BOOK_MUST(store_data_find(h->s, "contacts", cases[i].me ? identity_public(cases[i].me) : NULL, &got, &e), &e);
		assert_string_equal(got.id, cases[i].id);
		store_data_done(&got);
	}
	assert_int_equal(store_data_name_free(h->s, "contacts", identity_public(h->ada), &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(store_data_name_free(h->s, "contacts", identity_public(h->worker), &e), 0);
	assert_int_equal(store_data_name_free(h->s, "", identity_public(h->ada), &e), 0);
}

static void identities_by_key(void **state)
{
	struct book_made *h = *state;
	struct store_identity got;
	struct err e;
	assert_int_equal(store_identity_find(h->s, identity_public(h->ada), &got, &e), 1);
	assert_string_equal(got.name, "ada");
	assert_string_equal(got.role, "");
	assert_memory_equal(got.age, identity_age_public(h->ada), 32);
	assert_int_equal(store_identity_find(h->s, identity_public(h->bob), &got, &e), 0);
	assert_int_equal(store_identity_find(h->s, identity_public(h->worker), &got, &e), 1);
	assert_string_equal(got.role, "worker");
	book_make_identity(h->b, &en, h->bob, "ada", "");	/* anybody may call himself so */
	(void)book_make_append(h->b, &en, h->bob, NULL);
	assert_int_equal(store_identity_find(h->s, identity_public(h->bob), &got, &e), 1);
	assert_string_equal(got.name, "ada");
}

static void ids_are_checked(void **state)
{
	struct book_made *h = *state;
	struct store_data got;
	struct store_app app;
	struct err e;
	char id[ID_TEXT];
	data_add(h, h->ada, "one", 100, id);
	id[10] = id[10] == 'q' ? 'p' : 'q';
	assert_int_equal(store_data_find(h->s, id, NULL, &got, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);	/* the checksum */
	data_add(h, h->ada, "two", 100, id);
	assert_int_equal(store_app_find(h->s, id, &app, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);	/* another kind */
	id[14] = '\0';
	assert_int_equal(store_app_find(h->s, id, &app, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
}

static void an_ambiguous_prefix_is_refused(void **state)
{
	struct book_made *h = *state;
	struct store_data got;
	struct err e;
	data_add(h, h->ada, "", 100, NULL);
	data_add(h, h->ada, "", 100, NULL);
	book_rows_change(h->path, "UPDATE data SET id = 'data1qqqqqqqq' || substr(id, 14)");	/* no two hashes begin alike for 40 bits */
	assert_int_equal(store_data_find(h->s, "data1qqqqqqqq", NULL, &got, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(store_data_find(h->s, "data1qqqqqqqp", NULL, &got, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

/* What somebody else wrote and no member can hold is refused, never cut. */
static void a_corrupt_row_is_refused(void **state)
{
	struct book_made *h = *state;
	struct store_data got;
	struct err e;
	char id[ID_TEXT];
	data_add(h, h->ada, "contacts", 100, id);
	book_rows_change(h->path, "UPDATE data SET name = printf('%.*c', 500, 'x')");
	assert_int_equal(store_data_find(h->s, id, NULL, &got, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.msg, "corrupt"));
}

static int count_app(void *ctx, const struct store_app *a, struct err *e)
{
	(void)a;
	(void)e;
	++*(int *)ctx;
	return 0;
}

static void apps(void **state)
{
	struct book_made *h = *state;
	struct store_app got;
	struct err e;
	char h1[3][IAPP_H1_TEXT], id[2][ID_TEXT];
	for (unsigned i = 0; i < 2; i++) {	/* two versions under one name */
		book_make_app(h->b, &en, "hello", i, h->ada, h1[i]);
		(void)book_make_append(h->b, &en, h->ada, id[i]);
	}
	assert_int_equal(store_app_find(h->s, "hello", &got, &e), 0);
	assert_string_equal(got.id, id[1]);
	assert_string_equal(got.h1, h1[1]);
	assert_int_equal(store_app_find(h->s, id[0], &got, &e), 0);
	assert_string_equal(got.h1, h1[0]);
	assert_true(got.size > 0);
	int n = 0;
	assert_int_equal(store_app_each(h->s, count_app, &n, &e), 0);
	assert_int_equal(n, 2);

	/* by its archive: what its owner registered, and nobody else's */
	book_make_identity(h->b, &en, h->bob, "bob", "");
	(void)book_make_append(h->b, &en, h->bob, NULL);
	book_make_app(h->b, &en, "hello", 0, h->ada, h1[2]);
	(void)book_make_append(h->b, &en, h->bob, id[1]);
	assert_int_equal(store_app_find_h1(h->s, h1[0], identity_public(h->bob), &got, &e), 1);
	assert_string_equal(got.id, id[1]);
	assert_int_equal(store_app_find_h1(h->s, h1[0], identity_public(h->ada), &got, &e), 1);
	assert_string_equal(got.id, id[0]);
	assert_int_equal(store_app_find_h1(h->s, h1[0], identity_public(h->worker), &got, &e), 0);
	book_make_app(h->b, &en, "hello", 9, h->ada, h1[2]);
	(void)book_make_append(h->b, &en, h->bob, NULL);
	assert_int_equal(store_app_find_h1(h->s, h1[2], identity_public(h->worker), &got, &e), 0);
	assert_int_equal(store_app_find_h1(h->s, "h1:none", identity_public(h->ada), &got, &e), 0);
}

static void tasks_and_their_results(void **state)
{
	struct book_made *h = *state;
	struct store_task got;
	struct err e;
	char h1[IAPP_H1_TEXT], app[ID_TEXT], data[ID_TEXT], task[ID_TEXT];
	uint8_t result[32];
	book_make_app(h->b, &en, "hello", 1, h->ada, h1);
	(void)book_make_append(h->b, &en, h->ada, app);
	data_add(h, h->ada, "contacts", 100, data);
	id_make(task, ID_TASK, "task", 4);
	struct store_task row = { .seq = 7, .status = "RUNNING", .app_name = "hello", .data = BUF_INIT(KIB(1)), .missing = BUF_INIT(KIB(1)) };
	memcpy(row.id, task, ID_TEXT);
	memcpy(row.app, app, ID_TEXT);
	memcpy(row.requester, identity_public(h->ada), 32);
	BOOK_MUST(buf_add_text(&row.data, data, &e), &e);
	BOOK_MUST(store_task_put(h->s, &row, &e), &e);
	BOOK_MUST(store_task_find(h->s, task, &got, &e), &e);
	assert_string_equal(got.status, "RUNNING");
	assert_string_equal(got.app, app);
	assert_string_equal(got.app_name, "hello");
	assert_string_equal(buf_text(&got.data), data);
	assert_int_equal(got.finish_seq, 0);
	store_task_done(&got);

	(void)snprintf(row.status, sizeof row.status, "COMPLETED");
	(void)snprintf(row.assurance, sizeof row.assurance, "none");
	memcpy(row.worker, identity_public(h->worker), 32);
	book_make_blob(h->b, 50, result);
	memcpy(row.blob, result, 32);
	row.result_size = 50;
	row.finish_seq = 9;
	BOOK_MUST(store_task_put(h->s, &row, &e), &e);	/* in the place of the one with this seq */
	store_task_done(&row);
	BOOK_MUST(store_task_find(h->s, task, &got, &e), &e);
	assert_string_equal(got.status, "COMPLETED");
	assert_int_equal(got.finish_seq, 9);
	assert_int_equal(got.result_size, 50);
	assert_memory_equal(got.worker, identity_public(h->worker), 32);
	assert_memory_equal(got.requester, identity_public(h->ada), 32);
	store_task_done(&got);
	assert_int_equal(store_blob_remove(h->s, result, &e), -1);	/* in use */
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(store_task_find(h->s, "hello", &got, &e), -1);	/* a task has no name */
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, book_make_setup, book_make_teardown)
	const struct CMUnitTest tests[] = {
		TEST(data_round_trip), TEST(what_is_not_there_is_said), TEST(my_data_come_first), TEST(identities_by_key), TEST(ids_are_checked),
		TEST(an_ambiguous_prefix_is_refused), TEST(a_corrupt_row_is_refused), TEST(apps), TEST(tasks_and_their_results),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
