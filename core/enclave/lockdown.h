/* Taking rights away, as two lists of steps that somebody can read: what the zygote gives up once, and what each
 * task gives up before it meets a script. The whole list is decided before its first step is done; a step that
 * fails ends the process, except where the table says that a kernel or a processor may lack it.
 */
#ifndef ENCLUA_ENCLAVE_LOCKDOWN_H
#define ENCLUA_ENCLAVE_LOCKDOWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "enclave/enclave.h"

#define LOCK_RULESET_FD 2	/* Landlock's deny-all, opened by the zygote, applied again by each task */

/* What the steps need to know, and what the two steps that fetch something leave behind. */
struct lock {
	pid_t zygote;
	uint32_t landlock_abi;	/* found by the zygote; 0: this kernel has no Landlock, and the launcher was told */
	uint32_t n_inputs, rights;	/* enum boxctl_right */
	uint64_t cpu_ms;
	struct task_start start;
};

struct lock_step {
	const char *name;
	int (*apply)(struct lock *k);	/* 0, or -1 with errno */
	bool optional;	/* the machine may lack it: go on */
};

extern const struct lock_step lock_zygote_steps[];	/* both lists end with a NULL name */
extern const struct lock_step lock_task_steps[];

/* Does the list in order. 0, or the 1-based number of the step that failed, with errno. */
unsigned lock_apply(const struct lock_step *steps, struct lock *k);

#endif
