/* task.files: public input files by name. */
#ifndef ENCLUA_ENCLAVE_FILES_H
#define ENCLUA_ENCLAVE_FILES_H

#include <lua.h>

struct task;

void files_push(lua_State *L, struct task *t);

#endif
