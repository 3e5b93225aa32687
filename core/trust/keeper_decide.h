/* A policy asked by the keeper (keeper_decide.c), for its answers about matches and about keys. */
#ifndef ENCLUA_TRUST_KEEPER_DECIDE_H
#define ENCLUA_TRUST_KEEPER_DECIDE_H

#include "trust/keeper_inner.h"
#include "trust/policy.h"

struct keeper_question {
	const char *scope, *grant, *request, *task, *assurance;	/* task "": none yet */
	const uint8_t *worker;	/* NULL: none yet */
	const struct manifest *app;
	const struct host_policy *policy;
	const struct keeper_item *archive;	/* of the policy, not yet verified */
};
struct keeper_decision { struct policy_decision decision; struct buf note; };	/* note: the policy.decision, signed */
#define KEEPER_DECISION_INIT { .note = BUF_INIT(ENTRY_BYTES_MAX) }

int keeper_decide(struct keeper_process *p, const struct keeper_question *q, struct keeper_decision *out, struct err *e);
void keeper_decision_done(struct keeper_decision *d);
void keeper_reasons(const struct policy_decision *d, char *out, size_t size);
/* Verified against the register of the replica. */
int keeper_manifest(struct keeper_process *p, const char *app, const struct keeper_item *list, const struct keeper_item *yaml, struct manifest **out, struct err *e);

#endif
