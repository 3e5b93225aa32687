/* A lexer of Lua that never fails: what is not closed ends with the text. */
#include "lua_words.h"

#include <ctype.h>
#include <string.h>

struct lua_source lua_source(const char *text, size_t len)
{
	return (struct lua_source){ text, text + len, 1 };
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static void step(struct lua_source *s)
{
	s->line += *s->at == '\n';
	s->at++;
}

/* "[", "=" n times, "[" at p: n, else -1. */
static int long_level(const char *p, const char *end)
{
	int n = 0;
	if (p >= end || *p != '[')
		return -1;
	for (p++; p < end && *p == '='; p++)
		n++;
	return p < end && *p == '[' ? n : -1;
}

/* Behind the closing bracket of that level; w gets what is inside. */
static void long_take(struct lua_source *s, int level, struct lua_word *w)
{
	for (int i = 0; i < level + 2; i++)
		step(s);
	w->text = s->at;
	for (; s->at < s->end; step(s)) {
		const char *p = s->at;
		int n = 0;
		if (*p != ']')
			continue;
		for (p++; p < s->end && *p == '='; p++)
			n++;
		if (n == level && p < s->end && *p == ']')
			break;
	}
	w->len = (size_t)(s->at - w->text);
	for (int i = 0; i < level + 2 && s->at < s->end; i++)
		step(s);
}

static void short_take(struct lua_source *s, struct lua_word *w)
{
	char quote = *s->at;
	step(s);
	w->text = s->at;
	while (s->at < s->end && *s->at != quote && *s->at != '\n') {
		bool escape = *s->at == '\\';
		step(s);
		if (escape && s->at < s->end)
			step(s);
	}
	w->len = (size_t)(s->at - w->text);
	if (s->at < s->end && *s->at == quote)
		step(s);
}

static void comment_skip(struct lua_source *s)
{
	struct lua_word ignored;
	int level = long_level(s->at + 2, s->end);
	s->at += 2;
	if (level >= 0) {
		long_take(s, level, &ignored);
		return;
	}
	while (s->at < s->end && *s->at != '\n')
		step(s);
}

struct lua_word lua_next(struct lua_source *s)
{
	while (s->at < s->end) {
		if (s->end - s->at >= 2 && s->at[0] == '-' && s->at[1] == '-')
			comment_skip(s);
		else if (isspace((unsigned char)*s->at))
			step(s);
		else
			break;
	}
	struct lua_word w = { LUA_WORD_END, s->at, 0, s->line };
	if (s->at == s->end)
		return w;
	int level = long_level(s->at, s->end);
	if (level >= 0 || *s->at == '"' || *s->at == '\'') {
		w.kind = LUA_WORD_STRING;
		if (level >= 0)
			long_take(s, level, &w);
		else
			short_take(s, &w);
		return w;
	}
	w.kind = is_name(*s->at) && !isdigit((unsigned char)*s->at) ? LUA_WORD_NAME : LUA_WORD_SIGN;
	bool wide = is_name(*s->at);
	do {
		step(s);
		w.len++;
	} while (wide && s->at < s->end && is_name(*s->at));
	/* ".." and "..." are one sign: what follows them is no field */
	while (w.kind == LUA_WORD_SIGN && *w.text == '.' && s->at < s->end && *s->at == '.') {
		step(s);
		w.len++;
	}
	return w;
}

bool lua_is(const struct lua_word *w, const char *text)
{
	return (w->kind == LUA_WORD_NAME || w->kind == LUA_WORD_SIGN) && strlen(text) == w->len && memcmp(text, w->text, w->len) == 0;
}

const char *lua_comment(const char *text, size_t len)
{
	const char *p = text, *end = text + len;
	int level = len > 4 && p[0] == '-' && p[1] == '-' ? long_level(p + 2, end) : -1;
	if (level >= 0) {
		struct lua_source s = lua_source(text, len);
		comment_skip(&s);
		return s.at;
	}
	while (end - p >= 2 && p[0] == '-' && p[1] == '-') {
		const char *line = memchr(p, '\n', (size_t)(end - p));
		p = line ? line + 1 : end;
	}
	return p;
}
