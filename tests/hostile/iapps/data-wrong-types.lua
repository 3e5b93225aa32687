-- expect: OK "0"
-- with: data
local n = 0
for _, t in ipairs { "bool", "f64", "i128", "string", "", "text", "\0", "text/csv\0" } do
    if pcall(task.data.get, task.data, "t.csv", t) then n = n + 1 end
end
return n
