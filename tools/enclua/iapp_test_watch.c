/* Again at each save: inotify on the folders of the project, taken before each round, so that what is saved during one starts the next. Ctrl-C ends it as it ends any
 * program: by the signal.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "iapp_test.h"

#define SETTLE_MS 60	/* an editor writes a file in several steps */
#define DEPTH_MAX 16u
#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE)

/* Editors' own files, and ours: .enclua, *.swp, 4913, name~. */
static bool name_matters(const char *name)
{
	size_t n = strlen(name);
	return n && name[0] != '.' && name[n - 1] != '~' && !(n > 4 && !strcmp(name + n - 4, ".swp")) && strspn(name, "0123456789") != n;
}

// NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH_MAX
static int folder_watch(int fd, const char *folder, unsigned depth, struct err *e)
{
	char path[PATH_MAX];
	struct stat st;
	if (inotify_add_watch(fd, folder, EVENTS | IN_ONLYDIR) < 0)
		return err_sys(e, errno, "cannot watch %s", folder);
	DIR *dir = depth < DEPTH_MAX ? opendir(folder) : NULL;
	int r = 0;
	for (struct dirent *f; r == 0 && dir && (f = readdir(dir));)
		if (name_matters(f->d_name) && snprintf(path, sizeof path, "%s/%s", folder, f->d_name) < (int)sizeof path && lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
			r = folder_watch(fd, path, depth + 1, e);
	if (dir)
		closedir(dir);
	return r;
}

/* Takes what there is; true when some of it is of the author's files. */
static bool events_take(int fd)
{
	_Alignas(struct inotify_event) char events[4096];
	bool matters = false;
	ssize_t n;
	while ((n = read(fd, events, sizeof events)) > 0)
		for (char *p = events; p < events + n;) {
			const struct inotify_event *one = (const void *)p;
			matters = matters || (one->mask & IN_Q_OVERFLOW) || (one->len && name_matters(one->name));
			p += sizeof *one + one->len;
		}
	return matters;
}

static int change_wait(int fd, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	bool changed = false;
	for (;;) {
		int n = poll(&p, 1, changed ? SETTLE_MS : -1);
		if (n < 0 && errno != EINTR)
			return err_sys(e, errno, "cannot wait for changes");
		if (n == 0)
			return 0;
		if (n > 0 && events_take(fd))
			changed = true;
	}
}

int test_watch(const char *project, int (*once)(void *ctx), void *ctx, struct err *e)
{
	(void)signal(SIGINT, SIG_DFL);	/* also where a shell without job control had it ignored */
	for (;;) {
		int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		if (fd < 0)
			return err_sys(e, errno, "cannot watch the project");
		int r = folder_watch(fd, project, 0, e);
		if (r == 0 && once(ctx) < 0)
			r = -1;
		if (r == 0)
			r = change_wait(fd, e);
		close(fd);
		if (r < 0)
			return -1;
	}
}
