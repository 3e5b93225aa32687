/* core/book/store.c, store_rows.c, store_blob.c: what the store refuses to open, how rows are found, blobs, and that nothing confirmed is lost when a
 * writer is killed. What makes rows is the book's, and tested there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "base/os.h"
#include "base/text.h"
#include "seal/crypto.h"
#include "unit/book_make.h"
#include "unit/scratch.h"

static struct entry en;	/* too large for the stack of a careful program */

static void data_add(struct book_made *h, const struct identity *by, const char *name, size_t n, char id[ID_TEXT])
{
	book_make_data(h->b, &en, name, n);
	(void)book_make_append(h->b, &en, by, id);
}

static void no_home(void **state)
{
	(void)state;
	struct store *s;
	struct err e;
	assert_int_equal(store_open(&s, "/nonexistent/enclua", false, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.hint, "enclua init"));
	assert_null(s);
}

static void other_layouts_are_refused(void **state)
{
	struct book_made *h = *state;
	char path[PATH_MAX + 16];
	struct store *s;
	struct err e;
	sqlite3 *db;
	(void)snprintf(path, sizeof path, "%s/store.db", h->path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store_open(&s, h->path, false, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.msg, "layout 99"));
	assert_non_null(strstr(e.hint, "newer enclua"));
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 1", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store_open(&s, h->path, true, &e), -1);	/* from before there was a book */
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.hint, "older enclua"));
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 2; PRAGMA application_id = 5", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store_open(&s, h->path, false, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.msg, "another program"));
	sqlite3_close(db);
	scratch_file(h->path, "store.db", "this is no database, whatever its name says, and long enough to be looked at", 77);
	assert_int_equal(store_open(&s, h->path, false, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
}

static void files_are_private(void **state)
{
	struct book_made *h = *state;
	static const struct { const char *name; mode_t mode; } files[] = {
		{ "store.db", 0600 }, { "operator.key", 0600 }, { "worker.key", 0600 }, { "book/lock", 0600 }, { "book/waiting", 0600 },
		{ "book", 0700 }, { "blobs", 0700 }, { "blobs/tmp", 0700 },
	};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		char path[PATH_MAX + 16];
		struct stat st;
		(void)snprintf(path, sizeof path, "%s/%s", h->path, files[i].name);
		if (stat(path, &st) < 0 || (st.st_mode & 0777) != files[i].mode)
			fail_msg("%s has mode %o and not %o", files[i].name, st.st_mode & 0777, files[i].mode);
	}
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
		assert_int_equal(got.header.len, 4);
		assert_memory_equal(got.header.data, "\0\1\2\377", 4);
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

static void behind_its_back(struct book_made *h, const char *sql)
{
	char path[PATH_MAX + 16];
	sqlite3 *db;
	(void)snprintf(path, sizeof path, "%s/store.db", h->path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void an_ambiguous_prefix_is_refused(void **state)
{
	struct book_made *h = *state;
	struct store_data got;
	struct err e;
	data_add(h, h->ada, "", 100, NULL);
	data_add(h, h->ada, "", 100, NULL);
	behind_its_back(h, "UPDATE data SET id = 'data1qqqqqqqq' || substr(id, 14)");	/* no two hashes begin alike for 40 bits */
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
	behind_its_back(h, "UPDATE data SET name = printf('%.*c', 500, 'x')");
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

static void blobs(void **state)
{
	struct book_made *h = *state;
	struct err e;
	uint8_t hash[32], want[32];
	char back[16] = "";
	uint64_t size;
	int fd;
	assert_int_equal(store_blob_add(h->s, "some bytes", 10, hash, &e), 0);
	sha256(want, "some bytes", 10);
	assert_memory_equal(hash, want, 32);
	assert_int_equal(store_blob_add(h->s, "some bytes", 10, hash, &e), 0);	/* again */
	assert_int_equal(store_blob_open(h->s, hash, &fd, &size, &e), 0);
	assert_int_equal(size, 10);
	assert_int_equal(read(fd, back, sizeof back), 10);
	assert_string_equal(back, "some bytes");
	assert_int_equal(write(fd, "x", 1), -1);
	close(fd);
	assert_int_equal(store_blob_remove(h->s, hash, &e), 0);
	assert_int_equal(store_blob_open(h->s, hash, &fd, &size, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static int files_in(const char *home, const char *sub)
{
	char path[PATH_MAX + 32];
	(void)snprintf(path, sizeof path, "%s/%s", home, sub);
	DIR *d = opendir(path);
	assert_non_null(d);
	int n = 0;
	for (struct dirent *f; (f = readdir(d));)
		n += f->d_type == DT_REG;
	closedir(d);
	return n;
}

static void only_dead_writers_are_swept(void **state)
{
	struct book_made *h = *state;
	struct store *other;
	struct err e;
	char tmp[PATH_MAX];
	int fd;
	scratch_file(h->path, "blobs/tmp/left-by-the-dead", "half", 4);
	assert_int_equal(store_blob_begin(h->s, &fd, tmp, sizeof tmp, &e), 0);
	assert_int_equal(files_in(h->path, "blobs/tmp"), 2);
	assert_int_equal(store_open(&other, h->path, false, &e), 0);
	assert_int_equal(files_in(h->path, "blobs/tmp"), 1);	/* the living writer keeps its own */
	store_close(other);
	store_blob_abort(fd, tmp);
	assert_int_equal(files_in(h->path, "blobs/tmp"), 0);
}

static void make_old(const char *home, const char *name)
{
	char path[PATH_MAX];
	const struct timespec then[2] = { { .tv_sec = os_time() - 90000 }, { .tv_sec = os_time() - 90000 } };
	(void)snprintf(path, sizeof path, "%s/%s", home, name);
	assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
}

static void blob_make_old(struct book_made *h, const uint8_t sha256_of[static 32])
{
	char name[HEX_LEN(32) + 7] = "blobs/";
	hex_encode(name + 6, sha256_of, 32);
	make_old(h->path, name);
}

/* What a kill leaves between a blob and its row goes after a day; what a row names, and what is young, stays. */
static void unnamed_blobs_are_swept(void **state)
{
	struct book_made *h = *state;
	struct store *other;
	struct err e;
	uint8_t named[32], schema[32], once[32], unnamed[32], young[32];
	int before = files_in(h->path, "blobs");
	book_make_data(h->b, &en, "kept", 100);
	memcpy(named, en.data_register.blob, 32);
	en.data_register.schema.len = 0;
	BOOK_MUST(store_blob_add(h->s, "{\"a\":\"string\"}", 14, schema, &e), &e);
	memcpy(en.data_register.schema_blob, schema, 32);
	(void)book_make_append(h->b, &en, h->ada, NULL);
	book_make_data(h->b, &en, "", 100);
	memcpy(once, en.data_register.blob, 32);
	en.data_register.scope = entry_text("run");
	(void)book_make_append(h->b, &en, h->ada, NULL);
	book_make_blob(h->b, 100, unnamed);
	book_make_blob(h->b, 100, young);
	blob_make_old(h, named);
	blob_make_old(h, schema);
	blob_make_old(h, once);
	blob_make_old(h, unnamed);
	assert_int_equal(store_open(&other, h->path, false, &e), 0);
	store_close(other);
	assert_int_equal(files_in(h->path, "blobs"), before + 5);	/* looked at today already */
	make_old(h->path, ".swept");
	assert_int_equal(store_open(&other, h->path, false, &e), 0);
	assert_int_equal(files_in(h->path, "blobs"), before + 3);
	const uint8_t *kept[] = { named, schema, young };
	for (size_t i = 0; i < 3; i++) {
		int fd;
		uint64_t size;
		assert_int_equal(store_blob_open(other, kept[i], &fd, &size, &e), 0);
		close(fd);
	}
	store_close(other);
}

/* Killed at any moment */

_Noreturn static void add_forever(const struct book_made *h, int tell)
{
	struct book *b;
	struct err e;
	char id[ID_TEXT];
	if (book_open(&b, h->path, false, &e) < 0)
		_exit(1);
	for (;;) {
		book_make_data(b, &en, "", 100000);
		if (book_make_try(b, &en, h->ada, NULL, id, &e) < 0 || os_write(tell, id, ID_TEXT) < 0)
			_exit(1);
	}
}

struct seen { int rows; struct store *s; };

static int row_has_its_blob(void *ctx, const struct store_data *d, struct err *e)
{
	struct seen *seen = ctx;
	uint8_t is[32];
	uint64_t size;
	int fd;
	assert_int_equal(store_blob_open(seen->s, d->blob, &fd, &size, e), 0);
	assert_int_equal(size, d->payload_len);
	uint8_t *bytes = malloc(size);
	assert_int_equal(os_read(fd, bytes, size), size);
	sha256(is, bytes, size);
	assert_memory_equal(is, d->blob, 32);
	free(bytes);
	close(fd);
	seen->rows++;
	return 0;
}

static void no_half_blob(const char *home)
{
	char path[2 * PATH_MAX], hex[65];
	(void)snprintf(path, sizeof path, "%s/blobs", home);
	DIR *d = opendir(path);
	for (struct dirent *f; (f = readdir(d));) {
		if (f->d_type != DT_REG)
			continue;
		struct buf bytes = BUF_INIT(MIB(1));
		uint8_t is[32];
		struct err e;
		(void)snprintf(path, sizeof path, "%s/blobs/%s", home, f->d_name);
		assert_int_equal(os_file_read(path, &bytes, &e), 0);
		sha256(is, bytes.data, bytes.len);
		hex_encode(hex, is, 32);
		assert_string_equal(hex, f->d_name);
		buf_done(&bytes);
	}
	closedir(d);
}

static void killed_writers_lose_nothing_confirmed(void **state)
{
	struct book_made *h = *state;
	for (unsigned round = 0; round < 12; round++) {
		int pipes[2];
		char ids[64][ID_TEXT];
		size_t n = 0;
		assert_int_equal(pipe(pipes), 0);
		pid_t child = fork();
		if (child == 0) {
			close(pipes[0]);
			add_forever(h, pipes[1]);
		}
		close(pipes[1]);
		size_t stop = 1 + round % 5;
		while (n < stop && os_read(pipes[0], ids[n], ID_TEXT) == ID_TEXT)
			n++;
		assert_int_equal(n, stop);
		usleep(round * 137);	/* somewhere within the next one */
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		while (n < 64 && os_read(pipes[0], ids[n], ID_TEXT) == ID_TEXT)
			n++;
		close(pipes[0]);

		struct seen seen = { 0, NULL };
		struct err e;
		assert_int_equal(store_open(&seen.s, h->path, false, &e), 0);
		assert_int_equal(files_in(h->path, "blobs/tmp"), 0);
		assert_int_equal(store_data_each(seen.s, row_has_its_blob, &seen, &e), 0);
		for (size_t i = 0; i < n; i++) {
			struct store_data d;
			if (store_data_find(seen.s, ids[i], NULL, &d, &e) < 0)
				fail_msg("round %u: %s was confirmed and is lost: %s", round, ids[i], e.msg);
			store_data_done(&d);
		}
		no_half_blob(h->path);
		store_close(seen.s);
	}
}

static void two_processes_add_at_once(void **state)
{
	struct book_made *h = *state;
	enum { EACH = 30 };
	pid_t children[2];
	for (int c = 0; c < 2; c++) {
		children[c] = fork();
		if (children[c] != 0)
			continue;
		struct book *b;
		struct err e;
		if (book_open(&b, h->path, false, &e) < 0)
			_exit(1);
		for (int i = 0; i < EACH; i++) {
			book_make_data(b, &en, "", 50);
			if (book_make_try(b, &en, h->ada, NULL, NULL, &e) < 0)
				_exit(2);
		}
		book_close(b);
		_exit(0);
	}
	for (int c = 0; c < 2; c++) {
		int status;
		assert_int_equal(waitpid(children[c], &status, 0), children[c]);
		assert_int_equal(status, 0);
	}
	struct seen seen = { 0, h->s };
	struct err e;
	assert_int_equal(store_data_each(h->s, row_has_its_blob, &seen, &e), 0);
	assert_int_equal(seen.rows, 2 * EACH);
}

static void two_processes_make_one_home(void **state)
{
	(void)state;
	struct err e;
	for (int round = 0; round < 10; round++) {
		char home[PATH_MAX];
		scratch_make(home);
		pid_t children[4];
		for (int c = 0; c < 4; c++) {
			children[c] = fork();
			if (children[c] == 0) {
				struct book *b;
				int r = book_open(&b, home, true, &e);
				if (r < 0)
					(void)fprintf(stderr, "%s\n", e.msg);
				book_close(b);
				_exit(r < 0);
			}
		}
		for (int c = 0; c < 4; c++) {
			int status;
			waitpid(children[c], &status, 0);
			assert_int_equal(status, 0);
		}
		struct book *b;
		uint64_t size;
		BOOK_MUST(book_open(&b, home, false, &e), &e);
		BOOK_MUST(book_size(b, &size, &e), &e);
		assert_int_equal(size, 2);	/* opened once, with one worker */
		book_close(b);
		scratch_remove(home);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, book_make_setup, book_make_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_home), TEST(other_layouts_are_refused), TEST(files_are_private), TEST(data_round_trip), TEST(what_is_not_there_is_said),
		TEST(my_data_come_first), TEST(identities_by_key), TEST(ids_are_checked), TEST(an_ambiguous_prefix_is_refused),
		TEST(a_corrupt_row_is_refused), TEST(apps), TEST(tasks_and_their_results), TEST(blobs), TEST(only_dead_writers_are_swept),
		TEST(unnamed_blobs_are_swept), TEST(killed_writers_lose_nothing_confirmed), TEST(two_processes_add_at_once),
		cmocka_unit_test(two_processes_make_one_home),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
