/* What a worker and a box say to each other: the one list that both sides are built from.
 *
 * The box has descriptor 3, its channel (a stream socket), and 4, 5, … its inputs in the order of box_request.inputs. In time order:
 *   worker → box   REQUEST   before lock-down: the iApp, its arguments and terms. No secret is in it.
 *   box → worker   KEY       after lock-down: the box's fresh X25519 key, 32 bytes
 *   worker → box   RELEASE   only when there are sealed inputs or secrets: one age header to that key for each sealed input, and one
 *                            age file to that key that holds the secrets
 *   box → worker   PROGRESS  0 or more: an f64, 0 … 1
 *   box → worker   RESULT    1 or more: the next bytes of the result, an age file to the beneficiary; of a policy its decision, of a test what it asks or found,
 *                            in the clear
 *   box → worker   DONE      status, digest, counters; then exit_group
 * Frame = kind (1 byte), length (4 bytes, little endian), payload. A box is hostile: the worker checks order, lengths and counts, and a
 * box that speaks out of turn is killed. Lists and strings in a payload are a 4-byte count, then the bytes.
 */
#ifndef ENCLUA_BASE_BOXWIRE_H
#define ENCLUA_BASE_BOXWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

#define BOX_CHANNEL_FD 3
#define BOX_FIRST_INPUT_FD 4

enum box_frame { BOX_REQUEST = 1, BOX_KEY, BOX_RELEASE, BOX_PROGRESS, BOX_RESULT, BOX_DONE, BOX_CALLBACK };

/* How a task ended. A limit is never part of a vote. */
enum box_status {
	BOX_OK = 0,
	BOX_FAILED,	/* the iApp raised an error, or returned what it must not */
	BOX_LIMIT,	/* which one: enum box_limit */
	BOX_ALARM,	/* SIGSYS, SIGSEGV, a broken channel: the operator is told, the requester sees failed */
	BOX_BAD_INPUT	/* sealed data that does not open or is corrupt */
};
enum box_limit { BOX_LIMIT_NONE = 0, BOX_LIMIT_MEMORY, BOX_LIMIT_CPU, BOX_LIMIT_WALL, BOX_LIMIT_OUTPUT };

/* Exit statuses of a box: DONE carries the details; these are for a box that could not send it. */
enum {
	BOX_EXIT_DONE = 0, BOX_EXIT_MEMORY = 81, BOX_EXIT_CHANNEL = 82, BOX_EXIT_BROKEN = 83,
	BOX_EXIT_LOCK = 100	/* + n: step n of the lock-down failed, or (0) what comes before its steps; nothing ran */
};

struct box_text { const char *text; size_t len; };	/* borrowed from the decoded request, or from the caller */

enum box_arg_type { BOX_ARG_STRING, BOX_ARG_NUMBER, BOX_ARG_INTEGER, BOX_ARG_BOOLEAN };
struct box_arg { struct box_text name, value; enum box_arg_type type; };	/* value as text; positional = order of the list */

struct box_file { struct box_text path, bytes; };	/* a file of the iApp */

enum box_input_kind {
	BOX_INPUT_DATA,	/* payload (nonce || chunks) of protected data; needs a released header */
	BOX_INPUT_FILE	/* public input file, raw bytes */
};
struct box_input { enum box_input_kind kind; struct box_text id, name; uint64_t size; };	/* size of what the descriptor holds */

/* A policy gets one argument, the question, and nothing else: no inputs, no secrets, no log. Nothing that it says is secret, so it has no recipients.
 * So does an author's test.lua, which gets what has become of the runs that it asked for, and asks for the next. */
enum box_kind { BOX_KIND_APP, BOX_KIND_POLICY, BOX_KIND_TEST };
#define BOX_STEPS_MAX 2000000000u	/* what Lua counts in an int */
#define BOX_POLICY_ARG "question"
#define BOX_TEST_ARG "state"

struct box_request {
	enum box_kind kind;
	struct box_text task, deal;	/* ids; deal may be empty */
	struct box_text app_name, app_version, entry;	/* entry: path of main.lua */
	uint8_t seed[32];	/* for math.random; the same for all replicas */
	uint8_t salt[32];	/* for the digest and for noise (dp); the same for all replicas */
	uint64_t memory, output, cpu_ms;	/* limits: live bytes, result bytes, processor time */
	uint64_t steps;	/* 0, or: the script fails after so many instructions of Lua's machine, and its error says where it was; for authors' tests */
	uint64_t epsilon_u6;	/* privacy loss that its noise may cost, in millionths; 0: none */
	bool logs;	/* what the iApp prints and its errors may reach the requester */
	bool many;	/* task.datasets instead of task.data */
	bool deterministic;
	uint8_t recipients[4][32];	/* X25519 keys that the result is sealed to */
	size_t n_recipients;
	struct box_file *files;
	size_t n_files;
	struct box_arg *args;
	size_t n_args;
	struct box_input *inputs;	/* i is descriptor BOX_FIRST_INPUT_FD + i; data first, then files */
	size_t n_inputs;
	size_t n_secrets;	/* how many RELEASE will bring; 0 and no data: there is no RELEASE */
	bool app_secret;
	bool callback;	/* what the iApp gives as one is for everybody: it comes as a CALLBACK frame, and the digest is its SHA-256 */
};

struct box_secret { uint32_t index; struct box_text value; };	/* index 0: the app's own secret */

struct box_release {
	struct box_text *headers;	/* one age header for each BOX_INPUT_DATA, in order; an empty one: its owner's rules refuse this run */
	size_t n_headers;
	struct box_text secrets;	/* an age file to the box: encoded list of struct box_secret; empty when there are none */
	uint64_t output;	/* what owners let out is less than what was requested; 0: it is not */
	bool silent;	/* and no log */
};

struct box_done {
	enum box_status status;
	enum box_limit limit;
	uint8_t digest[32];	/* HMAC-SHA-256(salt, MANIFEST of the deterministic files); zero unless BOX_OK. Of a task with a callback: its SHA-256 */
	uint64_t memory_peak;	/* live bytes of the script */
	uint64_t result_files, result_bytes, log_bytes;	/* plaintext */
};

/* Encoders append one whole frame. Decoders take a payload and borrow from it; *_done frees only the lists. Strict: trailing bytes,
 * counts past their limits and unknown enum values are ERR_INVALID. */
int boxwire_request_encode(struct buf *out, const struct box_request *r, struct err *e);
int boxwire_request_decode(struct box_request *r, const uint8_t *payload, size_t len, struct err *e);
void boxwire_request_done(struct box_request *r);
int boxwire_release_encode(struct buf *out, const struct box_release *r, struct err *e);
int boxwire_release_decode(struct box_release *r, const uint8_t *payload, size_t len, struct err *e);
void boxwire_release_done(struct box_release *r);
int boxwire_secrets_encode(struct buf *out, const struct box_secret *s, size_t n, struct err *e);	/* no frame around it */
int boxwire_secrets_decode(struct box_secret **s, size_t *n, const uint8_t *bytes, size_t len, struct err *e);	/* free(*s) */
int boxwire_done_encode(struct buf *out, const struct box_done *d, struct err *e);
int boxwire_done_decode(struct box_done *d, const uint8_t *payload, size_t len, struct err *e);

#define BOX_FRAME_HEADER 5u
void boxwire_header_encode(uint8_t out[static BOX_FRAME_HEADER], enum box_frame kind, uint32_t len);
int boxwire_header_decode(enum box_frame *kind, uint32_t *len, const uint8_t in[static BOX_FRAME_HEADER], struct err *e);

#endif
