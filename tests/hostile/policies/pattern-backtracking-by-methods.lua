-- expect: deny error:E_TASK ~ attempt to call a nil value
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- (.-)*b over a long text takes for ever where there are patterns. No method of strings has them.
return policy { api = 1, id = "t", permit { id = "a", when = function(r)
    local s = "a"
    for _ = 1, 15 do s = s .. s end
    return s:find(".-.-.-.-.-.-.-.-b") == nil
end } }
