-- expect: deny error:E_INVALID ~ neither text nor integer
-- question: {"counters":{"uses":0.5}}
-- expect: deny error:E_INVALID ~ must be 0 or 1
-- question: {"app":{"outputs_raw":2}}
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a" } }
