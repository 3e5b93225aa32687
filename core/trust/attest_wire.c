/* The bytes between the tree and its attest-helper: length and fields. Both sides are built with this file. */
#include "trust/attest_helper.h"

#define LEN 4u

int helper_field_add(struct buf *b, const void *bytes, size_t n, struct err *e)
{
	if (n > HELPER_BYTES)
		return err_set(e, ERR_LIMIT, "a field of %zu bytes is too long for the attest-helper", n);
	const uint8_t len[LEN] = { (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24) };
	return buf_add(b, len, sizeof len, e) < 0 || (n && buf_add(b, bytes, n, e) < 0) ? -1 : 0;
}

ptrdiff_t helper_fields(const uint8_t *bytes, size_t len, struct helper_field *out, size_t max)
{
	size_t n = 0;
	for (size_t at = 0; at < len; n++) {
		if (n == max || len - at < LEN)
			return -1;
		size_t field = bytes[at] | (size_t)bytes[at + 1] << 8 | (size_t)bytes[at + 2] << 16 | (size_t)bytes[at + 3] << 24;
		at += LEN;
		if (field > len - at)
			return -1;
		out[n] = (struct helper_field){ bytes + at, field };
		at += field;
	}
	return (ptrdiff_t)n;
}
