-- expect: deny error:E_TASK ~ index is NaN
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function()
    local nan, t = 0 / 0, {}
    t[nan] = true
    return true
end } }
