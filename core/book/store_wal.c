/* The layer between SQLite and its write-ahead log (store_wal.h). It owns, for each open log, the bytes that SQLite has written and the file has not got yet: one run of bytes
 * without a gap, which goes out before anybody could miss it:
 *
 * - with the last page of a commit, which its frame's header announces: an error is then the commit's error, also where no sync follows (synchronous=NORMAL)
 * - before the log is synced
 * - before this connection reads those bytes, cuts the log or asks how long it is
 * - before the memory that the processes share is written (xShmBarrier), and before somebody else may write (the end of the write lock): a second guard, of which nothing depends
 *
 * What a transaction wrote that is not committed may go out or not: SQLite reads nothing behind the last commit.
 */
#include "book/store_wal.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#define GATHER_BYTES KIB(512)	/* more goes out in between */
#define PIECE_BYTES KIB(124)	/* SQLite's file system layer takes 0x1ffff bytes at most in one piece */
#define FRAME_HEADER 24	/* before each page: its number, then the size of the database, which only a commit's last frame has (sqlite.org/fileformat2.html#walformat) */
#define WRITE_LOCK 0	/* of SQLite's write-ahead log: the first of the locks in shared memory */

/* Of the database and of its log. SQLite's own file follows behind it, in memory that SQLite gives. */
struct file {
	sqlite3_file base;
	struct file *log;	/* of a database: its log, while that is open */
	struct file *database;	/* of a log */
	uint8_t *bytes;
	size_t len, room;
	sqlite3_int64 at;	/* in the file, of bytes[0] */
	bool commits;	/* of a log: the page that comes next is the last of a commit */
};

static sqlite3_file *real(struct file *f)
{
	return (sqlite3_file *)(void *)(f + 1);
}

#define REAL(f) real((struct file *)(void *)(f))
#define CALL(f, method, ...) REAL(f)->pMethods->method(REAL(f), __VA_ARGS__)

/* ---- gathering ---- */

static int flush(struct file *f)
{
	if (!f || f->len == 0)
		return SQLITE_OK;
	int rc = SQLITE_OK;
	for (size_t done = 0, n; rc == SQLITE_OK && done < f->len; done += n) {
		n = f->len - done < PIECE_BYTES ? f->len - done : PIECE_BYTES;
		rc = CALL(f, xWrite, f->bytes + done, (int)n, f->at + (sqlite3_int64)done);
	}
	f->len = 0;	/* also when it fails: SQLite hears of it and writes again */
	return rc;
}

static bool room_make(struct file *f, size_t n)
{
	if (f->room >= n)
		return true;
	size_t room = f->room ? f->room : KIB(32);
	while (room < n)
		room *= 2;
	uint8_t *bytes = room <= GATHER_BYTES ? realloc(f->bytes, room) : NULL;
	if (!bytes)
		return false;
	f->bytes = bytes;
	f->room = room;
	return true;
}

static int log_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
	struct file *f = (struct file *)(void *)file;
	int rc = SQLITE_OK;
	if (f->len && (at != f->at + (sqlite3_int64)f->len || !room_make(f, f->len + (size_t)n)))
		rc = flush(f);
	if (rc != SQLITE_OK)
		return rc;
	if (!room_make(f, f->len + (size_t)n))
		return CALL(f, xWrite, bytes, n, at);
	if (f->len == 0)
		f->at = at;
	memcpy(f->bytes + f->len, bytes, (size_t)n);
	f->len += (size_t)n;
	if (f->commits)
		rc = flush(f);
	f->commits = n == FRAME_HEADER && memcmp((const uint8_t *)bytes + 4, "\0\0\0", 4) != 0;
	return rc;
}

static int log_read(sqlite3_file *file, void *bytes, int n, sqlite3_int64 at)
{
	struct file *f = (struct file *)(void *)file;
	int rc = f->len && at + n > f->at ? flush(f) : SQLITE_OK;
	return rc != SQLITE_OK ? rc : CALL(f, xRead, bytes, n, at);
}

static int log_sync(sqlite3_file *file, int flags)
{
	int rc = flush((struct file *)(void *)file);
	return rc != SQLITE_OK ? rc : CALL(file, xSync, flags);
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	int rc = flush((struct file *)(void *)file);
	return rc != SQLITE_OK ? rc : CALL(file, xTruncate, size);
}

static int log_size(sqlite3_file *file, sqlite3_int64 *size)
{
	int rc = flush((struct file *)(void *)file);
	return rc != SQLITE_OK ? rc : CALL(file, xFileSize, size);
}

static int log_close(sqlite3_file *file)
{
	struct file *f = (struct file *)(void *)file;
	if (f->database)
		f->database->log = NULL;
	free(f->bytes);	/* what was not synced was not committed */
	return real(f)->pMethods->xClose(real(f));
}

/* ---- the database, and what both have in common ---- */

static int database_close(sqlite3_file *file)
{
	struct file *f = (struct file *)(void *)file;
	if (f->log)
		f->log->database = NULL;
	return real(f)->pMethods->xClose(real(f));
}

static int shm_lock(sqlite3_file *file, int at, int n, int flags)
{
	if ((flags & SQLITE_SHM_UNLOCK) && (flags & SQLITE_SHM_EXCLUSIVE) && at == WRITE_LOCK)
		(void)flush(((struct file *)(void *)file)->log);
	return CALL(file, xShmLock, at, n, flags);
}

static void shm_barrier(sqlite3_file *file)
{
	(void)flush(((struct file *)(void *)file)->log);
	REAL(file)->pMethods->xShmBarrier(REAL(file));
}

#define PASS(name, method, parameters, ...) \
	static int name parameters \
	{ \
		return CALL(file, method, __VA_ARGS__); \
	}
PASS(file_read, xRead, (sqlite3_file *file, void *bytes, int n, sqlite3_int64 at), bytes, n, at)
PASS(file_write, xWrite, (sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at), bytes, n, at)
PASS(file_truncate, xTruncate, (sqlite3_file *file, sqlite3_int64 size), size)
PASS(file_sync, xSync, (sqlite3_file *file, int flags), flags)
PASS(file_size, xFileSize, (sqlite3_file *file, sqlite3_int64 *size), size)
PASS(file_lock, xLock, (sqlite3_file *file, int level), level)
PASS(file_unlock, xUnlock, (sqlite3_file *file, int level), level)
PASS(file_reserved, xCheckReservedLock, (sqlite3_file *file, int *is), is)
PASS(file_control, xFileControl, (sqlite3_file *file, int op, void *arg), op, arg)
PASS(shm_map, xShmMap, (sqlite3_file *file, int page, int size, int extend, void volatile **out), page, size, extend, out)
PASS(shm_unmap, xShmUnmap, (sqlite3_file *file, int remove), remove)
PASS(file_fetch, xFetch, (sqlite3_file *file, sqlite3_int64 at, int n, void **out), at, n, out)
PASS(file_unfetch, xUnfetch, (sqlite3_file *file, sqlite3_int64 at, void *page), at, page)

static int sector_size(sqlite3_file *file)
{
	return REAL(file)->pMethods->xSectorSize(REAL(file));
}

static int characteristics(sqlite3_file *file)
{
	return REAL(file)->pMethods->xDeviceCharacteristics(REAL(file));
}

static const sqlite3_io_methods log_methods = { .iVersion = 1, .xClose = log_close, .xRead = log_read, .xWrite = log_write, .xTruncate = log_truncate, .xSync = log_sync,
	.xFileSize = log_size, .xLock = file_lock, .xUnlock = file_unlock, .xCheckReservedLock = file_reserved, .xFileControl = file_control, .xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics };
static const sqlite3_io_methods database_methods = { .iVersion = 3, .xClose = database_close, .xRead = file_read, .xWrite = file_write, .xTruncate = file_truncate,
	.xSync = file_sync, .xFileSize = file_size, .xLock = file_lock, .xUnlock = file_unlock, .xCheckReservedLock = file_reserved, .xFileControl = file_control,
	.xSectorSize = sector_size, .xDeviceCharacteristics = characteristics, .xShmMap = shm_map, .xShmLock = shm_lock, .xShmBarrier = shm_barrier, .xShmUnmap = shm_unmap,
	.xFetch = file_fetch, .xUnfetch = file_unfetch };

/* ---- the layer ---- */

static sqlite3_vfs *under(sqlite3_vfs *v)
{
	return v->pAppData;
}

static int file_open(sqlite3_vfs *v, const char *name, sqlite3_file *file, int flags, int *out)
{
	struct file *f = (struct file *)(void *)file;
	bool log = (flags & SQLITE_OPEN_WAL) != 0;
	if (!log && !(flags & SQLITE_OPEN_MAIN_DB))
		return under(v)->xOpen(under(v), name, file, flags, out);
	memset(f, 0, sizeof *f);
	int rc = under(v)->xOpen(under(v), name, real(f), flags, out);
	bool guarded = log || (real(f)->pMethods && real(f)->pMethods->iVersion >= 3);
	if (rc == SQLITE_OK && !guarded)
		rc = SQLITE_CANTOPEN;
	if (rc != SQLITE_OK) {
		if (real(f)->pMethods)
			real(f)->pMethods->xClose(real(f));
		return rc;
	}
	if (log) {
		f->database = (struct file *)(void *)sqlite3_database_file_object(name);
		f->database->log = f;
	}
	f->base.pMethods = log ? &log_methods : &database_methods;
	return SQLITE_OK;
}

#define PASS_UNDER(type, name, method, parameters, ...) \
	static type name parameters \
	{ \
		return under(v)->method(under(v), __VA_ARGS__); \
	}
PASS_UNDER(int, path_delete, xDelete, (sqlite3_vfs *v, const char *name, int sync), name, sync)
PASS_UNDER(int, path_access, xAccess, (sqlite3_vfs *v, const char *name, int flags, int *is), name, flags, is)
PASS_UNDER(int, path_full, xFullPathname, (sqlite3_vfs *v, const char *name, int n, char *out), name, n, out)
PASS_UNDER(int, random_bytes, xRandomness, (sqlite3_vfs *v, int n, char *out), n, out)
PASS_UNDER(int, sleep_us, xSleep, (sqlite3_vfs *v, int us), us)
PASS_UNDER(int, time_days, xCurrentTime, (sqlite3_vfs *v, double *out), out)
PASS_UNDER(int, time_ms, xCurrentTimeInt64, (sqlite3_vfs *v, sqlite3_int64 *out), out)
PASS_UNDER(int, last_error, xGetLastError, (sqlite3_vfs *v, int n, char *out), n, out)

int store_wal_open(struct store_wal *w, const char *path, sqlite3 **db)
{
	sqlite3_vfs *unix_files = sqlite3_vfs_find(NULL);
	*db = NULL;
	if (!unix_files || unix_files->iVersion < 2)
		return SQLITE_ERROR;
	(void)snprintf(w->name, sizeof w->name, "enclua-%p", (void *)w);
	w->vfs = (sqlite3_vfs){ .iVersion = 2, .szOsFile = (int)sizeof(struct file) + unix_files->szOsFile, .mxPathname = unix_files->mxPathname, .zName = w->name,
		.pAppData = unix_files, .xOpen = file_open, .xDelete = path_delete, .xAccess = path_access, .xFullPathname = path_full, .xRandomness = random_bytes,
		.xSleep = sleep_us, .xCurrentTime = time_days, .xGetLastError = last_error, .xCurrentTimeInt64 = time_ms };
	int rc = sqlite3_vfs_register(&w->vfs, 0);
	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, w->name);
	(void)sqlite3_vfs_unregister(&w->vfs);	/* it is found by its name once; the connection keeps it */
	return rc;
}
