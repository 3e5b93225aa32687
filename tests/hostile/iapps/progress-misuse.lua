-- expect: OK "0"
local n = 0
for _, v in ipairs { -1, 2, 0 / 0, 1 / 0, -1 / 0, "x", {}, 1e308, -1e-300 } do
    if pcall(task.progress, task, v) then n = n + 1 end
end
return n
