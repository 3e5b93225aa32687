/* Help on every level, as text or as JSON, and what else follows from the table of commands: man pages (manual.c) and completions (completions.c). Nothing
 * here knows a single command by name. Topics (topics.c) are shown the same way.
 */
#include <stdio.h>
#include <string.h>

#include "manual.h"
#include "verbs.h"

#define OPTION_COLUMN 31

/* What stands beside an option; further lines begin where the first one does. */
static int option_help(struct cli *c, const struct option_row *row, struct err *e)
{
	size_t n;
	for (const char *line = row->help; ; line += n + 1) {
		n = strcspn(line, "\n");
		if (cli_print(c, e, "%.*s%s", (int)n, line, line[n] ? "\n" : row->repeat ? " (may be repeated)\n" : "\n") < 0)
			return -1;
		if (!line[n])
			return 0;
		if (cli_print(c, e, "%*s", OPTION_COLUMN, "") < 0)
			return -1;
	}
}

static int options_print(struct cli *c, const struct option_row *rows, struct err *e)
{
	for (; rows && rows->name; rows++) {
		char left[64], letter[] = { '-', rows->letter, ',', ' ', '\0' };
		(void)snprintf(left, sizeof left, "%s--%s%s%s", rows->letter ? letter : "    ", rows->name, rows->arg ? " " : "",
			rows->arg ? rows->arg : "");
		if (cli_print(c, e, "  %-*s ", OPTION_COLUMN - 3, left) < 0 || option_help(c, rows, e) < 0)
			return -1;
	}
	return 0;
}

/* Under the face of the program; a command that it has not is called as the other face calls it. */
static const char *words_of(const struct cli *c, const struct command *cmd)
{
	const char *words = face_words(c->face, cmd->words);
	return words ? words : cmd->words;
}

static int about_print(struct cli *c, const char *help, struct err *e)
{
	struct buf text = BUF_INIT(KIB(64));
	int r = face_text(c->face, help, &text, e) < 0 ? -1 : cli_print(c, e, "\n%s\n", buf_text(&text));
	buf_done(&text);
	return r;
}

static int command_print(struct cli *c, const struct command *cmd, struct err *e)
{
	if (cli_print(c, e, "%s\n\nUsage: %s %s%s%s\n", cmd->summary, c->face->program, words_of(c, cmd), cmd->synopsis[0] ? " " : "", cmd->synopsis) < 0)
		return -1;
	if (cmd->help && about_print(c, cmd->help, e) < 0)
		return -1;
	if (cmd->options && cmd->options->name && (cli_print(c, e, "\nOptions:\n") < 0 || options_print(c, cmd->options, e) < 0))
		return -1;
	return cli_print(c, e, "\nOptions of every command:\n") < 0 ? -1 : options_print(c, cli_global_options, e);
}

static bool in_group(const struct command *cmd, const char *group)
{
	size_t len = strlen(group);
	return !len || (!strncmp(cmd->words, group, len) && cmd->words[len] == ' ');
}

static int topics_print(struct cli *c, struct err *e)
{
	if (cli_print(c, e, "\nTopics (enclua help TOPIC):\n") < 0)
		return -1;
	for (const struct topic *t = manual_topics; t->name; t++)
		if (cli_print(c, e, "  %s.%c%*s %.*s\n", t->name, t->section, (int)(16 - strlen(t->name)), "", (int)manual_topic_summary(t), t->text) < 0)
			return -1;
	return 0;
}

static int group_print(struct cli *c, const char *group, struct err *e)
{
	const char *about = "Enclua runs signed Lua on sealed data in a locked-down process.\n\n", *typed = group;
	if (!strcmp(group, c->face->group))
		typed = "";
	if (cli_print(c, e, "%sUsage: %s %s%sCOMMAND [OPTIONS] [ARGS]\n\nCommands:\n", group[0] ? "" : about, c->face->program, typed, typed[0] ? " " : "") < 0)
		return -1;
	for (const struct command *const *set = command_sets; *set; set++)
		for (const struct command *cmd = *set; cmd->words; cmd++)
			if (in_group(cmd, group) && cli_print(c, e, "  %-20s %s\n", words_of(c, cmd), cmd->summary) < 0)
				return -1;
	if ((!group[0] && topics_print(c, e) < 0) || cli_print(c, e, "\nOptions of every command:\n") < 0 ||
	    options_print(c, cli_global_options, e) < 0)
		return -1;
	if (group[0] && manual_topic_find(group) && cli_print(c, e, "\nFormat: enclua help %s.%c\n", group, manual_topic_find(group)->section) < 0)
		return -1;
	if (!group[0] && cli_print(c, e, "\nFirst steps: enclua run-task iapps/hello-world --arg name=Ada\n") < 0)
		return -1;
	return cli_print(c, e, "%sHelp on one: %s COMMAND --help\n", group[0] ? "\n" : "", c->face->program);
}

static void options_write(struct json_writer *w, const struct option_row *rows)
{
	json_write_key(w, "options");
	json_write_array(w);
	for (; rows && rows->name; rows++) {
		char letter[] = { rows->letter, '\0' };
		json_write_object(w);
		json_write_key(w, "name");
		json_write_text(w, rows->name);
		json_write_key(w, "letter");
		json_write_text(w, rows->letter ? letter : NULL);
		json_write_key(w, "arg");
		json_write_text(w, rows->arg);
		json_write_key(w, "repeat");
		json_write_bool(w, rows->repeat);
		json_write_key(w, "help");
		json_write_text(w, rows->help);
		json_write_object_end(w);
	}
	json_write_array_end(w);
}

static void command_write(struct cli *c, const struct command *cmd)
{
	struct json_writer *w = &c->out;
	json_write_object(w);
	json_write_key(w, "command");
	json_write_text(w, words_of(c, cmd));
	json_write_key(w, "synopsis");
	json_write_text(w, cmd->synopsis);
	json_write_key(w, "summary");
	json_write_text(w, cmd->summary);
	json_write_key(w, "help");
	json_write_text(w, cmd->help);
	options_write(w, cmd->options);
	json_write_object_end(w);
}

static void topics_write(struct json_writer *w)
{
	json_write_key(w, "topics");
	json_write_array(w);
	for (const struct topic *t = manual_topics; t->name; t++) {
		char section[] = { t->section, '\0' };
		json_write_object(w);
		json_write_key(w, "topic");
		json_write_text(w, t->name);
		json_write_key(w, "section");
		json_write_text(w, section);
		json_write_key(w, "summary");
		json_write_string(w, t->text, manual_topic_summary(t));
		json_write_object_end(w);
	}
	json_write_array_end(w);
}

int cli_help(struct cli *c, const struct command *only, const char *group, struct err *e)
{
	json_write_key(&c->out, "commands");
	json_write_array(&c->out);
	for (const struct command *const *set = command_sets; *set; set++)
		for (const struct command *cmd = *set; cmd->words; cmd++)
			if (only ? cmd == only : in_group(cmd, group))
				command_write(c, cmd);
	json_write_array_end(&c->out);
	options_write(&c->out, cli_global_options);
	if (!only && !group[0])
		topics_write(&c->out);
	return only ? command_print(c, only, e) : group_print(c, group, e);
}

static int page_result(struct cli *c, const char *key, const struct buf *page, struct err *e)
{
	json_write_key(&c->out, key);
	json_write_string(&c->out, buf_text(page), page->len);
	return cli_print(c, e, "%s", buf_text(page));
}

/* The text as it stands in the source, or its page for man(1). */
static int topic_show(struct cli *c, const struct args *a, const struct topic *t, struct err *e)
{
	struct buf page = BUF_INIT(MIB(1));
	int r = args_has(a, "man") ? manual_topic(&page, t, e) : buf_addf(&page, e, "enclua-%s(%c): %s", t->name, t->section, t->text);
	r = r < 0 ? -1 : page_result(c, "page", &page, e);
	buf_done(&page);
	return r;
}

static int topics_list(struct cli *c, struct err *e)
{
	for (const struct topic *t = manual_topics; t->name; t++)
		if (cli_print(c, e, "%s.%c\n", t->name, t->section) < 0)
			return -1;
	return 0;
}

static int list_print(struct cli *c, const struct command *only, const char *group, struct err *e)
{
	for (const struct command *const *set = command_sets; *set; set++)
		for (const struct command *cmd = *set; cmd->words; cmd++)
			if ((only ? cmd == only : in_group(cmd, group)) && cli_print(c, e, "%s\n", words_of(c, cmd)) < 0)
				return -1;
	return 0;
}

static const struct shell { const char *name; int (*completions)(const struct face *f, struct buf *out, struct err *e); } shells[] = {
	{ "bash", manual_bash }, { "zsh", manual_zsh }, { "fish", manual_fish },
};

static const struct shell *shell_asked(const struct args *a)
{
	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
		if (args_has(a, shells[i].name))
			return &shells[i];
	return NULL;
}

static int run_help(struct cli *c, struct args *a, struct err *e)
{
	char group[CLI_GROUP_BYTES] = "";
	struct buf page = BUF_INIT(MIB(1));
	const struct command *cmd = a->n_words ? cli_command_find(a->words, a->n_words) : NULL;
	const struct shell *shell;
	const struct topic *topic = a->n_words == 1 && !cmd ? manual_topic_find(a->words[0]) : NULL;
	int r = -1;
	if (args_has(a, "topics") && !c->json)
		return topics_list(c, e);
	if (topic && cli_group_find(a->words, 1, group) == 0)
		return topic_show(c, a, topic, e);
	if (!cmd && cli_group_find(a->words, a->n_words, group) < a->n_words) {
		err_set(e, ERR_USAGE, "no command%s is called \"%s\"", a->n_words == 1 ? " or topic" : "", cli_safe(a->words[a->n_words - 1], strlen(a->words[a->n_words - 1]), 0));
		err_hint(e, "enclua help");
		goto out;
	}
	if (args_has(a, "list") && !c->json)
		r = list_print(c, cmd, group, e);
	else if ((shell = shell_asked(a)))
		r = shell->completions(c->face, &page, e) < 0 ? -1 : page_result(c, "completion", &page, e);
	else if (args_has(a, "man"))
		r = manual_page(c->face, &page, cmd, e) < 0 ? -1 : page_result(c, "page", &page, e);
	else
		r = cli_help(c, cmd, group, e);
out:
	buf_done(&page);
	return r;
}

static const struct option_row help_options[] = {
	{ "list", 0, NULL, false, "the commands alone, a line each" },
	{ "topics", 0, NULL, false, "the topics alone, a line each, with the section of the manual" },
	{ "man", 0, NULL, false, "a manual page for man(1): of the command or topic, or of the whole program" },
	{ "bash", 0, NULL, false, "completions for bash" },
	{ "zsh", 0, NULL, false, "completions for zsh" },
	{ "fish", 0, NULL, false, "completions for fish" },
	{ NULL, 0, NULL, false, NULL },
};

const struct command help_commands[] = {
	{ "help", "[COMMAND…|TOPIC] [--list|--topics|--man|--bash|--zsh|--fish]", "Help on a command or a topic, manual pages, completions",
	  "Examples:\n  enclua help key new\n  enclua help contract        what an iApp gets and gives\n  enclua help --man run-task | man -l -\n  eval \"$(enclua help --bash)\"\n"
	  "  enclua --json help          every command and option, for programs", help_options, 0, 3, run_help },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
