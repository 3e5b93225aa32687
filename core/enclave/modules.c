/* require: files of the iApp's own archive first ("lib.x" is lib/x.lua), then the library that is part of the enclave. Each is loaded once;
 * a module that requires itself, however far around, is named with its whole path.
 */
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "enclave/host.h"
#include "enclave/lualib.h"
#include "enclave/task.h"

#define DEPTH_MAX 32	/* of requires within requires */

/* Registry: modules by name; the ones being loaded (at i a name, at -i the thread that loads it); what takes them off when a load ends, well or not. */
static const char loaded_key, stack_key, guard_key;

static const struct box_file *archive_find(const struct task *t, const char *path, size_t len)
{
	for (size_t i = 0; t && i < t->request.n_files; i++) {
		const struct box_text *p = &t->request.files[i].path;
		if (p->len == len && memcmp(p->text, path, len) == 0)
			return &t->request.files[i];
	}
	return NULL;
}

int modules_load(lua_State *L, const char *path, size_t len)
{
	const struct box_file *f = archive_find(task_of(L), path, len);
	if (!f) {
		lua_pushfstring(L, "the archive has no file %s", path);
		return LUA_ERRERR;
	}
	lua_pushfstring(L, "@%s", path);
	int status = luaL_loadbufferx(L, f->bytes.text, f->bytes.len, lua_tostring(L, -1), "t");
	lua_remove(L, -2);
	return status;
}

/* Pushes the loader of a module, or returns false. */
static bool archive_loader(lua_State *L, const char *name)
{
	const char *stem = luaL_gsub(L, name, ".", "/"), *path = lua_pushfstring(L, "%s.lua", stem);
	size_t len = strlen(path);
	bool found = archive_find(task_of(L), path, len) != NULL;
	if (found && modules_load(L, path, len) != LUA_OK)
		lua_error(L);	/* a syntax error has its file and line */
	if (found)
		lua_replace(L, -3);
	lua_pop(L, found ? 1 : 2);
	return found;
}

/* The library of policies is for the state that is made with it, before there is a task; a policy has nothing else of the library.
 * That of tests is for test.lua alone, in its own kind of box. */
static bool library_offers(const struct task *t, const char *name)
{
	if (!t)
		return true;
	if (t->request.kind == BOX_KIND_APP && strncmp(name, "test", 4) == 0)
		return false;
	return t->request.kind != BOX_KIND_POLICY && strncmp(name, "policy", 6) != 0;
}

/* What runs in a test's box is a file test.lua, and means the library when it says "test". */
static bool name_is_reserved(const struct task *t, const char *name)
{
	return t && t->request.kind == BOX_KIND_TEST && strcmp(name, "test") == 0;
}

static bool library_loader(lua_State *L, const char *name)
{
	if (!library_offers(task_of(L), name))
		return false;
	for (const struct host_module *m = host_modules; m->name; m++)
		if (strcmp(m->name, name) == 0) {
			lua_pushcfunction(L, m->open);
			return true;
		}
	for (const struct lualib_file *f = lualib_files; f->name; f++)
		if (strcmp(f->name, name) == 0) {
			lua_pushfstring(L, "=%s", name);
			if (luaL_loadbufferx(L, f->start, (size_t)(f->end - f->start), lua_tostring(L, -1), "t") != LUA_OK)
				lua_error(L);
			lua_remove(L, -2);
			return true;
		}
	return false;
}

/* "a → b → a", for the message about a cycle. */
static int cycle_error(lua_State *L, int stack, const char *name)
{
	luaL_Buffer b;
	lua_Integer n = (lua_Integer)lua_rawlen(L, stack);
	luaL_buffinit(L, &b);
	for (lua_Integer i = 1; i <= n; i++) {
		lua_rawgeti(L, stack, i);
		luaL_addvalue(&b);
		luaL_addstring(&b, " -> ");
	}
	luaL_addstring(&b, name);
	luaL_pushresult(&b);
	return luaL_error(L, "module '%s' requires itself: %s", name, lua_tostring(L, -1));
}

static lua_State *loading_thread(lua_State *L, int stack, lua_Integer i)
{
	lua_rawgeti(L, stack, -i);
	lua_State *thread = lua_tothread(L, -1);
	lua_pop(L, 1);
	return thread;
}

static void loading_set(lua_State *L, int stack, lua_Integer i, int name)
{
	(void)lua_pushthread(L);
	lua_rawseti(L, stack, -i);
	lua_pushvalue(L, name);
	lua_rawseti(L, stack, i);
}

static void loading_drop(lua_State *L, int stack, lua_Integer from)
{
	for (lua_Integer i = (lua_Integer)lua_rawlen(L, stack); i >= from; i--) {
		lua_pushnil(L);
		lua_rawseti(L, stack, i);
		lua_pushnil(L);
		lua_rawseti(L, stack, -i);
	}
}

/* How many are being loaded. A coroutine that died in a require closes its guard only when it is closed itself, late or never. */
static lua_Integer loading_count(lua_State *L, int stack)
{
	lua_Integer n = (lua_Integer)lua_rawlen(L, stack);
	while (n > 0 && lua_status(loading_thread(L, stack, n)) != LUA_OK)
		loading_drop(L, stack, n--);
	return n;
}

/* Of the thread that runs it: what stands above its last module was begun by threads that died. */
static int load_ended(lua_State *L)
{
	lua_settop(L, 0);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &stack_key);
	for (lua_Integer i = (lua_Integer)lua_rawlen(L, 1); i > 0; i--)
		if (loading_thread(L, 1, i) == L) {
			loading_drop(L, 1, i);
			break;
		}
	return 0;
}

static int modules_require(lua_State *L)
{
	size_t len;
	const char *name = luaL_checklstring(L, 1, &len);
	luaL_argcheck(L, strlen(name) == len, 1, "is no module: its name holds a zero byte");
	lua_settop(L, 1);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &loaded_key);
	if (lua_getfield(L, 2, name) != LUA_TNIL)
		return 1;
	lua_pop(L, 1);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &stack_key);
	lua_Integer depth = loading_count(L, 3);
	for (lua_Integer i = 1; i <= depth; i++) {
		lua_rawgeti(L, 3, i);
		if (strcmp(lua_tostring(L, -1), name) == 0)
			return cycle_error(L, 3, name);
		lua_pop(L, 1);
	}
	if (depth >= DEPTH_MAX)
		return luaL_error(L, "modules require each other more than %d deep", DEPTH_MAX);
	loading_set(L, 3, depth + 1, 1);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &guard_key);
	lua_toclose(L, 4);
	if (!(name_is_reserved(task_of(L), name) && library_loader(L, name)) && !archive_loader(L, name) && !library_loader(L, name))
		return luaL_error(L, "module '%s' not found: neither in the archive nor in the library", name);
	lua_pushvalue(L, 1);
	lua_call(L, 1, 1);	/* not protected: a traceback shall show the module's frames */
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		lua_pushboolean(L, 1);
	}
	lua_pushvalue(L, -1);
	lua_setfield(L, 2, name);
	return 1;
}

void modules_offer(lua_State *L)
{
	lua_rawsetp(L, LUA_REGISTRYINDEX, &loaded_key);
}

void modules_open(lua_State *L)
{
	static const char *const own[] = { "_G", "coroutine", "table", "string", "math", "utf8" };
	lua_newtable(L);
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
		lua_getglobal(L, own[i]);
		lua_setfield(L, -2, own[i]);
	}
	lua_rawsetp(L, LUA_REGISTRYINDEX, &loaded_key);
	lua_newtable(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &stack_key);
	lua_newtable(L);
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, load_ended);
	lua_setfield(L, -2, "__close");
	lua_setmetatable(L, -2);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &guard_key);
	lua_register(L, "require", modules_require);
}
