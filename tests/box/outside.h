/* What the tests of the box share: TAP, and a task of the attacker program with chosen layers. */
#ifndef ENCLUA_TESTS_OUTSIDE_H
#define ENCLUA_TESTS_OUTSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "box/parts.h"

void tap(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void tap_skip(const char *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int tap_end(void);	/* prints the plan; exit status */

/* Bits of the task list, by name. LOCK_ALL is everything. */
#define LOCK_ALL 0xffffffffu
uint32_t lock_bit(const char *step);

struct reply {
	struct box_outcome outcome;
	char text[256];	/* RESULT bytes */
	char refused[256];	/* why no box could be had; the outcome is then an alarm */
};

struct attack {
	uint32_t mask;
	const char *name, *argument;
	uint64_t cpu_ms, wall_ms, output;	/* 0: 5 s, 5 s, 1 KiB */
	bool all_rights;	/* read and pread64 as well, with one input */
};

const char *program(const char *name);	/* build/box/NAME */
struct box_zygote *zygote_with(const char *name, uint32_t layers);	/* ends the test when it cannot */
void attack_run(struct box_zygote *z, const struct attack *a, struct reply *r);
struct box_job *attack_start(struct box_zygote *z, const struct attack *a, struct reply *r);	/* r must live until attack_end */
void attack_step(struct box_job *j);	/* waits for one event */
void attack_end(struct box_job *j);	/* kills it */

#endif
