/* The frames of a box: the first byte chooses the message; what decodes must encode to the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/boxwire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void same(const struct buf *frame, size_t skip, const uint8_t *payload, size_t len)
{
	require(frame->len == len + skip && memcmp(frame->data + skip, payload, len) == 0);
}

static void request_try(struct buf *out, const uint8_t *p, size_t len)
{
	struct box_request r;
	if (boxwire_request_decode(&r, p, len, NULL) < 0)
		return;
	require(boxwire_request_encode(out, &r, NULL) == 0);
	same(out, BOX_FRAME_HEADER, p, len);
	boxwire_request_done(&r);
}

static void release_try(struct buf *out, const uint8_t *p, size_t len)
{
	struct box_release r;
	if (boxwire_release_decode(&r, p, len, NULL) < 0)
		return;
	require(boxwire_release_encode(out, &r, NULL) == 0);
	same(out, BOX_FRAME_HEADER, p, len);
	boxwire_release_done(&r);
}

static void secrets_try(struct buf *out, const uint8_t *p, size_t len)
{
	struct box_secret *s;
	size_t n;
	if (boxwire_secrets_decode(&s, &n, p, len, NULL) < 0)
		return;
	require(boxwire_secrets_encode(out, s, n, NULL) == 0);
	same(out, 0, p, len);
	free(s);
}

static void done_try(struct buf *out, const uint8_t *p, size_t len)
{
	struct box_done d;
	if (boxwire_done_decode(&d, p, len, NULL) < 0)
		return;
	require(boxwire_done_encode(out, &d, NULL) == 0);
	same(out, BOX_FRAME_HEADER, p, len);
}

static void header_try(struct buf *out, const uint8_t *p, size_t len)
{
	enum box_frame kind;
	uint32_t n;
	uint8_t again[BOX_FRAME_HEADER];
	(void)out;
	if (len != BOX_FRAME_HEADER || boxwire_header_decode(&kind, &n, p, NULL) < 0)
		return;
	require(n <= LIMIT_BOX_REQUEST_BYTES);
	boxwire_header_encode(again, kind, n);
	require(memcmp(again, p, BOX_FRAME_HEADER) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const kinds[])(struct buf *, const uint8_t *, size_t) = { request_try, release_try, secrets_try, done_try, header_try };
	if (size == 0)
		return 0;
	struct buf out = BUF_INIT(LIMIT_BOX_REQUEST_BYTES + BOX_FRAME_HEADER);
	uint8_t *payload = malloc(size);	/* exactly as long as the payload, so that a sanitizer sees a byte too far */
	memcpy(payload, data + 1, size - 1);
	payload = realloc(payload, size > 1 ? size - 1 : 1);
	kinds[data[0] % (sizeof kinds / sizeof kinds[0])](&out, payload, size - 1);
	free(payload);
	buf_done(&out);
	return 0;
}
