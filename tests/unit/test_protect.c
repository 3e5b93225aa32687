/* core/trust/keeper.c and protect.c: who can open what, what a changed blob does, and that a writer killed on the way leaves nothing behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/os.h"
#include "base/text.h"
#include "seal/age.h"
#include "seal/crypto.h"
#include "seal/identity.h"
#include "trust/keeper.h"
#include "trust/protect.h"
#include "unit/book_make.h"
#include "unit/scratch.h"

static struct entry en;

struct home {
	char path[PATH_MAX], file[PATH_MAX + 16];
	struct book *b;
	struct store *s;	/* of b */
	struct keeper *k;
	struct identity *owner;
};

static int setup(void **state)
{
	struct home *h = calloc(1, sizeof *h);
	struct err e;
	assert_int_equal(crypto_init(&e), 0);
	scratch_make(h->path);
	(void)snprintf(h->file, sizeof h->file, "%s/in.bin", h->path);
	if (book_open(&h->b, h->path, true, &e) < 0 || keeper_make(h->path, &e) < 0 || keeper_open(&h->k, h->path, &e) < 0 ||
		identity_new(&h->owner, &e) < 0)
		fail_msg("%s", e.msg);
	h->s = book_store(h->b);
	book_make_identity(h->b, &en, h->owner, "owner", "");
	(void)book_make_append(h->b, &en, h->owner, NULL);
	*state = h;
	return 0;
}

static int teardown(void **state)
{
	struct home *h = *state;
	book_close(h->b);
	keeper_close(h->k);
	identity_free(h->owner);
	scratch_remove(h->path);
	free(h);
	return 0;
}

static int blobs_in(const struct home *h, const char *sub)
{
	char path[PATH_MAX + 16];
	(void)snprintf(path, sizeof path, "%s/%s", h->path, sub);
	DIR *d = opendir(path);
	int n = 0;
	assert_non_null(d);
	for (struct dirent *f; (f = readdir(d));)
		n += f->d_type == DT_REG;
	closedir(d);
	return n;
}

static int count_row(void *ctx, const struct store_data *d, struct err *e)
{
	(void)d;
	(void)e;
	++*(int *)ctx;
	return 0;
}

static int rows_in(struct store *s)
{
	int n = 0;
	struct err e;
	assert_int_equal(store_data_each(s, count_row, &n, &e), 0);
	return n;
}

static struct protect_terms terms(const struct home *h, const char *name)
{
	return (struct protect_terms){ .name = name, .owner = h->owner };
}

static void file_of(const struct home *h, size_t n)
{
	uint8_t *bytes = malloc(n);
	crypto_random(bytes, n);
	scratch_file(h->path, "in.bin", bytes, n);
	free(bytes);
}

static struct pdata *tree_of(const struct home *h)
{
	struct pdata *d;
	struct err e;
	assert_int_equal(pdata_new(&d, &e), 0);
	if (pdata_add_value(d, "who", NULL, "Ada", &e) < 0 || (os_exists(h->file) && pdata_add_file(d, NULL, h->file, &e) < 0))
		fail_msg("%s", e.msg);
	return d;
}

static int protect(struct home *h, const struct protect_terms *t, struct store_data *out, struct err *e)
{
	struct pdata *d = tree_of(h);
	int r = protect_data(h->b, keeper_recipient(h->k), d, t, out, e);
	pdata_free(d);
	return r;
}

static void the_keepers_key_is_private(void **state)
{
	struct home *h = *state;
	char path[PATH_MAX + 16];
	struct stat st;
	struct err e;
	struct keeper *again;
	(void)snprintf(path, sizeof path, "%s/keeper.key", h->path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(keeper_make(h->path, &e), 0);
	assert_int_equal(keeper_open(&again, h->path, &e), 0);
	assert_memory_equal(keeper_recipient(again), keeper_recipient(h->k), 32);	/* made once */
	keeper_close(again);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(keeper_open(&again, h->path, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(keeper_open(&again, h->path, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void a_release_is_for_one_box(void **state)
{
	struct home *h = *state;
	uint8_t key[AGE_FILE_KEY], got[AGE_FILE_KEY], box_public[32];
	struct age_identity box = { .kind = AGE_X25519 }, other = { .kind = AGE_X25519 };
	struct age_recipient keeper = { .kind = AGE_X25519 }, stranger = { .kind = AGE_X25519 };
	struct buf header = BUF_INIT(MIB(1)), out = BUF_INIT(MIB(1)), foreign = BUF_INIT(MIB(1));
	struct err e;
	size_t len;
	crypto_random(key, sizeof key);
	crypto_random(box.secret_key, 32);
	crypto_random(other.secret_key, 32);
	x25519_public(box_public, box.secret_key);
	x25519_public(stranger.public_key, other.secret_key);
	memcpy(keeper.public_key, keeper_recipient(h->k), 32);
	assert_int_equal(age_header_make(&header, key, &keeper, 1, &e), 0);
	if (keeper_release(h->k, header.data, header.len, box_public, &out, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(age_header_open(got, &len, out.data, out.len, &box, 1, &e), 0);
	assert_int_equal(len, out.len);
	assert_int_equal(out.len, 168);
	assert_memory_equal(got, key, sizeof key);
	assert_int_equal(age_header_open(got, &len, out.data, out.len, &other, 1, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	/* sealed to somebody else, changed, cut, or followed by something */
	assert_int_equal(age_header_make(&foreign, key, &stranger, 1, &e), 0);
	assert_int_equal(keeper_release(h->k, foreign.data, foreign.len, box_public, &out, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_int_equal(keeper_release(h->k, header.data, header.len - 1, box_public, &out, &e), -1);
	assert_int_equal(buf_add(&header, "x", 1, &e), 0);
	assert_int_equal(keeper_release(h->k, header.data, header.len, box_public, &out, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	header.data[header.len - 10] ^= 1;
	assert_int_equal(keeper_release(h->k, header.data, header.len - 1, box_public, &out, &e), -1);
	/* a box key of low order would make the shared secret known to all */
	header.data[header.len - 10] ^= 1;
	memset(box_public, 0, sizeof box_public);
	assert_int_equal(keeper_release(h->k, header.data, header.len - 1, box_public, &out, &e), -1);
	buf_done(&header);
	buf_done(&out);
	buf_done(&foreign);
}

struct heard { uint64_t last, total; };
static void hear(void *ctx, uint64_t done, uint64_t total)
{
	struct heard *heard = ctx;
	assert_true(done >= heard->last && done <= total);
	heard->last = done;
	heard->total = total;
}

/* size decides the way: in one process, or through a pipe. */
static void protected_and_read_back(struct home *h, size_t size)
{
	struct store_data d, found;
	struct heard heard = { 0, 0 };
	struct err e;
	file_of(h, size);
	struct protect_terms t = terms(h, "mine");
	t.progress = hear;
	t.ctx = &heard;
	if (protect(h, &t, &d, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(heard.last, heard.total);
	assert_int_equal(heard.total, d.plain_len);
	assert_int_equal(d.payload_len, age_payload_len(d.plain_len));
	assert_string_equal(buf_text(&d.schema), "{\"in.bin\":\"application/octet-stream\",\"who\":\"string\"}");
	assert_int_equal(store_data_find(h->s, "mine", NULL, &found, &e), 0);
	assert_string_equal(found.id, d.id);
	store_data_done(&found);
	assert_int_equal(blobs_in(h, "blobs/tmp"), 0);

	struct protect_reader *r;
	struct pdata_leaf *leaves;
	size_t n;
	if (protect_reader_open(&r, h->s, &d, identity_age_secret(h->owner), &e) < 0)
		fail_msg("%s", e.msg);
	if (pdata_leaves(&leaves, &n, protect_read, r, d.plain_len, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(n, 2);
	assert_string_equal(leaves[0].path, "in.bin");
	assert_int_equal(leaves[0].size, size);
	struct buf file = BUF_INIT(MIB(64));
	uint8_t *back = malloc(size);
	assert_int_equal(os_file_read(h->file, &file, &e), 0);
	assert_int_equal(protect_read(r, back, size, leaves[0].offset, &e), 0);
	assert_memory_equal(back, file.data, size);
	free(back);
	buf_done(&file);
	free(leaves);
	protect_reader_close(r);

	struct identity *stranger;
	assert_int_equal(identity_new(&stranger, &e), 0);
	assert_int_equal(protect_reader_open(&r, h->s, &d, identity_age_secret(stranger), &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	identity_free(stranger);
	store_data_done(&d);
}

static void small_data(void **state)
{
	protected_and_read_back(*state, 1000);
}

static void large_data(void **state)
{
	protected_and_read_back(*state, (13 << 20) + 17);
}

static void a_hidden_schema_is_not_in_the_row(void **state)
{
	struct home *h = *state;
	struct store_data d;
	struct err e;
	struct protect_terms t = terms(h, "");
	t.hide_schema = true;
	assert_int_equal(protect(h, &t, &d, &e), 0);
	assert_int_equal(d.schema.len, 0);
	store_data_done(&d);
}

static void a_changed_blob_is_not_opened(void **state)
{
	struct home *h = *state;
	struct store_data d;
	struct err e;
	char path[PATH_MAX + 128], hex[65];
	struct protect_terms t = terms(h, "");
	assert_int_equal(protect(h, &t, &d, &e), 0);
	hex_encode(hex, d.blob, 32);
	(void)snprintf(path, sizeof path, "%s/blobs/%s", h->path, hex);
	assert_int_equal(chmod(path, 0600), 0);
	for (uint64_t at = 0; at < d.payload_len; at += 97) {
		uint8_t byte;
		struct protect_reader *r;
		int fd = open(path, O_RDWR);
		assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
		byte ^= 0x20;
		assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
		assert_int_equal(protect_reader_open(&r, h->s, &d, identity_age_secret(h->owner), &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_non_null(strstr(e.msg, "not those that were protected"));	/* found by the hash, not by decrypting */
		byte ^= 0x20;
		assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
		close(fd);
	}
	store_data_done(&d);
}

static void a_failure_leaves_nothing(void **state)
{
	struct home *h = *state;
	struct store_data d;
	struct err e;
	struct protect_terms t = terms(h, "mine");
	assert_int_equal(protect(h, &t, &d, &e), 0);
	store_data_done(&d);
	for (size_t size = 1000; size <= 14000000; size += 13999000) {
		file_of(h, size);
		assert_int_equal(protect(h, &t, &d, &e), -1);	/* the name is taken */
		assert_int_equal(e.code, ERR_CONFLICT);
		struct pdata *tree = tree_of(h);
		assert_int_equal(truncate(h->file, 10), 0);	/* the file changes */
		const struct protect_terms other = terms(h, "other");
		assert_int_equal(protect_data(h->b, keeper_recipient(h->k), tree, &other, &d, &e), -1);
		assert_int_equal(e.code, ERR_CONFLICT);
		assert_non_null(strstr(e.msg, "in.bin"));
		pdata_free(tree);
	}
	assert_int_equal(blobs_in(h, "blobs"), 1);
	assert_int_equal(blobs_in(h, "blobs/tmp"), 0);
	assert_int_equal(rows_in(h->s), 1);
}

static void killed_while_protecting(void **state)
{
	struct home *h = *state;
	scratch_file(h->path, "in.bin", "", 0);
	assert_int_equal(truncate(h->file, (off_t)512 << 20), 0);
	for (unsigned round = 0; round < 5; round++) {
		pid_t child = fork();
		if (child == 0) {
			struct home own = *h;
			struct store_data d;
			struct err e;
			struct protect_terms t = terms(h, "");
			if (book_open(&own.b, h->path, false, &e) == 0)
				(void)protect(&own, &t, &d, &e);
			_exit(0);
		}
		while (blobs_in(h, "blobs/tmp") == 0)
			usleep(100);
		usleep(round * 3000);
		kill(child, SIGKILL);	/* this one alone: its helpers have to notice */
		int status;
		waitpid(child, &status, 0);
		assert_true(WIFSIGNALED(status));	/* it was still at work */
		struct store *s;
		struct err e;
		assert_int_equal(store_open(&s, h->path, false, &e), 0);
		for (int tries = 0; tries < 500 && blobs_in(h, "blobs/tmp") > 0; tries++) {
			usleep(10000);	/* the last helper holds the lock until it ends */
			store_close(s);
			assert_int_equal(store_open(&s, h->path, false, &e), 0);
		}
		assert_int_equal(rows_in(s), 0);
		assert_int_equal(blobs_in(h, "blobs"), 0);
		assert_int_equal(blobs_in(h, "blobs/tmp"), 0);
		store_close(s);
	}
}

static void memory_does_not_grow_with_the_file(void **state)
{
	struct home *h = *state;
	off_t size = getenv("LONG") ? (off_t)4 << 30 : (off_t)512 << 20;
	scratch_file(h->path, "in.bin", "", 0);
	assert_int_equal(truncate(h->file, size), 0);
	/* in a child, whose peak is counted apart */
	pid_t child = fork();
	if (child == 0) {
		struct store_data d;
		struct err e;
		struct protect_terms t = terms(h, "");
		struct rusage before, after, below;
		getrusage(RUSAGE_SELF, &before);
		int r = protect(h, &t, &d, &e);
		getrusage(RUSAGE_SELF, &after);
		getrusage(RUSAGE_CHILDREN, &below);
		if (r < 0)
			_exit(1);
		/* a helper begins with the pages of its parent */
		_exit(after.ru_maxrss - before.ru_maxrss > 16 << 10 ? 2 : below.ru_maxrss - before.ru_maxrss > 16 << 10 ? 3 : 0);
	}
	int status;
	waitpid(child, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_keepers_key_is_private, setup, teardown),
		cmocka_unit_test_setup_teardown(a_release_is_for_one_box, setup, teardown),
		cmocka_unit_test_setup_teardown(small_data, setup, teardown),
		cmocka_unit_test_setup_teardown(large_data, setup, teardown),
		cmocka_unit_test_setup_teardown(a_hidden_schema_is_not_in_the_row, setup, teardown),
		cmocka_unit_test_setup_teardown(a_changed_blob_is_not_opened, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failure_leaves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(killed_while_protecting, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_does_not_grow_with_the_file, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
