/* The calls themselves: raw ones behind, so that no library of the machine takes part. Recorder and fault are one shared page of state; a call and its record are made under one
 * lock, so that the record has the order of what happened, whichever process did it.
 */
#undef _FORTIFY_SOURCE	/* its open() is inline and could not be defined here */
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RECORD_BYTES (256u << 20)	/* reserved, not used: pages come as they are written */
#define KNOWN_MAX 4096u

const char *const fault_op_names[OP_COUNT] = { "create", "write", "truncate", "sync", "failed sync", "rename", "unlink", "mkdir", "said" };

struct shared {
	atomic_flag busy;
	bool on, struck;
	enum fault_kind kind;
	uint64_t n, calls, full_until;
	uint64_t spared_ino;	/* its syncs do not fail */
	uint64_t lost_ino;	/* of the sync that failed: whoever has that file open hears of it once (Linux, errseq) */
	char dir[PATH_MAX];
	dev_t dev;
	ino_t known[KNOWN_MAX];	/* files and folders below dir */
	size_t n_known;
	size_t used;
	_Alignas(8) uint8_t record[];
};

static struct shared *all;
static bool heard;	/* this process of lost_ino */
static time_t frozen;

void faults_init(void)
{
	void *p = mmap(NULL, RECORD_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		abort();
	all = p;
}

void faults_clock(time_t now)
{
	frozen = now;
}

static void lock(void)
{
	while (atomic_flag_test_and_set_explicit(&all->busy, memory_order_acquire))
		sched_yield();
}

static void unlock(void)
{
	atomic_flag_clear_explicit(&all->busy, memory_order_release);
}

static bool known(ino_t ino)
{
	for (size_t i = 0; i < all->n_known; i++)
		if (all->known[i] == ino)
			return true;
	return false;
}

static void known_add(ino_t ino)
{
	if (known(ino))
		return;
	if (all->n_known == KNOWN_MAX)
		abort();
	all->known[all->n_known++] = ino;
}

static size_t record_size(size_t len)
{
	return (sizeof(struct fault_record) + len + 7) & ~(size_t)7;
}

static void record(enum fault_op op, uint64_t ino, uint64_t at, const void *data, size_t len)
{
	if (sizeof *all + all->used + record_size(len) > RECORD_BYTES)
		abort();
	struct fault_record *r = (struct fault_record *)(void *)(all->record + all->used);
	*r = (struct fault_record){ .op = op, .len = (uint32_t)len, .ino = ino, .at = at };
	if (len)
		memcpy(r->data, data, len);
	all->used += record_size(len);
}

const struct fault_record *faults_next(const struct fault_record *r)
{
	const uint8_t *at = r ? (const uint8_t *)r + record_size(r->len) : all->record;
	return at < all->record + all->used ? (const struct fault_record *)(const void *)at : NULL;
}

static int tree_known(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)path, (void)flag, (void)f;
	known_add(st->st_ino);
	return 0;
}

void faults_begin(const char *dir, enum fault_kind kind, uint64_t n)
{
	struct stat st;
	if (stat(dir, &st) < 0)
		abort();
	(void)snprintf(all->dir, sizeof all->dir, "%s/", dir);
	all->dev = st.st_dev;
	all->n_known = all->used = 0;
	all->calls = all->full_until = all->lost_ino = all->spared_ino = 0;
	all->kind = kind;
	all->n = n;
	all->struck = heard = false;
	if (nftw(dir, tree_known, 16, FTW_PHYS) != 0)
		abort();
	all->on = true;
}

void faults_spare(const char *name)
{
	char path[PATH_MAX + 64];
	struct stat st;
	(void)snprintf(path, sizeof path, "%s%s", all->dir, name);
	if (stat(path, &st) == 0)
		all->spared_ino = st.st_ino;
}

void faults_end(void)
{
	all->on = false;
}

uint64_t faults_calls(void)
{
	return all->calls;
}

bool faults_struck(void)
{
	return all->struck;
}

void faults_say(uint64_t what, const void *data, size_t len)
{
	lock();
	if (all->on)
		record(OP_SAID, 0, what, data, len);
	unlock();
}

/* ---- the fault ---- */

static void die(void)
{
	unlock();
	(void)kill(getpid(), SIGKILL);
	for (;;)
		(void)pause();
}

/* Locked. What becomes of this call. */
static enum fault_kind draw(void)
{
	uint64_t n = ++all->calls;
	if (n == all->n) {
		all->struck = true;
		if (all->kind == FAULT_KILL)
			die();
		if (all->kind == FAULT_FULL)
			all->full_until = n + FAULT_FULL_FOR;
		return all->kind;
	}
	return n < all->full_until ? FAULT_FULL : FAULT_NONE;
}

/* For calls that happen or do not. false: it fails, errno is set. */
static bool goes(enum fault_kind f)
{
	errno = f == FAULT_EIO ? EIO : ENOSPC;
	return f == FAULT_NONE || f == FAULT_TORN;
}

static int done(enum fault_kind f, int result)
{
	if (f == FAULT_TORN)
		die();	/* it has happened, and nobody hears of it */
	int was = errno;
	unlock();
	errno = was;
	return result;
}

/* Is it ours? Then locked. */
static bool ours_fd(int fd, struct stat *st)
{
	if (!all || !all->on || fstat(fd, st) < 0 || st->st_dev != all->dev || !(S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)))
		return false;
	lock();
	if (all->on && known(st->st_ino))
		return true;
	unlock();
	return false;
}

/* The path below the folder, or NULL. */
static const char *ours_path(int at, const char *path, char full[static PATH_MAX])
{
	if (!all || !all->on)
		return NULL;
	if (path[0] == '/' || at == AT_FDCWD) {
		(void)snprintf(full, PATH_MAX, "%s", path);
	} else {
		char link[64], dir[PATH_MAX];
		(void)snprintf(link, sizeof link, "/proc/self/fd/%d", at);
		ssize_t n = readlink(link, dir, sizeof dir - 1);
		if (n < 0)
			return NULL;
		dir[n] = '\0';
		if (snprintf(full, PATH_MAX, "%s/%s", dir, path) >= PATH_MAX)
			return NULL;
	}
	size_t len = strlen(all->dir);
	return strncmp(full, all->dir, len) == 0 ? full + len : NULL;
}

/* ---- the calls ---- */

static int create(int at, const char *path, int flags, mode_t mode)
{
	char full[PATH_MAX];
	struct stat st;
	const char *name = flags & (O_CREAT | O_TRUNC) ? ours_path(at, path, full) : NULL;
	if (!name)
		return (int)syscall(SYS_openat, at, path, flags, mode);
	lock();
	bool fresh = fstatat(at, path, &st, 0) < 0;
	if (!fresh && !(flags & O_TRUNC)) {
		unlock();
		return (int)syscall(SYS_openat, at, path, flags, mode);
	}
	enum fault_kind f = draw();
	int fd = goes(f) ? (int)syscall(SYS_openat, at, path, flags, mode) : -1;
	if (fd >= 0 && fstat(fd, &st) == 0) {
		known_add(st.st_ino);
		if (fresh)
			record(OP_CREATE, st.st_ino, 0, name, strlen(name) + 1);
		else
			record(OP_TRUNCATE, st.st_ino, 0, NULL, 0);
	}
	return done(f, fd);
}

int open(const char *path, int flags, ...);
int open64(const char *path, int flags, ...);
int openat(int at, const char *path, int flags, ...);

#define MODE(last) \
	va_list more; \
	va_start(more, last); \
	mode_t mode = last & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
	va_end(more)

int open(const char *path, int flags, ...)
{
	MODE(flags);
	return create(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	MODE(flags);
	return create(AT_FDCWD, path, flags, mode);
}

int openat(int at, const char *path, int flags, ...)
{
	MODE(flags);
	return create(at, path, flags, mode);
}

int mkostemp(char *template, int flags)
{
	static unsigned count;
	char *x = template + strlen(template) - 6;
	for (;;) {
		unsigned n = (unsigned)getpid() * 4099u + count++;
		for (int i = 0; i < 6; i++, n /= 26)
			x[i] = (char)('a' + n % 26);
		int fd = create(AT_FDCWD, template, flags | O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
}

/* at < 0: where the file stands. */
static ssize_t put(int fd, const void *bytes, size_t len, off_t at)
{
	struct stat st;
	if (!ours_fd(fd, &st))
		return at < 0 ? syscall(SYS_write, fd, bytes, len) : syscall(SYS_pwrite64, fd, bytes, len, at);
	enum fault_kind f = draw();
	bool first = all->calls == all->n;	/* a disk that becomes full takes a part of it */
	size_t part = f == FAULT_TORN || (f == FAULT_FULL && first) ? len / 2 : f == FAULT_NONE ? len : 0;
	bool moves = at < 0;
	if (moves)
		at = lseek(fd, 0, SEEK_CUR);
	ssize_t n = part ? syscall(SYS_pwrite64, fd, bytes, part, at) : 0;
	if (n > 0) {
		record(OP_WRITE, st.st_ino, (uint64_t)at, bytes, (size_t)n);
		if (moves)
			(void)lseek(fd, at + n, SEEK_SET);
	}
	if (f == FAULT_TORN)
		die();
	unlock();
	if (n == 0 && f != FAULT_NONE) {
		errno = f == FAULT_EIO ? EIO : ENOSPC;
		return -1;
	}
	return n;
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	return put(fd, bytes, len, -1);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	return put(fd, bytes, len, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at);
ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
	return put(fd, bytes, len, at);
}

static int truncate_to(int fd, off_t size)
{
	struct stat st;
	if (!ours_fd(fd, &st))
		return (int)syscall(SYS_ftruncate, fd, size);
	enum fault_kind f = draw();
	int r = goes(f) ? (int)syscall(SYS_ftruncate, fd, size) : -1;
	if (r == 0)
		record(OP_TRUNCATE, st.st_ino, (uint64_t)size, NULL, 0);
	return done(f, r);
}

int ftruncate(int fd, off_t size)
{
	return truncate_to(fd, size);
}

int ftruncate64(int fd, off_t size);
int ftruncate64(int fd, off_t size)
{
	return truncate_to(fd, size);
}

/* Everywhere in this program, recorded or not: the disk is a thing of thought here. */
static int sync_to(int fd)
{
	struct stat st;
	if (!ours_fd(fd, &st))
		return 0;
	enum fault_kind f = draw();
	bool good = f != FAULT_EIO || st.st_ino == all->spared_ino;	/* room was found when it was written */
	record(good ? OP_SYNC : OP_SYNC_FAILED, st.st_ino, 0, NULL, 0);
	bool told = good && all->lost_ino == st.st_ino && !heard;
	if (!good)
		all->lost_ino = st.st_ino;
	heard = heard || !good || told;
	errno = EIO;
	return done(f, good && !told ? 0 : -1);
}

int fsync(int fd)
{
	return sync_to(fd);
}

int fdatasync(int fd)
{
	return sync_to(fd);
}

int rename(const char *from, const char *to)
{
	char full_from[PATH_MAX], full_to[PATH_MAX], both[2 * PATH_MAX];
	struct stat st;
	const char *a = ours_path(AT_FDCWD, from, full_from), *b = ours_path(AT_FDCWD, to, full_to);
	if (!a || !b)
		return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
	lock();
	enum fault_kind f = draw();
	int r = goes(f) ? (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0) : -1;
	if (r == 0 && lstat(to, &st) == 0) {
		int len = snprintf(both, sizeof both, "%s%c%s", a, '\0', b);
		record(OP_RENAME, st.st_ino, strlen(a) + 1, both, (size_t)len + 1);
	}
	return done(f, r);
}

int unlinkat(int at, const char *path, int flags)
{
	char full[PATH_MAX];
	const char *name = ours_path(at, path, full);
	if (!name)
		return (int)syscall(SYS_unlinkat, at, path, flags);
	lock();
	enum fault_kind f = draw();
	if (f == FAULT_FULL)
		f = FAULT_NONE;	/* it needs no room */
	int r = goes(f) ? (int)syscall(SYS_unlinkat, at, path, flags) : -1;
	if (r == 0)
		record(OP_UNLINK, 0, 0, name, strlen(name) + 1);
	return done(f, r);
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int mkdir(const char *path, mode_t mode)
{
	char full[PATH_MAX];
	struct stat st;
	const char *name = ours_path(AT_FDCWD, path, full);
	if (!name || lstat(path, &st) == 0)
		return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
	lock();
	enum fault_kind f = draw();
	int r = goes(f) ? (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode) : -1;
	if (r == 0 && lstat(path, &st) == 0) {
		known_add(st.st_ino);
		record(OP_MKDIR, st.st_ino, 0, name, strlen(name) + 1);
	}
	return done(f, r);
}

time_t time(time_t *out)
{
	struct timespec now = { .tv_sec = frozen };
	if (!frozen)
		(void)clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}
