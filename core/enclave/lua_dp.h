/* require "dp_source": what lua/dp.lua draws its noise from, and the account of what it may spend. */
#ifndef ENCLUA_ENCLAVE_LUA_DP_H
#define ENCLUA_ENCLAVE_LUA_DP_H

#include <lua.h>

int lua_dp_source_open(lua_State *L);

#endif
