/* Whom a verifier trusts (C2SP tlog-policy): logs, witnesses, groups of witnesses, and the quorum that must have countersigned a checkpoint.
 * Keys of logs are of type 0x01, of witnesses of type 0x04; a policy with others is refused, not read in part.
 */
#ifndef ENCLUA_FORM_TLOG_POLICY_H
#define ENCLUA_FORM_TLOG_POLICY_H

#include <stdbool.h>

#include "form/checkpoint.h"

#define TLOG_POLICY_LOGS 32u
#define TLOG_POLICY_WITNESSES 64u
#define TLOG_POLICY_GROUPS 32u
#define TLOG_POLICY_BYTES KIB(64)
#define TLOG_POLICY_NAME 128u

struct tlog_policy;	/* opaque */

int tlog_policy_parse(struct tlog_policy **out, const char *text, size_t len, struct err *e);	/* errors name the line */
void tlog_policy_free(struct tlog_policy *p);
const struct note_key *tlog_policy_log(const struct tlog_policy *p, const char *origin);	/* NULL: not listed; a policy may list none */
size_t tlog_policy_logs(const struct tlog_policy *p);
size_t tlog_policy_witnesses(const struct tlog_policy *p);
const struct note_key *tlog_policy_witness(const struct tlog_policy *p, size_t i, const char **name);	/* name: the policy's own word for it */

/* What a checkpoint carried. cosigned: witnesses of the policy whose cosignature holds (p NULL: of anybody whose name carries the key); unknown: the other
 * signatures, the log's own left aside; quorum: met, or none demanded; filled in also when the quorum is what is missing. */
struct tlog_verdict { unsigned cosigned; unsigned unknown; bool quorum; uint64_t newest; };	/* newest: latest cosignature's time, 0 when none */

/* Two logs may have one origin (a log whose key was changed): the signature of either is the log's.
 * The one way in which this project accepts a checkpoint: the log's signature, by a log of the policy (or, when it lists none or p is NULL, by the key that
 * the origin carries), and the quorum of the policy (p NULL: none is demanded). A bad signature by any known key, or by a key that a name carries,
 * refuses the whole note. ERR_INVALID: forged or malformed; ERR_DENIED: log not listed, or quorum not met (says who is missing). */
int tlog_policy_check(const struct tlog_policy *p, const char *note, size_t len, struct checkpoint *out, struct tlog_verdict *v, struct err *e);

#endif
