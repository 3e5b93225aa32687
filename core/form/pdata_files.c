/* Files and folders as leaves. Links are never followed and special files never opened for reading: what is protected is what lies in
 * the named place, and is named in the refusal when it is something else.
 */
#include "form/pdata.h"

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
#include "form/pdata_inner.h"

#define HEAD_BYTES PDATA_HEAD_BYTES

static int kind_refuse(mode_t mode, const char *file, struct err *e)
{
	static const struct { mode_t mode; const char *text; } kinds[] = {
		{ S_IFLNK, "a symbolic link" }, { S_IFIFO, "a pipe" }, { S_IFSOCK, "a socket" }, { S_IFCHR, "a device" },
		{ S_IFBLK, "a device" }, { S_IFDIR, "a folder" },
	};
	const char *text = "a special file";
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].mode == (mode & S_IFMT))
			text = kinds[i].text;
	err_set(e, ERR_INVALID, "%s is %s, and only files and folders can be protected", file, text);
	if (S_ISLNK(mode))
		err_hint(e, "name the file that the link points to");
	return -1;
}

/* Opens only what lstat has seen to be a file; O_NOFOLLOW and the second look close the gap between the two. */
static int file_look(struct leaf *leaf, const char *file, uint8_t head[static HEAD_BYTES], size_t *head_len, struct err *e)
{
	struct stat st;
	if (lstat(file, &st) < 0)
		return err_sys(e, errno, "cannot protect %s", file);
	if (!S_ISREG(st.st_mode))
		return kind_refuse(st.st_mode, file, e);
	int fd = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return err_sys(e, errno, "cannot read %s", file);
	int r = 0;
	ssize_t n = 0;
	if (fstat(fd, &st) < 0 || (S_ISREG(st.st_mode) && (n = os_read(fd, head, HEAD_BYTES)) < 0))
		r = err_sys(e, errno, "cannot read %s", file);
	else if (!S_ISREG(st.st_mode))
		r = kind_refuse(st.st_mode, file, e);
	close(fd);
	*head_len = n > 0 ? (size_t)n : 0;
	leaf->size = (uint64_t)st.st_size;
	leaf->dev = st.st_dev;
	leaf->ino = st.st_ino;
	leaf->mtime = st.st_mtim;
	return r;
}

static const char *base_name(const char *file)
{
	const char *slash = strrchr(file, '/');
	return slash ? slash + 1 : file;
}

int pdata_add_file(struct pdata *d, const char *path, const char *file, struct err *e)
{
	uint8_t head[HEAD_BYTES];
	size_t head_len = 0;
	if (!path)
		path = base_name(file);
	if (pdata_path_check(path, e) < 0)
		return err_wrap(e, "%s", file);
	struct leaf *leaf = pdata_leaf_new(path, "application/octet-stream", e);
	if (!leaf)
		return -1;
	int r = file_look(leaf, file, head, &head_len, e);
	if (r == 0 && !(leaf->file = strdup(file)))
		r = err_set(e, ERR_LIMIT, "out of memory");
	if (r == 0) {
		const char *type = pdata_mime(head, head_len, path);
		memcpy(leaf->type, type, strlen(type) + 1);
	}
	os_wipe(head, sizeof head);
	if (r == 0)
		return pdata_insert(d, leaf, e);
	pdata_leaf_free(leaf);
	return -1;
}

static int name_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

/* The names in a folder, sorted, so that messages and order do not depend on the file system. */
static int names_read(const char *folder, char ***out, size_t *count, struct err *e)
{
	char **names = NULL;
	size_t n = 0, cap = 0;
	DIR *dir = opendir(folder);
	if (!dir)
		return err_sys(e, errno, "cannot read the folder %s", folder);
	for (;;) {
		struct dirent *f;
		const int is = os_dir_next(dir, &f);
		if (is < 0) {
			err_sys(e, errno, "cannot read the folder %s", folder);
			goto bad;
		}
		if (is == 0)
			break;
		if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
			continue;
		if (n >= LIMIT_DATA_LEAVES) {
			err_set(e, ERR_LIMIT, "the folder %s has more than %u entries", folder, LIMIT_DATA_LEAVES);
			goto bad;
		}
		if (n == cap) {
			cap = cap ? cap * 2 : 16;
			char **more = realloc(names, cap * sizeof *names);
			if (!more) {
				err_set(e, ERR_LIMIT, "out of memory");
				goto bad;
			}
			names = more;
		}
		if (!(names[n] = strdup(f->d_name))) {
			err_set(e, ERR_LIMIT, "out of memory");
			goto bad;
		}
		n++;
	}
	closedir(dir);
	if (n)
		qsort(names, n, sizeof *names, name_order);
	*out = names;
	*count = n;
	return 0;
bad:
	closedir(dir);
	names_free(names, n);
	return -1;
}

/* Recursion ends at LIMIT_DATA_DEPTH. inner is the path within the data, "" at the top. `left_out` is a name that is none of the data, or NULL. */
// NOLINTNEXTLINE(misc-no-recursion): no deeper than LIMIT_DATA_DEPTH
static int folder_add(struct pdata *d, const char *folder, const char *inner, const char *left_out, unsigned depth, struct err *e)
{
	char **names = NULL;
	size_t n = 0;
	char file[PATH_MAX], path[PATH_MAX];
	if (depth > LIMIT_DATA_DEPTH)
		return err_set(e, ERR_LIMIT, "%s is more than %u folders deep", folder, LIMIT_DATA_DEPTH);
	if (names_read(folder, &names, &n, e) < 0)
		return -1;
	int r = 0;
	if (n == 0) {
		r = err_set(e, ERR_INVALID, "the folder %s is empty, and there is nothing to protect in it", folder);
		err_hint(e, "remove it, or put a file into it");
	}
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct stat st;
		if (left_out && !strcmp(names[i], left_out))
			continue;
		if (snprintf(file, sizeof file, "%s/%s", folder, names[i]) >= (int)sizeof file ||
			snprintf(path, sizeof path, "%s%s%s", inner, *inner ? "/" : "", names[i]) >= (int)sizeof path)
			r = err_set(e, ERR_INVALID, "the path %.200s…/%s is too long", folder, names[i]);
		else if (lstat(file, &st) < 0)
			r = err_sys(e, errno, "cannot protect %s", file);
		else if (S_ISDIR(st.st_mode))
			r = folder_add(d, file, path, NULL, depth + 1, e);
		else
			r = pdata_add_file(d, path, file, e);
	}
	names_free(names, n);
	return r;
}

int pdata_add_folder(struct pdata *d, const char *folder, struct err *e)
{
	char clean[PATH_MAX];
	struct stat st;
	int n = snprintf(clean, sizeof clean, "%s", folder);
	if (n < 0 || (size_t)n >= sizeof clean)
		return err_set(e, ERR_INVALID, "the path of the folder is too long");
	while (n > 1 && clean[n - 1] == '/')
		clean[--n] = '\0';
	if (lstat(clean, &st) < 0)
		return err_sys(e, errno, "cannot protect %s", clean);
	if (S_ISDIR(st.st_mode)) {
		char schema[PATH_MAX + sizeof PDATA_SCHEMA_FILE];
		(void)snprintf(schema, sizeof schema, "%s/%s", clean, PDATA_SCHEMA_FILE);
		bool unpacked = os_exists(schema);
		if (folder_add(d, clean, "", unpacked ? PDATA_SCHEMA_FILE : NULL, 1, e) < 0)
			return -1;
		return unpacked ? pdata_unpacked_types(d, schema, e) : 0;
	}
	if (S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID, "%s is a file, not a folder", clean);
	return kind_refuse(st.st_mode, clean, e);
}
