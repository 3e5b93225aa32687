-- expect: deny error:E_INVALID
-- question: {"mutate":{"rule":"f"}}
-- expect: deny forbid:f
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- "mutate" leaves a rule out, for tests: the answer is then one that a keeper does not take.
return policy { api = 1, id = "t", permit { id = "a" }, forbid { id = "f" } }
