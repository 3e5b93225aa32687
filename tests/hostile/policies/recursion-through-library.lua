-- expect: deny error:E_TASK ~ stack overflow
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
local function f() return all({ 1 }, f) end
return policy { api = 1, id = "t", permit { id = "a", when = f } }
