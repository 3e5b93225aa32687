/* Signed archives on the command line: what `enclua app` and `enclua policy` do alike. */
#include "archive.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/os.h"
#include "base/text.h"

static const struct { const char *label, *ending, *hint; } kinds[] = {
	[IAPP_APP] = { "iApp", "iapp", "give a folder with iapp.yaml, or an .iapp file: enclua app pack DIR makes one" },
	[IAPP_POLICY] = { "policy", "policy", "give a folder with policy.yaml, or a .policy file: enclua policy pack DIR makes one" },
};

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

int archive_tell(struct cli *c, const struct iapp *a, struct err *e)
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
	if (cli_print(c, e, "%-9s %s %s\nh1        %s\nfiles     %zu, %zu bytes in all\n", kinds[a->kind].label, a->manifest->name,
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

int archive_pack(struct cli *c, const struct args *a, enum iapp_kind kind, const char *dir, const char *to, struct err *e)
{
	struct identity *ids[LIMIT_SIGNERS] = { NULL };
	const struct identity *signers[LIMIT_SIGNERS];
	struct buf bytes = BUF_INIT(LIMIT_IAPP_BYTES);
	struct iapp *app = NULL;
	char name[LIMIT_NAME_BYTES + 16];
	size_t n = 0;
	int r = -1;
	if (signers_open(c, a, ids, &n, e) < 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		signers[i] = ids[i];
	if (iapp_pack_kind(&bytes, kind, dir, signers, n, e) < 0 || iapp_open(&app, bytes.data, bytes.len, &(struct iapp_expect){ .kind = kind }, e) < 0)
		goto out;
	(void)snprintf(name, sizeof name, "%s.%s", app->manifest->name, kinds[kind].ending);
	const char *out = args_has(a, "output") ? args_get(a, "output") : to ? to : name;
	if (os_file_replace(out, 0644, bytes.data, bytes.len, e) < 0)
		goto out;
	key_write(c, "file", out);
	r = archive_tell(c, app, e);
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
		int r = os_exists(text) ? cli_text_read(text, &file, e) : 0;
		if (r == 0)
			r = minisign_key_parse(&keys[i], file.len ? buf_text(&file) : text, e);
		buf_done(&file);
		if (r < 0)
			return err_wrap(e, "--key");
	}
	return 0;
}

int archive_verify(struct cli *c, const struct args *a, enum iapp_kind kind, struct err *e)
{
	struct minisign_key keys[LIMIT_SIGNERS];
	struct buf bytes = BUF_INIT(LIMIT_IAPP_BYTES);
	struct iapp *app = NULL;
	uint8_t whole[32];
	struct stat st;
	int r = -1;
	if (args_count(a, "key") > LIMIT_SIGNERS)
		return err_set(e, ERR_USAGE, "at most %u keys", LIMIT_SIGNERS);
	struct iapp_expect x = { .kind = kind, .keys = keys, .n_keys = args_count(a, "key"), .h1 = args_get(a, "h1") };
	const char *sha = args_get(a, "sha256");
	if (sha && hex_decode(whole, 32, sha, strlen(sha)) < 0)
		return err_set(e, ERR_USAGE, "--sha256 takes 64 hexadecimal digits, in small letters");
	x.sha256 = sha ? whole : NULL;
	if (stat(a->words[0], &st) == 0 && S_ISDIR(st.st_mode)) {
		err_set(e, ERR_INVALID, "%s is a folder; an archive is a file", a->words[0]);
		return err_hint(e, "enclua %s pack %s makes one", kind == IAPP_POLICY ? "policy" : "app", a->words[0]);
	}
	if (keys_read(a, keys, e) < 0 || cli_archive_read(a->words[0], &bytes, e) < 0)
		goto out;
	if (iapp_open(&app, bytes.data, bytes.len, &x, e) < 0) {
		err_wrap(e, "%s", cli_safe(a->words[0], strlen(a->words[0]), 0));
		goto out;
	}
	json_write_key(&c->out, "key_checked");	/* else the signers are whoever they are */
	json_write_bool(&c->out, x.n_keys > 0);
	r = archive_tell(c, app, e);
	if (r == 0 && !x.n_keys)
		r = cli_print(c, e, "\nWhole and unchanged since it was signed. Whose key that is, this cannot say: give the one you trust by --key.\n");
out:
	iapp_free(app);
	buf_done(&bytes);
	return r;
}

int archive_bytes(const char *path, enum iapp_kind kind, const struct identity *by, struct buf *out, struct err *e)
{
	struct stat st;
	const struct identity *const signers[] = { by };
	if (!os_exists(path)) {
		err_set(e, ERR_NOT_FOUND, "there is no %s", cli_safe(path, strlen(path), 0));
		return err_hint(e, "%s", kinds[kind].hint);
	}
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) ? iapp_pack_kind(out, kind, path, signers, 1, e) : cli_archive_read(path, out, e);
}

int archive_tell_files(struct cli *c, const struct iapp *a, struct err *e)
{
	int r = 0;
	json_write_key(&c->out, "contents");
	json_write_array(&c->out);
	for (size_t i = 0; r == 0 && i < a->n_files; i++) {
		json_write_object(&c->out);
		key_write(c, "path", a->files[i].path);
		json_write_key(&c->out, "size");
		json_write_uint(&c->out, a->files[i].len);
		json_write_object_end(&c->out);
		r = cli_print(c, e, "  %-32s %10zu bytes\n", a->files[i].path, a->files[i].len);
	}
	json_write_array_end(&c->out);
	return r;
}
