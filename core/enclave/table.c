/* The table that an iApp's function gets: its arguments, inputs, secrets, and where its results go. */
#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "enclave/data.h"
#include "enclave/files.h"
#include "enclave/task.h"

#define PROGRESS_STEPS 1000	/* frames are sent when the thousandth changes: fewer than LIMIT_BOX_PROGRESS */
static_assert(PROGRESS_STEPS + 1 <= LIMIT_BOX_PROGRESS, "every step may be reported");

static void push_text(lua_State *L, const struct box_text *t)
{
	lua_pushlstring(L, t->text, t->len);
}

/* The command line has checked the text against the manifest; a request that did not come from there fails here. */
static void arg_push(lua_State *L, const struct box_arg *a)
{
	push_text(L, &a->value);
	if (a->type == BOX_ARG_STRING)
		return;
	const char *text = lua_tostring(L, -1);
	bool right = false;
	if (a->type == BOX_ARG_BOOLEAN) {
		bool yes = strcmp(text, "true") == 0;
		right = yes || strcmp(text, "false") == 0;
		lua_pushboolean(L, yes);
	} else {
		right = lua_stringtonumber(L, text) == a->value.len + 1 && (a->type == BOX_ARG_NUMBER || lua_isinteger(L, -1));
	}
	if (!right) {
		push_text(L, &a->name);
		luaL_error(L, "the argument %s has a value that its type does not allow", lua_tostring(L, -1));
	}
	lua_remove(L, -2);
}

static void args_push(lua_State *L, const struct box_request *r)
{
	lua_createtable(L, (int)r->n_args, (int)r->n_args);
	for (size_t i = 0; i < r->n_args; i++) {
		arg_push(L, &r->args[i]);
		lua_pushvalue(L, -1);
		lua_rawseti(L, -3, (lua_Integer)i + 1);
		if (r->args[i].name.len) {
			push_text(L, &r->args[i].name);
			lua_insert(L, -2);
			lua_rawset(L, -3);
		} else {
			lua_pop(L, 1);
		}
	}
}

static int secret_push(lua_State *L, uint32_t index)
{
	const struct task *t = task_of(L);
	for (size_t i = 0; i < t->n_secrets; i++)
		if (t->secrets[i].index == index) {
			push_text(L, &t->secrets[i].value);
			return 1;
		}
	lua_pushnil(L);
	return 1;
}

static int task_secret(lua_State *L)
{
	lua_Integer i = luaL_checkinteger(L, 2);
	luaL_argcheck(L, i >= 1 && i <= UINT32_MAX, 2, "secrets are numbered from 1");
	return secret_push(L, (uint32_t)i);
}

static int task_app_secret(lua_State *L)
{
	return secret_push(L, 0);
}

/* task:log(format, …): as string.format; one value that is no string is shown as print would. */
static int task_log(lua_State *L)
{
	size_t n;
	int top = lua_gettop(L);
	luaL_checkany(L, 2);
	if (top > 2 || lua_type(L, 2) == LUA_TSTRING) {
		lua_pushvalue(L, lua_upvalueindex(1));
		lua_replace(L, 1);
		lua_call(L, top - 1, 1);
	}
	const char *text = luaL_tolstring(L, -1, &n);
	log_add(L, text, n);
	log_add(L, "\n", 1);
	return 0;
}

static int task_progress(lua_State *L)
{
	struct task *t = task_of(L);
	double f = luaL_checknumber(L, 2);
	luaL_argcheck(L, f >= 0 && f <= 1, 2, "must be between 0 and 1");
	int step = (int)floor(f * PROGRESS_STEPS);
	if (step > t->progress) {
		double sent = (double)step / PROGRESS_STEPS;	/* rounded: it leaves the box unsealed */
		t->progress = step;
		channel_add(t->channel, BOX_PROGRESS, &sent, sizeof sent);
		channel_flush(t->channel);
	}
	if (!lua_isnoneornil(L, 3)) {
		size_t n;
		const char *text = luaL_tolstring(L, 3, &n);
		log_add(L, text, n);
		log_add(L, "\n", 1);
	}
	return 0;
}

void task_table_push(lua_State *L, struct task *t)
{
	static const luaL_Reg methods[] = {
		{ "secret", task_secret }, { "app_secret", task_app_secret }, { "progress", task_progress }, { NULL, NULL }
	};
	const struct box_request *r = &t->request;
	luaL_newlib(L, methods);
	lua_getglobal(L, "string");
	lua_getfield(L, -1, "format");
	lua_pushcclosure(L, task_log, 1);
	lua_setfield(L, -3, "log");
	lua_pop(L, 1);
	push_text(L, &r->task);
	lua_setfield(L, -2, "id");
	push_text(L, &r->deal);
	lua_setfield(L, -2, "deal");
	args_push(L, r);
	lua_setfield(L, -2, "args");
	data_list_push(L, t->data, t->n_data);
	if (!r->many && t->n_data) {
		lua_rawgeti(L, -1, 1);
		lua_setfield(L, -3, "data");
	}
	lua_setfield(L, -2, "datasets");
	files_push(L, t);
	lua_setfield(L, -2, "files");
	result_push(L);
	lua_setfield(L, -2, "result");
}
