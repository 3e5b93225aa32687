/* libyaml's events to a tree, without recursion and without its composer: an alias never becomes a node, so nothing can blow up. */
#include "form/ytree.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

#define NODES_MAX 4096u	/* a manifest of 64 KiB cannot usefully hold more */

struct ytree_doc {
	const char *file;	/* borrowed */
	struct ytree_node *nodes;
	size_t n;
	char *pool;	/* the scalars, NUL ended; never larger than the input and one NUL a node */
	size_t pool_used, pool_size;
};

static int refuse_at(const struct ytree_doc *d, unsigned line, unsigned column, struct err *e, const char *fmt, va_list ap)
{
	char what[1024];
	(void)vsnprintf(what, sizeof what, fmt, ap);
	return err_set(e, ERR_INVALID, "%s:%u:%u: %s", d->file, line, column, what);
}

int ytree_refuse(const struct ytree_doc *d, const struct ytree_node *n, struct err *e, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	refuse_at(d, n->line, n->column, e, fmt, ap);
	va_end(ap);
	return -1;
}

int ytree_refuse_key(const struct ytree_doc *d, const struct ytree_node *n, struct err *e, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	refuse_at(d, n->key ? n->key_line : n->line, n->key ? n->key_column : n->column, e, fmt, ap);
	va_end(ap);
	return -1;
}

static int refuse_mark(const struct ytree_doc *d, yaml_mark_t m, struct err *e, const char *what)
{
	return err_set(e, ERR_INVALID, "%s:%zu:%zu: %s", d->file, m.line + 1, m.column + 1, what);
}

/* One open mapping or sequence while the events go by. */
struct level {
	struct ytree_node *node, *last;
	const char *key;	/* of the member whose value comes next */
	unsigned key_line, key_column;
	bool has_key;
};

struct builder {
	struct ytree_doc *doc;
	struct level stack[LIMIT_YAML_DEPTH];
	size_t depth;
	bool rooted;
};

static const char *pool_add(struct ytree_doc *d, const char *s, size_t n)
{
	if (n >= d->pool_size - d->pool_used)
		return NULL;
	char *out = d->pool + d->pool_used;
	memcpy(out, s, n);
	out[n] = '\0';
	d->pool_used += n + 1;
	return out;
}

static struct ytree_node *node_add(struct builder *b, enum ytree_kind kind, yaml_mark_t m, struct err *e)
{
	struct ytree_doc *d = b->doc;
	struct level *top = b->depth ? &b->stack[b->depth - 1] : NULL;
	if (d->n == NODES_MAX) {
		refuse_mark(d, m, e, "too many values");
		return NULL;
	}
	struct ytree_node *n = &d->nodes[d->n++];
	*n = (struct ytree_node){ .kind = kind, .line = (unsigned)m.line + 1, .column = (unsigned)m.column + 1 };
	b->rooted = true;
	if (!top)
		return n;
	if (top->node->kind == YTREE_MAP) {
		n->key = top->key;
		n->key_line = top->key_line;
		n->key_column = top->key_column;
		top->has_key = false;
	}
	if (top->last)
		top->last->next = n;
	else
		top->node->first = n;
	top->last = n;
	return n;
}

static size_t characters(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* Who looks for "egress" in a manifest must find it: an escape would be a second spelling of the same key. */
static bool key_spelt_plainly(const yaml_event_t *ev, const char *text)
{
	size_t quotes = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? 0 : 2;
	return ev->end_mark.index - ev->start_mark.index == characters(text) + quotes;
}

static int key_take(struct builder *b, const yaml_event_t *ev, const char *text, struct err *e)
{
	struct level *top = &b->stack[b->depth - 1];
	if (strlen(text) > LIMIT_PATH_BYTES)
		return refuse_mark(b->doc, ev->start_mark, e, "no key is as long as this");
	if (!key_spelt_plainly(ev, text))
		return refuse_mark(b->doc, ev->start_mark, e, "write the key on one line and without escapes");
	for (const struct ytree_node *m = top->node->first; m; m = m->next)
		if (!strcmp(m->key, text)) {
			char what[LIMIT_PATH_BYTES + 64];
			(void)snprintf(what, sizeof what, "the key \"%s\" stands here twice", text);
			return refuse_mark(b->doc, ev->start_mark, e, what);
		}
	top->key = text;
	top->key_line = (unsigned)ev->start_mark.line + 1;
	top->key_column = (unsigned)ev->start_mark.column + 1;
	top->has_key = true;
	return 0;
}

static int scalar_take(struct builder *b, const yaml_event_t *ev, struct err *e)
{
	const char *s = (const char *)ev->data.scalar.value;
	size_t n = ev->data.scalar.length;
	yaml_scalar_style_t style = ev->data.scalar.style;
	if (ev->data.scalar.anchor || ev->data.scalar.tag)
		return refuse_mark(b->doc, ev->start_mark, e, "anchors and tags are not allowed");
	if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE)
		return refuse_mark(b->doc, ev->start_mark, e, "write the text on one line; block scalars are not allowed");
	if (text_plain(s, n) != n)
		return refuse_mark(b->doc, ev->start_mark, e, "control and invisible characters are not allowed, escaped or not");
	const char *text = pool_add(b->doc, s, n);
	if (!text)
		return refuse_mark(b->doc, ev->start_mark, e, "too much text");
	struct level *top = b->depth ? &b->stack[b->depth - 1] : NULL;
	if (top && top->node->kind == YTREE_MAP && !top->has_key)
		return key_take(b, ev, text, e);
	struct ytree_node *node = node_add(b, YTREE_SCALAR, ev->start_mark, e);
	if (!node)
		return -1;
	node->text = text;
	return 0;
}

static int open_take(struct builder *b, const yaml_event_t *ev, enum ytree_kind kind, bool decorated, struct err *e)
{
	const struct level *top = b->depth ? &b->stack[b->depth - 1] : NULL;
	if (decorated)
		return refuse_mark(b->doc, ev->start_mark, e, "anchors and tags are not allowed");
	if (top && top->node->kind == YTREE_MAP && !top->has_key)
		return refuse_mark(b->doc, ev->start_mark, e, "a key must be text");
	if (b->depth == LIMIT_YAML_DEPTH)
		return refuse_mark(b->doc, ev->start_mark, e, "nested too deeply");
	struct ytree_node *node = node_add(b, kind, ev->start_mark, e);
	if (!node)
		return -1;
	b->stack[b->depth++] = (struct level){ .node = node };
	return 0;
}

static int event_take(struct builder *b, const yaml_event_t *ev, bool *end, struct err *e)
{
	switch (ev->type) {
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	case YAML_NO_EVENT:
		return 0;
	case YAML_STREAM_END_EVENT:
		*end = true;
		return b->rooted ? 0 : err_set(e, ERR_INVALID, "%s:1:1: the file is empty", b->doc->file);
	case YAML_DOCUMENT_START_EVENT:
		if (b->rooted)
			return refuse_mark(b->doc, ev->start_mark, e, "a second document is not allowed");
		if (ev->data.document_start.version_directive ||
		    ev->data.document_start.tag_directives.start != ev->data.document_start.tag_directives.end)
			return refuse_mark(b->doc, ev->start_mark, e, "directives are not allowed");
		return 0;
	case YAML_ALIAS_EVENT:
		return refuse_mark(b->doc, ev->start_mark, e, "aliases are not allowed; write it out");
	case YAML_SCALAR_EVENT:
		return scalar_take(b, ev, e);
	case YAML_SEQUENCE_START_EVENT:
		return open_take(b, ev, YTREE_LIST, ev->data.sequence_start.anchor || ev->data.sequence_start.tag, e);
	case YAML_MAPPING_START_EVENT:
		return open_take(b, ev, YTREE_MAP, ev->data.mapping_start.anchor || ev->data.mapping_start.tag, e);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return 0;
	}
	return err_set(e, ERR_INTERNAL, "libyaml sent an event that is not in its documentation");
}

static int events_read(yaml_parser_t *parser, struct builder *b, struct err *e)
{
	for (bool end = false; !end;) {
		yaml_event_t ev;
		if (!yaml_parser_parse(parser, &ev)) {
			char what[256];
			(void)snprintf(what, sizeof what, "this is not YAML: %s", parser->problem ? parser->problem : "unreadable");
			yaml_mark_t m = parser->problem_mark;
			return refuse_mark(b->doc, m, e, what);
		}
		int r = event_take(b, &ev, &end, e);
		yaml_event_delete(&ev);
		if (r < 0)
			return -1;
	}
	return 0;
}

/* Comments too: what an editor shows on one line must not be two to libyaml, for which U+0085, U+2028 and U+2029 end a line and a comment. */
static int raw_check(const char *file, const char *text, size_t len, struct err *e)
{
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		return err_set(e, ERR_INVALID, "%s:1:1: a byte order mark is not allowed", file);
	size_t bad = text_plain(text, len);
	while (bad < len && (text[bad] == '\n' || text[bad] == '\t')) {	/* where a tab may stand is libyaml's to judge */
		bad++;
		bad += text_plain(text + bad, len - bad);
	}
	if (bad == len)
		return 0;
	unsigned line, column;
	json_position(text, bad, &line, &column);
	return err_set(e, ERR_INVALID, "%s:%u:%u: %s", file, line, column,
		utf8_next(text + bad, len - bad, NULL) == 0 ? "this is not UTF-8 text" :
		text[bad] == '\r' ? "a carriage return is not allowed; end lines with LF alone" :
		"control and invisible characters are not allowed");
}

int ytree_parse(struct ytree_doc **out, const char *file, const char *text, size_t len, struct err *e)
{
	yaml_parser_t parser;
	if (len > LIMIT_YAML_BYTES)
		return err_set(e, ERR_INVALID, "%s is larger than %llu bytes", file, LIMIT_YAML_BYTES);
	if (raw_check(file, text, len, e) < 0)
		return -1;
	struct ytree_doc *d = calloc(1, sizeof *d);
	if (!d)
		return err_set(e, ERR_LIMIT, "out of memory");
	struct builder b = { .doc = d };
	d->file = file;
	d->pool_size = len + NODES_MAX + 1;
	d->pool = malloc(d->pool_size);
	d->nodes = calloc(NODES_MAX, sizeof *d->nodes);
	int r = -1;
	if (!d->pool || !d->nodes || !yaml_parser_initialize(&parser)) {
		err_set(e, ERR_LIMIT, "out of memory");
		goto out;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	r = events_read(&parser, &b, e);
	yaml_parser_delete(&parser);
out:
	if (r < 0)
		ytree_free(d);
	else
		*out = d;
	return r;
}

void ytree_free(struct ytree_doc *d)
{
	if (!d)
		return;
	free(d->nodes);
	free(d->pool);
	free(d);
}

const struct ytree_node *ytree_root(const struct ytree_doc *d)
{
	return d->n ? &d->nodes[0] : NULL;
}
