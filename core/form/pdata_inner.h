/* What the files of pdata share: the tree as a list of leaves, sorted bytewise by path. */
#ifndef ENCLUA_FORM_PDATA_INNER_H
#define ENCLUA_FORM_PDATA_INNER_H

#include <sys/types.h>
#include <time.h>

#include "form/pdata.h"

#define PDATA_SCHEMA_FILE "schema.json"
#define PDATA_HEAD_BYTES 512u	/* of a file, to tell its type by */
#define PDATA_TYPE_TEXT sizeof(((struct pdata_leaf *)0)->type)

struct leaf {
	char *path;
	char type[PDATA_TYPE_TEXT];
	uint8_t *bytes;	/* a value; NULL for a file */
	char *file;	/* where a file is read from; NULL for a value */
	uint64_t size;
	/* which file it was, and in which state, when it was added */
	dev_t dev;
	ino_t ino;
	struct timespec mtime;
};

struct pdata {
	struct leaf **leaves;	/* sorted by path */
	size_t n, cap;
};

/* Puts a leaf into its place; takes it over even when it fails. Refuses a path that is taken, or that is both leaf and folder. */
int pdata_insert(struct pdata *d, struct leaf *leaf, struct err *e);
struct leaf *pdata_leaf_new(const char *path, const char *type, struct err *e);
void pdata_leaf_free(struct leaf *leaf);
struct leaf *pdata_leaf_find(const struct pdata *d, const char *path);	/* or NULL */
int pdata_leaf_value(struct leaf *leaf, const char *type, const char *text, size_t len, struct err *e);	/* a file's leaf becomes a value */
int pdata_unpacked_types(struct pdata *d, const char *schema_file, struct err *e);	/* gives the leaves of a folder the types that its schema.json says */
int pdata_path_check(const char *path, struct err *e);	/* what may be the path of a file */
int pdata_type_check(const char *type, struct err *e);	/* a scalar type or a MIME type */
bool pdata_type_is_scalar(const char *type);

/* A JSON value as the text of a scalar; shared by --set and --json. */
int pdata_scalar_canon(struct buf *out, const char *type, const char *text, size_t len, struct err *e);

/* The order of a schema: '/' before every other character, so that a folder's keys stand together. */
int pdata_path_order(const char *a, const char *b);

#endif
