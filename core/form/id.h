/* Ids (FORMATS 2): bech32 with a type's prefix over the first 20 bytes of a SHA-256. The checksum catches a mistyped id. */
#ifndef ENCLUA_FORM_ID_H
#define ENCLUA_FORM_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define ID_BYTES 20u
#define ID_TEXT 48	/* longest prefix + "1" + 32 + 6 + NUL, rounded up */

/* X(enum, prefix) */
#define ID_TABLE(X) X(DATA, "data") X(APP, "app") X(POOL, "pool") X(ORDER, "order") X(DEAL, "deal") X(TASK, "task") X(COLL, "coll") X(LIST, "list") \
	X(POLICY, "policy") X(SECRET, "secret")
enum id_kind {
#define X(id, prefix) ID_##id,
	ID_TABLE(X)
#undef X
	ID_KINDS
};

void id_make(char out[static ID_TEXT], enum id_kind kind, const void *bytes, size_t n);	/* hashes the bytes */
void id_deal(char out[static ID_TEXT], const char *request, uint64_t first);	/* follows from the request order and how many of its tasks deals had before */
void id_task(char out[static ID_TEXT], const char *deal, uint64_t index);	/* index: counted over all deals of the request */
int id_check(enum id_kind *kind, const char *text, struct err *e);	/* a whole id, checksum verified */
bool id_looks_like(const char *text);	/* "<prefix>1…": an id or the beginning of one */

#endif
