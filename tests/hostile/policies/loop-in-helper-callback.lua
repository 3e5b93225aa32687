-- expect: deny error:E_LIMIT
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- Inside a helper of the library, where no rule of ours is on top.
return policy { api = 1, id = "t", permit { id = "a", when = function() return any({ 1 }, function() repeat until false end) end } }
