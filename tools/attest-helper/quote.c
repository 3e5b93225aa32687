/* Verifies a TPM's quote: the AK's public area, TPMS_ATTEST and TPMT_SIGNATURE (TPM 2.0 Part 2, 10.12 and 11.3). Whether the AK is a known one, and the PCRs as they
 * should be, is the asker's matter; here it is only found out what the TPM has signed.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "ec.h"

#define GENERATED 0xff544347u	/* begins whatever a TPM signs of its own with a restricted key */
#define ST_ATTEST_QUOTE 0x8018u
#define ALG_SHA256 0x000bu
#define ALG_ECDSA 0x0018u
#define NAME_BYTES 68u
#define REPORT 32u
#define DIGEST 32u

static int signature_check(const struct tpm_public *ak, const struct helper_field *quote, const struct helper_field *signature, struct err *e)
{
	struct cursor c = { signature->at, signature->len, false };
	uint64_t algorithm = cursor_int(&c, 2), hash = cursor_int(&c, 2);
	struct helper_field numbers[2];
	uint8_t rs[2][P256] = { { 0 }, { 0 } };
	for (size_t i = 0; i < 2; i++) {
		numbers[i] = cursor_sized(&c, P256);
		if (numbers[i].len)
			memcpy(rs[i] + P256 - numbers[i].len, numbers[i].at, numbers[i].len);
	}
	if (!cursor_done(&c) || algorithm != ALG_ECDSA || hash != ALG_SHA256)
		return err_set(e, ERR_INVALID, "the quote's signature is malformed");
	EVP_PKEY *key = ec_key("prime256v1", ak->x, ak->y, P256);
	bool ok = key && ec_verify(key, "SHA256", quote->at, quote->len, rs[0], rs[1], P256);
	EVP_PKEY_free(key);
	return ok ? 0 : err_set(e, ERR_INVALID, "the quote is not signed by the AK that it comes with");
}

/* Only after its signature. */
static int quote_check(const struct helper_field *quote, const struct helper_field *report, struct helper_field *digest, struct err *e)
{
	static const uint8_t selection[] = PCR_SELECTION;
	struct cursor c = { quote->at, quote->len, false };
	uint64_t magic = cursor_int(&c, 4), type = cursor_int(&c, 2);
	(void)cursor_sized(&c, NAME_BYTES);	/* of the signer; the signature says it better */
	struct helper_field data = cursor_sized(&c, 64);
	(void)cursor_int(&c, 8);	/* clock */
	(void)cursor_int(&c, 4);	/* resets */
	(void)cursor_int(&c, 4);	/* restarts */
	uint64_t safe = cursor_int(&c, 1);
	(void)cursor_int(&c, 8);	/* firmware */
	const uint8_t *selected = cursor_bytes(&c, sizeof selection);
	*digest = cursor_sized(&c, DIGEST);
	if (!cursor_done(&c) || magic != GENERATED || type != ST_ATTEST_QUOTE || digest->len != DIGEST)
		return err_set(e, ERR_INVALID, "what the TPM signed is no quote");
	if (memcmp(selected, selection, sizeof selection) != 0)
		return err_set(e, ERR_DENIED, "the quote is over other PCRs than 0 to 9 of SHA-256");
	if (data.len != REPORT || CRYPTO_memcmp(data.at, report->at, REPORT) != 0)
		return err_set(e, ERR_DENIED, "the TPM quoted for another task, box or nonce");
	if (safe != 1)
		return err_set(e, ERR_DENIED, "the TPM does not vouch for its clock: after a loss of power it needs up to an hour");
	return 0;
}

int quote_verify(const struct helper_field *in, struct buf *out, struct err *e)
{
	struct tpm_public ak;
	struct helper_field digest;
	if (in[3].len != REPORT)
		return err_set(e, ERR_INVALID, "the question is malformed");
	if (ak_parse(&ak, &in[0], e) < 0 || signature_check(&ak, &in[1], &in[2], e) < 0 || quote_check(&in[1], &in[3], &digest, e) < 0)
		return -1;
	return helper_field_add(out, digest.at, digest.len, e);
}
