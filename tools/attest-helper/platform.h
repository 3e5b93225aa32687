/* What the verifiers of confidential VMs share: fields at fixed places of little-endian structures, and the answer they give. */
#ifndef ENCLUA_ATTEST_HELPER_PLATFORM_H
#define ENCLUA_ATTEST_HELPER_PLATFORM_H

#include <openssl/x509.h>

#include "helper.h"

#define PLATFORM_REPORT 64u
#define PLATFORM_MEASUREMENT 48u

/* The fields that both are asked with. */
enum { PLATFORM_EVIDENCE, PLATFORM_CERTIFICATES, PLATFORM_DATA, PLATFORM_ROOTS, PLATFORM_TIME };

static inline uint64_t little(const uint8_t *at, size_t bytes)
{
	uint64_t v = 0;
	for (size_t i = bytes; i--;)
		v = v << 8 | at[i];
	return v;
}

int platform_answer(struct buf *out, const uint8_t measurement[static PLATFORM_MEASUREMENT], bool debug, const uint8_t tcb[static 8], X509 *leaf, const char *what, struct err *e);

#endif
