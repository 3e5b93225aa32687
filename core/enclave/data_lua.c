/* task.data and task.datasets. A leaf is read as what it is: asking for another type is an error that names path and both types. */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "enclave/data.h"
#include "enclave/lua_json.h"
#include "enclave/task.h"

#define DATA "data"

static struct data *data_check(lua_State *L)
{
	struct data *d = *(struct data **)luaL_checkudata(L, 1, DATA);
	if (!d->open)
		luaL_error(L, "this data did not open: %s", d->why.msg);
	return d;
}

static const struct leaf *leaf_check(lua_State *L, const struct data *d)
{
	size_t len;
	const char *path = luaL_checklstring(L, 2, &len);
	const struct leaf *leaf = strlen(path) == len ? data_find(d, path) : NULL;
	if (!leaf)
		luaL_error(L, "the data holds no \"%s\"; task.data:list() tells what it holds", path);
	return leaf;
}

/* All bytes of a leaf, as a Lua string. */
static void leaf_push(lua_State *L, const struct data *d, const struct leaf *leaf)
{
	luaL_Buffer b;
	struct err e = { .code = ERR_NONE };
	char *out = luaL_buffinitsize(L, &b, (size_t)leaf->size);
	if (leaf->size && d->source.read(d->source.ctx, out, (size_t)leaf->size, leaf->at, &e) < 0) {
		task_of(L)->corrupt_input = true;
		luaL_error(L, "%s: %s", leaf->path, e.msg);
	}
	luaL_pushresultsize(&b, (size_t)leaf->size);
}

/* The scalar types turn the text on top into a value. */
static bool bool_value(lua_State *L, const char *text)
{
	bool yes = strcmp(text, "true") == 0;
	if (!yes && strcmp(text, "false") != 0)
		return false;
	lua_pushboolean(L, yes);
	return true;
}

static bool f64_value(lua_State *L, const char *text)
{
	if (!lua_stringtonumber(L, text))
		return false;
	lua_pushnumber(L, lua_tonumber(L, -1));
	return true;
}

static bool i128_value(lua_State *L, const char *text)
{
	if (!lua_stringtonumber(L, text))
		return false;
	if (!lua_isinteger(L, -1))
		luaL_error(L, "this i128 is larger than a 64-bit integer; read its digits: task.data:open(path):read(\"a\")");
	return true;
}

static bool text_value(lua_State *L, const char *text)
{
	(void)text;
	lua_pushvalue(L, -1);
	return true;
}

static const struct { const char *type; bool (*value)(lua_State *L, const char *text); } values[] = {
	{ "bool", bool_value }, { "f64", f64_value }, { "i128", i128_value }, { "string", text_value }
};

static int data_get(lua_State *L)
{
	const struct data *d = data_check(L);
	const struct leaf *leaf = leaf_check(L, d);
	size_t len;
	const char *asked = luaL_optlstring(L, 3, leaf->type, &len);
	luaL_argcheck(L, strlen(asked) == len, 3, "is no type: it holds a zero byte");
	bool bytes = strcmp(asked, "bytes") == 0 && strchr(leaf->type, '/');	/* any MIME type */
	if (!bytes && strcmp(asked, leaf->type) != 0)
		return luaL_error(L, "\"%s\" is stored as %s, not as %s", leaf->path, leaf->type, asked);
	leaf_push(L, d, leaf);
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		if (strcmp(values[i].type, leaf->type) == 0 && !values[i].value(L, lua_tostring(L, -1))) {
			task_of(L)->corrupt_input = true;
			return luaL_error(L, "\"%s\" is no %s", leaf->path, leaf->type);
		}
	return 1;
}

static int data_open_leaf(lua_State *L)
{
	const struct data *d = data_check(L);
	const struct leaf *leaf = leaf_check(L, d);
	stream_push(L, &d->source, leaf->at, leaf->size);
	return 1;
}

static int data_list(lua_State *L)
{
	const struct data *d = data_check(L);
	lua_createtable(L, (int)d->n_leaves, 0);
	for (size_t i = 0; i < d->n_leaves; i++) {
		lua_createtable(L, 0, 3);
		lua_pushstring(L, d->leaves[i].path);
		lua_setfield(L, -2, "path");
		lua_pushstring(L, d->leaves[i].type);
		lua_setfield(L, -2, "type");
		lua_pushinteger(L, (lua_Integer)d->leaves[i].size);
		lua_setfield(L, -2, "size");
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 1;
}

static int data_schema(lua_State *L)
{
	const struct data *d = data_check(L);
	lua_json_decode(L, d->schema, d->schema_len);
	return 1;
}

/* id, name, error; then the methods. */
static int data_index_field(lua_State *L)
{
	const struct data *d = *(struct data **)luaL_checkudata(L, 1, DATA);
	const char *key = lua_tostring(L, 2);
	if (key && strcmp(key, "id") == 0)
		lua_pushlstring(L, d->input->id.text, d->input->id.len);
	else if (key && strcmp(key, "name") == 0)
		lua_pushlstring(L, d->input->name.text, d->input->name.len);
	else if (key && strcmp(key, "error") == 0 && !d->open)
		lua_pushstring(L, d->why.msg);
	else {
		lua_pushvalue(L, 2);
		lua_rawget(L, lua_upvalueindex(1));
	}
	return 1;
}

void data_push(lua_State *L, struct data *d)
{
	static const luaL_Reg methods[] = {
		{ "get", data_get }, { "open", data_open_leaf }, { "list", data_list }, { "schema", data_schema }, { NULL, NULL }
	};
	struct data **p = lua_newuserdatauv(L, sizeof *p, 0);
	*p = d;
	if (luaL_newmetatable(L, DATA)) {
		luaL_newlib(L, methods);
		lua_pushcclosure(L, data_index_field, 1);
		lua_setfield(L, -2, "__index");
		lua_pushboolean(L, 0);
		lua_setfield(L, -2, "__metatable");
	}
	lua_setmetatable(L, -2);
}

void data_list_push(lua_State *L, struct data *d, size_t n)
{
	lua_createtable(L, (int)n, 0);
	for (size_t i = 0; i < n; i++) {
		data_push(L, &d[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
}
