/* A parsed JSON document: every value a node, the children of one value side by side, all of it in a few blocks of memory that
 * go together. Built by the pull reader without recursion; while a bracket is open its children wait on a stack.
 */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/os.h"

struct json {
	enum json_kind kind;
	bool is_integer;
	size_t offset;	/* in the text, of the value; for the errors */
	const char *key;	/* NULL but in an object */
	const char *text;	/* string or number, ended by NUL */
	const struct json *children;
	size_t len;	/* of text, or number of children */
};

struct block {
	struct block *next;
	size_t used, size;
	_Alignas(max_align_t) uint8_t bytes[];
};

/* The root comes first, so that the pointer to it is the document. */
struct document {
	struct json root;
	struct block *blocks;
};

struct builder {
	struct json_reader *reader;
	const char *source;
	struct document *doc;
	struct json *stack;	/* nodes whose parent is still open */
	size_t n, room;
	size_t open[LIMIT_JSON_DEPTH];	/* where on the stack each open bracket stands; its children follow */
	unsigned depth;
	const char *key;	/* read, its value not yet */
	size_t key_offset;
};

#define BLOCK_BYTES 4096u

static void *take(struct document *doc, size_t n, struct err *e)
{
	struct block *b = doc->blocks;
	n = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (!b || b->size - b->used < n) {
		size_t size = b ? 2 * b->size : BLOCK_BYTES;
		if (size < n)
			size = n;
		b = malloc(sizeof *b + size);
		if (!b) {
			err_set(e, ERR_LIMIT, "out of memory for a JSON document");
			return NULL;
		}
		*b = (struct block){ .next = doc->blocks, .size = size };
		doc->blocks = b;
	}
	void *p = b->bytes + b->used;
	b->used += n;
	return p;
}

static const char *text_take(struct document *doc, const struct json_token *t, struct err *e)
{
	char *p = take(doc, t->len + 1, e);
	if (p) {
		memcpy(p, t->text, t->len);
		p[t->len] = '\0';
	}
	return p;
}

void json_free(struct json *j)
{
	if (!j)
		return;
	struct document *doc = (struct document *)j;
	for (struct block *b = doc->blocks, *next; b; b = next) {
		next = b->next;
		os_wipe(b->bytes, b->used);
		free(b);
	}
	free(doc);
}

static int fail_at(const struct builder *b, size_t offset, struct err *e, const char *what, const char *key)
{
	unsigned line, column;
	json_position(b->source, offset, &line, &column);
	return err_set(e, ERR_INVALID, "line %u, column %u: %s%s%.64s%s", line, column, what, key ? " \"" : "", key ? key : "", key ? "\"" : "");
}

static int by_key(const void *a, const void *b)
{
	const struct json *x = *(const struct json *const *)a, *y = *(const struct json *const *)b;
	int order = strcmp(x->key, y->key);
	return order ? order : (x->offset > y->offset) - (x->offset < y->offset);
}

/* Sorting keeps an object of many keys from costing their square. */
static int duplicates_check(const struct builder *b, const struct json *members, size_t n, struct err *e)
{
	if (n < 2)
		return 0;
	const struct json **sorted = calloc(n, sizeof *sorted);
	if (!sorted)
		return err_set(e, ERR_LIMIT, "out of memory for a JSON object");
	for (size_t i = 0; i < n; i++)
		sorted[i] = &members[i];
	qsort(sorted, n, sizeof *sorted, by_key);
	int r = 0;
	for (size_t i = 1; i < n && r == 0; i++)
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0)
			r = fail_at(b, sorted[i]->offset, e, "the key stands twice in one object:", sorted[i]->key);
	free(sorted);
	return r;
}

/* Moves the children of the innermost open bracket off the stack, behind one another. */
static int bracket_close(struct builder *b, struct err *e)
{
	size_t at = b->open[--b->depth], n = b->n - at - 1;
	struct json *parent = &b->stack[at];
	if (parent->kind == JSON_OBJECT && duplicates_check(b, parent + 1, n, e) < 0)
		return -1;
	if (n > 0) {
		struct json *children = take(b->doc, n * sizeof *children, e);
		if (!children)
			return -1;
		memcpy(children, parent + 1, n * sizeof *children);
		parent->children = children;
	}
	parent->len = n;
	b->n = at + 1;
	return 0;
}

static int key_keep(struct builder *b, const struct json_token *t, struct err *e)
{
	if (memchr(t->text, '\0', t->len))
		return fail_at(b, json_offset(b->reader), e, "a key must not contain a NUL character", NULL);
	b->key = text_take(b->doc, t, e);
	b->key_offset = json_offset(b->reader);
	return b->key ? 0 : -1;
}

static int value_push(struct builder *b, const struct json_token *t, struct err *e)
{
	if (b->n == b->room) {
		size_t room = b->room ? 2 * b->room : 64;
		struct json *stack = realloc(b->stack, room * sizeof *stack);
		if (!stack)
			return err_set(e, ERR_LIMIT, "out of memory for a JSON document");
		b->stack = stack;
		b->room = room;
	}
	struct json *j = &b->stack[b->n++];
	*j = (struct json){ .kind = t->kind, .is_integer = t->is_integer, .key = b->key, .offset = json_offset(b->reader) };
	if (b->key)
		j->offset = b->key_offset;
	b->key = NULL;
	if (t->kind == JSON_OBJECT || t->kind == JSON_ARRAY) {
		b->open[b->depth++] = b->n - 1;
	} else if (t->kind == JSON_STRING || t->kind == JSON_NUMBER) {
		j->text = text_take(b->doc, t, e);
		j->len = t->len;
		return j->text ? 0 : -1;
	}
	return 0;
}

static int build(struct builder *b, struct err *e)
{
	struct json_token t;
	for (;;) {
		if (json_next(b->reader, &t, e) < 0)
			return -1;
		int r = 0;
		if (t.kind == JSON_END)
			return 0;
		if (t.kind == JSON_KEY)
			r = key_keep(b, &t, e);
		else if (t.kind == JSON_OBJECT_END || t.kind == JSON_ARRAY_END)
			r = bracket_close(b, e);
		else
			r = value_push(b, &t, e);
		if (r < 0)
			return -1;
	}
}

int json_parse(struct json **out, const char *text, size_t len, struct err *e)
{
	struct builder b = { .source = text };
	int r = -1;
	b.doc = calloc(1, sizeof *b.doc);
	if (!b.doc) {
		err_set(e, ERR_LIMIT, "out of memory for a JSON document");
		goto out;
	}
	if (json_reader_new(&b.reader, text, len, e) < 0 || build(&b, e) < 0)
		goto out;
	b.doc->root = b.stack[0];
	*out = &b.doc->root;
	b.doc = NULL;	/* taken */
	r = 0;
out:
	json_reader_free(b.reader);
	free(b.stack);
	json_free(b.doc ? &b.doc->root : NULL);
	return r;
}

enum json_kind json_kind(const struct json *j)
{
	return j ? j->kind : JSON_END;
}

static bool has_children(const struct json *j)
{
	return j && (j->kind == JSON_ARRAY || j->kind == JSON_OBJECT);
}

size_t json_count(const struct json *j)
{
	return has_children(j) ? j->len : 0;
}

const struct json *json_at(const struct json *j, size_t i)
{
	return i < json_count(j) ? &j->children[i] : NULL;
}

const char *json_key_at(const struct json *j, size_t i)
{
	return i < json_count(j) ? j->children[i].key : NULL;
}

const struct json *json_get(const struct json *j, const char *key)
{
	if (!j || j->kind != JSON_OBJECT)
		return NULL;
	for (size_t i = 0; i < j->len; i++)
		if (strcmp(j->children[i].key, key) == 0)
			return &j->children[i];
	return NULL;
}

const char *json_text(const struct json *j, size_t *len)
{
	bool has_text = j && (j->kind == JSON_STRING || j->kind == JSON_NUMBER);
	if (len)
		*len = has_text ? j->len : 0;
	return has_text ? j->text : NULL;
}

bool json_is_integer(const struct json *j)
{
	return j && j->kind == JSON_NUMBER && j->is_integer;
}
