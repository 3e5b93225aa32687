/* The helper program `attest-helper`, and how one talks to it: a process of its own that does what needs OpenSSL or a TPM. It gets a socket and nothing else, and shuts
 * itself in before it reads the first byte. One process serves one role and as many questions as it is asked, one after another.
 * On the wire: a question is its length (4 bytes, little endian) and fields, each its length (4 bytes) and bytes; the first field is one byte, the operation. An answer
 * is the same with one byte of err_code first: then what the table says, or after an error its message.
 */
#ifndef ENCLUA_TRUST_ATTEST_HELPER_H
#define ENCLUA_TRUST_ATTEST_HELPER_H

#include "base/buf.h"
#include "base/limits.h"

#define HELPER_NAME "attest-helper"
#define HELPER_BYTES KIB(256)	/* a question or an answer: evidence, and certificates of the vendor */
#define HELPER_FIELDS 8u

/* X(name, role, fields asked with, fields answered with) */
#define HELPER_TABLE(X) \
	X(QUOTE_VERIFY, VERIFY, 4, 1)	/* AK, quote, signature, report (32) → PCR digest (32) */ \
	X(CHALLENGE, VERIFY, 5, 3)	/* EK, its certificate or "", AK, what to hide (32), roots or "" (PEM) → id object, secret, who certified the EK or "" */ \
	X(TDX_VERIFY, VERIFY, 5, 5)	/* quote, "", report (64), roots (PEM), time (8) → measurement (48), debug (1), TCB (text), not after (8), signer (text) */ \
	X(SNP_VERIFY, VERIFY, 5, 5)	/* report, certificates, report (64), roots (PEM), time (8) → the same */ \
	X(TPM_AK, TPM, 0, 2)	/* the AK that was kept, maker (text) */ \
	X(TPM_KEYS, TPM, 0, 4)	/* EK, its certificate or "", a new AK, maker (text) */ \
	X(TPM_ACTIVATE, TPM, 2, 1)	/* id object, secret → what was hidden; after TPM_KEYS */ \
	X(TPM_KEEP, TPM, 0, 0)	/* the new AK, for good */ \
	X(TPM_QUOTE, TPM, 1, 3)	/* report (32) → AK, quote, signature; by the AK of TPM_KEYS, else by the one kept */

enum helper_role { HELPER_VERIFY, HELPER_TPM };
enum helper_op {
#define X(name, role, in, out) HELPER_##name,
	HELPER_TABLE(X)
#undef X
	HELPER_OPS
};

struct helper_field { const uint8_t *at; size_t len; };

int helper_field_add(struct buf *b, const void *bytes, size_t n, struct err *e);
/* Splits bytes into at most max fields that fill it. How many; -1: malformed. */
ptrdiff_t helper_fields(const uint8_t *bytes, size_t len, struct helper_field *out, size_t max);

struct helper;
/* tpm: which one, for the role TPM: "device:/dev/tpmrm0" or "swtpm:path=<socket>". */
int helper_start(struct helper **out, enum helper_role role, const char *tpm, struct err *e);
/* A process that starts verifying helpers for one that is going to shut itself in. It ends with the one who started it. helper_start_by: by that, or, starter -1, as above. */
int helper_starter(int *starter, struct err *e);
int helper_start_by(int starter, struct helper **out, struct err *e);
void helper_end(struct helper *h);
/* The answer's fields are in h until the next question. */
int helper_ask(struct helper *h, enum helper_op op, const struct helper_field *in, struct helper_field out[static HELPER_FIELDS], struct err *e);

#endif
