/* A proof file (C2SP tlog-proof v1): that one entry stands in a log, checkable offline: "c2sp.org/tlog-proof@v1", [extra], index, the inclusion proof, an
 * empty line, the checkpoint note as it is. We put the entry itself into extra, so that one file is enough; it is bound by the leaf hash.
 */
#ifndef ENCLUA_FORM_TLOG_PROOF_H
#define ENCLUA_FORM_TLOG_PROOF_H

#include "form/tlog_policy.h"

#define TLOG_PROOF_BYTES KIB(128)	/* an entry in base64 and a checkpoint */

struct tlog_proof {	/* borrows note from its input; extra is owned */
	uint64_t index;
	struct merkle_proof proof;
	struct buf extra;	/* decoded; empty when there is none */
	const char *note;
	size_t note_len;
};

/* Hashes as lines of base64, as proofs and requests to witnesses carry them. */
int tlog_hashes_write(struct buf *out, const struct merkle_proof *p, struct err *e);

int tlog_proof_write(struct buf *out, const void *extra, size_t extra_len, uint64_t index, const struct merkle_proof *proof, const char *note,
	size_t note_len, struct err *e);
int tlog_proof_parse(struct tlog_proof *out, const char *bytes, size_t len, struct err *e);	/* one spelling only */
void tlog_proof_done(struct tlog_proof *p);
/* The entry is in the log whose checkpoint the proof carries, and the policy (NULL: none) accepts that checkpoint. */
int tlog_proof_verify(const struct tlog_proof *p, const void *entry, size_t n, const struct tlog_policy *policy, struct checkpoint *c,
	struct tlog_verdict *v, struct err *e);

#endif
