/* To man(7) pages: from the table of commands, and from the topics. Whatever is said here is said in a table, in the table of errors or in tools/manual. */
#include "manual.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Text as roff reads it: no escapes, no requests at the start of a line, paragraphs apart. Lines that begin with spaces keep their shape. */
static int roff_add_part(struct buf *out, const char *text, size_t len, struct err *e)
{
	bool start = true, shaped = false;
	for (const char *p = text; p < text + len; p++) {
		if (start && *p == '\n') {
			if (buf_add_text(out, shaped ? ".fi\n.PP\n" : ".PP\n", e) < 0)
				return -1;
			shaped = false;
			continue;
		}
		if (start && (*p == ' ') != shaped) {
			shaped = *p == ' ';
			if (buf_add_text(out, shaped ? ".nf\n" : ".fi\n", e) < 0)
				return -1;
		}
		const char *safe = *p == '\\' ? "\\e" : *p == '-' ? "\\-" : NULL;
		if (start && (*p == '.' || *p == '\'') && buf_add_text(out, "\\&", e) < 0)
			return -1;
		if ((safe ? buf_add_text(out, safe, e) : buf_add(out, p, 1, e)) < 0)
			return -1;
		start = *p == '\n';
	}
	return buf_add_text(out, shaped ? "\n.fi\n" : start ? "" : "\n", e);
}

static int roff_add(struct buf *out, const char *text, struct err *e)
{
	return roff_add_part(out, text, strlen(text), e);
}

/* A word whose dashes are dashes, not hyphens. */
static int word_add(struct buf *out, const char *word, struct err *e)
{
	for (; *word; word++)
		if (buf_addf(out, e, "%s%c", *word == '-' ? "\\" : "", *word) < 0)
			return -1;
	return 0;
}

static int options_add(struct buf *out, const char *title, const struct option_row *rows, struct err *e)
{
	if (!rows || !rows->name)
		return 0;
	if (buf_addf(out, e, ".SH \"%s\"\n", title) < 0)
		return -1;
	for (; rows->name; rows++) {
		char letter[] = { '-', rows->letter, ',', ' ', '\0' };
		if (buf_add_text(out, ".TP\n\\fB", e) < 0 || word_add(out, rows->letter ? letter : "", e) < 0 || word_add(out, "--", e) < 0 ||
		    word_add(out, rows->name, e) < 0 || buf_add_text(out, "\\fR", e) < 0 ||
		    (rows->arg && buf_addf(out, e, " \\fI%s\\fR", rows->arg) < 0) || buf_add_text(out, "\n", e) < 0 ||
		    roff_add(out, rows->help, e) < 0)
			return -1;
	}
	return 0;
}

static int exits_add(struct buf *out, struct err *e)
{
	if (buf_add_text(out, ".SH EXIT STATUS\n.TP\n0\ndone\n", e) < 0)
		return -1;
	for (enum err_code code = ERR_NONE + 1; code < ERR_COUNT; code++)
		if (buf_addf(out, e, ".TP\n%d\n%s: %s\n", err_exit(code), err_name(code), err_text(code)) < 0)
			return -1;
	return 0;
}

static int name_add(const char *program, struct buf *out, const char *words, char section, const char *summary, struct err *e)
{
	char name[CLI_GROUP_BYTES + 8], upper[sizeof name];
	(void)snprintf(name, sizeof name, "%s%s%s", program, words[0] ? "-" : "", words);
	for (size_t i = 0; i <= strlen(name); i++) {
		name[i] = name[i] == ' ' ? '-' : name[i];
		upper[i] = (char)toupper((unsigned char)name[i]);
	}
	if (buf_addf(out, e, ".TH %s %c %s \"enclua %s\" \"Enclua\"\n.SH NAME\n", upper, section, CLI_DATE, CLI_VERSION) < 0 ||
	    word_add(out, name, e) < 0 || buf_add_text(out, " \\- ", e) < 0)
		return -1;
	return roff_add(out, summary, e);
}

static int title_add(const struct face *f, struct buf *out, const char *words, const char *summary, struct err *e)
{
	if (name_add(f->program, out, words, '1', summary, e) < 0)
		return -1;
	return buf_add_text(out, ".SH SYNOPSIS\n\\fB", e) < 0 || word_add(out, f->program, e) < 0 ? -1 :
		buf_addf(out, e, "%s%s\\fR ", words[0] ? " " : "", words);
}

static int commands_add(const struct face *f, struct buf *out, struct err *e)
{
	if (buf_add_text(out, ".SH COMMANDS\n", e) < 0)
		return -1;
	for (const struct command *const *set = command_sets; *set; set++)
		for (const struct command *c = *set; c->words; c++)
			if (face_words(f, c->words) && (buf_addf(out, e, ".TP\n\\fB%s\\fR ", face_words(f, c->words)) < 0 || roff_add(out, c->synopsis, e) < 0 ||
			    (!c->synopsis[0] && buf_add_text(out, "\n", e) < 0) || roff_add(out, c->summary, e) < 0))
				return -1;
	return 0;
}

/* Its paragraphs. */
static int about_add(const struct face *f, struct buf *out, const char *help, struct err *e)
{
	struct buf text = BUF_INIT(KIB(64));
	int r = buf_add_text(out, ".PP\n", e) < 0 || face_text(f, help, &text, e) < 0 ? -1 : roff_add(out, buf_text(&text), e);
	buf_done(&text);
	return r;
}

int manual_page(const struct face *f, struct buf *out, const struct command *cmd, struct err *e)
{
	const char *words = cmd ? face_words(f, cmd->words) : "";
	if (title_add(f, out, words ? words : cmd->words, cmd ? cmd->summary : f->about, e) < 0 ||
	    roff_add(out, cmd ? cmd->synopsis : "COMMAND [OPTIONS] [ARGS]", e) < 0)
		return -1;
	if (cmd && !cmd->synopsis[0] && buf_add_text(out, "\n", e) < 0)
		return -1;
	if (cmd && (buf_addf(out, e, ".SH DESCRIPTION\n%s.\n", cmd->summary) < 0 || (cmd->help && about_add(f, out, cmd->help, e) < 0)))
		return -1;
	if (cmd ? options_add(out, "OPTIONS", cmd->options, e) < 0 : commands_add(f, out, e) < 0)
		return -1;
	if (options_add(out, "OPTIONS OF EVERY COMMAND", cli_global_options, e) < 0 || exits_add(out, e) < 0)
		return -1;
	return cmd ? buf_addf(out, e, ".SH SEE ALSO\n\\fB%s\\fR(1)\n", f->program) : 0;
}

static bool is_heading(const char *line, size_t len)
{
	bool upper = false;
	for (size_t i = 0; i < len; i++) {
		if (line[i] >= 'a' && line[i] <= 'z')
			return false;
		upper = upper || (line[i] >= 'A' && line[i] <= 'Z');
	}
	return upper && line[0] != ' ';
}

/* A topic's text is its page: a line in capitals is a heading, what is indented keeps its shape, the rest are paragraphs. */
int manual_topic(struct buf *out, const struct topic *t, struct err *e)
{
	const char *line = strchr(t->text, '\n') + 1, *part = line;
	char summary[256];
	(void)snprintf(summary, sizeof summary, "%.*s", (int)(line - 1 - t->text), t->text);
	if (name_add("enclua", out, t->name, t->section, summary, e) < 0)
		return -1;
	for (bool more = true; more;) {
		const char *end = strchr(line, '\n');
		more = end != NULL;
		if (more && !is_heading(line, (size_t)(end - line))) {
			line = end + 1;
			continue;
		}
		while (part < line && *part == '\n')
			part++;
		const char *last = line;
		while (last > part && last[-1] == '\n')
			last--;
		if (last > part && (roff_add_part(out, part, (size_t)(last - part), e) < 0 || buf_add_text(out, "\n", e) < 0))
			return -1;
		if (more && buf_addf(out, e, ".SH \"%.*s\"\n", (int)(end - line), line) < 0)
			return -1;
		part = line = more ? end + 1 : line;
	}
	return 0;
}
