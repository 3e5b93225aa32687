/* The book: a log of signed entries, the tables that follow from it, and the checkpoints by which strangers hold it to its word (FORMATS 3, 4).
 *
 * An entry comes in by book_append: signature and spelling, then the rules of its type, then the rows, read back and hashed again, and one commit. Several
 * processes may append at once: whoever holds the book's lock commits for all that wait (book_queue.c). A checkpoint is signed from committed state only and
 * never over one that contradicts an earlier one.
 */
#ifndef ENCLUA_BOOK_BOOK_H
#define ENCLUA_BOOK_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "book/ledger.h"
#include "book/store.h"
#include "form/checkpoint.h"
#include "form/entry.h"
#include "form/tlog_policy.h"
#include "seal/merkle.h"

struct book;

/* create: makes home, operator's key and an empty book with its first entry when they are not there. Refuses (ERR_INVALID, with the reason) when the published
 * checkpoint in <home>/book/checkpoint is newer than the database (a rollback) or contradicts it (a fork). */
int book_open(struct book **out, const char *home, bool create, struct err *e);
void book_close(struct book *b);

struct store *book_store(struct book *b);	/* the tables: borrowed */
const char *book_home(const struct book *b);
const char *book_origin(const struct book *b);
const uint8_t *book_operator(const struct book *b);	/* 32 bytes, Ed25519 */
int book_size(struct book *b, uint64_t *size, struct err *e);	/* entries committed, by any process */
int book_time(struct book *b, int64_t *time, struct err *e);	/* the largest `time` of an entry */
int book_operator_open(struct book *b, struct identity **out, struct err *e);	/* <home>/operator.key, mode 0600, in the clear */
int book_worker_open(struct book *b, struct identity **out, struct err *e);	/* <home>/worker.key; the machine's own worker */

/* Rules of a layer above: they decide on types that the book itself does not know (ENTRY_MARKET_TYPES), and are told of all others after the book has let them in. open
 * makes what they work with on this book; apply is asked inside a transaction, and by a replay as well: it decides by the entry, the tables and book time
 * alone. Without rules the types of the market are refused. */
struct book_applied { uint64_t index; const uint8_t *text; size_t text_len; const uint8_t *id; int64_t now; bool admit; };	/* id: ID_BYTES of the
	text's hash; now: book time, with this entry; admit: it comes in now, and is not replayed */
struct book_rules {
	int (*open)(struct book *b, void **ctx, struct err *e);
	void (*close)(void *ctx);
	int (*apply)(void *ctx, struct book *b, const struct entry *en, const struct book_applied *at, struct err *e);
	bool (*near)(unsigned kind);	/* NULL: none. Records of these kinds lie together when their first name is the same, and not with their kind: what is written of one thing is
		written in one place. Alone by kind are listed only those of them that have a group which is not their first name. A layout: to change it is STORE_VERSION */
};
int book_open_with(struct book **out, const char *home, bool create, const struct book_rules *rules, struct err *e);
void *book_rules_context(const struct book *b);	/* what open gave */
const struct ledger_backend *book_ledger(struct book *b);

/* Rows of such rules, whose meaning the book does not know: named by kind and two names, listed by group and state, oldest first. They follow from the entries like every
 * other table. made: the index of the entry that made the row. */
struct book_record { unsigned kind; const char *a, *b; const char *group; int64_t state; uint64_t made; const void *bytes; size_t len; };
int book_record_get(struct book *b, unsigned kind, const char *a, const char *b2, struct buf *bytes, struct err *e);	/* 1, 0, -1; appends */
int book_record_made(struct book *b, unsigned kind, const char *a, const char *b2, uint64_t *made, struct err *e);	/* 1, 0, -1 */
int book_record_put(struct book *b, const struct book_record *r, bool is_new, struct err *e);	/* inside a transaction; of an old row `made` stays */
/* group NULL: any; state -1: any. f may stop by returning 1. */
int book_records(struct book *b, unsigned kind, const char *group, int64_t state, int (*f)(void *ctx, const struct book_record *r, struct err *e), void *ctx,
	struct err *e);
int book_record_find(struct book *b, unsigned kind, const char *prefix, char *a, size_t size, struct err *e);	/* the one whose first name begins so; ERR_NOT_FOUND, ERR_CONFLICT */

/* Readings of one moment: what others commit between them is not seen. Inside a transaction they are that already; then begun is false, and the end does nothing.
 * Nothing is appended in between. */
int book_look_begin(struct book *b, bool *begun, struct err *e);
void book_look_end(struct book *b, bool begun);

/* A draft: type, time (now, or book time when that is a little later), a fresh nonce, this book's origin; all else zero. Then fill it, entry_sign it, append it. */
int book_draft(struct book *b, struct entry *en, enum entry_type type, struct err *e);

/* Entries that belong together: all of them, in this order and one after another, or none. Idempotent by their bytes: what is in already answers with the index it has. */
struct book_item { const uint8_t *bytes; size_t len; };
/* indices (n of them) may be NULL. ERR_INVALID: malformed or forged; ERR_DENIED, ERR_CONFLICT, ERR_FUNDS …: a rule of the entry's type, named in the message. */
int book_append(struct book *b, const struct book_item *items, size_t n, uint64_t *indices, struct err *e);
int book_append_one(struct book *b, const struct buf *note, uint64_t *index, struct err *e);

/* Reading. ERR_NOT_FOUND past the end. */
int book_entry(struct book *b, uint64_t index, struct buf *bytes, struct err *e);
int book_entries(struct book *b, uint64_t from, uint64_t to, int (*f)(void *ctx, uint64_t index, const uint8_t *bytes, size_t len, struct err *e), void *ctx,
	struct err *e);
int book_find(struct book *b, const char *which, uint64_t *index, struct err *e);	/* a number, an id of any kind, or a unique prefix of one */
const struct merkle_reader *book_reader(struct book *b);	/* hashes of complete subtrees, for merkle_*_prove */

/* The newest checkpoint: of the size committed now, signed if that has not been done, with the cosignatures that were added; published in <home>/book/checkpoint.
 * Appends the note. */
int book_checkpoint(struct book *b, struct buf *note, struct err *e);
/* The same for somebody of this home who wants it now and once: signed, but neither kept nor published. What it covers is committed, so a later one can only contain it. */
int book_checkpoint_passing(struct book *b, struct buf *note, struct err *e);
int book_checkpoint_at(struct book *b, uint64_t size, struct buf *note, struct err *e);	/* one that was signed before: ERR_NOT_FOUND else */
/* The newest signed one of fewer than `below` entries, note and size: with it all that were ever signed can be walked, newest first. ERR_NOT_FOUND: none. */
int book_checkpoint_before(struct book *b, uint64_t below, struct buf *note, uint64_t *size, struct err *e);
/* The newest checkpoint that satisfies the home's policy, size and note; ERR_NOT_FOUND when there is none. */
int book_checkpoint_quorum(struct book *b, const struct tlog_policy *p, struct buf *note, uint64_t *size, struct err *e);
int book_cosign_add(struct book *b, uint64_t size, const char *line, size_t len, struct err *e);	/* a verified signature line; the same again is no error */

/* fsck: every entry's spelling, signature and place; every stored hash; every checkpoint; the tables against a replay. ERR_INVALID names the first thing that
 * does not hold. */
struct book_checked { uint64_t entries, checkpoints, cosignatures, rows; };
int book_verify(struct book *b, struct book_checked *out, void (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx, struct err *e);
/* Drops every table that follows from the entries and makes it again. digest: SHA-256 over all their rows in a fixed order, before and after. */
struct book_rebuilt { uint64_t entries, rows; uint8_t before[32], after[32]; };
int book_rebuild(struct book *b, struct book_rebuilt *out, void (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx, struct err *e);

/* A replica of somebody else's book (host/replica.h says what it promises), with the rules by which that one is kept. It has no blobs. */
int book_replica_open(struct book **out, const char *dir, const char *origin, const uint8_t operator_key[static 32], const struct book_rules *rules,
	struct err *e);
uint64_t book_replica_size(const struct book *b);
uint64_t book_replica_accepted(const struct book *b);
int book_replica_add(struct book *b, const struct book_item *items, size_t n, struct err *e);
/* The signature of the entry whose bytes have this SHA-256 was made in this process: it is not verified when the entry comes. The last few are remembered. */
void book_replica_vouch(struct book *b, const uint8_t hash[static 32]);
void book_replica_forget(struct book *b);
int book_replica_retract(struct book *b, uint64_t size, struct err *e);
int book_replica_check(struct book *b, const uint8_t *note, size_t len, struct merkle_hash *root, struct err *e);

/* What this home, as a witness, last countersigned of another book. put is compare-and-swap: ERR_CONFLICT when the size there is not old_size (0: none yet), or is larger than the new one.
 * signature: the log's own, 64 bytes, over that checkpoint. With it the note can be made again, which is the evidence when another contradicts it. */
struct book_seen { char origin[NOTE_NAME_BYTES + 1]; struct note_key log; uint64_t size; struct merkle_hash root; int64_t time; uint8_t signature[64]; };
int book_seen_get(struct store *s, const char *origin, struct book_seen *out, struct err *e);	/* 1, 0, -1 */
int book_seen_put(struct store *s, const struct book_seen *seen, uint64_t old_size, struct err *e);
int book_seen_each(struct store *s, int (*f)(void *ctx, const struct book_seen *seen, struct err *e), void *ctx, struct err *e);

/* Accounts. "enclua1…" is an identity's free money; "bank", "kitty"; those of deals and tasks are named after them. */
int book_account(struct book *b, const char *name, struct ledger_account *out, struct err *e);	/* 1, 0, -1 */
int book_accounts(struct book *b, int (*f)(void *ctx, const struct ledger_account *a, struct err *e), void *ctx, struct err *e);	/* by name */
int book_history(struct book *b, const char *name, int (*f)(void *ctx, const struct ledger_transfer *t, struct err *e), void *ctx, struct err *e);	/* oldest first; name NULL: all */
int book_money_check(struct book *b, struct err *e);	/* every invariant of the ledger, over all rows */

#endif
