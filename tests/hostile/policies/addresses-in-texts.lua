-- expect: deny error:E_TASK ~ a table has no text here ~ a function has no text here ~ attempt to concatenate a table value ~ attempt to compare two table values
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function() return tostring({}) < "t" end },
    permit { id = "b", when = function() return tostring(error) < "t" end },
    permit { id = "c", when = function(r) return "" .. r.app < "t" end }, permit { id = "d", when = function(r) return r.app < r.task end } }
