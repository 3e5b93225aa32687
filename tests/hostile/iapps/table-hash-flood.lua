-- expect: OK LIMIT
local t = {}
for i = 1, 100000 do t[i * (1 << 40)] = i end
for i = 1, 100000 do t[i + 0.5] = i end
return "ok"
