/* Figures: how many, how fast, how much memory; what was refused and why. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "load.h"

void sample_add(struct samples *s, uint64_t us)
{
	if (s->n == s->max) {
		s->max = s->max ? 2 * s->max : 256;
		s->us = realloc(s->us, s->max * sizeof *s->us);
		if (!s->us)
			abort();
	}
	s->us[s->n++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static int compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static double at(const struct samples *s, double part)
{
	size_t i = (size_t)((double)s->n * part);
	return s->n ? s->us[i < s->n ? i : s->n - 1] / 1000.0 : 0;
}

static void times_print(struct load *l)
{
	(void)printf("%-13s %7s %9s %9s %9s %9s %9s\n", "operation", "n", "p50 ms", "p99", "p99.9", "max", "cpu p50");
	for (size_t i = 0; i < OP_COUNT; i++) {
		struct samples *s = &l->times[i], *c = &l->cpu[i];
		if (!s->n)
			continue;
		qsort(s->us, s->n, sizeof *s->us, compare);
		qsort(c->us, c->n, sizeof *c->us, compare);
		(void)printf("%-13s %7zu %9.1f %9.1f %9.1f %9.1f %9.1f\n", op_names[i], s->n, at(s, 0.5), at(s, 0.99), at(s, 0.999), at(s, 1), at(c, 0.5));
	}
}

static uint64_t file_size(const struct load *l, const char *name)
{
	char path[PATH_MAX + 64];
	struct stat st;
	(void)snprintf(path, sizeof path, "%s/%s", l->home, name);
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static void memory_print(const struct load *l)
{
	static const char *const names[] = {
#define X(id, name, weight) name,
		LOAD_PROCESSES(X)
#undef X
	};
	const double thousands = (double)l->runs / 1000.0;
	(void)printf("\n%-10s %9s %9s %9s %14s %5s %5s %5s %7s\n", "process", "RSS KiB", "end", "most", "per 1000 runs", "fds", "end", "most", "killed");
	for (size_t k = 0; k < PROCESS_COUNT; k++) {
		const struct memory *m = &l->memory[k];
		if (m->most)
			(void)printf("%-10s %9llu %9llu %9llu %14.1f %5u %5u %5u %7llu\n", names[k], (unsigned long long)m->first >> 10, (unsigned long long)m->last >> 10,
				(unsigned long long)m->most >> 10, thousands > 0 ? ((double)m->last - (double)m->first) / 1024 / thousands : 0, m->fds_first, m->fds_last, m->fds_most,
				(unsigned long long)m->kills);
	}
}

/* A minute at the end may be cut short: the last whole one counts. */
static void growth_print(const struct load *l)
{
	const size_t minutes = (size_t)((l->end - l->begun) / 60000000u);
	if (minutes < 2)
		return;
	const size_t last = (minutes < 64 ? minutes : 64) - 1;
	(void)printf("\nminute       ");
	for (size_t i = 0; i <= last; i++)
		(void)printf(" %7zu", i + 1);
	(void)printf("\nruns         ");
	for (size_t i = 0; i <= last; i++)
		(void)printf(" %7llu", (unsigned long long)l->runs_in_minute[i]);
	(void)printf("\ncpu ms per op");
	for (size_t i = 0; i <= last; i++)
		(void)printf(" %7.2f", l->done_in_minute[i] ? (double)l->cpu_in_minute[i] / 1000.0 / (double)l->done_in_minute[i] : 0);
	(void)printf("\nlast minute to first: runs %.2f, cpu per operation %.2f\n", l->runs_in_minute[0] ? (double)l->runs_in_minute[last] / (double)l->runs_in_minute[0] : 0,
		l->cpu_in_minute[0] && l->done_in_minute[0] && l->done_in_minute[last]
			? ((double)l->cpu_in_minute[last] / (double)l->done_in_minute[last]) / ((double)l->cpu_in_minute[0] / (double)l->done_in_minute[0]) : 0);
}

void figures_print(struct load *l)
{
	const double seconds = (double)(l->end - l->begun) / 1e6;
	(void)printf("%u requesters, %u workers, seed %llu, %.0f s%s\n", l->n_lanes, l->n_workers, (unsigned long long)l->seed, seconds, l->killed ? ", with kills" : "");
	(void)printf("%llu operations (%.1f/s), %llu runs with a result (%.1f/s), %llu processes killed\n\n", (unsigned long long)l->ops, (double)l->ops / seconds,
		(unsigned long long)l->runs, (double)l->runs / seconds, (unsigned long long)l->killed);
	times_print(l);
	memory_print(l);
	growth_print(l);
	const uint64_t book = file_size(l, "store.db");
	(void)printf("\nstore.db %.1f MiB, %.1f KiB for each run\n", (double)book / 1048576, l->runs ? (double)book / 1024 / (double)l->runs : 0);
	(void)printf("\nrefusals\n");
	for (const struct counted *c = l->refusals; c; c = c->next)
		(void)printf("%8llu  %s%s\n", (unsigned long long)c->n, c->expected ? "" : "NOT EXPECTED  ", c->what);
}
