/* Random access over a sealed payload. The last chunk is verified first: its nonce says "last" and its place follows from the
 * length, so a file that was cut or grown is found at open. Holds one chunk of plaintext; all input through the source, so that
 * it runs in the box. Never gives out a byte of a chunk that did not verify.
 */
#include <stdlib.h>
#include <string.h>

#include "seal/age.h"
#include "seal/crypto.h"

struct age_file {
	struct age_payload payload;
	age_source *source;
	void *ctx;
	uint64_t size, sealed_size;	/* of the plaintext; of all chunks */
	uint64_t last;	/* number of the last chunk */
	uint64_t held;	/* number of the chunk in `chunk`, or NONE */
	uint8_t chunk[AGE_SEALED_CHUNK];
};
#define NONE UINT64_MAX

static int chunk_hold(struct age_file *f, uint64_t index, struct err *e)
{
	if (f->held == index)
		return 0;
	uint64_t at = index * AGE_SEALED_CHUNK;
	size_t n = index == f->last ? (size_t)(f->sealed_size - at) : AGE_SEALED_CHUNK;
	f->held = NONE;
	if (f->source(f->ctx, f->chunk, n, AGE_NONCE + at, e) < 0)
		return -1;
	if (age_chunk_open(&f->payload, f->chunk, f->chunk, n, index, index == f->last) < 0)
		return err_set(e, ERR_INVALID, "the sealed data is damaged or was changed: chunk %llu of %llu does not verify",
			(unsigned long long)index + 1, (unsigned long long)f->last + 1);
	f->held = index;
	return 0;
}

int age_file_open(struct age_file **out, const uint8_t file_key[static AGE_FILE_KEY], uint64_t payload_len, age_source *source,
	void *ctx, struct err *e)
{
	uint8_t nonce[AGE_NONCE];
	uint64_t size;
	if (age_plain_len(&size, payload_len) < 0)
		return err_set(e, ERR_INVALID, "the sealed data is cut off: no payload has %llu bytes", (unsigned long long)payload_len);
	struct age_file *f = malloc(sizeof *f);
	if (!f)
		return err_set(e, ERR_LIMIT, "out of memory");
	f->source = source;
	f->ctx = ctx;
	f->size = size;
	f->sealed_size = payload_len - AGE_NONCE;
	f->last = size ? (size - 1) / AGE_CHUNK : 0;
	f->held = NONE;
	if (source(ctx, nonce, sizeof nonce, 0, e) < 0)
		goto fail;
	age_payload_init(&f->payload, file_key, nonce);
	if (chunk_hold(f, f->last, e) < 0) {
		err_wrap(e, "the end of the sealed data cannot be verified (cut off, or sealed with another key)");
		goto fail;
	}
	*out = f;
	return 0;
fail:
	age_file_free(f);
	return -1;
}

uint64_t age_file_size(const struct age_file *f)
{
	return f->size;
}

int age_file_read(struct age_file *f, void *out, size_t n, uint64_t offset, struct err *e)
{
	uint8_t *to = out;
	if (offset > f->size || n > f->size - offset)
		return err_set(e, ERR_INVALID, "%zu bytes at %llu are outside of the %llu that there are", n, (unsigned long long)offset,
			(unsigned long long)f->size);
	while (n) {
		size_t from = (size_t)(offset % AGE_CHUNK);
		size_t take = AGE_CHUNK - from < n ? AGE_CHUNK - from : n;
		if (chunk_hold(f, offset / AGE_CHUNK, e) < 0)
			return -1;
		memcpy(to, f->chunk + from, take);
		to += take;
		n -= take;
		offset += take;
	}
	return 0;
}

void age_file_free(struct age_file *f)
{
	if (!f)
		return;
	crypto_wipe(f, sizeof *f);
	free(f);
}
