-- expect: deny error:E_TASK
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- As many errors as rules can be, each as long as it may; the answer stays within its size.
local function rules(n)
    if n == 0 then return end
    return permit { id = "r" .. tostring(n), when = function()
        local s = "e"
        for _ = 1, 12 do s = s .. s end
        error(s)
    end }, rules(n - 1)
end
return policy { api = 1, id = "t", rules(64) }
