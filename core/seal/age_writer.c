/* Seals a stream that arrives in pieces of any size. Holds one chunk, because only at the end it is known which chunk is the
 * last; seals in place. Runs in the box too: no system call of its own, all output through the sink.
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "seal/age.h"
#include "seal/crypto.h"

struct age_writer {
	struct age_payload payload;
	age_sink *sink;
	void *ctx;
	uint64_t index;	/* of the chunk that is being filled */
	size_t used;
	bool closed;	/* ended, or its sink failed */
	uint8_t chunk[AGE_SEALED_CHUNK];
};

static int chunk_push(struct age_writer *w, bool last, struct err *e)
{
	age_chunk_seal(&w->payload, w->chunk, w->chunk, w->used, w->index, last);
	size_t n = w->used + AGE_TAG;
	w->index++;
	w->used = 0;
	w->closed = last;
	if (w->sink(w->ctx, w->chunk, n, e) < 0) {
		w->closed = true;
		return -1;
	}
	return 0;
}

int age_writer_new_detached(struct age_writer **out, const uint8_t file_key[static AGE_FILE_KEY], age_sink *sink, void *ctx,
	struct err *e)
{
	uint8_t nonce[AGE_NONCE];
	struct age_writer *w = malloc(sizeof *w);
	if (!w)
		return err_set(e, ERR_LIMIT, "out of memory");
	memset(w, 0, sizeof *w);
	w->sink = sink;
	w->ctx = ctx;
	crypto_random(nonce, sizeof nonce);
	age_payload_init(&w->payload, file_key, nonce);
	if (sink(ctx, nonce, sizeof nonce, e) < 0) {
		age_writer_free(w);
		return -1;
	}
	*out = w;
	return 0;
}

int age_writer_new(struct age_writer **out, const struct age_recipient *to, size_t n, age_sink *sink, void *ctx, struct err *e)
{
	uint8_t file_key[AGE_FILE_KEY];
	struct buf header = BUF_INIT(LIMIT_AGE_HEADER_BYTES);
	int r = -1;
	crypto_random(file_key, sizeof file_key);
	if (age_header_make(&header, file_key, to, n, e) == 0 && sink(ctx, header.data, header.len, e) == 0)
		r = age_writer_new_detached(out, file_key, sink, ctx, e);
	crypto_wipe(file_key, sizeof file_key);
	buf_done(&header);
	return r;
}

int age_writer_add(struct age_writer *w, const void *bytes, size_t n, struct err *e)
{
	const uint8_t *in = bytes;
	while (n) {
		if (w->closed)
			return err_set(e, ERR_INTERNAL, "this sealed stream has ended already");
		if (w->used == AGE_CHUNK && chunk_push(w, false, e) < 0)
			return -1;
		size_t take = AGE_CHUNK - w->used < n ? AGE_CHUNK - w->used : n;
		memcpy(w->chunk + w->used, in, take);
		w->used += take;
		in += take;
		n -= take;
	}
	return 0;
}

int age_writer_end(struct age_writer *w, struct err *e)
{
	if (w->closed)
		return err_set(e, ERR_INTERNAL, "this sealed stream has ended already");
	return chunk_push(w, true, e);
}

void age_writer_free(struct age_writer *w)
{
	if (!w)
		return;
	crypto_wipe(w, sizeof *w);
	free(w);
}
