/* The box's index of protected data, against the owner's reader: whatever that one accepts, the box finds the same leaves in, of the same types,
 * at the same places. What it refuses (bytes in slack, which the box does not read) the box may take, but never a leaf outside the plaintext.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "enclave/data.h"
#include "form/pdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes { const uint8_t *data; size_t size; };

static int bytes_read(void *ctx, void *out, size_t n, uint64_t at, struct err *e)
{
	const struct bytes *b = ctx;
	(void)e;
	if (at > b->size || n > b->size - at)
		abort();
	memcpy(out, b->data + at, n);
	return 0;
}

static int owner_read(void *ctx, uint8_t *out, size_t n, uint64_t at, struct err *e)
{
	return bytes_read(ctx, out, n, at, e);
}

static void compare(const struct data *d, const struct pdata_leaf *leaves, size_t n)
{
	if (d->n_leaves != n)
		abort();
	for (size_t i = 0; i < n; i++)
		if (strcmp(d->leaves[i].path, leaves[i].path) != 0 || strcmp(d->leaves[i].type, leaves[i].type) != 0 ||
			d->leaves[i].at != leaves[i].offset || d->leaves[i].size != leaves[i].size || data_find(d, leaves[i].path) != &d->leaves[i])
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = { data, size };
	struct data d = { .source = { .read = bytes_read, .ctx = &b } };
	struct err e = { .code = ERR_NONE };
	struct pdata_leaf *leaves = NULL;
	size_t n = 0;
	int box = data_index(&d, size, &e), owner = pdata_leaves(&leaves, &n, owner_read, &b, size, &e);
	if (owner == 0 && box < 0)
		abort();
	if (owner == 0)
		compare(&d, leaves, n);
	for (size_t i = 0; box == 0 && i < d.n_leaves; i++)
		if (d.leaves[i].at > size || d.leaves[i].size > size - d.leaves[i].at || !d.leaves[i].type)
			abort();
	free(leaves);
	data_done(&d);
	return 0;
}
