/* Policies: an owner's rules in Lua, packed like an iApp (`.policy`, manifest policy.yaml), asked in a box of their own. A question is one line of JSON that follows from the
 * book (host/question.h), so the same question gives the same decision on any machine, bit for bit. Default deny; forbid overrides; whatever goes wrong denies.
 */
#ifndef ENCLUA_TRUST_POLICY_H
#define ENCLUA_TRUST_POLICY_H

#include "box/box.h"
#include "form/iapp.h"
#include "trust/obligations.h"

#define POLICY_MANIFEST "policy.yaml"
#define POLICY_MEMORY MIB(32)
#define POLICY_CPU_MS 1000u
#define POLICY_WALL_MS 3000u
#define POLICY_ANSWER_BYTES KIB(64)
#define POLICY_LIST_MAX 64u

/* The same archive as an iApp's but for the manifest: api, name, version, summary, entry (policy.lua). Pack and open are iapp_pack_kind and iapp_open with IAPP_POLICY. */

/* What the box said, and what it means. answer: {"effect":"permit","rules":[…],"reasons":[…],"obligations":{…},"missing":[…],"errors":[…],"conditions":[…]}, exactly as the box
 * wrote it; empty when it ended without one (then errors has E_LIMIT, E_TASK …). conditions: for explain, each rule with each of its conditions and whether it held. */
struct policy_decision {
	bool permit;
	struct buf answer;
	struct json *tree;	/* of answer; NULL when there is none */
	char rules[POLICY_LIST_MAX][65];
	size_t n_rules;
	char reasons[POLICY_LIST_MAX][129];	/* "forbid:no-raw-copy", "no-permit", "error:E_LIMIT", later "obligation:price" */
	size_t n_reasons;
	struct obligations obligations;
	uint64_t cpu_us;
};
void policy_decision_done(struct policy_decision *d);

/* 0 whenever there is a decision, which an error of the policy also is (deny); −1 when no box could be had. */
int policy_ask(struct box_zygote *z, const struct iapp *policy, const char *question, size_t len, struct policy_decision *out, struct err *e);
/* The same of a question with the member "mutate", for tests of a policy's cases: {} leaves nothing out, {"rule":id} that rule, {"rule":id,"drop":["purposes","oblige.price"]} parts
 * of it. The box then answers "test-permit" or "test-deny", with what each rule obliges to; policy_ask takes neither for an answer, and this takes no other. */
int policy_ask_test(struct box_zygote *z, const struct iapp *policy, const char *question, size_t len, struct policy_decision *out, struct err *e);
/* Holds obligations against a question, as host and keeper do at a scope: a permit whose obligations do not hold becomes a denial with "obligation:<name>". */
int policy_enforce(struct policy_decision *d, const char *question, size_t len, struct err *e);

#endif
