/* Categories, assets, lists and scores: what orders are about. A thing is registered once, for any owner; only its owner changes (and a pool's policy), and
 * nothing here touches deals that were made.
 */
#include <inttypes.h>
#include <string.h>

#include "market/inner.h"

int market_category_add(struct market *m, uint64_t time, uint64_t *number, struct err *e)
{
	struct market_state state = { .id = "market" };
	struct market_category c = { .time = time };
	market_begin(m);
	if (time == 0 || time > MARKET_TIME_MAX)
		return market_refuse(m, ERR_INVALID, "category-time", e, "the time of a category is 1 … %" PRIu64 " seconds, not %" PRIu64, MARKET_TIME_MAX, time);
	int r = market_get(m, MARKET_ROW_STATE, state.id, "", &state, e);
	if (r < 0)
		return -1;
	*number = state.categories++;
	market_number_name(c.id, *number);
	if (market_add(m, MARKET_ROW_CATEGORY, &c, e) < 0)
		return -1;
	return r ? market_change(m, MARKET_ROW_STATE, &state, e) : market_add(m, MARKET_ROW_STATE, &state, e);
}

static int policy_check(struct market *m, uint64_t stake_ratio, uint64_t scheduler_ratio, struct err *e)
{
	if (scheduler_ratio > 100)
		return market_refuse(m, ERR_INVALID, "pool-policy", e, "the pool's owner cannot keep %" PRIu64 " %% of the rewards; at most 100", scheduler_ratio);
	if (stake_ratio > MARKET_STAKE_RATIO_MAX)
		return market_refuse(m, ERR_INVALID, "pool-policy", e, "a worker cannot stake %" PRIu64 " %% of the price; at most %u", stake_ratio,
			MARKET_STAKE_RATIO_MAX);
	return 0;
}

int market_asset_add(struct market *m, const struct market_asset *a, struct err *e)
{
	struct market_asset old;
	market_begin(m);
	if (!market_name_ok(a->id) || !market_name_ok(a->owner))
		return market_refuse(m, ERR_INVALID, "asset-null", e, "an asset needs an id and an owner");
	if (a->kind == MARKET_POOL && policy_check(m, a->stake_ratio, a->scheduler_ratio, e) < 0)
		return -1;
	int r = market_get(m, MARKET_ROW_ASSET, a->id, "", &old, e);
	if (r)
		return r < 0 ? -1 : market_refuse(m, ERR_CONFLICT, "asset-twice", e, "%s is registered already", a->id);
	return market_account(m, a->owner, e) < 0 ? -1 : market_add(m, MARKET_ROW_ASSET, a, e);
}

/* The asset, if it is there and belongs to `by`. */
static int asset_of(struct market *m, const char *event, const char *asset, const char *by, struct market_asset *a, struct err *e)
{
	int r = market_get(m, MARKET_ROW_ASSET, asset, "", a, e);
	if (r < 0)
		return -1;
	if (r == 0)
		return market_refuse(m, ERR_NOT_FOUND, event, e, "%s is not registered", asset);
	if (strcmp(a->owner, by) != 0)
		return market_refuse(m, ERR_DENIED, "not-owner", e, "%s belongs to %s, not to %s", asset, a->owner, by);
	return 0;
}

int market_asset_transfer(struct market *m, const char *asset, const char *by, const char *to, struct err *e)
{
	struct market_asset a;
	market_begin(m);
	if (asset_of(m, "transfer-unknown", asset, by, &a, e) < 0)
		return -1;
	if (!market_name_ok(to))
		return market_refuse(m, ERR_INVALID, "transfer-null", e, "%s cannot be given to nobody", asset);
	market_name_set(a.owner, to);
	return market_account(m, to, e) < 0 ? -1 : market_change(m, MARKET_ROW_ASSET, &a, e);
}

int market_pool_policy(struct market *m, const char *pool, const char *by, uint64_t stake_ratio, uint64_t scheduler_ratio, struct err *e)
{
	struct market_asset a;
	market_begin(m);
	if (asset_of(m, "policy-unknown", pool, by, &a, e) < 0 || policy_check(m, stake_ratio, scheduler_ratio, e) < 0)
		return -1;
	if (a.kind != MARKET_POOL)
		return market_refuse(m, ERR_INVALID, "policy-kind", e, "%s is not a pool", pool);
	a.stake_ratio = stake_ratio;
	a.scheduler_ratio = scheduler_ratio;
	return market_change(m, MARKET_ROW_ASSET, &a, e);
}

int market_list_add(struct market *m, const char *list, const char *by, const char *who, bool group, struct err *e)
{
	struct market_list l = { .members = 0, .group = group };
	struct market_member member = { .list = "" };
	market_begin(m);
	if (!market_list_name_ok(list) || !market_name_ok(by) || !market_name_ok(who))
		return market_refuse(m, ERR_INVALID, "list-null", e, "a list needs an id that begins with " MARKET_LIST ", an owner and a name to add");
	int r = market_get(m, MARKET_ROW_LIST, list, "", &l, e);
	if (r < 0)
		return -1;
	if (r > 0 && strcmp(l.owner, by) != 0)
		return market_refuse(m, ERR_DENIED, "not-owner", e, "the list %s belongs to %s, not to %s", list, l.owner, by);
	int known = market_get(m, MARKET_ROW_MEMBER, list, who, &member, e);
	if (known < 0 || (known && !member.removed))
		return known < 0 ? -1 : 0;
	market_name_set(l.id, list);
	market_name_set(l.owner, by);
	l.members++;
	market_name_set(member.list, list);
	market_name_set(member.who, who);
	member.removed = false;
	if ((r ? market_change : market_add)(m, MARKET_ROW_LIST, &l, e) < 0)
		return -1;
	return (known ? market_change : market_add)(m, MARKET_ROW_MEMBER, &member, e);
}

/* Deals that were made stay; who is removed is in no match from now on. */
int market_list_remove(struct market *m, const char *list, const char *by, const char *who, struct err *e)
{
	struct market_list l;
	struct market_member member;
	market_begin(m);
	int r = market_get(m, MARKET_ROW_LIST, list, "", &l, e);
	if (r <= 0)
		return r < 0 ? -1 : market_refuse(m, ERR_NOT_FOUND, "list-unknown", e, "there is no list %s in this book", list);
	if (strcmp(l.owner, by) != 0)
		return market_refuse(m, ERR_DENIED, "not-owner", e, "the list %s belongs to %s, not to %s", list, l.owner, by);
	if (!l.group)
		return market_refuse(m, ERR_DENIED, "list-fixed", e, "%s is no group: what is in it stays in it", list);
	r = market_get(m, MARKET_ROW_MEMBER, list, who, &member, e);
	if (r < 0)
		return -1;
	if (!r || member.removed)
		return market_refuse(m, ERR_CONFLICT, "list-stranger", e, "%s is not in the group %s", who, list);
	member.removed = true;
	l.members--;
	return market_change(m, MARKET_ROW_LIST, &l, e) < 0 ? -1 : market_change(m, MARKET_ROW_MEMBER, &member, e);
}

int market_score_get(struct market *m, const char *who, uint64_t *value, struct err *e)
{
	struct market_score s;
	int r = market_get(m, MARKET_ROW_SCORE, who, "", &s, e);
	*value = r > 0 ? s.value : 0;
	return r < 0 ? -1 : 0;
}

int market_score_set(struct market *m, const char *who, uint64_t value, struct err *e)
{
	struct market_score s;
	market_begin(m);
	if (!market_name_ok(who))
		return market_refuse(m, ERR_INVALID, "score-null", e, "a score needs an identity");
	int r = market_get(m, MARKET_ROW_SCORE, who, "", &s, e);
	if (r < 0)
		return -1;
	market_name_set(s.who, who);
	s.value = value;
	return r ? market_change(m, MARKET_ROW_SCORE, &s, e) : market_add(m, MARKET_ROW_SCORE, &s, e);
}
