/* The table of the Data Use Ontology, and words with parts. Nothing here knows what a grant is.
 *
 * Codes and words are those of DUO's release of 2021 (EBISPOT/DUO, duo.csv: 23 codes and the two classes above them), © its authors, CC BY 4.0. The tree is that of its classes,
 * with one reading of ours: DUO:0000004, no restriction, stands beside the others there, and by its own definition allows them all; so it includes every purpose.
 * Modifiers say under which conditions something may be used, and not what for: each is a code that exists, and includes itself alone.
 */
#include "base/purpose.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define PURPOSE_WORD_MAX 64u
#define PERMISSION "DUO:0000001"
#define NO_RESTRICTION "DUO:0000004"

static const struct duo { const char *code, *above, *shorthand, *words; } duo[] = {
	{ PERMISSION, NULL, "", "data use permission" },
	{ NO_RESTRICTION, PERMISSION, "NRES", "no restriction" },
	{ "DUO:0000006", "DUO:0000042", "HMB", "health or medical or biomedical research" },
	{ "DUO:0000007", "DUO:0000006", "DS", "disease specific research" },
	{ "DUO:0000011", "DUO:0000042", "POA", "population origins or ancestry research only" },
	{ "DUO:0000042", PERMISSION, "GRU", "general research use" },
	{ "DUO:0000012", NULL, "RS", "research specific restrictions" },
	{ "DUO:0000015", NULL, "NMDS", "no general methods research" },
	{ "DUO:0000016", NULL, "GSO", "genetic studies only" },
	{ "DUO:0000017", NULL, "", "data use modifier" },
	{ "DUO:0000018", NULL, "NPUNCU", "not for profit, non commercial use only" },
	{ "DUO:0000019", NULL, "PUB", "publication required" },
	{ "DUO:0000020", NULL, "COL", "collaboration required" },
	{ "DUO:0000021", NULL, "IRB", "ethics approval required" },
	{ "DUO:0000022", NULL, "GS", "geographical restriction" },
	{ "DUO:0000024", NULL, "MOR", "publication moratorium" },
	{ "DUO:0000025", NULL, "TS", "time limit on use" },
	{ "DUO:0000026", NULL, "US", "user specific restriction" },
	{ "DUO:0000027", NULL, "PS", "project specific restriction" },
	{ "DUO:0000028", NULL, "IS", "institution specific restriction" },
	{ "DUO:0000029", NULL, "RTN", "return to database or resource" },
	{ "DUO:0000043", NULL, "CC", "clinical care use" },
	{ "DUO:0000044", NULL, "NPOA", "population origins or ancestry research prohibited" },
	{ "DUO:0000045", NULL, "NPU", "not for profit organisation use only" },
	{ "DUO:0000046", NULL, "NCU", "non-commercial use only" },
};
#define CODES (sizeof duo / sizeof *duo)

static const struct duo *duo_find(const char *code)
{
	for (size_t i = 0; i < CODES; i++)
		if (strcmp(duo[i].code, code) == 0)
			return &duo[i];
	return NULL;
}

const char *purpose_words(const char *code)
{
	const struct duo *d = duo_find(code);
	return d ? d->words : NULL;
}

static bool letter_ok(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* Parts that are not empty, and not too much of them. */
static bool word_ok(const char *word)
{
	size_t n = strnlen(word, PURPOSE_WORD_MAX + 1);
	bool part = false;
	if (n > PURPOSE_WORD_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (word[i] == '/' ? !part : !letter_ok(word[i]))
			return false;
		part = word[i] != '/';
	}
	return part;
}

static bool same_letters(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if ((*a | 0x20) != (*b | 0x20))
			return false;
	return *a == *b;
}

/* Who writes the shorthand or the words of a code means that code; else the nearest code, or the spelling that would do. */
static int spelling_hint(const char *purpose, struct err *e)
{
	const char *codes[CODES + 1] = { NULL };
	char spelled[PURPOSE_WORD_MAX + 1];
	size_t n = 0;
	for (size_t i = 0; i < CODES; i++) {
		codes[i] = duo[i].code;
		if (*purpose && (same_letters(duo[i].shorthand, purpose) || same_letters(duo[i].words, purpose)))
			return err_hint(e, "%s is %s", duo[i].code, duo[i].words);
	}
	const char *near = text_nearest(purpose, codes);
	if (near)
		return err_hint(e, "did you mean %s, %s?", near, purpose_words(near));
	for (const char *c = purpose; *c && n < PURPOSE_WORD_MAX; c++) {
		char lower = *c >= 'A' && *c <= 'Z' ? (char)(*c | 0x20) : *c;
		spelled[n++] = lower == '/' || letter_ok(lower) ? lower : '-';
	}
	spelled[n] = '\0';
	if (word_ok(spelled))
		return err_hint(e, "%s would be one", spelled);
	return err_hint(e, "a word such as research, parts of it such as research/cancer, or a code such as DUO:0000006");
}

int purpose_check(const char *purpose, struct err *e)
{
	if (duo_find(purpose) || word_ok(purpose))
		return 0;
	if (strncmp(purpose, "DUO:", 4) == 0)
		err_set(e, ERR_INVALID, "the purpose %.100s is no code of the Data Use Ontology", purpose);
	else
		err_set(e, ERR_INVALID, "a purpose is 1 to %u of a-z, 0-9, '-', '_', '.' with '/' between parts, or a DUO code, not “%.100s”", PURPOSE_WORD_MAX, purpose);
	return spelling_hint(purpose, e);
}

/* The tree is four high; the count ends what the table could not. */
static bool above(const char *broad, const struct duo *d)
{
	for (size_t i = 0; d && d->above && i < CODES; i++) {
		if (strcmp(d->above, broad) == 0)
			return true;
		d = duo_find(d->above);
	}
	return false;
}

bool purpose_includes(const char *broad, const char *narrow)
{
	const struct duo *b = duo_find(broad), *n = duo_find(narrow);
	size_t len = strnlen(broad, PURPOSE_WORD_MAX + 1);
	if ((!b && !word_ok(broad)) || (!n && !word_ok(narrow)))
		return false;
	if (strcmp(broad, narrow) == 0)
		return true;
	if (strcmp(broad, NO_RESTRICTION) == 0)
		return !n || n->above;
	if (b || n)
		return b && n && above(broad, n);
	return strncmp(broad, narrow, len) == 0 && narrow[len] == '/';
}
