/* The worker's side of a task of the attacker program, and TAP lines: what the tests of this folder share. */
#include "outside.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


static unsigned tests, failures;

static void line(const char *start, const char *fmt, va_list ap)
{
	printf("%s %u - ", start, ++tests);
	vprintf(fmt, ap);
}

void tap(bool ok, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	line(ok ? "ok" : "not ok", fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	failures += !ok;
}

void tap_skip(const char *why, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	line("ok", fmt, ap);
	va_end(ap);
	printf(" # SKIP %s\n", why);
}

int tap_end(void)
{
	printf("1..%u\n", tests);
	return failures != 0;
}

/* The names of lock_task_steps in core/enclave/lockdown.c, in its order: the attacker counts bits in the same
 * list. */
uint32_t lock_bit(const char *step)
{
	static const char *const names[] = { "no new privileges", "parent death", "write or execute", "speculation", "landlock", "capabilities",
		"keys", "rseq", "task", "descriptors", "limits", "request", "tsc", "cpuid", "cpu timer", "dumpable", "seccomp" };
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], step) == 0)
			return 1u << i;
	printf("Bail out! no step is called %s\n", step);
	exit(1);
}

const char *program(const char *name)
{
	static char path[512];
	const char *build = getenv("BUILD");
	(void)snprintf(path, sizeof path, "%s/box/%s", build ? build : "build", name);
	return path;
}

/* Without the layers that this machine has not got: check says which those are before it starts. */
struct box_zygote *zygote_with(const char *name, uint32_t layers)
{
	static uint32_t have;
	have = have ? have : box_layers_probe();
	layers &= have;
	struct err e = { .code = ERR_NONE };
	struct box_zygote *z = NULL;
	const struct box_options o = { .enclave = program(name) };
	if (zygote_start(&z, &o, layers, &e) == 0)
		return z;
	printf("Bail out! %s with layers %02x: %s\n", name, layers, e.msg);
	exit(1);
}

static int result_keep(void *ctx, const uint8_t *bytes, size_t n, struct err *e)
{
	struct reply *r = ctx;
	size_t len = strlen(r->text);
	if (n > sizeof r->text - 1 - len)
		n = sizeof r->text - 1 - len;
	memcpy(r->text + len, bytes, n);
	(void)e;
	return 0;
}

static int release_nothing(void *ctx, const uint8_t box_key[static 32], struct buf *out, struct err *e)
{
	uint8_t head[BOX_FRAME_HEADER];
	(void)ctx;
	(void)box_key;
	boxwire_header_encode(head, BOX_RELEASE, 1);
	return buf_add(out, head, sizeof head, e) < 0 ? -1 : buf_add(out, "", 1, e);
}

struct box_job *attack_start(struct box_zygote *z, const struct attack *a, struct reply *r)
{
	char entry[192];
	int n = snprintf(entry, sizeof entry, "%x %s %s", a->mask, a->name, a->argument ? a->argument : "-");
	struct box_input input = { .kind = BOX_INPUT_FILE, .name = { "x", 1 } };
	struct box_request q = { .task = { "task", 4 }, .app_name = { "attack", 6 }, .app_version = { "1", 1 }, .entry = { entry, (size_t)n },
		.memory = MIB(1), .cpu_ms = a->cpu_ms ? a->cpu_ms : 5000, .output = a->output ? a->output : 1024, .n_recipients = 1 };
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct box_task t = { .request = &q, .input_fds = &null, .wall_ms = a->wall_ms ? a->wall_ms : 5000, .result = result_keep,
		.release = release_nothing, .ctx = r };
	if (a->all_rights) {
		q.inputs = &input;
		q.n_inputs = 1;
		q.n_secrets = 1;
	}
	struct err e = { .code = ERR_NONE };
	struct box_job *j = NULL;
	memset(r, 0, sizeof *r);
	if (box_job_start(z, &t, &j, &e) < 0) {
		printf("Bail out! %s: %s\n", a->name, e.msg);
		exit(1);
	}
	close(null);
	return j;
}

/* 1 when it has ended, 0 when it goes on, -1 when there was no box: nothing ran. */
static int step(struct box_job *j, struct box_outcome *out, struct err *e)
{
	struct pollfd p = { .fd = box_job_fd(j), .events = POLLIN };
	bool ended = false;
	(void)poll(&p, 1, box_job_timeout_ms(j));
	return box_job_step(j, &ended, out, e) < 0 ? -1 : ended;
}

void attack_step(struct box_job *j)
{
	struct box_outcome out;
	struct err e = { .code = ERR_NONE };
	if (step(j, &out, &e) < 0) {
		printf("Bail out! %s\n", e.msg);
		exit(1);
	}
}

void attack_end(struct box_job *j)
{
	box_job_free(j);
}

void attack_run(struct box_zygote *z, const struct attack *a, struct reply *r)
{
	struct box_job *j = attack_start(z, a, r);
	struct err e = { .code = ERR_NONE };
	int ended = 0;
	while (ended == 0)
		ended = step(j, &r->outcome, &e);
	if (ended < 0) {
		r->outcome = (struct box_outcome){ .done.status = BOX_ALARM };
		(void)snprintf(r->refused, sizeof r->refused, "%.255s", e.msg);
	}
	box_job_free(j);
}
