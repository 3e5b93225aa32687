/* Random bits for noise, and the privacy budget of the run.
 *
 * math.random follows from what the requester asked, who could take such noise off again. The bits here come from the task's salt, which the
 * keeper makes from its own key and gives to those who run the task: the same for all replicas, unknown to the requester. What was asked goes
 * in as well (the seed), so that another question under the same salt is not answered with the same noise.
 */
#include "enclave/lua_dp.h"

#include <lauxlib.h>
#include <string.h>

#include "enclave/task.h"
#include "seal/crypto.h"

#define BLOCK 32u	/* bytes of HMAC-SHA-256(key, number of the block) */

struct source {
	uint8_t key[32], block[BLOCK];
	uint64_t n_blocks;
	size_t used;	/* of the block */
	uint64_t limit_u6, spent_u6;
};

static struct source *source_of(lua_State *L)
{
	return lua_touserdata(L, lua_upvalueindex(1));
}

static uint64_t source_bits(struct source *s)
{
	if (s->used == BLOCK) {
		uint8_t number[8];
		for (size_t i = 0; i < sizeof number; i++)
			number[i] = (uint8_t)(s->n_blocks >> (8 * i));
		hmac256(s->block, s->key, sizeof s->key, number, sizeof number);
		s->n_blocks++;
		s->used = 0;
	}
	uint64_t bits = 0;
	for (size_t i = 0; i < 8; i++)
		bits |= (uint64_t)s->block[s->used + i] << (8 * i);
	memset(s->block + s->used, 0, 8);
	s->used += 8;
	return bits;
}

/* below(n): an integer from 0 to n - 1, each as likely as the next: draws past the last whole multiple of n are thrown away. */
static int dp_below(lua_State *L)
{
	lua_Integer n = luaL_checkinteger(L, 1);
	luaL_argcheck(L, n >= 1, 1, "must be at least 1");
	const uint64_t of = (uint64_t)n, rest = (UINT64_MAX % of + 1) % of;
	uint64_t bits;
	do
		bits = source_bits(source_of(L));
	while (rest && bits > UINT64_MAX - rest);
	lua_pushinteger(L, (lua_Integer)(bits % of));
	return 1;
}

/* spend(millionths): true, or false when the budget does not have them; nothing is taken then */
static int dp_spend(lua_State *L)
{
	struct source *s = source_of(L);
	lua_Integer n = luaL_checkinteger(L, 1);
	luaL_argcheck(L, n >= 1, 1, "must be at least 1");
	bool there = (uint64_t)n <= s->limit_u6 - s->spent_u6;
	if (there)
		s->spent_u6 += (uint64_t)n;
	lua_pushboolean(L, there);
	return 1;
}

/* budget(): limits.epsilon and what was spent of it, in millionths */
static int dp_budget(lua_State *L)
{
	const struct source *s = source_of(L);
	lua_pushinteger(L, (lua_Integer)s->limit_u6);
	lua_pushinteger(L, (lua_Integer)s->spent_u6);
	return 2;
}

int lua_dp_source_open(lua_State *L)
{
	static const luaL_Reg functions[] = { { "below", dp_below }, { "budget", dp_budget }, { "spend", dp_spend }, { NULL, NULL } };
	static const char label[] = "enclua/v1/dp-noise";
	const struct task *t = task_of(L);
	if (!t)
		return luaL_error(L, "noise belongs to a task, and there is none yet");
	luaL_newlibtable(L, functions);
	struct source *s = lua_newuserdatauv(L, sizeof *s, 0);
	*s = (struct source){ .used = BLOCK, .limit_u6 = t->request.epsilon_u6 };
	hkdf256(s->key, sizeof s->key, t->request.salt, sizeof t->request.salt, t->request.seed, sizeof t->request.seed, label, sizeof label - 1);
	luaL_setfuncs(L, functions, 1);
	return 1;
}
