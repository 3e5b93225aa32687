/* A folder for one test, gone when the test is. */
#ifndef ENCLUA_TESTS_SCRATCH_H
#define ENCLUA_TESTS_SCRATCH_H

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static inline int scratch_remove_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)st;
	(void)flag;
	(void)f;
	return remove(path);
}

static inline void scratch_remove(const char *path)
{
	(void)nftw(path, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void scratch_make(char path[static PATH_MAX])
{
	const char *top = getenv("TMPDIR");
	(void)snprintf(path, PATH_MAX, "%s/enclua-test-XXXXXX", top && *top ? top : "/tmp");
	if (!mkdtemp(path))
		abort();
}

static inline void scratch_file(const char *dir, const char *name, const void *bytes, size_t n)
{
	char path[PATH_MAX + 256];
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
		abort();
	close(fd);
}

#endif
