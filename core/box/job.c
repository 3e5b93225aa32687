/* One task from the launcher's side: its request goes out, frames come in, the wall clock runs, and in the end the
 * zygote's report says how the process died. Everything is non-blocking; the first thing that is wrong decides the
 * outcome, and the process is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "box/frames.h"
#include "box/parts.h"

#define READ_STEP 16384u
#define KILL_GRACE_US 10000000u	/* a killed process gives its memory back first: 4 GiB take a second */
#define OUT_MAX (LIMIT_BOX_REQUEST_BYTES + BOX_FRAME_HEADER)
#define IN_MAX (LIMIT_BOX_FRAME_BYTES + BOX_FRAME_HEADER + READ_STEP)

struct box_job {
	struct box_zygote *z;
	struct box_task task;
	uint64_t serial, cpu_ms;
	int channel, report, epoll;	/* -1 when closed; epoll only for box_job_fd */
	struct buf out, in;
	size_t out_sent, in_used;
	struct frames frames;
	uint64_t begun_us, key_us, ended_us, deadline_us;
	bool has_release, killed, decided, ended;
	struct box_outcome outcome;	/* status and alarm, once decided */
	struct err failed;	/* of a callback, or of the launcher */
};

/* The first decision stays. */
static void decide(struct box_job *j, enum box_status status, enum box_limit limit, const char *alarm)
{
	if (j->decided)
		return;
	j->decided = true;
	j->outcome.done.status = status;
	j->outcome.done.limit = limit;
	j->outcome.alarm = alarm;
}

static void job_kill(struct box_job *j, enum box_status status, enum box_limit limit, const char *alarm)
{
	decide(j, status, limit, alarm);
	if (j->killed)
		return;
	j->killed = true;
	j->deadline_us = os_now_us() + KILL_GRACE_US;
	zygote_kill(j->z, j->serial);
}

/* A callback said no: the outcome does not matter, its error does. */
static void job_abort(struct box_job *j)
{
	if (j->failed.code == ERR_NONE)
		err_set(&j->failed, ERR_INTERNAL, "a callback failed and did not say why");
	job_kill(j, BOX_FAILED, BOX_LIMIT_NONE, NULL);
}

static void channel_close(struct box_job *j)
{
	if (j->channel >= 0)
		close(j->channel);	/* also leaves the epoll set */
	j->channel = -1;
}

static short channel_events(const struct box_job *j)
{
	return j->out_sent < j->out.len ? POLLIN | POLLOUT : POLLIN;
}

static void channel_write(struct box_job *j)
{
	while (j->out_sent < j->out.len) {
		ssize_t n = send(j->channel, j->out.data + j->out_sent, j->out.len - j->out_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN && errno != EPIPE && errno != ECONNRESET && j->failed.code == ERR_NONE)
			err_sys(&j->failed, errno, "cannot speak to the box");
		if (n < 0)
			return;	/* full: later. Broken: the report says why */
		j->out_sent += (size_t)n;
	}
	if (j->out.len) {
		buf_clear(&j->out);
		j->out_sent = 0;
	}
}

static void key_arrived(struct box_job *j, const struct frame *f)
{
	j->key_us = os_now_us();
	if (!j->has_release)
		return;
	if (j->task.release(j->task.ctx, f->payload, &j->out, &j->failed) < 0)
		job_abort(j);
}

static void frame_arrived(struct box_job *j, const struct frame *f)
{
	if (f->kind == BOX_KEY)
		key_arrived(j, f);
	else if (f->kind == BOX_PROGRESS && j->task.progress)
		j->task.progress(j->task.ctx, f->fraction);
	else if (f->kind == BOX_RESULT && j->task.result(j->task.ctx, f->payload, f->len, &j->failed) < 0)
		job_abort(j);
}

static void frames_parse(struct box_job *j)
{
	struct frame f;
	size_t used = 0;
	const char *why = NULL;
	while (!j->killed) {
		switch (frames_next(&j->frames, j->in.data + j->in_used, j->in.len - j->in_used, &f, &used, &why)) {
		case FRAMES_ONE:
			frame_arrived(j, &f);
			j->in_used += used;
			break;
		case FRAMES_MORE:
			memmove(j->in.data, j->in.data + j->in_used, j->in.len - j->in_used);
			j->in.len -= j->in_used;
			j->in_used = 0;
			return;
		case FRAMES_OVER_LIMIT:
			job_kill(j, BOX_LIMIT, BOX_LIMIT_OUTPUT, NULL);
			return;
		case FRAMES_WRONG:
			job_kill(j, BOX_ALARM, BOX_LIMIT_NONE, why);
			return;
		}
	}
}

/* Whatever a killed box still has to say is not read. */
static void channel_read(struct box_job *j)
{
	while (j->channel >= 0 && !j->killed) {
		if (buf_reserve(&j->in, READ_STEP, &j->failed) < 0) {
			job_abort(j);
			return;
		}
		size_t room = j->in.cap - 1 - j->in.len;
		if (room > j->in.max - j->in.len)
			room = j->in.max - j->in.len;
		ssize_t n = recv(j->channel, j->in.data + j->in.len, room, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			channel_close(j);	/* the process is ending */
			return;
		}
		j->in.len += (size_t)n;
		frames_parse(j);
	}
}

static const struct { int status; enum box_status means; enum box_limit limit; const char *alarm; } exits[] = {
	{ BOX_EXIT_MEMORY, BOX_LIMIT, BOX_LIMIT_MEMORY, NULL },
	{ BOX_EXIT_CHANNEL, BOX_ALARM, BOX_LIMIT_NONE, "the box found its channel broken" },
	{ BOX_EXIT_BROKEN, BOX_ALARM, BOX_LIMIT_NONE, "the box found itself broken" },
};

static void decide_by_exit(struct box_job *j, int status)
{
	if (!j->decided && status == BOX_EXIT_DONE && j->frames.stage == FRAMES_DONE) {
		j->outcome.done = j->frames.done;
		j->outcome.callback_len = j->frames.done.status == BOX_OK ? j->frames.callback_len : 0;
		memcpy(j->outcome.callback, j->frames.callback_bytes, j->outcome.callback_len);
		return;
	}
	for (size_t i = 0; i < sizeof exits / sizeof *exits; i++)
		if (exits[i].status == status)
			decide(j, exits[i].means, exits[i].limit, exits[i].alarm);
	if (status >= BOX_EXIT_LOCK && j->frames.stage == FRAMES_BEFORE_KEY && !j->decided && j->failed.code == ERR_NONE) {
		/* This machine's doing, and no result of the iApp. Script code runs behind all steps, and cannot end its process with a status of its choice. */
		err_set(&j->failed, ERR_UNAVAILABLE, "this machine could not lock a box down (step %d), and nothing ran in it", status - BOX_EXIT_LOCK);
		err_hint(&j->failed, "enclua doctor");
		return;
	}
	decide(j, BOX_ALARM, BOX_LIMIT_NONE, "the box ended without a word");
}

/* SIGVTALRM is the processor timer. A SIGKILL that is not ours is RLIMIT_CPU behind that timer, or the kernel
 * short of memory. */
static void decide_by_signal(struct box_job *j, int signal, uint64_t cpu_us)
{
	if (signal == SIGVTALRM || (signal == SIGKILL && cpu_us / 1000 >= j->cpu_ms))
		decide(j, BOX_LIMIT, BOX_LIMIT_CPU, NULL);
	else if (signal == SIGKILL)
		decide(j, BOX_LIMIT, BOX_LIMIT_MEMORY, NULL);
	else if (signal == SIGSYS)
		decide(j, BOX_ALARM, BOX_LIMIT_NONE, "a forbidden system call (SIGSYS)");
	else if (signal == SIGSEGV || signal == SIGBUS || signal == SIGILL)
		decide(j, BOX_ALARM, BOX_LIMIT_NONE, "a memory or instruction fault");
	else
		decide(j, BOX_ALARM, BOX_LIMIT_NONE, "an unexpected signal");
}

static void job_end(struct box_job *j, const struct boxctl_report *r)
{
	channel_read(j);	/* what it said before it died */
	j->ended = true;
	j->ended_us = os_now_us();
	j->outcome.cpu_us = r->cpu_us;
	/* A box that waits for nothing sends its key together with what follows: then all of it was the run. */
	j->outcome.start_us = j->has_release && j->key_us ? j->key_us - j->begun_us : 0;
	j->outcome.run_us = j->ended_us - j->begun_us - j->outcome.start_us;
	if (r->never_ran) {
		if (j->failed.code == ERR_NONE)
			err_sys(&j->failed, (int)r->never_ran, "the zygote cannot make another process");
		return;
	}
	if (WIFSIGNALED(r->status)) {
		j->outcome.signal = WTERMSIG(r->status);
		decide_by_signal(j, j->outcome.signal, r->cpu_us);
	} else {
		decide_by_exit(j, WEXITSTATUS(r->status));
	}
}

static void report_read(struct box_job *j)
{
	struct boxctl_report r;
	ssize_t n = recv(j->report, &r, sizeof r, MSG_DONTWAIT);
	if (n == 0)
		n = recv(j->report, &r, sizeof r, MSG_DONTWAIT);	/* BOXCTL: an end may overtake what came before it */
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == (ssize_t)sizeof r && r.serial == j->serial) {
		job_end(j, &r);
		return;
	}
	j->ended = true;
	if (j->failed.code == ERR_NONE)
		zygote_gone(j->z, &j->failed);
}

static void clock_check(struct box_job *j)
{
	if (j->ended || os_now_us() < j->deadline_us)
		return;
	if (!j->killed) {
		job_kill(j, BOX_LIMIT, BOX_LIMIT_WALL, NULL);
		return;
	}
	zygote_end(j->z);	/* it does not obey */
	j->deadline_us = os_now_us() + KILL_GRACE_US;
}

/* Whether the box will be sent anything after its key. */
static bool request_has_release(const struct box_request *q)
{
	bool sealed = q->n_secrets > 0 || q->app_secret;
	for (size_t i = 0; i < q->n_inputs; i++)
		sealed = sealed || q->inputs[i].kind == BOX_INPUT_DATA;
	return sealed;
}

static int task_check(const struct box_task *t, bool *has_release, struct err *e)
{
	const struct box_request *q = t->request;
	if (q->n_inputs > LIMIT_BOX_DATASETS + LIMIT_BOX_FILES)
		return err_set(e, ERR_LIMIT, "a task takes at most %u inputs", LIMIT_BOX_DATASETS + LIMIT_BOX_FILES);
	if (q->cpu_ms == 0 || t->wall_ms == 0)
		return err_set(e, ERR_INVALID, "a task needs a limit of processor time and one of wall time");
	if (q->output > LIMIT_BOX_OUTPUT || q->memory > LIMIT_BOX_MEMORY)
		return err_set(e, ERR_LIMIT, "a task may have at most %llu bytes of memory and %llu of output", LIMIT_BOX_MEMORY, LIMIT_BOX_OUTPUT);
	*has_release = request_has_release(q);
	if (!t->result || (*has_release && !t->release))
		return err_set(e, ERR_INTERNAL, "a task without the callbacks that it needs");
	return 0;
}

/* The request waits in the socket before the process exists, so the box never waits for it unless it is large. */
static int job_launch(struct box_job *j, int channel, int report, struct err *e)
{
	const struct box_request *q = j->task.request;
	int fds[BOXCTL_FDS_MAX];
	size_t n = 0;
	fds[n++] = channel;
	for (size_t i = 0; i < q->n_inputs; i++)
		fds[n++] = j->task.input_fds[i];
	fds[n++] = report;
	struct boxctl m = { .kind = BOXCTL_TASK };
	m.u.task.serial = j->serial;
	m.u.task.cpu_ms = q->cpu_ms;
	m.u.task.n_inputs = (uint32_t)q->n_inputs;
	m.u.task.policy = q->kind == BOX_KIND_POLICY;
	m.u.task.rights = (j->has_release ? BOXCTL_READ_CHANNEL : 0u) | (q->n_inputs ? BOXCTL_READ_INPUTS : 0u);
	if (boxwire_request_encode(&j->out, q, e) < 0)
		return -1;
	channel_write(j);
	if (j->failed.code != ERR_NONE) {
		if (e)
			*e = j->failed;
		return -1;
	}
	return zygote_task(j->z, &m, fds, n, e);
}

static int job_begin(struct box_zygote *z, const struct box_task *t, struct box_job **out, struct err *e)
{
	int channel[2] = { -1, -1 }, report[2] = { -1, -1 }, r = -1;
	bool has_release = false;
	*out = NULL;
	if (task_check(t, &has_release, e) < 0)
		return -1;
	struct box_job *j = calloc(1, sizeof *j);
	if (!j)
		return err_set(e, ERR_LIMIT, "out of memory");
	j->z = z;
	j->task = *t;
	j->serial = ++z->serial;
	j->cpu_ms = t->request->cpu_ms;
	j->has_release = has_release;
	j->channel = j->report = j->epoll = -1;
	j->out = (struct buf)BUF_INIT(OUT_MAX);
	j->in = (struct buf)BUF_INIT(IN_MAX);
	frames_init(&j->frames, t->request->output);
	j->frames.callback = t->request->callback;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0 ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report) < 0) {
		err_sys(e, errno, "cannot make the channel of a task");
		goto out;
	}
	j->channel = channel[0];
	j->report = report[0];
	j->begun_us = os_now_us();
	j->deadline_us = j->begun_us + t->wall_ms * 1000;
	r = job_launch(j, channel[1], report[1], e);
out:
	if (channel[1] >= 0)
		close(channel[1]);
	if (report[1] >= 0)
		close(report[1]);
	if (r == 0) {
		*out = j;
	} else {
		if (channel[0] >= 0 && j->channel < 0)
			close(channel[0]);
		j->ended = true;
		box_job_free(j);
	}
	return r;
}

static int job_wait(const struct box_job *j)
{
	struct pollfd p[] = { { .fd = j->report, .events = POLLIN }, { .fd = j->killed ? -1 : j->channel, .events = channel_events(j) } };
	int n = poll(p, 2, box_job_timeout_ms(j));
	return n < 0 && errno != EINTR ? -1 : 0;
}

int box_job_timeout_ms(const struct box_job *j)
{
	uint64_t now = os_now_us();
	if (j->ended || now >= j->deadline_us)
		return 0;
	uint64_t ms = (j->deadline_us - now + 999) / 1000;
	return ms > 3600000 ? 3600000 : (int)ms;
}

static int job_advance(struct box_job *j, bool *ended, struct box_outcome *out, struct err *e)
{
	if (j->channel >= 0 && !j->killed) {
		channel_write(j);
		channel_read(j);
		if (j->channel >= 0 && j->out.len)
			channel_write(j);	/* a RELEASE that the read asked for */
		if (j->failed.code != ERR_NONE && !j->killed)
			job_abort(j);
	}
	if (!j->ended)
		report_read(j);
	clock_check(j);
	*ended = j->ended;
	if (!j->ended)
		return 0;
	if (j->failed.code != ERR_NONE) {
		if (e)
			*e = j->failed;
		return -1;
	}
	*out = j->outcome;
	return 0;
}

static int epoll_set(struct box_job *j, int op, int fd, uint32_t events)
{
	struct epoll_event v = { .events = events };
	return fd < 0 ? 0 : epoll_ctl(j->epoll, op, fd, &v);
}

int box_job_start(struct box_zygote *z, const struct box_task *t, struct box_job **out, struct err *e)
{
	if (job_begin(z, t, out, e) < 0)
		return -1;
	struct box_job *j = *out;
	j->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (j->epoll >= 0 && epoll_set(j, EPOLL_CTL_ADD, j->report, EPOLLIN) == 0 &&
		epoll_set(j, EPOLL_CTL_ADD, j->channel, (uint32_t)channel_events(j)) == 0)
		return 0;
	err_sys(e, errno, "cannot watch a task");
	box_job_free(j);
	*out = NULL;
	return -1;
}

int box_job_fd(const struct box_job *j)
{
	return j->epoll;
}

int box_job_step(struct box_job *j, bool *ended, struct box_outcome *out, struct err *e)
{
	bool was_open = j->channel >= 0;
	if (job_advance(j, ended, out, e) < 0)
		return -1;
	if (j->channel >= 0 && j->killed)
		channel_close(j);
	if (was_open && j->channel >= 0)
		(void)epoll_set(j, EPOLL_CTL_MOD, j->channel, (uint32_t)channel_events(j));
	return 0;
}

void box_job_free(struct box_job *j)
{
	if (!j)
		return;
	if (!j->ended && !j->killed)
		zygote_kill(j->z, j->serial);
	channel_close(j);
	if (j->report >= 0)
		close(j->report);
	if (j->epoll >= 0)
		close(j->epoll);
	buf_done(&j->out);
	buf_done(&j->in);
	free(j);
}

int box_run(struct box_zygote *z, const struct box_task *t, struct box_outcome *out, struct err *e)
{
	struct box_job *j;
	if (job_begin(z, t, &j, e) < 0)
		return -1;
	bool ended = false;
	int r = 0;
	while (r == 0 && !ended)
		r = job_wait(j) < 0 ? err_sys(e, errno, "cannot wait for a task") : job_advance(j, &ended, out, e);
	box_job_free(j);
	return r;
}
