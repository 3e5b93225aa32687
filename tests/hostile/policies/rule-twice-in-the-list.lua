-- expect: deny error:E_INVALID ~ two rules have the id a
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
local a = permit { id = "a" }
return policy { api = 1, id = "t", a, a }
