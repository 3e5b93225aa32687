/* Templates of iApps: what each is, and how it becomes files. See iapp_template.h. */
#include "iapp_template.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/os.h"

struct template_file { const char *path, *bytes; size_t len; };
#include "templates.h"

static const char *const names[] = { "hello", "data", "bulk", "files-secrets", "policy", "messaging", "oracle" };

#define X(name) #name,
static const char *const features[] = { TEMPLATE_FEATURES(X) };
#undef X
#define N_FILES (sizeof template_files / sizeof *template_files)

const char *template_feature_name(enum template_feature f)
{
	return f == TEMPLATE_app_secret ? "app-secret" : features[f];
}

static int feature_find(const char *name, size_t len, int end)
{
	for (int f = 0; f < end; f++)
		if (strlen(template_feature_name((enum template_feature)f)) == len && memcmp(template_feature_name((enum template_feature)f), name, len) == 0)
			return f;
	return -1;
}

int template_feature_find(const char *name, size_t len)
{
	return feature_find(name, len, TEMPLATE_ASKED);
}

const char *template_at(size_t i)
{
	return i < sizeof names / sizeof *names ? names[i] : NULL;
}

bool template_composed(const char *name)
{
	return strcmp(name, names[0]) == 0;
}

static const struct template_file *file_find(const char *folder, const char *name)
{
	for (size_t i = 0; i < N_FILES; i++) {
		size_t n = strlen(folder);
		const char *path = template_files[i].path;
		if (strncmp(path, folder, n) == 0 && path[n] == '/' && strcmp(path + n + 1, name) == 0)
			return &template_files[i];
	}
	return NULL;
}

int template_about(const char *name, const char *key, struct buf *out, struct err *e)
{
	const struct template_file *f = file_find(name, "template");
	size_t n = strlen(key);
	for (const char *p = f ? f->bytes : NULL; p && p < f->bytes + f->len;) {
		const char *end = memchr(p, '\n', (size_t)(f->bytes + f->len - p));
		end = end ? end : f->bytes + f->len;
		if ((size_t)(end - p) > n + 2 && memcmp(p, key, n) == 0 && p[n] == ':')
			return buf_add(out, p + n + 2, (size_t)(end - p) - n - 2, e);
		p = end + 1;
	}
	return err_set(e, ERR_NOT_FOUND, "there is no template \"%s\"", name);
}

/* The words after @if: is one of them true? */
static bool condition(const struct template_choice *c, const char *p, const char *end)
{
	while (p < end) {
		bool without = *p == '!';
		p += without;
		size_t n = 0;
		while (p + n < end && p[n] != ' ')
			n++;
		int f = feature_find(p, n, TEMPLATE_FEATURE_COUNT);
		if (f >= 0 && c->with[f] != without)
			return true;
		p += n + (p + n < end);
	}
	return false;
}

static int line_expand(const struct template_choice *c, const char *p, const char *end, struct buf *out, struct err *e)
{
	const struct { const char *name, *value; } values[] = {
		{ "@name@", c->name }, { "@summary@", c->summary }, { "@author@", c->author }, { "@run@", c->run },
	};
	while (p < end) {
		const char *value = NULL;
		size_t taken = 1;
		for (size_t i = 0; !value && i < sizeof values / sizeof *values; i++) {
			size_t n = strlen(values[i].name);
			if ((size_t)(end - p) >= n && memcmp(p, values[i].name, n) == 0) {
				value = values[i].value;
				taken = n;
			}
		}
		if (value ? buf_add_text(out, value, e) < 0 : buf_add(out, p, 1, e) < 0)
			return -1;
		p += taken;
	}
	return 0;
}

/* Line by line; an @if is not inside another one. */
static int expand(const struct template_choice *c, const struct template_file *f, struct buf *out, struct err *e)
{
	bool on = true;
	for (const char *p = f->bytes, *stop = f->bytes + f->len; p < stop;) {
		const char *end = memchr(p, '\n', (size_t)(stop - p));
		end = end ? end : stop - 1;
		const char *word = end - p > 2 && memcmp(p, "--", 2) == 0 ? p + 2 : p;	/* in Lua they are comments */
		if (end - word > 4 && memcmp(word, "@if ", 4) == 0)
			on = condition(c, word + 4, end);
		else if (end - word == 4 && memcmp(word, "@end", 4) == 0)
			on = true;
		else if (on && line_expand(c, p, end + 1, out, e) < 0)
			return -1;
		p = end + 1;
	}
	return 0;
}

/* "args data": the template's own. */
static int features_own(struct template_choice *c, struct err *e)
{
	struct buf list = BUF_INIT(KIB(1));
	int r = template_about(c->of, "with", &list, e);
	for (const char *p = buf_text(&list); r == 0 && *p;) {
		size_t n = strcspn(p, " ");
		int f = feature_find(p, n, TEMPLATE_FEATURE_COUNT);
		if (f >= 0)
			c->with[f] = true;
		p += n + (p[n] == ' ');
	}
	buf_done(&list);
	return r;
}

int template_settle(struct template_choice *c, struct err *e)
{
	struct buf summary = BUF_INIT(sizeof c->summary - 1), run = BUF_INIT(sizeof c->run - 1);
	const struct template_file *f = file_find(c->of, "run");
	c->with[TEMPLATE_author] = c->author[0] != '\0';
	int r = template_composed(c->of) ? 0 : features_own(c, e);
	if (r == 0)
		r = template_about(c->of, "summary", &summary, e);
	if (r == 0 && f)
		r = expand(c, f, &run, e);
	if (r == 0) {
		(void)snprintf(c->summary, sizeof c->summary, "%s", buf_text(&summary));
		size_t n = 0;
		for (const char *p = buf_text(&run); *p; p++)	/* the options of several lines are one line */
			if (*p != '\n')
				c->run[n++] = *p;
		c->run[n] = '\0';
	}
	buf_done(&summary);
	buf_done(&run);
	return r;
}

static int file_put(const char *dir, const char *path, const void *bytes, size_t len, struct err *e)
{
	char to[PATH_MAX];
	int n = snprintf(to, sizeof to, "%s/%s", dir, path);
	if (n < 0 || (size_t)n >= sizeof to)
		return err_set(e, ERR_LIMIT, "the path of the project is too long");
	char *slash = strrchr(to, '/');
	*slash = '\0';
	if (os_dir_make(to, 0755, e) < 0)
		return -1;
	*slash = '/';
	return os_file_replace(to, 0644, bytes, len, e);
}

/* mock/note/… belongs to those that take data, and so on: what a composed project does not use is not there. */
static bool is_wanted(const struct template_choice *c, const char *path)
{
	static const struct { const char *path; enum template_feature of[2]; } some[] = {
		{ "lib/", { TEMPLATE_lib, TEMPLATE_lib } }, { "mock/note/", { TEMPLATE_data, TEMPLATE_bulk } }, { "mock/other/", { TEMPLATE_bulk, TEMPLATE_bulk } }, { "mock/notes.txt", { TEMPLATE_files, TEMPLATE_files } },
	};
	for (size_t i = 0; template_composed(c->of) && i < sizeof some / sizeof *some; i++)
		if (strncmp(path, some[i].path, strlen(some[i].path)) == 0)
			return c->with[some[i].of[0]] || c->with[some[i].of[1]];
	return strcmp(path, "template") != 0 && strcmp(path, "run") != 0;
}

int template_write(const struct template_choice *c, const char *dir, int (*told)(void *ctx, const char *path, struct err *e), void *ctx, struct err *e)
{
	const struct { const char *folder, *to; bool on; } parts[] = {
		{ c->of, "", true }, { "common", "", true }, { "rules", "policy/", c->with[TEMPLATE_policy] },
	};
	struct buf text = BUF_INIT(MIB(1));
	int r = 0;
	for (size_t k = 0; r == 0 && k < sizeof parts / sizeof *parts; k++)
		for (size_t i = 0, n = strlen(parts[k].folder); r == 0 && parts[k].on && i < N_FILES; i++) {
			const struct template_file *f = &template_files[i];
			if (strncmp(f->path, parts[k].folder, n) != 0 || f->path[n] != '/' || !is_wanted(c, f->path + n + 1))
				continue;
			char path[LIMIT_PATH_BYTES];
			(void)snprintf(path, sizeof path, "%s%s", parts[k].to, f->path + n + 1);
			buf_clear(&text);
			r = expand(c, f, &text, e) < 0 || file_put(dir, path, text.data, text.len, e) < 0 ? -1 : told(ctx, path, e);
		}
	buf_done(&text);
	return r;
}

int template_meta(const char *dir, struct err *e)
{
	for (size_t i = 0; i < N_FILES; i++)
		if (strncmp(template_files[i].path, "meta/", 5) == 0 &&
		    file_put(dir, template_files[i].path + 5, template_files[i].bytes, template_files[i].len, e) < 0)
			return -1;
	return 0;
}

/* Each module has annotations; those of what is no module of an iApp are named here. */
bool template_module(const char *name, size_t len)
{
	static const char *const others[] = { "task", "policy", "test" };
	char path[64];
	if (len >= sizeof path - 16)
		return false;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (strlen(others[i]) == len && memcmp(others[i], name, len) == 0)
			return false;
	(void)snprintf(path, sizeof path, "%.*s.d.lua", (int)len, name);
	return file_find("meta", path) != NULL;
}
