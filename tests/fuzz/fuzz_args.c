/* What people type: any words, against commands that have options of every shape, those of the real ones among them. Each word and each value that comes out was typed,
 * words of the command are gone from the front, their number is what the command takes, and values that are private have left the list of processes.
 */
#include <stdio.h>

#include "../../tools/enclua/args.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TYPED 64u

static void require(int condition)
{
	if (!condition)
		abort();
}

static const struct option_row pack_options[] = {
	{ "output", 'o', "FILE", false, "" }, { "sign", 0, "NAME", true, "" }, { "quick", 'Q', NULL, false, "" }, { NULL, 0, NULL, false, NULL },
};
static const struct option_row run_options[] = {
	{ "arg", 'a', "NAME=VALUE", true, "" }, { "secret", 0, "N=VALUE", true, "" }, { "file", 'f', "FILE", true, "" }, { "set", 0, "X", false, "" }, { "many", 'm', NULL, true, "" },
	{ NULL, 0, NULL, false, NULL },
};
static const struct command first_set[] = {
	{ "app pack", "DIR", "", NULL, pack_options, 1, 2, NULL },
	{ "app list", "", "", NULL, NULL, 0, 0, NULL },
	{ "app data get", "A B", "", NULL, pack_options, 2, 2, NULL },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
static const struct command second_set[] = {
	{ "run-task", "APP", "", NULL, run_options, 1, 5, NULL }, { "version", "", "", NULL, NULL, 0, 0, NULL }, { NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
const struct command *const command_sets[] = { first_set, second_set, NULL };

const char *cli_safe(const char *text, size_t len, unsigned slot)
{
	static char shown[4][64];
	(void)snprintf(shown[slot], sizeof shown[slot], "%.*s", (int)(len < 60 ? len : 60), text);
	return shown[slot];
}

/* Words that mean something, by one byte each below 32; the others are themselves. A zero byte ends a word. */
static const char *const known[] = { NULL, "app", "pack", "list", "data", "get", "run-task", "version", "--", "-", "-o", "-q", "-qo", "-oq", "--output=", "--output", "--as", "--as=x",
	"--arg", "--secret=1=x", "-ma", "-a", "--set", "--home", "--json", "--help", "-h", "--sign", "-vq", "--quick=1", "--many", "--file" };

static bool typed(const struct args *a, char *const *argv, const char *const *copies, int argc, const char *p)
{
	for (size_t i = 0; i < a->n_hidden; i++)
		if (a->hidden[i] == p)
			return true;
	for (int i = 1; i < argc; i++)
		if (p >= argv[i] && p <= argv[i] + strlen(copies[i]))
			return true;
	return false;
}

static void result_check(const struct args *a, int r, char *const *argv, const char *const *copies, int argc, const struct err *e)
{
	for (size_t i = 0; i < a->n_options; i++) {
		const char *value = a->options[i].value;
		require(value && (!*value || typed(a, argv, copies, argc, value)));
		require(a->options[i].row->arg || !*value);
		require(a->options[i].row->repeat || args_count(a, a->options[i].row->name) == 1);
	}
	require(a->n_hidden <= (size_t)argc);
	if (r < 0) {
		require(e->code == ERR_USAGE && e->msg[0]);
		return;
	}
	if (args_has(a, "help") || args_has(a, "version"))
		return;
	require(a->command && a->n_words >= a->command->min && a->n_words <= a->command->max);
	for (size_t i = 0; i < a->n_words; i++)
		require(typed(a, argv, copies, argc, a->words[i]));
	/* The words of the command and those that are left, together and in order, are the words that were typed. */
	require(!args_has(a, "secret") || (args_get(a, "secret") && a->n_hidden > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[TYPED + 1], *copies[TYPED];
	int argc = 1;
	argv[0] = copies[0] = (char *)"enclua";
	for (size_t at = 0; at < size && argc < (int)TYPED;) {
		char word[256];
		size_t n = 0;
		for (; at < size && data[at] && n + 24 < sizeof word; at++) {
			const char *is = data[at] < sizeof known / sizeof *known ? known[data[at]] : NULL;
			if (is)
				n += (size_t)snprintf(word + n, sizeof word - n, "%s", is);
			else
				word[n++] = (char)data[at];
		}
		at++;
		argv[argc] = strndup(word, n);
		copies[argc++] = strndup(word, n);
	}
	argv[argc] = NULL;
	struct args a;
	struct err e = { .code = ERR_NONE };
	int first = cli_first_word(argc, argv);
	require(first >= 0 && first < argc);
	int r = cli_parse(argc, argv, &a, &e);
	result_check(&a, r, argv, (const char *const *)copies, argc, &e);
	args_done(&a);
	for (int i = 1; i < argc; i++) {
		free(argv[i]);
		free(copies[i]);
	}
	return 0;
}
