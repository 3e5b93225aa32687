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

enum receipt_order { RECEIPT_APP, RECEIPT_DATA, RECEIPT_POOL, RECEIPT_REQUEST, RECEIPT_ORDERS };

struct receipt {
	struct buf file;	/* a copy of what was opened; empty when it is being written */
	const char *note;
	size_t note_len;
	struct checkpoint checkpoint;
	struct tlog_verdict verdict;
	size_t n;
	struct receipt_item *items;	/* in the order of the book */
	/* set by receipt_story_check, borrowed from items */
	char task[ID_TEXT];
	struct receipt_item *last, *run;	/* what ended the task; the worker's own entry of it (complete, reveal), NULL when it was claimed */
	struct receipt_item *initialize, *match, *orders[RECEIPT_ORDERS], *app;	/* the data's order NULL when there is none */
	struct receipt_item *release;	/* of keys, to who ran it; NULL: no keeper is told of */
	struct receipt_end end;
};

/* What the entries say about one another. Each must have been decoded. */
int receipt_story_check(struct receipt *r, struct err *e);

/* receipt_keys.c. Who signed `from` is a keeper of this book: its operator said so before, and it had introduced itself. */
int receipt_keeper_check(struct receipt *r, const struct receipt_item *from, struct err *e);
int receipt_keys_check(struct receipt *r, struct err *e);	/* after the deal and the worker have been checked */

/* receipt_items.c: looking among the entries */
struct receipt_item *receipt_item_by(struct receipt *r, enum entry_type t, const uint8_t *by);	/* the first of the type by this key; NULL: by anybody */
struct receipt_item *receipt_item_made(struct receipt *r, const char *id);
/* The first of the type whose id at that offset is this one, by or for this key (at offset key_at of struct entry). */
struct receipt_item *receipt_item_of(struct receipt *r, enum entry_type t, size_t id_at, const char *id, size_t key_at, const uint8_t *key);
/* `it` (NULL: it is not there) must stand before `from`, which needs it. */
int receipt_need(struct receipt_item *it, const struct receipt_item *from, const char *what, struct err *e);
/* The asset was registered and belonged to `owner` before `from`: by registration, or through transfers, each by the owner at its time. */
enum receipt_asset { RECEIPT_ASSET_APP, RECEIPT_ASSET_DATA, RECEIPT_ASSET_POOL };
int receipt_owned(struct receipt *r, enum receipt_asset kind, const char *id, const uint8_t owner[static 32], const struct receipt_item *from,
	struct receipt_item **made, struct err *e);

#endif
