-- expect: deny error:E_TASK ~ no global \"coroutine\"
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- A yield would leave the decision half made.
return policy { api = 1, id = "t", permit { id = "a" }, forbid { id = "f", when = function() coroutine.yield("permit") return false end } }
