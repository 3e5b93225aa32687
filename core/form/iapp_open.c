/* From bytes to a verified iApp, in the one order that parses nothing before it is covered: size, hash of the whole, first header, signatures over the raw
 * list, the list, h1, each file against the list, and only then the manifest. The strict header reader refuses everything that is not what our own
 * writer writes, so there is nothing in an archive that two programs could read in two ways.
 */
#include "form/iapp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/ustar.h"
#include "form/iapp_list.h"
#include "seal/crypto.h"

struct cursor { const uint8_t *bytes; size_t len, at; };

/* The next entry: its header decoded, its content pointed at, its padding checked. end: the two zero blocks. */
static int entry_next(struct cursor *c, struct ustar_entry *out, const uint8_t **content, bool *end, struct err *e)
{
	if (c->len - c->at < USTAR_BLOCK)
		return err_set(e, ERR_INVALID, "the archive is cut short at byte %zu", c->at);
	if (ustar_decode(out, c->bytes + c->at, end, e) < 0) {
		if (e)
			e->code = ERR_INVALID;	/* also where a size is beyond all limits: nothing of ours has been used up */
		return err_wrap(e, "the header at byte %zu", c->at);
	}
	if (*end)
		return 0;
	c->at += USTAR_BLOCK;
	uint64_t room = c->len - c->at, pad = USTAR_PAD(out->size);
	if (out->size > room || pad > room - out->size)
		return err_set(e, ERR_INVALID, "the archive is cut short inside %s", out->path);
	*content = c->bytes + c->at;
	c->at += (size_t)(out->size + pad);
	for (uint64_t i = 0; i < pad; i++)
		if ((*content)[out->size + i] != 0)
			return err_set(e, ERR_INVALID, "the padding after %s is not zero", out->path);
	return 0;
}

static int end_check(const struct cursor *c, struct err *e)
{
	if (c->len - c->at != 2u * USTAR_BLOCK)
		return err_set(e, ERR_INVALID, "the archive does not end with two zero blocks and nothing after them");
	for (size_t i = c->at; i < c->len; i++)
		if (c->bytes[i] != 0)
			return err_set(e, ERR_INVALID, "the archive does not end with two zero blocks and nothing after them");
	return 0;
}

/* "MANIFEST.minisig", or "MANIFEST.<16 hex digits>.minisig" for the signers after the first. */
static bool signature_name(const char *path, size_t nth, char number[static 17])
{
	static const char head[] = IAPP_LIST ".", tail[] = ".minisig";
	size_t len = strlen(path);
	uint8_t raw[8];
	number[0] = '\0';
	if (nth == 0)
		return !strcmp(path, IAPP_SIGNATURE);
	if (len != sizeof head - 1 + 16 + sizeof tail - 1 || strncmp(path, head, sizeof head - 1) != 0 ||
	    strcmp(path + sizeof head - 1 + 16, tail) != 0 || hex_decode(raw, 8, path + sizeof head - 1, 16) < 0)
		return false;
	memcpy(number, path + sizeof head - 1, 16);
	number[16] = '\0';
	return true;
}

/* The first comment line names the public key. That proves nothing by itself: the signature has to hold under it, and who the key belongs to is
 * the reader's to know. No signature covers this line, so it has one spelling. */
static int carried_key(const struct buf *text, enum iapp_kind kind, struct minisign_key *out, struct err *e)
{
	const char *head = iapp_words[kind].untrusted, *line = buf_text(text), *end = strchr(line, '\n');
	char key[64];
	size_t n = strlen(head), len = end && !strncmp(line, head, n) ? (size_t)(end - line) - n : 0;
	for (size_t i = 0; i < IAPP_KINDS; i++)
		if (i != (size_t)kind && !strncmp(line, iapp_words[i].untrusted, strlen(iapp_words[i].untrusted)))
			return err_set(e, ERR_INVALID, "this is %s, not %s", iapp_words[i].one, iapp_words[kind].one);
	if (len == 0 || len >= sizeof key)
		return err_set(e, ERR_INVALID, "the signature does not say which public key made it: its first line must be \"%s<key>\"", head);
	memcpy(key, line + n, len);
	key[len] = '\0';
	return minisign_key_parse(out, key, e);	/* of one line it takes the canonical base64 and nothing else */
}

/* By the whole key: a number is eight bytes that anybody may choose. */
static bool key_expected(const struct iapp_expect *x, const struct minisign_key *key)
{
	for (size_t i = 0; i < x->n_keys; i++)
		if (!memcmp(x->keys[i].number, key->number, 8) && !memcmp(x->keys[i].public_key, key->public_key, 32))
			return true;
	return x->n_keys == 0;
}

/* By key number, rising: a set of signers is written in one way. A number is chosen by who made the key, so the same key might come under two. */
static int order_check(const struct iapp *a, const struct minisign_key *key, struct err *e)
{
	for (size_t i = 0; i < a->n_signers; i++)
		if (!memcmp(a->signers[i].key.public_key, key->public_key, 32))
			return err_set(e, ERR_INVALID, "the same key has signed twice");
	if (a->n_signers && memcmp(a->signers[a->n_signers - 1].key.number, key->number, 8) >= 0)
		return err_set(e, ERR_INVALID, "the signatures are not in the order of their key numbers");
	return 0;
}

static int signature_check(struct iapp *a, const struct iapp_expect *x, const uint8_t *list, size_t list_len, const uint8_t *bytes,
	size_t len, const char *number_in_name, struct err *e)
{
	struct buf text = BUF_INIT(8192);
	struct minisign_sig sig;
	struct minisign_key key;
	char number[17];
	int r = -1;
	if (buf_add(&text, bytes, len, e) < 0 || minisign_parse(&sig, buf_text(&text), text.len, e) < 0 || carried_key(&text, x->kind, &key, e) < 0)
		goto out;
	hex_encode(number, sig.number, 8);
	if (sig.prehashed) {
		err_set(e, ERR_INVALID, "the signature is over a hash of the list; %s's is over the list itself (minisign -l)", iapp_words[x->kind].one);
		goto out;
	}
	if (number_in_name[0] && strcmp(number, number_in_name) != 0) {
		err_set(e, ERR_INVALID, "the signature's name does not fit its key number %s", number);
		goto out;
	}
	if (!key_expected(x, &key)) {
		err_set(e, ERR_INVALID, "a signature is by the key number %s, which is none of the expected ones", number);
		goto out;
	}
	if (minisign_verify(&sig, &key, list, list_len, e) < 0 || order_check(a, &key, e) < 0)
		goto out;
	a->signers[a->n_signers].key = key;
	(void)snprintf(a->signers[a->n_signers].comment, MINISIGN_COMMENT, "%s", sig.trusted_comment);
	a->n_signers++;
	r = 0;
out:
	buf_done(&text);
	return r;
}

/* Signatures follow the list at once; the first entry that is none of them is left for the files. */
static int signatures_check(struct iapp *a, const struct iapp_expect *x, struct cursor *c, const uint8_t *list, size_t list_len, struct err *e)
{
	char number[17];
	for (;;) {
		struct cursor here = *c;
		struct ustar_entry entry;
		const uint8_t *content;
		bool end;
		if (entry_next(&here, &entry, &content, &end, e) < 0)
			return -1;
		if (end || !signature_name(entry.path, a->n_signers, number))
			break;
		if (a->n_signers == LIMIT_SIGNERS)
			return err_set(e, ERR_INVALID, "more than %u signatures", LIMIT_SIGNERS);
		if (entry.executable)
			return err_set(e, ERR_INVALID, "the signature %s is marked executable", entry.path);
		if (signature_check(a, x, list, list_len, content, (size_t)entry.size, number, e) < 0)
			return err_wrap(e, "%s", entry.path);
		*c = here;
	}
	return a->n_signers ? 0 : err_set(e, ERR_INVALID, "the archive is not signed: " IAPP_SIGNATURE " must follow " IAPP_LIST);
}

static int files_check(struct iapp *a, struct cursor *c, const struct iapp_line *lines, size_t n_lines, struct err *e)
{
	a->files = calloc(n_lines + 1, sizeof *a->files);
	if (!a->files)
		return err_set(e, ERR_LIMIT, "out of memory");
	for (;;) {
		struct ustar_entry entry;
		const uint8_t *content;
		uint8_t hash[32];
		bool end;
		if (entry_next(c, &entry, &content, &end, e) < 0)
			return -1;
		if (end)
			break;
		if (a->n_files == n_lines || strcmp(entry.path, lines[a->n_files].path) != 0)
			return err_set(e, ERR_INVALID, "%s is in the archive but not in its place in " IAPP_LIST, entry.path);
		if (entry.executable)	/* the list does not cover it, so it must not vary */
			return err_set(e, ERR_INVALID, "%s is marked executable; no file of %s is", entry.path, iapp_words[a->kind].one);
		sha256(hash, content, (size_t)entry.size);
		if (!crypto_equal(hash, lines[a->n_files].sha256, 32))
			return err_set(e, ERR_INVALID, "%s is not the file that was signed: its SHA-256 differs", entry.path);
		if (iapp_file_check(entry.path, content, (size_t)entry.size, e) < 0)
			return -1;
		struct iapp_file *f = &a->files[a->n_files++];
		memcpy(f->path, entry.path, sizeof f->path);
		f->bytes = content;
		f->len = (size_t)entry.size;
	}
	if (a->n_files < n_lines)
		return err_set(e, ERR_INVALID, "%s is in " IAPP_LIST " but not in the archive", lines[a->n_files].path);
	return end_check(c, e);
}

static const struct iapp_file *file_find(const struct iapp *a, const char *path)
{
	for (size_t i = 0; i < a->n_files; i++)
		if (!strcmp(a->files[i].path, path))
			return &a->files[i];
	return NULL;
}

/* The signers said name, version and h1; the manifest must say the same, or a signature for one iApp would do for another. */
static int manifest_check(struct iapp *a, struct err *e)
{
	const struct iapp_words *w = &iapp_words[a->kind];
	const struct iapp_file *f = file_find(a, w->manifest);
	char comment[MINISIGN_COMMENT];
	if (!f)
		return err_set(e, ERR_INVALID, "the archive has no %s", w->manifest);
	for (size_t i = 0; i < IAPP_KINDS; i++)
		if (&iapp_words[i] != w && file_find(a, iapp_words[i].manifest))
			return err_set(e, ERR_INVALID, "the archive has %s and %s: it must be either %s or %s", w->manifest, iapp_words[i].manifest, w->one, iapp_words[i].one);
	if (w->parse(&a->manifest, w->manifest, (const char *)f->bytes, f->len, e) < 0)
		return -1;
	if (!file_find(a, a->manifest->entry))
		return err_set(e, ERR_INVALID, "the entry %s is not in the archive", a->manifest->entry);
	if (iapp_comment(comment, sizeof comment, a->kind, a->manifest->name, a->manifest->version, a->h1, e) < 0)
		return -1;
	for (size_t i = 0; i < a->n_signers; i++)
		if (strcmp(a->signers[i].comment, comment) != 0)
			return err_set(e, ERR_INVALID, "a signer signed \"%s\", but this is \"%s\"", a->signers[i].comment, comment);
	return 0;
}

static int open_in_order(struct iapp *a, const struct iapp_expect *x, struct err *e)
{
	struct cursor c = { .bytes = a->bytes, .len = a->len };
	struct ustar_entry entry;
	struct iapp_line *lines = NULL;
	const uint8_t *list = NULL;
	uint8_t whole[32];
	size_t n_lines = 0;
	bool end = false;
	int r = -1;
	if (x->sha256) {
		sha256(whole, a->bytes, a->len);
		if (!crypto_equal(whole, x->sha256, 32))
			return err_set(e, ERR_INVALID, "the archive is not the one that is expected: its SHA-256 differs");
	}
	if (a->len % USTAR_BLOCK != 0)
		return err_set(e, ERR_INVALID, "the length is no multiple of %u: this is not %s archive, or it is cut short", USTAR_BLOCK, iapp_words[x->kind].one);
	if (entry_next(&c, &entry, &list, &end, e) < 0)
		return -1;
	if (end || strcmp(entry.path, IAPP_LIST) != 0 || entry.executable)
		return err_set(e, ERR_INVALID, "the first entry is not " IAPP_LIST);
	if (entry.size > LIMIT_MANIFEST_LIST_BYTES)
		return err_set(e, ERR_INVALID, IAPP_LIST " is larger than %llu bytes", LIMIT_MANIFEST_LIST_BYTES);
	size_t list_len = (size_t)entry.size;
	if (signatures_check(a, x, &c, list, list_len, e) < 0 || iapp_list_parse(&lines, &n_lines, (const char *)list, list_len, e) < 0)
		goto out;
	iapp_h1(a->h1, list, list_len);
	if (x->h1 && strcmp(x->h1, a->h1) != 0) {
		err_set(e, ERR_INVALID, "this is the %s %s, not %s", iapp_words[x->kind].word, a->h1, x->h1);
		goto out;
	}
	if (files_check(a, &c, lines, n_lines, e) < 0 || manifest_check(a, e) < 0)
		goto out;
	r = 0;
out:
	free(lines);
	return r;
}

int iapp_open(struct iapp **out, const uint8_t *bytes, size_t len, const struct iapp_expect *x, struct err *e)
{
	static const struct iapp_expect any;
	if (!x)
		x = &any;
	if (len > LIMIT_IAPP_BYTES)
		return err_set(e, ERR_INVALID, "the archive is larger than %llu bytes", LIMIT_IAPP_BYTES);
	if (len < 4u * USTAR_BLOCK) {
		err_set(e, ERR_INVALID, "this is not %s archive: it is too short", iapp_words[x->kind].one);
		return err_hint(e, "give the folder with its manifest, or the archive that enclua %s pack made of it", x->kind == IAPP_POLICY ? "policy" : "app");
	}
	struct iapp *a = calloc(1, sizeof *a);
	if (!a || !(a->bytes = malloc(len))) {
		free(a);
		return err_set(e, ERR_LIMIT, "out of memory");
	}
	memcpy(a->bytes, bytes, len);
	a->len = len;
	a->kind = x->kind;
	if (open_in_order(a, x, e) < 0) {
		iapp_free(a);
		return -1;
	}
	*out = a;
	return 0;
}

void iapp_free(struct iapp *a)
{
	if (!a)
		return;
	manifest_free(a->manifest);
	free(a->files);
	free(a->bytes);
	free(a);
}
