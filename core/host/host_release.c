/* Decisions of policies and releases of keys: what keepers say of a deal's data.
 */
#include "host/host_inner.h"

static int unknown(struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "the rules of this type of entry are not kept by this version");
}
#define EVENT(name) int on_##name(struct event *v, struct err *e) { (void)v; return unknown(e); }
EVENT(policy_decision) EVENT(key_release) EVENT(task_refuse)
