-- expect: OK ""
local seen, found, names = {}, {}, { os = 1, io = 1, debug = 1, package = 1, loadlib = 1, execute = 1, popen = 1, getinfo = 1, sethook = 1, upvalueid = 1,
    getregistry = 1, dump = 1, setupvalue = 1, searchpath = 1, clock = 1, now = 1, getenv = 1, tmpname = 1, exit = 1, randomseed = 1, collectgarbage = 1 }
local function walk(v, path)
    if type(v) ~= "table" or seen[v] then return end
    seen[v] = true
    for k, x in next, v do
        if names[k] and path ~= "_G.task" then found[#found + 1] = path .. "." .. tostring(k) end
        walk(k, path .. ".key")
        walk(x, path .. "." .. tostring(k))
    end
    local m = getmetatable(v)
    walk(m, path .. ".meta")
end
walk(_G, "_G")
for _, m in ipairs { "json", "csv", "base64", "hash", "stats", "matrix", "vec", "date", "template", "inspect", "string", "math", "table", "coroutine", "utf8" } do
    walk(require(m), m)
end
table.sort(found)
return table.concat(found, " ")
