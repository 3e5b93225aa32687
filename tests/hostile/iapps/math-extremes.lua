-- expect: OK "0"
local n = 0
for _, f in ipairs { function() return 1 // 0 end, function() return 1 % 0 end, function() return math.random(0, -1) end, function() return math.random(math.maxinteger, math.mininteger) end,
    function() return 1 < "x" end, function() return 2 ^ {} end, function() return 1.5 | 1 end, function() return "x" + 1 end, function() return math.tointeger({}) .. 1 end,
    function() return math.fmod(1, 0) end, function() return 1 << 1.5 end } do
    if pcall(f) then n = n + 1 end
end
return n
