/* The topics of the manual: the pages of tools/manual, as the build has put them into gen/topics.h. */
#include <stddef.h>
#include <string.h>

#include "manual.h"

const struct topic manual_topics[] = {
#include "topics.h"
	{ NULL, 0, NULL },
};

const struct topic *manual_topic_find(const char *name)
{
	if (!strncmp(name, "enclua-", strlen("enclua-")))
		name += strlen("enclua-");
	for (const struct topic *t = manual_topics; t->name; t++) {
		size_t n = strlen(t->name);
		if (!strncmp(t->name, name, n) && (!name[n] || (name[n] == '.' && name[n + 1] == t->section && !name[n + 2])))
			return t;
	}
	return NULL;
}

size_t manual_topic_summary(const struct topic *t)
{
	return strcspn(t->text, "\n");
}
