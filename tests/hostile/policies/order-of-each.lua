-- expect: permit a
local policy = require "policy"
local permit, forbid, oblige = policy.permit, policy.forbid, policy.oblige
-- However a table came to be, each goes through it in one order.
local function walk(t)
    local s = ""
    for k in each(t) do s = s .. tostring(k) .. " " end
    return s
end
return policy { api = 1, id = "t", permit { id = "a", when = function()
    local up, down = {}, {}
    for i = 1, 100 do up["k" .. tostring(i)] = i end
    for i = 100, 1, -1 do down["k" .. tostring(i)] = i end
    for i = 1, 50 do up["k" .. tostring(i)], down["k" .. tostring(i)] = nil, nil end
    for i = 50, 1, -1 do up["k" .. tostring(i)] = i end
    for i = 1, 50 do down["k" .. tostring(i)] = i end
    up[3], up[-1], down[-1], down[3] = 1, 1, 1, 1
    return walk(up) == walk(down)
end } }
