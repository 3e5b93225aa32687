-- expect: OK "0"
-- with: data files
local n = 0
for _, f in ipairs { function() task.data.id = "x" end, function() task.data.get = print end, function() task.files["t.csv"] = "x" end, function() task.files.x = 1 end } do
    if pcall(f) then n = n + 1 end
end
return n
