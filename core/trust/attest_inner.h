/* What the files of attestation share: the text of evidence, the providers, the reference values. */
#ifndef ENCLUA_TRUST_ATTEST_INNER_H
#define ENCLUA_TRUST_ATTEST_INNER_H

#include "base/limits.h"
#include "trust/attest.h"
#include "trust/attest_helper.h"

#define ATTEST_BYTES KIB(32)	/* evidence as text; a TDX quote with its certificates has some 7 KiB */
#define ATTEST_PARTS 4u
#define ATTEST_REPORT 64u
#define ATTEST_PLATFORM 48u	/* what TDX and SEV-SNP measure with: SHA-384 */
#define ATTEST_ROOT_BYTES KIB(64)

/* How one kind of machine vouches. parts are the names of the lines that are its own, in their order. */
struct attest_provider {
	const char *name;
	enum attest_level level;
	const char *parts[ATTEST_PARTS + 1];
	bool (*present)(bool *simulated, char *why, size_t size);	/* why: when not */
	int (*evidence)(const struct attest_subject *s, struct buf parts[static ATTEST_PARTS], struct err *e);
	/* The text itself is already known to be the worker's, and to be about s. */
	int (*verify)(const struct buf parts[static ATTEST_PARTS], const struct attest_subject *s, const struct attest_references *r, int64_t now,
		struct attest_claims *out, struct err *e);
};
extern const struct attest_provider attest_software, attest_tpm2, attest_tdx, attest_sev_snp;
const struct attest_provider *attest_provider_find(const char *name, struct err *e);

/* Evidence, apart: ATTEST.md. */
struct attest_text {
	const struct attest_provider *provider;
	uint8_t report[ATTEST_REPORT], measurement[32], worker[32];
	struct buf parts[ATTEST_PARTS];	/* bytes, not base64 */
	uint8_t signature[64];
};
void attest_text_init(struct attest_text *t);
void attest_text_done(struct attest_text *t);
int attest_text_write(const struct attest_text *t, struct buf *out, struct err *e);	/* all but the line of the signature: what is signed */
int attest_text_sign(const struct attest_text *t, const struct identity *worker, struct buf *out, struct err *e);	/* the whole */
/* Only what attest_text_sign would write is read, and only with a signature by the key that the text names. ERR_INVALID. t is for attest_text_done either way. */
int attest_text_read(struct attest_text *t, const uint8_t *bytes, size_t len, struct err *e);

/* The TPM of this machine, as the helper takes it; NULL, with why, when there is none. ENCLUA_TPM names another. */
const char *attest_tpm(char *why, size_t size);
/* Asks a verifying helper of its own whether parts (AK, quote, signature) hold for this report; pcrs: what they were. */
int attest_quote_check(int starter, const struct helper_field quote[static 3], const uint8_t report[static 32], uint8_t pcrs[static 32], struct err *e);
bool attest_maker_simulates(const char *maker);	/* a TPM that says itself that it is a program */

/* One line of the references each. */
struct attest_ak { uint8_t name[32], pcrs[32]; bool simulated; };
struct attest_root { char provider[16]; uint8_t measurement[ATTEST_PLATFORM]; struct buf root; };	/* root: PEM */
int attest_references_starter(const struct attest_references *r);	/* for helper_start_by */
bool attest_measurement_accepted(const struct attest_references *r, const uint8_t measurement[static 32]);
const struct attest_ak *attest_ak_find(const struct attest_references *r, const uint8_t name[static 32]);	/* NULL: none */
const struct attest_root *attest_root_next(const struct attest_references *r, const char *provider, const struct attest_root *after);	/* NULL: the first */

/* Reports of a confidential VM through configfs-tsm; ENCLUA_TSM names another folder than the kernel's. */
struct tsm_report { char provider[32]; struct buf out, auxiliary; };
int tsm_provider(char provider[static 32], struct err *e);	/* "tdx_guest", "sev_guest"; ERR_UNAVAILABLE with why there is none */
int tsm_report(struct tsm_report *out, const uint8_t report[static ATTEST_REPORT], struct err *e);
void tsm_report_done(struct tsm_report *r);

#endif
