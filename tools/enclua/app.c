/* enclua app pack|verify|list|show: signed archives, and the iApps that this home has run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/text.h"
#include "book/book.h"
#include "form/iapp.h"
#include "host/host.h"
#include "verbs.h"

static int signers_open(struct cli *c, const struct args *a, struct identity **ids, size_t *n, struct err *e)
{
	size_t names = args_count(a, "sign");
	*n = 0;
	if (names > LIMIT_SIGNERS)
		return err_set(e, ERR_USAGE, "at most %u signers", LIMIT_SIGNERS);
	if (!cli_has_home(c)) {
		if (cli_home_make(c, NULL, e) < 0)
			return -1;
		cli_note(c, "made a home at %s; the key of `me` is there without a passphrase", c->home);
	}
	if (names == 0) {
		*n = 1;
		return cli_identity_open(c, &ids[0], e);
	}
	for (; *n < names; (*n)++)
		if (cli_identity_open_named(c, args_at(a, "sign", *n), &ids[*n], e) < 0)
			return -1;
	return 0;
}

static void key_write(struct cli *c, const char *key, const char *value)
{
	json_write_key(&c->out, key);
	json_write_text(&c->out, value);
}

static int iapp_tell(struct cli *c, const struct iapp *a, struct err *e)
{
	key_write(c, "h1", a->h1);
	key_write(c, "name", a->manifest->name);
	key_write(c, "version", a->manifest->version);
	key_write(c, "summary", a->manifest->summary);
	json_write_key(&c->out, "signers");
	json_write_array(&c->out);
	for (size_t i = 0; i < a->n_signers; i++) {
		char line[MINISIGN_KEY_LINE];
		minisign_key_line(line, &a->signers[i].key);
		json_write_text(&c->out, line);
	}
	json_write_array_end(&c->out);
	json_write_key(&c->out, "files");
	json_write_uint(&c->out, a->n_files);
	json_write_key(&c->out, "size");
	json_write_uint(&c->out, a->len);
	if (cli_print(c, e, "iApp      %s %s\nh1        %s\nfiles     %zu, %zu bytes in all\n", a->manifest->name,
		a->manifest->version, a->h1, a->n_files, a->len) < 0)
		return -1;
	for (size_t i = 0; i < a->n_signers; i++) {
		char line[MINISIGN_KEY_LINE];
		minisign_key_line(line, &a->signers[i].key);
		if (cli_print(c, e, "signed by %s\n", line) < 0)
			return -1;
	}
	return 0;
}

static int run_pack(struct cli *c, struct args *a, struct err *e)
{
	struct identity *ids[LIMIT_SIGNERS] = { NULL };
	const struct identity *signers[LIMIT_SIGNERS];
	struct buf bytes = BUF_INIT(LIMIT_IAPP_BYTES);
	struct iapp *app = NULL;
	char path[LIMIT_NAME_BYTES + 16];
	size_t n = 0;
	int r = -1;
	if (signers_open(c, a, ids, &n, e) < 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		signers[i] = ids[i];
	if (iapp_pack(&bytes, a->words[0], signers, n, e) < 0 || iapp_open(&app, bytes.data, bytes.len, NULL, e) < 0)
		goto out;
	(void)snprintf(path, sizeof path, "%s.iapp", app->manifest->name);
	const char *out = args_has(a, "output") ? args_get(a, "output") : path;
	if (os_file_replace(out, 0644, bytes.data, bytes.len, e) < 0)
		goto out;
	key_write(c, "file", out);
	r = iapp_tell(c, app, e);
	if (r == 0)
		r = cli_print(c, e, "written   %s\n", out);
out:
	for (size_t i = 0; i < LIMIT_SIGNERS; i++)
		identity_free(ids[i]);
	iapp_free(app);
	buf_done(&bytes);
	return r;
}

static int keys_read(const struct args *a, struct minisign_key *keys, struct err *e)
{
	for (size_t i = 0; i < args_count(a, "key"); i++) {
		const char *text = args_at(a, "key", i);
		struct buf file = BUF_INIT(KIB(4));
		int r = os_exists(text) ? os_file_read(text, &file, e) : 0;
		if (r == 0)
			r = minisign_key_parse(&keys[i], file.len ? buf_text(&file) : text, e);
		buf_done(&file);
		if (r < 0)
			return err_wrap(e, "--key");
	}
	return 0;
}

static int run_verify(struct cli *c, struct args *a, struct err *e)
{
	struct minisign_key keys[LIMIT_SIGNERS];
	struct buf bytes = BUF_INIT(LIMIT_IAPP_BYTES);
	struct iapp *app = NULL;
	uint8_t whole[32];
	int r = -1;
	if (args_count(a, "key") > LIMIT_SIGNERS)
		return err_set(e, ERR_USAGE, "at most %u keys", LIMIT_SIGNERS);
	struct iapp_expect x = { .keys = keys, .n_keys = args_count(a, "key"), .h1 = args_get(a, "h1") };
	const char *sha = args_get(a, "sha256");
	if (sha && hex_decode(whole, 32, sha, strlen(sha)) < 0)
		return err_set(e, ERR_USAGE, "--sha256 takes 64 hexadecimal digits, in small letters");
	x.sha256 = sha ? whole : NULL;
	if (keys_read(a, keys, e) < 0 || cli_archive_read(a->words[0], &bytes, e) < 0)
		goto out;
	if (iapp_open(&app, bytes.data, bytes.len, &x, e) < 0) {
		err_wrap(e, "%s", cli_safe(a->words[0], strlen(a->words[0]), 0));
		goto out;
	}
	json_write_key(&c->out, "key_checked");	/* else the signers are whoever they are */
	json_write_bool(&c->out, x.n_keys > 0);
	r = iapp_tell(c, app, e);
	if (r == 0 && !x.n_keys)
		r = cli_print(c, e, "\nWhole and unchanged since it was signed. Whose key that is, this cannot say: give the one you trust by --key.\n");
out:
	iapp_free(app);
	buf_done(&bytes);
	return r;
}

static int list_row(void *ctx, const struct store_app *a, struct err *e)
{
	struct cli *c = ctx;
	json_write_object(&c->out);
	key_write(c, "id", a->id);
	key_write(c, "name", a->name);
	key_write(c, "version", a->version);
	key_write(c, "h1", a->h1);
	json_write_object_end(&c->out);
	return cli_print(c, e, "%s  %s %s  %s\n", a->id, a->name, a->version, a->h1);
}

static int run_list(struct cli *c, struct args *a, struct err *e)
{
	struct book *b = NULL;
	(void)a;
	if (host_open(&b, c->home, false, e) < 0)
		return -1;
	json_write_key(&c->out, "apps");
	json_write_array(&c->out);
	int r = store_app_each(book_store(b), list_row, c, e);
	json_write_array_end(&c->out);
	book_close(b);
	return r;
}

static int run_show(struct cli *c, struct args *a, struct err *e)
{
	struct book *b = NULL;
	struct store_app known;
	struct buf bytes = BUF_INIT(LIMIT_IAPP_BYTES);
	struct iapp *app = NULL;
	int r = -1;
	if (host_open(&b, c->home, false, e) < 0 || store_app_find(book_store(b), a->words[0], &known, e) < 0 ||
	    store_blob_read(book_store(b), known.blob, &bytes, e) < 0)
		goto out;
	if (iapp_open(&app, bytes.data, bytes.len, &(struct iapp_expect){ .sha256 = known.blob, .h1 = known.h1 }, e) < 0)
		goto out;
	key_write(c, "id", known.id);
	r = cli_print(c, e, "id        %s\n", known.id) < 0 ? -1 : iapp_tell(c, app, e);
	json_write_key(&c->out, "contents");
	json_write_array(&c->out);
	for (size_t i = 0; r == 0 && i < app->n_files; i++) {
		json_write_object(&c->out);
		key_write(c, "path", app->files[i].path);
		json_write_key(&c->out, "size");
		json_write_uint(&c->out, app->files[i].len);
		json_write_object_end(&c->out);
		r = cli_print(c, e, "  %-32s %10zu bytes\n", app->files[i].path, app->files[i].len);
	}
	json_write_array_end(&c->out);
out:
	iapp_free(app);
	buf_done(&bytes);
	book_close(b);
	return r;
}

static const struct option_row pack_options[] = {
	{ "output", 'o', "FILE", false, "where to write (else NAME.iapp here)" },
	{ "sign", 0, "NAME", true, "sign as this identity of the home (else the acting one); may be given again" },
	{ NULL, 0, NULL, false, NULL },
};

static const struct option_row verify_options[] = {
	{ "key", 0, "KEY|FILE", true, "accept only signatures by this minisign public key; may be given again" },
	{ "h1", 0, "H1", false, "accept only this iApp" },
	{ "sha256", 0, "HEX", false, "accept only an archive with this SHA-256" },
	{ NULL, 0, NULL, false, NULL },
};

const struct command app_commands[] = {
	{ "app pack", "DIR [-o FILE] [--sign NAME]…", "Pack a folder into a signed archive",
	  "Example: enclua app pack iapps/cohort-average -o cohort-average.iapp\n\n"
	  "The same folder gives the same bytes. Left out: hidden files, *.key, *.iapp, *.policy, *~, *.swp, *.orig, and at the top\n"
	  "test.lua, tests/ and mock/. sha256sum -c MANIFEST and minisign -V -m MANIFEST check what tar unpacks.", pack_options, 1, 1, run_pack },
	{ "app verify", "FILE [--key KEY]… [--h1 H1] [--sha256 HEX]", "Check an archive: whole, canonical, signed",
	  "Example: enclua app verify cohort-average.iapp --key RWQ…\n\nWithout --key this shows that the archive is unchanged since it was signed, and by which key;\n"
	  "not whose key that is.", verify_options, 1, 1, run_verify },
	{ "app list", "", "List the iApps that this home has run", NULL, NULL, 0, 0, run_list },
	{ "app show", "APP", "Show an iApp of this home", "APP is a name, an id or a unique prefix of one.", NULL, 1, 1, run_show },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
