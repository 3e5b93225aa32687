-- expect: OK "0"
-- with: data files
local n = 0
local r = task.result
local w = r:open("w")
for _, f in ipairs { function() r.write("a") end, function() w.write("a") end, function() w.write({}) end, function() w.write(task.files["t.csv"], "x") end,
    function() task.data.get("x") end, function() task.data.get(w, "x") end, function() task.files["t.csv"].read(w) end, function() task.files["t.csv"].read() end,
    function() require("vec").new(2).x = 1 end, function() w.close(task.data) end } do
    if pcall(f) then n = n + 1 end
end
return n
