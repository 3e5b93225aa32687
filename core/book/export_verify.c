/* Verifies a folder of C2SP tlog-tiles by itself: the tree is made again from the entries, and every tile and the checkpoint are compared with it. Believes
 * nothing in the folder, knows nothing of what entries say, and works for logs that are not ours.
 */
#include "book/export.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "form/tile.h"

#define LEVELS (MERKLE_LEVELS / TILE_HEIGHT + 1)	/* of tiles */

/* The right edge of each level of tiles: hashes that no full tile has taken yet. */
struct edge { uint64_t index; unsigned width; struct merkle_hash hashes[TILE_WIDTH]; };

struct verifier {
	const char *dir;
	uint64_t size;
	struct merkle_range range;
	struct edge edges[LEVELS];
	struct buf bundle, file;
	size_t ends[TILE_WIDTH + 1];	/* where in the bundle each entry ends; ends[0] is 0 */
};

/* A file of the folder into out. One that is missing makes the folder no log; one that is longer than it may be is as wrong. */
static int file_read(const char *dir, const char *name, struct buf *out, struct err *e)
{
	char path[PATH_MAX];
	struct err why = { 0 };
	struct stat st;
	int len = snprintf(path, sizeof path, "%s/%s", dir, name);
	if (len < 0 || (size_t)len >= sizeof path)
		return err_set(e, ERR_INVALID, "the path %s is too long", dir);
	/* A stranger's folder may hold a pipe, which would never end. */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID, "%s: not a plain file", name);
	buf_clear(out);
	if (os_plain_read(path, out, &why) == 0)
		return 0;
	if (why.code == ERR_NOT_FOUND && strcmp(name, "checkpoint") == 0) {
		err_set(e, ERR_INVALID, "%s is no exported book: it has no file checkpoint", dir);
		return err_hint(e, "enclua book export DIR writes one; a receipt or a proof is a file");
	}
	if (why.code == ERR_NOT_FOUND)
		return err_set(e, ERR_INVALID, "%s: the file is missing", name);
	if (why.code == ERR_LIMIT)
		return err_set(e, ERR_INVALID, "%s: the file is too long", name);
	if (e)
		*e = why;
	return -1;
}

/* Narrower tiles of the same place, which readers of older checkpoints ask for, hold the beginning of this one. */
static int narrower_check(struct verifier *v, const struct tile *t, const uint8_t *bytes, const size_t *ends, struct err *e)
{
	char name[TILE_PATH], path[PATH_MAX];
	struct tile part = { .level = t->level, .index = t->index, .width = 1 };
	tile_path(name, &part);
	*strrchr(name, '/') = '\0';
	int len = snprintf(path, sizeof path, "%s/%s", v->dir, name), r = 0;
	if (len < 0 || (size_t)len >= sizeof path)
		return err_set(e, ERR_INVALID, "the path %s is too long", v->dir);
	DIR *d = opendir(path);
	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, errno, "cannot read %s", path);
	for (part.width = 1; part.width < t->width && r == 0; part.width++) {
		size_t n = ends ? ends[part.width] : part.width * sizeof(struct merkle_hash);
		tile_path(name, &part);
		if (faccessat(dirfd(d), strrchr(name, '/') + 1, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		r = file_read(v->dir, name, &v->file, e);
		if (r == 0 && (v->file.len != n || memcmp(v->file.data, bytes, n) != 0))
			r = err_set(e, ERR_INVALID, "%s: differs from the beginning of the wider one", name);
	}
	closedir(d);
	return r;
}

/* The tile of hashes as the entries say it has to be. */
static int tile_check(struct verifier *v, int level, const struct edge *want, struct err *e)
{
	char name[TILE_PATH], below[TILE_PATH] = "the tile below";
	struct tile t = { .level = level, .index = want->index, .width = want->width };
	size_t n = want->width * sizeof want->hashes[0];
	tile_path(name, &t);
	if (level == 0)
		tile_path(below, &(struct tile){ .level = TILE_ENTRIES, .index = t.index, .width = t.width });
	if (file_read(v->dir, name, &v->file, e) < 0)
		return -1;
	if (v->file.len != n)
		return err_set(e, ERR_INVALID, "%s: %zu bytes long, not %zu", name, v->file.len, n);
	for (unsigned i = 0; i < want->width; i++)
		if (memcmp(v->file.data + i * sizeof want->hashes[0], &want->hashes[i], sizeof want->hashes[0]) != 0)
			return err_set(e, ERR_INVALID, "%s: hash %u does not follow from %s", name, i, below);
	return narrower_check(v, &t, (const uint8_t *)want->hashes, NULL, e);
}

static int subtree_told(void *ctx, unsigned level, uint64_t index, const struct merkle_hash *hash, struct err *e)
{
	struct verifier *v = ctx;
	(void)index;
	if (level % TILE_HEIGHT != 0)
		return 0;
	struct edge *edge = &v->edges[level / TILE_HEIGHT];
	edge->hashes[edge->width++] = *hash;
	if (edge->width < TILE_WIDTH)
		return 0;
	if (tile_check(v, (int)(level / TILE_HEIGHT), edge, e) < 0)
		return -1;
	edge->index++;
	edge->width = 0;
	return 0;
}

static int bundle_check(struct verifier *v, uint64_t number, struct err *e)
{
	char name[TILE_PATH];
	struct tile t = { .level = TILE_ENTRIES, .index = number, .width = tile_width(TILE_ENTRIES, number, v->size) };
	tile_path(name, &t);
	if (file_read(v->dir, name, &v->bundle, e) < 0)
		return -1;
	const uint8_t *entry;
	size_t at = 0, n, count = 0;
	int more;
	while ((more = tile_bundle_next(v->bundle.data, v->bundle.len, &at, &entry, &n, e)) > 0) {
		if (count == t.width)
			return err_set(e, ERR_INVALID, "%s: more than %u entries", name, t.width);
		struct merkle_hash leaf;
		merkle_leaf(&leaf, entry, n);
		if (merkle_range_add(&v->range, &leaf, subtree_told, v, e) < 0)
			return -1;
		v->ends[++count] = at;
	}
	if (more < 0)
		return err_wrap(e, "%s", name);
	if (count != t.width)
		return err_set(e, ERR_INVALID, "%s: %zu entries, not %u", name, count, t.width);
	return narrower_check(v, &t, v->bundle.data, v->ends, e);
}

static int tree_check(struct verifier *v, const struct checkpoint *c, struct err *e)
{
	struct merkle_hash root;
	for (uint64_t number = 0; tile_width(TILE_ENTRIES, number, v->size) > 0; number++)
		if (bundle_check(v, number, e) < 0)
			return -1;
	for (unsigned level = 0; level < LEVELS; level++)
		if (v->edges[level].width > 0 && tile_check(v, (int)level, &v->edges[level], e) < 0)
			return -1;
	merkle_range_root(&v->range, &root);
	if (!merkle_equal(&root, &c->root))
		return err_set(e, ERR_INVALID, "checkpoint: its root is not that of the entries and tiles");
	return 0;
}

int export_verify(const char *dir, const struct tlog_policy *policy, struct checkpoint *c, struct tlog_verdict *v, struct err *e)
{
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct verifier *x = NULL;
	int r = -1;
	if (file_read(dir, "checkpoint", &note, e) < 0)
		goto out;
	if (tlog_policy_check(policy, buf_text(&note), note.len, c, v, e) < 0) {
		err_wrap(e, "checkpoint");
		goto out;
	}
	x = calloc(1, sizeof *x);
	if (!x) {
		err_set(e, ERR_INTERNAL, "out of memory");
		goto out;
	}
	x->dir = dir;
	x->size = c->size;
	x->bundle.max = x->file.max = TILE_BUNDLE_BYTES;
	r = tree_check(x, c, e);
	buf_done(&x->bundle);
	buf_done(&x->file);
	free(x);
out:
	buf_done(&note);
	return r;
}
