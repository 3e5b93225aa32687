-- expect: deny error:E_LIMIT
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- Rules are kept by the library as long as it lives: as many as memory holds.
for i = 1, 1 << 40 do permit { id = "r" .. tostring(i), when = function() return i > 0 end } end
return policy { api = 1, id = "t", permit { id = "a" } }
