-- expect: LIMIT FAIL
local s = "x"
for i = 1, 60 do s = s:gsub("x", "xxxx") end
return #s
