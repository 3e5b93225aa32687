/* enclua iapp init: begins a project. On a terminal it asks what was not given; every question is a flag, and without a terminal nothing is asked. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "base/text.h"
#include "iapp_project.h"
#include "iapp_template.h"
#include "seal/crypto.h"
#include "verbs.h"

#define TRIES 3	/* of a question, then the answer is an error */
#define WALK_FDS 8	/* of a folder that is removed again */
#define DEFAULT_NAME "hello-world"

/* What is asked, and how an answer or a flag becomes a part of the choice. */
struct question {
	const char *option, *text, *fallback;
	bool (*open)(const struct template_choice *c);	/* is it still a question? NULL: always */
	int (*take)(struct template_choice *c, const char *answer, struct err *e);
};

static int name_take(struct template_choice *c, const char *name, struct err *e)
{
	size_t n = strlen(name);
	if (n == 0 || n > LIMIT_NAME_BYTES || name[0] == '-' || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != n) {
		err_set(e, ERR_USAGE, "\"%s\" cannot be the name of an iApp", cli_safe(name, n, 0));
		return err_hint(e, "small letters, digits and dashes, not a dash first, at most %u: %s", LIMIT_NAME_BYTES, DEFAULT_NAME);
	}
	(void)snprintf(c->name, sizeof c->name, "%s", name);
	return 0;
}

static int template_take(struct template_choice *c, const char *name, struct err *e)
{
	const char *all[16] = { NULL };
	char list[256] = "";
	for (size_t i = 0, n = 0; template_at(i); i++) {
		char number[4];
		all[i] = template_at(i);
		n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", all[i]);
		(void)snprintf(number, sizeof number, "%zu", i + 1);
		if (strcmp(name, all[i]) == 0 || strcmp(name, number) == 0)
			c->of = all[i];
	}
	if (c->of)
		return 0;
	const char *near = text_nearest(name, all);
	err_set(e, ERR_USAGE, "there is no template \"%s\"%s%s%s", cli_safe(name, strlen(name), 0), near ? "; did you mean " : "", near ? near : "",
		near ? "?" : "");
	return err_hint(e, "one of: %s", list);
}

static int author_take(struct template_choice *c, const char *author, struct err *e)
{
	if (strlen(author) >= sizeof c->author || author[strcspn(author, "\r\n\t\x1b")])
		return err_set(e, ERR_USAGE, "an author is one line of at most %zu bytes", sizeof c->author - 1);
	(void)snprintf(c->author, sizeof c->author, "%s", author);
	return 0;
}

/* --with args,data: of the composed template anything, of another one rules alone. */
static int with_take(struct template_choice *c, const char *list, struct err *e)
{
	for (const char *p = list; *p;) {
		size_t n = strcspn(p, ",");
		int f = template_feature_find(p, n);
		if (f < 0 && !(n == 4 && memcmp(p, "none", 4) == 0)) {
			err_set(e, ERR_USAGE, "--with knows no \"%s\"", cli_safe(p, n, 0));
			return err_hint(e, "--with takes some of args,data,bulk,files,secrets,app-secret,lib,policy, or none");
		}
		if (f >= 0)
			c->with[f] = true;
		if (f >= 0 && f != TEMPLATE_policy && !template_composed(c->of)) {
			err_set(e, ERR_USAGE, "the template %s uses what it uses: --with %s goes with hello", c->of, template_feature_name((enum template_feature)f));
			return err_hint(e, "leave --with out, or --with policy, or --template hello");
		}
		p += n + (p[n] == ',');
	}
	if (c->with[TEMPLATE_data] && c->with[TEMPLATE_bulk])
		return err_set(e, ERR_USAGE, "--with data is the data of one owner, --with bulk of many: choose one");
	return 0;
}

static int yes_take(bool *out, const char *answer, struct err *e)
{
	static const char *const words[] = { "n", "no", "y", "yes" };
	char low[8];
	size_t n = 0;
	for (; n < sizeof low - 1 && answer[n]; n++)
		low[n] = (char)tolower((unsigned char)answer[n]);
	low[n] = '\0';
	for (size_t i = 0; i < 4; i++)
		if (strcmp(low, words[i]) == 0) {
			*out = i >= 2;
			return 0;
		}
	return err_set(e, ERR_USAGE, "the answer is y or n");
}

static bool composed(const struct template_choice *c)
{
	return template_composed(c->of);
}

static bool no_rules(const struct template_choice *c)
{
	return strcmp(c->of, "policy") != 0;
}

#define YES(name) \
	static int name##_take(struct template_choice *c, const char *answer, struct err *e) \
	{ \
		return yes_take(&c->with[TEMPLATE_##name], answer, e); \
	}
YES(args)
YES(files)
YES(secrets)
YES(app_secret)
YES(policy)
YES(lib)

static int data_take(struct template_choice *c, const char *answer, struct err *e)
{
	static const struct { const char *word; bool data, bulk; } words[] = { { "none", false, false }, { "one", true, false }, { "bulk", false, true } };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(answer, words[i].word) == 0) {
			c->with[TEMPLATE_data] = words[i].data;
			c->with[TEMPLATE_bulk] = words[i].bulk;
			return 0;
		}
	return err_set(e, ERR_USAGE, "the answer is none, one or bulk");
}

/* In this order. Those from --with on are one flag. */
static const struct question questions[] = {
	{ "name", "Name of the iApp, and of its folder", DEFAULT_NAME, NULL, name_take },
	{ "template", "Template, by name or number", "hello", NULL, template_take },
	{ "with", "Does it take arguments?", "y", composed, args_take },
	{ "with", "Protected data: none, one, or bulk (of many owners)", "none", composed, data_take },
	{ "with", "Does it read public input files?", "n", composed, files_take },
	{ "with", "Does it use a secret of the requester?", "n", composed, secrets_take },
	{ "with", "Does it use a secret of yours?", "n", composed, app_secret_take },
	{ "with", "A module of its own (lib/)?", "n", composed, lib_take },
	{ "with", "Rules for owners of data (policy/)?", "n", no_rules, policy_take },
	{ "author", "Author, for its README (- for none)", "-", NULL, author_take },
};

static void templates_note(const struct cli *c)
{
	for (size_t i = 0; template_at(i); i++) {
		struct buf about = BUF_INIT(KIB(1));
		(void)template_about(template_at(i), "about", &about, NULL);
		cli_note(c, "  %zu  %-14s %s", i + 1, template_at(i), buf_text(&about));
		buf_done(&about);
	}
}

static int question_ask(struct cli *c, const struct question *q, struct template_choice *t, struct err *e)
{
	char answer[CLI_ANSWER_BYTES];
	if (q->take == template_take)
		templates_note(c);
	for (int i = 0; i < TRIES; i++) {
		if (cli_line_ask(c, q->text, q->fallback, answer, sizeof answer, e) < 0)
			return -1;
		if (q->take(t, strcmp(answer, "-") == 0 ? "" : answer, e) == 0)
			return 0;
		cli_note(c, "%s%s%s", e->msg, !e->hint[0] ? "" : e->msg[strlen(e->msg) - 1] == '?' ? " " : "; ", e->hint);
		if (i < TRIES - 1)
			*e = (struct err){ .code = ERR_NONE };
	}
	return -1;
}

static int choice_take(struct cli *c, const struct args *a, struct template_choice *t, struct err *e)
{
	bool ask = !args_has(a, "yes") && cli_can_prompt(c);
	const char *name = a->n_words ? a->words[0] : NULL;
	if (!name && !ask && !args_has(a, "yes")) {
		err_set(e, ERR_USAGE, "a name is needed, and there is no terminal to ask on");
		return err_hint(e, "enclua iapp init NAME");
	}
	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
		const struct question *q = &questions[i];
		const char *given = i == 0 ? name : args_get(a, q->option);
		bool with = strcmp(q->option, "with") == 0;
		int r = 0;
		if (given)
			r = with ? (strcmp(questions[i - 1].option, "with") == 0 ? 0 : with_take(t, given, e)) : q->take(t, given, e);
		else if (q->open && !q->open(t))
			r = 0;
		else
			r = ask ? question_ask(c, q, t, e) : q->take(t, strcmp(q->fallback, "-") ? q->fallback : "", e);
		if (r < 0)
			return -1;
	}
	return template_settle(t, e);
}

/* Nothing of anybody's is written over. */
static int folder_check(const char *name, struct err *e)
{
	DIR *d = opendir(name);
	bool empty = true;
	if (!d && errno != ENOENT)
		return err_set(e, ERR_CONFLICT, "%s is there already, and is no folder that can be read", name);
	for (const struct dirent *f; d && (f = readdir(d));)
		empty &= !strcmp(f->d_name, ".") || !strcmp(f->d_name, "..");
	if (d)
		closedir(d);
	if (!empty) {
		err_set(e, ERR_CONFLICT, "the folder %s is there already, and not empty", name);
		return err_hint(e, "choose another name, or remove it");
	}
	return 0;
}

static int file_tell(void *ctx, const char *path, struct err *e)
{
	struct cli *c = ctx;
	json_write_text(&c->out, path);
	return cli_print(c, e, "  %s\n", path);
}

static int part_remove(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)st;
	(void)flag;
	(void)at;
	return remove(path);
}

/* The project is there whole or not at all: it is written beside, and gets its name at the end. */
static int folder_write(struct cli *c, const struct template_choice *t, struct err *e)
{
	char dir[LIMIT_NAME_BYTES + 16], meta[sizeof dir + sizeof PROJECT_STATE + 8];
	uint32_t random;
	crypto_random(&random, sizeof random);
	(void)snprintf(dir, sizeof dir, "%s.tmp-%06x", t->name, (unsigned)random & 0xffffffu);
	(void)snprintf(meta, sizeof meta, "%s/" PROJECT_STATE "/meta", dir);
	int r = os_dir_make(dir, 0755, e) < 0 || template_write(t, dir, file_tell, c, e) < 0 || template_meta(meta, e) < 0 ? -1 : 0;
	if (r == 0 && rename(dir, t->name) < 0)	/* an empty folder gives way */
		r = errno == EEXIST || errno == ENOTEMPTY ? err_set(e, ERR_CONFLICT, "the folder %s is there already, and not empty", t->name)
			: err_sys(e, errno, "cannot make the folder %s", t->name);
	if (r < 0)
		(void)nftw(dir, part_remove, WALK_FDS, FTW_DEPTH | FTW_PHYS);
	return r;
}

static void key_write(struct cli *c, const char *key, const char *value)
{
	json_write_key(&c->out, key);
	json_write_text(&c->out, value);
}

static int run_init(struct cli *c, struct args *a, struct err *e)
{
	struct template_choice t = { .of = NULL };
	char run[sizeof t.run + 64];
	if (choice_take(c, a, &t, e) < 0 || folder_check(t.name, e) < 0)
		return -1;
	key_write(c, "project", t.name);
	key_write(c, "template", t.of);
	json_write_key(&c->out, "with");
	json_write_array(&c->out);
	for (int f = 0; f < TEMPLATE_ASKED; f++)
		if (t.with[f])
			json_write_text(&c->out, template_feature_name((enum template_feature)f));
	json_write_array_end(&c->out);
	json_write_key(&c->out, "files");
	json_write_array(&c->out);
	if (cli_print(c, e, "project   %s, from the template %s\n", t.name, t.of) < 0 || folder_write(c, &t, e) < 0)
		return -1;
	json_write_array_end(&c->out);
	(void)snprintf(run, sizeof run, "%s run%s -o out", project_program(c), t.run);
	key_write(c, "run", run);
	if (cli_print(c, e, "\nnext      cd %s\n          %s test\n", t.name, project_program(c)) < 0)
		return -1;
	if (t.with[TEMPLATE_app_secret] && cli_print(c, e, "          %s deploy\n          enclua app secret set %s FILE\n", project_program(c), t.name) < 0)
		return -1;
	return cli_print(c, e, "          %s\n", run);
}

static const struct option_row init_options[] = {
	{ "template", 't', "TEMPLATE", false, "hello (what --with says), data, bulk, files-secrets, policy, messaging or oracle" },
	{ "with", 0, "LIST", false, "what it uses: args,data,bulk,files,secrets,app-secret,lib,policy, or none; with hello, and policy with all" },
	{ "author", 0, "TEXT", false, "who wrote it, for main.lua and the README" },
	{ NULL, 0, NULL, false, NULL },
};

const struct command iapp_init_commands[] = {
	{ "iapp init", "[NAME] [--template TEMPLATE] [--with LIST] [--author TEXT] [--yes]", "Begin an iApp: a project folder that runs as it is",
	  "Examples:\n  enclua iapp init my-app --yes\n  enclua iapp init totals --template data --author Ada\n  enclua iapp init all-of-it --with args,data,files,secrets,policy\n\n"
	  "On a terminal it asks for what is not given; with --yes, --json or without a terminal it asks nothing. The folder NAME must be\n"
	  "new or empty. A name has small letters, digits and dashes.\n\nJSON: project, template, with, files, run.", init_options, 0, 1, run_init },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
