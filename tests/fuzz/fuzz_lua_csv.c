/* csv of the box: the same bytes as a string, and as a stream whose first window ends anywhere, give the same records or the same error; what
 * csv.format writes of them gives them again. The first byte says where the window ends.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "enclave/csv.h"
#include "enclave/lua_csv.h"
#include "enclave/stream.h"
#include "enclave/task.h"
#include "seal/age.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char script[] =
	"local csv, text, stream = ...\n"
	"local function all(source)\n"
	"    local out = {}\n"
	"    for r in csv.records(source) do out[#out + 1] = r end\n"
	"    return out\n"
	"end\n"
	"local ok, a = pcall(all, text)\n"
	"local ok2, b = pcall(all, stream)\n"
	"assert(ok == ok2, 'one of the two raised')\n"
	"if not ok then assert(a == b, 'two errors') return end\n"
	"local function same(x, y)\n"
	"    assert(#x == #y, 'records')\n"
	"    for i = 1, #x do\n"
	"        assert(#x[i] == #y[i], 'fields')\n"
	"        for k = 1, #x[i] do assert(x[i][k] == y[i][k], 'field') end\n"
	"    end\n"
	"end\n"
	"same(a, b)\n"
	"local back = csv.format(a)\n"
	"if #a > 0 and a[1][1]:sub(1, 3) ~= '\\xef\\xbb\\xbf' then same(a, all(back)) end\n"
	"pcall(csv.columns, text) pcall(csv.columns, text, nil, { missing = true, vec = true })\n"
	"pcall(function() for row in csv.rows(text) do local _ = row end end)\n";

struct bytes { const uint8_t *data; size_t size; uint64_t start; };

static int bytes_read(void *ctx, void *out, size_t n, uint64_t at, struct err *e)
{
	const struct bytes *b = ctx;
	(void)e;
	if (at < b->start || at - b->start > b->size || n > b->size - (size_t)(at - b->start))
		abort();
	memcpy(out, b->data + (at - b->start), n);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	lua_State *L = luaL_newstate();
	if (!L || size == 0)
		return L ? (lua_close(L), 0) : 0;
	struct bytes b = { data + 1, size - 1, AGE_CHUNK - 1 - data[0] };
	struct source source = { .read = bytes_read, .ctx = &b };
	*(struct task **)lua_getextraspace(L) = NULL;
	luaL_openlibs(L);
	stream_open(L);
	csv_setup(L);
	if (luaL_loadstring(L, script) != LUA_OK)
		abort();
	luaL_requiref(L, "csv", lua_csv_open, 0);
	lua_pushlstring(L, (const char *)b.data, b.size);
	stream_push(L, &source, b.start, b.size);
	if (lua_pcall(L, 3, 0, 0) != LUA_OK)
		abort();
	lua_close(L);
	return 0;
}
