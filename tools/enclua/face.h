/* The program is called by two names: `enclua`, and `iapp-generator`, whose verbs are those of `enclua iapp`. A face is how it speaks under one of them: which
 * commands there are, and what they are called in help, pages, completions and errors. Everything else is written as `enclua` says it.
 */
#ifndef ENCLUA_TOOLS_FACE_H
#define ENCLUA_TOOLS_FACE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct face {
	const char *program;	/* "iapp-generator" */
	const char *symbol;	/* the same as a part of names in shells */
	const char *group;	/* "iapp": the first word of its commands, which nobody types; or "" */
	const char *about;	/* one line */
};

const struct face *face_of(const char *argv0);
/* The words of a command under this face, or NULL: it is none of its commands. */
const char *face_words(const struct face *f, const char *words);
/* argv with the group's word where it belongs, for the one parser: an array of argc + 2, to be freed. */
char **face_argv(const struct face *f, int *argc, char **argv, struct err *e);
/* Text that says `enclua iapp init`, as this face says it. Appends. */
int face_text(const struct face *f, const char *text, struct buf *out, struct err *e);

#endif
