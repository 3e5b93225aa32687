-- expect: OK "4"
local n = 0
for _ in ("abc"):gmatch("") do n = n + 1 end
return n
