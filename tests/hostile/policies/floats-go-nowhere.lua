-- expect: deny error:E_TASK ~ min needs integers ~ sum needs integers ~ a float has no text here
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function() return min(0 / 0, 1) == 1 end },
    permit { id = "b", when = function() return sum { 0.1, 0.2 } == 0.3 end }, permit { id = "c", when = function() return tostring(1e15) == "1e+15" end } }
