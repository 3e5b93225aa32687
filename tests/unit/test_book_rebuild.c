/* core/book/book_rebuild.c and book/export.h on a large book of every type of entry that core/book decides: dropped and made again, every row and every exported byte is
 * what it was. 3,000 entries; LONG=1: 100,000. Time and memory are printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>
#include <sys/wait.h>

#include "base/os.h"
#include "book/export.h"
#include "unit/book_make.h"
#include "unit/book_rows.h"

#define CHAIN 1000u
#define CYCLE 8u	/* entries of one turn of mix() */
#define FILES 4096u

struct chain { struct buf notes[CHAIN]; struct book_item items[CHAIN]; size_t n; };
struct mix { struct book_made *m; struct chain chain; char h1[IAPP_H1_TEXT]; uint8_t data_blob[32], app_blob[32]; uint64_t app_size; unsigned turn; };

static void add(struct chain *c, struct entry *en, const struct identity *by, char *id)
{
	book_make_sign(en, by, &c->notes[c->n], id);
	c->items[c->n] = (struct book_item){ c->notes[c->n].data, c->notes[c->n].len };
	c->n++;
}

/* One archive, registered by many: only its blob has to be true. */
static void add_app(struct mix *x, struct entry *en, const struct identity *owner)
{
	book_make_draft(x->m->b, en, ENTRY_APP_REGISTER_TYPE);
	en->app_register.name = entry_text("mixed");
	en->app_register.version = entry_text("1.0.0");
	en->app_register.h1 = entry_text(x->h1);
	en->app_register.size = x->app_size;
	memcpy(en->app_register.author, identity_public(x->m->ada), 32);
	memcpy(en->app_register.blob, x->app_blob, 32);
	add(&x->chain, en, owner, NULL);
}

/* One turn: somebody comes, gets money, spends all of it and goes; data, an iApp. */
static void mix(struct mix *x)
{
	static struct entry en;
	struct book_made *m = x->m;
	struct identity *who;
	struct err e;
	char name[32];
	x->turn++;
	BOOK_MUST(identity_new(&who, &e), &e);
	(void)snprintf(name, sizeof name, "number %u", x->turn);
	book_make_identity(m->b, &en, who, name, "");
	add(&x->chain, &en, who, NULL);
	book_make_money(m->b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, who, 50);
	add(&x->chain, &en, m->operator, NULL);
	book_make_money(m->b, &en, ENTRY_ACCOUNT_TRANSFER_TYPE, m->ada, 30);
	en.account_transfer.memo = entry_text(name);
	add(&x->chain, &en, who, NULL);
	book_make_money(m->b, &en, ENTRY_ACCOUNT_WITHDRAW_TYPE, NULL, 20);
	add(&x->chain, &en, who, NULL);
	book_make_draft(m->b, &en, ENTRY_ACCOUNT_CLOSE_TYPE);
	add(&x->chain, &en, who, NULL);
	book_make_draft(m->b, &en, ENTRY_DATA_REGISTER_TYPE);
	en.data_register.name = entry_text(name);
	en.data_register.size = 100;
	en.data_register.header = entry_text("AAEC/w==");
	en.data_register.schema = entry_text("{\"a\":\"string\"}");
	memcpy(en.data_register.blob, x->data_blob, 32);
	add(&x->chain, &en, m->ada, NULL);
	add_app(x, &en, who);
	book_make_money(m->b, &en, ENTRY_ACCOUNT_DEPOSIT_TYPE, m->worker, x->turn);
	add(&x->chain, &en, m->operator, NULL);
	identity_free(who);
}

static void fill(struct book_made *m, uint64_t entries)
{
	static struct mix x;
	static struct entry en;
	struct err e;
	uint64_t size = 0;
	x = (struct mix){ .m = m };
	book_make_blob(m->b, 100, x.data_blob);
	book_make_app(m->b, &en, "mixed", 1, m->ada, x.h1);
	memcpy(x.app_blob, en.app_register.blob, 32);
	x.app_size = en.app_register.size;
	BOOK_MUST(book_size(m->b, &size, &e), &e);
	while (size < entries) {
		while (x.chain.n + CYCLE <= CHAIN && size + x.chain.n < entries)
			mix(&x);
		BOOK_MUST(book_append(m->b, x.chain.items, x.chain.n, NULL, &e), &e);
		while (x.chain.n > 0)
			buf_done(&x.chain.notes[--x.chain.n]);
		BOOK_MUST(book_size(m->b, &size, &e), &e);
		BOOK_MUST(book_checkpoint(m->b, NULL, &e), &e);
	}
}

/* ---- folders compared ---- */

static struct { char path[PATH_MAX]; uint8_t hash[32]; } files[FILES];	/* nftw passes nothing on */
static size_t n_files, n_seen, prefix;

static void file_hash(const char *path, uint8_t out[static 32])
{
	struct buf bytes = BUF_INIT(MIB(64));
	struct err e;
	BOOK_MUST(os_file_read(path, &bytes, &e), &e);
	sha256(out, bytes.data, bytes.len);
	buf_done(&bytes);
}

static int file_remember(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)st, (void)f;
	if (flag != FTW_F)
		return 0;
	assert_true(n_files < FILES);
	(void)snprintf(files[n_files].path, PATH_MAX, "%s", path + prefix);
	file_hash(path, files[n_files++].hash);
	return 0;
}

static int file_compare(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	uint8_t hash[32];
	(void)st, (void)f;
	if (flag != FTW_F)
		return 0;
	n_seen++;
	file_hash(path, hash);
	for (size_t i = 0; i < n_files; i++)
		if (strcmp(files[i].path, path + prefix) == 0)
			return memcmp(files[i].hash, hash, sizeof hash) != 0;
	return 1;
}

static void exported(struct book *b, const char *home, const char *name, int (*f)(const char *, const struct stat *, int, struct FTW *))
{
	char dir[PATH_MAX + 16];
	struct export_count count;
	struct err e;
	(void)snprintf(dir, sizeof dir, "%s/%s", home, name);
	BOOK_MUST(os_dir_make(dir, 0700, &e), &e);
	BOOK_MUST(book_export(b, dir, &count, NULL, NULL, &e), &e);
	prefix = strlen(dir);
	assert_int_equal(nftw(dir, f, 16, FTW_PHYS), 0);
}

/* In a process of its own, so that its memory is its own. */
static void rebuild_apart(const struct book_made *m)
{
	struct rusage use;
	int status = -1;
	pid_t pid = fork();
	if (pid == 0) {
		struct err e;
		struct book_rebuilt out;
		struct book *b = book_make_again(m);
		uint64_t begun = os_now_us();
		BOOK_MUST(book_rebuild(b, &out, NULL, NULL, &e), &e);
		double s = (double)(os_now_us() - begun) / 1e6;
		printf("# %llu entries, %llu rows: rebuilt in %.2f s, %.0f rows/s\n", (unsigned long long)out.entries, (unsigned long long)out.rows, s,
			(double)out.rows / s);
		(void)fflush(stdout);
		book_close(b);
		_exit(memcmp(out.before, out.after, 32) == 0 && out.rows > out.entries / 2 ? 0 : 1);
	}
	assert_true(pid > 0 && wait4(pid, &status, 0, &use) == pid);
	assert_int_equal(status, 0);
	printf("# memory at its peak, of the program with it: %ld KiB\n", use.ru_maxrss);
}

static void test_rebuild_is_the_same(void **state)
{
	struct book_made *m = *state;
	const char *l = getenv("LONG");
	uint64_t entries = l && *l && strcmp(l, "0") != 0 ? 100000 : 3000, size;
	uint8_t before[32], after[32];
	struct book_checked checked;
	struct err e;
	uint64_t begun = os_now_us();
	fill(m, entries);
	printf("# filled in %.2f s\n", (double)(os_now_us() - begun) / 1e6);
	BOOK_MUST(book_size(m->b, &size, &e), &e);
	assert_true(size >= entries);
	book_rows_digest(m->path, before);
	n_files = n_seen = 0;
	exported(m->b, m->path, "before", file_remember);
	assert_true(n_files >= 2 * size / 256);
	rebuild_apart(m);
	book_rows_digest(m->path, after);
	assert_memory_equal(before, after, sizeof before);
	exported(m->b, m->path, "after", file_compare);
	assert_int_equal(n_seen, n_files);
	BOOK_MUST(book_verify(m->b, &checked, NULL, NULL, &e), &e);
	assert_int_equal(checked.entries, size);
}

/* The comparison can fail: one row that no entry made is gone after a rebuild, and both digests say so. */
static void test_rebuild_removes_what_no_entry_made(void **state)
{
	struct book_made *m = *state;
	struct book_rebuilt out;
	struct err e;
	uint8_t sound[32], spoiled[32], again[32];
	fill(m, 30);
	book_rows_digest(m->path, sound);
	book_rows_change(m->path, "UPDATE identity SET name = 'eve' WHERE name = 'ada'");
	book_rows_digest(m->path, spoiled);
	assert_memory_not_equal(sound, spoiled, sizeof sound);
	BOOK_MUST(book_rebuild(m->b, &out, NULL, NULL, &e), &e);
	assert_memory_not_equal(out.before, out.after, 32);
	book_rows_digest(m->path, again);
	assert_memory_equal(sound, again, sizeof sound);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rebuild_is_the_same, book_make_setup, book_make_teardown),
		cmocka_unit_test_setup_teardown(test_rebuild_removes_what_no_entry_made, book_make_setup, book_make_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
