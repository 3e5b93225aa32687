/* The life of a good iApp archive (core/form/iapp_pack.c, iapp_open.c, iapp_list.c): what is packed opens again, comes out the same whatever the
 * machine's mood, is read by stock tools, and no bit of it may change and no byte be missing. The bad ones are in test_iapp_evil.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <locale.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/os.h"
#include "unit/iapp_make.h"
#include "unit/run_quiet.h"
#include "unit/scratch.h"

static char dir[PATH_MAX], top[PATH_MAX];

static void file_make(const char *folder, const char *name, const char *text, mode_t mode, time_t mtime)
{
	char path[PATH_MAX + 64];
	const struct timespec times[2] = { { mtime, 1 }, { mtime, 2 } };
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	char *slash = strrchr(path, '/');
	*slash = '\0';
	assert_int_equal(os_dir_make(path, 0700, NULL), 0);
	*slash = '/';
	scratch_file(folder, name, text, strlen(text));
	assert_int_equal(chmod(path, mode), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* In the order of their names, or the other way round. */
static void folder_make(const char *folder, const struct piece *files, bool backwards, mode_t mode, time_t mtime)
{
	size_t n = 0;
	while (files[n].path)
		n++;
	for (size_t i = 0; i < n; i++) {
		const struct piece *f = &files[backwards ? n - 1 - i : i];
		file_make(folder, f->path, f->bytes, mode, mtime);
	}
}

static void pack(struct buf *out, const char *folder, const struct identity *const *ids, size_t n)
{
	struct err e;
	if (iapp_pack(out, folder, ids, n, &e) < 0)
		fail_msg("%s", e.msg);
}

static struct iapp *open_good(const struct buf *b, const struct iapp_expect *x)
{
	struct iapp *a = NULL;
	struct err e;
	if (iapp_open(&a, b->data, b->len, x, &e) < 0)
		fail_msg("%s", e.msg);
	return a;
}

static void not_packed(const char *folder, enum err_code code, const char *words)
{
	struct buf out = BUF_INIT(LIMIT_IAPP_BYTES);
	struct identity *id = signer_make(7);
	struct err e = { .code = ERR_NONE };
	if (iapp_pack(&out, folder, (const struct identity *const []){ id }, 1, &e) == 0)
		fail_msg("%s was packed; expected: %s", folder, words);
	if (e.code != code || !strstr(e.msg, words))
		fail_msg("%s: \"%s\" instead of \"%s\"", err_name(e.code), e.msg, words);
	identity_free(id);
	buf_done(&out);
}

static void what_is_packed_opens(void **state)
{
	(void)state;
	struct identity *id = signer_make(7);
	struct minisign_key key = signer_key(id);
	struct buf out = BUF_INIT(LIMIT_IAPP_BYTES), by_hand = BUF_INIT(LIMIT_IAPP_BYTES), list = BUF_INIT(KIB(4));
	char comment[MINISIGN_COMMENT], h1[IAPP_H1_TEXT] = "h1:";
	uint8_t hash[32], whole[32];
	folder_make("demo", demo_files, false, 0644, 1000000000);
	pack(&out, "demo", (const struct identity *const []){ id }, 1);

	archive_of(&by_hand, demo_files);	/* the format by its description, without the packer */
	assert_int_equal(out.len, by_hand.len);
	assert_memory_equal(out.data, by_hand.data, out.len);

	list_put(&list, demo_files);
	sha256(hash, list.data, list.len);
	base64_encode(h1 + 3, hash, 32);
	comment_make(comment, "iapp=demo version=1.0.0", &list);
	sha256(whole, out.data, out.len);
	struct iapp *a = open_good(&out, &(struct iapp_expect){ .sha256 = whole, .h1 = h1, .keys = &key, .n_keys = 1 });
	assert_string_equal(a->h1, h1);
	assert_string_equal(a->manifest->name, "demo");
	assert_int_equal(a->n_signers, 1);
	assert_memory_equal(&a->signers[0].key, &key, sizeof key);
	assert_string_equal(a->signers[0].comment, comment);
	assert_int_equal(a->n_files, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(a->files[i].path, demo_files[i].path);
		assert_int_equal(a->files[i].len, demo_files[i].len);
		assert_memory_equal(a->files[i].bytes, demo_files[i].bytes, demo_files[i].len);
	}
	iapp_free(a);
	iapp_free(NULL);
	iapp_free(open_good(&out, NULL));
	identity_free(id);
	buf_done(&list);
	buf_done(&by_hand);
	buf_done(&out);
}

/* In a process of its own: another umask, zone, locale and working directory. */
static void pack_elsewhere(const char *folder, const char *archive)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct buf out = BUF_INIT(LIMIT_IAPP_BYTES);
		umask(0077);
		setenv("TZ", "Pacific/Kiritimati", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		tzset();
		if (!setlocale(LC_ALL, "C.UTF-8") || chdir("/") < 0)
			_exit(2);
		struct identity *id = signer_make(7);
		struct err e;
		bool ok = iapp_pack(&out, folder, (const struct identity *const []){ id }, 1, &e) == 0 &&
			os_file_replace(archive, 0600, out.data, out.len, &e) == 0;
		identity_free(id);
		buf_done(&out);
		_exit(ok ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void the_same_bytes_anywhere(void **state)
{
	(void)state;
	static const struct piece files[] = {
		{ "Z.txt", TEXT("z") }, { "a-b/c.lua", TEXT("return 1\n") }, { "a.lua", TEXT("return 2\n") }, { "a/b.lua", TEXT("return 3\n") },
		{ "a/test.lua", TEXT("return 4\n") },	/* only at the top is this a test */
		{ "data/table.csv", TEXT("a,b\n") }, { "empty", TEXT("") }, { "iapp.yaml", TEXT(MANIFEST_TEXT) }, { "main.lua", TEXT(MAIN_TEXT) }, { NULL, NULL, 0 }
	};
	struct identity *id = signer_make(7);
	struct buf one = BUF_INIT(LIMIT_IAPP_BYTES), two = BUF_INIT(LIMIT_IAPP_BYTES);
	char folder[PATH_MAX + 8], archive[PATH_MAX + 8];
	folder_make("one", files, false, 0644, 1);
	folder_make("two", files, true, 0700, 2000000000);
	file_make("two", ".git/config", "left out", 0644, 1);
	file_make("two", "me.key", "left out", 0644, 1);
	file_make("two", "old.iapp", "left out", 0644, 1);
	file_make("two", "main.lua~", "left out", 0644, 1);
	file_make("two", "tests/a.lua", "left out", 0644, 1);
	file_make("two", "mock/data.csv", "left out", 0644, 1);
	file_make("two", "test.lua", "left out", 0644, 1);
	assert_int_equal(mkdir("two/nothing", 0700), 0);
	pack(&one, "one", (const struct identity *const []){ id }, 1);
	(void)snprintf(folder, sizeof folder, "%s/two", dir);
	(void)snprintf(archive, sizeof archive, "%s/two.out", dir);
	pack_elsewhere(folder, archive);
	assert_int_equal(os_file_read(archive, &two, NULL), 0);
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.data, two.data, one.len);
	struct iapp *a = open_good(&one, NULL);
	assert_int_equal(a->n_files, 9);
	for (size_t i = 0; i < 9; i++)
		assert_string_equal(a->files[i].path, files[i].path);
	iapp_free(a);
	identity_free(id);
	buf_done(&one);
	buf_done(&two);
}

static void signers_in_any_order(void **state)
{
	(void)state;
	struct identity *id[3] = { signer_make(1), signer_make(2), signer_make(3) };
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	struct buf first = BUF_INIT(LIMIT_IAPP_BYTES);
	folder_make("three", demo_files, false, 0644, 1);
	for (size_t i = 0; i < 6; i++) {
		struct buf out = BUF_INIT(LIMIT_IAPP_BYTES);
		pack(&out, "three", (const struct identity *const []){ id[orders[i][0]], id[orders[i][1]], id[orders[i][2]] }, 3);
		if (i == 0)
			assert_int_equal(buf_add(&first, out.data, out.len, NULL), 0);
		assert_int_equal(out.len, first.len);
		assert_memory_equal(out.data, first.data, out.len);
		buf_done(&out);
	}
	struct minisign_key keys[3] = { signer_key(id[0]), signer_key(id[1]), signer_key(id[2]) };
	struct iapp *a = open_good(&first, &(struct iapp_expect){ .keys = keys, .n_keys = 3 });
	assert_int_equal(a->n_signers, 3);
	for (size_t i = 1; i < 3; i++)
		assert_true(memcmp(a->signers[i - 1].key.number, a->signers[i].key.number, 8) < 0);
	iapp_free(a);
	struct err e = { .code = ERR_NONE };
	assert_int_equal(iapp_open(&a, first.data, first.len, &(struct iapp_expect){ .keys = keys, .n_keys = 2 }, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.msg, "none of the expected ones"));

	struct buf out = BUF_INIT(LIMIT_IAPP_BYTES);
	assert_int_equal(iapp_pack(&out, "three", (const struct identity *const []){ id[0], id[1], id[0] }, 3, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_int_equal(iapp_pack(&out, "three", NULL, 0, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	for (size_t i = 0; i < 3; i++)
		identity_free(id[i]);
	buf_done(&first);
	buf_done(&out);
}

static void stock_tools_agree(void **state)
{
	(void)state;
	struct identity *ids[2] = { signer_make(7), signer_make(8) };
	struct buf out = BUF_INIT(LIMIT_IAPP_BYTES), seen = BUF_INIT(KIB(64));
	folder_make("stock-source", demo_files, false, 0644, 1);
	pack(&out, "stock-source", (const struct identity *const []){ ids[0], ids[1] }, 2);
	assert_int_equal(mkdir("stock", 0700), 0);
	assert_int_equal(chdir("stock"), 0);
	scratch_file(".", "demo.iapp", out.data, out.len);
	assert_int_equal(RUN("tar", "tf", "demo.iapp"), 0);
	assert_int_equal(RUN("tar", "xf", "demo.iapp"), 0);
	for (const struct piece *f = demo_files; f->path; f++) {
		buf_clear(&seen);
		assert_int_equal(os_file_read(f->path, &seen, NULL), 0);
		assert_int_equal(seen.len, f->len);
		assert_memory_equal(seen.data, f->bytes, f->len);
	}
	assert_int_equal(RUN("sha256sum", "-c", "--strict", "MANIFEST"), 0);

	struct iapp *a = open_good(&out, NULL);
	for (size_t i = 0; i < 2; i++) {
		char line[MINISIGN_KEY_LINE], number[17], name[64] = "MANIFEST.minisig", pub[128];
		minisign_key_line(line, &a->signers[i].key);
		hex_encode(number, a->signers[i].key.number, 8);
		if (i)
			(void)snprintf(name, sizeof name, "MANIFEST.%s.minisig", number);
		(void)snprintf(pub, sizeof pub, "untrusted comment: a test\n%s\n", line);
		scratch_file(".", "key.pub", pub, strlen(pub));
		assert_int_equal(RUN("minisign", "-V", "-q", "-P", line, "-m", "MANIFEST", "-x", name), 0);
		assert_int_equal(RUN("signify-openbsd", "-V", "-q", "-p", "key.pub", "-m", "MANIFEST", "-x", name), 0);
		scratch_file(".", "other", "not the list\n", 13);	/* the control: the tools do look */
		assert_int_not_equal(RUN("minisign", "-V", "-q", "-P", line, "-m", "other", "-x", name), 0);
		assert_int_not_equal(RUN("signify-openbsd", "-V", "-q", "-p", "key.pub", "-m", "other", "-x", name), 0);
	}
	scratch_file(".", "main.lua", "return 0\n", 9);
	assert_int_not_equal(RUN("sha256sum", "-c", "MANIFEST"), 0);
	iapp_free(a);
	assert_int_equal(chdir(dir), 0);
	identity_free(ids[0]);
	identity_free(ids[1]);
	buf_done(&seen);
	buf_done(&out);
}

static void must_not_open(const struct buf *b, size_t len, const char *what, size_t where)
{
	struct iapp *a = NULL;
	struct err e = { .code = ERR_NONE };
	uint8_t *copy = malloc(len + !len);	/* of this length exactly: a read too far is the sanitizer's to see */
	if (len)
		memcpy(copy, b->data, len);
	if (iapp_open(&a, copy, len, NULL, &e) == 0)
		fail_msg("an archive %s %zu was accepted", what, where);
	assert_int_equal(e.code, ERR_INVALID);
	assert_null(a);
	free(copy);
}

static void no_bit_may_flip(void **state)
{
	(void)state;
	static const struct piece files[] = { { "iapp.yaml", TEXT(MANIFEST_TEXT) }, { "main.lua", TEXT(MAIN_TEXT) }, { NULL, NULL, 0 } };
	struct buf b = BUF_INIT(KIB(64));
	archive_of(&b, files);
	iapp_free(open_good(&b, NULL));
	for (size_t bit = 0; bit < b.len * 8; bit++) {
		b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		must_not_open(&b, b.len, "with bit flipped:", bit);
		b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	buf_done(&b);
}

static void no_end_may_be_missing(void **state)
{
	(void)state;
	struct buf b = BUF_INIT(KIB(64));
	archive_of(&b, demo_files);
	for (size_t block = 0; block <= b.len; block += USTAR_BLOCK)
		for (int more = -1; more <= 1; more++)
			if (block + (size_t)more < b.len)	/* -1 of 0 is beyond any length */
				must_not_open(&b, block + (size_t)more, "cut at", block + (size_t)more);
	must_not_open(&b, b.len - 1, "cut at", b.len - 1);
	buf_done(&b);
}

static void folders_that_are_no_iapp(void **state)
{
	(void)state;
	folder_make("bad-link", demo_files, false, 0644, 1);
	assert_int_equal(symlink("/etc/passwd", "bad-link/data.txt"), 0);
	not_packed("bad-link", ERR_INVALID, "data.txt is a link");
	folder_make("bad-folder-link", demo_files, false, 0644, 1);
	assert_int_equal(symlink("/etc", "bad-folder-link/etc"), 0);
	not_packed("bad-folder-link", ERR_INVALID, "etc is a link");
	folder_make("bad-pipe", demo_files, false, 0644, 1);
	assert_int_equal(mkfifo("bad-pipe/pipe", 0600), 0);
	not_packed("bad-pipe", ERR_INVALID, "not a plain file");
	folder_make("bad-case", demo_files, false, 0644, 1);
	file_make("bad-case", "Main.lua", "return 1\n", 0644, 1);
	not_packed("bad-case", ERR_INVALID, "differ in case only");
	folder_make("bad-name", demo_files, false, 0644, 1);
	file_make("bad-name", "caf\xc3\xa9.txt", "x", 0644, 1);
	not_packed("bad-name", ERR_INVALID, "not ASCII");
	folder_make("bad-list", demo_files, false, 0644, 1);
	file_make("bad-list", "Manifest.txt", "x", 0644, 1);
	not_packed("bad-list", ERR_INVALID, "is kept for the file list");
	folder_make("bad-lua", demo_files, false, 0644, 1);
	file_make("bad-lua", "lib/code.lua", "\x1bLua", 0644, 1);
	not_packed("bad-lua", ERR_INVALID, "bytecode");
	file_make("no-entry", "iapp.yaml", MANIFEST_TEXT, 0644, 1);
	not_packed("no-entry", ERR_INVALID, "the entry main.lua is not in the archive");
	file_make("no-manifest", "main.lua", MAIN_TEXT, 0644, 1);
	not_packed("no-manifest", ERR_NOT_FOUND, "no-manifest has no iapp.yaml");
	file_make("bad-manifest", "iapp.yaml", MANIFEST_TEXT "nam: x\n", 0644, 1);
	not_packed("bad-manifest", ERR_INVALID, "bad-manifest/iapp.yaml:5:1: unknown key \"nam\"");
	not_packed("not-there", ERR_NOT_FOUND, "not-there");
	not_packed("no-entry/iapp.yaml", ERR_INVALID, "is a file, and what is packed is a folder");
	char deep[256] = "deep";
	for (int i = 0; i < 18; i++)
		(void)snprintf(deep + strlen(deep), sizeof deep - strlen(deep), "/d");
	folder_make("deep", demo_files, false, 0644, 1);
	assert_int_equal(os_dir_make(deep, 0700, NULL), 0);
	not_packed("deep", ERR_INVALID, "nested more than 16 deep");
}

static void limits_of_packing(void **state)
{
	(void)state;
	char name[32];
	folder_make("many", demo_files, false, 0644, 1);
	for (size_t i = 0; i < LIMIT_IAPP_FILES - 3; i++) {
		(void)snprintf(name, sizeof name, "f%zu", i);
		scratch_file("many", name, "", 0);
	}
	struct identity *id = signer_make(7);
	struct buf out = BUF_INIT(LIMIT_IAPP_BYTES);
	pack(&out, "many", (const struct identity *const []){ id }, 1);
	identity_free(id);
	buf_done(&out);
	scratch_file("many", "one-more", "", 0);
	not_packed("many", ERR_LIMIT, "more than 4096 files");

	folder_make("large", demo_files, false, 0644, 1);
	scratch_file("large", "zero", "", 0);
	assert_int_equal(truncate("large/zero", (off_t)LIMIT_IAPP_BYTES), 0);
	not_packed("large", ERR_LIMIT, "holds more than 67108864 bytes");
	assert_int_equal(truncate("large/zero", (off_t)LIMIT_IAPP_BYTES - 1024), 0);	/* fits, but not with its headers */
	not_packed("large", ERR_LIMIT, "cannot");
}

/* Bytes kept in the tree: another version of this program must make the same of the same folder and seed. */
static void golden(void **state)
{
	(void)state;
	struct identity *ids[2] = { signer_make(7), signer_make(9) };
	struct buf want = BUF_INIT(MIB(1)), out = BUF_INIT(MIB(1));
	char folder[PATH_MAX + 64], archive[PATH_MAX + 64];
	(void)snprintf(folder, sizeof folder, "%s/tests/vectors/iapp/folder", top);
	(void)snprintf(archive, sizeof archive, "%s/tests/vectors/iapp/golden.iapp", top);
	pack(&out, folder, (const struct identity *const []){ ids[0], ids[1] }, 2);
	struct err e;
	if (os_file_read(archive, &want, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(out.len, want.len);
	assert_memory_equal(out.data, want.data, out.len);
	struct iapp *a = open_good(&want, NULL);
	assert_string_equal(a->h1, "h1:wEKiygHwLCmEppxWDBW7xz83HBM1yf+A84vPPRy1DXs=");
	assert_int_equal(a->n_signers, 2);
	iapp_free(a);
	identity_free(ids[0]);
	identity_free(ids[1]);
	buf_done(&want);
	buf_done(&out);
}

static int setup(void **state)
{
	(void)state;
	scratch_make(dir);
	return crypto_init(NULL) < 0 || !getcwd(top, sizeof top) || chdir(dir) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	int r = chdir(top);
	scratch_remove(dir);
	return r;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_opens),
		cmocka_unit_test(the_same_bytes_anywhere),
		cmocka_unit_test(signers_in_any_order),
		cmocka_unit_test(stock_tools_agree),
		cmocka_unit_test(no_bit_may_flip),
		cmocka_unit_test(no_end_may_be_missing),
		cmocka_unit_test(folders_that_are_no_iapp),
		cmocka_unit_test(limits_of_packing),
		cmocka_unit_test(golden),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
