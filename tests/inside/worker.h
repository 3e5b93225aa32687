/* The worker's side of a task, for tests: a request put together from a few words, sealed data, the result opened again. The task runs either
 * in the real box, or inside a plain fork of this process whose enclave was built by the host's compiler, so that sanitizers see it.
 */
#ifndef ENCLUA_TESTS_WORKER_H
#define ENCLUA_TESTS_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "box/box.h"
#include "form/bundle.h"

struct leaf_text { const char *path, *type, *text; };	/* type NULL: a file, MIME by its name; text NUL-terminated */
struct dataset { const char *id; struct leaf_text leaves[8]; };	/* ends with a NULL path */

struct job {
	const char *main;	/* text of main.lua */
	size_t main_len;	/* 0: strlen */
	struct { const char *path, *text; } files[8];	/* more files of the iApp */
	struct { const char *name, *value; enum box_arg_type type; } args[8];
	const struct dataset *data;
	size_t n_data;
	const struct { const char *name; const char *text; } *inputs;	/* public files */
	size_t n_inputs;
	const char *secrets[4];	/* 1 … */
	const char *app_secret;
	uint64_t memory, output, cpu_ms, wall_ms;	/* 0: 64 MiB, 1 MiB, 10 s, 30 s */
	uint64_t epsilon_u6;
	uint8_t seed, salt;	/* every byte of them */
	bool no_logs, many, unstable;
	bool wrong_header;	/* what is released for the last data does not open */
	uint64_t flip;	/* of the last data's payload: offset of a byte to change, from 1 */
	uint64_t cut;	/* how many bytes its end lacks */
};

struct end {
	struct box_outcome outcome;
	struct bundle *bundle;	/* NULL when there was no result, or it did not open */
	char why[512];	/* it did not open */
	size_t sealed_len;
	double progress[64];
	size_t n_progress;
};

/* z NULL: inside this process's fork. Call job_prepare once before. */
void job_prepare(void);
void job_run(struct box_zygote *z, const struct job *j, struct end *out);
void result_open_with(struct end *end, const struct buf *sealed, const uint8_t secret[static 32]);
void end_free(struct end *e);
const struct bundle_file *end_file(const struct end *e, const char *path);
const char *end_text(const struct end *e, const char *path);	/* "" when there is none; valid until the next call */

#endif
