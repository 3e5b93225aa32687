/* Objects are files and folders, found by inode number while they live. Each holds what is sure and a list of changes that are not. A sync moves the list over; one of
 * a file that failed throws it away, because a kernel then calls the pages clean although they never reached the disk. (Names are tried again: they go through a journal.)
 */
#include "disk.h"

#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512u

struct object;
struct name { struct name *next; char *name; struct object *of; };

/* Of a file: bytes at `at`, or with no bytes its new size. Of a folder: the name means `of`, or nothing any more. */
struct change { struct change *next; uint64_t at; size_t len; uint8_t *bytes; char *name; struct object *of; };

struct object {
	struct object *next;
	uint64_t ino;
	bool folder;
	mode_t mode;
	uint8_t *bytes;
	size_t len;
	struct name *names;
	struct change *changes, **last;
};

struct disk { struct object *objects, *top; };

static void *room(size_t n)
{
	void *p = calloc(1, n ? n : 1);
	if (!p)
		abort();
	return p;
}

/* Newest first, so that a number that was used again means what it means now. */
static struct object *object_new(struct disk *d, uint64_t ino, bool folder, mode_t mode)
{
	struct object *o = room(sizeof *o);
	*o = (struct object){ .next = d->objects, .ino = ino, .folder = folder, .mode = mode };
	o->last = &o->changes;
	return d->objects = o;
}

static struct object *object_of(const struct disk *d, uint64_t ino)
{
	for (struct object *o = d->objects; o; o = o->next)
		if (o->ino == ino)
			return o;
	return NULL;
}

static struct change *change_add(struct object *o)
{
	struct change *c = room(sizeof *c);
	*o->last = c;
	o->last = &c->next;
	return c;
}

static void name_set(struct name **names, const char *name, struct object *of)
{
	for (struct name **at = names; *at; at = &(*at)->next)
		if (strcmp((*at)->name, name) == 0) {
			struct name *is = *at;
			*at = is->next;
			free(is->name);
			free(is);
			break;
		}
	if (!of)
		return;
	struct name *n = room(sizeof *n);
	*n = (struct name){ .next = *names, .name = strdup(name), .of = of };
	*names = n;
}

static void bytes_size(uint8_t **bytes, size_t *len, size_t size)
{
	uint8_t *more = realloc(*bytes, size ? size : 1);
	if (!more)
		abort();
	if (size > *len)
		memset(more + *len, 0, size - *len);
	*bytes = more;
	*len = size;
}

static void bytes_put(uint8_t **bytes, size_t *len, uint64_t at, const uint8_t *p, size_t n)
{
	if (at + n > *len)
		bytes_size(bytes, len, (size_t)at + n);
	if (n)
		memcpy(*bytes + at, p, n);
}

static void changes_end(struct object *o, bool keep)
{
	while (o->changes) {
		struct change *c = o->changes;
		if (keep && o->folder)
			name_set(&o->names, c->name, c->of);
		else if (keep && c->bytes)
			bytes_put(&o->bytes, &o->len, c->at, c->bytes, c->len);
		else if (keep)
			bytes_size(&o->bytes, &o->len, (size_t)c->at);
		o->changes = c->next;
		free(c->bytes);
		free(c->name);
		free(c);
	}
	o->last = &o->changes;
}

/* What a name means to those who run: the newest change, or what is sure. */
static struct object *name_of(const struct object *folder, const char *name, size_t len)
{
	struct object *found = NULL;
	for (const struct name *n = folder->names; n; n = n->next)
		if (strlen(n->name) == len && memcmp(n->name, name, len) == 0)
			found = n->of;
	for (const struct change *c = folder->changes; c; c = c->next)
		if (strlen(c->name) == len && memcmp(c->name, name, len) == 0)
			found = c->of;
	return found;
}

/* The folder in which a path ends, and its last part. */
static struct object *folder_of(const struct disk *d, const char *path, const char **last)
{
	struct object *o = d->top;
	for (const char *slash; o && (slash = strchr(path, '/')); path = slash + 1)
		o = name_of(o, path, (size_t)(slash - path));
	*last = path;
	return o;
}

static void name_change(struct disk *d, const char *path, struct object *of)
{
	const char *last;
	struct object *folder = folder_of(d, path, &last);
	assert(folder && folder->folder);
	struct change *c = change_add(folder);
	c->name = strdup(last);
	c->of = of;
}

void disk_add(struct disk *d, const struct fault_record *r)
{
	const char *path = (const char *)r->data, *last;
	struct object *o = object_of(d, r->ino), *folder;
	struct change *c;
	switch ((enum fault_op)r->op) {
	case OP_CREATE: case OP_MKDIR:
		name_change(d, path, object_new(d, r->ino, r->op == OP_MKDIR, r->op == OP_MKDIR ? 0700 : 0600));
		break;
	case OP_WRITE:
		c = change_add(o);
		c->at = r->at;
		c->len = r->len;
		c->bytes = room(r->len);
		memcpy(c->bytes, r->data, r->len);
		break;
	case OP_TRUNCATE:
		change_add(o)->at = r->at;
		break;
	case OP_SYNC:
		changes_end(o, true);
		break;
	case OP_SYNC_FAILED:
		if (!o->folder)
			changes_end(o, false);
		break;
	case OP_RENAME:
		name_change(d, path + r->at, o);
		name_change(d, path, NULL);
		break;
	case OP_UNLINK:
		folder = folder_of(d, path, &last);
		if (folder && name_of(folder, last, strlen(last)))	/* a socket was never here */
			name_change(d, path, NULL);
		break;
	default:
		break;
	}
}

/* ---- from and to a real folder ---- */

static struct disk *loading;	/* nftw passes nothing on */
static size_t loading_prefix;

static int load_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)flag, (void)f;
	if (!S_ISDIR(st->st_mode) && !S_ISREG(st->st_mode))
		return 0;
	struct object *o = object_new(loading, st->st_ino, S_ISDIR(st->st_mode), st->st_mode & 07777);
	if (!loading->top) {
		loading->top = o;
		loading_prefix = strlen(path) + 1;
		return 0;
	}
	if (!o->folder) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		o->len = (size_t)st->st_size;
		o->bytes = room(o->len);
		if (fd < 0 || read(fd, o->bytes, o->len) != (ssize_t)o->len)
			abort();
		close(fd);
	}
	const char *last;
	struct object *folder = folder_of(loading, path + loading_prefix, &last);
	name_set(&folder->names, last, o);
	return 0;
}

struct disk *disk_load(const char *dir)
{
	struct disk *d = room(sizeof *d);
	loading = d;
	if (nftw(dir, load_one, 16, FTW_PHYS) != 0)
		abort();
	return d;
}

void disk_free(struct disk *d)
{
	while (d->objects) {
		struct object *o = d->objects;
		changes_end(o, false);
		while (o->names)
			name_set(&o->names, o->names->name, NULL);
		d->objects = o->next;
		free(o->bytes);
		free(o);
	}
	free(d);
}

static uint32_t random_next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

struct writing { enum disk_loss loss; uint32_t seed, there; };	/* there: of 8 sectors so many reached the disk */

static bool reached(struct writing *w)
{
	return w->loss == DISK_ALL || (w->loss == DISK_SOME && random_next(&w->seed) % 8 < w->there);
}

static void file_bytes(const struct object *o, struct writing *w, uint8_t **bytes, size_t *len)
{
	*len = 0;
	*bytes = NULL;
	bytes_put(bytes, len, 0, o->bytes ? o->bytes : (const uint8_t *)"", o->len);
	for (const struct change *c = o->changes; c; c = c->next) {
		if (!c->bytes) {
			if (reached(w))
				bytes_size(bytes, len, (size_t)c->at);
			continue;
		}
		for (size_t i = 0, n; i < c->len; i += n) {
			n = SECTOR - (c->at + i) % SECTOR;	/* up to the next sector's edge */
			n = n < c->len - i ? n : c->len - i;
			if (reached(w))
				bytes_put(bytes, len, c->at + i, c->bytes + i, n);
		}
	}
}

static void file_write(const struct object *o, const char *path, struct writing *w)
{
	uint8_t *bytes;
	size_t len;
	file_bytes(o, w, &bytes, &len);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || fchmod(fd, o->mode) < 0)
		abort();
	close(fd);
	free(bytes);
}

/* Depth: that of a home. */
static void folder_write(const struct object *o, const char *dir, struct writing *w, unsigned depth)
{
	assert(depth < 8);
	struct name *names = NULL;
	for (const struct name *n = o->names; n; n = n->next)
		name_set(&names, n->name, n->of);
	/* Names reach the disk in their order: a journal of the file system's keeps it. */
	size_t n_changes = 0, n_there = 0;
	for (const struct change *c = o->changes; c; c = c->next)
		n_changes++;
	if (w->loss != DISK_NONE)
		n_there = w->loss == DISK_ALL ? n_changes : random_next(&w->seed) % (n_changes + 1);
	for (const struct change *c = o->changes; c && n_there > 0; c = c->next, n_there--)
		name_set(&names, c->name, c->of);
	for (const struct name *n = names; n; n = n->next) {
		char path[PATH_MAX];
		(void)snprintf(path, sizeof path, "%s/%s", dir, n->name);
		if (!n->of->folder)
			file_write(n->of, path, w);
		else if (mkdir(path, 0700) < 0)
			abort();
		else
			folder_write(n->of, path, w, depth + 1);
	}
	while (names)
		name_set(&names, names->name, NULL);
}

void disk_write(const struct disk *d, const char *dir, enum disk_loss loss, uint32_t seed)
{
	static const uint32_t there[] = { 1, 4, 7 };
	struct writing w = { loss, seed * 2654435761u | 1, there[seed % 3] };
	(void)random_next(&w.seed);
	folder_write(d->top, dir, &w, 0);
}

bool disk_read(const struct disk *d, const char *path, uint8_t **bytes, size_t *len)
{
	const char *last;
	const struct object *folder = folder_of(d, path, &last), *o = folder ? name_of(folder, last, strlen(last)) : NULL;
	if (!o || o->folder)
		return false;
	struct writing w = { DISK_ALL, 1, 8 };
	file_bytes(o, &w, bytes, len);
	return true;
}
