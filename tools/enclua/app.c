/* enclua app pack|verify|list|show: signed archives, and the iApps that this home has run. */
#include "archive.h"
#include "book/book.h"
#include "host/host.h"
#include "verbs.h"

static void key_write(struct cli *c, const char *key, const char *value)
{
	json_write_key(&c->out, key);
	json_write_text(&c->out, value);
}

static int run_pack(struct cli *c, struct args *a, struct err *e)
{
	return archive_pack(c, a, IAPP_APP, a->words[0], NULL, e);
}

static int run_verify(struct cli *c, struct args *a, struct err *e)
{
	return archive_verify(c, a, IAPP_APP, e);
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
	r = cli_print(c, e, "id        %s\n", known.id) < 0 ? -1 : archive_tell(c, app, e);
	if (r == 0)
		r = archive_tell_files(c, app, e);
out:
	iapp_free(app);
	buf_done(&bytes);
	book_close(b);
	return r;
}

static const struct option_row pack_options[] = {
	{ "output", 'o', "FILE", false, "where to write (else NAME.iapp here)" },
	{ "sign", 0, "NAME", true, "sign as this identity of the home (else the acting one)" },
	{ NULL, 0, NULL, false, NULL },
};

static const struct option_row verify_options[] = {
	ARCHIVE_VERIFY_OPTIONS("iApp"),
	{ NULL, 0, NULL, false, NULL },
};

const struct command app_commands[] = {
	{ "app pack", "DIR [-o FILE] [--sign NAME]…", "Pack a folder into a signed archive",
	  "Example: enclua app pack iapps/cohort-average -o cohort-average.iapp\n\n"
	  "The same folder gives the same bytes. Left out: hidden files, *.key, *.iapp, *.policy, *~, *.swp, *.orig, and at the top\n"
	  "test.lua, tests/, mock/ and out/. sha256sum -c MANIFEST and minisign -V -m MANIFEST check what tar unpacks.", pack_options, 1, 1, run_pack },
	{ "app verify", "FILE [--key KEY]… [--h1 H1] [--sha256 HEX]", "Check an archive: whole, canonical, signed",
	  "Example: enclua app verify cohort-average.iapp --key RWQ…\n\nWithout --key this shows that the archive is unchanged since it was signed, and by which key;\n"
	  "not whose key that is.", verify_options, 1, 1, run_verify },
	{ "app list", "", "List the iApps that this home knows: run or deployed here", NULL, NULL, 0, 0, run_list },
	{ "app show", "APP", "Show an iApp of this home", "APP is a name, an id or a unique prefix of one.", NULL, 1, 1, run_show },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
