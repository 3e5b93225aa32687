/* Our readers of ustar archives against libarchive, which we use to read nothing of ours. Whatever the owner's reader of protected data or the beneficiary's reader of a result
 * takes, libarchive lists: the same files in the same order, plain files of the same bytes, without owners, times or anything else. The checksums are put right first.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/ustar.h"
#include "form/bundle.h"
#include "form/pdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

struct listed { char path[LIMIT_PATH_BYTES + 2]; const uint8_t *bytes; uint64_t size; };

struct bytes { const uint8_t *data; size_t size; };

static int from_bytes(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e)
{
	const struct bytes *b = ctx;
	(void)e;
	require(offset <= b->size && n <= b->size - offset);
	memcpy(out, b->data + offset, n);
	return 0;
}

/* All entries, as libarchive has them: `skip` of them first. */
static void archive_same(const uint8_t *data, size_t size, const char *const *skip, const struct listed *list, size_t n)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	size_t i = 0;
	require(a && archive_read_support_format_tar(a) == ARCHIVE_OK && archive_read_open_memory(a, data, size) == ARCHIVE_OK);
	int r;
	while ((r = archive_read_next_header(a, &entry)) == ARCHIVE_OK) {
		const char *path = archive_entry_pathname(entry);
		require(path && archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry) && !archive_entry_symlink(entry));
		require(archive_entry_uid(entry) == 0 && archive_entry_gid(entry) == 0 && archive_entry_mtime(entry) == 0);
		require((archive_entry_mode(entry) & 07666) == 0644);
		if (*skip && strcmp(path, *skip) == 0) {
			skip++;
			continue;
		}
		if (i >= n || strcmp(path, list[i].path) != 0 || (uint64_t)archive_entry_size(entry) != list[i].size) {
			fprintf(stderr, "libarchive has %s where we have %s\n", path, i < n ? list[i].path : "nothing more");
			abort();
		}
		uint8_t *copy = malloc(list[i].size + 1);
		require(copy && archive_read_data(a, copy, list[i].size + 1) == (la_ssize_t)list[i].size && memcmp(copy, list[i].bytes, list[i].size) == 0);
		free(copy);
		i++;
	}
	require(r == ARCHIVE_EOF && i == n);
	archive_read_free(a);
}

static void data_try(const uint8_t *data, size_t size)
{
	static const char *const skip[] = { "schema.json", NULL };
	struct bytes b = { data, size };
	struct pdata_leaf *leaves = NULL;
	size_t n = 0;
	if (pdata_leaves(&leaves, &n, from_bytes, &b, size, NULL) < 0)
		return;
	struct listed *list = calloc(n + 1, sizeof *list);
	require(list != NULL);
	for (size_t i = 0; i < n; i++) {
		list[i].bytes = data + leaves[i].offset;
		list[i].size = leaves[i].size;
		(void)snprintf(list[i].path, sizeof list[i].path, "%s", leaves[i].path);
	}
	archive_same(data, size, skip, list, n);
	free(list);
	free(leaves);
}

static void bundle_try(const uint8_t *data, size_t size)
{
	struct buf plain = BUF_INIT(MIB(64));
	struct bundle *b = NULL;
	if (buf_add(&plain, data, size, NULL) < 0 || bundle_parse(&b, &plain, NULL) < 0)
		return;
	const char *skip[] = { "result.json", b->log ? "log.txt" : NULL, NULL };
	struct listed *list = calloc(b->n_files + 1, sizeof *list);
	require(list != NULL);
	for (size_t i = 0; i < b->n_files; i++) {
		list[i].bytes = b->files[i].bytes;
		list[i].size = b->files[i].len;
		memcpy(list[i].path, b->files[i].path, sizeof list[i].path);
	}
	archive_same(b->plain.data, b->plain.len, skip, list, b->n_files);
	free(list);
	bundle_free(b);
}

static void checksum_fix(uint8_t *block)
{
	char text[8];
	unsigned sum = 8 * ' ';
	for (size_t i = 0; i < USTAR_BLOCK; i++)
		sum += i >= 148 && i < 156 ? 0 : block[i];
	(void)snprintf(text, sizeof text, "%06o", sum);
	memcpy(block + 148, text, 7);
	block[155] = ' ';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t padded = size;
	while (padded != padme((padded + USTAR_BLOCK - 1) / USTAR_BLOCK * USTAR_BLOCK))
		padded = (size_t)padme((padded + USTAR_BLOCK - 1) / USTAR_BLOCK * USTAR_BLOCK);
	uint8_t *bytes = calloc(1, padded + 1);
	require(bytes != NULL);
	if (size)
		memcpy(bytes, data, size);
	for (size_t at = 0; at + USTAR_BLOCK <= padded; at += USTAR_BLOCK)
		if (memcmp(bytes + at + 257, "ustar", 5) == 0)
			checksum_fix(bytes + at);
	data_try(bytes, padded);
	data_try(bytes, size);
	bundle_try(bytes, padded);
	bundle_try(bytes, size);
	free(bytes);
	return 0;
}
