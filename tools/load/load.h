/* load: many requesters on one home at once, each operation a process as a person would start it, while owners revoke and transfer, and (with --kill) any process may die at any
 * moment. What was confirmed, and when, is kept here; at the end the book has to agree with it. What the files share.
 */
#ifndef ENCLUA_TOOLS_LOAD_H
#define ENCLUA_TOOLS_LOAD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/json.h"
#include "form/id.h"

#define LANES_MAX 256u	/* requesters at once */
#define WORKERS_MAX 32u
#define OWNERS 8u
#define WORDS_MAX 24u	/* of one command */
#define ANYBODY UINT_MAX
#define DATA_MAX 4096u
#define GRANTS_MAX 65536u
#define SOURCES 10u

/* What the operations are. X(ENUM, name, weight in the mix, begin): begin makes the command, or says that there is nothing to do it with now. A weight of 0: it follows another. */
#define LOAD_OPS(X) \
	X(HELLO, "hello", 16, hello)	/* hello-world on this machine, without data */ \
	X(WORDS, "words", 18, words)	/* word-count on granted data; it costs something */ \
	X(COHORT, "cohort", 10, cohort)	/* cohort-average, for a purpose */ \
	X(POLICY, "policy", 8, policy)	/* word-count under a policy that allows some uses in all */ \
	X(DELIVER, "deliver", 3, deliver)	/* the data itself, up to 10 MiB */ \
	X(OWN, "own", 4, own)	/* word-count on a file that is sealed for this run */ \
	X(SECRET, "secret", 4, secret)	/* with a secret that the keeper keeps, and the iApp's own */ \
	X(BULK, "bulk", 3, bulk)	/* all data that were granted as some of many */ \
	X(POOLED, "pooled", 6, pooled)	/* by the workers of a pool, two of whom must agree; waits */ \
	X(HAND, "hand", 8, hand)	/* handed to the workers; … */ \
	X(WATCH, "watch", 0, watch)	/* … waited for … */ \
	X(RESULT, "result", 0, result)	/* … and fetched */ \
	X(TRAVELLED, "travelled", 4, travelled)	/* an iApp that changes hands */ \
	X(FAILS, "fails", 2, fails)	/* an iApp that ends with an error */ \
	X(GREEDY, "greedy", 1, greedy)	/* an iApp that passes its memory */ \
	X(POOR, "poor", 2, poor)	/* who has no money asks for what costs some */ \
	X(DEAR, "dear", 2, dear)	/* costs more than is offered */ \
	X(VERIFY, "verify", 4, verify)	/* a receipt, offline */ \
	X(PROTECT, "protect", 4, protect)	/* new data, 1 KiB to 10 MiB */ \
	X(GRANT, "grant", 10, grant)	/* with a few uses */ \
	X(EXPIRE, "expire", 2, expire)	/* a grant that ends in a second or two */ \
	X(REVOKE, "revoke", 6, revoke) \
	X(TRANSFER, "transfer", 2, transfer)	/* of data */ \
	X(APP_TRANSFER, "app-transfer", 1, app_transfer) \
	X(APP_OFFER, "app-offer", 0, app_offer)	/* by its new owner */ \
	X(DEPOSIT, "deposit", 2, deposit) \
	X(LOOK, "look", 4, look)	/* grants, tasks, accounts: what people read */
enum load_op {
#define X(id, name, weight, begin) OP_##id,
	LOAD_OPS(X)
#undef X
	OP_COUNT
};
extern const char *const op_names[OP_COUNT];

/* iApps. X(ENUM, name, owner, price): those that are not in iapps/ are written by place.c. */
#define LOAD_APPS(X) \
	X(HELLO, "hello-world", "author", 0) \
	X(WORDS, "word-count", "author", 1000) \
	X(COHORT, "cohort-average", "author", 0) \
	X(DELIVER, "deliver", "author", 0) \
	X(ROLL, "roll", "author", 0) \
	X(TELLER, "teller", "author", 0) \
	X(FAILS, "fails", "author", 0) \
	X(GREEDY, "greedy", "author", 0) \
	X(TRAVELLER, "traveller", "owner0", 0)
enum load_app {
#define X(id, name, owner, price) APP_##id,
	LOAD_APPS(X)
#undef X
	APP_COUNT
};

enum source_kind { SOURCE_TEXT, SOURCE_TABLE };
struct source { char path[PATH_MAX], name[32], sha256[65]; enum source_kind kind; uint64_t size, words, rows; };

/* When something was so: microseconds of the monotonic clock; 0 is never. An operation that failed or was killed may have happened: then begun is there and done is not. */
struct data {
	char id[ID_TEXT];
	size_t source;
	unsigned owner;	/* the last that is confirmed */
	uint64_t transfer_begun, transferred;	/* of the last */
	bool unsure;	/* a transfer that nobody confirmed: whose it is, is not known here */
};
struct grant {
	char id[ID_TEXT];
	size_t data;
	enum load_app app;
	unsigned user;	/* a lane, or ANYBODY */
	unsigned owner;	/* who signed it: it holds while he owns the data, also when he gets it back */
	uint64_t uses, until;	/* until: 0 for ever */
	bool bulk, policy;
	uint64_t made, revoke_begun, revoked;
	uint64_t tried, used;	/* runs that may have taken one; runs that succeeded by it */
};

struct samples { uint32_t *us; size_t n, max; };

/* What was confirmed with exit 0, and has to be in the book at the end. */
struct confirmed { char id[ID_TEXT], receipt[96]; enum load_op op; uint64_t begun; bool completed; };

struct call { char words[WORDS_MAX][PATH_MAX / 4]; size_t n; };

struct lane {
	unsigned number;
	uint64_t random;
	pid_t pid;	/* 0: nothing runs */
	enum load_op op, then;	/* then: what must follow, or OP_COUNT */
	struct call call;
	uint64_t begun, rest;	/* rest: nothing before this */
	size_t data, grant;
	enum load_app app;	/* that runs on the data */
	unsigned runs;
	unsigned to, owner;	/* new owner of what is transferred; who signs */
	bool killed, told_secret;
	char task[ID_TEXT], dir[32];
	int64_t until;
};

struct worker_process { char name[16]; pid_t pid; uint64_t again; unsigned started, killed; bool stopping; };

/* X(ENUM, name, weight): kinds of processes, as far as they are looked at; how often one of them is the one that is killed. There is one scheduler, and its key is under a
 * passphrase: it takes a second to begin. */
#define LOAD_PROCESSES(X) \
	X(COMMAND, "command", 4) X(WORKER, "worker", 3) X(SCHEDULER, "scheduler", 1) X(SLOT, "slot", 3) X(KEEPER, "keeper", 4) X(ZYGOTE, "zygote", 3) X(BOX, "box", 4)
enum process_kind {
#define X(id, name, weight) PROCESS_##id,
	LOAD_PROCESSES(X)
#undef X
	PROCESS_COUNT
};
struct process { pid_t pid, parent; uint64_t rss; unsigned fds; enum process_kind kind; bool ours; char name[24]; };
struct census { struct process *at; size_t n, max; };
struct memory { uint64_t first, last, most; unsigned fds_first, fds_last, fds_most; uint64_t kills; };

struct counted { char what[160]; uint64_t n; bool expected; struct counted *next; };

struct load {
	char home[PATH_MAX], work[PATH_MAX], enclua[PATH_MAX], iapps[PATH_MAX];
	uint64_t seed, seconds;
	unsigned n_lanes, n_workers, weights[OP_COUNT];
	bool kill, spoil;
	uint64_t begun, end;	/* of the load itself */
	struct lane *lanes;
	struct worker_process workers[WORKERS_MAX + 1];	/* and the scheduler, the last */
	size_t n_processes;
	struct source sources[SOURCES];
	struct data *data;
	size_t n_data;
	struct grant *grants;
	size_t n_grants;
	char apps[APP_COUNT][ID_TEXT];
	unsigned traveller_owner;
	uint64_t travel_begun, travelled, travel_offered;
	bool travel_unsure;
	struct confirmed *confirmed;
	size_t n_confirmed, max_confirmed;
	struct samples times[OP_COUNT], cpu[OP_COUNT];
	uint64_t done_in_minute[64], runs_in_minute[64], cpu_in_minute[64];
	uint64_t ops, runs, killed;
	struct counted *refusals;
	uint64_t unexpected, wrong;
	struct census census;
	struct memory memory[PROCESS_COUNT];
	uint64_t random;	/* of kills */
};

/* main.c */
uint64_t load_random(uint64_t *state, uint64_t below);
void load_wrong(struct load *l, const char *format, ...) __attribute__((format(printf, 2, 3)));	/* a claim that did not hold */

/* process.c: commands as processes of their own; their output lies in <work>/NAME.out and .err */
void call_begin(struct load *l, struct call *c, const char *as);
void call_add(struct call *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
pid_t call_start(struct load *l, const struct call *c, const char *name);
int call_run(struct load *l, const struct call *c, const char *name, struct json **out);	/* waits; -1: it failed, and said why */
struct json *call_answer(const struct load *l, const char *name, const char *suffix);	/* NULL: no JSON */
void call_text(const struct call *c, char *out, size_t size);
void workers_start(struct load *l, bool all);	/* those that do not run, after a moment, like systemd */
void workers_stop(struct load *l);
void workers_tell(struct load *l);
bool worker_ended(struct load *l, pid_t pid, int status);

/* place.c: the home, its people, iApps and first data */
int place_make(struct load *l);

/* operations.c */
bool op_begin(struct load *l, struct lane *lane);
void op_succeeded(struct load *l, struct lane *lane, const struct json *answer);
size_t data_add(struct load *l, const char *id, size_t source, unsigned owner);
size_t grant_add(struct load *l, const char *id, const struct grant *g);
void confirm(struct load *l, const struct lane *lane, const char *id, bool completed);

/* refusals.c: was it to be expected at that moment? */
void op_refused(struct load *l, struct lane *lane, int status, const struct json *answer);
void refusal_count(struct load *l, const char *what, bool expected);

/* census.c */
void census_take(struct load *l);
void census_kill(struct load *l);	/* one of them, chosen by chance */

/* figures.c */
void sample_add(struct samples *s, uint64_t us);
void figures_print(struct load *l);

/* judge.c */
void judge(struct load *l);
void judge_book(struct load *l);

#endif
