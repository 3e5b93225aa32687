/* require "json" on any text: what is read is written, and what is written is read back as the same bytes, on one line and indented.
 * fuzz-flags: core/enclave/lua_json.c core/enclave/lua_json_write.c core/enclave/number.c core/enclave/textbuf.c -Ibuild/deps/lua-5.4.9/src build/deps/lua-5.4.9/src/l[a-tv-z]?.c build/deps/lua-5.4.9/src/l[a-tv-z]??.c build/deps/lua-5.4.9/src/l[a-tv-z]???.c build/deps/lua-5.4.9/src/l[a-tv-z]????.c build/deps/lua-5.4.9/src/l[a-tv-z]?????.c build/deps/lua-5.4.9/src/l[a-tv-z]??????.c build/deps/lua-5.4.9/src/lundump.c build/deps/lua-5.4.9/src/lutf8lib.c -lm
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>
#include <lualib.h>

#include "enclave/lua_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Gives what is wrong, or nothing. A text that is refused is fine; a value that was read and cannot be written is not. */
static const char script[] =
	"local json, text = ...\n"
	"local ok, value = pcall(json.decode, text)\n"
	"if not ok then\n"
	"    return type(value) ~= 'string' and 'an error that is no text' or nil\n"
	"end\n"
	"local line, pretty = json.encode(value), json.encode(value, 2)\n"
	"if line:find('\\n', 1, true) then return 'a line end in the short form' end\n"
	"if json.encode(json.decode(line)) ~= line then return 'the short form changes' end\n"
	"if json.encode(json.decode(pretty)) ~= line then return 'the long form is another value' end\n"
	"if json.encode(json.decode(pretty), 2) ~= pretty then return 'the long form changes' end\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	lua_State *L = luaL_newstate();
	if (!L)
		abort();
	lua_json_setup(L);
	luaL_requiref(L, "_G", luaopen_base, 1);
	luaL_requiref(L, "string", luaopen_string, 1);
	if (luaL_loadstring(L, script))
		abort();
	luaL_requiref(L, "json", lua_json_open, 0);
	lua_pushlstring(L, (const char *)data, size);
	(void)lua_pcall(L, 2, 1, 0);	/* an error is a text on the stack, and as wrong */
	if (!lua_isnil(L, -1)) {
		(void)fprintf(stderr, "%s\n", lua_tostring(L, -1));
		abort();
	}
	lua_close(L);
	return 0;
}
