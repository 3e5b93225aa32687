/* require "csv": rows (tables by header), records (arrays), columns (vectors of numbers, arrays of text), and the way back. */
#include "enclave/lua_csv.h"

#include <lauxlib.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "enclave/csv.h"
#include "enclave/lua_dense.h"
#include "enclave/lua_matrix.h"
#include "enclave/number.h"
#include "enclave/stack.h"
#include "enclave/textbuf.h"

#define NAMES_MAX 1000000u	/* in a list of columns that a script gives */

/* The length of such a list. rawlen is any border: of a table with keys at the powers of two it may be the largest integer, and no product of it would be one. */
static size_t names_count(lua_State *L, int names)
{
	lua_Unsigned n = lua_rawlen(L, names);
	if (n > NAMES_MAX)
		luaL_error(L, "a list of columns has more than %d names", (int)NAMES_MAX);
	return (size_t)n;
}

/* opts.separator: one byte. */
static char separator_of(lua_State *L, int opts)
{
	char separator = ',';
	if (lua_isnoneornil(L, opts))
		return separator;
	luaL_checktype(L, opts, LUA_TTABLE);
	if (lua_getfield(L, opts, "separator") != LUA_TNIL) {
		size_t n;
		const char *text = luaL_checklstring(L, -1, &n);
		luaL_argcheck(L, n == 1 && !strchr("\"\r\n", *text), opts, "separator must be one character, and no quote or line end");
		separator = *text;
	}
	lua_pop(L, 1);
	return separator;
}

/* Pushes the array of column names: opts.header, or the first record. */
static size_t header_push(lua_State *L, struct csv *c, int opts)
{
	int reader = lua_gettop(L);
	if (!lua_isnoneornil(L, opts) && lua_getfield(L, opts, "header") == LUA_TTABLE)
		return names_count(L, -1);
	lua_settop(L, reader);
	bool any = csv_next(L, c, false);
	size_t n = any ? csv_count(c) : 0;
	lua_createtable(L, (int)n, 0);
	lua_createtable(L, 0, (int)n);	/* names seen */
	for (size_t i = 0; i < n; i++) {
		const struct csv_field *f = &csv_fields(c)[i];
		lua_pushlstring(L, f->text, f->len);
		lua_pushvalue(L, -1);
		if (lua_rawget(L, -3) != LUA_TNIL)
			luaL_error(L, "the column \"%s\" stands twice in the header", lua_tostring(L, -2));
		lua_pop(L, 1);
		lua_pushvalue(L, -1);
		lua_rawseti(L, -4, (lua_Integer)i + 1);
		lua_pushboolean(L, 1);
		lua_rawset(L, -3);
	}
	lua_pop(L, 1);
	return n;
}

static void count_check(lua_State *L, const struct csv *c, size_t n)
{
	if (csv_count(c) != n)
		luaL_error(L, "line %I: %d fields, but the header has %d", (LUAI_UACINT)csv_line(c), (int)csv_count(c), (int)n);
}

static size_t field_find(lua_State *L, int header, size_t n, int name)
{
	for (size_t i = 0; i < n; i++) {
		lua_rawgeti(L, header, (lua_Integer)i + 1);
		bool same = lua_rawequal(L, -1, name);
		lua_pop(L, 1);
		if (same)
			return i;
	}
	luaL_error(L, "there is no column \"%s\"", luaL_tolstring(L, name, NULL));
	return 0;
}

/* The columns of a row, by their places in the record. */
struct chosen { size_t n, field[]; };

/* opts.only: these; without it all of them. Pushes a userdata. */
static void chosen_push(lua_State *L, int opts, int header, size_t n)
{
	lua_pushnil(L);
	int only = lua_gettop(L);
	if (!lua_isnil(L, opts)) {
		lua_getfield(L, opts, "only");
		lua_replace(L, only);
	}
	bool some = !lua_isnil(L, only);
	if (some && !lua_istable(L, only))
		luaL_error(L, "options.only must be a list of columns");
	size_t wanted = some ? names_count(L, only) : n;
	struct chosen *k = lua_newuserdatauv(L, sizeof *k + wanted * sizeof k->field[0], 0);
	k->n = wanted;
	for (size_t i = 0; i < wanted; i++) {
		k->field[i] = i;
		if (!some)
			continue;
		lua_rawgeti(L, only, (lua_Integer)i + 1);
		k->field[i] = field_find(L, header, n, lua_gettop(L));
		lua_pop(L, 1);
	}
	lua_remove(L, only);
}

/* Upvalues: reader, header, number of columns, those chosen. */
static int rows_next(lua_State *L)
{
	struct csv *c = lua_touserdata(L, lua_upvalueindex(1));
	size_t n = (size_t)lua_tointeger(L, lua_upvalueindex(3));
	const struct chosen *k = lua_touserdata(L, lua_upvalueindex(4));
	lua_settop(L, 0);
	lua_pushvalue(L, lua_upvalueindex(2));
	lua_pushvalue(L, lua_upvalueindex(1));
	if (!csv_next(L, c, n == 1))
		return 0;
	count_check(L, c, n);
	lua_createtable(L, 0, (int)k->n);
	const struct csv_field *f = csv_fields(c);
	for (size_t i = 0; i < k->n; i++) {
		size_t at = k->field[i];
		lua_rawgeti(L, 1, (lua_Integer)at + 1);
		lua_pushlstring(L, f[at].text, f[at].len);
		lua_rawset(L, -3);
	}
	return 1;
}

/* csv.rows(source [, opts]) → iterator of tables by column name; header */
static int csv_rows(lua_State *L)
{
	luaL_checkany(L, 1);
	lua_settop(L, 2);
	struct csv *c = csv_push(L, 1, separator_of(L, 2));
	size_t n = header_push(L, c, 2);
	lua_pushvalue(L, 3);
	lua_pushvalue(L, 4);
	lua_pushinteger(L, (lua_Integer)n);
	chosen_push(L, 2, 4, n);
	lua_pushcclosure(L, rows_next, 4);
	lua_pushvalue(L, 4);
	return 2;
}

static int records_next(lua_State *L)
{
	struct csv *c = lua_touserdata(L, lua_upvalueindex(1));
	lua_settop(L, 0);
	lua_pushvalue(L, lua_upvalueindex(1));
	if (!csv_next(L, c, false))
		return 0;
	size_t n = csv_count(c);
	const struct csv_field *f = csv_fields(c);
	lua_createtable(L, (int)n, 0);
	for (size_t i = 0; i < n; i++) {
		lua_pushlstring(L, f[i].text, f[i].len);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 1;
}

/* csv.records(source [, opts]) → iterator of arrays; the first record is one like the others */
static int csv_records(lua_State *L)
{
	luaL_checkany(L, 1);
	lua_settop(L, 2);
	(void)csv_push(L, 1, separator_of(L, 2));
	lua_pushcclosure(L, records_next, 1);
	return 1;
}

/* One wanted column: its place among the fields, and the stack index of what collects it: a userdata full of doubles, or a table. */
struct column { size_t field; int slot; bool text; size_t n, room; double *numbers; };
#define COLUMNS_MAX 200	/* wanted at once: each has a stack slot */
#define NUMBERS_FIRST 64u

static bool option_true(lua_State *L, int opts, const char *name)
{
	if (lua_isnoneornil(L, opts))
		return false;
	lua_getfield(L, opts, name);
	bool yes = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return yes;
}

/* Is the name in the list opts.text? */
static bool is_text(lua_State *L, int opts, int name)
{
	bool found = false;
	if (lua_isnoneornil(L, opts))
		return false;
	if (lua_getfield(L, opts, "text") == LUA_TTABLE)
		for (lua_Unsigned i = 1, n = lua_rawlen(L, -1); i <= n && !found; i++) {
			lua_rawgeti(L, -1, (lua_Integer)i);
			found = lua_rawequal(L, -1, name);
			lua_pop(L, 1);
		}
	lua_pop(L, 1);
	return found;
}

static void numbers_grow(lua_State *L, struct column *col)
{
	size_t room = col->room ? 2 * col->room : NUMBERS_FIRST;
	double *numbers = lua_newuserdatauv(L, room * sizeof *numbers, 0);
	if (col->n)
		memcpy(numbers, col->numbers, col->n * sizeof *numbers);
	lua_replace(L, col->slot);
	col->numbers = numbers;
	col->room = room;
}

static void number_add(lua_State *L, const struct csv *c, struct column *col, int header, bool missing)
{
	const struct csv_field *f = &csv_fields(c)[col->field];
	double x;
	if (!number_read(&x, f->text, f->len)) {
		bool empty = f->len == 0 || (f->len == 2 && memcmp(f->text, "NA", 2) == 0);
		if (!missing || !empty) {
			lua_rawgeti(L, header, (lua_Integer)col->field + 1);
			/* The line, not the value: an error may be read by people who may not read the data. */
			luaL_error(L, "line %I: the value of \"%s\" is not a number", (LUAI_UACINT)csv_line(c), lua_tostring(L, -1));
		}
		x = NAN;
	}
	if (col->n == col->room)
		numbers_grow(L, col);
	col->numbers[col->n++] = x;
}

static void text_add(lua_State *L, const struct csv *c, struct column *col)
{
	const struct csv_field *f = &csv_fields(c)[col->field];
	lua_pushlstring(L, f->text, f->len);
	lua_rawseti(L, col->slot, (lua_Integer)++col->n);
}

/* The numbers collected become the array or the vec that the script gets. */
static void numbers_finish(lua_State *L, struct column *col, bool as_vec)
{
	if (as_vec) {
		struct dense *v = dense_push(L, VEC, col->n, 1);
		if (col->n)
			memcpy(v->x, col->numbers, col->n * sizeof v->x[0]);
		lua_replace(L, col->slot);
		return;
	}
	lua_createtable(L, (int)(col->n < INT_MAX ? col->n : INT_MAX), 0);
	for (size_t i = 0; i < col->n; i++) {
		lua_pushnumber(L, col->numbers[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_replace(L, col->slot);
}

static void columns_want(lua_State *L, struct column *cols, size_t wanted, int names, int header, size_t n, int opts)
{
	if (!stack_room(L, (int)wanted + 10))
		luaL_error(L, "stack overflow (too many columns)");
	for (size_t i = 0; i < wanted; i++) {
		lua_rawgeti(L, names, (lua_Integer)i + 1);
		int name = lua_gettop(L);
		cols[i] = (struct column){ .field = field_find(L, header, n, name), .text = is_text(L, opts, name), .slot = name };
		lua_newtable(L);
		lua_replace(L, name);
	}
}

/* csv.columns(source [, names [, opts]]) → table: name → array of numbers, or of texts for the names in opts.text; header.
 * names nil: all. opts.missing: an empty field or NA is nan instead of an error. opts.vec: vecs instead of
 * arrays. */
static int csv_columns(lua_State *L)
{
	luaL_checkany(L, 1);
	lua_settop(L, 3);
	bool missing = option_true(L, 3, "missing"), as_vec = option_true(L, 3, "vec");
	if (as_vec)	/* makes its metatable known */
		luaL_requiref(L, VEC, lua_open_vec, 0);
	lua_settop(L, 3);
	struct csv *c = csv_push(L, 1, separator_of(L, 3));
	size_t n = header_push(L, c, 3);	/* 4: reader, 5: header */
	lua_settop(L, 5);
	if (lua_isnil(L, 2)) {
		lua_pushvalue(L, 5);
		lua_replace(L, 2);
	}
	luaL_checktype(L, 2, LUA_TTABLE);
	size_t wanted = names_count(L, 2);
	luaL_argcheck(L, wanted <= COLUMNS_MAX, 2, "too many columns at once");
	/* 6. Not on the C stack: options may have metamethods that call this again, a hundred times deep. */
	struct column *cols = lua_newuserdatauv(L, (wanted + 1) * sizeof *cols, 0);
	columns_want(L, cols, wanted, 2, 5, n, 3);
	lua_pushvalue(L, 4);	/* csv_next finds the reader on top */
	while (csv_next(L, c, n == 1)) {
		count_check(L, c, n);
		for (size_t i = 0; i < wanted; i++)
			if (cols[i].text)
				text_add(L, c, &cols[i]);
			else
				number_add(L, c, &cols[i], 5, missing);
	}
	lua_createtable(L, 0, (int)wanted);
	for (size_t i = 0; i < wanted; i++) {
		if (!cols[i].text)
			numbers_finish(L, &cols[i], as_vec);
		lua_rawgeti(L, 2, (lua_Integer)i + 1);
		lua_pushvalue(L, cols[i].slot);
		lua_rawset(L, -3);
	}
	lua_pushvalue(L, 5);
	return 2;
}

static void field_write(struct textbuf *b, const char *text, size_t n, char separator)
{
	bool quote = false;
	for (size_t i = 0; i < n && !quote; i++)
		quote = text[i] == separator || text[i] == '"' || text[i] == '\n' || text[i] == '\r';
	if (!quote) {
		textbuf_add(b, text, n);
		return;
	}
	textbuf_char(b, '"');
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '"')
			textbuf_char(b, '"');
		textbuf_char(b, text[i]);
	}
	textbuf_char(b, '"');
}

/* The value on top becomes a field, and is popped. */
static void value_write(lua_State *L, struct textbuf *b, char separator)
{
	size_t len;
	if (!lua_isnil(L, -1)) {
		const char *text = luaL_tolstring(L, -1, &len);
		field_write(b, text, len, separator);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

/* By names (a header) or by position. */
static void record_write(lua_State *L, struct textbuf *b, int record, int header, char separator)
{
	lua_Integer n = (lua_Integer)lua_rawlen(L, header ? header : record);
	size_t start = b->len;
	for (lua_Integer i = 1; i <= n; i++) {
		if (i > 1)
			textbuf_char(b, separator);
		lua_rawgeti(L, header ? header : record, i);
		if (header && header != record)
			lua_rawget(L, record);
		value_write(L, b, separator);
	}
	if (b->len == start && n == 1)
		textbuf_add(b, "\"\"", 2);	/* one empty field is not an empty line */
	textbuf_char(b, '\n');
}

/* csv.format(rows [, opts]) → text. Rows are arrays, or tables by the names of opts.header, which is then the first line. */
static int csv_format(lua_State *L)
{
	struct textbuf b;
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 2);
	char separator = separator_of(L, 2);
	bool header = !lua_isnil(L, 2) && lua_getfield(L, 2, "header") == LUA_TTABLE;
	lua_settop(L, 3);
	textbuf_init(&b, L);
	if (header)
		record_write(L, &b, 3, 0, separator);
	for (lua_Integer i = 1, n = (lua_Integer)lua_rawlen(L, 1); i <= n; i++) {
		lua_rawgeti(L, 1, i);
		if (!lua_istable(L, -1))
			return luaL_error(L, "row %I is a %s, not a table", (LUAI_UACINT)i, luaL_typename(L, -1));
		int row = lua_gettop(L);
		record_write(L, &b, row, header && lua_rawlen(L, row) == 0 ? 3 : 0, separator);
		lua_settop(L, row - 1);
	}
	textbuf_push(&b);
	return 1;
}

int lua_csv_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "rows", csv_rows }, { "records", csv_records }, { "columns", csv_columns }, { "format", csv_format }, { NULL, NULL }
	};
	luaL_newlib(L, functions);
	return 1;
}
