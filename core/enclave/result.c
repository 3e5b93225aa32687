/* task.result. Paths are checked when a file is opened, bytes are counted when they are written: a script that passes its limit ends in
 * that very call.
 */
#include "enclave/result.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/ustar.h"
#include "enclave/lua_json.h"
#include "enclave/task.h"

#define WRITER "result file"

/* As the launcher reckons what a result of this limit may take (box/frames.c): a limit buys one file for each 256 bytes, and 64 anyway. */
#define FILES_FREE 64u
#define BYTES_PER_FILE 256u

struct writer { struct result_file *file; };

static void spend(struct task *t, uint64_t n)
{
	struct result *r = &t->result;
	if (n > r->limit - r->spent)
		task_limit(t, BOX_LIMIT_OUTPUT);
	r->spent += n;
}

static bool is_below(const char *folder, size_t n, const char *path)
{
	return strncmp(folder, path, n) == 0 && path[n] == '/';
}

/* Why a path cannot be taken, or NULL. */
static const char *path_conflict(const struct result *r, const char *path, size_t len)
{
	static const char *const reserved[] = { "result.json", "log.txt", "result.age", "task.receipt" };
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (strcmp(path, reserved[i]) == 0 || is_below(reserved[i], strlen(reserved[i]), path))
			return "is written by the box itself";
	for (size_t i = 0; i < r->n; i++) {
		const char *other = r->files[i]->path;
		if (strcmp(path, other) == 0)
			return "was written before; use task.result:open to write a file in pieces";
		if (is_below(path, len, other) || is_below(other, strlen(other), path))
			return "would be a file and a folder";
	}
	return NULL;
}

static struct result_file *file_open(lua_State *L, int arg)
{
	struct task *t = task_of(L);
	struct result *r = &t->result;
	struct err e = { .code = ERR_NONE };
	size_t len;
	const char *path = luaL_checklstring(L, arg, &len);
	if (ustar_path_check(path, len, &e) < 0)
		luaL_error(L, "%s", e.msg);
	const char *why = path_conflict(r, path, len);
	if (why)
		luaL_error(L, "the result file \"%s\" %s", path, why);
	if (r->n >= LIMIT_BOX_RESULT_FILES || r->n >= FILES_FREE + r->limit / BYTES_PER_FILE)
		task_limit(t, BOX_LIMIT_OUTPUT);
	if (r->n == r->cap) {
		size_t cap = r->cap ? 2 * r->cap : 8;
		struct result_file **files = realloc(r->files, cap * sizeof *files);
		if (!files)
			task_limit(t, BOX_LIMIT_MEMORY);
		r->files = files;
		r->cap = cap;
	}
	struct result_file *f = calloc(1, sizeof *f);
	if (!f)
		task_limit(t, BOX_LIMIT_MEMORY);
	memcpy(f->path, path, len);
	f->open = true;
	sha256_init(&f->hash);
	r->files[r->n++] = f;
	return f;
}

static void file_add(struct task *t, struct result_file *f, const void *bytes, size_t n)
{
	spend(t, n);
	if (pile_add(&f->bytes, bytes, n) < 0)
		task_limit(t, BOX_LIMIT_MEMORY);
	sha256_add(&f->hash, bytes, n);
	t->result.file_bytes += n;
}

static void file_close(struct result_file *f)
{
	if (f->open)
		sha256_end(&f->hash, f->sha256);
	f->open = false;
}

static void file_write(lua_State *L, int path, const char *bytes, size_t n)
{
	struct result_file *f = file_open(L, path);
	file_add(task_of(L), f, bytes, n);
	file_close(f);
}

static int result_write(lua_State *L)
{
	size_t n;
	const char *bytes = luaL_checklstring(L, 3, &n);
	file_write(L, 2, bytes, n);
	return 0;
}

static int result_json(lua_State *L)
{
	luaL_checkany(L, 3);
	lua_settop(L, 3);
	lua_json_push(L, 3, "  ");
	lua_pushliteral(L, "\n");
	lua_concat(L, 2);
	size_t n;
	const char *bytes = lua_tolstring(L, -1, &n);
	file_write(L, 2, bytes, n);
	return 0;
}

static int result_open(lua_State *L)
{
	struct writer *w = lua_newuserdatauv(L, sizeof *w, 0);
	w->file = file_open(L, 2);
	luaL_setmetatable(L, WRITER);
	return 1;
}

static int result_callback(lua_State *L)
{
	struct task *t = task_of(L);
	size_t n;
	const char *bytes = luaL_checklstring(L, 2, &n);
	if (t->result.has_callback)
		return luaL_error(L, "the callback was set before");
	if (t->request.callback && (n == 0 || n > LIMIT_CALLBACK_BYTES))
		return luaL_error(L, "a callback that is asked for has 1 to %d bytes: it goes into the book", (int)LIMIT_CALLBACK_BYTES);
	spend(t, BASE64_LEN((uint64_t)n));
	if (pile_add(&t->result.callback, bytes, n) < 0)
		task_limit(t, BOX_LIMIT_MEMORY);
	sha256(t->result.callback_sha256, bytes, n);
	t->result.has_callback = true;
	return 0;
}

static int result_volatile(lua_State *L)
{
	struct result *r = &task_of(L)->result;
	size_t len;
	const char *path = luaL_checklstring(L, 2, &len);
	luaL_argcheck(L, strlen(path) == len, 2, "holds a zero byte");
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->files[i]->path, path) == 0) {
			r->files[i]->is_volatile = true;
			return 0;
		}
	return luaL_error(L, "there is no result file \"%s\" yet: write it first, then mark it", path);
}

static struct result_file *writer_check(lua_State *L)
{
	struct writer *w = luaL_checkudata(L, 1, WRITER);
	if (!w->file->open)
		luaL_error(L, "the result file \"%s\" is closed", w->file->path);
	return w->file;
}

static int writer_write(lua_State *L)
{
	struct result_file *f = writer_check(L);
	int top = lua_gettop(L);
	for (int i = 2; i <= top; i++) {
		size_t n;
		const char *bytes = luaL_checklstring(L, i, &n);
		file_add(task_of(L), f, bytes, n);
	}
	lua_settop(L, 1);
	return 1;
}

static int writer_close(lua_State *L)
{
	file_close(((struct writer *)luaL_checkudata(L, 1, WRITER))->file);
	return 0;
}

void result_push(lua_State *L)
{
	static const luaL_Reg writer[] = { { "write", writer_write }, { "close", writer_close }, { "__close", writer_close }, { NULL, NULL } };
	static const luaL_Reg methods[] = {
		{ "write", result_write }, { "open", result_open }, { "json", result_json }, { "callback", result_callback },
		{ "volatile", result_volatile }, { NULL, NULL }
	};
	if (luaL_newmetatable(L, WRITER)) {
		luaL_setfuncs(L, writer, 0);
		lua_pushvalue(L, -1);
		lua_setfield(L, -2, "__index");
		lua_pushboolean(L, 0);
		lua_setfield(L, -2, "__metatable");
	}
	lua_pop(L, 1);
	luaL_newlib(L, methods);
}

static int by_path(const void *a, const void *b)
{
	return strcmp((*(struct result_file *const *)a)->path, (*(struct result_file *const *)b)->path);
}

void result_finish(struct result *r)
{
	for (size_t i = 0; i < r->n; i++)
		file_close(r->files[i]);
	if (r->n)
		qsort(r->files, r->n, sizeof *r->files, by_path);
}

/* Counted even where the owners allow no log: a limit must not tell whether they do. */
void log_add(lua_State *L, const char *text, size_t n)
{
	struct task *t = task_of(L);
	spend(t, n);
	t->result.log_bytes += n;
	if (t->request.logs && pile_add(&t->result.log, text, n) < 0)
		task_limit(t, BOX_LIMIT_MEMORY);
}

int log_print(lua_State *L)
{
	int n = lua_gettop(L);
	for (int i = 1; i <= n; i++) {
		size_t len;
		const char *text = luaL_tolstring(L, i, &len);
		if (i > 1)
			log_add(L, "\t", 1);
		log_add(L, text, len);
		lua_pop(L, 1);
	}
	log_add(L, "\n", 1);
	return 0;
}
