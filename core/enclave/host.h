/* The Lua environment of a box: which of Lua's own functions a script sees, what was changed in them, and how it finds modules. See
 * LUA.md and lua/meta.
 */
#ifndef ENCLUA_ENCLAVE_HOST_H
#define ENCLUA_ENCLAVE_HOST_H

#include <stdint.h>

#include <lua.h>

#include "enclave/luamem.h"

/* A state with every library opened, that belongs to no task yet. NULL: no memory. */
lua_State *host_new(struct luamem *m);
lua_State *host_new_of(struct luamem *m, lua_CFunction fill);	/* the same of other contents, which fill puts in: policies */
/* Gives it to a task: seeds math.random, points it to the task (NULL in module tests). */
struct task;
void host_adopt(lua_State *L, struct task *t, const uint8_t seed[static 32]);

/* modules.c: require, and the loading of the iApp's files. */
void modules_open(lua_State *L);	/* leaves the stack as it was */
void modules_offer(lua_State *L);	/* pops a table of modules by name: these are loaded, and nothing else */
int modules_load(lua_State *L, const char *path, size_t len);	/* pushes the chunk of an archive file, or a message; a Lua status */

/* globals.c */
void globals_strict(lua_State *L);

/* trace.c: a message handler; leaves a table { message, traceback } */
int trace_handler(lua_State *L);

/* What require finds in C. */
struct host_module { const char *name; lua_CFunction open; };
extern const struct host_module host_modules[];	/* ends with a NULL name */

#endif
