/* require "csv" */
#ifndef ENCLUA_ENCLAVE_LUA_CSV_H
#define ENCLUA_ENCLAVE_LUA_CSV_H

#include <lua.h>

int lua_csv_open(lua_State *L);

#endif
