/* enclua key: make, show, export and import the identities of the home. Secrets are shown only by the two options that say so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "actor.h"
#include "base/os.h"
#include "form/note.h"
#include "host/host.h"
#include "seal/age.h"
#include "seal/minisign.h"
#include "verbs.h"

#define PASSPHRASE_BYTES 1024u
#define IMPORT_BYTES KIB(64)	/* a file of comments and one line */

/* The public texts of one key: what each tool calls it. */
struct texts {
	char identity[IDENTITY_TEXT], age[AGE_RECIPIENT_TEXT], minisign[57];
	struct buf note;
};

static int texts_make(struct texts *t, const struct keystore_item *item, struct err *e)
{
	struct minisign_key signer;
	struct note_key note;
	t->note = (struct buf)BUF_INIT(KIB(1));
	identity_text(t->identity, item->public_key);
	age_recipient_text(t->age, item->age_public);
	minisign_key_of(&signer, item->public_key);
	minisign_key_line(t->minisign, &signer);
	if (note_key_make(&note, item->name, NOTE_ED25519, item->public_key, e) < 0)
		return -1;
	return note_key_text(&note, &t->note, e);
}

static void json_pair(struct cli *c, const char *key, const char *text)
{
	json_write_key(&c->out, key);
	json_write_text(&c->out, text);
}

static void json_item(struct cli *c, const struct keystore_item *item, const struct texts *t)
{
	json_pair(c, "name", item->name);
	json_pair(c, "identity", t->identity);
	json_pair(c, "age", t->age);
	json_pair(c, "minisign", t->minisign);
	json_pair(c, "note", buf_text(&t->note));
	json_write_key(&c->out, "sealed");
	json_write_bool(&c->out, item->sealed);
	json_write_key(&c->out, "default");
	json_write_bool(&c->out, item->is_default);
}

static const char *protection(const struct keystore_item *item)
{
	return item->sealed ? "under a passphrase" : "in the clear";
}

static int show(struct cli *c, const char *name, struct err *e)
{
	char dir[4200];
	struct keystore_item item;
	struct texts t;
	if (cli_keys_dir(c, dir, sizeof dir, e) < 0 || keystore_find(dir, name, &item, e) < 0)
		return -1;
	int r = texts_make(&t, &item, e);
	if (r == 0) {
		json_item(c, &item, &t);
		r = cli_print(c, e, "name      %s%s, %s\nidentity  %s\nage       %s\nminisign  %s\nnote      %s\n", item.name,
			item.is_default ? " (default)" : "", protection(&item), t.identity, t.age, t.minisign, buf_text(&t.note));
	}
	buf_done(&t.note);
	return r;
}

static int run_show(struct cli *c, struct args *a, struct err *e)
{
	return show(c, a->words[0], e);
}

static int run_list(struct cli *c, struct args *a, struct err *e)
{
	char dir[4200];
	struct keystore_item *items = NULL;
	size_t n = 0;
	int r = -1;
	(void)a;
	if (cli_keys_dir(c, dir, sizeof dir, e) < 0 || keystore_list(dir, &items, &n, e) < 0)
		return -1;
	json_write_key(&c->out, "keys");
	json_write_array(&c->out);
	for (size_t i = 0; i < n; i++) {
		struct texts t;
		if (texts_make(&t, &items[i], e) == 0) {
			json_write_object(&c->out);
			json_item(c, &items[i], &t);
			json_write_object_end(&c->out);
		}
		int bad = !t.note.len || cli_print(c, e, "%c %-16s %s  %s\n", items[i].is_default ? '*' : ' ', items[i].name, t.identity,
			protection(&items[i])) < 0;
		buf_done(&t.note);
		if (bad)
			goto out;
	}
	json_write_array_end(&c->out);
	if (n == 0)
		cli_note(c, "no keys yet; make one: enclua key new NAME");
	r = 0;
out:
	free(items);
	return r;
}

/* The book learns of it. */
static int introduce(struct cli *c, const char *name, const struct identity *id, struct err *e)
{
	struct book *b = NULL;
	int r = host_open(&b, c->home, false, e);
	if (r == 0)
		r = actor_register(b, name, id, e);
	book_close(b);
	return r;
}

static int run_register(struct cli *c, struct args *a, struct err *e)
{
	struct identity *id = NULL;
	char text[IDENTITY_TEXT];
	if (cli_identity_open_named(c, a->words[0], &id, e) < 0)
		return -1;
	int r = introduce(c, a->words[0], id, e);
	identity_text(text, identity_public(id));
	identity_free(id);
	json_pair(c, "name", a->words[0]);
	json_pair(c, "identity", text);
	return r < 0 ? -1 : cli_print(c, e, "%s is known to the book as %s\n", text, a->words[0]);
}

/* Puts an identity into the home under a new passphrase or in the clear, and shows it. The first one becomes the default. */
static int keep(struct cli *c, const struct args *a, const char *name, const struct identity *id, struct err *e)
{
	char dir[4200], prompt[LIMIT_NAME_BYTES + 64], chosen[LIMIT_NAME_BYTES + 1];
	struct buf pass = BUF_INIT(PASSPHRASE_BYTES);
	bool clear = args_has(a, "no-passphrase");
	int r = -1;
	(void)snprintf(prompt, sizeof prompt, "a passphrase for the key %s", name);
	if (!clear && cli_passphrase(c, prompt, true, &pass, e) < 0) {
		if (!cli_can_prompt(c) && !c->passphrase_file)
			err_hint(e, "add --passphrase-file FILE, or --no-passphrase to keep the key in the clear");
		goto out;
	}
	if (cli_keys_dir(c, dir, sizeof dir, e) < 0 || keystore_add(dir, name, id, clear ? NULL : buf_text(&pass), e) < 0)
		goto out;
	struct err why = { .code = ERR_NONE };
	if (keystore_default(dir, chosen, &why) < 0 && why.code != ERR_NOT_FOUND) {	/* not read is not none: what was chosen stays */
		*e = why;
		goto out;
	}
	if (why.code && keystore_default_set(dir, name, e) < 0)
		goto out;
	if (cli_has_home(c) && introduce(c, name, id, e) < 0) {
		err_wrap(e, "the key %s is made, and the book does not know it yet", name);
		err_hint(e, "enclua key register %s", name);
		goto out;
	}
	r = show(c, name, e);
out:
	buf_done(&pass);
	return r;
}

/* Its making was cut short, before the book learnt of it. */
static bool is_unknown(struct cli *c, const struct keystore_item *item)
{
	struct store_identity known;
	struct book *b = NULL;
	const bool unknown = cli_has_home(c) && host_open(&b, c->home, false, NULL) == 0 && store_identity_find(book_store(b), item->public_key, &known, NULL) == 0;
	book_close(b);
	return unknown;
}

/* Before anybody is asked for a passphrase: is the name good, and free? */
static int name_is_free(struct cli *c, const char *name, struct err *e)
{
	char dir[4200];
	struct keystore_item item;
	if (keystore_name_check(name, e) < 0 || cli_keys_dir(c, dir, sizeof dir, e) < 0)
		return -1;
	if (keystore_find(dir, name, &item, NULL) < 0)
		return 0;
	err_set(e, ERR_CONFLICT, "there is a key called %s already", name);
	if (is_unknown(c, &item))
		return err_hint(e, "enclua key register %s   for it is not in the book yet; or choose another name", name);
	return err_hint(e, "choose another name; all that are taken: enclua key list");
}

static int run_new(struct cli *c, struct args *a, struct err *e)
{
	struct identity *id = NULL;
	int r = -1;
	if (name_is_free(c, a->words[0], e) == 0 && identity_new(&id, e) == 0)
		r = keep(c, a, a->words[0], id, e);
	identity_free(id);
	return r;
}

static int run_default(struct cli *c, struct args *a, struct err *e)
{
	char dir[4200];
	if (cli_keys_dir(c, dir, sizeof dir, e) < 0 || keystore_default_set(dir, a->words[0], e) < 0)
		return -1;
	json_pair(c, "name", a->words[0]);
	return cli_print(c, e, "%s is the default key\n", a->words[0]);
}

/* ---- export ---- */

static int export_age(struct buf *out, const struct texts *t, const struct identity *id, struct err *e)
{
	(void)id;
	return buf_add_text(out, t->age, e);
}

static int export_minisign(struct buf *out, const struct texts *t, const struct identity *id, struct err *e)
{
	(void)id;
	return buf_add_text(out, t->minisign, e);
}

static int export_note(struct buf *out, const struct texts *t, const struct identity *id, struct err *e)
{
	(void)id;
	return buf_add(out, t->note.data, t->note.len, e);
}

static int export_secret_age(struct buf *out, const struct texts *t, const struct identity *id, struct err *e)
{
	char secret[AGE_IDENTITY_TEXT];
	age_identity_text(secret, identity_age_secret(id));
	int r = buf_addf(out, e, "# age identity of %s: opens what is sealed to it, cannot sign\n# public key: %s\n%s", t->identity, t->age,
		secret);
	os_wipe(secret, sizeof secret);
	return r;
}

static int export_secret(struct buf *out, const struct texts *t, const struct identity *id, struct err *e)
{
	char secret[IDENTITY_SECRET_TEXT];
	identity_secret_text(secret, id);
	int r = buf_addf(out, e, "# Secret key of %s. Whoever has it signs and reads in its owner's place.\n%s", t->identity,
		secret);
	os_wipe(secret, sizeof secret);
	return r;
}

static const struct form {
	const char *option;
	bool secret;
	int (*render)(struct buf *out, const struct texts *t, const struct identity *id, struct err *e);
} forms[] = {
	{ "age", false, export_age },
	{ "minisign", false, export_minisign },
	{ "note", false, export_note },
	{ "secret-age", true, export_secret_age },
	{ "secret", true, export_secret },
};

static const struct form *form_of(const struct args *a, struct err *e)
{
	const struct form *found = NULL;
	size_t given = 0;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (args_has(a, forms[i].option)) {
			found = &forms[i];
			given++;
		}
	if (given == 1)
		return found;
	err_set(e, ERR_USAGE, "key export needs exactly one of --age, --minisign, --note, --secret-age, --secret");
	err_hint(e, "enclua key export --help");
	return NULL;
}

/* A secret in a file is for its owner only, and no file is ever lost to an export. */
static int export_to_file(struct cli *c, const char *path, const struct buf *text, struct err *e)
{
	if (os_exists(path)) {
		err_set(e, ERR_CONFLICT, "%s exists already", path);
		return err_hint(e, "choose another file");
	}
	if (os_file_replace(path, 0600, text->data, text->len, e) < 0)
		return -1;
	json_pair(c, "path", path);
	cli_note(c, "written to %s", path);
	return 0;
}

static int run_export(struct cli *c, struct args *a, struct err *e)
{
	char dir[4200];
	const char *path = args_get(a, "output");
	struct keystore_item item;
	struct texts t = { .note = BUF_INIT(KIB(1)) };
	struct identity *id = NULL;
	struct buf text = BUF_INIT(KIB(4));
	int r = -1;
	const struct form *form = form_of(a, e);
	if (!form || cli_keys_dir(c, dir, sizeof dir, e) < 0 || keystore_find(dir, a->words[0], &item, e) < 0 ||
		texts_make(&t, &item, e) < 0)
		goto out;
	if (form->secret && cli_identity_open_named(c, item.name, &id, e) < 0)
		goto out;
	if (form->render(&text, &t, id, e) < 0)
		goto out;
	json_pair(c, "name", item.name);
	json_pair(c, "form", form->option);
	if (!path)
		json_pair(c, "text", buf_text(&text));
	if (buf_add(&text, "\n", 1, e) < 0)
		goto out;
	r = path ? export_to_file(c, path, &text, e) : cli_print(c, e, "%s", buf_text(&text));
out:
	identity_free(id);
	buf_done(&t.note);
	buf_done(&text);
	return r;
}

/* ---- import ---- */

/* Secrets of other kinds, which people will try: a line that begins so, and what to do instead. */
static const struct { const char *begin, *message, *hint; } foreign[] = {
	{ "AGE-SECRET-KEY-1", "an age identity only opens files: an identity cannot be made from it, because it was derived from one",
	  "on the machine that has the identity: enclua key export NAME --secret" },
	{ "age-encryption.org/v1", "the file is sealed under a passphrase", "open it first: age -d FILE > OTHER, then enclua key import NAME OTHER" },
	{ "untrusted comment: ", "a minisign or signify key belongs to those tools and is not an identity",
	  "make a fresh one: enclua key new NAME" },
	{ "-----BEGIN ", "keys in PEM form are not identities", "make a fresh one: enclua key new NAME" },
};

static int foreign_check(const char *text, struct err *e)
{
	for (const char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
		for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
			if (!strncmp(line, foreign[i].begin, strlen(foreign[i].begin))) {
				err_set(e, ERR_INVALID, "%s", foreign[i].message);
				return err_hint(e, "%s", foreign[i].hint);
			}
	return 0;
}

/* The same identity under two names would make it unclear who acts. */
static int not_here_yet(struct cli *c, const struct identity *id, struct err *e)
{
	char dir[4200];
	struct keystore_item item;
	if (cli_keys_dir(c, dir, sizeof dir, e) < 0)
		return -1;
	if (keystore_find_public(dir, identity_public(id), &item, NULL) < 0)
		return 0;
	err_set(e, ERR_CONFLICT, "this identity is here already; its name is %s", item.name);
	return err_hint(e, "enclua key show %s", item.name);
}

static int run_import(struct cli *c, struct args *a, struct err *e)
{
	const char *name = a->words[0], *path = a->words[1];
	struct buf file = BUF_INIT(IMPORT_BYTES);
	struct identity *id = NULL;
	struct stat st;
	int r = -1;
	if (name_is_free(c, name, e) < 0)
		goto out;
	int read = cli_text_read(path, &file, e);	/* what is sealed may hold zero bytes, and is called what it is */
	if (read < 0 && file.len == 0)
		goto out;
	if (foreign_check(buf_text(&file), e) < 0 || read < 0 || identity_secret_parse(&id, buf_text(&file), e) < 0) {
		err_wrap(e, "cannot import %s", cli_safe(path, strlen(path), 0));
		goto out;
	}
	if (not_here_yet(c, id, e) < 0 || keep(c, a, name, id, e) < 0)
		goto out;
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
		cli_note(c, "%s still holds the secret%s; delete it when it is not needed", cli_safe(path, strlen(path), 0),
			st.st_mode & 077 ? " and others may read it" : "");
	r = 0;
out:
	identity_free(id);
	buf_done(&file);
	return r;
}

static const struct option_row keep_options[] = {
	{ "no-passphrase", 0, NULL, false, "keep the key in the clear (mode 0600)" },
	{ NULL, 0, NULL, false, NULL },
};

static const struct option_row export_options[] = {
	{ "age", 0, NULL, false, "the age recipient: age -r, enclua seal -r" },
	{ "minisign", 0, NULL, false, "the minisign public key: minisign -V -P" },
	{ "note", 0, NULL, false, "the verifier key of signed notes (C2SP, Go's sumdb/note)" },
	{ "secret-age", 0, NULL, false, "the SECRET age identity: age -d -i; opens files, cannot sign" },
	{ "secret", 0, NULL, false, "the whole SECRET, for key import on another machine" },
	{ "output", 'o', "FILE", false, "write to a new file that only you can read (mode 0600)" },
	{ NULL, 0, NULL, false, NULL },
};

const struct command key_commands[] = {
	{ "key new", "NAME [--no-passphrase]", "Make an identity",
	  "Example: enclua key new alice\n\nThe key file is sealed under a passphrase (it is an age file). NAME is 1 to 64 characters a-z 0-9 . _ -\n"
	  "The first key of a home becomes the default one. Without a terminal, give the passphrase by --passphrase-file.",
	  keep_options, 1, 1, run_new },
	{ "key list", "", "List the identities of the home (* marks the default one)", NULL, NULL, 0, 0, run_list },
	{ "key show", "NAME", "Show the public texts of an identity", NULL, NULL, 1, 1, run_show },
	{ "key export", "NAME --age|--minisign|--note|--secret-age|--secret [-o FILE]", "Write one text of an identity for another tool",
	  "Examples: age -r \"$(enclua key export alice --age)\" FILE\n"
	  "          minisign -V -P \"$(enclua key export alice --minisign)\" -m FILE\n"
	  "          enclua key export alice --secret-age -o alice.age && age -d -i alice.age FILE.age\n\n"
	  "An identity is one secret from which every key follows. --secret gives this secret, and only `key import` reads it; --secret-age gives\n"
	  "the age key that is derived from it, which cannot be turned back into the identity. Both ask for the passphrase.",
	  export_options, 1, 1, run_export },
	{ "key import", "NAME FILE [--no-passphrase]", "Take over an identity from `key export --secret`",
	  "Example: enclua key export me --secret -o me.secret     on one machine\n"
	  "         enclua key import me me.secret                 on the other\n\n"
	  "FILE holds one line ENCLUA-SECRET-KEY-1… and comments. It gets a new passphrase here.", keep_options, 2, 2, run_import },
	{ "key register", "NAME", "Introduce an identity of the home to its book", "New keys, and whoever acts, are introduced without being asked.", NULL, 1, 1,
	  run_register },
	{ "key default", "NAME", "Choose the identity that acts when neither --as nor $ENCLUA_AS says so", NULL, NULL, 1, 1, run_default },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
