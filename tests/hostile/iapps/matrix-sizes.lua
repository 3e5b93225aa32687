-- expect: OK "0"
local matrix, vec, n = require "matrix", require "vec", 0
for _, f in ipairs { function() matrix.new(1 << 32, 1 << 32) end, function() matrix.new(-1, 5) end, function() matrix.new(math.maxinteger, 1) end, function() vec.new(-1) end,
    function() vec.new(1 << 61) end, function() vec.new(math.maxinteger) end, function() vec.new(0 / 0) end, function() matrix.new(1 << 31, 1 << 31) end } do
    if pcall(f) then n = n + 1 end
end
return n
