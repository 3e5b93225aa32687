/* The zygote as its launcher sees it: a child in namespaces of its own that waits for the measured program,
 * becomes it, and then makes one process per message. The namespaces are being made while the launcher measures;
 * nothing of the program runs before its hash is right.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "box/parts.h"
#include "seal/crypto.h"

#define START_MS 10000	/* namespaces, exec and the making of a Lua state take 2 ms; a loaded machine may take 1000 times that */
#define NR_CLOSE_RANGE 436

static int control_send(int control, const struct boxctl *m, const int *fds, size_t n)
{
	return os_send_fds(control, m, sizeof *m, fds, n) == (ssize_t)sizeof *m ? 0 : -1;
}

/* The child. */

static _Noreturn void child_fail(const char *step)
{
	struct boxctl m = { .kind = BOXCTL_FAULT, .u.fault.errnum = errno };
	(void)snprintf(m.u.fault.step, sizeof m.u.fault.step, "%s", step);
	(void)send(BOXCTL_FD, &m, sizeof m, MSG_NOSIGNAL);
	_exit(1);
}

static void child_wait(uint32_t kind)
{
	struct boxctl m;
	ssize_t n = recv(BOXCTL_FD, &m, sizeof m, 0);
	if (n != (ssize_t)sizeof m || m.kind != kind)
		_exit(1);	/* the launcher gave up, and knows why */
}

static int child_program(void)
{
	struct boxctl m;
	int fd;
	if (os_receive_fd(BOXCTL_FD, &m, sizeof m, &fd) != (ssize_t)sizeof m || m.kind != BOXCTL_PROGRAM || fd < 0)
		_exit(1);
	return fd;
}

/* PDEATHSIG after the change of ids, which clears it. */
static _Noreturn void child_main(int control, uint32_t layers)
{
	if (dup2(control, BOXCTL_FD) < 0 || syscall(NR_CLOSE_RANGE, (unsigned)BOXCTL_FD + 1, ~0u, 0u) < 0)
		_exit(1);
	child_wait(BOXCTL_MAPPED);
	const char *step = layers_enter(layers);
	if (step)
		child_fail(step);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		child_fail("parent death");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		child_fail("no new privileges");
	int program = child_program();
	char name[] = "enclua-box";
	char *argv[] = { name, NULL }, *env[] = { NULL };
	(void)syscall(SYS_execveat, program, "", argv, env, 0x1000 /* AT_EMPTY_PATH */);
	child_fail("running the enclave program");
}

/* The launcher. */

static int control_receive(int control, struct boxctl *m, struct err *e)
{
	struct pollfd p = { .fd = control, .events = POLLIN };
	int ready;
	do
		ready = poll(&p, 1, START_MS);
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		return err_set(e, ERR_UNAVAILABLE, "the enclave program did not answer in %d s", START_MS / 1000);
	ssize_t n = recv(control, m, sizeof *m, 0);
	if (n != (ssize_t)sizeof *m)
		return err_set(e, ERR_UNAVAILABLE, "the enclave program ended before it was ready");
	if (m->kind == BOXCTL_FAULT) {
		m->u.fault.step[sizeof m->u.fault.step - 1] = '\0';
		return err_set(e, ERR_UNAVAILABLE, "the box cannot start: %s: %s", m->u.fault.step, strerror(m->u.fault.errnum));
	}
	return 0;
}

static int ready_check(struct box_zygote *z, uint32_t layers, struct err *e)
{
	struct boxctl m;
	if (control_receive(z->control, &m, e) < 0)
		return -1;
	if (m.kind != BOXCTL_READY || m.u.ready.version != BOXCTL_VERSION)
		return err_set(e, ERR_INVALID, "the enclave program is of another version than this launcher");
	if ((layers & LAYER_BIT(landlock)) && m.u.ready.landlock_abi == 0)
		return err_set(e, ERR_UNAVAILABLE, "the enclave program found no Landlock");
	return 0;
}

static int measurement_check(struct box_zygote *z, const uint8_t *expected, const char *path, struct err *e)
{
	if (!expected || crypto_equal(expected, z->measurement, sizeof z->measurement))
		return 0;
	err_set(e, ERR_DENIED, "%s is not the enclave program that was agreed on: its SHA-256 differs from the accepted measurement", path);
	return err_hint(e, "install the enclave of the release that the deal names; sha256sum %s shows what is here", path);
}

static pid_t child_start(int control[2], uint32_t layers)
{
	pid_t pid = layers_clone(layers, SIGCHLD);
	if (pid == 0)
		child_main(control[1], layers);
	return pid;
}

int zygote_start(struct box_zygote **out, const struct box_options *o, uint32_t layers, struct err *e)
{
	char path[PATH_MAX];
	int control[2] = { -1, -1 }, program = -1, r = -1;
	const struct boxctl mapped = { .kind = BOXCTL_MAPPED }, run = { .kind = BOXCTL_PROGRAM };
	struct box_zygote *z = calloc(1, sizeof *z);
	if (!z)
		return err_set(e, ERR_LIMIT, "out of memory");
	z->control = -1;
	z->missing = LAYERS_ALL & ~layers;
	if (o->enclave)
		(void)snprintf(path, sizeof path, "%s", o->enclave);
	else if (box_enclave_path(path, sizeof path, e) < 0)
		goto out;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0) {
		err_sys(e, errno, "cannot make a socket pair");
		goto out;
	}
	z->control = control[0];
	z->pid = child_start(control, layers);
	if (z->pid < 0) {
		err_set(e, ERR_UNAVAILABLE, "cannot make the namespaces of a box: %s", strerror(errno));
		goto out;
	}
	close(control[1]);
	control[1] = -1;
	if ((layers & LAYER_BIT(user_ns)) && layers_map_ids(z->pid, e) < 0)
		goto out;
	if (control_send(z->control, &mapped, NULL, 0) < 0) {
		err_sys(e, errno, "the box ended at its start");
		goto out;
	}
	if (measure_program(path, &program, z->measurement, e) < 0 || measurement_check(z, o->measurement, path, e) < 0)
		goto out;
	if (control_send(z->control, &run, &program, 1) < 0 && errno != EPIPE) {	/* EPIPE: the child failed; its FAULT is next */
		err_sys(e, errno, "cannot hand over the enclave program");
		goto out;
	}
	r = ready_check(z, layers, e);
out:
	if (program >= 0)
		close(program);
	if (control[1] >= 0)
		close(control[1]);
	if (r < 0) {
		box_zygote_stop(z);
		z = NULL;
	}
	*out = z;
	return r;
}

/* One sentence for every missing layer, and the flags that would allow them. */
static int missing_error(uint32_t missing, struct err *e)
{
	char what[768] = "", flags[400] = "";
	size_t n = 0, f = 0;
	for (unsigned i = 0; i < BOX_LAYER_COUNT; i++) {
		if (!(missing & (1u << i)))
			continue;
		n += (size_t)snprintf(what + n, sizeof what - n, "%s%s (keeps an iApp from %s)", n ? ", " : "",
			box_layer_name((enum box_layer)i), box_layer_text((enum box_layer)i));
		f += (size_t)snprintf(flags + f, sizeof flags - f, " --allow-missing-layer %s", box_layer_name((enum box_layer)i));
	}
	err_set(e, ERR_UNAVAILABLE, "this machine cannot give a box these layers: %s", what);
	return err_hint(e, "make them available (enclua doctor says how), or accept the risk:%s", flags);
}

/* Hopes for the best, since asking costs a process per layer; on failure asks which layer it was. */
int box_zygote_start(struct box_zygote **out, const struct box_options *o, struct err *e)
{
	*out = NULL;
	if (crypto_init(e) < 0)
		return -1;
	if (!box_seccomp_probe()) {
		err_set(e, ERR_UNAVAILABLE, "this kernel has no seccomp filters; no box runs without them");
		return err_hint(e, "use a kernel with CONFIG_SECCOMP_FILTER");
	}
	struct err first = { .code = ERR_NONE };
	if (zygote_start(out, o, LAYERS_ALL, &first) == 0)
		return 0;
	uint32_t missing = first.code == ERR_UNAVAILABLE ? LAYERS_ALL & ~box_layers_probe() : 0;
	if (missing == 0) {
		if (e)
			*e = first;
		return -1;
	}
	if (missing & ~o->allow_missing)
		return missing_error(missing & ~o->allow_missing, e);
	return zygote_start(out, o, LAYERS_ALL & ~missing, e);
}

void box_zygote_stop(struct box_zygote *z)
{
	if (!z)
		return;
	if (z->control >= 0)
		close(z->control);
	zygote_end(z);
	while (z->pid > 0 && waitpid(z->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(z);
}

bool box_zygote_lives(const struct box_zygote *z)
{
	char c;
	ssize_t n;
	if (z->pid <= 0)
		return false;
	do
		n = recv(z->control, &c, 1, MSG_DONTWAIT | MSG_PEEK);
	while (n < 0 && errno == EINTR);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

const uint8_t *box_measurement(const struct box_zygote *z)
{
	return z->measurement;
}

uint32_t box_layers_missing(const struct box_zygote *z)
{
	return z->missing;
}

int zygote_task(struct box_zygote *z, const struct boxctl *task, const int *fds, size_t n_fds, struct err *e)
{
	return control_send(z->control, task, fds, n_fds) == 0 ? 0 : zygote_gone(z, e);
}

void zygote_end(struct box_zygote *z)
{
	if (z->pid > 0)
		(void)kill(z->pid, SIGKILL);
}

/* How it ended is known only once its control socket is closed; before that waiting for it could take for ever. */
int zygote_gone(struct box_zygote *z, struct err *e)
{
	char c;
	int status = 0;
	err_set(e, ERR_UNAVAILABLE, "the zygote gave a task up");
	if (recv(z->control, &c, 1, MSG_DONTWAIT | MSG_PEEK) == 0 && z->pid > 0 && waitpid(z->pid, &status, 0) == z->pid) {
		z->pid = 0;
		if (WIFSIGNALED(status))
			err_set(e, ERR_UNAVAILABLE, "the zygote was ended by signal %d while a task was running", WTERMSIG(status));
		else
			err_set(e, ERR_UNAVAILABLE, "the zygote ended (status %d) while a task was running", WEXITSTATUS(status));
	}
	return err_hint(e, "start the worker again");
}

void zygote_kill(struct box_zygote *z, uint64_t serial)
{
	const struct boxctl m = { .kind = BOXCTL_KILL, .u.kill.serial = serial };
	if (control_send(z->control, &m, NULL, 0) < 0)
		zygote_end(z);
}

/* 1, 0 when it is not there, −1 */
static int program_at(char *out, size_t size, const char *dir, const char *below, const char *name, struct err *e)
{
	char path[PATH_MAX], real[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/%s%s", dir, below, name);
	if (n < 0 || (size_t)n >= sizeof path)
		return err_set(e, ERR_LIMIT, "the path of the program %s is too long", name);
	if (!realpath(path, real))
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e, errno, "cannot look at the program %s", path);
	return snprintf(out, size, "%s", real) < (int)size ? 1 : err_set(e, ERR_LIMIT, "the path of the program %s is too long", name);
}

/* Only places relative to this program: a tree may be moved, and a build says nothing of the machine that it was made on. */
int box_program_path(char *out, size_t size, const char *name, struct err *e)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash = n > 0 ? memrchr(self, '/', (size_t)n) : NULL;
	if (!slash)
		return err_sys(e, errno, "cannot tell where this program is, to look for the program %s there", name);
	*slash = '\0';
	int is = program_at(out, size, self, "", name, e);
	if (is == 0)
		is = program_at(out, size, self, ENCLUA_LIBEXEC "/", name, e);
	if (is)
		return is < 0 ? -1 : 0;
	err_set(e, ERR_NOT_FOUND, "the program %s is neither in %s, beside this program, nor in %s/" ENCLUA_LIBEXEC, name, self, self);
	return err_hint(e, "make all, or make install");
}

int box_enclave_path(char *out, size_t size, struct err *e)
{
	return box_program_path(out, size, "enclave", e);
}
