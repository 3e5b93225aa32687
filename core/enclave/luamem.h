/* Lua's allocator: an arena behind a limit on live bytes, counted as Lua asks for them, so that the point where memory ends is the same on
 * every machine. The limit ends the task, not the script: nothing that pcall could catch.
 *   a request larger than the whole limit   refused; an ordinary Lua error "not enough memory"
 *   live + request over the limit           refused once, so that Lua collects its garbage; asked again in vain, `exhausted` is called
 */
#ifndef ENCLUA_ENCLAVE_LUAMEM_H
#define ENCLUA_ENCLAVE_LUAMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lua.h>

struct arena;

struct luamem {
	struct arena *arena;
	uint64_t live, peak, limit;
	bool oversize;	/* the last refusal was of a request larger than the limit */
	const void *refused;	/* the request refused last, until another one succeeds */
	size_t refused_old, refused_new;
	void (*exhausted)(void *ctx);	/* does not return */
	void *ctx;
};

void luamem_init(struct luamem *m, struct arena *a);	/* no limit yet */
void luamem_limit(struct luamem *m, uint64_t limit, void (*exhausted)(void *ctx), void *ctx);
void *luamem_alloc(void *ud, void *p, size_t old, size_t n);	/* a lua_Alloc; ud: struct luamem */

/* What lauxlib's buffers use in the place of lua_getallocf (see enclave.mk): stock lauxlib tries once and gives up although garbage could be
 * collected. Here such a request has the same two chances as every other. */
lua_Alloc luamem_buffer_alloc(lua_State *L, void **ud);

#endif
