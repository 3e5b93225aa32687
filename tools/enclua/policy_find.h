/* A policy as it is named on the command line: by name, id or path. */
#ifndef ENCLUA_TOOLS_POLICY_FIND_H
#define ENCLUA_TOOLS_POLICY_FIND_H

#include "form/iapp.h"
#include "host/host.h"
#include "trade.h"

/* For what is entered into the book (grant --policy, protect --policy): an id, a unique prefix of one or a name of the book; or a path, whose policy is packed, signed by the
 * acting identity and registered as its own, unless it is already. What the book knows by a name comes before a file that happens to be called so; a slash makes it a path. */
int policy_find(struct trade *t, const char *which, struct host_policy *out, struct err *e);
/* What has not been registered by this identity is; out is the row. is_new may be NULL. */
int policy_ensure(struct trade *t, const struct iapp *archive, const struct identity *by, struct host_policy *out, bool *is_new, struct err *e);

/* For what is only looked at or asked: nothing is entered. t NULL: no home, paths only. row: its id is "" when it was given by path; may be NULL. */
int policy_open(struct trade *t, const char *which, struct iapp **out, struct host_policy *row, struct err *e);
/* The archive of a registered policy, checked against its row. */
int policy_archive(struct book *b, const struct host_policy *row, struct iapp **out, struct err *e);

/* Every policy of the book, oldest first; f may stop by 1. */
int policy_each(struct book *b, int (*f)(void *ctx, const struct host_policy *row, struct err *e), void *ctx, struct err *e);

#endif
