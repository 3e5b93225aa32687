/* One command under one fault: the N-th call of a family, in whichever process of its tree, fails, is cut short, is interrupted, or is the last thing that process does. */
#ifndef ENCLUA_TESTS_FAULTS_INJECT_H
#define ENCLUA_TESTS_FAULTS_INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CALL_NUMBERS 8u	/* system calls of one family */
#define CALL_ERRORS 2u

enum call_trait { CALL_SHORT = 1, CALL_EINTR = 2, CALL_CHANGES = 4, CALL_AFTER = 8 /* done, and then said to have failed */, CALL_SAYS = 16 /* a message about it names the error */ };

struct call_family {
	const char *name;
	int numbers[CALL_NUMBERS];	/* -1 ends them */
	int errors[CALL_ERRORS];	/* 0 ends them */
	unsigned traits;
};

extern const struct call_family call_families[];
extern const size_t call_families_n;
#define CALLS_MAX 40u

enum fault_kind { FAULT_NONE, FAULT_ERROR, FAULT_FROM /* and every one after it */, FAULT_SHORT, FAULT_EINTR, FAULT_SIGNAL, FAULT_MALLOC, FAULT_HARDSHIP /* family: which; n: which value */, FAULT_KINDS };

struct fault {
	enum fault_kind kind;
	size_t family;	/* FAULT_SIGNAL: any that changes something */
	int number;	/* errno, or the signal */
	uint64_t n;	/* from 1 */
};

/* What is around the command, the same for all faults. */
struct setting {
	const char *dir;	/* it runs there */
	const char *state;	/* of the shim, or NULL: inject_count and the shim share it */
	bool traced;	/* also without a fault: the calls are counted */
	void (*before)(void *with);	/* in the child, before it becomes the command */
	void *with;
	unsigned limit_ms;
};

#define SAID_MAX 65536u

struct outcome {
	int status;	/* exit code, or 256 + the signal that ended it */
	bool fired, late;	/* late: it did not end in time */
	unsigned left;	/* processes that were still there a while after it had ended */
	uint64_t counts[CALLS_MAX], changes;
	char program[16];	/* that the fault struck */
	char call[80];
	char out[SAID_MAX], err[SAID_MAX];
};

/* 0, or -1: the machine does not let us (no ptrace). */
int inject_run(const struct fault *f, const struct setting *s, const char *const argv[], struct outcome *o);

#endif
