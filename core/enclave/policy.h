/* A box that decides: the second kind of task. Its Lua state has no result, no data, no log, no randomness; lua/policy.lua decides, and what it says leaves in the clear. */
#ifndef ENCLUA_ENCLAVE_POLICY_H
#define ENCLUA_ENCLAVE_POLICY_H

#include "enclave/task.h"

lua_State *policy_new(struct luamem *m);	/* with the library of policies loaded; NULL: no memory */
_Noreturn void policy_main(struct task *t);	/* the request has been taken; sends the decision and DONE, exits */

#endif
