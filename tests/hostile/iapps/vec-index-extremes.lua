-- expect: OK "0"
local vec, n = require "vec", 0
local v = vec.new(4)
for _, i in ipairs { 0, 5, -1, math.mininteger, math.maxinteger, 1.5, 0 / 0, 1 << 33 } do
    if v[i] ~= nil then n = n + 1 end
    if pcall(function() v[i] = 1 end) then n = n + 1 end
end
return n
