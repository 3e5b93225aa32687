/* A worker's side of one task: checks what was asked against the iApp's manifest, hands iApp, terms and sealed inputs to a box, lets the
 * keeper release the file keys to that box's own key, and stores the sealed result. The worker never sees a file key or a plaintext.
 */
#ifndef ENCLUA_NODE_WORK_H
#define ENCLUA_NODE_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "book/store.h"
#include "box/box.h"
#include "form/iapp.h"
#include "trust/keeper_link.h"

struct work_arg { const char *name, *value; };	/* name NULL: by position */
struct work_secret { unsigned index; const char *value; size_t len; };	/* index 0: the iApp's own. value NULL: the keeper has it */
struct work_file { const char *name; int fd; uint64_t size; };

/* What a requester asks for; all borrowed. */
struct work {
	const struct iapp *app;
	const struct store_data *const *data;
	size_t n_data;
	const struct work_arg *args;
	size_t n_args;
	const struct work_file *files;
	size_t n_files;
	const struct work_secret *secrets;
	size_t n_secrets;
	const char *deal;	/* deal1…, which the iApp may know, or NULL */
	const char *seed;	/* text that replicas share; "" is fine */
	bool has_salt;	/* else it follows from what is asked, which is fit for digests that nobody publishes */
	uint8_t salt[32];	/* of the digest: keeper_task_salt */
	uint8_t beneficiary[32];	/* X25519: the result is sealed to it */
	const struct identity *worker;	/* who runs it; signs the evidence that the keeper gets */
	bool callback;	/* the request asks for a value for everybody */
	bool logs;	/* every owner of the data allows the log to reach the beneficiary */
	void (*progress)(void *ctx, double fraction);	/* may be NULL */
	void *ctx;
};

/* Everything that can be refused before any process starts or any key is touched: arguments (unknown, missing, of the wrong type), data
 * against inputs.data and inputs.schema, files and secrets against what the manifest declares. */
int work_check(const struct work *w, struct err *e);

struct work_result {
	struct box_outcome box;
	uint8_t blob[32];	/* the sealed result in the store; zero when the box gave none */
	uint64_t size;
	uint64_t verify_us, store_us;	/* hashing of stored blobs before use; writing the result */
	bool callback;	/* one was asked for; it is in box */
	uint64_t release_us;	/* of the keeper, with what it enters into the book */
	bool refused;
	char assurance[17];	/* of the evidence that the keeper took; "software" when nothing was asked of it */
};

/* How a run ended, as the book says it. Without deterministic files to compare the digest is that of outcome and reason, under the task's salt like any other, so that
 * workers agree on failures as well: HMAC-SHA-256(salt, "enclua/failed/v1" 00 outcome 00 reason 00). */
struct work_ending {
	const char *outcome;	/* COMPLETED, FAILED, LIMIT */
	char reason[64];
	uint8_t digest[32];
	uint8_t callback[LIMIT_CALLBACK_BYTES];	/* of a task that was asked for one … */
	size_t callback_len;	/* … else 0 */
};
void work_ending(const struct work_result *r, const uint8_t salt[static 32], struct work_ending *out);
/* A request for a callback is answered even by a failure, or nothing could end the task: then it is outcome and reason, "FAILED: …", which no oracle takes for a value. */
void work_ending_told(struct work_ending *out);
void work_ending_failed(const char *outcome, const char *reason, const uint8_t salt[static 32], struct work_ending *out);
/* Whoever runs this machine, or its kernel when memory was short, ended the box: that says nothing of the iApp, and is no result. */
bool work_ended_outside(const struct work_result *r);

/* What a box is sent: the iApp, its limits, arguments and inputs. Borrows from w; nothing of it is secret. */
int work_request_make(const struct work *w, const char *id, struct box_request *r, struct err *e);
void work_request_done(struct box_request *r);	/* also after a failure */

/* The secrets whose values are here, as boxwire's list; nothing when there are none. */
int work_secrets_here(const struct work *w, struct buf *out, struct err *e);
/* Is there anything that only the keeper can release? */
bool work_needs_keeper(const struct work *w);

/* Runs the task `id` (task1…) in a box of z. 0 whenever the task ended, however it ended (out->box.done.status). out->refused: −1 because the keeper would not release its keys,
 * and the book says so: the task has ended. */
int work_run(struct store *s, struct keeper_link *k, struct box_zygote *z, const struct work *w, const char *id,
	struct work_result *out, struct err *e);

#endif
