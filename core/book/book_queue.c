/* Group commit among processes, without a daemon. Whoever holds the lock on <home>/book/lock commits; when others wait, it also listens on <home>/book/queue,
 * takes their chains, and commits all that have come in one transaction, so that one wait for the disk serves many. It serves for SERVE_MS at most and then leaves,
 * and one of those who wait takes its place. Somebody who waits holds a shared lock on <home>/book/waiting, so that one who is alone never opens a socket.
 *
 * A leader that dies answers nobody: its clients see the end of the connection and try again. Entries are idempotent, so that it does not matter whether it had
 * committed.
 *
 * Signatures are checked by who brings them, each process its own, before it waits for anything. A leader takes a client's word for that when it is a process of the same user: such
 * a one could write store.db itself, and book_verify and every replica check again. Of others, and of who does not give its word, it checks them.
 *
 * Wire, native byte order, one user on one machine: u32 items, with SIGNED_WELL when its signatures were checked, then for each u32 length and its bytes; answer: u32 error code (0: done), then u64 × items
 * indices, or u16 and u16 lengths, message and hint.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/os.h"
#include "book/book_inner.h"

#define CLIENTS (BOOK_CHAINS - 1)	/* of one leader; more are refused by the backlog and come again */
#define CHAIN_ITEMS 1024u
#define SIGNED_WELL 0x80000000u
#define REQUEST_BYTES MIB(8)	/* of one chain, whether it has to wait or not */
#define READ_BYTES KIB(16)
#define SERVE_MS 50u	/* after its own commit: then somebody else's turn, so that no command is kept from its own work */
#define LINGER_MS 1	/* how long it looks for somebody who is just coming */
#define PAUSE_US 100u	/* between two looks for a leader, at first and at last: many that wait must not take the time of the one that works */
#define PAUSE_MAX_US 1600u
#define PATIENCE_MS 30000u	/* of somebody who waits: many times the slowest commit */

static int file_in(const struct book *b, const char *name, char out[static PATH_MAX], struct err *e)
{
	if (snprintf(out, PATH_MAX, "%s/%s", b->dir, name) >= PATH_MAX)
		return err_set(e, ERR_INVALID, "the path of the home is too long");
	return 0;
}

static int file_open(const struct book *b, const char *name, struct err *e)
{
	char path[PATH_MAX];
	if (file_in(b, name, path, e) < 0)
		return -1;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd >= 0 ? fd : err_sys(e, errno, "cannot open %s", path);
}

static int files_open(struct book *b, struct err *e)
{
	if (b->lock_fd >= 0)
		return 0;
	if (os_dir_make(b->dir, 0700, e) < 0 || (b->waiting_fd < 0 && (b->waiting_fd = file_open(b, "waiting", e)) < 0))
		return -1;
	b->lock_fd = file_open(b, "lock", e);
	return b->lock_fd < 0 ? -1 : 0;
}

void book_queue_close(struct book *b)
{
	if (b->lock_fd >= 0)
		close(b->lock_fd);
	if (b->waiting_fd >= 0)
		close(b->waiting_fd);
	b->lock_fd = b->waiting_fd = -1;
}

/* The name of a socket holds 108 bytes; a home may lie deeper, so the folder goes by its descriptor. */
static int address(const struct book *b, struct sockaddr_un *a, int *dir_fd)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	*dir_fd = -1;
	if (snprintf(a->sun_path, sizeof a->sun_path, "%s/queue", b->dir) < (int)sizeof a->sun_path)
		return 0;
	*dir_fd = open(b->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(a->sun_path, sizeof a->sun_path, "/proc/self/fd/%d/queue", *dir_fd);
	return *dir_fd < 0 ? -1 : 0;
}

static int socket_listen(const struct book *b)
{
	struct sockaddr_un a;
	int dir_fd, fd = -1;
	if (address(b, &a, &dir_fd) == 0) {
		(void)unlink(a.sun_path);	/* of a leader that died; we hold the lock */
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd >= 0 && (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, CLIENTS) < 0)) {
			close(fd);
			fd = -1;
		}
	}
	if (dir_fd >= 0)
		close(dir_fd);
	return fd;
}

static void socket_end(const struct book *b, int fd)
{
	struct sockaddr_un a;
	int dir_fd;
	if (address(b, &a, &dir_fd) == 0)
		(void)unlink(a.sun_path);
	if (dir_fd >= 0)
		close(dir_fd);
	close(fd);
}

/* The leader */

struct client { int fd; struct buf in; struct book_item *items; size_t n; uint64_t *indices; bool ready, signed_well; };
struct leader { struct book *b; int fd; struct client clients[CLIENTS]; size_t n; };

static void client_drop(struct leader *l, size_t i)
{
	struct client *c = &l->clients[i];
	close(c->fd);
	buf_done(&c->in);
	free(c->items);
	free(c->indices);
	l->clients[i] = l->clients[--l->n];
}

static bool same_user(int fd)
{
	struct ucred who = { .uid = 0 };
	socklen_t n = sizeof who;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 && n == sizeof who && who.uid == geteuid();
}

/* 1: whole, 0: more is to come, -1: no request of ours. */
static int request_parse(struct client *c)
{
	uint32_t n, len;
	size_t at = sizeof n;
	if (c->in.len < sizeof n)
		return 0;
	memcpy(&n, c->in.data, sizeof n);
	bool signed_well = n & SIGNED_WELL;
	n &= ~SIGNED_WELL;
	if (n == 0 || n > CHAIN_ITEMS)
		return -1;
	for (uint32_t i = 0; i < n; i++, at += len) {
		if (c->in.len - at < sizeof len)
			return 0;
		memcpy(&len, c->in.data + at, sizeof len);
		at += sizeof len;
		if (len > ENTRY_BYTES_MAX)
			return -1;
		if (c->in.len - at < len)
			return 0;
	}
	if (at != c->in.len)
		return -1;
	c->items = calloc(n, sizeof *c->items);
	c->indices = calloc(n, sizeof *c->indices);
	c->signed_well = signed_well && same_user(c->fd);
	if (!c->items || !c->indices)
		return -1;
	for (at = sizeof n; c->n < n; c->n++, at += len) {
		memcpy(&len, c->in.data + at, sizeof len);
		at += sizeof len;
		c->items[c->n] = (struct book_item){ c->in.data + at, len };
	}
	return 1;
}

/* false: gone, or talking nonsense. */
static bool client_read(struct client *c)
{
	for (;;) {
		if (buf_reserve(&c->in, READ_BYTES, NULL) < 0)
			return false;
		ssize_t n = recv(c->fd, c->in.data + c->in.len, READ_BYTES, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		if (n == 0)
			return false;
		c->in.len += (size_t)n;
		int r = request_parse(c);
		c->ready = r == 1;
		if (r != 0)
			return r == 1;
	}
}

static void clients_accept(struct leader *l)
{
	while (l->n < CLIENTS) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			return;
		l->clients[l->n++] = (struct client){ .fd = fd, .in = BUF_INIT(REQUEST_BYTES + READ_BYTES) };
	}
}

/* Takes what there is; waits for it only when nothing is ready. */
static size_t clients_poll(struct leader *l, int wait_ms)
{
	struct pollfd fds[CLIENTS + 1];
	size_t ready = 0, n = l->n;
	fds[0] = (struct pollfd){ l->fd, POLLIN, 0 };
	for (size_t i = 0; i < n; i++)
		fds[i + 1] = (struct pollfd){ l->clients[i].fd, POLLIN, 0 };
	if (poll(fds, (nfds_t)n + 1, wait_ms) < 0)
		return 0;
	for (size_t i = n; i-- > 0;)
		if (!l->clients[i].ready && fds[i + 1].revents && !client_read(&l->clients[i]))
			client_drop(l, i);
	n = l->n;
	clients_accept(l);
	for (size_t i = l->n; i-- > n;)
		if (!client_read(&l->clients[i]))
			client_drop(l, i);
	for (size_t i = 0; i < l->n; i++)
		ready += l->clients[i].ready;
	return ready;
}

static void answer(struct client *c, const struct book_chain *chain)
{
	uint8_t out[4 + 8 * CHAIN_ITEMS + sizeof chain->why.msg + sizeof chain->why.hint];
	uint32_t code = chain->result == 0 ? 0 : chain->why.code;
	size_t len = sizeof code;
	memcpy(out, &code, sizeof code);
	if (code == 0) {
		memcpy(out + len, chain->indices, chain->n * sizeof *chain->indices);
		len += chain->n * sizeof *chain->indices;
	} else {
		uint16_t lengths[2] = { (uint16_t)strlen(chain->why.msg), (uint16_t)strlen(chain->why.hint) };
		memcpy(out + len, lengths, sizeof lengths);
		len += sizeof lengths;
		memcpy(out + len, chain->why.msg, lengths[0]);
		memcpy(out + len + lengths[0], chain->why.hint, lengths[1]);
		len += (size_t)lengths[0] + lengths[1];
	}
	(void)send(c->fd, out, len, MSG_DONTWAIT | MSG_NOSIGNAL);	/* it fits any socket's buffer; who has gone asks again */
}

/* One batch: our own chain, when it is given, and all that are ready. */
static int batch_commit(struct leader *l, struct book_chain *own, struct err *e)
{
	struct book_chain *chains = calloc(l->n + 1, sizeof *chains);
	size_t who[CLIENTS], n = 0, first = own ? 1 : 0;
	if (!chains)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (own)
		chains[0] = *own;
	for (size_t i = 0; i < l->n; i++)
		if (l->clients[i].ready) {
			who[n] = i;
			chains[first + n] = (struct book_chain){ .items = l->clients[i].items, .n = l->clients[i].n, .indices = l->clients[i].indices,
				.signed_well = l->clients[i].signed_well };
			n++;
		}
	int r = book_commit(l->b, chains, first + n, e);
	if (r == 0 && own)
		*own = chains[0];
	for (size_t i = n; i-- > 0;) {
		if (r == 0)
			answer(&l->clients[who[i]], &chains[first + i]);
		client_drop(l, who[i]);	/* unanswered after a failure: it tries again, and meets the failure itself */
	}
	free(chains);
	return r;
}

static bool somebody_waits(const struct book *b)
{
	if (flock(b->waiting_fd, LOCK_EX | LOCK_NB) < 0)
		return true;
	(void)flock(b->waiting_fd, LOCK_UN);
	return false;
}

/* Who was answered comes again at once when it has more: until as many are ready as the last time, or nobody came for a moment. */
static size_t clients_gather(struct leader *l, size_t expected)
{
	size_t ready = clients_poll(l, LINGER_MS);
	for (size_t before = 0; ready > before && ready < expected;) {
		before = ready;
		ready = clients_poll(l, LINGER_MS);
	}
	return ready;
}

/* Our own chain goes with the first batch; after it, what happens here is for others only. */
static int serve(struct leader *l, struct book_chain *own, struct err *e)
{
	size_t ready = clients_poll(l, 0);
	int r = batch_commit(l, own, e);
	for (uint64_t until = os_now_us() + SERVE_MS * 1000u; r == 0 && os_now_us() < until;) {
		size_t expected = ready;
		ready = clients_gather(l, expected);
		if (ready ? batch_commit(l, NULL, NULL) < 0 : !somebody_waits(l->b))
			break;
	}
	while (l->n > 0)
		client_drop(l, l->n - 1);
	return r;
}

static int lead(struct book *b, struct book_chain *c, struct err *e)
{
	struct leader *l = somebody_waits(b) ? calloc(1, sizeof *l) : NULL;
	if (!l)
		return book_commit(b, c, 1, e);
	l->b = b;
	l->fd = socket_listen(b);
	int r = l->fd < 0 ? book_commit(b, c, 1, e) : serve(l, c, e);
	if (l->fd >= 0)
		socket_end(b, l->fd);
	free(l);
	return r;
}

/* The client */

static int request_send(int fd, const struct book_chain *c)
{
	struct buf out = BUF_INIT(REQUEST_BYTES);
	uint32_t n = (uint32_t)c->n | (c->signed_well ? SIGNED_WELL : 0);
	int r = buf_add(&out, &n, sizeof n, NULL);
	for (size_t i = 0; r == 0 && i < c->n; i++) {
		uint32_t len = (uint32_t)c->items[i].len;
		r = buf_add(&out, &len, sizeof len, NULL) < 0 || buf_add(&out, c->items[i].bytes, len, NULL) < 0 ? -1 : 0;
	}
	for (size_t at = 0; r == 0 && at < out.len;) {
		ssize_t sent = send(fd, out.data + at, out.len - at, MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR)
			r = -1;
		at += sent > 0 ? (size_t)sent : 0;
	}
	buf_done(&out);
	return r;
}

static bool read_whole(int fd, void *p, size_t n)
{
	return os_read(fd, p, n) == (ssize_t)n;
}

/* true: answered. */
static bool answer_read(int fd, struct book_chain *c)
{
	uint32_t code;
	uint16_t lengths[2];
	struct err *w = &c->why;
	if (!read_whole(fd, &code, sizeof code))
		return false;
	if (code == 0)
		return read_whole(fd, c->indices, c->n * sizeof *c->indices);
	if (code >= ERR_COUNT || !read_whole(fd, lengths, sizeof lengths) || lengths[0] >= sizeof w->msg || lengths[1] >= sizeof w->hint ||
		!read_whole(fd, w->msg, lengths[0]) || !read_whole(fd, w->hint, lengths[1]))
		return false;
	w->code = (enum err_code)code;
	w->msg[lengths[0]] = w->hint[lengths[1]] = '\0';
	c->result = -1;
	return true;
}

/* Neither connecting nor a word of it takes longer than that: a leader that was stopped holds nobody for ever. */
static bool ask(const struct book *b, struct book_chain *c)
{
	const struct timeval patience = { .tv_sec = PATIENCE_MS / 1000u };
	struct sockaddr_un a;
	int dir_fd, fd = -1;
	bool answered = false;
	if (address(b, &a, &dir_fd) == 0 && (fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) >= 0 &&
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0 && request_send(fd, c) == 0)
		answered = answer_read(fd, c);
	if (fd >= 0)
		close(fd);
	if (dir_fd >= 0)
		close(dir_fd);
	return answered;
}

/* What one request can carry; the same for who does not have to ask. */
static int chain_check(const struct book_chain *c, struct err *e)
{
	size_t bytes = sizeof(uint32_t);
	if (c->n > CHAIN_ITEMS)
		return err_set(e, ERR_LIMIT, "at most %u entries go in together", CHAIN_ITEMS);
	for (size_t i = 0; i < c->n; i++, bytes += sizeof(uint32_t))
		if (c->items[i].len > ENTRY_BYTES_MAX)
			return err_set(e, ERR_LIMIT, "an entry has at most %u bytes", ENTRY_BYTES_MAX);
		else
			bytes += c->items[i].len;
	return bytes <= REQUEST_BYTES ? 0 : err_set(e, ERR_LIMIT, "entries that go in together have at most %llu bytes", REQUEST_BYTES);
}

int book_queue_submit(struct book *b, struct book_chain *c, struct err *e)
{
	bool waits = false;
	useconds_t pause_us = PAUSE_US;
	int r = -1;
	c->result = 0;
	if (chain_check(c, e) < 0 || files_open(b, e) < 0)
		return -1;
	book_chain_open(c);
	if (c->result < 0) {
		book_chain_done(c);
		return 0;
	}
	for (uint64_t until = os_now_us() + PATIENCE_MS * 1000u;;) {
		if (flock(b->lock_fd, LOCK_EX | LOCK_NB) == 0) {
			if (waits)
				(void)flock(b->waiting_fd, LOCK_UN);
			waits = false;
			r = lead(b, c, e);
			(void)flock(b->lock_fd, LOCK_UN);
			break;
		}
		if (errno != EWOULDBLOCK && errno != EINTR) {
			r = err_sys(e, errno, "cannot lock the book");
			break;
		}
		if (!waits)
			waits = flock(b->waiting_fd, LOCK_SH) == 0;
		if (ask(b, c)) {
			r = 0;
			break;
		}
		if (os_now_us() > until) {
			err_set(e, ERR_UNAVAILABLE, "another enclua holds the book in %s and does not answer", b->store->home);
			r = err_hint(e, "try again when it has ended");
			break;
		}
		(void)usleep(pause_us);
		pause_us = pause_us < PAUSE_MAX_US ? 2 * pause_us : pause_us;
	}
	if (waits)
		(void)flock(b->waiting_fd, LOCK_UN);
	book_chain_done(c);
	return r;
}
