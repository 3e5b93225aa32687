/* From the table of commands to completion scripts: bash, zsh and fish. All three do the same: the words typed so far are joined; commands that begin with
 * them give the next word, the one that they begin with gives the options, and an option that has only some values gives those. `help` is
 * followed by the words of a command or by a topic. Anything else is a file.
 */
#include <stdio.h>
#include <string.h>

#include "manual.h"

static int names_add(struct buf *out, const struct option_row *rows, bool with_value_only, const char *between, struct err *e)
{
	bool first = true;
	for (; rows && rows->name; rows++) {
		if (with_value_only && !rows->arg)
			continue;
		if (buf_addf(out, e, "%s--%s", first ? "" : between, rows->name) < 0)
			return -1;
		first = false;
	}
	return 0;
}

/* The values that an option takes, where the table says that there are only some: appended to out with this between them, and nothing otherwise. */
static int values_add(struct buf *out, const struct option_row *row, const char *between, struct err *e)
{
	size_t words = 1, given = 0;
	for (const char *p = row->arg; p && *p; p++)
		words += *p == '|';
	for (const char *p = words > 1 ? row->arg : ""; *p;) {
		size_t n = strcspn(p, "|"), small = strspn(p, "abcdefghijklmnopqrstuvwxyz_0123456789");
		if ((words > 2 || small >= n) && buf_addf(out, e, "%s%.*s", given++ ? between : "", (int)n, p) < 0)
			return -1;
		p += n + (p[n] == '|');
	}
	return 0;
}

/* " --option=value,value" for each option that has such. */
static int valued_add(struct buf *out, const struct option_row *rows, struct err *e)
{
	for (; rows && rows->name; rows++) {
		struct buf values = BUF_INIT(KIB(4));
		int r = values_add(&values, rows, ",", e);
		if (r == 0 && values.len)
			r = buf_addf(out, e, " --%s=%s", rows->name, buf_text(&values));
		buf_done(&values);
		if (r < 0)
			return -1;
	}
	return 0;
}

static const char bash_middle[] =
	") ((i++)) ;;\n"
	"\t\t-*) ;;\n"
	"\t\t*) words+=\"${COMP_WORDS[i]} \" ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\twhile IFS='|' read -r command of with; do\n"
	"\t\t[[ $of && \"$words\" == \" $command \"* ]] && options=$of valued=$with\n"
	"\t\t[[ \" $command \" == \"$words\"?* ]] && rest=\" $command\" && rest=${rest#\"$words\"} && next+=\" ${rest%% *}\"\n"
	"\tdone <<'TABLE'\n";
static const char bash_end[] =
	"\tif [[ $prev == --* && \" $valued\" == *\" $prev=\"* ]]; then\n"
	"\t\tnext=\" $valued \" next=${next#*\" $prev=\"} next=${next%% *}\n"
	"\t\tCOMPREPLY=($(compgen -W \"${next//,/ }\" -- \"$cur\"))\n"
	"\telif [[ $cur == -* ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$options $global\" -- \"$cur\"))\n"
	"\telif [[ $next ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$next\" -- \"$cur\"))\n"
	"\telse\n"
	"\t\tCOMPREPLY=()\n"
	"\tfi\n"
	"}\n";

int manual_bash(const struct face *f, struct buf *out, struct err *e)
{
	if (buf_addf(out, e, "# Completions of %s for bash, made by: %s help --bash\n_%s() {\n\tlocal global='", f->program, f->program, f->symbol) < 0 ||
	    names_add(out, cli_global_options, false, " ", e) < 0 ||
	    buf_add_text(out, "'\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=' ' i command of with options= valued= next= rest\n"
		"\tlocal prev=${COMP_WORDS[COMP_CWORD-1]}\n"
		"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tcase ${COMP_WORDS[i]} in\n\t\t", e) < 0 ||
	    names_add(out, cli_global_options, true, " | ", e) < 0 || buf_add_text(out, bash_middle, e) < 0)
		return -1;
	for (const struct command *const *set = command_sets; *set; set++)
		for (const struct command *c = *set; c->words; c++)
			if (face_words(f, c->words) && (buf_addf(out, e, "%s|", face_words(f, c->words)) < 0 ||
			    names_add(out, c->options, false, " ", e) < 0 || buf_add_text(out, "|", e) < 0 || valued_add(out, c->options, e) < 0 ||
			    buf_addf(out, e, "\nhelp %s\n", face_words(f, c->words)) < 0))
				return -1;
	for (const struct topic *t = manual_topics; t->name; t++)
		if (buf_addf(out, e, "help %s.%c\n", t->name, t->section) < 0)
			return -1;
	return buf_add_text(out, "TABLE\n", e) < 0 || buf_add_text(out, bash_end, e) < 0 ? -1 :
		buf_addf(out, e, "complete -o default -F _%s %s\n", f->symbol, f->program);
}

/* Text inside single quotes; quote is what a single quote is there. */
static int quoted_add(struct buf *out, const char *text, const char *quote, const char *backslash, struct err *e)
{
	for (; *text; text++)
		if ((*text == '\'' ? buf_add_text(out, quote, e) : *text == '\\' ? buf_add_text(out, backslash, e) : buf_add(out, text, 1, e)) < 0)
			return -1;
	return 0;
}

static int summary_add(struct buf *out, const struct topic *t, const char *quote, const char *backslash, struct err *e)
{
	char summary[256];
	(void)snprintf(summary, sizeof summary, "%.*s", (int)manual_topic_summary(t), t->text);
	return quoted_add(out, summary, quote, backslash, e) < 0 ? -1 : buf_add_text(out, "'\n", e);
}

static int zsh_add(struct buf *out, const char *before, const char *name, const char *about, struct err *e)
{
	if (buf_addf(out, e, "\t\t'%s%s:", before, name) < 0 || quoted_add(out, about, "'\\''", "\\", e) < 0)
		return -1;
	return buf_add_text(out, "'\n", e);
}

static int zsh_options_add(struct buf *out, const struct option_row *rows, struct err *e)
{
	for (; rows && rows->name; rows++)
		if (zsh_add(out, "--", rows->name, rows->help, e) < 0)
			return -1;
	return 0;
}

/* Which values there are, by the option before. */
static int zsh_values_add(struct buf *out, const char *words, const struct option_row *rows, struct err *e)
{
	for (; rows && rows->name; rows++) {
		struct buf values = BUF_INIT(KIB(4));
		int r = values_add(&values, rows, " ", e);
		if (r == 0 && values.len)
			r = buf_addf(out, e, "\t[[ $typed != ' %s '* || ${words[CURRENT-1]} != --%s ]] || values=(%s)\n", words, rows->name, buf_text(&values));
		buf_done(&values);
		if (r < 0)
			return -1;
	}
	return 0;
}

static const char zsh_typed[] =
	") ((i++)) ;;\n"
	"\t\t-*) ;;\n"
	"\t\t*) typed+=\"${words[i]} \" ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\tfor command in $commands; do\n"
	"\t\trest=\" ${command%%:*}\"\n"
	"\t\t[[ $rest == \"$typed\"?* ]] || continue\n"
	"\t\trest=${rest#\"$typed\"}\n"
	"\t\tif [[ $rest == *' '* ]]; then next+=(\"${rest%% *}\"); else next+=(\"$rest:${command#*:}\"); fi\n"
	"\tdone\n";
static const char zsh_end[] =
	"\tif (($#values)); then\n"
	"\t\t_describe value values\n"
	"\telif [[ ${words[CURRENT]} == -* ]]; then\n"
	"\t\t_describe -o option options\n"
	"\telif (($#next)); then\n"
	"\t\t_describe command next\n"
	"\telse\n"
	"\t\t_files\n"
	"\tfi\n"
	"}\n";

int manual_zsh(const struct face *f, struct buf *out, struct err *e)
{
	if (buf_addf(out, e, "#compdef %s\n# Completions of %s for zsh, made by: %s help --zsh\n_%s() {\n", f->program, f->program, f->program, f->symbol) < 0 ||
	    buf_add_text(out, "\tlocal typed=' ' command rest\n\tlocal -i i\n\tlocal -aU next\n\tlocal -a values\n\tlocal -a options=(\n", e) < 0 ||
	    zsh_options_add(out, cli_global_options, e) < 0 || buf_add_text(out, "\t)\n\tlocal -a commands=(\n", e) < 0)
		return -1;
	for (const struct command *const *set = command_sets; *set; set++)
		for (const struct command *c = *set; c->words; c++)
			if (face_words(f, c->words) && (zsh_add(out, "", face_words(f, c->words), c->summary, e) < 0 ||
			    zsh_add(out, "help ", face_words(f, c->words), c->summary, e) < 0))
				return -1;
	for (const struct topic *t = manual_topics; t->name; t++)
		if (buf_addf(out, e, "\t\t'help %s.%c:", t->name, t->section) < 0 || summary_add(out, t, "'\\''", "\\", e) < 0)
			return -1;
	if (buf_add_text(out, "\t)\n\tfor ((i = 2; i < CURRENT; i++)); do\n\t\tcase ${words[i]} in\n\t\t", e) < 0 ||
	    names_add(out, cli_global_options, true, " | ", e) < 0 || buf_add_text(out, zsh_typed, e) < 0)
		return -1;
	for (const struct command *const *set = command_sets; *set; set++)
		for (const struct command *c = *set; c->words; c++)
			if (face_words(f, c->words) && c->options && c->options->name &&
			    (buf_addf(out, e, "\t[[ $typed != ' %s '* ]] || options+=(\n", face_words(f, c->words)) < 0 ||
			    zsh_options_add(out, c->options, e) < 0 || buf_add_text(out, "\t)\n", e) < 0 ||
			    zsh_values_add(out, face_words(f, c->words), c->options, e) < 0))
				return -1;
	return buf_add_text(out, zsh_end, e) < 0 ? -1 : buf_addf(out, e,
		"if [[ ${funcstack[1]} == _%s ]]; then _%s \"$@\"; else compdef _%s %s; fi\n", f->symbol, f->symbol, f->symbol, f->program);
}

static int fish_values_add(struct buf *out, const struct option_row *row, struct err *e)
{
	struct buf values = BUF_INIT(KIB(4));
	int r = values_add(&values, row, " ", e);
	if (r == 0)
		r = values.len ? buf_addf(out, e, " -f -a '%s' -d '", buf_text(&values)) : buf_add_text(out, " -d '", e);
	buf_done(&values);
	return r;
}

static int fish_options_add(const struct face *f, struct buf *out, const char *words, const struct option_row *rows, struct err *e)
{
	for (; rows && rows->name; rows++) {
		char letter[] = { rows->letter, '\0' };
		if (buf_addf(out, e, "complete -c %s", f->program) < 0 || (words && buf_addf(out, e, " -n '__%s_in %s'", f->symbol, words) < 0) ||
		    buf_addf(out, e, " -l %s%s%s%s", rows->name, letter[0] ? " -s " : "", letter, rows->arg ? " -r" : "") < 0 ||
		    fish_values_add(out, rows, e) < 0 ||
		    quoted_add(out, rows->help, "\\'", "\\\\", e) < 0 || buf_add_text(out, "'\n", e) < 0)
			return -1;
	}
	return 0;
}

/* Each word of a command where the words before it have been typed; the last one says what the command does. */
static int fish_words_add(const struct face *f, struct buf *out, const struct command *c, const char *words, const char *after, struct err *e)
{
	for (const char *word = words; *word;) {
		size_t n = strcspn(word, " "), before = (size_t)(word - words);
		if (buf_addf(out, e, "complete -c %s -f -n '__%s_at %s%s%.*s' -a %.*s", f->program, f->symbol, after, after[0] && before ? " " : "",
		    before ? (int)before - 1 : 0, words, (int)n, word) < 0)
			return -1;
		if (word[n] == '\0' && (buf_add_text(out, " -d '", e) < 0 || quoted_add(out, c->summary, "\\'", "\\\\", e) < 0 ||
		    buf_add_text(out, "'", e) < 0))
			return -1;
		if (buf_add_text(out, "\n", e) < 0)
			return -1;
		word += n + (word[n] == ' ');
	}
	return 0;
}

static const char fish_typed[] =
	"\n\t\t\t\tset skip 1\n"
	"\t\t\tcase '-*'\n"
	"\t\t\tcase '*'\n"
	"\t\t\t\tset typed $typed $word\n"
	"\t\tend\n"
	"\tend\n"
	"\techo \"$typed\"\n"
	"end\n";

static int fish_functions_add(const struct face *f, struct buf *out, struct err *e)
{
	return buf_addf(out, e, "function __%s_at\n\ttest (__%s_typed) = \"$argv\"\nend\n"
		"function __%s_in\n\tstring match -q -- \"$argv *\" (__%s_typed)' '\nend\n", f->symbol, f->symbol, f->symbol, f->symbol);
}

int manual_fish(const struct face *f, struct buf *out, struct err *e)
{
	if (buf_addf(out, e, "# Completions of %s for fish, made by: %s help --fish\nfunction __%s_typed\n\tset -l skip 0\n\tset -l typed\n",
		f->program, f->program, f->symbol) < 0 || buf_add_text(out, "\tset -l words (commandline -opc)\n\tfor word in $words[2..]\n\t\tif test $skip = 1\n\t\t\tset skip 0\n\t\t\tcontinue\n\t\tend\n"
		"\t\tswitch $word\n\t\t\tcase ", e) < 0 || names_add(out, cli_global_options, true, " ", e) < 0 ||
	    buf_add_text(out, fish_typed, e) < 0 || fish_functions_add(f, out, e) < 0 || fish_options_add(f, out, NULL, cli_global_options, e) < 0)
		return -1;
	for (const struct command *const *set = command_sets; *set; set++)
		for (const struct command *c = *set; c->words; c++)
			if (face_words(f, c->words) && (fish_words_add(f, out, c, face_words(f, c->words), "", e) < 0 ||
			    fish_words_add(f, out, c, face_words(f, c->words), "help", e) < 0 ||
			    fish_options_add(f, out, face_words(f, c->words), c->options, e) < 0))
				return -1;
	for (const struct topic *t = manual_topics; t->name; t++)
		if (buf_addf(out, e, "complete -c %s -f -n '__%s_at help' -a %s.%c -d '", f->program, f->symbol, t->name, t->section) < 0 ||
		    summary_add(out, t, "\\'", "\\\\", e) < 0)
			return -1;
	return 0;
}
