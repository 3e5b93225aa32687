-- expect: OK "done" or LIMIT
-- manifest: limits: {memory: 64MiB, cpu: 10s, wall: 20s, output: 1MiB}
-- Tables whose border is the largest integer, wherever a library counts a list.
local function lying(value)
    local t = { [math.maxinteger] = value }
    for bit = 62, 0, -1 do t[1 << bit] = value end
    return t
end
local names = { "csv", "json", "vec", "matrix", "stats", "dp", "template", "mime", "inspect" }
for _, name in ipairs(names) do
    local library, keys = require(name), {}
    if type(library) == "function" then library = { f = library } end
    for k, f in pairs(library) do if type(f) == "function" then keys[#keys + 1] = k end end
    table.sort(keys)
    for _, k in ipairs(keys) do
        for _, value in ipairs { 1, "a", {} } do
            if name ~= "stats" and name ~= "dp" and k ~= "format" and k ~= "render" and k ~= "compile" then
                pcall(library[k], lying(value))
                pcall(library[k], "a\n1\n", lying(value))
                pcall(library[k], lying(value), lying(value))
            end
        end
    end
end
pcall(require("json").encode, { lying(1) })
pcall(require("matrix").from_rows, lying({}))
pcall(require("matrix").from_rows, { lying(1) })
pcall(require("matrix").from_rows, lying({ 1 }))
pcall(require("vec").from, lying(1))
return "done"
