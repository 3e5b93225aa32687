/* What attest_helper.c and attest_starter.c share. */
#ifndef ENCLUA_TRUST_ATTEST_HELPER_INNER_H
#define ENCLUA_TRUST_ATTEST_HELPER_INNER_H

#include "trust/attest_helper.h"

int helper_detach(struct helper *h);	/* its socket, to be passed on; frees h and leaves the process alone */
int helper_attach(struct helper **out, int fd, struct err *e);	/* of a verifying one that somebody else started; takes fd */

#endif
