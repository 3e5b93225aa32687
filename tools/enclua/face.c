/* The two names of the program: see face.h. */
#include "face.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const struct face faces[] = {
	{ "enclua", "enclua", "", "run signed Lua on sealed data in a locked-down process" },
	{ "iapp-generator", "iapp_generator", "iapp", "make an iApp: begin, test, sign, deploy and run a project" },
};

/* Commands that a face has without its group. */
static const char *const shared[] = { "help", "version" };

const struct face *face_of(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL, *name = slash ? slash + 1 : argv0;
	for (size_t i = 1; name && i < sizeof faces / sizeof *faces; i++)
		if (strcmp(faces[i].program, name) == 0)
			return &faces[i];
	return &faces[0];
}

static bool is_shared(const char *word)
{
	for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
		if (strcmp(shared[i], word) == 0)
			return true;
	return false;
}

const char *face_words(const struct face *f, const char *words)
{
	size_t n = strlen(f->group);
	if (n == 0 || is_shared(words))
		return words;
	return strncmp(words, f->group, n) == 0 && words[n] == ' ' ? words + n + 1 : NULL;
}

/* `iapp-generator init` is `enclua iapp init`, and `iapp-generator help init` is `enclua help iapp init`. */
char **face_argv(const struct face *f, int *argc, char **argv, struct err *e)
{
	char **out = calloc((size_t)*argc + 2, sizeof *out);
	if (!out) {
		err_set(e, ERR_LIMIT, "out of memory");
		return NULL;
	}
	int first = cli_first_word(*argc, argv), at = f->group[0] ? 1 : *argc;
	if (first && f->group[0] && is_shared(argv[first]))
		at = strcmp(argv[first], "help") == 0 ? first + 1 : *argc;
	for (int i = 0, n = 0; i < *argc; i++) {
		if (i == at)
			out[n++] = (char *)(uintptr_t)f->group;	/* a word of a command is only read */
		out[n++] = argv[i];
	}
	if (at == *argc && f->group[0] && (!first || strcmp(argv[first], "help") == 0))
		out[*argc] = (char *)(uintptr_t)f->group;
	*argc += out[*argc] != NULL;
	return out;
}

/* The first rule that fits is taken. start: only where a line begins. */
static const struct { const char *from, *to; bool start; } rules[] = {
	{ "enclua iapp ", "iapp-generator ", false },
	{ "\"iapp ", "\"", false },
	{ "iapp needs ", "iapp-generator needs ", true },
	{ "iapp ", "", true },
};

int face_text(const struct face *f, const char *text, struct buf *out, struct err *e)
{
	if (!f->group[0])
		return buf_add_text(out, text, e);
	for (const char *p = text; *p;) {
		size_t i = 0;
		while (i < sizeof rules / sizeof *rules && (strncmp(p, rules[i].from, strlen(rules[i].from)) != 0 || (rules[i].start && p != text && p[-1] != '\n')))
			i++;
		bool fits = i < sizeof rules / sizeof *rules;
		if (fits ? buf_add_text(out, rules[i].to, e) < 0 : buf_add(out, p, 1, e) < 0)
			return -1;
		p += fits ? strlen(rules[i].from) : 1;
	}
	return 0;
}
