/* enclua data list, show, get: what is protected here, and the owner's way back to it. Nothing is decrypted before the hash of the whole
 * blob is found to be the one that was registered.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "data.h"
#include "host/host.h"
#include "trust/protect.h"
#include "verbs.h"

#define PIECE KIB(256)	/* of a leaf on its way out */
#define JSON_VALUE_MAX MIB(16)	/* a larger leaf belongs into a file */

static void time_text(char out[static 32], int64_t seconds)
{
	struct tm tm;
	time_t t = (time_t)seconds;
	if (!gmtime_r(&t, &tm) || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}

/* The owner's petname here, or the text of the key. */
static void owner_text(const struct cli *c, const struct store_data *d, char out[static IDENTITY_TEXT])
{
	struct keystore_item item;
	char keys[4200];
	identity_text(out, d->owner);
	if (cli_keys_dir(c, keys, sizeof keys, NULL) == 0 && keystore_find_public(keys, d->owner, &item, NULL) == 0)
		(void)snprintf(out, IDENTITY_TEXT, "%s", item.name);
}

void data_write_fields(struct cli *c, const struct store_data *d)
{
	struct json_writer *w = &c->out;
	char owner[IDENTITY_TEXT], created[32], hex[HEX_LEN(32) + 1];
	identity_text(owner, d->owner);
	time_text(created, d->created);
	hex_encode(hex, d->blob, 32);
	json_write_key(w, "name");
	json_write_text(w, d->name);
	json_write_key(w, "owner");
	json_write_text(w, owner);
	json_write_key(w, "created");
	json_write_text(w, created);
	json_write_key(w, "blob");
	json_write_text(w, hex);
	json_write_key(w, "sealed_size");
	json_write_uint(w, d->payload_len);
	json_write_key(w, "schema");
	if (d->schema.len)
		json_write_raw(w, buf_text(&d->schema), d->schema.len);
	else
		json_write_null(w);
	if (d->schema_damaged) {
		json_write_key(w, "schema_damaged");
		json_write_bool(w, true);
	}
}

static int schema_line(void *ctx, const char *path, const char *type, struct err *e)
{
	return cli_print(ctx, e, "        %s: %s\n", cli_safe(path, strlen(path), 0), cli_safe(type, strlen(type), 1));
}

int data_print_schema(struct cli *c, const struct store_data *d, struct err *e)
{
	if (!d->schema.len)
		return cli_print(c, e, "schema  hidden\n");
	if (cli_print(c, e, "schema\n") < 0)
		return -1;
	return pdata_schema_walk(buf_text(&d->schema), d->schema.len, schema_line, c, e);
}

/* list */

struct filter {
	struct cli *c;
	const struct args *a;
	bool by_owner;
	uint8_t owner[32];
};

/* PATH:TYPE; a path of values may be typed with dots. */
static int schema_matches(const struct store_data *d, const char *typed, bool *matches, struct err *e)
{
	char path[LIMIT_PATH_BYTES + 2];
	const char *colon = strrchr(typed, ':');
	if (!colon || colon == typed || !colon[1] || (size_t)(colon - typed) > LIMIT_PATH_BYTES) {
		err_set(e, ERR_USAGE, "--schema needs PATH:TYPE");
		return err_hint(e, "for example --schema contacts/email:string");
	}
	memcpy(path, typed, (size_t)(colon - typed));
	path[colon - typed] = '\0';
	*matches = false;
	if (!d)
		return 0;	/* only asked whether it is well typed */
	if (!d->schema.len)
		return 0;
	if (pdata_schema_has(buf_text(&d->schema), d->schema.len, path, colon + 1, matches, e) < 0)
		return -1;
	for (char *p = path; *p; p++)
		if (*p == '.')
			*p = '/';
	return *matches ? 0 : pdata_schema_has(buf_text(&d->schema), d->schema.len, path, colon + 1, matches, e);
}

static int list_one(void *ctx, const struct store_data *d, struct err *e)
{
	struct filter *f = ctx;
	char owner[IDENTITY_TEXT], created[32];
	if (d->ephemeral || (f->by_owner && memcmp(d->owner, f->owner, 32) != 0))
		return 0;
	for (size_t i = 0; i < args_count(f->a, "schema"); i++) {
		bool matches;
		if (schema_matches(d, args_at(f->a, "schema", i), &matches, e) < 0)
			return -1;
		if (!matches)
			return 0;
	}
	json_write_object(&f->c->out);
	json_write_key(&f->c->out, "id");
	json_write_text(&f->c->out, d->id);
	data_write_fields(f->c, d);
	json_write_object_end(&f->c->out);
	owner_text(f->c, d, owner);
	time_text(created, d->created);
	return cli_print(f->c, e, "%s  %s  %12llu  %s  %s%s\n", d->id, created, (unsigned long long)d->payload_len, owner,
		d->name[0] ? d->name : "-", d->schema_damaged ? "  (schema damaged)" : "");
}

static int run_list(struct cli *c, struct args *a, struct err *e)
{
	struct filter f = { .c = c, .a = a, .by_owner = args_has(a, "owner") };
	struct book *book = NULL;
	uint8_t age_public[32];
	bool age_known, ignored;
	for (size_t i = 0; i < args_count(a, "schema"); i++)
		if (schema_matches(NULL, args_at(a, "schema", i), &ignored, e) < 0)
			return -1;
	if (host_open(&book, c->home, false, e) < 0)
		return -1;
	int r = f.by_owner ? cli_who(c, args_get(a, "owner"), f.owner, age_public, &age_known, e) : 0;
	json_write_key(&c->out, "data");
	json_write_array(&c->out);
	if (r == 0)
		r = store_data_each(book_store(book), list_one, &f, e);
	json_write_array_end(&c->out);
	book_close(book);
	if (r == 0 && !c->text.len)
		cli_note(c, "no data here%s", a->n_options ? " that fits" : " yet; enclua protect FILE makes some");
	return r;
}

/* show */

/* A name of several owners' data means the acting identity's own. */
static int data_find(struct cli *c, struct book *b, const char *which, struct store_data *out, struct err *e)
{
	struct keystore_item me;
	bool known = cli_identity_public(c, &me, NULL) == 0;
	return store_data_find(book_store(b), which, known ? me.public_key : NULL, out, e);
}

static int show_print(struct cli *c, const struct store_data *d, struct err *e)
{
	char owner[IDENTITY_TEXT], created[32], hex[HEX_LEN(32) + 1];
	char *header = malloc(BASE64_LEN(d->header.len) + 1);
	if (!header)
		return err_set(e, ERR_LIMIT, "out of memory");
	base64_encode(header, d->header.data, d->header.len);
	json_write_key(&c->out, "data");
	json_write_text(&c->out, d->id);
	data_write_fields(c, d);
	json_write_key(&c->out, "header");
	json_write_text(&c->out, header);
	free(header);
	owner_text(c, d, owner);
	time_text(created, d->created);
	hex_encode(hex, d->blob, 32);
	if (cli_print(c, e, "data    %s\nname    %s\nowner   %s\nmade    %s\nblob    %s (%llu bytes)\n", d->id, d->name[0] ? d->name : "-", owner,
		created, hex, (unsigned long long)d->payload_len) < 0)
		return -1;
	return data_print_schema(c, d, e);
}

static int run_show(struct cli *c, struct args *a, struct err *e)
{
	struct book *book = NULL;
	struct store_data d;
	if (host_open(&book, c->home, false, e) < 0)
		return -1;
	int r = data_find(c, book, a->words[0], &d, e);
	if (r == 0) {
		r = show_print(c, &d, e);
		store_data_done(&d);
	}
	book_close(book);
	return r;
}

/* get */

static int owner_check(struct cli *c, const struct store_data *d, struct err *e)
{
	struct keystore_item self;
	char owner[IDENTITY_TEXT];
	if (cli_identity_public(c, &self, e) < 0)
		return -1;
	if (memcmp(self.public_key, d->owner, 32) == 0)
		return 0;
	owner_text(c, d, owner);
	err_set(e, ERR_DENIED, "%s belongs to %s, and you are %s: only its owner reads data", d->name[0] ? d->name : d->id, owner, self.name);
	return strncmp(owner, "enclua1", 7) == 0 ? -1 : err_hint(e, "enclua --as %s data get …", owner);
}

static const struct pdata_leaf *leaf_named(const struct pdata_leaf *leaves, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(leaves[i].path, path) == 0)
			return &leaves[i];
	return NULL;
}

static int leaf_missing(const struct store_data *d, const struct pdata_leaf *leaves, size_t n, const char *path, struct err *e)
{
	const char **paths = calloc(n + 1, sizeof *paths), *near = NULL;
	size_t len = strlen(path);
	for (size_t i = 0; paths && i < n; i++) {
		paths[i] = leaves[i].path;
		if (!near && strncmp(path, leaves[i].path, len) == 0 && leaves[i].path[len] == '/')
			near = leaves[i].path;	/* a folder was named */
	}
	if (paths && !near)
		near = text_nearest(path, paths);
	free(paths);
	err_set(e, ERR_NOT_FOUND, "there is no %s in %s", cli_safe(path, strlen(path), 0), d->name[0] ? d->name : d->id);
	if (near)
		return err_hint(e, "did you mean %s?", cli_safe(near, strlen(near), 0));
	return err_hint(e, "enclua data show %s lists what is in it", d->name[0] ? d->name : d->id);
}

static const struct pdata_leaf *leaf_find(const struct pdata_leaf *leaves, size_t n, const char *path)
{
	char slashed[LIMIT_PATH_BYTES + 2];
	const struct pdata_leaf *leaf = leaf_named(leaves, n, path);
	if (leaf || strlen(path) > LIMIT_PATH_BYTES)
		return leaf;
	for (size_t i = 0; (slashed[i] = path[i] == '.' ? '/' : path[i]); i++)
		;
	return leaf_named(leaves, n, slashed);
}

typedef int out_bytes(void *ctx, const void *bytes, size_t n, struct err *e);

static int leaf_copy(struct protect_reader *r, const struct pdata_leaf *leaf, out_bytes *out, void *ctx, struct err *e)
{
	uint8_t *piece = malloc(PIECE);
	if (!piece)
		return err_set(e, ERR_LIMIT, "out of memory");
	int result = 0;
	for (uint64_t at = 0; result == 0 && at < leaf->size;) {
		size_t n = leaf->size - at < PIECE ? (size_t)(leaf->size - at) : (size_t)PIECE;
		result = protect_read(r, piece, n, leaf->offset + at, e);
		if (result == 0)
			result = out(ctx, piece, n, e);
		at += n;
	}
	os_wipe(piece, PIECE);
	free(piece);
	return result;
}

static int to_stdout(void *ctx, const void *bytes, size_t n, struct err *e)
{
	(void)ctx;
	return cli_write_stdout(bytes, n, e);
}

static int to_buf(void *ctx, const void *bytes, size_t n, struct err *e)
{
	return buf_add(ctx, bytes, n, e);
}

static int to_fd(void *ctx, const void *bytes, size_t n, struct err *e)
{
	return os_write(*(const int *)ctx, bytes, n) == 0 ? 0 : err_sys(e, errno, "cannot write");
}

/* The file appears whole, under a name that was free, or not at all. */
static int get_file(struct cli *c, struct protect_reader *r, const struct pdata_leaf *leaf, const char *file, struct err *e)
{
	char tmp[4096];
	if (snprintf(tmp, sizeof tmp, "%s.tmp-XXXXXX", file) >= (int)sizeof tmp)
		return err_set(e, ERR_USAGE, "the path of -o is too long");
	if (os_exists(file))
		return err_set(e, ERR_CONFLICT, "%s exists already", file);
	int fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "cannot write %s", file);
	int result = leaf_copy(r, leaf, to_fd, &fd, e);
	if (result == 0 && (fsync(fd) < 0 || renameat2(AT_FDCWD, tmp, AT_FDCWD, file, RENAME_NOREPLACE) < 0))
		result = err_sys(e, errno, "cannot write %s", file);
	close(fd);
	if (result < 0) {
		(void)unlink(tmp);
		return -1;
	}
	json_write_key(&c->out, "file");
	json_write_text(&c->out, file);
	return cli_print(c, e, "%s  %llu bytes of %s\n", file, (unsigned long long)leaf->size, leaf->type);
}

/* In the one JSON object: text as it is, other bytes as base64. */
static int get_json(struct cli *c, struct protect_reader *r, const struct pdata_leaf *leaf, struct err *e)
{
	struct buf bytes = BUF_INIT(JSON_VALUE_MAX);
	if (leaf->size > JSON_VALUE_MAX) {
		err_set(e, ERR_LIMIT, "%llu bytes are too much for one JSON object", (unsigned long long)leaf->size);
		return err_hint(e, "write them to a file with -o FILE");
	}
	int result = leaf_copy(r, leaf, to_buf, &bytes, e);
	if (result == 0 && utf8_valid(bytes.data, bytes.len)) {
		json_write_key(&c->out, "value");
		json_write_string(&c->out, buf_text(&bytes), bytes.len);
	} else if (result == 0) {
		char *text = malloc(BASE64_LEN(bytes.len) + 1);
		if (!text)
			result = err_set(e, ERR_LIMIT, "out of memory");
		else
			base64_encode(text, bytes.data, bytes.len);
		json_write_key(&c->out, "base64");
		json_write_text(&c->out, text);
		free(text);
	}
	buf_done(&bytes);
	return result;
}

static int leaf_get(struct cli *c, struct args *a, struct protect_reader *r, const struct store_data *d, struct err *e)
{
	struct pdata_leaf *leaves = NULL;
	size_t n = 0;
	if (pdata_leaves(&leaves, &n, protect_read, r, d->plain_len, e) < 0)
		return -1;
	const struct pdata_leaf *leaf = leaf_find(leaves, n, a->words[1]);
	int result = leaf ? 0 : leaf_missing(d, leaves, n, a->words[1], e);
	if (leaf) {
		json_write_key(&c->out, "path");
		json_write_text(&c->out, leaf->path);
		json_write_key(&c->out, "type");
		json_write_text(&c->out, leaf->type);
		json_write_key(&c->out, "size");
		json_write_uint(&c->out, leaf->size);
		result = args_has(a, "output") ? get_file(c, r, leaf, args_get(a, "output"), e)
			: c->json ? get_json(c, r, leaf, e) : leaf_copy(r, leaf, to_stdout, NULL, e);
	}
	free(leaves);
	return result;
}

static int run_get(struct cli *c, struct args *a, struct err *e)
{
	struct book *book = NULL;
	struct store_data d = { .id = "" };
	struct identity *owner = NULL;
	struct protect_reader *reader = NULL;
	int r = -1;
	if (host_open(&book, c->home, false, e) < 0 || data_find(c, book, a->words[0], &d, e) < 0)
		goto out;
	if (owner_check(c, &d, e) == 0 && cli_identity_open(c, &owner, e) == 0 &&
		protect_reader_open(&reader, book_store(book), &d, identity_age_secret(owner), e) == 0)
		r = leaf_get(c, a, reader, &d, e);
	store_data_done(&d);
out:
	protect_reader_close(reader);
	identity_free(owner);
	book_close(book);
	return r;
}

static const struct option_row list_options[] = {
	{ "schema", 0, "PATH:TYPE", true, "only data that has this; several must all hold" },
	{ "owner", 0, "WHO", false, "only data of this identity" },
	{ NULL, 0, NULL, false, NULL },
};
static const struct option_row get_options[] = {
	{ "output", 'o', "FILE", false, "into a file that does not exist yet, instead of standard output" },
	{ NULL, 0, NULL, false, NULL },
};

const struct command data_commands[] = {
	{ "data list", "[--schema PATH:TYPE]… [--owner WHO]", "What is protected here, oldest first",
	  "Example: enclua data list --schema contacts/email:string\n\nColumns: id, time, sealed bytes, owner, name. Data with a hidden schema fits "
	  "no --schema.", list_options, 0, 0, run_list },
	{ "data show", "DATA", "One data: owner, blob, schema",
	  "Example: enclua data show patients\n\nDATA is a name, an id, or at least 8 characters of one after its 1. With --json the age header is "
	  "there too:\nheader and blob, one after the other, are an age file that its owner opens with `age -d`.", NULL, 1, 1, run_show },
	{ "data get", "DATA PATH [-o FILE]", "Read one part of your own data",
	  "Example: enclua data get ada contacts.email\n\nOnly the owner's key opens it. The sealed bytes are checked against the register first.",
	  get_options, 2, 2, run_get },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
