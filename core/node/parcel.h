/* A parcel: what a requester sends to the workers of a deal beside the book, which everybody can read: arguments, input files, secrets, the seed. The book has its
 * hash (order.request.parcel). It is an age file to the keeper; inside is a canonical ustar, zero-padded as data is:
 *
 *     args.json      {"requester":"enclua1…","app":"app1…","seed":"…","args":[{"name":"column","value":"age"},{"name":null,"value":"3"}]}
 *     secrets        their indices and values, as a box gets them (boxwire.h); not there when there are none
 *     files/<name>   each input file, in the order in which the iApp sees them
 *
 * It names the requester and the iApp that it is for: so nobody can have another's parcel opened for an iApp of their own by naming its hash in an order.
 */
#ifndef ENCLUA_NODE_PARCEL_H
#define ENCLUA_NODE_PARCEL_H

#include "node/work.h"

struct parcel_for { const char *requester, *app; };	/* enclua1…, app1… */

/* Seals args, files, secrets and seed of w to the keeper's recipient and stores that. ERR_INVALID: what JSON or a tar cannot hold; ERR_LIMIT. */
int parcel_seal(struct store *s, const uint8_t keeper[static 32], const struct parcel_for *to, const struct work *w, uint8_t sha256[static 32], struct err *e);

/* Opened: args, files, secrets and seed of work are set and live as long as the parcel; all else is for the caller to set. */
struct parcel {
	struct work work;
	char requester[96], app[96];
	/* private */
	struct json *args;
	struct buf secrets;
	char (*names)[LIMIT_PATH_BYTES + 2];
};
/* The hash is checked before a byte is decrypted. ERR_DENIED: it is for another requester or iApp, or another keeper. ERR_INVALID: malformed. */
struct parcel_opener {	/* gives the parcel's key: the keeper, or whoever has its key */
	int (*key)(void *ctx, int fd, uint8_t key[static 16], uint64_t *header, struct err *e);	/* header: how many of its bytes are the header of the age file */
	void *ctx;
};
int parcel_open(struct parcel **out, struct store *s, const struct parcel_opener *k, const struct parcel_for *to, const uint8_t sha256[static 32], struct err *e);
void parcel_free(struct parcel *p);	/* wipes, closes the files */

/* The two in between, without keys: the plaintext. */
typedef int parcel_sink(void *ctx, const uint8_t *bytes, size_t n, struct err *e);
typedef int parcel_source(void *ctx, uint8_t *out, size_t n, uint64_t offset, struct err *e);	/* exactly n bytes */
int parcel_write(const struct parcel_for *to, const struct work *w, parcel_sink *sink, void *ctx, struct err *e);
int parcel_read(struct parcel **out, parcel_source *source, void *ctx, uint64_t len, struct err *e);

#endif
