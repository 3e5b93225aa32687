/* Figures of a bench that times several ways of doing the same: each is a side, timed once in every round, so that a slow moment of the machine hits all alike. Printed
 * is per side n, median, min–max, and the ratio to the one it is held against.
 */
#ifndef ENCLUA_BENCH_SIDES_H
#define ENCLUA_BENCH_SIDES_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/os.h"

#define ROUNDS_MAX 31u

struct side { const char *name; double per_s[ROUNDS_MAX]; long peak_kib; };

static inline void must(bool good, const char *what, const struct err *e)
{
	if (good)
		return;
	fprintf(stderr, "%s: %s\n", what, e && e->msg[0] ? e->msg : "failed");
	_exit(1);
}

static inline int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static inline double middle(double *t, size_t n)
{
	qsort(t, n, sizeof *t, compare);
	return t[n / 2];
}

/* Microseconds from the word to begin until the last of n processes has ended. begin says `ready` when it is, reads `go` to its end, works, and exits. */
static inline uint64_t processes_run(unsigned n, void (*begin)(const void *ctx, unsigned number, int ready, int go), const void *ctx, long *peak_kib)
{
	int ready[2], go[2];
	char c;
	must(pipe(ready) == 0 && pipe(go) == 0, "pipe", NULL);
	for (unsigned i = 0; i < n; i++) {
		pid_t pid = fork();
		must(pid >= 0, "fork", NULL);
		if (pid == 0) {
			close(go[1]);
			begin(ctx, i, ready[1], go[0]);
		}
	}
	for (unsigned i = 0; i < n; i++)
		must(read(ready[0], &c, 1) == 1, "ready", NULL);
	uint64_t begun = os_now_us();
	close(go[1]);
	for (unsigned i = 0; i < n; i++) {
		struct rusage use;
		int status;
		must(wait4(-1, &status, 0, &use) > 0 && status == 0, "a submitter", NULL);
		*peak_kib = use.ru_maxrss > *peak_kib ? use.ru_maxrss : *peak_kib;
	}
	uint64_t us = os_now_us() - begun;
	close(ready[0]);
	close(ready[1]);
	close(go[0]);
	return us;
}

static inline void sides_print(struct side *sides, size_t n, size_t peer, unsigned rounds, const char *unit)
{
	for (size_t i = 0; i < n; i++)
		(void)middle(sides[i].per_s, rounds);
	for (size_t i = 0; i < n; i++) {
		const struct side *s = &sides[i];
		printf("  %-58s n %u  median %8.0f %s  (%.0f–%.0f)  ratio %5.2f", s->name, rounds, s->per_s[rounds / 2], unit, s->per_s[0], s->per_s[rounds - 1],
			s->per_s[rounds / 2] / sides[peer].per_s[rounds / 2]);
		if (s->peak_kib)
			printf("  peak %ld KiB", s->peak_kib);
		printf("\n");
	}
	(void)fflush(stdout);
}

#endif
