/* Exported logs (book/export_write.c, book/export_verify.c; book/export.c: test_export_book.c): growth, refusals, and every way we know to forge a folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "book/export_verify.c"
#include "book/made_log.h"
#include "unit/scratch.h"

#define LOG 7	/* seeds of logs */
#define OTHER_LOG 8
#define SMALL 12	/* longest entry where every bit is tried: time goes with them */
#define FLIP_SIZE 264	/* a full tile, partial ones of two levels */
#define FLIP_OLDER 260
#define FLIP_STEP 61	/* in large files one bit in so many goes through the whole verifier; every bit goes through what follows the checkpoint's signatures */

static int export_to(const struct made_log *m, const char *dir, struct export_count *count, struct err *e)
{
	return export_write(&m->source, dir, count, NULL, NULL, e);
}

static void write_ok(const struct made_log *m, const char *dir, struct export_count *count)
{
	struct err e = { 0 };
	if (export_to(m, dir, count, &e) < 0)
		fail_msg("%s", e.msg);
}

static void verify_ok(const char *dir, const struct tlog_policy *p, uint64_t size)
{
	struct err e = { 0 };
	struct checkpoint c;
	struct tlog_verdict v;
	if (export_verify(dir, p, &c, &v, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(c.size, size);
	assert_true(!p || (v.quorum && v.cosigned == 1 && v.newest == MADE_TIME));
}

static void verify_fails(const char *dir, const struct tlog_policy *p, enum err_code code, const char *words)
{
	struct err e = { 0 };
	struct checkpoint c;
	struct tlog_verdict v;
	assert_int_equal(export_verify(dir, p, &c, &v, &e), -1);
	if (e.code != code || !strstr(e.msg, words))
		fail_msg("%s, not %s with \"%s\": %s", err_name(e.code), err_name(code), words, e.msg);
}

static void write_fails(const struct made_log *m, const char *dir, const char *words)
{
	struct err e = { 0 };
	assert_int_equal(export_to(m, dir, NULL, &e), -1);
	if (e.code != ERR_INVALID || !strstr(e.msg, words))
		fail_msg("%s, not \"%s\": %s", err_name(e.code), words, e.msg);
}

static void file_get(const char *dir, const char *name, struct buf *out)
{
	char path[PATH_MAX + 256];
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	buf_clear(out);
	assert_int_equal(os_file_read(path, out, NULL), 0);
}

static void file_remove(const char *dir, const char *name)
{
	char path[PATH_MAX + 256];
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_int_equal(unlink(path), 0);
}

/* Sizes around the edges of tiles, each into a folder of its own, and one after another into one folder: the same checkpoints and counts. */
static void sizes(void **state)
{
	(void)state;
	static const uint64_t list[] = { 0, 1, 2, 255, 256, 257, 512, 700 };
	char grown[PATH_MAX], fresh[PATH_MAX];
	scratch_make(grown);
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
		struct made_log m;
		struct export_count count = { 0 }, again = { 0 };
		struct buf a = BUF_INIT(MIB(1)), b = BUF_INIT(MIB(1));
		made_init(&m, list[i], TILE_ENTRY_BYTES, LOG);
		struct tlog_policy *p = made_policy(&m);
		scratch_make(fresh);
		write_ok(&m, fresh, &count);
		uint64_t tiles = (list[i] + 255) / 256, full = i > 0 ? list[i - 1] / 256 : 0;
		assert_int_equal(count.bundles, tiles);
		assert_int_equal(count.tiles, tiles + (list[i] >= 256));
		assert_int_equal(count.kept, 0);
		verify_ok(fresh, p, list[i]);
		verify_ok(fresh, NULL, list[i]);
		write_ok(&m, fresh, &again);
		assert_int_equal(again.kept, count.bundles + count.tiles + 1);
		assert_int_equal(again.bytes, count.bytes);
		write_ok(&m, grown, &again);
		assert_int_equal(again.kept, 2 * full + (full > 0 && list[i] / 256 == full));	/* full tiles and bundles, and level 1 while it is as wide */
		verify_ok(grown, p, list[i]);
		file_get(fresh, "checkpoint", &a);
		file_get(grown, "checkpoint", &b);
		assert_string_equal(buf_text(&a), buf_text(&b));
		buf_done(&a);
		buf_done(&b);
		scratch_remove(fresh);
		tlog_policy_free(p);
		made_done(&m);
	}
	scratch_remove(grown);
}

/* Progress comes once for each bundle and ends at the end. */
static void progress_seen(void *ctx, uint64_t done, uint64_t total)
{
	uint64_t *last = ctx;
	assert_int_equal(total, 700);
	assert_true(done > *last && done <= total);
	*last = done;
}

static void progress(void **state)
{
	(void)state;
	char dir[PATH_MAX];
	struct made_log m;
	uint64_t last = 0;
	scratch_make(dir);
	made_init(&m, 700, SMALL, LOG);
	assert_int_equal(export_write(&m.source, dir, NULL, progress_seen, &last, NULL), 0);
	assert_int_equal(last, 700);
	made_done(&m);
	scratch_remove(dir);
}

struct flips {
	char dir[PATH_MAX];
	struct made_log m;
	struct tlog_policy *policy;
};

static int flips_setup(void **state)
{
	struct flips *f = calloc(1, sizeof *f);
	assert_non_null(f);
	scratch_make(f->dir);
	/* An older export first: its narrower tiles stay. */
	made_init(&f->m, FLIP_OLDER, SMALL, LOG);
	write_ok(&f->m, f->dir, NULL);
	made_done(&f->m);
	made_init(&f->m, FLIP_SIZE, SMALL, LOG);
	write_ok(&f->m, f->dir, NULL);
	f->policy = made_policy(&f->m);
	verify_ok(f->dir, f->policy, FLIP_SIZE);
	*state = f;
	return 0;
}

static int flips_teardown(void **state)
{
	struct flips *f = *state;
	scratch_remove(f->dir);
	tlog_policy_free(f->policy);
	made_done(&f->m);
	free(f);
	return 0;
}

/* What follows the signatures of a checkpoint that is known to be good. */
static int tree_verify(const struct flips *f, struct verifier *x, struct err *e)
{
	struct checkpoint c = { .size = FLIP_SIZE };
	merkle_range_root(&f->m.range, &c.root);
	x->range = (struct merkle_range){ .size = 0 };
	for (size_t i = 0; i < LEVELS; i++)
		x->edges[i].index = x->edges[i].width = 0;
	return tree_check(x, &c, e);
}

/* Every bit of a file of the export, one at a time. */
static void flip_file(struct flips *f, const char *name, size_t step)
{
	char path[PATH_MAX + 256];
	struct buf bytes = BUF_INIT(MIB(1));
	struct verifier *x = calloc(1, sizeof *x);
	assert_non_null(x);
	x->dir = f->dir;
	x->size = FLIP_SIZE;
	x->bundle.max = x->file.max = TILE_BUNDLE_BYTES;
	file_get(f->dir, name, &bytes);
	(void)snprintf(path, sizeof path, "%s/%s", f->dir, name);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (size_t bit = 0; bit < bytes.len * 8; bit++) {
		struct err e = { 0 };
		struct checkpoint c;
		struct tlog_verdict v;
		uint8_t changed = bytes.data[bit / 8] ^ (uint8_t)(1u << bit % 8);
		assert_int_equal(pwrite(fd, &changed, 1, (off_t)(bit / 8)), 1);
		if ((bit % step == 0 ? export_verify(f->dir, f->policy, &c, &v, &e) : tree_verify(f, x, &e)) == 0)
			fail_msg("%s: bit %zu can be flipped", name, bit);
		if (e.code != ERR_INVALID && e.code != ERR_DENIED)
			fail_msg("%s: bit %zu gives %s: %s", name, bit, err_name(e.code), e.msg);
		assert_int_equal(pwrite(fd, &bytes.data[bit / 8], 1, (off_t)(bit / 8)), 1);
	}
	close(fd);
	assert_int_equal(tree_verify(f, x, NULL), 0);
	verify_ok(f->dir, f->policy, FLIP_SIZE);
	buf_done(&x->bundle);
	buf_done(&x->file);
	free(x);
	buf_done(&bytes);
}

static void flip_checkpoint(void **state) { flip_file(*state, "checkpoint", 1); }
static void flip_full_tile(void **state) { flip_file(*state, "tile/0/000", FLIP_STEP); }
static void flip_partial_tile(void **state) { flip_file(*state, "tile/0/001.p/8", 1); }
static void flip_upper_tile(void **state) { flip_file(*state, "tile/1/000.p/1", 1); }
static void flip_older_tile(void **state) { flip_file(*state, "tile/0/001.p/4", 1); }
static void flip_full_bundle(void **state) { flip_file(*state, "tile/entries/000", FLIP_STEP); }
static void flip_partial_bundle(void **state) { flip_file(*state, "tile/entries/001.p/8", 1); }
static void flip_older_bundle(void **state) { flip_file(*state, "tile/entries/001.p/4", 1); }

/* Every bit of a proof file whose extra data is taken for the entry, as who gets only the file has to. */
static void flip_proof(void **state)
{
	struct flips *f = *state;
	struct buf file = BUF_INIT(MADE_PROOF_BYTES);
	struct checkpoint c;
	struct tlog_verdict v;
	made_proof(&f->m, 257, &file);
	for (size_t bit = 0; bit <= file.len * 8; bit++) {
		struct tlog_proof p;
		struct err e = { 0 };
		bool whole = bit == file.len * 8;	/* the last round changes nothing */
		if (!whole)
			file.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		int r = tlog_proof_parse(&p, buf_text(&file), file.len, &e);
		if (r == 0) {
			r = tlog_proof_verify(&p, p.extra.data, p.extra.len, f->policy, &c, &v, &e);
			tlog_proof_done(&p);
		}
		if (!whole)
			file.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (whole && r < 0)
			fail_msg("%s", e.msg);
		if (!whole && r == 0)
			fail_msg("bit %zu can be flipped", bit);
	}
	buf_done(&file);
}

/* Files cut short, too long, gone, or pipes. */
static void damaged(void **state)
{
	struct flips *f = *state;
	static const char *const names[] = { "checkpoint", "tile/0/000", "tile/0/001.p/8", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/8" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct buf bytes = BUF_INIT(MIB(1));
		file_get(f->dir, names[i], &bytes);
		scratch_file(f->dir, names[i], bytes.data, bytes.len - 1);
		verify_fails(f->dir, f->policy, ERR_INVALID, names[i]);
		scratch_file(f->dir, names[i], NULL, 0);
		verify_fails(f->dir, f->policy, ERR_INVALID, names[i]);
		assert_int_equal(buf_add_zero(&bytes, 2, NULL), 0);	/* to a bundle it looks like one more entry */
		scratch_file(f->dir, names[i], bytes.data, bytes.len);
		verify_fails(f->dir, f->policy, ERR_INVALID, names[i]);
		file_remove(f->dir, names[i]);
		verify_fails(f->dir, f->policy, ERR_INVALID, names[i]);
		char path[PATH_MAX + 256];
		(void)snprintf(path, sizeof path, "%s/%s", f->dir, names[i]);
		assert_int_equal(mkfifo(path, 0600), 0);
		verify_fails(f->dir, f->policy, ERR_INVALID, "not a plain file");
		file_remove(f->dir, names[i]);
		scratch_file(f->dir, names[i], bytes.data, bytes.len - 2);
		verify_ok(f->dir, f->policy, FLIP_SIZE);
		buf_done(&bytes);
	}
}

/* A folder that is consistent in itself, with the tree of another log under this log's checkpoint; and one that the witness has not seen. */
static void forged(void **state)
{
	struct flips *f = *state;
	struct made_log other;
	struct buf mine = BUF_INIT(CHECKPOINT_NOTE_MAX);
	char dir[PATH_MAX];
	made_init(&other, FLIP_SIZE, SMALL + 1, OTHER_LOG);
	scratch_make(dir);
	write_ok(&other, dir, NULL);
	verify_ok(dir, NULL, FLIP_SIZE);
	verify_fails(dir, f->policy, ERR_DENIED, "checkpoint");
	file_get(f->dir, "checkpoint", &mine);
	scratch_file(dir, "checkpoint", mine.data, mine.len);
	verify_fails(dir, f->policy, ERR_INVALID, "checkpoint: its root");
	char *second = strstr(strstr(buf_text(&mine), "\n\n") + 2, "\n");
	scratch_file(f->dir, "checkpoint", mine.data, (size_t)(second + 1 - buf_text(&mine)));
	verify_ok(f->dir, NULL, FLIP_SIZE);
	verify_fails(f->dir, f->policy, ERR_DENIED, "checkpoint");
	scratch_file(f->dir, "checkpoint", mine.data, mine.len);
	buf_done(&mine);
	scratch_remove(dir);
	made_done(&other);
}

/* The writer goes on only with the same book, and writes nothing that would not verify. */
static void refusals(void **state)
{
	struct flips *f = *state;
	struct made_log other, fork, older;
	struct buf tile = BUF_INIT(MIB(1));
	made_init(&other, FLIP_SIZE, SMALL, OTHER_LOG);
	write_fails(&other, f->dir, "not of this book");
	made_init(&fork, FLIP_SIZE + 1, SMALL + 1, LOG);
	write_fails(&fork, f->dir, "contradicts the tree");
	made_init(&older, FLIP_SIZE - 1, SMALL, LOG);
	write_fails(&older, f->dir, "rolled back");
	verify_ok(f->dir, f->policy, FLIP_SIZE);

	file_get(f->dir, "tile/0/000", &tile);
	tile.data[5] ^= 1;
	scratch_file(f->dir, "tile/0/000", tile.data, tile.len);
	write_fails(&f->m, f->dir, "tile/0/000");
	scratch_file(f->dir, "tile/0/000", tile.data, tile.len - 1);
	write_fails(&f->m, f->dir, "tile/0/000");
	file_remove(f->dir, "tile/0/000");
	write_ok(&f->m, f->dir, NULL);	/* what is missing comes back */
	verify_ok(f->dir, f->policy, FLIP_SIZE);

	char dir[PATH_MAX];
	scratch_make(dir);
	struct merkle_hash right = f->m.levels[0][3];
	f->m.levels[0][3].b[0] ^= 1;	/* a stored hash that has decayed: the root above it has not */
	write_fails(&f->m, dir, "entry 3 is not the one in the tree");
	f->m.levels[0][3] = right;
	f->m.levels[8][0].b[0] ^= 1;
	write_fails(&f->m, dir, "contradicts the tree");
	f->m.levels[8][0].b[0] ^= 1;
	scratch_remove(dir);
	buf_done(&tile);
	made_done(&other);
	made_done(&fork);
	made_done(&older);
}

int main(void)
{
#define FLIP(name) cmocka_unit_test_setup_teardown(name, flips_setup, flips_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes), cmocka_unit_test(progress),
		FLIP(flip_checkpoint), FLIP(flip_full_tile), FLIP(flip_partial_tile), FLIP(flip_upper_tile), FLIP(flip_older_tile),
		FLIP(flip_full_bundle), FLIP(flip_partial_bundle), FLIP(flip_older_bundle), FLIP(flip_proof),
		FLIP(damaged), FLIP(forged), FLIP(refusals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
