/* What a failed script says: its message, and where in the author's files it was, with the lines around. Frames of the library and of C
 * are left out: the author cannot change them.
 */
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "enclave/host.h"
#include "enclave/task.h"

#define FRAMES_MAX 20
#define LINES_AROUND 1
#define LINE_SHOWN 160
#define LINE_LAST ((long)LIMIT_BOX_REQUEST_BYTES)	/* a message may be the script's own, and name any line */

static void add_line(luaL_Buffer *b, const char *text, size_t len, long number, bool here)
{
	char gutter[32];
	size_t blank = 0;
	if (len > LINE_SHOWN)
		len = LINE_SHOWN;
	(void)snprintf(gutter, sizeof gutter, "%c %5ld | ", here ? '>' : ' ', number);
	luaL_addstring(b, gutter);
	luaL_addlstring(b, text, len);
	luaL_addchar(b, '\n');
	if (!here)
		return;
	while (blank < len && (text[blank] == ' ' || text[blank] == '\t'))
		blank++;
	luaL_addstring(b, "          ");
	luaL_addlstring(b, text, blank);	/* tabs stay tabs, so that the mark stands below the text */
	luaL_addstring(b, "^\n");
}

static void add_lines(luaL_Buffer *b, const struct box_file *f, long line)
{
	const char *p = f->bytes.text, *end = p + f->bytes.len;
	for (long n = 1; p < end && n <= line + LINES_AROUND; n++) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		if (!stop)
			stop = end;
		if (n >= line - LINES_AROUND)
			add_line(b, p, (size_t)(stop - p), n, n == line);
		p = stop + 1;
	}
}

/* "lib/x.lua:12: …" → the file, and the line. */
static const struct box_file *place_of(const struct task *t, const char *message, long *line)
{
	for (size_t i = 0; t && message && i < t->request.n_files; i++) {
		const struct box_file *f = &t->request.files[i];
		size_t n = f->path.len;
		if (strncmp(message, f->path.text, n) == 0 && message[n] == ':' && (*line = strtol(message + n + 1, NULL, 10)) > 0 && *line <= LINE_LAST)
			return f;
	}
	return NULL;
}

static void add_frames(lua_State *L, luaL_Buffer *b)
{
	lua_Debug ar;
	int shown = 0;
	for (int level = 1; shown < FRAMES_MAX && lua_getstack(L, level, &ar); level++) {
		if (!lua_getinfo(L, "Sln", &ar) || ar.source[0] != '@')
			continue;
		char text[sizeof ar.short_src + 160];
		if (strcmp(ar.what, "main") == 0)
			(void)snprintf(text, sizeof text, "%s:%d: in main chunk\n", ar.short_src, ar.currentline);
		else if (ar.name)
			(void)snprintf(text, sizeof text, "%s:%d: in %s '%.60s'\n", ar.short_src, ar.currentline, ar.namewhat, ar.name);
		else
			(void)snprintf(text, sizeof text, "%s:%d: in function <line %d>\n", ar.short_src, ar.currentline, ar.linedefined);
		luaL_addstring(b, text);
		shown++;
	}
}

int trace_handler(lua_State *L)
{
	luaL_Buffer b;
	long line = 0;
	lua_settop(L, 1);
	const char *message = luaL_tolstring(L, 1, NULL);
	const struct box_file *f = place_of(task_of(L), message, &line);
	lua_createtable(L, 0, 2);
	lua_insert(L, 2);
	lua_setfield(L, 2, "message");
	luaL_buffinit(L, &b);
	add_frames(L, &b);
	if (f)
		add_lines(&b, f, line);
	luaL_pushresult(&b);
	lua_setfield(L, 2, "traceback");
	return 1;
}
