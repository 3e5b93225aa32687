/* enclua: one program, one table of commands. This file lists the verbs, decides where the home is, and prints each result or error once. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "cli.h"
#include "seal/crypto.h"
#include "verbs.h"

#define STACK_BYTES KIB(512)	/* a run uses less than half of it, and what we start inherits the limit */

const struct command *const command_sets[] = {
#define X(set) set,
	VERB_SETS(X)
#undef X
	NULL,
};

/* Never the folder that one happens to stand in: keys would lie there. Who has no HOME has one in the list of users; who is not in it has none. */
static const char *user_folder(void)
{
	const char *home = getenv("HOME");
	if (home && home[0] == '/')
		return home;
	const struct passwd *user = getpwuid(geteuid());
	return user && user->pw_dir && user->pw_dir[0] == '/' ? user->pw_dir : "/dev/null";
}

static int home_choose(struct cli *c, const char *given, struct err *e)
{
	const char *env = getenv("ENCLUA_HOME"), *data = getenv("XDG_DATA_HOME");
	int n;
	if (!given && env && env[0])
		given = env;
	if (given)
		n = snprintf(c->home, sizeof c->home, "%s", given);
	else if (data && data[0] == '/')
		n = snprintf(c->home, sizeof c->home, "%s/enclua", data);
	else
		n = snprintf(c->home, sizeof c->home, "%s/.local/share/enclua", user_folder());
	if (n <= 0 || (size_t)n >= sizeof c->home - 256)
		return err_set(e, ERR_USAGE, n ? "the path of the home is too long" : "--home is empty");
	return 0;
}

static int globals_take(struct cli *c, const struct args *a, struct err *e)
{
	const char *as = getenv("ENCLUA_AS"), *file = getenv("ENCLUA_PASSPHRASE_FILE");
	c->quiet = args_has(a, "quiet");
	c->verbose = args_has(a, "verbose");
	c->as = args_has(a, "as") ? args_get(a, "as") : as && as[0] ? as : NULL;
	c->passphrase_file = args_has(a, "passphrase-file") ? args_get(a, "passphrase-file") : file && file[0] ? file : NULL;
	if (args_has(a, "host")) {
		err_set(e, ERR_UNAVAILABLE, "this version works on its own home only and reaches no remote host");
		return err_hint(e, "leave --host out");
	}
	return home_choose(c, args_get(a, "home"), e);
}

static int version_print(struct cli *c, struct err *e)
{
	json_write_key(&c->out, "version");
	json_write_text(&c->out, CLI_VERSION);
	return cli_print(c, e, "%s %s\n", c->face->program, CLI_VERSION);
}

static int command_do(struct cli *c, struct args *a, struct err *e)
{
	if (args_has(a, "version"))
		return version_print(c, e);
	if (args_has(a, "help"))
		return cli_help(c, a->command, a->group, e);
	return crypto_init(e) < 0 ? -1 : a->command->run(c, a, e);
}

static int result_print(struct cli *c, struct err *e)
{
	if (c->json) {
		json_write_object_end(&c->out);
		if (json_write_done(&c->out) < 0 || buf_add_text(&c->object, "\n", e) < 0)
			return -1;
	}
	const struct buf *b = c->json ? &c->object : &c->text;
	if (cli_write_stdout(b->data, b->len, e) < 0)	/* whoever would do it again has to know */
		return err_wrap(e, "it is done, and cannot be shown");
	return 0;
}

static void error_print(const struct cli *c, const struct err *e)
{
	struct buf b = BUF_INIT(KIB(64)), msg = BUF_INIT(KIB(64)), hint = BUF_INIT(KIB(64));
	struct json_writer w;
	(void)face_text(c->face, e->msg, &msg, NULL);
	(void)face_text(c->face, e->hint, &hint, NULL);
	if (!c->json) {	/* what a message quotes may come from a hostile file */
		(void)text_escape(&b, buf_text(&msg), msg.len, NULL);
		(void)buf_add_text(&b, hint.len ? "\n  try: " : "", NULL);
		(void)text_escape(&b, buf_text(&hint), hint.len, NULL);
		(void)fprintf(stderr, "%s: %s\n", c->face->program, buf_text(&b));
		goto out;
	}
	json_write_init(&w, &b, NULL);
	json_write_object(&w);
	json_write_key(&w, "ok");
	json_write_bool(&w, false);
	json_write_key(&w, "error");
	json_write_object(&w);
	json_write_key(&w, "code");
	json_write_text(&w, err_name(e->code));
	json_write_key(&w, "message");
	json_write_text(&w, buf_text(&msg));
	json_write_key(&w, "hint");
	json_write_text(&w, hint.len ? buf_text(&hint) : NULL);
	json_write_object_end(&w);
	json_write_object_end(&w);
	(void)fprintf(stderr, "%s\n", buf_text(&b));
out:
	buf_done(&b);
	buf_done(&msg);
	buf_done(&hint);
}

/* Known before parsing has succeeded, so that a usage error is JSON too. */
static bool json_asked(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--json"))
			return true;
	return false;
}

/* A descriptor 0, 1 or 2 that is not open would be given to the first file we open; a broken one in its place fails as it should. */
static void descriptors_fill(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* `enclua … | head`: whoever read our output has gone. */
static bool reader_gone(const struct err *e)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };
	return e->code == ERR_UNAVAILABLE && poll(&p, 1, 0) == 1 && (p.revents & POLLERR);
}

static int run(struct cli *c, struct args *a, int argc, char **argv, struct err *e)
{
	uint64_t begun = os_now_us();
	json_write_init(&c->out, &c->object, e);
	c->face = face_of(argc > 0 ? argv[0] : NULL);
	c->argv = face_argv(c->face, &argc, argv, e);
	if (!c->argv)
		return -1;
	json_write_object(&c->out);
	json_write_key(&c->out, "ok");
	json_write_bool(&c->out, true);
	if (os_stack_need(STACK_BYTES, e) < 0 || cli_parse(argc, c->argv, a, e) < 0 || globals_take(c, a, e) < 0 || command_do(c, a, e) < 0)
		return -1;
	cli_progress_end(c);
	if (c->verbose)
		cli_note(c, "home %s, %.1f ms", cli_safe(c->home, strlen(c->home), 0), (double)(os_now_us() - begun) / 1000);
	return result_print(c, e);
}

int main(int argc, char **argv)
{
	struct err e = { .code = ERR_NONE };
	struct args a = { .words = NULL };
	os_no_dumps();	/* keys, passphrases, arguments and secrets pass through here */
	descriptors_fill();
	struct cli *c = calloc(1, sizeof *c);
	if (!c) {
		(void)fprintf(stderr, "%s: out of memory\n", face_of(argc > 0 ? argv[0] : NULL)->program);
		return err_exit(ERR_LIMIT);
	}
	(void)signal(SIGCHLD, SIG_DFL);	/* whoever started us may ignore it; then the ends of our children would not be told */
	(void)signal(SIGPIPE, SIG_IGN);	/* a box that dies is an error to report, not our end */
	(void)signal(SIGXFSZ, SIG_IGN);	/* and so is a file that may not grow */
	c->text = (struct buf)BUF_INIT(MIB(64));
	c->object = (struct buf)BUF_INIT(MIB(64));
	c->started_us = os_now_us();
	c->json = json_asked(argc, argv);
	int r = run(c, &a, argc, argv, &e);
	cli_progress_end(c);
	bool gone = r < 0 && reader_gone(&e);
	if (r < 0 && e.code == ERR_USAGE && !e.hint[0] && a.command)
		err_hint(&e, "enclua %s --help", a.command->words);
	if (r < 0 && !gone)
		error_print(c, &e);
	buf_done(&c->text);
	buf_done(&c->object);
	args_done(&a);
	free(c->argv);
	free(c);
	if (gone) {	/* the silent end that a pipeline expects */
		(void)signal(SIGPIPE, SIG_DFL);
		(void)raise(SIGPIPE);
	}
	return r < 0 ? err_exit(e.code ? e.code : ERR_INTERNAL) : 0;
}
