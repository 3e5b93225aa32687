/* The layers around a zygote: their names, their making, and the honest answer whether this machine has them. A
 * layer's probe is its own making, done by a child that then exits; so a probe that succeeds means more than a
 * kernel that knows the flag.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "box/parts.h"

#define BOX_ID 65534u	/* who a box is, inside; never 0, so exec gives no capability back */
#define NR_LANDLOCK_CREATE_RULESET 444
#define LANDLOCK_ABI_QUESTION 1u
#define KEYCTL_JOIN_SESSION 1

/* The mount calls of Linux 5.2, by the numbers of linux/mount.h, which does not go together with sys/mount.h. */
#define NR_FSOPEN 430
#define NR_FSCONFIG 431
#define NR_FSMOUNT 432
#define FSCONFIG_TEXT 1
#define FSCONFIG_MAKE 6
#define MOUNT_RDONLY 1u
#define MOUNT_NOSUID 2u
#define MOUNT_NODEV 4u
#define MOUNT_NOEXEC 8u

static const struct {
	const char *name, *text;
} table[BOX_LAYER_COUNT] = {
#define X(id, name, text) [BOX_LAYER_##id] = { name, text },
	BOX_LAYER_TABLE(X)
#undef X
};

static const unsigned long clone_flags[BOX_LAYER_COUNT] = {
	[BOX_LAYER_user_ns] = CLONE_NEWUSER, [BOX_LAYER_mount_ns] = CLONE_NEWNS, [BOX_LAYER_pid_ns] = CLONE_NEWPID,
	[BOX_LAYER_net_ns] = CLONE_NEWNET, [BOX_LAYER_ipc_ns] = CLONE_NEWIPC, [BOX_LAYER_uts_ns] = CLONE_NEWUTS,
	[BOX_LAYER_cgroup_ns] = CLONE_NEWCGROUP,
};

const char *box_layer_name(enum box_layer l)
{
	return table[l].name;
}

const char *box_layer_text(enum box_layer l)
{
	return table[l].text;
}

int box_layer_parse(enum box_layer *out, const char *name, struct err *e)
{
	for (int i = 0; i < BOX_LAYER_COUNT; i++)
		if (strcmp(name, table[i].name) == 0) {
			*out = (enum box_layer)i;
			return 0;
		}
	char names[256] = "";
	size_t n = 0;
	for (int i = 0; i < BOX_LAYER_COUNT; i++)
		n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", table[i].name);
	err_set(e, ERR_USAGE, "there is no layer called %.64s", name);
	return err_hint(e, "the layers are %s; seccomp cannot be left out", names);
}

static unsigned long layers_clone_flags(uint32_t layers)
{
	unsigned long flags = 0;
	for (unsigned i = 0; i < BOX_LAYER_COUNT; i++)
		if (layers & (1u << i))
			flags |= clone_flags[i];
	return flags;
}

static int text_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n;
	do
		n = write(fd, text, strlen(text));	/* the kernel takes all of it at once, or nothing */
	while (n < 0 && errno == EINTR);
	int saved = errno;
	close(fd);
	errno = saved;
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

static int map_write(pid_t child, const char *name, unsigned inside, unsigned outside)
{
	char path[64], line[64];
	(void)snprintf(path, sizeof path, "/proc/%d/%s", (int)child, name);
	(void)snprintf(line, sizeof line, "%u %u 1\n", inside, outside);
	return text_write(path, line);
}

/* Root gives the box the ids of nobody: whoever breaks out is nobody. Anybody else can only map himself, after
 * giving up setgroups. */
int layers_map_ids(pid_t child, struct err *e)
{
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/%d/setgroups", (int)child);
	if (geteuid() == 0) {
		if (map_write(child, "uid_map", BOX_ID, BOX_ID) == 0)
			return map_write(child, "gid_map", BOX_ID, BOX_ID) < 0 ? err_sys(e, errno, "cannot map the group id of the box") : 0;
		if (errno != EPERM && errno != EINVAL)	/* a root that has no such id to give, in a container, maps itself; whatever else went wrong must not make the box root */
			return err_sys(e, errno, "cannot map the user id of the box");
	}
	if (text_write(path, "deny") < 0 && errno != ENOENT)
		return err_sys(e, errno, "cannot write %s", path);
	if (map_write(child, "uid_map", BOX_ID, geteuid()) < 0)
		return err_sys(e, errno, "cannot map the user id of the box");
	if (map_write(child, "gid_map", BOX_ID, getegid()) < 0)
		return err_sys(e, errno, "cannot map the group id of the box");
	return 0;
}

/* The steps of the child. Best-effort ones return 0 always; what they add is named beside the table. */

static int step_first_to_die(void)
{
	(void)text_write("/proc/self/oom_score_adj", "1000");
	return 0;
}

static int step_groups(void)
{
	return setgroups(0, NULL) < 0 && errno != EPERM ? -1 : 0;	/* EPERM: an ordinary user, who had to give up setgroups */
}

/* Before the ids go: with them goes the right to drop. Without that right there is no capability to gain either. */
static int step_bounding_set(void)
{
	for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
		(void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
	return 0;
}

/* Becomes nobody where there is a choice. With neither a user namespace nor root there is none. */
static int step_ids(void)
{
	if (setresgid(BOX_ID, BOX_ID, BOX_ID) < 0 && errno != EPERM)
		return -1;
	return setresuid(BOX_ID, BOX_ID, BOX_ID) < 0 && errno != EPERM ? -1 : 0;
}

static int step_no_more_user_namespaces(void)
{
	(void)text_write("/proc/sys/user/max_user_namespaces", "0");
	return 0;
}

/* In a chroot the present root is no mount: nothing can be pivoted, and nothing may be mounted, since it could not be kept from spreading to the
 * host. There the empty root is one that was never attached anywhere; the right to change roots goes with the capabilities. */
static int root_detached(void)
{
	int fs = (int)syscall(NR_FSOPEN, "tmpfs", 0), r = -1;
	int fd = -1;
	if (fs >= 0 && syscall(NR_FSCONFIG, fs, FSCONFIG_TEXT, "nr_inodes", "2", 0) == 0 &&
	    syscall(NR_FSCONFIG, fs, FSCONFIG_TEXT, "mode", "555", 0) == 0 && syscall(NR_FSCONFIG, fs, FSCONFIG_MAKE, NULL, NULL, 0) == 0)
		fd = (int)syscall(NR_FSMOUNT, fs, 0, MOUNT_RDONLY | MOUNT_NOSUID | MOUNT_NODEV | MOUNT_NOEXEC);
	if (fd >= 0 && fchdir(fd) == 0 && chroot(".") == 0)
		r = chdir("/");
	if (fd >= 0)
		close(fd);
	if (fs >= 0)
		close(fs);
	return r;
}

/* An empty, read-only, nameless root. Any directory can carry it for a moment; /proc was needed by the step
 * before. */
static int step_root(void)
{
	const char *at = "/proc";
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return errno == EINVAL ? root_detached() : -1;
	if (mount("none", at, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k,nr_inodes=2,mode=555") < 0 || chdir(at) < 0)
		return -1;
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return -1;
	return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

static int step_name(void)
{
	return sethostname("box", 3) < 0 || setdomainname("", 0) < 0 ? -1 : 0;
}

/* The keys of the login session are inherited by everything that does not ask for a session of its own. */
static int step_keyring(void)
{
	(void)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION, NULL);
	return 0;
}

static const struct {
	const char *name;
	uint32_t layers;	/* done when one of these is wanted; 0: always */
	int (*apply)(void);
} steps[] = {
	{ "memory pressure", 0, step_first_to_die },	/* when memory runs out the kernel picks a box, not the worker */
	{ "supplementary groups", 0, step_groups },
	{ "no more user namespaces", LAYER_BIT(user_ns), step_no_more_user_namespaces },
	{ "empty root", LAYER_BIT(mount_ns), step_root },
	{ "host name", LAYER_BIT(uts_ns), step_name },
	{ "session keyring", 0, step_keyring },
	{ "bounding set", 0, step_bounding_set },
	{ "ids", 0, step_ids },	/* last: it takes the rights of root away where there is no user namespace */
};

const char *layers_enter(uint32_t layers)
{
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if ((steps[i].layers == 0 || (steps[i].layers & layers)) && steps[i].apply() < 0)
			return steps[i].name;
	return NULL;
}

/* /proc/<child> of a process that may not be dumped belongs to root, so that an ordinary user could not map the ids of its own child. The child begins as its parent is:
 * for the moment of the clone that may be dumped. (No core file comes of it: its limit is 0. And exec makes the child forget.) */
pid_t layers_clone(uint32_t layers, unsigned long more)
{
	int was = prctl(PR_GET_DUMPABLE);
	(void)prctl(PR_SET_DUMPABLE, 1);
	pid_t child = (pid_t)syscall(SYS_clone, layers_clone_flags(layers) | more, 0, 0, 0, 0);
	if (child != 0)
		(void)prctl(PR_SET_DUMPABLE, was == 1);
	return child;
}

/* Does what the start of a zygote does for these layers, and no more. */
static bool layers_work(uint32_t layers)
{
	int sync[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sync) < 0)
		return false;
	pid_t child = layers_clone(layers, 0);
	if (child == 0) {
		char go;
		close(sync[0]);
		_exit(read(sync[1], &go, 1) == 1 && layers_enter(layers) == NULL ? 0 : 1);
	}
	close(sync[1]);
	int status = -1;
	if (child > 0) {
		if (!(layers & LAYER_BIT(user_ns)) || layers_map_ids(child, NULL) == 0)
			(void)send(sync[0], "", 1, MSG_NOSIGNAL);
		close(sync[0]);
		sync[0] = -1;
		while (waitpid(child, &status, __WALL) < 0 && errno == EINTR)
			;
	}
	if (sync[0] >= 0)
		close(sync[0]);
	return status == 0;
}

static bool landlock_works(void)
{
	return syscall(NR_LANDLOCK_CREATE_RULESET, NULL, 0, LANDLOCK_ABI_QUESTION) > 0;
}

uint32_t box_layers_probe(void)
{
	uint32_t have = landlock_works() ? LAYER_BIT(landlock) : 0;
	uint32_t base = layers_work(LAYER_BIT(user_ns)) ? LAYER_BIT(user_ns) : 0;	/* the others need it, or root */
	for (unsigned i = 0; i < BOX_LAYER_COUNT; i++)
		if (clone_flags[i] && clone_flags[i] != CLONE_NEWUSER && layers_work(base | (1u << i)))
			have |= 1u << i;
	return have | base;
}

bool box_seccomp_probe(void)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}
