/* The parts of attest-helper: a small program that parses what strange machines send and what a TPM says, in a process that can reach nothing else. Verification asks
 * OpenSSL's libcrypto; nothing here reads a file or a configuration.
 */
#ifndef ENCLUA_ATTEST_HELPER_H
#define ENCLUA_ATTEST_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "trust/attest_helper.h"

/* From here on: no file, no socket, no other process; reading and writing what is open, and memory that cannot be run. What else is tried ends the process. */
int sandbox_enter(struct err *e);

/* Operations: the fields of HELPER_TABLE, the answer's fields added to out. */
typedef int helper_verb(const struct helper_field *in, struct buf *out, struct err *e);
helper_verb quote_verify, challenge_make, tdx_verify, snp_verify;

struct tpm;
int tpm_open(struct tpm **out, const char *where, struct err *e);
typedef int tpm_verb(struct tpm *t, const struct helper_field *in, struct buf *out, struct err *e);
void tpm_keys_drop(struct tpm *t);	/* a TPM without a resource manager keeps them otherwise, and has room for three */
tpm_verb tpm_ak, tpm_keys, tpm_activate, tpm_keep, tpm_quote;

/* TPM structures, big endian (TPM 2.0 Part 2). A cursor that has failed stays failed and gives zeros. */
struct cursor { const uint8_t *at; size_t len; bool bad; };
uint64_t cursor_int(struct cursor *c, size_t bytes);	/* 1, 2, 4, 8 */
const uint8_t *cursor_bytes(struct cursor *c, size_t n);	/* NULL when there are not so many */
struct helper_field cursor_sized(struct cursor *c, size_t max);	/* 2 bytes of length, then as many; longer than max is bad */
bool cursor_done(const struct cursor *c);	/* all read, nothing bad */
int put_int(struct buf *b, uint64_t v, size_t bytes, struct err *e);
int put_sized(struct buf *b, const void *bytes, size_t n, struct err *e);

/* The public areas that we use, and nothing else: an AK as we make it; an EK of the default templates (TCG EK Credential Profile 2.5, B.3.3 and B.3.4). */
#define P256 32u
#define RSA_BYTES 256u
struct tpm_public {
	bool rsa;
	uint8_t x[P256], y[P256];	/* of a key on P-256 */
	uint8_t n[RSA_BYTES];	/* of an RSA key with exponent 65537 */
};
int ak_template(struct buf *out, struct err *e);	/* TPMT_PUBLIC */
int ek_template(struct buf *out, bool rsa, struct err *e);
int ak_parse(struct tpm_public *out, const struct helper_field *area, struct err *e);
int ek_parse(struct tpm_public *out, const struct helper_field *area, struct err *e);

#define PCR_SELECTION { 0, 0, 0, 1, 0, 0x0b, 3, 0xff, 0x03, 0 }	/* TPML_PCR_SELECTION: one bank, SHA-256, PCR 0 to 9 */

#endif
