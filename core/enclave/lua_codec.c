/* Thin faces of base/text.h and seal/crypto.h. */
#include "enclave/lua_codec.h"

#include <lauxlib.h>

#include "base/text.h"
#include "seal/crypto.h"

#define BYTES_MAX ((size_t)1 << 40)	/* keeps lengths from overflowing; memory ends long before */

static int base64_to_text(lua_State *L)
{
	size_t n;
	const char *bytes = luaL_checklstring(L, 1, &n);
	luaL_Buffer b;
	luaL_argcheck(L, n < BYTES_MAX, 1, "too long");
	base64_encode(luaL_buffinitsize(L, &b, BASE64_LEN(n) + 1), bytes, n);
	luaL_pushresultsize(&b, BASE64_LEN(n));
	return 1;
}

/* nil and why, when the text is no canonical base64; padding may be left out */
static int base64_to_bytes(lua_State *L)
{
	size_t n;
	const char *text = luaL_checklstring(L, 1, &n);
	luaL_Buffer b;
	size_t max = n / 4 * 3 + 3;
	uint8_t *out = (uint8_t *)luaL_buffinitsize(L, &b, max);
	ptrdiff_t len = n && text[n - 1] != '=' && n % 4 ? base64_raw_decode(out, max, text, n) : base64_decode(out, max, text, n);
	if (len < 0) {
		lua_pushnil(L);
		lua_pushliteral(L, "not base64");
		return 2;
	}
	luaL_pushresultsize(&b, (size_t)len);
	return 1;
}

/* Digests are hexadecimal text, or bytes when the last argument is true. */
static int digest_push(lua_State *L, const uint8_t *digest, size_t n, int raw)
{
	char hex[HEX_LEN(64) + 1];
	if (lua_toboolean(L, raw)) {
		lua_pushlstring(L, (const char *)digest, n);
		return 1;
	}
	hex_encode(hex, digest, n);
	lua_pushlstring(L, hex, HEX_LEN(n));
	return 1;
}

static int hash_sha256(lua_State *L)
{
	size_t n;
	const char *bytes = luaL_checklstring(L, 1, &n);
	uint8_t digest[32];
	sha256(digest, bytes, n);
	return digest_push(L, digest, sizeof digest, 2);
}

static int hash_sha512(lua_State *L)
{
	size_t n;
	const char *bytes = luaL_checklstring(L, 1, &n);
	uint8_t digest[64];
	sha512(digest, bytes, n);
	return digest_push(L, digest, sizeof digest, 2);
}

/* hash.blake2b(bytes [, size [, key [, raw]]]) */
static int hash_blake2b(lua_State *L)
{
	size_t n, key_len = 0;
	const char *bytes = luaL_checklstring(L, 1, &n);
	lua_Integer size = luaL_optinteger(L, 2, 32);
	const char *key = luaL_optlstring(L, 3, "", &key_len);
	uint8_t digest[64];
	luaL_argcheck(L, size >= 16 && size <= 64, 2, "must be between 16 and 64 bytes");
	luaL_argcheck(L, key_len == 0 || (key_len >= 16 && key_len <= 64), 3, "must be between 16 and 64 bytes");
	if (blake2b(digest, (size_t)size, bytes, n, key, key_len) < 0)
		return luaL_error(L, "blake2b refuses these sizes");
	return digest_push(L, digest, (size_t)size, 4);
}

/* hash.hmac(key, bytes [, raw]): HMAC-SHA-256 */
static int hash_hmac(lua_State *L)
{
	size_t key_len, n;
	const char *key = luaL_checklstring(L, 1, &key_len), *bytes = luaL_checklstring(L, 2, &n);
	uint8_t digest[32];
	hmac256(digest, key, key_len, bytes, n);
	return digest_push(L, digest, sizeof digest, 3);
}

int lua_base64_open(lua_State *L)
{
	static const luaL_Reg functions[] = { { "encode", base64_to_text }, { "decode", base64_to_bytes }, { NULL, NULL } };
	luaL_newlib(L, functions);
	return 1;
}

int lua_hash_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "sha256", hash_sha256 }, { "sha512", hash_sha512 }, { "blake2b", hash_blake2b }, { "hmac", hash_hmac }, { NULL, NULL }
	};
	luaL_newlib(L, functions);
	return 1;
}
