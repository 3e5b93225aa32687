/* The book as files that strangers read: checkpoint, tiles and entry bundles as C2SP tlog-tiles lays them out. Derived: the same book gives the same bytes.
 */
#ifndef ENCLUA_BOOK_EXPORT_H
#define ENCLUA_BOOK_EXPORT_H

#include "book/book.h"

struct export_count { uint64_t tiles, bundles, bytes, kept; };	/* kept: files that were there already with these bytes */

/* Writes <dir>/checkpoint (last), <dir>/tile/…. Full tiles that are there already are compared, not rewritten: a difference is ERR_INVALID (the folder belongs to
 * another book, or was changed). Partial tiles of smaller sizes are left. */
int book_export(struct book *b, const char *dir, struct export_count *out, void (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx, struct err *e);

/* Checks such a folder and needs nothing else: the checkpoint under the policy (NULL: the log's own signature), every entry against its tile, every tile against the
 * root. Works for any log of this layout; entries need not be ours. ERR_INVALID names the file. */
int export_verify(const char *dir, const struct tlog_policy *policy, struct checkpoint *c, struct tlog_verdict *v, struct err *e);

#endif
