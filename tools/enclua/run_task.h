/* The parts of run-task: what was asked for is gathered (run_gather.c), then run and told (run_task.c). */
#ifndef ENCLUA_TOOLS_RUN_TASK_H
#define ENCLUA_TOOLS_RUN_TASK_H

#include "book/book.h"
#include "cli.h"
#include "form/iapp.h"
#include "form/pdata.h"
#include "box/box.h"
#include "node/work.h"
#include "trust/keeper.h"

/* Everything one run holds; gathered in order, freed in one place. */
struct job {
	struct book *book;
	struct store *store;	/* of the book */
	struct keeper *keeper;
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
	struct work_arg *args;
	struct work_file *files;
	struct work_secret *secrets;
	char **texts;	/* argument names cut from NAME=VALUE */
	struct buf *secret_files;
	struct work work;
	uint64_t gather_us, seal_us, start_us;
};

int job_gather(struct cli *c, const struct args *a, struct job *j, struct err *e);	/* opens, packs, checks; seals nothing yet */
int job_actor(struct cli *c, struct job *j, struct err *e);	/* opens the acting identity, once; it is known to the book */
int job_seal(struct cli *c, struct job *j, struct err *e);	/* data that was given by path; not yet in the book */
/* run_book.c: what a run enters into the book. */
int job_register(struct job *j, struct err *e);	/* the iApp, unless it is there */
int job_request(struct job *j, struct store_task *t, struct buf *note, struct err *e);	/* signs task.request; fills t, with its id */
int job_enter(struct job *j, const struct buf *request, struct store_task *t, struct err *e);	/* sealed data and the request, together */
int job_finish(struct job *j, const struct box_zygote *z, struct store_task *t, struct err *e);	/* the worker signs how t ended */
/* The receipt of t: <dir>/task.receipt when dir is given (text in out), else <home>/receipts/<task>.receipt. */
int job_receipt(struct cli *c, struct job *j, const struct store_task *t, bool keep, struct buf *out, char *path, size_t size, struct err *e);

void job_free(struct job *j);	/* also forgets the sealed bytes of data that was for this run only */

#endif
