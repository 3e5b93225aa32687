/* What core/box and the zygote do for a task, as little of it as the enclave needs. */
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "box/frames.h"
#include "enclave/enclave.h"
#include "enclave/heap.h"
#include "seal/crypto.h"

int heap_map(void)	/* the host's malloc stays */
{
	return 0;
}

#define HIGH_FD 300

static _Noreturn void child(int channel, const struct box_task *t, const struct buf *request)
{
	static struct task_start start;
	const struct itimerval cpu = { .it_value = { (time_t)(t->request->cpu_ms / 1000), (suseconds_t)(t->request->cpu_ms % 1000) * 1000 } };
	(void)signal(SIGVTALRM, SIG_DFL);
	(void)setitimer(ITIMER_VIRTUAL, &cpu, NULL);
	/* Out of the way first: a number may be taken by another one of them. */
	int high[1 + LIMIT_BOX_FDS];
	high[0] = fcntl(channel, F_DUPFD, HIGH_FD);
	for (size_t i = 0; i < t->request->n_inputs; i++)
		high[i + 1] = fcntl(t->input_fds[i], F_DUPFD, HIGH_FD);
	for (size_t i = 0; i <= t->request->n_inputs; i++)
		if (dup2(high[i], BOX_CHANNEL_FD + (int)i) < 0)
			_exit(BOX_EXIT_BROKEN);
	start.request = request->data + BOX_FRAME_HEADER;
	start.request_len = request->len - BOX_FRAME_HEADER;
	crypto_random(start.box_secret, 32);
	crypto_random(start.entropy, 32);
	x25519_public(start.box_public, start.box_secret);
	task_main(&start);
}

struct parent { const struct box_task *t; struct frames frames; int channel; uint8_t bytes[KIB(256)]; size_t n; bool killed; };

static int handle(struct parent *p, const struct frame *f, struct err *e)
{
	const struct box_request *r = p->t->request;
	struct buf out = BUF_INIT(MIB(4));
	int ret = 0;
	if (f->kind == BOX_KEY && p->t->release && (r->n_secrets || r->app_secret || (r->n_inputs && r->inputs[0].kind == BOX_INPUT_DATA)))
		ret = p->t->release(p->t->ctx, f->payload, &out, e) < 0 || os_write(p->channel, out.data, out.len) < 0 ? -1 : 0;
	else if (f->kind == BOX_PROGRESS && p->t->progress)
		p->t->progress(p->t->ctx, f->fraction);
	else if (f->kind == BOX_RESULT)
		ret = p->t->result(p->t->ctx, f->payload, f->len, e);
	buf_done(&out);
	return ret;
}

/* All frames that are there. */
static enum frames_verdict take(struct parent *p, struct err *e)
{
	struct frame f;
	size_t used;
	const char *why = "";
	enum frames_verdict v;
	while ((v = frames_next(&p->frames, p->bytes, p->n, &f, &used, &why)) == FRAMES_ONE) {
		if (handle(p, &f, e) < 0)
			return FRAMES_WRONG;
		p->n -= used;
		memmove(p->bytes, p->bytes + used, p->n);
	}
	if (v == FRAMES_WRONG)
		err_set(e, ERR_INTERNAL, "%s", why);
	return v;
}

static enum box_limit follow(struct parent *p, pid_t pid, struct err *e)
{
	uint64_t end = os_now_us() + p->t->wall_ms * 1000;
	for (;;) {
		uint64_t now = os_now_us();
		struct pollfd w = { .fd = p->channel, .events = POLLIN };
		if (now >= end || poll(&w, 1, (int)((end - now) / 1000) + 1) == 0) {
			kill(pid, SIGKILL);
			return BOX_LIMIT_WALL;
		}
		ssize_t n = read(p->channel, p->bytes + p->n, sizeof p->bytes - p->n);
		if (n <= 0)
			return BOX_LIMIT_NONE;
		p->n += (size_t)n;
		enum frames_verdict v = take(p, e);
		if (v == FRAMES_OVER_LIMIT || v == FRAMES_WRONG) {
			kill(pid, SIGKILL);
			p->killed = true;
			return v == FRAMES_OVER_LIMIT ? BOX_LIMIT_OUTPUT : BOX_LIMIT_NONE;
		}
	}
}

static void outcome_fill(struct box_outcome *out, const struct parent *p, enum box_limit limit, int status)
{
	memset(out, 0, sizeof *out);
	out->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	if (limit == BOX_LIMIT_NONE && p->frames.stage == FRAMES_DONE && WIFEXITED(status) && WEXITSTATUS(status) == BOX_EXIT_DONE) {
		out->done = p->frames.done;
		return;
	}
	if (limit == BOX_LIMIT_NONE && out->signal == SIGVTALRM)
		limit = BOX_LIMIT_CPU;
	if (limit == BOX_LIMIT_NONE && WIFEXITED(status) && WEXITSTATUS(status) == BOX_EXIT_MEMORY)
		limit = BOX_LIMIT_MEMORY;
	out->done.limit = limit;
	out->done.status = limit != BOX_LIMIT_NONE ? BOX_LIMIT : BOX_ALARM;
}

int inside_run(const struct box_task *t, struct box_outcome *out, struct err *e)
{
	struct buf request = BUF_INIT(LIMIT_BOX_REQUEST_BYTES + BOX_FRAME_HEADER);
	int pair[2], status = 0, r = -1;
	if (boxwire_request_encode(&request, t->request, e) < 0)
		return -1;
	struct parent *p = calloc(1, sizeof *p);
	if (!p || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		goto out;
	pid_t pid = fork();
	if (pid == 0) {
		close(pair[0]);
		child(pair[1], t, &request);
	}
	close(pair[1]);
	p->t = t;
	p->channel = pair[0];
	frames_init(&p->frames, t->request->output);
	enum box_limit limit = follow(p, pid, e);
	close(pair[0]);
	if (waitpid(pid, &status, 0) == pid) {
		outcome_fill(out, p, limit, status);
		r = 0;
	}
out:
	free(p);
	buf_done(&request);
	return r;
}
