/* What a process that waits sends to the leader of a home's queue, in pieces: the same bytes make the same request in whatever pieces they come, and its entries are those bytes. */
#include <stdlib.h>
#include <string.h>

#include "book/book_queue.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void client_end(struct client *c)
{
	buf_done(&c->in);
	free(c->items);
	free(c->indices);
}

/* What is said of the bytes when the first `cut` come first. */
static int request_in(struct client *c, const uint8_t *data, size_t size, size_t cut)
{
	int r = 0;
	*c = (struct client){ .fd = -1, .in = BUF_INIT(MIB(1)) };
	for (size_t at = 0; at < size && r == 0;) {
		size_t n = at < cut ? cut - at : size - at;
		require(buf_add(&c->in, data + at, n, NULL) == 0);
		at += n;
		r = request_parse(c);
		require(r == 1 || (!c->items && c->n == 0));
	}
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client whole, split;
	struct buf again = BUF_INIT(MIB(1));
	if (size < 2)
		return 0;
	int r = request_in(&whole, data + 1, size - 1, 0), s = request_in(&split, data + 1, size - 1, data[0] % size);
	require(r == s || s != 0);	/* a request that ends at the cut is one; what follows it is nonsense */
	if (r == 1) {
		uint32_t n = (uint32_t)whole.n, said;
		memcpy(&said, data + 1, sizeof said);
		require(n > 0 && n <= CHAIN_ITEMS && !whole.signed_well);	/* the word of a client that is none of this user's is not taken */
		n |= said & SIGNED_WELL;
		require(buf_add(&again, &n, sizeof n, NULL) == 0);
		for (size_t i = 0; i < whole.n; i++) {
			uint32_t len = (uint32_t)whole.items[i].len;
			require(buf_add(&again, &len, sizeof len, NULL) == 0 && (len == 0 || buf_add(&again, whole.items[i].bytes, len, NULL) == 0));
		}
		require(again.len == size - 1 && memcmp(again.data, data + 1, again.len) == 0);
	}
	client_end(&whole);
	client_end(&split);
	buf_done(&again);
	return 0;
}
