/* What the two halves of the allocator share: the struct at the start of a region, and the large half's functions. */
#ifndef ENCLUA_ENCLAVE_ARENA_INNER_H
#define ENCLUA_ENCLAVE_ARENA_INNER_H

#include <stdbool.h>

#include "enclave/arena.h"

#define SLAB 8192u
#define SLAB_HEAD 64u
#define ARENA_CLASSES (ARENA_SMALL / ARENA_ALIGN + 1)
#define ARENA_HEAD 16384u	/* room for the struct, a multiple of SLAB */

/* TLSF: sizes in powers of two, each in BLOCK_PARTS linear parts. */
#define BLOCK_PARTS_LOG2 4u
#define BLOCK_PARTS (1u << BLOCK_PARTS_LOG2)
#define BLOCK_ROWS 32u	/* 2^9 … 2^40 */

struct slab;
struct block;

struct arena {
	size_t half;
	uint64_t ceiling;
	uint8_t *small, *small_top, *small_end;
	uint8_t *large, *large_top, *large_high, *large_end;	/* top moves down again when the last block is freed, high does not */
	struct slab *current[ARENA_CLASSES], *partial[ARENA_CLASSES], *empty;
	struct block *last;	/* physically last, or NULL */
	uint32_t rows, parts[BLOCK_ROWS];	/* bits: which lists below are not empty */
	struct block *lists[BLOCK_ROWS][BLOCK_PARTS];
};

void *block_alloc(struct arena *a, size_t n);
void block_free(struct arena *a, void *p);
bool block_resize(struct arena *a, void *p, size_t n);	/* in place; always possible when n is not larger */
size_t block_usable(const void *p);

#endif
