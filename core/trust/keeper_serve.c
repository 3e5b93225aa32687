/* The keeper's process: it answers those who ask, one question at a time, until the last has gone. Here is what needs no judgement: salts, parcels, nonces; following the book is
 * in keeper_follow.c, who asks in keeper_line.c.
 */
#include "trust/keeper_serve.h"

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
#include "seal/age.h"
#include "seal/crypto.h"
#include "trust/keeper_inner.h"
#include "trust/keeper_lock.h"

#define REFERENCES "references"
#define PARCEL_HEAD KIB(4)	/* an age header of one recipient is 200 bytes */
#define PARCEL_BYTES (LIMIT_PARCEL_BYTES + MIB(16))	/* sealed: a tag for each chunk, and the header */

int keeper_item_bytes(const struct keeper_message *m, size_t i, size_t n, const uint8_t **out, struct err *e)
{
	if (i >= m->n || m->items[i].len != n)
		return err_set(e, ERR_INVALID, "item %zu of a question to the keeper should have %zu bytes", i, n);
	*out = m->items[i].at;
	return 0;
}

int keeper_item_text(const struct keeper_message *m, size_t i, char *out, size_t size, struct err *e)
{
	if (i >= m->n || m->items[i].len >= size || memchr(m->items[i].at, '\0', m->items[i].len))
		return err_set(e, ERR_INVALID, "item %zu of a question to the keeper is no such text", i);
	memcpy(out, m->items[i].at, m->items[i].len);
	out[m->items[i].len] = '\0';
	return 0;
}

/* Only of a task that is in the book: the salt of one that is not could be asked for in advance, for a run whose digest somebody wants to know. */
static int on_salt(struct keeper_process *p, const struct keeper_message *m, struct err *e)
{
	char task[ID_TEXT];
	struct market_task row;
	uint8_t salt[32];
	if (keeper_item_text(m, 0, task, sizeof task, e) < 0)
		return -1;
	int is = host_get(p->replica, MARKET_ROW_TASK, task, "", &row, e);
	if (is <= 0)
		return is < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "task-unknown: the book has no task %s", task);
	keeper_task_salt(p->keys, task, salt);
	is = keeper_message_add(&p->out, salt, sizeof salt, e);
	crypto_wipe(salt, sizeof salt);
	return is;
}

/* The request of this task, if the worker was sent to it. en borrows from bytes. */
static int request_of(struct keeper_process *p, const char *task, const uint8_t worker[static 32], struct buf *bytes, struct err *e)
{
	char who[IDENTITY_TEXT];
	struct market_task t;
	struct market_deal d;
	bool sent = false;
	identity_text(who, worker);
	int is = host_get(p->replica, MARKET_ROW_TASK, task, "", &t, e);
	if (is <= 0)
		return is < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "task-unknown: the book has no task %s", task);
	if (host_assigned(p->replica, task, who, &sent, e) < 0 || host_get(p->replica, MARKET_ROW_DEAL, t.deal, "", &d, e) < 0)
		return -1;
	if (!sent)
		return err_set(e, ERR_DENIED, "task-stranger: %s was not sent to this task", who);
	return host_request(p->replica, d.request, p->en, bytes, e);
}

/* The bytes of the header are read first, and hashed as they were read: what is opened is what the request names. */
static int parcel_key(struct keeper_process *p, int fd, const uint8_t hash[static 32], uint8_t key[static AGE_FILE_KEY], uint64_t *header_len, struct err *e)
{
	uint8_t head[PARCEL_HEAD], chunk[1 << 16], got[32];
	struct stat st;
	struct sha256 h;
	size_t header;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return err_set(e, ERR_INVALID, "no parcel came with the question");
	/* Everybody waits while it is hashed; a file full of holes has any size. */
	if ((uint64_t)st.st_size > PARCEL_BYTES)
		return err_set(e, ERR_LIMIT, "the parcel is larger than any may be");
	uint64_t size = (uint64_t)st.st_size;
	size_t n = size < sizeof head ? (size_t)size : sizeof head;
	if (os_pread(fd, head, n, 0) != (ssize_t)n)
		return err_sys(e, EIO, "cannot read the parcel");
	sha256_init(&h);
	sha256_add(&h, head, n);
	for (uint64_t at = n; at < size;) {
		ssize_t some = os_pread(fd, chunk, sizeof chunk, at);
		if (some <= 0)
			return err_sys(e, some < 0 ? errno : EIO, "cannot read the parcel");
		sha256_add(&h, chunk, (size_t)some);
		at += (uint64_t)some;
	}
	sha256_end(&h, got);
	if (memcmp(got, hash, sizeof got) != 0)
		return err_set(e, ERR_INVALID, "the parcel is not the one that the request names");
	int r = keeper_file_key(p->keys, head, n, key, &header, e);
	*header_len = header;
	return r < 0 ? err_wrap(e, "the parcel") : 0;
}

static int on_parcel(struct keeper_process *p, const struct keeper_message *m, struct err *e)
{
	static const uint8_t none[32];
	char task[ID_TEXT];
	const uint8_t *worker = NULL;
	uint8_t key[AGE_FILE_KEY];
	uint64_t header;
	struct buf bytes = BUF_INIT(ENTRY_BYTES_MAX);
	int r = -1;
	if (keeper_item_text(m, 0, task, sizeof task, e) < 0 || keeper_item_bytes(m, 1, 32, &worker, e) < 0 || request_of(p, task, worker, &bytes, e) < 0)
		goto out;
	if (memcmp(p->en->order_request.parcel, none, 32) == 0)
		err_set(e, ERR_NOT_FOUND, "the request of this task has no parcel");
	else if (parcel_key(p, m->fd, p->en->order_request.parcel, key, &header, e) == 0)
		r = keeper_message_add(&p->out, key, sizeof key, e) < 0 ? -1 : keeper_message_add(&p->out, &header, sizeof header, e);
	crypto_wipe(key, sizeof key);
out:
	buf_done(&bytes);
	return r;
}

static int on_nonce(struct keeper_process *p, const struct keeper_message *m, struct err *e)
{
	(void)m;
	crypto_random(p->at->nonce, sizeof p->at->nonce);
	p->at->nonce_us = os_now_us();
	return keeper_message_add(&p->out, p->at->nonce, sizeof p->at->nonce, e);
}

/* What must be before a question is answered: a book, and a book as its operator has signed it. */
enum need { NOTHING, BOOK, CHECKED };
static const struct { enum keeper_kind kind; enum need need; int (*answer)(struct keeper_process *p, const struct keeper_message *m, struct err *e); } table[] = {
	{ KEEPER_HELLO, NOTHING, keeper_answer_hello },
	{ KEEPER_FOLLOW, BOOK, keeper_answer_follow },
	{ KEEPER_CHECK, BOOK, keeper_answer_check },
	{ KEEPER_SALT, CHECKED, on_salt },
	{ KEEPER_PARCEL, CHECKED, on_parcel },
	{ KEEPER_DECIDE, CHECKED, keeper_answer_decide },
	{ KEEPER_NONCE, NOTHING, on_nonce },
	{ KEEPER_RELEASE, CHECKED, keeper_answer_release },
	{ KEEPER_TAKE, CHECKED, keeper_answer_take },
};

static int answer(struct keeper_process *p, const struct keeper_message *m, struct err *e)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (table[i].kind != m->kind)
			continue;
		if (table[i].need != NOTHING && !p->at->told)
			return err_set(e, ERR_INVALID, "the keeper was not told of which book");
		if (table[i].need == CHECKED && (!p->at->checked || !p->sound))
			return err_set(e, ERR_UNAVAILABLE, KEEPER_UNSHOWN ": the keeper was shown no checkpoint of the book as it is");
		return table[i].answer(p, m, e);
	}
	return err_set(e, ERR_INVALID, "the keeper knows no question %d", (int)m->kind);
}

/* A refusal may bring entries: what was decided stands in the book all the same. Whatever had been written of an answer is gone. */
static int no(struct keeper_process *p, const struct err *why, struct err *e)
{
	const uint8_t code = (uint8_t)why->code;
	if (keeper_message_begin(&p->out, KEEPER_NO, e) < 0 || keeper_message_add(&p->out, &code, 1, e) < 0 ||
		keeper_message_add(&p->out, why->msg, strlen(why->msg), e) < 0 || keeper_message_add(&p->out, why->hint, strlen(why->hint), e) < 0)
		return -1;
	return buf_add(&p->out, p->entries.data, p->entries.len, e);
}

/* Into p->out. */
static int serve_one(struct keeper_process *p, const struct keeper_message *m, struct err *e)
{
	struct err why = { .code = ERR_NONE };
	buf_clear(&p->entries);
	if (keeper_message_begin(&p->out, KEEPER_ANSWER, e) < 0)
		return -1;
	if (answer(p, m, &why) == 0)
		return 0;
	if (p->over) {	/* no answer: who asked asks the next keeper, like all the others here */
		if (e)
			*e = why;
		return -1;
	}
	return no(p, &why, e);
}

/* Beginning */

/* By way of the folder's descriptor: a path to a socket may be no longer than 107 bytes. */
static int listen_in(struct keeper_process *p, int folder, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	(void)snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/" KEEPER_SOCKET, folder);
	(void)unlink(a.sun_path);
	p->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->listening < 0 || bind(p->listening, (const struct sockaddr *)&a, sizeof a) < 0 || listen(p->listening, (int)KEEPER_CONNECTIONS) < 0)
		return err_sys(e, errno, "the keeper cannot listen in %s", p->folder);
	return 0;
}

static int alone(struct keeper_process *p, struct err *e)
{
	char path[4300];
	(void)snprintf(path, sizeof path, "%s/lock", p->folder);
	p->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (p->lock < 0)
		return err_sys(e, errno, "cannot open %s", path);
	return flock(p->lock, LOCK_EX | LOCK_NB) == 0 ? 0 : err_set(e, ERR_CONFLICT, KEEPER_TAKEN);
}

static int begin(struct keeper_process *p, int first, struct err *e)
{
	char path[4300];
	int n = snprintf(p->folder, sizeof p->folder, "%s/" KEEPER_FOLDER, p->o->home);
	if (n < 0 || (size_t)n >= sizeof p->folder)
		return err_set(e, ERR_INVALID, "the path of the home is too long");
	(void)snprintf(path, sizeof path, "%s/" REFERENCES, p->folder);
	p->en = malloc(sizeof *p->en);
	if (!p->en)
		return err_set(e, ERR_LIMIT, "out of memory");
	(void)umask(077);
	/* Whoever could change what is in it could take the socket's place, and be asked instead. */
	if (os_dir_make(p->folder, 0700, e) < 0 || os_dir_guard(p->folder, e) < 0 || alone(p, e) < 0 || keeper_open(&p->keys, p->o->home, e) < 0 || attest_references_read(&p->references, path, e) < 0)
		return -1;
	int folder = open(p->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = folder < 0 ? err_sys(e, errno, "cannot open %s", p->folder) : listen_in(p, folder, e);
	if (folder >= 0)
		close(folder);
	if (r < 0)
		return -1;
	if (p->o->measurement)
		attest_references_own(p->references, p->o->measurement);
	if (keeper_line_add(p, first) < 0)
		return err_set(e, ERR_DENIED, "the keeper serves its own user only");
	if (attest_references_prepare(p->references, e) < 0)
		return -1;
	return keeper_lock(p->folder, p->o->bare, e);
}

int keeper_serve(int first, const struct keeper_service *o, struct err *e)
{
	struct keeper_process *p = calloc(1, sizeof *p);
	if (!p)
		return err_set(e, ERR_LIMIT, "out of memory");
	*p = (struct keeper_process){ .o = o, .listening = -1, .lock = -1, .out = BUF_INIT(KEEPER_MESSAGE_BYTES), .entries = BUF_INIT(MIB(8)) };
	int r = begin(p, first, e);
	while (r == 0 && p->n && !p->over)	/* until the last has gone */
		r = keeper_line_turn(p, serve_one, e);
	if (p->listening >= 0)
		close(p->listening);	/* who comes now starts the next */
	while (r == 0 && p->n)
		keeper_line_drop(p, 0);
	if (p->replica)
		replica_close(p->replica);
	keeper_close(p->keys);
	attest_references_free(p->references);
	iapp_free(p->policy);
	if (p->lock >= 0)
		close(p->lock);
	buf_done(&p->out);
	buf_done(&p->entries);
	free(p->en);
	free(p);
	return r;
}
