/* require "matrix". Rows and columns count from 1; an index outside is an error, also when reading. */
#include "enclave/lua_matrix.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "enclave/dense.h"
#include "enclave/lua_dense.h"

#define SYMMETRY 1e-12	/* how far apart, relative to the larger, two elements may be that should be equal */

static int matrix_new(lua_State *L)
{
	size_t rows = dense_size_check(L, 1), cols = dense_size_check(L, 2);
	double fill = luaL_optnumber(L, 3, 0);
	struct dense *m = dense_push(L, MATRIX, rows, cols);
	for (size_t i = 0; i < dense_count(m); i++)
		m->x[i] = fill;
	return 1;
}

static int matrix_identity(lua_State *L)
{
	size_t n = dense_size_check(L, 1);
	struct dense *m = dense_push(L, MATRIX, n, n);
	for (size_t i = 0; i < dense_count(m); i++)
		m->x[i] = i % (n + 1) == 0;
	return 1;
}

/* The row at the top of the stack into m; number is for the message. */
static void row_take(lua_State *L, double *to, size_t cols, size_t number)
{
	if (lua_type(L, -1) != LUA_TTABLE || lua_rawlen(L, -1) != cols)
		luaL_error(L, "row %I is not an array of %I numbers as row 1 is", (LUAI_UACINT)number, (LUAI_UACINT)cols);
	for (size_t j = 0; j < cols; j++) {
		lua_rawgeti(L, -1, (lua_Integer)j + 1);
		if (lua_type(L, -1) != LUA_TNUMBER)
			luaL_error(L, "row %I, column %I is a %s, not a number", (LUAI_UACINT)number, (LUAI_UACINT)j + 1,
				luaL_typename(L, -1));
		to[j] = lua_tonumber(L, -1);
		lua_pop(L, 1);
	}
}

static int matrix_from_rows(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	size_t rows = (size_t)lua_rawlen(L, 1), cols = 0;
	if (rows && lua_rawgeti(L, 1, 1) == LUA_TTABLE)
		cols = (size_t)lua_rawlen(L, -1);
	lua_settop(L, 1);
	struct dense *m = dense_push(L, MATRIX, rows, cols);
	for (size_t i = 0; i < rows; i++) {
		lua_rawgeti(L, 1, (lua_Integer)i + 1);
		row_take(L, m->x + i * cols, cols, i + 1);
		lua_pop(L, 1);
	}
	return 1;
}

static int matrix_rows(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)matrix_check(L, 1)->rows);
	return 1;
}

static int matrix_cols(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)matrix_check(L, 1)->cols);
	return 1;
}

static double *element(lua_State *L)
{
	struct dense *m = matrix_check(L, 1);
	size_t i = dense_index_check(L, 2, m->rows), j = dense_index_check(L, 3, m->cols);
	return &m->x[i * m->cols + j];
}

static int matrix_get(lua_State *L)
{
	lua_pushnumber(L, *element(L));
	return 1;
}

static int matrix_set(lua_State *L)
{
	*element(L) = luaL_checknumber(L, 4);
	return 0;
}

static int matrix_row(lua_State *L)
{
	const struct dense *m = matrix_check(L, 1);
	size_t i = dense_index_check(L, 2, m->rows);
	struct dense *v = dense_push(L, VEC, m->cols, 1);
	if (m->cols)
		memcpy(v->x, m->x + i * m->cols, m->cols * sizeof m->x[0]);
	return 1;
}

static int matrix_col(lua_State *L)
{
	const struct dense *m = matrix_check(L, 1);
	size_t j = dense_index_check(L, 2, m->cols);
	struct dense *v = dense_push(L, VEC, m->rows, 1);
	for (size_t i = 0; i < m->rows; i++)
		v->x[i] = m->x[i * m->cols + j];
	return 1;
}

static int matrix_transpose(lua_State *L)
{
	const struct dense *m = matrix_check(L, 1);
	struct dense *t = dense_push(L, MATRIX, m->cols, m->rows);
	for (size_t i = 0; i < m->rows; i++)
		for (size_t j = 0; j < m->cols; j++)
			t->x[j * m->rows + i] = m->x[i * m->cols + j];
	return 1;
}

static int scaled(lua_State *L, const struct dense *m, double f)
{
	struct dense *out = dense_push(L, MATRIX, m->rows, m->cols);
	for (size_t i = 0; i < dense_count(m); i++)
		out->x[i] = f * m->x[i];
	return 1;
}

/* matrix * matrix, matrix * vec, matrix * number, number * matrix. */
static int matrix_mul(lua_State *L)
{
	lua_settop(L, 2);
	if (lua_type(L, 1) == LUA_TNUMBER)
		return scaled(L, matrix_check(L, 2), lua_tonumber(L, 1));
	const struct dense *a = matrix_check(L, 1);
	if (lua_type(L, 2) == LUA_TNUMBER)
		return scaled(L, a, lua_tonumber(L, 2));
	const struct dense *b = luaL_testudata(L, 2, VEC);
	bool by_vec = b != NULL;
	if (!b)
		b = matrix_check(L, 2);
	if (a->cols != b->rows)
		return luaL_error(L, "the sizes do not fit: %I x %I times %I x %I", (LUAI_UACINT)a->rows, (LUAI_UACINT)a->cols,
			(LUAI_UACINT)b->rows, (LUAI_UACINT)b->cols);
	struct dense *c = dense_push(L, by_vec ? VEC : MATRIX, a->rows, b->cols);
	if (!by_vec) {
		dense_multiply(c->x, a->x, b->x, a->rows, a->cols, b->cols);
		return 1;
	}
	for (size_t i = 0; i < a->rows; i++)
		c->x[i] = dense_dot(a->x + i * a->cols, b->x, a->cols);
	return 1;
}

static const struct dense *square_check(lua_State *L)
{
	const struct dense *m = matrix_check(L, 1);
	if (m->rows != m->cols)
		luaL_error(L, "a square matrix is needed, not %I x %I", (LUAI_UACINT)m->rows, (LUAI_UACINT)m->cols);
	return m;
}

/* Solves with the matrix at 1 and the right sides at the top, which become the solution. */
static int solve_top(lua_State *L, size_t n)
{
	struct dense *b = lua_touserdata(L, -1);
	struct dense *a = dense_push_copy(L, 1);
	double *room = lua_newuserdatauv(L, (n ? n : 1) * sizeof *room, 0);
	bool solved = dense_solve(a->x, b->x, room, n, b->cols);
	lua_pop(L, 2);
	if (solved)
		return 1;
	lua_pushnil(L);
	lua_pushliteral(L, "the matrix is singular");
	return 2;
}

static int matrix_solve(lua_State *L)
{
	const struct dense *a = square_check(L), *b = luaL_testudata(L, 2, VEC);
	if (!b)
		b = matrix_check(L, 2);
	if (b->rows != a->rows)
		return luaL_error(L, "the right side has %I rows, the matrix %I", (LUAI_UACINT)b->rows, (LUAI_UACINT)a->rows);
	lua_settop(L, 2);
	(void)dense_push_copy(L, 2);
	return solve_top(L, a->rows);
}

static int matrix_inverse(lua_State *L)
{
	size_t n = square_check(L)->rows;
	lua_settop(L, 1);
	struct dense *b = dense_push(L, MATRIX, n, n);
	for (size_t i = 0; i < dense_count(b); i++)
		b->x[i] = i % (n + 1) == 0;
	return solve_top(L, n);
}

static bool is_symmetric(const struct dense *m)
{
	for (size_t i = 0; i < m->rows; i++)
		for (size_t j = 0; j < i; j++) {
			double a = m->x[i * m->cols + j], b = m->x[j * m->cols + i];
			if (!(fabs(a - b) <= SYMMETRY * fmax(fabs(a), fabs(b))))
				return false;
		}
	return true;
}

static int matrix_cholesky(lua_State *L)
{
	const struct dense *m = square_check(L);
	if (!is_symmetric(m)) {
		lua_pushnil(L);
		lua_pushliteral(L, "the matrix is not symmetric");
		return 2;
	}
	struct dense *l = dense_push_copy(L, 1);
	if (dense_cholesky(l->x, l->rows))
		return 1;
	lua_pushnil(L);
	lua_pushliteral(L, "the matrix is not positive definite");
	return 2;
}

static int matrix_to_rows(lua_State *L)
{
	const struct dense *m = matrix_check(L, 1);
	lua_newtable(L);
	for (size_t i = 0; i < m->rows; i++) {
		lua_createtable(L, m->cols < INT32_MAX ? (int)m->cols : 0, 0);
		for (size_t j = 0; j < m->cols; j++) {
			lua_pushnumber(L, m->x[i * m->cols + j]);
			lua_rawseti(L, -2, (lua_Integer)j + 1);
		}
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 1;
}

static int matrix_text(lua_State *L)
{
	const struct dense *m = matrix_check(L, 1);
	lua_pushfstring(L, "matrix of %I x %I", (LUAI_UACINT)m->rows, (LUAI_UACINT)m->cols);
	return 1;
}

int lua_open_matrix(lua_State *L)
{
	static const luaL_Reg meta[] = { { "__mul", matrix_mul }, { "__tostring", matrix_text }, { NULL, NULL } };
	static const luaL_Reg methods[] = {
		{ "rows", matrix_rows }, { "cols", matrix_cols }, { "get", matrix_get }, { "set", matrix_set }, { "row", matrix_row },
		{ "col", matrix_col }, { "transpose", matrix_transpose }, { "mul", matrix_mul }, { "solve", matrix_solve },
		{ "inverse", matrix_inverse }, { "cholesky", matrix_cholesky }, { "to_rows", matrix_to_rows }, { NULL, NULL }
	};
	static const luaL_Reg makers[] = {
		{ "new", matrix_new }, { "identity", matrix_identity }, { "from_rows", matrix_from_rows }, { NULL, NULL }
	};
	(void)lua_open_vec(L);	/* rows and columns are vecs */
	lua_pop(L, 1);
	dense_open(L, MATRIX, meta, methods, makers);
	return 1;
}
