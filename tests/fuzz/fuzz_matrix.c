/* vec and matrix: the input is a list of calls on eight objects, with sizes, indices and numbers that are wrong as often as right. Nothing may
 * crash or pass a size; what a call gives is an object like any other.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include <lualib.h>

#include "enclave/dense.c"
#include "enclave/lua_dense.c"
#include "enclave/lua_matrix.c"
#include "enclave/lua_vec.c"

#define OBJECTS 8
#define CALLS_MAX 300
#define MEMORY_MAX (8u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input { const uint8_t *at, *end; size_t live; };

static uint8_t byte_take(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static void *limited_alloc(void *ud, void *p, size_t old, size_t n)
{
	struct input *in = ud;
	size_t had = p ? old : 0;
	if (n > had && in->live - had + n > MEMORY_MAX)
		return NULL;
	in->live += n - had;
	if (n == 0) {
		free(p);
		return NULL;
	}
	return realloc(p, n);
}

/* The names of what to call: on the module, or as an operator. */
static const char *const vec_names[] = {
	"new", "from", "axpy", "add", "sub", "scale", "fill", "apply", "map", "copy", "dot", "sum", "mean", "norm", "slice", "sort", "argmax",
	"argmin", "to_table"
};
static const char *const matrix_names[] = {
	"new", "identity", "from_rows", "rows", "cols", "get", "set", "row", "col", "to_rows", "transpose", "add", "sub", "scale", "fill",
	"apply", "map", "copy", "mul", "solve", "inverse", "cholesky"
};
static const lua_Integer integers[] = { 0, 1, 2, 3, 5, 64, 65, -1, -2, 1 << 20, (lua_Integer)1 << 40, LUA_MAXINTEGER, LUA_MININTEGER };
static const double numbers[] = { 0.0, -0.0, 1.0, -2.5, 1e-300, 1e300, 3.0, NAN, INFINITY, -INFINITY };

/* Table at 1: the objects. */
static void argument_push(lua_State *L, struct input *in)
{
	uint8_t kind = byte_take(in), value = byte_take(in);
	switch (kind % 6) {
	case 0: case 1:
		lua_rawgeti(L, 1, value % OBJECTS + 1);
		break;
	case 2:
		lua_pushinteger(L, integers[value % (sizeof integers / sizeof integers[0])]);
		break;
	case 3:
		lua_pushinteger(L, value % 9);
		break;
	case 4:
		lua_pushnumber(L, numbers[value % (sizeof numbers / sizeof numbers[0])]);
		break;
	default:
		lua_getglobal(L, value & 1 ? "half" : "list");
	}
}

static int call_once(lua_State *L)
{
	struct input *in = lua_touserdata(L, 2);
	uint8_t what = byte_take(in), name = byte_take(in), place = byte_take(in);
	int count = byte_take(in) % 5;
	if (what % 4 == 3) {	/* operators, indexing, text */
		argument_push(L, in);
		argument_push(L, in);
		if (name % 8 < 5) {
			static const int operators[] = { LUA_OPADD, LUA_OPSUB, LUA_OPMUL, LUA_OPUNM, LUA_OPADD };
			if (operators[name % 8] == LUA_OPUNM)
				lua_pop(L, 1);
			lua_arith(L, operators[name % 8]);
		} else if (name % 8 == 5) {
			lua_gettable(L, -2);
		} else if (name % 8 == 6) {
			(void)lua_compare(L, -1, -2, LUA_OPEQ);
		} else {
			argument_push(L, in);
			lua_settable(L, -3);
		}
	} else {
		bool vec = what % 4 == 0;
		lua_getglobal(L, vec ? "vec" : "matrix");
		lua_getfield(L, -1, vec ? vec_names[name % (sizeof vec_names / sizeof vec_names[0])]
			: matrix_names[name % (sizeof matrix_names / sizeof matrix_names[0])]);
		if (lua_isnil(L, -1))
			abort();
		for (int i = 0; i < count; i++)
			argument_push(L, in);
		lua_call(L, count, 1);
	}
	if (lua_isuserdata(L, -1)) {
		const struct dense *d = dense_check(L, -1);
		if (dense_count(d) * sizeof(double) > MEMORY_MAX)
			abort();
		(void)luaL_tolstring(L, -1, NULL);
		lua_pop(L, 1);
		lua_rawseti(L, 1, place % OBJECTS + 1);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .at = data, .end = data + size };
	lua_State *L = lua_newstate(limited_alloc, &in);
	if (!L)
		abort();
	luaL_requiref(L, "vec", lua_open_vec, 1);
	luaL_requiref(L, "matrix", lua_open_matrix, 1);
	luaL_requiref(L, "math", luaopen_math, 1);
	if (luaL_dostring(L, "half = function(x) return x / 2 end list = { { 2, 1 }, { 1, 3 } }"))
		abort();
	lua_settop(L, 0);
	lua_newtable(L);
	for (int i = 0; i < CALLS_MAX && in.at < in.end; i++) {
		lua_pushcfunction(L, call_once);
		lua_pushvalue(L, 1);
		lua_pushlightuserdata(L, &in);
		(void)lua_pcall(L, 2, 0, 0);
		lua_settop(L, 1);
	}
	lua_close(L);
	if (in.live)
		abort();
	return 0;
}
