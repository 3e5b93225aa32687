-- expect: deny error:E_INVALID ~ must return policy { … }
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
local t = {}
for i = 1, 200000 do t[i] = "x" end
return t
