/* Text under construction in the script's own memory. Unlike lauxlib's buffers it does not mind what else is on the stack: it lives in one
 * slot that the caller gives it.
 */
#ifndef ENCLUA_ENCLAVE_TEXTBUF_H
#define ENCLUA_ENCLAVE_TEXTBUF_H

#include <stddef.h>
#include <string.h>

#include <lua.h>

struct textbuf {
	lua_State *L;
	int slot;	/* absolute stack index */
	char *text;
	size_t len, room;
};

void textbuf_init(struct textbuf *b, lua_State *L);	/* pushes its slot */
void textbuf_grow(struct textbuf *b, size_t n);
void textbuf_push(struct textbuf *b);	/* the text as a Lua string */

static inline void textbuf_add(struct textbuf *b, const void *text, size_t n)
{
	if (n > b->room - b->len)
		textbuf_grow(b, n);
	memcpy(b->text + b->len, text, n);
	b->len += n;
}

static inline void textbuf_char(struct textbuf *b, char c)
{
	if (b->len == b->room)
		textbuf_grow(b, 1);
	b->text[b->len++] = c;
}

#endif
