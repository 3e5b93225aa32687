-- expect: deny error:E_TASK ~ no global \"print\" ~ no global \"warn\"
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function(r) print(r.user) return true end }, permit { id = "b", when = function(r) warn("@on", r.user) return true end } }
