/* A box that runs an author's test.lua: the third kind of task. It has what an iApp has, less task, and the module "test" (lua/test.lua). It reaches nothing: what it
 * wants run leaves in the clear as an answer, and it is started again from the beginning with what became of that. */
#ifndef ENCLUA_ENCLAVE_TEST_H
#define ENCLUA_ENCLAVE_TEST_H

#include "enclave/task.h"

int test_host_open(lua_State *L);	/* the module "test_host": what lua/test_shared.lua needs of C */
_Noreturn void test_main(struct task *t);	/* the request has been taken; answers and exits */

#endif
