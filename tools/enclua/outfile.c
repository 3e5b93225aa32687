/* O_TMPFILE where the file system has it; a name beside the target, removed on failure, where not. */
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 100

static int special_open(struct outfile *f, struct err *e)
{
	f->fd = open(f->path, O_WRONLY | O_CLOEXEC);
	return f->fd < 0 ? err_sys(e, errno, "cannot write %s", f->path) : 0;
}

static int named_open(struct outfile *f, mode_t mode, struct err *e)
{
	int n = snprintf(f->temporary, sizeof f->temporary, "%s.tmp-XXXXXX", f->path);
	if (n < 0 || (size_t)n >= sizeof f->temporary) {
		f->temporary[0] = '\0';
		return err_set(e, ERR_INVALID, "the path %s is too long", f->path);
	}
	f->fd = mkostemp(f->temporary, O_CLOEXEC);
	if (f->fd < 0) {
		f->temporary[0] = '\0';
		return err_sys(e, errno, "cannot write %s", f->path);
	}
	mode_t mask = umask(0);
	(void)umask(mask);
	(void)fchmod(f->fd, mode & ~mask);
	return 0;
}

static int nameless_open(struct outfile *f, mode_t mode)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(f->path, '/');
	(void)snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - f->path) + 1 : 1, slash ? f->path : ".");
	if (access("/proc/self/fd", X_OK) < 0)
		return -1;	/* it could not be given a name later */
	f->fd = open(dir, O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
	return f->fd < 0 ? -1 : 0;
}

int outfile_open(struct outfile *f, const char *path, mode_t mode, int not_this, struct err *e)
{
	struct stat st, other;
	memset(f, 0, sizeof *f);
	f->fd = -1;
	if (!path || strcmp(path, "-") == 0) {
		f->fd = STDOUT_FILENO;
		return 0;
	}
	if (strlen(path) >= sizeof f->path)
		return err_set(e, ERR_INVALID, "the path of the output is too long");
	/* A link stays a link: what it points at is replaced. */
	if (!realpath(path, f->path))
		(void)snprintf(f->path, sizeof f->path, "%s", path);
	if (stat(f->path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return err_set(e, ERR_CONFLICT, "%s is a directory; the output is a file", path);
		if (not_this >= 0 && fstat(not_this, &other) == 0 && st.st_dev == other.st_dev && st.st_ino == other.st_ino &&
			S_ISREG(st.st_mode))
			return err_set(e, ERR_USAGE, "input and output are the same file, %s", path);
		if (!S_ISREG(st.st_mode))
			return special_open(f, e);
	}
	f->atomic = true;
	return nameless_open(f, mode) == 0 ? 0 : named_open(f, mode, e);
}

/* A name of its own for the nameless file, beside the target, as linkat() does not replace. */
static int name_give(struct outfile *f)
{
	char self[64], name[PATH_MAX];
	(void)snprintf(self, sizeof self, "/proc/self/fd/%d", f->fd);
	for (int i = 0; i < TRIES; i++) {
		int n = snprintf(name, sizeof name, "%s.tmp-%ld-%d", f->path, (long)getpid(), i);
		if (n < 0 || (size_t)n >= sizeof name) {
			errno = ENAMETOOLONG;
			return -1;
		}
		if (linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0) {
			memcpy(f->temporary, name, sizeof name);
			return 0;
		}
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

int outfile_keep(struct outfile *f, struct err *e)
{
	int fd = f->fd;
	if (fd == STDOUT_FILENO) {
		f->fd = -1;
		return 0;
	}
	if (f->atomic) {
		if (!f->temporary[0] && name_give(f) < 0)
			return err_sys(e, errno, "cannot name the output %s", f->path);
		if (rename(f->temporary, f->path) < 0)
			return err_sys(e, errno, "cannot name the output %s", f->path);
		f->temporary[0] = '\0';
	}
	f->fd = -1;
	return close(fd) < 0 ? err_sys(e, errno, "cannot write %s", f->path) : 0;
}

void outfile_drop(struct outfile *f)
{
	if (f->fd >= 0 && f->fd != STDOUT_FILENO)
		close(f->fd);
	if (f->temporary[0])
		(void)unlink(f->temporary);
	f->fd = -1;
	f->temporary[0] = '\0';
}
