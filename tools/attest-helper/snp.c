/* Verifies an SEV-SNP attestation report (AMD SEV-SNP ABI, table ATTESTATION_REPORT): signed by the chip's VCEK, which a root of ours vouches for through AMD's ASK. The
 * VCEK comes with the report (the certificate table that the host gives the guest) or stands among the roots. Revocation and TCB are not asked of anybody.
 */
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "ec.h"
#include "platform.h"
#include "x509.h"

#define REPORT 1184u
#define SIGNED 0x2a0u
#define NUMBER 48u
#define NUMBER_ROOM 72u	/* little endian, zeros behind */
#define VERSION_MIN 2u
#define VERSION_MAX 5u
#define ECDSA_P384_SHA384 1u
#define POLICY 8u
#define POLICY_DEBUG (1u << 19)
#define VMPL 0x30u
#define ALGORITHM 0x34u
#define FLAGS 0x48u
#define SIGNING_KEY(flags) ((flags) >> 2 & 7u)	/* 0: VCEK */
#define REPORT_DATA 0x50u
#define MEASUREMENT 0x90u
#define REPORTED_TCB 0x180u
#define CHIP_ID 0x1a0u
#define CHIP_ID_BYTES 64u
#define OID_CHIP_ID "1.3.6.1.4.1.3704.1.4"
#define TABLE_MAX 8u
#define TABLE_ENTRY 24u

/* In the table of certificates: 63da758d-e664-4564-adc5-f4b93be8accd and 4ab7b379-bbac-4fe4-a02f-05aef327c782, as GUIDs lie in memory. */
static const uint8_t guid_vcek[16] = { 0x8d, 0x75, 0xda, 0x63, 0x64, 0xe6, 0x64, 0x45, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd };
static const uint8_t guid_ask[16] = { 0x79, 0xb3, 0xb7, 0x4a, 0xac, 0xbb, 0xe4, 0x4f, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82 };

/* The certificate of that GUID in the host's table, or NULL. */
static X509 *table_find(const struct helper_field *table, const uint8_t guid[static 16])
{
	for (size_t i = 0; i < TABLE_MAX && (i + 1) * TABLE_ENTRY <= table->len; i++) {
		const uint8_t *entry = table->at + i * TABLE_ENTRY;
		size_t offset = (size_t)little(entry + 16, 4), n = (size_t)little(entry + 20, 4);
		if (memcmp(entry, guid, 16) != 0)
			continue;
		if (offset > table->len || n > table->len - offset)
			return NULL;
		const uint8_t *der = table->at + offset;
		return d2i_X509(NULL, &der, (long)n);
	}
	return NULL;
}

static bool is_p384(X509 *certificate)
{
	const EVP_PKEY *key = X509_get0_pubkey(certificate);
	char group[32] = "";
	return key && EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 && strcmp(group, "secp384r1") == 0;
}

/* The VCEK: the host's, else the first key on P-384 among the roots. */
static X509 *vcek_find(const struct helper_field *in)
{
	X509 *found = table_find(&in[PLATFORM_CERTIFICATES], guid_vcek);
	STACK_OF(X509) *roots = found ? NULL : x509_list(&in[PLATFORM_ROOTS]);
	for (int i = 0; !found && i < sk_X509_num(roots); i++)
		if (is_p384(sk_X509_value(roots, i)) && X509_up_ref(sk_X509_value(roots, i)))
			found = sk_X509_value(roots, i);
	sk_X509_pop_free(roots, X509_free);
	return found;
}

/* A certificate that names a chip names the report's. */
static bool chip_matches(X509 *vcek, const uint8_t *report)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(OID_CHIP_ID, 1);
	int at = oid ? X509_get_ext_by_OBJ(vcek, oid, -1) : -1;
	ASN1_OBJECT_free(oid);
	if (at < 0)
		return true;
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(vcek, at));
	const uint8_t *bytes = ASN1_STRING_get0_data(value);
	size_t n = (size_t)ASN1_STRING_length(value);
	if (n == CHIP_ID_BYTES + 2 && bytes[0] == V_ASN1_OCTET_STRING && bytes[1] == CHIP_ID_BYTES) {	/* some carry it wrapped, as they should */
		bytes += 2;
		n -= 2;
	}
	return n == CHIP_ID_BYTES && memcmp(bytes, report + CHIP_ID, n) == 0;
}

/* A number as the firmware writes it, turned around. */
static bool number_take(const uint8_t *at, uint8_t out[static NUMBER])
{
	for (size_t i = 0; i < NUMBER; i++)
		out[i] = at[NUMBER - 1 - i];
	for (size_t i = NUMBER; i < NUMBER_ROOM; i++)
		if (at[i])
			return false;
	return true;
}

static int signature_check(X509 *vcek, const uint8_t *report, struct err *e)
{
	uint8_t r[NUMBER], s[NUMBER];
	bool spare = false;
	for (size_t i = SIGNED + 2 * NUMBER_ROOM; i < REPORT; i++)
		spare = spare || report[i];
	if (!is_p384(vcek) || spare || !number_take(report + SIGNED, r) || !number_take(report + SIGNED + NUMBER_ROOM, s) ||
		!ec_verify(X509_get0_pubkey(vcek), "SHA384", report, SIGNED, r, s, NUMBER))
		return err_set(e, ERR_INVALID, "the SEV-SNP report is not signed by the chip that it comes with");
	return 0;
}

static int report_check(const uint8_t *report, const struct helper_field *data, struct err *e)
{
	uint64_t version = little(report, 4);
	if (version < VERSION_MIN || version > VERSION_MAX || little(report + ALGORITHM, 4) != ECDSA_P384_SHA384 || SIGNING_KEY(little(report + FLAGS, 4)) != 0)
		return err_set(e, ERR_INVALID, "this is no SEV-SNP report that a VCEK signs");
	if (CRYPTO_memcmp(report + REPORT_DATA, data->at, PLATFORM_REPORT) != 0)
		return err_set(e, ERR_DENIED, "the SEV-SNP report is for another task, box or nonce");
	if (little(report + VMPL, 4) != 0)
		return err_set(e, ERR_DENIED, "the SEV-SNP report was asked for below VMPL 0");
	return 0;
}

int snp_verify(const struct helper_field *in, struct buf *out, struct err *e)
{
	const uint8_t *report = in[PLATFORM_EVIDENCE].at;
	X509 *vcek = NULL, *ask = NULL;
	STACK_OF(X509) *others = sk_X509_new_null();
	int r = -1;
	if (in[PLATFORM_EVIDENCE].len != REPORT || in[PLATFORM_DATA].len != PLATFORM_REPORT || in[PLATFORM_TIME].len != 8) {
		err_set(e, ERR_INVALID, "the SEV-SNP report is not %u bytes", REPORT);
		goto out;
	}
	ask = table_find(&in[PLATFORM_CERTIFICATES], guid_ask);
	if (ask && others && sk_X509_push(others, ask))
		ask = NULL;	/* taken */
	if (!(vcek = vcek_find(in))) {
		err_set(e, ERR_DENIED, "the SEV-SNP report comes without the certificate of its chip, and none stands among the roots");
		goto out;
	}
	if (x509_chain_check(vcek, others, &in[PLATFORM_ROOTS], (int64_t)little(in[PLATFORM_TIME].at, 8), e) < 0 || signature_check(vcek, report, e) < 0)
		goto out;
	if (!chip_matches(vcek, report))
		err_set(e, ERR_INVALID, "the SEV-SNP report is of another chip than its certificate");
	else if (report_check(report, &in[PLATFORM_DATA], e) == 0)
		r = platform_answer(out, report + MEASUREMENT, little(report + POLICY, 8) & POLICY_DEBUG, report + REPORTED_TCB, vcek, "sev-snp vcek", e);
out:
	X509_free(vcek);
	X509_free(ask);
	sk_X509_pop_free(others, X509_free);
	return r;
}
