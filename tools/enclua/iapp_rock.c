/* The folder of a rock: its rockspec names the modules and the licence; without one, its Lua files are what they lie as. A rockspec is read, never run. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/os.h"
#include "iapp_vendor.h"
#include "lua_words.h"

#define DEPTH 8	/* of folders in a rock */

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);
	return n > k && strcmp(name + n - k, end) == 0;
}

static int refuse_c(const char *what, struct err *e)
{
	err_set(e, ERR_INVALID, "the rock has C in it (%s): a box loads Lua sources and nothing else", what);
	return err_hint(e, "look for one in pure Lua, or give its .lua file alone");
}

static void text_keep(char *out, size_t size, const struct lua_word *w)
{
	(void)snprintf(out, size, "%.*s", (int)(w->len < size ? w->len : size - 1), w->text);
}

/* { ["a.b"] = "src/a/b.lua", c = "c.lua" }: s stands behind the brace. */
static int modules_take(struct vendor *v, const char *dir, struct lua_source *s, struct err *e)
{
	struct lua_word w = lua_next(s), key = { .kind = LUA_WORD_END };
	for (; w.kind != LUA_WORD_END && !lua_is(&w, "}"); w = lua_next(s)) {
		char name[VENDOR_NAME], value[256], path[PATH_MAX];
		if (lua_is(&w, "[") || lua_is(&w, "]") || lua_is(&w, ",") || lua_is(&w, ";"))
			continue;
		if (!lua_is(&w, "=")) {
			key = w;
			continue;
		}
		text_keep(name, sizeof name, &key);
		w = lua_next(s);
		text_keep(value, sizeof value, &w);
		if (w.kind != LUA_WORD_STRING || !ends_with(value, ".lua"))
			return refuse_c(w.kind == LUA_WORD_STRING ? value : name, e);
		if (value[0] == '/' || strstr(value, ".."))
			return err_set(e, ERR_INVALID, "the rockspec names a file outside the rock: %s", value);
		(void)snprintf(path, sizeof path, "%s/%s", dir, value);
		if (vendor_module_add(v, name, path, e) < 0)
			return err_wrap(e, "module %s of the rockspec", name);
	}
	return 0;
}

static int rockspec_take(struct vendor *v, const char *dir, const char *name, struct err *e)
{
	const struct { const char *key; char *out; size_t size; } texts[] = {
		{ "package", v->package, sizeof v->package }, { "version", v->version, sizeof v->version }, { "license", v->license, sizeof v->license },
	};
	char path[PATH_MAX];
	struct buf text = BUF_INIT(KIB(256));
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	int r = os_file_read(path, &text, e);
	struct lua_source s = lua_source(buf_text(&text), text.len);
	struct lua_word two = { .kind = LUA_WORD_END }, one = two, w = r == 0 ? lua_next(&s) : two;
	for (; r == 0 && w.kind != LUA_WORD_END; two = one, one = w, w = lua_next(&s)) {
		for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
			if (w.kind == LUA_WORD_STRING && lua_is(&one, "=") && lua_is(&two, texts[i].key))
				text_keep(texts[i].out, texts[i].size, &w);
		if (lua_is(&w, "{") && lua_is(&one, "=") && lua_is(&two, "modules"))
			r = modules_take(v, dir, &s, e);
	}
	buf_done(&text);
	return r;
}

/* "src/a/init.lua" is the module a. */
static int file_add(struct vendor *v, const char *dir, const char *below, struct err *e)
{
	static const char *const roots[] = { "src/", "lua/", "lib/" };
	char name[PATH_MAX], path[PATH_MAX];
	for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
		if (strncmp(below, roots[i], strlen(roots[i])) == 0 && (below += strlen(roots[i])))
			break;
	(void)snprintf(name, sizeof name, "%.*s", (int)(strlen(below) - 4), below);
	if (ends_with(name, "/init"))
		name[strlen(name) - 5] = '\0';
	for (char *p = name; *p; p++)
		*p = *p == '/' ? '.' : *p;
	(void)snprintf(path, sizeof path, "%s", dir);
	return vendor_module_add(v, name, path, e);
}

static int tree_take(struct vendor *v, const char *root, const char *below, int depth, struct err *e);

// NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH
static int entry_take(struct vendor *v, const char *root, const char *below, const char *name, int depth, bool lua, struct err *e)
{
	static const char *const code[] = { ".c", ".h", ".cc", ".cpp", ".so", ".dll", ".o", ".a" };
	static const char *const apart[] = { "spec", "test", "tests", "example", "examples", "doc", "docs", "bench" };
	char inner[PATH_MAX], path[PATH_MAX];
	struct stat st;
	int n = snprintf(inner, sizeof inner, "%s%s%s", below, below[0] ? "/" : "", name), k = snprintf(path, sizeof path, "%s/%s", root, inner);
	if (n < 0 || (size_t)n >= sizeof inner || k < 0 || (size_t)k >= sizeof path || lstat(path, &st) < 0)
		return 0;
	for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
		if (S_ISDIR(st.st_mode) && strcmp(name, apart[i]) == 0)
			return 0;
	for (size_t i = 0; i < sizeof code / sizeof *code; i++)
		if (S_ISREG(st.st_mode) && ends_with(name, code[i]))
			return refuse_c(inner, e);
	if (S_ISDIR(st.st_mode))
		return depth < DEPTH ? tree_take(v, root, inner, depth + 1, e) : 0;
	return lua && S_ISREG(st.st_mode) && ends_with(name, ".lua") ? file_add(v, path, inner, e) : 0;
}

/* Everything below; C is refused wherever it is, Lua is taken when no rockspec has named it. */
// NOLINTNEXTLINE(misc-no-recursion): no deeper than DEPTH
static int tree_take(struct vendor *v, const char *root, const char *below, int depth, struct err *e)
{
	char path[PATH_MAX];
	bool lua = v->version[0] == '\0';
	(void)snprintf(path, sizeof path, "%s%s%s", root, below[0] ? "/" : "", below);
	DIR *d = opendir(path);
	struct dirent *f;
	int r = 0, more = 0;
	if (!d)
		return err_sys(e, errno, "cannot read the folder %s", path);
	while (r == 0 && (more = os_dir_next(d, &f)) > 0)
		if (f->d_name[0] != '.')
			r = entry_take(v, root, below, f->d_name, depth, lua, e);
	if (r == 0 && more < 0)
		r = err_sys(e, errno, "cannot read the folder %s", path);
	closedir(d);
	return r;
}

int vendor_rock(struct vendor *v, const char *dir, struct err *e)
{
	char spec[256] = "";
	DIR *d = opendir(dir);
	for (const struct dirent *f; d && (f = readdir(d));)
		if (ends_with(f->d_name, ".rockspec") && strcmp(f->d_name, spec) > 0)	/* of several, the last */
			(void)snprintf(spec, sizeof spec, "%s", f->d_name);
	if (d)
		closedir(d);
	if (spec[0] && rockspec_take(v, dir, spec, e) < 0)
		return -1;
	if (tree_take(v, dir, "", 0, e) < 0)
		return -1;
	return v->n ? 0 : err_set(e, ERR_NOT_FOUND, "there is no Lua in %s that could be a module", v->package);
}
