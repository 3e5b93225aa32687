/* From a folder to a signed archive. Nothing of the clock, the user, the umask, the locale or the order of the directory gets in: names are sorted
 * bytewise, every header is libarchive's ustar (form/tar.h), and an Ed25519 signature is the same each time.
 */
#include "form/iapp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "base/ustar.h"
#include "form/iapp_list.h"
#include "form/tar.h"
#include "seal/crypto.h"

#define FOLDER_DEPTH 16u

struct packing {
	const char *dir;
	enum iapp_kind kind;
	struct iapp_line *lines;
	struct buf *contents;	/* beside lines */
	size_t n;
	uint64_t total;
};

/* What stays on the author's machine: hidden files, keys, archives, editors' leftovers, and at the top the tests, their data and the results of runs. */
static bool left_out(enum iapp_kind kind, const char *name, bool top)
{
	static const char *const tops[] = { "test.lua", "tests", "mock", "out" };
	static const char *const ends[] = { ".key", ".iapp", ".policy", "~", ".swp", ".orig" };
	size_t len = strlen(name);
	if (name[0] == '.')
		return true;
	for (size_t i = 0; top && i < sizeof tops / sizeof *tops; i++)
		if (!strcmp(name, tops[i]))
			return true;
	if (top && iapp_words[kind].left_out && !strcmp(name, iapp_words[kind].left_out))
		return true;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (len >= strlen(ends[i]) && !strcmp(name + len - strlen(ends[i]), ends[i]))
			return true;
	return false;
}

/* What stands at the top of a folder that was an archive before: the list and signatures are made anew. */
static bool unpacked_list(const char *name)
{
	size_t len = strlen(name), list = strlen(IAPP_LIST), end = strlen(".minisig");
	return !strcmp(name, IAPP_LIST) ||
		(!strncmp(name, IAPP_LIST ".", list + 1) && len >= list + end && !strcmp(name + len - end, ".minisig"));
}

static int file_take(struct packing *p, int folder, const char *name, const char *path, struct err *e)
{
	struct stat st;
	if (p->n == LIMIT_IAPP_FILES)
		return err_set(e, ERR_LIMIT, "more than %u files in %s", LIMIT_IAPP_FILES, p->dir);
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ELOOP)
		return err_set(e, ERR_INVALID, "%s/%s is a link; put the file itself there", p->dir, path);
	if (fd < 0)
		return err_sys(e, errno, "cannot read %s/%s", p->dir, path);
	int r = -1;
	struct buf *content = &p->contents[p->n];
	*content = (struct buf)BUF_INIT(LIMIT_IAPP_BYTES + 1);
	if (fstat(fd, &st) < 0) {
		err_sys(e, errno, "cannot look at %s/%s", p->dir, path);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(e, ERR_INVALID, "%s/%s is not a plain file", p->dir, path);
		goto out;
	}
	p->total += (uint64_t)st.st_size;
	if (p->total > LIMIT_IAPP_BYTES) {
		err_set(e, ERR_LIMIT, "%s holds more than %llu bytes", p->dir, LIMIT_IAPP_BYTES);
		goto out;
	}
	if (buf_reserve(content, (size_t)st.st_size + 1, e) < 0)
		goto out;
	ssize_t n = os_read(fd, content->data, (size_t)st.st_size + 1);	/* one more, to see whether it has grown */
	if (n < 0) {
		err_sys(e, errno, "cannot read %s/%s", p->dir, path);
		goto out;
	}
	if (n != st.st_size) {
		err_set(e, ERR_CONFLICT, "%s/%s changed while it was read", p->dir, path);
		goto out;
	}
	content->len = (size_t)n;
	struct iapp_line *line = &p->lines[p->n++];
	(void)snprintf(line->path, sizeof line->path, "%s", path);
	sha256(line->sha256, content->data, content->len);
	r = 0;
out:
	close(fd);
	return r;
}

static int folder_take(struct packing *p, int parent, const char *name, const char *prefix, unsigned depth, struct err *e);

// NOLINTNEXTLINE(misc-no-recursion): folder_take() looks at the depth
static int name_take(struct packing *p, int folder, const char *name, const char *prefix, unsigned depth, struct err *e)
{
	char path[LIMIT_PATH_BYTES + 2];
	struct stat st;
	if (!strcmp(name, ".") || !strcmp(name, "..") || left_out(p->kind, name, depth == 0))
		return 0;
	int len = snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "/" : "", name);
	if (len < 0 || (size_t)len >= sizeof path)
		return err_set(e, ERR_INVALID, "the path %s/%s is too long for %s", prefix, name, iapp_words[p->kind].one);
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, errno, "cannot look at %s/%s", p->dir, path);
	if (depth == 0 && S_ISREG(st.st_mode) && unpacked_list(name))
		return 0;
	if (iapp_path_check(path, (size_t)len, e) < 0)
		return -1;
	return S_ISDIR(st.st_mode) ? folder_take(p, folder, name, path, depth + 1, e) : file_take(p, folder, name, path, e);
}

// NOLINTNEXTLINE(misc-no-recursion): no deeper than FOLDER_DEPTH
static int folder_take(struct packing *p, int parent, const char *name, const char *prefix, unsigned depth, struct err *e)
{
	if (depth > FOLDER_DEPTH)
		return err_set(e, ERR_INVALID, "folders nested more than %u deep in %s", FOLDER_DEPTH, p->dir);
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (depth ? O_NOFOLLOW : 0));
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d && depth == 0 && errno == ENOTDIR) {
		err_set(e, ERR_INVALID, "%s is a file, and what is packed is a folder", p->dir);
		return err_hint(e, "give the folder that it is in");
	}
	if (!d) {
		err_sys(e, errno, "cannot read the folder %s%s%s", p->dir, *prefix ? "/" : "", prefix);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	struct dirent *f;
	int r = 0, more = 0;
	while (r == 0 && (more = os_dir_next(d, &f)) > 0)
		r = name_take(p, dirfd(d), f->d_name, prefix, depth, e);
	if (r == 0 && more < 0)
		r = err_sys(e, errno, "cannot read the folder %s%s%s", p->dir, *prefix ? "/" : "", prefix);
	closedir(d);
	return r;
}

/* Lines and contents are sorted together through an index in the line's own place: contents follow by path. */
static int sort_together(struct packing *p, struct err *e)
{
	struct iapp_line *lines = calloc(p->n + 1, sizeof *lines);
	struct buf *contents = calloc(p->n + 1, sizeof *contents);
	if (!lines || !contents) {
		free(lines);
		free(contents);
		return err_set(e, ERR_LIMIT, "out of memory");
	}
	memcpy(lines, p->lines, p->n * sizeof *lines);
	qsort(lines, p->n, sizeof *lines, iapp_path_compare);
	for (size_t i = 0; i < p->n; i++) {
		const struct iapp_line *at = bsearch(&p->lines[i], lines, p->n, sizeof *lines, iapp_path_compare);
		contents[at - lines] = p->contents[i];
	}
	free(p->lines);
	free(p->contents);
	p->lines = lines;
	p->contents = contents;
	return 0;
}

static int signatures_add(struct tar_writer *tar, enum iapp_kind kind, const struct buf *list, const char *comment, const struct identity *const *signers,
	size_t n_signers, struct err *e)
{
	const char *head = iapp_words[kind].untrusted + strlen("untrusted comment: ");	/* which minisign_sign writes itself */
	struct buf sig = BUF_INIT(8192);
	int r = 0;
	for (size_t i = 0; r == 0 && i < n_signers; i++) {
		struct minisign_key key;
		char line[MINISIGN_KEY_LINE], untrusted[128], number[17], name[64];
		minisign_key_of(&key, identity_public(signers[i]));
		minisign_key_line(line, &key);
		hex_encode(number, key.number, 8);
		(void)snprintf(untrusted, sizeof untrusted, "%s%s", head, line);
		(void)snprintf(name, sizeof name, i ? IAPP_LIST ".%s.minisig" : IAPP_SIGNATURE, number);
		buf_clear(&sig);
		r = minisign_sign(&sig, signers[i], list->data, list->len, untrusted, comment, e);
		if (r == 0)
			r = tar_writer_add(tar, name, sig.data, sig.len, e);
	}
	buf_done(&sig);
	return r;
}

static int tar_write(const struct packing *p, const struct buf *list, const char *comment, const struct identity *const *signers,
	size_t n_signers, struct buf *out, struct err *e)
{
	struct tar_writer *tar;
	if (tar_writer_new(&tar, out, e) < 0)
		return -1;
	int r = tar_writer_add(tar, IAPP_LIST, list->data, list->len, e) < 0 ||
		signatures_add(tar, p->kind, list, comment, signers, n_signers, e) < 0 ? -1 : 0;
	for (size_t i = 0; r == 0 && i < p->n; i++)
		r = tar_writer_add(tar, p->lines[i].path, p->contents[i].data, p->contents[i].len, e);
	if (r == 0)
		r = tar_writer_end(tar, e);
	tar_writer_free(tar);
	return r;
}

/* In the order of their key numbers: the set of signers decides the bytes, not the order of the options. */
static int signer_compare(const void *a, const void *b)
{
	struct minisign_key x, y;
	minisign_key_of(&x, identity_public(*(const struct identity *const *)a));
	minisign_key_of(&y, identity_public(*(const struct identity *const *)b));
	return memcmp(x.number, y.number, sizeof x.number);
}

static int manifest_read(const struct packing *p, struct manifest **out, struct err *e)
{
	const struct iapp_words *w = &iapp_words[p->kind];
	char name[4096];
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->lines[i].path, w->manifest) != 0)
			continue;
		(void)snprintf(name, sizeof name, "%s/%s", p->dir, w->manifest);
		return w->parse(out, name, buf_text(&p->contents[i]), p->contents[i].len, e);
	}
	err_set(e, ERR_NOT_FOUND, "%s has no %s", p->dir, w->manifest);
	return err_hint(e, "%s", w->contents);
}

static int pack(struct packing *p, struct buf *out, const struct identity *const *signers, size_t n_signers, struct err *e)
{
	struct buf list = BUF_INIT(LIMIT_MANIFEST_LIST_BYTES);
	struct manifest *m = NULL;
	struct iapp *check = NULL;
	char h1[IAPP_H1_TEXT], comment[MINISIGN_COMMENT];
	int r = -1;
	if (folder_take(p, AT_FDCWD, p->dir, "", 0, e) < 0 || sort_together(p, e) < 0 || manifest_read(p, &m, e) < 0)
		goto out;
	for (size_t i = 0; i < p->n; i++)
		if (iapp_file_check(p->lines[i].path, p->contents[i].data, p->contents[i].len, e) < 0 ||
		    iapp_list_add(&list, p->lines[i].sha256, p->lines[i].path, e) < 0)
			goto out;
	iapp_h1(h1, list.data, list.len);
	if (iapp_comment(comment, sizeof comment, p->kind, m->name, m->version, h1, e) < 0 ||
	    tar_write(p, &list, comment, signers, n_signers, out, e) < 0)
		goto out;
	/* What we just wrote must be what we would accept from a stranger. */
	if (iapp_open(&check, out->data, out->len, &(struct iapp_expect){ .kind = p->kind }, e) < 0)
		goto out;
	r = 0;
out:
	iapp_free(check);
	manifest_free(m);
	buf_done(&list);
	return r;
}

int iapp_pack_kind(struct buf *out, enum iapp_kind kind, const char *dir, const struct identity *const *signers, size_t n_signers, struct err *e)
{
	struct packing p = { .dir = dir, .kind = kind };
	const struct identity *sorted[LIMIT_SIGNERS];
	int r = -1;
	if (n_signers == 0 || n_signers > LIMIT_SIGNERS)
		return err_set(e, ERR_USAGE, "%s has 1 to %u signers", iapp_words[kind].one, LIMIT_SIGNERS);
	memcpy(sorted, signers, n_signers * sizeof *sorted);
	qsort((void *)sorted, n_signers, sizeof *sorted, signer_compare);
	for (size_t i = 1; i < n_signers; i++)
		if (signer_compare(&sorted[i - 1], &sorted[i]) == 0)
			return err_set(e, ERR_USAGE, "the same signer is named twice");
	p.lines = calloc(LIMIT_IAPP_FILES + 1, sizeof *p.lines);
	p.contents = calloc(LIMIT_IAPP_FILES + 1, sizeof *p.contents);
	if (!p.lines || !p.contents)
		err_set(e, ERR_LIMIT, "out of memory");
	else
		r = pack(&p, out, sorted, n_signers, e);
	for (size_t i = 0; p.contents && i <= p.n && i <= LIMIT_IAPP_FILES; i++)
		buf_done(&p.contents[i]);
	free(p.lines);
	free(p.contents);
	return r;
}

int iapp_pack(struct buf *out, const char *dir, const struct identity *const *signers, size_t n_signers, struct err *e)
{
	return iapp_pack_kind(out, IAPP_APP, dir, signers, n_signers, e);
}
