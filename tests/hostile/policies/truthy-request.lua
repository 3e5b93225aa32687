-- expect: deny error:E_TASK ~ when must return true or false
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- True to Lua is not true to a policy; in a forbid, what is false to Lua would let by.
return policy { api = 1, id = "t", permit { id = "all" }, permit { id = "a", when = function(r) return r end } }
