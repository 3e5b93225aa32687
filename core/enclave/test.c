/* What lua/test_shared.lua cannot do in Lua: take its one argument, load test.lua, trace an error, and end the box with an answer. An answer ends the process then and
 * there: no pcall, coroutine or __close of a test.lua can hold it back.
 */
#include "enclave/test.h"

#include <lauxlib.h>

#include "enclave/host.h"
#include "enclave/seal.h"

static int host_state(lua_State *L)
{
	const struct box_text *state = &task_of(L)->request.args[0].value;
	lua_pushlstring(L, state->text, state->len);
	return 1;
}

static int host_finish(lua_State *L)
{
	struct task *t = task_of(L);
	size_t len;
	const char *answer = luaL_checklstring(L, 1, &len);
	if (len > t->request.output)
		task_limit(t, BOX_LIMIT_OUTPUT);
	answer_and_end(t, answer, len);
}

/* The chunk of test.lua; raises what is wrong with its syntax. */
static int host_load(lua_State *L)
{
	const struct box_text *entry = &task_of(L)->request.entry;
	lua_settop(L, 0);
	lua_pushlstring(L, entry->text, entry->len);
	return modules_load(L, lua_tostring(L, 1), entry->len) == LUA_OK ? 1 : lua_error(L);
}

int test_host_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "state", host_state }, { "finish", host_finish }, { "load", host_load }, { "trace", trace_handler }, { NULL, NULL }
	};
	luaL_newlib(L, functions);
	return 1;
}

static int drive(lua_State *L)
{
	lua_getglobal(L, "require");
	lua_pushliteral(L, "test_shared");
	lua_call(L, 1, 1);
	lua_getfield(L, -1, "main");
	lua_call(L, 0, 0);
	return 0;
}

/* test_shared ends with an answer whatever the test does; that it comes back here is for want of memory, or our mistake. */
_Noreturn void test_main(struct task *t)
{
	lua_pushcfunction(t->L, drive);
	if (lua_pcall(t->L, 0, 0, 0) == LUA_ERRMEM)
		task_limit(t, BOX_LIMIT_MEMORY);
	end_without_result(t, BOX_FAILED, BOX_LIMIT_NONE);
}
