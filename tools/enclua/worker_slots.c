/* One process for each slot, with its own view of the book and its own zygote; the process above them only counts, waits and passes on SIGTERM. A slot watches
 * the home's folder: whatever any process appends to the book changes a file there, so nobody asks the database while nothing happens.
 *
 * SIGTERM and SIGINT: what runs is finished, then all leave. A second one ends them at once; so does the death of the process above them.
 */
#include "worker_slots.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"

#define WAIT_MS 1000	/* a look at the size of the book that nothing asked for */
#define AGAIN_US 1000000u	/* before a slot that died is started again */
#define STARTS 3u	/* what a slot needs may be ended by the machine while it starts; what fails so often is not there */

/* What the processes share. */
struct shared {
	atomic_uint_fast64_t ran;
	atomic_bool ready[SLOTS_MAX];	/* it has looked at the book once */
	struct err why[SLOTS_MAX];	/* of a slot that ended by an error */
};

/* One slot's process. */
struct slot {
	const struct slots *all;
	struct shared *shared;
	unsigned number;
	struct worker worker;
	struct book *book;
	struct keeper_link *keeper;
	struct box_zygote *zygote;
	int signals, watch;
	bool broken;	/* the box or the store cannot be reached: a new process may do better */
	struct err machine;	/* why this machine could not do something that was there to do, the newest */
};

static void said(void *ctx, const char *task, const struct err *why)
{
	struct slot *s = ctx;
	s->broken |= why->code == ERR_UNAVAILABLE;
	if (why->code == ERR_UNAVAILABLE || why->code == ERR_LIMIT || why->code == ERR_INTERNAL) {
		s->machine = *why;
		err_wrap(&s->machine, "%s", task);
	}
	if (s->all->quiet)
		return;
	(void)fprintf(stderr, "enclua worker: %s: %s%s%s\n", task, cli_safe(why->msg, strlen(why->msg), 0), why->hint[0] ? "; try: " : "",
		cli_safe(why->hint, strlen(why->hint), 1));
}

static void counted(void *ctx, const char *task, const struct work_result *r)
{
	struct slot *s = ctx;
	(void)task;
	(void)r;
	(void)atomic_fetch_add(&s->shared->ran, 1);
}

static bool asked_to_leave(const struct slot *s)
{
	struct pollfd p = { .fd = s->signals, .events = POLLIN };
	return poll(&p, 1, 0) == 1;
}

static void events_drain(int fd)
{
	char events[4096];
	while (read(fd, events, sizeof events) > 0)
		;
}

/* The file that a commit writes changes before the commit holds: after a change it is asked for again, ever more rarely, until it is old. */
static uint64_t look_again_ms(uint64_t since_change_us)
{
	static const struct { uint64_t below_us, ms; } rows[] = { { 100000, 5 }, { 1000000, 20 }, { 10000000, 100 } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (since_change_us < rows[i].below_us)
			return rows[i].ms;
	return WAIT_MS;
}

/* Until the book has more than `seen` entries, it is `due`, us have passed (0: for ever), or a signal came. */
static int wait_for_work(struct slot *s, uint64_t seen, int64_t due, uint64_t us, struct err *e)
{
	uint64_t begun = os_now_us(), size = seen, changed = begun;
	int64_t now = os_time();
	uint64_t limit = due ? (due > now ? (uint64_t)(due - now) * 1000000 : 0) : us;
	if (us && us < limit)
		limit = us;
	while (size == seen) {
		struct pollfd p[] = { { .fd = s->signals, .events = POLLIN }, { .fd = s->watch, .events = POLLIN } };
		uint64_t at = os_now_us(), ms = look_again_ms(at - changed);
		if ((due || us) && at - begun >= limit)
			return 0;
		if ((due || us) && limit - (at - begun) < ms * 1000)
			ms = (limit - (at - begun) + 999) / 1000;
		if (poll(p, 2, (int)ms) < 0 && errno != EINTR)
			return err_sys(e, errno, "cannot wait");
		if (p[0].revents)
			return 0;
		if (p[1].revents) {
			events_drain(s->watch);
			changed = os_now_us();
		}
		if (book_size(s->book, &size, e) < 0)
			return -1;
	}
	return 0;
}

static int slot_loop(struct slot *s, struct err *e)
{
	uint64_t idle_since = os_now_us();
	while (!asked_to_leave(s)) {
		uint64_t seen, idle;
		int64_t due = 0;
		bool did = false;
		if (book_size(s->book, &seen, e) < 0 || worker_step(&s->worker, &did, &due, e) < 0)
			return -1;
		atomic_store(&s->shared->ready[s->number], true);
		if (s->all->once && s->machine.code && (s->broken || !did)) {	/* nobody comes back to it in half a minute */
			*e = s->machine;
			return -1;
		}
		if (s->broken)
			return err_set(e, ERR_UNAVAILABLE, "slot %u starts again", s->number);
		if (did) {
			idle_since = os_now_us();
			continue;
		}
		idle = os_now_us() - idle_since;
		if (s->all->once || (s->all->idle_exit_us && idle >= s->all->idle_exit_us))
			return 0;
		if (wait_for_work(s, seen, due, s->all->idle_exit_us ? s->all->idle_exit_us - idle : 0, e) < 0)
			return -1;
	}
	return 0;
}

static int slot_open(struct slot *s, struct err *e)
{
	const struct box_options options = { .allow_missing = s->all->allow_missing };
	const struct keeper_link_options keeper = { .home = s->all->home, .allow_missing = s->all->allow_missing };
	if (host_open(&s->book, s->all->home, false, e) < 0 || keeper_link_new(&s->keeper, &keeper, s->book, e) < 0)
		return -1;
	if (s->all->identity && box_zygote_start(&s->zygote, &options, e) < 0)
		return -1;
	s->worker = (struct worker){
		.book = s->book,
		.keeper = s->keeper,
		.identity = s->all->identity,
		.n_owners = s->all->n_owners,
		.zygote = s->zygote,
		.pool = s->all->pool[0] ? s->all->pool : NULL,
		.say = said,
		.ran = counted,
		.ctx = s,
	};
	for (size_t i = 0; i < s->all->n_owners; i++)
		s->worker.owners[i] = s->all->owners[i];
	s->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (s->watch < 0 || inotify_add_watch(s->watch, s->all->home, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		return err_sys(e, errno, "cannot watch %s", s->all->home);
	return worker_begin(&s->worker, e);
}

static void stop_signals(sigset_t *set)
{
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGTERM);
	(void)sigaddset(set, SIGINT);
}

static int slot_main(const struct slots *all, struct shared *shared, unsigned number, pid_t parent)
{
	struct slot s = { .all = all, .shared = shared, .number = number, .signals = -1, .watch = -1 };
	struct err *e = &shared->why[number];
	sigset_t set;
	int r = -1;
	stop_signals(&set);
	*e = (struct err){ .code = ERR_NONE };
	s.signals = signalfd(-1, &set, SFD_CLOEXEC);
	/* A group of its own: a Ctrl-C must not reach the boxes, whose tasks would look as if they had failed. */
	if (s.signals < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || setpgid(0, 0) < 0)
		err_sys(e, errno, "cannot start a slot");
	else if (getppid() == parent)
		r = slot_open(&s, e) < 0 ? -1 : slot_loop(&s, e);
	worker_end(&s.worker);
	box_zygote_stop(s.zygote);
	keeper_link_free(s.keeper);
	book_close(s.book);
	return r < 0 ? 1 : 0;
}

/* Above them */

struct crew { const struct slots *all; struct shared *shared; pid_t pids[SLOTS_MAX]; uint64_t again_us[SLOTS_MAX]; unsigned failed[SLOTS_MAX], alive; bool stopping; };

static int slot_start(struct crew *c, unsigned i, struct err *e)
{
	pid_t parent = getpid(), pid = fork();
	if (pid < 0)
		return err_sys(e, errno, "cannot start a slot");
	if (pid == 0)
		_exit(slot_main(c->all, c->shared, i, parent));
	c->pids[i] = pid;
	c->again_us[i] = 0;
	c->alive++;
	return 0;
}

static void slots_signal(const struct crew *c, int signal)
{
	for (unsigned i = 0; i < c->all->n; i++)
		if (c->pids[i] > 0)
			(void)kill(c->pids[i], signal);
}

/* A slot that never got as far as looking at the book, and that not because its box or its keeper was gone just then, would not the next time either. */
static bool hopeless(struct crew *c, unsigned i, int status)
{
	if (atomic_load(&c->shared->ready[i]) || !WIFEXITED(status))
		return false;
	return c->shared->why[i].code != ERR_UNAVAILABLE || c->all->once || ++c->failed[i] == STARTS;
}

static int slot_ended(struct crew *c, unsigned i, int status, struct err *e)
{
	bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	c->pids[i] = 0;
	c->alive--;
	if (well || c->stopping)
		return 0;
	if (hopeless(c, i, status)) {
		if (e)
			*e = c->shared->why[i];
		return -1;
	}
	if (c->all->once) {
		if (e && WIFEXITED(status))
			*e = c->shared->why[i];
		else
			err_set(e, ERR_UNAVAILABLE, "slot %u was ended by signal %d", i, WTERMSIG(status));
		return -1;
	}
	if (!c->all->quiet)
		(void)fprintf(stderr, "enclua worker: slot %u ended (%s) and is started again\n", i, WIFEXITED(status) ?
			cli_safe(c->shared->why[i].msg, strlen(c->shared->why[i].msg), 0) : "killed");
	c->again_us[i] = os_now_us() + AGAIN_US;
	return 0;
}

static int slots_reap(struct crew *c, struct err *e)
{
	for (unsigned i = 0; i < c->all->n; i++) {
		int status;
		if (c->pids[i] > 0 && waitpid(c->pids[i], &status, WNOHANG) == c->pids[i] && slot_ended(c, i, status, e) < 0)
			return -1;
	}
	return 0;
}

static int slots_revive(struct crew *c, bool *waiting, struct err *e)
{
	*waiting = false;
	for (unsigned i = 0; i < c->all->n && !c->stopping; i++) {
		if (c->again_us[i] && os_now_us() >= c->again_us[i] && slot_start(c, i, e) < 0)
			return -1;
		*waiting |= c->again_us[i] != 0;
	}
	return 0;
}

static int crew_run(struct crew *c, const sigset_t *set, struct err *e)
{
	const struct timespec second = { .tv_sec = 1 };
	bool waiting = false;
	for (unsigned i = 0; i < c->all->n; i++)
		if (slot_start(c, i, e) < 0)
			return -1;
	while (c->alive || waiting) {
		int signal = waiting ? sigtimedwait(set, NULL, &second) : sigwaitinfo(set, NULL);
		if (signal == SIGTERM || signal == SIGINT) {
			slots_signal(c, c->stopping ? SIGKILL : SIGTERM);
			c->stopping = true;
		}
		if (slots_reap(c, e) < 0 || slots_revive(c, &waiting, e) < 0)
			return -1;
	}
	return 0;
}

int slots_run(const struct slots *all, uint64_t *ran, struct err *e)
{
	struct crew c = { .all = all };
	sigset_t set, before;
	c.shared = mmap(NULL, sizeof *c.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c.shared == MAP_FAILED)
		return err_sys(e, errno, "cannot start the slots");
	stop_signals(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &set, &before);
	int r = crew_run(&c, &set, e);
	if (c.alive) {
		slots_signal(&c, SIGKILL);
		for (unsigned i = 0; i < all->n; i++)
			if (c.pids[i] > 0)
				(void)waitpid(c.pids[i], NULL, 0);
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	*ran = atomic_load(&c.shared->ran);
	(void)munmap(c.shared, sizeof *c.shared);
	return r;
}
