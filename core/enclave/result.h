/* What an iApp leaves: files, a callback, a log. All of it counts as output, whether or not it is kept; the limit ends the task. */
#ifndef ENCLUA_ENCLAVE_RESULT_H
#define ENCLUA_ENCLAVE_RESULT_H

#include <stdbool.h>

#include <lua.h>

#include "base/limits.h"
#include "enclave/pile.h"
#include "seal/crypto.h"

struct result_file {
	char path[LIMIT_PATH_BYTES + 1];
	struct pile bytes;
	struct sha256 hash;	/* running while open */
	uint8_t sha256[32];
	bool open, is_volatile;
};

struct result {
	struct result_file **files;
	size_t n, cap;
	uint64_t spent, limit;	/* bytes */
	uint64_t file_bytes;
	struct pile log;
	uint64_t log_bytes;	/* written, kept or not */
	struct pile callback;
	uint8_t callback_sha256[32];
	bool has_callback;
};

void result_push(lua_State *L);	/* task.result */
void result_finish(struct result *r);	/* closes what is open, sorts by path */

/* Log: print and task:log. */
int log_print(lua_State *L);	/* lua_CFunction */
void log_add(lua_State *L, const char *text, size_t n);

#endif
