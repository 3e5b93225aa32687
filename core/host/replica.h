/* A replica: somebody else's book, followed. Entries are given to it in their order; it checks each signature, applies every rule itself, and believes a size only when the root
 * it has come to is the one of a checkpoint that the book's operator signed. It cannot be led back: what it has accepted once stays. Its tables are read like those of a
 * book (host_get, store_*), but nothing is ever appended through it, and it has no blobs.
 *
 * It lies in <dir>/replica.db. It follows from what it was given, so it does not wait for the disk: after it was killed, replica_size may be less
 * than it was (at most some thousand entries are given again), and when it is lost, it is given all of them. <dir>/accepted is waited for: it is the newest checkpoint that was
 * accepted, and an opening refuses what is neither that nor an empty place (ERR_INVALID, ERR_CONFLICT: of another book). One process at a time (ERR_UNAVAILABLE).
 */
#ifndef ENCLUA_HOST_REPLICA_H
#define ENCLUA_HOST_REPLICA_H

#include "host/host.h"

/* Of the book with this origin and operator key; one that is of another book is ERR_CONFLICT. dir NULL: in memory. */
int replica_open(struct book **out, const char *dir, const char *origin, const uint8_t operator_key[static 32], struct err *e);
uint64_t replica_size(const struct book *b);	/* entries that it has; the next to give */
uint64_t replica_accepted(const struct book *b);	/* entries under the newest checkpoint that was believed, in this life or one before */
/* All of them, or none. ERR_INVALID, ERR_DENIED …: an entry that its rules refuse; it names which. */
int replica_add(struct book *b, const struct book_item *items, size_t n, struct err *e);
/* An entry of these bytes was signed in this process: its signature is not verified when it comes. The last few are remembered. */
void replica_vouch(struct book *b, const void *bytes, size_t len);
/* Takes back what was given after `size`, and not yet believed: ERR_CONFLICT when that is so long ago that it is written. */
int replica_retract(struct book *b, uint64_t size, struct err *e);
void replica_forget(struct book *b);	/* the next opening begins with no entries */
/* ERR_INVALID: not signed by the operator, or another root than what was given ("fork"), or older than what was accepted ("rollback"); ERR_CONFLICT: another origin. The
 * size must be replica_size. After a fork is found, what was given is of no use: close it, and the next opening begins with no entries. */
int replica_check(struct book *b, const uint8_t *checkpoint, size_t len, struct merkle_hash *root, struct err *e);
void replica_close(struct book *b);

#endif
