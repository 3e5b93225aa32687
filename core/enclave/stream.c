/* Streams. The window always ends at a multiple of a chunk of its source, so that reading on never opens a chunk twice. */
#include "enclave/stream.h"

#include <lauxlib.h>
#include <string.h>

#include "enclave/task.h"
#include "seal/age.h"

#define STREAM "stream"

struct stream {
	const struct source *source;
	uint64_t start, size;	/* the span */
	uint64_t at;	/* position in the span */
	uint64_t window;	/* position of bytes[0] */
	size_t held, room;
	bool closed;
	uint8_t bytes[];
};

void stream_push(lua_State *L, const struct source *source, uint64_t start, uint64_t size)
{
	size_t room = size < AGE_CHUNK ? (size_t)size : AGE_CHUNK;
	struct stream *s = lua_newuserdatauv(L, sizeof *s + room, 0);
	*s = (struct stream){ .source = source, .start = start, .size = size, .room = room };
	luaL_setmetatable(L, STREAM);
}

struct stream *stream_test(lua_State *L, int idx)
{
	struct stream *s = luaL_testudata(L, idx, STREAM);
	if (s && s->closed)
		luaL_error(L, "the stream is closed");
	return s;
}

static struct stream *stream_check(lua_State *L)
{
	struct stream *s = luaL_checkudata(L, 1, STREAM);
	if (s->closed)
		luaL_error(L, "the stream is closed");
	return s;
}

static void source_read(lua_State *L, const struct source *source, void *out, size_t n, uint64_t at)
{
	struct err e = { .code = ERR_NONE };
	if (source->read(source->ctx, out, n, at, &e) == 0)
		return;
	struct task *t = task_of(L);
	if (t && source->sealed)
		t->corrupt_input = true;
	luaL_error(L, "%s", e.msg);
}

const char *stream_peek(lua_State *L, struct stream *s, size_t *n)
{
	if (s->closed)
		luaL_error(L, "the stream is closed");
	if (s->at < s->window || s->at >= s->window + s->held) {
		uint64_t from = s->start + s->at, room = AGE_CHUNK - from % AGE_CHUNK;
		if (room > s->room)
			room = s->room;
		if (room > s->size - s->at)
			room = s->size - s->at;
		s->held = 0;
		if (room)
			source_read(L, s->source, s->bytes, (size_t)room, from);
		s->window = s->at;
		s->held = (size_t)room;
	}
	size_t skip = (size_t)(s->at - s->window);
	*n = s->held - skip;
	return (const char *)s->bytes + skip;
}

void stream_skip(struct stream *s, size_t n)
{
	s->at += n;
}

void stream_back(struct stream *s, size_t n)
{
	s->at -= n;
}

uint64_t stream_left(const struct stream *s)
{
	return s->size - s->at;
}

/* Up to n bytes; nil at the end. */
static void read_bytes(lua_State *L, struct stream *s, uint64_t n)
{
	uint64_t left = s->size - s->at;
	if (left == 0) {
		lua_pushnil(L);
		return;
	}
	if (n > left)
		n = left;
	luaL_Buffer b;
	char *out = luaL_buffinitsize(L, &b, (size_t)n);
	for (size_t done = 0; done < n;) {
		size_t have;
		const char *p = stream_peek(L, s, &have);
		if (have > n - done)
			have = (size_t)n - done;
		memcpy(out + done, p, have);
		stream_skip(s, have);
		done += have;
	}
	luaL_pushresultsize(&b, (size_t)n);
}

static void read_all(lua_State *L, struct stream *s)
{
	if (s->at == s->size)
		lua_pushliteral(L, "");
	else
		read_bytes(L, s, UINT64_MAX);
}

static void read_line(lua_State *L, struct stream *s, bool keep)
{
	size_t have;
	const char *p = stream_peek(L, s, &have);
	if (have == 0) {
		lua_pushnil(L);
		return;
	}
	const char *end = memchr(p, '\n', have);
	if (end) {	/* nearly always: no second copy */
		lua_pushlstring(L, p, (size_t)(end - p) + keep);
		stream_skip(s, (size_t)(end - p) + 1);
		return;
	}
	luaL_Buffer b;
	luaL_buffinit(L, &b);
	while (have) {
		end = memchr(p, '\n', have);
		size_t n = end ? (size_t)(end - p) + 1 : have;
		luaL_addlstring(&b, p, n - (end && !keep));
		stream_skip(s, n);
		if (end)
			break;
		p = stream_peek(L, s, &have);
	}
	luaL_pushresult(&b);
}

static int read_format(lua_State *L, struct stream *s, int arg)
{
	if (lua_type(L, arg) == LUA_TNUMBER) {
		lua_Integer n = luaL_checkinteger(L, arg);
		luaL_argcheck(L, n >= 0, arg, "must not be negative");
		read_bytes(L, s, (uint64_t)n);
		return 1;
	}
	const char *format = luaL_optstring(L, arg, "l");
	if (*format == '*')
		format++;
	if (strcmp(format, "a") == 0)
		read_all(L, s);
	else if (strcmp(format, "l") == 0 || strcmp(format, "L") == 0)
		read_line(L, s, *format == 'L');
	else
		return luaL_argerror(L, arg, "must be a number of bytes, \"a\", \"l\" or \"L\"");
	return 1;
}

static int stream_read(lua_State *L)
{
	struct stream *s = stream_check(L);
	return read_format(L, s, 2);
}

static int lines_next(lua_State *L)
{
	struct stream *s = lua_touserdata(L, lua_upvalueindex(1));
	if (s->closed)
		return luaL_error(L, "the stream is closed");
	lua_settop(L, 0);
	lua_pushvalue(L, lua_upvalueindex(2));
	return read_format(L, s, 1);
}

static int stream_lines(lua_State *L)
{
	(void)stream_check(L);
	lua_settop(L, 2);
	lua_pushcclosure(L, lines_next, 2);
	return 1;
}

/* As files have it: seek(), seek("set", 0), seek("cur", n), seek("end", n). Never outside the stream. */
static int stream_seek(lua_State *L)
{
	static const char *const names[] = { "set", "cur", "end", NULL };
	struct stream *s = stream_check(L);
	int whence = luaL_checkoption(L, 2, "cur", names);
	lua_Integer offset = luaL_optinteger(L, 3, 0);
	uint64_t base = whence == 0 ? 0 : whence == 1 ? s->at : s->size;
	bool inside = offset >= 0 ? (uint64_t)offset <= s->size - base : (uint64_t)-(offset + 1) < base;
	luaL_argcheck(L, inside, 3, "is outside the stream");
	s->at = base + (uint64_t)offset;
	lua_pushinteger(L, (lua_Integer)s->at);
	return 1;
}

static int stream_size(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)stream_check(L)->size);
	return 1;
}

static int stream_close(lua_State *L)
{
	((struct stream *)luaL_checkudata(L, 1, STREAM))->closed = true;
	return 0;
}

void stream_open(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{ "read", stream_read }, { "lines", stream_lines }, { "seek", stream_seek }, { "size", stream_size },
		{ "close", stream_close }, { "__close", stream_close }, { NULL, NULL }
	};
	if (luaL_newmetatable(L, STREAM)) {
		luaL_setfuncs(L, methods, 0);
		lua_pushvalue(L, -1);
		lua_setfield(L, -2, "__index");
		lua_pushboolean(L, 0);
		lua_setfield(L, -2, "__metatable");
	}
	lua_pop(L, 1);
}
