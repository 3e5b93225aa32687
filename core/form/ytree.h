/* A small strict YAML tree, made from libyaml's events (this folder is the library's only door). One document of mappings, sequences and plain
 * or quoted scalars; anchors, aliases, tags, directives, a byte order mark, a second document, duplicate keys and depth over LIMIT_YAML_DEPTH
 * are refused with file:line:column. Every scalar is text: the schema, not the spelling, says what it is.
 */
#ifndef ENCLUA_FORM_YTREE_H
#define ENCLUA_FORM_YTREE_H

#include <stddef.h>

#include "base/err.h"

enum ytree_kind { YTREE_SCALAR, YTREE_MAP, YTREE_LIST };

struct ytree_node {
	enum ytree_kind kind;
	const char *key;	/* of a mapping's member, else NULL */
	unsigned key_line, key_column;
	const char *text;	/* scalar */
	unsigned line, column;	/* from 1 */
	struct ytree_node *first, *next;	/* members or elements; sibling */
};

struct ytree_doc;	/* owns the nodes */

int ytree_parse(struct ytree_doc **out, const char *file, const char *text, size_t len, struct err *e);
void ytree_free(struct ytree_doc *d);
const struct ytree_node *ytree_root(const struct ytree_doc *d);

/* "file:line:column: …" with ERR_INVALID; of the value, or of the key. */
int ytree_refuse(const struct ytree_doc *d, const struct ytree_node *n, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int ytree_refuse_key(const struct ytree_doc *d, const struct ytree_node *n, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
