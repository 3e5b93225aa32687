/* Descriptors beside bytes: one goes over and is the same file; what a sender puts in beyond that stays with nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/os.h"

static int pair[2];

static int setup(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
}

static int teardown(void **state)
{
	(void)state;
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static int lowest_free(void)
{
	int fd = dup(0);
	assert_true(fd >= 0);
	close(fd);
	return fd;
}

static void test_one(void **state)
{
	struct stat sent, got;
	char bytes[8] = "";
	int fd;
	(void)state;
	assert_int_equal(os_send_fds(pair[0], "hello", 5, &pair[1], 1), 5);
	assert_int_equal(os_receive_fd(pair[1], bytes, sizeof bytes, &fd), 5);
	assert_memory_equal(bytes, "hello", 5);
	assert_true(fd >= 0 && fd != pair[1]);
	assert_int_equal(fstat(fd, &got) | fstat(pair[1], &sent), 0);
	assert_true(got.st_ino == sent.st_ino && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	close(fd);
}

static void test_none(void **state)
{
	char byte;
	int fd = 7;
	(void)state;
	assert_int_equal(os_send_fds(pair[0], "x", 1, NULL, 0), 1);
	assert_int_equal(os_receive_fd(pair[1], &byte, 1, &fd), 1);
	assert_int_equal(fd, -1);
	close(pair[0]);
	assert_int_equal(os_receive_fd(pair[1], &byte, 1, &fd), 0);
	pair[0] = dup(pair[1]);
}

/* A sender fills the receiver's table of descriptors with ones that it does not look for. */
static void test_smuggled(void **state)
{
	int many[OS_FDS_MAX + 1], fd, before = lowest_free();
	char byte;
	(void)state;
	for (size_t i = 0; i < sizeof many / sizeof *many; i++)
		many[i] = pair[0];
	for (size_t n = 2; n <= OS_FDS_MAX; n += 50) {
		assert_int_equal(os_send_fds(pair[0], "x", 1, many, n), 1);
		assert_int_equal(os_receive_fd(pair[1], &byte, 1, &fd), -1);
		assert_int_equal(errno, EPROTO);
		assert_int_equal(fd, -1);
		assert_int_equal(lowest_free(), before);
	}
	assert_int_equal(os_send_fds(pair[0], "x", 1, many, OS_FDS_MAX + 1), -1);
	assert_int_equal(errno, EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one, setup, teardown), cmocka_unit_test_setup_teardown(test_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_smuggled, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
