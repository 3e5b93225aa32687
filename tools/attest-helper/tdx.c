/* Verifies a TDX quote of version 4 (Intel TDX DCAP Quoting Library API, appendix A.3): the attestation key signed it, the quoting enclave vouches for that key, the
 * platform's PCK for the enclave, and a root of ours for the PCK. What only Intel's service could tell (revocation, whether the TCB is up to date) is not asked:
 * nobody here reaches a network.
 */
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "ec.h"
#include "platform.h"
#include "x509.h"

#define HEADER 48u
#define BODY 584u
#define QE_REPORT 384u
#define SIGNATURE 64u	/* r and s */
#define KEY 64u	/* x and y */
#define NUMBER 32u
#define VERSION 4u
#define KEY_ECDSA_P256 2u
#define TEE_TDX 0x81u
#define DATA_QE_REPORT 6u
#define DATA_PCK_CHAIN 5u
/* In the body. */
#define TCB_SVN 0u
#define TD_ATTRIBUTES 120u
#define MEASURED 136u	/* MRTD, MRCONFIGID, MROWNER, MROWNERCONFIG, RTMR0 to 3, one after another */
#define MEASURED_BYTES (8u * 48u)
#define REPORT_DATA 520u
#define TD_UNDER_DEBUG 0xffu	/* TUD: any of these bits, and the host may look inside */
/* In the report of the quoting enclave (SGX REPORTBODY). */
#define QE_ATTRIBUTES 48u
#define QE_DEBUG 0x02u
#define QE_MRSIGNER 128u
#define QE_PRODUCT 256u
#define QE_REPORT_DATA 320u
#define QE_TDX 2u

static const uint8_t intel[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };
/* Who signs Intel's quoting enclave for TDX (its QE identity says so). */
static const uint8_t qe_signer[32] = {
	0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17, 0x47, 0x4e, 0x34, 0xa7, 0xfc, 0x43, 0xed, 0x03,
	0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba, 0xbd, 0xdf, 0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5,
};

/* A quote, apart; points into it. */
struct quote {
	const uint8_t *header, *body, *signature, *key, *qe_report, *qe_signature;
	struct helper_field qe_data, chain;
};

/* A little-endian length of that many bytes, and so much of the rest. */
static struct helper_field sized(struct cursor *c, size_t width)
{
	const uint8_t *at = cursor_bytes(c, width);
	size_t n = at ? (size_t)little(at, width) : 0;
	at = cursor_bytes(c, n);
	return (struct helper_field){ at, at ? n : 0 };
}

/* Certification data of that type and no other. */
static struct helper_field certification(struct cursor *c, unsigned type)
{
	const uint8_t *at = cursor_bytes(c, 2);
	if (at && little(at, 2) != type)
		c->bad = true;
	return sized(c, 4);
}

static int quote_split(struct quote *q, const struct helper_field *bytes, struct err *e)
{
	struct cursor c = { bytes->at, bytes->len, false };
	q->header = cursor_bytes(&c, HEADER);
	q->body = cursor_bytes(&c, BODY);
	struct helper_field signatures = sized(&c, 4);
	while (!c.bad && c.len && c.at[0] == 0)	/* what configfs gives may be padded with zeros */
		(void)cursor_bytes(&c, 1);
	if (!cursor_done(&c))
		return err_set(e, ERR_INVALID, "the TDX quote is malformed");
	c = (struct cursor){ signatures.at, signatures.len, false };
	q->signature = cursor_bytes(&c, SIGNATURE);
	q->key = cursor_bytes(&c, KEY);
	struct helper_field inner = certification(&c, DATA_QE_REPORT);
	if (!cursor_done(&c))
		return err_set(e, ERR_INVALID, "the signature of the TDX quote is malformed");
	c = (struct cursor){ inner.at, inner.len, false };
	q->qe_report = cursor_bytes(&c, QE_REPORT);
	q->qe_signature = cursor_bytes(&c, SIGNATURE);
	q->qe_data = sized(&c, 2);
	q->chain = certification(&c, DATA_PCK_CHAIN);
	return cursor_done(&c) ? 0 : err_set(e, ERR_INVALID, "the TDX quote does not carry the report of its quoting enclave with its certificates");
}

static int header_check(const struct quote *q, struct err *e)
{
	if (little(q->header, 2) != VERSION || little(q->header + 2, 2) != KEY_ECDSA_P256 || little(q->header + 4, 4) != TEE_TDX ||
		memcmp(q->header + 12, intel, sizeof intel) != 0)
		return err_set(e, ERR_INVALID, "this is no TDX quote of version 4 by Intel's quoting enclave");
	return 0;
}

/* The quote's key: vouched for by the quoting enclave, which must be Intel's and not under debug. */
static int key_check(const struct quote *q, struct err *e)
{
	static const uint8_t zero[32];
	uint8_t digest[32];
	EVP_MD_CTX *h = EVP_MD_CTX_new();
	bool ok = h && EVP_DigestInit_ex(h, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(h, q->key, KEY) == 1 &&
		(!q->qe_data.len || EVP_DigestUpdate(h, q->qe_data.at, q->qe_data.len) == 1) && EVP_DigestFinal_ex(h, digest, NULL) == 1;
	EVP_MD_CTX_free(h);
	if (!ok || CRYPTO_memcmp(digest, q->qe_report + QE_REPORT_DATA, 32) != 0 || memcmp(q->qe_report + QE_REPORT_DATA + 32, zero, 32) != 0)
		return err_set(e, ERR_INVALID, "the quoting enclave does not vouch for the key of the TDX quote");
	if (memcmp(q->qe_report + QE_MRSIGNER, qe_signer, sizeof qe_signer) != 0 || little(q->qe_report + QE_PRODUCT, 2) != QE_TDX)
		return err_set(e, ERR_DENIED, "the quoting enclave is not Intel's for TDX");
	if (q->qe_report[QE_ATTRIBUTES] & QE_DEBUG)
		return err_set(e, ERR_DENIED, "the quoting enclave is under debug");
	return 0;
}

static int signatures_check(const struct quote *q, X509 *leaf, struct err *e)
{
	uint8_t signed_bytes[HEADER + BODY];
	EVP_PKEY *key = ec_key("prime256v1", q->key, q->key + NUMBER, NUMBER), *pck = X509_get0_pubkey(leaf);
	memcpy(signed_bytes, q->header, HEADER);	/* they lie one after the other, but say so */
	memcpy(signed_bytes + HEADER, q->body, BODY);
	bool quote_ok = key && ec_verify(key, "SHA256", signed_bytes, sizeof signed_bytes, q->signature, q->signature + NUMBER, NUMBER);
	bool qe_ok = pck && EVP_PKEY_is_a(pck, "EC") && ec_verify(pck, "SHA256", q->qe_report, QE_REPORT, q->qe_signature, q->qe_signature + NUMBER, NUMBER);
	EVP_PKEY_free(key);
	if (!qe_ok)
		return err_set(e, ERR_INVALID, "the report of the quoting enclave is not signed by the platform");
	return quote_ok ? 0 : err_set(e, ERR_INVALID, "the TDX quote is not signed by its key");
}

int tdx_verify(const struct helper_field *in, struct buf *out, struct err *e)
{
	struct quote q;
	uint8_t measurement[EVP_MAX_MD_SIZE];
	STACK_OF(X509) *chain = NULL;
	int r = -1;
	if (in[PLATFORM_DATA].len != PLATFORM_REPORT || in[PLATFORM_TIME].len != 8)
		return err_set(e, ERR_INVALID, "the question is malformed");
	if (quote_split(&q, &in[PLATFORM_EVIDENCE], e) < 0 || header_check(&q, e) < 0)
		return -1;
	if (!(chain = x509_list(&q.chain))) {
		err_set(e, ERR_INVALID, "the TDX quote's certificates are malformed");
		goto out;
	}
	X509 *leaf = sk_X509_value(chain, 0);
	if (x509_chain_check(leaf, chain, &in[PLATFORM_ROOTS], (int64_t)little(in[PLATFORM_TIME].at, 8), e) < 0 || signatures_check(&q, leaf, e) < 0 || key_check(&q, e) < 0)
		goto out;
	if (CRYPTO_memcmp(q.body + REPORT_DATA, in[PLATFORM_DATA].at, PLATFORM_REPORT) != 0) {
		err_set(e, ERR_DENIED, "the TDX quote is for another task, box or nonce");
		goto out;
	}
	if (EVP_Digest(q.body + MEASURED, MEASURED_BYTES, measurement, NULL, EVP_sha384(), NULL) == 1)
		r = platform_answer(out, measurement, q.body[TD_ATTRIBUTES] & TD_UNDER_DEBUG, q.body + TCB_SVN, leaf, "tdx pck", e);
	else
		err_set(e, ERR_INTERNAL, "libcrypto fails at a digest");
out:
	sk_X509_pop_free(chain, X509_free);
	return r;
}
