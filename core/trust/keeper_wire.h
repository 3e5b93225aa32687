/* What a keeper and those who ask it say to each other, over a stream socket: a message is its length (4 bytes, little endian, of what follows), its kind (1 byte) and items
 * (4 bytes of length each, then the bytes). The asker speaks first, each question has one answer; several may be asked at once, and are answered in their order. A descriptor may come with a question.
 *
 * X(ENUM, number, items of the question → items of the answer)
 */
#ifndef ENCLUA_TRUST_KEEPER_WIRE_H
#define ENCLUA_TRUST_KEEPER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

#define KEEPER_QUESTIONS(X) \
	X(HELLO, 1, "origin of the book, its operator's key → entries that the keeper has (8 bytes), its identity, its age recipient") \
	X(FOLLOW, 2, "index of the first (8 bytes), entries from there on, none or more → entries that it has") \
	X(CHECK, 3, "a checkpoint of that many entries, or of fewer when others have given it more → nothing") \
	X(SALT, 4, "a task → the salt of its digest") \
	X(PARCEL, 5, "a task, the worker's key; the parcel as a descriptor → the key of the parcel, how many of its bytes are its header") \
	X(DECIDE, 6, "scope, grant, request, task or nothing, MANIFEST and iapp.yaml of the iApp, the policy's archive → 1 when it permits else 0, policy.decision, why") \
	X(NONCE, 7, "nothing → 32 bytes, good once and for 30 s") \
	X(RELEASE, 8, "task, worker, box key, measurement, evidence, MANIFEST, iapp.yaml, secrets that the asker has (boxwire's list) or nothing, then any number: " \
		"the archives of policies, sealed secrets → entries to append, in order: policy.decision …, key.release") \
	X(TAKE, 9, "SHA-256 of the key.release → most bytes of output (8 bytes; 0: any), 1 when the log must stay in the box else 0, secrets as an age file to the box or nothing, then for each data an age header to the box, or nothing where it was refused")

enum keeper_kind {
	KEEPER_ANSWER = 0,
#define X(name, number, doc) KEEPER_##name = number,
	KEEPER_QUESTIONS(X)
#undef X
	KEEPER_NO = 255	/* code of the error (1 byte), words, hint, then entries to append all the same: policy.decision …, task.refuse */
};

#define KEEPER_ITEMS_MAX 288u	/* a policy and a secret for each of 100 data, and what is always there */
#define KEEPER_UNSHOWN "book-unshown"	/* begins a refusal: another asker has told it of entries, and not yet shown their checkpoint. Worth asking again */
#define KEEPER_TAKEN "another keeper serves this home"	/* of a keeper that was started: there is one, or one that is just ending */
#define KEEPER_MESSAGE_BYTES (LIMIT_IAPP_BYTES + MIB(8))
#define KEEPER_NONCE_S 30

struct keeper_item { const uint8_t *at; size_t len; };
struct keeper_message {
	enum keeper_kind kind;
	struct keeper_item items[KEEPER_ITEMS_MAX];
	size_t n;
	int fd;	/* that came with it, or −1; the receiver closes it */
	struct buf bytes;	/* what the items lie in; wiped when it goes */
	uint8_t head[4];
	size_t got;	/* bytes of one that is coming; 0: none is */
};
#define KEEPER_MESSAGE_INIT { .fd = -1, .bytes = BUF_INIT(KEEPER_MESSAGE_BYTES) }

int keeper_message_begin(struct buf *out, enum keeper_kind kind, struct err *e);	/* out: cleared; its ceiling KEEPER_MESSAGE_BYTES */
int keeper_message_add(struct buf *out, const void *bytes, size_t n, struct err *e);
int keeper_message_send(int socket, struct buf *out, int fd, struct err *e);	/* fd −1: none */
/* As much of it from *at on as the socket takes without waiting: 1 that was all, 0 there is more to send, −1 */
int keeper_message_push(int socket, struct buf *out, size_t *at, struct err *e);
/* The bytes of the message before are gone. end: the other side has closed. ERR_INVALID: not such a message; ERR_UNAVAILABLE: cut short. */
int keeper_message_receive(int socket, struct keeper_message *m, bool *end, struct err *e);
/* As much of one as has come, from a socket that does not wait: 1 it is whole, 0 more is to come, −1 as above, or the other side has closed: then end, and no error. */
int keeper_message_arrive(int socket, struct keeper_message *m, bool *end, struct err *e);
void keeper_message_done(struct keeper_message *m);

#endif
