-- expect: OK "done"
-- The mark of an empty list, put on tables that have a metatable of their own.
local json = require "json"
for _, t in ipairs { {}, setmetatable({}, { __metatable = "mine" }), task.result, task.files, json, string, _G, setmetatable({}, { __gc = error, __close = error, __mode = "kv" }) } do
    pcall(json.array, t)
    pcall(json.encode, t)
end
pcall(json.array, json.null) pcall(json.array, "x") pcall(json.array, task.data)
return "done"
