/* A result's files onto disk: first the whole set into a fresh folder beside their places, then each top name moved to its place. What an earlier result
 * left there is replaced, as a second run of the same command should; whatever else stands there is not. Names come from a box, so no step
 * follows a link; when a step fails, what was moved goes back, what was replaced returns, and nothing remains.
 */
#include "form/bundle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/os.h"
#include "base/text.h"
#include "seal/crypto.h"

#define STAGE ".enclua-"
#define STAGE_NAME 25u	/* with 16 hexadecimal digits and the NUL */
#define STAGE_AGE 60	/* seconds */

/* The folder that a path's file goes to, made on the way, one component at a time. Returns a descriptor or -1. */
static int folder_open(int top, const char *path, const char **leaf, struct err *e)
{
	char part[LIMIT_PATH_BYTES + 2];
	int at = fcntl(top, F_DUPFD_CLOEXEC, 0);
	for (const char *slash; at >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
		memcpy(part, path, (size_t)(slash - path));
		part[slash - path] = '\0';
		int next = mkdirat(at, part, 0777) == 0 || errno == EEXIST
			? openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
		int why = errno;
		close(at);
		errno = why;
		at = next;
	}
	if (at < 0)
		err_sys(e, errno, "cannot make the folder of %s", path);
	*leaf = path;
	return at;
}

static int file_write(int top, const struct bundle_file *f, struct err *e)
{
	const char *leaf;
	int folder = folder_open(top, f->path, &leaf, e);
	if (folder < 0)
		return -1;
	int r = 0;
	int fd = openat(folder, leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0 || os_write(fd, f->bytes, f->len) < 0 || fsync(fd) < 0)
		r = err_sys(e, errno, "cannot write %s", f->path);
	if (fd >= 0)
		close(fd);
	close(folder);
	return r;
}

/* Removes a tree that we have made: at most as deep as a path has slashes. */
// NOLINTNEXTLINE(misc-no-recursion): as deep as a path of ours has slashes
static void tree_remove(int top, const char *name)
{
	if (unlinkat(top, name, 0) == 0 || errno == ENOENT)
		return;
	int fd = openat(top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (struct dirent *f; (f = readdir(d));)
		if (strcmp(f->d_name, ".") != 0 && strcmp(f->d_name, "..") != 0)
			tree_remove(dirfd(d), f->d_name);
	closedir(d);
	(void)unlinkat(top, name, AT_REMOVEDIR);
}

/* What lies in the folder already: the list of the result before, if there was one. */
struct place { int dir; struct json *list; };

static int plain_open(int dir, const char *name, off_t max)
{
	struct stat st;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= max)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static void list_load(struct place *p)
{
	struct buf text = BUF_INIT(BUNDLE_LIST_BYTES);
	uint8_t piece[4096];
	ssize_t n = -1;
	int fd = plain_open(p->dir, BUNDLE_LIST, (off_t)BUNDLE_LIST_BYTES);
	while (fd >= 0 && (n = os_read(fd, piece, sizeof piece)) > 0)
		if (buf_add(&text, piece, (size_t)n, NULL) < 0)
			break;
	if (n == 0 && json_parse(&p->list, buf_text(&text), text.len, NULL) < 0)
		p->list = NULL;	/* a file of somebody else's */
	if (fd >= 0)
		close(fd);
	buf_done(&text);
}

/* Is the file of this name as the result before left it? Its list cannot name what that result did not write. */
static bool left_behind(const struct place *p, const char *name)
{
	const struct json *files = json_get(p->list, "files"), *f = NULL;
	uint8_t hash[32], piece[4096];
	struct sha256 h;
	char hex[HEX_LEN(32) + 1];
	ssize_t n = -1;
	for (size_t i = 0; i < json_count(files) && !f; i++) {
		const char *path = json_text(json_get(json_at(files, i), "path"), NULL);
		f = path && strcmp(path, name) == 0 ? json_at(files, i) : NULL;
	}
	const char *was = json_text(json_get(f, "sha256"), NULL);
	int fd = was ? plain_open(p->dir, name, INT64_MAX) : -1;
	if (fd < 0)
		return false;
	sha256_init(&h);
	while ((n = os_read(fd, piece, sizeof piece)) > 0)
		sha256_add(&h, piece, (size_t)n);
	close(fd);
	sha256_end(&h, hash);
	hex_encode(hex, hash, sizeof hash);
	return n == 0 && strcmp(hex, was) == 0;
}

/* The names that this program gives are its own; those that an iApp gives may meet any file of the user's. */
static bool replaceable(const struct place *p, const char *name)
{
	static const char *const ours[] = { BUNDLE_LIST, "log.txt", "result.age", "task.receipt" };
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (strcmp(name, ours[i]) == 0)
			return true;
	return left_behind(p, name);
}

/* A writer that was killed while it moved its files left some of them and no list; the same result, written again, finds them as its own. */
static bool same_bytes(int stage, int dir, const char *name)
{
	uint8_t fresh[4096], there[4096];
	ssize_t n = -1, m = -1;
	int a = plain_open(stage, name, INT64_MAX), b = plain_open(dir, name, INT64_MAX);
	if (a >= 0 && b >= 0)
		do {
			n = os_read(a, fresh, sizeof fresh);
			m = os_read(b, there, sizeof there);
		} while (n > 0 && n == m && memcmp(fresh, there, (size_t)n) == 0);
	if (a >= 0)
		close(a);
	if (b >= 0)
		close(b);
	return n == 0 && m == 0;
}

/* Moves a name to its place. A plain file there changes places with the new one, so that it can return. */
static int move_in(int stage, const struct place *p, const char *name)
{
	struct stat st, fresh;
	int dir = p->dir;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (fstatat(stage, name, &fresh, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && S_ISREG(fresh.st_mode) &&
			(replaceable(p, name) || same_bytes(stage, dir, name)))
			return renameat2(stage, name, dir, name, RENAME_EXCHANGE);
		errno = EEXIST;
		return -1;
	}
	return errno == ENOENT ? renameat2(stage, name, dir, name, RENAME_NOREPLACE) : -1;
}

static void move_back(int stage, int dir, const char *name)
{
	struct stat st;
	bool replaced = fstatat(stage, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	(void)renameat2(dir, name, stage, name, replaced ? RENAME_EXCHANGE : RENAME_NOREPLACE);
}

/* The first component; 1 when the file before has another one. Files of one folder are neighbours in bytewise order. */
static int top_name(const struct bundle *b, size_t i, char out[static LIMIT_PATH_BYTES + 2])
{
	const char *path = b->files[i].path;
	size_t n = strcspn(path, "/");
	memcpy(out, path, n);
	out[n] = '\0';
	return i == 0 || path[n] != '/' || strncmp(b->files[i - 1].path, path, n + 1) != 0;
}

static int publish(const struct bundle *b, int stage, const struct place *p, const char *dir_name, struct err *e)
{
	int dir = p->dir;
	char name[LIMIT_PATH_BYTES + 2];
	for (size_t i = 0; i < b->n_files; i++) {
		if (!top_name(b, i, name) || move_in(stage, p, name) == 0)
			continue;
		int why = errno;
		if (why == EEXIST) {
			err_set(e, ERR_CONFLICT, "%s/%s exists and is not what an earlier result left there, so it is not replaced", dir_name, name);
			err_hint(e, "name another folder with -o; a task that has run keeps its result: enclua task result TASK -o DIR");
		} else {
			err_sys(e, why, "cannot put %s into %s", name, dir_name);
		}
		while (i-- > 0)
			if (top_name(b, i, name))
				move_back(stage, dir, name);
		return -1;
	}
	return fsync(dir) == 0 ? 0 : err_sys(e, errno, "cannot sync %s", dir_name);
}

/* What a killed writer left: a stage whose lock is free. One that was made just now may not have its lock yet. */
static void stages_sweep(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (struct dirent *f; (f = readdir(d));) {
		struct stat st;
		if (strlen(f->d_name) != STAGE_NAME - 1 || strncmp(f->d_name, STAGE, strlen(STAGE)) != 0)
			continue;
		int stage = openat(dir, f->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (stage >= 0 && fstat(stage, &st) == 0 && st.st_mtime < os_time() - STAGE_AGE && flock(stage, LOCK_EX | LOCK_NB) == 0)
			tree_remove(dir, f->d_name);
		if (stage >= 0)
			close(stage);
	}
	closedir(d);
}

static int stage_make(int dir, char name[static STAGE_NAME], const char *dir_name, struct err *e)
{
	uint64_t random;
	crypto_random(&random, sizeof random);
	(void)snprintf(name, STAGE_NAME, STAGE "%016llx", (unsigned long long)random);
	if (mkdirat(dir, name, 0700) < 0)
		return err_sys(e, errno, "cannot write into %s", dir_name);
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && os_lock(fd) == 0)
		return fd;
	err_sys(e, errno, "cannot write into %s", dir_name);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The files and, behind them, the list. */
static int with_list(struct bundle *all, const struct bundle *b, struct err *e)
{
	*all = (struct bundle){ .n_files = b->n_files, .files = calloc(b->n_files + 1, sizeof *b->files) };
	if (!all->files)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (b->n_files)
		memcpy(all->files, b->files, b->n_files * sizeof *b->files);
	if (b->json) {
		struct bundle_file *f = &all->files[all->n_files++];
		(void)snprintf(f->path, sizeof f->path, "%s", BUNDLE_LIST);
		f->bytes = b->json;
		f->len = b->json_len;
	}
	return 0;
}

int bundle_write(const struct bundle *files, const char *dir_name, struct err *e)
{
	struct bundle all, *b = &all;
	char stage_name[STAGE_NAME];
	bool made = !os_exists(dir_name);
	int stage = -1, r = -1;
	if (os_dir_make(dir_name, 0777, e) < 0 || with_list(b, files, e) < 0)
		return -1;
	int dir = open(dir_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		err_sys(e, errno, "cannot open %s", dir_name);
		goto out;
	}
	stages_sweep(dir);
	if ((stage = stage_make(dir, stage_name, dir_name, e)) < 0)
		goto out;
	r = 0;
	for (size_t i = 0; r == 0 && i < b->n_files; i++)
		r = file_write(stage, &b->files[i], e);
	struct place p = { .dir = dir };
	list_load(&p);
	if (r == 0)
		r = publish(b, stage, &p, dir_name, e);
	json_free(p.list);
	tree_remove(dir, stage_name);
out:
	if (stage >= 0)
		close(stage);
	if (dir >= 0)
		close(dir);
	if (r < 0 && made)
		(void)rmdir(dir_name);
	free(all.files);
	return r;
}
