/* Data as a folder that a person can read and edit: schema.json, and a file for each leaf at its path. That of a scalar holds its text; one line break behind a bool or
 * a number is the editor's, and not part of it.
 */
#include "form/pdata.h"

#include <string.h>

#include "base/os.h"
#include "form/pdata_inner.h"

#define SCALAR_BYTES MIB(16)	/* a larger string goes in as a file */

static int scalar_read(struct leaf *leaf, const char *type, struct err *e)
{
	struct buf text = BUF_INIT(SCALAR_BYTES);
	int r = os_file_read(leaf->file, &text, e);
	size_t n = text.len;
	if (r == 0 && n > 0 && text.data[n - 1] == '\n' && strcmp(type, "string") != 0)
		n--;
	if (r == 0)
		r = pdata_leaf_value(leaf, type, buf_text(&text), n, e);
	buf_done(&text);
	return r;
}

static int leaf_type(void *ctx, const char *path, const char *type, struct err *e)
{
	struct pdata *d = ctx;
	struct leaf *leaf = pdata_leaf_find(d, path);
	if (!leaf || !leaf->file) {
		err_set(e, ERR_INVALID, PDATA_SCHEMA_FILE " names %s, and there is no such file beside it", path);
		return err_hint(e, "a folder with " PDATA_SCHEMA_FILE " at its top is data unpacked: a file for each leaf of the schema");
	}
	if (pdata_type_check(type, e) < 0)
		return -1;
	return pdata_type_is_scalar(type) ? scalar_read(leaf, type, e) : pdata_set_type(d, path, type, e);
}

int pdata_unpacked_types(struct pdata *d, const char *schema_file, struct err *e)
{
	struct buf schema = BUF_INIT(LIMIT_SCHEMA_BYTES);
	int r = os_file_read(schema_file, &schema, e) < 0 || pdata_schema_walk(buf_text(&schema), schema.len, leaf_type, d, e) < 0 ? -1 : 0;
	buf_done(&schema);
	return r < 0 ? err_wrap(e, "%s", schema_file) : 0;
}
