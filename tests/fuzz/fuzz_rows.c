/* Rows of the market as a store keeps them: the first byte chooses the kind, the rest is a row. What decodes has one spelling, and its names are texts that end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "market/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);



static void require(int condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf again = BUF_INIT(MIB(1));
	struct err e = { .code = ERR_NONE };
	const char *a, *b, *group;
	int64_t state;
	if (size == 0)
		return 0;
	enum market_kind kind = (enum market_kind)(data[0] % MARKET_KIND_COUNT);
	void *row = malloc(market_row_size(kind));	/* exactly its size, so that a sanitizer sees a byte too far */
	uint8_t *bytes = malloc(size);
	require(row && bytes);
	memcpy(bytes, data + 1, size - 1);
	if (market_row_decode(kind, bytes, size - 1, row, &e) == 0) {
		require(market_row_encode(kind, row, &again, NULL) == 0);
		require(again.len == size - 1 && memcmp(again.data, bytes, again.len) == 0);
		market_row_names(kind, row, &a, &b);
		require(strlen(a) < MARKET_NAME && strlen(b) < MARKET_NAME);
		market_row_place(kind, row, &group, &state);
		require(strlen(group) < MARKET_NAME);
	} else {
		require(e.code == ERR_INVALID);
	}
	free(row);
	free(bytes);
	buf_done(&again);
	return 0;
}
