/* Where the time of a real path goes: functions that are linked through a clock (--wrap) while `staged` is true. Who includes this has an enum of STAGE_…, and defines the
 * functions of each with CLOCKED.
 */
#ifndef ENCLUA_BENCH_STAGES_H
#define ENCLUA_BENCH_STAGES_H

#include <stdbool.h>
#include <time.h>

#define STAGES_MAX 32

static double stage_ns[STAGES_MAX];
static bool staged;

static inline double now_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

#define CLOCKED(stage, name, parameters, arguments) \
	int __real_##name parameters; \
	int __wrap_##name parameters; \
	int __wrap_##name parameters \
	{ \
		_Static_assert(STAGE_##stage < STAGES_MAX, "there are more stages than there is room for"); \
		if (!staged) \
			return __real_##name arguments; \
		double begun = now_ns(); \
		int r = __real_##name arguments; \
		stage_ns[STAGE_##stage] += now_ns() - begun; \
		return r; \
	}

#endif
