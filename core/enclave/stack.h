/* Room on Lua's stack for many values. Lua lets no collection run while a stack grows, and says "stack overflow" where memory has ended: a script short of memory
 * failed there, and could catch it, instead of ending by its limit.
 */
#ifndef ENCLUA_ENCLAVE_STACK_H
#define ENCLUA_ENCLAVE_STACK_H

#include <stdbool.h>

#include <lua.h>

#define STACK_SLOT 16u	/* bytes of a value */

/* lua_checkstack, after a collection if need be. Where there is no memory for a stack of twice what this frame has, the limit is met here as by any other object. */
static inline bool stack_room(lua_State *L, int n)
{
	if (lua_checkstack(L, n))
		return true;
	(void)lua_gc(L, LUA_GCCOLLECT);
	if (lua_checkstack(L, n))
		return true;
	(void)lua_newuserdatauv(L, 2 * STACK_SLOT * (size_t)(lua_gettop(L) + n), 0);
	lua_pop(L, 1);
	return lua_checkstack(L, n);
}

#endif
