-- expect: permit b
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- Rules are held in their order, each once: a count of them is the same every time.
local n = 0
local function when(k) return function() n = n + 1 return n == k end end
return policy { api = 1, id = "t", permit { id = "a", when = when(3) }, permit { id = "b", when = when(2) }, permit { id = "c", when = when(1) } }
