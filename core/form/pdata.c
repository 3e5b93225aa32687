/* The tree of protected data: leaves by path, each a value in memory or a file on disk, and the schema that follows from them. It never
 * reads more of a file than its first bytes; writing is in pdata_write.c.
 */
#include "form/pdata.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/os.h"
#include "base/text.h"
#include "base/ustar.h"
#include "form/pdata_inner.h"

int pdata_new(struct pdata **out, struct err *e)
{
	*out = calloc(1, sizeof **out);
	return *out ? 0 : err_set(e, ERR_LIMIT, "out of memory");
}

void pdata_leaf_free(struct leaf *leaf)
{
	if (!leaf)
		return;
	if (leaf->bytes)
		os_wipe(leaf->bytes, leaf->size);
	free(leaf->bytes);
	free(leaf->file);
	free(leaf->path);
	free(leaf);
}

void pdata_free(struct pdata *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n; i++)
		pdata_leaf_free(d->leaves[i]);
	free(d->leaves);
	free(d);
}

struct leaf *pdata_leaf_new(const char *path, const char *type, struct err *e)
{
	struct leaf *leaf = calloc(1, sizeof *leaf);
	if (!leaf || !(leaf->path = strdup(path))) {
		pdata_leaf_free(leaf);
		err_set(e, ERR_LIMIT, "out of memory");
		return NULL;
	}
	memcpy(leaf->type, type, strlen(type) + 1);	/* pdata_type_check has measured it */
	return leaf;
}

/* The first leaf that is not before path. */
static size_t lower_bound(const struct pdata *d, const char *path)
{
	size_t low = 0, high = d->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (strcmp(d->leaves[mid]->path, path) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool has(const struct pdata *d, const char *path)
{
	size_t at = lower_bound(d, path);
	return at < d->n && strcmp(d->leaves[at]->path, path) == 0;
}

struct leaf *pdata_leaf_find(const struct pdata *d, const char *path)
{
	size_t at = lower_bound(d, path);
	return at < d->n && strcmp(d->leaves[at]->path, path) == 0 ? d->leaves[at] : NULL;
}

static int clash(const char *folder, struct err *e)
{
	err_set(e, ERR_CONFLICT, "%s cannot be a value and a folder of values at once", folder);
	return err_hint(e, "rename one of the two");
}

/* A path names one leaf, and no leaf is a folder of another. */
static int place_check(const struct pdata *d, const char *path, struct err *e)
{
	char part[LIMIT_PATH_BYTES + 2];
	size_t len = strlen(path);
	if (has(d, path)) {
		err_set(e, ERR_CONFLICT, "%s is given twice", path);
		return err_hint(e, "every path holds one value; protect the two under different names or folders");
	}
	for (size_t i = 0; i < len; i++)
		if (path[i] == '/') {
			memcpy(part, path, i);
			part[i] = '\0';
			if (has(d, part))
				return clash(part, e);
		}
	memcpy(part, path, len);
	part[len] = '/';
	part[len + 1] = '\0';
	size_t at = lower_bound(d, part);
	if (at < d->n && strncmp(d->leaves[at]->path, part, len + 1) == 0)
		return clash(path, e);
	return 0;
}

static int room_for_one(struct pdata *d, struct err *e)
{
	if (d->n >= LIMIT_DATA_LEAVES) {
		err_set(e, ERR_LIMIT, "more than %u values and files in one protected data", LIMIT_DATA_LEAVES);
		return err_hint(e, "put them into one file (a CSV, a ZIP, a database) and protect that");
	}
	if (d->n < d->cap)
		return 0;
	size_t cap = d->cap ? d->cap * 2 : 16;
	struct leaf **leaves = realloc(d->leaves, cap * sizeof *leaves);
	if (!leaves)
		return err_set(e, ERR_LIMIT, "out of memory");
	d->leaves = leaves;
	d->cap = cap;
	return 0;
}

int pdata_insert(struct pdata *d, struct leaf *leaf, struct err *e)
{
	if (place_check(d, leaf->path, e) < 0 || room_for_one(d, e) < 0) {
		pdata_leaf_free(leaf);
		return -1;
	}
	size_t at = lower_bound(d, leaf->path);
	memmove(d->leaves + at + 1, d->leaves + at, (d->n - at) * sizeof *d->leaves);
	d->leaves[at] = leaf;
	d->n++;
	return 0;
}

static int depth_check(const char *path, struct err *e)
{
	unsigned depth = 1;
	for (const char *p = path; *p; p++)
		depth += *p == '/';
	if (depth <= LIMIT_DATA_DEPTH)
		return 0;
	return err_set(e, ERR_LIMIT, "%s is %u levels deep, and %u is the most", path, depth, LIMIT_DATA_DEPTH);
}

int pdata_path_check(const char *path, struct err *e)
{
	if (ustar_path_check(path, strlen(path), e) < 0 || depth_check(path, e) < 0)
		return -1;
	if (strcmp(path, PDATA_SCHEMA_FILE) != 0)
		return 0;
	err_set(e, ERR_INVALID, "the name %s is taken: every protected data keeps its own schema there", PDATA_SCHEMA_FILE);
	return err_hint(e, "rename the file, or put it into a folder");
}

#define KEY_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

static int key_check(const char *key, size_t len, const char *path, struct err *e)
{
	if (len == 0) {
		err_set(e, ERR_INVALID, "\"%.200s\" has an empty key", path);
		return err_hint(e, "a key is one to %u of A-Z a-z 0-9 _ -, and . or / stands between keys", LIMIT_DATA_KEY_BYTES);
	}
	if (len > LIMIT_DATA_KEY_BYTES)
		return err_set(e, ERR_LIMIT, "the key %.40s… has %zu characters, and %u is the most", key, len, LIMIT_DATA_KEY_BYTES);
	if (strspn(key, KEY_CHARS) >= len)
		return 0;
	struct buf shown = BUF_INIT(KIB(1));
	if (text_escape(&shown, key, len, e) == 0)
		err_set(e, ERR_INVALID, "the key \"%s\" has a character that keys do not have", buf_text(&shown));
	buf_done(&shown);
	return err_hint(e, "a key is one to %u of A-Z a-z 0-9 _ -", LIMIT_DATA_KEY_BYTES);
}

/* "a.b.c" or "a/b/c" to a/b/c. */
static int value_path(char out[static LIMIT_PATH_BYTES + 2], const char *path, struct err *e)
{
	size_t len = strlen(path);
	if (len > LIMIT_PATH_BYTES)
		return err_set(e, ERR_LIMIT, "a path of %zu characters, and %u is the most", len, LIMIT_PATH_BYTES);
	size_t start = 0;
	for (size_t i = 0; i <= len; i++) {
		bool end = i == len || path[i] == '.' || path[i] == '/';
		if (end && key_check(path + start, i - start, path, e) < 0)
			return -1;
		out[i] = end ? (i == len ? '\0' : '/') : path[i];
		if (end)
			start = i + 1;
	}
	return pdata_path_check(out, e);
}

static int value_insert(struct pdata *d, const char *path, const char *type, const char *text, size_t len, struct err *e)
{
	struct buf canon = BUF_INIT(len + 64);	/* canonical text is at most a few characters longer: "1" becomes "1.0" */
	struct leaf *leaf = NULL;
	int r = -1;
	if (pdata_scalar_canon(&canon, type, text, len, e) < 0) {
		err_wrap(e, "%s", path);
		goto out;
	}
	if (!(leaf = pdata_leaf_new(path, type, e)))
		goto out;
	leaf->size = canon.len;
	if (!(leaf->bytes = malloc(canon.len + 1))) {
		err_set(e, ERR_LIMIT, "out of memory");
		goto out;
	}
	if (canon.len)
		memcpy(leaf->bytes, canon.data, canon.len);
	r = pdata_insert(d, leaf, e);
	leaf = NULL;	/* taken */
out:
	pdata_leaf_free(leaf);
	buf_done(&canon);
	return r;
}

int pdata_add_value(struct pdata *d, const char *path, const char *type, const char *text, struct err *e)
{
	char slashed[LIMIT_PATH_BYTES + 2];
	if (value_path(slashed, path, e) < 0)
		return -1;
	return value_insert(d, slashed, type ? type : "string", text, strlen(text), e);
}

int pdata_leaf_value(struct leaf *leaf, const char *type, const char *text, size_t len, struct err *e)
{
	char slashed[LIMIT_PATH_BYTES + 2];
	struct buf canon = BUF_INIT(len + 64);
	uint8_t *bytes = NULL;
	int r = -1;
	if (value_path(slashed, leaf->path, e) < 0 || pdata_scalar_canon(&canon, type, text, len, e) < 0) {
		err_wrap(e, "%s", leaf->path);
		goto out;
	}
	if (strcmp(slashed, leaf->path) != 0) {
		err_set(e, ERR_INVALID, "%s is the path of a file; a value's has no dots", leaf->path);
		goto out;
	}
	if (!(bytes = malloc(canon.len + 1))) {
		err_set(e, ERR_LIMIT, "out of memory");
		goto out;
	}
	if (canon.len)
		memcpy(bytes, canon.data, canon.len);
	free(leaf->file);
	leaf->file = NULL;
	leaf->bytes = bytes;
	leaf->size = canon.len;
	memcpy(leaf->type, type, strlen(type) + 1);
	r = 0;
out:
	buf_done(&canon);
	return r;
}

int pdata_add_bytes(struct pdata *d, const char *path, const char *type, const void *bytes, size_t n, struct err *e)
{
	const char *found = type ? type : pdata_mime(bytes, n < PDATA_HEAD_BYTES ? n : PDATA_HEAD_BYTES, path);
	if (pdata_path_check(path, e) < 0 || pdata_type_check(found, e) < 0)
		return -1;
	struct leaf *leaf = pdata_leaf_new(path, found, e);
	if (!leaf)
		return -1;
	leaf->size = n;
	if (!(leaf->bytes = malloc(n + 1))) {
		pdata_leaf_free(leaf);
		return err_set(e, ERR_LIMIT, "out of memory");
	}
	if (n)
		memcpy(leaf->bytes, bytes, n);
	return pdata_insert(d, leaf, e);
}

/* JSON */

static int json_refuse(enum json_kind kind, const char *path, struct err *e)
{
	if (kind == JSON_NULL) {
		err_set(e, ERR_INVALID, "%s is null, and protected data has no such value", path);
		return err_hint(e, "leave the key out, or give it a value");
	}
	err_set(e, ERR_INVALID, "%s is a list, and protected data has values and objects only", path);
	return err_hint(e, "write it as an object, {\"0\": …, \"1\": …}, or protect the JSON file itself as a file");
}

static int json_leaf(struct pdata *d, const char *path, const struct json *v, struct err *e)
{
	size_t len = 0;
	const char *text = NULL;
	switch (json_kind(v)) {
	case JSON_TRUE:
		return value_insert(d, path, "bool", "true", 4, e);
	case JSON_FALSE:
		return value_insert(d, path, "bool", "false", 5, e);
	case JSON_NUMBER:
		text = json_text(v, &len);
		return value_insert(d, path, json_is_integer(v) ? "i128" : "f64", text, len, e);
	case JSON_STRING:
		text = json_text(v, &len);
		return value_insert(d, path, "string", text, len, e);
	default:
		return json_refuse(json_kind(v), path, e);
	}
}

/* Recursion ends at LIMIT_DATA_DEPTH. path holds len bytes of the way to v. */
// NOLINTNEXTLINE(misc-no-recursion): no deeper than LIMIT_DATA_DEPTH
static int json_object(struct pdata *d, char path[static LIMIT_PATH_BYTES + 2], size_t len, const struct json *v, unsigned depth,
	struct err *e)
{
	path[len] = '\0';
	if (json_count(v) == 0) {
		err_set(e, ERR_INVALID, "%s is an empty object, and there is nothing to protect in it", len ? path : "the document");
		return err_hint(e, "leave it out, or give it a value");
	}
	if (depth > LIMIT_DATA_DEPTH)
		return err_set(e, ERR_LIMIT, "%s is more than %u levels deep", path, LIMIT_DATA_DEPTH);
	for (size_t i = 0; i < json_count(v); i++) {
		const char *key = json_key_at(v, i);
		size_t key_len = strlen(key), at = len ? len + 1 : 0;
		const struct json *member = json_at(v, i);
		if (key_check(key, key_len, key, e) < 0)
			return -1;
		if (at + key_len > LIMIT_PATH_BYTES)
			return err_set(e, ERR_LIMIT, "the path to %s is longer than %u characters", key, LIMIT_PATH_BYTES);
		if (len)
			path[len] = '/';
		memcpy(path + at, key, key_len + 1);
		if (json_kind(member) == JSON_OBJECT) {
			if (json_object(d, path, at + key_len, member, depth + 1, e) < 0)
				return -1;
		} else if (pdata_path_check(path, e) < 0 || json_leaf(d, path, member, e) < 0) {
			return -1;
		}
	}
	return 0;
}

int pdata_add_json(struct pdata *d, const char *json, size_t len, struct err *e)
{
	char path[LIMIT_PATH_BYTES + 2];
	struct json *j = NULL;
	if (json_parse(&j, json, len, e) < 0)
		return -1;
	int r = -1;
	if (json_kind(j) == JSON_OBJECT)
		r = json_object(d, path, 0, j, 1, e);
	else {
		err_set(e, ERR_INVALID, "the document is not an object, so its value has no name");
		err_hint(e, "write it as an object, {\"name\": …}, or protect the JSON file itself as a file");
	}
	json_free(j);
	return r;
}

/* Types and schema */

int pdata_set_type(struct pdata *d, const char *path, const char *type, struct err *e)
{
	size_t at = lower_bound(d, path);
	if (at == d->n || strcmp(d->leaves[at]->path, path) != 0)
		return err_set(e, ERR_NOT_FOUND, "there is nothing at %s whose type could be set", path);
	if (pdata_type_check(type, e) < 0)
		return -1;
	struct leaf *leaf = d->leaves[at];
	if (pdata_type_is_scalar(type) || !leaf->file) {
		err_set(e, ERR_INVALID, "%s is a %s, and its type cannot become %s", path, leaf->file ? "file" : leaf->type, type);
		return err_hint(e, leaf->file ? "the type of a file is a MIME type, such as text/csv"
			: "give the type of a value along with it: --set KEY=VALUE --type KEY=TYPE");
	}
	memcpy(leaf->type, type, strlen(type) + 1);
	return 0;
}

int pdata_path_order(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	int x = *a == '/' ? 1 : (unsigned char)*a, y = *b == '/' ? 1 : (unsigned char)*b;	/* no path has a character 1; the end is 0 */
	return x - y;
}

static int schema_order(const void *a, const void *b)
{
	return pdata_path_order((*(struct leaf *const *)a)->path, (*(struct leaf *const *)b)->path);
}

/* How many bytes of whole folders, slash included, a and b have in common. */
static size_t common_folders(const char *a, const char *b)
{
	size_t n = 0;
	for (size_t i = 0; a[i] && a[i] == b[i]; i++)
		if (a[i] == '/')
			n = i + 1;
	return n;
}

static unsigned slashes(const char *s, size_t n)
{
	unsigned count = 0;
	for (size_t i = 0; i < n; i++)
		count += s[i] == '/';
	return count;
}

/* Closes what the path before had open, opens the folders of this one, writes its key and type. */
static void schema_leaf(struct json_writer *w, const char *before, const struct leaf *leaf)
{
	char key[LIMIT_PATH_BYTES + 2];
	size_t shared = common_folders(before, leaf->path);
	for (unsigned n = slashes(before + shared, strlen(before + shared)); n > 0; n--)
		json_write_object_end(w);
	const char *p = leaf->path + shared;
	for (const char *slash; (slash = strchr(p, '/')); p = slash + 1) {
		memcpy(key, p, (size_t)(slash - p));
		key[slash - p] = '\0';
		json_write_key(w, key);
		json_write_object(w);
	}
	json_write_key(w, p);
	json_write_text(w, leaf->type);
}

int pdata_schema(const struct pdata *d, struct buf *out, struct err *e)
{
	if (d->n == 0) {
		err_set(e, ERR_INVALID, "there is nothing to protect");
		return err_hint(e, "name files or folders, or give values with --set KEY=VALUE or --json-file FILE");
	}
	struct leaf **sorted = malloc(d->n * sizeof *sorted);
	if (!sorted)
		return err_set(e, ERR_LIMIT, "out of memory");
	memcpy(sorted, d->leaves, d->n * sizeof *sorted);
	qsort(sorted, d->n, sizeof *sorted, schema_order);
	struct json_writer w;
	json_write_init(&w, out, e);
	json_write_object(&w);
	const char *before = "";
	for (size_t i = 0; i < d->n; i++) {
		schema_leaf(&w, before, sorted[i]);
		before = sorted[i]->path;
	}
	for (unsigned n = slashes(before, strlen(before)); n > 0; n--)
		json_write_object_end(&w);
	json_write_object_end(&w);
	free(sorted);
	return json_write_done(&w);
}
