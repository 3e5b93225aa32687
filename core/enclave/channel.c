/* Frames over the one descriptor that may be read and written. */
#include "enclave/channel.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"

void channel_init(struct channel *c, int fd)
{
	c->fd = fd;
	c->used = 0;
}

static void write_all(const struct channel *c, const void *bytes, size_t n)
{
	if (os_write(c->fd, bytes, n) < 0)
		_exit(BOX_EXIT_CHANNEL);
}

void channel_flush(struct channel *c)
{
	size_t n = c->used;
	c->used = 0;
	if (n)
		write_all(c, c->out, n);
}

void channel_add_frame(struct channel *c, const uint8_t *frame, size_t n)
{
	if (n > sizeof c->out - c->used)
		channel_flush(c);
	if (n > sizeof c->out) {
		write_all(c, frame, n);
		return;
	}
	memcpy(c->out + c->used, frame, n);
	c->used += n;
}

void channel_add(struct channel *c, enum box_frame kind, const void *payload, size_t n)
{
	uint8_t head[BOX_FRAME_HEADER];
	boxwire_header_encode(head, kind, (uint32_t)n);
	if (n > sizeof c->out - c->used - sizeof head || sizeof c->out - c->used < sizeof head)
		channel_flush(c);	/* header and payload stay together where they can */
	channel_add_frame(c, head, sizeof head);
	channel_add_frame(c, payload, n);
}

uint8_t *channel_take(struct channel *c, enum box_frame kind, uint32_t *len)
{
	uint8_t head[BOX_FRAME_HEADER];
	enum box_frame is;
	channel_flush(c);
	if (os_read(c->fd, head, sizeof head) != (ssize_t)sizeof head)
		_exit(BOX_EXIT_CHANNEL);
	if (boxwire_header_decode(&is, len, head, NULL) < 0 || is != kind || *len > LIMIT_BOX_REQUEST_BYTES)
		_exit(BOX_EXIT_CHANNEL);
	uint8_t *payload = malloc(*len + 1u);
	if (!payload)
		_exit(BOX_EXIT_MEMORY);
	if (os_read(c->fd, payload, *len) != (ssize_t)*len)
		_exit(BOX_EXIT_CHANNEL);
	return payload;
}

_Noreturn void channel_end(struct channel *c, int exit_status)
{
	channel_flush(c);
	_exit(exit_status);
}
