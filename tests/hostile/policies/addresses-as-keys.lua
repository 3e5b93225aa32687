-- expect: deny error:E_TASK ~ a key of a table here is a string or an integer
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- Tables hash by where they lie: an order that no two machines share.
return policy { api = 1, id = "t", permit { id = "a", when = function()
    local t = {}
    for i = 1, 50 do t[{}] = i end
    local first
    for _, v in each(t) do first = first or v end
    return first > 25
end } }
