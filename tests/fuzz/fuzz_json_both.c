/* Two readers of JSON: the host's tree and the box's, over one tokenizer, and what each makes of it. Both take a text or refuse it, but for what only one of them promises (the box's
 * numbers have 64 bits); what the box writes of it, the host reads as the same tree.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/json.h"
#include "enclave/lua_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static int round_trip(lua_State *L)
{
	size_t len;
	const char *text = luaL_checklstring(L, 1, &len);
	lua_json_decode(L, text, len);
	lua_json_push(L, -1, NULL);
	return 1;
}

/* Keys may come in another order: the box sorts them. Numbers may have another spelling, but not another value. */
static void same(const struct json *a, const struct json *b)
{
	size_t n, m;
	require(json_kind(a) == json_kind(b));
	if (json_kind(a) == JSON_STRING) {
		const char *x = json_text(a, &n), *y = json_text(b, &m);
		require(n == m && memcmp(x, y, n) == 0);
	} else if (json_kind(a) == JSON_NUMBER) {
		require(strtod(json_text(a, NULL), NULL) == strtod(json_text(b, NULL), NULL));
	} else if (json_kind(a) == JSON_ARRAY || json_kind(a) == JSON_OBJECT) {
		require(json_count(a) == json_count(b));
		for (size_t i = 0; i < json_count(a); i++)
			same(json_at(a, i), json_kind(a) == JSON_ARRAY ? json_at(b, i) : json_get(b, json_key_at(a, i)));
	}
}

static bool is_number_refusal(const char *message)
{
	return strstr(message, "this number is too large") || strstr(message, "more digits than a Lua number");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	lua_State *L = luaL_newstate();
	struct json *tree = NULL, *back = NULL;
	struct err e = { .code = ERR_NONE };
	require(L != NULL);
	lua_json_setup(L);
	int host = json_parse(&tree, (const char *)data, size, &e);
	lua_pushcfunction(L, round_trip);
	lua_pushlstring(L, (const char *)data, size);
	int box = lua_pcall(L, 1, 1, 0);
	size_t n = 0;
	const char *text = lua_tolstring(L, -1, &n);
	require(text != NULL);
	if (box == LUA_OK) {
		if (host < 0 && !memmem(data, size, "\\u0000", 6)) {	/* in a key the host, where keys are C strings, refuses it */
			fprintf(stderr, "the box takes what the host refuses: %s\n", e.msg);
			abort();
		}
		require(host < 0 || json_parse(&back, text, n, NULL) == 0);
		if (host == 0)
			same(tree, back);
	} else if (host == 0 && !is_number_refusal(text)) {
		fprintf(stderr, "the box refuses what the host takes: %s\n", text);
		abort();
	}
	json_free(tree);
	json_free(back);
	lua_close(L);
	return 0;
}
