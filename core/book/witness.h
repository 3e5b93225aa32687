/* Witnesses by files (C2SP tlog-witness: the request's bytes are those of its HTTP body, the answer's those of its reply). A witness countersigns a checkpoint only when
 * it contains all that it countersigned before; a fork and a rollback are told apart and named.
 */
#ifndef ENCLUA_BOOK_WITNESS_H
#define ENCLUA_BOOK_WITNESS_H

#include "book/book.h"

#define WITNESS_REQUEST_BYTES KIB(32)

/* The asking side. from: the size that the witness countersigned last (0: it has not seen this book). Appends "old <from>\n" proof "\n" checkpoint. */
int witness_request(struct book *b, uint64_t from, struct buf *out, struct err *e);
/* What a witness answered, one line or more, for the checkpoint of any size that this book has signed: each line that holds is kept. A line is judged by the policy's
 * witnesses and by the key that its name carries; one that nobody can judge is ERR_DENIED, a bad one ERR_INVALID. added: how many were new. */
int witness_add(struct book *b, const struct tlog_policy *policy, const char *lines, size_t len, size_t *added, uint64_t *size, struct err *e);

/* The countersigning side, in any home. log: the key of the book when its origin carries none, else NULL. Remembers before it answers.
 * ERR_DENIED: unknown log. ERR_INVALID: forged; or the message begins "fork: " (same size, other root; or the proof does not hold) or "rollback: " (smaller than what
 * was countersigned). ERR_CONFLICT: the request starts from another size than the one last countersigned (the hint says which to ask from). */
int witness_sign(struct store *s, const struct identity *witness, const struct note_key *log, const char *request, size_t len, int64_t now, struct buf *line,
	struct book_seen *seen, struct err *e);

/* The checkpoint that was countersigned, as a note with its book's own signature: what a contradiction is shown with. */
int witness_seen_note(const struct book_seen *seen, struct buf *out, struct err *e);

/* <home>/witness.key: made at first use. A witness's key signs nothing else (tlog-cosignature). */
int witness_open(const char *home, struct identity **out, struct err *e);

#endif
