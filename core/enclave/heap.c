/* The C library's allocator would ask the kernel for memory, which a box must not: these take its place. Blocks come from an arena at a
 * fixed address, so nothing but the address has to be known. Until it is mapped there is no memory.
 */
#include "enclave/heap.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "enclave/arena.h"

#define HEAP_AT 0x660000000000ul
#define HEAP_HALF MIB(8192)	/* address space: results are the largest thing in it, and LIMIT_BOX_OUTPUT bounds those */

static struct arena *heap;	/* malloc has no other place to keep it */

int heap_map(void)
{
	return arena_map(&heap, HEAP_AT, HEAP_HALF);
}

void *malloc(size_t n)
{
	void *p = heap ? arena_alloc(heap, n ? n : 1) : NULL;
	if (!p)
		errno = ENOMEM;
	return p;
}

void free(void *p)
{
	if (p)
		arena_free(heap, p);
}

void *calloc(size_t n, size_t size)
{
	size_t all;
	if (__builtin_mul_overflow(n, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	void *p = malloc(all);
	if (p)
		memset(p, 0, all);
	return p;
}

void *realloc(void *p, size_t n)
{
	if (!p)
		return malloc(n);
	void *q = arena_realloc(heap, p, n ? n : 1);
	if (!q)
		errno = ENOMEM;
	return q;
}

/* Nothing in a box needs more than the 16 bytes that every block has. */
int posix_memalign(void **out, size_t align, size_t n)
{
	if (align > ARENA_ALIGN)
		return EINVAL;
	*out = malloc(n);
	return *out ? 0 : ENOMEM;
}

void *aligned_alloc(size_t align, size_t n)
{
	void *p = NULL;
	int r = posix_memalign(&p, align, n);
	if (r)
		errno = r;
	return p;
}

void *memalign(size_t align, size_t n)
{
	return aligned_alloc(align, n);
}

size_t malloc_usable_size(void *p);

size_t malloc_usable_size(void *p)
{
	return p ? arena_usable(heap, p) : 0;
}
