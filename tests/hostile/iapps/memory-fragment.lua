-- expect: OK LIMIT
local t = {}
for i = 1, 20000 do t[i] = ("x"):rep(1000 + i % 17) .. i end
for i = 1, 20000, 2 do t[i] = nil end
for i = 1, 20000, 2 do t[i] = ("y"):rep(500 + i % 31) .. i end
return "ok"
