/* enclua iapp package|deploy|run|list: the project at hand becomes an archive, an iApp in the book, a task. Each is the command of the same kind (app pack, app
 * deploy, run-task) on the project's folder, with its options.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "book/book.h"
#include "host/host.h"
#include "iapp_record.h"
#include "run_task.h"
#include "verbs.h"

static int run_package(struct cli *c, struct args *a, struct err *e)
{
	struct project p;
	char path[PATH_MAX], name[LIMIT_NAME_BYTES + 16];
	int r = project_open(&p, a, e);
	if (r == 0) {
		(void)snprintf(name, sizeof name, "%s.iapp", p.manifest->name);
		r = project_state(&p, name, path, sizeof path, e) < 0 ? -1 : archive_pack(c, a, IAPP_APP, p.dir, path, e);
	}
	project_done(&p);
	return r;
}

/* The record is read first: one that is damaged should not be found out about after the deployment. */
static int run_deploy(struct cli *c, struct args *a, struct err *e)
{
	struct project p;
	struct json *before = NULL;
	struct app_deployed d;
	int r = project_open(&p, a, e);
	if (r == 0 && !cli_has_home(c)) {
		r = cli_home_make(c, NULL, e);
		cli_note(c, "made a home at %s; the key of `me` is there without a passphrase", c->home);
	}
	if (r == 0)
		r = record_read(&p, &before, e) < 0 || app_deploy(c, a, p.dir, &d, e) < 0 ? -1 : record_add(&p, before, &d, e);
	if (r == 0)
		r = cli_print(c, e, "recorded  " PROJECT_STATE "/" RECORD_FILE "\n");
	json_free(before);
	project_done(&p);
	return r;
}

static int book_name(const struct cli *c, char out[static NOTE_NAME_BYTES + 1], struct err *e)
{
	struct book *b = NULL;
	if (host_open(&b, c->home, false, e) < 0)
		return -1;
	(void)snprintf(out, NOTE_NAME_BYTES + 1, "%s", book_origin(b));
	book_close(b);
	return 0;
}

static int deployed_find(const struct cli *c, const struct project *p, char app[static ID_TEXT], struct err *e)
{
	struct json *all = NULL;
	char book[NOTE_NAME_BYTES + 1] = "";
	int r = book_name(c, book, e) < 0 || record_read(p, &all, e) < 0 ? -1 : record_find(all, book, app, e);
	json_free(all);
	if (r != 0)
		return r < 0 ? -1 : 0;
	err_set(e, ERR_NOT_FOUND, "%s has not been deployed to the book of this home", p->manifest->name);
	return err_hint(e, "enclua iapp deploy, or leave --deployed out");
}

/* run-task on the folder, or on the id of what was deployed; the words are data of a bulk run. */
static int run_run(struct cli *c, struct args *a, struct err *e)
{
	static const char *const words[] = { "run-task" };
	struct project p;
	char app[ID_TEXT];
	const char **typed = calloc(a->n_words + 1, sizeof *typed);
	int r = project_open(&p, a, e);
	if (r == 0 && !typed)
		r = err_set(e, ERR_LIMIT, "out of memory");
	if (r == 0 && args_has(a, "deployed"))
		r = deployed_find(c, &p, app, e);
	if (r == 0) {
		struct args task = *a;
		typed[0] = args_has(a, "deployed") ? app : p.dir;
		for (size_t i = 0; i < a->n_words; i++)
			typed[i + 1] = a->words[i];
		task.words = typed;
		task.n_words = a->n_words + 1;
		r = cli_command_find(words, 1)->run(c, &task, e);
	}
	free(typed);
	project_done(&p);
	return r;
}

static const char *text_of(const struct json *one, const char *key, const char *otherwise)
{
	const char *text = json_text(json_get(one, key), NULL);
	return text ? text : otherwise;
}

static int row_tell(struct cli *c, const struct json *one, struct err *e)
{
	static const char *const keys[] = { "app", "order", "h1", "version", "date", "book" };
	json_write_object(&c->out);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		json_write_key(&c->out, keys[i]);
		json_write_text(&c->out, text_of(one, keys[i], NULL));
	}
	json_write_object_end(&c->out);
	const char *app = text_of(one, "app", "?"), *version = text_of(one, "version", "?"), *date = text_of(one, "date", "?"), *h1 = text_of(one, "h1", "?");
	return cli_print(c, e, "%s  %s  %s  %s\n", cli_safe(date, strlen(date), 0), cli_safe(app, strlen(app), 1), cli_safe(version, strlen(version), 2),
		cli_safe(h1, strlen(h1), 3));
}

static int run_list(struct cli *c, struct args *a, struct err *e)
{
	struct project p;
	struct json *all = NULL;
	int r = project_open(&p, a, e) < 0 || record_read(&p, &all, e) < 0 ? -1 : 0;
	json_write_key(&c->out, "deployments");
	json_write_array(&c->out);
	for (size_t i = 0; r == 0 && i < json_count(all); i++)
		r = row_tell(c, json_at(all, i), e);
	json_write_array_end(&c->out);
	if (r == 0 && !json_count(all))
		cli_note(c, "%s has not been deployed: %s deploy", p.manifest->name, project_program(c));
	json_free(all);
	project_done(&p);
	return r;
}

static const struct option_row package_options[] = {
	{ "output", 'o', "FILE", false, "where to write (else .enclua/NAME.iapp in the project)" },
	{ "sign", 0, "NAME", true, "sign as this identity of the home (else the acting one)" },
	PROJECT_OPTION,
	{ NULL, 0, NULL, false, NULL },
};
static const struct option_row deploy_options[] = { APP_DEPLOY_OPTIONS, PROJECT_OPTION, { NULL, 0, NULL, false, NULL } };
static const struct option_row run_options[] = {
	{ "deployed", 0, NULL, false, "what was last deployed, and not the folder as it is now" },
	PROJECT_OPTION, RUN_TASK_OPTIONS, { NULL, 0, NULL, false, NULL },
};
static const struct option_row list_options[] = { PROJECT_OPTION, { NULL, 0, NULL, false, NULL } };

const struct command iapp_package_commands[] = {
	{ "iapp package", "[-o FILE] [--sign NAME]…", "Pack the project into a signed archive",
	  "Example: enclua iapp package --sign ada --sign bob\n\nFrom any folder of the project. As enclua app pack; the archive goes to .enclua/ unless -o says where.\n\n"
	  "JSON: file, h1, name, version, summary, signers, files, size.", package_options, 0, 0, run_package },
	{ "iapp deploy", "[--price N] [--volume N] [--tag WORD]…", "Put the project into the book and offer it to everybody",
	  "Example: enclua iapp deploy --price 0.1RLC\n\nAs enclua app deploy on the project's folder; .enclua/deployments.json says what was deployed when, and to which book.\n\n"
	  "JSON: app, name, version, h1, order, price, volume, tag, entry.", deploy_options, 0, 0, run_deploy },
	{ "iapp run", "[--deployed] [--data DATA]… [--arg NAME=VALUE]… [-o DIR]", "Run the project in a box",
	  "Example: enclua iapp run --data mock/people.csv --arg column=age -o out\n\nAs enclua run-task on the project's folder, with all its options, and DATA… of a bulk run.", run_options, 0, UINT_MAX, run_run },
	{ "iapp list", "", "List what was deployed from the project", "The newest first: when, its id, version and h1.\n\nJSON: deployments.", list_options, 0, 0, run_list },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
