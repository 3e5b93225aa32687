/* Tiles (C2SP tlog-tiles): where the hashes and entries of a log lie as files, and how entries are bundled. Codings only; core/book/export.h writes the files.
 * A tile holds up to 256 hashes of 32 bytes; an entry bundle up to 256 times {uint16 big endian length, entry}. Partial ones end in ".p/<W>".
 */
#ifndef ENCLUA_FORM_TILE_H
#define ENCLUA_FORM_TILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "seal/merkle.h"

#define TILE_WIDTH 256u
#define TILE_HEIGHT 8u
#define TILE_ENTRIES (-1)	/* level of an entry bundle */
#define TILE_PATH 96u
#define TILE_ENTRY_BYTES 65535u
#define TILE_BUNDLE_BYTES (TILE_WIDTH * (TILE_ENTRY_BYTES + 2u))

struct tile { int level; uint64_t index; unsigned width; };	/* level 0 … 7 or TILE_ENTRIES; width 1 … 256 */

void tile_path(char out[static TILE_PATH], const struct tile *t);	/* "tile/0/x001/x234/067.p/8", "tile/entries/000" */
int tile_path_parse(struct tile *out, const char *path, struct err *e);	/* one spelling only */
/* How wide the tile at (level, index) is in a tree of this size: 0 when there is none. TILE_ENTRIES is as level 0. */
unsigned tile_width(int level, uint64_t index, uint64_t size);

int tile_bundle_add(struct buf *out, const void *entry, size_t n, struct err *e);	/* ERR_LIMIT over TILE_ENTRY_BYTES */
/* Steps through a bundle: *at is 0 to begin; gives one entry. 1, 0 at the end, -1 when it is cut short. */
int tile_bundle_next(const uint8_t *bytes, size_t len, size_t *at, const uint8_t **entry, size_t *n, struct err *e);

#endif
