/* Each attack against each layer alone, against all without seccomp, against seccomp alone, and against
 * everything. The table below says which layers must stop which attack; a layer that this kernel lacks is left
 * out, an attack that does not even work in the open is skipped. Every task goes the real way, through
 * core/box/zygote.c.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "outside.h"

/* One column of the table: what is on. Every task also gets what the others need: no-new-privs, a tie to its
 * zygote, keys. */
struct column { const char *name; uint32_t layers; const char *steps[3]; };

enum { USERNS, MOUNTNS, NETNS, IPCNS, LANDLOCK, MDWE, DESCRIPTORS, LIMITS, TSC, DUMPABLE, N_SINGLE };
#define NS(id) (LAYER_BIT(user_ns) | LAYER_BIT(id))

static const struct column singles[N_SINGLE] = {
	[USERNS] = { "userns", LAYER_BIT(user_ns), { NULL } },
	[MOUNTNS] = { "mountns", NS(mount_ns), { NULL } },
	[NETNS] = { "netns", NS(net_ns), { NULL } },
	[IPCNS] = { "ipcns", NS(ipc_ns), { NULL } },
	[LANDLOCK] = { "landlock", 0, { "landlock" } },
	[MDWE] = { "mdwe", 0, { "write or execute" } },
	[DESCRIPTORS] = { "close", 0, { "descriptors" } },
	[LIMITS] = { "limits", 0, { "limits" } },
	[TSC] = { "tsc", 0, { "tsc" } },
	[DUMPABLE] = { "dumpable", 0, { "dumpable" } },
};

#define BIT(column) (1u << (column))

static const struct {
	const char *name;
	uint32_t stopped_by, either;	/* columns; either: the attack works, but what it started may not */
	bool seccomp;	/* is stopped by it alone */
	bool needs_sibling;
} table[] = {
	{ "file", BIT(MOUNTNS) | BIT(LANDLOCK) | BIT(LIMITS), 0, true, false },
	{ "tcp", BIT(NETNS) | BIT(LANDLOCK) | BIT(LIMITS), 0, true, false },
	{ "udp", BIT(NETNS) | BIT(LIMITS), 0, true, false },
	{ "abstract", BIT(NETNS) | BIT(LANDLOCK) | BIT(LIMITS), 0, true, false },
	{ "vsock", BIT(LIMITS), 0, true, false },	/* no namespace and no Landlock knows it: N17 */
	{ "fork", BIT(LIMITS), 0, true, false },
	{ "exec", BIT(MOUNTNS) | BIT(LANDLOCK), BIT(LIMITS) | BIT(TSC), true, false },
	{ "ptrace", BIT(LANDLOCK) | BIT(DUMPABLE), 0, true, true },
	{ "read-sibling", BIT(LANDLOCK) | BIT(DUMPABLE), 0, true, true },
	{ "kill-sibling", BIT(LANDLOCK), 0, true, true },
	{ "inherited-fd", BIT(DESCRIPTORS), 0, true, false },
	{ "shm", BIT(IPCNS), 0, true, false },
	{ "write-execute", BIT(MDWE), 0, true, false },
	{ "userns", BIT(USERNS) | BIT(MOUNTNS) | BIT(NETNS) | BIT(IPCNS), 0, true, false },
	{ "keyring", 0, 0, true, false },
	{ "io_uring", BIT(LIMITS), 0, true, false },
	{ "userfaultfd", BIT(LIMITS), 0, true, false },
	{ "memfd", BIT(LIMITS), 0, true, false },
	{ "rdtsc", BIT(TSC), 0, false, false },
};

static uint32_t mask_of(const struct column *c)
{
	uint32_t mask = lock_bit("no new privileges") | lock_bit("parent death") | lock_bit("keys");
	for (size_t i = 0; i < 3 && c->steps[i]; i++)
		mask |= lock_bit(c->steps[i]);
	return mask;
}

/* The world that the attacks reach for. */
struct world { int tcp, udp, abstract, shm; char port[16], udp_port[16], name[64], key[16]; };

static void port_of(int fd, char out[static 16])
{
	struct sockaddr_in a;
	socklen_t n = sizeof a;
	(void)getsockname(fd, (struct sockaddr *)&a, &n);
	(void)snprintf(out, 16, "%u", ntohs(a.sin_port));
}

static void world_make(struct world *w)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	w->tcp = socket(AF_INET, SOCK_STREAM, 0);
	w->udp = socket(AF_INET, SOCK_DGRAM, 0);
	w->abstract = socket(AF_UNIX, SOCK_STREAM, 0);
	(void)snprintf(w->name, sizeof w->name, "enclua-test-%d", (int)getpid());
	memcpy(un.sun_path + 1, w->name, strlen(w->name));
	socklen_t un_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(w->name));
	if (bind(w->tcp, (struct sockaddr *)&any, sizeof any) < 0 || listen(w->tcp, 64) < 0 ||
		bind(w->udp, (struct sockaddr *)&any, sizeof any) < 0 || bind(w->abstract, (struct sockaddr *)&un, un_len) < 0 ||
		listen(w->abstract, 64) < 0)
		tap(false, "listening on loopback: %s", strerror(errno));
	port_of(w->tcp, w->port);
	port_of(w->udp, w->udp_port);
	(void)snprintf(w->key, sizeof w->key, "%d", (int)getpid());
	w->shm = shmget((key_t)getpid(), 4096, IPC_CREAT | 0666);
}

static void world_end(const struct world *w)
{
	(void)shmctl(w->shm, IPC_RMID, NULL);
	close(w->tcp);
	close(w->udp);
	close(w->abstract);
}

static const char *argument_for(const struct world *w, const char *attack)
{
	const struct { const char *attack, *argument; } rows[] = {
		{ "tcp", w->port }, { "udp", w->udp_port }, { "abstract", w->name }, { "shm", w->key },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].attack, attack) == 0)
			return rows[i].argument;
	return NULL;
}

/* "worked" is what the attack says; exec, when it works, says nothing and ends well. */
static bool worked(const struct reply *r)
{
	bool silent = r->outcome.signal == 0 && r->outcome.alarm && strstr(r->outcome.alarm, "without a word");
	return strcmp(r->text, "worked") == 0 || silent;
}

static void try(struct box_zygote *z, uint32_t mask, const struct world *w, const char *name, bool sibling, struct reply *r)
{
	struct attack a = { .mask = mask, .name = name, .argument = argument_for(w, name) };
	if (!sibling) {
		attack_run(z, &a, r);
		return;
	}
	/* The sibling has the same layers, but never seccomp: it must be able to say its number and to wait. */
	struct reply pid;
	struct box_job *victim = attack_start(z, &(struct attack){ .mask = mask & ~lock_bit("seccomp"), .name = "wait" }, &pid);
	while (pid.text[0] == '\0')
		attack_step(victim);
	a.argument = pid.text;
	attack_run(z, &a, r);
	attack_end(victim);
}

static const char *how(const struct reply *r)
{
	static char text[sizeof r->text];
	if (r->outcome.signal)
		(void)snprintf(text, sizeof text, "SIG%s", sigabbrev_np(r->outcome.signal));
	else if (worked(r))
		return "works";
	else
		(void)snprintf(text, sizeof text, "%s", strncmp(r->text, "errno ", 6) == 0 ? strerrorname_np(atoi(r->text + 6)) : r->text);
	return text;
}

#define N_TABLE (sizeof table / sizeof *table)

/* Runs every attack under one column and keeps what came of it. */
static void column_run(const char *program_name, uint32_t layers, uint32_t mask, const struct world *w, struct reply out[static N_TABLE])
{
	struct box_zygote *z = zygote_with(program_name, layers);
	for (size_t i = 0; i < N_TABLE; i++)
		try(z, mask, w, table[i].name, table[i].needs_sibling, &out[i]);
	box_zygote_stop(z);
}

static bool column_exists(size_t column, uint32_t have)
{
	if (column == LANDLOCK)
		return syscall(444, NULL, 0, 1) >= 6;	/* the table is that of ABI 6 */
	if (column == MDWE)
		return syscall(SYS_prctl, 66 /* PR_GET_MDWE */, 0, 0, 0, 0) >= 0;
	return (singles[column].layers & ~have) == 0;
}

static void print_row(const char *name, const char *cell[static N_SINGLE + 4])
{
	printf("# %-13s", name);
	for (size_t i = 0; i < N_SINGLE + 4; i++)
		printf(" %-9s", cell[i]);
	printf("\n");
}

/* A core file needs a limit, a directory and a dumpable process; each is taken away by another layer. */
static void cores(uint32_t have)
{
	char pattern[64] = "", dir[] = "/tmp/enclua-core-XXXXXX";
	int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, pattern, sizeof pattern - 1);
	if (fd >= 0)
		close(fd);
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	if (got <= 0 || strncmp(pattern, "core", 4) != 0 || setrlimit(RLIMIT_CORE, &all) < 0) {
		tap_skip("cores do not go to a file here", "core dumps");
		return;
	}
	static const struct { const char *name; uint32_t layers; const char *step; bool core; } rows[] = {
		{ "nothing on: there is a core", 0, NULL, true },
		{ "mountns alone: no core", NS(mount_ns), NULL, false },
		{ "limits alone: no core", 0, "limits", false },
		{ "dumpable alone: no core", 0, "dumpable", false },
	};
	char here[4096], sweep[64];
	if (!mkdtemp(dir) || chmod(dir, 0777) < 0 || !getcwd(here, sizeof here))
		return;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct reply r;
		if (rows[i].layers & ~have)
			continue;
		char path[4200];
		(void)snprintf(path, sizeof path, "%s/%s", here, program("attacker-bare"));
		struct err e = { .code = ERR_NONE };
		struct box_zygote *z = NULL;
		const struct box_options o = { .enclave = program("attacker-bare")[0] == '/' ? program("attacker-bare") : path };
		if (chdir(dir) < 0 || zygote_start(&z, &o, rows[i].layers, &e) < 0)
			printf("Bail out! %s\n", e.msg);
		uint32_t mask = lock_bit("no new privileges") | lock_bit("keys") | (rows[i].step ? lock_bit(rows[i].step) : 0);
		attack_run(z, &(struct attack){ .mask = mask, .name = "core" }, &r);
		box_zygote_stop(z);
		(void)snprintf(sweep, sizeof sweep, "test -n \"$(ls -A %s)\"", dir);
		bool found = system(sweep) == 0;
		tap(found == rows[i].core && r.outcome.signal == SIGILL, "core dump: %s", rows[i].name);
		(void)snprintf(sweep, sizeof sweep, "rm -f %s/core*", dir);
		tap(system(sweep) == 0, "core dump: %s, swept", rows[i].name);
	}
	if (chdir(here) < 0 || rmdir(dir) < 0)
		tap(false, "cleaning up %s", dir);
}

int main(void)
{
	static struct reply open_field[N_TABLE], single[N_SINGLE][N_TABLE], filter[N_TABLE], no_filter[N_TABLE], all[N_TABLE];
	const uint32_t have = box_layers_probe();
	const struct column nothing = { "nothing", 0, { NULL } }, seccomp = { "seccomp", 0, { "seccomp" } };
	struct world w;
	world_make(&w);
	column_run("attacker-bare", 0, mask_of(&nothing), &w, open_field);
	for (size_t c = 0; c < N_SINGLE; c++)
		if (column_exists(c, have))
			column_run("attacker-bare", singles[c].layers, mask_of(&singles[c]), &w, single[c]);
	column_run("attacker-bare", 0, mask_of(&seccomp), &w, filter);
	column_run("attacker", have, LOCK_ALL & ~lock_bit("seccomp"), &w, no_filter);
	column_run("attacker", have, LOCK_ALL, &w, all);

	const char *head[N_SINGLE + 4] = { "nothing" };
	for (size_t c = 0; c < N_SINGLE; c++)
		head[c + 1] = singles[c].name;
	head[N_SINGLE + 1] = "seccomp";
	head[N_SINGLE + 2] = "no-filter";
	head[N_SINGLE + 3] = "all";
	print_row("", head);
	for (size_t i = 0; i < N_TABLE; i++) {
		char cells[N_SINGLE + 4][24];
		const char *row[N_SINGLE + 4];
		const struct reply *r[N_SINGLE + 4] = { &open_field[i] };
		for (size_t c = 0; c < N_SINGLE; c++)
			r[c + 1] = column_exists(c, have) ? &single[c][i] : NULL;
		r[N_SINGLE + 1] = &filter[i];
		r[N_SINGLE + 2] = &no_filter[i];
		r[N_SINGLE + 3] = &all[i];
		for (size_t c = 0; c < N_SINGLE + 4; c++) {
			(void)snprintf(cells[c], sizeof cells[c], "%s", r[c] ? how(r[c]) : "-");
			row[c] = cells[c];
		}
		print_row(table[i].name, row);
	}

	for (size_t i = 0; i < N_TABLE; i++) {
		const char *name = table[i].name;
		if (table[i].seccomp) {
			tap(filter[i].outcome.signal == SIGSYS, "%s: seccomp alone stops it", name);
			tap(all[i].outcome.signal == SIGSYS || all[i].outcome.signal == SIGSEGV, "%s: stopped with everything on", name);
		} else {
			tap(worked(&filter[i]), "%s: seccomp alone does not stop it", name);
			tap(!worked(&all[i]), "%s: stopped with everything on", name);
		}
		if (!worked(&open_field[i])) {
			tap_skip(how(&open_field[i]), "%s: does not work here even without layers", name);
			continue;
		}
		for (size_t c = 0; c < N_SINGLE; c++)
			if (column_exists(c, have) && (table[i].stopped_by & BIT(c)))
				tap(!worked(&single[c][i]), "%s: %s alone stops it", name, singles[c].name);
			else if (column_exists(c, have) && !(table[i].either & BIT(c)))
				tap(worked(&single[c][i]), "%s: %s alone does not (the test tells the layers apart)", name, singles[c].name);
		if (table[i].stopped_by)
			tap(!worked(&no_filter[i]), "%s: stopped with everything but seccomp", name);
		else
			tap(worked(&no_filter[i]), "%s: only seccomp stops it", name);
	}
	cores(have);
	world_end(&w);
	return tap_end();
}
