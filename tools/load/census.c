/* Which processes there are: all that descend from this one, as it is the parent of those whose own has died. How much memory and how many descriptors they have, and,
 * with --kill, which of them dies next. Nothing that does not descend from here is ever touched.
 */
#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/os.h"
#include "load.h"

#define NR_PIDFD_SEND_SIGNAL 424
#define NR_PIDFD_OPEN 434

static bool stat_read(pid_t pid, struct process *p)
{
	char path[64], text[1024];
	long pages;
	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
	if (f)
		(void)fclose(f);
	text[n] = '\0';
	char *at = strrchr(text, ')');
	int parent;
	char state;
	// NOLINTNEXTLINE(cert-err34-c): the kernel writes these numbers
	if (!at || sscanf(at + 1, " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %*u %*u %ld", &state, &parent, &pages) != 3 || state == 'Z')
		return false;
	*p = (struct process){ .pid = pid, .parent = parent, .rss = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) };
	return true;
}

static unsigned fds_count(pid_t pid)
{
	char path[64];
	unsigned n = 0;
	(void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	DIR *d = opendir(path);
	for (struct dirent *f; d && (f = readdir(d));)
		n += f->d_name[0] != '.';
	if (d)
		(void)closedir(d);
	return n;
}

static void name_read(struct process *p)
{
	char path[64], text[512];
	(void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)p->pid);
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
	if (f)
		(void)fclose(f);
	text[n] = '\0';
	const char *slash = strrchr(text, '/');
	(void)snprintf(p->name, sizeof p->name, "%.23s", slash ? slash + 1 : text);
}

static struct process *find(const struct census *c, pid_t pid)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->at[i].pid == pid)
			return &c->at[i];
	return NULL;
}

static const struct worker_process *worker_of(const struct load *l, pid_t pid)
{
	for (size_t i = 0; i < l->n_processes; i++)
		if (l->workers[i].pid == pid)
			return &l->workers[i];
	return NULL;
}

/* A box is what a zygote has forked; the zygote of a keeper, whose boxes ask policies, counts like any other. */
static enum process_kind kind_of(const struct load *l, const struct process *p)
{
	const struct process *parent = find(&l->census, p->parent);
	const struct worker_process *w = worker_of(l, p->pid);
	if (w)
		return strcmp(w->name, "boss") ? PROCESS_WORKER : PROCESS_SCHEDULER;
	if (!strcmp(p->name, "keeper"))
		return PROCESS_KEEPER;
	if (!strcmp(p->name, "enclua-box"))
		return parent && !strcmp(parent->name, "enclua-box") ? PROCESS_BOX : PROCESS_ZYGOTE;
	return parent && worker_of(l, parent->pid) ? PROCESS_SLOT : PROCESS_COMMAND;
}

static void descend(struct census *c)
{
	const pid_t me = getpid();
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < c->n; i++) {
			const struct process *parent = find(c, c->at[i].parent);
			if (!c->at[i].ours && (c->at[i].parent == me || (parent && parent->ours)))
				c->at[i].ours = more = true;
		}
	}
}

static void scan(struct load *l)
{
	struct census *c = &l->census;
	size_t kept = 0;
	c->n = 0;
	DIR *d = opendir("/proc");
	for (struct dirent *f; d && (f = readdir(d));) {
		struct process p;
		if (!isdigit((unsigned char)f->d_name[0]) || !stat_read((pid_t)strtol(f->d_name, NULL, 10), &p))
			continue;
		if (c->n == c->max) {
			c->max = c->max ? 2 * c->max : 256;
			c->at = realloc(c->at, c->max * sizeof *c->at);
			if (!c->at)
				abort();
		}
		c->at[c->n++] = p;
	}
	if (d)
		(void)closedir(d);
	descend(c);
	for (size_t i = 0; i < c->n; i++)
		if (c->at[i].ours)
			c->at[kept++] = c->at[i];
	c->n = kept;
	for (size_t i = 0; i < c->n; i++)
		name_read(&c->at[i]);
	for (size_t i = 0; i < c->n; i++)
		c->at[i].kind = kind_of(l, &c->at[i]);
}

/* Of several of a kind the largest counts. */
void census_take(struct load *l)
{
	uint64_t most[PROCESS_COUNT] = { 0 };
	unsigned fds[PROCESS_COUNT] = { 0 };
	scan(l);
	for (size_t i = 0; i < l->census.n; i++) {
		struct process *p = &l->census.at[i];
		p->fds = fds_count(p->pid);
		most[p->kind] = p->rss > most[p->kind] ? p->rss : most[p->kind];
		fds[p->kind] = p->fds > fds[p->kind] ? p->fds : fds[p->kind];
	}
	for (size_t k = 0; k < PROCESS_COUNT; k++) {
		struct memory *m = &l->memory[k];
		if (!most[k])
			continue;
		m->first = m->first ? m->first : most[k];
		m->fds_first = m->fds_first ? m->fds_first : fds[k];
		m->last = most[k];
		m->fds_last = fds[k];
		m->most = most[k] > m->most ? most[k] : m->most;
		m->fds_most = fds[k] > m->fds_most ? fds[k] : m->fds_most;
	}
}

static void victim_note(struct load *l, pid_t pid)
{
	for (unsigned i = 0; i < l->n_lanes; i++)
		if (l->lanes[i].pid == pid)
			l->lanes[i].killed = true;
	for (size_t i = 0; i < l->n_processes; i++)
		if (l->workers[i].pid == pid)
			l->workers[i].killed = 1;
}

static enum process_kind kind_choose(struct load *l)
{
	static const unsigned weights[PROCESS_COUNT] = {
#define X(id, name, weight) weight,
		LOAD_PROCESSES(X)
#undef X
	};
	uint64_t all = 0;
	size_t k = 0;
	for (size_t i = 0; i < PROCESS_COUNT; i++)
		all += weights[i];
	for (uint64_t which = load_random(&l->random, all); which >= weights[k]; k++)
		which -= weights[k];
	return (enum process_kind)k;
}

/* First the kind, then one of it: there are many commands and one keeper. The descriptor keeps the number from meaning another process. */
void census_kill(struct load *l)
{
	scan(l);
	for (unsigned tries = 0; tries < 20 && l->census.n; tries++) {
		const enum process_kind kind = kind_choose(l);
		size_t n = 0, which;
		for (size_t i = 0; i < l->census.n; i++)
			n += l->census.at[i].kind == kind;
		if (!n)
			continue;
		which = (size_t)load_random(&l->random, n);
		for (size_t i = 0; i < l->census.n; i++) {
			struct process now, *p = &l->census.at[i];
			if (p->kind != kind || which-- > 0)
				continue;
			int fd = (int)syscall(NR_PIDFD_OPEN, p->pid, 0);
			if (fd >= 0 && stat_read(p->pid, &now) && now.parent == p->parent && syscall(NR_PIDFD_SEND_SIGNAL, fd, SIGKILL, NULL, 0) == 0) {
				victim_note(l, p->pid);
				l->memory[kind].kills++;
				l->killed++;
			}
			if (fd >= 0)
				close(fd);
			return;
		}
	}
}
