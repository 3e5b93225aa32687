/* The list of an iApp's files: `sha256sum -c` reads it, h1 is its hash (Go's dirhash), and its rules decide what an iApp may hold. */
#include "form/iapp_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/ustar.h"
#include "seal/crypto.h"

#define LINE_HEAD (HEX_LEN(32) + 2)	/* digits and two spaces */

bool iapp_name_reserved(const char *path)
{
	size_t n = strlen(IAPP_LIST);
	return !strncasecmp(path, IAPP_LIST, n) && (path[n] == '\0' || path[n] == '.');
}

/* U+0300–U+036F in UTF-8: cc 80 … cd af. Letters have a composed form; the other spelling would be a second name that looks the same. */
static bool has_combining(const char *path, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++) {
		uint8_t a = (uint8_t)path[i], b = (uint8_t)path[i + 1];
		if ((a == 0xcc && b >= 0x80) || (a == 0xcd && b <= 0xaf))
			return true;
	}
	return false;
}

int iapp_path_check(const char *path, size_t len, struct err *e)
{
	if (ustar_path_check(path, len, e) < 0)
		return -1;
	if (iapp_name_reserved(path))
		return err_set(e, ERR_INVALID, "the name %s is kept for the file list and its signatures", path);
	if (has_combining(path, len))
		return err_set(e, ERR_INVALID, "the name %s has a combining character; write it composed (NFC)", path);
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
	return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* ASCII only: two names that differ in the case of other letters are two names on every file system that keeps the bytes. */
static int fold_check(const struct iapp_line *lines, size_t n, struct err *e)
{
	const char **names = calloc(n + 1, sizeof *names);
	int r = 0;
	if (!names)
		return err_set(e, ERR_LIMIT, "out of memory");
	for (size_t i = 0; i < n; i++)
		names[i] = lines[i].path;
	qsort(names, n, sizeof *names, path_fold_compare);
	for (size_t i = 1; r == 0 && i < n; i++)
		if (!strcasecmp(names[i - 1], names[i]))
			r = err_set(e, ERR_INVALID, "the names %s and %s differ in case only", names[i - 1], names[i]);
	free(names);
	return r;
}

/* A path may not run through a file: "a" and "a/b" cannot both be unpacked. */
static int prefix_check(const struct iapp_line *lines, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(lines[i].path);
		for (size_t k = i + 1; k < n && !strncmp(lines[k].path, lines[i].path, len); k++)
			if (lines[k].path[len] == '/')
				return err_set(e, ERR_INVALID, "%s is a file and a folder at once", lines[i].path);
	}
	return 0;
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
		return err_set(e, ERR_LIMIT, "the iApp has more than %u files", LIMIT_IAPP_FILES);
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
	if (fold_check(lines, count, e) < 0 || prefix_check(lines, count, e) < 0)
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

int iapp_comment(char *out, size_t size, const char *name, const char *version, const char *h1, struct err *e)
{
	int n = snprintf(out, size, "iapp=%s version=%s h1=%s", name, version, h1);
	if (n < 0 || (size_t)n >= size)
		return err_set(e, ERR_INTERNAL, "the comment of the signature does not fit");
	return 0;
}
