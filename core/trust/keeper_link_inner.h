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
	uint64_t size;	/* entries that the keeper has */
	bool checked;	/* and it has seen the checkpoint of that size, with … */
	uint8_t root[32];	/* … this root */
	size_t n;	/* items of the message being made */
	struct buf out;
	struct keeper_message in;
};

int keeper_link_follow(struct keeper_link *l, struct err *e);
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
