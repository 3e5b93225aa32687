/* Slabs for small blocks, and the region itself; large blocks are in blocks.c. Owns no state outside the region. */
#include "enclave/arena.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/limits.h"
#include "enclave/arena_inner.h"

#define GUARD MIB(1)
#define SMALL_PAGES MIB(2)	/* of each half are never huge pages: a short task would pay for zeroing 2 MiB */
#define FIXED_NOREPLACE 0x100000	/* MAP_FIXED_NOREPLACE; musl's headers may be too old */
#define OWN_PAGES 23	/* MADV_POPULATE_WRITE */
#define CARVE 8u	/* fresh blocks threaded at a time: memory that is not needed yet is not touched */

enum slab_state { CURRENT, PARTIAL, FULL, EMPTY };

struct slab {
	void *free;	/* list through the blocks */
	uint32_t used, carved, room;	/* blocks given out, ever threaded, that fit */
	uint16_t class;
	uint16_t state;
	struct slab *next, *prev;	/* among the partial ones of its class, or the empty ones */
};
static_assert(sizeof(struct slab) <= SLAB_HEAD, "a slab's head has its place");

int arena_map(struct arena **out, uintptr_t at, size_t half)
{
	size_t head = ARENA_HEAD, all = GUARD + head + 2 * half + GUARD;
	uint8_t *p = mmap((void *)(at - GUARD), all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | FIXED_NOREPLACE, -1, 0);
	if (p == MAP_FAILED)
		return -1;
	if (p + GUARD != (uint8_t *)at) {	/* a kernel before 4.17 takes the address for a hint */
		(void)munmap(p, all);
		errno = EEXIST;
		return -1;
	}
	if (mprotect(p + GUARD, all - 2 * GUARD, PROT_READ | PROT_WRITE) < 0 || madvise(p, all, MADV_DONTDUMP) < 0)
		return -1;
	struct arena *a = (struct arena *)(void *)(p + GUARD);
	a->half = half;
	a->ceiling = UINT64_MAX;
	a->small = a->small_top = p + GUARD + head;
	a->small_end = a->large = a->large_top = a->large_high = a->small + half;
	a->large_end = a->large + half;
	/* Best effort: the kernel may have no huge pages. */
	if (half > SMALL_PAGES) {
		(void)madvise(a->small + SMALL_PAGES, half - SMALL_PAGES, MADV_HUGEPAGE);
		(void)madvise(a->large + SMALL_PAGES, half - SMALL_PAGES, MADV_HUGEPAGE);
	}
	*out = a;
	return 0;
}

void arena_unmap(struct arena *a)
{
	(void)munmap((uint8_t *)a - GUARD, GUARD + ARENA_HEAD + 2 * a->half + GUARD);
}

void arena_bound(struct arena *a, uint64_t ceiling)
{
	a->ceiling = ceiling;
}

uint64_t arena_touched(const struct arena *a)
{
	return (uint64_t)(a->small_top - a->small) + (uint64_t)(a->large_high - a->large);
}

static void pages_own(const uint8_t *from, const uint8_t *to)
{
	(void)madvise((void *)(uintptr_t)from, (size_t)(to - from), OWN_PAGES);	/* a kernel before 5.14 refuses */
}

void arena_own(const struct arena *a)
{
	pages_own((const uint8_t *)a, (const uint8_t *)(a + 1));
	pages_own(a->small, a->small_top);
	pages_own(a->large, a->large_high);
}

static void list_push(struct slab **list, struct slab *s, enum slab_state state)
{
	s->state = (uint16_t)state;
	s->prev = NULL;
	s->next = *list;
	if (*list)
		(*list)->prev = s;
	*list = s;
}

static void list_remove(struct slab **list, struct slab *s)
{
	if (s->prev)
		s->prev->next = s->next;
	else
		*list = s->next;
	if (s->next)
		s->next->prev = s->prev;
}

static struct slab *slab_of(const void *p)
{
	return (struct slab *)((uintptr_t)p & ~(uintptr_t)(SLAB - 1));
}

/* Another slab for a class: one with room, an empty one, or fresh memory. */
static struct slab *slab_take(struct arena *a, unsigned class)
{
	struct slab *s = a->partial[class];
	if (s) {
		list_remove(&a->partial[class], s);
		s->state = CURRENT;
		return s;
	}
	if (a->empty) {
		s = a->empty;
		list_remove(&a->empty, s);
	} else {
		if (a->small_end - a->small_top < (ptrdiff_t)SLAB || arena_touched(a) + SLAB > a->ceiling)
			return NULL;
		s = (struct slab *)(void *)a->small_top;
		a->small_top += SLAB;
	}
	size_t size = (size_t)class * ARENA_ALIGN;
	*s = (struct slab){ .room = (uint32_t)((SLAB - SLAB_HEAD) / size), .class = (uint16_t)class, .state = CURRENT };
	return s;
}

/* Threads the next fresh blocks in the order of their addresses. */
static void slab_carve(struct slab *s)
{
	size_t size = (size_t)s->class * ARENA_ALIGN;
	uint32_t n = s->room - s->carved < CARVE ? s->room - s->carved : CARVE;
	uint8_t *first = (uint8_t *)s + SLAB_HEAD + (size_t)s->carved * size;
	for (uint32_t i = 0; i < n; i++) {
		void *next = i + 1 < n ? first + (i + 1) * size : NULL;
		memcpy(first + i * size, &next, sizeof next);
	}
	s->carved += n;
	s->free = first;
}

static __attribute__((noinline)) int small_refill(struct arena *a, unsigned class)
{
	struct slab *s = a->current[class];
	if (s && s->carved == s->room) {
		s->state = FULL;
		s = NULL;
	}
	if (!s) {
		a->current[class] = s = slab_take(a, class);
		if (!s)
			return -1;
	}
	if (!s->free)
		slab_carve(s);
	return 0;
}

static inline void *small_alloc(struct arena *a, size_t n)
{
	unsigned class = (unsigned)((n + ARENA_ALIGN - 1) / ARENA_ALIGN);
	struct slab *s = a->current[class];
	if (__builtin_expect(!s || !s->free, 0)) {
		if (small_refill(a, class) < 0)
			return NULL;
		s = a->current[class];
	}
	void *p = s->free;
	memcpy(&s->free, p, sizeof s->free);
	s->used++;
	return p;
}

static __attribute__((noinline)) void small_freed(struct arena *a, struct slab *s)
{
	if (s->state == FULL)
		list_push(&a->partial[s->class], s, PARTIAL);
	if (s->used == 0) {
		list_remove(&a->partial[s->class], s);
		list_push(&a->empty, s, EMPTY);
	}
}

static inline void small_free(struct arena *a, void *p)
{
	struct slab *s = slab_of(p);
	memcpy(p, &s->free, sizeof s->free);
	s->free = p;
	s->used--;
	if (__builtin_expect(s->state != CURRENT && (s->state == FULL || s->used == 0), 0))
		small_freed(a, s);
}

static inline int is_small(const struct arena *a, const void *p)
{
	return (const uint8_t *)p < a->small_end;
}

void *arena_alloc(struct arena *a, size_t n)
{
	assert(n > 0);
	return n <= ARENA_SMALL ? small_alloc(a, n) : block_alloc(a, n);
}

void arena_free(struct arena *a, void *p)
{
	if (is_small(a, p))
		small_free(a, p);
	else
		block_free(a, p);
}

size_t arena_usable(const struct arena *a, const void *p)
{
	return is_small(a, p) ? (size_t)slab_of(p)->class * ARENA_ALIGN : block_usable(p);
}

void *arena_realloc(struct arena *a, void *p, size_t n)
{
	size_t old = arena_usable(a, p);
	if (is_small(a, p)) {
		if (n <= old && n + ARENA_ALIGN > old)
			return p;
	} else if (n > ARENA_SMALL && block_resize(a, p, n)) {
		return p;
	}
	void *q = arena_alloc(a, n);
	if (!q)
		return n <= old ? p : NULL;
	memcpy(q, p, n < old ? n : old);
	arena_free(a, p);
	return q;
}
