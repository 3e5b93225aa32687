-- expect: deny error:E_LIMIT
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- A permit that holds stands before it: what was decided so far counts for nothing.
return policy { api = 1, id = "t", permit { id = "a" }, permit { id = "b", when = function() while true do end end } }
