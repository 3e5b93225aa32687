-- expect: deny error:E_INVALID ~ at most 64 rules
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
local function rules(n) if n == 0 then return end return permit { id = "r" .. tostring(n) }, rules(n - 1) end
return policy { api = 1, id = "t", rules(65) }
