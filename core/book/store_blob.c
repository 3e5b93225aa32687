/* Blobs: immutable files named by the SHA-256 of their bytes. A blob appears under its name whole and on disk, or not at all; what
 * a killed writer leaves lies in tmp/ and goes at the next open, or is a blob that no row names and goes a day later. The writer
 * hashed the bytes on the way; store_blob_read hashes them again, and who reads through store_blob_open has to.
 */
#include "book/store.h"

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
#include "base/text.h"
#include "book/store_inner.h"
#include "seal/crypto.h"

#define UNNAMED_AGE 86400	/* seconds; a row follows its blob at once */

/* A writer holds a lock on its file as long as it lives, so a file whose lock is free has no writer. */
static void sweep_one(int dir, const char *name)
{
	struct stat held, named;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &held) == 0 && S_ISREG(held.st_mode) &&
		fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && held.st_ino == named.st_ino)
		(void)unlinkat(dir, name, 0);
	close(fd);
}

int store_blobs_prepare(struct store *s, struct err *e)
{
	if (snprintf(s->blobs, sizeof s->blobs, "%s/blobs", s->home) >= (int)sizeof s->blobs ||
		snprintf(s->tmp, sizeof s->tmp, "%s/blobs/tmp", s->home) >= (int)sizeof s->tmp)
		return err_set(e, ERR_INVALID, "the path of the home is too long");
	if (os_dir_make(s->tmp, 0700, e) < 0)
		return -1;
	DIR *d = opendir(s->tmp);
	if (!d)
		return err_sys(e, errno, "cannot read %s", s->tmp);
	for (struct dirent *f; (f = readdir(d));)
		if (f->d_name[0] != '.')
			sweep_one(dirfd(d), f->d_name);
	closedir(d);
	return 0;
}

static int blob_path(struct store *s, char out[static PATH_MAX], const uint8_t sha256[static 32], struct err *e)
{
	char hex[HEX_LEN(32) + 1];
	hex_encode(hex, sha256, 32);
	if (snprintf(out, PATH_MAX, "%s/%s", s->blobs, hex) >= PATH_MAX)
		return err_set(e, ERR_INVALID, "the path of the home is too long");
	return 0;
}

int store_blob_begin(struct store *s, int *fd, char *tmp, size_t tmp_size, struct err *e)
{
	for (;;) {
		int n = snprintf(tmp, tmp_size, "%s/XXXXXX", s->tmp);
		if (n < 0 || (size_t)n >= tmp_size)
			return err_set(e, ERR_INTERNAL, "the room for the name of a temporary file is too small");
		*fd = mkostemp(tmp, O_CLOEXEC);
		if (*fd < 0)
			return err_sys(e, errno, "cannot make a temporary file in %s", s->tmp);
		struct stat st;
		const bool locked = os_lock(*fd) == 0 && fstat(*fd, &st) == 0;
		if (locked && st.st_nlink == 1)
			return 0;
		if (!locked)
			err_sys(e, errno, "cannot lock a temporary file in %s", s->tmp);
		(void)unlink(tmp);
		close(*fd);
		if (!locked)
			return -1;
		/* swept by another process before the lock was held: a new one */
	}
}

void store_blob_abort(int fd, const char *tmp)
{
	(void)unlink(tmp);
	if (fd >= 0)
		close(fd);
}

static int blobs_sync(struct store *s)
{
	int fd = open(s->blobs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int r = fsync(fd);
	close(fd);
	return r;
}

int store_blob_commit(struct store *s, int fd, const char *tmp, const uint8_t sha256[static 32], struct err *e)
{
	char path[PATH_MAX];
	if (blob_path(s, path, sha256, e) < 0)
		goto bad;
	/* rename and not link: a copy that the disk has spoiled is replaced by the good one */
	if (fchmod(fd, 0400) < 0 || fsync(fd) < 0 || rename(tmp, path) < 0) {
		err_sys(e, errno, "cannot keep the blob %s", path);
		goto bad;
	}
	close(fd);
	if (blobs_sync(s) < 0)
		return err_sys(e, errno, "cannot sync %s", s->blobs);
	return 0;
bad:
	store_blob_abort(fd, tmp);
	return -1;
}

int store_blob_open(struct store *s, const uint8_t sha256[static 32], int *fd, uint64_t *size, struct err *e)
{
	char path[PATH_MAX];
	*fd = -1;
	if (blob_path(s, path, sha256, e) < 0)
		return -1;
	struct stat st;
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (*fd < 0)
		return err_sys(e, errno, "cannot open the blob %s", path);
	const bool seen = fstat(*fd, &st) == 0;
	if (!seen)
		err_sys(e, errno, "cannot look at the blob %s", path);
	if (!seen || !S_ISREG(st.st_mode)) {
		close(*fd);
		*fd = -1;
		return seen ? err_set(e, ERR_INVALID, "the blob %s is not a regular file", path) : -1;
	}
	*size = (uint64_t)st.st_size;
	return 0;
}

int store_blob_read(struct store *s, const uint8_t sha[static 32], struct buf *out, struct err *e)
{
	int fd = -1, r = -1;
	uint64_t size = 0;
	uint8_t got[32];
	if (store_blob_open(s, sha, &fd, &size, e) < 0)
		return -1;
	if (size > out->max) {
		err_set(e, ERR_LIMIT, "a stored blob is larger than %zu bytes", out->max);
		goto out;
	}
	if (buf_reserve(out, (size_t)size, e) < 0)
		goto out;
	ssize_t n = os_pread(fd, out->data + out->len, (size_t)size, 0);
	if (n < 0 || (uint64_t)n != size) {
		err_sys(e, n < 0 ? errno : EIO, "cannot read a stored blob");
		goto out;
	}
	sha256(got, out->data + out->len, (size_t)size);
	if (!crypto_equal(got, sha, 32)) {
		err_set(e, ERR_INVALID, "the stored bytes are not the ones that were written: their hash differs");
		err_hint(e, "the home was damaged or changed; restore it from a backup");
		goto out;
	}
	out->len += (size_t)size;
	r = 0;
out:
	close(fd);
	return r;
}

int store_blob_check(struct store *s, const uint8_t sha256[static 32], uint64_t size, struct err *e)
{
	int fd;
	uint64_t is = 0;
	if (store_blob_open(s, sha256, &fd, &is, e) < 0)
		return -1;
	close(fd);
	if (is != size)
		return err_set(e, ERR_INVALID, "a blob has %llu bytes, its row says %llu", (unsigned long long)is, (unsigned long long)size);
	return 0;
}

int store_blob_add(struct store *s, const void *bytes, size_t n, uint8_t sha[static 32], struct err *e)
{
	char tmp[PATH_MAX];
	int fd;
	if (store_blob_begin(s, &fd, tmp, sizeof tmp, e) < 0)
		return -1;
	if (os_write(fd, bytes, n) < 0) {
		err_sys(e, errno, "cannot write %s", tmp);
		store_blob_abort(fd, tmp);
		return -1;
	}
	sha256(sha, bytes, n);
	return store_blob_commit(s, fd, tmp, sha, e);
}

/* A blob that a lasting row names must stay: its row was confirmed. */
static int blob_unused(struct store *s, const uint8_t sha256[static 32], struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (store_prepare(s, &st, "SELECT 1 FROM data WHERE blob = ?1 AND ephemeral = 0 UNION ALL SELECT 1 FROM app WHERE blob = ?1 "
		"UNION ALL SELECT 1 FROM task WHERE blob = ?1 AND blob <> zeroblob(32) "
		"UNION ALL SELECT 1 FROM data WHERE schema_blob = ?1 AND schema_blob <> zeroblob(32) AND ephemeral = 0", e) < 0)
		return -1;
	sqlite3_bind_blob(st, 1, sha256, 32, SQLITE_STATIC);
	int rc = sqlite3_step(st), r = 0;
	if (rc == SQLITE_ROW)
		r = err_set(e, ERR_CONFLICT, "the blob is in use");
	else if (rc != SQLITE_DONE)
		r = store_fail(s, rc, e, "read it");
	sqlite3_finalize(st);
	return r;
}

int store_blob_remove(struct store *s, const uint8_t sha256[static 32], struct err *e)
{
	char path[PATH_MAX];
	if (blob_path(s, path, sha256, e) < 0 || store_begin(s, e) < 0)
		return -1;
	int r = blob_unused(s, sha256, e);
	if (r == 0 && unlink(path) < 0)
		r = err_sys(e, errno, "cannot remove the blob %s", path);
	return store_end(s, r, e);
}

/* A blob that no lasting row names, and that is too old to be on its way to one: the run that had made it for itself was killed, or the
 * writer was, between the blob and its row. A box that still reads such a one has it open. */
static void unnamed_remove(struct store *s, int dir, const char *name)
{
	struct stat st;
	uint8_t hash[32];
	struct err ignored;
	if (strlen(name) == HEX_LEN(32) && hex_decode(hash, 32, name, HEX_LEN(32)) == 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && st.st_mtime < os_time() - UNNAMED_AGE)
		(void)store_blob_remove(s, hash, &ignored);
}

/* Once in UNNAMED_AGE, as it looks at every blob; when that was last is the time of a file. Best effort: the next opening tries again. */
void store_blobs_sweep(struct store *s)
{
	char stamp[PATH_MAX];
	struct stat st;
	if (snprintf(stamp, sizeof stamp, "%s/.swept", s->home) >= (int)sizeof stamp)
		return;
	if (stat(stamp, &st) == 0 && st.st_mtime > os_time() - UNNAMED_AGE)
		return;
	int fd = open(stamp, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	(void)futimens(fd, NULL);
	close(fd);
	DIR *d = opendir(s->blobs);
	if (!d)
		return;
	for (struct dirent *f; (f = readdir(d));)
		unnamed_remove(s, dirfd(d), f->d_name);
	closedir(d);
}
