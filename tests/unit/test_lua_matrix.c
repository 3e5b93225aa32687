/* The C modules vec and matrix: runs tests/lua/test_matrix.lua on the Lua that the enclave is built from, with the sanitizers when SAN=1. Then
 * what Lua cannot see: that every byte counts against a memory limit, and that no failed allocation does harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <lualib.h>

#include "enclave/dense.c"
#include "enclave/lua_dense.c"
#include "enclave/lua_matrix.c"
#include "enclave/lua_vec.c"

struct memory { size_t live, limit; long countdown; };

static void *limited_alloc(void *ud, void *p, size_t old, size_t n)
{
	struct memory *m = ud;
	size_t had = p ? old : 0;
	if (n == 0) {
		m->live -= had;
		free(p);
		return NULL;
	}
	if (n > had && (m->live - had + n > m->limit || (m->countdown > 0 && --m->countdown == 0)))
		return NULL;
	void *q = realloc(p, n);
	if (q)
		m->live += n - had;
	return q;
}

static lua_State *state_new(struct memory *m)
{
	lua_State *L = lua_newstate(limited_alloc, m);
	assert_non_null(L);
	luaL_openlibs(L);
	luaL_requiref(L, "matrix", lua_open_matrix, 1);
	luaL_requiref(L, "vec", lua_open_vec, 1);
	lua_settop(L, 0);
	return L;
}

static void run(lua_State *L, const char *code)
{
	if (luaL_dostring(L, code) != LUA_OK)
		fail_msg("%s", lua_tostring(L, -1));
}

static void cases_pass(void **state)
{
	(void)state;
	struct memory m = { .limit = SIZE_MAX };
	lua_State *L = state_new(&m);
	run(L, "package.path = 'tests/lua/?.lua' "
		"local failed = {} "
		"for _, case in ipairs(require 'test_matrix') do "
		"  local ok, why = xpcall(case[2], debug.traceback) "
		"  if not ok then failed[#failed + 1] = case[1] .. ': ' .. why end "
		"end "
		"assert(#require 'test_matrix' > 10) "
		"if #failed > 0 then error(table.concat(failed, '\\n'), 0) end");
	lua_close(L);
	assert_int_equal(m.live, 0);
}

static void memory_counts(void **state)
{
	(void)state;
	struct memory m = { .limit = SIZE_MAX };
	lua_State *L = state_new(&m);
	(void)lua_gc(L, LUA_GCCOLLECT);
	(void)lua_gc(L, LUA_GCSTOP);
	size_t before = m.live;
	run(L, "a = matrix.new(100, 100)");
	assert_in_range(m.live - before, 80000, 90000);
	(void)lua_gc(L, LUA_GCRESTART);
	m.limit = m.live + 1000000;
	run(L, "local ok, why = pcall(matrix.new, 1000, 1000) assert(not ok and why:find 'memory', why)");
	run(L, "for i = 1, 1000 do local b = a:map(math.abs) * a end");	/* garbage is collected */
	lua_close(L);
}

/* The n-th allocation fails, for every n until none is left to fail. */
static void allocations_fail(void **state)
{
	(void)state;
	static const char code[] =
		"local a = matrix.from_rows { { 4, 1 }, { 1, 3 } } local v = vec.from { 1, 2 } "
		"v = a:solve(v) + a:inverse() * v + a:row(1) - a:transpose():col(2) "
		"local t = (a:cholesky() * a):to_rows() t = v:map(math.abs):slice(1, 1):to_table() return tostring(a)";
	bool done = false;
	for (long n = 1; !done; n++) {
		struct memory m = { .limit = SIZE_MAX };
		lua_State *L = state_new(&m);
		(void)lua_gc(L, LUA_GCSTOP);
		m.countdown = n;
		int status = luaL_dostring(L, code);
		assert_true(status == LUA_OK || strstr(lua_tostring(L, -1), "memory"));
		done = m.countdown > 0;
		m.countdown = 0;
		lua_close(L);
		assert_int_equal(m.live, 0);
		assert_in_range(n, 1, 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_pass), cmocka_unit_test(memory_counts), cmocka_unit_test(allocations_fail)
	};
	return cmocka_run_group_tests_name("lua_matrix", tests, NULL, NULL);
}
