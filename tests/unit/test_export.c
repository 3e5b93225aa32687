/* book/export.c: a real book as files, before and after it grows, and while others append to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/os.h"
#include "book/export.h"
#include "form/tile.h"
#include "unit/book_make.h"

static void export_ok(struct book *b, const char *dir, uint64_t at_least)
{
	struct err e = { 0 };
	struct checkpoint c;
	struct tlog_verdict v;
	struct export_count count;
	if (book_export(b, dir, &count, NULL, NULL, &e) < 0 || export_verify(dir, NULL, &c, &v, &e) < 0)
		fail_msg("%s", e.msg);
	assert_true(c.size >= at_least);
	assert_string_equal(c.origin, book_origin(b));
	assert_true(count.bundles == (c.size + 255) / 256 && count.bytes > 0);
}

static void deposits(struct book *b, const struct book_made *m, unsigned n)
{
	static struct entry en;
	while (n-- > 0) {
		book_make_money(b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, m->ada, 1);
		(void)book_make_append(b, &en, m->operator, NULL);
	}
}

/* Entries of the folder are those of the book, and the published checkpoint is the one of the book. */
static void same_bytes(struct book *b, const char *dir, const char *home)
{
	char path[PATH_MAX + 64];
	struct buf bundle = BUF_INIT(MIB(1)), entry = BUF_INIT(KIB(64)), ours = BUF_INIT(KIB(16)), theirs = BUF_INIT(KIB(16));
	const uint8_t *bytes;
	uint64_t size;
	size_t at = 0, n;
	assert_int_equal(book_size(b, &size, NULL), 0);
	(void)snprintf(path, sizeof path, "%s/tile/entries/000.p/%llu", dir, (unsigned long long)size);
	assert_int_equal(os_file_read(path, &bundle, NULL), 0);
	for (uint64_t i = 0; i < size; i++) {
		buf_clear(&entry);
		assert_int_equal(book_entry(b, i, &entry, NULL), 0);
		assert_int_equal(tile_bundle_next(bundle.data, bundle.len, &at, &bytes, &n, NULL), 1);
		assert_int_equal(n, entry.len);
		assert_memory_equal(bytes, entry.data, n);
	}
	(void)snprintf(path, sizeof path, "%s/checkpoint", dir);
	assert_int_equal(os_file_read(path, &ours, NULL), 0);
	(void)snprintf(path, sizeof path, "%s/book/checkpoint", home);
	assert_int_equal(os_file_read(path, &theirs, NULL), 0);
	assert_string_equal(buf_text(&ours), buf_text(&theirs));
	buf_done(&bundle);
	buf_done(&entry);
	buf_done(&ours);
	buf_done(&theirs);
}

static void grows(void **state)
{
	struct book_made *m = *state;
	char dir[PATH_MAX];
	struct export_count count;
	scratch_make(dir);
	export_ok(m->b, dir, BOOK_MAKE_ENTRIES);
	same_bytes(m->b, dir, m->path);
	deposits(m->b, m, 256 - BOOK_MAKE_ENTRIES + 1);
	export_ok(m->b, dir, 257);
	deposits(m->b, m, 3);
	assert_int_equal(book_export(m->b, dir, &count, NULL, NULL, NULL), 0);
	assert_int_equal(count.kept, 3);	/* the full tile, its bundle, and the tile above */
	export_ok(m->b, dir, 260);
	scratch_remove(dir);
}

/* Another book's folder is left as it is. */
static void other_folder(void **state)
{
	struct book_made *m = *state, other;
	char dir[PATH_MAX];
	struct err e = { 0 };
	scratch_make(dir);
	book_make_open(&other);
	export_ok(other.b, dir, BOOK_MAKE_ENTRIES);
	assert_int_equal(book_export(m->b, dir, NULL, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.msg, "not of this book"));
	export_ok(other.b, dir, BOOK_MAKE_ENTRIES);
	book_make_close(&other);
	scratch_remove(dir);
}

/* What a killed export left goes a day later; what another may still be writing stays. */
static void leftovers_go(void **state)
{
	static const char *const places[] = { "checkpoint.tmp-aBcDeF", "tile/0/000.tmp-aBcDeF", "tile/entries/000.p/7.tmp-aBcDeF" };
	const struct timespec old[2] = { { .tv_sec = os_time() - 90000 }, { .tv_sec = os_time() - 90000 } };
	struct book_made *m = *state;
	char dir[PATH_MAX], path[PATH_MAX + 64];
	struct err e;
	scratch_make(dir);
	export_ok(m->b, dir, BOOK_MAKE_ENTRIES);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, places[i]);
		BOOK_MUST(os_file_replace(path, 0600, "half", 4, &e), &e);
	}
	export_ok(m->b, dir, BOOK_MAKE_ENTRIES);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, places[i]);
		assert_true(os_exists(path));
		assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	}
	(void)snprintf(path, sizeof path, "%s/checkpoint", dir);
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	export_ok(m->b, dir, BOOK_MAKE_ENTRIES);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, places[i]);
		assert_false(os_exists(path));
	}
	scratch_remove(dir);
}

/* A process appends while we export again and again into one folder: each export verifies, none is smaller than the one before. */
static void while_growing(void **state)
{
	struct book_made *m = *state;
	char dir[PATH_MAX];
	int status = 0;
	scratch_make(dir);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct book *b = book_make_again(m);
		deposits(b, m, 100);
		book_close(b);
		_exit(0);
	}
	uint64_t size = 0, last;
	do {
		assert_int_equal(book_size(m->b, &last, NULL), 0);
		assert_true(last >= size);
		size = last;
		export_ok(m->b, dir, size);
	} while (waitpid(child, &status, WNOHANG) == 0);
	assert_int_equal(status, 0);
	export_ok(m->b, dir, BOOK_MAKE_ENTRIES + 100);
	scratch_remove(dir);
}

int main(void)
{
#define BOOK(name) cmocka_unit_test_setup_teardown(name, book_make_setup, book_make_teardown)
	const struct CMUnitTest tests[] = { BOOK(grows), BOOK(other_folder), BOOK(leftovers_go), BOOK(while_growing) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
