/* A small strict YAML tree, made from libyaml's events (this folder is the library's only door). One document of mappings, sequences and plain
 * or quoted scalars; anchors, aliases, tags, directives, a byte order mark, a second document, duplicate keys and depth over LIMIT_YAML_DEPTH
 * are refused with file:line:column. Every scalar is text: the schema, not the spelling, says what it is.
 */
#ifndef ENCLUA_FORM_YAML_H
#define ENCLUA_FORM_YAML_H

#include <stddef.h>

#include "base/err.h"

enum yaml_kind { YAML_SCALAR, YAML_MAP, YAML_LIST };

struct yaml_node {
	enum yaml_kind kind;
	const char *key;	/* of a mapping's member, else NULL */
	unsigned key_line, key_column;
	const char *text;	/* scalar */
	unsigned line, column;	/* from 1 */
	struct yaml_node *first, *next;	/* members or elements; sibling */
};

struct yaml_doc;	/* owns the nodes */

int yaml_parse(struct yaml_doc **out, const char *file, const char *text, size_t len, struct err *e);
void yaml_free(struct yaml_doc *d);
const struct yaml_node *yaml_root(const struct yaml_doc *d);

/* "file:line:column: …" with ERR_INVALID; of the value, or of the key. */
int yaml_refuse(const struct yaml_doc *d, const struct yaml_node *n, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int yaml_refuse_key(const struct yaml_doc *d, const struct yaml_node *n, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
