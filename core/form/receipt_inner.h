/* What the files of receipt share: the receipt in memory. */
#ifndef ENCLUA_FORM_RECEIPT_INNER_H
#define ENCLUA_FORM_RECEIPT_INNER_H

#include "form/receipt.h"

struct receipt_item {
	struct receipt_entry in;	/* bytes are borrowed: of `file`, or of the caller of receipt_write */
	struct entry en;
	size_t text_len;	/* of the bytes: what the id covers */
	char id[ID_TEXT];	/* of what it makes, or "" */
	bool needed;	/* by another entry, or by the receipt itself */
};

struct receipt {
	struct buf file;	/* a copy of what was opened; empty when it is being written */
	const char *note;
	size_t note_len;
	struct checkpoint checkpoint;
	struct tlog_verdict verdict;
	size_t n;
	struct receipt_item *items;	/* in the order of the book */
	const struct receipt_item *request, *finish, *app;	/* set by receipt_story_check */
};

/* What the entries say about one another. Each must have been decoded. */
int receipt_story_check(struct receipt *r, struct err *e);

#endif
