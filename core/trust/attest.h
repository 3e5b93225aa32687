/* Evidence of what a box runs on, and its verification (TRUST.md, RATS RFC 9334). One interface for all providers. The box's key is inside the evidence: one that is passed on
 * is useless. Verification that libsodium cannot do (TPM: RSA, P-256; TDX, SEV-SNP: P-256, P-384, X.509) is done by a helper process, sandboxed, fed by a pipe.
 */
#ifndef ENCLUA_TRUST_ATTEST_H
#define ENCLUA_TRUST_ATTEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "seal/identity.h"

enum attest_level { ATTEST_NONE, ATTEST_SOFTWARE, ATTEST_TPM2, ATTEST_CVM };
const char *attest_level_text(enum attest_level l);	/* "none", "software", "tpm2", "cvm" */
int attest_level_parse(enum attest_level *out, const char *text, struct err *e);
const char *attest_level_sentence(enum attest_level l);	/* what it protects against, and what not, in plain words */

/* What evidence is about. report_data = SHA-512("enclua/attest/v1" 00 nonce task worker box measurement app policy checkpoint), 32 bytes each but the label;
 * a TPM takes SHA-256 of the same bytes. */
struct attest_subject {
	uint8_t nonce[32], task[32], worker[32], box[32], measurement[32];
	uint8_t app[32];	/* the hash inside h1 */
	uint8_t policy[32];	/* SHA-256 over the h1 of all policies that apply, in the order of the data; zero: none */
	uint8_t checkpoint[32];	/* root */
};
void attest_report_data(const struct attest_subject *s, uint8_t out[static 64]);
void attest_report_data_tpm(const struct attest_subject *s, uint8_t out[static 32]);

struct attest_claims {
	enum attest_level level;
	char provider[16];	/* "software", "tpm2", "tdx", "sev-snp" */
	bool debug;	/* the platform lets its operator look inside: never more than software */
	bool simulated;	/* by an emulator: never satisfies a demand for tpm2 or cvm */
	uint8_t measurement[32];	/* of the enclave program */
	char signer[96];	/* who vouches: worker key, name of the AK or platform key, as text */
	char tcb[32];	/* "" where there is none */
	int64_t not_after;	/* 0: none */
};
/* What it counts for: debug or simulated count as software. A policy that allows what is simulated compares with level itself, and minds debug alone. */
enum attest_level attest_claims_level(const struct attest_claims *c);

/* Reference values: what the verifier accepts. Lies in <home>/keeper/references (attest_references_read): lines
 * `measurement <hex>` · `tpm2 ak <hex sha-256 of the AK's public area> pcrs <sha256 over the selection> [simulated]` · `cvm tdx|sev-snp <measurement hex> root <file>` */
struct attest_references;
int attest_references_read(struct attest_references **out, const char *path, struct err *e);	/* no file: software only, any measurement of this machine's enclave */
void attest_references_own(struct attest_references *r, const uint8_t measurement[static 32]);	/* where the file names no program: this one, whatever lies on the disk */
/* Before its process shuts itself in: what verifying will need to start (the attest-helper) is started through a child from then on. Nothing when r knows software alone. */
int attest_references_prepare(struct attest_references *r, struct err *e);
void attest_references_free(struct attest_references *r);

/* The best that this machine can give, or the provider named. Text: `enclua/evidence/v1` and lines, at most 32 KiB (core/trust/ATTEST.md). */
int attest_evidence(const char *provider, const struct attest_subject *s, const struct identity *worker, struct buf *out, struct err *e);
/* ERR_DENIED: sound, but not about this subject or not accepted; ERR_INVALID: malformed or forged. */
int attest_verify(const uint8_t *evidence, size_t len, const struct attest_subject *s, const struct attest_references *r, int64_t now, struct attest_claims *out,
	struct err *e);

/* Makes this machine's TPM one that the keeper of home accepts: a challenge that only the TPM with both the EK and the AK can answer, a quote, a line in the references. The AK
 * stays in the TPM. roots: a file of certificates (PEM) of which one must vouch for the EK, or NULL. */
struct attest_enrolled {
	char ak[65], pcrs[65];	/* as in the references */
	char maker[32];	/* manufacturer and what it calls the TPM: its own word */
	char issuer[128];	/* who certified the EK, or "" */
	bool rooted;	/* and one of the roots vouches for that */
	bool simulated, known;	/* known: the line was there already */
};
int attest_enroll(struct attest_enrolled *out, const char *home, const char *roots, struct err *e);

/* What this machine offers, for doctor: fills at most n, each with why when it is absent. */
struct attest_offer { const char *provider; enum attest_level level; bool present, simulated; char why[160]; };
size_t attest_offers(struct attest_offer *out, size_t n);

#endif
