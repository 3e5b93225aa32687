/* A policy is asked, as keepers ask it: in its own box, obligations held against the question afterwards. And a policy less one of its parts,
 * which only a test asks (policy_ask_test). */
#ifndef ENCLUA_TOOLS_POLICY_BOX_H
#define ENCLUA_TOOLS_POLICY_BOX_H

#include "box/box.h"
#include "cli.h"
#include "trust/policy.h"

#define POLICY_BOX_OPTIONS \
	{ "allow-missing-layer", 0, "NAME", true, "run although this machine lacks this isolation layer (see enclua doctor);\nfor tests in containers" }

int policy_box_start(struct box_zygote **out, const struct args *a, struct err *e);

/* As policy_ask and then policy_enforce. policy_decision_done when it is 0. */
int policy_box_ask(struct box_zygote *z, const struct iapp *policy, const struct buf *question, struct policy_decision *out, struct err *e);

/* parts: conditions by name, "oblige.price" …; n 0: the whole rule is left out. rule NULL: nothing is, and the answer only says what there is. */
struct policy_without { const char *rule; const char *const *parts; size_t n; };
int policy_box_ask_without(struct box_zygote *z, const struct iapp *policy, const struct buf *question, const struct policy_without *w, struct policy_decision *out,
	struct err *e);

/* What went wrong while it was asked, in words: "" when nothing did. Appends. */
int policy_box_errors(const struct policy_decision *d, struct buf *out, struct err *e);

#endif
