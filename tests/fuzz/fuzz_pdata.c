/* The owner's reader of protected data against any bytes: what it accepts lies within the input, in order, and under types that exist. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/ustar.h"
#include "form/pdata.h"

struct input { const uint8_t *bytes; size_t len; };

static int from_input(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	const struct input *in = ctx;
	(void)e;
	assert(offset <= in->len && n <= in->len - offset);
	memcpy(out, in->bytes + offset, n);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct input in = { bytes, len };
	struct pdata_leaf *leaves = NULL;
	struct err e;
	size_t n = 0;
	bool has;
	(void)pdata_schema_has((const char *)bytes, len, "a", NULL, &has, &e);
	struct pdata *d;
	if (pdata_new(&d, &e) == 0) {
		(void)pdata_add_json(d, (const char *)bytes, len, &e);
		pdata_free(d);
	}
	if (pdata_leaves(&leaves, &n, from_input, &in, len, &e) < 0)
		return 0;
	assert(n > 0 && len == padme(len));
	for (size_t i = 0; i < n; i++) {
		assert(leaves[i].offset <= len && leaves[i].size <= len - leaves[i].offset);
		assert(ustar_path_check(leaves[i].path, strlen(leaves[i].path), &e) == 0 && *leaves[i].type);
		assert(i == 0 || strcmp(leaves[i - 1].path, leaves[i].path) < 0);
	}
	free(leaves);
	return 0;
}
