/* The iApp archive behind its signature. The input is the archive less its MANIFEST and signatures: the target puts both before it, made and signed as a
 * malicious author would, so that the fuzzer reaches the list, the entries and the manifest. Odd inputs go in as they are. What is accepted must
 * come out the same when it is written again from its parts: there is one archive for one content. */
#include <string.h>

#include "unit/iapp_make.h"

#include "form/iapp_list.h"

static void rebuilt_is_same(const struct iapp *a)
{
	struct buf again = BUF_INIT(LIMIT_IAPP_BYTES), list = BUF_INIT(MIB(2));
	size_t at = header_at(&(struct buf){ .data = a->bytes, .len = a->len }, (unsigned)a->n_signers + 1);
	must(buf_add(&again, a->bytes, at, NULL));
	for (size_t i = 0; i < a->n_files; i++) {
		const struct iapp_file *f = &a->files[i];
		uint8_t block[USTAR_BLOCK];
		struct ustar_entry head = { .size = f->len };
		struct err e;
		memcpy(head.path, f->path, sizeof head.path);
		assert(f->bytes >= a->bytes && f->len <= (size_t)(a->bytes + a->len - f->bytes));
		assert(iapp_path_check(f->path, strlen(f->path), &e) == 0 && iapp_file_check(f->path, f->bytes, f->len, &e) == 0);
		assert(i == 0 || strcmp(f[-1].path, f->path) < 0);
		must(ustar_encode(block, &head, NULL));
		must(buf_add(&again, block, sizeof block, NULL));
		content_put(&again, f->bytes, f->len);
		line_put(&list, f->path, f->bytes, f->len);
	}
	end_put(&again);
	assert(again.len == a->len && !memcmp(again.data, a->bytes, a->len));
	assert(!memcmp(a->bytes + USTAR_BLOCK, list.data, list.len));
	buf_done(&again);
	buf_done(&list);
}

static void list_of(struct buf *list, const uint8_t *bytes, size_t len)
{
	for (size_t at = 0; at + USTAR_BLOCK <= len;) {
		struct ustar_entry entry;
		struct err e;
		bool end;
		if (ustar_decode(&entry, bytes + at, &end, &e) < 0 || end)
			return;
		at += USTAR_BLOCK;
		if (entry.size > len - at)
			return;
		line_put(list, entry.path, bytes + at, (size_t)entry.size);
		at += (size_t)(entry.size + USTAR_PAD(entry.size));
	}
}

/* The trusted comment has to name the iApp: taken from the first iapp.yaml of the list, when there is one that parses. */
static void signature_of(struct buf *sig, const struct buf *list, const uint8_t *bytes, size_t len)
{
	struct identity *id = signer_make(7);
	char who[256] = "iapp=demo version=1.0.0", comment[MINISIGN_COMMENT];
	for (size_t at = 0; at + USTAR_BLOCK <= len; at += USTAR_BLOCK) {
		struct ustar_entry entry;
		struct manifest *m = NULL;
		struct err e;
		bool end;
		if (ustar_decode(&entry, bytes + at, &end, &e) < 0 || end || strcmp(entry.path, MANIFEST_FILE) != 0 ||
		    entry.size > len - at - USTAR_BLOCK)
			continue;
		if (manifest_parse(&m, "f", (const char *)bytes + at + USTAR_BLOCK, (size_t)entry.size, &e) == 0)
			(void)snprintf(who, sizeof who, "iapp=%s version=%s", m->name, m->version);
		manifest_free(m);
	}
	comment_make(comment, who, list);
	minisig_put(sig, id, list, &(struct forgery){ .trusted = comment });
	identity_free(id);
}

/* A checksum is easily mended by who wants to, hardly by a fuzzer. */
static void checksums_fix(uint8_t *bytes, size_t len)
{
	for (size_t at = 0; at + USTAR_BLOCK <= len; at += USTAR_BLOCK)
		if (!memcmp(bytes + at + 257, "ustar", 5))
			checksum_fix(bytes + at);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	struct buf archive = BUF_INIT(MIB(8)), list = BUF_INIT(MIB(4)), sig = BUF_INIT(KIB(8));
	struct iapp *a = NULL;
	struct err e;
	uint8_t *bytes = malloc(len + 1);
	if (crypto_init(&e) < 0 || !bytes)
		abort();
	memcpy(bytes, input, len);
	if (len > 0 && len % 2 == 0) {
		checksums_fix(bytes, len);
		list_of(&list, bytes, len);
		signature_of(&sig, &list, bytes, len);
		entry_put(&archive, "MANIFEST", list.data ? list.data : (const uint8_t *)"", list.len);
		entry_put(&archive, "MANIFEST.minisig", sig.data, sig.len);
	}
	if (len)
		must(buf_add(&archive, bytes, len, NULL));
	if (iapp_open(&a, archive.data, archive.len, NULL, &e) == 0)
		rebuilt_is_same(a);
	else
		assert(e.code == ERR_INVALID || e.code == ERR_LIMIT);
	iapp_free(a);

	struct iapp_line *lines = NULL;
	size_t n = 0;
	if (iapp_list_parse(&lines, &n, (const char *)bytes, len, &e) == 0) {	/* a list too has one spelling */
		buf_clear(&list);
		for (size_t i = 0; i < n; i++)
			must(iapp_list_add(&list, lines[i].sha256, lines[i].path, NULL));
		assert(list.len == len && !memcmp(list.data, bytes, len));
	}
	free(lines);
	free(bytes);
	buf_done(&archive);
	buf_done(&list);
	buf_done(&sig);
	return 0;
}
