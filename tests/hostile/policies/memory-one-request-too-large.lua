-- expect: deny error:E_LIMIT ~ not enough memory
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- One request past the whole limit is refused, not fatal; an error in a rule denies all the same.
return policy { api = 1, id = "t", permit { id = "a" }, permit { id = "b", when = function()
    local s = "0123456789abcdef"
    for _ = 1, 20 do s = s .. s end
    return s ~= s .. s .. s
end } }
