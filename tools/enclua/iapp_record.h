/* What was deployed from a project: .enclua/deployments.json, an array of objects, the newest first. */
#ifndef ENCLUA_TOOLS_IAPP_RECORD_H
#define ENCLUA_TOOLS_IAPP_RECORD_H

#include "app_market.h"
#include "iapp_project.h"

#define RECORD_FILE "deployments.json"
#define RECORD_MAX 256u	/* older ones go */

/* The array, or NULL when there is none yet. */
int record_read(const struct project *p, struct json **out, struct err *e);
int record_add(const struct project *p, const struct json *before, const struct app_deployed *d, struct err *e);
/* The newest one in this book. 1, 0, -1 */
int record_find(const struct json *all, const char *book, char app[static ID_TEXT], struct err *e);

#endif
