/* The keys of a home: <dir>/<petname>.key, mode 0600, an age file under a passphrase (scrypt), or in the clear when its owner said
 * so; beside it <petname>.pub with the public texts, so that listing never needs a passphrase. The file `default` names one.
 */
#ifndef ENCLUA_SEAL_KEYSTORE_H
#define ENCLUA_SEAL_KEYSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "seal/identity.h"

struct keystore_item {
	char name[LIMIT_NAME_BYTES + 1];
	uint8_t public_key[32], age_public[32];
	bool sealed;	/* needs a passphrase */
	bool is_default;
};

/* A petname: [a-z0-9][a-z0-9._-]{0,63}. */
int keystore_name_check(const char *name, struct err *e);

int keystore_add(const char *dir, const char *name, const struct identity *id, const char *passphrase, struct err *e);	/* NULL: in the clear; ERR_CONFLICT when taken */
int keystore_find(const char *dir, const char *name, struct keystore_item *out, struct err *e);	/* public half; ERR_NOT_FOUND */
int keystore_find_public(const char *dir, const uint8_t public_key[static 32], struct keystore_item *out, struct err *e);
int keystore_open(const char *dir, const char *name, const char *passphrase, struct identity **out, struct err *e);	/* ERR_DENIED: wrong passphrase, or one is needed */
int keystore_list(const char *dir, struct keystore_item **out, size_t *n, struct err *e);	/* sorted by name; free(*out) */
int keystore_default_set(const char *dir, const char *name, struct err *e);
int keystore_default(const char *dir, char name[static LIMIT_NAME_BYTES + 1], struct err *e);	/* ERR_NOT_FOUND: there is none; anything else: it cannot be read now */

#endif
