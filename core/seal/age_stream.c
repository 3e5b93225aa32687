/* Whole streams, on several processors. A worker is a child process: it takes the next batch of chunks from the input (one reader at a
 * time), seals or opens it alone, and writes it when every batch before it has been written. So the output is at any time a
 * prefix of the right one, and of an opened file it holds nothing that was not authenticated, whoever dies when. The parent
 * starts workers only when the input is longer than one batch, and watches them; they die with it.
 * Memory: one batch per process and a shared page or two. No threads, no limit on size.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/os.h"
#include "seal/age.h"
#include "seal/age_input.h"
#include "seal/crypto.h"

#define BATCH 4u	/* chunks: enough that a hand-over costs little beside the work, few enough to stay in a processor's cache */
#define BATCH_BYTES ((BATCH + 1) * AGE_SEALED_CHUNK)
#define PROGRESS_MS 100

static_assert(LIMIT_AGE_JOBS * BATCH_BYTES <= MIB(4), "the batches of all workers are a quarter of what a stream may take");
static_assert(ATOMIC_INT_LOCK_FREE == 2, "a futex word is an atomic of the processor");

/* What the processes share. The reader's half belongs to whoever holds read_lock, the writer's half to whoever's turn it is. */
struct shared {
	atomic_uint read_lock;	/* 0 free, 1 held, 2 held and waited for */
	uint64_t next;	/* batch to be read */
	bool at_end, peeked;
	uint8_t peek;	/* one byte of the next batch: it tells that there is one */
	struct age_input in;

	atomic_uint turn;	/* low bits of the number of the batch to be written next */
	bool finished;	/* the last batch was written */
	uint64_t written;
	struct sha256 hash;
	atomic_uint_least64_t plain;	/* bytes of plaintext so far */
	struct err err;	/* of the worker that failed in its turn */
};

struct stream {
	struct shared *s;
	struct age_payload payload;
	int out;
	bool sealing, hashing;
};

struct batch {
	uint64_t number;
	unsigned chunks;
	size_t last_len;	/* bytes read for the last one of them */
	bool last;	/* the stream ends with it */
	bool failed;	/* reading, or authentication, after these chunks */
	struct err err;
	/* Chunk i is read into slot i + 1 and worked into slot i, so that one that does not verify is still there to be looked at. */
	uint8_t slot[BATCH + 1][AGE_SEALED_CHUNK];
};

static void futex(atomic_uint *word, int op, unsigned value)
{
	(void)syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

/* The mutex of U. Drepper's "Futexes are tricky", between processes. A holder that dies never frees it; the parent then ends all. */
static void lock_take(atomic_uint *lock)
{
	unsigned was = 0;
	if (atomic_compare_exchange_strong(lock, &was, 1))
		return;
	if (was != 2)
		was = atomic_exchange(lock, 2);
	while (was != 0) {
		futex(lock, FUTEX_WAIT, 2);
		was = atomic_exchange(lock, 2);
	}
}

static void lock_give(atomic_uint *lock)
{
	if (atomic_exchange(lock, 0) == 2)
		futex(lock, FUTEX_WAKE, 1);
}

static void turn_await(atomic_uint *turn, unsigned mine)
{
	for (unsigned now; (now = atomic_load(turn)) != mine;)
		futex(turn, FUTEX_WAIT, now);
}

static void turn_pass(atomic_uint *turn)
{
	atomic_fetch_add(turn, 1);
	futex(turn, FUTEX_WAKE, INT32_MAX);
}

/* Fills the batch under the lock. One byte more is read, so that the last chunk is known to be the last: false when there is no more. */
static bool batch_read(struct batch *b, const struct stream *st)
{
	struct shared *s = st->s;
	size_t want = st->sealing ? AGE_CHUNK : AGE_SEALED_CHUNK, got = 0;
	if (s->at_end)
		return false;
	b->number = s->next++;
	b->chunks = 0;
	b->last = b->failed = false;
	while (b->chunks < BATCH && !b->last && !b->failed) {
		uint8_t *slot = b->slot[b->chunks + 1];
		size_t have = s->peeked;
		if (s->peeked)
			slot[0] = s->peek;
		b->failed = age_input_read(&s->in, slot + have, want - have, &got, &b->err) < 0;
		s->peeked = false;
		b->last_len = have + got;
		if (b->failed)
			break;
		b->chunks++;
		if (b->last_len == want)
			b->failed = age_input_read(&s->in, &s->peek, 1, &got, &b->err) < 0;
		else
			got = 0;
		s->peeked = got == 1;
		b->last = !b->failed && !s->peeked;
		if (b->failed)
			b->chunks--;	/* whether it was the last one nobody knows now */
	}
	s->at_end = b->last || b->failed;
	return true;
}

static size_t chunk_len(const struct batch *b, const struct stream *st, unsigned i)
{
	if (b->last && i + 1 == b->chunks)
		return b->last_len;
	return st->sealing ? AGE_CHUNK : AGE_SEALED_CHUNK;
}

/* Why chunk i was refused. A last chunk with something behind it is whole: it is still let out, as other readers do. */
static void chunk_refused(struct batch *b, const struct stream *st, unsigned i, bool last)
{
	uint64_t index = b->number * BATCH + i;
	size_t n = chunk_len(b, st, i);
	b->failed = true;
	b->last = false;
	b->chunks = i;
	if (!last && age_chunk_open(&st->payload, b->slot[i], b->slot[i + 1], n, index, true) == 0) {
		b->chunks = i + 1;
		err_set(&b->err, ERR_INVALID, "there is something behind the end of the sealed data: the file was added to");
	} else if (last && (n < AGE_TAG || (n == AGE_TAG && index > 0))) {
		err_set(&b->err, ERR_INVALID, "the file is cut off: it ends where no chunk can end");
	} else {
		err_set(&b->err, ERR_INVALID, "chunk %llu does not verify: the file was damaged or changed%s", (unsigned long long)index + 1,
			last ? ", or cut off there" : "");
	}
}

static void batch_work(struct batch *b, const struct stream *st)
{
	for (unsigned i = 0; i < b->chunks; i++) {
		uint64_t index = b->number * BATCH + i;
		bool last = b->last && i + 1 == b->chunks;
		size_t n = chunk_len(b, st, i);
		if (st->sealing) {
			age_chunk_seal(&st->payload, b->slot[i], b->slot[i + 1], n, index, last);
		} else if (age_chunk_open(&st->payload, b->slot[i], b->slot[i + 1], n, index, last) < 0) {
			chunk_refused(b, st, i, last);
			return;
		}
	}
}

static int batch_write(struct batch *b, struct stream *st)
{
	struct shared *s = st->s;
	for (unsigned i = 0; i < b->chunks; i++) {
		size_t in_len = chunk_len(b, st, i), n = st->sealing ? in_len + AGE_TAG : in_len - AGE_TAG;
		if (os_write(st->out, b->slot[i], n) < 0)
			return err_sys(&b->err, errno, "cannot write the output");
		if (st->hashing)
			sha256_add(&s->hash, b->slot[i], n);
		s->written += n;
		atomic_fetch_add(&s->plain, st->sealing ? in_len : n);
	}
	return 0;
}

/* 1 = done and there may be more, 0 = there was no more, -1 = failed, and the shared error says how. */
static int step(struct stream *st, struct batch *b)
{
	struct shared *s = st->s;
	lock_take(&s->read_lock);
	bool any = batch_read(b, st);
	lock_give(&s->read_lock);
	if (!any)
		return 0;
	batch_work(b, st);
	turn_await(&s->turn, (unsigned)b->number);
	if (batch_write(b, st) < 0 || b->failed) {
		s->err = b->err;
		return -1;	/* the turn stays: nobody writes after a failure */
	}
	s->finished = b->last;
	turn_pass(&s->turn);
	return 1;
}

static int steps(struct stream *st, struct batch *b)
{
	int r;
	do
		r = step(st, b);
	while (r > 0);
	return r;
}

static unsigned jobs_choose(unsigned asked)
{
	cpu_set_t set;
	unsigned n = asked;
	if (n == 0)
		n = sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
	return n < LIMIT_AGE_JOBS ? n : LIMIT_AGE_JOBS;
}

/* A worker reports one byte on its pipe: WORKER_DONE, or WORKER_FAILED and the shared error says how. Nothing at all: it was killed. */
enum { WORKER_DONE, WORKER_FAILED };

_Noreturn static void worker_main(struct stream *st, struct batch *b, pid_t parent, int report)
{
	/* The parent may have died before the kernel was asked to tell. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	(void)signal(SIGPIPE, SIG_IGN);	/* a reader that left is an error with words, not a silent death */
	uint8_t how = steps(st, b) < 0 ? WORKER_FAILED : WORKER_DONE;
	crypto_wipe(b, sizeof *b);
	_exit(os_write(report, &how, 1) < 0);
}

/* Only the worker holds the other end of its pipe, so the parent sees it go, however it went. */
static int worker_start(struct stream *st, struct batch *b, pid_t *pid, struct pollfd *gone, struct err *e)
{
	int ends[2];
	pid_t parent = getpid();
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, errno, "cannot watch a worker");
	*pid = fork();
	if (*pid < 0) {
		err_sys(e, errno, "cannot start a worker");
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	if (*pid == 0) {
		close(ends[0]);
		worker_main(st, b, parent, ends[1]);
	}
	close(ends[1]);
	*gone = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	return 0;
}

/* Reads the report and lets the process go. That waitpid() finds nobody is no error: the caller may ignore SIGCHLD. */
static int worker_end(const struct stream *st, pid_t pid, int *report, struct err *e)
{
	uint8_t how;
	int status = 0;
	ssize_t n = os_read(*report, &how, 1);
	close(*report);
	*report = -1;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (n == 1 && how == WORKER_DONE)
		return 0;
	if (n == 1 && e)
		*e = st->s->err;
	if (n == 1)
		return -1;
	if (WIFSIGNALED(status))
		return err_set(e, ERR_INTERNAL, "a worker process was killed by signal %d; the output is not complete", WTERMSIG(status));
	return err_set(e, ERR_INTERNAL, "a worker process is gone without a word; the output is not complete");
}

static int workers_watch(struct stream *st, pid_t *pid, struct pollfd *gone, unsigned n, const struct age_stream_options *o,
	struct err *e)
{
	unsigned left = n;
	int r = 0;
	while (left && r == 0) {
		int ready = poll(gone, n, o && o->progress ? PROGRESS_MS : -1);
		if (ready < 0 && errno != EINTR) {
			r = err_sys(e, errno, "cannot watch the workers");
			break;
		}
		if (o && o->progress)
			o->progress(o->ctx, atomic_load(&st->s->plain));
		for (unsigned i = 0; ready > 0 && i < n && r == 0; i++) {
			if (gone[i].fd < 0 || !gone[i].revents)
				continue;
			r = worker_end(st, pid[i], &gone[i].fd, e);
			left--;
		}
	}
	return r;
}

static int workers_run(struct stream *st, struct batch *b, unsigned jobs, const struct age_stream_options *o, struct err *e)
{
	pid_t pid[LIMIT_AGE_JOBS];
	struct pollfd gone[LIMIT_AGE_JOBS];
	unsigned n = 0;
	int r = 0;
	while (n < jobs && (r = worker_start(st, b, &pid[n], &gone[n], e)) == 0)
		n++;
	if (n > 0)
		r = workers_watch(st, pid, gone, n, o, e);	/* fewer than asked for will do */
	for (unsigned i = 0; i < n; i++) {
		if (gone[i].fd < 0)
			continue;
		(void)kill(pid[i], SIGKILL);
		(void)worker_end(st, pid[i], &gone[i].fd, NULL);
	}
	return r;
}

/* The first batch here; most files end with it. */
static int stream_run(struct stream *st, const struct age_stream_options *o, struct err *e)
{
	unsigned jobs = jobs_choose(o ? o->jobs : 0);
	struct batch *b = malloc(sizeof *b);
	if (!b)
		return err_set(e, ERR_LIMIT, "out of memory");
	int r = step(st, b);
	if (r > 0 && !st->s->at_end && jobs > 1) {
		r = workers_run(st, b, jobs, o, e);
	} else {
		if (r > 0)
			r = steps(st, b);
		if (r < 0 && e)
			*e = st->s->err;
	}
	if (r >= 0 && !st->s->finished)
		r = err_set(e, ERR_INTERNAL, "the workers ended before the input did; the output is not complete");
	if (o && o->progress)
		o->progress(o->ctx, atomic_load(&st->s->plain));
	crypto_wipe(b, sizeof *b);
	free(b);
	return r < 0 ? -1 : 0;
}

static int stream_init(struct stream *st, int in, int out, struct err *e)
{
	memset(st, 0, sizeof *st);
	st->out = out;
	st->s = mmap(NULL, sizeof *st->s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (st->s == MAP_FAILED) {
		st->s = NULL;
		return err_sys(e, errno, "cannot share memory with the workers");
	}
	age_input_init(&st->s->in, in);
	sha256_init(&st->s->hash);
	return 0;
}

static void stream_done(struct stream *st)
{
	if (st->s) {
		crypto_wipe(st->s, sizeof *st->s);
		(void)munmap(st->s, sizeof *st->s);
	}
	crypto_wipe(st, sizeof *st);
}

/* Writes the nonce and everything after it. */
static int payload_seal(struct stream *st, const uint8_t file_key[static AGE_FILE_KEY], const struct age_stream_options *o,
	struct err *e)
{
	uint8_t nonce[AGE_NONCE];
	crypto_random(nonce, sizeof nonce);
	age_payload_init(&st->payload, file_key, nonce);
	st->sealing = true;
	if (os_write(st->out, nonce, sizeof nonce) < 0)
		return err_sys(e, errno, "cannot write the output");
	if (st->hashing)
		sha256_add(&st->s->hash, nonce, sizeof nonce);
	st->s->written = sizeof nonce;
	return stream_run(st, o, e);
}

int age_stream_seal(int in, int out, const struct age_recipient *to, size_t n, const struct age_stream_options *o, struct err *e)
{
	struct stream st;
	struct buf header = BUF_INIT(LIMIT_AGE_HEADER_BYTES);
	uint8_t file_key[AGE_FILE_KEY];
	int r = -1;
	crypto_random(file_key, sizeof file_key);
	if (stream_init(&st, in, out, e) < 0 || age_header_make(&header, file_key, to, n, e) < 0)
		goto out;
	if (os_write(out, header.data, header.len) < 0)
		err_sys(e, errno, "cannot write the output");
	else
		r = payload_seal(&st, file_key, o, e);
out:
	crypto_wipe(file_key, sizeof file_key);
	buf_done(&header);
	stream_done(&st);
	return r;
}

int age_stream_seal_detached(int in, int out, const uint8_t file_key[static AGE_FILE_KEY], uint8_t sha256_out[static 32],
	uint64_t *payload_len, uint64_t *plain_len, const struct age_stream_options *o, struct err *e)
{
	struct stream st;
	int r = stream_init(&st, in, out, e);
	if (r == 0) {
		st.hashing = true;
		r = payload_seal(&st, file_key, o, e);
	}
	if (r == 0) {
		sha256_end(&st.s->hash, sha256_out);
		*payload_len = st.s->written;
		*plain_len = atomic_load(&st.s->plain);
	}
	stream_done(&st);
	return r;
}

int age_stream_open(int in, int out, const struct age_identity *ids, size_t n, const struct age_stream_options *o, struct err *e)
{
	struct stream st;
	struct buf header = BUF_INIT(LIMIT_AGE_HEADER_BYTES);
	uint8_t file_key[AGE_FILE_KEY], nonce[AGE_NONCE];
	size_t header_len, got;
	int r = -1;
	if (stream_init(&st, in, out, e) < 0 || age_input_sniff(&st.s->in, e) < 0 || age_input_header(&st.s->in, &header, e) < 0 ||
		age_header_open(file_key, &header_len, header.data, header.len, ids, n, e) < 0 ||
		age_input_read(&st.s->in, nonce, sizeof nonce, &got, e) < 0)
		goto out;
	if (got < sizeof nonce) {
		err_set(e, ERR_INVALID, "the file is cut off after its header");
		goto out;
	}
	age_payload_init(&st.payload, file_key, nonce);
	r = stream_run(&st, o, e);
out:
	crypto_wipe(file_key, sizeof file_key);
	buf_done(&header);
	stream_done(&st);
	return r;
}
