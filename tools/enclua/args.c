/* From argv to a command and its options. Options may follow words, "--" ends them, and a word that is nearly right is told what it nearly was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli.h"

#define NEAR_MAX 256u

static const struct option_row global_options[] = {
	{ "home", 0, "DIR", false, "the home (else $ENCLUA_HOME, else $XDG_DATA_HOME/enclua, else ~/.local/share/enclua)" },
	{ "as", 0, "NAME", false, "the acting identity (else $ENCLUA_AS, else the default one)" },
	{ "passphrase-file", 0, "FILE", false, "read the passphrase from its first line (else $ENCLUA_PASSPHRASE_FILE)" },
	{ "host", 0, "URL", false, "a remote host; this version serves none" },
	{ "json", 0, NULL, false, "exactly one JSON object, on stdout or, for a failure, on stderr" },
	{ "quiet", 'q', NULL, false, "no remarks" },
	{ "verbose", 'v', NULL, false, "more remarks" },
	{ "yes", 'y', NULL, false, "answer yes to every question" },
	{ "help", 'h', NULL, false, "help on this command" },
	{ "version", 0, NULL, false, "the version" },
	{ NULL, 0, NULL, false, NULL },
};

bool args_has(const struct args *a, const char *option)
{
	return args_count(a, option) > 0;
}

size_t args_count(const struct args *a, const char *option)
{
	size_t n = 0;
	for (size_t i = 0; i < a->n_options; i++)
		n += !strcmp(a->options[i].row->name, option);
	return n;
}

const char *args_at(const struct args *a, const char *option, size_t i)
{
	for (size_t k = 0; k < a->n_options; k++)
		if (!strcmp(a->options[k].row->name, option) && i-- == 0)
			return a->options[k].value;
	return NULL;
}

const char *args_get(const struct args *a, const char *option)
{
	size_t n = args_count(a, option);
	return n ? args_at(a, option, n - 1) : NULL;
}

static const struct option_row *row_find(const struct option_row *rows, const char *name, size_t len)
{
	for (; rows && rows->name; rows++)
		if (strlen(rows->name) == len && !memcmp(rows->name, name, len))
			return rows;
	return NULL;
}

static const struct option_row *row_letter(const struct option_row *rows, char letter)
{
	for (; rows && rows->name; rows++)
		if (rows->letter == letter)
			return rows;
	return NULL;
}

static int option_unknown(const struct command *cmd, const char *name, struct err *e)
{
	const char *names[NEAR_MAX + 1];
	size_t n = 0;
	for (const struct option_row *r = cmd ? cmd->options : NULL; r && r->name && n < NEAR_MAX; r++)
		names[n++] = r->name;
	for (const struct option_row *r = global_options; r->name && n < NEAR_MAX; r++)
		names[n++] = r->name;
	names[n] = NULL;
	const char *bare = name + strspn(name, "-");
	char word[64];
	(void)snprintf(word, sizeof word, "%.*s", (int)strcspn(bare, "="), bare);
	const char *near = text_nearest(word, names);
	err_set(e, ERR_USAGE, "unknown option %s", cli_safe(name, strlen(name), 0));
	if (near)
		return err_hint(e, "did you mean --%s? See: enclua %s --help", near, cmd ? cmd->words : "");
	return err_hint(e, "enclua%s%s --help", cmd ? " " : "", cmd ? cmd->words : "");
}

/* How many of the words at argv name this command; 0 when they do not. */
static size_t words_match(const struct command *cmd, const char **words, size_t n)
{
	const char *p = cmd->words;
	for (size_t i = 0;; i++) {
		size_t len = strcspn(p, " ");
		if (i >= n || strlen(words[i]) != len || memcmp(words[i], p, len) != 0)
			return 0;
		p += len;
		if (*p == '\0')
			return i + 1;
		p++;
	}
}

static const struct command *command_find(const char **words, size_t n, size_t *used)
{
	const struct command *best = NULL;
	*used = 0;
	for (const struct command *const *set = command_sets; *set; set++)
		for (const struct command *c = *set; c->words; c++) {
			size_t k = words_match(c, words, n);
			if (k > *used) {
				best = c;
				*used = k;
			}
		}
	return best;
}

/* The candidates for the word after `prefix` ("" for the first). */
static size_t candidates(const char *prefix, const char **out, char (*room)[32], size_t max)
{
	size_t n = 0, skip = strlen(prefix);
	for (const struct command *const *set = command_sets; *set; set++)
		for (const struct command *c = *set; c->words; c++) {
			if (skip && (strncmp(c->words, prefix, skip) != 0 || c->words[skip] != ' '))
				continue;
			const char *word = c->words + skip + (skip ? 1 : 0);
			size_t len = strcspn(word, " ");
			if (n >= max || len >= sizeof *room)
				continue;
			memcpy(room[n], word, len);
			room[n][len] = '\0';
			bool seen = false;
			for (size_t i = 0; i < n; i++)
				seen |= !strcmp(room[i], room[n]);
			if (!seen) {
				out[n] = room[n];
				n++;
			}
		}
	out[n] = NULL;
	return n;
}

static int command_unknown(const char **words, size_t n, struct err *e)
{
	const char *names[NEAR_MAX + 1];
	char room[NEAR_MAX][32];
	if (candidates(words[0], names, room, NEAR_MAX)) {	/* the first word is a group */
		if (n < 2) {
			err_set(e, ERR_USAGE, "%s needs a word after it", words[0]);
			return err_hint(e, "enclua %s --help", words[0]);
		}
		const char *near = text_nearest(words[1], names);
		err_set(e, ERR_USAGE, "unknown command %s %s", words[0], cli_safe(words[1], strlen(words[1]), 0));
		return near ? err_hint(e, "did you mean: enclua %s %s", words[0], near) : err_hint(e, "enclua %s --help", words[0]);
	}
	candidates("", names, room, NEAR_MAX);
	const char *near = text_nearest(words[0], names);
	err_set(e, ERR_USAGE, "unknown command %s", cli_safe(words[0], strlen(words[0]), 0));
	return near ? err_hint(e, "did you mean: enclua %s", near) : err_hint(e, "enclua --help");
}

static int option_add(struct args *a, const struct option_row *row, const char *value, struct err *e)
{
	if (!row->repeat && args_has(a, row->name))
		return err_set(e, ERR_USAGE, "the option --%s is given twice", row->name);
	a->options[a->n_options].row = row;
	a->options[a->n_options++].value = value;
	return 0;
}

/* Takes the option at argv[i]; *next is the following index. Rows of the command come before the global ones. */
static int option_take(struct args *a, int argc, char **argv, int i, int *next, struct err *e)
{
	const struct command *cmd = a->command;
	const char *text = argv[i], *value = NULL;
	const struct option_row *row = NULL;
	*next = i + 1;
	if (text[1] == '-') {
		size_t len = strcspn(text + 2, "=");
		row = row_find(cmd ? cmd->options : NULL, text + 2, len);
		row = row ? row : row_find(global_options, text + 2, len);
		value = text[2 + len] == '=' ? text + 2 + len + 1 : NULL;
	} else {
		row = row_letter(cmd ? cmd->options : NULL, text[1]);
		row = row ? row : row_letter(global_options, text[1]);
		value = text[2] ? text + 2 : NULL;
		if (row && !row->arg && value)
			return option_unknown(cmd, text, e);
	}
	if (!row)
		return option_unknown(cmd, text, e);
	if (!row->arg && value)
		return err_set(e, ERR_USAGE, "the option --%s takes no value", row->name);
	if (row->arg && !value) {
		if (i + 1 >= argc) {
			err_set(e, ERR_USAGE, "the option --%s needs a value: --%s %s", row->name, row->name, row->arg);
			return err_hint(e, "enclua%s%s --help", cmd ? " " : "", cmd ? cmd->words : "");
		}
		value = argv[i + 1];
		*next = i + 2;
	}
	return option_add(a, row, value ? value : "", e);
}

/* The command's words are found first, skipping what looks like global options, because its own options are known only then. */
static size_t leading_words(int argc, char **argv, const char **words, size_t max)
{
	size_t n = 0;
	for (int i = 1; i < argc && n < max; i++) {
		if (!strcmp(argv[i], "--"))
			break;
		if (argv[i][0] != '-' || argv[i][1] == '\0') {
			words[n++] = argv[i];
			continue;
		}
		size_t len = argv[i][1] == '-' ? strcspn(argv[i] + 2, "=") : 0;
		const struct option_row *row = len ? row_find(global_options, argv[i] + 2, len) : row_letter(global_options, argv[i][1]);
		if (row && row->arg && !strchr(argv[i], '='))
			i++;
		else if (!row)	/* an option of the command: its words are all before it */
			break;
	}
	return n;
}

static int words_check(const struct args *a, struct err *e)
{
	const struct command *cmd = a->command;
	if (a->n_words >= cmd->min && a->n_words <= cmd->max)
		return 0;
	if (a->n_words < cmd->min)
		err_set(e, ERR_USAGE, "%s needs more: enclua %s %s", cmd->words, cmd->words, cmd->synopsis);
	else
		err_set(e, ERR_USAGE, "%s does not know what to do with \"%s\"", cmd->words,
			cli_safe(a->words[cmd->max], strlen(a->words[cmd->max]), 0));
	return err_hint(e, "enclua %s --help", cmd->words);
}

int cli_parse(struct cli *c, int argc, char **argv, struct args *a, bool *help, struct err *e)
{
	(void)c;
	const char *lead[3] = { NULL };
	size_t used = 0, n_lead = leading_words(argc, argv, lead, 3);
	*a = (struct args){ .command = n_lead ? command_find(lead, n_lead, &used) : NULL };
	a->words = calloc((size_t)argc + 1, sizeof *a->words);
	a->options = calloc((size_t)argc + 1, sizeof *a->options);
	if (!a->words || !a->options)
		return err_set(e, ERR_LIMIT, "out of memory");
	bool ended = false;
	for (int i = 1; i < argc;) {
		if (!ended && !strcmp(argv[i], "--")) {
			ended = true;
			i++;
		} else if (!ended && argv[i][0] == '-' && argv[i][1] != '\0') {
			if (option_take(a, argc, argv, i, &i, e) < 0)
				return -1;
		} else {
			a->words[a->n_words++] = argv[i++];
		}
	}
	*help = args_has(a, "help");
	if (args_has(a, "version") || (*help && !a->n_words))
		return 0;
	if (!a->command)
		return *help && n_lead == 1 ? 0 : n_lead ? command_unknown(lead, n_lead, e) : 0;
	memmove(a->words, a->words + used, (a->n_words - used) * sizeof *a->words);
	a->n_words -= used;
	return *help ? 0 : words_check(a, e);
}

static void options_print(const struct option_row *rows)
{
	for (; rows && rows->name; rows++) {
		char left[64];
		(void)snprintf(left, sizeof left, "%c%c%s--%s%s%s%s", rows->letter ? '-' : ' ', rows->letter ? rows->letter : ' ',
			rows->letter ? ", " : "  ", rows->name, rows->arg ? " " : "", rows->arg ? rows->arg : "", rows->repeat ? "…" : "");
		printf("  %-30s %s\n", left, rows->help);
	}
}

static void command_print(const struct command *c)
{
	printf("%s\n\nUsage: enclua %s%s%s\n", c->summary, c->words, c->synopsis[0] ? " " : "", c->synopsis);
	if (c->help)
		printf("\n%s\n", c->help);
	if (c->options && c->options->name) {
		printf("\nOptions:\n");
		options_print(c->options);
	}
	printf("\nOptions of every command:\n");
	options_print(global_options);
}

int cli_help(const struct command *only, const char *group, struct err *e)
{
	if (only) {
		command_print(only);
		return 0;
	}
	size_t shown = 0, len = group ? strlen(group) : 0;
	if (!group)
		printf("Enclua runs signed Lua on sealed data in a locked-down process.\n\nUsage: enclua COMMAND [OPTIONS] [ARGS]\n\n");
	for (const struct command *const *set = command_sets; *set; set++)
		for (const struct command *c = *set; c->words; c++)
			if (!group || (!strncmp(c->words, group, len) && c->words[len] == ' ')) {
				printf("  %-16s %s\n", c->words, c->summary);
				shown++;
			}
	if (group && !shown)
		return command_unknown(&group, 1, e);
	if (!group) {
		printf("\nOptions of every command:\n");
		options_print(global_options);
		printf("\nFirst steps: enclua run-task iapps/hello-world --arg name=Ada\nHelp on one: enclua COMMAND --help\n");
	}
	return 0;
}
