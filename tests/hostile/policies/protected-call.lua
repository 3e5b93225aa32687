-- expect: deny error:E_TASK ~ no global \"pcall\" ~ no global \"xpcall\"
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function(r) return not pcall(function() return r.nothing end) end },
    permit { id = "b", when = function(r) return xpcall(error, function() return true end) end } }
