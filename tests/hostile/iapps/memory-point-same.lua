-- expect: SAME LIMIT
local n = 0
local ok = pcall(string.rep, "x", 1 << 25)
for i = 1, 100 do if pcall(string.rep, "x", (1 << 20) * i) then n = i else break end end
return n .. tostring(ok)
