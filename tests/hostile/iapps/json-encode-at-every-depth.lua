-- expect: OK "200 199"
-- Depth counts the same for lists, objects, and lists in objects; 200 and no more, whoever begins.
local json = require "json"
local function nest(n, list) local v = list and {} or { x = 1 } for _ = 2, n do v = list and { v } or { k = v } end return v end
local list, object = 0, 0
for n = 1, 230 do
    if pcall(json.encode, nest(n, true)) then list = n end
    if pcall(json.encode, nest(n - 1, false)) then object = n - 1 end
end
assert(not pcall(task.result.json, task.result, "deep.json", nest(300, true)))
return list .. " " .. (object == 200 and 199 or object)
