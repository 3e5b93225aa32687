-- expect: LIMIT FAIL
local t = {}
for i = 1, 1e5 do t[i] = "x" end
return #table.concat(t, ("y"):rep(1000))
