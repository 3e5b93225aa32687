/* age streams: every way in and out gives the same bytes, and whatever breaks – the file, a worker, the parent, the output – the
 * result is an error and an authenticated prefix, never a short file that looks whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "seal/age.h"
#include "seal/crypto.h"

#define CHUNKS 21u
#define BIG (CHUNKS * AGE_CHUNK + 777)
#define WAIT_US 20000000u	/* a test that waits longer than this has hung */

static struct age_recipient to;
static struct age_identity id;
static uint8_t plain[BIG];

static int file_new(void)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static int file_with(const void *bytes, size_t n)
{
	int fd = file_new();
	assert_int_equal(os_write(fd, bytes, n), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static size_t file_take(int fd, uint8_t **out)
{
	off_t n = lseek(fd, 0, SEEK_END);
	*out = malloc((size_t)n + 1);
	assert_int_equal(os_pread(fd, *out, (size_t)n, 0), n);
	close(fd);
	return (size_t)n;
}

/* The bytes through a pipe, written in odd pieces by a child. */
static int pipe_with(const uint8_t *bytes, size_t n, pid_t *pid)
{
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	*pid = fork();
	if (*pid == 0) {
		close(ends[0]);
		for (size_t at = 0, step = 1; at < n; step = step * 5 % 9973 + 1) {
			size_t take = n - at < step ? n - at : step;
			if (os_write(ends[1], bytes + at, take) < 0)
				_exit(0);
			at += take;
		}
		_exit(0);
	}
	close(ends[1]);
	return ends[0];
}

static size_t sealed_of(size_t n, uint8_t **out)
{
	struct err e = { 0 };
	struct age_stream_options o = { .jobs = 1 };
	int in = file_with(plain, n), fd = file_new();
	assert_int_equal(age_stream_seal(in, fd, &to, 1, &o, &e), 0);
	close(in);
	return file_take(fd, out);
}

static void test_round_trips(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 4 * 65536 - 1, 4 * 65536, 4 * 65536 + 1, 8 * 65536, BIG };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (unsigned jobs = 0; jobs <= 3; jobs++) {
			struct age_stream_options o = { .jobs = jobs };
			struct err e = { 0 };
			uint8_t *sealed, *out;
			pid_t feeder;
			int in = pipe_with(plain, sizes[i], &feeder), mid = file_new(), end = file_new();
			assert_int_equal(age_stream_seal(in, mid, &to, 1, &o, &e), 0);
			close(in);
			waitpid(feeder, NULL, 0);
			size_t n = file_take(mid, &sealed);
			assert_int_equal(n, 168 + age_payload_len(sizes[i]));
			in = jobs % 2 ? file_with(sealed, n) : pipe_with(sealed, n, &feeder);
			assert_int_equal(age_stream_open(in, end, &id, 1, &o, &e), 0);
			close(in);
			if (jobs % 2 == 0)
				waitpid(feeder, NULL, 0);
			assert_int_equal(file_take(end, &out), sizes[i]);
			assert_memory_equal(out, plain, sizes[i]);
			free(sealed);
			free(out);
		}
}

/* Opens a damaged file with 1 to 3 processes: an error, and exactly the chunks before the damage. */
static void refused_after(const uint8_t *file, size_t len, size_t good_chunks)
{
	for (unsigned jobs = 1; jobs <= 3; jobs++) {
		struct age_stream_options o = { .jobs = jobs };
		struct err e = { 0 };
		uint8_t *out;
		int in = file_with(file, len), end = file_new();
		assert_int_equal(age_stream_open(in, end, &id, 1, &o, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_true(e.msg[0] != '\0');
		close(in);
		size_t n = file_take(end, &out);
		assert_int_equal(n, good_chunks * AGE_CHUNK);
		assert_memory_equal(out, plain, n);
		free(out);
	}
}

static void test_damage_gives_an_error_and_only_what_came_before(void **state)
{
	(void)state;
	static const size_t damaged[] = { 0, 1, 3, 4, 7, 8, 13, CHUNKS - 1, CHUNKS };
	uint8_t *file;
	size_t len = sealed_of(BIG, &file);
	for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
		uint8_t *byte = file + 168 + AGE_NONCE + damaged[i] * AGE_SEALED_CHUNK + 5;
		*byte ^= 0x10;
		refused_after(file, len, damaged[i]);
		*byte ^= 0x10;
	}
	free(file);
}

static void test_cuts_give_an_error_and_only_what_came_before(void **state)
{
	(void)state;
	uint8_t *file;
	sealed_of(BIG, &file);
	for (size_t chunk = 0; chunk <= CHUNKS; chunk++) {
		size_t at = 168 + AGE_NONCE + chunk * AGE_SEALED_CHUNK;
		/* At the boundary the chunk before is taken for the last one, and is not; behind it, the rest is no chunk. */
		refused_after(file, at, chunk ? chunk - 1 : 0);
		refused_after(file, at + 1, chunk);
		refused_after(file, at + AGE_TAG, chunk);
	}
	free(file);
}

static void test_appended_bytes_are_refused(void **state)
{
	(void)state;
	uint8_t *file;
	size_t len = sealed_of(2 * AGE_CHUNK, &file);
	file = realloc(file, len + 1);
	file[len] = 0;
	refused_after(file, len + 1, 2);	/* all that was sealed verifies, the end does not */
	free(file);
}

/* ---- processes that die */

struct watched { pid_t pid; int feed; };

/* A process that seals (or opens) what comes through `feed`; exits 0, or 1 when told of an error, or 2 for another reason. */
static struct watched watched_start(bool opening, int out)
{
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	struct watched w = { fork(), ends[1] };
	if (w.pid == 0) {
		struct err e = { 0 };
		struct age_stream_options o = { .jobs = 2 };
		close(ends[1]);
		int r = opening ? age_stream_open(ends[0], out, &id, 1, &o, &e) : age_stream_seal(ends[0], out, &to, 1, &o, &e);
		_exit(r == 0 ? 0 : strstr(e.msg, "killed by signal 9") ? 1 : 2);
	}
	close(ends[0]);
	return w;
}

static size_t children_of(pid_t parent, pid_t *out, size_t max)
{
	DIR *proc = opendir("/proc");
	size_t n = 0;
	assert_non_null(proc);
	for (struct dirent *d; (d = readdir(proc)) && n < max;) {
		char path[300], text[512] = "";
		int pid, of;
		(void)snprintf(path, sizeof path, "/proc/%s/stat", d->d_name);
		int fd = d->d_name[0] >= '1' && d->d_name[0] <= '9' ? open(path, O_RDONLY | O_CLOEXEC) : -1;
		if (fd < 0)
			continue;
		ssize_t len = read(fd, text, sizeof text - 1);
		close(fd);
		const char *after = strrchr(text, ')');
		if (len > 0 && after && sscanf(text, "%d", &pid) == 1 && sscanf(after + 1, " %*c %d", &of) == 1 && of == parent)
			out[n++] = pid;
	}
	closedir(proc);
	return n;
}

static size_t workers_await(pid_t parent, pid_t *out, size_t want)
{
	uint64_t start = os_now_us();
	size_t n;
	while ((n = children_of(parent, out, 8)) != want) {
		if (os_now_us() - start > WAIT_US)
			fail_msg("%zu workers instead of %zu", n, want);
		usleep(2000);
	}
	return n;
}

static int exit_of(pid_t pid)
{
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static void test_a_killed_worker_is_an_error(void **state)
{
	(void)state;
	uint8_t *file, *out;
	pid_t workers[8];
	size_t len = sealed_of(BIG, &file);
	for (int victim = 0; victim < 2; victim++) {
		int fd = file_new();
		struct watched w = watched_start(true, fd);
		assert_int_equal(os_write(w.feed, file, len / 2), 0);
		workers_await(w.pid, workers, 2);
		assert_int_equal(kill(workers[victim], SIGKILL), 0);
		(void)signal(SIGPIPE, SIG_IGN);
		(void)os_write(w.feed, file + len / 2, len - len / 2);
		close(w.feed);
		assert_int_equal(exit_of(w.pid), 1);
		size_t n = file_take(fd, &out);
		assert_true(n <= BIG);	/* the other one may have done all the work: an error it is all the same */
		assert_memory_equal(out, plain, n);
		free(out);
	}
	free(file);
}

static void test_workers_die_with_their_parent(void **state)
{
	(void)state;
	pid_t workers[8];
	int fd = file_new();
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);	/* they become ours, so that we see how they end */
	struct watched w = watched_start(false, fd);
	assert_int_equal(os_write(w.feed, plain, BIG / 2), 0);
	workers_await(w.pid, workers, 2);
	assert_int_equal(kill(w.pid, SIGKILL), 0);
	assert_int_equal(exit_of(w.pid), 100 + SIGKILL);
	for (int i = 0; i < 2; i++) {
		int how = exit_of(workers[i]);	/* 1: it had only just begun, and saw that its parent was gone */
		assert_true(how == 100 + SIGKILL || how == 1);
	}
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
	close(w.feed);
	close(fd);
}

static void test_a_caller_without_sigchld(void **state)
{
	(void)state;
	uint8_t *out;
	struct err e = { 0 };
	struct age_stream_options o = { .jobs = 2 };
	(void)signal(SIGCHLD, SIG_IGN);
	int in = file_with(plain, BIG), mid = file_new(), end = file_new();
	assert_int_equal(age_stream_seal(in, mid, &to, 1, &o, &e), 0);
	assert_int_equal(lseek(mid, 0, SEEK_SET), 0);
	assert_int_equal(age_stream_open(mid, end, &id, 1, &o, &e), 0);
	(void)signal(SIGCHLD, SIG_DFL);
	assert_int_equal(file_take(end, &out), BIG);
	assert_memory_equal(out, plain, BIG);
	free(out);
	close(in);
	close(mid);
}

static void test_output_that_fails(void **state)
{
	(void)state;
	static const size_t sizes[] = { 10, BIG };
	for (size_t i = 0; i < 2; i++) {
		struct err e = { 0 };
		int in = file_with(plain, sizes[i]), full = open("/dev/full", O_WRONLY | O_CLOEXEC), ends[2];
		assert_int_equal(age_stream_seal(in, full, &to, 1, NULL, &e), -1);
		assert_int_equal(e.code, ERR_LIMIT);
		close(full);
		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		close(ends[0]);
		(void)signal(SIGPIPE, SIG_IGN);
		assert_int_equal(lseek(in, 0, SEEK_SET), 0);
		assert_int_equal(age_stream_seal(in, ends[1], &to, 1, NULL, &e), -1);
		assert_int_equal(e.code, ERR_UNAVAILABLE);
		close(ends[1]);
		close(in);
	}
	/* The output breaks when workers are at it already. */
	uint8_t *file, byte;
	size_t len = sealed_of(BIG, &file);
	struct err e = { 0 };
	struct age_stream_options o = { .jobs = 2 };
	int in = file_with(file, len), ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t reader = fork();
	if (reader == 0) {
		close(ends[1]);
		for (size_t n = 0; n < 6 * AGE_CHUNK && read(ends[0], &byte, 1) == 1; n++)
			;
		_exit(0);
	}
	close(ends[0]);
	assert_int_equal(age_stream_open(in, ends[1], &id, 1, &o, &e), -1);
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	waitpid(reader, NULL, 0);
	close(ends[1]);
	close(in);
	free(file);
}

static void test_input_that_is_no_age_file(void **state)
{
	(void)state;
	static const char *const inputs[] = { "", "a", "hello\n", "age-encryption.org/v1", "age-encryption.org/v1\n", "age-encryption.org/v2\n---\n",
		"\n\n\n", "-----BEGIN AGE ENCRYPTED FILE-----\n", "-----BEGIN PGP MESSAGE-----\n" };
	for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
		struct err e = { 0 };
		uint8_t *out;
		int in = file_with(inputs[i], strlen(inputs[i])), end = file_new();
		assert_int_equal(age_stream_open(in, end, &id, 1, NULL, &e), -1);
		assert_int_equal(e.code, ERR_INVALID);
		assert_int_equal(file_take(end, &out), 0);
		free(out);
		close(in);
	}
	struct err e = { 0 };
	int dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), end = file_new();
	assert_int_equal(age_stream_seal(dir, end, &to, 1, NULL, &e), -1);
	assert_non_null(strstr(e.msg, "cannot read"));
	close(dir);
	close(end);
	/* Garbage without end is refused at once, not after a MiB. */
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	end = file_new();
	assert_int_equal(age_stream_open(zero, end, &id, 1, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	close(zero);
	close(end);
}

static void seen(void *ctx, uint64_t done)
{
	uint64_t *last = ctx;
	assert_true(done >= *last);
	*last = done;
}

static void test_detached(void **state)
{
	(void)state;
	uint8_t key[AGE_FILE_KEY] = { 8 }, *blob, digest[32], expected[32], *out;
	static const size_t sizes[] = { 0, 65536, BIG };
	for (size_t i = 0; i < 3; i++) {
		struct err e = { 0 };
		uint64_t payload_len = 0, plain_len = 0, done = 0;
		struct age_stream_options o = { .jobs = 2, .progress = seen, .ctx = &done };
		struct buf file = BUF_INIT(2 * BIG);
		int in = file_with(plain, sizes[i]), mid = file_new(), end = file_new();
		assert_int_equal(age_stream_seal_detached(in, mid, key, digest, &payload_len, &plain_len, &o, &e), 0);
		close(in);
		size_t n = file_take(mid, &blob);
		sha256(expected, blob, n);
		assert_memory_equal(digest, expected, 32);
		assert_int_equal(payload_len, n);
		assert_int_equal(payload_len, age_payload_len(sizes[i]));
		assert_int_equal(plain_len, sizes[i]);
		assert_int_equal(done, sizes[i]);
		assert_int_equal(age_header_make(&file, key, &to, 1, &e), 0);
		assert_int_equal(buf_add(&file, blob, n, &e), 0);
		in = file_with(file.data, file.len);
		assert_int_equal(age_stream_open(in, end, &id, 1, NULL, &e), 0);
		close(in);
		assert_int_equal(file_take(end, &out), sizes[i]);
		assert_memory_equal(out, plain, sizes[i]);
		free(out);
		free(blob);
		buf_done(&file);
	}
}

static int setup(void **state)
{
	(void)state;
	uint32_t x = 88172645u;
	for (size_t i = 0; i < BIG; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		plain[i] = (uint8_t)x;
	}
	id = (struct age_identity){ .kind = AGE_X25519, .secret_key = { 11 } };
	to.kind = AGE_X25519;
	if (crypto_init(NULL) < 0)
		return -1;
	x25519_public(to.public_key, id.secret_key);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_damage_gives_an_error_and_only_what_came_before),
		cmocka_unit_test(test_cuts_give_an_error_and_only_what_came_before),
		cmocka_unit_test(test_appended_bytes_are_refused),
		cmocka_unit_test(test_a_killed_worker_is_an_error),
		cmocka_unit_test(test_workers_die_with_their_parent),
		cmocka_unit_test(test_a_caller_without_sigchld),
		cmocka_unit_test(test_output_that_fails),
		cmocka_unit_test(test_input_that_is_no_age_file),
		cmocka_unit_test(test_detached),
	};
	return cmocka_run_group_tests_name("age streams", tests, setup, NULL);
}
