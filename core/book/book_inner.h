/* What the files of the book share, and nobody else sees. */
#ifndef ENCLUA_BOOK_BOOK_INNER_H
#define ENCLUA_BOOK_BOOK_INNER_H

#include "book/book.h"
#include "book/ledger_rows.h"
#include "book/store_inner.h"

#define BOOK_CLOCK_S 60	/* how far an entry's time may be from the operator's clock */

/* The log as far as it is committed. */
struct book_head { struct merkle_range range; int64_t time; };

/* A checkpoint that was kept, of which this process has seen that it lies inside the entries; size 0: none yet. note: SHA-256 of all its bytes. */
struct book_shown { struct checkpoint last; uint8_t note[32]; };

struct book {
	struct store *store;
	struct ledger_rows *ledger;
	char origin[NOTE_NAME_BYTES + 1];
	uint8_t operator[32];
	struct identity *signer;	/* the operator's key, once a passing checkpoint was asked for: they come in numbers, and its file is slow to open */
	char dir[PATH_MAX];	/* <home>/book: lock, queue, published checkpoint, policy */
	struct book_head head;	/* as of the last look; the row is the truth */
	struct book_shown shown;
	struct merkle_reader reader;
	struct store *log;	/* where its entries are: its own store, but when a replay into memory is compared with it */
	const struct book_rules *rules;	/* of a layer above, or NULL */
	void *rules_ctx;
	int lock_fd, waiting_fd;	/* book_queue.c; of a replica lock_fd is its folder */
	struct replica *replica;	/* book_replica.c; NULL: a book of its own */
};

int book_row_read(struct book *b, struct err *e);	/* origin and operator, from the row: 1, 0: there is none yet, -1 */
int book_row_write(struct book *b, struct err *e);

/* A book without a home, which messages call `home`: first without a database; then with the one at path (":memory:" too); at last, when its tables are there, with
 * the rules by which it is kept. */
int book_bare_open(struct book **out, const char *home, const char *origin, const uint8_t operator[static 32], struct err *e);
int book_bare_database(struct book *b, const char *path, struct err *e);
int book_bare_finish(struct book *b, const struct book_rules *rules, struct err *e);
void book_replica_done(struct replica *r);	/* by book_close */
void book_replica_finish(struct book *b);	/* before it is closed */
int book_replica_settle(struct book *b, struct err *e);	/* commits what a replica holds back; of other books nothing */

/* book_record.c. Tables that rules of a layer above have written in must be written with them: ERR_UNAVAILABLE when b has none. Whoever leads commits for others, too. */
int book_rules_needed(struct book *b, struct err *e);

/* book_tree.c: the log's own tables */
int book_head_load(struct book *b, struct err *e);
int book_head_store(struct book *b, struct err *e);
/* Appends at the end of b->head, in a transaction. id: entry_hash of its text. */
int book_entry_insert(struct book *b, const uint8_t id[static ID_BYTES], const void *bytes, size_t len, struct err *e);
int book_entry_count(struct book *b, uint64_t *count, struct err *e);	/* by the index of the last one */
int book_entry_known(struct book *b, const uint8_t id[static ID_BYTES], uint64_t *index, struct err *e);	/* 1, 0, -1 */
int book_tree_read(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out, struct err *e);	/* ctx: struct book */

/* book_apply.c: what an entry does to the tables. Inside a transaction; on refusal the caller undoes what it has done. */
int book_apply(struct book *b, const struct entry *en, const struct book_applied *at, struct err *e);

/* book_commit.c: some chains in one transaction. */
struct book_chain {
	const struct book_item *items;
	size_t n;
	uint64_t *indices;	/* n of them, filled */
	int result;	/* 0, or -1 and why */
	struct err why;
	bool signed_well;	/* its signatures hold: who gives it has checked them */
	struct book_incoming *in;	/* its entries as they were read, once they were; NULL before */
};
/* Reads its entries, and their signatures, unless they are signed_well: result and why. book_commit does it where it has not been done. */
void book_chain_open(struct book_chain *c);
void book_chain_done(struct book_chain *c);	/* frees what that has read */
#define BOOK_CHAINS 257u	/* in one commit: as many clients as a leader serves, and its own */
int book_commit(struct book *b, struct book_chain *chains, size_t n, struct err *e);	/* -1: nothing of it happened, and nothing says so per chain */

/* book_queue.c: one process commits for all that wait. */
void book_queue_close(struct book *b);
int book_queue_submit(struct book *b, struct book_chain *c, struct err *e);

/* book_rebuild.c: the tables of an older layout, in two steps of one transaction: dropped and made empty, before anything is prepared that reads them; and filled. */
int book_tables_clear(struct book *b, struct err *e);
int book_tables_fill(struct book *b, struct err *e);

/* book_checkpoint.c */
int book_published_check(struct book *b, struct err *e);

#endif
