-- expect: deny error:E_LIMIT
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
local t = {}
for i = 1, 1 << 40 do t[i] = { because = "x" .. tostring(i) } end
return policy { api = 1, id = "t", permit { id = "a", because = t } }
