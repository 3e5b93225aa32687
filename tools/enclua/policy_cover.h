/* What cases have seen of a policy: which rules decided, which conditions were false, and what a policy less one part would have said. */
#ifndef ENCLUA_TOOLS_POLICY_COVER_H
#define ENCLUA_TOOLS_POLICY_COVER_H

#include "policy_box.h"
#include "policy_case.h"

#define COVER_PARTS 16u	/* conditions, or obligations, of a rule */
#define COVER_RULES POLICY_LIST_MAX

struct cover_part { char name[32]; size_t held, failed; };
struct cover_rule {
	char id[65];
	bool permit;
	size_t decided;
	struct cover_part conditions[COVER_PARTS];
	size_t n_conditions;
	char obligations[COVER_PARTS][32];	/* "oblige.price" */
	size_t n_obligations;
};
struct cover { struct cover_rule rules[COVER_RULES]; size_t n; };

int cover_add(struct cover *c, const struct policy_decision *d, struct err *e);	/* of a whole policy */
int cover_obligations(struct cover *c, const struct policy_decision *d, struct err *e);	/* from an answer that says what there is */
/* What no case has seen, in words, each to f. */
int cover_gaps(const struct cover *c, int (*f)(void *ctx, const char *gap, struct err *e), void *ctx, struct err *e);

/* Every rule, condition and obligation left out in turn. f: the mutant in words, and the case that notices, or cases->n when none does. */
int cover_mutants(const struct cover *c, struct box_zygote *z, const struct iapp *policy, const struct cases *cases,
	int (*f)(void *ctx, const char *mutant, size_t caught_by, struct err *e), void *ctx, struct err *e);

#endif
