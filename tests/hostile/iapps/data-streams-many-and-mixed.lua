-- expect: OK "done"
-- with: data
-- Many streams of one data, read in every order, after each other was closed; and names that it does not have.
local open = {}
for _, leaf in ipairs(task.data:list()) do
    for i = 1, 20 do open[#open + 1] = { task.data:open(leaf.path), leaf } end
    for _, t in ipairs { "bool", "f64", "i128", "string", "bytes", "", "\0", "text/csv\0x", leaf.type } do pcall(task.data.get, task.data, leaf.path, t) end
end
for round = 1, 30 do
    for i, o in ipairs(open) do
        local size = o[2].size
        if size > 0 then
            o[1]:seek("set", (i * 7919 * round) % size)
            local at = o[1]:seek()
            local s = o[1]:read(3)
            assert(#s == math.min(3, size - at))
        end
    end
end
for _, o in ipairs(open) do o[1]:close() end
for _, p in ipairs { "", "/", "..", "../t.csv", "t.csv/", "T.CSV", "t.csv\0", ("x"):rep(100000), "schema.json" } do assert(not pcall(task.data.open, task.data, p)) end
return "done"
