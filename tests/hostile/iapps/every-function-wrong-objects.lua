-- expect: OK /ok
-- manifest: limits: {memory: 64MiB, cpu: 10s, wall: 20s, output: 1MiB}
-- with: data files
-- Each function of each library and object with objects of all the others in the first two places.
local vec, matrix, json, csv = require "vec", require "matrix", require "json", require "csv"
local writer = task.result:open("w")
local function fresh()
    return { nil, true, 1, "text", {}, print, coroutine.create(print), vec.new(2), matrix.new(2, 2), json.null, json.decode("[]"), csv.rows("a\n1\n"), task.files["t.csv"], task.files, task.data,
        task.result, writer, setmetatable({}, { __index = error, __len = error, __tostring = error, __call = error }) }
end
local objects, functions, seen = fresh(), {}, {}
local function walk(t, name)
    if type(t) ~= "table" or seen[t] then return end
    seen[t] = true
    local keys = {}
    for k in next, t do if type(k) == "string" then keys[#keys + 1] = k end end
    table.sort(keys)
    for _, k in ipairs(keys) do
        local v = rawget(t, k)
        if type(v) == "function" and name .. k ~= "G.print" and name .. k ~= "coroutine.yield" and not (name .. k):find("callback") then functions[#functions + 1] = v end
        if type(v) == "table" and name == "G." and t[k] ~= _G then walk(v, k .. ".") end
    end
end
walk(_G, "G.")
for _, m in ipairs { "json", "csv", "base64", "hash", "vec", "matrix", "stats", "date", "template", "inspect", "mime", "dp" } do walk(require(m), m .. ".") end
walk(task.result, "result.")
for _, o in ipairs { vec.new(1), matrix.new(1, 1) } do for _, k in ipairs { "get", "set", "slice", "add", "map", "apply", "sort", "mul", "row", "solve" } do functions[#functions + 1] = o[k] end end
for _, k in ipairs { "read", "lines", "seek", "size", "close" } do functions[#functions + 1] = task.files["t.csv"][k] end
for _, k in ipairs { "get", "open", "list", "schema" } do functions[#functions + 1] = task.data[k] end
for _, k in ipairs { "write", "close" } do functions[#functions + 1] = writer[k] end
local calls, raised = 0, pcall
for _, f in ipairs(functions) do
    for i = 1, 18 do
        raised(f, objects[i])
        for k = 1, 18 do
            raised(f, objects[i], objects[k])
            calls = calls + 1
            if calls % 50 == 0 then objects = fresh() end
        end
    end
end
return "ok " .. calls
