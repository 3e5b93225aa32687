/* Given to the compiler before each of Lua's own files (enclave.mk: -include, and -DLUA_FILE_<name>): every place where stock Lua 5.4.9 would
 * look at a clock, an address or a locale, and nothing else. The sources themselves stay as they were published.
 */
#ifndef ENCLUA_ENCLAVE_LUAHOOKS_H
#define ENCLUA_ENCLAVE_LUAHOOKS_H

#include <stddef.h>

struct lua_State;

/* One seed for string hashes, one pivot for table.sort, one decimal point: the same script computes the same bytes everywhere. */
#define luai_makeseed(L) 0x456e636cu
#define l_randomizePivot() (~0u)
#define lua_getlocaledecpoint() '.'

#ifdef LUA_FILE_lauxlib	/* buffers under the memory limit: luamem.h. Text of objects without addresses: names.c has the function itself */
void *(*luamem_buffer_alloc(struct lua_State *L, void **ud))(void *ud, void *p, size_t old, size_t n);
#define lua_getallocf(L, ud) luamem_buffer_alloc(L, ud)
#define luaL_tolstring lauxlib_tolstring
#endif

#ifdef LUA_FILE_lmathlib	/* the first seed of math.random, which a task's own replaces: a state may be made where a clock is forbidden */
#include <time.h>
#define time(t) ((time_t)0)
#endif

#ifdef LUA_FILE_lstrlib	/* string.format("%p") */
const void *names_no_pointer(struct lua_State *L);
#define lua_topointer(L, i) names_no_pointer(L)
#endif

#endif
