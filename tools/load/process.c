/* Commands as processes: what a person would type, each by itself, and the workers, kept alive as systemd would. Waits for none of them but at the beginning and the end. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/os.h"
#include "load.h"

#define AGAIN_US 300000u	/* RestartSec of a unit that is in a hurry */
#define STOP_S 60u	/* a worker that is told to leave finishes what it runs */
#define ANSWER_BYTES MIB(4)
#define TELL_BYTES 600u

void call_add(struct call *c, const char *format, ...)
{
	va_list rest;
	if (c->n == WORDS_MAX - 1)
		abort();
	va_start(rest, format);
	(void)vsnprintf(c->words[c->n++], sizeof c->words[0], format, rest);
	va_end(rest);
}

void call_begin(struct load *l, struct call *c, const char *as)
{
	c->n = 0;
	call_add(c, "%s", l->enclua);
	call_add(c, "--json");
	call_add(c, "--home");
	call_add(c, "%s", l->home);
	if (as) {
		call_add(c, "--as");
		call_add(c, "%s", as);
	}
}

void call_text(const struct call *c, char *out, size_t size)
{
	size_t at = 0;
	out[0] = '\0';
	for (size_t i = 2; i < c->n && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%s", i > 2 ? " " : "", c->words[i]);
}

static int output(const struct load *l, const char *name, const char *suffix)
{
	char path[PATH_MAX + 64];
	(void)snprintf(path, sizeof path, "%s/%s.%s", l->work, name, suffix);
	/* What a worker said before it was killed is read at the end. */
	return open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (strncmp(name, "worker.", 7) ? O_TRUNC : O_APPEND), 0600);
}

static _Noreturn void child_main(struct load *l, const struct call *c, const char *name)
{
	char *argv[WORDS_MAX + 1], home[PATH_MAX + 8];
	char *environment[] = { home, NULL };
	int out = output(l, name, "out"), err = output(l, name, "err"), in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)snprintf(home, sizeof home, "HOME=%s", l->work);
	for (size_t i = 0; i < c->n; i++)
		argv[i] = (char *)(uintptr_t)c->words[i];
	assert(c->n > 0);
	argv[c->n] = NULL;
	if (out < 0 || err < 0 || in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 || chdir(l->work) < 0)
		_exit(126);
	(void)execve(argv[0], argv, environment);
	_exit(127);
}

pid_t call_start(struct load *l, const struct call *c, const char *name)
{
	pid_t pid = fork();
	if (pid == 0)
		child_main(l, c, name);
	if (pid < 0)
		load_wrong(l, "cannot start %s: %s", c->words[0], strerror(errno));
	return pid;
}

struct json *call_answer(const struct load *l, const char *name, const char *suffix)
{
	char path[PATH_MAX + 64];
	struct buf text = BUF_INIT(ANSWER_BYTES);
	struct json *j = NULL;
	(void)snprintf(path, sizeof path, "%s/%s.%s", l->work, name, suffix);
	if (os_file_read(path, &text, NULL) == 0 && text.len) {
		/* Remarks come before the object of an error, a line each. */
		const char *at = !strcmp(suffix, "err") && text.len > 2 ? strstr(buf_text(&text), "{\"ok\"") : buf_text(&text);
		if (at && json_parse(&j, at, strlen(at), NULL) < 0)
			j = NULL;
	}
	buf_done(&text);
	return j;
}

int call_run(struct load *l, const struct call *c, const char *name, struct json **out)
{
	char said[300];
	int status;
	pid_t pid = call_start(l, c, name), was;
	do
		was = waitpid(pid, &status, 0);
	while (was < 0 && errno == EINTR);
	struct json *answer = was == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? call_answer(l, name, "out") : NULL;
	if (out)
		*out = answer;
	else
		json_free(answer);
	if (answer)
		return 0;
	struct json *why = call_answer(l, name, "err");
	const char *message = json_text(json_get(json_get(why, "error"), "message"), NULL);
	call_text(c, said, sizeof said);
	(void)fprintf(stderr, "load: %s: %s\n", said, message ? message : "failed");
	json_free(why);
	return -1;
}

/* Workers */

static void worker_start(struct load *l, struct worker_process *w)
{
	struct call c;
	char name[24];
	c.n = 0;
	call_add(&c, "%s", l->enclua);
	call_add(&c, "--home");
	call_add(&c, "%s", l->home);
	call_add(&c, "--as");
	call_add(&c, "%s", w->name);
	if (!strcmp(w->name, "boss")) {
		call_add(&c, "--passphrase-file");
		call_add(&c, "%s/pass", l->work);
	}
	call_add(&c, "worker");
	call_add(&c, "run");
	call_add(&c, "--pool");
	call_add(&c, "mill");
	(void)snprintf(name, sizeof name, "worker.%s", w->name);
	w->pid = call_start(l, &c, name);
	w->started++;
}

void workers_start(struct load *l, bool all)
{
	for (size_t i = 0; i < l->n_processes; i++)
		if (!l->workers[i].pid && (all || os_now_us() >= l->workers[i].again))
			worker_start(l, &l->workers[i]);
}

bool worker_ended(struct load *l, pid_t pid, int status)
{
	for (size_t i = 0; i < l->n_processes; i++) {
		struct worker_process *w = &l->workers[i];
		if (w->pid != pid)
			continue;
		w->pid = 0;
		w->again = os_now_us() + AGAIN_US;
		if (w->killed)
			w->killed = 0;
		else if (!w->stopping || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
			load_wrong(l, "%s has ended by itself: %s %d", w->name, WIFEXITED(status) ? "exit" : "signal", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
		return true;
	}
	return false;
}

/* A slot that breaks off is started again by its worker, so that nothing is missing but time: what it said shows it. */
static void said_check(struct load *l, const struct worker_process *w)
{
	static const char *const bad[] = { "Assertion", "runtime error", "Sanitizer", "slot" };
	char path[PATH_MAX + 64];
	struct buf text = BUF_INIT(ANSWER_BYTES);
	(void)snprintf(path, sizeof path, "%s/worker.%s.err", l->work, w->name);
	if (os_file_read(path, &text, NULL) < 0)
		load_wrong(l, "what %s said cannot be read", w->name);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *at = strstr(buf_text(&text), bad[i]);
		if (at && (strcmp(bad[i], "slot") != 0 || !l->killed))
			load_wrong(l, "%s said: %.*s", w->name, (int)strcspn(at, "\n"), at);
	}
	buf_done(&text);
}

/* For whoever has to find out why something hung: the last words of each worker, and which tasks have not ended. */
void workers_tell(struct load *l)
{
	struct json *list = NULL;
	struct call c;
	for (size_t i = 0; i < l->n_processes; i++) {
		char path[PATH_MAX + 64];
		struct buf text = BUF_INIT(ANSWER_BYTES);
		(void)snprintf(path, sizeof path, "%s/worker.%s.err", l->work, l->workers[i].name);
		if (os_file_read(path, &text, NULL) == 0)
			(void)fprintf(stderr, "load: %s, process %d, started %u times, said last: %s\n", l->workers[i].name, (int)l->workers[i].pid, l->workers[i].started,
				buf_text(&text) + (text.len > TELL_BYTES ? text.len - TELL_BYTES : 0));
		buf_done(&text);
	}
	call_begin(l, &c, NULL);
	call_add(&c, "task");
	call_add(&c, "list");
	(void)call_run(l, &c, "tell", &list);
	for (size_t i = 0; i < json_count(json_get(list, "tasks")); i++) {
		const struct json *t = json_at(json_get(list, "tasks"), i);
		const char *status = json_text(json_get(t, "status"), NULL), *id = json_text(json_get(t, "task"), NULL);
		if (status && id && (!strcmp(status, "RUNNING") || !strcmp(status, "WAITING") || !strcmp(status, "INTERRUPTED")))
			(void)fprintf(stderr, "load: %s is %s\n", id, status);
	}
	json_free(list);
}

static void workers_leave(struct load *l)
{
	for (size_t i = 0; i < l->n_processes; i++)
		if (l->workers[i].pid > 0) {
			l->workers[i].stopping = true;
			(void)kill(l->workers[i].pid, SIGTERM);
		}
	for (uint64_t until = os_now_us() + STOP_S * 1000000u; os_now_us() < until;) {
		bool left = false;
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);
		if (pid > 0) {
			(void)worker_ended(l, pid, status);
			continue;
		}
		for (size_t i = 0; i < l->n_processes; i++)
			left |= l->workers[i].pid > 0;
		if (!left)
			return;
		(void)usleep(10000);
	}
	for (size_t i = 0; i < l->n_processes; i++)
		if (l->workers[i].pid > 0) {
			load_wrong(l, "%s does not leave", l->workers[i].name);
			(void)kill(l->workers[i].pid, SIGKILL);
		}
}

void workers_stop(struct load *l)
{
	workers_leave(l);
	for (size_t i = 0; i < l->n_processes; i++)
		said_check(l, &l->workers[i]);
}
