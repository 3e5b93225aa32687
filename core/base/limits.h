/* Named limits: each with the reason for its size, and assertions on how they relate. Nothing else in the tree may
 * bound a loop, a queue or a file with a bare number.
 */
#ifndef ENCLUA_BASE_LIMITS_H
#define ENCLUA_BASE_LIMITS_H

#include <assert.h>

#define KIB(n) ((n) * 1024ull)
#define MIB(n) ((n) * 1024ull * 1024ull)

/* Archives and manifests (FORMATS 7, 8) */
#define LIMIT_IAPP_BYTES MIB(64)	/* whole .iapp; its Lua must fit a box many times */
#define LIMIT_IAPP_FILES 4096u
#define LIMIT_MANIFEST_LIST_BYTES MIB(1)	/* MANIFEST: 4096 lines of 67 + path */
#define LIMIT_YAML_BYTES KIB(64)
#define LIMIT_YAML_DEPTH 8u
#define LIMIT_MANIFEST_WORDS 32u	/* purposes, or places to reach: a reader goes through them one by one */
#define LIMIT_PATH_BYTES 255u	/* longest path that ustar's prefix and name can hold, less the slash */
#define LIMIT_SIGNERS 16u

/* Protected data (FORMATS 6) */
#define LIMIT_DATA_KEY_BYTES 64u
#define LIMIT_DATA_DEPTH 16u
#define LIMIT_DATA_LEAVES 100000u
#define LIMIT_SCHEMA_BYTES MIB(16)
#define LIMIT_DATA_JSON_BYTES MIB(64)	/* a document of values: it is parsed in memory; larger ones go in as files */

/* age (FORMATS 5) */
#define LIMIT_AGE_HEADER_BYTES MIB(1)
#define LIMIT_AGE_STANZAS 1024u
#define LIMIT_AGE_SCRYPT_LOG_N 22u	/* above it an attacker buys our memory: 4 GiB at 22 */
#define LIMIT_AGE_ARMOR_SPACE 1024u	/* white space before or after armor */
#define LIMIT_AGE_JOBS 8u	/* processes of one stream: more would not fit 16 MiB */

/* Entries and notes (FORMATS 3) */
#define LIMIT_NOTE_BYTES KIB(64)
#define LIMIT_NAME_BYTES 64u	/* petnames, iApp names, argument names */
#define LIMIT_KEYS 4096u	/* in one home; a list reads every public half */

/* A box and its channel (ENCLAVE) */
#define LIMIT_BOX_DATASETS 100u	/* data items of one task; PoCo's bulk slice */
#define LIMIT_BOX_FILES 64u	/* public input files */
#define LIMIT_BOX_SECRETS 64u
#define LIMIT_BOX_ARGS 256u
#define LIMIT_BOX_FDS 252u	/* input descriptors are 4 … 255 in the box: a range that a filter can say with masks */
#define LIMIT_BOX_RUNNING 64u	/* tasks at once under one zygote */
#define LIMIT_BOX_PROGRESS 10000u	/* progress frames of a task: more is noise, or a way out for data */
#define LIMIT_ENCLAVE_BYTES MIB(16)	/* the enclave program */
#define LIMIT_BOX_REQUEST_BYTES MIB(72)	/* an iApp, its arguments and terms */
#define LIMIT_BOX_FRAME_BYTES KIB(128)	/* one frame of the channel: a sealed chunk and change */
#define LIMIT_BOX_RELEASE_BYTES MIB(4)	/* a header of some 200 bytes for each data item, and the secrets */
#define LIMIT_BOX_MEMORY MIB(4096)
#define LIMIT_BOX_OUTPUT MIB(1024)
#define LIMIT_BOX_TIME_MS 604800000ull	/* a week, of processor or of wall clock */
#define LIMIT_CALLBACK_BYTES 4096u	/* what a task says to everybody: it stands in the book */
#define LIMIT_BOX_RESULT_FILES 4096u
#define LIMIT_JSON_DEPTH 200u
#define LIMIT_EPSILON_U6 1000000000ull	/* privacy loss of one run, in millionths: at 1000 there is none left to lose */

/* An author's test.lua: what it may use each time that it is started, and what its runs may give back altogether */
#define LIMIT_TEST_MEMORY MIB(512)
#define LIMIT_TEST_CPU_MS 5000u	/* a test that loops is told so before its author loses patience */
#define LIMIT_TEST_WALL_MS 60000u
#define LIMIT_TEST_RUNS 1000u	/* test.lua is started once more for each */
#define LIMIT_TEST_STATE_BYTES MIB(48)	/* goes with each request */
#define LIMIT_TEST_ANSWER_BYTES MIB(64)

/* What a requester sends to the workers of a deal: the files lie in memory while the task runs */
#define LIMIT_PARCEL_BYTES MIB(1024)
#define LIMIT_PARCEL_ARGS_BYTES MIB(4)	/* a command line holds half of that */
#define LIMIT_PARCEL_SECRETS_BYTES MIB(2)	/* 32 KiB for each of them */

static_assert(LIMIT_BOX_DATASETS + LIMIT_BOX_FILES <= LIMIT_BOX_FDS, "every input needs a descriptor");
static_assert(LIMIT_BOX_REQUEST_BYTES > LIMIT_TEST_STATE_BYTES + MIB(16), "a test has its state and some files");
static_assert(LIMIT_BOX_REQUEST_BYTES > LIMIT_IAPP_BYTES, "a request carries a whole iApp");

#endif
