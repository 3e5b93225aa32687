/* What a policy's permit costs: conditions that the host and the keeper enforce, never the iApp (LUA.md, "Policy"). When several rules or several owners speak, the most
 * restrictive wins: merging is a lattice (commutative, associative, idempotent), and nothing merged is wider than either side.
 */
#ifndef ENCLUA_TRUST_OBLIGATIONS_H
#define ENCLUA_TRUST_OBLIGATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

/* X(name, how it merges: MIN, MAX, …, where it is enforced, doc). In JSON and in Lua a member of that name; absent: no limit. */
#define OBLIGATION_NUMBERS(X) \
	X(max_uses, MIN, "key_release", "tasks that may ever get the key under this grant: a budget") \
	X(min_cohort, MAX, "key_release", "data of different ids that a task must at least have") \
	X(output_bytes, MIN, "key_release, run", "bytes of results under this grant, all together: a budget; and so the most of one result") \
	X(epsilon_u6, MIN, "key_release, run", "privacy loss under this grant, in millionths, all together: a budget") \
	X(price, MAX, "match", "nRLC that the requester pays at least for the data, for each task")

enum obligation_log { OBLIGATION_LOG_ANY, OBLIGATION_LOG_OWNER, OBLIGATION_LOG_NONE };	/* "full"; "owner": only when the result is sealed to the data's owner; "none" */
#define OBLIGATION_EGRESS_MAX 16u

struct obligations {
#define X(name, merge, scope, doc) uint64_t name; bool has_##name;
	OBLIGATION_NUMBERS(X)
#undef X
	enum obligation_log log;	/* the larger is the stricter */
	bool has_egress;	/* else any that the manifest declares */
	size_t n_egress;
	char egress[OBLIGATION_EGRESS_MAX][256];	/* sorted, each once; intersection when merged */
};

int obligations_read(struct obligations *out, const struct json *object, struct err *e);	/* ERR_INVALID: an unknown member, a wrong type or value */
int obligations_write(const struct obligations *o, struct buf *out, struct err *e);	/* one line of canonical JSON; "" when there are none */
void obligations_merge(struct obligations *into, const struct obligations *other);

#endif
