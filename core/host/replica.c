/* A replica is the book's (book/book_replica.c), kept by the market's rules.
 */
#include "host/replica.h"

#include "host/host_inner.h"
#include "seal/crypto.h"

int replica_open(struct book **out, const char *dir, const char *origin, const uint8_t operator_key[static 32], struct err *e)
{
	return book_replica_open(out, dir, origin, operator_key, &host_rules, e);
}

uint64_t replica_size(const struct book *b)
{
	return book_replica_size(b);
}

uint64_t replica_accepted(const struct book *b)
{
	return book_replica_accepted(b);
}

int replica_add(struct book *b, const struct book_item *items, size_t n, struct err *e)
{
	return book_replica_add(b, items, n, e);
}

void replica_vouch(struct book *b, const void *bytes, size_t len)
{
	uint8_t hash[32];
	sha256(hash, bytes, len);
	book_replica_vouch(b, hash);
}

void replica_forget(struct book *b)
{
	book_replica_forget(b);
}

int replica_retract(struct book *b, uint64_t size, struct err *e)
{
	return book_replica_retract(b, size, e);
}

int replica_check(struct book *b, const uint8_t *checkpoint, size_t len, struct merkle_hash *root, struct err *e)
{
	return book_replica_check(b, checkpoint, len, root, e);
}

void replica_close(struct book *b)
{
	book_close(b);
}
