/* X.509 as far as we ask OpenSSL for it. */
#ifndef ENCLUA_ATTEST_HELPER_X509_H
#define ENCLUA_ATTEST_HELPER_X509_H

#include <openssl/x509.h>

#include "helper.h"

/* All certificates of a PEM text; NULL when one is malformed or there is none. */
STACK_OF(X509) *x509_list(const struct helper_field *pem);
/* Does one of the roots (PEM) vouch for the certificate, through others of the list or directly? now 0: its dates do not count. ERR_DENIED. */
int x509_chain_check(X509 *certificate, STACK_OF(X509) *others, const struct helper_field *roots, int64_t now, struct err *e);
void x509_name_text(const X509_NAME *name, char *out, size_t size);	/* of printable ASCII */
int64_t x509_not_after(const X509 *certificate);	/* 0: not to be told */

#endif
