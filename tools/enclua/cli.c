/* What every verb leans on: output that appears whole or not at all, the progress bar, the home and who acts in it. */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "host/host.h"
#include "seal/machine_key.h"

#define BAR_AFTER_US 500000u
#define BAR_EVERY_US 100000u

int cli_print(struct cli *c, struct err *e, const char *fmt, ...)
{
	va_list ap, again;
	if (c->json)
		return 0;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	int r = n < 0 ? -1 : buf_reserve(&c->text, (size_t)n, e);
	if (r == 0) {
		(void)vsnprintf((char *)c->text.data + c->text.len, (size_t)n + 1, fmt, again);
		c->text.len += (size_t)n;
	}
	va_end(again);
	return r;
}

void cli_note(const struct cli *c, const char *fmt, ...)
{
	if (c->quiet || c->json)
		return;
	va_list ap;
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
}

const char *cli_safe(const char *text, size_t len, unsigned slot)
{
	static char shown[4][2048];	/* four at once in one printf; longer text is cut */
	struct buf b = BUF_INIT(4 * (size_t)sizeof shown[0]);
	size_t take = len < sizeof shown[0] / 4 ? len : sizeof shown[0] / 4;
	char *out = shown[slot % 4];
	out[0] = '\0';
	if (text_escape(&b, text, take, NULL) == 0)
		(void)snprintf(out, sizeof shown[0], "%s%s", buf_text(&b), take < len ? "…" : "");
	buf_done(&b);
	return out;
}

int cli_write_stdout(const void *bytes, size_t n, struct err *e)
{
	if (fflush(stdout) != 0 || os_write(STDOUT_FILENO, bytes, n) < 0)
		return err_sys(e, errno, "cannot write to standard output");
	return 0;
}

/* A terminal that can rub out what it shows. */
static bool bar_possible(void)
{
	const char *term = getenv("TERM");
	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

void cli_progress(struct cli *c, const char *what, uint64_t done, uint64_t total)
{
	uint64_t now = os_now_us();
	if (c->quiet || c->json || !bar_possible() || now - c->started_us < BAR_AFTER_US || now - c->drawn_us < BAR_EVERY_US)
		return;
	c->drawn_us = now;
	c->drawing = true;
	if (total == 0) {
		(void)fprintf(stderr, "\r%-10s %8.1f MiB\x1b[K", what, (double)done / 1048576.0);
		return;
	}
	double share = done < total ? (double)done / (double)total : 1.0;
	char bar[31];
	for (int i = 0; i < 30; i++)
		bar[i] = i < (int)(share * 30) ? '#' : '.';
	bar[30] = '\0';
	(void)fprintf(stderr, "\r%-10s [%s] %3.0f %%\x1b[K", what, bar, share * 100);
}

void cli_progress_end(struct cli *c)
{
	if (c->drawing)
		(void)fprintf(stderr, "\r\x1b[K");
	c->drawing = false;
	c->started_us = os_now_us();
}

int cli_text_read(const char *path, struct buf *out, struct err *e)
{
	if (os_file_read(path, out, e) < 0)
		return -1;
	if (memchr(buf_text(out), '\0', out->len))
		return err_set(e, ERR_INVALID, "%s is no text: it holds a zero byte", cli_safe(path, strlen(path), 0));
	return 0;
}

int cli_archive_read(const char *path, struct buf *out, struct err *e)
{
	int r = os_file_read(path, out, e);
	if (r < 0 && e->code == ERR_LIMIT)
		e->code = ERR_INVALID;
	return r;
}

int cli_home_path(const struct cli *c, const char *name, char *out, size_t size, struct err *e)
{
	int n = snprintf(out, size, "%s/%s", c->home, name);
	if (n < 0 || (size_t)n >= size)
		return err_set(e, ERR_USAGE, "the path of the home is too long");
	return 0;
}

int cli_keys_dir(const struct cli *c, char *out, size_t size, struct err *e)
{
	return host_home_guard(c->home, e) < 0 ? -1 : cli_home_path(c, "keys", out, size, e);
}

/* The book publishes its first checkpoint last, so a home with that is a finished one. */
bool cli_has_home(const struct cli *c)
{
	char path[4200];
	return cli_home_path(c, "book/checkpoint", path, sizeof path, NULL) == 0 && os_exists(path) &&
		cli_home_path(c, "store.db", path, sizeof path, NULL) == 0 && os_exists(path);
}

static int acting_name(struct cli *c, char name[static LIMIT_NAME_BYTES + 1], struct err *e)
{
	char dir[4200];
	if (host_home_guard(c->home, e) < 0)
		return -1;
	if (!cli_has_home(c)) {
		err_set(e, ERR_NOT_FOUND, "there is no home at %s", c->home);
		return err_hint(e, "enclua init");
	}
	if (cli_keys_dir(c, dir, sizeof dir, e) < 0)
		return -1;
	if (!c->as)
		return keystore_default(dir, name, e);
	if (keystore_name_check(c->as, e) < 0)
		return -1;
	(void)snprintf(name, LIMIT_NAME_BYTES + 1, "%s", c->as);
	return 0;
}

int cli_identity_public(struct cli *c, struct keystore_item *out, struct err *e)
{
	char name[LIMIT_NAME_BYTES + 1], dir[4200];
	if (acting_name(c, name, e) < 0 || cli_keys_dir(c, dir, sizeof dir, e) < 0)
		return -1;
	return keystore_find(dir, name, out, e);
}

int cli_identity_open_named(struct cli *c, const char *name, struct identity **out, struct err *e)
{
	char dir[4200], prompt[LIMIT_NAME_BYTES + 32];
	struct keystore_item item;
	if (cli_keys_dir(c, dir, sizeof dir, e) < 0 || keystore_find(dir, name, &item, e) < 0)
		return -1;
	if (!item.sealed)
		return keystore_open(dir, name, NULL, out, e);
	struct buf pass = BUF_INIT(CLI_PASSPHRASE_BYTES);
	(void)snprintf(prompt, sizeof prompt, "passphrase of %s", name);
	int r = cli_passphrase(c, prompt, false, &pass, e);
	if (r == 0)
		r = keystore_open(dir, name, buf_text(&pass), out, e);
	buf_done(&pass);
	return r;
}

int cli_identity_open(struct cli *c, struct identity **out, struct err *e)
{
	char name[LIMIT_NAME_BYTES + 1];
	if (acting_name(c, name, e) < 0)
		return -1;
	return cli_identity_open_named(c, name, out, e);
}

/* This machine's own keys have names too, unless a key of the home is called so. */
static int machine_who(const struct cli *c, const char *who, uint8_t public_key[static 32], uint8_t age_public[static 32])
{
	static const char *const names[] = { "worker", "manager" };
	struct identity *id = NULL;
	struct err ignored;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(who, names[i]) == 0 && machine_key_open(c->home, who, &id, &ignored) == 0) {
			memcpy(public_key, identity_public(id), 32);
			memcpy(age_public, identity_age_public(id), 32);
			identity_free(id);
			return 0;
		}
	return -1;
}

int cli_who(struct cli *c, const char *who, uint8_t public_key[static 32], uint8_t age_public[static 32], bool *age_known,
	struct err *e)
{
	char dir[4200];
	struct keystore_item item;
	bool spelled = !strncmp(who, "enclua1", 7);
	*age_known = false;
	if (cli_keys_dir(c, dir, sizeof dir, e) < 0)
		return -1;
	if (spelled && identity_parse(public_key, who, e) < 0)
		return -1;
	int r = spelled ? keystore_find_public(dir, public_key, &item, NULL) : keystore_find(dir, who, &item, e);
	if (r < 0 && !spelled) {
		*age_known = machine_who(c, who, public_key, age_public) == 0;
		return *age_known ? 0 : -1;
	}
	if (r < 0)
		return 0;
	memcpy(public_key, item.public_key, 32);
	memcpy(age_public, item.age_public, 32);
	*age_known = true;
	return 0;
}
