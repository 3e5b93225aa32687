/* System calls with the corners rounded off. */
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The limit alone does not stop a dump that goes to a pipe; the flag alone is lost with an exec, and the limit stays. */
void os_no_dumps(void)
{
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	(void)prctl(PR_SET_DUMPABLE, 0);
}

int os_stack_need(size_t bytes, struct err *e)
{
	struct rlimit now;
	if (getrlimit(RLIMIT_STACK, &now) < 0 || now.rlim_cur >= bytes)	/* RLIM_INFINITY is the largest number */
		return 0;
	const struct rlimit more = { bytes, now.rlim_max > bytes ? now.rlim_max : bytes };
	if (setrlimit(RLIMIT_STACK, &more) == 0)
		return 0;
	err_set(e, ERR_LIMIT, "the stack is limited to %zu KiB, and %zu KiB are needed", (size_t)now.rlim_cur / 1024, bytes / 1024);
	return err_hint(e, "ulimit -s 8192, in a shell in which nobody has lowered it");
}

void os_wipe(void *p, size_t n)
{
	if (n)
		explicit_bzero(p, n);
}

ssize_t os_read(int fd, void *p, size_t n)
{
	size_t got = 0;
	while (got < n) {
		ssize_t r = read(fd, (char *)p + got, n - got);
		if (r == 0)
			break;
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

ssize_t os_pread(int fd, void *p, size_t n, uint64_t offset)
{
	size_t got = 0;
	while (got < n) {
		ssize_t r = pread(fd, (char *)p + got, n - got, (off_t)(offset + got));
		if (r == 0)
			break;
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

int os_write(int fd, const void *p, size_t n)
{
	size_t put = 0;
	while (put < n) {
		ssize_t r = write(fd, (const char *)p + put, n - put);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		put += (size_t)r;
	}
	return 0;
}

int os_lock(int fd)
{
	int r;
	do
		r = flock(fd, LOCK_EX);
	while (r < 0 && errno == EINTR);
	return r;
}

#define READ_BYTES 16384u	/* on the stack, deep in many calls */

static int file_read(const char *path, bool plain, struct buf *out, struct err *e)
{
	int fd = plain ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "cannot read %s", path);
	struct stat st = { .st_mode = 0 };
	int r = -1;
	if (fstat(fd, &st) < 0) {
		err_sys(e, errno, "cannot look at %s", path);
		goto out;
	}
	if (S_ISDIR(st.st_mode)) {
		err_set(e, ERR_INVALID, "%s is a directory, not a file", path);
		goto out;
	}
	if (plain && !S_ISREG(st.st_mode)) {
		err_set(e, ERR_INVALID, "%s is not a plain file", path);
		goto out;
	}
	for (;;) {
		size_t room = out->max - out->len;
		size_t step = room < READ_BYTES ? room + 1 : READ_BYTES;
		uint8_t chunk[READ_BYTES + 1];
		ssize_t n = os_read(fd, chunk, step);
		if (n < 0) {
			err_sys(e, errno, "cannot read %s", path);
			goto out;
		}
		int bad = buf_add(out, chunk, (size_t)n, e);
		os_wipe(chunk, (size_t)n);
		if (bad < 0) {
			err_wrap(e, "%s", path);
			goto out;
		}
		if ((size_t)n < step)
			break;
	}
	r = 0;
out:
	close(fd);
	return r;
}

int os_file_read(const char *path, struct buf *out, struct err *e)
{
	return file_read(path, false, out, e);
}

int os_plain_read(const char *path, struct buf *out, struct err *e)
{
	return file_read(path, true, out, e);
}

static int dir_sync(const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	if (!slash)
		(void)snprintf(dir, sizeof dir, ".");
	else if (slash == path)
		(void)snprintf(dir, sizeof dir, "/");
	else
		(void)snprintf(dir, sizeof dir, "%.*s", (int)(slash - path), path);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int r = fsync(fd);
	close(fd);
	return r;
}

#define TMP ".tmp-"
#define TMP_RANDOM 6u	/* characters, of mkostemp */

static int file_swap(const char *path, mode_t mode, const void *bytes, size_t n, bool sync, struct err *e)
{
	char tmp[PATH_MAX];
	int len = snprintf(tmp, sizeof tmp, "%s" TMP "XXXXXX", path);
	if (len < 0 || (size_t)len >= sizeof tmp)
		return err_set(e, ERR_INVALID, "the path %s is too long", path);
	int fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "cannot write %s", path);
	if (fchmod(fd, mode) < 0 || os_write(fd, bytes, n) < 0 || (sync && fsync(fd) < 0)) {
		err_sys(e, errno, "cannot write %s", path);
		close(fd);
		goto undo;
	}
	if (close(fd) < 0 || rename(tmp, path) < 0) {
		err_sys(e, errno, "cannot write %s", path);
		goto undo;
	}
	return 0;
undo:
	(void)unlink(tmp);
	return -1;
}

int os_file_replace(const char *path, mode_t mode, const void *bytes, size_t n, struct err *e)
{
	if (file_swap(path, mode, bytes, n, true, e) < 0)
		return -1;
	return dir_sync(path) < 0 ? err_sys(e, errno, "cannot sync the directory of %s", path) : 0;
}

int os_file_publish(const char *path, mode_t mode, const void *bytes, size_t n, bool whole, struct err *e)
{
	return file_swap(path, mode, bytes, n, whole, e);
}

bool os_tmp_is(const char *name)
{
	size_t len = strlen(name), tail = sizeof TMP - 1 + TMP_RANDOM;
	return len > tail && strncmp(name + len - tail, TMP, sizeof TMP - 1) == 0;
}

/* Best effort: what cannot be removed now is there the next time. */
void os_tmp_sweep(const char *path, int64_t age_s)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	int len = slash ? snprintf(dir, sizeof dir, "%.*s/", (int)(slash - path), path) : snprintf(dir, sizeof dir, ".");
	DIR *d = len < 0 || (size_t)len >= sizeof dir ? NULL : opendir(dir);
	if (!d)
		return;
	for (struct dirent *f; (f = readdir(d));) {
		struct stat st;
		size_t n = strlen(base);
		if (strncmp(f->d_name, base, n) == 0 && strlen(f->d_name) == n + sizeof TMP - 1 + TMP_RANDOM && os_tmp_is(f->d_name) &&
			fstatat(dirfd(d), f->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && st.st_mtime + age_s <= os_time())
			(void)unlinkat(dirfd(d), f->d_name, 0);
	}
	closedir(d);
}

int os_dir_make(const char *path, mode_t mode, struct err *e)
{
	char p[PATH_MAX];
	int len = snprintf(p, sizeof p, "%s", path);
	if (len < 0 || (size_t)len >= sizeof p)
		return err_set(e, ERR_INVALID, "the path %s is too long", path);
	for (char *s = p + 1;; s++) {
		if (*s != '/' && *s != '\0')
			continue;
		char c = *s;
		*s = '\0';
		if (mkdir(p, mode) < 0 && errno != EEXIST) {
			const int why = errno;
			struct stat is;
			const bool may_be = why == EROFS || why == EACCES || why == EPERM;	/* some file systems do not say EEXIST first */
			if (!may_be || stat(p, &is) < 0 || !S_ISDIR(is.st_mode))
				return err_sys(e, why, "cannot make the directory %s", p);
		}
		*s = c;
		if (c == '\0')
			break;
	}
	struct stat st;
	if (stat(path, &st) < 0)
		return err_sys(e, errno, "cannot look at %s", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_CONFLICT, "%s exists and is not a directory", path);
	return 0;
}

int os_dir_guard(const char *path, struct err *e)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return err_sys(e, errno, "cannot look at %s", path);
	if (st.st_mode & 022) {
		err_set(e, ERR_DENIED, "others may change what is in %s (mode %04o)", path, (unsigned)st.st_mode & 07777);
		return err_hint(e, "chmod 700 %s   after a look at what is in it", path);
	}
	uid_t me = geteuid();
	if (me != 0 && st.st_uid != me && st.st_uid != 0)
		return err_set(e, ERR_DENIED, "%s belongs to another user", path);
	return 0;
}

int os_dir_next(DIR *d, struct dirent **out)
{
	errno = 0;
	*out = readdir(d);
	return *out ? 1 : errno ? -1 : 0;
}

int os_look(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 ? 1 : errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG ? 0 : -1;
}

bool os_exists(const char *path)
{
	return os_look(path) != 0;
}

uint64_t os_now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

int64_t os_time(void)
{
	return (int64_t)time(NULL);
}
