/* require "base64" and require "hash": bytes to text and to digests. */
#ifndef ENCLUA_ENCLAVE_LUA_CODEC_H
#define ENCLUA_ENCLAVE_LUA_CODEC_H

#include <lua.h>

int lua_base64_open(lua_State *L);
int lua_hash_open(lua_State *L);

#endif
