/* The measured program: what is in the memfd is what was hashed, nobody can change it, and another program than
 * the agreed one never runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/os.h"
#include "box/parts.h"
#include "seal/crypto.h"

static const char *program(void)
{
	static char path[512];
	const char *build = getenv("BUILD");
	(void)snprintf(path, sizeof path, "%s/box/hello", build ? build : "build");
	return path;
}

static void sealed(void **state)
{
	struct buf file = BUF_INIT(LIMIT_ENCLAVE_BYTES), copy = BUF_INIT(LIMIT_ENCLAVE_BYTES);
	uint8_t digest[32], expected[32];
	int fd;
	(void)state;
	assert_int_equal(os_file_read(program(), &file, NULL), 0);
	assert_int_equal(measure_program(program(), &fd, digest, NULL), 0);
	sha256(expected, file.data, file.len);
	assert_memory_equal(digest, expected, 32);
	assert_int_equal(buf_reserve(&copy, file.len, NULL), 0);
	assert_int_equal(os_pread(fd, copy.data, file.len, 0), file.len);
	assert_memory_equal(copy.data, file.data, file.len);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 10), -1);
	assert_int_equal(ftruncate(fd, (off_t)file.len + 1), -1);
	assert_true(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), -1);
	close(fd);
	buf_done(&file);
	buf_done(&copy);
}

static void not_a_program(void **state)
{
	uint8_t digest[32];
	struct err e;
	int fd;
	(void)state;
	assert_int_equal(measure_program("/", &fd, digest, &e), -1);
	assert_int_equal(fd, -1);
	assert_int_equal(measure_program("/dev/null", &fd, digest, &e), -1);
	assert_int_equal(measure_program("/no/such/file", &fd, digest, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

/* One flipped bit in a copy of the program: refused, and it was never executed. The copy is a script in
 * disguise of a measurement: were it run, it would leave a mark. */
static void tampered(void **state)
{
	char dir[] = "/tmp/enclua-measure-XXXXXX", path[64], mark[64], script[160];
	struct buf file = BUF_INIT(LIMIT_ENCLAVE_BYTES);
	uint8_t good[32];
	struct err e = { .code = ERR_NONE };
	struct box_zygote *z = NULL;
	int fd;
	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/enclave", dir);
	(void)snprintf(mark, sizeof mark, "%s/ran", dir);
	assert_int_equal(measure_program(program(), &fd, good, NULL), 0);
	close(fd);
	struct box_options o = { .enclave = path, .measurement = good,
		.allow_missing = getenv("ENCLUA_ALLOW_MISSING_LAYER") ? UINT32_MAX : 0 };

	assert_int_equal(os_file_read(program(), &file, NULL), 0);
	assert_int_equal(os_file_replace(path, 0755, file.data, file.len, NULL), 0);
	assert_int_equal(box_zygote_start(&z, &o, &e), 0);
	assert_memory_equal(box_measurement(z), good, 32);
	box_zygote_stop(z);

	file.data[file.len / 2] ^= 1;
	assert_int_equal(os_file_replace(path, 0755, file.data, file.len, NULL), 0);
	assert_int_equal(box_zygote_start(&z, &o, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_null(z);

	int n = snprintf(script, sizeof script, "#!/bin/sh\necho >%s\n", mark);
	assert_int_equal(os_file_replace(path, 0755, script, (size_t)n, NULL), 0);
	assert_int_equal(box_zygote_start(&z, &o, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	assert_false(os_exists(mark));

	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);	/* the child that waited for the program is gone too */
	assert_int_equal(errno, ECHILD);
	(void)unlink(path);
	assert_int_equal(rmdir(dir), 0);
	buf_done(&file);
}

/* A program that is no enclave: an error that says so, and no process left. */
static void another_program(void **state)
{
	struct err e = { .code = ERR_NONE };
	struct box_zygote *z = NULL;
	const struct box_options o = { .enclave = "/bin/true" };
	(void)state;
	assert_int_equal(box_zygote_start(&z, &o, &e), -1);
	assert_true(strlen(e.msg) > 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static int setup(void **state)
{
	(void)state;
	return crypto_init(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sealed), cmocka_unit_test(not_a_program), cmocka_unit_test(tampered), cmocka_unit_test(another_program),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
