/* The box's end of its channel, both ways. What a worker sends: the input is the bytes, in pieces as the kernel may hand them over, and the frames that are asked for; a task ends
 * by an exit or has the payloads that stand in the bytes. What a box sends: frames of any sizes come out as they went in, whatever was gathered.
 */
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static jmp_buf ended;
static int ended_with;
static _Noreturn void end_here(int status)
{
	ended_with = status;
	longjmp(ended, 1);
}

static void *payload_new(size_t n);
#define malloc(n) payload_new(n)
#define _exit(status) end_here(status)
#define os_read piecewise_read
#define os_write kept_write
#include "base/os.h"
#include "enclave/channel.c"
#undef _exit
#undef malloc

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SENT_MAX MIB(8)

static void require(int condition)
{
	if (!condition)
		abort();
}

static const uint8_t *from, *from_end;
static struct buf sent = BUF_INIT(SENT_MAX);

/* What a task had taken when it ended. */
static void *last;
static void *payload_new(size_t n)
{
	return last = malloc(n);
}

ssize_t piecewise_read(int fd, void *p, size_t n)
{
	(void)fd;
	size_t left = (size_t)(from_end - from);
	if (n > left)
		n = left;
	if (n)
		memcpy(p, from, n);
	from += n;
	return (ssize_t)n;
}

int kept_write(int fd, const void *p, size_t n)
{
	(void)fd;
	return buf_add(&sent, p, n, NULL);
}

static void receive(const uint8_t *data, size_t size, uint8_t order)
{
	static const enum box_frame asked[] = { BOX_RELEASE, BOX_REQUEST };
	static struct channel c;
	from = data;
	from_end = data + size;
	last = NULL;
	channel_init(&c, 3);
	if (setjmp(ended)) {
		require(ended_with == BOX_EXIT_CHANNEL || ended_with == BOX_EXIT_MEMORY);
		free(last);
		return;
	}
	for (unsigned i = 0; i < 8; i++) {
		const uint8_t *at = from;
		uint32_t len = 0;
		enum box_frame want = asked[order >> i & 1];
		uint8_t *payload = channel_take(&c, want, &len);
		require((size_t)(from_end - at) >= BOX_FRAME_HEADER + len && from == at + BOX_FRAME_HEADER + len);
		require(at[0] == (uint8_t)want && memcmp(payload, at + BOX_FRAME_HEADER, len) == 0);
		free(payload);
		last = NULL;
	}
}

static void send_all(const uint8_t *data, size_t size)
{
	static const enum box_frame kinds[] = { BOX_RESULT, BOX_PROGRESS, BOX_CALLBACK, BOX_DONE };
	static struct channel c;
	static uint8_t payload[LIMIT_BOX_FRAME_BYTES];
	struct buf model = BUF_INIT(SENT_MAX);
	channel_init(&c, 3);
	buf_clear(&sent);
	for (size_t i = 0; i + 4 <= size && i < 200; i += 4) {
		size_t n = ((size_t)data[i + 1] << 8 | data[i + 2]) * (data[i] & 1 ? 1 : 0) + data[i + 3];
		uint8_t head[BOX_FRAME_HEADER];
		enum box_frame kind = kinds[data[i] >> 1 & 3];
		if (n > sizeof payload)
			n = sizeof payload;
		memset(payload, (int)i + 1, n);
		boxwire_header_encode(head, kind, (uint32_t)n);
		require(buf_add(&model, head, sizeof head, NULL) == 0 && buf_add(&model, payload, n, NULL) == 0);
		channel_add(&c, kind, payload, n);
		if (data[i] & 64)
			channel_flush(&c);
	}
	if (setjmp(ended) == 0)
		channel_end(&c, 0);
	require(sent.len == model.len && (sent.len == 0 || memcmp(sent.data, model.data, sent.len) == 0));
	buf_done(&model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (data[0] & 1) {
		send_all(data + 1, size - 1);
		return 0;
	}
	uint8_t *bytes = malloc(size - 2 ? size - 2 : 1);	/* exactly as long, so that a sanitizer sees a byte too far */
	require(bytes != NULL);
	memcpy(bytes, data + 2, size - 2);
	receive(bytes, size - 2, data[1]);
	free(bytes);
	return 0;
}
