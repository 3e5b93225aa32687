/* Protected data inside the box: an age payload on a descriptor, its header released to the box's key, its plaintext a canonical ustar
 * (core/form/FORMAT.md). data.c opens and indexes it without Lua; data_lua.c is what scripts see.
 */
#ifndef ENCLUA_ENCLAVE_DATA_H
#define ENCLUA_ENCLAVE_DATA_H

#include <lua.h>

#include "base/boxwire.h"
#include "enclave/stream.h"

struct age_file;

struct leaf { char *path, *type; uint64_t at, size; };	/* at: in the plaintext */

struct data {
	const struct box_input *input;
	int fd;
	bool open;
	struct err why;	/* not open: why not */
	struct age_file *file;
	struct source source;
	struct leaf *leaves;	/* sorted bytewise by path */
	size_t n_leaves, leaves_cap;
	char *schema;
	size_t schema_len;
};

/* 0, or -1 with why in e; the struct can be thrown away either way. */
int data_open(struct data *d, const struct box_input *input, int fd, const struct box_text *header,
	const uint8_t box_secret[static 32], struct err *e);
/* The index alone, over any source of plaintext: for data_open and for the fuzzer. */
int data_index(struct data *d, uint64_t plain_len, struct err *e);
void data_done(struct data *d);
const struct leaf *data_find(const struct data *d, const char *path);

void data_push(lua_State *L, struct data *d);	/* one data as scripts see it */
void data_list_push(lua_State *L, struct data *d, size_t n);	/* task.datasets */

#endif
