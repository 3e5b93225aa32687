/* A match while it is worked out: the orders, what was found of their assets, and the table of rules. Between match.c, which asks, and deal.c, which acts. */
#ifndef ENCLUA_MARKET_MATCH_H
#define ENCLUA_MARKET_MATCH_H

#include "market/inner.h"

enum { APP, DATA, POOL, REQUEST, ORDERS };	/* places in the arrays; as a place of names, REQUEST is the requester */

struct match {
	struct market *m;
	const struct market_match *in;
	struct market_order orders[ORDERS];	/* without data that one is zero */
	bool has_data;
	/* set by the rules that find them */
	struct market_asset assets[REQUEST];
	struct market_category category;
	uint64_t volume;
	const char *payer;
	char why[400];
};

struct match_rule {
	unsigned code;
	enum err_code kind;
	const char *words;
	int (*holds)(struct match *c, const struct match_rule *r, struct err *e);
	unsigned by, of;	/* whose order; which of the names it is about */
	const char *help;
	enum { NOTHING, ORDER, ASSET } help_with;
	unsigned help_of;
};

int match_check(struct match *c, struct err *e);	/* 0: all rules hold and all of c is set */
/* All rules, whether they hold or not; broken counts those that do not. */
int match_explain(struct match *c, void (*f)(void *ctx, const struct market_verdict *v), void *ctx, size_t *broken, struct err *e);

#endif
