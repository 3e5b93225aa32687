/* What the files of `enclua verify` share. */
#ifndef ENCLUA_TOOLS_VERIFY_H
#define ENCLUA_TOOLS_VERIFY_H

#include "cli.h"
#include "form/receipt.h"
#include "form/tlog_policy.h"

int verify_line(struct cli *c, const char *key, const char *value, struct err *e);	/* "key          value" */
/* What every kind ends with: the book, and who has countersigned it. policy: there is one, and it accepts the book. */
int verify_book_show(struct cli *c, const struct checkpoint *cp, const struct tlog_verdict *v, bool policy, struct err *e);
int verify_receipt(struct cli *c, const struct buf *file, const struct tlog_policy *p, struct err *e);	/* verify_receipt.c */
int verify_keys(struct cli *c, const struct receipt *r, struct err *e);	/* verify_keys.c: the keeper, the policies */

#endif
