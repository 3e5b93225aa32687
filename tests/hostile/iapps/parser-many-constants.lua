-- expect: OK "100000"
local t = {}
for i = 1, 100000 do t[i] = i .. ".5" end
return #load("return {" .. table.concat(t, ",") .. "}")()
