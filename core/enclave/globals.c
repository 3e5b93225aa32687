/* Strict globals: a name that nobody defined is a mistake, and is said so with file and line. A file may define globals in its main chunk;
 * a function that assigns an unknown name has most likely forgotten "local". Names that standard Lua has and a box has not read as nil, so
 * that a portable script can ask for them.
 */
#include <lauxlib.h>
#include <string.h>

#include "enclave/host.h"

static const char *const withheld[] = {
	"os", "io", "debug", "package", "dofile", "loadfile", "collectgarbage", "warn", "arg", "jit", "bit32", "unpack", "setfenv",
	"getfenv", "loadstring", "module"
};

static int global_missing(lua_State *L)
{
	const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : NULL;
	if (!name)
		return 0;
	for (size_t i = 0; i < sizeof withheld / sizeof withheld[0]; i++)
		if (strcmp(withheld[i], name) == 0)
			return 0;
	return luaL_error(L, "undefined global '%s'", name);
}

static int global_new(lua_State *L)
{
	lua_Debug ar;
	const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : NULL;
	if (name && lua_getstack(L, 1, &ar) && lua_getinfo(L, "S", &ar) && strcmp(ar.what, "Lua") == 0)
		return luaL_error(L, "assignment to undefined global '%s' in a function; write: local %s", name, name);
	lua_settop(L, 3);
	lua_rawset(L, 1);
	return 0;
}

void globals_strict(lua_State *L)
{
	static const luaL_Reg meta[] = { { "__index", global_missing }, { "__newindex", global_new }, { NULL, NULL } };
	lua_pushglobaltable(L);
	luaL_newlib(L, meta);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_pop(L, 1);
}
