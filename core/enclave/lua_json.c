/* require "json". Decoding collects the values of an open bracket on the Lua stack and makes the table when it closes, with exactly the
 * room it needs: growing tables step by step is what makes other decoders slow. No recursion: depth is an index.
 */
#include "enclave/lua_json.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "enclave/number.h"
#include "enclave/stack.h"

#define READER "json reader"
#define PENDING_MAX 1024	/* values of one bracket on the stack before they move into their table */

const char lua_json_null_key, lua_json_array_key;

struct level {
	int base;	/* stack index of the table, nil until it is made */
	lua_Integer stored;	/* array elements in the table already */
	bool object, made;
};

struct decoder {
	lua_State *L;
	struct json_reader **reader;	/* in its userdata */
	int free;	/* stack slots that are certainly there */
	unsigned depth;
	struct level levels[LIMIT_JSON_DEPTH];
};

static int reader_free(lua_State *L)
{
	struct json_reader **r = lua_touserdata(L, 1);
	json_reader_free(*r);
	*r = NULL;
	return 0;
}

/* The reader's room is not the script's, and its limit does not count it: it goes before the error, not when the collector comes by. */
static void reader_end(struct decoder *d)
{
	json_reader_free(*d->reader);
	*d->reader = NULL;
}

static void slot_need(struct decoder *d)
{
	if (d->free-- > 2)
		return;
	if (!stack_room(d->L, 256)) {
		reader_end(d);
		luaL_error(d->L, "stack overflow (a JSON value that is too large)");
	}
	d->free = 250;
}

static int refuse(struct decoder *d, const char *why)
{
	unsigned line, column;
	json_where(*d->reader, &line, &column);
	reader_end(d);
	return luaL_error(d->L, "line %d, column %d: %s", (int)line, (int)column, why);
}

static void number_push(struct decoder *d, const struct json_token *t)
{
	long long i;
	double v;
	if (t->is_integer && number_read_integer(&i, t->text, t->len)) {
		lua_pushinteger(d->L, i);
		return;
	}
	if (!number_read(&v, t->text, t->len))
		refuse(d, "this number is too large");
	if (t->is_integer) {	/* past 64 bits: only if the double is exactly that integer */
		char digits[400];
		int n = snprintf(digits, sizeof digits, "%.0f", v);
		if (n < 0 || (size_t)n != t->len || memcmp(digits, t->text, t->len) != 0)
			refuse(d, "this integer has more digits than a Lua number can hold");
	}
	lua_pushnumber(d->L, v);
}

/* Moves what is pending into the table. `last`: the bracket has closed, so its size is known. */
static void level_store(struct decoder *d, struct level *v, bool last)
{
	lua_State *L = d->L;
	int pending = lua_gettop(L) - v->base;
	if (!v->made) {
		int hint = last ? pending : 4 * pending;
		lua_createtable(L, v->object ? 0 : hint, v->object ? hint / 2 : 0);
		lua_replace(L, v->base);
		v->made = true;
	}
	if (v->object) {
		for (; pending > 0; pending -= 2) {
			lua_pushvalue(L, -2);
			if (lua_rawget(L, v->base) != LUA_TNIL)
				refuse(d, lua_pushfstring(L, "the key \"%s\" stands twice in the object that ends or goes on here", lua_tostring(L, -3)));
			lua_pop(L, 1);
			lua_rawset(L, v->base);
		}
	} else {
		lua_Integer at = v->stored + pending;
		for (v->stored = at; pending > 0; pending--)
			lua_rawseti(L, v->base, at--);
	}
	d->free = 0;	/* counted anew */
}

static void level_open(struct decoder *d, bool object)
{
	slot_need(d);
	lua_pushnil(d->L);
	d->levels[d->depth++] = (struct level){ .base = lua_gettop(d->L), .object = object };
}

static void level_close(struct decoder *d)
{
	struct level *v = &d->levels[--d->depth];
	level_store(d, v, true);
	if (!v->object && v->stored == 0) {
		lua_rawgetp(d->L, LUA_REGISTRYINDEX, &lua_json_array_key);
		lua_setmetatable(d->L, -2);
	}
}

/* A value or a key has been pushed whole. */
static void level_relieve(struct decoder *d)
{
	if (d->depth == 0)
		return;
	struct level *v = &d->levels[d->depth - 1];
	int pending = lua_gettop(d->L) - v->base;
	if (pending >= PENDING_MAX && (!v->object || pending % 2 == 0))
		level_store(d, v, false);
}

static void token_push(struct decoder *d, const struct json_token *t)
{
	lua_State *L = d->L;
	switch (t->kind) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		level_open(d, t->kind == JSON_OBJECT);
		return;
	case JSON_OBJECT_END:
	case JSON_ARRAY_END:
		level_close(d);
		break;
	case JSON_STRING:
	case JSON_KEY:
		slot_need(d);
		lua_pushlstring(L, t->text, t->len);
		break;
	case JSON_NUMBER:
		slot_need(d);
		number_push(d, t);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		slot_need(d);
		lua_pushboolean(L, t->kind == JSON_TRUE);
		break;
	default:
		slot_need(d);
		lua_rawgetp(L, LUA_REGISTRYINDEX, &lua_json_null_key);
	}
	level_relieve(d);
}

void lua_json_decode(lua_State *L, const char *text, size_t len)
{
	struct decoder d = { .L = L };
	struct json_token t;
	struct err e = { .code = ERR_NONE };
	luaL_checkstack(L, 10, "a JSON value");
	struct json_reader **box = lua_newuserdatauv(L, sizeof *box, 0);
	*box = NULL;
	luaL_setmetatable(L, READER);
	if (json_reader_new(box, text, len, &e) < 0)
		luaL_error(L, "%s", e.msg);
	d.reader = box;
	int r;
	while ((r = json_next(*box, &t, &e)) == 0 && t.kind != JSON_END)
		token_push(&d, &t);
	reader_end(&d);
	if (r < 0)
		luaL_error(L, "%s", e.msg);
	lua_remove(L, -2);
}

static int json_decode(lua_State *L)
{
	size_t len;
	const char *text = luaL_checklstring(L, 1, &len);
	lua_settop(L, 1);
	lua_json_decode(L, text, len);
	return 1;
}

static int json_encode(lua_State *L)
{
	char spaces[9] = "        ";
	const char *indent = NULL;
	luaL_checkany(L, 1);
	if (lua_type(L, 2) == LUA_TNUMBER) {
		lua_Integer n = luaL_checkinteger(L, 2);
		luaL_argcheck(L, n >= 0 && n <= 8, 2, "must be between 0 and 8");
		spaces[n] = '\0';
		indent = spaces;
	} else {
		indent = luaL_optstring(L, 2, NULL);
	}
	lua_settop(L, 2);
	lua_json_push(L, 1, indent);
	return 1;
}

static int json_array(lua_State *L)
{
	if (lua_isnoneornil(L, 1)) {
		lua_settop(L, 0);
		lua_newtable(L);
	}
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &lua_json_array_key);
	lua_setmetatable(L, 1);
	return 1;
}

static int null_text(lua_State *L)
{
	lua_pushliteral(L, "null");
	return 1;
}

static void metatable_push(lua_State *L)
{
	lua_createtable(L, 0, 2);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
}

void lua_json_setup(lua_State *L)
{
	if (luaL_newmetatable(L, READER)) {
		lua_pushcfunction(L, reader_free);
		lua_setfield(L, -2, "__gc");
	}
	lua_pop(L, 1);
	metatable_push(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &lua_json_array_key);
	(void)lua_newuserdatauv(L, 1, 0);
	metatable_push(L);
	lua_pushcfunction(L, null_text);
	lua_setfield(L, -2, "__tostring");
	lua_setmetatable(L, -2);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &lua_json_null_key);
}

int lua_json_open(lua_State *L)
{
	static const luaL_Reg functions[] = { { "decode", json_decode }, { "encode", json_encode }, { "array", json_array }, { NULL, NULL } };
	luaL_newlib(L, functions);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &lua_json_null_key);
	lua_setfield(L, -2, "null");
	return 1;
}
