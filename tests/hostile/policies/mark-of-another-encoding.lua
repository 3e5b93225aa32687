-- expect: deny error:E_INVALID
@@@ policy.lua
 return require("policy") { api = 1, id = "t", require("policy").permit { id = "a" } }
