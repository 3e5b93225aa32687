/* The launcher against a fake: this test is the zygote and the box at once, over the real sockets, and does
 * what a hostile one would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "box/parts.h"

#define EXITED(status) ((status) << 8)

/* The far side of one task. */
struct fake {
	struct box_zygote z;
	struct box_job *job;
	struct boxctl task;	/* as the zygote got it */
	int control, channel, report;
	size_t results;
	unsigned released;
	bool result_fails;
	struct box_outcome out;
	struct err e;
};

static int on_result(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	struct fake *f = ctx;
	(void)bytes;
	f->results += n;
	return f->result_fails ? err_set(e, ERR_LIMIT, "the disk is full") : 0;
}

static int on_release(void *ctx, const uint8_t box_key[static 32], struct buf *out, struct err *e)
{
	struct fake *f = ctx;
	f->released++;
	assert_int_equal(box_key[0], 7);
	return buf_add_zero(out, 300000, e);	/* more than a socket takes at once */
}

static void task_receive(struct fake *f)
{
	union { struct cmsghdr align; char room[CMSG_SPACE(BOXCTL_FDS_MAX * sizeof(int))]; } rights;
	struct iovec v = { &f->task, sizeof f->task };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights };
	assert_int_equal(recvmsg(f->control, &h, 0), sizeof f->task);
	int fds[2];
	assert_int_equal(CMSG_FIRSTHDR(&h)->cmsg_len, CMSG_LEN(sizeof fds));
	memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&h)), sizeof fds);
	f->channel = fds[0];
	f->report = fds[1];
}

static void begin(struct fake *f, size_t n_secrets, uint64_t wall_ms)
{
	int pair[2];
	struct box_request q = { .entry = { "main.lua", 8 }, .cpu_ms = 1000, .memory = 1 << 20, .output = 4096, .n_secrets = n_secrets };
	struct box_task t = { .request = &q, .wall_ms = wall_ms, .result = on_result, .release = on_release, .ctx = f };
	memset(f, 0, sizeof *f);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	f->z.control = pair[0];
	f->control = pair[1];
	assert_int_equal(box_job_start(&f->z, &t, &f->job, &f->e), 0);
	task_receive(f);
	assert_int_equal(f->task.kind, BOXCTL_TASK);
}

static void say(struct fake *f, enum box_frame kind, const void *payload, size_t n)
{
	uint8_t bytes[BOX_FRAME_HEADER + 256];
	boxwire_header_encode(bytes, kind, (uint32_t)n);
	memcpy(bytes + BOX_FRAME_HEADER, payload, n);
	(void)send(f->channel, bytes, BOX_FRAME_HEADER + n, MSG_NOSIGNAL);	/* the launcher may have hung up */
}

static void say_key(struct fake *f)
{
	const uint8_t key[32] = { 7 };
	say(f, BOX_KEY, key, sizeof key);
}

static void say_done(struct fake *f, enum box_status status)
{
	const struct box_done d = { .status = status };
	struct buf b = BUF_INIT(1024);
	assert_int_equal(boxwire_done_encode(&b, &d, NULL), 0);
	(void)send(f->channel, b.data, b.len, MSG_NOSIGNAL);
	buf_done(&b);
}

/* The process dies: its channel closes, and the zygote reports. */
static void die(struct fake *f, int status, uint64_t cpu_us)
{
	const struct boxctl_report r = { .serial = f->task.u.task.serial, .status = status, .cpu_us = cpu_us };
	close(f->channel);
	assert_int_equal(send(f->report, &r, sizeof r, 0), sizeof r);
	close(f->report);
}

static bool step(struct fake *f)
{
	bool ended = false;
	struct pollfd p = { .fd = box_job_fd(f->job), .events = POLLIN };
	(void)poll(&p, 1, box_job_timeout_ms(f->job));
	f->e.code = ERR_NONE;
	return box_job_step(f->job, &ended, &f->out, &f->e) < 0 || ended;
}

static bool told_to_kill(struct fake *f)
{
	struct boxctl m;
	return recv(f->control, &m, sizeof m, MSG_DONTWAIT) == sizeof m && m.kind == BOXCTL_KILL && m.u.kill.serial == f->task.u.task.serial;
}

static void end(struct fake *f)
{
	box_job_free(f->job);
	close(f->control);
	close(f->z.control);
}

static void well(void **state)
{
	struct fake f;
	(void)state;
	begin(&f, 0, 5000);
	assert_int_equal(f.task.u.task.rights, 0);
	say_key(&f);
	say(&f, BOX_RESULT, "abc", 3);
	say(&f, BOX_RESULT, "defg", 4);
	say_done(&f, BOX_OK);
	die(&f, EXITED(BOX_EXIT_DONE), 1500);
	while (!step(&f))
		;
	assert_int_equal(f.e.code, ERR_NONE);
	assert_int_equal(f.out.done.status, BOX_OK);
	assert_int_equal(f.out.cpu_us, 1500);
	assert_int_equal(f.results, 7);
	assert_false(told_to_kill(&f));
	end(&f);
}

/* How a process ends, and what that means. */
static void endings(void **state)
{
	static const struct { int status; uint64_t cpu_us; bool done; enum box_status means; enum box_limit limit; const char *alarm; } table[] = {
		{ EXITED(BOX_EXIT_DONE), 0, true, BOX_FAILED, BOX_LIMIT_NONE, NULL },
		{ EXITED(BOX_EXIT_DONE), 0, false, BOX_ALARM, BOX_LIMIT_NONE, "without a word" },
		{ EXITED(1), 0, true, BOX_ALARM, BOX_LIMIT_NONE, "without a word" },
		{ EXITED(BOX_EXIT_MEMORY), 0, false, BOX_LIMIT, BOX_LIMIT_MEMORY, NULL },
		{ EXITED(BOX_EXIT_CHANNEL), 0, false, BOX_ALARM, BOX_LIMIT_NONE, "channel" },
		{ EXITED(BOX_EXIT_BROKEN), 0, false, BOX_ALARM, BOX_LIMIT_NONE, "broken" },
		{ EXITED(BOX_EXIT_LOCK + 5), 0, false, BOX_ALARM, BOX_LIMIT_NONE, "without a word" },
		{ SIGVTALRM, 900000, false, BOX_LIMIT, BOX_LIMIT_CPU, NULL },
		{ SIGKILL, 1000000, false, BOX_LIMIT, BOX_LIMIT_CPU, NULL },
		{ SIGKILL, 1000, false, BOX_LIMIT, BOX_LIMIT_MEMORY, NULL },
		{ SIGSYS, 0, false, BOX_ALARM, BOX_LIMIT_NONE, "system call" },
		{ SIGSYS, 0, true, BOX_ALARM, BOX_LIMIT_NONE, "system call" },
		{ SIGSEGV, 0, false, BOX_ALARM, BOX_LIMIT_NONE, "fault" },
		{ SIGABRT, 0, false, BOX_ALARM, BOX_LIMIT_NONE, "signal" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct fake f;
		begin(&f, 0, 5000);
		say_key(&f);
		if (table[i].done)
			say_done(&f, BOX_FAILED);
		die(&f, table[i].status, table[i].cpu_us);
		while (!step(&f))
			;
		if (f.out.done.status != table[i].means || f.out.done.limit != table[i].limit)
			fail_msg("status %x: %d, limit %d", (unsigned)table[i].status, f.out.done.status, f.out.done.limit);
		if (table[i].alarm)
			assert_non_null(strstr(f.out.alarm, table[i].alarm));
		else
			assert_null(f.out.alarm);
		end(&f);
	}
}

/* One wrong frame: killed at once, an alarm, and nothing that comes later is passed on, not even a good end. */
static void out_of_turn(void **state)
{
	struct fake f;
	(void)state;
	begin(&f, 0, 5000);
	say(&f, BOX_RESULT, "early", 5);
	assert_false(step(&f));
	assert_true(told_to_kill(&f));
	say_key(&f);
	say(&f, BOX_RESULT, "late", 4);
	say_done(&f, BOX_OK);
	die(&f, SIGKILL, 0);
	while (!step(&f))
		;
	assert_int_equal(f.out.done.status, BOX_ALARM);
	assert_non_null(strstr(f.out.alarm, "out of turn"));
	assert_int_equal(f.results, 0);
	end(&f);
}

static void huge_frame(void **state)
{
	const uint8_t head[BOX_FRAME_HEADER] = { BOX_RESULT, 0xff, 0xff, 0xff, 0xff };
	struct fake f;
	(void)state;
	begin(&f, 0, 5000);
	say_key(&f);
	assert_int_equal(write(f.channel, head, sizeof head), sizeof head);
	assert_false(step(&f));
	assert_true(told_to_kill(&f));
	die(&f, SIGKILL, 0);
	while (!step(&f))
		;
	assert_int_equal(f.out.done.status, BOX_ALARM);
	end(&f);
}

/* A box that does not read what it is sent: the rest waits, the wall clock ends it. */
static void never_reads(void **state)
{
	struct fake f;
	(void)state;
	begin(&f, 1, 50);
	assert_int_equal(f.task.u.task.rights, BOXCTL_READ_CHANNEL);
	say_key(&f);
	while (!told_to_kill(&f))
		assert_false(step(&f));
	assert_int_equal(f.released, 1);
	die(&f, SIGKILL, 0);
	while (!step(&f))
		;
	assert_int_equal(f.out.done.status, BOX_LIMIT);
	assert_int_equal(f.out.done.limit, BOX_LIMIT_WALL);
	end(&f);
}

static void release_goes_out_whole(void **state)
{
	static uint8_t bytes[65536];
	struct fake f;
	size_t got = 0, request = 0;
	(void)state;
	begin(&f, 1, 5000);
	request = (size_t)recv(f.channel, bytes, sizeof bytes, 0);
	assert_true(request > BOX_FRAME_HEADER && bytes[0] == BOX_REQUEST);
	say_key(&f);
	while (got < 300000) {
		assert_false(step(&f));
		for (ssize_t n; (n = recv(f.channel, bytes, sizeof bytes, MSG_DONTWAIT)) > 0;)
			got += (size_t)n;
	}
	assert_int_equal(got, 300000);
	say_done(&f, BOX_FAILED);
	die(&f, EXITED(BOX_EXIT_DONE), 0);
	while (!step(&f))
		;
	assert_int_equal(f.out.done.status, BOX_FAILED);
	end(&f);
}

static void callback_fails(void **state)
{
	struct fake f;
	(void)state;
	begin(&f, 0, 5000);
	f.result_fails = true;
	say_key(&f);
	say(&f, BOX_RESULT, "abc", 3);
	assert_false(step(&f));
	assert_true(told_to_kill(&f));
	die(&f, SIGKILL, 0);
	while (!step(&f))
		;
	assert_int_equal(f.e.code, ERR_LIMIT);
	assert_string_equal(f.e.msg, "the disk is full");
	end(&f);
}

static void zygote_dies(void **state)
{
	struct fake f;
	(void)state;
	begin(&f, 0, 5000);
	say_key(&f);
	close(f.channel);
	close(f.report);
	while (!step(&f))
		;
	assert_int_equal(f.e.code, ERR_UNAVAILABLE);
	end(&f);
}

static void report_of_another(void **state)
{
	struct fake f;
	(void)state;
	begin(&f, 0, 5000);
	f.task.u.task.serial++;
	die(&f, EXITED(BOX_EXIT_DONE), 0);
	while (!step(&f))
		;
	assert_int_equal(f.e.code, ERR_UNAVAILABLE);
	end(&f);
}

static void could_not_fork(void **state)
{
	struct fake f;
	(void)state;
	begin(&f, 0, 5000);
	const struct boxctl_report r = { .serial = f.task.u.task.serial, .never_ran = EAGAIN };
	assert_int_equal(send(f.report, &r, sizeof r, 0), sizeof r);
	close(f.channel);
	while (!step(&f))
		;
	assert_int_equal(f.e.code, ERR_UNAVAILABLE);
	close(f.report);
	end(&f);
}

/* A box that could not be locked down is no result of the iApp. */
static void lock_failed(void **state)
{
	static const int steps[] = { 0, 1, 9 };
	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct fake f;
		begin(&f, 0, 5000);
		die(&f, EXITED(BOX_EXIT_LOCK + steps[i]), 0);
		while (!step(&f))
			;
		assert_int_equal(f.e.code, ERR_UNAVAILABLE);
		assert_non_null(strstr(f.e.msg, "lock a box down"));
		end(&f);
	}
}

/* The far side of many tasks in a process of its own: reports a good end on each descriptor that it is given,
 * and closes it at once. */
static pid_t reporter_start(int *to)
{
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid_t pid = fork();
	*to = pair[0];
	if (pid != 0) {
		close(pair[1]);
		return pid;
	}
	close(pair[0]);
	for (;;) {
		union { struct cmsghdr align; char room[CMSG_SPACE(sizeof(int))]; } rights;
		uint64_t serial;
		struct iovec v = { &serial, sizeof serial };
		struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights };
		if (recvmsg(pair[1], &h, 0) <= 0)
			_exit(0);
		int fd;
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&h)), sizeof fd);
		const struct boxctl_report r = { .serial = serial, .status = EXITED(BOX_EXIT_DONE) };
		(void)send(fd, &r, sizeof r, MSG_NOSIGNAL);
		close(fd);
	}
}

static void reporter_tell(int to, int fd, uint64_t serial)
{
	union { struct cmsghdr align; char room[CMSG_SPACE(sizeof(int))]; } rights;
	struct iovec v = { &serial, sizeof serial };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights };
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	assert_int_equal(sendmsg(to, &h, 0), sizeof serial);
}

/* The end of a report socket can overtake the report (boxctl.h): about once in 20,000 on two processors, so
 * this tries often. A launcher that believed the end would call a task lost that went well. */
static void end_overtakes_report(void **state)
{
	int to;
	pid_t reporter = reporter_start(&to);
	(void)state;
	for (int i = 0; i < 25000; i++) {
		struct fake f;
		begin(&f, 0, 5000);
		say_key(&f);
		say_done(&f, BOX_FAILED);
		close(f.channel);
		reporter_tell(to, f.report, f.task.u.task.serial);
		close(f.report);
		bool ended = false;
		while (!ended)
			assert_int_equal(box_job_step(f.job, &ended, &f.out, &f.e), 0);
		assert_int_equal(f.out.done.status, BOX_FAILED);
		end(&f);
	}
	close(to);
	assert_int_equal(waitpid(reporter, NULL, 0), reporter);
}

static void given_up(void **state)
{
	struct fake f;
	(void)state;
	begin(&f, 0, 5000);
	box_job_free(f.job);
	f.job = NULL;
	assert_true(told_to_kill(&f));
	close(f.channel);
	close(f.report);
	end(&f);
}

static void refused(void **state)
{
	struct box_zygote z = { .control = -1 };
	struct box_job *j;
	struct err e;
	(void)state;
	struct box_request good = { .entry = { "m", 1 }, .cpu_ms = 1, .output = 1, .memory = 1 };
	struct box_task t = { .request = &good, .wall_ms = 1, .result = on_result };
	struct box_request q = good;
	t.request = &q;
	q.cpu_ms = 0;
	assert_int_equal(box_job_start(&z, &t, &j, &e), -1);
	q = good;
	q.output = LIMIT_BOX_OUTPUT + 1;
	assert_int_equal(box_job_start(&z, &t, &j, &e), -1);
	q = good;
	q.n_secrets = 1;	/* and nobody to release it */
	assert_int_equal(box_job_start(&z, &t, &j, &e), -1);
	q = good;
	q.n_inputs = LIMIT_BOX_DATASETS + LIMIT_BOX_FILES + 1;
	assert_int_equal(box_job_start(&z, &t, &j, &e), -1);
	q = good;
	t.wall_ms = 0;
	assert_int_equal(box_job_start(&z, &t, &j, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(well), cmocka_unit_test(endings), cmocka_unit_test(out_of_turn), cmocka_unit_test(huge_frame),
		cmocka_unit_test(never_reads), cmocka_unit_test(release_goes_out_whole), cmocka_unit_test(callback_fails),
		cmocka_unit_test(zygote_dies), cmocka_unit_test(report_of_another), cmocka_unit_test(could_not_fork), cmocka_unit_test(lock_failed),
		cmocka_unit_test(given_up), cmocka_unit_test(end_overtakes_report), cmocka_unit_test(refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
