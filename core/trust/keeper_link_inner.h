/* What keeper_link.c and keeper_ask.c share. */
#ifndef ENCLUA_TRUST_KEEPER_LINK_INNER_H
#define ENCLUA_TRUST_KEEPER_LINK_INNER_H

#include <sys/types.h>

#include "trust/keeper_link.h"
#include "trust/keeper_wire.h"

struct keeper_link {
	pid_t pid;
	int socket;
	struct keeper_link_options options;
	struct book *book;
	bool told;	/* which book */
	bool lost;	/* no keeper could be reached, nor started, however often it was tried */
	uint64_t size;	/* entries that the keeper has */
	bool checked;	/* and it has seen the checkpoint of that size, with … */
	uint8_t root[32];	/* … this root */
	size_t n;	/* items of the message being made */
	struct buf out;
	struct keeper_message in;
	/* Asked and not yet answered, in this order: each 0 or 1. Whoever asks anything else has their answers first. */
	struct {
		unsigned follow, check, nonce;
		uint64_t size;	/* what the CHECK shows, */
		uint8_t root[32];	/* and its root */
	} open;
	bool ahead;	/* keeper_link_ahead has asked, and no release since */
	uint8_t nonce[32];
	uint64_t nonce_us;	/* when it was asked for; 0: there is none */
};

int keeper_link_follow(struct keeper_link *l, struct err *e);
/* The same for who asks something next: its questions go out, and their answers come with that of the next. Only ask_shown may follow, which sees to it when they were refusals. */
int keeper_link_show(struct keeper_link *l, struct err *e);
int keeper_link_answers(struct keeper_link *l, struct err *e);	/* of what is open; the first refusal */
int keeper_link_nonce(struct keeper_link *l, uint8_t nonce[static 32], struct err *e);	/* the one that was asked for ahead, or another */
int keeper_link_begin(struct keeper_link *l, enum keeper_kind kind, struct err *e);
int keeper_link_add(struct keeper_link *l, const void *bytes, size_t n, struct err *e);
int keeper_link_ask(struct keeper_link *l, int fd, size_t least, struct err *e);	/* an answer with so many items, in l->in */
/* The same, once more whenever another asker was just telling the keeper of entries. Not for a question that is about one checkpoint. */
int keeper_link_ask_shown(struct keeper_link *l, int fd, size_t least, struct err *e);
/* Was it refused for that? Then the next keeper_link_follow shows the checkpoint again. */
bool keeper_link_unshown(struct keeper_link *l, const struct err *why);
int keeper_link_item(const struct keeper_link *l, size_t i, void *out, size_t n, struct err *e);
int keeper_link_add_app(struct keeper_link *l, const struct iapp *app, struct err *e);	/* MANIFEST and iapp.yaml */

#endif
