/* See tree.h. Paths are short and of our own making: what is too long ends the test. */
#include "tree.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void path_join(char out[static PATH_MAX], const char *dir, const char *name)
{
	if (snprintf(out, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
		abort();
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int file_copy(const char *from, const char *to, const struct stat *st)
{
	char chunk[65536];
	ssize_t n;
	int r = -1, in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, st->st_mode & 07777);
	if (in < 0 || out < 0)
		goto out;
	while ((n = read(in, chunk, sizeof chunk)) > 0)
		if (write(out, chunk, (size_t)n) != n)
			goto out;
	r = n < 0 ? -1 : fchmod(out, st->st_mode & 07777);
out:
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return r;
}

int tree_copy(const char *from, const char *to)
{
	char a[PATH_MAX], b[PATH_MAX];
	struct stat st;
	int r = 0;
	if (lstat(from, &st) < 0 || (mkdir(to, 0700) < 0 && !S_ISDIR(st.st_mode)))
		return -1;
	(void)chmod(to, st.st_mode & 07777);
	DIR *d = opendir(from);
	if (!d)
		return -1;
	for (struct dirent *f; r == 0 && (f = readdir(d));) {
		if (is_dots(f->d_name))
			continue;
		path_join(a, from, f->d_name);
		path_join(b, to, f->d_name);
		if (lstat(a, &st) < 0)
			r = -1;
		else if (S_ISDIR(st.st_mode))
			r = tree_copy(a, b);
		else if (S_ISREG(st.st_mode))
			r = file_copy(a, b, &st);
	}
	closedir(d);
	return r;
}

void tree_remove(const char *path)
{
	char inner[PATH_MAX];
	DIR *d = opendir(path);
	for (struct dirent *f; d && (f = readdir(d));) {
		if (is_dots(f->d_name))
			continue;
		path_join(inner, path, f->d_name);
		if (unlink(inner) < 0)
			tree_remove(inner);
	}
	if (d)
		closedir(d);
	(void)rmdir(path);
}

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ ((const uint8_t *)p)[i]) * 1099511628211u;
	return h;
}

/* SQLite's shared memory is no part of what is kept. */
static bool ends_with(const char *name, const char *end)
{
	const size_t n = strlen(name), m = strlen(end);
	return n >= m && strcmp(name + n - m, end) == 0;
}

uint64_t tree_print(const char *path)
{
	char inner[PATH_MAX];
	uint64_t sum = 1469598103934665603u;
	DIR *d = opendir(path);
	for (struct dirent *f; d && (f = readdir(d));) {
		struct stat st;
		if (is_dots(f->d_name) || ends_with(f->d_name, "-shm"))
			continue;
		path_join(inner, path, f->d_name);
		uint64_t h = mix(1469598103934665603u, f->d_name, strlen(f->d_name));
		if (lstat(inner, &st) == 0 && !S_ISDIR(st.st_mode)) {
			h = mix(h, &st.st_ino, sizeof st.st_ino);
			h = mix(h, &st.st_size, sizeof st.st_size);
			h = mix(h, &st.st_mode, sizeof st.st_mode);
			h = mix(h, &st.st_mtim.tv_sec, sizeof st.st_mtim.tv_sec);
			h = mix(h, &st.st_mtim.tv_nsec, sizeof st.st_mtim.tv_nsec);
		} else
			h = mix(h, &(uint64_t){ tree_print(inner) }, sizeof(uint64_t));
		sum += h;	/* in whatever order the folder gives them */
	}
	if (d)
		closedir(d);
	return sum;
}

/* Things */

static bool is_id(const char *s, size_t n)
{
	bool digit = false;
	for (size_t i = 0; i < n; i++)
		digit |= isdigit((unsigned char)s[i]) != 0;
	return n >= 16 && digit;
}

void things_add(struct things *t, const char *name, size_t len)
{
	char plain[120];
	size_t n = 0;
	for (size_t i = 0; i < len;) {
		size_t run = 0;
		while (i + run < len && isalnum((unsigned char)name[i + run]))
			run++;
		if (is_id(name + i, run) && n + 1 < sizeof plain)
			plain[n++] = '*';
		else
			for (size_t k = 0; k < (run ? run : 1) && n + 1 < sizeof plain; k++)
				plain[n++] = name[i + k];
		i += run ? run : 1;
	}
	plain[n] = '\0';
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->at[i].name, plain) == 0) {
			t->at[i].count++;
			return;
		}
	if (t->n == THINGS_MAX)
		abort();
	memcpy(t->at[t->n].name, plain, n + 1);
	t->at[t->n++].count = 1;
}

unsigned things_count(const struct things *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->at[i].name, name) == 0)
			return t->at[i].count;
	return 0;
}

static void files_below(struct things *t, const char *path, size_t skip)
{
	char inner[PATH_MAX];
	DIR *d = opendir(path);
	for (struct dirent *f; d && (f = readdir(d));) {
		struct stat st;
		if (is_dots(f->d_name))
			continue;
		path_join(inner, path, f->d_name);
		if (lstat(inner, &st) == 0 && S_ISDIR(st.st_mode))
			files_below(t, inner, skip);
		else
			things_add(t, inner + skip, strlen(inner) - skip);
	}
	if (d)
		closedir(d);
}

void things_files(struct things *t, const char *path)
{
	files_below(t, path, strlen(path) + 1);
}
