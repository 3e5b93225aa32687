/* The reader of parcels against any bytes: what it accepts it writes again byte for byte. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "node/parcel.h"

struct span { const uint8_t *bytes; size_t len; };

static int give(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	const struct span *s = ctx;
	(void)e;
	assert(offset <= s->len && n <= s->len - offset);
	memcpy(out, s->bytes + offset, n);
	return 0;
}

static int compare(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	struct span *s = ctx;
	(void)e;
	assert(n <= s->len && memcmp(s->bytes, bytes, n) == 0);
	s->bytes += n;
	s->len -= n;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct span in = { bytes, len };
	struct parcel *p = NULL;
	struct err e;
	if (parcel_read(&p, give, &in, len, &e) < 0)
		return 0;
	const struct parcel_for to = { p->requester, p->app };
	assert(parcel_write(&to, &p->work, compare, &in, &e) == 0 && in.len == 0);
	parcel_free(p);
	return 0;
}
