/* JSON from Lua values. Tables are read raw, so no script runs in between and nothing changes under the walk. Depth is bounded, which also
 * ends cycles.
 */
#include <lauxlib.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/text.h"
#include "enclave/lua_json.h"
#include "enclave/number.h"
#include "enclave/stack.h"
#include "enclave/textbuf.h"

struct encoder {
	lua_State *L;
	struct textbuf out;
	const char *indent;
	size_t indent_len;
	unsigned depth;
};

struct key { const char *text; size_t len; };

static void value_write(struct encoder *c, int idx);

static void line_start(struct encoder *c)
{
	if (!c->indent)
		return;
	textbuf_char(&c->out, '\n');
	for (unsigned i = 0; i < c->depth; i++)
		textbuf_add(&c->out, c->indent, c->indent_len);
}

static void escape_write(struct encoder *c, unsigned char ch)
{
	static const char names[] = "\"\"\\\\\bb\ff\nn\rr\tt", hex[] = "0123456789abcdef";
	for (const char *p = names; *p; p += 2)
		if (*p == (char)ch) {
			textbuf_char(&c->out, '\\');
			textbuf_char(&c->out, p[1]);
			return;
		}
	char code[] = { '\\', 'u', '0', '0', hex[ch >> 4], hex[ch & 15] };
	textbuf_add(&c->out, code, sizeof code);
}

static void string_write(struct encoder *c, const char *text, size_t len)
{
	size_t from = 0;
	bool ascii = true;
	textbuf_char(&c->out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char ch = (unsigned char)text[i];
		if (ch >= 0x80)
			ascii = false;
		if (ch >= 0x20 && ch != '"' && ch != '\\')
			continue;
		textbuf_add(&c->out, text + from, i - from);
		escape_write(c, ch);
		from = i + 1;
	}
	textbuf_add(&c->out, text + from, len - from);
	textbuf_char(&c->out, '"');
	if (!ascii && !utf8_valid(text, len))
		luaL_error(c->L, "a string that is not UTF-8 has no JSON form; encode it with base64 first");
}

static void number_write_value(struct encoder *c, int idx)
{
	char text[NUMBER_TEXT];
	if (lua_isinteger(c->L, idx)) {
		int n = snprintf(text, sizeof text, "%lld", (long long)lua_tointeger(c->L, idx));
		textbuf_add(&c->out, text, (size_t)n);
		return;
	}
	double v = lua_tonumber(c->L, idx);
	if (!isfinite(v))
		luaL_error(c->L, "%s has no JSON form", isnan(v) ? "nan" : "an infinite number");
	textbuf_add(&c->out, text, number_write(text, v));
}

/* Does anything but 1 … n stand in the table? Usually the elements come first and nothing after them. */
static bool is_array(lua_State *L, int idx, lua_Unsigned n)
{
	lua_Unsigned count = 0;
	lua_pushinteger(L, (lua_Integer)n);
	if (!lua_next(L, idx))
		return true;
	lua_pop(L, 2);
	lua_pushnil(L);
	while (lua_next(L, idx)) {
		lua_pop(L, 1);
		if (!lua_isinteger(L, -1) || (lua_Unsigned)lua_tointeger(L, -1) - 1 >= n)
			luaL_error(L, "a table with elements and other keys has no JSON form");
		count++;
	}
	return count == n;
}

// NOLINTNEXTLINE(misc-no-recursion): table_write() counts the depth
static void array_write(struct encoder *c, int idx, lua_Unsigned n)
{
	lua_State *L = c->L;
	textbuf_char(&c->out, '[');
	for (lua_Unsigned i = 1; i <= n; i++) {
		if (i > 1)
			textbuf_char(&c->out, ',');
		line_start(c);
		lua_rawgeti(L, idx, (lua_Integer)i);
		value_write(c, lua_gettop(L));
		lua_pop(L, 1);
	}
	c->depth--;
	line_start(c);
	c->depth++;
	textbuf_char(&c->out, ']');
}

static int by_text(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int r = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);
	return r ? r : (x->len > y->len) - (x->len < y->len);
}

/* Pushes a userdata that holds the sorted keys; the strings belong to the table. */
static struct key *keys_push(lua_State *L, int idx, size_t *count)
{
	size_t n = 0;
	lua_pushnil(L);
	while (lua_next(L, idx)) {
		lua_pop(L, 1);
		if (lua_type(L, -1) != LUA_TSTRING)
			luaL_error(L, "a table with a %s as key has no JSON form", luaL_typename(L, -1));
		n++;
	}
	struct key *keys = lua_newuserdatauv(L, n * sizeof *keys, 0);
	n = 0;
	lua_pushnil(L);
	while (lua_next(L, idx)) {
		lua_pop(L, 1);
		keys[n].text = lua_tolstring(L, -1, &keys[n].len);
		n++;
	}
	if (n > 1)
		qsort(keys, n, sizeof *keys, by_text);
	*count = n;
	return keys;
}

// NOLINTNEXTLINE(misc-no-recursion): table_write() counts the depth
static void object_write(struct encoder *c, int idx)
{
	lua_State *L = c->L;
	size_t n;
	struct key *keys = keys_push(L, idx, &n);
	textbuf_char(&c->out, '{');
	for (size_t i = 0; i < n; i++) {
		if (i)
			textbuf_char(&c->out, ',');
		line_start(c);
		string_write(c, keys[i].text, keys[i].len);
		textbuf_char(&c->out, ':');
		if (c->indent)
			textbuf_char(&c->out, ' ');
		lua_pushlstring(L, keys[i].text, keys[i].len);
		lua_rawget(L, idx);
		value_write(c, lua_gettop(L));
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	c->depth--;
	if (n)
		line_start(c);
	c->depth++;
	textbuf_char(&c->out, '}');
}

static bool has_registered(lua_State *L, const char *key)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, key);
	bool same = lua_rawequal(L, -1, -2);
	lua_pop(L, 1);
	return same;
}

static bool is_marked_array(lua_State *L, int idx)
{
	if (!lua_getmetatable(L, idx))
		return false;
	bool marked = has_registered(L, &lua_json_array_key);
	lua_pop(L, 1);
	return marked;
}

static bool is_weak(lua_State *L, int idx)
{
	if (!lua_getmetatable(L, idx))
		return false;
	lua_pushliteral(L, "__mode");
	bool weak = lua_rawget(L, -2) == LUA_TSTRING;
	lua_pop(L, 2);
	return weak;
}

/* The entries that are there now, held: those of a weak table go with any collection, and take the texts of their keys with them. */
static int held_push(lua_State *L, int idx)
{
	lua_newtable(L);
	int held = lua_gettop(L);
	lua_pushnil(L);
	while (lua_next(L, idx)) {
		lua_pushvalue(L, -2);
		lua_insert(L, -2);
		lua_rawset(L, held);
	}
	return held;
}

// NOLINTNEXTLINE(misc-no-recursion): no deeper than LIMIT_JSON_DEPTH
static void table_write(struct encoder *c, int idx)
{
	lua_State *L = c->L;
	int top = lua_gettop(L);
	if (!stack_room(L, 10))
		luaL_error(L, "stack overflow (a value that is too deep)");
	if (++c->depth > LIMIT_JSON_DEPTH)
		luaL_error(L, "the value is nested too deeply, or contains itself");
	bool marked = is_marked_array(L, idx);
	if (is_weak(L, idx))
		idx = held_push(L, idx);
	lua_Unsigned n = lua_rawlen(L, idx);
	if (n == 0 && marked)
		textbuf_add(&c->out, "[]", 2);
	else if (n > 0 && is_array(L, idx, n))
		array_write(c, idx, n);
	else
		object_write(c, idx);
	lua_settop(L, top);
	c->depth--;
}

// NOLINTNEXTLINE(misc-no-recursion): table_write() counts the depth
static void value_write(struct encoder *c, int idx)
{
	lua_State *L = c->L;
	size_t len;
	const char *text;
	switch (lua_type(L, idx)) {
	case LUA_TSTRING:
		text = lua_tolstring(L, idx, &len);
		string_write(c, text, len);
		return;
	case LUA_TNUMBER:
		number_write_value(c, idx);
		return;
	case LUA_TBOOLEAN:
		text = lua_toboolean(L, idx) ? "true" : "false";
		textbuf_add(&c->out, text, strlen(text));
		return;
	case LUA_TTABLE:
		table_write(c, idx);
		return;
	case LUA_TNIL:
		textbuf_add(&c->out, "null", 4);
		return;
	case LUA_TUSERDATA:
		lua_pushvalue(L, idx);
		if (has_registered(L, &lua_json_null_key)) {
			lua_pop(L, 1);
			textbuf_add(&c->out, "null", 4);
			return;
		}
		/* fall through */
	default:
		luaL_error(L, "a %s has no JSON form", luaL_typename(L, idx));
	}
}

void lua_json_push(lua_State *L, int idx, const char *indent)
{
	struct encoder c = { .L = L, .indent = indent, .indent_len = indent ? strlen(indent) : 0 };
	idx = lua_absindex(L, idx);
	textbuf_init(&c.out, L);
	value_write(&c, idx);
	textbuf_push(&c.out);
	lua_remove(L, -2);
}
