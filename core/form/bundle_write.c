/* A result's files onto disk: first the whole set into a fresh folder beside their places, then each top name moved to its place. A plain file
 * that stands there is replaced, as a second run of the same command should; a folder or a link is not. Names come from a box, so no step
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

#include "base/os.h"
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

/* Moves a name to its place. A plain file there changes places with the new one, so that it can return. */
static int move_in(int stage, int dir, const char *name)
{
	struct stat st, fresh;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (fstatat(stage, name, &fresh, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && S_ISREG(fresh.st_mode))
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

static int publish(const struct bundle *b, int stage, int dir, const char *dir_name, struct err *e)
{
	char name[LIMIT_PATH_BYTES + 2];
	for (size_t i = 0; i < b->n_files; i++) {
		if (!top_name(b, i, name) || move_in(stage, dir, name) == 0)
			continue;
		int why = errno;
		if (why == EEXIST) {
			err_set(e, ERR_CONFLICT, "%s/%s exists and is no plain file, so it is not replaced", dir_name, name);
			err_hint(e, "name another folder with -o");
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
	if (fd >= 0 && flock(fd, LOCK_EX) == 0)
		return fd;
	err_sys(e, errno, "cannot write into %s", dir_name);
	if (fd >= 0)
		close(fd);
	return -1;
}

int bundle_write(const struct bundle *b, const char *dir_name, struct err *e)
{
	char stage_name[STAGE_NAME];
	bool made = !os_exists(dir_name);
	if (os_dir_make(dir_name, 0777, e) < 0)
		return -1;
	int stage = -1, r = -1;
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
	if (r == 0)
		r = publish(b, stage, dir, dir_name, e);
	tree_remove(dir, stage_name);
out:
	if (stage >= 0)
		close(stage);
	if (dir >= 0)
		close(dir);
	if (r < 0 && made)
		(void)rmdir(dir_name);
	return r;
}
