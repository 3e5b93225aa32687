-- expect: deny error:E_INVALID ~ entry 3 of the policy
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- A forbid behind a hole, which a list ends at.
return policy { api = 1, id = "t", permit { id = "a" }, nil, forbid { id = "f" } }
