/* Messages of a keeper's socket. The input is what one side sends, in two pieces; descriptors may come with it. A message that is taken is, made again from its items, the same
 * bytes; what is sent is received as it was; no descriptor is left open.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../../core/trust/keeper_wire.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

/* The lowest number that is free: the same before and after. */
static int lowest(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	require(fd >= 0);
	close(fd);
	return fd;
}

static void again_same(const struct keeper_message *m, const uint8_t *bytes)
{
	struct buf again = BUF_INIT(KEEPER_MESSAGE_BYTES);
	int pair[2];
	require(keeper_message_begin(&again, m->kind, NULL) == 0 && m->n <= KEEPER_ITEMS_MAX);
	for (size_t i = 0; i < m->n; i++) {
		require(m->items[i].at >= m->bytes.data && m->items[i].at + m->items[i].len <= m->bytes.data + m->bytes.len);
		require(keeper_message_add(&again, m->items[i].at, m->items[i].len, NULL) == 0);
	}
	require(again.len == m->bytes.len + LENGTH && memcmp(again.data + LENGTH, bytes + LENGTH, m->bytes.len) == 0);
	/* and over a socket once more */
	struct keeper_message back = KEEPER_MESSAGE_INIT;
	bool end;
	require(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	require(keeper_message_send(pair[0], &again, m->fd, NULL) == 0);
	require(keeper_message_receive(pair[1], &back, &end, NULL) == 0 && !end && back.kind == m->kind && back.n == m->n);
	require((back.fd >= 0) == (m->fd >= 0));
	for (size_t i = 0; i < m->n; i++)
		require(back.items[i].len == m->items[i].len && memcmp(back.items[i].at, m->items[i].at, m->items[i].len) == 0);
	keeper_message_done(&back);
	close(pair[0]);
	close(pair[1]);
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keeper_message m = KEEPER_MESSAGE_INIT;
	struct err e = { .code = ERR_NONE };
	bool end = false;
	int pair[2], before = lowest();
	if (size < 2 || size > 65536)
		return 0;
	size_t len = size - 2, cut = len ? data[1] % (len + 1) : 0;
	const uint8_t *bytes = data + 2;
	require(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	if (cut) {
		int fd = data[0] & 1 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
		require(os_send_fds(pair[0], bytes, cut, &fd, fd >= 0) == (ssize_t)cut);
		if (fd >= 0)
			close(fd);
	}
	if (len - cut) {
		int fd = data[0] & 2 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
		require(os_send_fds(pair[0], bytes + cut, len - cut, &fd, fd >= 0) == (ssize_t)(len - cut));
		if (fd >= 0)
			close(fd);
	}
	close(pair[0]);
	size_t at = 0;
	for (;;) {
		int r = keeper_message_receive(pair[1], &m, &end, &e);
		if (r < 0)
			require(e.code == ERR_INVALID || e.code == ERR_UNAVAILABLE || e.code == ERR_LIMIT);
		if (r < 0 || end)
			break;
		require(len - at >= LENGTH && u32_get(bytes + at) == m.bytes.len);
		again_same(&m, bytes + at);
		at += LENGTH + m.bytes.len;
	}
	require(!end || at == len);
	keeper_message_done(&m);
	close(pair[1]);
	require(lowest() == before);
	return 0;
}
