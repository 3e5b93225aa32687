/* What a command may leave behind when something failed under it, and whether it has. */
#ifndef ENCLUA_TESTS_FAULTS_JUDGE_H
#define ENCLUA_TESTS_FAULTS_JUDGE_H

#include <stdbool.h>

#include "inject.h"
#include "tree.h"

enum command_kind {
	KIND_READ,	/* changes nothing, and says the same again */
	KIND_ONCE,	/* done again, it says that it is done, or does what was missing; never twice */
	KIND_MORE,	/* each time adds as much again */
	KIND_LATER,	/* the same, but what was begun may have to wait: for a lease to end */
	KIND_FRESH,	/* reads, but makes names or keys of its own: what it prints differs */
};

struct command {
	char stage[24], name[40];
	enum command_kind kind;
	char words[400];
};

struct place {
	char work[200], bin[240], run[240], enclua[260], state[260];
	struct shim_state *shim;
	bool own_mounts, disk;	/* run is a disk of its own */
	bool dirty;	/* run is not as the stage left it */
	bool san;
};

#define WORDS_MAX 40u

struct trial {
	const struct command *c;
	struct place *place;
	char stage[280], dir[300];
	const char *argv[WORDS_MAX];
	char room[4096];
	struct things before, good;
	char out[SAID_MAX];	/* what it printed when all went well; empty when it never prints the same */
	uint64_t counts[CALLS_MAX], changes, asked;
	bool *places;	/* requests for memory: the first and the last from each place in the program */
};

#define VERDICT_MAX 6000u
struct verdict {
	bool bad, changed;
	char text[VERDICT_MAX];
};

/* The stage anew, the command's words, a run without a fault, and one in which the calls are counted. -1: without a fault it fails already. */
int trial_begin(struct trial *t, struct place *p, const struct command *c, struct verdict *v);
/* -1: the fault never came, since there are fewer such calls. */
int trial_run(struct trial *t, const struct fault *f, struct outcome *o, struct verdict *v);

void place_fresh(struct place *p, const char *stage);
int place_say(struct place *p, const char *const argv[], struct outcome *o);	/* without a fault */

#endif
