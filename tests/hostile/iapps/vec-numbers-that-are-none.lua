-- expect: SAME
-- NaN, infinities and subnormal numbers through every calculation: no crash, and the same bits.
local vec, matrix, stats = require "vec", require "matrix", require "stats"
local odd, out = { 0 / 0, 1 / 0, -1 / 0, -0.0, 0.0, 2.0 ^ -1074, 1e308, -1e308, 1 }, {}
local function show(...) for i = 1, select("#", ...) do local x = select(i, ...) out[#out + 1] = type(x) == "number" and (x ~= x and "nan" or ("%a"):format(x)) or type(x) end end
for _, a in ipairs(odd) do
    for _, b in ipairs(odd) do
        local v = vec.from { a, b, 1 }
        show(v:sum(), v:mean(), v:norm(), v:dot(v), v:argmax(), v:copy():sort()[1], (v * a)[2], (v + v)[1])
        show(pcall(v.argmin, v))
        local m = matrix.from_rows { { a, b }, { b, a } }
        show(m:solve(vec.from { a, b }))
        show(m:inverse()) show(m:cholesky()) show((m * m):get(1, 2))
        for _, f in ipairs { "mean", "var", "quantile", "histogram" } do show((pcall(stats[f] or error, { a, b, 1, 2 }, 0.5))) end
    end
end
return require("hash").sha256(table.concat(out, " "))
