/* enclua iapp add: Lua of others becomes a part of the project, in lib/, when it is pure Lua, its licence is known, and a box can load it. Nothing is written before
 * all of that holds.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "iapp_project.h"
#include "iapp_trial.h"
#include "iapp_vendor.h"
#include "layers.h"
#include "verbs.h"

#define LICENSES "lib/LICENSES.md"

static int module_path(char *out, size_t size, const char *dir, const struct vendor_module *m, struct err *e)
{
	int n = snprintf(out, size, "%s/lib/", dir), k = 0;
	for (; n > 0 && (size_t)(n + k) < size - 5 && m->name[k]; k++)
		out[n + k] = m->name[k] == '.' ? '/' : m->name[k];
	if (n < 0 || m->name[k])
		return err_set(e, ERR_LIMIT, "the path of the project is too long");
	memcpy(out + n + k, ".lua", 5);
	return 0;
}

static int modules_write(const struct vendor *v, const char *dir, struct err *e)
{
	char path[PATH_MAX];
	for (size_t i = 0; i < v->n; i++) {
		if (module_path(path, sizeof path, dir, &v->modules[i], e) < 0)
			return -1;
		char *slash = strrchr(path, '/');
		*slash = '\0';
		if (os_dir_make(path, 0755, e) < 0)
			return -1;
		*slash = '/';
		if (os_file_replace(path, 0644, v->modules[i].text.data, v->modules[i].text.len, e) < 0)
			return -1;
	}
	return 0;
}

/* A folder of our own making, with modules in lib/ and two files. */
static void check_remove(const struct vendor *v, const char *dir)
{
	static const char *const files[] = { "main.lua", "iapp.yaml" };
	char path[PATH_MAX];
	for (size_t i = 0; i < v->n; i++)
		if (module_path(path, sizeof path, dir, &v->modules[i], NULL) == 0)
			for (bool file = true; strlen(path) > strlen(dir); file = false) {	/* and each folder that is empty then */
				if ((file ? unlink(path) : rmdir(path)) < 0)
					break;
				*strrchr(path, '/') = '\0';
			}
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (snprintf(path, sizeof path, "%s/%s", dir, files[i]) < (int)sizeof path)
			(void)unlink(path);
	(void)rmdir(dir);
}

static int check_files(const struct vendor *v, const char *dir, struct err *e)
{
	static const char manifest[] = "api: 1\nname: check\nversion: 1.0.0\nentry: main.lua\n";
	char path[PATH_MAX];
	struct buf main = BUF_INIT(KIB(256));
	int r = 0;
	for (size_t i = 0; r == 0 && i < v->n; i++)
		r = buf_addf(&main, e, "require \"lib.%s\"\n", v->modules[i].name);
	if (r == 0)
		r = buf_add_text(&main, "return function() end\n", e);
	if (r == 0 && snprintf(path, sizeof path, "%s/main.lua", dir) < (int)sizeof path)
		r = os_file_replace(path, 0644, main.data, main.len, e);
	if (r == 0 && snprintf(path, sizeof path, "%s/" MANIFEST_FILE, dir) < (int)sizeof path)
		r = os_file_replace(path, 0644, manifest, sizeof manifest - 1, e);
	buf_done(&main);
	return r < 0 ? -1 : modules_write(v, dir, e);
}

/* An iApp that requires each module and does nothing else, in a box as in production. */
static int box_check(const struct vendor *v, const char *dir, const struct args *a, struct err *e)
{
	struct box_options options = { .allow_missing = 0 };
	struct box_zygote *z = NULL;
	struct bench b = { .app = NULL };
	struct trial *t = NULL;
	struct trial_result result = { .status = NULL };
	int r = layers_allowed(a, &options.allow_missing, e) < 0 || check_files(v, dir, e) < 0 || box_zygote_start(&z, &options, e) < 0 ||
		bench_open(&b, dir, z, e) < 0 || trial_new(&t, e) < 0 || trial_run(&b, t, &result, e) < 0 ? -1 : 0;
	if (r == 0) {
		r = trial_explain(&b, &result, e);
		if (r < 0) {
			e->code = ERR_INVALID;
			err_wrap(e, "a box does not load %s", v->package);
			err_hint(e, "a box has base, string, table, math, utf8, coroutine and the modules of Enclua: no io, os, debug or package, and no C");
		}
		trial_result_done(&result);
	}
	trial_free(t);
	bench_done(&b);
	box_zygote_stop(z);
	return r;
}

static int loads(const struct vendor *v, const struct project *p, const struct args *a, struct err *e)
{
	char dir[PATH_MAX];
	if (project_state(p, "check-XXXXXX", dir, sizeof dir, e) < 0)
		return -1;
	if (!mkdtemp(dir))
		return err_sys(e, errno, "cannot make a folder in %s/" PROJECT_STATE, p->dir);
	int r = box_check(v, dir, a, e);
	check_remove(v, dir);
	return r;
}

/* What is there already is somebody's work, unless it is the same. */
static int conflicts(const struct vendor *v, const struct project *p, struct err *e)
{
	char path[PATH_MAX];
	for (size_t i = 0; i < v->n; i++) {
		struct buf there = BUF_INIT(VENDOR_FILE_BYTES + KIB(64));
		if (module_path(path, sizeof path, p->dir, &v->modules[i], e) < 0)
			return -1;
		bool same = !os_exists(path) || (os_file_read(path, &there, NULL) == 0 && there.len == v->modules[i].text.len &&
			(there.len == 0 || memcmp(there.data, v->modules[i].text.data, there.len) == 0));
		buf_done(&there);
		if (!same) {
			err_set(e, ERR_CONFLICT, "%s is there already, and is another file", path + strlen(p->dir) + 1);
			return err_hint(e, "remove it first, or give a file another name: --name MODULE");
		}
	}
	return 0;
}

/* Where the section of this package begins and ends in the text; both at its end when there is none. */
static void section_find(const char *text, const char *package, size_t *from, size_t *to)
{
	char head[VENDOR_NAME + 8];
	int n = snprintf(head, sizeof head, "\n## %s\n", package);
	const char *begin = strstr(text, head), *end = begin ? strstr(begin + n - 1, "\n## ") : NULL;
	*from = begin ? (size_t)(begin - text) : strlen(text);
	*to = end ? (size_t)(end - text) : strlen(text);
}

static int section_add(struct buf *out, const struct vendor *v, struct err *e)
{
	if (buf_addf(out, e, "\n## %s\n\n%s%s%s* modules:", v->package, v->version[0] ? "* version: " : "", v->version, v->version[0] ? "\n" : "") < 0)
		return -1;
	for (size_t i = 0; i < v->n; i++)
		if (buf_addf(out, e, " lib.%s", v->modules[i].name) < 0)
			return -1;
	if (buf_addf(out, e, "\n* licence: %s%s%s\n", v->license[0] ? v->license : "as in ", v->license[0] && v->license_from[0] ? ", text from " : "", v->license_from) < 0)
		return -1;
	bool start = true;
	const char *text = buf_text(&v->license_text);
	if (v->license_text.len && buf_add_text(out, "\n", e) < 0)
		return -1;
	for (const char *p = text; *p; p++) {	/* indented: a text is no heading, whatever it says */
		if ((start && *p != '\n' && buf_add_text(out, "    ", e) < 0) || buf_add(out, p, 1, e) < 0)
			return -1;
		start = *p == '\n';
	}
	return start ? 0 : buf_add_text(out, "\n", e);
}

static int license_record(const struct vendor *v, const struct project *p, struct err *e)
{
	static const char title[] = "# Licences of what lib/ has from others\n";
	char path[PATH_MAX];
	struct buf old = BUF_INIT(MIB(2)), text = BUF_INIT(MIB(2));
	size_t from, to;
	int r = project_path(p, LICENSES, path, sizeof path, e);
	if (r == 0)
		r = os_exists(path) ? os_file_read(path, &old, e) : buf_add(&old, title, sizeof title - 1, e);
	if (r == 0) {
		section_find(buf_text(&old), v->package, &from, &to);
		r = buf_add(&text, buf_text(&old), from, e) < 0 || section_add(&text, v, e) < 0 || buf_add(&text, buf_text(&old) + to, old.len - to, e) < 0 ? -1 :
			os_file_replace(path, 0644, text.data, text.len, e);
	}
	buf_done(&old);
	buf_done(&text);
	return r;
}

static int licence_check(struct vendor *v, const struct args *a, struct err *e)
{
	const char *given = args_get(a, "license");
	if (given && (!given[0] || strlen(given) >= sizeof v->license || strpbrk(given, "\r\n")))
		return err_set(e, ERR_USAGE, "--license is one line: MIT, or who allowed it");
	if (given)
		(void)snprintf(v->license, sizeof v->license, "%s", given);
	if (v->license[0] || v->license_from[0])
		return 0;
	err_set(e, ERR_DENIED, "%s says nothing of its licence: no LICENSE or COPYING beside it, none in its head, none in a rockspec", v->package);
	return err_hint(e, "--license TEXT, when you know that you may use it");
}

/* The first few lines; all of them are in JSON. */
static int missing_check(struct cli *c, const struct vendor *v, const struct args *a, struct err *e)
{
	const char *text = buf_text(&v->missing);
	if (!text[0])
		return 0;
	char some[512];
	size_t n = 0;
	for (const char *p = text; *p && n < sizeof some - 4; p++) {
		if (*p != '\n')
			some[n++] = *p;
		else if (p[1]) {
			some[n++] = ',';
			some[n++] = ' ';
		}
	}
	some[n] = '\0';
	if (args_has(a, "allow-missing")) {
		cli_note(c, "not in a box, and an error where it is reached: %s", cli_safe(some, n, 0));
		return 0;
	}
	err_set(e, ERR_INVALID, "%s uses what a box has not: %s", v->package, cli_safe(some, n, 0));
	return err_hint(e, "--allow-missing, if your iApp never comes to those lines");
}

static int tell(struct cli *c, const struct vendor *v, struct err *e)
{
	const struct { const char *key, *value; } texts[] = { { "package", v->package }, { "version", v->version }, { "license", v->license }, { "license_from", v->license_from } };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		json_write_key(&c->out, texts[i].key);
		json_write_text(&c->out, texts[i].value[0] ? texts[i].value : NULL);
	}
	json_write_key(&c->out, "missing");
	json_write_text(&c->out, v->missing.len ? buf_text(&v->missing) : NULL);
	json_write_key(&c->out, "modules");
	json_write_array(&c->out);
	for (size_t i = 0; i < v->n; i++) {
		char name[VENDOR_NAME + 8];
		(void)snprintf(name, sizeof name, "lib.%s", v->modules[i].name);
		json_write_text(&c->out, name);
		if (cli_print(c, e, "added     require \"%s\"\n", name) < 0)
			return -1;
	}
	json_write_array_end(&c->out);
	return cli_print(c, e, "licence   %s, in " LICENSES "\n", v->license[0] ? cli_safe(v->license, strlen(v->license), 0) : cli_safe(v->license_from, strlen(v->license_from), 0));
}

static int run_add(struct cli *c, struct args *a, struct err *e)
{
	struct project p;
	struct vendor v = { .n = 0 };
	int r = project_open(&p, a, e);
	if (r == 0)
		r = vendor_read(&v, a->words[0], args_get(a, "name"), e) < 0 || licence_check(&v, a, e) < 0 || vendor_settle(&v, e) < 0 || missing_check(c, &v, a, e) < 0 ||
			conflicts(&v, &p, e) < 0 || loads(&v, &p, a, e) < 0 || modules_write(&v, p.dir, e) < 0 || license_record(&v, &p, e) < 0 || tell(c, &v, e) < 0 ? -1 : 0;
	vendor_done(&v);
	project_done(&p);
	return r;
}

static const struct option_row add_options[] = {
	{ "name", 0, "MODULE", false, "of one file: the name of the module, lib.MODULE (else that of the file)" },
	{ "license", 0, "TEXT", false, "the licence, when nothing beside the source says it" },
	{ "allow-missing", 0, NULL, false, "take it although it names what a box has not, as long as it loads" },
	{ "allow-missing-layer", 0, "NAME", true, "check it although this machine lacks this isolation layer (see enclua doctor)" },
	PROJECT_OPTION,
	{ NULL, 0, NULL, false, NULL },
};

const struct command iapp_add_commands[] = {
	{ "iapp add", "FILE.lua|ROCK-DIR [--name MODULE] [--license TEXT] [--allow-missing]", "Take Lua of others into lib/, with its licence",
	  "Examples:\n  enclua iapp add ~/src/inspect.lua/inspect.lua\n  enclua iapp add penlight-1.14.0\n\n"
	  "A rock's modules are those of its rockspec, else its Lua files; where they require one another they get lib. in front. C and\n"
	  "compiled Lua are refused, and so is what says nothing of its licence (a file LICENSE or COPYING, the head of the file, the\n"
	  "rockspec) or uses what a box has not: io, os, debug … Then a box loads it. lib/LICENSES.md has the licence, and is packed.\n\n"
	  "JSON: package, version, license, license_from, missing, modules.", add_options, 1, 1, run_add },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
