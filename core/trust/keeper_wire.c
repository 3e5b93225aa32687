/* Messages between a keeper and those who ask it: framing only. Either side may be hostile to the other, so lengths and counts are checked before anything is kept.
 */
#include "trust/keeper_wire.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"

#define LENGTH 4u

static void u32_put(uint8_t out[static LENGTH], size_t n)
{
	for (unsigned i = 0; i < LENGTH; i++)
		out[i] = (uint8_t)(n >> 8 * i);
}

static size_t u32_get(const uint8_t in[static LENGTH])
{
	return (size_t)in[0] | (size_t)in[1] << 8 | (size_t)in[2] << 16 | (size_t)in[3] << 24;
}

int keeper_message_begin(struct buf *out, enum keeper_kind kind, struct err *e)
{
	const uint8_t byte = (uint8_t)kind;
	buf_clear(out);
	return buf_add_zero(out, LENGTH, e) < 0 ? -1 : buf_add(out, &byte, 1, e);
}

int keeper_message_add(struct buf *out, const void *bytes, size_t n, struct err *e)
{
	uint8_t len[LENGTH];
	if (n > KEEPER_MESSAGE_BYTES)
		return err_set(e, ERR_LIMIT, "a message to or from the keeper would be too long");
	u32_put(len, n);
	return buf_add(out, len, sizeof len, e) < 0 ? -1 : buf_add(out, bytes, n, e);
}

int keeper_message_send(int socket, struct buf *out, int fd, struct err *e)
{
	u32_put(out->data, out->len - LENGTH);
	for (size_t at = 0; at < out->len;) {
		ssize_t n = os_send_fds(socket, out->data + at, out->len - at, &fd, at == 0 && fd >= 0);	/* with the first byte */
		if (n < 0)
			return err_set(e, ERR_UNAVAILABLE, "the other side of the keeper's socket is gone: %s", strerror(errno));
		at += (size_t)n;
	}
	return 0;
}

static int items_split(struct keeper_message *m, struct err *e)
{
	const uint8_t *p = m->bytes.data + 1;
	size_t left = m->bytes.len - 1;
	m->kind = (enum keeper_kind)m->bytes.data[0];
	for (m->n = 0; left; m->n++) {
		if (left < LENGTH || u32_get(p) > left - LENGTH || m->n == KEEPER_ITEMS_MAX)
			return err_set(e, ERR_INVALID, "a message of the keeper's socket is malformed");
		m->items[m->n] = (struct keeper_item){ p + LENGTH, u32_get(p) };
		left -= LENGTH + m->items[m->n].len;
		p += LENGTH + m->items[m->n].len;
	}
	return 0;
}

static void forget(struct keeper_message *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
	m->n = 0;
	buf_clear(&m->bytes);
}

int keeper_message_receive(int socket, struct keeper_message *m, bool *end, struct err *e)
{
	uint8_t head[LENGTH];
	forget(m);
	ssize_t is = os_receive_fd(socket, head, 1, &m->fd);
	*end = is == 0;
	if (is == 0)
		return 0;
	if (is < 0 || os_read(socket, head + 1, LENGTH - 1) != (ssize_t)LENGTH - 1)
		return err_set(e, ERR_UNAVAILABLE, "the keeper's socket broke off");
	size_t len = u32_get(head);
	if (len == 0 || len > m->bytes.max)
		return err_set(e, ERR_INVALID, "a message of the keeper's socket is malformed");
	if (buf_reserve(&m->bytes, len, e) < 0)
		return -1;
	if (os_read(socket, m->bytes.data, len) != (ssize_t)len)
		return err_set(e, ERR_UNAVAILABLE, "the keeper's socket broke off");
	m->bytes.len = len;
	return items_split(m, e);
}

void keeper_message_done(struct keeper_message *m)
{
	forget(m);
	buf_done(&m->bytes);
}
