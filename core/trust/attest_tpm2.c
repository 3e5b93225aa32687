/* Evidence of a TPM 2.0: a quote of PCR 0 to 9 by an AK that was enrolled (attest_enroll), with the report's SHA-256 as what it quotes for. The TPM and the cryptography are
 * the helper's; here is decided which AK and which PCRs are good enough.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/text.h"
#include "seal/crypto.h"
#include "trust/attest_inner.h"

#define DEVICE "/dev/tpmrm0"

enum { AK, QUOTE, SIGNATURE, PARTS };	/* of the evidence */

const char *attest_tpm(char *why, size_t size)
{
	const char *named = getenv("ENCLUA_TPM");
	if (named && *named)
		return named;
	if (os_exists(DEVICE))
		return "device:" DEVICE;
	(void)snprintf(why, size, "there is no %s", DEVICE);
	return NULL;
}

/* Asks the TPM one thing. The answer's fields are in h, which the caller ends. */
static int tpm_ask(struct helper **h, enum helper_op op, const struct helper_field *in, struct helper_field out[static HELPER_FIELDS], struct err *e)
{
	char why[96];
	const char *where = attest_tpm(why, sizeof why);
	*h = NULL;
	if (!where)
		return err_set(e, ERR_UNAVAILABLE, "%s", why);
	return helper_start(h, HELPER_TPM, where, e) < 0 ? -1 : helper_ask(*h, op, in, out, e);
}

static bool tpm2_present(bool *simulated, char *why, size_t size)
{
	char maker[32] = "";
	struct helper_field out[HELPER_FIELDS];
	struct helper *h = NULL;
	struct err e = { .code = ERR_NONE };
	bool there = tpm_ask(&h, HELPER_TPM_AK, NULL, out, &e) == 0;
	if (there)
		(void)snprintf(maker, sizeof maker, "%.*s", (int)out[1].len, (const char *)out[1].at);
	*simulated = attest_maker_simulates(maker);
	helper_end(h);
	(void)snprintf(why, size, "%s%s", there ? "" : e.msg, e.code == ERR_NOT_FOUND ? " (enclua attest enroll)" : "");
	return there;
}

static int tpm2_evidence(const struct attest_subject *s, struct buf parts[static ATTEST_PARTS], struct err *e)
{
	struct helper_field out[HELPER_FIELDS];
	struct helper *h = NULL;
	uint8_t report[32];
	attest_report_data_tpm(s, report);
	const struct helper_field in[] = { { report, sizeof report } };
	int r = tpm_ask(&h, HELPER_TPM_QUOTE, in, out, e);
	for (size_t i = 0; i < PARTS && r == 0; i++)
		r = buf_add(&parts[i], out[i].at, out[i].len, e);
	helper_end(h);
	if (r < 0 && e && e->code == ERR_NOT_FOUND)
		err_hint(e, "enclua attest enroll");
	return r < 0 ? err_wrap(e, "evidence of the TPM") : 0;
}

int attest_quote_check(int starter, const struct helper_field quote[static 3], const uint8_t report[static 32], uint8_t pcrs[static 32], struct err *e)
{
	const struct helper_field in[] = { quote[0], quote[1], quote[2], { report, 32 } };
	struct helper_field out[HELPER_FIELDS];
	struct helper *h = NULL;
	int r = -1;
	if (helper_start_by(starter, &h, e) == 0 && helper_ask(h, HELPER_QUOTE_VERIFY, in, out, e) == 0)
		r = out[0].len == 32 ? 0 : err_set(e, ERR_INTERNAL, "the attest-helper answers what was not asked");
	if (r == 0)
		memcpy(pcrs, out[0].at, 32);
	helper_end(h);
	return r;
}

static int tpm2_verify(const struct buf parts[static ATTEST_PARTS], const struct attest_subject *s, const struct attest_references *r, int64_t now,
	struct attest_claims *out, struct err *e)
{
	struct helper_field in[PARTS];
	uint8_t name[32], report[32], pcrs[32];
	char hex[HEX_LEN(32) + 1];
	(void)now;
	for (size_t i = 0; i < PARTS; i++)
		in[i] = (struct helper_field){ parts[i].data, parts[i].len };
	sha256(name, parts[AK].data, parts[AK].len);
	const struct attest_ak *ak = attest_ak_find(r, name);
	if (!ak) {
		err_set(e, ERR_DENIED, "the TPM's attestation key is none that this keeper accepts");
		return err_hint(e, "enclua attest enroll, on that machine; its line of keeper/references is what the keeper needs");
	}
	attest_report_data_tpm(s, report);
	if (attest_quote_check(attest_references_starter(r), in, report, pcrs, e) < 0)
		return -1;
	if (!crypto_equal(pcrs, ak->pcrs, sizeof pcrs)) {
		err_set(e, ERR_DENIED, "the machine started with other firmware, boot loader or settings than when it was enrolled (PCR 0 to 9)");
		return err_hint(e, "after a change that was meant: enclua attest enroll");
	}
	out->simulated = ak->simulated;
	hex_encode(hex, name, sizeof name);
	(void)snprintf(out->signer, sizeof out->signer, "tpm2 ak %s", hex);
	return 0;
}

const struct attest_provider attest_tpm2 = {
	.name = "tpm2", .level = ATTEST_TPM2, .parts = { "ak", "quote", "quote-signature", NULL },
	.present = tpm2_present, .evidence = tpm2_evidence, .verify = tpm2_verify,
};
