/* enclua protect: files, folders and values become data. What is typed is put into a tree; sealing is core/trust's. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "actor.h"
#include "base/os.h"
#include "data.h"
#include "form/pdata.h"
#include "host/host.h"
#include "policy_find.h"
#include "trust/keeper.h"
#include "trust/protect.h"
#include "verbs.h"

/* KEY=VALUE. The key is copied; the value is what follows. */
static int pair_split(const char *typed, const char *option, char key[static LIMIT_PATH_BYTES + 2], const char **value, struct err *e)
{
	const char *equals = strchr(typed, '=');
	size_t n = equals ? (size_t)(equals - typed) : 0;
	if (!equals)
		return err_set(e, ERR_USAGE, "--%s needs KEY=%s", option, strcmp(option, "set") == 0 ? "VALUE" : "TYPE");
	if (n > LIMIT_PATH_BYTES)
		return err_set(e, ERR_LIMIT, "the key of --%s is longer than %u characters", option, LIMIT_PATH_BYTES);
	memcpy(key, typed, n);
	key[n] = '\0';
	*value = equals + 1;
	return 0;
}

/* a.b and a/b are one key. */
static bool same_key(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !((*a == '.' || *a == '/') && (*b == '.' || *b == '/')))
			return false;
	return *a == *b;
}

/* The type given for a key, or NULL; used[i] notes that the i-th --type had its use. */
static int type_of(const struct args *a, const char *key, bool *used, const char **type, struct err *e)
{
	char name[LIMIT_PATH_BYTES + 2];
	*type = NULL;
	for (size_t i = 0; i < args_count(a, "type"); i++) {
		const char *t;
		if (pair_split(args_at(a, "type", i), "type", name, &t, e) < 0)
			return -1;
		if (same_key(name, key)) {
			*type = t;
			used[i] = true;
		}
	}
	return 0;
}

static int values_add(struct pdata *tree, const struct args *a, bool *used, struct err *e)
{
	char key[LIMIT_PATH_BYTES + 2];
	for (size_t i = 0; i < args_count(a, "set"); i++) {
		const char *value, *type;
		if (pair_split(args_at(a, "set", i), "set", key, &value, e) < 0 || type_of(a, key, used, &type, e) < 0 ||
			pdata_add_value(tree, key, type, value, e) < 0)
			return -1;
	}
	return 0;
}

/* What is left of --type is about files. */
static int types_set(struct pdata *tree, const struct args *a, const bool *used, struct err *e)
{
	char key[LIMIT_PATH_BYTES + 2];
	for (size_t i = 0; i < args_count(a, "type"); i++) {
		const char *type;
		if (used[i])
			continue;
		if (pair_split(args_at(a, "type", i), "type", key, &type, e) < 0)
			return -1;
		struct err why = { .code = ERR_NONE };
		if (pdata_set_type(tree, key, type, &why) == 0)
			continue;
		if (why.code == ERR_NOT_FOUND) {
			err_set(e, ERR_USAGE, "--type %s: there is nothing with that key", args_at(a, "type", i));
			return err_hint(e, "--set %s=VALUE gives it a value; a file goes by its path in the data", key);
		}
		*e = why;
		return -1;
	}
	return 0;
}

static int document_add(struct pdata *tree, const char *file, struct err *e)
{
	struct buf text = BUF_INIT(LIMIT_DATA_JSON_BYTES);
	int r = os_file_read(file, &text, e);
	if (r < 0 && e->code == ERR_LIMIT)
		err_hint(e, "protect it as a file: enclua protect %s", file);
	if (r == 0 && pdata_add_json(tree, buf_text(&text), text.len, e) < 0)
		r = err_wrap(e, "%s", file);
	buf_done(&text);
	return r;
}

static int tree_add_path(struct pdata *tree, const char *path, struct err *e)
{
	struct stat st;
	bool folder = lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
	return folder ? pdata_add_folder(tree, path, e) : pdata_add_file(tree, NULL, path, e);
}

int data_tree_add_flags(struct pdata *tree, const struct args *a, struct err *e)
{
	bool *used = calloc(args_count(a, "type") + 1, sizeof *used);
	if (!used)
		return err_set(e, ERR_LIMIT, "out of memory");
	int r = 0;
	for (size_t i = 0; r == 0 && i < args_count(a, "json-file"); i++)
		r = document_add(tree, args_at(a, "json-file", i), e);
	if (r == 0)
		r = values_add(tree, a, used, e);
	if (r == 0)
		r = types_set(tree, a, used, e);
	free(used);
	return r;
}

static int tree_fill(struct pdata *tree, const struct args *a, struct err *e)
{
	if (!a->n_words && !args_count(a, "set") && !args_count(a, "json-file")) {
		err_set(e, ERR_USAGE, "there is nothing to protect");
		return err_hint(e, "name files or folders, or give values: enclua protect --set email=ada@example.org");
	}
	for (size_t i = 0; i < a->n_words; i++)
		if (tree_add_path(tree, a->words[i], e) < 0)
			return -1;
	return data_tree_add_flags(tree, a, e);
}

static void progress(void *ctx, uint64_t done, uint64_t total)
{
	cli_progress(ctx, "protect", done, total);
}

static int protect_print(struct cli *c, const struct store_data *d, struct err *e)
{
	json_write_key(&c->out, "data");
	json_write_text(&c->out, d->id);
	data_write_fields(c, d);
	if (cli_print(c, e, "data    %s\n", d->id) < 0 || (d->name[0] && cli_print(c, e, "name    %s\n", d->name) < 0))
		return -1;
	return data_print_schema(c, d, e);
}

static int run_protect(struct cli *c, struct args *a, struct err *e)
{
	struct trade t;
	struct host_policy policy = { .id = "" };
	uint8_t keeper[32];
	struct pdata *tree = NULL;
	struct identity *owner = NULL;
	struct store_data d = { .id = "" };
	struct protect_terms terms = { .name = args_has(a, "name") ? args_get(a, "name") : "", .hide_schema = args_has(a, "hide-schema"),
		.progress = progress, .ctx = c };
	int r = -1;
	if (args_has(a, "name") && keystore_name_check(terms.name, e) < 0)
		return err_wrap(e, "--name");
	if (trade_open(&t, c, e) < 0 || keeper_of_book(t.b, keeper, e) < 0 || pdata_new(&tree, e) < 0 || tree_fill(tree, a, e) < 0 ||
		actor_open(c, t.b, &owner, e) < 0 || (args_has(a, "policy") && policy_find(&t, args_get(a, "policy"), &policy, e) < 0))
		goto out;
	terms.owner = owner;
	terms.policy = policy.id;
	if (protect_data(t.b, keeper, tree, &terms, &d, e) < 0)
		goto out;
	cli_progress_end(c);
	r = protect_print(c, &d, e);
	store_data_done(&d);
out:
	pdata_free(tree);
	identity_free(owner);
	trade_done(&t);
	return r;
}

static const struct option_row protect_options[] = {
	{ "set", 0, "KEY=VALUE", true, "a value; KEY is a path such as contacts.email" },
	{ "type", 0, "KEY=TYPE", true, "its type: bool, f64, i128 or string (the default); of a file, a MIME type" },
	{ "json-file", 0, "FILE", true, "the values of a JSON object: 1 is an i128, 1.0 an f64" },
	{ "name", 0, "NAME", false, "a name for it in this home" },
	{ "policy", 0, "POLICY", false, "grants of it go under this policy, unless they name another: a name, an id, or a path, which is registered then" },
	{ "hide-schema", 0, NULL, false, "keep names and types of its parts out of the register" },
	{ NULL, 0, NULL, false, NULL },
};

#define PROTECT_HELP "Examples: enclua protect patients.csv --name patients\n" \
	"          enclua protect --set contacts.email=ada@example.org --set age=36 --type age=i128\n\n" \
	"Files, folders and values are packed into one archive and sealed to you and to the keeper of this home, who releases the key to\n" \
	"boxes only. A folder's files keep their paths inside it. Links, devices, lists and null are refused. Values typed here can be seen by\n" \
	"other users of the machine while the command runs; --json-file keeps them out of the list of processes."

const struct command protect_commands[] = {
	{ "protect", "[PATH…] [--set KEY=VALUE]… [--json-file FILE]", "Seal files, folders or values as data", PROTECT_HELP, protect_options, 0, 10000,
	  run_protect },
	{ "data protect", "[PATH…] [--set KEY=VALUE]… [--json-file FILE]", "The same as protect", PROTECT_HELP, protect_options, 0, 10000,
	  run_protect },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
