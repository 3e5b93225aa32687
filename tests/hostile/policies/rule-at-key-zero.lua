-- expect: deny error:E_INVALID ~ entry 0 of the policy
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a" }, [0] = forbid { id = "f" } }
