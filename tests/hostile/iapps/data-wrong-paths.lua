-- expect: OK "0"
-- with: data
local n = 0
for _, p in ipairs { "", "/", "..", "../keys", "/etc/passwd", "t.csv\0x", "T.CSV", "schema.json", ("x"):rep(1e6), "\xff" } do
    if pcall(task.data.get, task.data, p) then n = n + 1 end
    if pcall(task.data.open, task.data, p) then n = n + 1 end
end
return n
