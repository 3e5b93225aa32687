-- expect: deny error:E_TASK ~ attempt to call a nil value
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
local _ENV = {}
return policy { api = 1, id = "t", permit { id = "a", when = function() return has("x", "x") end } }
