-- expect: OK "6 3 3 true"
-- A callback that works on the very object that calls it.
local vec, matrix = require "vec", require "matrix"
local v, depth = vec.from { 3, 1, 2 }, 0
v:apply(function(x)
    depth = depth + 1
    if depth < 20 then v:apply(function(z) v:sort() v[1] = v[1] return z end) v:fill(2) end
    return x
end)
local w = vec.from { 1, 2, 3 }
local mapped = w:map(function(x) w:fill(100) w[1] = 0 / 0 return x end)
local m = matrix.from_rows { { 1, 2 }, { 3, 4 } }
pcall(m.apply, m, function(x) m:set(1, 1, 0) m:apply(function() error("x") end) end)
local ok = pcall(w.apply, w, function() w = nil local _ = ("x"):rep(1 << 20) return 1 end)
return ("%d %d %d %s"):format(mapped[1] + mapped[2] + mapped[3], #v, #mapped, tostring(ok))
