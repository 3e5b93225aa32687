/* The limit around the arena. Every count is of requested bytes; what the arena rounds up is not the script's business. */
#include "enclave/luamem.h"

#include <assert.h>

#include "base/limits.h"
#include "enclave/arena.h"

void luamem_init(struct luamem *m, struct arena *a)
{
	*m = (struct luamem){ .arena = a, .limit = UINT64_MAX };
}

/* Pages: twice the limit, as rounding and holes may double what is live, and not a byte of them follows from another task. */
void luamem_limit(struct luamem *m, uint64_t limit, void (*exhausted)(void *ctx), void *ctx)
{
	m->limit = limit;
	m->exhausted = exhausted;
	m->ctx = ctx;
	arena_bound(m->arena, 2 * limit + KIB(64));
}

/* Lua repeats a refused request at once, after an emergency collection that only frees. Anything else that succeeds in between
 * means that the refusal was accepted. */
static __attribute__((noinline, cold)) void *refuse(struct luamem *m, const void *p, size_t old, size_t n)
{
	m->oversize = n > m->limit;
	if (m->exhausted && !m->oversize && m->refused_new == n && m->refused == p && m->refused_old == old)
		m->exhausted(m->ctx);
	m->refused = p;
	m->refused_old = old;
	m->refused_new = n;
	return NULL;
}

void *luamem_alloc(void *ud, void *p, size_t old, size_t n)
{
	struct luamem *m = ud;
	size_t had = p ? old : 0;
	if (n == 0) {
		if (p) {
			m->live -= had;
			arena_free(m->arena, p);
		}
		return NULL;
	}
	if (n > had && (m->live > m->limit || n - had > m->limit - m->live))
		return refuse(m, p, old, n);
	void *q = p ? arena_realloc(m->arena, p, n) : arena_alloc(m->arena, n);
	if (!q)
		return refuse(m, p, old, n);
	m->live += n - had;
	if (m->live > m->peak)
		m->peak = m->live;
	if (n > had)
		m->refused_new = 0;
	return q;
}

/* Called from C functions only, where a full collection is allowed; ud is the state. */
static void *buffer_alloc(void *ud, void *p, size_t old, size_t n)
{
	lua_State *L = ud;
	void *inner;
	struct luamem *m = lua_getallocf(L, &inner) == luamem_alloc ? inner : NULL;
	assert(m);
	void *q = luamem_alloc(m, p, old, n);
	if (q || n == 0 || m->oversize)
		return q;
	(void)lua_gc(L, LUA_GCCOLLECT);
	m->refused = p;	/* the collection may have run finalizers: this is the second asking all the same */
	m->refused_old = old;
	m->refused_new = n;
	return luamem_alloc(m, p, old, n);
}

lua_Alloc luamem_buffer_alloc(lua_State *L, void **ud)
{
	*ud = L;
	return buffer_alloc;
}
