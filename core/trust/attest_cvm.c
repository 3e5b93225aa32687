/* Evidence of confidential VMs: what the hardware signs about the whole guest. The report comes through configfs-tsm, and is verified by the helper, with the roots and
 * measurements of the references. Two providers that differ in names only.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "trust/attest_inner.h"

enum { EVIDENCE, AUXILIARY };	/* of the parts; TDX has no auxiliary ones */
enum { MEASUREMENT, DEBUG, TCB, NOT_AFTER, SIGNER };	/* of the helper's answer */

static bool cvm_present(const char *wanted, bool *simulated, char *why, size_t size)
{
	char provider[32];
	struct err e = { .code = ERR_NONE };
	*simulated = false;
	bool there = tsm_provider(provider, &e) == 0 && strcmp(provider, wanted) == 0;
	if (there)
		(void)snprintf(why, size, "%s", "");
	else if (e.code)
		(void)snprintf(why, size, "%s", e.msg);
	else
		(void)snprintf(why, size, "the provider of configfs-tsm is %s", provider);
	return there;
}

static int cvm_evidence(const char *wanted, const struct attest_subject *s, struct buf parts[static ATTEST_PARTS], bool auxiliary, struct err *e)
{
	struct tsm_report t;
	uint8_t report[ATTEST_REPORT];
	attest_report_data(s, report);
	int r = tsm_report(&t, report, e);
	if (r == 0 && strcmp(t.provider, wanted) != 0)
		r = err_set(e, ERR_UNAVAILABLE, "the provider of configfs-tsm is %s, not %s", t.provider, wanted);
	if (r == 0)
		r = buf_add(&parts[EVIDENCE], t.out.data, t.out.len, e);
	/* A line is never empty: one zero stands for a host that gives no certificates. */
	if (r == 0 && auxiliary)
		r = t.auxiliary.len ? buf_add(&parts[AUXILIARY], t.auxiliary.data, t.auxiliary.len, e) : buf_add_zero(&parts[AUXILIARY], 1, e);
	tsm_report_done(&t);
	return r < 0 ? err_wrap(e, "evidence of a confidential VM") : 0;
}

static int answer_take(const struct helper_field f[static HELPER_FIELDS], struct attest_claims *out, struct err *e)
{
	if (f[MEASUREMENT].len != ATTEST_PLATFORM || f[DEBUG].len != 1 || f[TCB].len >= sizeof out->tcb || f[NOT_AFTER].len != 8 || f[SIGNER].len >= sizeof out->signer ||
		text_plain((const char *)f[TCB].at, f[TCB].len) != f[TCB].len || text_plain((const char *)f[SIGNER].at, f[SIGNER].len) != f[SIGNER].len)
		return err_set(e, ERR_INTERNAL, "the attest-helper answers what was not asked");
	uint64_t until = 0;
	for (size_t i = 8; i--;)
		until = until << 8 | f[NOT_AFTER].at[i];
	out->debug = f[DEBUG].at[0];
	out->not_after = (int64_t)until;
	(void)snprintf(out->tcb, sizeof out->tcb, "%.*s", (int)f[TCB].len, (const char *)f[TCB].at);
	(void)snprintf(out->signer, sizeof out->signer, "%.*s", (int)f[SIGNER].len, (const char *)f[SIGNER].at);
	return 0;
}

/* Is it sound for one of the lines of that provider? What is wrong with the last one is what is said. */
static int cvm_verify(const char *provider, enum helper_op op, const struct helper_field evidence[static 2], const struct attest_subject *s,
	const struct attest_references *r, int64_t now, struct attest_claims *out, struct err *e)
{
	uint8_t report[ATTEST_REPORT], time[8];
	char hex[HEX_LEN(ATTEST_PLATFORM) + 1];
	struct helper_field answer[HELPER_FIELDS];
	struct helper *h = NULL;
	int result = -1;
	attest_report_data(s, report);
	for (size_t i = 0; i < sizeof time; i++)
		time[i] = (uint8_t)((uint64_t)now >> 8 * i);
	const struct attest_root *root = attest_root_next(r, provider, NULL);
	if (!root) {
		err_set(e, ERR_DENIED, "this keeper accepts no machine of the kind %s", provider);
		return err_hint(e, "a line of keeper/references accepts one: cvm %s <measurement> root <file>", provider);
	}
	if (helper_start_by(attest_references_starter(r), &h, e) < 0)
		return -1;
	for (; root && result < 0; root = attest_root_next(r, provider, root)) {
		const struct helper_field in[] = { evidence[0], evidence[1], { report, sizeof report }, { root->root.data, root->root.len }, { time, sizeof time } };
		if (helper_ask(h, op, in, answer, e) < 0 || answer_take(answer, out, e) < 0)
			continue;
		if (memcmp(answer[MEASUREMENT].at, root->measurement, ATTEST_PLATFORM) == 0) {
			result = 0;
			continue;
		}
		hex_encode(hex, answer[MEASUREMENT].at, ATTEST_PLATFORM);
		err_set(e, ERR_DENIED, "the machine's measurement %s is none that this keeper accepts", hex);
	}
	helper_end(h);
	return result;
}

static bool tdx_present(bool *simulated, char *why, size_t size)
{
	return cvm_present("tdx_guest", simulated, why, size);
}

static int tdx_evidence(const struct attest_subject *s, struct buf parts[static ATTEST_PARTS], struct err *e)
{
	return cvm_evidence("tdx_guest", s, parts, false, e);
}

static int tdx_check(const struct buf parts[static ATTEST_PARTS], const struct attest_subject *s, const struct attest_references *r, int64_t now,
	struct attest_claims *out, struct err *e)
{
	const struct helper_field in[] = { { parts[EVIDENCE].data, parts[EVIDENCE].len }, { NULL, 0 } };
	return cvm_verify("tdx", HELPER_TDX_VERIFY, in, s, r, now, out, e);
}

static bool snp_present(bool *simulated, char *why, size_t size)
{
	return cvm_present("sev_guest", simulated, why, size);
}

static int snp_evidence(const struct attest_subject *s, struct buf parts[static ATTEST_PARTS], struct err *e)
{
	return cvm_evidence("sev_guest", s, parts, true, e);
}

static int snp_check(const struct buf parts[static ATTEST_PARTS], const struct attest_subject *s, const struct attest_references *r, int64_t now,
	struct attest_claims *out, struct err *e)
{
	const struct helper_field in[] = { { parts[EVIDENCE].data, parts[EVIDENCE].len }, { parts[AUXILIARY].data, parts[AUXILIARY].len } };
	return cvm_verify("sev-snp", HELPER_SNP_VERIFY, in, s, r, now, out, e);
}

const struct attest_provider attest_tdx = {
	.name = "tdx", .level = ATTEST_CVM, .parts = { "quote", NULL }, .present = tdx_present, .evidence = tdx_evidence, .verify = tdx_check,
};
const struct attest_provider attest_sev_snp = {
	.name = "sev-snp", .level = ATTEST_CVM, .parts = { "attestation-report", "certificates", NULL }, .present = snp_present, .evidence = snp_evidence, .verify = snp_check,
};
