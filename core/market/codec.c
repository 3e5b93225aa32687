/* One list of fields for each kind of row gives both directions. A name is its length and its bytes; a number is base 128, lowest first; a wide one two of
 * them; a hash its 32 bytes.
 */
#include "market/codec.h"

#include <assert.h>
#include <string.h>

enum field_kind { NAME, PURPOSES, U64, I64, BOOL, WIDE, HASH, ENUM };
struct field { enum field_kind kind; size_t offset; };

#define F(kind, type, member) { kind, offsetof(struct type, member) }

static const struct field category_fields[] = { F(NAME, market_category, id), F(U64, market_category, time) };
static const struct field asset_fields[] = {
	F(NAME, market_asset, id), F(NAME, market_asset, owner), F(ENUM, market_asset, kind), F(U64, market_asset, stake_ratio), F(U64, market_asset, scheduler_ratio),
};
static const struct field list_fields[] = { F(NAME, market_list, id), F(NAME, market_list, owner), F(U64, market_list, members), F(BOOL, market_list, group) };
static const struct field member_fields[] = { F(NAME, market_member, list), F(NAME, market_member, who), F(BOOL, market_member, removed) };
static const struct field order_fields[] = {
	F(NAME, market_order, id), F(ENUM, market_order, kind), F(NAME, market_order, signer), F(NAME, market_order, asset), F(U64, market_order, price),
	F(U64, market_order, volume), F(U64, market_order, consumed), F(U64, market_order, tag), F(NAME, market_order, restrict_to.app),
	F(NAME, market_order, restrict_to.data), F(NAME, market_order, restrict_to.pool), F(NAME, market_order, restrict_to.requester),
	F(U64, market_order, category), F(U64, market_order, trust), F(I64, market_order, until), F(PURPOSES, market_order, purposes), F(BOOL, market_order, policy),
	F(BOOL, market_order, bulk), F(NAME, market_order, data), F(U64, market_order, data_price), F(U64, market_order, pool_price),
	F(NAME, market_order, requester), F(NAME, market_order, beneficiary), F(NAME, market_order, payer), F(NAME, market_order, purpose),
	F(BOOL, market_order, callback),
};
static const struct field deal_fields[] = {
	F(NAME, market_deal, id), F(NAME, market_deal, app), F(NAME, market_deal, data), F(NAME, market_deal, pool), F(NAME, market_deal, request),
	F(NAME, market_deal, app_owner), F(NAME, market_deal, data_owner), F(NAME, market_deal, pool_owner), F(NAME, market_deal, requester),
	F(NAME, market_deal, beneficiary), F(NAME, market_deal, payer), F(U64, market_deal, app_price), F(U64, market_deal, data_price),
	F(U64, market_deal, pool_price), F(U64, market_deal, pool_stake), F(U64, market_deal, worker_stake), F(U64, market_deal, scheduler_ratio),
	F(U64, market_deal, trust), F(U64, market_deal, category), F(U64, market_deal, time), F(U64, market_deal, tag), F(I64, market_deal, start),
	F(U64, market_deal, first), F(U64, market_deal, size), F(BOOL, market_deal, callback),
};
static const struct field task_fields[] = {
	F(NAME, market_task, id), F(NAME, market_task, deal), F(U64, market_task, index), F(ENUM, market_task, status), F(I64, market_task, contribution_deadline),
	F(I64, market_task, final_deadline), F(I64, market_task, reveal_deadline), F(WIDE, market_task, total), F(U64, market_task, contributors),
	F(U64, market_task, winners), F(U64, market_task, reveals), F(HASH, market_task, winning), F(HASH, market_task, digest),
};
static const struct field slot_fields[] = { F(NAME, market_slot, deal), F(NAME, market_slot, index), F(NAME, market_slot, task) };
static const struct field contribution_fields[] = {
	F(NAME, market_contribution, task), F(NAME, market_contribution, worker), F(HASH, market_contribution, hash), F(HASH, market_contribution, seal),
	F(ENUM, market_contribution, status), F(U64, market_contribution, weight),
};
static const struct field entrant_fields[] = { F(NAME, market_entrant, task), F(NAME, market_entrant, number), F(NAME, market_entrant, worker) };
static const struct field group_fields[] = {
	F(NAME, market_group, task), F(NAME, market_group, hash), F(WIDE, market_group, weight), F(U64, market_group, contributed),
};
static const struct field score_fields[] = { F(NAME, market_score, who), F(U64, market_score, value) };
static const struct field state_fields[] = { F(NAME, market_state, id), F(U64, market_state, categories) };

#define COUNT(a) (sizeof(a) / sizeof *(a))
static const struct { const struct field *fields; size_t n, size, keys; } kinds[] = {
	[MARKET_ROW_CATEGORY] = { category_fields, COUNT(category_fields), sizeof(struct market_category), 1 },
	[MARKET_ROW_ASSET] = { asset_fields, COUNT(asset_fields), sizeof(struct market_asset), 1 },
	[MARKET_ROW_LIST] = { list_fields, COUNT(list_fields), sizeof(struct market_list), 1 },
	[MARKET_ROW_MEMBER] = { member_fields, COUNT(member_fields), sizeof(struct market_member), 2 },
	[MARKET_ROW_ORDER] = { order_fields, COUNT(order_fields), sizeof(struct market_order), 1 },
	[MARKET_ROW_DEAL] = { deal_fields, COUNT(deal_fields), sizeof(struct market_deal), 1 },
	[MARKET_ROW_TASK] = { task_fields, COUNT(task_fields), sizeof(struct market_task), 1 },
	[MARKET_ROW_SLOT] = { slot_fields, COUNT(slot_fields), sizeof(struct market_slot), 2 },
	[MARKET_ROW_CONTRIBUTION] = { contribution_fields, COUNT(contribution_fields), sizeof(struct market_contribution), 2 },
	[MARKET_ROW_ENTRANT] = { entrant_fields, COUNT(entrant_fields), sizeof(struct market_entrant), 2 },
	[MARKET_ROW_GROUP] = { group_fields, COUNT(group_fields), sizeof(struct market_group), 2 },
	[MARKET_ROW_SCORE] = { score_fields, COUNT(score_fields), sizeof(struct market_score), 1 },
	[MARKET_ROW_STATE] = { state_fields, COUNT(state_fields), sizeof(struct market_state), 1 },
};
static_assert(COUNT(kinds) == MARKET_KIND_COUNT, "a list of fields for each kind");
static_assert(sizeof(enum market_status) == sizeof(uint32_t), "enums are read as numbers of 32 bits");

size_t market_row_size(enum market_kind kind)
{
	return kinds[kind].size;
}

static int number_put(struct buf *out, uint64_t n, struct err *e)
{
	uint8_t bytes[10];
	size_t len = 0;
	do {
		bytes[len++] = (uint8_t)((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
	} while (n >>= 7);
	return buf_add(out, bytes, len, e);
}

static int field_put(const struct field *f, const char *at, struct buf *out, struct err *e)
{
	uint64_t n = 0;
	uint32_t small;
	market_wide wide;
	switch (f->kind) {
	case NAME:
	case PURPOSES:
		n = strnlen(at, (f->kind == NAME ? MARKET_NAME : MARKET_PURPOSES_TEXT) - 1);
		return number_put(out, n, e) < 0 ? -1 : buf_add(out, at, (size_t)n, e);
	case U64:
	case I64:
		memcpy(&n, at, sizeof n);
		return number_put(out, n, e);
	case BOOL:
		return number_put(out, *(const bool *)at, e);
	case ENUM:
		memcpy(&small, at, sizeof small);
		return number_put(out, small, e);
	case WIDE:
		memcpy(&wide, at, sizeof wide);
		return number_put(out, (uint64_t)wide, e) < 0 ? -1 : number_put(out, (uint64_t)(wide >> 64), e);
	case HASH:
		return buf_add(out, at, 32, e);
	}
	return -1;
}

int market_row_encode(enum market_kind kind, const void *row, struct buf *out, struct err *e)
{
	for (size_t i = 0; i < kinds[kind].n; i++)
		if (field_put(&kinds[kind].fields[i], (const char *)row + kinds[kind].fields[i].offset, out, e) < 0)
			return -1;
	return 0;
}

struct bytes { const uint8_t *at, *end; };

/* The shortest spelling only: a last group of zeros, or bits beyond the 64th, are damage. */
static bool number_get(struct bytes *b, uint64_t *n)
{
	*n = 0;
	for (unsigned shift = 0; shift < 64 && b->at < b->end; shift += 7) {
		uint8_t byte = *b->at++;
		*n |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return shift == 0 || (byte != 0 && (shift < 63 || byte == 1));
	}
	return false;
}

static bool take(struct bytes *b, void *out, size_t n)
{
	if ((size_t)(b->end - b->at) < n)
		return false;
	memcpy(out, b->at, n);
	b->at += n;
	return true;
}

static bool text_take(struct bytes *b, char *out, size_t n)
{
	return take(b, out, n) && !memchr(out, '\0', n);
}

static bool field_get(const struct field *f, struct bytes *b, char *at)
{
	uint64_t n, high;
	uint32_t small;
	market_wide wide;
	switch (f->kind) {
	case NAME:
		return number_get(b, &n) && n < MARKET_NAME && text_take(b, at, (size_t)n);
	case PURPOSES:
		return number_get(b, &n) && n < MARKET_PURPOSES_TEXT && text_take(b, at, (size_t)n);
	case U64:
	case I64:
		if (!number_get(b, &n))
			return false;
		memcpy(at, &n, sizeof n);
		return true;
	case BOOL:
		if (!number_get(b, &n) || n > 1)
			return false;
		*(bool *)at = n == 1;
		return true;
	case ENUM:
		if (!number_get(b, &n) || n > UINT32_MAX)
			return false;
		small = (uint32_t)n;
		memcpy(at, &small, sizeof small);
		return true;
	case WIDE:
		if (!number_get(b, &n) || !number_get(b, &high))
			return false;
		wide = (market_wide)high << 64 | n;
		memcpy(at, &wide, sizeof wide);
		return true;
	case HASH:
		return take(b, at, 32);
	}
	return false;
}

static int damaged(struct err *e)
{
	err_set(e, ERR_INVALID, "a record of the market is damaged, or of another version of the rules");
	return err_hint(e, "enclua book rebuild makes it again from the entries");
}

int market_row_decode(enum market_kind kind, const void *bytes, size_t len, void *row, struct err *e)
{
	struct bytes b = { bytes, (const uint8_t *)bytes + len };
	memset(row, 0, kinds[kind].size);
	for (size_t i = 0; i < kinds[kind].n; i++)
		if (!field_get(&kinds[kind].fields[i], &b, (char *)row + kinds[kind].fields[i].offset))
			return damaged(e);
	return b.at == b.end ? 0 : damaged(e);
}

/* Every row begins with its names. */
void market_row_names(enum market_kind kind, const void *row, const char **a, const char **b)
{
	*a = row;
	*b = kinds[kind].keys > 1 ? (const char *)row + MARKET_NAME : "";
}

void market_row_place(enum market_kind kind, const void *row, const char **group, int64_t *state)
{
	*group = "";
	*state = 0;
	if (kind == MARKET_ROW_ORDER) {
		const struct market_order *o = row;
		*group = o->asset;
		*state = o->consumed < o->volume;
	} else if (kind == MARKET_ROW_DEAL) {
		*group = ((const struct market_deal *)row)->pool;
	} else if (kind == MARKET_ROW_TASK) {
		*group = ((const struct market_task *)row)->deal;
		*state = ((const struct market_task *)row)->status;
	} else if (kind == MARKET_ROW_CONTRIBUTION || kind == MARKET_ROW_ENTRANT || kind == MARKET_ROW_GROUP || kind == MARKET_ROW_MEMBER) {
		*group = row;
	}
}
