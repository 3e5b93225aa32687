-- expect: OK "0"
-- with: data files
local n = 0
for _, v in ipairs { _G, task.files, require("json").array() } do
    if pcall(setmetatable, v, {}) then n = n + 1 end
end
for _, v in ipairs { "", 1, true, print, coroutine.create(print), task.data } do
    if pcall(setmetatable, v, {}) then n = n + 1 end
end
return n
