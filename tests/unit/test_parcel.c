/* Parcels: what goes in comes out, for the keeper alone, and for the requester and iApp that it was made for; any other byte or spelling is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "base/os.h"
#include "base/ustar.h"
#include "node/parcel.h"
#include "trust/keeper.h"
#include "seal/crypto.h"
#include "unit/scratch.h"

static const struct parcel_for mine = { "enclua1me", "app1mine" };
static char home[PATH_MAX], elsewhere[PATH_MAX];
static struct store *store;
static struct keeper *keeper, *stranger;

/* What the keeper's process does, without the process. */
static int key_of(void *ctx, int fd, uint8_t key[static 16], uint64_t *header, struct err *e)
{
	struct keeper *const *k = ctx;
	uint8_t head[4096];
	size_t len = 0;
	ssize_t n = pread(fd, head, sizeof head, 0);
	int r = n < 0 ? -1 : keeper_file_key(*k, head, (size_t)n, key, &len, e);
	*header = len;
	return r;
}
static const struct parcel_opener opener = { key_of, &keeper }, strange = { key_of, &stranger };

static int set_up(void **state)
{
	struct err e;
	(void)state;
	scratch_make(home);
	scratch_make(elsewhere);
	return crypto_init(&e) < 0 || keeper_make(home, &e) < 0 || keeper_make(elsewhere, &e) < 0 || keeper_open(&keeper, home, &e) < 0 ||
		keeper_open(&stranger, elsewhere, &e) < 0 || store_open(&store, home, true, &e) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	store_close(store);
	keeper_close(keeper);
	keeper_close(stranger);
	scratch_remove(home);
	scratch_remove(elsewhere);
	return 0;
}

static int holding(const void *bytes, size_t n)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	assert_true(fd >= 0 && os_write(fd, bytes, n) == 0);
	return fd;
}

static const struct work_arg args[] = { { "column", "age" }, { NULL, "3" }, { "say", "\"ä\"\n" } };
static const char token[] = "tok\0en";
static const struct work_secret secrets[] = { { 2, token, sizeof token }, { 1, "", 0 } };

/* A parcel with everything; the files are the caller's to close. */
static struct work whole(struct work_file files[static 3], char *large, size_t n)
{
	memset(large, 'x', n);
	files[0] = (struct work_file){ "z.csv", holding("a,b\n", 4), 4 };
	files[1] = (struct work_file){ "empty", holding("", 0), 0 };
	files[2] = (struct work_file){ "large.bin", holding(large, n), n };
	return (struct work){ .args = args, .n_args = 3, .secrets = secrets, .n_secrets = 2, .files = files, .n_files = 3, .seed = "seed ü" };
}

static void files_close(const struct work_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(files[i].fd);
}

static void same_work(const struct work *a, const struct work *b)
{
	assert_int_equal(a->n_args, b->n_args);
	for (size_t i = 0; i < a->n_args; i++) {
		assert_true(!a->args[i].name == !b->args[i].name);
		if (a->args[i].name)
			assert_string_equal(a->args[i].name, b->args[i].name);
		assert_string_equal(a->args[i].value, b->args[i].value);
	}
	assert_int_equal(a->n_secrets, b->n_secrets);
	for (size_t i = 0; i < a->n_secrets; i++) {
		assert_int_equal(a->secrets[i].index, b->secrets[i].index);
		assert_int_equal(a->secrets[i].len, b->secrets[i].len);
		assert_memory_equal(a->secrets[i].value, b->secrets[i].value, a->secrets[i].len);
	}
	assert_int_equal(a->n_files, b->n_files);
	for (size_t i = 0; i < a->n_files; i++) {
		char *x = malloc(a->files[i].size + 1), *y = malloc(a->files[i].size + 1);
		assert_string_equal(a->files[i].name, b->files[i].name);
		assert_int_equal(a->files[i].size, b->files[i].size);
		assert_int_equal(os_pread(a->files[i].fd, x, a->files[i].size + 1, 0), (ssize_t)a->files[i].size);
		assert_int_equal(os_pread(b->files[i].fd, y, a->files[i].size + 1, 0), (ssize_t)a->files[i].size);
		assert_memory_equal(x, y, a->files[i].size);
		free(x);
		free(y);
	}
	assert_string_equal(a->seed, b->seed);
}

static void what_goes_in_comes_out(void **state)
{
	static char large[200000];
	struct work_file files[3];
	struct work w = whole(files, large, sizeof large);
	struct parcel *p;
	uint8_t hash[32], again[32];
	struct err e;
	(void)state;
	assert_int_equal(parcel_seal(store, keeper_recipient(keeper), &mine, &w, hash, &e), 0);
	assert_int_equal(parcel_open(&p, store, &opener, &mine, hash, &e), 0);
	same_work(&w, &p->work);
	assert_int_equal(write(p->work.files[0].fd, "!", 1), -1);	/* sealed: what was verified stays */
	parcel_free(p);
	/* Nobody can see that two parcels are alike. */
	assert_int_equal(parcel_seal(store, keeper_recipient(keeper), &mine, &w, again, &e), 0);
	assert_memory_not_equal(hash, again, 32);
	files_close(files, 3);
}

static void an_empty_one_is_fine(void **state)
{
	struct work w = { .n_args = 0 };
	struct parcel *p;
	uint8_t hash[32];
	struct err e;
	(void)state;
	assert_int_equal(parcel_seal(store, keeper_recipient(keeper), &mine, &w, hash, &e), 0);
	assert_int_equal(parcel_open(&p, store, &opener, &mine, hash, &e), 0);
	assert_int_equal(p->work.n_args + p->work.n_files + p->work.n_secrets, 0);
	assert_string_equal(p->work.seed, "");
	parcel_free(p);
}

/* Who names another's parcel in an order of their own gets nothing. */
static void it_opens_for_nobody_else(void **state)
{
	const struct parcel_for thief = { "enclua1thief", "app1mine" }, other_app = { "enclua1me", "app1evil" };
	struct work w = { .secrets = secrets, .n_secrets = 2 };
	struct parcel *p = NULL;
	uint8_t hash[32];
	struct err e;
	(void)state;
	assert_int_equal(parcel_seal(store, keeper_recipient(keeper), &mine, &w, hash, &e), 0);
	assert_int_equal(parcel_open(&p, store, &opener, &thief, hash, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_int_equal(parcel_open(&p, store, &opener, &other_app, hash, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_int_equal(parcel_open(&p, store, &strange, &mine, hash, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_null(p);
}

static void a_damaged_blob_is_never_decrypted(void **state)
{
	struct work w = { .args = args, .n_args = 3 };
	struct parcel *p;
	uint8_t hash[32];
	char hex[65], path[PATH_MAX + 80];
	struct err e;
	(void)state;
	assert_int_equal(parcel_seal(store, keeper_recipient(keeper), &mine, &w, hash, &e), 0);
	for (size_t i = 0; i < 32; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	(void)snprintf(path, sizeof path, "%s/blobs/%s", home, hex);
	assert_int_equal(chmod(path, 0600), 0);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t byte = 0;
	assert_true(fd >= 0 && pread(fd, &byte, 1, 300) == 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, 300), 1);
	close(fd);
	assert_int_equal(parcel_open(&p, store, &opener, &mine, hash, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	hash[0] ^= 1;
	assert_int_equal(parcel_open(&p, store, &opener, &mine, hash, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void what_cannot_be_sent_is_refused(void **state)
{
	static char name[200];
	const struct work_arg bad_text[] = { { "a", "\xff" } };
	struct work_file file = { "a/b", -1, 0 };
	uint8_t hash[32];
	struct err e;
	(void)state;
	memset(name, 'n', sizeof name - 1);
	struct work w = { .args = bad_text, .n_args = 1 };
	assert_int_equal(parcel_seal(store, keeper_recipient(keeper), &mine, &w, hash, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	const char *const names[] = { "a/b", "..", "", "a\nb", name };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		file.name = names[i];
		w = (struct work){ .files = &file, .n_files = 1 };
		assert_int_equal(parcel_seal(store, keeper_recipient(keeper), &mine, &w, hash, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
	}
	file = (struct work_file){ "f", holding("abc", 3), 4 };	/* shorter than it was */
	assert_int_equal(parcel_seal(store, keeper_recipient(keeper), &mine, &w, hash, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	file.size = LIMIT_PARCEL_BYTES + 1;
	assert_int_equal(parcel_seal(store, keeper_recipient(keeper), &mine, &w, hash, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	close(file.fd);
}

/* The form, without keys */

static int keep(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	return buf_add(ctx, bytes, n, e);
}

static int give(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	const struct buf *b = ctx;
	assert_true(offset <= b->len && n <= b->len - offset);
	memcpy(out, b->data + offset, n);
	(void)e;
	return 0;
}

static int reads(struct buf *b)
{
	struct parcel *p = NULL;
	struct err e = { .code = ERR_NONE };
	int r = parcel_read(&p, give, b, b->len, &e);
	assert_true((r == 0) == (p != NULL));
	assert_true(r == 0 || e.code == ERR_INVALID || e.code == ERR_LIMIT);
	parcel_free(p);
	return r;
}

static void no_byte_of_its_frame_can_change(void **state)
{
	static char large[700];
	struct work_file files[3];
	struct work w = whole(files, large, sizeof large);
	struct buf b = BUF_INIT(MIB(1));
	struct err e;
	size_t free_bytes = 4 + sizeof large + sizeof token, accepted = 0;
	(void)state;
	assert_int_equal(parcel_write(&mine, &w, keep, &b, &e), 0);
	assert_int_equal(reads(&b), 0);
	assert_int_equal(b.len, padme(b.len));
	for (size_t i = 0; i < b.len; i++) {
		b.data[i] ^= 1;
		accepted += reads(&b) == 0;
		b.data[i] ^= 1;
	}
	/* Bytes of files and secrets are free, and letters within a string; neither headers, nor spelling, nor padding. */
	assert_in_range(accepted, free_bytes, free_bytes + 120);
	for (size_t n = 0; n < b.len; n += 97) {
		struct buf cut = { b.data, n, n, n };
		assert_int_equal(reads(&cut), -1);
	}
	assert_int_equal(buf_add_zero(&b, USTAR_BLOCK, &e), 0);
	assert_int_equal(reads(&b), -1);
	buf_done(&b);
	files_close(files, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(an_empty_one_is_fine),
		cmocka_unit_test(it_opens_for_nobody_else),
		cmocka_unit_test(a_damaged_blob_is_never_decrypted),
		cmocka_unit_test(what_cannot_be_sent_is_refused),
		cmocka_unit_test(no_byte_of_its_frame_can_change),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
