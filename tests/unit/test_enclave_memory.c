/* The memory of a box: arena.c blocks.c (the allocator), luamem.c (the limit), heap.c (malloc over it, seen through the same functions). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/limits.h"
#include "enclave/arena.h"
#include "enclave/luamem.h"

#define AT 0x670000000000ul
#define SLOTS 600

static struct arena *map(size_t half)
{
	struct arena *a;
	assert_int_equal(arena_map(&a, AT, half), 0);
	return a;
}

static uint32_t next_random(uint64_t *s)
{
	*s = *s * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*s >> 33);
}

/* Every block is filled with its own byte and checked before it changes: overlap, loss and a wrong copy all show. */
struct slot { uint8_t *p; size_t n; uint8_t fill; };

static void slot_check(const struct arena *a, const struct slot *s, size_t n)
{
	assert_true(arena_usable(a, s->p) >= s->n);
	assert_int_equal((uintptr_t)s->p % ARENA_ALIGN, 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(s->p[i], s->fill);
}

static size_t random_size(uint64_t *s)
{
	switch (next_random(s) % 8) {
	case 0: return 1 + next_random(s) % 100000;
	case 1: return 500 + next_random(s) % 40;
	case 2: return 1 + next_random(s) % 4000;
	default: return 1 + next_random(s) % 200;
	}
}

/* Returns a hash of all addresses: the same for the same seed. */
static uint64_t storm(struct arena *a, uint64_t seed, unsigned steps)
{
	static struct slot slots[SLOTS];
	uint64_t hash = seed, s = seed;
	memset(slots, 0, sizeof slots);
	for (unsigned i = 0; i < steps; i++) {
		struct slot *t = &slots[next_random(&s) % SLOTS];
		size_t n = random_size(&s);
		if (!t->p) {
			t->p = arena_alloc(a, n);
			t->fill = (uint8_t)i;
		} else if (next_random(&s) % 3 == 0) {
			slot_check(a, t, t->n);
			uint8_t *p = arena_realloc(a, t->p, n);
			assert_non_null(p);
			t->p = p;
			slot_check(a, &(struct slot){ p, n, t->fill }, n < t->n ? n : t->n);
		} else {
			slot_check(a, t, t->n);
			arena_free(a, t->p);
			t->p = NULL;
			continue;
		}
		assert_non_null(t->p);
		t->n = n;
		memset(t->p, t->fill, n);
		hash = (hash ^ (uintptr_t)t->p) * 0x100000001b3ull;
	}
	for (size_t i = 0; i < SLOTS; i++)
		if (slots[i].p) {
			slot_check(a, &slots[i], slots[i].n);
			arena_free(a, slots[i].p);
		}
	return hash;
}

static void test_storm(void **state)
{
	(void)state;
	uint64_t first = 0;
	for (int run = 0; run < 2; run++) {
		struct arena *a = map(MIB(64));
		uint64_t hash = storm(a, 7, 60000);
		if (run == 0)
			first = hash;
		assert_int_equal(hash, first);
		arena_unmap(a);
	}
}

/* What was freed serves again, small and large: repeating a load does not grow. */
static void test_no_leak(void **state)
{
	(void)state;
	struct arena *a = map(MIB(64));
	(void)storm(a, 1, 20000);
	uint64_t touched = arena_touched(a);
	for (uint64_t i = 0; i < 5; i++)
		(void)storm(a, 1, 20000);
	assert_true(arena_touched(a) <= touched + touched / 10);
	/* Empty slabs change class: every size in turn through the same pages. */
	static void *p[4000];
	uint64_t before = 0;
	for (size_t n = 16; n <= ARENA_SMALL; n += 16) {
		size_t count = 1000000 / n < 4000 ? 1000000 / n : 4000;
		for (size_t i = 0; i < count; i++)
			assert_non_null(p[i] = arena_alloc(a, n));
		for (size_t i = 0; i < count; i++)
			arena_free(a, p[i]);
		if (n == ARENA_SMALL / 2)
			before = arena_touched(a);
	}
	assert_true(arena_touched(a) <= before + KIB(256));
	arena_unmap(a);
}

static void test_growth_in_place(void **state)
{
	(void)state;
	struct arena *a = map(MIB(64));
	uint8_t *p = arena_alloc(a, 1000);
	for (size_t n = 2000; n < MIB(30); n *= 2)
		assert_ptr_equal(arena_realloc(a, p, n), p);	/* the last block */
	assert_true(arena_touched(a) < MIB(33));
	p = arena_realloc(a, p, 5000);
	uint8_t *q = arena_alloc(a, 5000), *r = arena_alloc(a, 5000);
	arena_free(a, q);
	assert_ptr_equal(arena_realloc(a, p, 9000), p);	/* into the hole behind it */
	assert_ptr_equal(arena_realloc(a, p, 600), p);
	arena_free(a, r);
	arena_free(a, p);
	arena_unmap(a);
}

static void test_ends(void **state)
{
	(void)state;
	struct arena *a = map(MIB(1));
	assert_null(arena_alloc(a, MIB(2)));
	assert_null(arena_alloc(a, SIZE_MAX));
	assert_null(arena_alloc(a, SIZE_MAX - 100));
	void *p = arena_alloc(a, 100);
	assert_null(arena_realloc(a, p, SIZE_MAX - 8));
	size_t n = 0;
	void *last = NULL;
	for (void *q; (q = arena_alloc(a, 512)); n++)
		last = q;
	assert_true(n > 1900);
	assert_ptr_equal(arena_realloc(a, last, 1), last);	/* shrinking never fails, even when nothing is left */
	while (arena_alloc(a, 1000))
		;
	assert_null(arena_alloc(a, 1000));
	arena_free(a, p);
	arena_unmap(a);
	a = map(MIB(8));
	arena_bound(a, MIB(1));
	while (arena_alloc(a, 5000))
		;
	while (arena_alloc(a, 50))
		;
	assert_true(arena_touched(a) <= MIB(1) && arena_touched(a) > MIB(1) - KIB(20));
	arena_unmap(a);
}

static jmp_buf ended;

static void exhausted(void *ctx)
{
	++*(int *)ctx;
	longjmp(ended, 1);
}

static void test_limit(void **state)
{
	(void)state;
	struct arena *a = map(MIB(16));
	struct luamem m;
	int called = 0;
	luamem_init(&m, a);
	luamem_limit(&m, 10000, exhausted, &called);
	void *p = luamem_alloc(&m, NULL, 5, 6000);	/* old is a kind of object here, not a size */
	assert_non_null(p);
	assert_int_equal(m.live, 6000);
	assert_null(luamem_alloc(&m, NULL, 5, 20000));
	assert_null(luamem_alloc(&m, NULL, 5, 20000));	/* larger than the limit: as often as one likes */
	assert_true(m.oversize);
	assert_null(luamem_alloc(&m, NULL, 5, 4001));
	assert_false(m.oversize);
	void *q = luamem_alloc(&m, NULL, 5, 4000);	/* the refusal was accepted */
	assert_non_null(q);
	assert_int_equal(m.peak, 10000);
	assert_null(luamem_alloc(&m, q, 4000, 4001));
	assert_ptr_equal(luamem_alloc(&m, p, 6000, 5000) != NULL, true);	/* frees, as a collection does */
	assert_null(luamem_alloc(&m, q, 4000, 5001));
	if (setjmp(ended) == 0) {
		(void)luamem_alloc(&m, q, 4000, 5001);
		fail_msg("asked in vain twice");
	}
	assert_int_equal(called, 1);
	assert_null(luamem_alloc(&m, q, 4000, 0));
	assert_int_equal(m.live, 5000);
	arena_unmap(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_storm), cmocka_unit_test(test_no_leak), cmocka_unit_test(test_growth_in_place), cmocka_unit_test(test_ends),
		cmocka_unit_test(test_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
