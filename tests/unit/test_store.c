/* The store: what it refuses, how rows are found, and that nothing confirmed is lost when a writer is killed. */
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
#include "book/store.h"
#include "seal/crypto.h"
#include "unit/scratch.h"

struct home { char path[PATH_MAX]; struct store *s; };

static int setup(void **state)
{
	struct home *h = calloc(1, sizeof *h);
	struct err e;
	assert_non_null(h);
	assert_int_equal(crypto_init(&e), 0);
	scratch_make(h->path);
	if (store_open(&h->s, h->path, true, &e) < 0)
		fail_msg("%s", e.msg);
	*state = h;
	return 0;
}

static int teardown(void **state)
{
	struct home *h = *state;
	store_close(h->s);
	scratch_remove(h->path);
	free(h);
	return 0;
}

/* Data that is as good as sealed: a blob of n random bytes and a row for it. */
static void data_make(struct store *s, struct store_data *d, const char *name, size_t n)
{
	struct err e;
	uint8_t *bytes = malloc(n);
	memset(d, 0, sizeof *d);
	crypto_random(bytes, n);
	if (store_blob_add(s, bytes, n, d->blob, &e) < 0)
		fail_msg("%s", e.msg);
	free(bytes);
	id_make(d->id, ID_DATA, d->blob, 32);
	(void)snprintf(d->name, sizeof d->name, "%s", name);
	memset(d->owner, 7, 32);
	d->payload_len = d->plain_len = n;
	d->header = (struct buf)BUF_INIT(100);
	d->schema = (struct buf)BUF_INIT(100);
	assert_int_equal(buf_add(&d->header, "header\0with nul", 15, &e), 0);
	d->created = 1234567890;
}

static void data_add(struct store *s, const char *name, char id[ID_TEXT])
{
	struct store_data d;
	struct err e;
	data_make(s, &d, name, 100);
	if (store_data_add(s, &d, &e) < 0)
		fail_msg("%s", e.msg);
	if (id)
		memcpy(id, d.id, ID_TEXT);
	store_data_done(&d);
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
	struct home *h = *state;
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
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 1; PRAGMA application_id = 5", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store_open(&s, h->path, false, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	sqlite3_close(db);
	scratch_file(h->path, "store.db", "this is no database, whatever its name says, and long enough to be looked at", 77);
	assert_int_equal(store_open(&s, h->path, false, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
}

static void files_are_private(void **state)
{
	struct home *h = *state;
	char path[PATH_MAX + 16];
	struct stat st;
	(void)snprintf(path, sizeof path, "%s/store.db", h->path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void data_round_trip(void **state)
{
	struct home *h = *state;
	struct store_data d, got;
	struct err e;
	data_make(h->s, &d, "contacts", 1000);
	assert_int_equal(buf_add_text(&d.schema, "{\"a\":\"string\"}", &e), 0);
	assert_int_equal(store_data_add(h->s, &d, &e), 0);
	char prefix[ID_TEXT];
	(void)snprintf(prefix, sizeof prefix, "%.13s", d.id);	/* data1 and 8 characters */
	const char *names[] = { d.id, "contacts", prefix };
	for (size_t i = 0; i < 3; i++) {
		if (store_data_find(h->s, names[i], &got, &e) < 0)
			fail_msg("%s", e.msg);
		assert_string_equal(got.id, d.id);
		assert_string_equal(got.name, "contacts");
		assert_memory_equal(got.owner, d.owner, 32);
		assert_memory_equal(got.blob, d.blob, 32);
		assert_int_equal(got.payload_len, 1000);
		assert_int_equal(got.created, 1234567890);
		assert_int_equal(got.header.len, 15);
		assert_memory_equal(got.header.data, "header\0with nul", 15);
		assert_string_equal(buf_text(&got.schema), "{\"a\":\"string\"}");
		assert_false(got.ephemeral);
		store_data_done(&got);
	}
	prefix[12] = '\0';
	assert_int_equal(store_data_find(h->s, prefix, &got, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.hint, "at least 8"));
	store_data_done(&d);
}

static void data_refusals(void **state)
{
	struct home *h = *state;
	struct store_data d, got;
	struct err e;
	data_add(h->s, "contacts", NULL);

	data_make(h->s, &d, "contacts", 10);
	assert_int_equal(store_data_add(h->s, &d, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(store_data_find(h->s, d.id, &got, &e), -1);
	d.ephemeral = true;	/* of one run: its name is nobody's */
	assert_int_equal(store_data_add(h->s, &d, &e), 0);
	assert_int_equal(store_data_add(h->s, &d, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	store_data_done(&d);

	data_make(h->s, &d, "data1qqqqqqqq", 10);
	assert_int_equal(store_data_add(h->s, &d, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	d.name[0] = '\0';
	d.payload_len = 11;	/* not what the blob has */
	assert_int_equal(store_data_add(h->s, &d, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	d.payload_len = 10;
	d.blob[0] ^= 1;	/* no such blob */
	assert_int_equal(store_data_add(h->s, &d, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	store_data_done(&d);

	assert_int_equal(store_data_find(h->s, "contact", &got, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.hint, "contacts"));
	assert_int_equal(store_data_find(h->s, "", &got, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void ids_are_checked(void **state)
{
	struct home *h = *state;
	struct store_data got;
	struct store_app app;
	struct err e;
	char id[ID_TEXT];
	data_add(h->s, "one", id);
	id[10] = id[10] == 'q' ? 'p' : 'q';
	assert_int_equal(store_data_find(h->s, id, &got, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);	/* the checksum */
	data_add(h->s, "two", id);
	assert_int_equal(store_app_find(h->s, id, &app, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);	/* another kind */
	id[14] = '\0';
	assert_int_equal(store_app_find(h->s, id, &app, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
}

static void an_ambiguous_prefix_is_refused(void **state)
{
	struct home *h = *state;
	struct store_data d, got;
	struct err e;
	for (int i = 0; i < 2; i++) {
		data_make(h->s, &d, "", 10);
		memcpy(d.id + 5, "qqqqqqqq", 8);
		assert_int_equal(store_data_add(h->s, &d, &e), 0);
		store_data_done(&d);
	}
	assert_int_equal(store_data_find(h->s, "data1qqqqqqqq", &got, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void app_make(struct store *s, struct store_app *a, const char *h1, const char *name, uint8_t author)
{
	struct err e;
	memset(a, 0, sizeof *a);
	assert_int_equal(store_blob_add(s, h1, strlen(h1), a->blob, &e), 0);
	a->size = strlen(h1);
	id_make(a->id, ID_APP, h1, strlen(h1));
	(void)snprintf(a->h1, sizeof a->h1, "%s", h1);
	(void)snprintf(a->name, sizeof a->name, "%s", name);
	(void)snprintf(a->version, sizeof a->version, "1.0.0");
	memset(a->author, author, 32);
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
	struct home *h = *state;
	struct store_app a, b, got;
	struct err e;
	app_make(h->s, &a, "h1:first", "hello", 1);
	assert_int_equal(store_app_add(h->s, &a, &e), 0);
	assert_int_equal(store_app_add(h->s, &a, &e), 0);	/* the same again */
	app_make(h->s, &b, "h1:second", "hello", 1);
	assert_int_equal(store_app_add(h->s, &b, &e), 0);	/* a new version */
	assert_int_equal(store_app_find(h->s, "hello", &got, &e), 0);
	assert_string_equal(got.h1, "h1:second");
	assert_int_equal(store_app_find(h->s, a.id, &got, &e), 0);
	assert_string_equal(got.h1, "h1:first");
	app_make(h->s, &b, "h1:third", "hello", 2);	/* somebody else under the same name */
	assert_int_equal(store_app_add(h->s, &b, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	int n = 0;
	assert_int_equal(store_app_each(h->s, count_app, &n, &e), 0);
	assert_int_equal(n, 2);
}

static void a_task_is_finished_once(void **state)
{
	struct home *h = *state;
	struct store_app a;
	struct store_task t, got;
	struct err e;
	memset(&t, 0, sizeof t);
	id_make(t.id, ID_TASK, "t", 1);
	t.terms = (struct buf)BUF_INIT(100);
	memcpy(t.status, "RUNNING", 8);
	t.created = 5;
	app_make(h->s, &a, "h1:x", "hello", 1);
	memcpy(t.app, a.id, sizeof t.app);
	assert_int_equal(store_task_add(h->s, &t, &e), -1);	/* of an iApp that is not here */
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(store_app_add(h->s, &a, &e), 0);
	assert_int_equal(store_task_add(h->s, &t, &e), 0);
	memset(t.blob, 9, 32);
	memcpy(t.status, "COMPLETED", 10);
	assert_int_equal(store_task_finish(h->s, &t, &e), -1);	/* its result is not there */
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(store_blob_add(h->s, "result", 6, t.blob, &e), 0);
	t.result_size = 6;
	t.finished = 6;
	t.created = 1;	/* does not change what was asked for */
	assert_int_equal(buf_add_text(&t.terms, "{}", &e), 0);
	assert_int_equal(store_task_finish(h->s, &t, &e), 0);
	assert_int_equal(store_task_finish(h->s, &t, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(store_task_find(h->s, t.id, &got, &e), 0);
	assert_string_equal(got.status, "COMPLETED");
	assert_int_equal(got.created, 5);
	assert_int_equal(got.finished, 6);
	assert_string_equal(buf_text(&got.terms), "{}");
	store_task_done(&got);
	assert_int_equal(store_blob_remove(h->s, t.blob, &e), -1);	/* in use */
	assert_int_equal(e.code, ERR_CONFLICT);
	memcpy(t.id, "task1nothing", 13);
	assert_int_equal(store_task_finish(h->s, &t, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	store_task_done(&t);
}

static void blobs(void **state)
{
	struct home *h = *state;
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
	struct home *h = *state;
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

static void blob_make_old(struct home *h, const uint8_t sha256_of[static 32])
{
	char name[HEX_LEN(32) + 7] = "blobs/";
	hex_encode(name + 6, sha256_of, 32);
	make_old(h->path, name);
}

/* What a kill leaves between a blob and its row goes after a day; what a row names, and what is young, stays. */
static void unnamed_blobs_are_swept(void **state)
{
	struct home *h = *state;
	struct store_data named, once, unnamed, young;
	struct store *other;
	struct err e;
	int before = files_in(h->path, "blobs");
	data_make(h->s, &named, "kept", 10);
	data_make(h->s, &once, "", 10);
	data_make(h->s, &unnamed, "", 10);
	data_make(h->s, &young, "", 10);
	once.ephemeral = true;
	assert_int_equal(store_data_add(h->s, &named, &e), 0);
	assert_int_equal(store_data_add(h->s, &once, &e), 0);
	blob_make_old(h, named.blob);
	blob_make_old(h, once.blob);
	blob_make_old(h, unnamed.blob);
	assert_int_equal(store_open(&other, h->path, false, &e), 0);
	store_close(other);
	assert_int_equal(files_in(h->path, "blobs"), before + 4);	/* looked at today already */
	make_old(h->path, ".swept");
	assert_int_equal(store_open(&other, h->path, false, &e), 0);
	assert_int_equal(files_in(h->path, "blobs"), before + 2);
	const uint8_t *kept[] = { named.blob, young.blob };
	for (size_t i = 0; i < 2; i++) {
		int fd;
		uint64_t size;
		assert_int_equal(store_blob_open(other, kept[i], &fd, &size, &e), 0);
		close(fd);
	}
	store_close(other);
	struct store_data *all[] = { &named, &once, &unnamed, &young };
	for (size_t i = 0; i < 4; i++)
		store_data_done(all[i]);
}

/* Killed at any moment */

_Noreturn static void add_forever(const char *home, int tell)
{
	struct store *s;
	struct err e;
	if (store_open(&s, home, false, &e) < 0)
		_exit(1);
	for (;;) {
		struct store_data d;
		data_make(s, &d, "", 200000);
		if (store_data_add(s, &d, &e) < 0 || os_write(tell, d.id, ID_TEXT) < 0)
			_exit(1);
		store_data_done(&d);
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
	struct home *h = *state;
	for (unsigned round = 0; round < 12; round++) {
		int pipes[2];
		char ids[64][ID_TEXT];
		size_t n = 0;
		assert_int_equal(pipe(pipes), 0);
		pid_t child = fork();
		if (child == 0) {
			close(pipes[0]);
			add_forever(h->path, pipes[1]);
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
			if (store_data_find(seen.s, ids[i], &d, &e) < 0)
				fail_msg("round %u: %s was confirmed and is lost: %s", round, ids[i], e.msg);
			store_data_done(&d);
		}
		no_half_blob(h->path);
		store_close(seen.s);
	}
}

static void two_processes_add_at_once(void **state)
{
	struct home *h = *state;
	enum { EACH = 30 };
	pid_t children[2];
	for (int c = 0; c < 2; c++) {
		children[c] = fork();
		if (children[c] != 0)
			continue;
		struct store *s;
		struct err e;
		if (store_open(&s, h->path, false, &e) < 0)
			_exit(1);
		for (int i = 0; i < EACH; i++) {
			struct store_data d;
			data_make(s, &d, "", 50);
			if (store_data_add(s, &d, &e) < 0)
				_exit(2);
			store_data_done(&d);
		}
		store_close(s);
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
	for (int round = 0; round < 5; round++) {
		char home[PATH_MAX];
		scratch_make(home);
		pid_t children[4];
		for (int c = 0; c < 4; c++) {
			children[c] = fork();
			if (children[c] == 0) {
				struct store *s;
				int r = store_open(&s, home, true, &e);
				store_close(s);
				_exit(r < 0);
			}
		}
		for (int c = 0; c < 4; c++) {
			int status;
			waitpid(children[c], &status, 0);
			assert_int_equal(status, 0);
		}
		scratch_remove(home);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_home),
		cmocka_unit_test_setup_teardown(other_layouts_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(files_are_private, setup, teardown),
		cmocka_unit_test_setup_teardown(data_round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(data_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(ids_are_checked, setup, teardown),
		cmocka_unit_test_setup_teardown(an_ambiguous_prefix_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(apps, setup, teardown),
		cmocka_unit_test_setup_teardown(a_task_is_finished_once, setup, teardown),
		cmocka_unit_test_setup_teardown(blobs, setup, teardown),
		cmocka_unit_test_setup_teardown(only_dead_writers_are_swept, setup, teardown),
		cmocka_unit_test_setup_teardown(unnamed_blobs_are_swept, setup, teardown),
		cmocka_unit_test_setup_teardown(killed_writers_lose_nothing_confirmed, setup, teardown),
		cmocka_unit_test_setup_teardown(two_processes_add_at_once, setup, teardown),
		cmocka_unit_test(two_processes_make_one_home),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
