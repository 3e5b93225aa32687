/* The keeper of a home: an identity that data is sealed to, so that its key can be released to a box and to nobody else. Its key is
 * <home>/keeper.key, mode 0600, in the clear: a machine has to open it without a person. Whether a release is allowed is decided before
 * keeper_release is called; it only turns one header into another.
 */
#ifndef ENCLUA_TRUST_KEEPER_H
#define ENCLUA_TRUST_KEEPER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "book/book.h"
#include "seal/identity.h"

struct keeper;

int keeper_make(const char *home, struct err *e);	/* once, by init; an existing one is left as it is */
int keeper_open(struct keeper **out, const char *home, struct err *e);	/* ERR_NOT_FOUND; ERR_DENIED when others can read the key */
void keeper_close(struct keeper *k);	/* wipes */

/* What data and secrets of a book are sealed to: the age recipient of the keeper that was appointed last. A home that has a keeper's key appoints it first, if none is. */
int keeper_of_book(struct book *b, uint8_t age[static 32], struct err *e);

const struct identity *keeper_identity(const struct keeper *k);	/* signs its decisions and releases */
const uint8_t *keeper_recipient(const struct keeper *k);	/* 32 bytes, X25519: what data is sealed to */

/* Opens the age header of some data and makes one for the box's X25519 key, with the same file key. The header must be whole and alone.
 * ERR_DENIED: not sealed to this keeper. ERR_INVALID: malformed, or a box key of low order. */
int keeper_release(const struct keeper *k, const uint8_t *header, size_t len, const uint8_t box_key[static 32], struct buf *out,
	struct err *e);

/* The file key of an age file that was sealed to this keeper, from its first bytes: for what only the keeper's own process reads, a requester's parcel, never for
 * data. header_len: how many of the bytes are the header. Errors as above. */
int keeper_file_key(const struct keeper *k, const uint8_t *bytes, size_t len, uint8_t file_key[static 16], size_t *header_len, struct err *e);

/* Secrets, sealed to the keeper's recipient as an age file (keeper_secret_seal); the plain bytes are appended. ERR_DENIED: to another keeper. */
int keeper_secret_seal(const uint8_t keeper[static 32], const void *secret, size_t n, struct buf *out, struct err *e);
int keeper_secret_open(const struct keeper *k, const uint8_t *bytes, size_t len, struct buf *out, struct err *e);

/* The salt of a task (FORMATS 9): the same for all that run it under this keeper, and nothing that the book could give away. */
void keeper_task_salt(const struct keeper *k, const char *task, uint8_t salt[static 32]);

#endif
