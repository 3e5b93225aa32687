/* load: how it holds when many use one home at once.
 *
 *	load --home DIR [--requesters 64] [--workers 4] [--seconds 600] [--seed N] [--mix NAME=WEIGHT,…] [--kill] [--enclua FILE] [--iapps DIR]
 *	     [--spoil]
 *
 * Makes a home in DIR/home with people, iApps, data and a pool, starts workers, and lets each requester do one thing after the other, each a command of its own process. With --kill a
 * random process (command, worker, scheduler, slot, keeper, zygote, box) is ended with SIGKILL every 0.2 to 2 s. Then prints figures, and judges: what was confirmed
 * is in the book, no key went out after a revocation was confirmed, no grant served more often than it allows, all the money is there, every receipt verifies,
 * the tables follow from the entries, and what nobody ended can be claimed.
 *
 * --spoil lies to the judge, so that it can be seen to judge.
 *
 * Exit status: 0, it holds; 1, something was wrong, which is printed; 2, words.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/os.h"
#include "load.h"
#include "seal/crypto.h"

#define OP_S 180u	/* nothing takes so long, … */
#define OP_KILLED_S 420u	/* … unless what it waits for was killed: then a lease may have to end first */
#define CALM_S 10u	/* after the last kill: all must go on as if nothing had been */
#define LEAVE_S 30u	/* for keepers and boxes to notice that nobody asks any more */
#define WRONG_MAX 200u


/* splitmix64 */
uint64_t load_random(uint64_t *state, uint64_t below)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return below ? z % below : z;
}

void load_wrong(struct load *l, const char *format, ...)
{
	va_list rest;
	if (l->wrong++ >= WRONG_MAX)
		return;
	(void)fprintf(stderr, "load: WRONG: ");
	va_start(rest, format);
	(void)vfprintf(stderr, format, rest);
	va_end(rest);
	(void)fprintf(stderr, "\n");
}

/* Lanes */

static void lane_start(struct load *l, struct lane *lane)
{
	char name[32];
	for (unsigned tries = 0; tries < 10; tries++) {
		lane->begun = os_now_us();
		if (!op_begin(l, lane))
			continue;
		lane->begun = os_now_us();
		lane->killed = false;
		(void)snprintf(name, sizeof name, "lane.%u", lane->number);
		lane->pid = call_start(l, &lane->call, name);
		return;
	}
}

static void op_count(struct load *l, const struct lane *lane, const struct rusage *u)
{
	const size_t minute = (size_t)((os_now_us() - l->begun) / 60000000u);
	const uint64_t cpu = (uint64_t)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1000000u + (uint64_t)(u->ru_utime.tv_usec + u->ru_stime.tv_usec);
	sample_add(&l->times[lane->op], os_now_us() - lane->begun);
	sample_add(&l->cpu[lane->op], cpu);
	l->ops++;
	if (minute < 64) {
		l->done_in_minute[minute]++;
		l->cpu_in_minute[minute] += cpu;
	}
}

static void lane_ended(struct load *l, struct lane *lane, int status, const struct rusage *u)
{
	char name[32];
	(void)snprintf(name, sizeof name, "lane.%u", lane->number);
	lane->pid = 0;
	op_count(l, lane, u);
	if (!WIFEXITED(status)) {
		if (!lane->killed)
			load_wrong(l, "%s was ended by signal %d", op_names[lane->op], WTERMSIG(status));
		lane->then = OP_COUNT;
		return;
	}
	struct json *answer = call_answer(l, name, WEXITSTATUS(status) == 0 ? "out" : "err");
	if (WEXITSTATUS(status) == 0 && !answer)
		load_wrong(l, "%s ended well and said nothing", op_names[lane->op]);
	else if (WEXITSTATUS(status) == 0)
		op_succeeded(l, lane, answer);
	else
		op_refused(l, lane, WEXITSTATUS(status), answer);
	json_free(answer);
}

/* Orphans come to us too, and are nobody's: they are only buried. */
static void reap(struct load *l)
{
	struct rusage u;
	int status;
	for (pid_t pid; (pid = wait4(-1, &status, WNOHANG, &u)) > 0;) {
		bool found = worker_ended(l, pid, status);
		for (unsigned i = 0; i < l->n_lanes && !found; i++)
			if (l->lanes[i].pid == pid) {
				lane_ended(l, &l->lanes[i], status, &u);
				found = true;
			}
	}
}

static bool busy(const struct load *l)
{
	for (unsigned i = 0; i < l->n_lanes; i++)
		if (l->lanes[i].pid)
			return true;
	return false;
}

static void hung_end(struct load *l)
{
	for (unsigned i = 0; i < l->n_lanes; i++) {
		struct lane *lane = &l->lanes[i];
		char said[300];
		if (!lane->pid || os_now_us() < lane->begun + (l->killed ? OP_KILLED_S : OP_S) * 1000000u)
			continue;
		call_text(&lane->call, said, sizeof said);
		load_wrong(l, "does not end: %s", said);
		workers_tell(l);
		lane->killed = true;
		(void)kill(lane->pid, SIGKILL);
		lane->begun = os_now_us();
	}
}

/* Until `until`; with `begin` idle lanes begin anew, without it what runs is waited for. */
static void turn(struct load *l, uint64_t until, bool begin)
{
	const struct timespec moment = { .tv_nsec = 5000000 };
	uint64_t looked = 0, next_kill = os_now_us();
	sigset_t child;
	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	while (begin ? os_now_us() < until : busy(l)) {
		const uint64_t now = os_now_us();
		for (unsigned i = 0; begin && i < l->n_lanes; i++)
			if (!l->lanes[i].pid)
				lane_start(l, &l->lanes[i]);
		workers_start(l, false);
		if (now >= looked + 1000000) {
			census_take(l);
			hung_end(l);
			looked = now;
		}
		if (l->kill && begin && now >= next_kill) {
			census_kill(l);
			next_kill = now + 200000 + load_random(&l->random, 1800000);
		}
		(void)sigtimedwait(&child, NULL, &moment);
		reap(l);
	}
}

/* All that was started is gone when nobody asks any more; else it is told and ended. */
static void nothing_left(struct load *l)
{
	for (uint64_t until = os_now_us() + LEAVE_S * 1000000u; os_now_us() < until; (void)usleep(100000)) {
		reap(l);
		census_take(l);
		if (l->census.n == 0)
			return;
	}
	for (size_t i = 0; i < l->census.n; i++) {
		load_wrong(l, "%s (process %d) is left behind", l->census.at[i].name, (int)l->census.at[i].pid);
		(void)kill(l->census.at[i].pid, SIGKILL);
	}
}

static void load_run(struct load *l)
{
	workers_start(l, true);
	l->begun = os_now_us();
	turn(l, l->begun + l->seconds * 1000000u, true);
	if (l->kill) {
		/* What was killed has left things behind that commands begun before may still meet: those are waited for first. */
		turn(l, 0, false);
		l->kill = false;
		turn(l, os_now_us() + (l->seconds < CALM_S ? l->seconds : CALM_S) * 1000000u, true);
	}
	l->end = os_now_us();
	turn(l, 0, false);
	/* What was killed in the middle is open now; what was not must come to its end. */
	for (unsigned rounds = 0; rounds < 3; rounds++) {	/* what was begun is waited for and fetched */
		for (unsigned i = 0; i < l->n_lanes; i++)
			if (l->lanes[i].then != OP_COUNT)
				lane_start(l, &l->lanes[i]);
		turn(l, 0, false);
	}
	workers_stop(l);
	nothing_left(l);
}

/* Words */

static bool mix_read(struct load *l, char *text)
{
	(void)memset(l->weights, 0, sizeof l->weights);
	for (char *rest = NULL, *word = strtok_r(text, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		char *is = strchr(word, '=');
		size_t i = 0;
		if (!is)
			return false;
		*is = '\0';
		while (i < OP_COUNT && strcmp(op_names[i], word) != 0)
			i++;
		if (i == OP_COUNT)
			return false;
		l->weights[i] = (unsigned)strtoul(is + 1, NULL, 10);
	}
	return true;
}

static void program_find(struct load *l)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	self[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	(void)snprintf(l->enclua, sizeof l->enclua, "%.4000s/enclua", self);
	(void)snprintf(l->iapps, sizeof l->iapps, "%.4000s/../iapps", self);
}

static int words_read(struct load *l, int argc, char **argv)
{
	static const struct option options[] = {
		{ "home", 1, NULL, 'h' }, { "requesters", 1, NULL, 'r' }, { "workers", 1, NULL, 'w' }, { "seconds", 1, NULL, 's' }, { "seed", 1, NULL, 'n' },
		{ "mix", 1, NULL, 'm' }, { "kill", 0, NULL, 'k' }, { "enclua", 1, NULL, 'e' }, { "iapps", 1, NULL, 'i' }, { "spoil", 0, NULL, 'x' }, { NULL, 0, NULL, 0 },
	};
	static const unsigned weights[OP_COUNT] = {
#define X(id, name, weight, begin) weight,
		LOAD_OPS(X)
#undef X
	};
	memcpy(l->weights, weights, sizeof weights);
	program_find(l);
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
		switch (c) {
		case 'h': (void)snprintf(l->work, sizeof l->work, "%.4000s", optarg); break;
		case 'r': l->n_lanes = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'w': l->n_workers = (unsigned)strtoul(optarg, NULL, 10); break;
		case 's': l->seconds = strtoull(optarg, NULL, 10); break;
		case 'n': l->seed = strtoull(optarg, NULL, 10); break;
		case 'm': if (!mix_read(l, optarg)) return -1; break;
		case 'k': l->kill = true; break;
		case 'e': (void)snprintf(l->enclua, sizeof l->enclua, "%.4000s", optarg); break;
		case 'i': (void)snprintf(l->iapps, sizeof l->iapps, "%.4000s", optarg); break;
		case 'x': l->spoil = true; break;
		default: return -1;
		}
	(void)snprintf(l->home, sizeof l->home, "%.4000s/home", l->work);
	return l->work[0] == '/' && l->n_lanes && l->n_lanes <= LANES_MAX && l->n_workers && l->n_workers <= WORKERS_MAX && l->seconds && optind == argc ? 0 : -1;
}

static int load_make(struct load *l)
{
	struct err e;
	char got[PATH_MAX + 8];
	l->lanes = calloc(l->n_lanes, sizeof *l->lanes);
	l->data = calloc(DATA_MAX, sizeof *l->data);
	l->grants = calloc(GRANTS_MAX, sizeof *l->grants);
	(void)snprintf(got, sizeof got, "%s/got", l->work);
	if (!l->lanes || !l->data || !l->grants || os_dir_make(got, 0700, &e) < 0)
		return -1;
	l->random = l->seed ^ UINT64_C(0x6b696c6c);
	for (unsigned i = 0; i < l->n_lanes; i++)
		l->lanes[i] = (struct lane){ .number = i, .random = l->seed * 1000003u + i, .then = OP_COUNT, .data = DATA_MAX, .grant = GRANTS_MAX };
	return place_make(l);
}

static void load_free(struct load *l)
{
	while (l->refusals) {
		struct counted *next = l->refusals->next;
		free(l->refusals);
		l->refusals = next;
	}
	for (size_t i = 0; i < OP_COUNT; i++) {
		free(l->times[i].us);
		free(l->cpu[i].us);
	}
	free(l->census.at);
	free(l->confirmed);
	free(l->grants);
	free(l->data);
	free(l->lanes);
	free(l);
}

int main(int argc, char **argv)
{
	struct load *l = calloc(1, sizeof *l);
	sigset_t child;
	if (!l)
		return 1;
	*l = (struct load){ .n_lanes = 64, .n_workers = 4, .seconds = 60, .seed = 1 };
	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	if (words_read(l, argc, argv) < 0) {
		(void)fprintf(stderr, "usage: load --home DIR [--requesters N] [--workers N] [--seconds N] [--seed N] [--mix NAME=WEIGHT,…] [--kill]\n");
		free(l);
		return 2;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (crypto_init(NULL) < 0 || sigprocmask(SIG_BLOCK, &child, NULL) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 || load_make(l) < 0) {
		(void)fprintf(stderr, "load: the home could not be made\n");
		load_free(l);
		return 1;
	}
	load_run(l);
	figures_print(l);
	judge(l);
	const bool holds = l->wrong == 0 && l->unexpected == 0;
	(void)printf("\n%s", holds ? "IT HOLDS: nothing that was confirmed is lost, nothing forbidden happened, the books balance\n" : "IT DOES NOT HOLD: ");
	if (!holds)
		(void)printf("%llu claims were broken, %llu refusals were not to be expected\n", (unsigned long long)l->wrong, (unsigned long long)l->unexpected);
	load_free(l);
	return holds ? 0 : 1;
}
