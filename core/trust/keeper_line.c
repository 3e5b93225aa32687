/* Those who ask a keeper, any of whom may be hostile to the others: of the same user, as nobody else comes in, and still no reason to wait for him. A message is taken as it comes
 * and answered when it is whole; an answer is given as it is taken; who says nothing loses his place when others want one; who begins to give entries has the turn, for a while.
 * Of those that are ready the one that was not heard for longest is next.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/os.h"
#include "seal/crypto.h"
#include "trust/keeper_inner.h"

#define SECOND_US UINT64_C(1000000)
#define PATIENCE_US (10 * SECOND_US)	/* with half a message, or with an answer that is not taken */
#define TURN_IDLE_US SECOND_US	/* with one who has begun to give entries, and does not go on, … */
#define TURN_US (3 * SECOND_US)	/* … and with one who does, until all others are heard once */
#define IDLE_US SECOND_US	/* who is silent for so long can lose its place */
#define FULL_US (2 * SECOND_US)	/* and when nobody is, whoever was silent for longest, after this time */
#define LOOK_MS 100	/* how often these are looked at */
#define COMING_BYTES MIB(128)	/* of messages that are not yet whole, of all together */

int keeper_line_add(struct keeper_process *p, int fd)
{
	struct ucred who;
	socklen_t len = sizeof who;
	int flags = fcntl(fd, F_GETFL);
	if (p->n == KEEPER_CONNECTIONS || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0 || (who.uid != geteuid() && who.uid != 0) ||
		flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -1;
	p->c[p->n++] = (struct keeper_connection){ .fd = fd, .number = ++p->number, .since_us = os_now_us(), .in = KEEPER_MESSAGE_INIT,
		.out = BUF_INIT(KEEPER_MESSAGE_BYTES) };
	return 0;
}

void keeper_line_drop(struct keeper_process *p, size_t i)
{
	struct keeper_connection *c = &p->c[i];
	close(c->fd);
	keeper_promise_done(&c->promise);
	keeper_message_done(&c->in);
	buf_done(&c->out);
	crypto_wipe(c->nonce, sizeof c->nonce);
	p->c[i] = p->c[--p->n];
}

/* Places */

/* How much would be lost: a key that was promised, a book that was shown, a name, nothing. */
static int rank(const struct keeper_connection *c)
{
	return c->promise.is ? 3 : c->checked || c->follows ? 2 : c->told;
}

/* Who loses its place to one who comes; p->n: nobody yet. */
static size_t victim(const struct keeper_process *p, uint64_t now)
{
	const bool any = p->full_us && now >= p->full_us + FULL_US;
	size_t best = p->n;
	for (size_t i = 0; i < p->n; i++) {
		const struct keeper_connection *c = &p->c[i], *b = &p->c[best < p->n ? best : i];
		if (!any && (now < c->since_us + IDLE_US || c->promise.is))
			continue;
		if (best == p->n || rank(c) < rank(b) || (rank(c) == rank(b) && c->since_us < b->since_us))
			best = i;
	}
	return best;
}

/* Whoever finds no place waits in the socket's queue. */
static void line_accept(struct keeper_process *p, uint64_t now)
{
	for (;;) {
		size_t lost = p->n == KEEPER_CONNECTIONS ? victim(p, now) : p->n;
		if (p->n == KEEPER_CONNECTIONS && lost == p->n)
			return;
		int fd = accept4(p->listening, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			return;
		if (p->n == KEEPER_CONNECTIONS)
			keeper_line_drop(p, lost);
		if (keeper_line_add(p, fd) < 0)
			close(fd);
	}
}

/* Patience */

static size_t turn_of(const struct keeper_process *p)
{
	size_t i = 0;
	while (i < p->n && !p->c[i].follows)
		i++;
	return i;
}

static void line_expire(struct keeper_process *p, uint64_t now)
{
	for (size_t i = p->n; i-- > 0;) {
		struct keeper_connection *c = &p->c[i];
		if (c->begun_us && now > c->begun_us + PATIENCE_US)
			keeper_line_drop(p, i);
		else if (c->follows && (now > c->since_us + TURN_IDLE_US || now > c->turn_us + TURN_US))
			c->follows = false;	/* what it gave stays until somebody shows that it is wrong */
	}
	if (p->n < KEEPER_CONNECTIONS)
		p->full_us = 0;
	else if (!p->full_us)
		p->full_us = now;
}

/* Of all that is coming, what began first goes: an honest message is whole at once. */
static void coming_limit(struct keeper_process *p)
{
	size_t bytes = 0, first = p->n;
	for (size_t i = 0; i < p->n; i++) {
		bytes += p->c[i].in.bytes.cap;
		if (p->c[i].begun_us && p->c[i].in.got && (first == p->n || p->c[i].begun_us < p->c[first].begun_us))
			first = i;
	}
	if (bytes > COMING_BYTES && first < p->n)
		keeper_line_drop(p, first);
}

/* One of them */

static int answer_send(struct keeper_process *p, struct keeper_connection *c, uint64_t now, struct err *e)
{
	int is = keeper_message_push(c->fd, &p->out, &c->out_at, e);
	if (is != 0)
		c->out_at = 0;
	if (is != 0)
		return is < 0 ? -1 : 0;
	c->begun_us = now;
	return buf_add(&c->out, p->out.data, p->out.len, e);
}

/* 0, or −1: it goes. */
static int connection_turn(struct keeper_process *p, struct keeper_connection *c, uint64_t now,
	int (*serve_one)(struct keeper_process *p, const struct keeper_message *m, struct err *e))
{
	struct err e = { .code = ERR_NONE };
	bool end;
	int is;
	c->since_us = now;
	if (c->out.len) {
		is = keeper_message_push(c->fd, &c->out, &c->out_at, &e);
		if (is <= 0)
			return is;
		buf_done(&c->out);
		c->begun_us = c->out_at = 0;
		return 0;
	}
	is = keeper_message_arrive(c->fd, &c->in, &end, &e);
	if (is == 0 && !c->begun_us)
		c->begun_us = now;
	if (is <= 0)
		return is;
	c->begun_us = 0;
	p->at = c;
	is = serve_one(p, &c->in, &e);
	keeper_message_done(&c->in);
	if (is < 0 || answer_send(p, c, now, &e) < 0)
		return -1;
	if (c->promise.is)
		keeper_promise_seal(p);
	return 0;
}

static void ready_serve(struct keeper_process *p, const struct pollfd *fds, size_t n, uint64_t now,
	int (*serve_one)(struct keeper_process *p, const struct keeper_message *m, struct err *e))
{
	size_t next = n;
	for (size_t i = 0; i < n; i++)
		if (fds[i].fd >= 0 && fds[i].revents && (next == n || p->c[i].since_us < p->c[next].since_us))
			next = i;
	if (next == n)
		return;
	if (connection_turn(p, &p->c[next], now, serve_one) < 0)
		keeper_line_drop(p, next);
	else
		coming_limit(p);
}

int keeper_line_turn(struct keeper_process *p, int (*serve_one)(struct keeper_process *p, const struct keeper_message *m, struct err *e), struct err *e)
{
	struct pollfd fds[KEEPER_CONNECTIONS + 1];
	line_expire(p, os_now_us());
	const size_t n = p->n, turn = turn_of(p);
	bool waits = turn < n;
	for (size_t i = 0; i < n; i++) {
		const struct keeper_connection *c = &p->c[i];
		const bool heard = c->out.len || turn == n || turn == i;
		fds[i] = (struct pollfd){ .fd = heard ? c->fd : -1, .events = c->out.len ? POLLOUT : POLLIN };
		waits |= c->begun_us != 0;
	}
	const bool room = n < KEEPER_CONNECTIONS || victim(p, os_now_us()) < n;
	fds[n] = (struct pollfd){ .fd = room ? p->listening : -1, .events = POLLIN };
	if (poll(fds, (nfds_t)n + 1, waits || n == KEEPER_CONNECTIONS ? LOOK_MS : -1) < 0)
		return errno == EINTR ? 0 : err_sys(e, errno, "the keeper cannot wait");
	ready_serve(p, fds, n, os_now_us(), serve_one);
	if (fds[n].revents)
		line_accept(p, os_now_us());
	return 0;
}
