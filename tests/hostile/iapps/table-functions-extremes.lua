-- expect: OK "0"
local n = 0
for _, f in ipairs { function() table.insert({}, 5, 1) end, function() table.insert({}, math.mininteger, 1) end, function() table.remove({}, 7) end,
    function() table.move({}, 1, math.maxinteger, 2) end, function() table.move({}, math.mininteger, math.maxinteger, 1) end, function() table.concat({ {} }) end,
    function() table.concat({}, "", 1, math.maxinteger) end, function() table.unpack({}, 1, 1e8) end, function() table.pack(table.unpack({}, 1, 1e7)) end,
    function() return next({}, "nothing") end, function() local t = {} t[0 / 0] = 1 end, function() local t = {} t[nil] = 1 end } do
    if pcall(f) then n = n + 1 end
end
return n
