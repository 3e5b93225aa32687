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
		if (os_send_fds(STARTER_FD, &byte, 1, &fd, fd >= 0) != 1)
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
	char byte = 0;
	*out = NULL;
	if (starter < 0)
		return helper_start(out, HELPER_VERIFY, NULL, e);
	int fd = -1;
	if (os_write(starter, &byte, 1) < 0 || os_receive_fd(starter, &byte, 1, &fd) != 1 || fd < 0)
		return err_set(e, ERR_UNAVAILABLE, "the attest-helper cannot be started");
	return helper_attach(out, fd, e);
}
