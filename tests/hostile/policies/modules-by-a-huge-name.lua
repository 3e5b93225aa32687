-- expect: deny error:E_TASK ~ module 'x.x.x.x
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
return policy { api = 1, id = "t", permit { id = "a", when = function()
    local s = "x."
    for _ = 1, 16 do s = s .. s end
    return require(s) ~= nil
end } }
