/* require "vec". Reading outside gives nil, as with tables, so that ipairs ends; writing outside is an error. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "enclave/dense.h"
#include "enclave/lua_dense.h"
#include "enclave/lua_matrix.h"

static int vec_new(lua_State *L)
{
	size_t n = dense_size_check(L, 1);
	double fill = luaL_optnumber(L, 2, 0);
	struct dense *v = dense_push(L, VEC, n, 1);
	for (size_t i = 0; i < n; i++)
		v->x[i] = fill;
	return 1;
}

static int vec_from(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	size_t n = (size_t)lua_rawlen(L, 1);
	struct dense *v = dense_push(L, VEC, n, 1);
	for (size_t i = 0; i < n; i++) {
		lua_rawgeti(L, 1, (lua_Integer)i + 1);
		if (lua_type(L, -1) != LUA_TNUMBER)
			return luaL_error(L, "element %I is a %s, not a number", (LUAI_UACINT)i + 1, luaL_typename(L, -1));
		v->x[i] = lua_tonumber(L, -1);
		lua_pop(L, 1);
	}
	return 1;
}

static int vec_get(lua_State *L)
{
	const struct dense *v = vec_check(L, 1);
	int is_integer;
	lua_Integer i = lua_tointegerx(L, 2, &is_integer);
	if (is_integer && lua_type(L, 2) == LUA_TNUMBER) {
		if (i < 1 || (lua_Unsigned)i > v->rows)
			return 0;
		lua_pushnumber(L, v->x[i - 1]);
		return 1;
	}
	lua_settop(L, 2);
	lua_rawget(L, lua_upvalueindex(1));
	return 1;
}

static int vec_set(lua_State *L)
{
	struct dense *v = vec_check(L, 1);
	v->x[dense_index_check(L, 2, v->rows)] = luaL_checknumber(L, 3);
	return 0;
}

static int vec_len(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)vec_check(L, 1)->rows);
	return 1;
}

static int vec_text(lua_State *L)
{
	lua_pushfstring(L, "vec of %I", (LUAI_UACINT)vec_check(L, 1)->rows);
	return 1;
}

static const struct dense *same_length_check(lua_State *L, int arg, const struct dense *v)
{
	const struct dense *w = vec_check(L, arg);
	if (v->rows != w->rows)
		luaL_error(L, "the lengths differ: %I and %I", (LUAI_UACINT)v->rows, (LUAI_UACINT)w->rows);
	return w;
}

static int vec_dot(lua_State *L)
{
	const struct dense *v = vec_check(L, 1), *w = same_length_check(L, 2, v);
	lua_pushnumber(L, dense_dot(v->x, w->x, v->rows));
	return 1;
}

/* axpy(a, x, y): y becomes a x + y. */
static int vec_axpy(lua_State *L)
{
	double a = luaL_checknumber(L, 1);
	const struct dense *x = vec_check(L, 2);
	(void)same_length_check(L, 3, x);
	struct dense *y = vec_check(L, 3);
	for (size_t i = 0; i < y->rows; i++)
		y->x[i] += a * x->x[i];
	lua_settop(L, 3);
	return 1;
}

static int vec_sum(lua_State *L)
{
	const struct dense *v = vec_check(L, 1);
	lua_pushnumber(L, dense_sum(v->x, v->rows));
	return 1;
}

static int vec_mean(lua_State *L)
{
	const struct dense *v = vec_check(L, 1);
	luaL_argcheck(L, v->rows, 1, "an empty vec has no mean");
	lua_pushnumber(L, dense_sum(v->x, v->rows) / (double)v->rows);
	return 1;
}

static int vec_norm(lua_State *L)
{
	const struct dense *v = vec_check(L, 1);
	lua_pushnumber(L, dense_norm(v->x, v->rows));
	return 1;
}

/* slice(from, to): as string.sub counts, both ends included, negative from the end. */
static int vec_slice(lua_State *L)
{
	const struct dense *v = vec_check(L, 1);
	lua_Integer n = (lua_Integer)v->rows, from = luaL_checkinteger(L, 2), to = luaL_optinteger(L, 3, -1);
	if (from < 0)
		from = from < -n ? 1 : n + from + 1;
	else if (from == 0)
		from = 1;
	if (to < 0)
		to = to < -n ? 0 : n + to + 1;
	else if (to > n)
		to = n;
	size_t count = from <= to ? (size_t)(to - from) + 1 : 0;
	struct dense *s = dense_push(L, VEC, count, 1);
	if (count)
		memcpy(s->x, v->x + (from - 1), count * sizeof v->x[0]);
	return 1;
}

static int vec_sort(lua_State *L)
{
	struct dense *v = vec_check(L, 1);
	dense_sort(v->x, v->rows);
	lua_settop(L, 1);
	return 1;
}

/* Index of the first that none exceeds, in the sense of sign; and its value. NaN never counts. */
static int arg_best(lua_State *L, double sign)
{
	const struct dense *v = vec_check(L, 1);
	size_t best = SIZE_MAX;
	for (size_t i = 0; i < v->rows; i++)
		if (!isnan(v->x[i]) && (best == SIZE_MAX || sign * v->x[i] > sign * v->x[best]))
			best = i;
	luaL_argcheck(L, best != SIZE_MAX, 1, "no number in it");
	lua_pushinteger(L, (lua_Integer)best + 1);
	lua_pushnumber(L, v->x[best]);
	return 2;
}

static int vec_argmax(lua_State *L)
{
	return arg_best(L, 1);
}

static int vec_argmin(lua_State *L)
{
	return arg_best(L, -1);
}

static int vec_to_table(lua_State *L)
{
	const struct dense *v = vec_check(L, 1);
	lua_createtable(L, v->rows < INT32_MAX ? (int)v->rows : 0, 0);
	for (size_t i = 0; i < v->rows; i++) {
		lua_pushnumber(L, v->x[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 1;
}

/* 2 * v and v * 2. */
static int vec_mul(lua_State *L)
{
	lua_settop(L, 2);
	if (lua_type(L, 1) == LUA_TNUMBER)
		lua_insert(L, 1);
	const struct dense *v = vec_check(L, 1);
	double f = luaL_checknumber(L, 2);
	struct dense *out = dense_push_like(L, 1);
	for (size_t i = 0; i < v->rows; i++)
		out->x[i] = f * v->x[i];
	return 1;
}

int lua_open_vec(lua_State *L)
{
	static const luaL_Reg meta[] = {
		{ "__index", vec_get }, { "__newindex", vec_set }, { "__len", vec_len }, { "__tostring", vec_text }, { "__mul", vec_mul },
		{ NULL, NULL }
	};
	static const luaL_Reg methods[] = {
		{ "dot", vec_dot }, { "sum", vec_sum }, { "mean", vec_mean }, { "norm", vec_norm }, { "slice", vec_slice },
		{ "sort", vec_sort }, { "argmax", vec_argmax }, { "argmin", vec_argmin }, { "to_table", vec_to_table }, { NULL, NULL }
	};
	static const luaL_Reg makers[] = { { "new", vec_new }, { "from", vec_from }, { "axpy", vec_axpy }, { NULL, NULL } };
	dense_open(L, VEC, meta, methods, makers);
	return 1;
}
