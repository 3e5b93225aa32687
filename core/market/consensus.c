/* The arithmetic of consensus and of shares: exact integers, no state. Two equal groups of numbers give the same answer on every machine. */
#include <assert.h>

#include "market/market.h"

/* weight = max(⌊score/3⌋, 3) − 1: 2 for a new worker, one more for each three points from 12 on */
uint64_t market_weight(uint64_t score)
{
	uint64_t third = score / 3;
	return (third > 3 ? third : 3) - 1;
}

unsigned market_log2(uint64_t weight)
{
	assert(weight > 0);
	return 63u - (unsigned)__builtin_clzll(weight);
}

/* group′ = max(group, 1) · weight; total′ = total + group′ − group */
int market_group_add(market_wide *group, market_wide *total, uint64_t weight)
{
	market_wide more, sum;
	if (__builtin_mul_overflow(*group ? *group : (market_wide)1, (market_wide)weight, &more) ||
		__builtin_add_overflow(*total, more - *group, &sum))
		return -1;
	*group = more;
	*total = sum;
	return 0;
}

/* group · trust > total · (trust − 1) is group > others · (trust − 1) with others = total − group. So no product passes 128 bits unless it is larger
 * than any group. */
bool market_consensus(market_wide group, market_wide total, uint64_t trust)
{
	market_wide need;
	assert(trust > 0 && group <= total);
	return !__builtin_mul_overflow(total - group, (market_wide)(trust - 1), &need) && group > need;
}

uint64_t market_part(uint64_t amount, uint64_t times, uint64_t of)
{
	assert(of > 0);
	market_wide part = (market_wide)amount * times / of;
	return part > UINT64_MAX ? UINT64_MAX : (uint64_t)part;
}
