-- expect: deny error:E_LIMIT
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function(r)
    local s = r.purpose
    for _ = 1, 60 do s = s .. s end
    return #s > 0
end } }
