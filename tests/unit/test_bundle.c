/* The result bundle: the good one, every way in which a hostile box could bend it, and files on disk: fresh, whole, never through a link. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>

#include "base/text.h"
#include "base/ustar.h"
#include "form/bundle.h"
#include "seal/crypto.h"
#include "unit/scratch.h"

struct piece { const char *path, *text; };	/* text NULL ends the list */

static void entry(struct buf *out, const char *path, const char *text)
{
	uint8_t block[USTAR_BLOCK];
	struct ustar_entry head = { .size = strlen(text) };
	struct err e;
	(void)snprintf(head.path, sizeof head.path, "%s", path);
	if (ustar_encode(block, &head, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(buf_add(out, block, sizeof block, &e), 0);
	assert_int_equal(buf_add_text(out, text, &e), 0);
	assert_int_equal(buf_add_zero(out, USTAR_PAD(head.size), &e), 0);
}

static void finish(struct buf *out)
{
	struct err e;
	assert_int_equal(buf_add_zero(out, 1024, &e), 0);
	assert_int_equal(buf_add_zero(out, padme(out->len) - out->len, &e), 0);
}

/* result.json as the box writes it, for these files. */
static void list(struct buf *json, const char *status, const char *error, const struct piece *files)
{
	struct err e;
	assert_int_equal(buf_addf(json, &e, "{\"status\":\"%s\"%s,\"files\":[", status, error), 0);
	for (size_t i = 0; files[i].text; i++) {
		uint8_t hash[32];
		char hex[65];
		sha256(hash, files[i].text, strlen(files[i].text));
		hex_encode(hex, hash, 32);
		assert_int_equal(buf_addf(json, &e, "%s{\"path\":\"%s\",\"size\":%zu,\"sha256\":\"%s\",\"deterministic\":true}", i ? "," : "",
			files[i].path, strlen(files[i].text), hex), 0);
	}
	assert_int_equal(buf_add_text(json, "],\"limits\":{\"memory\":1},\"log_bytes\":0}", &e), 0);
}

static struct buf bundle_of(const char *json, const char *log, const struct piece *files)
{
	struct buf out = BUF_INIT(MIB(1));
	if (json)
		entry(&out, "result.json", json);
	if (log)
		entry(&out, "log.txt", log);
	for (size_t i = 0; files[i].text; i++)
		entry(&out, files[i].path, files[i].text);
	finish(&out);
	return out;
}

static struct buf good(const char *log, const struct piece *files)
{
	struct buf json = BUF_INIT(MIB(1));
	list(&json, "ok", "", files);
	struct buf out = bundle_of(buf_text(&json), log, files);
	buf_done(&json);
	return out;
}

static const struct piece three[] = { { "average.txt", "12.5\n" }, { "plots-old/a", "A" }, { "plots/b.csv", "x,y\n" }, { NULL, NULL } };
static const struct piece none[] = { { NULL, NULL } };

static struct bundle *parsed(struct buf *plain)
{
	struct bundle *b;
	struct err e;
	if (bundle_parse(&b, plain, &e) < 0)
		fail_msg("%s", e.msg);
	assert_null(plain->data);	/* taken over */
	return b;
}

static void refused(struct buf *plain, const char *what)
{
	struct bundle *b;
	struct err e = { .code = ERR_NONE };
	if (bundle_parse(&b, plain, &e) == 0)
		fail_msg("a result %s was accepted", what);
	if (e.code != ERR_INVALID)
		fail_msg("a result %s: %s", what, e.msg);
	assert_null(b);
}

static void the_good_one(void **state)
{
	(void)state;
	struct buf plain = good("hello\n", three);
	struct bundle *b = parsed(&plain);
	assert_string_equal(b->status, "ok");
	assert_int_equal(b->n_files, 3);
	assert_string_equal(b->files[2].path, "plots/b.csv");
	assert_int_equal(b->files[2].len, 4);
	assert_memory_equal(b->files[2].bytes, "x,y\n", 4);
	assert_int_equal(b->log_len, 6);
	assert_memory_equal(b->log, "hello\n", 6);
	assert_string_equal(b->error, "");
	bundle_free(b);
	plain = good(NULL, none);
	b = parsed(&plain);
	assert_null(b->log);
	assert_int_equal(b->n_files, 0);
	bundle_free(b);
}

static void a_failed_one(void **state)
{
	(void)state;
	char long_error[3000];
	struct buf json = BUF_INIT(MIB(1));
	size_t n = (size_t)snprintf(long_error, sizeof long_error, ",\"error\":{\"traceback\":\"t\",\"message\":\"x");
	for (; n < 2900; n += 2)
		memcpy(long_error + n, "é", 2);
	memcpy(long_error + n, "\"}", 3);
	list(&json, "failed", long_error, none);
	struct buf plain = bundle_of(buf_text(&json), NULL, none);
	struct bundle *b = parsed(&plain);
	assert_string_equal(b->status, "failed");
	assert_int_equal(strlen(b->error), 1023);	/* x and 511 whole characters */
	assert_true(utf8_valid(b->error, strlen(b->error)));
	assert_string_equal(b->traceback, "t");
	bundle_free(b);
	buf_done(&json);
}

static void bent_ones(void **state)
{
	(void)state;
	static const struct { const char *what, *status; struct piece listed[4], held[4]; } rows[] = {
		{ "with a file that its list lacks", "ok", { { "a", "1" } }, { { "a", "1" }, { "b", "2" } } },
		{ "without a file of its list", "ok", { { "a", "1" }, { "b", "2" } }, { { "a", "1" } } },
		{ "with other bytes", "ok", { { "a", "1" } }, { { "a", "2" } } },
		{ "with another size", "ok", { { "a", "1" } }, { { "a", "11" } } },
		{ "with another name", "ok", { { "a", "1" } }, { { "b", "1" } } },
		{ "out of order", "ok", { { "b", "1" }, { "a", "2" } }, { { "b", "1" }, { "a", "2" } } },
		{ "with a file twice", "ok", { { "a", "1" }, { "a", "1" } }, { { "a", "1" }, { "a", "1" } } },
		{ "with a file that is a folder", "ok", { { "a", "1" }, { "a-", "" }, { "a/b", "1" } }, { { "a", "1" }, { "a-", "" }, { "a/b", "1" } } },
		{ "with a log of its own", "ok", { { "log.txt", "1" } }, { { "log.txt", "1" } } },
		{ "with a second result.json", "ok", { { "result.json", "1" } }, { { "result.json", "1" } } },
		{ "with a file result.age", "ok", { { "result.age", "1" } }, { { "result.age", "1" } } },
		{ "with a file below result.json", "ok", { { "result.json/a", "1" } }, { { "result.json/a", "1" } } },
		{ "with a late log", "ok", { { "a", "1" } }, { { "a", "1" }, { "log.txt", "1" } } },
		{ "with an unknown status", "fine", { { "a", "1" } }, { { "a", "1" } } },
		{ "with a path upwards in its list", "ok", { { "../a", "1" } }, { { "a", "1" } } },
		{ "with an absolute path in its list", "ok", { { "/a", "1" } }, { { "a", "1" } } },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf json = BUF_INIT(MIB(1));
		list(&json, rows[i].status, "", rows[i].listed);
		struct buf plain = bundle_of(buf_text(&json), NULL, rows[i].held);
		refused(&plain, rows[i].what);
		buf_done(&json);
	}
	static const char *const jsons[] = { "", "[]", "{}", "{\"status\":\"ok\"}", "{\"status\":\"ok\",\"files\":{}}", "{\"files\":[]}",
		"{\"status\":\"ok\",\"files\":[1]}", "{\"status\":\"ok\",\"files\":[{}]}", "{\"status\":\"ok\",\"files\":[],\"files\":[]}",
		"{\"status\":\"ok\",\"files\":[{\"path\":\"a\",\"size\":-1,\"sha256\":\"\",\"deterministic\":true}]}",
		("{\"status\":\"ok\",\"files\":[{\"path\":\"a\\u0000b\",\"size\":1,\"sha256\":"
		"\"0000000000000000000000000000000000000000000000000000000000000000\",\"deterministic\":true}]}") };
	for (size_t i = 0; i < sizeof jsons / sizeof *jsons; i++) {
		struct buf plain = bundle_of(jsons[i], NULL, none);
		refused(&plain, jsons[i]);
	}
	struct buf plain = bundle_of(NULL, "log first", none);
	refused(&plain, "without result.json");
}

static void cut_long_and_flipped_ones(void **state)
{
	(void)state;
	struct buf whole = good("log", three);
	struct err e;
	size_t len = whole.len;
	for (size_t cut = 0; cut < len; cut += 128) {
		struct buf plain = BUF_INIT(MIB(1));
		assert_int_equal(buf_add(&plain, whole.data, cut, &e), 0);
		refused(&plain, "that is cut");
	}
	for (size_t at = 0; at < len; at += 7) {
		/* result.json has members that may change, and the log is the log */
		if ((at >= 512 && at < 1536) || (at >= 2048 && at < 2560))
			continue;
		struct buf plain = BUF_INIT(MIB(1));
		assert_int_equal(buf_add(&plain, whole.data, len, &e), 0);
		plain.data[at] ^= 1;
		refused(&plain, "with a flipped bit");
	}
	assert_int_equal(buf_add_zero(&whole, 512, &e), 0);
	refused(&whole, "with more zeros than its length needs");
	buf_done(&whole);
}

/* On disk */

struct place { char dir[PATH_MAX]; char out[PATH_MAX + 16]; };

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	scratch_make(p->dir);
	(void)snprintf(p->out, sizeof p->out, "%s/out", p->dir);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	scratch_remove(p->dir);
	free(p);
	return 0;
}

static int names_in(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;
	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void file_is(const char *dir, const char *name, const char *want)
{
	char path[PATH_MAX + 64], got[64] = "";
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	int fd = open(path, O_RDONLY | O_NOFOLLOW);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, got, sizeof got), strlen(want));
	assert_string_equal(got, want);
	close(fd);
}

static void onto_disk(void **state)
{
	struct place *p = *state;
	struct err e;
	struct buf plain = good("log", three);
	struct bundle *b = parsed(&plain);
	if (bundle_write(b, p->out, &e) < 0)
		fail_msg("%s", e.msg);
	file_is(p->out, "average.txt", "12.5\n");
	file_is(p->out, "plots/b.csv", "x,y\n");
	file_is(p->out, "plots-old/a", "A");
	assert_int_equal(names_in(p->out), 4);	/* result.json, and nothing else */
	assert_int_equal(bundle_write(b, p->out, &e), -1);	/* the same again would replace folders */
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(names_in(p->out), 4);
	bundle_free(b);
}

/* A result.json as the result before left it, with one file, "average.txt", of these bytes. */
static void earlier_result(const char *dir, const char *bytes)
{
	char hex[65], text[256];
	uint8_t hash[32];
	sha256(hash, bytes, strlen(bytes));
	hex_encode(hex, hash, sizeof hash);
	int n = snprintf(text, sizeof text, "{\"status\":\"ok\",\"files\":[{\"path\":\"average.txt\",\"size\":4,\"sha256\":\"%s\",\"deterministic\":true}]}", hex);
	scratch_file(dir, "result.json", text, (size_t)n);
}

/* A file that an earlier result left makes way; when a later name cannot be placed, it comes back. */
static void a_file_is_replaced_or_returns(void **state)
{
	struct place *p = *state;
	struct err e;
	for (int blocked = 0; blocked < 2; blocked++) {
		char later[PATH_MAX + 64];
		(void)snprintf(later, sizeof later, "%s/plots", p->out);
		assert_int_equal(mkdir(p->out, 0700), 0);
		scratch_file(p->out, "average.txt", "mine", 4);
		earlier_result(p->out, "mine");
		if (blocked)
			assert_int_equal(symlink("/nowhere", later), 0);
		struct buf plain = good(NULL, three);
		struct bundle *b = parsed(&plain);
		assert_int_equal(bundle_write(b, p->out, &e), blocked ? -1 : 0);
		file_is(p->out, "average.txt", blocked ? "mine" : "12.5\n");
		assert_int_equal(names_in(p->out), blocked ? 3 : 4);
		bundle_free(b);
		scratch_remove(p->out);
	}
}

/* One that was killed while it moved its files: no list is there yet, and what is there is what it would write now. */
static void the_same_bytes_are_replaced(void **state)
{
	struct place *p = *state;
	struct err e;
	assert_int_equal(mkdir(p->out, 0700), 0);
	scratch_file(p->out, "average.txt", "12.5\n", 5);
	struct buf plain = good(NULL, three);
	struct bundle *b = parsed(&plain);
	if (bundle_write(b, p->out, &e) < 0)
		fail_msg("%s", e.msg);
	file_is(p->out, "average.txt", "12.5\n");
	assert_int_equal(names_in(p->out), 4);
	bundle_free(b);
	scratch_remove(p->out);
}

/* The names are an iApp's choice: .bashrc is one. What the user wrote, or changed since, is never replaced. */
static void a_file_of_the_users_stays(void **state)
{
	struct place *p = *state;
	static const char *const lists[] = { NULL, "other", "mine and more", "[]", "{\"files\":[{\"path\":\"average.txt\"}]}", "{\"files\":7}" };
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		struct err e;
		assert_int_equal(mkdir(p->out, 0700), 0);
		scratch_file(p->out, "average.txt", "mine", 4);
		if (i == 1 || i == 2)
			earlier_result(p->out, lists[i]);
		else if (i > 2)
			scratch_file(p->out, "result.json", lists[i], strlen(lists[i]));
		struct buf plain = good(NULL, three);
		struct bundle *b = parsed(&plain);
		assert_int_equal(bundle_write(b, p->out, &e), -1);
		assert_int_equal(e.code, ERR_CONFLICT);
		assert_non_null(strstr(e.msg, "is not what an earlier result left there"));
		file_is(p->out, "average.txt", "mine");
		assert_int_equal(names_in(p->out), i ? 2 : 1);
		bundle_free(b);
		scratch_remove(p->out);
	}
}

/* Each of the three names in the way, as a file where a folder goes, as a folder, or as a link: nothing is written, nothing is changed. */
static void what_is_in_the_way_stays(void **state)
{
	struct place *p = *state;
	static const char *const names[] = { "average.txt", "plots-old", "plots" };
	for (int i = 0; i < 9; i++) {
		char path[PATH_MAX + 64], target[PATH_MAX + 64];
		struct err e;
		(void)snprintf(path, sizeof path, "%s/%s", p->out, names[i % 3]);
		(void)snprintf(target, sizeof target, "%s/target", p->dir);
		assert_int_equal(mkdir(p->out, 0700), 0);
		assert_int_equal(mkdir(target, 0700), 0);
		if (i < 3)
			scratch_file(p->out, names[i % 3], "mine", 4);
		else
			assert_int_equal(i < 6 ? mkdir(path, 0700) : symlink(target, path), 0);
		struct buf plain = good(NULL, three);
		struct bundle *b = parsed(&plain);
		assert_int_equal(bundle_write(b, p->out, &e), -1);
		assert_int_equal(e.code, ERR_CONFLICT);
		assert_non_null(strstr(e.msg, names[i % 3]));
		assert_int_equal(names_in(p->out), 1);
		assert_int_equal(names_in(target), 0);
		if (i < 3)
			file_is(p->out, names[i % 3], "mine");
		bundle_free(b);
		scratch_remove(p->out);
		scratch_remove(target);
	}
}

static void a_folder_that_we_made_goes_with_the_failure(void **state)
{
	struct place *p = *state;
	struct err e;
	struct buf plain = good(NULL, three);
	struct bundle *b = parsed(&plain);
	/* names longer than a file system takes: ustar has room for 255 with slashes, a component of 200 is fine, so bend the parsed one */
	memset(b->files[2].path, 'n', 256);
	b->files[2].path[256] = '\0';
	assert_int_equal(bundle_write(b, p->out, &e), -1);
	assert_int_equal(access(p->out, F_OK), -1);
	bundle_free(b);
	scratch_file(p->dir, "out", "a file", 6);
	plain = good(NULL, three);
	b = parsed(&plain);
	assert_int_equal(bundle_write(b, p->out, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	file_is(p->dir, "out", "a file");
	bundle_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_good_one),
		cmocka_unit_test(a_failed_one),
		cmocka_unit_test(bent_ones),
		cmocka_unit_test(cut_long_and_flipped_ones),
		cmocka_unit_test_setup_teardown(onto_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_is_replaced_or_returns, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_bytes_are_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_of_the_users_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_in_the_way_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(a_folder_that_we_made_goes_with_the_failure, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
