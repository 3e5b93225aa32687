/* A stream: what task.data:open and task.files give. Reads a span of a source through a window of one sealed chunk, so that a file of any
 * size needs 64 KiB of the script's memory. C modules read the window directly.
 */
#ifndef ENCLUA_ENCLAVE_STREAM_H
#define ENCLUA_ENCLAVE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lua.h>

#include "base/err.h"

/* Where bytes come from; lives as long as the task. */
struct source {
	int (*read)(void *ctx, void *out, size_t n, uint64_t at, struct err *e);	/* exactly n bytes */
	void *ctx;
	bool sealed;	/* a failed read means corrupt protected data */
};

struct stream;

void stream_push(lua_State *L, const struct source *s, uint64_t start, uint64_t size);
struct stream *stream_test(lua_State *L, int idx);	/* NULL when the value is no stream */
/* The bytes that can be had without copying, at least one until the end; then 0. Raises when the input fails. */
const char *stream_peek(lua_State *L, struct stream *s, size_t *n);
void stream_skip(struct stream *s, size_t n);	/* of what peek showed */
void stream_back(struct stream *s, size_t n);	/* of what was skipped */
uint64_t stream_left(const struct stream *s);	/* bytes from the position to the end */
void stream_open(lua_State *L);	/* once per state: the metatable */

#endif
