/* STREAM, the chunks of an age file. The input says how long a plaintext is, in which pieces it is written, which pieces of the file are read, and what is done to the
 * sealed bytes. The pieces of writing never show; what is read is what was written; a file that was cut, lengthened, has chunks changed about or a bit flipped never
 * opens to other bytes than its own.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "seal/age.h"
#include "seal/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEALED (AGE_CHUNK + 16u)
#define PLAIN_MAX (3 * AGE_CHUNK + 100)

static void require(int condition)
{
	if (!condition)
		abort();
}

static const uint8_t *at, *end;

static unsigned take(void)
{
	return at < end ? *at++ : 0;
}

static int to_buf(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	return buf_add(ctx, bytes, n, e);
}

static int from_buf(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	const struct buf *b = ctx;
	(void)e;
	require(offset <= b->len && n <= b->len - offset);
	memcpy(out, b->data + offset, n);
	return 0;
}

static const uint8_t file_key[AGE_FILE_KEY] = { 1, 2, 3 };

/* Lengths of which the interesting ones are many: around a chunk's end. */
static size_t length_take(void)
{
	static const size_t near[] = { 0, 1, AGE_CHUNK - 1, AGE_CHUNK, AGE_CHUNK + 1, 2 * AGE_CHUNK - 1, 2 * AGE_CHUNK, 2 * AGE_CHUNK + 1, 3 * AGE_CHUNK, 17 };
	unsigned k = take();
	if (k < 128)
		return near[k % (sizeof near / sizeof *near)];
	return (take() << 8 | take()) * (k % 4) % PLAIN_MAX;
}

static void seal(struct buf *out, const uint8_t *plain, size_t len, int pieces)
{
	static const uint8_t entropy[32] = { 4 };
	struct age_writer *w = NULL;
	crypto_random_seed(entropy);	/* the same nonce each time */
	require(age_writer_new_detached(&w, file_key, to_buf, out, NULL) == 0);
	for (size_t done = 0; done < len;) {
		size_t n = pieces ? length_take() + 1 : len;
		if (at >= end || n > len - done)
			n = len - done;
		require(age_writer_add(w, plain + done, n, NULL) == 0);
		done += n;
	}
	require(age_writer_end(w, NULL) == 0);
	age_writer_free(w);
}

static void reads(struct buf *sealed, const uint8_t *plain, size_t len)
{
	struct age_file *f = NULL;
	uint64_t back;
	require(age_payload_len(len) == sealed->len && age_plain_len(&back, sealed->len) == 0 && back == len);
	require(age_file_open(&f, file_key, sealed->len, from_buf, sealed, NULL) == 0 && age_file_size(f) == len);
	uint8_t *out = malloc(len + 1);
	require(out != NULL);
	for (unsigned i = 0; i < 4; i++) {
		size_t from = i ? length_take() % (len + 1) : 0, n = i ? length_take() % (len - from + 1) : len;
		require(age_file_read(f, out, n, from, NULL) == 0 && memcmp(out, plain + from, n) == 0);
	}
	require(age_file_read(f, out, 1, len, NULL) < 0 && age_file_read(f, out, len + 1, 0, NULL) < 0);
	free(out);
	age_file_free(f);
}

static void damage(struct buf *b)
{
	size_t chunks = (b->len - AGE_NONCE + SEALED - 1) / SEALED, i = take() % chunks, k = take() % chunks, where = (size_t)(take() << 16 | take() << 8 | take()) % b->len;
	uint8_t swap[SEALED];
	switch (take() % 5) {
	case 0:
		b->data[where] ^= (uint8_t)(1u << take() % 8);
		break;
	case 1:
		b->len = where;
		break;
	case 2:
		require(buf_add_zero(b, 1 + take() % 64, NULL) == 0);
		break;
	case 3:	/* one chunk in the place of another */
		if (AGE_NONCE + (i + 1) * SEALED <= b->len && AGE_NONCE + (k + 1) * SEALED <= b->len) {
			memcpy(swap, b->data + AGE_NONCE + i * SEALED, SEALED);
			memcpy(b->data + AGE_NONCE + i * SEALED, b->data + AGE_NONCE + k * SEALED, SEALED);
			memcpy(b->data + AGE_NONCE + k * SEALED, swap, SEALED);
		}
		break;
	default:	/* whole chunks less at the end */
		b->len = AGE_NONCE + i * SEALED;
	}
}

/* Opens and reads all of it: then it is what was sealed. */
static void damaged_reads(struct buf *b, const uint8_t *plain, size_t len)
{
	struct age_file *f = NULL;
	if (age_file_open(&f, file_key, b->len, from_buf, b, NULL) < 0)
		return;
	size_t n = (size_t)age_file_size(f);
	uint8_t *out = malloc(n + 1);
	require(out != NULL);
	if (age_file_read(f, out, n, 0, NULL) == 0)
		require(n == len && memcmp(out, plain, n) == 0);
	free(out);
	age_file_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t plain[PLAIN_MAX];
	struct buf whole = BUF_INIT(MIB(1)), pieces = BUF_INIT(MIB(1));
	require(crypto_init(NULL) == 0);
	at = data;
	end = data + size;
	for (size_t i = 0; plain[1] == 0 && i < sizeof plain; i++)
		plain[i] = (uint8_t)(i * 7 + i / 251 + 1);
	size_t len = length_take();
	seal(&whole, plain, len, 0);
	seal(&pieces, plain, len, 1);
	require(whole.len == pieces.len && memcmp(whole.data, pieces.data, whole.len) == 0);
	reads(&whole, plain, len);
	for (unsigned i = 0; i <= take() % 4; i++)
		if (whole.len > AGE_NONCE)
			damage(&whole);
	damaged_reads(&whole, plain, len);
	buf_done(&whole);
	buf_done(&pieces);
	return 0;
}
