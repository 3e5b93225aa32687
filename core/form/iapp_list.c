/* The list of an iApp's files: `sha256sum -c` reads it, h1 is its hash (Go's dirhash), and its rules decide what an iApp may hold. */
#include "form/iapp_list.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/ustar.h"
#include "seal/crypto.h"

#define LINE_HEAD (HEX_LEN(32) + 2)	/* digits and two spaces */

const struct iapp_words iapp_words[IAPP_KINDS] = {
	[IAPP_APP] = { "an iApp", "iApp", MANIFEST_FILE, manifest_parse, "untrusted comment: enclua iApp signature, public key ", "iapp", NULL,
		"an iApp is a folder with " MANIFEST_FILE " and the Lua file that it names as entry" },
	[IAPP_POLICY] = { "a policy", "policy", MANIFEST_POLICY_FILE, manifest_policy_parse, "untrusted comment: enclua policy signature, public key ", "policy",
		"cases.json", "a policy is a folder with " MANIFEST_POLICY_FILE " and " MANIFEST_POLICY_ENTRY },
};

/* Names of an iApp are ASCII. Beyond it one looking name has many spellings (composed or not, one case or the other), which of them are the same
 * depends on the file system and on the year's Unicode tables, and every replica has to answer alike. */
static bool ascii_only(const char *path, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)path[i] > 0x7f)
			return false;
	return true;
}

static int fold(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* In any locale, unlike strncasecmp. */
static int fold_compare(const char *a, const char *b, size_t n)
{
	for (; n > 0; n--, a++, b++) {
		if (fold(*a) != fold(*b))
			return fold(*a) < fold(*b) ? -1 : 1;
		if (*a == '\0')
			return 0;
	}
	return 0;
}

/* MANIFEST or MANIFEST.*, in any case. */
static bool name_reserved(const char *path)
{
	size_t n = strlen(IAPP_LIST);
	return fold_compare(path, IAPP_LIST, n) == 0 && (path[n] == '\0' || path[n] == '.' || path[n] == '/');
}

int iapp_path_check(const char *path, size_t len, struct err *e)
{
	if (!ascii_only(path, len))
		return err_set(e, ERR_INVALID, "a name of the iApp is not ASCII: only there has a name one spelling everywhere");
	if (ustar_path_check(path, len, e) < 0)
		return -1;
	if (name_reserved(path))
		return err_set(e, ERR_INVALID, "the name %s is kept for the file list and its signatures", path);
	return 0;
}

int iapp_file_check(const char *path, const uint8_t *bytes, size_t len, struct err *e)
{
	size_t n = strlen(path);
	if (n < 4 || strcmp(path + n - 4, ".lua") != 0)
		return 0;
	if (len == 0)
		return err_set(e, ERR_INVALID, "%s is empty", path);
	if (bytes[0] == 0x1b)
		return err_set(e, ERR_INVALID, "%s is Lua bytecode; only source is run", path);
	if (bytes[0] == '#')
		return err_set(e, ERR_INVALID, "%s starts with \"#\"; a first line for a shell is not Lua here", path);
	if (len >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3))
		return err_set(e, ERR_INVALID, "%s starts with a byte order mark", path);
	if (memchr(bytes, '\0', len))
		return err_set(e, ERR_INVALID, "%s holds a NUL byte", path);
	if (memchr(bytes, '\r', len))
		return err_set(e, ERR_INVALID, "%s holds a carriage return; end lines with LF alone", path);
	if (!utf8_valid(bytes, len))
		return err_set(e, ERR_INVALID, "%s is not UTF-8 text", path);
	return 0;
}

int iapp_path_compare(const void *a, const void *b)
{
	return strcmp(((const struct iapp_line *)a)->path, ((const struct iapp_line *)b)->path);
}

static int path_fold_compare(const void *a, const void *b)
{
	return fold_compare(*(const char *const *)a, *(const char *const *)b, LIMIT_PATH_BYTES + 1);
}

/* Neighbours in the folded order: the same name, or the same folder, spelt in two cases. */
static int pair_check(const char *a, const char *b, struct err *e)
{
	for (size_t i = 0; fold(a[i]) == fold(b[i]); i++) {
		if ((a[i] == '/' || a[i] == '\0') && memcmp(a, b, i) != 0)
			return err_set(e, ERR_INVALID, "the names %s and %s differ in case only, in whole or in a folder", a, b);
		if (a[i] == '\0')
			break;
	}
	return 0;
}

/* On a file system that folds case all of them must be able to stand beside one another: no two equal, none a file and a folder at once. */
static int names_check(const struct iapp_line *lines, size_t n, struct err *e)
{
	const char **names = calloc(n + 1, sizeof *names);
	int r = 0;
	if (!names)
		return err_set(e, ERR_LIMIT, "out of memory");
	for (size_t i = 0; i < n; i++)
		names[i] = lines[i].path;
	qsort(names, n, sizeof *names, path_fold_compare);
	for (size_t i = 0; r == 0 && i < n; i++) {
		size_t len = strlen(names[i]);
		if (i + 1 < n)
			r = pair_check(names[i], names[i + 1], e);
		for (size_t k = i + 1; r == 0 && k < n && fold_compare(names[k], names[i], len) == 0; k++)
			if (names[k][len] == '/')
				r = err_set(e, ERR_INVALID, "%s is a file and a folder at once", names[i]);
	}
	free(names);
	return r;
}

static int line_parse(struct iapp_line *out, const char *line, size_t len, struct err *e)
{
	if (len <= LINE_HEAD || len - LINE_HEAD > LIMIT_PATH_BYTES || line[LINE_HEAD - 2] != ' ' || line[LINE_HEAD - 1] != ' ' ||
	    hex_decode(out->sha256, 32, line, HEX_LEN(32)) < 0)
		return err_set(e, ERR_INVALID, "a line of " IAPP_LIST " is not \"<sha256>  <path>\"");
	memcpy(out->path, line + LINE_HEAD, len - LINE_HEAD);
	out->path[len - LINE_HEAD] = '\0';
	if (strlen(out->path) != len - LINE_HEAD)
		return err_set(e, ERR_INVALID, "a line of " IAPP_LIST " holds a NUL byte");
	return iapp_path_check(out->path, len - LINE_HEAD, e);
}

int iapp_list_parse(struct iapp_line **out, size_t *n, const char *text, size_t len, struct err *e)
{
	size_t count = 0;
	struct iapp_line *lines = NULL;
	if (len == 0 || text[len - 1] != '\n')
		return err_set(e, ERR_INVALID, IAPP_LIST " is empty, or its last line has no end");
	for (size_t i = 0; i < len; i++)
		count += text[i] == '\n';
	if (count > LIMIT_IAPP_FILES)
		return err_set(e, ERR_INVALID, "the iApp has more than %u files", LIMIT_IAPP_FILES);
	assert(count > 0);
	lines = calloc(count, sizeof *lines);
	if (!lines)
		return err_set(e, ERR_LIMIT, "out of memory");
	for (size_t i = 0; i < count; i++) {
		size_t line = (size_t)((const char *)memchr(text, '\n', len) - text);
		if (line_parse(&lines[i], text, line, e) < 0)
			goto fail;
		if (i > 0 && strcmp(lines[i - 1].path, lines[i].path) >= 0) {
			err_set(e, ERR_INVALID, "%s comes twice in " IAPP_LIST ", or out of order", lines[i].path);
			goto fail;
		}
		text += line + 1;
		len -= line + 1;
	}
	if (names_check(lines, count, e) < 0)
		goto fail;
	*out = lines;
	*n = count;
	return 0;
fail:
	free(lines);
	return -1;
}

int iapp_list_add(struct buf *out, const uint8_t sha256_of[static 32], const char *path, struct err *e)
{
	char hex[HEX_LEN(32) + 1];
	hex_encode(hex, sha256_of, 32);
	return buf_addf(out, e, "%s  %s\n", hex, path);
}

void iapp_h1(char out[static IAPP_H1_TEXT], const void *list, size_t len)
{
	uint8_t hash[32];
	sha256(hash, list, len);
	memcpy(out, "h1:", 3);
	base64_encode(out + 3, hash, sizeof hash);
}

int iapp_comment(char *out, size_t size, enum iapp_kind kind, const char *name, const char *version, const char *h1, struct err *e)
{
	int n = snprintf(out, size, "%s=%s version=%s h1=%s", iapp_words[kind].comment, name, version, h1);
	if (n < 0 || (size_t)n >= size)
		return err_set(e, ERR_INTERNAL, "the comment of the signature does not fit");
	return 0;
}
