-- expect: deny error:E_INVALID ~ two rules have the id a
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", forbid { id = "a" }, permit { id = "a" } }
