/* Questions to a person: passphrases, without an echo. They go to the terminal itself, so that standard input may be data; where
 * there is no terminal, or with --json, nothing is ever asked and the error names the flag that answers instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/os.h"
#include "cli.h"

static int terminal_open(void)
{
	return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

/* A job without any stream on the terminal is a script's, even when the script was started from one. */
bool cli_can_prompt(const struct cli *c)
{
	if (c->json || (!isatty(STDIN_FILENO) && !isatty(STDERR_FILENO)))
		return false;
	int tty = terminal_open();
	if (tty >= 0)
		close(tty);
	return tty >= 0;
}

/* One line, or -1: cut off, or one of the signals (which stays pending, and ends us when it is let in again). */
static ssize_t line_read(int tty, int signals, char *line, size_t size)
{
	struct pollfd p[] = { { .fd = tty, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
	while (poll(p, signals >= 0 ? 2 : 1, -1) < 0)
		if (errno != EINTR)
			return -1;
	return p[1].revents ? -1 : read(tty, line, size);
}

/* Signals wait until the echo is back: nobody should be left with a dead terminal. */
static ssize_t line_ask(int tty, const char *prompt, char *line, size_t size)
{
	sigset_t stop, before;
	struct termios old, quiet;
	if (tcgetattr(tty, &old) < 0)
		return -1;
	sigemptyset(&stop);
	const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
		sigaddset(&stop, ending[i]);
	(void)sigprocmask(SIG_BLOCK, &stop, &before);
	int signals = signalfd(-1, &stop, SFD_CLOEXEC);
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	(void)tcsetattr(tty, TCSAFLUSH, &quiet);
	(void)dprintf(tty, "%s", prompt);
	ssize_t n = line_read(tty, signals, line, size);
	(void)tcsetattr(tty, TCSAFLUSH, &old);
	(void)dprintf(tty, "\n");
	if (signals >= 0)
		close(signals);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return n;
}

static int passphrase_ask(const char *prompt, struct buf *out, struct err *e)
{
	char line[CLI_PASSPHRASE_BYTES], text[LIMIT_NAME_BYTES + 64];
	int tty = terminal_open();
	if (tty < 0)
		return err_sys(e, errno, "cannot ask on the terminal");
	(void)snprintf(text, sizeof text, "%s: ", prompt);
	ssize_t n = line_ask(tty, text, line, sizeof line);
	close(tty);
	int r = -1;
	if (n == (ssize_t)sizeof line && line[n - 1] != '\n') {
		err_set(e, ERR_LIMIT, "what was typed is longer than %u bytes", CLI_PASSPHRASE_BYTES - 1);
		goto out;
	}
	while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
		n--;
	r = n <= 0 ? err_set(e, ERR_USAGE, "nothing was typed") : buf_add(out, line, (size_t)n, e);
out:
	os_wipe(line, sizeof line);
	return r;
}

static int passphrase_file(const char *path, struct buf *out, struct err *e)
{
	struct buf file = BUF_INIT(KIB(64));
	int r = -1;
	if (cli_text_read(path, &file, e) < 0) {
		err_wrap(e, "passphrase file");
		goto out;
	}
	size_t n = strcspn(buf_text(&file), "\r\n");
	if (n == 0) {
		err_set(e, ERR_USAGE, "the first line of %s is empty; it should be the passphrase", path);
		goto out;
	}
	r = buf_add(out, file.data, n, e);
	if (r < 0)
		err_wrap(e, "passphrase file %s", path);
out:
	buf_done(&file);
	return r;
}

int cli_secret_ask(struct cli *c, const char *prompt, struct buf *out, struct err *e)
{
	if (!cli_can_prompt(c)) {
		err_set(e, ERR_USAGE, "%s is needed and there is no terminal to ask on", prompt);
		return err_hint(e, "give a file, or - for standard input");
	}
	cli_progress_end(c);
	return passphrase_ask(prompt, out, e);
}

int cli_passphrase(struct cli *c, const char *prompt, bool twice, struct buf *out, struct err *e)
{
	buf_clear(out);
	if (c->passphrase_file)
		return passphrase_file(c->passphrase_file, out, e);
	if (!cli_can_prompt(c)) {
		err_set(e, ERR_USAGE, "a passphrase is needed and there is no terminal to ask on");
		return err_hint(e, "put it into the first line of a file and add --passphrase-file FILE");
	}
	cli_progress_end(c);
	if (passphrase_ask(prompt, out, e) < 0)
		return -1;
	if (!twice)
		return 0;
	struct buf again = BUF_INIT(CLI_PASSPHRASE_BYTES);
	int r = passphrase_ask("the same again", &again, e);
	if (r == 0 && strcmp(buf_text(out), buf_text(&again)) != 0)
		r = err_set(e, ERR_USAGE, "the two passphrases differ");
	buf_done(&again);
	return r;
}

int cli_line_ask(struct cli *c, const char *question, const char *fallback, char *out, size_t size, struct err *e)
{
	char line[CLI_ANSWER_BYTES];
	int tty = terminal_open();
	if (tty < 0)
		return err_sys(e, errno, "cannot ask on the terminal");
	cli_progress_end(c);
	(void)dprintf(tty, "%s%s%s%s: ", question, fallback[0] ? " [" : "", fallback, fallback[0] ? "]" : "");
	ssize_t n;
	do
		n = read(tty, line, sizeof line);
	while (n < 0 && errno == EINTR);
	close(tty);
	if (n <= 0)
		return err_set(e, ERR_USAGE, "the questions were not answered");
	while (n > 0 && strchr("\r\n\t ", line[n - 1]))
		n--;
	size_t from = 0;
	while ((ssize_t)from < n && line[from] == ' ')
		from++;
	n -= (ssize_t)from;
	if (n >= (ssize_t)size || memchr(line + from, '\0', (size_t)n))
		return err_set(e, ERR_USAGE, "the answer is longer than %zu bytes", size - 1);
	(void)snprintf(out, size, "%.*s", n ? (int)n : (int)size, n ? line + from : fallback);
	return 0;
}
