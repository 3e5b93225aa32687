/* An identity: one 32-byte seed from which every key follows. Ed25519 signs; the X25519 key for age is derived from the seed
 * with its own label, never by converting the signing key. Secrets live in secret_alloc memory and are wiped by the free.
 */
#ifndef ENCLUA_SEAL_IDENTITY_H
#define ENCLUA_SEAL_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define IDENTITY_TEXT 66u	/* "enclua1" + 52 + 6 + NUL */
#define IDENTITY_SECRET_TEXT 78u	/* "ENCLUA-SECRET-KEY-1" + 52 + 6 + NUL */

struct identity;	/* opaque: the seed and what follows from it */

int identity_new(struct identity **out, struct err *e);	/* fresh randomness */
int identity_from_seed(struct identity **out, const uint8_t seed[static 32], struct err *e);
void identity_free(struct identity *id);

const uint8_t *identity_seed(const struct identity *id);	/* 32 bytes; secret */
const uint8_t *identity_public(const struct identity *id);	/* 32 bytes, Ed25519 */
const uint8_t *identity_age_public(const struct identity *id);	/* 32 bytes, X25519 */
const uint8_t *identity_age_secret(const struct identity *id);	/* 32 bytes, X25519; secret */

void identity_text(char out[static IDENTITY_TEXT], const uint8_t public_key[static 32]);	/* enclua1… */
int identity_parse(uint8_t public_key[static 32], const char *text, struct err *e);

/* The seed as text, for key files and explicit export. parse reads a file: comments (#), empty lines, exactly one secret. */
void identity_secret_text(char out[static IDENTITY_SECRET_TEXT], const struct identity *id);
int identity_secret_parse(struct identity **out, const char *text, struct err *e);

void identity_sign(uint8_t sig[static 64], const struct identity *id, const void *msg, size_t n);

#endif
