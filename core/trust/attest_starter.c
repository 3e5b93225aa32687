/* Helpers for a process that may start nothing any more: a child that was made before it shut itself in starts one at each byte, and hands over the socket to it. The child holds
 * nothing of its maker's but this socket.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "trust/attest_helper.h"
#include "trust/attest_helper_inner.h"

#define STARTER_FD 3

static int fd_send(int to, int fd)
{
	union { struct cmsghdr align; char room[CMSG_SPACE(sizeof(int))]; } rights;
	char byte = 0;
	struct iovec v = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1 };
	if (fd >= 0) {
		h.msg_control = &rights;
		h.msg_controllen = sizeof rights.room;
		struct cmsghdr *c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	return sendmsg(to, &h, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

static int fd_receive(int from)
{
	union { struct cmsghdr align; char room[CMSG_SPACE(sizeof(int))]; } rights;
	char byte;
	int fd = -1;
	struct iovec v = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights.room };
	ssize_t n;
	do
		n = recvmsg(from, &h, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	const struct cmsghdr *c = n == 1 ? CMSG_FIRSTHDR(&h) : NULL;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof fd))
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

/* The helper is ours to bury; its socket is the asker's, and it ends when that closes. */
static _Noreturn void starter_main(pid_t parent)
{
	char byte;
	(void)signal(SIGCHLD, SIG_IGN);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
		_exit(1);
	while (os_read(STARTER_FD, &byte, 1) == 1) {
		struct helper *h = NULL;
		int fd = helper_start(&h, HELPER_VERIFY, NULL, NULL) == 0 ? helper_detach(h) : -1;
		if (fd_send(STARTER_FD, fd) < 0)
			break;
		if (fd >= 0)
			close(fd);
	}
	_exit(0);
}

int helper_starter(int *starter, struct err *e)
{
	int pair[2];
	const pid_t me = getpid();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, errno, "cannot make a socket pair");
	pid_t pid = fork();
	if (pid == 0) {
		if (dup2(pair[1], STARTER_FD) < 0 || close_range(STARTER_FD + 1, ~0u, 0) < 0)
			_exit(1);
		starter_main(me);
	}
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return err_sys(e, errno, "cannot start what starts the attest-helper");
	}
	*starter = pair[0];
	return 0;
}

int helper_start_by(int starter, struct helper **out, struct err *e)
{
	const char byte = 0;
	*out = NULL;
	if (starter < 0)
		return helper_start(out, HELPER_VERIFY, NULL, e);
	int fd = os_write(starter, &byte, 1) == 0 ? fd_receive(starter) : -1;
	if (fd < 0)
		return err_set(e, ERR_UNAVAILABLE, "the attest-helper cannot be started");
	return helper_attach(out, fd, e);
}
