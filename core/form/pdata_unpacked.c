/* Data as a folder that a person can read and edit: schema.json, and a file for each leaf at its path. That of a scalar holds its text; one line break behind a bool or
 * a number is the editor's, and not part of it.
 */
#include "form/pdata.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/os.h"
#include "form/pdata_inner.h"

#define SCALAR_BYTES MIB(16)	/* a larger string goes in as a file */

static int scalar_read(struct leaf *leaf, const char *type, struct err *e)
{
	struct buf text = BUF_INIT(SCALAR_BYTES);
	int r = os_plain_read(leaf->file, &text, e);
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
	int r = os_plain_read(schema_file, &schema, e) < 0 || pdata_schema_walk(buf_text(&schema), schema.len, leaf_type, d, e) < 0 ? -1 : 0;
	buf_done(&schema);
	return r < 0 ? err_wrap(e, "%s", schema_file) : 0;
}

/* ---- the way back ---- */

static int folders_make(const char *folder, const char *path, struct err *e)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');
	if (!slash)
		return 0;
	(void)snprintf(parent, sizeof parent, "%s/%.*s", folder, (int)(slash - path), path);
	return os_dir_make(parent, 0755, e);
}

static int leaf_write(const struct leaf *leaf, const char *folder, struct err *e)
{
	char path[PATH_MAX];
	struct buf bytes = BUF_INIT(LIMIT_DATA_JSON_BYTES);
	if (snprintf(path, sizeof path, "%s/%s", folder, leaf->path) >= (int)sizeof path)
		return err_set(e, ERR_LIMIT, "the path of %s is too long", leaf->path);
	int r = folders_make(folder, leaf->path, e);
	if (r == 0 && leaf->file)
		r = os_plain_read(leaf->file, &bytes, e);
	if (r == 0)
		r = os_file_publish(path, 0644, leaf->file ? bytes.data : leaf->bytes, leaf->file ? bytes.len : leaf->size, false, e);
	buf_done(&bytes);
	return r;
}

int pdata_unpack(const struct pdata *d, const char *folder, struct err *e)
{
	char path[PATH_MAX];
	struct buf schema = BUF_INIT(LIMIT_SCHEMA_BYTES);
	int r = pdata_schema(d, &schema, e);	/* an empty tree has none, and nothing is made */
	if (r == 0 && (snprintf(path, sizeof path, "%s/" PDATA_SCHEMA_FILE, folder) >= (int)sizeof path || os_exists(folder))) {
		r = err_set(e, ERR_CONFLICT, "%s exists already", folder);
		err_hint(e, "edit the files in it, or remove it first");
	}
	if (r == 0)
		r = os_dir_make(folder, 0755, e);
	for (size_t i = 0; r == 0 && i < d->n; i++)
		r = leaf_write(d->leaves[i], folder, e);
	if (r == 0)
		r = buf_add_text(&schema, "\n", e);
	if (r == 0)
		r = os_file_publish(path, 0644, schema.data, schema.len, false, e);
	buf_done(&schema);
	return r;
}
