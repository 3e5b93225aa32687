/* What a home remembers: data, iApps and tasks, in SQLite (this folder is its only door), and blobs by hash beside it. Every change is
 * one transaction with synchronous=FULL; a blob is on disk before the row that names it.
 */
#ifndef ENCLUA_BOOK_STORE_H
#define ENCLUA_BOOK_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "form/id.h"
#include "form/iapp.h"

struct store;
int store_open(struct store **out, const char *home, bool create, struct err *e);	/* ERR_NOT_FOUND with a hint when there is no home */
void store_close(struct store *s);

struct store_data {
	char id[ID_TEXT], name[LIMIT_NAME_BYTES + 1];
	uint8_t owner[32];	/* Ed25519 public key */
	uint8_t blob[32];	/* SHA-256 of the payload file blobs/<hex> */
	uint64_t payload_len, plain_len;
	struct buf header;	/* age header to keeper and owner */
	struct buf schema;	/* JSON; empty when hidden */
	int64_t created;
	bool ephemeral;	/* sealed for one run by run-task */
};
struct store_app {
	char id[ID_TEXT], h1[IAPP_H1_TEXT], name[LIMIT_NAME_BYTES + 1], version[65];
	uint8_t author[32];	/* minisign public key of the first signer */
	uint8_t blob[32];
	uint64_t size;
	int64_t created;
};
struct store_task {
	char id[ID_TEXT], app[ID_TEXT], app_name[LIMIT_NAME_BYTES + 1];
	uint8_t requester[32], beneficiary[32];	/* Ed25519 public keys */
	char status[16];	/* RUNNING, COMPLETED, FAILED, LIMIT */
	char reason[256];	/* which limit, or a word on the failure; never text made by the script */
	uint8_t digest[32], measurement[32];
	uint8_t blob[32];	/* SHA-256 of the sealed result blobs/<hex>; zero when there is none */
	uint64_t result_size;
	struct buf terms;	/* JSON: data ids, argument hashes, limits, missing layers, timing, counters */
	int64_t created, finished;
};
void store_data_done(struct store_data *d);
void store_task_done(struct store_task *t);

/* find: a whole id, a unique prefix of at least 8 characters after the '1', or a petname. ERR_NOT_FOUND suggests; ERR_CONFLICT when a
 * prefix fits several. add: ERR_CONFLICT when the name is taken by another. Lists go oldest first through a callback. */
int store_data_add(struct store *s, const struct store_data *d, struct err *e);
int store_data_find(struct store *s, const char *which, struct store_data *out, struct err *e);
int store_data_each(struct store *s, int (*f)(void *ctx, const struct store_data *d, struct err *e), void *ctx, struct err *e);
int store_app_add(struct store *s, const struct store_app *a, struct err *e);	/* the same h1 again is no error */
int store_app_find(struct store *s, const char *which, struct store_app *out, struct err *e);
int store_app_each(struct store *s, int (*f)(void *ctx, const struct store_app *a, struct err *e), void *ctx, struct err *e);
int store_task_add(struct store *s, const struct store_task *t, struct err *e);
int store_task_finish(struct store *s, const struct store_task *t, struct err *e);	/* by id; once */
int store_task_find(struct store *s, const char *which, struct store_task *out, struct err *e);
int store_task_each(struct store *s, int (*f)(void *ctx, const struct store_task *t, struct err *e), void *ctx, struct err *e);

/* Blobs: written to a temporary file, fsynced and linked under their hash. */
int store_blob_begin(struct store *s, int *fd, char *tmp, size_t tmp_size, struct err *e);
int store_blob_commit(struct store *s, int fd, const char *tmp, const uint8_t sha256[static 32], struct err *e);	/* closes fd */
void store_blob_abort(int fd, const char *tmp);
int store_blob_open(struct store *s, const uint8_t sha256[static 32], int *fd, uint64_t *size, struct err *e);	/* read only; the hash is the caller's to check */
int store_blob_read(struct store *s, const uint8_t sha256[static 32], struct buf *out, struct err *e);	/* whole, appended, hash checked */
int store_blob_add(struct store *s, const void *bytes, size_t n, uint8_t sha256[static 32], struct err *e);
int store_blob_remove(struct store *s, const uint8_t sha256[static 32], struct err *e);

#endif
