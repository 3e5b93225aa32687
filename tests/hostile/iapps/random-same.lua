-- expect: SAME
local t = {}
for i = 1, 1000 do t[i] = math.random(0) end
return table.concat(t, ",")
