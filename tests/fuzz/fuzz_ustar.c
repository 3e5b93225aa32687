/* ustar headers: an accepted block is the one that its entry encodes to. The checksum is put right first, else nothing gets past it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/ustar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void checksum_fix(uint8_t block[USTAR_BLOCK])
{
	char text[8];
	unsigned sum = 0;
	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < USTAR_BLOCK; i++)
		sum += block[i];
	(void)snprintf(text, sizeof text, "%06o", sum);
	memcpy(block + 148, text, 7);
}

static void block_try(const uint8_t block[USTAR_BLOCK])
{
	struct ustar_entry entry;
	uint8_t again[USTAR_BLOCK];
	bool end;
	if (ustar_decode(&entry, block, &end, NULL) < 0 || end)
		return;
	require(ustar_path_check(entry.path, strlen(entry.path), NULL) == 0 && utf8_valid(entry.path, strlen(entry.path)));
	require(ustar_encode(again, &entry, NULL) == 0);
	require(memcmp(block, again, USTAR_BLOCK) == 0);
}

/* A path that passes has a header, and nothing in it that leads out of a folder. */
static void path_try(const char *path, size_t len)
{
	struct ustar_entry entry = { .size = len }, back;
	uint8_t block[USTAR_BLOCK];
	bool end;
	if (ustar_path_check(path, len, NULL) < 0)
		return;
	require(len > 0 && len <= LIMIT_PATH_BYTES && path[0] != '/' && !memchr(path, '\0', len));
	memcpy(entry.path, path, len);
	require(!strstr(entry.path, "/../") && !strstr(entry.path, "//") && strncmp(entry.path, "../", 3) != 0 && strcmp(entry.path, "..") != 0);
	require(ustar_encode(block, &entry, NULL) == 0);
	require(ustar_decode(&back, block, &end, NULL) == 0 && strcmp(back.path, entry.path) == 0 && back.size == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t block[USTAR_BLOCK] = { 0 };
	memcpy(block, data, size < USTAR_BLOCK ? size : USTAR_BLOCK);
	block_try(block);
	checksum_fix(block);
	block_try(block);
	char *path = malloc(size ? size : 1);
	if (size)
		memcpy(path, data, size);
	path_try(path, size);
	free(path);
	if (size >= 8) {
		uint64_t n;
		memcpy(&n, data, 8);
		n &= (1ull << 62) - 1;
		require(padme(n) >= n && padme(padme(n)) == padme(n) && padme(n) - n <= n / 8);
	}
	return 0;
}
