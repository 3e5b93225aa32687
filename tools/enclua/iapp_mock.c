/* enclua iapp mock: stand-ins for protected data, in the project's mock/. They are files that a person can read and edit, typed by the schema.json beside them; tests read
 * them, and so do protect and run-task.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "data.h"
#include "iapp_project.h"
#include "verbs.h"

#define ANSWER_BYTES 4096u

/* ---- by questions ---- */

static const char *const kinds[] = { "string", "bool", "i128", "f64", "file", NULL };

static bool kind_known(const char *kind)
{
	for (const char *const *k = kinds; *k; k++)
		if (!strcmp(*k, kind))
			return true;
	return false;
}

static int value_ask(struct cli *c, struct pdata *tree, const char *key, struct err *e)
{
	char kind[32], value[ANSWER_BYTES], question[LIMIT_PATH_BYTES + 64];
	struct err why = { .code = ERR_NONE };
	(void)snprintf(question, sizeof question, "What is %.*s: string, bool, i128, f64 or file", (int)LIMIT_PATH_BYTES, key);
	do {
		if (cli_line_ask(c, question, "string", kind, sizeof kind, e) < 0)
			return -1;
	} while (!kind_known(kind));
	bool file = !strcmp(kind, "file");
	if (cli_line_ask(c, file ? "Path of the file" : "Its value", "", value, sizeof value, e) < 0)
		return -1;
	if ((file ? pdata_add_file(tree, key, value, &why) : pdata_add_value(tree, key, kind, value, &why)) < 0)
		cli_note(c, "%s; nothing was added", why.msg);	/* to be typed again */
	return 0;
}

static int tree_ask(struct cli *c, struct pdata *tree, struct err *e)
{
	char key[LIMIT_PATH_BYTES + 1], more[16];
	do {
		if (cli_line_ask(c, "A key to access it (a.b for nested keys)", "", key, sizeof key, e) < 0 || value_ask(c, tree, key, e) < 0 ||
			cli_line_ask(c, "Add more data? (y/n)", "n", more, sizeof more, e) < 0)
			return -1;
	} while (more[0] == 'y' || more[0] == 'Y');
	return 0;
}

/* ---- by flags ---- */

static int files_add(struct pdata *tree, const struct args *a, struct err *e)
{
	char key[LIMIT_PATH_BYTES + 1];
	for (size_t i = 0; i < args_count(a, "file"); i++) {
		const char *typed = args_at(a, "file", i), *eq = strchr(typed, '=');
		if (!eq || eq == typed || (size_t)(eq - typed) > LIMIT_PATH_BYTES) {
			err_set(e, ERR_USAGE, "--file needs KEY=PATH");
			return err_hint(e, "--file %s=%s", cli_safe(typed, strlen(typed), 0), cli_safe(typed, strlen(typed), 0));
		}
		(void)snprintf(key, sizeof key, "%.*s", (int)(eq - typed), typed);
		if (pdata_add_file(tree, key, eq + 1, e) < 0)
			return -1;
	}
	return 0;
}

static bool any_given(const struct args *a)
{
	return args_has(a, "set") || args_has(a, "file") || args_has(a, "json-file");
}

static int tree_fill(struct cli *c, struct pdata *tree, const struct args *a, struct err *e)
{
	if (any_given(a))
		return files_add(tree, a, e) < 0 || data_tree_add_flags(tree, a, e) < 0 ? -1 : 0;
	if (cli_can_prompt(c))
		return tree_ask(c, tree, e);
	err_set(e, ERR_USAGE, "the data is empty, and nothing was made");
	return err_hint(e, "enclua iapp mock NAME --set email=ada@example.org --set age=36 --type age=i128");
}

/* ---- what was made ---- */

struct box_drawing { struct cli *c; size_t path, type; bool measuring; };

static int box_row(void *ctx, const char *path, const char *type, struct err *e)
{
	struct box_drawing *b = ctx;
	size_t n = strlen(path), m = strlen(type);
	if (!b->measuring)
		return cli_print(b->c, e, "│ %-*s  %-*s │\n", (int)b->path, path, (int)b->type, type);
	b->path = n > b->path ? n : b->path;
	b->type = m > b->type ? m : b->type;
	return 0;
}

static int box_edge(struct box_drawing *b, const char *left, const char *right, struct err *e)
{
	if (cli_print(b->c, e, "%s", left) < 0)
		return -1;
	for (size_t i = 0; i < b->path + b->type + 4; i++)
		if (cli_print(b->c, e, "─") < 0)
			return -1;
	return cli_print(b->c, e, "%s\n", right);
}

static int made_tell(struct cli *c, const struct pdata *tree, const char *name, const char *path, struct err *e)
{
	struct buf schema = BUF_INIT(LIMIT_SCHEMA_BYTES);
	struct box_drawing b = { .c = c, .measuring = true };
	int r = pdata_schema(tree, &schema, e);
	if (r == 0)
		r = pdata_schema_walk(buf_text(&schema), schema.len, box_row, &b, e);
	b.measuring = false;
	if (r == 0 && (cli_print(c, e, "mock   %s\n", path) < 0 || box_edge(&b, "┌", "┐", e) < 0 || pdata_schema_walk(buf_text(&schema), schema.len, box_row, &b, e) < 0 ||
		box_edge(&b, "└", "┘", e) < 0 || cli_print(c, e, "in test.lua: t.mock \"%s\"; by hand: enclua iapp test --data %s\n", name, name) < 0))
		r = -1;
	json_write_key(&c->out, "mock");
	json_write_text(&c->out, name);
	json_write_key(&c->out, "path");
	json_write_text(&c->out, path);
	json_write_key(&c->out, "schema");
	if (r == 0)
		json_write_raw(&c->out, buf_text(&schema), schema.len);
	buf_done(&schema);
	return r;
}

static int name_take(struct cli *c, const struct args *a, char name[static LIMIT_NAME_BYTES + 1], struct err *e)
{
	const char *given = a->n_words ? a->words[0] : NULL;
	if (!given && !any_given(a) && cli_can_prompt(c)) {
		if (cli_line_ask(c, "A name for the mock", "default", name, LIMIT_NAME_BYTES + 1, e) < 0)
			return -1;
	} else if (snprintf(name, LIMIT_NAME_BYTES + 1, "%s", given ? given : "default") > (int)LIMIT_NAME_BYTES) {
		return err_set(e, ERR_USAGE, "the name of a mock has %u characters at most", LIMIT_NAME_BYTES);
	}
	return keystore_name_check(name, e) < 0 ? err_wrap(e, "the name of a mock") : 0;
}

static int run_mock(struct cli *c, struct args *a, struct err *e)
{
	struct project p = { .manifest = NULL };
	struct pdata *tree = NULL;
	char name[LIMIT_NAME_BYTES + 1], inside[LIMIT_NAME_BYTES + 16], path[PATH_MAX];
	int r = -1;
	if (project_open(&p, a, e) < 0 || name_take(c, a, name, e) < 0)
		goto out;
	(void)snprintf(inside, sizeof inside, "mock/%s", name);
	if (project_path(&p, inside, path, sizeof path, e) < 0)
		goto out;
	if (os_exists(path)) {	/* before anybody answers questions */
		err_set(e, ERR_CONFLICT, "there is a %s in the project already", inside);
		err_hint(e, "choose another name, edit its files, or remove it first");
		goto out;
	}
	if (pdata_new(&tree, e) < 0 || tree_fill(c, tree, a, e) < 0 || pdata_unpack(tree, path, e) < 0)
		goto out;
	r = made_tell(c, tree, name, path, e);
out:
	pdata_free(tree);
	project_done(&p);
	return r;
}

static const struct option_row mock_options[] = {
	{ "set", 0, "KEY=VALUE", true, "a value; KEY is a path such as contacts.email" },
	{ "type", 0, "KEY=TYPE", true, "its type: bool, f64, i128 or string (the default); of a file, a MIME type" },
	{ "file", 0, "KEY=PATH", true, "a file, which is copied" },
	{ "json-file", 0, "FILE", true, "the values of a JSON object: 1 is an i128, 1.0 an f64" },
	PROJECT_OPTION,
	{ NULL, 0, NULL, false, NULL },
};

const struct command iapp_mock_commands[] = {
	{ "iapp mock", "[NAME] [--set KEY=VALUE]… [--type KEY=TYPE]… [--file KEY=PATH]… [--json-file FILE]", "Make mock data for an iApp's tests",
	  "Example: enclua iapp mock contact --set email=ada@example.org --set age=36 --type age=i128\n\n"
	  "Writes mock/NAME/ in the project (NAME is default if it is left out): a file for each value and each file, and schema.json, which says of which types they\n"
	  "are. On a terminal and without values it asks for them. test.lua takes it by t.mock \"NAME\"; `enclua iapp test --data NAME`, `enclua protect mock/NAME` and\n"
	  "`enclua run-task --data mock/NAME` read it with the same types. It is never packed with the iApp.\n\n"
	  "JSON: mock, path, schema.", mock_options, 0, 1, run_mock },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
