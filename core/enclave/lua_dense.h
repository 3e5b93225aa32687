/* What vec and matrix share: a userdata that holds its size and its numbers, and what is done element by element. */
#ifndef ENCLUA_ENCLAVE_LUA_DENSE_H
#define ENCLUA_ENCLAVE_LUA_DENSE_H

#include <stddef.h>

#include <lauxlib.h>
#include <lua.h>

#define VEC "vec"
#define MATRIX "matrix"

/* No finalizer, no pointer: the whole object is the script's memory, and counts against its limit. */
struct dense { size_t rows, cols; double x[]; };	/* a vec has one column */

static inline size_t dense_count(const struct dense *d)
{
	return d->rows * d->cols;
}

/* Pushes a new one with unset numbers. kind: VEC or MATRIX. Raises when it is too large. */
struct dense *dense_push(lua_State *L, const char *kind, size_t rows, size_t cols);
struct dense *dense_push_like(lua_State *L, int idx);	/* of the size and kind of another */
struct dense *dense_push_copy(lua_State *L, int idx);
struct dense *vec_check(lua_State *L, int arg);
struct dense *matrix_check(lua_State *L, int arg);
size_t dense_size_check(lua_State *L, int arg);	/* a number of rows or elements, from 0 */
size_t dense_index_check(lua_State *L, int arg, size_t n);	/* 1 … n, returned from 0 */
double dense_number(lua_State *L, int idx, const char *what);	/* of a table or a function's answer */

/* Makes the metatable of a kind, with the shared functions and these; pushes the module: the methods and the makers. */
void dense_open(lua_State *L, const char *kind, const luaL_Reg *meta, const luaL_Reg *methods, const luaL_Reg *makers);

#endif
