/* The launcher: starts the measured enclave program once (the zygote) and asks it for one locked-down process per
 * task. What is hashed is what runs: the program's bytes go to a sealed memfd, the hash is compared with the
 * accepted measurement, and execveat runs that memfd. See ENCLAVE.md for the layers and their order.
 */
#ifndef ENCLUA_BOX_BOX_H
#define ENCLUA_BOX_BOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/boxwire.h"
#include "base/err.h"

/* X(name as --allow-missing-layer takes it, what it keeps an iApp from) . seccomp is not in the list: it is
 * never optional. */
#define BOX_LAYER_TABLE(X) \
	X(user_ns, "userns", "being anybody outside the box") \
	X(mount_ns, "mountns", "seeing any file") \
	X(pid_ns, "pidns", "seeing or signalling any process") \
	X(net_ns, "netns", "reaching any network") \
	X(ipc_ns, "ipcns", "SysV and POSIX queues and shared memory") \
	X(uts_ns, "utsns", "the host's name") \
	X(cgroup_ns, "cgroupns", "the host's cgroup paths") \
	X(landlock, "landlock", "files, TCP, abstract sockets, signals, other tasks' memory")

enum box_layer {
#define X(id, name, text) BOX_LAYER_##id,
	BOX_LAYER_TABLE(X)
#undef X
	BOX_LAYER_COUNT
};

const char *box_layer_name(enum box_layer l);
const char *box_layer_text(enum box_layer l);
int box_layer_parse(enum box_layer *out, const char *name, struct err *e);	/* the error lists the names */

/* Tries each layer in a child. Bit l of the result is set when layer l works here. */
uint32_t box_layers_probe(void);
bool box_seccomp_probe(void);

struct box_options {
	const char *enclave;	/* path of the program; NULL = beside this executable, else the installed one */
	const uint8_t *measurement;	/* 32 bytes that the program's SHA-256 must equal; NULL = any, and report it */
	uint32_t allow_missing;	/* bits of layers that may be absent */
};

uint64_t box_sealed_max(uint64_t output);	/* the most bytes of a sealed result whose files may have `output` bytes */

struct box_zygote;
/* ERR_UNAVAILABLE names each missing layer and the flag that would allow it. */
int box_zygote_start(struct box_zygote **out, const struct box_options *o, struct err *e);
void box_zygote_stop(struct box_zygote *z);	/* ends every task of it */
bool box_zygote_lives(const struct box_zygote *z);	/* false: it was ended, and starts no task any more */
const uint8_t *box_measurement(const struct box_zygote *z);	/* 32 bytes */
uint32_t box_layers_missing(const struct box_zygote *z);
int box_enclave_path(char *out, size_t size, struct err *e);	/* where NULL above looks */
int box_program_path(char *out, size_t size, const char *name, struct err *e);	/* another program of ours, found the same way */

/* One task. The launcher keeps the wall clock and counts what leaves. */
struct box_task {
	const struct box_request *request;
	const int *input_fds;	/* request->n_inputs of them */
	uint64_t wall_ms;
	/* Asked once, with the box's key, when there is anything to release. Fill `out` with a RELEASE frame. NULL when nothing is. */
	int (*release)(void *ctx, const uint8_t box_key[static 32], struct buf *out, struct err *e);
	int (*result)(void *ctx, const uint8_t *bytes, size_t n, struct err *e);	/* sealed bytes as they come */
	void (*progress)(void *ctx, double fraction);	/* may be NULL */
	void *ctx;
};

struct box_outcome {
	struct box_done done;	/* status and counters; filled by the launcher when the box could not */
	uint64_t start_us, run_us, cpu_us;	/* fork to KEY, when something is released to it, else 0; the rest; processor time of the task */
	int signal;	/* that ended it, or 0 */
	uint8_t callback[LIMIT_CALLBACK_BYTES];	/* of a task that was asked for one and came to its end */
	size_t callback_len;
	const char *alarm;	/* with BOX_ALARM that the launcher found: why, for the operator; static text, or NULL */
};

/* 0 whenever the task ended, however it ended (see outcome); -1 when the launcher or a callback failed. */
int box_run(struct box_zygote *z, const struct box_task *t, struct box_outcome *out, struct err *e);

/* The same without waiting, for callers that run several tasks at once around poll. */
struct box_job;
int box_job_start(struct box_zygote *z, const struct box_task *t, struct box_job **out, struct err *e);
int box_job_fd(const struct box_job *j);	/* readable when box_job_step has work */
int box_job_timeout_ms(const struct box_job *j);	/* until the wall limit */
int box_job_step(struct box_job *j, bool *ended, struct box_outcome *out, struct err *e);
void box_job_free(struct box_job *j);	/* kills what still runs */

#endif
