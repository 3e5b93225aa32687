/* What an object without text of its own is called. Stock Lua shows its address, which differs from machine to machine and tells where
 * things lie; here it is the name of its type, and from the second object of a type that is shown, its number: "table", "table: 2".
 * luaL_tolstring and names_no_pointer take the place of Lua's own (luahooks.h).
 */
#include <lauxlib.h>
#include <lua.h>

const void *names_no_pointer(lua_State *L);

static const char registry_key;

/* Numbers are kept with the objects themselves as weak keys, and the last one of each type under the type's own number. */
static void numbers_push(lua_State *L)
{
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &registry_key) == LUA_TTABLE)
		return;
	lua_pop(L, 1);
	lua_newtable(L);
	lua_createtable(L, 0, 1);
	lua_pushliteral(L, "k");
	lua_setfield(L, -2, "__mode");
	lua_setmetatable(L, -2);
	lua_pushvalue(L, -1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &registry_key);
}

static lua_Integer number_of(lua_State *L, int idx)
{
	int type = lua_type(L, idx);
	luaL_checkstack(L, 6, "no room for a name");
	numbers_push(L);
	lua_pushvalue(L, idx);
	if (lua_rawget(L, -2) == LUA_TNIL) {
		lua_rawgeti(L, -2, type);
		lua_Integer next = lua_tointeger(L, -1) + 1;
		lua_pushinteger(L, next);
		lua_rawseti(L, -4, type);
		lua_pushvalue(L, idx);
		lua_pushinteger(L, next);
		lua_rawset(L, -5);
		lua_pop(L, 3);
		return next;
	}
	lua_Integer n = lua_tointeger(L, -1);
	lua_pop(L, 2);
	return n;
}

static void push_name(lua_State *L, int idx)
{
	int type = luaL_getmetafield(L, idx, "__name");
	const char *kind = type == LUA_TSTRING ? lua_tostring(L, -1) : luaL_typename(L, idx);
	lua_Integer n = number_of(L, idx);
	if (n == 1)
		lua_pushstring(L, kind);
	else
		lua_pushfstring(L, "%s: %I", kind, (LUAI_UACINT)n);
	if (type != LUA_TNIL)
		lua_remove(L, -2);
}

LUALIB_API const char *(luaL_tolstring)(lua_State *L, int idx, size_t *len)
{
	idx = lua_absindex(L, idx);
	if (luaL_callmeta(L, idx, "__tostring")) {
		if (!lua_isstring(L, -1))
			luaL_error(L, "'__tostring' must return a string");
		return lua_tolstring(L, -1, len);
	}
	switch (lua_type(L, idx)) {
	case LUA_TNUMBER:
		if (lua_isinteger(L, idx))
			lua_pushfstring(L, "%I", (LUAI_UACINT)lua_tointeger(L, idx));
		else
			lua_pushfstring(L, "%f", (LUAI_UACNUMBER)lua_tonumber(L, idx));
		break;
	case LUA_TSTRING:
		lua_pushvalue(L, idx);
		break;
	case LUA_TBOOLEAN:
		lua_pushstring(L, lua_toboolean(L, idx) ? "true" : "false");
		break;
	case LUA_TNIL:
		lua_pushliteral(L, "nil");
		break;
	default:
		push_name(L, idx);
	}
	return lua_tolstring(L, -1, len);
}

const void *names_no_pointer(lua_State *L)
{
	luaL_error(L, "string.format has no %%p here: an address is not the same on every machine");
	return NULL;
}
