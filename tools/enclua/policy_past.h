/* Questions that were asked: each decision of the book with its question made again from the entries that it was made from, which a replica in memory is given one by one. */
#ifndef ENCLUA_TOOLS_POLICY_PAST_H
#define ENCLUA_TOOLS_POLICY_PAST_H

#include "form/entry.h"
#include "policy_find.h"
#include "trade.h"

struct past {
	uint64_t index;	/* of the decision's entry */
	const struct entry_policy_decision *f;
	const struct buf *question;	/* empty when it could not be made: then why says so */
	const char *why;
	const struct iapp *policy;	/* the one that was asked; NULL: its archive is not here, and why says so */
};

/* Which of them: 0 takes it, 1 leaves it out. */
struct past_filter {
	const char *policy;	/* ids; NULL: any */
	const char *task, *request;
	bool one;	/* only the entry `index` */
	uint64_t index;
};

/* In the order of the sizes of the book that they are about, and of their entries where that is the same. f may stop by 1. n: how many there are, told before the first. */
int past_each(struct trade *t, const struct past_filter *x, int (*begin)(void *ctx, uint64_t n, struct err *e),
	int (*f)(void *ctx, const struct past *p, struct err *e), void *ctx, struct err *e);

/* The manifest of an iApp of the book, from its archive, checked against the register; and of the one that a request asks for. */
int past_app(struct book *b, const char *app, struct iapp **out, struct err *e);
int past_request_app(struct book *b, const char *request, char app[static ID_TEXT], struct err *e);

#endif
