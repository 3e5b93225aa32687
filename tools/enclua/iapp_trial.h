/* One run of an author's iApp without a book: what would be protected data, a deal and a keeper in production is here in memory only. The box, its request, its limits
 * and the checks before it are production's own (node/work.h).
 */
#ifndef ENCLUA_TOOLS_IAPP_TRIAL_H
#define ENCLUA_TOOLS_IAPP_TRIAL_H

#include "box/box.h"
#include "form/bundle.h"
#include "form/iapp.h"
#include "form/pdata.h"
#include "node/work.h"

#define TRIAL_FILE_BYTES MIB(64)	/* an input file or the sealed bytes of a test's data */

/* What all runs of one project share. */
struct bench {
	const char *project;
	struct box_zygote *zygote;	/* borrowed */
	struct iapp *app;
	struct identity *me;	/* made for this: signs the archive, opens the results; forgotten with it */
};
int bench_open(struct bench *b, const char *project, struct box_zygote *z, struct err *e);	/* packs the project in memory */
void bench_done(struct bench *b);

/* What one run is given. Everything is copied. */
struct trial;
int trial_new(struct trial **out, struct err *e);
void trial_free(struct trial *t);
int trial_arg(struct trial *t, const char *name, const char *value, struct err *e);	/* name NULL: by position */
int trial_data(struct trial *t, const char *name, struct pdata *tree, struct err *e);	/* takes the tree over */
int trial_file(struct trial *t, const char *name, const void *bytes, size_t n, struct err *e);
int trial_secret(struct trial *t, unsigned index, const void *bytes, size_t n, struct err *e);	/* 0: the author's */
int trial_seed(struct trial *t, const char *seed, struct err *e);
void trial_explains(struct trial *t);	/* when it reaches a limit, it is run again to find where */
int trial_purpose(struct trial *t, const char *purpose, struct err *e);
/* Data of the project: mock/<name>, a file or a folder. */
int trial_mock(struct trial *t, const char *project, const char *name, struct err *e);
int trial_data_path(struct trial *t, const char *path, struct err *e);

struct trial_result {
	const char *status;	/* "ok", "failed", "limit", "alarm", "refused": the last before any box was started */
	struct err why;	/* refused: by what */
	struct box_outcome box;
	struct bundle *bundle;	/* or NULL */
	struct bundle *before;	/* of the look just before a limit: what had been logged by then; or NULL */
	char traceback[4096];	/* of the author's files: where an error was raised, or a limit reached; "" when it is not known */
	bool sampled;	/* it is where it was a part of the way to a limit of time */
};
int trial_run(struct bench *b, struct trial *t, struct trial_result *out, struct err *e);	/* 0 however it ended */
void trial_result_done(struct trial_result *r);

/* Why a run did not end well, and what to do: message, hint and code of e. −1 always but for a run that is ok. */
int trial_explain(const struct bench *b, const struct trial_result *r, struct err *e);
const char *trial_limit(const struct trial_result *r);	/* "memory", "cpu", "wall", "output", or NULL */

#endif
