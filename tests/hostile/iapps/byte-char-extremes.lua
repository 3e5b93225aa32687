-- expect: OK "0"
local n = 0
if pcall(string.char, 256) then n = n + 1 end
if pcall(string.char, -1) then n = n + 1 end
if pcall(string.byte, ("x"):rep(1e7), 1, -1) then n = n + 1 end
return n
