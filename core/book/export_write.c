/* Writes a log as the files of C2SP tlog-tiles. A file appears whole or not at all, and the checkpoint last: who reads the folder meanwhile finds all that its
 * checkpoint speaks of. Nothing is written that would not verify: entries are compared with the tree, the tree with the checkpoint, and files that are there
 * with what would be written. Never removes or changes a tile.
 */
#include "book/export.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "form/tile.h"

#define FILE_MODE 0644	/* public, as is the whole folder */
#define DIR_MODE 0755
#define TMP_AGE 86400	/* seconds; another export into the same folder is over by then */
#define WALK_FDS 8

struct writer {
	const struct export_source *source;
	struct checkpoint state;
	const char *dir;
	struct export_count count;
	uint64_t next;	/* entry */
	struct buf bundle;	/* of the tile at hand */
	struct merkle_hash leaves[TILE_WIDTH];	/* of its entries */
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *progress_ctx;
};

/* 1 when the file holds these bytes, 0 when there is none. */
static int file_same(const char *path, const void *bytes, size_t n, struct err *e)
{
	struct buf there = BUF_INIT(n);
	struct err why = { 0 };
	int r = 1;
	if (os_plain_read(path, &there, &why) < 0) {
		if (why.code == ERR_NOT_FOUND) {
			r = 0;
			goto out;
		}
		if (why.code != ERR_LIMIT) {
			if (e)
				*e = why;
			r = -1;
			goto out;
		}
		there.len = 0;
	}
	if (there.len != n || (n && memcmp(there.data, bytes, n) != 0)) {
		r = err_set(e, ERR_INVALID, "%s is there with other bytes: the folder belongs to another book, or was changed", path);
		err_hint(e, "export into a new folder");
	}
out:
	buf_done(&there);
	return r;
}

static int tile_put(struct writer *w, const struct tile *t, const void *bytes, size_t n, struct err *e)
{
	char name[TILE_PATH], path[PATH_MAX];
	tile_path(name, t);
	int len = snprintf(path, sizeof path, "%s/%s", w->dir, name);
	if (len < 0 || (size_t)len >= sizeof path)
		return err_set(e, ERR_INVALID, "the path %s is too long", w->dir);
	*(t->level == TILE_ENTRIES ? &w->count.bundles : &w->count.tiles) += 1;
	w->count.bytes += n;
	int same = file_same(path, bytes, n, e);
	if (same != 0) {
		w->count.kept += same > 0;
		return same < 0 ? -1 : 0;
	}
	char *base = strrchr(path, '/');
	*base = '\0';
	if (os_dir_make(path, DIR_MODE, e) < 0)
		return -1;
	*base = '/';
	return os_file_replace(path, FILE_MODE, bytes, n, e);
}

/* The tile of hashes at (level, index). leaves, when given, are what level 0 has to hold. */
static int hashes_put(struct writer *w, int level, uint64_t index, const struct merkle_hash *leaves, struct err *e)
{
	struct tile t = { .level = level, .index = index, .width = tile_width(level, index, w->state.size) };
	struct merkle_hash hashes[TILE_WIDTH];
	for (unsigned i = 0; i < t.width; i++) {
		uint64_t at = index * TILE_WIDTH + i;
		if (w->source->hashes->read(w->source->hashes->ctx, TILE_HEIGHT * (unsigned)level, at, &hashes[i], e) < 0)
			return -1;
		if (leaves && !merkle_equal(&leaves[i], &hashes[i]))
			return err_set(e, ERR_INVALID, "entry %llu is not the one in the tree", (unsigned long long)at);
	}
	return tile_put(w, &t, hashes, t.width * sizeof hashes[0], e);
}

/* One entry more; the last of a bundle writes it and the tile of its leaves. */
static int entry_put(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	struct writer *w = ctx;
	uint64_t number = index / TILE_WIDTH;
	unsigned width = tile_width(TILE_ENTRIES, number, w->state.size), at = (unsigned)(index % TILE_WIDTH);
	if (index != w->next || index >= w->state.size)
		return err_set(e, ERR_INTERNAL, "entry %llu came in the place of %llu", (unsigned long long)index, (unsigned long long)w->next);
	w->next++;
	if (tile_bundle_add(&w->bundle, bytes, len, e) < 0)
		return err_wrap(e, "entry %llu", (unsigned long long)index);
	merkle_leaf(&w->leaves[at], bytes, len);
	if (at + 1 < width)
		return 0;
	struct tile t = { .level = TILE_ENTRIES, .index = number, .width = width };
	if (tile_put(w, &t, w->bundle.data, w->bundle.len, e) < 0 || hashes_put(w, 0, number, w->leaves, e) < 0)
		return -1;
	buf_clear(&w->bundle);
	if (w->progress)
		w->progress(w->progress_ctx, index + 1, w->state.size);
	return 0;
}

/* Every tile above level 0. */
static int tiles_put(struct writer *w, struct err *e)
{
	for (int level = 1; level <= (int)(MERKLE_LEVELS / TILE_HEIGHT) && w->state.size >> (TILE_HEIGHT * (unsigned)level); level++)
		for (uint64_t i = 0; tile_width(level, i, w->state.size) > 0; i++)
			if (hashes_put(w, level, i, NULL, e) < 0)
				return -1;
	return 0;
}

static int checkpoint_of(struct checkpoint *out, const char *note, size_t len, struct err *e)
{
	struct note *n = malloc(sizeof *n);	/* too large for the stack of a small thread */
	int r = n ? 0 : err_set(e, ERR_INTERNAL, "out of memory");
	if (r == 0)
		r = note_parse(n, note, len, e) < 0 || checkpoint_parse(out, n->text, n->text_len, e) < 0 ? -1 : 0;
	free(n);
	return r;
}

static int root_check(const struct writer *w, const struct checkpoint *c, const char *what, struct err *e)
{
	struct merkle_hash root;
	if (merkle_root(w->source->hashes, c->size, &root, e) < 0)
		return -1;
	if (!merkle_equal(&root, &c->root))
		return err_set(e, ERR_INVALID, "%s of size %llu contradicts the tree of this book", what, (unsigned long long)c->size);
	return 0;
}

/* A folder that was exported to before goes on only where it ended. */
static int folder_check(const struct writer *w, const char *path, struct err *e)
{
	struct buf there = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct err why = { 0 };
	struct checkpoint c;
	int r = 0;
	if (os_plain_read(path, &there, &why) < 0) {
		if (why.code != ERR_NOT_FOUND) {
			r = -1;
			if (e)
				*e = why;
		}
	} else if (checkpoint_of(&c, buf_text(&there), there.len, e) < 0) {
		r = err_wrap(e, "%s", path);
	} else if (strcmp(c.origin, w->state.origin) != 0) {
		r = err_set(e, ERR_INVALID, "%s is of %s, not of this book", path, c.origin);
	} else if (c.size > w->state.size) {
		r = err_set(e, ERR_INVALID, "%s has %llu entries and this book only %llu: the book was rolled back, or forked", path, (unsigned long long)c.size,
			(unsigned long long)w->state.size);
	} else {
		r = root_check(w, &c, path, e);
	}
	buf_done(&there);
	return r;
}

static int checkpoint_put(struct writer *w, const char *path, struct err *e)
{
	struct err why = { 0 };
	w->count.bytes += w->source->note_len;
	if (file_same(path, w->source->note, w->source->note_len, &why) > 0) {
		w->count.kept++;
		return 0;
	}
	return os_file_replace(path, FILE_MODE, w->source->note, w->source->note_len, e);
}

static int tmp_remove(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)at;
	if (flag == FTW_F && S_ISREG(st->st_mode) && os_tmp_is(path) && st->st_mtime + TMP_AGE <= os_time())
		(void)unlink(path);
	return 0;
}

/* What an export left that was killed; best effort, for it harms nobody but by its size. */
static void tmp_sweep(const char *dir, const char *checkpoint)
{
	char tiles[PATH_MAX];
	os_tmp_sweep(checkpoint, TMP_AGE);
	if (snprintf(tiles, sizeof tiles, "%s/tile", dir) < (int)sizeof tiles)
		(void)nftw(tiles, tmp_remove, WALK_FDS, FTW_PHYS);
}

int export_write(const struct export_source *s, const char *dir, struct export_count *out, void (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx,
	struct err *e)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof path, "%s/checkpoint", dir), r = -1;
	if (len < 0 || (size_t)len >= sizeof path)
		return err_set(e, ERR_INVALID, "the path %s is too long", dir);
	struct writer *w = calloc(1, sizeof *w);
	if (!w)
		return err_set(e, ERR_INTERNAL, "out of memory");
	*w = (struct writer){ .source = s, .dir = dir, .bundle = BUF_INIT(TILE_BUNDLE_BYTES), .progress = progress, .progress_ctx = ctx };
	if (checkpoint_of(&w->state, s->note, s->note_len, e) < 0 || root_check(w, &w->state, "the checkpoint", e) < 0 || os_dir_make(dir, DIR_MODE, e) < 0 ||
		folder_check(w, path, e) < 0)
		goto out;
	tmp_sweep(dir, path);
	if (w->state.size > 0 && s->entries(s->ctx, 0, w->state.size, entry_put, w, e) < 0)
		goto out;
	if (w->next != w->state.size) {
		err_set(e, ERR_INVALID, "the book gave %llu of its %llu entries", (unsigned long long)w->next, (unsigned long long)w->state.size);
		goto out;
	}
	if (tiles_put(w, e) < 0 || checkpoint_put(w, path, e) < 0)
		goto out;
	if (out)
		*out = w->count;
	r = 0;
out:
	buf_done(&w->bundle);
	free(w);
	return r;
}
