/* Tiles of a log: their paths and widths, and the coding of entry bundles. Reads and writes no file, and hashes nothing.
 */
#include "form/tile.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define TOP "tile/"
#define ENTRIES "entries"
#define LEVELS 8	/* level 7 stands for 256^7 leaves a hash: the last that a tree of fewer than 2^63 has */
#define GROUP 3u	/* digits of one part of a path */
#define GROUPS 6u	/* of a path that is read: 2^55 tiles at level 0 have 17 digits */
#define DIGITS 21u	/* of any index, in whole groups */
#define SIZE_MAX_OF_TREE ((UINT64_C(1) << MERKLE_LEVELS) - 1)

static_assert(sizeof TOP ENTRIES "/" + DIGITS / GROUP * (GROUP + 2) + sizeof ".p/255" <= TILE_PATH, "the longest path");
static_assert(TILE_WIDTH == 1u << TILE_HEIGHT, "a tile is a tree of its height");

unsigned tile_width(int level, uint64_t index, uint64_t size)
{
	if (level < TILE_ENTRIES || level >= LEVELS)
		return 0;
	uint64_t hashes = size >> (level == TILE_ENTRIES ? 0u : (unsigned)level * TILE_HEIGHT);
	uint64_t full = hashes >> TILE_HEIGHT;
	if (index < full)
		return TILE_WIDTH;
	return index == full ? (unsigned)(hashes % TILE_WIDTH) : 0;
}

/* "x001/x234/067": groups of three digits, as few as hold the number, all but the last behind an "x". */
static size_t index_write(char *out, uint64_t index)
{
	char digits[DIGITS + 1], *d = digits;
	size_t len = 0;
	(void)snprintf(digits, sizeof digits, "%0*llu", (int)DIGITS, (unsigned long long)index);
	while (d[GROUP] != '\0' && memcmp(d, "000", GROUP) == 0)
		d += GROUP;
	for (; d[GROUP] != '\0'; d += GROUP) {
		out[len++] = 'x';
		memcpy(out + len, d, GROUP);
		len += GROUP;
		out[len++] = '/';
	}
	memcpy(out + len, d, GROUP + 1);
	return len + GROUP;
}

void tile_path(char out[static TILE_PATH], const struct tile *t)
{
	assert(t->level >= TILE_ENTRIES && t->level < LEVELS && t->width >= 1 && t->width <= TILE_WIDTH);
	size_t n = t->level == TILE_ENTRIES ? (size_t)snprintf(out, TILE_PATH, TOP ENTRIES "/") :
		(size_t)snprintf(out, TILE_PATH, TOP "%d/", t->level);
	n += index_write(out + n, t->index);
	if (t->width < TILE_WIDTH)
		(void)snprintf(out + n, TILE_PATH - n, ".p/%u", t->width);
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The parts of an index; where they end, or NULL. Padding is not looked at: the path is written again and compared. */
static const char *index_read(uint64_t *index, const char *at)
{
	*index = 0;
	for (unsigned groups = 0; groups < GROUPS; groups++) {
		bool more = *at == 'x';
		at += more;
		for (unsigned i = 0; i < GROUP; i++, at++) {
			if (!digit(*at))
				return NULL;
			*index = *index * 10 + (uint64_t)(*at - '0');
		}
		if (!more)
			return at;
		if (*at++ != '/')
			return NULL;
	}
	return NULL;
}

static const char *level_read(int *level, const char *at)
{
	if (strncmp(at, ENTRIES, strlen(ENTRIES)) == 0) {
		*level = TILE_ENTRIES;
		return at + strlen(ENTRIES);
	}
	if (*at < '0' || *at >= '0' + LEVELS)
		return NULL;
	*level = *at - '0';
	return at + 1;
}

static const char *width_read(unsigned *width, const char *at)
{
	*width = TILE_WIDTH;
	if (*at == '\0')
		return at;
	if (strncmp(at, ".p/", 3) != 0)
		return NULL;
	*width = 0;
	for (at += 3; digit(*at) && *width < TILE_WIDTH; at++)
		*width = *width * 10 + (unsigned)(*at - '0');
	return *width > 0 && *width < TILE_WIDTH ? at : NULL;
}

int tile_path_parse(struct tile *out, const char *path, struct err *e)
{
	struct tile t;
	char again[TILE_PATH];
	const char *at = strncmp(path, TOP, strlen(TOP)) == 0 ? level_read(&t.level, path + strlen(TOP)) : NULL;
	if (at && *at++ == '/' && (at = index_read(&t.index, at)) && (at = width_read(&t.width, at)) && *at == '\0' &&
		tile_width(t.level, t.index, SIZE_MAX_OF_TREE) >= t.width) {
		tile_path(again, &t);
		if (strcmp(again, path) == 0) {
			*out = t;
			return 0;
		}
	}
	return err_set(e, ERR_INVALID, "not the path of a tile: one is written tile/0/x001/x234/067 or tile/entries/000.p/8");
}

int tile_bundle_add(struct buf *out, const void *entry, size_t n, struct err *e)
{
	if (n > TILE_ENTRY_BYTES)
		return err_set(e, ERR_LIMIT, "an entry of %zu bytes is larger than %u", n, TILE_ENTRY_BYTES);
	const uint8_t length[2] = { (uint8_t)(n >> 8), (uint8_t)n };
	if (buf_reserve(out, sizeof length + n, e) < 0 || buf_add(out, length, sizeof length, e) < 0)
		return -1;
	return buf_add(out, entry, n, e);
}

int tile_bundle_next(const uint8_t *bytes, size_t len, size_t *at, const uint8_t **entry, size_t *n, struct err *e)
{
	assert(*at <= len);
	if (*at == len)
		return 0;
	if (len - *at < 2)
		return err_set(e, ERR_INVALID, "the bundle of entries ends inside a length, at byte %zu", *at);
	size_t size = (size_t)bytes[*at] << 8 | bytes[*at + 1];
	if (len - *at - 2 < size)
		return err_set(e, ERR_INVALID, "the bundle of entries ends inside the entry at byte %zu", *at);
	*entry = bytes + *at + 2;
	*n = size;
	*at += 2 + size;
	return 1;
}
