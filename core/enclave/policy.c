/* The environment of policies. Lua's own libraries are there for lua/policy*.lua alone: the files of a policy see the globals that these make, strings have the
 * methods that these name, and require knows the module "policy" and the archive's files. All of it is made by the zygote, before there is a question.
 */
#include "enclave/policy.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "base/place.h"
#include "base/purpose.h"
#include "base/text.h"
#include "enclave/host.h"
#include "enclave/lua_json.h"
#include "enclave/seal.h"
#include "seal/identity.h"

#define ID_BYTES 20	/* of an id of the book (FORMATS 2) */
#define H1_BYTES 32

static const char decide_key;	/* registry: function(entry, question) → text */

static int host_includes(lua_State *L)
{
	lua_pushboolean(L, purpose_includes(luaL_checkstring(L, 1), luaL_checkstring(L, 2)));
	return 1;
}

static int h1_check(const char *text, struct err *e)
{
	uint8_t hash[H1_BYTES];
	if (strncmp(text, "h1:", 3) == 0 && strlen(text + 3) == BASE64_LEN(sizeof hash) &&
		base64_decode(hash, sizeof hash, text + 3, BASE64_LEN(sizeof hash)) == (ptrdiff_t)sizeof hash)
		return 0;
	return err_set(e, ERR_INVALID, "is no hash h1:…");
}

static int id_check(const char *text, const char *prefix, const char *what, struct err *e)
{
	uint8_t id[ID_BYTES];
	size_t n = strlen(prefix);
	if (strncmp(text, prefix, n) != 0 || text[n] != '1')
		return err_set(e, ERR_INVALID, "%s", what);
	return bech32_decode(id, sizeof id, prefix, text, e) < 0 ? err_set(e, ERR_INVALID, "is mistyped or incomplete") : 0;
}

static int app_check(const char *text, struct err *e)
{
	return id_check(text, "app", "is neither the hash (h1:…) nor the id (app1…) of an iApp", e);
}

static int word_check(const char *text, struct err *e)
{
	return purpose_check(text, NULL) < 0 ? err_set(e, ERR_INVALID, "is no purpose such as DUO:0000006 or research/cancer") : 0;
}

static int pool_check(const char *text, struct err *e)
{
	return id_check(text, "pool", "is no id of a pool (pool1…)", e);
}

static int identity_check(const char *text, struct err *e)
{
	uint8_t key[32];
	return identity_parse(key, text, NULL) < 0 ? err_set(e, ERR_INVALID, "is no identity (enclua1…)") : 0;
}

static int place_check(const char *text, struct err *e)
{
	return place_valid(text) ? 0 : err_set(e, ERR_INVALID, "is no place such as " PLACE_SHAPE);
}

static const struct { const char *kind; int (*check)(const char *text, struct err *e); } checks[] = {
	{ "app", app_check }, { "egress", place_check }, { "h1", h1_check }, { "identity", identity_check }, { "pool", pool_check },
	{ "purpose", word_check },
};

/* nil, or what is wrong. The row is an upvalue. */
static int host_check(lua_State *L)
{
	size_t len;
	struct err e = { .code = ERR_NONE };
	const char *text = luaL_checklstring(L, 1, &len);
	lua_Integer row = lua_tointeger(L, lua_upvalueindex(1));
	if (strlen(text) != len)
		lua_pushliteral(L, "holds a zero byte");
	else if (checks[row].check(text, &e) < 0)
		lua_pushstring(L, e.msg);
	else
		lua_pushnil(L);
	return 1;
}

static int host_decode(lua_State *L)
{
	size_t len;
	const char *text = luaL_checklstring(L, 1, &len);
	lua_settop(L, 1);
	lua_json_decode(L, text, len);
	return 1;
}

static int host_quote(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TSTRING);
	lua_json_push(L, 1, NULL);
	return 1;
}

/* What may be shown as it is, a blank for each control character, and a question mark for each that is hidden or broken. */
static int host_plain(lua_State *L)
{
	size_t n, plain, len = 0;
	const char *text = luaL_checklstring(L, 1, &n);
	luaL_Buffer b;
	luaL_buffinit(L, &b);
	for (; n; text += plain + len, n -= plain + len) {
		plain = text_plain(text, n);
		luaL_addlstring(&b, text, plain);
		if (plain == n)
			break;
		len = utf8_next(text + plain, n - plain, NULL);
		len += len == 0;
		luaL_addchar(&b, len == 1 && (unsigned char)text[plain] < 0x80 ? ' ' : '?');
	}
	luaL_pushresult(&b);
	return 1;
}

static void host_push(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "includes", host_includes }, { "decode", host_decode }, { "plain", host_plain }, { "quote", host_quote }, { NULL, NULL }
	};
	luaL_newlib(L, functions);
	lua_createtable(L, 0, (int)(sizeof checks / sizeof checks[0]));
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		lua_pushinteger(L, (lua_Integer)i);
		lua_pushcclosure(L, host_check, 1);
		lua_setfield(L, -2, checks[i].kind);
	}
	lua_setfield(L, -2, "checks");
	lua_getglobal(L, "require");
	lua_setfield(L, -2, "require");
}

static void libraries_open(lua_State *L)
{
	static const luaL_Reg libraries[] = {
		{ LUA_GNAME, luaopen_base }, { LUA_TABLIBNAME, luaopen_table }, { LUA_STRLIBNAME, luaopen_string }, { LUA_MATHLIBNAME, luaopen_math },
		{ LUA_UTF8LIBNAME, luaopen_utf8 }
	};
	for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
		luaL_requiref(L, libraries[i].name, libraries[i].func, 1);
		lua_pop(L, 1);
	}
}

/* Strings lose what Lua gave them: patterns, rep, format, dump, and arithmetic, which would make floats of them. */
static void strings_change(lua_State *L, int library)
{
	lua_pushliteral(L, "");
	lua_createtable(L, 0, 2);
	lua_getfield(L, library, "methods");
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_pop(L, 1);
}

/* From here on, what is loaded sees the environment of policies. */
static int setup(lua_State *L)
{
	libraries_open(L);
	lua_json_setup(L);
	modules_open(L);
	lua_newtable(L);
	host_push(L);
	lua_setfield(L, -2, "policy_host");
	modules_offer(L);
	lua_getglobal(L, "require");
	lua_pushliteral(L, "policy");
	lua_call(L, 1, 1);
	int library = lua_gettop(L);
	strings_change(L, library);
	lua_newtable(L);
	lua_getfield(L, library, "module");
	lua_setfield(L, -2, "policy");
	modules_offer(L);
	lua_getfield(L, library, "decide");
	lua_rawsetp(L, LUA_REGISTRYINDEX, &decide_key);
	lua_getfield(L, library, "environment");
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
	return 0;
}

lua_State *policy_new(struct luamem *m)
{
	return host_new_of(m, setup);
}

static int entry_run(lua_State *L)
{
	const struct box_text *entry = &task_of(L)->request.entry;
	lua_settop(L, 0);
	lua_pushlstring(L, entry->text, entry->len);
	if (modules_load(L, lua_tostring(L, 1), entry->len) != LUA_OK)
		return lua_error(L);
	lua_call(L, 0, 1);
	return 1;
}

static int decide(lua_State *L)
{
	const struct box_text *question = &task_of(L)->request.args[0].value;
	lua_rawgetp(L, LUA_REGISTRYINDEX, &decide_key);
	lua_pushcfunction(L, entry_run);
	lua_pushlstring(L, question->text, question->len);
	lua_call(L, 2, 1);
	return 1;
}

static void memory_exhausted(void *ctx)
{
	task_limit(ctx, BOX_LIMIT_MEMORY);
}

_Noreturn void policy_main(struct task *t)
{
	lua_State *L = t->L;
	size_t len = 0;
	*(struct task **)lua_getextraspace(L) = t;
	luamem_limit(t->memory, t->request.memory, memory_exhausted, t);
	lua_pushcfunction(L, decide);
	int status = lua_pcall(L, 0, 1, 0);
	const char *answer = status == LUA_OK ? lua_tolstring(L, -1, &len) : NULL;
	if (status == LUA_ERRMEM)
		task_limit(t, BOX_LIMIT_MEMORY);
	if (!answer)
		end_without_result(t, BOX_FAILED, BOX_LIMIT_NONE);
	if (len > t->request.output)
		task_limit(t, BOX_LIMIT_OUTPUT);
	answer_and_end(t, answer, len);
}
