/* Starting the attest-helper and asking it. It is looked for beside the enclave program. What it answers is its own word: it cannot reach further than its socket,
 * but whoever takes it over by bad evidence can lie, so a helper that has seen one machine's evidence is ended, never kept for the next.
 */
#include "trust/attest_helper.h"
#include "trust/attest_helper_inner.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "box/box.h"

#define VERIFY_US UINT64_C(10000000)	/* a hundred times what the longest chain takes */
#define TPM_US UINT64_C(120000000)	/* a slow TPM looks for the primes of an RSA key for a minute */
#define TPM_END_MS 5000
#define LEN 4u

struct helper {
	pid_t pid;
	int fd;
	enum helper_role role;
	struct buf answer;
};

static const struct { enum helper_role role; size_t in, out; } ops[HELPER_OPS] = {
#define X(name, r, i, o) [HELPER_##name] = { HELPER_##r, i, o },
	HELPER_TABLE(X)
#undef X
};
static const char *const roles[] = { [HELPER_VERIFY] = "verify", [HELPER_TPM] = "tpm" };

static int helper_path(char out[static PATH_MAX], struct err *e)
{
	if (box_enclave_path(out, PATH_MAX - sizeof HELPER_NAME, e) < 0)
		return err_wrap(e, "looking for the attest-helper beside it");
	char *slash = strrchr(out, '/');
	memcpy(slash ? slash + 1 : out, HELPER_NAME, sizeof HELPER_NAME);
	if (access(out, X_OK) == 0)
		return 0;
	err_set(e, ERR_UNAVAILABLE, "there is no program %s", out);
	return err_hint(e, "make all, or make install");
}

/* In the child, after fork: nothing of ours but the socket, as standard input and output. */
static _Noreturn void child_run(const char *path, char *const argv[], int fd)
{
	static char *const nothing[] = { NULL };
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int pipe_fd = fcntl(fd, F_DUPFD, 3), null = open("/dev/null", O_RDWR), high = fcntl(null, F_DUPFD, 3);	/* ours may lie at 0 to 2 */
	if (pipe_fd < 0 || high < 0 || dup2(pipe_fd, 0) < 0 || dup2(pipe_fd, 1) < 0 || dup2(high, 2) < 0 || close_range(3, ~0u, 0) < 0)
		_exit(127);
	execve(path, argv, nothing);
	_exit(127);
}

int helper_start(struct helper **out, enum helper_role role, const char *tpm, struct err *e)
{
	char path[PATH_MAX], name[] = HELPER_NAME, role_name[8], where[256] = "";
	char *const argv[] = { name, role_name, tpm ? where : NULL, NULL };
	int pair[2] = { -1, -1 };
	*out = NULL;
	(void)snprintf(role_name, sizeof role_name, "%s", roles[role]);
	if (tpm && (size_t)snprintf(where, sizeof where, "%s", tpm) >= sizeof where)
		return err_set(e, ERR_USAGE, "the place of the TPM is too long");
	if (helper_path(path, e) < 0)
		return -1;
	struct helper *h = calloc(1, sizeof *h);
	if (!h)
		return err_set(e, ERR_LIMIT, "out of memory");
	*h = (struct helper){ .pid = -1, .fd = -1, .role = role, .answer = BUF_INIT(HELPER_BYTES) };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		goto failed;
	h->fd = pair[0];
	h->pid = fork();
	if (h->pid == 0)
		child_run(path, argv, pair[1]);
	if (h->pid < 0)
		goto failed;
	close(pair[1]);
	*out = h;
	return 0;
failed:
	err_sys(e, errno, "cannot start the attest-helper");
	if (pair[1] >= 0)
		close(pair[1]);
	helper_end(h);
	return -1;
}

int helper_detach(struct helper *h)
{
	int fd = h->fd;
	buf_done(&h->answer);
	free(h);
	return fd;
}

int helper_attach(struct helper **out, int fd, struct err *e)
{
	struct helper *h = calloc(1, sizeof *h);
	*out = h;
	if (!h) {
		close(fd);
		return err_set(e, ERR_LIMIT, "out of memory");
	}
	*h = (struct helper){ .pid = -1, .fd = fd, .role = HELPER_VERIFY, .answer = BUF_INIT(HELPER_BYTES) };
	return 0;
}

void helper_end(struct helper *h)
{
	if (!h)
		return;
	if (h->fd >= 0)
		close(h->fd);
	if (h->pid > 0) {
		int pid = h->role == HELPER_TPM ? pidfd_open(h->pid, 0) : -1;
		if (pid >= 0) {	/* a TPM is left as it was found */
			struct pollfd p = { .fd = pid, .events = POLLIN };
			(void)poll(&p, 1, TPM_END_MS);
			close(pid);
		}
		(void)kill(h->pid, SIGKILL);
		while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	buf_done(&h->answer);
	free(h);
}

static int question_send(const struct helper *h, const uint8_t *bytes, size_t n, struct err *e)
{
	while (n) {
		ssize_t sent = send(h->fd, bytes, n, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EPIPE)
			return 0;	/* it may have said why before it ended */
		if (sent < 0)
			return err_set(e, ERR_UNAVAILABLE, "the attest-helper does not listen: %s", strerror(errno));
		bytes += sent;
		n -= (size_t)sent;
	}
	return 0;
}

static int answer_read(const struct helper *h, void *to, size_t n, uint64_t deadline, struct err *e)
{
	for (uint8_t *at = to; n;) {
		uint64_t now = os_now_us();
		struct pollfd p = { .fd = h->fd, .events = POLLIN };
		int ready = now < deadline ? poll(&p, 1, (int)((deadline - now) / 1000) + 1) : 0;
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return err_set(e, ERR_UNAVAILABLE, "the attest-helper does not answer");
		ssize_t got = read(h->fd, at, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return err_set(e, ERR_UNAVAILABLE, "the attest-helper ended without an answer");
		at += got;
		n -= (size_t)got;
	}
	return 0;
}

/* An error as the helper says it. Its words go to people: anything but plain text is not repeated. */
static int error_take(const struct helper_field *f, ptrdiff_t n, struct err *e)
{
	enum err_code code = f[0].at[0] < ERR_COUNT ? (enum err_code)f[0].at[0] : ERR_INTERNAL;
	if (n != 2 || f[1].len >= 256 || text_plain((const char *)f[1].at, f[1].len) != f[1].len)
		return err_set(e, ERR_INTERNAL, "the attest-helper failed");
	return err_set(e, code, "%.*s", (int)f[1].len, (const char *)f[1].at);
}

int helper_ask(struct helper *h, enum helper_op op, const struct helper_field *in, struct helper_field out[static HELPER_FIELDS], struct err *e)
{
	const uint8_t name = (uint8_t)op;
	uint64_t deadline = os_now_us() + (h->role == HELPER_TPM ? TPM_US : VERIFY_US);
	struct buf question = BUF_INIT(HELPER_BYTES);
	struct helper_field got[HELPER_FIELDS + 1];
	uint8_t len[LEN];
	int r = -1;
	assert(op < HELPER_OPS && ops[op].role == h->role);
	if (buf_add_zero(&question, LEN, e) < 0 || helper_field_add(&question, &name, 1, e) < 0)
		goto out;
	for (size_t i = 0; i < ops[op].in; i++)
		if (helper_field_add(&question, in[i].at, in[i].len, e) < 0)
			goto out;
	for (size_t i = 0; i < LEN; i++)
		question.data[i] = (uint8_t)((question.len - LEN) >> 8 * i);
	if (question_send(h, question.data, question.len, e) < 0 || answer_read(h, len, sizeof len, deadline, e) < 0)
		goto out;
	size_t n = len[0] | (size_t)len[1] << 8 | (size_t)len[2] << 16 | (size_t)len[3] << 24;
	buf_clear(&h->answer);
	if (n > HELPER_BYTES) {
		err_set(e, ERR_INTERNAL, "the attest-helper answers too much");
		goto out;
	}
	if (buf_reserve(&h->answer, n, e) < 0 || answer_read(h, h->answer.data, n, deadline, e) < 0)
		goto out;
	h->answer.len = n;
	ptrdiff_t fields = helper_fields(h->answer.data, n, got, HELPER_FIELDS + 1);
	if (fields < 1 || got[0].len != 1 || (!got[0].at[0] && (size_t)fields != 1 + ops[op].out)) {
		err_set(e, ERR_INTERNAL, "the attest-helper answers what was not asked");
		goto out;
	}
	if (got[0].at[0]) {
		error_take(got, fields, e);
		goto out;
	}
	memcpy(out, got + 1, ops[op].out * sizeof out[0]);
	r = 0;
out:
	buf_done(&question);
	return r;
}
