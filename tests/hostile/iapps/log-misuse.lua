-- expect: OK "0"
local n = 0
for _, f in ipairs { function() task.log() end, function() task:log() end, function() task:log("%d", "x") end, function() task:log("%s") end, function() task:log("%p", {}) end,
    function() print(setmetatable({}, { __tostring = function() return {} end })) end } do
    if pcall(f) then n = n + 1 end
end
return n
