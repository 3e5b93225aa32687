/* One task, as the files of this folder see it. A Lua state has a pointer to its task; nothing of a task outlives its process. */
#ifndef ENCLUA_ENCLAVE_TASK_H
#define ENCLUA_ENCLAVE_TASK_H

#include <stdbool.h>

#include <lua.h>

#include "base/boxwire.h"
#include "enclave/channel.h"
#include "enclave/enclave.h"
#include "enclave/luamem.h"
#include "enclave/result.h"

struct data;

struct task {
	const struct task_start *start;
	struct box_request request;
	struct channel *channel;
	struct luamem *memory;
	lua_State *L;
	struct result result;
	struct data *data;	/* one for each BOX_INPUT_DATA, in order */
	size_t n_data;
	struct box_secret *secrets;
	size_t n_secrets;
	bool corrupt_input;	/* a read of sealed data failed: if the script fails too, that is why */
	int progress;	/* thousandths reported last */
};

static inline struct task *task_of(lua_State *L)
{
	return *(struct task **)lua_getextraspace(L);
}

_Noreturn void task_limit(struct task *t, enum box_limit which);	/* ends the process; no result */
_Noreturn void task_broken(struct task *t, int exit_status);	/* an end that DONE has no words for */

/* Pushes the table that the iApp's function gets. */
void task_table_push(lua_State *L, struct task *t);

#endif
