-- expect: deny error:E_INVALID ~ entry 2 of the policy is no permit
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
local whole = policy { api = 1, id = "t", permit { id = "a" } }
return policy { api = 1, id = "t", permit { id = "b" }, whole }
