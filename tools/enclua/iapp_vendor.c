/* Modules of others: read, held against what a box has, and made to find one another in lib/. See iapp_vendor.h. */
#include "iapp_vendor.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/os.h"
#include "iapp_template.h"
#include "lua_words.h"

/* Globals of other Luas that no box has. */
static const char *const absent[] = {
	"io", "os", "debug", "package", "dofile", "loadfile", "collectgarbage", "warn", "arg", "jit", "bit", "bit32", "ffi", "unpack", "setfenv", "getfenv",
	"loadstring", "module", "newproxy", "ngx",
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

static bool name_fits(const char *name)
{
	size_t n = strlen(name);
	return n > 0 && n < VENDOR_NAME && name[0] != '.' && name[n - 1] != '.' && !strstr(name, "..") &&
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") == n;
}

int vendor_module_add(struct vendor *v, const char *name, const char *file, struct err *e)
{
	if (v->n == VENDOR_MODULES)
		return err_set(e, ERR_LIMIT, "more than %u modules", VENDOR_MODULES);
	if (!name_fits(name)) {
		err_set(e, ERR_INVALID, "\"%s\" cannot be the name of a module: letters, digits, _ and dots between them", name);
		return err_hint(e, "of one file: --name MODULE");
	}
	if (!v->modules && !(v->modules = calloc(VENDOR_MODULES, sizeof *v->modules)))
		return err_set(e, ERR_LIMIT, "out of memory");
	struct vendor_module *m = &v->modules[v->n++];
	(void)snprintf(m->name, sizeof m->name, "%s", name);
	(void)snprintf(m->from, sizeof m->from, "%s", file);
	m->text = (struct buf)BUF_INIT(VENDOR_FILE_BYTES);
	if (os_file_read(file, &m->text, e) < 0)
		return -1;
	const char *text = buf_text(&m->text);
	if (m->text.len && (text[0] == '\x1b' || memchr(text, '\0', m->text.len)))
		return err_set(e, ERR_INVALID, "%s is no Lua source: compiled Lua can break out of its checks, and no box loads it", base_name(file));
	return 0;
}

void vendor_done(struct vendor *v)
{
	for (size_t i = 0; i < v->n; i++)
		buf_done(&v->modules[i].text);
	free(v->modules);
	buf_done(&v->license_text);
	buf_done(&v->missing);
}

static bool has_word(const char *name, const char *word)
{
	for (size_t n = strlen(word); *name; name++)
		if (strncasecmp(name, word, n) == 0)
			return true;
	return false;
}

/* The licence beside the modules of this folder, if there is one. */
static int license_take(struct vendor *v, const char *dir, struct err *e)
{
	static const char *const words[] = { "licen", "copying" };	/* LICENSE, LICENCE.md, MIT-LICENSE.txt, UNLICENSE, COPYING */
	char best[256] = "";
	DIR *d = opendir(dir);
	struct dirent *f;
	int more = 0;
	if (!d)
		return err_sys(e, errno, "cannot read the folder %s", dir);
	while ((more = os_dir_next(d, &f)) > 0)
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			if (has_word(f->d_name, words[i]) && strlen(f->d_name) < sizeof best && (f->d_type == DT_REG || f->d_type == DT_UNKNOWN) &&
			    strcmp(f->d_name, "LICENSES.md") != 0 && (!best[0] || strcmp(f->d_name, best) < 0))
				(void)snprintf(best, sizeof best, "%s", f->d_name);
	if (more < 0)
		err_sys(e, errno, "cannot read the folder %s", dir);
	closedir(d);
	if (more < 0)
		return -1;
	if (!best[0])
		return 0;
	char path[PATH_MAX];
	(void)snprintf(path, sizeof path, "%s/%s", dir, best);
	(void)snprintf(v->license_from, sizeof v->license_from, "%s", best);
	buf_clear(&v->license_text);
	return os_file_read(path, &v->license_text, e);
}

/* Many a module of one file has its licence in the comment that it begins with. */
static int license_of_header(struct vendor *v, struct err *e)
{
	const struct buf *text = &v->modules[0].text;
	size_t n = (size_t)(lua_comment(buf_text(text), text->len) - buf_text(text));
	struct buf comment = BUF_INIT(VENDOR_FILE_BYTES);
	int r = buf_add(&comment, text->data, n, e);
	if (r == 0 && (has_word(buf_text(&comment), "licen") || has_word(buf_text(&comment), "permission is hereby granted"))) {
		(void)snprintf(v->license_from, sizeof v->license_from, "the head of %s.lua", v->modules[0].name);
		r = buf_add(&v->license_text, comment.data, comment.len, e);
	}
	buf_done(&comment);
	return r;
}

static int file_read(struct vendor *v, const char *path, const char *name, struct err *e)
{
	char module[VENDOR_NAME], dir[PATH_MAX];
	const char *base = base_name(path), *dot = strrchr(base, '.');
	if (!dot || strcmp(dot, ".lua") != 0 || (size_t)(dot - base) >= sizeof module) {
		err_set(e, ERR_INVALID, "%s is no Lua source; an archive of a rock has to be unpacked first", base);
		return err_hint(e, "give a .lua file, or the folder of a rock");
	}
	(void)snprintf(module, sizeof module, "%.*s", (int)(dot - base), base);
	(void)snprintf(v->package, sizeof v->package, "%s", name ? name : module);
	(void)snprintf(dir, sizeof dir, "%.*s", base == path ? 1 : (int)(base - path), base == path ? "." : path);
	if (vendor_module_add(v, name ? name : module, path, e) < 0 || license_of_header(v, e) < 0)
		return -1;
	return v->license_text.len ? 0 : license_take(v, dir, e);
}

static int module_order(const void *a, const void *b)
{
	return strcmp(((const struct vendor_module *)a)->name, ((const struct vendor_module *)b)->name);
}

int vendor_read(struct vendor *v, const char *path, const char *name, struct err *e)
{
	struct stat st;
	char whole[PATH_MAX];
	*v = (struct vendor){ .license_text = BUF_INIT(KIB(256)), .missing = BUF_INIT(KIB(256)) };
	if (!realpath(path, whole) || stat(whole, &st) < 0) {
		err_sys(e, errno, "cannot read %s", path);
		e->code = errno == ENOENT ? ERR_NOT_FOUND : e->code;
		return -1;
	}
	if (!S_ISDIR(st.st_mode))
		return file_read(v, whole, name, e);
	if (name)
		return err_set(e, ERR_USAGE, "--name is for one file; a rock has its names");
	(void)snprintf(v->package, sizeof v->package, "%.*s", (int)sizeof v->package - 1, base_name(whole));
	if (vendor_rock(v, whole, e) < 0)
		return -1;
	qsort(v->modules, v->n, sizeof *v->modules, module_order);
	return license_take(v, whole, e);
}

static bool is_own(const struct vendor *v, const struct lua_word *w)
{
	for (size_t i = 0; i < v->n; i++)
		if (strlen(v->modules[i].name) == w->len && memcmp(v->modules[i].name, w->text, w->len) == 0)
			return true;
	return false;
}

static int missing_add(struct vendor *v, const struct vendor_module *m, const struct lua_word *w, const char *before, const char *after, struct err *e)
{
	return buf_addf(&v->missing, e, "%s:%u: %s%.*s%s\n", base_name(m->from), w->line, before, (int)w->len, w->text, after);
}

#define N_ABSENT (sizeof absent / sizeof *absent)

static int absent_find(const struct lua_word *w)
{
	for (size_t i = 0; w->kind == LUA_WORD_NAME && i < N_ABSENT; i++)
		if (lua_is(w, absent[i]))
			return (int)i;
	return -1;
}

/* Names that the source uses for things of its own: lines of `local module`, 0 for parameters; -1: it does not. */
static void locals_find(const struct vendor_module *m, int lines[N_ABSENT])
{
	struct lua_source s = lua_source(buf_text(&m->text), m->text.len);
	bool names = false, parameters = false;
	for (size_t i = 0; i < N_ABSENT; i++)
		lines[i] = -1;
	for (struct lua_word w = lua_next(&s); w.kind != LUA_WORD_END; w = lua_next(&s)) {
		int i = absent_find(&w);
		if (i >= 0 && (names || parameters))
			lines[i] = names ? (int)w.line : 0;
		parameters = lua_is(&w, "function") || (parameters && !lua_is(&w, ")"));
		names = lua_is(&w, "local") || (names && w.kind == LUA_WORD_NAME && !lua_is(&w, "function")) || (names && lua_is(&w, ","));
	}
}

/* A use of a global: not a field, a key, what is just being made, or what comes after something better (`table.unpack or unpack`). */
static bool is_use(const struct lua_word *before, const struct lua_word *next)
{
	static const char *const makes[] = { ".", ":", "local", "function", "goto", "or" };
	for (size_t i = 0; i < sizeof makes / sizeof *makes; i++)
		if (lua_is(before, makes[i]))
			return false;
	return !lua_is(next, "=");
}

static int module_settle(struct vendor *v, struct vendor_module *m, struct err *e)
{
	struct lua_source s = lua_source(buf_text(&m->text), m->text.len);
	struct buf out = BUF_INIT(VENDOR_FILE_BYTES + KIB(64));
	struct lua_word before = { .kind = LUA_WORD_END }, w = lua_next(&s), next = lua_next(&s);
	const char *copied = buf_text(&m->text);
	int own[N_ABSENT], which;
	bool required = false;	/* the word before this one, or "(" after it, was require */
	int r = 0;
	locals_find(m, own);
	for (; r == 0 && w.kind != LUA_WORD_END; before = w, w = next, next = lua_next(&s)) {
		if (w.kind == LUA_WORD_STRING && required) {
			if (is_own(v, &w)) {
				r = buf_add(&out, copied, (size_t)(w.text - copied), e) < 0 ? -1 : buf_add_text(&out, "lib.", e);
				copied = w.text;
			} else if (!template_module(w.text, w.len)) {
				r = missing_add(v, m, &w, "require \"", "\"", e);
			}
		}
		which = absent_find(&w);
		if (r == 0 && which >= 0 && is_use(&before, &next) && (own[which] < 0 || own[which] == (int)w.line))
			r = missing_add(v, m, &w, "", "", e);
		required = lua_is(&w, "require") || (required && lua_is(&w, "("));
	}
	if (r == 0)
		r = buf_add(&out, copied, m->text.len - (size_t)(copied - buf_text(&m->text)), e);
	buf_done(&m->text);
	m->text = out;
	return r;
}

int vendor_settle(struct vendor *v, struct err *e)
{
	for (size_t i = 0; i < v->n; i++)
		if (module_settle(v, &v->modules[i], e) < 0)
			return -1;
	return 0;
}
