/* Protected data as bytes: schema.json, then the leaves in bytewise order of their paths, then two zero blocks, then zeros up to the
 * Padmé length. Memory does not grow with the size of a file. A file that is no longer what it was when it was added is refused, because
 * sizes stand in front of the bytes and a mixture of two versions is worth nothing.
 */
#include "form/pdata.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/ustar.h"
#include "form/pdata_inner.h"

#define PIECE KIB(256)	/* read and handed on at a time */

struct out {
	pdata_sink *sink;
	void *ctx;
	uint8_t *piece;	/* PIECE bytes */
	size_t used;
	uint64_t total;
};

static int flush(struct out *o, struct err *e)
{
	size_t n = o->used;
	o->used = 0;
	return n ? o->sink(o->ctx, o->piece, n, e) : 0;
}

/* Room for at least one byte; the caller fills and calls advance. */
static int room(struct out *o, uint8_t **at, size_t *n, struct err *e)
{
	if (o->used == PIECE && flush(o, e) < 0)
		return -1;
	*at = o->piece + o->used;
	*n = PIECE - o->used;
	return 0;
}

static void advance(struct out *o, size_t n)
{
	o->used += n;
	o->total += n;
}

/* bytes NULL: zeros */
static int put(struct out *o, const uint8_t *bytes, uint64_t n, struct err *e)
{
	while (n > 0) {
		uint8_t *at;
		size_t step;
		if (room(o, &at, &step, e) < 0)
			return -1;
		if (step > n)
			step = (size_t)n;
		if (bytes) {
			memcpy(at, bytes, step);
			bytes += step;
		} else {
			memset(at, 0, step);
		}
		advance(o, step);
		n -= step;
	}
	return 0;
}

static int put_header(struct out *o, const char *path, uint64_t size, struct err *e)
{
	uint8_t block[USTAR_BLOCK];
	struct ustar_entry entry = { .size = size };
	if (strlen(path) >= sizeof entry.path)
		return err_set(e, ERR_INVALID, "the path %.100s… is too long", path);
	memcpy(entry.path, path, strlen(path) + 1);
	if (ustar_encode(block, &entry, e) < 0)
		return err_wrap(e, "%s", path);
	return put(o, block, sizeof block, e);
}

static int changed(const struct leaf *leaf, struct err *e)
{
	err_set(e, ERR_CONFLICT, "%s changed while it was being protected", leaf->file);
	return err_hint(e, "protect it again when nothing writes to it, or protect a copy");
}

static bool same_file(const struct leaf *leaf, const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_dev == leaf->dev && st->st_ino == leaf->ino && (uint64_t)st->st_size == leaf->size &&
		st->st_mtim.tv_sec == leaf->mtime.tv_sec && st->st_mtim.tv_nsec == leaf->mtime.tv_nsec;
}

static int put_open_file(struct out *o, const struct leaf *leaf, int fd, struct err *e)
{
	struct stat st;
	uint64_t left = leaf->size;
	if (fstat(fd, &st) < 0)
		return err_sys(e, errno, "cannot read %s", leaf->file);
	if (!same_file(leaf, &st))
		return changed(leaf, e);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	while (left > 0) {
		uint8_t *at;
		size_t step;
		if (room(o, &at, &step, e) < 0)
			return -1;
		if (step > left)
			step = (size_t)left;
		ssize_t n = os_read(fd, at, step);
		if (n < 0)
			return err_sys(e, errno, "cannot read %s", leaf->file);
		if ((size_t)n != step)
			return changed(leaf, e);
		advance(o, step);
		left -= step;
	}
	if (fstat(fd, &st) < 0 || !same_file(leaf, &st))
		return changed(leaf, e);
	return 0;
}

static int put_leaf(struct out *o, const struct leaf *leaf, struct err *e)
{
	if (put_header(o, leaf->path, leaf->size, e) < 0)
		return -1;
	if (leaf->bytes) {
		if (put(o, leaf->bytes, leaf->size, e) < 0)
			return -1;
	} else {
		int fd = open(leaf->file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0)
			return errno == ELOOP || errno == ENOENT ? changed(leaf, e) : err_sys(e, errno, "cannot read %s", leaf->file);
		int r = put_open_file(o, leaf, fd, e);
		close(fd);
		if (r < 0)
			return -1;
	}
	return put(o, NULL, USTAR_PAD(leaf->size), e);
}

static uint64_t entry_len(uint64_t size)
{
	return USTAR_BLOCK + size + USTAR_PAD(size);
}

static int lengths(const struct pdata *d, uint64_t schema_len, uint64_t *len, struct err *e)
{
	uint64_t sum = entry_len(schema_len) + 2 * USTAR_BLOCK;
	for (size_t i = 0; i < d->n; i++) {
		if (d->leaves[i]->size > UINT64_MAX / 4 - sum)	/* sparse files of exabytes */
			return err_set(e, ERR_LIMIT, "%s is too large", d->leaves[i]->path);
		sum += entry_len(d->leaves[i]->size);
	}
	*len = padme(sum);
	return 0;
}

int pdata_plain_len(const struct pdata *d, uint64_t *len, struct err *e)
{
	struct buf schema = BUF_INIT(LIMIT_SCHEMA_BYTES);
	int r = pdata_schema(d, &schema, e) < 0 ? -1 : lengths(d, schema.len, len, e);
	buf_done(&schema);
	return r;
}

int pdata_write(const struct pdata *d, pdata_sink *sink, void *ctx, struct err *e)
{
	struct buf schema = BUF_INIT(LIMIT_SCHEMA_BYTES);
	struct out o = { .sink = sink, .ctx = ctx };
	uint64_t len = 0;
	int r = -1;
	if (pdata_schema(d, &schema, e) < 0 || lengths(d, schema.len, &len, e) < 0)
		goto out;
	if (!(o.piece = malloc(PIECE))) {
		err_set(e, ERR_LIMIT, "out of memory");
		goto out;
	}
	if (put_header(&o, PDATA_SCHEMA_FILE, schema.len, e) < 0 || put(&o, schema.data, schema.len, e) < 0 ||
		put(&o, NULL, USTAR_PAD(schema.len), e) < 0)
		goto out;
	for (size_t i = 0; i < d->n; i++)
		if (put_leaf(&o, d->leaves[i], e) < 0)
			goto out;
	r = put(&o, NULL, len - o.total, e) < 0 || flush(&o, e) < 0 ? -1 : 0;
out:
	if (o.piece)
		os_wipe(o.piece, PIECE);
	free(o.piece);
	buf_done(&schema);
	return r;
}
