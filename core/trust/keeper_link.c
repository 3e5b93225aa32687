/* The asker's side of the keeper's socket: starts the process, keeps it up with the book, asks. What the keeper wants in the book is appended here, before it hands over a key.
 */
#include "trust/keeper_link.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/os.h"
#include "base/ustar.h"
#include "form/checkpoint.h"
#include "form/iapp_list.h"
#include "seal/crypto.h"
#include "trust/keeper_link_inner.h"
#include "trust/keeper_serve.h"

#define NR_CLOSE_RANGE 436
#define SOCKET_FD 3
#define FOLLOW_BYTES MIB(4)	/* of entries in one message */
#define FOLLOW_ITEMS 256u
#define NONCE_US (KEEPER_NONCE_S * UINT64_C(1000000) / 2)	/* older ones are not used: the keeper would refuse them soon */
#define TRIES 100u	/* with 10 ms between them: keepers come and go with those who ask */
#define LEAVING_US UINT64_C(15000000)	/* for a keeper that is just ending: it still has to bring its replica to the disk */
#define PAUSE_MAX_NS 160000000
#define DIED_TRIES 4u

/* Reaching it */

static _Noreturn void child_main(int socket, const char *const argv[])
{
	char *env[] = { NULL };
	/* Nothing of ours but the socket: who reads what we print must not wait for a keeper that others keep. */
	const int from = fcntl(socket, F_DUPFD, SOCKET_FD + 1), opened = open("/dev/null", O_RDWR), nothing = fcntl(opened, F_DUPFD, SOCKET_FD + 1);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (nothing < 0 || dup2(nothing, fd) < 0)
			_exit(1);
	/* A session of its own: it may outlive whoever started it, while others ask. */
	if (from < 0 || dup2(from, SOCKET_FD) < 0 || syscall(NR_CLOSE_RANGE, (unsigned)SOCKET_FD + 1, ~0u, 0u) < 0 || setsid() < 0)
		_exit(1);
	(void)signal(SIGHUP, SIG_IGN);
	(void)execve(argv[0], (char *const *)(uintptr_t)argv, env);
	_exit(127);
}

/* One of ours that has ended is not left behind as a zombie. When others still ask it, it lives on without us: nobody waits for that. */
static void reap(struct keeper_link *l)
{
	if (l->pid <= 0)
		return;
	pid_t was;
	do
		was = waitpid(l->pid, NULL, WNOHANG);
	while (was < 0 && errno == EINTR);
	if (was)
		l->pid = 0;
}

static int spawn(struct keeper_link *l, struct err *e)
{
	const struct keeper_link_options *o = &l->options;
	char program[PATH_MAX], enclave[PATH_MAX], missing[16];
	int sockets[2];
	reap(l);
	if (l->pid > 0)
		return err_set(e, ERR_CONFLICT, KEEPER_TAKEN ": the one that was started before does not listen, and has not ended");
	if (o->program)
		(void)snprintf(program, sizeof program, "%s", o->program);
	else if (box_program_path(program, sizeof program, "keeper", e) < 0)
		return -1;
	if (o->enclave)
		(void)snprintf(enclave, sizeof enclave, "%s", o->enclave);
	else if (box_enclave_path(enclave, sizeof enclave, e) < 0)
		return -1;
	(void)snprintf(missing, sizeof missing, "%u", (unsigned)o->allow_missing);
	const char *const argv[] = { program, o->home, enclave, missing, NULL };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return err_sys(e, errno, "cannot make a socket pair");
	l->pid = fork();
	if (l->pid == 0)
		child_main(sockets[1], argv);
	close(sockets[1]);
	l->socket = sockets[0];
	return l->pid < 0 ? err_sys(e, errno, "cannot start the keeper") : 0;
}

/* The one that serves this home already: 0, or -1 when there is none. In a folder that others may change nobody is asked: the keeper that is started then says what is wrong with it. */
static int connect_to(struct keeper_link *l)
{
	char folder[PATH_MAX];
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (snprintf(folder, sizeof folder, "%s/" KEEPER_FOLDER, l->options.home) >= (int)sizeof folder)
		return -1;
	if (os_dir_guard(folder, NULL) < 0)
		return -1;
	int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/" KEEPER_SOCKET, dir);
	if (dir >= 0 && fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof a) == 0)
		l->socket = fd;
	else if (fd >= 0)
		close(fd);
	if (dir >= 0)
		close(dir);
	return l->socket < 0 ? -1 : 0;
}

static void leave(struct keeper_link *l)
{
	if (l->socket >= 0)
		close(l->socket);
	l->socket = -1;
	l->told = l->checked = false;
	l->nonce_us = 0;
	memset(&l->open, 0, sizeof l->open);
}

/* Asking */

int keeper_link_begin(struct keeper_link *l, enum keeper_kind kind, struct err *e)
{
	return keeper_message_begin(&l->out, kind, e);
}

int keeper_link_add(struct keeper_link *l, const void *bytes, size_t n, struct err *e)
{
	return keeper_message_add(&l->out, bytes, n, e);
}

/* The keeper's refusal as an error of ours. Its entries stay in l->in, from item 3 on. */
static int refused(const struct keeper_message *m, struct err *e)
{
	if (m->n < 3 || m->items[0].len != 1 || m->items[0].at[0] == ERR_NONE || m->items[0].at[0] >= ERR_COUNT)
		return err_set(e, ERR_INTERNAL, "the keeper's refusal is malformed");
	err_set(e, (enum err_code)m->items[0].at[0], "%.*s", (int)m->items[1].len, (const char *)m->items[1].at);
	return m->items[2].len ? err_hint(e, "%.*s", (int)m->items[2].len, (const char *)m->items[2].at) : -1;
}

/* What the keeper has of the book may be less than before: it says anew how much that is. */
static void unshown_note(struct keeper_link *l)
{
	const struct keeper_message *m = &l->in;
	if (m->n >= 3 && m->items[1].len >= sizeof KEEPER_UNSHOWN - 1 && memcmp(m->items[1].at, KEEPER_UNSHOWN, sizeof KEEPER_UNSHOWN - 1) == 0)
		l->told = l->checked = false;
}

static int answer_wait(struct keeper_link *l, size_t least, struct err *e)
{
	bool end = false;
	if (keeper_message_receive(l->socket, &l->in, &end, e) < 0 || end) {
		leave(l);
		if (end)
			err_set(e, ERR_UNAVAILABLE, "the keeper has ended");
		return err_hint(e, "try again; enclua doctor says whether this machine lacks what it needs");
	}
	if (l->in.kind == KEEPER_NO) {
		unshown_note(l);
		return refused(&l->in, e);
	}
	if (l->in.kind != KEEPER_ANSWER || l->in.n < least)
		return err_set(e, ERR_INTERNAL, "the keeper's answer is malformed");
	return 0;
}

/* A keeper that got half of it, or nothing, must not wait for the rest, as we would for its answer. What it has said already can still be read. */
static int question_send(struct keeper_link *l, int fd, struct err *e)
{
	const int sent = keeper_message_send(l->socket, &l->out, fd, e);
	if (sent < 0)
		(void)shutdown(l->socket, SHUT_WR);
	return sent;
}

int keeper_link_ask(struct keeper_link *l, int fd, size_t least, struct err *e)
{
	int sent = question_send(l, fd, e);	/* one that could not begin has said why, and does not listen */
	struct err why = { .code = ERR_NONE };
	if (keeper_link_answers(l, &why) < 0 && l->socket < 0) {
		if (e)
			*e = why;
		return -1;
	}
	return answer_wait(l, least, sent < 0 ? NULL : e);
}

/* An answer of exactly n bytes as its i-th item. */
int keeper_link_item(const struct keeper_link *l, size_t i, void *out, size_t n, struct err *e)
{
	if (i >= l->in.n || l->in.items[i].len != n)
		return err_set(e, ERR_INTERNAL, "the keeper's answer is malformed");
	memcpy(out, l->in.items[i].at, n);
	return 0;
}

static int hello_once(struct keeper_link *l, struct err *e)
{
	const char *origin = book_origin(l->book);
	if (keeper_link_warm(l, e) < 0 || keeper_link_begin(l, KEEPER_HELLO, e) < 0 || keeper_link_add(l, origin, strlen(origin), e) < 0 ||
		keeper_link_add(l, book_operator(l->book), 32, e) < 0 || keeper_link_ask(l, -1, 3, e) < 0)
		return -1;
	l->told = keeper_link_item(l, 0, &l->size, sizeof l->size, e) == 0;
	return l->told ? 0 : -1;
}

/* One that serves the home already is asked; one that is just ending leaves its place to another. l->lost: there is none, and would be none the next time. */
static int hello(struct keeper_link *l, struct err *e)
{
	const uint64_t until = os_now_us() + LEAVING_US;
	struct timespec pause = { .tv_nsec = 10000000 };
	l->lost = false;
	for (unsigned failed = 0; !l->told;) {
		struct err why = { .code = ERR_NONE };
		if (hello_once(l, &why) == 0)
			break;
		leave(l);
		const bool leaving = why.code == ERR_CONFLICT && strncmp(why.msg, KEEPER_TAKEN, sizeof KEEPER_TAKEN - 1) == 0;
		if (leaving ? os_now_us() >= until : why.code != ERR_UNAVAILABLE || failed++ == TRIES) {
			l->lost = true;
			if (e)
				*e = why;
			if (e && leaving)
				e->code = ERR_UNAVAILABLE;	/* a conflict with one who is faster is no news to a worker; this is */
			return -1;
		}
		(void)nanosleep(&pause, NULL);
		if (leaving && pause.tv_nsec < PAUSE_MAX_NS)
			pause.tv_nsec += pause.tv_nsec / 4;	/* each try may start a process that finds the place taken */
	}
	return 0;
}

/* A message of entries begins with the index of its first. */
static int follow_begin(struct keeper_link *l, struct err *e)
{
	l->n = 0;
	return keeper_link_begin(l, KEEPER_FOLLOW, e) < 0 ? -1 : keeper_link_add(l, &l->size, sizeof l->size, e);
}

static int follow_send(struct keeper_link *l, struct err *e)
{
	if (keeper_link_ask(l, -1, 1, e) < 0)
		return -1;
	l->size += l->n;
	return follow_begin(l, e);
}

static int follow_one(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e)
{
	struct keeper_link *l = ctx;
	(void)index;
	if (keeper_link_add(l, bytes, len, e) < 0)
		return -1;
	return ++l->n == FOLLOW_ITEMS || l->out.len > FOLLOW_BYTES ? follow_send(l, e) : 0;
}

/* Without waiting for the answer. A keeper that is gone is noticed where the answer is taken. */
static void open_send(struct keeper_link *l, unsigned *open)
{
	(void)question_send(l, -1, NULL);
	*open = 1;
}

/* All but the last entries are waited for: what is open must fit into the sockets. */
static int entries_open(struct keeper_link *l, uint64_t end, struct err *e)
{
	if (follow_begin(l, e) < 0 || book_entries(l->book, l->size, end, follow_one, l, e) < 0)
		return -1;
	if (l->n)
		open_send(l, &l->open.follow);
	return 0;
}

/* Up to the newest checkpoint, and no further: what is newer comes the next time. */
static int follow_open(struct keeper_link *l, struct err *e)
{
	struct buf note = BUF_INIT(CHECKPOINT_NOTE_MAX);
	struct checkpoint c;
	struct note parsed;
	int r = -1;
	(void)keeper_link_answers(l, NULL);	/* what they did not show is shown now */
	if (hello(l, e) < 0 || book_checkpoint_passing(l->book, &note, e) < 0 || checkpoint_read(&c, &parsed, buf_text(&note), note.len, e) < 0)
		goto out;
	r = c.size == l->size && l->checked ? 0 : -1;
	if (r == 0)
		goto out;
	l->checked = false;
	if ((c.size > l->size && entries_open(l, c.size, e) < 0) || keeper_link_begin(l, KEEPER_CHECK, e) < 0 || keeper_link_add(l, note.data, note.len, e) < 0)
		goto out;
	memcpy(l->open.root, c.root.b, 32);
	l->open.size = c.size;
	open_send(l, &l->open.check);
	r = 0;
out:
	buf_done(&note);
	return r;
}

static bool answered(struct keeper_link *l, unsigned *open, size_t least, struct err *e)
{
	bool asked = *open;
	*open = 0;
	return asked && answer_wait(l, least, e) == 0;
}

int keeper_link_answers(struct keeper_link *l, struct err *e)
{
	struct err why = { .code = ERR_NONE };
	(void)answered(l, &l->open.follow, 1, &why);
	if (answered(l, &l->open.check, 0, why.code ? NULL : &why)) {
		memcpy(l->root, l->open.root, 32);
		l->size = l->open.size;
		l->checked = true;
	}
	if (answered(l, &l->open.nonce, 1, why.code ? NULL : &why) && keeper_link_item(l, 0, l->nonce, 32, &why) < 0)
		l->nonce_us = 0;
	if (why.code == ERR_NONE)
		return 0;
	if (e)
		*e = why;
	return -1;
}

/* Others may have given it more, or the keeper may be another by now: then once more. */
int keeper_link_follow(struct keeper_link *l, struct err *e)
{
	for (unsigned i = 0;; i++) {
		struct err why = { .code = ERR_NONE };
		if (follow_open(l, &why) == 0 && keeper_link_answers(l, &why) == 0)
			return 0;
		if (why.code == ERR_UNAVAILABLE && !l->lost && i < TRIES) {
			l->told = l->checked = false;	/* what it has may have been taken back: it says anew how much that is */
			continue;
		}
		if (e)
			*e = why;
		return err_wrap(e, "the keeper follows the book");
	}
}

int keeper_link_show(struct keeper_link *l, struct err *e)
{
	struct err why = { .code = ERR_NONE };
	if (follow_open(l, &why) == 0)
		return 0;
	if (!l->lost)
		return keeper_link_follow(l, e);
	if (e)
		*e = why;
	return err_wrap(e, "the keeper follows the book");
}

void keeper_link_ahead(struct keeper_link *l)
{
	l->ahead = follow_open(l, NULL) == 0 && keeper_link_begin(l, KEEPER_NONCE, NULL) == 0;
	if (!l->ahead)
		return;
	l->nonce_us = os_now_us();
	open_send(l, &l->open.nonce);
}

int keeper_link_nonce(struct keeper_link *l, uint8_t nonce[static 32], struct err *e)
{
	const bool fresh = keeper_link_answers(l, NULL) == 0 && l->nonce_us && os_now_us() - l->nonce_us < NONCE_US;
	l->nonce_us = 0;
	if (!fresh && (keeper_link_begin(l, KEEPER_NONCE, e) < 0 || keeper_link_ask(l, -1, 1, e) < 0 || keeper_link_item(l, 0, l->nonce, 32, e) < 0))
		return -1;
	memcpy(nonce, l->nonce, 32);
	return 0;
}

bool keeper_link_unshown(struct keeper_link *l, const struct err *why)
{
	const bool is = why->code == ERR_UNAVAILABLE && strncmp(why->msg, KEEPER_UNSHOWN, sizeof KEEPER_UNSHOWN - 1) == 0;
	l->checked &= !is;
	return is;
}

int keeper_link_ask_shown(struct keeper_link *l, int fd, size_t least, struct err *e)
{
	struct buf asked = BUF_INIT(KEEPER_MESSAGE_BYTES);
	int r = buf_add(&asked, l->out.data, l->out.len, e);
	unsigned died = 0;
	for (unsigned i = 0; r == 0; i++) {
		struct err why = { .code = ERR_NONE };
		if (keeper_link_ask(l, fd, least, &why) == 0)
			break;
		/* One that has died meanwhile is followed by another, who is told all it needs; one that dies of the question is not asked for ever. */
		const bool again = keeper_link_unshown(l, &why) || (l->socket < 0 && ++died < DIED_TRIES);
		if (!again || i == TRIES) {
			if (e)
				*e = why;
			r = -1;
			break;
		}
		buf_clear(&l->out);
		r = keeper_link_follow(l, e);
		buf_clear(&l->out);
		if (r == 0)
			r = buf_add(&l->out, asked.data, asked.len, e);
	}
	buf_done(&asked);
	return r;
}

int keeper_link_new(struct keeper_link **out, const struct keeper_link_options *o, struct book *b, struct err *e)
{
	struct keeper_link *l = calloc(1, sizeof *l);
	*out = l;
	if (!l)
		return err_set(e, ERR_LIMIT, "out of memory");
	l->options = *o;
	l->socket = -1;
	l->book = b;
	l->in = (struct keeper_message)KEEPER_MESSAGE_INIT;
	l->out = (struct buf)BUF_INIT(KEEPER_MESSAGE_BYTES);
	return 0;
}

void keeper_link_free(struct keeper_link *l)
{
	if (!l)
		return;
	leave(l);
	reap(l);
	keeper_message_done(&l->in);
	buf_done(&l->out);
	free(l);
}

int keeper_link_warm(struct keeper_link *l, struct err *e)
{
	return l->socket >= 0 || connect_to(l) == 0 ? 0 : spawn(l, e);
}

/* What needs no judgement */

int keeper_link_salt(struct keeper_link *l, const char *task, uint8_t salt[static 32], struct err *e)
{
	if (keeper_link_show(l, e) < 0 || keeper_link_begin(l, KEEPER_SALT, e) < 0 || keeper_link_add(l, task, strlen(task), e) < 0 ||
		keeper_link_ask_shown(l, -1, 1, e) < 0)
		return -1;
	return keeper_link_item(l, 0, salt, 32, e);
}

int keeper_link_parcel(struct keeper_link *l, const char *task, const uint8_t worker[static 32], int fd, uint8_t key[static 16], uint64_t *header, struct err *e)
{
	if (keeper_link_show(l, e) < 0 || keeper_link_begin(l, KEEPER_PARCEL, e) < 0 || keeper_link_add(l, task, strlen(task), e) < 0 ||
		keeper_link_add(l, worker, 32, e) < 0 || keeper_link_ask_shown(l, fd, 2, e) < 0)
		return -1;
	return keeper_link_item(l, 0, key, 16, e) < 0 ? -1 : keeper_link_item(l, 1, header, sizeof *header, e);
}

/* The iApp's own list and manifest: enough to hold the manifest against the h1 that is registered. */
int keeper_link_add_app(struct keeper_link *l, const struct iapp *app, struct err *e)
{
	struct ustar_entry list;
	bool end;
	if (ustar_decode(&list, app->bytes, &end, e) < 0)	/* the first of the archive, as iapp_open has checked */
		return -1;
	const struct iapp_file *manifest = NULL;
	for (size_t i = 0; i < app->n_files; i++)
		if (!strcmp(app->files[i].path, MANIFEST_FILE))
			manifest = &app->files[i];
	if (!manifest)
		return err_set(e, ERR_INTERNAL, "the iApp has no manifest");
	return keeper_link_add(l, app->bytes + USTAR_BLOCK, (size_t)list.size, e) < 0 ? -1 : keeper_link_add(l, manifest->bytes, manifest->len, e);
}
