/* Element by element. What is named add, sub, scale or map gives a new object; fill and apply change the one they are called on. */
#include "enclave/lua_dense.h"

#include <stdbool.h>
#include <string.h>

#include "base/limits.h"

#define ELEMENTS_MAX (LIMIT_BOX_MEMORY / sizeof(double))	/* more has no place in any box; products and sums below cannot overflow */

struct dense *dense_push(lua_State *L, const char *kind, size_t rows, size_t cols)
{
	if (cols && rows > ELEMENTS_MAX / cols)
		luaL_error(L, "a %s of %I x %I numbers is too large", kind, (LUAI_UACINT)rows, (LUAI_UACINT)cols);
	struct dense *d = lua_newuserdatauv(L, sizeof *d + rows * cols * sizeof d->x[0], 0);
	d->rows = rows;
	d->cols = cols;
	luaL_setmetatable(L, kind);
	return d;
}

static struct dense *dense_test(lua_State *L, int idx)
{
	struct dense *d = luaL_testudata(L, idx, VEC);
	return d ? d : luaL_testudata(L, idx, MATRIX);
}

static const char *kind_of(lua_State *L, int idx)
{
	return luaL_testudata(L, idx, VEC) ? VEC : MATRIX;
}

static struct dense *dense_check(lua_State *L, int arg)
{
	struct dense *d = dense_test(L, arg);
	if (!d)
		luaL_typeerror(L, arg, "vec or matrix");
	return d;
}

struct dense *dense_push_like(lua_State *L, int idx)
{
	const struct dense *d = dense_check(L, idx);
	return dense_push(L, kind_of(L, idx), d->rows, d->cols);
}

struct dense *dense_push_copy(lua_State *L, int idx)
{
	const struct dense *from = dense_check(L, idx);
	struct dense *d = dense_push_like(L, idx);
	if (dense_count(from))
		memcpy(d->x, from->x, dense_count(from) * sizeof from->x[0]);
	return d;
}

struct dense *vec_check(lua_State *L, int arg)
{
	return luaL_checkudata(L, arg, VEC);
}

struct dense *matrix_check(lua_State *L, int arg)
{
	return luaL_checkudata(L, arg, MATRIX);
}

size_t dense_size_check(lua_State *L, int arg)
{
	lua_Integer n = luaL_checkinteger(L, arg);
	luaL_argcheck(L, n >= 0, arg, "must not be negative");
	luaL_argcheck(L, (lua_Unsigned)n <= ELEMENTS_MAX, arg, "is too large");
	return (size_t)n;
}

size_t dense_index_check(lua_State *L, int arg, size_t n)
{
	lua_Integer i = luaL_checkinteger(L, arg);
	if (i < 1 || (lua_Unsigned)i > n)
		luaL_argerror(L, arg, lua_pushfstring(L, "index %I is not between 1 and %I", (LUAI_UACINT)i, (LUAI_UACINT)n));
	return (size_t)i - 1;
}

double dense_number(lua_State *L, int idx, const char *what)
{
	if (lua_type(L, idx) != LUA_TNUMBER)
		luaL_error(L, "%s is a %s, not a number", what, luaL_typename(L, idx));
	return lua_tonumber(L, idx);
}

/* The operands of add and sub. */
static void same_shape_check(lua_State *L, struct dense **a, struct dense **b)
{
	*a = dense_check(L, 1);
	*b = luaL_checkudata(L, 2, kind_of(L, 1));
	if ((*a)->rows != (*b)->rows || (*a)->cols != (*b)->cols)
		luaL_error(L, "the sizes differ: %I x %I and %I x %I", (LUAI_UACINT)(*a)->rows, (LUAI_UACINT)(*a)->cols,
			(LUAI_UACINT)(*b)->rows, (LUAI_UACINT)(*b)->cols);
}

static int dense_add(lua_State *L)
{
	struct dense *a, *b;
	same_shape_check(L, &a, &b);
	struct dense *d = dense_push_like(L, 1);
	for (size_t i = 0; i < dense_count(d); i++)
		d->x[i] = a->x[i] + b->x[i];
	return 1;
}

static int dense_sub(lua_State *L)
{
	struct dense *a, *b;
	same_shape_check(L, &a, &b);
	struct dense *d = dense_push_like(L, 1);
	for (size_t i = 0; i < dense_count(d); i++)
		d->x[i] = a->x[i] - b->x[i];
	return 1;
}

static int dense_scale(lua_State *L)
{
	const struct dense *a = dense_check(L, 1);
	double f = luaL_checknumber(L, 2);
	struct dense *d = dense_push_like(L, 1);
	for (size_t i = 0; i < dense_count(d); i++)
		d->x[i] = f * a->x[i];
	return 1;
}

static int dense_minus(lua_State *L)
{
	lua_settop(L, 1);
	lua_pushinteger(L, -1);
	return dense_scale(L);
}

static int dense_fill(lua_State *L)
{
	struct dense *d = dense_check(L, 1);
	double v = luaL_checknumber(L, 2);
	for (size_t i = 0; i < dense_count(d); i++)
		d->x[i] = v;
	lua_settop(L, 1);
	return 1;
}

/* to[i] = f(from[i]), of what is at the top and at the given place. */
static void apply(lua_State *L, struct dense *to, const struct dense *from)
{
	for (size_t i = 0; i < dense_count(to); i++) {
		lua_pushvalue(L, 2);
		lua_pushnumber(L, from->x[i]);
		lua_call(L, 1, 1);
		to->x[i] = dense_number(L, -1, "what the function gave");
		lua_pop(L, 1);
	}
}

static int dense_apply(lua_State *L)
{
	struct dense *d = dense_check(L, 1);
	lua_settop(L, 2);
	apply(L, d, d);
	lua_settop(L, 1);
	return 1;
}

static int dense_map(lua_State *L)
{
	(void)dense_check(L, 1);
	lua_settop(L, 2);
	struct dense *to = dense_push_like(L, 1);
	dense_push_copy(L, 1);	/* the function may change the original; it cannot reach this one */
	apply(L, to, lua_touserdata(L, -1));
	lua_pop(L, 1);
	return 1;
}

static int dense_copy(lua_State *L)
{
	(void)dense_push_copy(L, 1);
	return 1;
}

static int dense_equal(lua_State *L)
{
	const struct dense *a = dense_test(L, 1), *b = dense_test(L, 2);
	bool same = a && b && a->rows == b->rows && a->cols == b->cols && strcmp(kind_of(L, 1), kind_of(L, 2)) == 0;
	for (size_t i = 0; same && i < dense_count(a); i++)
		same = a->x[i] == b->x[i];
	lua_pushboolean(L, same);
	return 1;
}

void dense_open(lua_State *L, const char *kind, const luaL_Reg *meta, const luaL_Reg *methods, const luaL_Reg *makers)
{
	static const luaL_Reg shared_meta[] = {
		{ "__add", dense_add }, { "__sub", dense_sub }, { "__unm", dense_minus }, { "__eq", dense_equal }, { NULL, NULL }
	};
	static const luaL_Reg shared[] = {
		{ "add", dense_add }, { "sub", dense_sub }, { "scale", dense_scale }, { "fill", dense_fill }, { "apply", dense_apply },
		{ "map", dense_map }, { "copy", dense_copy }, { NULL, NULL }
	};
	if (luaL_newmetatable(L, kind)) {
		lua_newtable(L);
		luaL_setfuncs(L, shared, 0);
		luaL_setfuncs(L, methods, 0);
		lua_pushvalue(L, -1);
		lua_setfield(L, -3, "__index");
		lua_insert(L, -2);
		luaL_setfuncs(L, shared_meta, 0);
		lua_pushvalue(L, -2);
		luaL_setfuncs(L, meta, 1);	/* each can look a method up */
		lua_pushboolean(L, 0);
		lua_setfield(L, -2, "__metatable");
		lua_pop(L, 2);
	} else {
		lua_pop(L, 1);
	}
	lua_newtable(L);
	luaL_setfuncs(L, shared, 0);
	luaL_setfuncs(L, methods, 0);
	luaL_setfuncs(L, makers, 0);
}
