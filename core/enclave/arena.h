/* Memory of a box: two regions, mapped once by the zygote at fixed addresses, between guard pages, never in a core file. One holds what
 * scripts make, the other what C code makes. Both are served by the same allocator, whose addresses depend on nothing but the requests made
 * so far: Lua orders table keys by address, and every replica must see the same order.
 *   small  up to ARENA_SMALL bytes: slabs of one size class; free lists; an empty slab serves any class again
 *   large  two-level segregated fit (TLSF, Masmano et al., 2004): O(1), neighbours coalesce, the last block grows in place
 * After the map no system call is made: pages appear when they are touched and stay until the process ends.
 */
#ifndef ENCLUA_ENCLAVE_ARENA_H
#define ENCLUA_ENCLAVE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#define ARENA_SMALL 512u
#define ARENA_ALIGN 16u	/* of every block */

struct arena;	/* lives at the start of its region */

/* Two halves of `half` bytes each, small and large, at `at`. 0, or -1 with errno. */
int arena_map(struct arena **out, uintptr_t at, size_t half);
void arena_unmap(struct arena *a);

/* Ceiling for pages ever used, small and large together; what is in use already stays. */
void arena_bound(struct arena *a, uint64_t ceiling);

void *arena_alloc(struct arena *a, size_t n);	/* n > 0; NULL at the ceiling */
void arena_free(struct arena *a, void *p);
/* Grows or shrinks; a request not larger than arena_usable(p) never fails. */
void *arena_realloc(struct arena *a, void *p, size_t n);
size_t arena_usable(const struct arena *a, const void *p);
uint64_t arena_touched(const struct arena *a);	/* bytes ever used */
/* After a fork: the pages used so far become this process's own at once, and not one by one when they are written. Best effort; nothing that can be seen changes. */
void arena_own(const struct arena *a);

#endif
