/* Growth by doubling; every room is a userdata, so the garbage collector and the memory limit know of it. */
#include "enclave/textbuf.h"

#include <lauxlib.h>

#define LEAST 512u

void textbuf_init(struct textbuf *b, lua_State *L)
{
	luaL_checkstack(L, 4, "no room for text");
	*b = (struct textbuf){ .L = L, .room = LEAST };
	b->text = lua_newuserdatauv(L, LEAST, 0);
	b->slot = lua_gettop(L);
}

void textbuf_grow(struct textbuf *b, size_t n)
{
	size_t room = 2 * b->room;
	if (n > (size_t)-1 / 4 || b->len > (size_t)-1 / 4)
		luaL_error(b->L, "the text is too long");
	while (room - b->len < n)
		room *= 2;
	char *text = lua_newuserdatauv(b->L, room, 0);
	memcpy(text, b->text, b->len);
	lua_replace(b->L, b->slot);
	b->text = text;
	b->room = room;
}

void textbuf_push(struct textbuf *b)
{
	lua_pushlstring(b->L, b->text, b->len);
}
