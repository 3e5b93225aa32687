/* enclua iapp doc: one page about an iApp, for who runs it. All of it is from the manifest and from main.lua: its first comment, and the results that it names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "iapp_project.h"
#include "lua_words.h"
#include "verbs.h"

#define RESULTS_MAX 64u

struct page { const struct manifest *m; struct buf main, *out; struct err *e; };

static const char *const type_names[] = { [MANIFEST_STRING] = "string", [MANIFEST_NUMBER] = "number", [MANIFEST_INTEGER] = "integer", [MANIFEST_BOOLEAN] = "boolean" };

/* A bar ends a cell of a table. */
static int cell_add(const struct page *p, const char *text)
{
	for (; *text; text++)
		if (*text == '|' ? buf_add_text(p->out, "\\|", p->e) < 0 : buf_add(p->out, text, 1, p->e) < 0)
			return -1;
	return 0;
}

/* The first comment of main.lua, less its dashes and what annotates for editors; a first sentence that is the summary again is left out. */
static int comment_add(const struct page *p)
{
	const char *text = buf_text(&p->main), *end = lua_comment(text, p->main.len);
	size_t same = strlen(p->m->summary);
	struct buf plain = BUF_INIT(MIB(1));
	int r = 0;
	for (const char *at = text; r == 0 && at < end;) {
		const char *line = memchr(at, '\n', (size_t)(end - at)), *stop = line ? line : end;
		const char *from = at, *marks = at == text ? "-[= " : "- ";	/* of --[[, too */
		while (from < stop && strchr(marks, *from))
			from++;
		while (!line && stop > from && strchr("]=", stop[-1]))
			stop--;
		if (stop - at < 4 || memcmp(at, "---@", 4) != 0)
			r = buf_add(&plain, from, (size_t)(stop - from), p->e) < 0 ? -1 : buf_add_text(&plain, "\n", p->e);
		at = line ? line + 1 : end;
	}
	const char *body = buf_text(&plain);
	if (r == 0 && plain.len && same && strncmp(body, p->m->summary, same) == 0 && strchr(".\n", body[same]))
		body += same + strspn(body + same, ".\n ");
	if (r == 0 && *body)
		r = buf_addf(p->out, p->e, "\n%s", body);
	buf_done(&plain);
	return r;
}

static int args_add(const struct page *p)
{
	if (p->m->n_args && buf_add_text(p->out, "\n| argument | type | | what |\n|---|---|---|---|\n", p->e) < 0)
		return -1;
	for (size_t i = 0; i < p->m->n_args; i++) {
		const struct manifest_arg *a = &p->m->args[i];
		if (buf_addf(p->out, p->e, "| `%s` | %s | %s", a->name, type_names[a->type], a->required ? "required" : a->has_default ? "default `" : "optional") < 0 ||
		    (!a->required && a->has_default && (cell_add(p, a->fallback) < 0 || buf_add_text(p->out, "`", p->e) < 0)) ||
		    buf_add_text(p->out, " | ", p->e) < 0 || cell_add(p, a->summary) < 0 || buf_add_text(p->out, " |\n", p->e) < 0)
			return -1;
	}
	return 0;
}

static int data_add(const struct page *p)
{
	static const char *const counts[] = { [MANIFEST_DATA_NONE] = "none", [MANIFEST_DATA_ONE] = "one", [MANIFEST_DATA_MANY] = "one or more",
		[MANIFEST_DATA_BULK] = "of many owners in one task" };
	const struct manifest *m = p->m;
	if (buf_addf(p->out, p->e, "\n* protected data: %s%s\n", counts[m->data], m->data_optional ? ", or none" : "") < 0)
		return -1;
	for (size_t i = 0; i < m->n_schema; i++)
		if (buf_addf(p->out, p->e, "  * `%s` of the type `%s`\n", m->schema[i].path, m->schema[i].type) < 0)
			return -1;
	if (m->files && buf_add_text(p->out, "* public input files\n", p->e) < 0)
		return -1;
	for (size_t i = 0; i < m->n_secrets; i++)
		if (buf_addf(p->out, p->e, "* secret %zu of the requester: `%s`\n", i + 1, m->secrets[i]) < 0)
			return -1;
	return m->app_secret ? buf_add_text(p->out, "* a secret of its author, who deposits it: `enclua app secret set`\n", p->e) : 0;
}

static int list_add(const struct page *p, const char *title, const char *what, size_t n, const char *first, size_t stride)
{
	if (n && buf_addf(p->out, p->e, "\n## %s\n\n%s", title, what) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (buf_addf(p->out, p->e, "%s `%s`", i ? "," : "", first + i * stride) < 0)
			return -1;
	return n ? buf_add_text(p->out, "\n", p->e) : 0;
}

/* task.result:write("x", …), :json, :open: the paths that stand there as they are; callback(…) names none. */
static int results_add(const struct page *p)
{
	static const char *const makers[] = { "write", "json", "open" };
	struct lua_source s = lua_source(buf_text(&p->main), p->main.len);
	struct lua_word w[4] = { { .kind = LUA_WORD_END } };	/* result : write ( */
	const char *seen[RESULTS_MAX];
	size_t lens[RESULTS_MAX], n = 0;
	bool callback = false;
	if (buf_add_text(p->out, "\n## Results\n\n", p->e) < 0)
		return -1;
	for (struct lua_word next = lua_next(&s); next.kind != LUA_WORD_END; next = lua_next(&s)) {
		bool made = lua_is(&w[0], "result") && lua_is(&w[1], ":") && lua_is(&w[3], "(");
		callback |= made && lua_is(&w[2], "callback");
		bool named = false, known = false;
		for (size_t i = 0; made && i < sizeof makers / sizeof *makers; i++)
			named |= lua_is(&w[2], makers[i]) && next.kind == LUA_WORD_STRING;
		for (size_t i = 0; named && i < n; i++)
			known |= lens[i] == next.len && memcmp(seen[i], next.text, next.len) == 0;
		if (named && !known && n < RESULTS_MAX) {
			seen[n] = next.text;
			lens[n++] = next.len;
			if (buf_addf(p->out, p->e, "* `%.*s`\n", (int)next.len, next.text) < 0)
				return -1;
		}
		memmove(w, w + 1, sizeof w - sizeof *w);
		w[3] = next;
	}
	if (callback && buf_add_text(p->out, "* a callback, in `result.json`\n", p->e) < 0)
		return -1;
	if (!n && !callback && buf_add_text(p->out, "* files that main.lua names as it runs\n", p->e) < 0)
		return -1;
	return buf_addf(p->out, p->e, "\n%s%s\n", p->m->deterministic ? "The same task gives the same files." : "Two runs may give different files.",
		p->m->outputs_raw ? " They may hold the data as it is." : "");
}

/* In the largest unit that leaves a whole number. */
static int limit_add(const struct page *p, uint64_t n, bool time)
{
	static const struct { uint64_t of; const char *name; bool time; } units[] = {
		{ MIB(1024), "GiB", false }, { MIB(1), "MiB", false }, { KIB(1), "KiB", false }, { 1, "bytes", false },
		{ 3600000, "h", true }, { 60000, "min", true }, { 1000, "s", true }, { 1, "ms", true },
	};
	size_t i = 0;
	while (units[i].time != time || n % units[i].of)
		i++;
	return buf_addf(p->out, p->e, " %llu %s |", (unsigned long long)(n / units[i].of), units[i].name);
}

static int limits_add(const struct page *p)
{
	const struct manifest *m = p->m;
	if (buf_add_text(p->out, "\n## Limits\n\n| memory | processor | wall clock | output |\n|---|---|---|---|\n|", p->e) < 0 ||
	    limit_add(p, m->memory, false) < 0 || limit_add(p, m->cpu_ms, true) < 0 || limit_add(p, m->wall_ms, true) < 0 ||
	    limit_add(p, m->output, false) < 0 || buf_add_text(p->out, "\n", p->e) < 0)
		return -1;
	return m->epsilon_u6 ? buf_addf(p->out, p->e, "\nPrivacy loss of one run: %llu.%06llu.\n", (unsigned long long)(m->epsilon_u6 / 1000000),
		(unsigned long long)(m->epsilon_u6 % 1000000)) : 0;
}

static int example_add(const struct page *p)
{
	const struct manifest *m = p->m;
	if (buf_addf(p->out, p->e, "\n## Run\n\n    enclua run-task %s", m->name) < 0)
		return -1;
	if (m->data != MANIFEST_DATA_NONE && !m->data_optional && buf_add_text(p->out, " --data DATA", p->e) < 0)
		return -1;
	for (size_t i = 0; i < m->n_args; i++)
		if (m->args[i].required && buf_addf(p->out, p->e, " --arg %s=…", m->args[i].name) < 0)
			return -1;
	if (m->files && buf_add_text(p->out, " --file PATH", p->e) < 0)
		return -1;
	for (size_t i = 0; i < m->n_secrets; i++)
		if (buf_addf(p->out, p->e, " --secret %zu=@FILE", i + 1) < 0)
			return -1;
	if (m->n_purposes && buf_addf(p->out, p->e, " --purpose %s", m->purposes[0]) < 0)
		return -1;
	return buf_add_text(p->out, " -o out\n", p->e);
}

static int page_add(const struct page *p)
{
	const struct manifest *m = p->m;
	if (buf_addf(p->out, p->e, "# %s %s\n", m->name, m->version) < 0 || (m->summary[0] && buf_addf(p->out, p->e, "\n%s.\n", m->summary) < 0) ||
	    comment_add(p) < 0 || buf_add_text(p->out, "\n## Inputs\n", p->e) < 0 || args_add(p) < 0 || data_add(p) < 0)
		return -1;
	if (list_add(p, "Purposes", "What the data are used for:", m->n_purposes, m->n_purposes ? m->purposes[0] : "", sizeof *m->purposes) < 0 ||
	    list_add(p, "Connections", "Where it asks a broker to connect to:", m->n_egress, m->n_egress ? m->egress[0] : "", sizeof *m->egress) < 0)
		return -1;
	return results_add(p) < 0 || limits_add(p) < 0 ? -1 : example_add(p);
}

static int run_doc(struct cli *c, struct args *a, struct err *e)
{
	struct project project;
	struct buf text = BUF_INIT(MIB(4));
	struct page p = { .main = BUF_INIT(MIB(4)), .out = &text, .e = e };
	char path[PATH_MAX];
	const char *to = args_get(a, "output");
	int r = project_open(&project, a, e);
	if (r == 0) {
		p.m = project.manifest;
		r = project_path(&project, p.m->entry, path, sizeof path, e) < 0 || os_plain_read(path, &p.main, e) < 0 ? -1 : page_add(&p);
	}
	if (r == 0 && to)
		r = os_file_replace(to, 0644, text.data, text.len, e);
	if (r == 0) {
		json_write_key(&c->out, to ? "file" : "page");
		json_write_text(&c->out, to ? to : buf_text(&text));
		r = to ? cli_print(c, e, "written   %s\n", to) : cli_print(c, e, "%s", buf_text(&text));
	}
	buf_done(&p.main);
	buf_done(&text);
	project_done(&project);
	return r;
}

static const struct option_row doc_options[] = {
	{ "output", 'o', "FILE", false, "write it there, instead of printing it" },
	PROJECT_OPTION,
	{ NULL, 0, NULL, false, NULL },
};

const struct command iapp_doc_commands[] = {
	{ "iapp doc", "[-o FILE]", "Make one page about the project: inputs, results, limits",
	  "Example: enclua iapp doc -o README-API.md\n\nMarkdown, from iapp.yaml and main.lua: the comment that main.lua begins with, and the results that it names. Nothing is run.\n\n"
	  "JSON: page, or file with -o.", doc_options, 0, 0, run_doc },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
