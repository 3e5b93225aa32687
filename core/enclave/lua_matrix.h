/* require "matrix" and require "vec": dense numbers for scripts, see lua/meta/matrix.d.lua and vec.d.lua. Each may be opened alone, as
 * lua_CFunction; the other kind is then made known as well.
 */
#ifndef ENCLUA_ENCLAVE_LUA_MATRIX_H
#define ENCLUA_ENCLAVE_LUA_MATRIX_H

#include <lua.h>

int lua_open_matrix(lua_State *L);
int lua_open_vec(lua_State *L);

#endif
