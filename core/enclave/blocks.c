/* Large blocks: TLSF over one region. A block has its size and the address of its physical neighbour before it in front of it; the
 * neighbour behind follows from the size. Free blocks stand in the list of their size's part. There is no loop in
 * it: every operation is a few loads, whatever the history.
 */
#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "enclave/arena_inner.h"

#define FREE 1u
#define HEAD 16u	/* before and size; what follows is the caller's */
#define LEAST 256u	/* smallest payload: anything smaller is a slab's business */
#define FIRST_ROW 8u	/* log2 of LEAST */

struct block {
	struct block *before;	/* physically, or NULL */
	size_t size;	/* of the payload, a multiple of 16; low bit: free */
	struct block *next, *prev;	/* in a list; only while free */
};
static_assert(sizeof(struct arena) <= ARENA_HEAD, "the struct has its place");
static_assert(LEAST == 1u << FIRST_ROW && LEAST >= sizeof(struct block) - HEAD, "links fit into a free block");

static size_t size_of(const struct block *b)
{
	return b->size & ~(size_t)FREE;
}

static bool is_free(const struct block *b)
{
	return b->size & FREE;
}

static uint8_t *payload(struct block *b)
{
	return (uint8_t *)b + HEAD;
}

static struct block *block_of(const void *p)
{
	return (struct block *)((uintptr_t)p - HEAD);
}

static struct block *behind(const struct arena *a, struct block *b)
{
	return b == a->last ? NULL : (struct block *)(void *)(payload(b) + size_of(b));
}

static void place_of(size_t size, unsigned *row, unsigned *part)
{
	unsigned log2 = 63u - (unsigned)__builtin_clzll(size);
	*row = log2 - FIRST_ROW;
	*part = (unsigned)(size >> (log2 - BLOCK_PARTS_LOG2)) - BLOCK_PARTS;
}

static void list_insert(struct arena *a, struct block *b)
{
	unsigned row, part;
	place_of(size_of(b), &row, &part);
	assert(row < BLOCK_ROWS);
	b->size |= FREE;
	b->prev = NULL;
	b->next = a->lists[row][part];
	if (b->next)
		b->next->prev = b;
	a->lists[row][part] = b;
	a->rows |= 1u << row;
	a->parts[row] |= 1u << part;
}

static void list_remove(struct arena *a, struct block *b)
{
	unsigned row, part;
	place_of(size_of(b), &row, &part);
	b->size &= ~(size_t)FREE;
	if (b->next)
		b->next->prev = b->prev;
	if (b->prev) {
		b->prev->next = b->next;
		return;
	}
	a->lists[row][part] = b->next;
	if (b->next)
		return;
	a->parts[row] &= ~(1u << part);
	if (!a->parts[row])
		a->rows &= ~(1u << row);
}

/* A free block of at least this size, from the first list in which every block is large enough. */
static struct block *list_find(const struct arena *a, size_t size)
{
	unsigned row, part;
	unsigned log2 = 63u - (unsigned)__builtin_clzll(size);
	place_of(size + ((size_t)1 << (log2 - BLOCK_PARTS_LOG2)) - 1, &row, &part);
	if (row >= BLOCK_ROWS)
		return NULL;
	uint32_t parts = a->parts[row] & (~0u << part);
	if (!parts) {
		uint32_t rows = row + 1 < BLOCK_ROWS ? a->rows & (~0u << (row + 1)) : 0;
		if (!rows)
			return NULL;
		row = (unsigned)__builtin_ctz(rows);
		parts = a->parts[row];
	}
	return a->lists[row][__builtin_ctz(parts)];
}

/* Moves the end of what is used; down always works. */
static bool top_move(struct arena *a, uint8_t *top)
{
	if (top > a->large_high) {
		if (top > a->large_end || (uint64_t)(top - a->large_high) + arena_touched(a) > a->ceiling)
			return false;
		a->large_high = top;
	}
	a->large_top = top;
	return true;
}

static struct block *block_append(struct arena *a, size_t size)
{
	struct block *last = a->last;
	assert(!last || !is_free(last));	/* a free last block has gone back to the top */
	struct block *b = (struct block *)(void *)a->large_top;
	if ((size_t)(a->large_end - a->large_top) < size + HEAD || !top_move(a, a->large_top + HEAD + size))
		return NULL;
	b->before = last;
	b->size = size;
	a->last = b;
	return b;
}

/* What a block does not need becomes a free block of its own, merged with the one behind; or goes back to the top. */
static void block_split(struct arena *a, struct block *b, size_t size)
{
	size_t left = size_of(b) - size;
	struct block *next = behind(a, b);
	if (left == 0)
		return;
	if (!next) {
		b->size = size;
		(void)top_move(a, payload(b) + size);
		return;
	}
	if (is_free(next)) {
		list_remove(a, next);
		left += HEAD + size_of(next);
		next = behind(a, next);	/* not free, and not missing: a free block is never the last */
	} else if (left < HEAD + LEAST) {
		return;
	}
	b->size = size;
	struct block *rest = (struct block *)(void *)(payload(b) + size);
	rest->before = b;
	rest->size = left - HEAD;
	next->before = rest;
	list_insert(a, rest);
}

static size_t size_round(size_t n)
{
	size_t size = (n + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	return size < LEAST ? LEAST : size;
}

void *block_alloc(struct arena *a, size_t n)
{
	if (n > a->half)
		return NULL;
	size_t size = size_round(n);
	struct block *b = list_find(a, size);
	if (b) {
		list_remove(a, b);
		block_split(a, b, size);
	} else {
		b = block_append(a, size);
	}
	return b ? payload(b) : NULL;
}

void block_free(struct arena *a, void *p)
{
	struct block *b = block_of(p), *before = b->before, *next = behind(a, b);
	assert(!is_free(b));
	if (next && is_free(next)) {
		list_remove(a, next);
		b->size += HEAD + size_of(next);
		next = behind(a, b);
	}
	if (before && is_free(before)) {
		list_remove(a, before);
		before->size += HEAD + size_of(b);
		if (a->last == b)
			a->last = before;
		b = before;
	}
	if (!next) {
		a->last = b->before;
		(void)top_move(a, (uint8_t *)b);
		return;
	}
	next->before = b;
	list_insert(a, b);
}

bool block_resize(struct arena *a, void *p, size_t n)
{
	struct block *b = block_of(p), *next = behind(a, b);
	if (n > a->half)
		return false;
	size_t size = size_round(n);
	if (size > size_of(b)) {
		if (!next) {
			if ((size_t)(a->large_end - payload(b)) < size || !top_move(a, payload(b) + size))
				return false;
			b->size = size;
			return true;
		}
		if (!is_free(next) || size_of(b) + HEAD + size_of(next) < size)
			return false;
		list_remove(a, next);
		b->size += HEAD + size_of(next);
		next = behind(a, b);
		next->before = b;
	}
	block_split(a, b, size);
	return true;
}

size_t block_usable(const void *p)
{
	return size_of(block_of(p));
}
