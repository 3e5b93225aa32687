-- expect: deny error:E_INVALID ~ the obligation max_uses must be an integer, not true
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a" }, permit { id = "b", oblige { max_uses = true } } }
