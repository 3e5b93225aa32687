/* core/book/export_verify.c: every way we know to forge or to damage the folder of an exported log, each bit of each kind of file among them, is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "book/export_verify.c"
#include "unit/export_make.h"

#define FLIP_STEP 61	/* in large files one bit in so many goes through the whole verifier; every bit goes through what follows the checkpoint's signatures */

static void verify_fails(const char *dir, const struct tlog_policy *p, enum err_code code, const char *words)
{
	struct err e = { 0 };
	struct checkpoint c;
	struct tlog_verdict v;
	assert_int_equal(export_verify(dir, p, &c, &v, &e), -1);
	if (e.code != code || !strstr(e.msg, words))
		fail_msg("%s, not %s with \"%s\": %s", err_name(e.code), err_name(code), words, e.msg);
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

int main(void)
{
#define FLIP(name) cmocka_unit_test_setup_teardown(name, flips_setup, flips_teardown)
	const struct CMUnitTest tests[] = {
		FLIP(flip_checkpoint), FLIP(flip_full_tile), FLIP(flip_partial_tile), FLIP(flip_upper_tile), FLIP(flip_older_tile),
		FLIP(flip_full_bundle), FLIP(flip_partial_bundle), FLIP(flip_older_bundle), FLIP(flip_proof), FLIP(damaged), FLIP(forged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
