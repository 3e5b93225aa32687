/* Bytes that only grow: a file of the result, or the log. Kept in the C heap, outside the script's memory; the output limit bounds it. */
#ifndef ENCLUA_ENCLAVE_PILE_H
#define ENCLUA_ENCLAVE_PILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct pile_piece;
struct pile { struct pile_piece *first, *last; uint64_t size; };

int pile_add(struct pile *p, const void *bytes, size_t n);	/* 0, or -1: no memory */
typedef int pile_each(void *ctx, const uint8_t *bytes, size_t n, struct err *e);
int pile_walk(const struct pile *p, pile_each *each, void *ctx, struct err *e);

#endif
