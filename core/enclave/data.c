/* The index of protected data. What the owner's tool wrote is canonical, so anything else is corrupt: another order, another header
 * spelling, a leaf without a type, a length that is not padded. Reads only headers and the schema; the leaves stay sealed until a
 * script asks for them.
 */
#include "enclave/data.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/os.h"
#include "base/ustar.h"
#include "seal/age.h"
#include "seal/crypto.h"

#define SCHEMA_FILE "schema.json"

static int corrupt(struct err *e, const char *what)
{
	return err_set(e, ERR_INVALID, "the protected data is corrupt: %s", what);
}

static int source_take(struct data *d, void *out, size_t n, uint64_t *at, uint64_t len, struct err *e)
{
	if (n > len - *at)
		return corrupt(e, "it is cut short");
	if (d->source.read(d->source.ctx, out, n, *at, e) < 0)
		return -1;
	*at += n;
	return 0;
}

/* A header, and where its bytes begin and end. *end: the first zero block. */
static int header_take(struct data *d, struct ustar_entry *entry, bool *end, uint64_t *at, uint64_t len, struct err *e)
{
	uint8_t block[USTAR_BLOCK];
	if (source_take(d, block, sizeof block, at, len, e) < 0 || ustar_decode(entry, block, end, e) < 0)
		return -1;
	if (*end)
		return 0;
	if (entry->executable)
		return corrupt(e, "it marks a leaf as a program");
	if (entry->size > len - *at || USTAR_PAD(entry->size) > len - *at - entry->size)
		return corrupt(e, "a leaf is cut short");
	return 0;
}

static int schema_take(struct data *d, uint64_t *at, uint64_t len, struct err *e)
{
	struct ustar_entry entry;
	bool end;
	if (header_take(d, &entry, &end, at, len, e) < 0)
		return -1;
	if (end || strcmp(entry.path, SCHEMA_FILE) != 0)
		return corrupt(e, "it does not begin with its schema");
	if (entry.size > LIMIT_SCHEMA_BYTES)
		return corrupt(e, "its schema is too large");
	d->schema_len = (size_t)entry.size;
	d->schema = malloc(d->schema_len + 1);
	if (!d->schema)
		return err_set(e, ERR_LIMIT, "out of memory");
	d->schema[d->schema_len] = '\0';
	if (source_take(d, d->schema, d->schema_len, at, len, e) < 0)
		return -1;
	*at += USTAR_PAD(entry.size);
	return 0;
}

static int leaf_add(struct data *d, const struct ustar_entry *entry, uint64_t at, struct err *e)
{
	if (d->n_leaves == LIMIT_DATA_LEAVES)
		return corrupt(e, "it has too many leaves");
	if (d->n_leaves && strcmp(d->leaves[d->n_leaves - 1].path, entry->path) >= 0)
		return corrupt(e, "its leaves are not in order");
	if (d->n_leaves == d->leaves_cap) {
		size_t cap = d->leaves_cap ? 2 * d->leaves_cap : 8;
		struct leaf *leaves = realloc(d->leaves, cap * sizeof *leaves);
		if (!leaves)
			return err_set(e, ERR_LIMIT, "out of memory");
		d->leaves = leaves;
		d->leaves_cap = cap;
	}
	char *path = strdup(entry->path);
	if (!path)
		return err_set(e, ERR_LIMIT, "out of memory");
	d->leaves[d->n_leaves++] = (struct leaf){ .path = path, .at = at, .size = entry->size };
	return 0;
}

static int leaves_take(struct data *d, uint64_t *at, uint64_t len, struct err *e)
{
	for (;;) {
		struct ustar_entry entry;
		bool end;
		if (header_take(d, &entry, &end, at, len, e) < 0)
			return -1;
		if (end)
			break;
		if (leaf_add(d, &entry, *at, e) < 0)
			return -1;
		*at += entry.size + USTAR_PAD(entry.size);
	}
	uint8_t zero[USTAR_BLOCK];
	if (source_take(d, zero, sizeof zero, at, len, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof zero; i++)
		if (zero[i])
			return corrupt(e, "it has bytes after its end");
	return padme(*at) == len ? 0 : corrupt(e, "it is not padded to its length");
}

static int by_path(const void *key, const void *leaf)
{
	return strcmp(key, ((const struct leaf *)leaf)->path);
}

const struct leaf *data_find(const struct data *d, const char *path)
{
	return d->n_leaves ? bsearch(path, d->leaves, d->n_leaves, sizeof *d->leaves, by_path) : NULL;
}

/* The path of a schema's leaf, put together from the keys of the open objects. */
struct place {
	char path[LIMIT_PATH_BYTES + 1];
	size_t ends[LIMIT_DATA_DEPTH + 1];	/* where the path of each open object ends */
	unsigned depth;
};

static int place_key(struct place *w, const struct json_token *t, struct err *e)
{
	size_t at = w->ends[w->depth - 1];
	if (t->len == 0 || memchr(t->text, '\0', t->len) || memchr(t->text, '/', t->len) || at + 1 + t->len > LIMIT_PATH_BYTES)
		return corrupt(e, "its schema has a key that no path has");
	if (at)
		w->path[at++] = '/';
	memcpy(w->path + at, t->text, t->len);
	w->path[at + t->len] = '\0';
	return 0;
}

static int place_type(struct data *d, const struct place *w, const struct json_token *t, struct err *e)
{
	struct leaf *leaf = d->n_leaves ? bsearch(w->path, d->leaves, d->n_leaves, sizeof *d->leaves, by_path) : NULL;
	if (w->depth == 0 || !leaf || leaf->type || t->len == 0 || memchr(t->text, '\0', t->len))
		return corrupt(e, "schema and leaves do not belong together");
	leaf->type = strndup(t->text, t->len);
	return leaf->type ? 0 : err_set(e, ERR_LIMIT, "out of memory");
}

static int schema_token(struct data *d, struct place *w, const struct json_token *t, struct err *e)
{
	switch (t->kind) {
	case JSON_KEY:
		return place_key(w, t, e);
	case JSON_STRING:
		return place_type(d, w, t, e);
	case JSON_OBJECT:
		if (w->depth >= LIMIT_DATA_DEPTH)
			return corrupt(e, "its schema is too deep");
		w->ends[w->depth] = w->depth ? strlen(w->path) : 0;
		w->depth++;
		return 0;
	case JSON_OBJECT_END:
		w->depth--;
		return 0;
	default:
		return corrupt(e, "its schema holds more than types");
	}
}

static int schema_apply(struct data *d, struct err *e)
{
	struct json_reader *reader = NULL;
	struct json_token t;
	struct place w = { .depth = 0 };
	int r;
	if (json_reader_new(&reader, d->schema, d->schema_len, e) < 0)
		return -1;
	while ((r = json_next(reader, &t, e)) == 0 && t.kind != JSON_END && (r = schema_token(d, &w, &t, e)) == 0)
		;
	json_reader_free(reader);
	for (size_t i = 0; r == 0 && i < d->n_leaves; i++)
		if (!d->leaves[i].type)
			r = corrupt(e, "schema and leaves do not belong together");
	return r;
}

int data_index(struct data *d, uint64_t plain_len, struct err *e)
{
	uint64_t at = 0;
	if (schema_take(d, &at, plain_len, e) < 0 || leaves_take(d, &at, plain_len, e) < 0)
		return -1;
	return schema_apply(d, e);
}

static int payload_read(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	struct data *d = ctx;
	if (os_pread(d->fd, out, n, offset) != (ssize_t)n)
		return err_set(e, ERR_INVALID, "the protected data is corrupt: it cannot be read at %llu", (unsigned long long)offset);
	return 0;
}

static int plain_read(void *ctx, void *out, size_t n, uint64_t at, struct err *e)
{
	return age_file_read(((struct data *)ctx)->file, out, n, at, e);
}

static int unseal(struct data *d, const struct box_text *header, const uint8_t box_secret[static 32], struct err *e)
{
	struct age_identity me = { .kind = AGE_X25519 };
	uint8_t file_key[AGE_FILE_KEY];
	size_t used = 0;
	memcpy(me.secret_key, box_secret, sizeof me.secret_key);
	int r = age_header_open(file_key, &used, (const uint8_t *)header->text, header->len, &me, 1, e);
	if (r == 0 && used != header->len)
		r = err_set(e, ERR_INVALID, "the released header has bytes after its end");
	if (r == 0)
		r = age_file_open(&d->file, file_key, d->input->size, payload_read, d, e);
	crypto_wipe(&me, sizeof me);
	crypto_wipe(file_key, sizeof file_key);
	return r;
}

int data_open(struct data *d, const struct box_input *input, int fd, const struct box_text *header,
	const uint8_t box_secret[static 32], struct err *e)
{
	*d = (struct data){ .input = input, .fd = fd };
	d->source = (struct source){ .read = plain_read, .ctx = d, .sealed = true };
	if (unseal(d, header, box_secret, e) < 0 || data_index(d, age_file_size(d->file), e) < 0) {
		data_done(d);
		return -1;
	}
	d->open = true;
	return 0;
}

void data_done(struct data *d)
{
	for (size_t i = 0; i < d->n_leaves; i++) {
		free(d->leaves[i].path);
		free(d->leaves[i].type);
	}
	free(d->leaves);
	free(d->schema);
	age_file_free(d->file);
	d->leaves = NULL;
	d->schema = NULL;
	d->file = NULL;
	d->n_leaves = d->leaves_cap = 0;
	d->open = false;
}
