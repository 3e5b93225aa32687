/* The library of the box over the real frames: every case of tests/lua/test_*.lua in a task of its own file. The C modules behind them:
 * csv.c lua_csv.c lua_json.c lua_json_write.c lua_codec.c number.c textbuf.c of core/enclave.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <glob.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <lauxlib.h>

#include "base/os.h"
#include "enclave/arena.h"
#include "enclave/lua_json.h"
#include "enclave/luamem.h"
#include "worker.h"

static const char runner[] =
	"local cases, out, failed = require 'cases', {}, 0\n"
	"return function(task)\n"
	"    for i, case in ipairs(cases) do\n"
	"        local ok, message = pcall(case[2])\n"
	"        if not ok then out[#out + 1] = case[1] .. ': ' .. tostring(message) end\n"
	"    end\n"
	"    task.result:write('failed', table.concat(out, '\\n')) task.result:write('count', tostring(#cases))\n"
	"end\n";

static char *file_text(const char *path)
{
	struct buf b = BUF_INIT(MIB(1));
	struct err e = { .code = ERR_NONE };
	if (os_file_read(path, &b, &e) < 0)
		fail_msg("%s", e.msg);
	char *text = strdup(buf_text(&b));
	buf_done(&b);
	return text;
}

static void run_file(const char *path)
{
	char *expect = file_text("tests/lua/expect.lua"), *cases = file_text(path);
	struct end e;
	struct job j = { .main = runner, .files = { { "expect.lua", expect }, { "cases.lua", cases } }, .memory = MIB(256), .cpu_ms = 60000,
		.wall_ms = 120000, .epsilon_u6 = LIMIT_EPSILON_U6 };
	job_run(NULL, &j, &e);
	if (e.outcome.done.status != BOX_OK)
		fail_msg("%s: status %d limit %d signal %d: %s", path, (int)e.outcome.done.status, (int)e.outcome.done.limit, e.outcome.signal,
			e.bundle ? e.bundle->error : e.why);
	if (*end_text(&e, "failed"))
		fail_msg("%s: %s", path, end_text(&e, "failed"));
	assert_true(atol(end_text(&e, "count")) > 0);
	end_free(&e);
	free(expect);
	free(cases);
}

static void test_files(void **state)
{
	(void)state;
	glob_t found;
	assert_int_equal(glob("tests/lua/test_*.lua", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 5);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		print_message("%s\n", found.gl_pathv[i]);
		run_file(found.gl_pathv[i]);
	}
	globfree(&found);
}

/* CSV and JSON over streams whose window cuts records at every place. */
static void test_windows(void **state)
{
	(void)state;
	struct end e;
	size_t n = 400000;
	char *text = malloc(n + 64), *p = text;
	assert_non_null(text);
	p += sprintf(p, "k,v,w\n");
	for (unsigned i = 0; p < text + n; i++)
		p += sprintf(p, i % 7 == 0 ? "%u,\"a\"\"%u\nb\",x\r\n" : "%u,a%u,yy\n", i, i * i % 1000);
	const __typeof__(*((struct job *)0)->inputs) in[] = { { "t.csv", text } };
	struct job j = { .inputs = in, .n_inputs = 1, .main = "local csv = require 'csv' return function(task)\n"
		"local whole, n = csv.rows(task.files['t.csv']:read('a')), 0\n"
		"for row in csv.rows(task.files['t.csv']) do n = n + 1 local other = whole()\n"
		"    local i = tonumber(row.k) local m = tostring(i * i % 4294967296 % 1000)\n"
		"    assert(i == n - 1 and row.v == (i % 7 == 0 and 'a\"' .. m .. '\\nb' or 'a' .. m) and row.w == (i % 7 == 0 and 'x' or 'yy'))\n"
		"    assert(other.k == row.k and other.v == row.v and other.w == row.w) end\n"
		"assert(whole() == nil and n > 10000)\n"
		"local s = task.files['t.csv'] local it = csv.records(s) it() local a = it()[1] s:seek('set', 6) assert(it()[1] == a) s:close()\n"
		"assert(not pcall(it)) assert(#csv.columns(task.files['t.csv'], { 'k' }).k == n) end" };
	job_run(NULL, &j, &e);
	if (e.outcome.done.status != BOX_OK)
		fail_msg("%d %s", (int)e.outcome.done.status, e.bundle ? e.bundle->error : e.why);
	end_free(&e);
	free(text);
}

static int decode(lua_State *L)
{
	size_t len;
	const char *text = luaL_checklstring(L, 1, &len);
	lua_json_decode(L, text, len);
	return 1;
}

/* The room for texts with escapes is not the script's, so its limit does not count it: an error gives it back at once. (ASan's malloc does not tell.) */
static void test_json_errors_keep_nothing(void **state)
{
	(void)state;
	static const char *const ends[] = { "1e999]", "123456789012345678901234567890]", "{\"a\":1,\"a\":2}]", "x" };
	enum { TIMES = 20, SIZE = 100000 };
	struct luamem memory;
	struct arena *a;
	assert_int_equal(arena_map(&a, 0x680000000000ul, MIB(64)), 0);
	luamem_init(&memory, a);
	lua_State *L = lua_newstate(luamem_alloc, &memory);
	lua_json_setup(L);
	(void)lua_gc(L, LUA_GCSTOP);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		static char text[SIZE + 100];
		memset(text, 'x', SIZE);
		memcpy(text, "[\"\\n", 4);
		(void)snprintf(text + SIZE, 100, "\",%s", ends[i]);
		lua_pushstring(L, text);
		size_t before = 0;
		for (int k = 0; k <= TIMES; k++) {
			if (k == 1)
				before = mallinfo2().uordblks;
			lua_pushcfunction(L, decode);
			lua_pushvalue(L, -2);
			assert_int_equal(lua_pcall(L, 1, 0, 0), LUA_ERRRUN);
			lua_pop(L, 1);
		}
		assert_true(mallinfo2().uordblks < before + SIZE);
		lua_pop(L, 1);
	}
	lua_close(L);
	arena_unmap(a);
}

static int prepare(void **state)
{
	(void)state;
	job_prepare();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_files), cmocka_unit_test(test_windows),
		cmocka_unit_test(test_json_errors_keep_nothing) };
	return cmocka_run_group_tests(tests, prepare, NULL);
}
