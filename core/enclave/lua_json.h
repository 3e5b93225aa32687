/* JSON for scripts, over base/json.h. Integers are exact; object keys are sorted when written, so that equal values are equal bytes. */
#ifndef ENCLUA_ENCLAVE_LUA_JSON_H
#define ENCLUA_ENCLAVE_LUA_JSON_H

#include <stddef.h>

#include <lua.h>

/* Keys of the registry: json.null, and the metatable that marks a table as an array even when it is empty. */
extern const char lua_json_null_key, lua_json_array_key;
void lua_json_setup(lua_State *L);	/* once per state */

int lua_json_open(lua_State *L);	/* the module, as a lua_CFunction */
void lua_json_decode(lua_State *L, const char *text, size_t len);	/* pushes the value; raises */
void lua_json_push(lua_State *L, int idx, const char *indent);	/* pushes the text of the value; NULL: on one line */

#endif
