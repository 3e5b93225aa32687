/* What tests of the reader and of the writer of JSON look at: the tokens of a text. */
#ifndef ENCLUA_UNIT_JSON_TOKENS_H
#define ENCLUA_UNIT_JSON_TOKENS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

/* The tokens of a text in one line: brackets as they are, k:key s:string n:number i:integer and words; "!message" at the end of a
 * refused one. The text is copied to a block of exactly its size, so that ASan sees a byte read past it.
 */
static const char *tokens(char *out, size_t room, const char *text, size_t len)
{
	char *exact = malloc(len + 1);
	struct json_reader *r;
	struct json_token t;
	struct err e = { 0 };
	size_t n = 0;
	memcpy(exact, text, len);
	exact = realloc(exact, len ? len : 1);
	assert_int_equal(json_reader_new(&r, exact, len, &e), 0);
	out[0] = '\0';
	for (;;) {
		static const char *const names[] = { "", "null", "false", "true", "n", "s", "k", "[", "]", "{", "}" };
		if (json_next(r, &t, &e) < 0) {
			(void)snprintf(out + n, room - n, "!%s", e.msg);
			assert_int_equal(e.code, ERR_INVALID);
			assert_int_equal(json_next(r, &t, &e), -1);	/* refused stays refused */
			break;
		}
		if (t.kind == JSON_END) {
			assert_int_equal(json_next(r, &t, &e), 0);
			assert_int_equal(t.kind, JSON_END);
			break;
		}
		n += (size_t)snprintf(out + n, room - n, "%s%s", n ? " " : "", t.kind == JSON_NUMBER && t.is_integer ? "i" : names[t.kind]);
		if (t.kind == JSON_NUMBER || t.kind == JSON_STRING || t.kind == JSON_KEY)
			n += (size_t)snprintf(out + n, room - n, ":%.*s", (int)t.len, t.text);
		assert_true(n < room);
	}
	json_reader_free(r);
	free(exact);
	return out;
}

#endif
