/* enclua secret, app secret: values that an iApp needs and nobody shall see. They are sealed to the keeper before they leave this process; the book has their versions by hash. A
 * value is never a word of the command line, which every user of the machine can read.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "trade.h"
#include "trust/keeper.h"
#include "verbs.h"

#define SECRET_BYTES KIB(32)

/* From a file, from standard input, or asked for. */
static int value_take(struct cli *c, const struct args *a, const char *prompt, struct buf *out, struct err *e)
{
	const char *from = a->n_words > 1 ? a->words[1] : NULL;
	uint8_t chunk[4096];
	int r = 0;
	if (from && strcmp(from, "-") != 0)
		r = os_file_read(from, out, e);
	else if (!from)
		r = cli_secret_ask(c, prompt, out, e);
	else
		for (ssize_t n; r == 0 && (n = os_read(STDIN_FILENO, chunk, sizeof chunk)) > 0;)
			r = buf_add(out, chunk, (size_t)n, e);
	os_wipe(chunk, sizeof chunk);
	if (r == 0 && out->len == 0)
		r = err_set(e, ERR_USAGE, "the secret is empty");
	return r;
}

/* Sealed and stored; what the entry says of it. */
static int seal(struct trade *t, const struct buf *value, uint8_t blob[static 32], uint64_t *size, struct err *e)
{
	struct buf sealed = BUF_INIT(MIB(1));
	uint8_t keeper[32];
	int r = keeper_of_book(t->b, keeper, e);
	if (r == 0)
		r = keeper_secret_seal(keeper, value->data, value->len, &sealed, e);
	if (r == 0)
		r = store_blob_add(book_store(t->b), sealed.data, sealed.len, blob, e);
	*size = sealed.len;
	buf_done(&sealed);
	return r;
}

static int version_tell(struct trade *t, const char *key, const char *what, const char *id, const char *means, struct err *e)
{
	trade_write(t->c, key, what);
	if (id[0])
		trade_write(t->c, "id", id);
	return cli_print(t->c, e, "%-9s %s\n%s%s%s%s\n", key, what, id[0] ? "id        " : "", id, id[0] ? "\n" : "", means);
}

static int set(struct trade *t, const struct args *a, struct err *e)
{
	struct identity *by = NULL;
	struct buf value = BUF_INIT(SECRET_BYTES);
	struct entry *en = malloc(sizeof *en);
	char id[ID_TEXT];
	int r = -1;
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (keystore_name_check(a->words[0], e) < 0 || value_take(t->c, a, "the secret", &value, e) < 0 || trade_actor(t, &by, e) < 0 ||
		book_draft(t->b, en, ENTRY_SECRET_SET_TYPE, e) < 0)
		goto out;
	en->secret_set.name = entry_text(a->words[0]);
	if (seal(t, &value, en->secret_set.blob, &en->secret_set.size, e) == 0 && trade_enter(t, en, by, id, e) == 0)
		r = version_tell(t, "secret", a->words[0], id, "runs that you ask for from now on get it by --secret-name N=NAME", e);
out:
	identity_free(by);
	buf_done(&value);
	free(en);
	return r;
}

static int app_set(struct trade *t, const struct args *a, struct err *e)
{
	struct identity *by = NULL;
	struct buf value = BUF_INIT(SECRET_BYTES);
	struct entry *en = malloc(sizeof *en);
	char app[ID_TEXT];
	int r = -1;
	if (!en)
		return err_set(e, ERR_LIMIT, "out of memory");
	if (trade_app(t, a->words[0], app, e) < 0 || value_take(t->c, a, "the iApp's secret", &value, e) < 0 || trade_actor(t, &by, e) < 0 ||
		trade_owner_check(t, app, by, e) < 0 || book_draft(t->b, en, ENTRY_APP_SECRET_TYPE, e) < 0)
		goto out;
	memcpy(en->app_secret.app, app, ID_TEXT);
	if (seal(t, &value, en->app_secret.blob, &en->app_secret.size, e) == 0 && trade_enter(t, en, by, NULL, e) == 0)
		r = version_tell(t, "app", app, "", "deals that are made from now on have this version; those made before keep theirs", e);
out:
	identity_free(by);
	buf_done(&value);
	free(en);
	return r;
}

static int list_one(void *ctx, const struct host_secret *s, struct err *e)
{
	struct cli *c = ctx;
	json_write_object(&c->out);
	trade_write(c, "name", s->name);
	trade_write(c, "id", s->id);
	trade_write_number(c, "entry", s->made);
	json_write_object_end(&c->out);
	return cli_print(c, e, "%-20s %s  entry %llu\n", s->name, s->id, (unsigned long long)s->made);
}

static int list(struct trade *t, const struct args *a, struct err *e)
{
	char me[IDENTITY_TEXT];
	(void)a;
	identity_text(me, t->me.public_key);
	json_write_key(&t->c->out, "secrets");
	json_write_array(&t->c->out);
	int r = host_secrets(t->b, me, list_one, t->c, e);
	json_write_array_end(&t->c->out);
	return r;
}

static int with_trade(struct cli *c, struct args *a, int (*f)(struct trade *t, const struct args *a, struct err *e), struct err *e)
{
	struct trade t;
	int r = trade_open(&t, c, e) < 0 ? -1 : f(&t, a, e);
	trade_done(&t);
	return r;
}

static int run_set(struct cli *c, struct args *a, struct err *e)
{
	return with_trade(c, a, set, e);
}

static int run_app_set(struct cli *c, struct args *a, struct err *e)
{
	return with_trade(c, a, app_set, e);
}

static int run_list(struct cli *c, struct args *a, struct err *e)
{
	return with_trade(c, a, list, e);
}

const struct command secret_commands[] = {
	{ "secret set", "NAME [FILE|-]", "Keep a secret for your runs, sealed to the keeper",
	  "Example: enclua secret set api-token token.txt\n\nFrom FILE, from standard input (-), or asked for on the terminal; never a word of the command line.\n"
	  "The same name again is a new version; deals that are made already keep the one that they were made with.\nAn iApp gets it by enclua run-task … --secret-name 1=api-token.",
	  NULL, 1, 2, run_set },
	{ "secret list", "", "List your secrets and their versions, oldest first", NULL, NULL, 0, 0, run_list },
	{ "app secret set", "APP [FILE|-]", "Give an iApp of yours its own secret, sealed to the keeper",
	  "Example: enclua app secret set mailer smtp-password.txt\n\nFrom FILE, from standard input (-), or asked for on the terminal; never a word of the command line.\n"
	  "Its manifest says inputs.app_secret: true; in it, task:app_secret() is this value. Deals that are made already keep their version.", NULL, 1, 2, run_app_set },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
