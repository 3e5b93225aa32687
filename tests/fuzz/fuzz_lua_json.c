/* json of the box: what is decoded and written comes back to the same text once it has been through; nothing else may happen than an error.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "enclave/lua_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* text → value → text */
static int round_trip(lua_State *L)
{
	size_t len;
	const char *text = luaL_checklstring(L, 1, &len);
	lua_json_decode(L, text, len);
	lua_json_push(L, -1, lua_toboolean(L, 2) ? " " : NULL);
	return 1;
}

/* Leaves the result of round_trip on text at the top; false when it raised. */
static int trip(lua_State *L, const char *text, size_t len, int indent)
{
	int top = lua_gettop(L);
	lua_pushcfunction(L, round_trip);
	lua_pushlstring(L, text, len);
	lua_pushboolean(L, indent);
	int ok = lua_pcall(L, 2, 1, 0) == LUA_OK;
	if (lua_gettop(L) != top + 1)
		abort();
	return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	lua_State *L = luaL_newstate();
	if (!L)
		return 0;
	lua_json_setup(L);
	if (trip(L, (const char *)data, size, 0)) {
		size_t n, m;
		const char *once = lua_tolstring(L, -1, &n);
		if (!trip(L, once, n, 1))
			abort();
		const char *indented = lua_tolstring(L, -1, &m);
		if (!trip(L, indented, m, 0))
			abort();
		const char *again = lua_tolstring(L, -1, &m);
		if (n != m || memcmp(once, again, n) != 0)
			abort();
	}
	lua_close(L);
	return 0;
}
