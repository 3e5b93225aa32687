-- expect: OK "0"
-- with: data
local n = 0
local s = task.data:open("big.txt")
for _, f in ipairs { function() s:read(-1) end, function() s:seek("set", -1) end, function() s:seek("end", 1) end, function() s:seek("set", math.maxinteger) end,
    function() s:seek("cur", math.mininteger) end, function() s:seek("cur", math.maxinteger) end, function() s:seek("nowhere") end, function() s:read("n") end,
    function() s:read({}) end, function() s:read(0.5) end, function() s:lines("x")() end } do
    if pcall(f) then n = n + 1 end
end
return n
