/* Exports that break off (core/book/export_write.c): each call that changes the file system fails in turn, or is the last thing the process does. Whatever is left
 * verifies, as what was there before or as what was to come, and the next export completes it. Linked so that these calls go through here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <sys/wait.h>

#include "book/made_log.h"
#include "unit/scratch.h"

#define SMALL 12
#define BEFORE 255	/* a partial tile … */
#define AFTER 513	/* … becomes two full ones and a partial, with a level above */
#define CALLS_MAX 1000u
#define FDS 256

enum fault { NOTHING, FAILS, DIES, DIES_HALFWAY };

/* Of the running test: what is to break, and what would be lost with the power. */
static struct { enum fault fault; unsigned countdown, calls; bool dirty[FDS]; unsigned unsynced_names; bool early; } now;

ssize_t __real_write(int fd, const void *p, size_t n);
int __real_rename(const char *from, const char *to);
int __real_mkdir(const char *path, mode_t mode);
ssize_t __wrap_write(int fd, const void *p, size_t n);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_mkdir(const char *path, mode_t mode);

/* Is this call the one? */
static bool broken(void)
{
	now.calls++;
	if (now.fault == NOTHING || --now.countdown > 0)
		return false;
	if (now.fault == DIES)
		_exit(9);
	errno = EIO;
	return true;
}

ssize_t __wrap_write(int fd, const void *p, size_t n)
{
	if (fd >= 0 && fd < FDS)
		now.dirty[fd] = true;
	if (fd > 2 && broken()) {
		if (now.fault == FAILS)
			return -1;
		(void)!__real_write(fd, p, n / 2);
		_exit(9);
	}
	return __real_write(fd, p, n);
}

int __wrap_fsync(int fd)
{
	struct stat st;
	if (broken())
		return now.fault == FAILS ? -1 : (_exit(9), 0);
	if (fd >= 0 && fd < FDS)
		now.dirty[fd] = false;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		now.unsynced_names = 0;
	return 0;	/* said, not done: no power fails here, and disks are slow */
}

int __wrap_rename(const char *from, const char *to)
{
	if (broken())
		return now.fault == FAILS ? -1 : (_exit(9), 0);
	/* A file gets its name when its bytes are on the disk; the checkpoint gets it when all other names are. */
	const char *name = strrchr(to, '/');
	now.early = now.early || (name && strcmp(name, "/checkpoint") == 0 && now.unsynced_names > 0);
	for (int fd = 3; fd < FDS; fd++)
		now.early = now.early || now.dirty[fd];
	now.unsynced_names++;
	return __real_rename(from, to);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
	if (broken())
		return now.fault == FAILS ? -1 : (_exit(9), 0);
	return __real_mkdir(path, mode);
}

static unsigned temporary;
static int temporary_count(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)st;
	(void)flag;
	(void)f;
	temporary += strstr(path, ".tmp-") != NULL;
	return 0;
}

struct logs { struct made_log before, after; struct tlog_policy *policy; };

static int setup(void **state)
{
	struct logs *l = calloc(1, sizeof *l);
	assert_non_null(l);
	made_init(&l->before, BEFORE, SMALL, 7);
	made_init(&l->after, AFTER, SMALL, 7);
	l->policy = made_policy(&l->before);
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct logs *l = *state;
	made_done(&l->before);
	made_done(&l->after);
	tlog_policy_free(l->policy);
	free(l);
	return 0;
}

static uint64_t size_verified(const struct logs *l, const char *dir)
{
	struct err e = { 0 };
	struct checkpoint c;
	struct tlog_verdict v;
	if (export_verify(dir, l->policy, &c, &v, &e) < 0)
		fail_msg("%s", e.msg);
	return c.size;
}

/* The export of `after` with the fault at this call; true when the call came. */
static bool export_broken(const struct logs *l, const char *dir, enum fault fault, unsigned at)
{
	struct err e = { 0 };
	memset(&now, 0, sizeof now);
	now.fault = fault;
	now.countdown = at;
	if (fault == FAILS) {
		int r = export_write(&l->after.source, dir, NULL, NULL, NULL, &e);
		bool came = now.countdown == 0;
		now.fault = NOTHING;
		assert_int_equal(r, came ? -1 : 0);
		assert_true(!came || strstr(e.msg, "Input/output error"));
		return came;
	}
	int status = 0;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(export_write(&l->after.source, dir, NULL, NULL, NULL, &e) < 0);
	now.fault = NOTHING;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 9 || WEXITSTATUS(status) == 0));
	return WEXITSTATUS(status) == 9;
}

static void breaks(const struct logs *l, enum fault fault, bool from_nothing)
{
	unsigned at = 1;
	for (bool came = true; came; at++) {
		char dir[PATH_MAX], path[PATH_MAX + 16];
		struct err e = { 0 };
		assert_true(at < CALLS_MAX);
		scratch_make(dir);
		memset(&now, 0, sizeof now);
		if (!from_nothing)
			made(export_write(&l->before.source, dir, NULL, NULL, NULL, &e), &e);
		came = export_broken(l, dir, fault, at);
		(void)snprintf(path, sizeof path, "%s/checkpoint", dir);
		bool published = access(path, F_OK) == 0;
		assert_true(published || from_nothing);
		if (published) {
			uint64_t size = size_verified(l, dir);
			assert_true(size == AFTER || (came && !from_nothing && size == BEFORE));
		}
		temporary = 0;
		assert_int_equal(nftw(dir, temporary_count, 16, FTW_PHYS), 0);
		assert_true(temporary <= (fault == FAILS ? 0u : 1u));
		made(export_write(&l->after.source, dir, NULL, NULL, NULL, &e), &e);
		assert_int_equal(size_verified(l, dir), AFTER);
		scratch_remove(dir);
	}
	assert_true(at > 40);	/* each of 8 files is written, synced and renamed, and its folder synced: the faults were really tried */
}

static void call_fails(void **state) { breaks(*state, FAILS, false); }
static void call_is_the_last(void **state) { breaks(*state, DIES, false); }
static void write_is_half(void **state) { breaks(*state, DIES_HALFWAY, false); }
static void first_export_fails(void **state) { breaks(*state, FAILS, true); }
static void first_export_dies(void **state) { breaks(*state, DIES, true); }

/* Power may go at any moment: when the checkpoint gets its name, every tile has its bytes and its name on the disk. */
static void checkpoint_last(void **state)
{
	const struct logs *l = *state;
	char dir[PATH_MAX];
	struct err e = { 0 };
	scratch_make(dir);
	memset(&now, 0, sizeof now);
	made(export_write(&l->before.source, dir, NULL, NULL, NULL, &e), &e);
	now.unsynced_names = 0;
	made(export_write(&l->after.source, dir, NULL, NULL, NULL, &e), &e);
	assert_false(now.early);
	assert_true(now.calls > 40);
	scratch_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checkpoint_last), cmocka_unit_test(call_fails), cmocka_unit_test(call_is_the_last), cmocka_unit_test(write_is_half),
		cmocka_unit_test(first_export_fails), cmocka_unit_test(first_export_dies),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
