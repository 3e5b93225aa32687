/* The record reader. Nearly every record lies whole in the stream's window and is never copied; one that the window cuts, or that has
 * doubled quotes to be undone, is copied into `carry` first. The userdata keeps what it points to alive as its user values.
 */
#include "enclave/csv.h"

#include <lauxlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "enclave/stream.h"

#define READER "csv reader"
#define FIELDS_FIRST 64u

enum { SOURCE = 1, CARRY, FIELDS, VALUES = FIELDS };	/* user values */
enum parsed { WHOLE, CUT, ESCAPED };	/* CUT: the record goes on behind the window. ESCAPED: it has to be changed to be read */

struct csv {
	struct stream *stream;	/* or NULL: a string */
	const char *text, *text_end;	/* what is left of the string */
	char separator;
	bool started;
	bool quoted;	/* the record has a field in quotes: even an empty one is something */
	uint64_t line, next_line;
	char *carry;
	size_t carry_len, carry_room;
	struct csv_field *fields;
	size_t n, room;
};

size_t csv_count(const struct csv *c) { return c->n; }
const struct csv_field *csv_fields(const struct csv *c) { return c->fields; }
uint64_t csv_line(const struct csv *c) { return c->line; }

/* The reader is at stack index `self` while it works. */
struct work { lua_State *L; struct csv *c; int self; };

static struct work work_of(lua_State *L, struct csv *c)
{
	return (struct work){ L, c, lua_gettop(L) };
}

struct csv *csv_push(lua_State *L, int idx, char separator)
{
	idx = lua_absindex(L, idx);
	struct stream *s = stream_test(L, idx);
	size_t len = 0;
	const char *text = s ? NULL : lua_type(L, idx) == LUA_TSTRING ? lua_tolstring(L, idx, &len) : NULL;
	if (!s && !text)
		luaL_typeerror(L, idx, "stream or string");
	struct csv *c = lua_newuserdatauv(L, sizeof *c, VALUES);
	*c = (struct csv){ .stream = s, .text = text, .text_end = text ? text + len : NULL, .separator = separator, .next_line = 1 };
	luaL_setmetatable(L, READER);
	lua_pushvalue(L, idx);
	lua_setiuservalue(L, -2, SOURCE);
	return c;
}

/* Room for a number of fields or bytes in a user value; the old content is kept. */
static void *room_make(const struct work *w, int value, const void *old, size_t used, size_t size)
{
	void *p = lua_newuserdatauv(w->L, size, 0);
	if (used)
		memcpy(p, old, used);
	lua_setiuservalue(w->L, w->self, value);
	return p;
}

static void field_add(const struct work *w, const char *text, size_t len)
{
	struct csv *c = w->c;
	if (__builtin_expect(c->n == c->room, 0)) {
		size_t room = c->room ? 2 * c->room : FIELDS_FIRST;
		c->fields = room_make(w, FIELDS, c->fields, c->n * sizeof *c->fields, room * sizeof *c->fields);
		c->room = room;
	}
	c->fields[c->n++] = (struct csv_field){ text, len };
}

static void carry_add(const struct work *w, const char *text, size_t n)
{
	struct csv *c = w->c;
	if (n > c->carry_room - c->carry_len) {
		size_t room = c->carry_room ? c->carry_room : 1024;
		while (room - c->carry_len < n)
			room *= 2;
		c->carry = room_make(w, CARRY, c->carry, c->carry_len, room);
		c->carry_room = room;
	}
	memcpy(c->carry + c->carry_len, text, n);
	c->carry_len += n;
}

/* The first separator, line end or quote. */
static inline const char *field_scan(const char *p, const char *end, char separator)
{
#ifdef __SSE2__
	const __m128i s = _mm_set1_epi8(separator), n = _mm_set1_epi8('\n'), q = _mm_set1_epi8('"');
	for (; end - p >= 16; p += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, s), _mm_cmpeq_epi8(x, n)), _mm_cmpeq_epi8(x, q));
		int mask = _mm_movemask_epi8(hit);
		if (mask)
			return p + __builtin_ctz((unsigned)mask);
	}
#endif
	while (p < end && *p != separator && *p != '\n' && *p != '"')
		p++;
	return p;
}

static _Noreturn void fail(const struct work *w, uint64_t line, const char *what)
{
	(void)luaL_error(w->L, "line %I: %s", (LUAI_UACINT)line, what);
	__builtin_unreachable();
}

static void quotes_undouble(char *text, size_t *len)
{
	char *out = text;
	for (size_t i = 0; i < *len; i++) {
		*out++ = text[i];
		if (text[i] == '"')
			i++;
	}
	*len = (size_t)(out - text);
}

/* A field in quotes; *p is behind the opening one, and is left behind the closing one. */
static enum parsed quoted_take(const struct work *w, const char **p, const char *end, bool final, bool own, uint64_t *line)
{
	const char *start = *p, *q = start;
	bool doubled = false;
	for (;; q += 2) {
		q = memchr(q, '"', (size_t)(end - q));
		if (!q && final)
			fail(w, w->c->next_line, "a quote in this record is not closed");
		if (!q || (q + 1 == end && !final))
			return CUT;
		if (q + 1 == end || q[1] != '"')
			break;
		if (!own)
			return ESCAPED;
		doubled = true;
	}
	size_t len = (size_t)(q - start);
	for (const char *n = start; (n = memchr(n, '\n', (size_t)(q - n))); n++)
		++*line;
	if (doubled)
		quotes_undouble(w->c->carry + (start - w->c->carry), &len);
	field_add(w, start, len);
	*p = q + 1;
	return WHOLE;
}

/* Splits the record at p. final: nothing follows end. own: the bytes are in the carry, and may be changed. *next: behind the record. */
static enum parsed record_parse(const struct work *w, const char *p, const char *end, bool final, bool own, const char **next)
{
	struct csv *c = w->c;
	const char separator = c->separator;
	uint64_t line = c->next_line;
	c->n = 0;
	c->quoted = false;
	for (;;) {
		const char *q;
		if (p < end && *p == '"') {
			p++;
			c->quoted = true;
			enum parsed r = quoted_take(w, &p, end, final, own, &line);
			if (r != WHOLE)
				return r;
			q = p;
			if (q < end && *q == '\r' && (q + 1 < end ? q[1] == '\n' : !final))
				q++;
			if (q == end && !final)
				return CUT;
			if (q < end && *q != '\n' && *q != separator)
				fail(w, line, "text after a closing quote");
		} else {
			q = field_scan(p, end, separator);
			if (q == end && !final)
				return CUT;
			if (q < end && *q == '"')
				fail(w, line, "a quote in the middle of a field; a field with quotes must be quoted itself");
			size_t len = (size_t)(q - p);
			if (len && (q == end || *q == '\n') && q[-1] == '\r')
				len--;
			field_add(w, p, len);
		}
		if (q == end || *q == '\n') {
			*next = q == end ? q : q + 1;
			c->line = c->next_line;
			c->next_line = line + 1;
			return WHOLE;
		}
		p = q + 1;
	}
}

static const char *peek(const struct work *w, size_t *n)
{
	struct csv *c = w->c;
	if (c->stream)
		return stream_peek(w->L, c->stream, n);
	*n = (size_t)(c->text_end - c->text);
	return c->text;
}

static void skip(struct csv *c, size_t n)
{
	if (c->stream)
		stream_skip(c->stream, n);
	else
		c->text += n;
}

static bool is_last(const struct csv *c, size_t n)
{
	return !c->stream || stream_left(c->stream) == n;
}

/* A record that does not lie in one window, or has to be changed: copied up to the line end outside quotes. */
static void record_carry(const struct work *w)
{
	struct csv *c = w->c;
	bool quoted = false;
	const char *next;
	size_t n;
	c->carry_len = 0;
	for (const char *p = peek(w, &n); n; p = peek(w, &n)) {
		size_t i = 0;
		for (; i < n && (p[i] != '\n' || quoted); i++)
			quoted ^= p[i] == '"';
		bool end = i < n;
		carry_add(w, p, i + end);
		skip(c, i + end);
		if (end)
			break;
	}
	(void)record_parse(w, c->carry, c->carry + c->carry_len, true, true, &next);
}

/* A byte order mark, byte by byte: a window may end within it. */
static void mark_skip(const struct work *w)
{
	static const char mark[] = "\xef\xbb\xbf";
	struct csv *c = w->c;
	size_t n, done = 0;
	for (const char *p = peek(w, &n); done < 3 && n && *p == mark[done]; p = peek(w, &n)) {
		skip(c, 1);
		done++;
	}
	if (done < 3 && c->stream)
		stream_back(c->stream, done);
	else if (done < 3)
		c->text -= done;
	c->started = true;
}

bool csv_next(lua_State *L, struct csv *c, bool single)
{
	struct work w = work_of(L, c);
	if (!c->started)
		mark_skip(&w);
	for (;;) {
		size_t n;
		const char *p = peek(&w, &n), *next = NULL;
		if (n == 0)
			return false;
		if (record_parse(&w, p, p + n, is_last(c, n), false, &next) == WHOLE)
			skip(c, (size_t)(next - p));
		else
			record_carry(&w);
		if (single || c->quoted || c->n > 1 || c->fields[0].len > 0)
			return true;
	}
}

void csv_setup(lua_State *L)
{
	if (luaL_newmetatable(L, READER)) {
		lua_pushboolean(L, 0);
		lua_setfield(L, -2, "__metatable");
	}
	lua_pop(L, 1);
}
