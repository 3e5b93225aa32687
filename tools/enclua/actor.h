/* Who acts: see actor.c. */
#ifndef ENCLUA_TOOLS_ACTOR_H
#define ENCLUA_TOOLS_ACTOR_H

#include "book/book.h"
#include "cli.h"

/* Enters identity.register unless the book knows this identity. */
int actor_register(struct book *b, const char *name, const struct identity *id, struct err *e);
/* The acting identity (--as, $ENCLUA_AS, else the default one), opened, and known to the book. */
int actor_open(struct cli *c, struct book *b, struct identity **out, struct err *e);

#endif
