/* core/form/tar.c: libarchive, loaded when it is needed, writes what base/ustar.h reads; a buffer that is full and a machine without the library are errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/ustar.h"
#include "form/tar.h"

static bool installed = true;

void *__real_dlopen(const char *name, int flags);
void *__wrap_dlopen(const char *name, int flags);
void *__wrap_dlopen(const char *name, int flags)
{
	return __real_dlopen(installed ? name : "libarchive.so.0", flags);
}

static void test_bytes(void **state)
{
	static const char *const paths[] = { "MANIFEST", "lib/a.lua", "empty" };
	static const char *const contents[] = { "one\n", "return 2\n", "" };
	struct buf out = BUF_INIT(65536);
	struct tar_writer *w;
	struct err e;
	size_t at = 0;
	(void)state;
	assert_int_equal(tar_writer_new(&w, &out, &e), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(tar_writer_add(w, paths[i], contents[i], strlen(contents[i]), &e), 0);
	assert_int_equal(tar_writer_end(w, &e), 0);
	tar_writer_free(w);
	for (size_t i = 0; i < 3; i++) {
		uint8_t header[USTAR_BLOCK];
		struct ustar_entry entry = { .size = strlen(contents[i]) };
		(void)snprintf(entry.path, sizeof entry.path, "%s", paths[i]);
		assert_int_equal(ustar_encode(header, &entry, &e), 0);
		assert_memory_equal(out.data + at, header, USTAR_BLOCK);
		assert_memory_equal(out.data + at + USTAR_BLOCK, contents[i], strlen(contents[i]));
		at += USTAR_BLOCK + strlen(contents[i]) + USTAR_PAD(strlen(contents[i]));
	}
	assert_int_equal(out.len, at + 2 * USTAR_BLOCK);
	for (; at < out.len; at++)
		assert_int_equal(out.data[at], 0);
	buf_done(&out);
}

static void test_no_room(void **state)
{
	static const uint8_t bytes[200000];
	struct buf out = BUF_INIT(100000);
	struct tar_writer *w;
	struct err e;
	(void)state;
	assert_int_equal(tar_writer_new(&w, &out, &e), 0);
	assert_int_equal(tar_writer_add(w, "large", bytes, sizeof bytes, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_non_null(strstr(e.msg, "cannot archive large: "));
	tar_writer_free(w);
	buf_done(&out);
}

static void test_not_installed(void **state)
{
	struct buf out = BUF_INIT(1000);
	struct tar_writer *w;
	struct err e;
	(void)state;
	installed = false;
	assert_int_equal(tar_writer_new(&w, &out, &e), -1);
	installed = true;
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(e.msg, "cannot load libarchive, which writes archives: "));
	assert_non_null(strstr(e.hint, "libarchive13"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_bytes), cmocka_unit_test(test_no_room), cmocka_unit_test(test_not_installed) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
