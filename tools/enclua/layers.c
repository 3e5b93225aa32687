/* Which isolation layers may be missing: from the options, and from the environment for a container or chroot where every run would need them. */
#include "layers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARIABLE "ENCLUA_ALLOW_MISSING_LAYER"

static int allow(uint32_t *allow_missing, const char *name, struct err *e)
{
	enum box_layer l;
	if (box_layer_parse(&l, name, e) < 0)
		return -1;
	*allow_missing |= 1u << l;
	return 0;
}

int layers_allowed(const struct args *a, uint32_t *allow_missing, struct err *e)
{
	const char *list = getenv(VARIABLE);
	*allow_missing = 0;
	while (list && *list) {
		char name[32];
		size_t n = strcspn(list, ",");
		(void)snprintf(name, sizeof name, "%.*s", (int)n, list);
		if (n && allow(allow_missing, name, e) < 0)
			return err_wrap(e, "$" VARIABLE);
		list += n + (list[n] == ',');
	}
	for (size_t i = 0; i < args_count(a, "allow-missing-layer"); i++)
		if (allow(allow_missing, args_at(a, "allow-missing-layer", i), e) < 0)
			return -1;
	return 0;
}
