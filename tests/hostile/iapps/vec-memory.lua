-- expect: LIMIT
local vec, t = require "vec", {}
for i = 1, 1e6 do t[i] = vec.new(10000) end
