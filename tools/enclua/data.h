/* What the verbs on data share. */
#ifndef ENCLUA_TOOLS_DATA_H
#define ENCLUA_TOOLS_DATA_H

#include "book/store.h"
#include "cli.h"
#include "form/pdata.h"

int data_tree_add_flags(struct pdata *tree, const struct args *a, struct err *e);	/* --json-file, --set and --type */
void data_write_fields(struct cli *c, const struct store_data *d);	/* members of the open JSON object, without the id */
int data_print_schema(struct cli *c, const struct store_data *d, struct err *e);	/* lines of text */

#endif
