/* Lua source, word by word: names, strings and signs, without comments. For what can be told about a script without running it. */
#ifndef ENCLUA_TOOLS_LUA_WORDS_H
#define ENCLUA_TOOLS_LUA_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum lua_kind { LUA_WORD_END, LUA_WORD_NAME, LUA_WORD_STRING, LUA_WORD_SIGN };	/* a number is a sign, too */

struct lua_word {
	enum lua_kind kind;
	const char *text;	/* in the source; of a string what is between its quotes, escapes as they stand */
	size_t len;
	unsigned line;
};

struct lua_source { const char *at, *end; unsigned line; };

struct lua_source lua_source(const char *text, size_t len);
struct lua_word lua_next(struct lua_source *s);
bool lua_is(const struct lua_word *w, const char *text);	/* a name or a sign */
/* The comment that a source begins with, lines without their dashes; where it ends is returned. Blank lines end it. */
const char *lua_comment(const char *text, size_t len);

#endif
