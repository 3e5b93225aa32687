/* What host.c and host_apply.c share. */
#ifndef ENCLUA_NODE_HOST_INNER_H
#define ENCLUA_NODE_HOST_INNER_H

#include "node/host.h"

struct host {
	struct book *book;
	struct market_backend backend;
	struct market market;
	struct buf row;	/* bytes of the row at hand */
};

int host_apply(void *ctx, struct book *b, const struct entry *en, const struct book_applied *at, struct err *e);

#endif
