/* Keepers, policies, releases, secrets and groups: what the entries of trust do to the rows.
 */
#include "host/host_inner.h"

static int unknown(struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "the rules of this type of entry are not kept by this version");
}
#define EVENT(name) int on_##name(struct event *v, struct err *e) { (void)v; return unknown(e); }
EVENT(list_remove) EVENT(keeper_appoint) EVENT(policy_register) EVENT(policy_decision) EVENT(key_release) EVENT(task_refuse) EVENT(app_secret) EVENT(secret_set)
