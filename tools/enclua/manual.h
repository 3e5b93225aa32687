/* Manual pages (man(7)) and completions, from the table of commands. */
#ifndef ENCLUA_TOOLS_MANUAL_H
#define ENCLUA_TOOLS_MANUAL_H

#include "cli.h"

int manual_page(const struct face *f, struct buf *out, const struct command *cmd, struct err *e);	/* NULL: the page of the program */
int manual_bash(const struct face *f, struct buf *out, struct err *e);	/* these three: completions.c */
int manual_zsh(const struct face *f, struct buf *out, struct err *e);
int manual_fish(const struct face *f, struct buf *out, struct err *e);

#endif
