-- expect: OK "false"
local ok
for i = 1, 100000 do ok = pcall(string.rep, "x", 1 << 40) end
return ok
