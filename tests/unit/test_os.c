/* core/base/os.c: files whole or not at all, reads and writes that go on after a signal or a short count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/os.h"
#include "unit/scratch.h"

static char dir[PATH_MAX];

static int setup(void **state)
{
	(void)state;
	scratch_make(dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scratch_remove(dir);
	return 0;
}

static const char *in_dir(char path[static PATH_MAX + 64], const char *name)
{
	(void)snprintf(path, PATH_MAX + 64, "%s/%s", dir, name);
	return path;
}

static unsigned entries(void)
{
	unsigned n = 0;
	DIR *d = opendir(dir);
	for (struct dirent *de; (de = readdir(d));)
		n += de->d_name[0] != '.';
	closedir(d);
	return n;
}

static void test_read(void **state)
{
	(void)state;
	char path[PATH_MAX + 64];
	struct err e = { 0 };
	char big[200000];
	memset(big, 'b', sizeof big);
	scratch_file(dir, "big", big, sizeof big);
	scratch_file(dir, "empty", "", 0);
	struct buf b = BUF_INIT(sizeof big);
	assert_int_equal(os_file_read(in_dir(path, "big"), &b, &e), 0);
	assert_int_equal(b.len, sizeof big);
	assert_memory_equal(b.data, big, sizeof big);
	buf_done(&b);
	struct buf small = BUF_INIT(sizeof big - 1);
	assert_int_equal(os_file_read(path, &small, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_non_null(strstr(e.msg, "/big: "));
	buf_done(&small);
	assert_int_equal(os_file_read(in_dir(path, "empty"), &b, &e), 0);
	assert_int_equal(b.len, 0);
	assert_int_equal(os_file_read(in_dir(path, "none"), &b, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(os_file_read(dir, &b, &e), -1);
	assert_non_null(strstr(e.msg, "directory"));
	struct buf endless = BUF_INIT(100000);	/* a file that never ends meets the ceiling */
	assert_int_equal(os_file_read("/dev/zero", &endless, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	buf_done(&endless);
	buf_done(&b);
}

static void test_replace(void **state)
{
	(void)state;
	char path[PATH_MAX + 64];
	struct stat st;
	struct err e = { 0 };
	struct buf b = BUF_INIT(100);
	mode_t before = umask(077);
	assert_int_equal(os_file_replace(in_dir(path, "f"), 0644, "one", 3, &e), 0);
	umask(before);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);	/* the mode that was asked for, whatever the umask */
	assert_int_equal(os_file_replace(path, 0600, "two", 3, &e), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(os_file_read(path, &b, &e), 0);
	assert_string_equal(buf_text(&b), "two");
	buf_done(&b);
	assert_int_equal(entries(), 1);	/* nothing left beside it */
	/* A name that is a folder cannot be replaced; the attempt leaves nothing behind. */
	char folder[PATH_MAX + 64];
	assert_int_equal(mkdir(in_dir(folder, "d"), 0755), 0);
	assert_int_equal(os_file_replace(folder, 0600, "x", 1, &e), -1);
	assert_int_equal(entries(), 2);
	assert_int_equal(os_file_replace(in_dir(folder, "none/f"), 0600, "x", 1, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

/* A full disk, played by the file size limit: the old file stays whole. */
static void test_replace_full(void **state)
{
	(void)state;
	char path[PATH_MAX + 64];
	struct buf b = BUF_INIT(100);
	char big[70000] = { 0 };
	assert_int_equal(os_file_replace(in_dir(path, "f"), 0644, "old", 3, NULL), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct rlimit limit = { 4096, 4096 };
		signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
			_exit(3);
		struct err e = { 0 };
		_exit(os_file_replace(path, 0644, big, sizeof big, &e) == -1 && e.code == ERR_LIMIT ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(os_file_read(path, &b, NULL), 0);
	assert_string_equal(buf_text(&b), "old");
	assert_int_equal(entries(), 1);
	buf_done(&b);
}

static void test_dirs(void **state)
{
	(void)state;
	char path[PATH_MAX + 64];
	struct err e = { 0 };
	assert_int_equal(os_dir_make(in_dir(path, "a/b/c"), 0700, &e), 0);
	assert_true(os_exists(path));
	assert_int_equal(os_dir_make(path, 0700, &e), 0);
	scratch_file(dir, "file", "", 0);
	assert_int_equal(os_dir_make(in_dir(path, "file"), 0700, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(os_dir_make(in_dir(path, "file/x"), 0700, &e), -1);
	assert_false(os_exists(path));
	assert_int_equal(symlink("/nowhere/at/all", in_dir(path, "link")), 0);
	assert_true(os_exists(path));	/* a dangling link is there, too */
}

static void ignore(int sig)
{
	(void)sig;
}

/* A pipe gives 4 KiB at a time, and signals without SA_RESTART interrupt both ends: neither may lose a byte. */
static void test_whole(void **state)
{
	(void)state;
	int fds[2];
	size_t n = 1 << 20;
	uint8_t *bytes = malloc(n), *got = malloc(n + 1);
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(i * 31 >> 3);
	struct sigaction sa = { .sa_handler = ignore };
	sigaction(SIGUSR1, &sa, NULL);
	assert_int_equal(pipe(fds), 0);
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		close(fds[0]);
		for (size_t at = 0; at < n; at += n / 8) {
			kill(parent, SIGUSR1);
			if (os_write(fds[1], bytes + at, n / 8) < 0)
				_exit(1);
		}
		_exit(0);
	}
	close(fds[1]);
	for (unsigned i = 0; i < 20; i++)
		kill(pid, SIGUSR1);
	assert_int_equal(os_read(fds[0], got, n + 1), n);
	assert_memory_equal(bytes, got, n);
	int status;
	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	assert_int_equal(status, 0);
	assert_int_equal(os_read(fds[0], got, 1), 0);
	close(fds[0]);
	assert_int_equal(os_read(fds[0], got, 1), -1);
	assert_int_equal(errno, EBADF);
	free(bytes);
	free(got);
}

static void test_pread(void **state)
{
	(void)state;
	char path[PATH_MAX + 64], got[8] = { 0 };
	scratch_file(dir, "p", "0123456789", 10);
	int fd = open(in_dir(path, "p"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(os_pread(fd, got, 4, 3), 4);
	assert_string_equal(got, "3456");
	assert_int_equal(os_pread(fd, got, 4, 8), 2);
	assert_int_equal(os_pread(fd, got, 4, 100), 0);
	assert_int_equal(os_read(fd, got, 2), 2);	/* pread left the position alone */
	assert_memory_equal(got, "01", 2);
	close(fd);
}

static void test_guard(void **state)
{
	(void)state;
	struct err e;
	char path[PATH_MAX + 16];
	(void)snprintf(path, sizeof path, "%s/guarded", dir);
	assert_int_equal(os_dir_make(path, 0700, &e), 0);
	assert_int_equal(os_dir_guard(path, &e), 0);
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(os_dir_guard(path, &e), 0);
	static const mode_t open_to_others[] = { 0720, 0702, 0777, 01777 };
	for (size_t i = 0; i < sizeof open_to_others / sizeof *open_to_others; i++) {
		assert_int_equal(chmod(path, open_to_others[i]), 0);
		assert_int_equal(os_dir_guard(path, &e), -1);
		assert_int_equal(e.code, ERR_DENIED);
	}
}

/* Only what a killed writer of this very file left, and only when it is old enough. */
static void test_sweep(void **state)
{
	static const struct { const char *name; bool old, goes; } files[] = {
		{ "note.tmp-a1B2c3", true, true }, { "note.tmp-a1B2c4", false, false }, { "note", true, false }, { "note.tmp-", true, false },
		{ "note.tmp-a1B2c", true, false }, { "note.tmp-a1B2c34", true, false }, { "other.tmp-a1B2c3", true, false }, { "my-note.tmp-a1B2c3", true, false },
		{ "notes.tmp-a1B2c3", true, false },
	};
	char path[PATH_MAX + 64];
	struct err e;
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		const struct timespec old[2] = { { .tv_sec = os_time() - 100 }, { .tv_sec = os_time() - 100 } };
		(void)snprintf(path, sizeof path, "%s/%s", dir, files[i].name);
		assert_int_equal(os_file_replace(path, 0600, "x", 1, &e), 0);
		if (files[i].old)
			assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	}
	(void)snprintf(path, sizeof path, "%s/note.tmp-folder", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/note", dir);
	os_tmp_sweep(path, 50);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, files[i].name);
		assert_int_equal(os_exists(path), !files[i].goes);
	}
	(void)snprintf(path, sizeof path, "%s/note.tmp-folder", dir);
	assert_true(os_exists(path));
	(void)snprintf(path, sizeof path, "%s/nowhere/note", dir);
	os_tmp_sweep(path, 0);
	assert_true(os_tmp_is("note.tmp-a1B2c3"));
	assert_false(os_tmp_is(".tmp-a1B2c3"));
	assert_false(os_tmp_is("note.tmp_a1B2c3"));
}

static void test_time(void **state)
{
	(void)state;
	uint64_t a = os_now_us(), b = os_now_us();
	assert_true(b >= a);
	assert_true(os_time() > 1700000000);
}

static void test_wipe(void **state)
{
	(void)state;
	char secret[] = "hush";
	os_wipe(secret, 4);
	assert_memory_equal(secret, "\0\0\0\0", 5);
	os_wipe(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_read, setup, teardown), cmocka_unit_test_setup_teardown(test_replace, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replace_full, setup, teardown), cmocka_unit_test_setup_teardown(test_dirs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_guard, setup, teardown), cmocka_unit_test_setup_teardown(test_sweep, setup, teardown), cmocka_unit_test(test_whole), cmocka_unit_test_setup_teardown(test_pread, setup, teardown), cmocka_unit_test(test_time),
		cmocka_unit_test(test_wipe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
