/* Protected data (FORMATS 6): values, files, folders or JSON become a canonical ustar (schema.json first, leaves sorted by path), padded to a
 * Padmé size, to be sealed as an age payload. Reading back is for the owner; the box has its own reader.
 * Types of a leaf: bool, f64, i128, string, or a MIME type for bytes.
 */
#ifndef ENCLUA_FORM_PDATA_H
#define ENCLUA_FORM_PDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

struct pdata;	/* a tree being built: leaves in memory, files by path */

int pdata_new(struct pdata **out, struct err *e);
void pdata_free(struct pdata *d);

/* KEY=VALUE of --set: path "a.b.c" or "a/b/c"; type NULL = string, else bool, f64, i128, string (--type KEY=TYPE). */
int pdata_add_value(struct pdata *d, const char *path, const char *type, const char *text, struct err *e);
int pdata_add_json(struct pdata *d, const char *json, size_t len, struct err *e);	/* an object; integers → i128, other numbers → f64 */
int pdata_add_file(struct pdata *d, const char *path, const char *file, struct err *e);	/* MIME by signature, then by extension */
/* Recursively; links and special files are refused by name. With a schema.json at its top it is data unpacked: the types are those of the schema, and the files of
 * scalars hold their text. */
int pdata_add_folder(struct pdata *d, const char *folder, struct err *e);
int pdata_add_bytes(struct pdata *d, const char *path, const char *type, const void *bytes, size_t n, struct err *e);	/* a file in memory; type NULL: as of a file */

int pdata_unpack(const struct pdata *d, const char *folder, struct err *e);	/* such a folder, which must not be there yet */

int pdata_set_type(struct pdata *d, const char *path, const char *type, struct err *e);	/* of a file that is in the tree: a MIME type */

/* {"a":{"b":"string"},"patients.csv":"text/csv"}: the public schema, keys sorted */
int pdata_schema(const struct pdata *d, struct buf *out, struct err *e);
/* The schema as one walks it: path and type of each leaf, in the order of the text. ERR_INVALID when it is no schema. */
typedef int pdata_schema_each(void *ctx, const char *path, const char *type, struct err *e);
int pdata_schema_walk(const char *json, size_t len, pdata_schema_each *f, void *ctx, struct err *e);
/* Does a schema have a leaf at this path, of this type (NULL: of any)? ERR_INVALID when the text is no schema. */
int pdata_schema_has(const char *json, size_t len, const char *path, const char *type, bool *has, struct err *e);

/* Writes the tar. plain_len is known before the first byte (sizes of files are taken at add time and must not change). */
int pdata_plain_len(const struct pdata *d, uint64_t *len, struct err *e);
typedef int pdata_sink(void *ctx, const uint8_t *bytes, size_t n, struct err *e);
int pdata_write(const struct pdata *d, pdata_sink *sink, void *ctx, struct err *e);

/* The owner's reader: walks an opened plaintext. read gives exactly n bytes at an offset. */
typedef int pdata_read(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e);
struct pdata_leaf { char path[LIMIT_PATH_BYTES + 2]; char type[64]; uint64_t offset, size; };
int pdata_leaves(struct pdata_leaf **out, size_t *n, pdata_read *read, void *ctx, uint64_t plain_len, struct err *e);	/* free(*out) */

/* Leaf checks, shared by reader and writer: canonical text of each scalar type. */
int pdata_scalar_check(const char *type, const char *text, size_t len, struct err *e);
const char *pdata_mime(const uint8_t *head, size_t n, const char *name);	/* static text; "application/octet-stream" when unknown */

#endif
