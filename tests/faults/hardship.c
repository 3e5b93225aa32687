/* See hardship.h. Disks that are full or read-only are a tmpfs in a mount namespace of ours, in which the command finds the folder that it runs in. */
#include "hardship.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "shim.h"

#define DAY 86400
#define VALUES 24u

enum where { IN_CHILD, ON_DISK, READ_ONLY, CLOCK };

static const struct hardship {
	const char *name;
	enum where where;
	int resource;	/* IN_CHILD: of setrlimit, or a number below */
	int64_t values[VALUES];	/* 0 ends them, but for the first */
} table[] = {
#define SPECIAL 1000
#define STDOUT_FULL 1000
#define STDOUT_CLOSED 1001
#define ALL_CLOSED 1002
#define CHILD_IGNORED 1003
#define ALL_BLOCKED 1004
#define UMASK 1005
	{ "descriptors", IN_CHILD, RLIMIT_NOFILE, { 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 22, 24, 26, 28, 30, 32 } },
	{ "memory", IN_CHILD, RLIMIT_AS, { 4 << 20, 8 << 20, 12 << 20, 14 << 20, 16 << 20, 17 << 20, 18 << 20, 19 << 20, 20 << 20, 22 << 20, 24 << 20, 28 << 20, 32 << 20, 48 << 20, 64 << 20, 128 << 20, 256 << 20 } },
	{ "stack", IN_CHILD, RLIMIT_STACK, { 256 << 10, 512 << 10, 1 << 20 } },
	{ "locked-memory", IN_CHILD, RLIMIT_MEMLOCK, { 0 } },
	{ "processes", IN_CHILD, RLIMIT_NPROC, { 1, 2, 3, 4 } },
	{ "size-of-files", IN_CHILD, RLIMIT_FSIZE, { 0, 0 } },
	{ "size-of-files", IN_CHILD, RLIMIT_FSIZE, { 100, 512, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10, 360 << 10, 400 << 10, 512 << 10, 1 << 20 } },
	{ "full-output", IN_CHILD, STDOUT_FULL, { 1 } },
	{ "closed-output", IN_CHILD, STDOUT_CLOSED, { 1 } },
	{ "closed-descriptors", IN_CHILD, ALL_CLOSED, { 1 } },
	{ "ignored-SIGCHLD", IN_CHILD, CHILD_IGNORED, { 1 } },
	{ "blocked-signals", IN_CHILD, ALL_BLOCKED, { 1 } },
	{ "umask", IN_CHILD, UMASK, { 0777, 0277, 0077 } },
	{ "full-disk", ON_DISK, 0, { 1, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 128, 160, 192, 256, 384, 512 } },	/* KiB that are left */
	{ "read-only", READ_ONLY, 0, { 1 } },
	{ "clock-at-once", CLOCK, 1, { -400 * DAY, -3 * DAY, -3600, -120, -30, 30, 120, 3600, 3 * DAY, 400 * DAY } },
	{ "clock-at-the-2nd-look", CLOCK, 2, { -3 * DAY, -120, 120, 3 * DAY } },
	{ "clock-at-the-3rd-look", CLOCK, 3, { -3 * DAY, -120, 120, 3 * DAY } },
	{ "clock-at-the-5th-look", CLOCK, 5, { -3 * DAY, -120, 120, 3 * DAY } },
	{ "clock-at-the-9th-look", CLOCK, 9, { -3 * DAY, -120, 120, 3 * DAY } },
};

const size_t hardships_n = sizeof table / sizeof *table;

const char *hardship_name(size_t which)
{
	return table[which].name;
}

size_t hardship_values(size_t which)
{
	size_t n = 1;
	while (n < VALUES && table[which].values[n])
		n++;
	return n;
}

int64_t hardship_value(size_t which, uint64_t n)
{
	return table[which].values[n - 1];
}

void hardship_child(void *fault)
{
	const struct fault *f = fault;
	const struct hardship *h = &table[f->family];
	const int64_t value = hardship_value(f->family, f->n);
	const struct rlimit limit = { (rlim_t)value, (rlim_t)value };
	sigset_t all;
	if (h->where != IN_CHILD)
		return;
	if (h->resource < SPECIAL)
		(void)setrlimit((__rlimit_resource_t)h->resource, &limit);
	switch (h->resource) {
	case STDOUT_FULL:
		(void)dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
		break;
	case STDOUT_CLOSED:
		(void)close(STDOUT_FILENO);
		break;
	case ALL_CLOSED:
		for (int fd = 0; fd < 3; fd++)
			(void)close(fd);
		break;
	case CHILD_IGNORED:
		(void)signal(SIGCHLD, SIG_IGN);
		break;
	case ALL_BLOCKED:
		(void)sigfillset(&all);
		(void)sigprocmask(SIG_SETMASK, &all, NULL);
		break;
	case UMASK:
		(void)umask((mode_t)value);
		break;
	}
}

/* Disks */

static bool text_write(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	const bool well = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		close(fd);
	return well;
}

/* For good: everything that this process does from now on is in it. */
static bool namespace_make(struct place *p)
{
	char map[64];
	const uid_t me = geteuid();
	const gid_t group = getegid();
	if (p->own_mounts)
		return true;
	if (unshare(me == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) < 0)
		return false;
	if (me != 0) {
		(void)text_write("/proc/self/setgroups", "deny");
		(void)snprintf(map, sizeof map, "%u %u 1", (unsigned)me, (unsigned)me);
		if (!text_write("/proc/self/uid_map", map))
			return false;
		(void)snprintf(map, sizeof map, "%u %u 1", (unsigned)group, (unsigned)group);
		if (!text_write("/proc/self/gid_map", map))
			return false;
	}
	p->own_mounts = mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	return p->own_mounts;
}

static bool disk_make(struct place *p)
{
	if (p->disk)
		return true;
	tree_remove(p->run);
	(void)mkdir(p->run, 0700);
	p->disk = namespace_make(p) && mount("faults", p->run, "tmpfs", 0, "size=64m,mode=0700") == 0;
	p->dirty = true;
	return p->disk;
}

static int disk_size(const struct place *p, unsigned long flags, uint64_t bytes)
{
	char size[64];
	(void)snprintf(size, sizeof size, "size=%llu", (unsigned long long)bytes);
	return mount("faults", p->run, "tmpfs", MS_REMOUNT | flags, size);
}

int hardship_begin(struct place *p, const struct fault *f)
{
	const struct hardship *h = &table[f->family];
	struct statvfs now;
	if (h->where == CLOCK) {
		atomic_store(&p->shim->times, 0);
		atomic_store(&p->shim->jump_s, hardship_value(f->family, f->n));
		atomic_store(&p->shim->jump_at, (uint64_t)h->resource);
		return 0;
	}
	if (h->where == IN_CHILD)
		return 0;
	if (!p->disk || statvfs(p->run, &now) < 0)
		return -1;
	if (h->where == READ_ONLY)
		return disk_size(p, MS_RDONLY, 64 << 20);
	return disk_size(p, 0, (now.f_blocks - now.f_bfree) * now.f_frsize + (uint64_t)hardship_value(f->family, f->n) * 1024);
}

void hardship_end(struct place *p, const struct fault *f)
{
	atomic_store(&p->shim->jump_at, 0);
	if (table[f->family].where == ON_DISK || table[f->family].where == READ_ONLY)
		(void)disk_size(p, 0, 64 << 20);
}

/* Then leases end and offers expire, or not. */
bool hardship_is_clock(const struct fault *f)
{
	return table[f->family].where == CLOCK;
}

bool hardship_mute(const struct fault *f)
{
	const struct hardship *h = &table[f->family];
	return h->where == IN_CHILD && (h->resource == ALL_CLOSED || (h->resource == RLIMIT_FSIZE && hardship_value(f->family, f->n) < 512));
}

bool hardship_place(struct place *p, const struct fault *f)
{
	return (table[f->family].where != ON_DISK && table[f->family].where != READ_ONLY) || disk_make(p);
}

void hardship_place_done(struct place *p)
{
	if (p->disk)
		(void)umount2(p->run, MNT_DETACH);
	p->disk = false;
	p->dirty = true;
}
