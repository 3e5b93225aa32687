/* A replica that is given any entries, as a bundle (form/tile.h): one by one, then those that were taken all at once. Signatures are taken for good (entry_open is entry_decode
 * here), so that the rules are reached. What is refused changes nothing; what is taken is a book: money balances, and its tables are those that a replay makes.
 */
#include <stdlib.h>
#include <string.h>

#include "form/tile.h"
#include "host/replica.h"
#include "seal/crypto.h"

#define ENTRIES 128u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_entry_open(struct entry *en, const uint8_t *bytes, size_t len, size_t *text_len, struct err *e);

int __wrap_entry_open(struct entry *en, const uint8_t *bytes, size_t len, size_t *text_len, struct err *e)
{
	return entry_decode(en, bytes, len, text_len, e);
}

static void require(int condition)
{
	if (!condition)
		abort();
}

/* The book that the first entry opens, or seems to. */
static struct book *book_of(const uint8_t *entry, size_t len)
{
	static struct entry en;
	char origin[NOTE_NAME_BYTES + 1];
	struct book *b = NULL;
	if (entry_decode(&en, entry, len, NULL, NULL) < 0 || en.book.len > NOTE_NAME_BYTES)
		return NULL;
	memcpy(origin, en.book.at, en.book.len);
	origin[en.book.len] = '\0';
	return replica_open(&b, NULL, origin, en.by, NULL) < 0 ? NULL : b;
}

static void whole(struct book *b, const struct book_item *taken, size_t n)
{
	struct book_rebuilt one, other;
	struct book *again = book_of(taken[0].bytes, taken[0].len);
	require(again != NULL && replica_add(again, taken, n, NULL) == 0 && replica_size(again) == n);
	require(book_money_check(b, NULL) == 0);
	require(book_rebuild(b, &one, NULL, NULL, NULL) == 0 && book_rebuild(again, &other, NULL, NULL, NULL) == 0);
	require(memcmp(one.before, one.after, 32) == 0 && memcmp(one.before, other.before, 32) == 0);
	replica_close(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct book_item taken[ENTRIES], item;
	struct book *b = NULL;
	size_t at = 0, n = 0;
	require(crypto_init(NULL) == 0);
	while (n < ENTRIES && tile_bundle_next(data, size, &at, &item.bytes, &item.len, NULL) == 1) {
		struct err e = { .code = ERR_NONE };
		if (!b && !(b = book_of(item.bytes, item.len)))
			return 0;
		if (replica_add(b, &item, 1, &e) == 0)
			taken[n++] = item;
		else
			require(e.code != ERR_NONE && e.code != ERR_INTERNAL);
		require(replica_size(b) == n);
	}
	if (n)
		whole(b, taken, n);
	replica_close(b);
	return 0;
}
