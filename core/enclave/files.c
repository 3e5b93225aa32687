/* Public input files: raw bytes on a descriptor. Each use of task.files.name opens a stream of its own, so that one reader cannot move
 * another's place.
 */
#include "enclave/files.h"

#include <lauxlib.h>
#include <stdlib.h>

#include "base/os.h"
#include "enclave/stream.h"
#include "enclave/task.h"

/* In the C heap until the process ends: a stream may outlive the table that it came from. */
struct file { struct source source; int fd; uint64_t size; };

static int file_read(void *ctx, void *out, size_t n, uint64_t at, struct err *e)
{
	if (os_pread(((struct file *)ctx)->fd, out, n, at) != (ssize_t)n)
		return err_set(e, ERR_INVALID, "an input file cannot be read at %llu", (unsigned long long)at);
	return 0;
}

static void file_push(lua_State *L, int idx)
{
	const struct file *f = lua_touserdata(L, idx);
	stream_push(L, &f->source, 0, f->size);
}

static int file_field(lua_State *L)
{
	lua_settop(L, 2);
	if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TLIGHTUSERDATA)
		file_push(L, 2);
	return 1;	/* nil: there is no such file */
}

static int files_next(lua_State *L)
{
	lua_settop(L, 2);
	if (!lua_next(L, lua_upvalueindex(1)))
		return 0;
	file_push(L, 3);
	lua_remove(L, 3);
	return 2;
}

/* pairs(task.files): name, stream. */
static int files_pairs(lua_State *L)
{
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_pushcclosure(L, files_next, 1);
	lua_pushnil(L);
	lua_pushnil(L);
	return 3;
}

static int files_set(lua_State *L)
{
	return luaL_error(L, "task.files cannot be changed; results go to task.result");
}

static void by_name_push(lua_State *L, struct task *t)
{
	lua_newtable(L);
	for (size_t i = 0; i < t->request.n_inputs; i++) {
		const struct box_input *in = &t->request.inputs[i];
		if (in->kind != BOX_INPUT_FILE)
			continue;
		struct file *f = malloc(sizeof *f);
		if (!f)
			task_limit(t, BOX_LIMIT_MEMORY);
		*f = (struct file){ .source = { .read = file_read, .ctx = f }, .fd = BOX_FIRST_INPUT_FD + (int)i, .size = in->size };
		lua_pushlstring(L, in->name.text, in->name.len);
		lua_pushlightuserdata(L, f);
		lua_rawset(L, -3);
	}
}

void files_push(lua_State *L, struct task *t)
{
	static const luaL_Reg meta[] = { { "__index", file_field }, { "__pairs", files_pairs }, { "__newindex", files_set }, { NULL, NULL } };
	lua_newtable(L);	/* stays empty: everything goes through the metatable */
	lua_createtable(L, 0, 4);
	by_name_push(L, t);
	luaL_setfuncs(L, meta, 1);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
}
