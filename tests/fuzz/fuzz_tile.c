/* Tiles: a path and a bundle that are accepted are, written again, the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "form/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void path_of(const char *path)
{
	struct tile t;
	char again[TILE_PATH];
	if (tile_path_parse(&t, path, NULL) < 0)
		return;
	tile_path(again, &t);
	require(strcmp(again, path) == 0);
	const unsigned widest = tile_width(t.level, t.index, ((uint64_t)1 << 63) - 1);
	require(t.width >= 1 && t.width <= widest && widest <= TILE_WIDTH);
}

static void bundle_of(const uint8_t *bytes, size_t len)
{
	struct buf again = BUF_INIT(len);
	size_t at = 0, n = 0;
	const uint8_t *entry;
	int r;
	while ((r = tile_bundle_next(bytes, len, &at, &entry, &n, NULL)) == 1) {
		require(entry >= bytes && n <= TILE_ENTRY_BYTES && entry + n == bytes + at);
		require(tile_bundle_add(&again, entry, n, NULL) == 0);
	}
	require(again.len == at && (at == 0 || memcmp(again.data, bytes, at) == 0) && (r == 0) == (at == len));
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size + 1);
	require(bytes != NULL);
	if (size)
		memcpy(bytes, data, size);
	bytes[size] = '\0';
	path_of(bytes);
	bytes = realloc(bytes, size ? size : 1);
	require(bytes != NULL);
	bundle_of((const uint8_t *)bytes, size);
	free(bytes);
	return 0;
}
