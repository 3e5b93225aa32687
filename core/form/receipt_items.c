/* Looking among the entries of a receipt, and noting which of them are needed. Whose an asset was follows from its registration and the transfers that are here: of
 * each owner the last one that it signed, as host_receipt.c (core/node) picks them. Looks at decoded entries only.
 */
#include <string.h>

#include "form/receipt_inner.h"

struct receipt_item *receipt_item_by(struct receipt *r, enum entry_type t, const uint8_t *by)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->items[i].en.type == t && (!by || memcmp(r->items[i].en.by, by, 32) == 0))
			return &r->items[i];
	return NULL;
}

struct receipt_item *receipt_item_made(struct receipt *r, const char *id)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->items[i].id, id) == 0)
			return &r->items[i];
	return NULL;
}

static bool item_is(const struct receipt_item *it, enum entry_type t, size_t id_at, const char *id, size_t key_at, const uint8_t *key)
{
	const char *at = (const char *)&it->en;
	return it->en.type == t && strcmp(at + id_at, id) == 0 && (!key || memcmp(at + key_at, key, 32) == 0);
}

struct receipt_item *receipt_item_of(struct receipt *r, enum entry_type t, size_t id_at, const char *id, size_t key_at, const uint8_t *key)
{
	for (size_t i = 0; i < r->n; i++)
		if (item_is(&r->items[i], t, id_at, id, key_at, key))
			return &r->items[i];
	return NULL;
}

int receipt_need(struct receipt_item *it, const struct receipt_item *from, const char *what, struct err *e)
{
	unsigned long long index = from->in.index;
	if (!it)
		return err_set(e, ERR_INVALID, "%s, which entry %llu needs, is not in it", what, index);
	if (it->in.index >= from->in.index)
		return err_set(e, ERR_INVALID, "entry %llu needs entry %llu, which came after it", index, (unsigned long long)it->in.index);
	it->needed = true;
	return 0;
}

/* The types of entries by which an asset of each kind comes in and changes hands, and where a transfer says of what and to whom. */
static const struct asset_kind { enum entry_type made, moved; size_t id_at, to_at; const char *word; } kinds[] = {
	[RECEIPT_ASSET_APP] = { ENTRY_APP_REGISTER_TYPE, ENTRY_APP_TRANSFER_TYPE, offsetof(struct entry, app_transfer.app), offsetof(struct entry, app_transfer.to),
		"the iApp" },
	[RECEIPT_ASSET_DATA] = { ENTRY_DATA_REGISTER_TYPE, ENTRY_DATA_TRANSFER_TYPE, offsetof(struct entry, data_transfer.data),
		offsetof(struct entry, data_transfer.to), "the data" },
	[RECEIPT_ASSET_POOL] = { ENTRY_POOL_CREATE_TYPE, ENTRY_POOL_TRANSFER_TYPE, offsetof(struct entry, pool_transfer.pool),
		offsetof(struct entry, pool_transfer.to), "the pool" },
};

/* The last transfer of it that this owner signed after `after` and before `from`, or NULL. */
static struct receipt_item *transfer_by(struct receipt *r, const struct asset_kind *k, const char *id, const uint8_t *owner, const struct receipt_item *after,
	const struct receipt_item *from)
{
	struct receipt_item *last = NULL;
	for (size_t i = 0; i < r->n; i++) {
		struct receipt_item *it = &r->items[i];
		if (it->in.index > after->in.index && it->in.index < from->in.index && item_is(it, k->moved, k->id_at, id, offsetof(struct entry, by), owner))
			last = it;
	}
	return last;
}

int receipt_owned(struct receipt *r, enum receipt_asset kind, const char *id, const uint8_t owner[static 32], const struct receipt_item *from,
	struct receipt_item **made, struct err *e)
{
	const struct asset_kind *k = &kinds[kind];
	struct receipt_item *at = receipt_item_made(r, id);
	if (receipt_need(at, from, id, e) < 0)
		return -1;
	if (at->en.type != k->made)	/* ids say their kind: only another iApp's, data's or pool's can be wrong */
		return err_set(e, ERR_INVALID, "%s is not made by entry %llu", k->word, (unsigned long long)at->in.index);
	if (made)
		*made = at;
	const uint8_t *who = at->en.by;
	char name[IDENTITY_TEXT];
	while (memcmp(who, owner, 32) != 0) {	/* ends: each step goes on in the book */
		at = transfer_by(r, k, id, who, at, from);
		if (!at) {
			identity_text(name, owner);
			return err_set(e, ERR_INVALID, "%s %s did not belong to %s before entry %llu: no transfer says so", k->word, id, name,
				(unsigned long long)from->in.index);
		}
		at->needed = true;
		who = (const uint8_t *)&at->en + k->to_at;
	}
	return 0;
}
