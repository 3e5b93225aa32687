/* iApp archives made by hand, entry by entry, so that each can be wrong in one thing. Knows the format from FORMAT.md; of the code under test it uses only
 * the ustar encoder and the list's line format. Files and signers are fixed: the same archive comes out each time. */
#ifndef ENCLUA_TESTS_IAPP_MAKE_H
#define ENCLUA_TESTS_IAPP_MAKE_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/ustar.h"
#include "form/iapp.h"
#include "seal/crypto.h"
#include "seal/identity.h"
#include "seal/minisign.h"

#define MANIFEST_TEXT "api: 1\nname: demo\nversion: 1.0.0\nentry: main.lua\n"
#define MAIN_TEXT "return function(task) task.result:write('r', '1') end\n"

struct piece { const char *path; const void *bytes; size_t len; };	/* path NULL ends a list */
#define TEXT(s) (s), sizeof(s) - 1

static const struct piece demo_files[] = {
	{ "iapp.yaml", TEXT(MANIFEST_TEXT) }, { "lib/util.lua", TEXT("return {}\n") }, { "main.lua", TEXT(MAIN_TEXT) }, { NULL, NULL, 0 }
};

static inline void must(int r)
{
	if (r != 0)
		abort();
}

/* The identity of 32 bytes of n. */
static inline struct identity *signer_make(uint8_t n)
{
	struct identity *id = NULL;
	uint8_t seed[32];
	memset(seed, n, sizeof seed);
	must(identity_from_seed(&id, seed, NULL));
	return id;
}

static inline struct minisign_key signer_key(const struct identity *id)
{
	struct minisign_key key;
	minisign_key_of(&key, identity_public(id));
	return key;
}

/* After a change of a header: the checksum as ustar wants it. */
static inline void checksum_fix(uint8_t block[USTAR_BLOCK])
{
	unsigned sum = 0;
	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < USTAR_BLOCK; i++)
		sum += block[i];
	(void)snprintf((char *)block + 148, 8, "%06o", sum);
	block[155] = ' ';
}

/* A header with any name at all. */
static inline void head_put(struct buf *out, const char *path, size_t path_len, size_t size)
{
	uint8_t block[USTAR_BLOCK];
	struct ustar_entry any = { .path = "x", .size = size };
	must(ustar_encode(block, &any, NULL));
	memset(block, 0, 100);
	memcpy(block, path, path_len < 100 ? path_len : 100);
	checksum_fix(block);
	must(buf_add(out, block, sizeof block, NULL));
}

static inline void content_put(struct buf *out, const void *bytes, size_t len)
{
	if (len)
		must(buf_add(out, bytes, len, NULL));
	must(buf_add_zero(out, USTAR_PAD(len), NULL));
}

static inline void entry_put(struct buf *out, const char *path, const void *bytes, size_t len)
{
	head_put(out, path, strlen(path), len);
	content_put(out, bytes, len);
}

static inline void end_put(struct buf *out)
{
	must(buf_add_zero(out, 1024, NULL));
}

static inline void line_put(struct buf *out, const char *path, const void *bytes, size_t len)
{
	uint8_t hash[32];
	char hex[65];
	sha256(hash, bytes, len);
	hex_encode(hex, hash, 32);
	must(buf_addf(out, NULL, "%s  %s\n", hex, path));
}

static inline void list_put(struct buf *out, const struct piece *files)
{
	for (; files->path; files++)
		line_put(out, files->path, files->bytes, files->len);
}

static inline void comment_make(char out[static MINISIGN_COMMENT], const char *name_and_version, const struct buf *list)
{
	uint8_t hash[32];
	char text[45];
	sha256(hash, list->data, list->len);
	base64_encode(text, hash, 32);
	(void)snprintf(out, MINISIGN_COMMENT, "%s h1=h1:%s", name_and_version, text);
}

/* All of a .minisig that a forger may choose; what is NULL or 0 is as it should be. */
struct forgery {
	const uint8_t *number;	/* key number in the signature and in the carried key */
	const struct identity *carried;	/* whose public key the comment carries */
	const char *untrusted, *trusted;	/* whole comments */
	char algorithm;	/* 'D': prehashed */
};

static inline void minisig_put(struct buf *out, const struct identity *id, const struct buf *list, const struct forgery *f)
{
	struct minisign_key key = signer_key(f->carried ? f->carried : id), own = signer_key(id);
	uint8_t raw[74] = { 'E', (uint8_t)(f->algorithm ? f->algorithm : 'd') }, global[64], digest[64];
	char line[MINISIGN_KEY_LINE], comment[MINISIGN_COMMENT], signature[101], global_text[89];
	struct buf message = BUF_INIT(KIB(4));
	if (f->number) {
		memcpy(key.number, f->number, 8);
		memcpy(own.number, f->number, 8);
	}
	minisign_key_line(line, &key);
	memcpy(raw + 2, own.number, 8);
	must(blake2b(digest, 64, list->data, list->len, NULL, 0));
	if (raw[1] == 'D')
		identity_sign(raw + 10, id, digest, 64);
	else
		identity_sign(raw + 10, id, list->data, list->len);
	if (f->trusted)
		(void)snprintf(comment, sizeof comment, "%s", f->trusted);
	else
		comment_make(comment, "iapp=demo version=1.0.0", list);
	must(buf_add(&message, raw + 10, 64, NULL));
	must(buf_add_text(&message, comment, NULL));
	identity_sign(global, id, message.data, message.len);
	base64_encode(signature, raw, sizeof raw);
	base64_encode(global_text, global, sizeof global);
	if (f->untrusted)
		must(buf_addf(out, NULL, "untrusted comment: %s\n", f->untrusted));
	else
		must(buf_addf(out, NULL, "untrusted comment: enclua iApp signature, public key %s\n", line));
	must(buf_addf(out, NULL, "%s\ntrusted comment: %s\n%s\n", signature, comment, global_text));
	buf_done(&message);
}

/* An archive of these files under this list, signed by identity 7. */
static inline void signed_archive(struct buf *out, const struct buf *list, const struct piece *files)
{
	struct identity *id = signer_make(7);
	struct buf sig = BUF_INIT(KIB(8));
	minisig_put(&sig, id, list, &(struct forgery){ 0 });
	entry_put(out, "MANIFEST", list->data, list->len);
	entry_put(out, "MANIFEST.minisig", sig.data, sig.len);
	for (; files->path; files++)
		entry_put(out, files->path, files->bytes, files->len);
	end_put(out);
	buf_done(&sig);
	identity_free(id);
}

static inline void archive_of(struct buf *out, const struct piece *files)
{
	struct buf list = BUF_INIT(MIB(2));
	list_put(&list, files);
	signed_archive(out, &list, files);
	buf_done(&list);
}

/* Where the n-th header of an archive of ours stands; 0 is MANIFEST. */
static inline size_t header_at(const struct buf *archive, unsigned n)
{
	size_t at = 0;
	while (n-- > 0) {
		size_t size = strtoul((const char *)archive->data + at + 124, NULL, 8);
		at += USTAR_BLOCK + size + USTAR_PAD(size);
	}
	return at;
}

#endif
