/* OpenSSL, as far as we ask it: signatures of ECDSA and the key of an EK. */
#ifndef ENCLUA_ATTEST_HELPER_EC_H
#define ENCLUA_ATTEST_HELPER_EC_H

#include <openssl/evp.h>

#include "helper.h"

/* group: "prime256v1" or "secp384r1", with numbers of n bytes. NULL: no point of that curve. */
EVP_PKEY *ec_key(const char *group, const uint8_t *x, const uint8_t *y, size_t n);
/* r and s of n bytes, big endian; digest: "SHA256", "SHA384". */
bool ec_verify(EVP_PKEY *key, const char *digest, const void *bytes, size_t len, const uint8_t *r, const uint8_t *s, size_t n);
EVP_PKEY *rsa_key(const uint8_t *modulus, size_t n);	/* exponent 65537 */

#endif
