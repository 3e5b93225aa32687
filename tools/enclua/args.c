/* From argv to a command and its options. Options may follow words, "--" ends them, and a word that is nearly right is told what it nearly was. */
#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/text.h"
#include "cli.h"

#define NEAR_MAX 256u
#define NAME_BYTES 32u	/* of one word of a command */
#define COMMAND_WORDS 3u

const struct option_row cli_global_options[] = {
	{ "home", 0, "DIR", false, "the home (else $ENCLUA_HOME, else $XDG_DATA_HOME/enclua, else ~/.local/share/enclua)" },
	{ "as", 0, "NAME", false, "the acting identity (else $ENCLUA_AS, else the default one)" },
	{ "passphrase-file", 0, "FILE", false, "read the passphrase from its first line (else $ENCLUA_PASSPHRASE_FILE)" },
	{ "host", 0, "URL", false, "a remote host; this version serves none" },
	{ "json", 0, NULL, false, "exactly one JSON object, on stdout or, for a failure, on stderr" },
	{ "quiet", 'q', NULL, false, "no remarks" },
	{ "verbose", 'v', NULL, false, "remarks on where and how long" },
	{ "yes", 'y', NULL, false, "ask nothing: what is not given is its default" },
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

static int hint_help(const struct command *cmd, struct err *e)
{
	return err_hint(e, "enclua%s%s --help", cmd ? " " : "", cmd ? cmd->words : "");
}

static int option_unknown(const struct command *cmd, const char *name, struct err *e)
{
	const char *names[NEAR_MAX + 1];
	size_t n = 0;
	for (const struct option_row *r = cmd ? cmd->options : NULL; r && r->name && n < NEAR_MAX; r++)
		names[n++] = r->name;
	for (const struct option_row *r = cli_global_options; r->name && n < NEAR_MAX; r++)
		names[n++] = r->name;
	names[n] = NULL;
	const char *bare = name + strspn(name, "-");
	char word[64];
	(void)snprintf(word, sizeof word, "%.*s", (int)strcspn(bare, "="), bare);
	const char *near = text_nearest(word, names);
	const char *shown = cli_safe(name, strcspn(name, "="), 0);	/* what follows may be a secret */
	if (near)
		err_set(e, ERR_USAGE, "unknown option %s; did you mean --%s?", shown, near);
	else
		err_set(e, ERR_USAGE, "unknown option %s", shown);
	return hint_help(cmd, e);
}

/* How many of the words at argv name this command; 0 when they do not. */
static size_t words_match(const struct command *cmd, const char *const *words, size_t n)
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

static const struct command *command_find(const char *const *words, size_t n, size_t *used)
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
static size_t candidates(const char *prefix, const char **out, char (*room)[NAME_BYTES], size_t max)
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

/* The longest run of words that is the beginning of a command. Returns how many words it took. */
size_t cli_group_find(const char *const *words, size_t n, char prefix[static CLI_GROUP_BYTES])
{
	const char *names[NEAR_MAX + 1];
	char room[NEAR_MAX][NAME_BYTES];
	size_t used = 0;
	prefix[0] = '\0';
	for (; used < n; used++) {
		char longer[CLI_GROUP_BYTES];
		int len = snprintf(longer, sizeof longer, "%s%s%s", prefix, used ? " " : "", words[used]);
		if (!words[used][0] || len < 0 || (size_t)len >= sizeof longer || !candidates(longer, names, room, NEAR_MAX))
			break;
		memcpy(prefix, longer, sizeof longer);
	}
	return used;
}

/* The words do not name a command: says which of them is wrong, or what could follow. */
static int command_unknown(const char *const *words, size_t n, struct err *e)
{
	const char *names[NEAR_MAX + 1];
	char room[NEAR_MAX][NAME_BYTES], prefix[CLI_GROUP_BYTES];
	size_t used = cli_group_find(words, n, prefix), count = candidates(prefix, names, room, NEAR_MAX);
	const char *space = used ? " " : "";
	char list[256] = "";
	for (size_t i = 0, len = 0; used && i < count && len < sizeof list - NAME_BYTES - 2; i++)
		len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", i ? ", " : "", names[i]);
	if (used == n) {
		err_set(e, ERR_USAGE, "%s needs one more word: %s", prefix, list);
		return err_hint(e, "enclua %s --help", prefix);
	}
	const char *near = text_nearest(words[used], names), *shown = cli_safe(words[used], strlen(words[used]), 0);
	if (!near) {
		err_set(e, ERR_USAGE, "unknown command \"%s%s%s\"%s%s", prefix, space, shown, used ? "; there are " : "", list);
		return err_hint(e, "enclua %s%s--help", prefix, space);
	}
	err_set(e, ERR_USAGE, "unknown command \"%s%s%s\"; did you mean \"%s%s%s\"?", prefix, space, shown, prefix, space, near);
	return err_hint(e, "enclua %s%s%s --help", prefix, space, near);
}

/* What is typed stands in the list of processes for as long as the command runs, for everybody on the machine to read. Of these options the values
 * leave it as soon as they are read; @FILE never puts them there. */
static int value_hide(struct args *a, const struct option_row *row, char **value, struct err *e)
{
	static const char *const private[] = { "arg", "file", "secret", "set" };
	bool hide = false;
	for (size_t i = 0; *value && i < sizeof private / sizeof *private; i++)
		hide |= strcmp(row->name, private[i]) == 0;
	if (!hide)
		return 0;
	if (a->n_hidden == ARGS_HIDDEN_MAX)
		return err_set(e, ERR_LIMIT, "at most %u values of --arg, --file, --secret and --set", ARGS_HIDDEN_MAX);
	char *copy = strdup(*value);
	if (!copy)
		return err_set(e, ERR_LIMIT, "out of memory");
	memset(*value, '*', strlen(*value));
	a->hidden[a->n_hidden++] = copy;
	*value = copy;
	return 0;
}

void args_done(struct args *a)
{
	for (size_t i = 0; i < a->n_hidden; i++) {
		os_wipe(a->hidden[i], strlen(a->hidden[i]));
		free(a->hidden[i]);
	}
	free(a->words);
	free(a->options);
}

/* A flag counts once however often it is given; so the list is never longer than argv and one of each flag. */
static int option_add(struct args *a, const struct option_row *row, char *value, struct err *e)
{
	if (args_has(a, row->name) && !row->arg)
		return 0;
	if (args_has(a, row->name) && !row->repeat)
		return err_set(e, ERR_USAGE, "the option --%s is given twice", row->name);
	if (value_hide(a, row, &value, e) < 0)
		return -1;
	a->options[a->n_options].row = row;
	a->options[a->n_options++].value = value ? value : "";
	return 0;
}

static int value_missing(const struct command *cmd, const struct option_row *row, struct err *e)
{
	err_set(e, ERR_USAGE, "the option --%s needs a value: --%s %s", row->name, row->name, row->arg);
	return hint_help(cmd, e);
}

/* Both take the option at argv[i] and say in *next where to go on. Rows of the command come before the global ones. */
static int long_take(struct args *a, int argc, char **argv, int i, int *next, struct err *e)
{
	const struct command *cmd = a->command;
	const char *name = argv[i] + 2;
	size_t len = strcspn(name, "=");
	const struct option_row *row = row_find(cmd ? cmd->options : NULL, name, len);
	row = row ? row : row_find(cli_global_options, name, len);
	char *value = name[len] == '=' ? argv[i] + 2 + len + 1 : NULL;
	*next = i + 1;
	if (!row)
		return option_unknown(cmd, argv[i], e);
	if (!row->arg && value)
		return err_set(e, ERR_USAGE, "the option --%s takes no value", row->name);
	if (row->arg && !value) {
		if (i + 1 >= argc)
			return value_missing(cmd, row, e);
		value = argv[i + 1];
		*next = i + 2;
	}
	return option_add(a, row, value, e);
}

/* Several flags may share a dash, and the last letter may take a value: -qo DIR, -oDIR. */
static int letters_take(struct args *a, int argc, char **argv, int i, int *next, struct err *e)
{
	const struct command *cmd = a->command;
	*next = i + 1;
	for (char *p = argv[i] + 1; *p; p++) {
		const struct option_row *row = row_letter(cmd ? cmd->options : NULL, *p);
		row = row ? row : row_letter(cli_global_options, *p);
		if (!row)
			return option_unknown(cmd, argv[i], e);
		if (!row->arg) {
			if (option_add(a, row, NULL, e) < 0)
				return -1;
			continue;
		}
		if (!p[1] && i + 1 >= argc)
			return value_missing(cmd, row, e);
		*next = p[1] ? i + 1 : i + 2;
		return option_add(a, row, p[1] ? p + 1 : argv[i + 1], e);
	}
	return 0;
}

/* The global option at word, or NULL: one of several letters may be the command's, and take the next word. */
static const struct option_row *leading_option(const char *word)
{
	if (word[1] == '-')
		return row_find(cli_global_options, word + 2, strcspn(word + 2, "="));
	const struct option_row *row = NULL;
	for (const char *p = word + 1; *p; p++)
		if (!(row = row_letter(cli_global_options, *p)))
			return NULL;
	return row;
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
		const struct option_row *row = leading_option(argv[i]);
		if (!row)	/* an option of the command: its words are all before it */
			break;
		if (row->arg && !strchr(argv[i], '='))
			i++;
	}
	return n;
}

int cli_first_word(int argc, char **argv)
{
	const char *word = NULL;
	int i = 1;
	if (leading_words(argc, argv, &word, 1) == 0)
		return 0;
	while (argv[i] != word)
		i++;
	return i;
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

/* Everything after the command's words, into a. */
static int rest_take(struct args *a, int argc, char **argv, struct err *e)
{
	bool ended = false;
	for (int i = 1; i < argc;) {
		if (!ended && !strcmp(argv[i], "--")) {
			ended = true;
			i++;
		} else if (ended || argv[i][0] != '-' || argv[i][1] == '\0') {
			a->words[a->n_words++] = argv[i++];
		} else if ((argv[i][1] == '-' ? long_take : letters_take)(a, argc, argv, i, &i, e) < 0) {
			return -1;
		}
	}
	return 0;
}

int cli_parse(int argc, char **argv, struct args *a, struct err *e)
{
	const char *lead[COMMAND_WORDS] = { NULL };
	size_t used = 0, n_lead = leading_words(argc, argv, lead, COMMAND_WORDS);
	*a = (struct args){ .command = n_lead ? command_find(lead, n_lead, &used) : NULL };
	a->words = calloc((size_t)argc + 1, sizeof *a->words);
	a->options = calloc((size_t)argc + UCHAR_MAX, sizeof *a->options);
	if (!a->words || !a->options)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (rest_take(a, argc, argv, e) < 0)
		return -1;
	if (args_has(a, "version"))
		return 0;
	if (a->command) {
		assert(used <= a->n_words);	/* leading_words saw the same words */
		memmove(a->words, a->words + used, (a->n_words - used) * sizeof *a->words);
		a->n_words -= used;
		return args_has(a, "help") ? 0 : words_check(a, e);
	}
	if (args_has(a, "help") && cli_group_find(a->words, a->n_words, a->group) == a->n_words)
		return 0;
	if (a->n_words)
		return command_unknown(a->words, a->n_words, e);
	err_set(e, ERR_USAGE, "a command is needed");
	return err_hint(e, "enclua --help");
}

const struct command *cli_command_find(const char *const *words, size_t n)
{
	size_t used = 0;
	const struct command *c = command_find(words, n, &used);
	return used == n ? c : NULL;
}
