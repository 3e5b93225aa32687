/* A receipt (FORMATS 9): what a requester keeps. Text, with everything that is needed to check offline who ran what on which data, and how it ended:
 *
 *	enclua/receipt/v1
 *	task: task1…
 *	app: <name> <version> <h1:…>
 *	status: COMPLETED
 *	result: sha256:…			(left out when there is none)
 *	measurement: sha256:…
 *	assurance: software
 *	means: <the sentence of that level, TRUST>
 *	entries: <n>
 *	<empty line>
 *	entry <index> <bytes>		for each, in the order of the book: registrations of the actors and things, the request, its end
 *	<the entry, verbatim>
 *	proof <n>
 *	<base64 hash> × n
 *	checkpoint
 *	<the checkpoint note, verbatim, to the end>
 *
 * The head only repeats what the entries say, and a verifier makes it again from them: a receipt has one spelling. Every entry is proven in the
 * same checkpoint. Every signature of the checkpoint must be one that can be checked (by the policy or by the key its name carries): a line that
 * nobody can check is refused, so that no bit of a receipt can change unseen. Which entries must and may be there: ENTRIES.md.
 */
#ifndef ENCLUA_FORM_RECEIPT_H
#define ENCLUA_FORM_RECEIPT_H

#include "form/entry.h"
#include "form/tlog_policy.h"

#define RECEIPT_ENTRIES 256u	/* a task's own, its deal's, and each data item of a bulk slice */
#define RECEIPT_BYTES MIB(24)

struct receipt_entry { uint64_t index; const uint8_t *bytes; size_t len; struct merkle_proof proof; };

/* note: the checkpoint, verbatim. The entries in the order of the book; the last is task.finish. Appends the file, after all checks that need no policy. */
int receipt_write(struct buf *out, const struct receipt_entry *entries, size_t n, const char *note, size_t note_len, struct err *e);

struct receipt;	/* opened and verified */
/* All of it: spelling, each entry's signature and proof, what they say about one another (the request names this app and this data, the task is this
 * request's, the worker has introduced itself as one …), the checkpoint under the policy (NULL: the book's own signature only). ERR_INVALID: forged, damaged
 * or inconsistent; ERR_DENIED: the policy does not accept the book or its witnesses. */
int receipt_open(struct receipt **out, const uint8_t *bytes, size_t len, const struct tlog_policy *policy, struct err *e);
void receipt_free(struct receipt *r);

const struct checkpoint *receipt_checkpoint(const struct receipt *r);
const struct tlog_verdict *receipt_verdict(const struct receipt *r);
size_t receipt_count(const struct receipt *r);
const struct entry *receipt_at(const struct receipt *r, size_t i, uint64_t *index);	/* in the order of the book */
const struct entry *receipt_find(const struct receipt *r, enum entry_type t);	/* the first of that type, or NULL */
const char *receipt_task(const struct receipt *r);	/* task1… */
/* The sentence that goes with a level (TRUST): NULL for an unknown one. */
const char *assurance_text(const struct entry_text *level);

#endif
