-- expect: deny error:E_INVALID ~ permit needs an id of 1 to 64
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a\n" } }
