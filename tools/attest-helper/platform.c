/* The answer about a confidential VM. */
#include "platform.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/text.h"
#include "x509.h"

int platform_answer(struct buf *out, const uint8_t measurement[static PLATFORM_MEASUREMENT], bool debug, const uint8_t tcb[static 8], X509 *leaf, const char *what, struct err *e)
{
	const uint8_t flag = debug;
	uint8_t digest[EVP_MAX_MD_SIZE], until[8];
	char hex[HEX_LEN(32) + 1], levels[HEX_LEN(8) + 1], signer[96];
	unsigned n = 0;
	if (X509_digest(leaf, EVP_sha256(), digest, &n) != 1 || n != 32)
		return err_set(e, ERR_INTERNAL, "libcrypto fails at a certificate");
	int64_t not_after = x509_not_after(leaf);
	for (size_t i = 0; i < sizeof until; i++)
		until[i] = (uint8_t)((uint64_t)not_after >> 8 * i);
	hex_encode(hex, digest, 32);
	hex_encode(levels, tcb, 8);
	(void)snprintf(signer, sizeof signer, "%s %s", what, hex);
	if (helper_field_add(out, measurement, PLATFORM_MEASUREMENT, e) < 0 || helper_field_add(out, &flag, 1, e) < 0 ||
		helper_field_add(out, levels, strlen(levels), e) < 0 || helper_field_add(out, until, sizeof until, e) < 0)
		return -1;
	return helper_field_add(out, signer, strlen(signer), e);
}
