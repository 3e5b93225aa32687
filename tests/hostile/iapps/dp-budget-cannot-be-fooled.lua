-- expect: OK "0"
-- Epsilon that is nothing, less than nothing, or no number; and the source of noise, asked by hand.
local dp, source = require "dp", require "dp_source"
local got = 0
for _, e in ipairs { 0, -1, 0 / 0, 1 / 0, -1 / 0, 1e-7, 1e300, math.mininteger, math.maxinteger, "1", {}, true } do
    for _, f in ipairs { "laplace", "geometric", "sum", "mean", "count", "histogram", "spend", "gaussian" } do
        if pcall(dp[f], f == "spend" and e or 1, 1, e, e) and f ~= "x" then got = got + 1 end
    end
    if pcall(source.spend, e) and source.spend(e) then got = got + 1 end
    pcall(source.below, e)
end
return got
