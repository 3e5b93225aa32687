-- expect: deny error:E_LIMIT
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- A list that grows while it is counted.
return policy { api = 1, id = "t", permit { id = "a", when = function()
    local t = { 1 }
    return sum(t, function(v) t[#t + 1] = 0 return 0 end) == 0
end } }
