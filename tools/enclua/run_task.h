/* The parts of run-task: what was asked for is gathered (run_gather.c), then run and told (run_task.c). */
#ifndef ENCLUA_TOOLS_RUN_TASK_H
#define ENCLUA_TOOLS_RUN_TASK_H

#include "book/store.h"
#include "cli.h"
#include "form/iapp.h"
#include "form/pdata.h"
#include "node/work.h"
#include "trust/keeper.h"

/* Everything one run holds; gathered in order, freed in one place. */
struct job {
	struct store *store;
	struct keeper *keeper;
	struct keystore_item me;	/* the acting identity: requester, and owner of data given by path */
	uint8_t beneficiary[32];	/* Ed25519; zero when it is only an age recipient */
	bool mine;	/* the beneficiary is the acting identity */
	struct iapp *app;
	uint8_t app_blob[32];
	struct store_data *data;
	struct pdata **trees;	/* beside data[i]: what is still to be sealed, or NULL */
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
int job_seal(struct cli *c, struct job *j, struct err *e);	/* data that was given by path */
void job_free(struct job *j);	/* also forgets the sealed bytes of data that was for this run only */

#endif
