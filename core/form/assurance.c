/* Assurance levels by their names. */
#include "form/assurance.h"

static const struct { const char *level, *text; } levels[] = {
#define X(name, text) { #name, text },
	ASSURANCE_TABLE(X)
#undef X
};

int assurance_level(const struct entry_text *level)
{
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (entry_text_is(level, levels[i].level))
			return (int)i;
	return -1;
}

const char *assurance_text(const struct entry_text *level)
{
	int at = assurance_level(level);
	return at < 0 ? NULL : levels[at].text;
}
