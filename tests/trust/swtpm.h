/* A TPM for one test: swtpm, a real TPM 2.0 in a process of its own, reached through a socket in the test's folder, ended by its own id. */
#ifndef ENCLUA_TESTS_SWTPM_H
#define ENCLUA_TESTS_SWTPM_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "base/text.h"
#include "unit/scratch.h"

struct swtpm { pid_t pid; char dir[PATH_MAX], name[PATH_MAX + 32]; };	/* name: as ENCLUA_TPM takes it */

static inline int swtpm_connect(const struct swtpm *t)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(a.sun_path, sizeof a.sun_path, "%.90s/tpm", t->dir);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* With what an earlier one of that folder has kept. */
static inline void swtpm_start(struct swtpm *t)
{
	char state[PATH_MAX + 16], server[PATH_MAX + 32], control[PATH_MAX + 32], path[PATH_MAX + 16];
	(void)snprintf(state, sizeof state, "dir=%s", t->dir);
	(void)snprintf(server, sizeof server, "type=unixio,path=%s/tpm", t->dir);
	(void)snprintf(control, sizeof control, "type=unixio,path=%s/control", t->dir);
	(void)snprintf(t->name, sizeof t->name, "swtpm:path=%s/tpm", t->dir);
	(void)snprintf(path, sizeof path, "%s/tpm", t->dir);
	(void)unlink(path);
	t->pid = fork();
	if (t->pid == 0) {
		int null = open("/dev/null", O_RDWR);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(null, 1);
		(void)dup2(null, 2);	/* it tells of each connection that ends */
		execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state, "--server", server, "--ctrl", control, "--flags", "not-need-init,startup-clear",
			(char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 1000; i++) {
		int fd = swtpm_connect(t);
		if (fd >= 0) {
			close(fd);
			return;
		}
		if (waitpid(t->pid, NULL, WNOHANG) != 0)
			break;
		(void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	(void)fprintf(stderr, "swtpm does not start (make deps brings it)\n");
	abort();
}

static inline void swtpm_make(struct swtpm *t)
{
	scratch_make(t->dir);
	swtpm_start(t);
}

/* A command in hex, its size not filled in; the answer's bytes. Returns its code. */
static inline uint32_t swtpm_say(const struct swtpm *t, const char *hex, uint8_t *answer, size_t *len)
{
	uint8_t command[512], dropped[4096];
	size_t n = strlen(hex) / 2, got = 0, want = 10, room = answer ? *len : sizeof dropped;
	uint8_t *to = answer ? answer : dropped;
	int fd = swtpm_connect(t);
	if (fd < 0 || n > sizeof command || hex_decode(command, n, hex, strlen(hex)) < 0)
		abort();
	for (size_t i = 0; i < 4; i++)
		command[2 + i] = (uint8_t)(n >> 8 * (3 - i));
	if (write(fd, command, n) != (ssize_t)n)
		abort();
	while (got < want) {
		ssize_t r = read(fd, to + got, room - got);
		if (r <= 0)
			abort();
		got += (size_t)r;
		if (got >= 10)
			want = (size_t)to[2] << 24 | (size_t)to[3] << 16 | (size_t)to[4] << 8 | to[5];
	}
	close(fd);
	if (len)
		*len = got;
	return (uint32_t)to[6] << 24 | (uint32_t)to[7] << 16 | (uint32_t)to[8] << 8 | to[9];
}

/* orderly: as a machine shuts down; else as it loses power. */
static inline void swtpm_stop(struct swtpm *t, bool orderly)
{
	if (orderly)
		(void)swtpm_say(t, "800100000000000001450000", NULL, NULL);
	(void)kill(t->pid, SIGKILL);
	while (waitpid(t->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static inline void swtpm_drop(struct swtpm *t)
{
	swtpm_stop(t, false);
	scratch_remove(t->dir);
}

#endif
