/* The keeper as those see it who ask: the process that serves the home (keeper_serve.h), or one that is started for it. It ends with the last of those who ask.
 *
 * Every function follows the book first, so that the keeper knows what the asker knows.
 */
#ifndef ENCLUA_TRUST_KEEPER_LINK_H
#define ENCLUA_TRUST_KEEPER_LINK_H

#include "book/book.h"
#include "box/box.h"
#include "form/iapp.h"

struct keeper_link;
struct keeper_link_options {
	const char *home;
	const char *program, *enclave;	/* NULL: where box_program_path finds them */
	uint32_t allow_missing;	/* layers of boxes, as in box_options */
};
int keeper_link_new(struct keeper_link **out, const struct keeper_link_options *o, struct book *b, struct err *e);	/* b and the texts of o are borrowed */
void keeper_link_free(struct keeper_link *l);
int keeper_link_warm(struct keeper_link *l, struct err *e);	/* starts it without waiting, if it is not there: it will be asked soon */

/* A release will be asked for soon: what it begins with is asked now, and answered while the asker does something else. Whatever goes wrong with it, the release sees to. */
void keeper_link_ahead(struct keeper_link *l);

int keeper_link_salt(struct keeper_link *l, const char *task, uint8_t salt[static 32], struct err *e);
/* The key of the parcel that the request of this task names; fd: the parcel. header: how many of its bytes are that of the age file. */
int keeper_link_parcel(struct keeper_link *l, const char *task, const uint8_t worker[static 32], int fd, uint8_t key[static 16], uint64_t *header, struct err *e);

/* The owner's policy at a scope before there is a task: note is the signed policy.decision, to be appended; why has the reasons of a denial. */
int keeper_link_decide(struct keeper_link *l, const char *scope, const char *grant, const char *request, const struct iapp *app, struct buf *note, bool *permit,
	struct buf *why, struct err *e);

/* The keys of a task for a box. On the way the entries policy.decision and key.release, or task.refuse, are appended to the book. */
struct keeper_release_ask {
	const char *task;
	const struct identity *worker;	/* signs the evidence */
	const char *provider;	/* of evidence; NULL: the best there is */
	const uint8_t *box_key, *measurement;	/* 32 bytes each */
	const struct iapp *app;
	const struct buf *secrets;	/* boxwire's list of secrets that the asker has himself, or NULL */
};
struct keeper_released {
	size_t n;	/* data, in the order of the task */
	struct buf *headers;	/* empty: refused (of a bulk) */
	struct buf secrets;	/* an age file to the box; empty: there are none */
	uint64_t output;	/* bytes that the iApp may write; 0: as its manifest says */
	bool silent;	/* its log stays in the box */
	char assurance[17];	/* what the evidence was worth */
};
/* ERR_DENIED and others: the code of the check that did not hold, at the beginning of the words. ended (may be NULL): the task has been ended by the keeper. */
int keeper_link_release(struct keeper_link *l, const struct keeper_release_ask *ask, struct keeper_released *out, bool *ended, struct err *e);
void keeper_released_done(struct keeper_released *r);

#endif
