/* Messages between a keeper and those who ask it: framing only. Either side may be hostile to the other, so lengths and counts are checked before anything is kept.
 */
#include "trust/keeper_wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/os.h"

#define LENGTH 4u
#define PIECE KIB(64)	/* room is made for what comes, not for what was announced */

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

int keeper_message_push(int socket, struct buf *out, size_t *at, struct err *e)
{
	if (*at == 0)
		u32_put(out->data, out->len - LENGTH);
	while (*at < out->len) {
		ssize_t n = send(socket, out->data + *at, out->len - *at, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0)
			return err_set(e, ERR_UNAVAILABLE, "the other side of the keeper's socket is gone: %s", strerror(errno));
		*at += (size_t)n;
	}
	return 1;
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
	m->n = m->got = 0;
	buf_clear(&m->bytes);
}

/* More of the head, or of what it announces: what recv says. */
static ssize_t piece_receive(int socket, struct keeper_message *m, struct err *e)
{
	if (m->got == 0) {
		forget(m);
		return os_receive_fd(socket, m->head, 1, &m->fd);	/* it comes with the first byte */
	}
	if (m->got < LENGTH)
		return recv(socket, m->head + m->got, LENGTH - m->got, 0);
	size_t left = LENGTH + u32_get(m->head) - m->got;
	if (left > PIECE)
		left = PIECE;
	if (buf_reserve(&m->bytes, left, e) < 0)
		return -1;
	ssize_t n = recv(socket, m->bytes.data + m->bytes.len, left, 0);
	m->bytes.len += n > 0 ? (size_t)n : 0;
	return n;
}

int keeper_message_arrive(int socket, struct keeper_message *m, bool *end, struct err *e)
{
	*end = false;
	for (;;) {
		errno = 0;
		ssize_t n = piece_receive(socket, m, e);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		*end = n == 0 && m->got == 0;
		if (*end)
			return -1;
		if (n <= 0)
			return err_set(e, ERR_UNAVAILABLE, "the keeper's socket broke off");
		m->got += (size_t)n;
		if (m->got < LENGTH)
			continue;
		size_t len = u32_get(m->head);
		if (len == 0 || len > m->bytes.max)
			return err_set(e, ERR_INVALID, "a message of the keeper's socket is malformed");
		if (m->got < LENGTH + len)
			continue;
		m->got = 0;
		return items_split(m, e) < 0 ? -1 : 1;
	}
}

int keeper_message_receive(int socket, struct keeper_message *m, bool *end, struct err *e)
{
	m->got = 0;
	int is = keeper_message_arrive(socket, m, end, e);
	if (is == 0)
		return err_set(e, ERR_UNAVAILABLE, "the keeper's socket broke off");
	return is < 0 && !*end ? -1 : 0;
}

void keeper_message_done(struct keeper_message *m)
{
	forget(m);
	buf_done(&m->bytes);
}
