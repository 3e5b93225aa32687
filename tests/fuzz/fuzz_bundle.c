/* The reader of results against any bytes: what it accepts lies within the input, and has safe and different paths. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/ustar.h"
#include "form/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct buf plain = BUF_INIT(MIB(64));
	struct bundle *b = NULL;
	struct err e;
	if (buf_add(&plain, bytes, len, &e) < 0 || bundle_parse(&b, &plain, &e) < 0)
		return 0;
	const uint8_t *end = b->plain.data + b->plain.len;
	for (size_t i = 0; i < b->n_files; i++) {
		const struct bundle_file *f = &b->files[i];
		assert(f->bytes >= b->plain.data && f->bytes <= end && f->len <= (size_t)(end - f->bytes));
		assert(ustar_path_check(f->path, strlen(f->path), &e) == 0);
		assert(i == 0 || strcmp(f[-1].path, f->path) < 0);
	}
	assert(utf8_valid(b->error, strlen(b->error)) && utf8_valid(b->traceback, strlen(b->traceback)));
	bundle_free(b);
	return 0;
}
