/* The question that a command's options make: to a policy, for enclua policy explain. */
#ifndef ENCLUA_TOOLS_POLICY_ASKED_H
#define ENCLUA_TOOLS_POLICY_ASKED_H

#include "trade.h"

/* --app --data --user --pool --purpose --scope --assurance --price --bulk-size --uses; what is not given is as in question_defaults, the time is now. Appends. */
int asked_by_options(struct trade *t, const struct args *a, struct buf *out, struct err *e);
/* --grant with --request or --task: host_question, of the book as it is now. */
int asked_by_orders(struct trade *t, const struct args *a, struct buf *out, struct err *e);

#endif
