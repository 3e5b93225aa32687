/* The owner's reader of protected data: strict, and by a callback, so that the bytes may stay sealed until they are asked for. It accepts
 * exactly what pdata_write.c writes: any other order, slack, padding or schema is refused.
 */
#include "form/pdata.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/ustar.h"
#include "form/pdata_inner.h"

/* Schema */

struct walk {
	pdata_schema_each *f;
	void *ctx;
	char path[LIMIT_PATH_BYTES + 2], before[LIMIT_PATH_BYTES + 2];
	size_t ends[LIMIT_DATA_DEPTH + 1];	/* where the path of each open object ends */
	unsigned depth;	/* open objects */
};

static int not_schema(struct err *e)
{
	return err_set(e, ERR_INVALID, "the schema is not one: objects that hold objects and the names of types, and nothing else");
}

static int walk_key(struct walk *w, const struct json_token *t, struct err *e)
{
	size_t at = w->ends[w->depth - 1];
	if (t->len == 0 || memchr(t->text, '/', t->len) || memchr(t->text, '\0', t->len) || at + 1 + t->len > LIMIT_PATH_BYTES)
		return err_set(e, ERR_INVALID, "the schema has a key that no path has");
	if (at)
		w->path[at++] = '/';
	memcpy(w->path + at, t->text, t->len);
	w->path[at + t->len] = '\0';
	return 0;
}

static int walk_leaf(struct walk *w, const struct json_token *t, struct err *e)
{
	char type[PDATA_TYPE_TEXT];
	if (t->len >= sizeof type || memchr(t->text, '\0', t->len))
		return err_set(e, ERR_INVALID, "the schema names a type at %s that is too long", w->path);
	memcpy(type, t->text, t->len);
	type[t->len] = '\0';
	if (pdata_path_check(w->path, e) < 0 || pdata_type_check(type, e) < 0)
		return err_wrap(e, "schema");
	size_t n = strlen(w->before);
	if (pdata_path_order(w->before, w->path) >= 0 || (n && strncmp(w->before, w->path, n) == 0 && w->path[n] == '/'))
		return err_set(e, ERR_INVALID, "the schema is not in order at %s", w->path);
	memcpy(w->before, w->path, strlen(w->path) + 1);
	return w->f(w->ctx, w->path, type, e);
}

/* A value has just begun: an object or the name of a type. */
static int walk_value(struct walk *w, const struct json_token *t, struct err *e)
{
	if (t->kind == JSON_STRING && w->depth > 0)
		return walk_leaf(w, t, e);
	if (t->kind != JSON_OBJECT)
		return not_schema(e);
	if (w->depth >= LIMIT_DATA_DEPTH)
		return err_set(e, ERR_LIMIT, "the schema is more than %u levels deep", LIMIT_DATA_DEPTH);
	w->ends[w->depth] = w->depth ? strlen(w->path) : 0;
	w->depth++;
	return 0;
}

int pdata_schema_walk(const char *json, size_t len, pdata_schema_each *f, void *ctx, struct err *e)
{
	struct walk w = { .f = f, .ctx = ctx };
	struct json_reader *reader = NULL;
	struct json_token t;
	if (json_reader_new(&reader, json, len, e) < 0)
		return -1;
	int r;
	bool empty = false;	/* is the innermost object without a member so far? */
	while ((r = json_next(reader, &t, e)) == 0 && t.kind != JSON_END) {
		if (t.kind == JSON_OBJECT_END) {
			r = empty ? not_schema(e) : 0;
			w.depth--;
		} else {
			r = t.kind == JSON_KEY ? walk_key(&w, &t, e) : walk_value(&w, &t, e);
			empty = t.kind == JSON_OBJECT;
		}
		if (r < 0)
			break;
	}
	json_reader_free(reader);
	return r;
}

struct wanted { const char *path, *type; bool found; };

static int wanted_one(void *ctx, const char *path, const char *type, struct err *e)
{
	(void)e;
	struct wanted *w = ctx;
	if (strcmp(path, w->path) == 0 && (!w->type || strcmp(type, w->type) == 0))
		w->found = true;
	return 0;
}

int pdata_schema_has(const char *json, size_t len, const char *path, const char *type, bool *has, struct err *e)
{
	struct wanted w = { path, type, false };
	int r = pdata_schema_walk(json, len, wanted_one, &w, e);
	*has = w.found;
	return r;
}

/* The container */

struct in {
	pdata_read *read;
	void *ctx;
	uint64_t len, at;
};

static int take(struct in *in, void *out, size_t n, struct err *e)
{
	if (n > in->len - in->at)
		return err_set(e, ERR_INVALID, "the protected data is cut short");
	if (in->read(in->ctx, out, n, in->at, e) < 0)
		return -1;
	in->at += n;
	return 0;
}

static int skip(struct in *in, uint64_t n, struct err *e)
{
	if (n > in->len - in->at)
		return err_set(e, ERR_INVALID, "the protected data is cut short");
	in->at += n;
	return 0;
}

static int take_zeros(struct in *in, uint64_t n, struct err *e)
{
	static const uint8_t zeros[KIB(4)];
	uint8_t piece[sizeof zeros];
	while (n > 0) {
		size_t step = n < sizeof piece ? (size_t)n : sizeof piece;
		if (take(in, piece, step, e) < 0)
			return -1;
		if (memcmp(piece, zeros, step) != 0)
			return err_set(e, ERR_INVALID, "the protected data has bytes where only zeros may be");
		n -= step;
	}
	return 0;
}

static int take_header(struct in *in, struct ustar_entry *entry, bool *end, struct err *e)
{
	uint8_t block[USTAR_BLOCK];
	if (take(in, block, sizeof block, e) < 0 || ustar_decode(entry, block, end, e) < 0)
		return -1;
	if (!*end && entry->executable)
		return err_set(e, ERR_INVALID, "%s is marked as a program", entry->path);
	return 0;
}

static int take_schema(struct in *in, struct buf *schema, struct err *e)
{
	struct ustar_entry entry;
	bool end = false;
	if (take_header(in, &entry, &end, e) < 0)
		return -1;
	if (end || strcmp(entry.path, PDATA_SCHEMA_FILE) != 0)
		return err_set(e, ERR_INVALID, "the protected data does not begin with its schema");
	if (entry.size > LIMIT_SCHEMA_BYTES)
		return err_set(e, ERR_LIMIT, "the schema is larger than %llu bytes", LIMIT_SCHEMA_BYTES);
	if (buf_reserve(schema, (size_t)entry.size, e) < 0 || take(in, schema->data, (size_t)entry.size, e) < 0)
		return -1;
	schema->len = (size_t)entry.size;
	return take_zeros(in, USTAR_PAD(entry.size), e);
}

struct leaves { struct pdata_leaf *list; size_t n, cap, typed; };

static int leaf_add(struct leaves *l, const struct ustar_entry *entry, uint64_t offset, struct err *e)
{
	if (l->n >= LIMIT_DATA_LEAVES)
		return err_set(e, ERR_LIMIT, "the protected data has more than %u leaves", LIMIT_DATA_LEAVES);
	if (pdata_path_check(entry->path, e) < 0)
		return -1;
	if (l->n && strcmp(l->list[l->n - 1].path, entry->path) >= 0)
		return err_set(e, ERR_INVALID, "the protected data is not in order at %s", entry->path);
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 16;
		struct pdata_leaf *list = realloc(l->list, cap * sizeof *list);
		if (!list)
			return err_set(e, ERR_LIMIT, "out of memory");
		l->list = list;
		l->cap = cap;
	}
	struct pdata_leaf *leaf = &l->list[l->n++];
	memset(leaf, 0, sizeof *leaf);
	memcpy(leaf->path, entry->path, strlen(entry->path) + 1);
	leaf->offset = offset;
	leaf->size = entry->size;
	return 0;
}

static int take_leaves(struct in *in, struct leaves *l, struct err *e)
{
	for (;;) {
		struct ustar_entry entry;
		bool end = false;
		if (take_header(in, &entry, &end, e) < 0)
			return -1;
		if (end)
			break;
		uint64_t offset = in->at;
		if (leaf_add(l, &entry, offset, e) < 0 || skip(in, entry.size, e) < 0 || take_zeros(in, USTAR_PAD(entry.size), e) < 0)
			return -1;
	}
	if (take_zeros(in, USTAR_BLOCK, e) < 0)
		return -1;
	if (in->len != padme(in->at))
		return err_set(e, ERR_INVALID, "the protected data is not padded to its Padmé length");
	return take_zeros(in, in->len - in->at, e);
}

static int by_path(const void *key, const void *leaf)
{
	return strcmp(key, ((const struct pdata_leaf *)leaf)->path);
}

static int type_set(void *ctx, const char *path, const char *type, struct err *e)
{
	struct leaves *l = ctx;
	struct pdata_leaf *leaf = l->n ? bsearch(path, l->list, l->n, sizeof *l->list, by_path) : NULL;
	if (!leaf)
		return err_set(e, ERR_INVALID, "the schema names %s, which is not there", path);
	memcpy(leaf->type, type, strlen(type) + 1);
	l->typed++;	/* a path comes once in a schema */
	return 0;
}

int pdata_leaves(struct pdata_leaf **out, size_t *n, pdata_read *read, void *ctx, uint64_t plain_len, struct err *e)
{
	struct in in = { .read = read, .ctx = ctx, .len = plain_len };
	struct leaves l = { .list = NULL };
	struct buf schema = BUF_INIT(LIMIT_SCHEMA_BYTES);
	int r = take_schema(&in, &schema, e);
	if (r == 0)
		r = take_leaves(&in, &l, e);
	if (r == 0)
		r = pdata_schema_walk(buf_text(&schema), schema.len, type_set, &l, e);
	if (r == 0 && l.typed != l.n)
		r = err_set(e, ERR_INVALID, "the protected data has leaves that its schema does not name");
	buf_done(&schema);
	if (r < 0) {
		free(l.list);
		return -1;
	}
	*out = l.list;
	*n = l.n;
	return 0;
}
