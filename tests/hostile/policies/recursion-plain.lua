-- expect: deny error:E_LIMIT
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
local function f(n) return n + f(n + 1) end
return policy { api = 1, id = "t", permit { id = "a", when = function() return f(1) > 0 end } }
