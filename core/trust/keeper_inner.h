/* What the files of the keeper's process share. */
#ifndef ENCLUA_TRUST_KEEPER_INNER_H
#define ENCLUA_TRUST_KEEPER_INNER_H

#include "form/entry.h"
#include "form/iapp.h"
#include "host/replica.h"
#include "trust/attest.h"
#include "trust/keeper.h"
#include "trust/keeper_serve.h"
#include "trust/keeper_wire.h"

/* What RELEASE has promised and TAKE will hand over, once the entry stands in the book. */
struct keeper_promise {
	bool is;
	uint8_t entry[32];	/* SHA-256 of the signed key.release */
	char task[ID_TEXT], worker[IDENTITY_TEXT];
	uint8_t box[32];
	size_t n_data;
	char (*data)[ID_TEXT];	/* "": refused */
	bool sealed;	/* the items below are made: for the box's key alone, while the entry was on its way into the book. Nothing of it leaves before that */
	struct buf *headers;	/* beside data */
	struct buf age;	/* secrets, as an age file to the box; empty: there are none */
	struct buf secrets;	/* boxwire's list, in the clear */
	uint64_t output;	/* bytes that the iApp may write; 0: as its manifest says */
	bool silent;	/* its log stays in the box */
};

/* One who asks. */
struct keeper_connection {
	int fd;
	uint64_t number;	/* whoever comes later has a larger one */
	uint64_t since_us, turn_us;	/* when it was last heard or answered; when it began to give entries */
	uint64_t begun_us;	/* when a message of its began that is not yet whole; 0: none is coming */
	struct keeper_message in;
	struct buf out;	/* an answer that it has not yet taken, … */
	size_t out_at;	/* … from here on */
	bool told;	/* of which book */
	bool follows;	/* has given entries, and not yet the checkpoint over them: nobody else is answered meanwhile, for a while */
	bool checked;	/* has shown a checkpoint … */
	struct merkle_hash root;	/* … with this root */
	uint8_t nonce[32];
	uint64_t nonce_us;	/* when it was given; 0: none is out */
	struct keeper_promise promise;
};

struct keeper_process {
	const struct keeper_service *o;
	int listening, lock;
	struct keeper_connection c[KEEPER_CONNECTIONS], *at;	/* at: who asks now */
	size_t n;
	uint64_t number, full_us;	/* of the last who came; since when there is no room for who comes, or 0 */
	struct keeper *keys;
	struct attest_references *references;
	char folder[4200];
	struct book *replica;
	bool over;	/* what it needs has ended, and a keeper that is locked down can start nothing: the next one can */
	bool sound;	/* a checkpoint covers all that the replica has */
	uint64_t giver;	/* who gave what none covers yet; 0: it was there before, or several did */
	struct iapp *policy;	/* the last that was asked, or NULL */
	uint8_t policy_blob[32];
	struct entry *en;
	struct buf out;	/* the answer */
	struct buf entries;	/* items that go with a refusal: entries to append */
};

/* Items of a message as what they should be; ERR_INVALID. Ids and names end with NUL where they are copied. */
int keeper_item_bytes(const struct keeper_message *m, size_t i, size_t n, const uint8_t **out, struct err *e);	/* exactly n */
int keeper_item_text(const struct keeper_message *m, size_t i, char *out, size_t size, struct err *e);	/* no NUL in it */

/* Signs with the keeper's key what the book is to have. Its own signature it does not verify again. */
int keeper_sign(struct keeper_process *p, struct entry *en, struct buf *note, struct err *e);

/* keeper_line.c: those who ask. None of them is waited for: whoever says half a message, or does not take its answer, delays nobody but himself. */
int keeper_line_add(struct keeper_process *p, int fd);	/* −1: of another user */
void keeper_line_drop(struct keeper_process *p, size_t i);
int keeper_line_turn(struct keeper_process *p, int (*serve_one)(struct keeper_process *p, const struct keeper_message *m, struct err *e), struct err *e);	/* once */

/* keeper_follow.c, keeper_decide.c, keeper_release.c: answer into p->out */
int keeper_answer_hello(struct keeper_process *p, const struct keeper_message *m, struct err *e);
int keeper_answer_follow(struct keeper_process *p, const struct keeper_message *m, struct err *e);
int keeper_answer_check(struct keeper_process *p, const struct keeper_message *m, struct err *e);
int keeper_answer_decide(struct keeper_process *p, const struct keeper_message *m, struct err *e);
int keeper_answer_release(struct keeper_process *p, const struct keeper_message *m, struct err *e);
int keeper_answer_take(struct keeper_process *p, const struct keeper_message *m, struct err *e);
void keeper_promise_seal(struct keeper_process *p);	/* after the answer: what TAKE will want is made while the asker enters the release */
void keeper_promise_done(struct keeper_promise *k);

#endif
