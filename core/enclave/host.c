/* The state: Lua's base, coroutine, table, string, math and utf8 libraries, less what would reach outside, differ between machines, or
 * show addresses. What is taken away is taken here and nowhere else.
 */
#include "enclave/host.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "enclave/csv.h"
#include "enclave/lua_codec.h"
#include "enclave/lua_csv.h"
#include "enclave/lua_dp.h"
#include "enclave/lua_json.h"
#include "enclave/lua_matrix.h"
#include "enclave/result.h"
#include "enclave/stream.h"
#include "enclave/task.h"
#include "enclave/test.h"

static const char randomseed_key;	/* registry: the only way left to seed math.random */

const struct host_module host_modules[] = {
	{ "base64", lua_base64_open }, { "csv", lua_csv_open }, { "dp_source", lua_dp_source_open }, { "hash", lua_hash_open },
	{ "json", lua_json_open }, { "matrix", lua_open_matrix }, { "test_host", test_host_open }, { "vec", lua_open_vec },
	{ NULL, NULL }
};

/* load(chunk, name, mode, env), for text. Bytecode is not checked by Lua and can do anything. */
static int host_load(lua_State *L)
{
	const char *mode = luaL_optstring(L, 3, "t");
	if (!strchr(mode, 't')) {
		lua_pushnil(L);
		lua_pushliteral(L, "binary chunks cannot be loaded here");
		return 2;
	}
	int n = lua_gettop(L);
	if (n < 3)
		lua_settop(L, n = 3);
	lua_pushliteral(L, "t");
	lua_replace(L, 3);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, n, LUA_MULTRET);
	return lua_gettop(L);
}

/* As Lua's own, but a __gc of a script is never registered: when a finalizer runs, and how often, is the collector's business, and must
 * not show in a result. */
static int host_setmetatable(lua_State *L)
{
	int type = lua_type(L, 2);
	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
	if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
		return luaL_error(L, "cannot change a protected metatable");
	lua_settop(L, 2);
	if (type == LUA_TNIL) {
		lua_setmetatable(L, 1);
		return 1;
	}
	lua_pushliteral(L, "__gc");
	if (lua_rawget(L, 2) == LUA_TNIL) {
		lua_settop(L, 2);
		lua_setmetatable(L, 1);
		return 1;
	}
	lua_pushliteral(L, "__gc");
	lua_pushnil(L);
	lua_rawset(L, 2);
	lua_pushvalue(L, 2);
	lua_setmetatable(L, 1);
	lua_pushliteral(L, "__gc");
	lua_insert(L, 3);
	lua_rawset(L, 2);
	lua_settop(L, 1);
	return 1;
}

static const struct { const char *library, *name; } removed[] = {
	{ "_G", "dofile" }, { "_G", "loadfile" }, { "_G", "collectgarbage" }, { "_G", "warn" },	/* outside; the collector's state */
	{ "string", "dump" },	/* bytecode */
	{ "math", "randomseed" },	/* the task's seed decides */
};

static void libraries_open(lua_State *L)
{
	static const luaL_Reg libraries[] = {
		{ LUA_GNAME, luaopen_base }, { LUA_COLIBNAME, luaopen_coroutine }, { LUA_TABLIBNAME, luaopen_table },
		{ LUA_STRLIBNAME, luaopen_string }, { LUA_MATHLIBNAME, luaopen_math }, { LUA_UTF8LIBNAME, luaopen_utf8 }
	};
	for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
		luaL_requiref(L, libraries[i].name, libraries[i].func, 1);
		lua_pop(L, 1);
	}
	lua_getglobal(L, "math");
	lua_getfield(L, -1, "randomseed");
	lua_rawsetp(L, LUA_REGISTRYINDEX, &randomseed_key);
	lua_pop(L, 1);
	for (size_t i = 0; i < sizeof removed / sizeof removed[0]; i++) {
		lua_getglobal(L, removed[i].library);
		lua_pushnil(L);
		lua_setfield(L, -2, removed[i].name);
		lua_pop(L, 1);
	}
}

static void libraries_change(lua_State *L)
{
	lua_getglobal(L, "load");
	lua_pushcclosure(L, host_load, 1);
	lua_setglobal(L, "load");
	lua_register(L, "setmetatable", host_setmetatable);
	lua_register(L, "print", log_print);
	lua_pushliteral(L, "");
	lua_getmetatable(L, -1);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 2);
	luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	lua_pushnil(L);
	lua_setfield(L, -2, "package");
	lua_pop(L, 1);
}

static int setup(lua_State *L)
{
	libraries_open(L);
	libraries_change(L);
	lua_json_setup(L);
	stream_open(L);
	csv_setup(L);
	modules_open(L);
	globals_strict(L);
	return 0;
}

lua_State *host_new_of(struct luamem *m, lua_CFunction fill)
{
	lua_State *L = lua_newstate(luamem_alloc, m);
	if (!L)
		return NULL;
	*(struct task **)lua_getextraspace(L) = NULL;
	lua_pushcfunction(L, fill);
	if (lua_pcall(L, 0, 0, 0) != LUA_OK) {
		lua_close(L);
		return NULL;
	}
	(void)lua_gc(L, LUA_GCGEN, 0, 0);
	return L;
}

lua_State *host_new(struct luamem *m)
{
	return host_new_of(m, setup);
}

void host_adopt(lua_State *L, struct task *t, const uint8_t seed[static 32])
{
	lua_Integer words[2];
	memcpy(words, seed, sizeof words);
	*(struct task **)lua_getextraspace(L) = t;
	lua_rawgetp(L, LUA_REGISTRYINDEX, &randomseed_key);
	lua_pushinteger(L, words[0]);
	lua_pushinteger(L, words[1]);
	lua_call(L, 2, 0);
}
