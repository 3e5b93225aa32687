/* Descriptors that go from process to process beside the bytes of a socket. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/os.h"

ssize_t os_send_fds(int socket, const void *bytes, size_t n, const int *fds, size_t n_fds)
{
	union { struct cmsghdr align; char room[CMSG_SPACE(OS_FDS_MAX * sizeof(int))]; } rights;
	struct iovec v = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = n };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1 };
	if (n_fds > OS_FDS_MAX) {
		errno = EINVAL;
		return -1;
	}
	if (n_fds) {
		h.msg_control = &rights;
		h.msg_controllen = (socklen_t)CMSG_SPACE(n_fds * sizeof *fds);	/* size_t in one C library, socklen_t in the other */
		struct cmsghdr *c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = (socklen_t)CMSG_LEN(n_fds * sizeof *fds);
		memcpy(CMSG_DATA(c), fds, n_fds * sizeof *fds);
	}
	ssize_t sent;
	do
		sent = sendmsg(socket, &h, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent;
}

ssize_t os_receive_fd(int socket, void *bytes, size_t n, int *fd)
{
	union { struct cmsghdr align; char room[CMSG_SPACE(sizeof(int))]; } rights;
	struct iovec v = { .iov_base = bytes, .iov_len = n };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &rights,
		.msg_controllen = (socklen_t)CMSG_LEN(sizeof(int)) };	/* not CMSG_SPACE: its padding would let a second descriptor in, unseen */
	ssize_t got;
	*fd = -1;
	do
		got = recvmsg(socket, &h, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	const struct cmsghdr *c = got > 0 ? CMSG_FIRSTHDR(&h) : NULL;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof *fd))
		memcpy(fd, CMSG_DATA(c), sizeof *fd);
	if (got > 0 && h.msg_flags & MSG_CTRUNC) {
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
		errno = EPROTO;
		return -1;
	}
	return got;
}
