-- expect: deny error:E_LIMIT
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
local function grow(n, ...)
    if n == 0 then return select("#", ...) end
    return grow(n - 1, n, ..., ...)
end
local function wide(n, ...)
    if n == 0 then return min(...) end
    return wide(n - 1, n, n, n, n, n, n, n, n, ...)
end
return policy { api = 1, id = "t", permit { id = "a", when = function() return grow(10) > 0 and wide(200000) > 0 end } }
