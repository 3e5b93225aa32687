/* core/book/store_blob.c: a blob is there whole or not at all; what dead writers left goes, and what a row names or a living writer holds stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/os.h"
#include "base/text.h"
#include "seal/crypto.h"
#include "unit/book_make.h"
#include "unit/scratch.h"
#include "unit/store_files.h"

static struct entry en;	/* too large for the stack of a careful program */

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

static bool is_there(struct store *s, const uint8_t hash[static 32])
{
	struct err e;
	uint64_t size;
	int fd;
	if (store_blob_open(s, hash, &fd, &size, &e) < 0)
		return false;
	close(fd);
	return true;
}

/* Written piece by piece: nobody finds it before it is whole, and what was given up was never there. */
static void a_blob_appears_whole_or_not_at_all(void **state)
{
	struct book_made *h = *state;
	struct err e;
	char tmp[PATH_MAX];
	uint8_t hash[32];
	int fd, before = store_files(h->path, "blobs");
	sha256(hash, "some bytes", 10);
	for (int whole = 0; whole < 2; whole++) {
		BOOK_MUST(store_blob_begin(h->s, &fd, tmp, sizeof tmp, &e), &e);
		assert_int_equal(os_write(fd, "some ", 5), 0);
		assert_false(is_there(h->s, hash));
		assert_int_equal(store_files(h->path, "blobs"), before);
		assert_int_equal(os_write(fd, "bytes", 5), 0);
		if (whole)
			BOOK_MUST(store_blob_commit(h->s, fd, tmp, hash, &e), &e);
		else
			store_blob_abort(fd, tmp);
		assert_int_equal(is_there(h->s, hash), whole);
		assert_int_equal(store_files(h->path, "blobs/tmp"), 0);
	}
	assert_int_equal(store_blob_begin(h->s, &fd, tmp, 10, &e), -1);	/* no room for a name: nothing is left */
	assert_int_equal(e.code, ERR_INTERNAL);
	assert_int_equal(store_files(h->path, "blobs/tmp"), 0);
}

/* Its size is asked for, and its bytes are bounded by the reader. */
static void what_is_not_as_it_should_be_is_said(void **state)
{
	struct book_made *h = *state;
	struct err e;
	uint8_t hash[32], none[32] = { 0 };
	struct buf all = BUF_INIT(KIB(1)), few = BUF_INIT(9);
	BOOK_MUST(store_blob_add(h->s, "some bytes", 10, hash, &e), &e);
	assert_int_equal(store_blob_check(h->s, hash, 10, &e), 0);
	assert_int_equal(store_blob_check(h->s, hash, 11, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(store_blob_check(h->s, none, 0, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	BOOK_MUST(store_blob_read(h->s, hash, &all, &e), &e);
	assert_int_equal(all.len, 10);
	assert_memory_equal(all.data, "some bytes", 10);
	assert_int_equal(store_blob_read(h->s, hash, &few, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(store_blob_read(h->s, none, &all, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	buf_done(&all);
	buf_done(&few);
}

/* The hash is the reader's to check: bytes that somebody changed under their name are not given out. */
static void changed_bytes_are_not_read(void **state)
{
	struct book_made *h = *state;
	struct err e;
	uint8_t hash[32];
	char name[HEX_LEN(32) + 7] = "blobs/", path[PATH_MAX + sizeof name];
	struct buf bytes = BUF_INIT(KIB(1));
	BOOK_MUST(store_blob_add(h->s, "some bytes", 10, hash, &e), &e);
	hex_encode(name + 6, hash, 32);
	(void)snprintf(path, sizeof path, "%s/%s", h->path, name);
	assert_int_equal(unlink(path), 0);
	scratch_file(h->path, name, "some bytez", 10);
	assert_int_equal(store_blob_read(h->s, hash, &bytes, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	buf_done(&bytes);
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
	assert_int_equal(store_files(h->path, "blobs/tmp"), 2);
	assert_int_equal(store_open(&other, h->path, false, &e), 0);
	assert_int_equal(store_files(h->path, "blobs/tmp"), 1);	/* the living writer keeps its own */
	store_close(other);
	store_blob_abort(fd, tmp);
	assert_int_equal(store_files(h->path, "blobs/tmp"), 0);
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
	int before = store_files(h->path, "blobs");
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
	assert_int_equal(store_files(h->path, "blobs"), before + 5);	/* looked at today already */
	make_old(h->path, ".swept");
	assert_int_equal(store_open(&other, h->path, false, &e), 0);
	assert_int_equal(store_files(h->path, "blobs"), before + 3);
	const uint8_t *kept[] = { named, schema, young };
	for (size_t i = 0; i < 3; i++) {
		int fd;
		uint64_t size;
		assert_int_equal(store_blob_open(other, kept[i], &fd, &size, &e), 0);
		close(fd);
	}
	store_close(other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, book_make_setup, book_make_teardown)
	const struct CMUnitTest tests[] = {
		TEST(blobs), TEST(a_blob_appears_whole_or_not_at_all), TEST(what_is_not_as_it_should_be_is_said), TEST(changed_bytes_are_not_read),
		TEST(only_dead_writers_are_swept), TEST(unnamed_blobs_are_swept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
