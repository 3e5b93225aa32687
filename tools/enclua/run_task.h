/* The parts of run-task: what was asked for is gathered (run_gather.c), then run and told (run_task.c). */
#ifndef ENCLUA_TOOLS_RUN_TASK_H
#define ENCLUA_TOOLS_RUN_TASK_H

#include "base/text.h"
#include "book/book.h"
#include "cli.h"
#include "form/iapp.h"
#include "form/pdata.h"
#include "box/box.h"
#include "host/host.h"
#include "node/work.h"
#include "trust/keeper.h"

struct args;
struct grant;

/* An order that a run uses: one that is open, or one that this home signs for it. */
struct run_order { char id[ID_TEXT]; uint64_t price, tag; bool sign, policy; };	/* policy: of a grant that asks one */

/* One of many: the grant under which its owner, whoever that is, lets the run use it. */
struct run_item { char grant[ID_TEXT], data[ID_TEXT]; uint64_t tag; bool policy; };

/* With whom, and on what terms. What was typed is above, what follows from it below. */
struct run_deal {
	const char *pool_typed;	/* --pool, or NULL */
	const char *purpose, *min_assurance, *callback;
	uint64_t max_price, category, trust;
	bool max_given, category_given;
	struct identity *payer;	/* --payer, or NULL: the requester */

	char requester[IDENTITY_TEXT], pool[MARKET_NAME], data[ID_TEXT];
	bool managed;	/* the pool's manager is a key of this home */
	bool here;	/* this command plays scheduler and worker itself */
	struct run_order app_order, data_order, pool_order;
	char policy[ID_TEXT];	/* of one's own data: what it was protected with; "": none */
	uint64_t total;
	uint8_t parcel[32];	/* what other workers need, sealed to the keeper; zero: nobody else is to run it */
	char request[ID_TEXT], id[ID_TEXT], task[ID_TEXT];	/* the request order, the deal, its task */
	char (*secrets)[80];	/* "<number> secret1…": those that the keeper has */
	size_t n_secrets;
};
extern const char *const run_categories[];	/* XS … XL, then NULL */

/* The options of a run: of run-task, and of iapp run, which has more. */
#define RUN_TASK_OPTIONS \
	{ "data", 'd', "DATA", true, "protected data: a name, an id, or a file or folder that is sealed for this run only" }, \
	{ "arg", 'a', "NAME=VALUE", true, "an argument; without NAME= by position" }, \
	{ "file", 'f', "PATH", true, "a public input file" }, \
	{ "secret", 0, "N=VALUE|@FILE", true, "the requester's secret N, as the manifest numbers them" }, \
	{ "secret-name", 0, "N=NAME", true, "the requester's secret N is the one that the keeper has under NAME (enclua secret set)" }, \
	{ "output", 'o', "DIR", false, "write the result's files there, and result.age, the sealed bundle" }, \
	{ "beneficiary", 'b', "WHO", false, "seal the result to this petname, enclua1… or age1… instead of you" }, \
	{ "max-price", 0, "N", false, "the most that iApp, data and pool may cost together: 5, 1.5RLC; without it a run must be free" }, \
	{ "pool", 0, "POOL", false, "who runs it (else `local`, this machine)" }, \
	{ "category", 0, "XS|S|M|L|XL", false, "how long it may take (else the shortest that the iApp's wall clock fits into)" }, \
	{ "trust", 0, "N", false, "how much workers must agree: 0 and 1, one is enough" }, \
	{ "payer", 0, "NAME", false, "an identity of this home that pays instead of you" }, \
	{ "purpose", 0, "WORD", false, "what for; owners may grant for some purposes only" }, \
	{ "callback", 0, "NAME", false, "what the iApp says by task.result:callback is for everybody, under this name in the book: enclua oracle read" }, \
	{ "no-wait", 0, NULL, false, "make the deal and leave the run to workers: enclua task watch" }, \
	{ "seed", 0, "TEXT", false, "another seed for math.random; the same text gives the same run" }, \
	{ "min-assurance", 0, "none|software|tpm2|cvm", false, "refuse to run below this level (enclua doctor says what this machine offers)" }, \
	{ "allow-missing-layer", 0, "NAME", true, "run although this machine lacks this isolation layer (see enclua doctor);\n" \
	  "$ENCLUA_ALLOW_MISSING_LAYER may name some, with commas between" }, \
	{ "bulk", 0, NULL, false, "many data of many owners, who have granted them with --bulk: up to 100 in a task, as many tasks as it takes;\n" \
	  "DATA… are named after APP, or --all; results in DIR/slice-1, …; the same command goes on where it stopped" }, \
	{ "all", 0, NULL, false, "with --bulk: all data whose grants let this run in" }, \
	{ "per-task", 0, "N", false, "with --bulk: at most so many data in a task (else 100)" }, \
	{ "dry-run", 0, NULL, false, "check everything, seal nothing, run nothing" }

/* Everything one run holds; gathered in order, freed in one place. */
struct job {
	struct cli *cli;
	struct book *book;
	struct store *store;	/* of the book */
	struct keeper_link *keeper;
	struct identity *worker;	/* of this machine, when it runs the task itself */
	uint32_t allow_missing;	/* layers of boxes */
	struct keystore_item me;	/* the acting identity: requester, and owner of data given by path */
	struct identity *actor;	/* the same, opened when it is first needed; it signs */
	uint8_t beneficiary[32];	/* Ed25519; zero when it is only an age recipient */
	bool mine;	/* the beneficiary is the acting identity */
	struct iapp *app;
	char app_id[ID_TEXT];	/* its registration: an older one, or one made for this run */
	struct store_data *data;
	struct pdata **trees;	/* beside data[i]: what is still to be sealed, or NULL */
	struct buf *entries;	/* beside data[i]: its signed data.register, not yet in the book */
	size_t n_data;
	const struct run_item *bulk;	/* beside data[i], or NULL: no bulk (run_bulk.c) */
	size_t n_bulk;
	bool scouting;	/* what data there is will be looked for */
	int (*announce)(void *ctx, const char *task, struct err *e);	/* a task is about to be entered; or NULL */
	void *announce_ctx;
	bool others_data;	/* the one data is somebody else's, who has to have offered it */
	struct work_arg *args;
	struct work_file *files;
	struct work_secret *secrets;
	char **texts;	/* argument names cut from NAME=VALUE */
	struct buf *secret_files;
	struct work work;
	struct run_deal deal;
	char callback[BASE64_LEN(LIMIT_CALLBACK_BYTES) + 1];	/* what came as one, as the entry has it; "" */
	bool handed_over;	/* others may still need the sealed bytes */
	const struct work_result *ran;	/* how it went here; NULL: elsewhere */
	uint64_t gather_us, seal_us, start_us;
};

int job_gather(struct cli *c, const struct args *a, struct job *j, struct err *e);	/* opens, packs, checks; seals nothing yet */
int job_seal(struct cli *c, struct job *j, struct err *e);	/* data that was given by path; not yet in the book, to which the requester is known then */
/* run_deal.c: orders are found or made, and their price is held against the most the requester pays; nothing is signed yet. */
int job_price(struct job *j, struct err *e);
int job_workers_check(const struct job *j, bool *enough, struct err *e);	/* could the pool's workers of today reach the trust that is asked, if all agree? */
/* run_grant.c: of the grants of somebody else's data the best that lets this run in; ERR_DENIED says why none does. */
int job_grant_find(const struct job *j, const char *data, const char *owner, struct run_order *out, struct err *e);
bool job_grant_fits(const struct job *j, const struct grant *g);	/* does it let this run in? Not whether it still holds */
/* The grant that the run goes under, when there is one: a line, and in JSON "grants". */
int job_grant_tell(const struct job *j, struct err *e);
/* Sealed data, orders, deal and task go into the book together; `before` is called with the task's id just before that. Fills t. */
int job_deal(struct job *j, struct store_task *t, int (*before)(void *ctx, const char *task, struct err *e), void *ctx, struct err *e);
/* The task that j->deal.task names, which was cut short here: its worker is sent anew. The rest as job_deal. */
int job_deal_again(struct job *j, struct store_task *t, int (*before)(void *ctx, const char *task, struct err *e), void *ctx, struct err *e);
/* run_book.c: what else a run enters into the book. */
/* The registration that the run uses: the one that was named, or one's own of this archive. 1, 0, -1. */
int job_app_known(struct job *j, struct err *e);
int job_register(struct job *j, struct err *e);	/* the iApp, unless it is there */
int job_complete(struct job *j, const struct box_zygote *z, struct store_task *t, struct err *e);	/* the worker signs how t ended; all are paid */
/* The receipt of t: <dir>/task.receipt when dir is given (text in out), else <home>/receipts/<task>.receipt. */
int job_receipt(struct cli *c, struct job *j, const struct store_task *t, bool keep, struct buf *out, char *path, size_t size, struct err *e);

/* run_task.c: a job that is gathered but for the terms that were typed; then sealed, entered, run or left to workers, and told. */
int job_terms_read(const struct args *a, struct job *j, struct err *e);
int job_run(struct cli *c, const struct args *a, struct job *j, const char *dir, struct err *e);
int job_wait(struct cli *c, struct job *j, struct store_task *t, struct err *e);	/* for the end of the task t->id, or of the time for it */
/* run_bulk.c: --bulk. */
int run_bulk(struct cli *c, const struct args *a, uint32_t allow_missing, struct err *e);

void job_free(struct job *j);	/* also forgets the sealed bytes of data that was for this run only */

/* run_tell.c: t has ended. Receipt, files and words; an error when the iApp failed. */
int job_deliver(struct cli *c, struct job *j, const struct store_task *t, const char *dir, struct err *e);
void job_costs_write(struct json_writer *w, const struct run_deal *d);

#endif
