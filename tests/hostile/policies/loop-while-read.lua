-- expect: deny error:E_LIMIT
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
for _ = 1, 1 << 62 do end
return policy { api = 1, id = "t", permit { id = "a" } }
