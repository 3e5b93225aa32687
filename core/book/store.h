/* What a home remembers, as tables and blobs: identities, data, iApps and tasks, each row made by an entry of the book and by nothing else (book.h), in
 * SQLite (this folder is its only door); and blobs by hash beside it. Every change is one transaction with synchronous=FULL; a blob is on disk
 * before the entry that names it.
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

struct store_identity {
	int64_t seq;	/* of its entry, as in the others below */
	uint8_t key[32], age[32];	/* Ed25519, X25519 */
	char name[LIMIT_NAME_BYTES + 1], role[17];
};
struct store_data {
	int64_t seq;
	char id[ID_TEXT], name[LIMIT_NAME_BYTES + 1];
	uint8_t owner[32];	/* Ed25519 public key */
	uint8_t blob[32];	/* SHA-256 of the payload file blobs/<hex> */
	uint64_t payload_len, plain_len;
	struct buf header;	/* age header to keeper and owner */
	struct buf schema;	/* JSON; empty when hidden */
	uint8_t schema_blob[32];	/* where a schema is that no entry could hold, or zero; find and each have read it into schema */
	bool schema_damaged;	/* from each: there is a schema, but not with the bytes that were registered; schema is empty */
	int64_t created;
	bool ephemeral;	/* sealed for one run by run-task */
};
struct store_app {
	int64_t seq;
	char id[ID_TEXT], h1[IAPP_H1_TEXT], name[LIMIT_NAME_BYTES + 1], version[65];
	uint8_t owner[32];	/* who registered it */
	uint8_t author[32];	/* Ed25519 public key of the first signer */
	uint8_t blob[32];
	uint64_t size;
	int64_t created;
};
struct store_task {
	int64_t seq;
	char id[ID_TEXT], app[ID_TEXT], app_name[LIMIT_NAME_BYTES + 1];
	uint8_t requester[32], beneficiary[32];	/* Ed25519 public keys; no beneficiary: only its age recipient is known */
	uint8_t recipient[32];	/* X25519 */
	struct buf data;	/* ids with a space between */
	char status[16];	/* RUNNING, COMPLETED, FAILED, LIMIT */
	char reason[129];	/* which limit, or a word on the failure; never text made by the script */
	uint8_t worker[32], digest[32], measurement[32];	/* digest: the salted hash that stands in the book */
	uint8_t blob[32];	/* SHA-256 of the sealed result blobs/<hex>; zero when there is none */
	uint64_t result_size;
	struct buf missing;	/* isolation layers, with a space between */
	char assurance[17];
	int64_t created, finished;
	int64_t finish_seq;	/* of the entry that ended it; 0 while it runs */
};
void store_data_done(struct store_data *d);
void store_task_done(struct store_task *t);

/* find: a whole id, a unique prefix of at least 8 characters after the '1', or a petname (of several owners' data the one of `me`, when that is given and has one).
 * ERR_NOT_FOUND suggests; ERR_CONFLICT when a prefix or name fits several. Lists go oldest first through a callback. */
int store_identity_find(struct store *s, const uint8_t key[static 32], struct store_identity *out, struct err *e);	/* 1, 0, -1 */
int store_data_find(struct store *s, const char *which, const uint8_t *me, struct store_data *out, struct err *e);
int store_data_each(struct store *s, int (*f)(void *ctx, const struct store_data *d, struct err *e), void *ctx, struct err *e);
int store_data_name_free(struct store *s, const char *name, const uint8_t owner[static 32], struct err *e);	/* else ERR_CONFLICT */
int store_app_find(struct store *s, const char *which, struct store_app *out, struct err *e);
/* The registration of this archive by owner: 1, 0 when there is none, -1. */
int store_app_find_h1(struct store *s, const char *h1, const uint8_t owner[static 32], struct store_app *out, struct err *e);
int store_app_each(struct store *s, int (*f)(void *ctx, const struct store_app *a, struct err *e), void *ctx, struct err *e);
int store_task_find(struct store *s, const char *which, struct store_task *out, struct err *e);
int store_task_each(struct store *s, int (*f)(void *ctx, const struct store_task *t, struct err *e), void *ctx, struct err *e);

/* For the rules of a layer above, inside the transaction of an entry. */
int store_task_put(struct store *s, const struct store_task *t, struct err *e);	/* new, or in the place of the one with this seq */
int store_app_owner(struct store *s, const char *id, const uint8_t owner[static 32], struct err *e);
/* The name stays unless the new owner has other data of that name; header: for keeper and new owner. */
int store_data_owner(struct store *s, const char *id, const uint8_t owner[static 32], const struct buf *header, struct err *e);

/* Blobs: written to a temporary file, fsynced and linked under their hash. */
int store_blob_begin(struct store *s, int *fd, char *tmp, size_t tmp_size, struct err *e);
int store_blob_commit(struct store *s, int fd, const char *tmp, const uint8_t sha256[static 32], struct err *e);	/* closes fd */
void store_blob_abort(int fd, const char *tmp);
int store_blob_open(struct store *s, const uint8_t sha256[static 32], int *fd, uint64_t *size, struct err *e);	/* read only; the hash is the caller's to check */
int store_blob_check(struct store *s, const uint8_t sha256[static 32], uint64_t size, struct err *e);	/* is there, of that size; its bytes are not looked at */
int store_blob_read(struct store *s, const uint8_t sha256[static 32], struct buf *out, struct err *e);	/* whole, appended, hash checked */
int store_blob_add(struct store *s, const void *bytes, size_t n, uint8_t sha256[static 32], struct err *e);
int store_blob_remove(struct store *s, const uint8_t sha256[static 32], struct err *e);

#endif
