-- expect: permit a
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function()
    local x <close> = nil
    local y <close> = false
    return true
end } }
