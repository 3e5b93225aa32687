-- expect: LIMIT
local t = {}
pcall(function() for i = 1, 1e9 do t[i] = { i } end end)
error(table.concat(t))
