/* core/book/store.c: what the store refuses to open, that its files are private, that several processes may make and fill one home, and that nothing confirmed is lost when
 * a writer is killed. Its rows are test_store_rows.c, its blobs test_store_blob.c, its log test_store_wal.c. What makes rows is the book's, and tested there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "base/os.h"
#include "base/text.h"
#include "unit/book_make.h"
#include "unit/scratch.h"
#include "unit/store_files.h"

static struct entry en;	/* too large for the stack of a careful program */

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
		assert_int_equal(store_files(h->path, "blobs/tmp"), 0);
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
		cmocka_unit_test(no_home), TEST(other_layouts_are_refused), TEST(files_are_private),
		TEST(killed_writers_lose_nothing_confirmed), TEST(two_processes_add_at_once), cmocka_unit_test(two_processes_make_one_home),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
