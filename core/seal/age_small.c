/* age files that are small enough to lie in memory whole: secrets. */
#include <string.h>

#include "seal/age.h"

static int to_buf(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	return buf_add(ctx, bytes, n, e);
}

int age_small_seal(const uint8_t to[static 32], const void *plain, size_t n, struct buf *out, struct err *e)
{
	struct age_recipient recipient = { .kind = AGE_X25519 };
	struct age_writer *w = NULL;
	memcpy(recipient.public_key, to, 32);
	int r = age_writer_new(&w, &recipient, 1, to_buf, out, e) < 0 || age_writer_add(w, plain, n, e) < 0 || age_writer_end(w, e) < 0 ? -1 : 0;
	age_writer_free(w);
	return r;
}

static int from_memory(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	(void)e;
	memcpy(out, (const uint8_t *)ctx + offset, n);
	return 0;
}

int age_small_open(const uint8_t file_key[static AGE_FILE_KEY], const uint8_t *payload, size_t len, struct buf *out, struct err *e)
{
	struct age_file *f = NULL;
	int r = age_file_open(&f, file_key, len, from_memory, (void *)(uintptr_t)payload, e);
	size_t n = r == 0 ? (size_t)age_file_size(f) : 0;
	if (r == 0 && (buf_reserve(out, n, e) < 0 || age_file_read(f, out->data + out->len, n, 0, e) < 0))
		r = -1;
	if (r == 0)
		out->len += n;
	age_file_free(f);
	return r;
}
