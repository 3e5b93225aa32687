/* A receipt (FORMATS 9): what a requester keeps. Text, with everything that is needed to check offline who ran what on which data, and how it ended:
 *
 *	enclua/receipt/v1
 *	task: task1…
 *	app: <name> <version> <h1:…>
 *	status: COMPLETED			FAILED, LIMIT: how the run ended; CLAIMED: nobody finished it, the payer has the money back; REFUSED: a keeper gave no
 *						key, so there was no run
 *	result: sha256:…			(left out when there is none)
 *	measurement: sha256:…			(left out of a claimed or refused task)
 *	keeper: ed25519:…			(who released the keys; left out with the next line when there is no key.release)
 *	evidence: sha256:…			(of what that keeper verified)
 *	policy: <permit or deny> <policy1…> <h1:…>	(one for each policy.decision of key_release, in their order)
 *	assurance: software
 *	means: <the sentence of that level, TRUST>
 *	entries: <n>
 *	<empty line>
 *	entry <index> <bytes>		for each, in the order of the book: registrations of the actors and things, orders, deal, task, its end
 *	<the entry, verbatim>
 *	proof <n>
 *	<base64 hash> × n
 *	checkpoint
 *	<the checkpoint note, verbatim, to the end>
 *
 * The head only repeats what the entries say, and a verifier makes it again from them: a receipt has one spelling. Every entry is proven in the
 * same checkpoint. Every signature of the checkpoint must be one that can be checked (by the policy or by the key its name carries): a line that
 * nobody can check is refused, so that no bit of a receipt can change unseen. Which entries must and may be there: the story (ENTRIES.md has more), followed backwards by ids:
 *
 *	task.complete; or task.finalize and before it the task.reveal of the worker that it names; or task.claim
 *	task.assign		of that worker, by who offered the pool (none for a claimed or refused task)
 *	key.release		to that worker, between the two: of the deal's data and the request's many (each released or refused), to the same enclave and at no lower
 *				assurance than the run's; left out when the book has no keeper. Of each grant of the many its order.data, data.register and transfers
 *	policy.decision		that permits, by a keeper: of scope match before deal.match, of scope key_release before key.release (or task.refuse, then also one that
 *				denies), of each grant under a policy; and its policy.register
 *	keeper.appoint		by the operator, of who signed task.refuse, key.release, policy.decision; and the identity.register of each
 *	task.initialize, deal.match, deal.sponsor (when somebody else pays)
 *	order.app, order.data (when there is data), order.pool, order.request
 *	app.register, data.register (also of own_data), pool.create; when who signed the order did not register it: the transfers that lead to him
 *	identity.register	of requester and worker; may be there: of owners, beneficiary and others who signed
 *	book.open
 */
#ifndef ENCLUA_FORM_RECEIPT_H
#define ENCLUA_FORM_RECEIPT_H

#include "form/assurance.h"
#include "form/entry.h"
#include "form/tlog_policy.h"

#define RECEIPT_ENTRIES 512u	/* a task's own, its deal's, each data item of the requester's, of each of many data four (grant, data, decision, policy), transfers */
#define RECEIPT_BYTES MIB(48)

struct receipt_entry { uint64_t index; const uint8_t *bytes; size_t len; struct merkle_proof proof; };

/* note: the checkpoint, verbatim. The entries in the order of the book; the last is what ended the task. Appends the file, after all checks that need no policy. */
int receipt_write(struct buf *out, const struct receipt_entry *entries, size_t n, const char *note, size_t note_len, struct err *e);

struct receipt;	/* opened and verified */
/* All of it: spelling, each entry's signature and proof, what they say about one another (the task is this deal's, the deal is of these orders, they are of
 * these assets' owners, the pool's owner sent this worker …), the checkpoint under the policy (NULL: the book's own signature only). ERR_INVALID: forged, damaged
 * or inconsistent; ERR_DENIED: the policy does not accept the book or its witnesses. */
int receipt_open(struct receipt **out, const uint8_t *bytes, size_t len, const struct tlog_policy *policy, struct err *e);
void receipt_free(struct receipt *r);

const struct checkpoint *receipt_checkpoint(const struct receipt *r);
const struct tlog_verdict *receipt_verdict(const struct receipt *r);
size_t receipt_count(const struct receipt *r);
const struct entry *receipt_at(const struct receipt *r, size_t i, uint64_t *index);	/* in the order of the book */
const char *receipt_id(const struct receipt *r, size_t i);	/* of what that entry made, or "" */
const struct entry *receipt_find(const struct receipt *r, enum entry_type t);	/* the first of that type, or NULL */
const char *receipt_task(const struct receipt *r);	/* task1… */

/* The key.release of the run, or NULL: the receipt tells of no keeper. */
const struct entry *receipt_release(const struct receipt *r, uint64_t *index);

#define RECEIPT_CLAIMED "CLAIMED"
#define RECEIPT_REFUSED "REFUSED"
/* How the task ended: as its worker's task.complete or task.reveal (by) says. Of a claimed task by is NULL, outcome CLAIMED, assurance none, all else nothing; of
 * one whose keys a keeper refused the same, with outcome REFUSED and the code as reason.
 * measurement, result: 32 bytes, zero: none. */
struct receipt_end {
	const struct entry *by;
	struct entry_text outcome, reason, assurance;
	const struct entry_texts *missing;
	const uint8_t *measurement, *result;
	uint64_t size;
	int64_t time;	/* of the last entry */
};
const struct receipt_end *receipt_end(const struct receipt *r);
/* What the end is worth: the sentence of its level; of a claimed task, that nobody finished it; of a refused one, that there was no run. */
const char *receipt_means(const struct receipt *r);

#endif
