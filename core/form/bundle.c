/* The strict reader of a result. A box wrote it, so nothing in it is believed: every header is canonical, the list in result.json and the
 * entries are the same files in the same order, and every file has the size and the hash that the list gives. Writing to disk is in
 * bundle_write.c.
 */
#include "form/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/ustar.h"
#include "seal/crypto.h"

#define RESULT_JSON "result.json"
#define LOG_TXT "log.txt"

struct cursor { const struct buf *plain; size_t at; };

struct entry { char path[LIMIT_PATH_BYTES + 2]; const uint8_t *bytes; size_t len; };

static bool all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

/* The next entry with its bytes and slack; *end at the first zero block. */
static int entry_next(struct cursor *c, struct entry *out, bool *end, struct err *e)
{
	struct ustar_entry head;
	size_t left = c->plain->len - c->at;
	if (left < USTAR_BLOCK)
		return err_set(e, ERR_INVALID, "the result is cut short");
	if (ustar_decode(&head, c->plain->data + c->at, end, e) < 0)
		return err_wrap(e, "result");
	c->at += USTAR_BLOCK;
	left -= USTAR_BLOCK;
	if (*end)
		return 0;
	if (head.executable)
		return err_set(e, ERR_INVALID, "the result marks %s as a program", head.path);
	if (head.size > left || USTAR_PAD(head.size) > left - head.size)
		return err_set(e, ERR_INVALID, "the result is cut short in %s", head.path);
	memcpy(out->path, head.path, sizeof out->path);
	out->len = (size_t)head.size;
	out->bytes = c->plain->data + c->at;
	if (!all_zero(out->bytes + out->len, USTAR_PAD(out->len)))
		return err_set(e, ERR_INVALID, "the result has bytes after %s where only zeros may be", head.path);
	c->at += out->len + USTAR_PAD(out->len);
	return 0;
}

/* After the first zero block. */
static int end_check(const struct cursor *c, struct err *e)
{
	size_t len = c->plain->len, left = len - c->at;
	if (left < USTAR_BLOCK || len != padme(c->at + USTAR_BLOCK))
		return err_set(e, ERR_INVALID, "the result is not padded to its Padmé length");
	if (!all_zero(c->plain->data + c->at, left))
		return err_set(e, ERR_INVALID, "the result has bytes after its end");
	return 0;
}

/* Text made by a script, cut at a whole character. */
static void text_copy(char *out, size_t size, const struct json *v)
{
	size_t len = 0;
	const char *text = v && json_kind(v) == JSON_STRING ? json_text(v, &len) : "";
	if (len >= size) {
		len = size - 1;
		// NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): it takes len for what it was before json_text()
		while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(out, text, len);
	out[len] = '\0';
}

static int malformed(struct err *e, const char *what)
{
	return err_set(e, ERR_INVALID, "%s of the result has no proper %s", RESULT_JSON, what);
}

static int listed_file(struct bundle_file *out, const struct json *v, struct err *e)
{
	const struct json *path = json_get(v, "path"), *size = json_get(v, "size"), *hash = json_get(v, "sha256");
	const struct json *same = json_get(v, "deterministic");
	size_t len = 0, hex_len = 0, digits = 0;
	if (!path || json_kind(path) != JSON_STRING || !size || json_kind(size) != JSON_NUMBER || !json_is_integer(size) || !hash ||
		json_kind(hash) != JSON_STRING || !same || (json_kind(same) != JSON_TRUE && json_kind(same) != JSON_FALSE))
		return malformed(e, "list of files");
	const char *text = json_text(path, &len), *hex = json_text(hash, &hex_len), *number = json_text(size, &digits);
	if (ustar_path_check(text, len, e) < 0)
		return err_wrap(e, "result");
	memcpy(out->path, text, len);
	out->path[len] = '\0';
	if (hex_len != HEX_LEN(32) || hex_decode(out->sha256, 32, hex, hex_len) < 0 || digits > 18 || number[0] == '-')
		return malformed(e, "list of files");
	out->len = (size_t)strtoull(number, NULL, 10);
	out->deterministic = json_kind(same) == JSON_TRUE;
	return 0;
}

static void digest_make(struct bundle *b)
{
	struct sha256 h;
	char hex[HEX_LEN(32) + 1];
	sha256_init(&h);
	for (size_t i = 0; i < b->n_files; i++) {
		if (!b->files[i].deterministic)
			continue;
		hex_encode(hex, b->files[i].sha256, 32);
		sha256_add(&h, hex, HEX_LEN(32));
		sha256_add(&h, "  ", 2);
		sha256_add(&h, b->files[i].path, strlen(b->files[i].path));
		sha256_add(&h, "\n", 1);
	}
	sha256_end(&h, b->digest);
}

static int json_read(struct bundle *b, struct err *e)
{
	struct json *j = NULL;
	if (json_parse(&j, (const char *)b->json, b->json_len, e) < 0)
		return err_wrap(e, "%s of the result", RESULT_JSON);
	int r = -1;
	const struct json *files = json_kind(j) == JSON_OBJECT ? json_get(j, "files") : NULL;
	const struct json *error = json_kind(j) == JSON_OBJECT ? json_get(j, "error") : NULL;
	if (!files || json_kind(files) != JSON_ARRAY || json_count(files) > LIMIT_BOX_RESULT_FILES) {
		malformed(e, "list of files");
		goto out;
	}
	text_copy(b->status, sizeof b->status, json_get(j, "status"));
	if (strcmp(b->status, "ok") != 0 && strcmp(b->status, "failed") != 0) {
		malformed(e, "status");
		goto out;
	}
	if (error && json_kind(error) == JSON_OBJECT) {
		text_copy(b->error, sizeof b->error, json_get(error, "message"));
		text_copy(b->traceback, sizeof b->traceback, json_get(error, "traceback"));
	}
	b->n_files = json_count(files);
	if (!(b->files = calloc(b->n_files + 1, sizeof *b->files))) {
		err_set(e, ERR_LIMIT, "out of memory");
		goto out;
	}
	for (size_t i = 0; i < b->n_files; i++)
		if (json_kind(json_at(files, i)) != JSON_OBJECT ? malformed(e, "list of files") < 0
			: listed_file(&b->files[i], json_at(files, i), e) < 0)
			goto out;
	r = 0;
out:
	json_free(j);
	return r;
}

static int file_take(struct bundle_file *f, const struct entry *entry, struct err *e)
{
	uint8_t is[32];
	if (strcmp(f->path, entry->path) != 0 || f->len != entry->len)
		return err_set(e, ERR_INVALID, "the result holds %s where its list has %s", entry->path, f->path);
	f->bytes = entry->bytes;
	sha256(is, f->bytes, f->len);
	if (memcmp(is, f->sha256, sizeof is) != 0)
		return err_set(e, ERR_INVALID, "the bytes of %s in the result do not have the hash that its list gives", f->path);
	return 0;
}

static bool is_folder_of(const char *folder, const char *path)
{
	size_t n = strlen(folder);
	return strncmp(folder, path, n) == 0 && path[n] == '/';
}

/* In bytewise order "a", "a-b", "a/c" the folder and the file of one name need not be neighbours, so every parent is looked up. */
static int by_path(const void *key, const void *file)
{
	return strcmp(key, ((const struct bundle_file *)file)->path);
}

/* The box and the command that unpacks give these names themselves. */
static const char *const reserved[] = { RESULT_JSON, LOG_TXT, "result.age", "task.receipt" };

static int order_check(const struct bundle *b, struct err *e)
{
	char part[LIMIT_PATH_BYTES + 2];
	for (size_t i = 0; i < b->n_files; i++) {
		const char *path = b->files[i].path;
		for (size_t k = 0; k < sizeof reserved / sizeof *reserved; k++)
			if (strcmp(path, reserved[k]) == 0 || is_folder_of(reserved[k], path))
				return err_set(e, ERR_INVALID, "the result has a file %s of its own", path);
		if (i && strcmp(b->files[i - 1].path, path) >= 0)
			return err_set(e, ERR_INVALID, "the result is not in order at %s", path);
		for (size_t k = 0; path[k]; k++)
			if (path[k] == '/') {
				memcpy(part, path, k);
				part[k] = '\0';
				if (bsearch(part, b->files, b->n_files, sizeof *b->files, by_path))
					return err_set(e, ERR_INVALID, "the result has %s as a file and as a folder", part);
			}
	}
	return 0;
}

static int parse(struct bundle *b, struct err *e)
{
	struct cursor c = { &b->plain, 0 };
	struct entry entry;
	bool end = false;
	size_t taken = 0;
	if (entry_next(&c, &entry, &end, e) < 0)
		return -1;
	if (end || strcmp(entry.path, RESULT_JSON) != 0)
		return err_set(e, ERR_INVALID, "the result does not begin with %s", RESULT_JSON);
	b->json = entry.bytes;
	b->json_len = entry.len;
	if (json_read(b, e) < 0 || order_check(b, e) < 0)
		return -1;
	digest_make(b);
	while (entry_next(&c, &entry, &end, e) == 0) {
		if (end && taken < b->n_files)
			return err_set(e, ERR_INVALID, "the result lacks %s, which its list has", b->files[taken].path);
		if (end)
			return end_check(&c, e);
		if (strcmp(entry.path, LOG_TXT) == 0 && !b->log && taken == 0) {
			b->log = entry.bytes;
			b->log_len = entry.len;
		} else if (taken == b->n_files) {
			return err_set(e, ERR_INVALID, "the result holds %s, which its list does not have", entry.path);
		} else if (file_take(&b->files[taken], &entry, e) < 0) {
			return -1;
		} else {
			taken++;
		}
	}
	return -1;
}

int bundle_parse(struct bundle **out, struct buf *plain, struct err *e)
{
	*out = NULL;
	struct bundle *b = calloc(1, sizeof *b);
	if (!b)
		return err_set(e, ERR_LIMIT, "out of memory");
	b->plain = *plain;
	*plain = (struct buf)BUF_INIT(b->plain.max);	/* taken */
	if (parse(b, e) < 0) {
		bundle_free(b);
		return -1;
	}
	*out = b;
	return 0;
}

void bundle_free(struct bundle *b)
{
	if (!b)
		return;
	buf_done(&b->plain);
	free(b->files);
	crypto_wipe(b, sizeof *b);	/* error and traceback may quote data */
	free(b);
}
