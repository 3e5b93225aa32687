/* The book as files that strangers read: checkpoint, tiles and entry bundles as C2SP tlog-tiles lays them out. Derived: the same book gives the same bytes.
 */
#ifndef ENCLUA_BOOK_EXPORT_H
#define ENCLUA_BOOK_EXPORT_H

#include "book/book.h"

struct export_count { uint64_t tiles, bundles, bytes, kept; };	/* kept: files that were there already with these bytes */

/* What is exported: a book, or in tests anything with entries and a tree. All of it is borrowed; entries and hashes are read at one size, that of the checkpoint. */
struct export_source {
	const char *note;	/* the checkpoint */
	size_t note_len;
	const struct merkle_reader *hashes;
	int (*entries)(void *ctx, uint64_t from, uint64_t to, int (*f)(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e), void *f_ctx,
		struct err *e);
	void *ctx;
};
/* The writer behind book_export. Also refuses (ERR_INVALID) entries that are not in the tree, a tree that is not the checkpoint's, and a folder whose own
 * checkpoint is another book's, is newer, or is not a part of this one. */
int export_write(const struct export_source *s, const char *dir, struct export_count *out, void (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx,
	struct err *e);

/* Writes <dir>/checkpoint (last), <dir>/tile/…. Full tiles that are there already are compared, not rewritten: a difference is ERR_INVALID (the folder belongs to
 * another book, or was changed). Partial tiles of smaller sizes are left. */
int book_export(struct book *b, const char *dir, struct export_count *out, void (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx, struct err *e);

/* Checks such a folder and needs nothing else: the checkpoint under the policy (NULL: the log's own signature), every entry against its tile, every tile against the
 * root. Works for any log of this layout; entries need not be ours. ERR_INVALID names the file. */
int export_verify(const char *dir, const struct tlog_policy *policy, struct checkpoint *c, struct tlog_verdict *v, struct err *e);

#endif
