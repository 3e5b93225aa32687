/* require "csv": the first byte chooses the separator and the width of a stream's window. A stream gives what the same text in one string
 * gives, errors and their lines as well; what was read is written, and read back as the same records.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "enclave/csv.h"
#include "enclave/lua_csv.h"
#include "enclave/stream.h"

#define STREAM "stream"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In the place of stream.c: each window is a piece of memory of its own, so that a byte read past it is seen. */
struct stream {
	const uint8_t *text;
	size_t size, width, at, window_at, held;
	char *window;
};

struct stream *stream_test(lua_State *L, int idx)
{
	return luaL_testudata(L, idx, STREAM);
}

const char *stream_peek(lua_State *L, struct stream *s, size_t *n)
{
	(void)L;
	if (!s->window || s->at < s->window_at || s->at >= s->window_at + s->held) {
		size_t end = (s->at / s->width + 1) * s->width;
		if (end > s->size)
			end = s->size;
		free(s->window);
		s->held = end - s->at;
		s->window_at = s->at;
		s->window = malloc(s->held ? s->held : 1);
		if (!s->window)
			abort();
		if (s->held)
			memcpy(s->window, s->text + s->at, s->held);
	}
	*n = s->held - (s->at - s->window_at);
	return s->window + (s->at - s->window_at);
}

void stream_skip(struct stream *s, size_t n)
{
	if (n > s->size - s->at)
		abort();
	s->at += n;
}

void stream_back(struct stream *s, size_t n)
{
	if (n > s->at)
		abort();
	s->at -= n;
}

uint64_t stream_left(const struct stream *s)
{
	return s->size - s->at;
}

static int stream_free(lua_State *L)
{
	struct stream *s = lua_touserdata(L, 1);
	free(s->window);
	s->window = NULL;
	return 0;
}

/* Upvalues: the text, its length, the width. Each call gives a stream from its start. */
static int stream_make(lua_State *L)
{
	struct stream *s = lua_newuserdatauv(L, sizeof *s, 0);
	*s = (struct stream){ .text = lua_touserdata(L, lua_upvalueindex(1)), .size = (size_t)lua_tointeger(L, lua_upvalueindex(2)),
		.width = (size_t)lua_tointeger(L, lua_upvalueindex(3)) };
	luaL_setmetatable(L, STREAM);
	return 1;
}

/* Gives what is wrong, or nothing. */
static const char script[] =
	"local csv, text, open, opts = ...\n"
	"local function flat(parts, list)\n"
	"    parts[#parts + 1] = #list .. ':'\n"
	"    for i = 1, #list do parts[#parts + 1] = #list[i] .. '=' .. list[i] end\n"
	"end\n"
	"local function records(source)\n"
	"    local parts, all = {}, {}\n"
	"    local ok, why = pcall(function()\n"
	"        for r in csv.records(source, opts) do flat(parts, r) all[#all + 1] = r end\n"
	"    end)\n"
	"    return table.concat(parts) .. (ok and '' or '!' .. why), ok, all\n"
	"end\n"
	"local function rows(source)\n"
	"    local parts = {}\n"
	"    local ok, why = pcall(function()\n"
	"        local next_row, header = csv.rows(source, opts)\n"
	"        flat(parts, header)\n"
	"        for row in next_row do\n"
	"            for i = 1, #header do parts[#parts + 1] = #row[header[i]] .. '=' .. row[header[i]] end\n"
	"        end\n"
	"    end)\n"
	"    return table.concat(parts) .. (ok and '' or '!' .. why)\n"
	"end\n"
	"local function columns(source, vec)\n"
	"    local parts = {}\n"
	"    local ok, why = pcall(function()\n"
	"        local names = { separator = opts.separator, missing = true, vec = vec }\n"
	"        local t, header = csv.columns(source, nil, names)\n"
	"        for _, name in ipairs(header) do\n"
	"            for i = 1, #t[name] do parts[#parts + 1] = string.pack('d', t[name][i]) end\n"
	"        end\n"
	"    end)\n"
	"    return table.concat(parts) .. (ok and '' or '!' .. why)\n"
	"end\n"
	"local whole, ok, all = records(text)\n"
	"if records(open()) ~= whole then return 'records of a stream differ' end\n"
	"if rows(open()) ~= rows(text) then return 'rows of a stream differ' end\n"
	"if columns(open(), true) ~= columns(text, false) then return 'columns of a stream differ' end\n"
	"if ok and all[1] and not (all[1][1] or ''):find('^\\xef') and records(csv.format(all, opts)) ~= whole then\n"
	"    return 'what is written is read as other records'\n"
	"end\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char separators[] = ",;\t|";
	if (size == 0)
		return 0;
	uint8_t choice = data[0];
	lua_State *L = luaL_newstate();
	if (!L)
		abort();
	csv_setup(L);
	luaL_newmetatable(L, STREAM);
	lua_pushcfunction(L, stream_free);
	lua_setfield(L, -2, "__gc");
	luaL_requiref(L, "_G", luaopen_base, 1);
	luaL_requiref(L, "string", luaopen_string, 1);
	luaL_requiref(L, "table", luaopen_table, 1);
	if (luaL_loadstring(L, script))
		abort();
	luaL_requiref(L, "csv", lua_csv_open, 0);
	lua_pushlstring(L, (const char *)data + 1, size - 1);
	lua_pushlightuserdata(L, (void *)(uintptr_t)(data + 1));
	lua_pushinteger(L, (lua_Integer)size - 1);
	lua_pushinteger(L, choice / 4 + 1);
	lua_pushcclosure(L, stream_make, 3);
	lua_newtable(L);
	lua_pushlstring(L, &separators[choice % 4], 1);
	lua_setfield(L, -2, "separator");
	(void)lua_pcall(L, 4, 1, 0);	/* an error is a text on the stack, and as wrong */
	if (!lua_isnil(L, -1)) {
		(void)fprintf(stderr, "%s\n", lua_tostring(L, -1));
		abort();
	}
	lua_close(L);
	return 0;
}
