/* Manual pages (man(7)) and completions, from the table of commands; and the topics, pages about what is no command (tools/manual). */
#ifndef ENCLUA_TOOLS_MANUAL_H
#define ENCLUA_TOOLS_MANUAL_H

#include "cli.h"

/* A page of tools/manual/NAME.SECTION. Its first line is its summary. */
struct topic { const char *name; char section; const char *text; };
extern const struct topic manual_topics[];	/* ends with name NULL */
const struct topic *manual_topic_find(const char *name);	/* "iapp", "iapp.5" or "enclua-iapp.5"; NULL when there is none */
size_t manual_topic_summary(const struct topic *t);	/* how many bytes of its text that is */

int manual_page(const struct face *f, struct buf *out, const struct command *cmd, struct err *e);	/* NULL: the page of the program */
int manual_topic(struct buf *out, const struct topic *t, struct err *e);
int manual_bash(const struct face *f, struct buf *out, struct err *e);	/* these three: completions.c */
int manual_zsh(const struct face *f, struct buf *out, struct err *e);
int manual_fish(const struct face *f, struct buf *out, struct err *e);

#endif
