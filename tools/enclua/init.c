/* enclua init, version: where everything begins. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actor.h"
#include "base/os.h"
#include "host/host.h"
#include "trust/keeper.h"
#include "verbs.h"

/* Two first commands at once make one home: who comes second waits, and finds everything there. The keystore locks the home and its keys/ for
 * each key, so this lock is on a folder of which it knows nothing. */
static int home_lock(const struct cli *c, struct err *e)
{
	char path[4200];
	if (cli_home_path(c, "running", path, sizeof path, e) < 0 || os_dir_make(path, 0700, e) < 0)
		return -1;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && os_lock(fd) == 0)
		return fd;
	err_sys(e, errno, "cannot lock %s", path);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Each step is safe to repeat, and the book comes last: a home without it is one whose making was cut short, and init finishes it. */
int cli_home_make(struct cli *c, const char *passphrase, struct err *e)
{
	char keys[4200], chosen[LIMIT_NAME_BYTES + 1];
	struct identity *me = NULL;
	struct keystore_item item;
	struct book *book = NULL;
	struct err why = { .code = ERR_NONE };
	int r = -1, lock = -1;
	mode_t before = umask(077);
	if (cli_keys_dir(c, keys, sizeof keys, e) < 0 || os_dir_make(keys, 0700, e) < 0 || (lock = home_lock(c, e)) < 0)
		goto out;
	const bool there = keystore_find(keys, "me", &item, &why) == 0;
	if (!there && why.code != ERR_NOT_FOUND) {
		*e = why;
		goto out;
	}
	if (!there && (identity_new(&me, e) < 0 || keystore_add(keys, "me", me, passphrase, e) < 0))
		goto out;
	why.code = ERR_NONE;
	if (keystore_default(keys, chosen, &why) < 0 && why.code != ERR_NOT_FOUND) {	/* not read is not none */
		*e = why;
		goto out;
	}
	if (why.code && keystore_default_set(keys, "me", e) < 0)
		goto out;
	if (keeper_make(c->home, e) < 0 || host_open(&book, c->home, true, e) < 0)
		goto out;
	/* `me` may be there from before, under a passphrase that nobody was asked for: then it introduces itself when it first signs. */
	if (me || keystore_open(keys, "me", passphrase, &me, NULL) == 0)
		r = actor_register(book, "me", me, e);
	else
		r = 0;
	if (r == 0)
		r = host_local_pool(book, e) < 0 ? -1 : book_checkpoint(book, NULL, e);
out:
	umask(before);
	book_close(book);
	identity_free(me);
	if (lock >= 0)
		close(lock);
	return r;
}

static int init_result(struct cli *c, bool kept, struct err *e)
{
	struct keystore_item me;
	char keys[4200], text[IDENTITY_TEXT];
	if (cli_keys_dir(c, keys, sizeof keys, e) < 0 || keystore_find(keys, "me", &me, e) < 0)
		return -1;
	identity_text(text, me.public_key);
	json_write_key(&c->out, "home");
	json_write_text(&c->out, c->home);
	json_write_key(&c->out, "identity");
	json_write_text(&c->out, text);
	json_write_key(&c->out, "name");
	json_write_text(&c->out, me.name);
	json_write_key(&c->out, "sealed");
	json_write_bool(&c->out, me.sealed);
	return cli_print(c, e, "home      %s\nidentity  %s %s (%s%s)\n", cli_safe(c->home, strlen(c->home), 0), me.name, text,
		me.sealed ? "under a passphrase" : "without a passphrase", kept ? "; it was here already" : "");
}

static int run_init(struct cli *c, struct args *a, struct err *e)
{
	struct keystore_item me;
	struct buf pass = BUF_INIT(CLI_PASSPHRASE_BYTES);
	char keys[4200];
	int r = -1;
	if (host_home_guard(c->home, e) < 0)
		return -1;
	if (cli_has_home(c)) {
		err_set(e, ERR_CONFLICT, "there is a home at %s already", c->home);
		return err_hint(e, "use it, or choose another place: enclua --home DIR init");
	}
	if (cli_keys_dir(c, keys, sizeof keys, e) < 0)
		return -1;
	bool kept = keystore_find(keys, "me", &me, NULL) == 0, clear = args_has(a, "no-passphrase");
	if (!kept && !clear && cli_passphrase(c, "a passphrase for the identity `me`", true, &pass, e) < 0) {
		if (!cli_can_prompt(c) && !c->passphrase_file)
			err_hint(e, "enclua init --passphrase-file FILE, or enclua init --no-passphrase");
		goto out;
	}
	if (cli_home_make(c, clear ? NULL : buf_text(&pass), e) < 0)
		goto out;
	r = init_result(c, kept, e);
out:
	buf_done(&pass);
	return r;
}

static int run_version(struct cli *c, struct args *a, struct err *e)
{
	(void)a;
	json_write_key(&c->out, "version");
	json_write_text(&c->out, CLI_VERSION);
	return cli_print(c, e, "%s %s\n", c->face->program, CLI_VERSION);
}

static const struct option_row init_options[] = {
	{ "no-passphrase", 0, NULL, false, "keep the key of `me` in the clear (mode 0600)" },
	{ NULL, 0, NULL, false, NULL },
};

const struct command init_commands[] = {
	{ "init", "[--no-passphrase]", "Make a home: the identity `me`, the machine's keys, a new book",
	  "Example: enclua init --no-passphrase\n\nThe home holds keys, sealed bytes and a book of its own; nobody else may read it (mode 0700).\n"
	  "Without a terminal, give the passphrase by --passphrase-file, or choose --no-passphrase. An identity `me` that is there\nalready is kept as it is.", init_options, 0, 0, run_init },
	{ "version", "", "Print the version", NULL, NULL, 0, 0, run_version },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
